"""Spool, seal and their files, without a source."""
