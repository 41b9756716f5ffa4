"""Charts: each a pure function from rows of a mart to a picture in three sizes. Reads nothing by itself, but for gallery."""
