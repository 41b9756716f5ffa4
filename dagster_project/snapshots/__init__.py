"""Observations that can't be had twice: spooled, sealed, verified. No interpretation happens here."""
