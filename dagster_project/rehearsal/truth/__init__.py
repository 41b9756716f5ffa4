"""What truly happened in a world, in the grain of the marts. Imports nothing of the pipeline."""

SCOPES = ("S1", "S2", "S3", "S4")
