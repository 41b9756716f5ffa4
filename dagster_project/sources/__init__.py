"""The outside world, as pages of bytes and typed rows. Only this room opens a connection; it knows no files, no SQL, no Dagster."""
