"""A first notebook for whoever wants to look around in the tables; a person's own from then on.

Not here: the pages that we make (weekly, quality), and starting Jupyter (cli).
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.reports.notebook import KERNEL
from dagster_project.settings import shipped
from dagster_project.snapshots import durable

NOTEBOOK = "notebooks/explore.ipynb"
# How the source names the home; the copy in a home names that home.
_PLACEHOLDER = 'home = "data"'


def first_notebook(home: Path) -> Path:
    """Put the first notebook into the home, unless one is there. Raises StorageError where the disk refuses."""
    import jupytext  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy: only a notebook needs it

    path = home / NOTEBOOK
    if not path.exists():
        notebook = jupytext.read(shipped("notebooks") / "explore.py", fmt="py:percent")
        notebook.metadata["kernelspec"] = dict(KERNEL)
        for cell in notebook.cells:
            cell.source = cell.source.replace(_PLACEHOLDER, f"home = {str(home)!r}")
        durable.write_bytes(path, jupytext.writes(notebook, fmt="ipynb").encode())
    return path
