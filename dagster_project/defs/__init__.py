"""How Dagster sees the pipeline: assets, checks, jobs, schedules; a few lines each. Every step itself is in pipeline."""
