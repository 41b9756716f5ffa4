"""`python -m dagster_project.cli`."""

import os

from dagster_project.cli import main

os.environ.setdefault("PYTHONUNBUFFERED", "1")
main()
