"""What truly happened in a world, in the grain of the marts. Imports nothing of the pipeline."""
