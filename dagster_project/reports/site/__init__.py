"""The static site: one module per kind of page, all of them on one frame, built whole and published by turning one link."""
