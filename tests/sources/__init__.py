"""Pages, records and archives, without the pipeline around them."""
