"""`leadershift ...`: the pipeline's steps as commands, thin. Words for people on a terminal, `--json` for machines."""

from dagster_project.cli.group import main

__all__ = ["main"]
