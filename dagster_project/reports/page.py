"""From a notebook of ours to a page in its folder: executed on one release, set into the template, written all or nothing.

Not here: what a page says (weekly, quality), how a notebook is run and set (notebook).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dagster_project import settings
from dagster_project.calendar import Week
from dagster_project.errors import GateError
from dagster_project.reports import notebook
from dagster_project.reports.headline import Edition
from dagster_project.snapshots import durable

TEMPLATE = "weekly"


@dataclass(frozen=True)
class Page:
    """A written page: what to open, what to rerun, and which release and week it is about."""

    html: Path
    notebook: Path
    release_id: str
    week: Week


def write(name: str, database: Path, edition: Edition, about: dict[str, str], folder: Path) -> Page:
    """Execute the notebook `name` on a published file and put page and notebook into `folder / week`.

    `about` is the title and the description of the page. Raises GateError when a cell fails; then nothing is written.
    """
    import nbformat  # noqa: PLC0415 - heavy: only a report needs it

    source = settings.shipped("notebooks") / f"{name}.py"
    parameters = {"database": database.name, "week": str(edition.week)}
    try:
        executed = notebook.execute(source, parameters, database.absolute().parent)
    except notebook.CellFailedError as error:
        raise GateError(
            f"Week {edition.week}, notebook {source.name}, {error}. Nothing was published; a page from before stays as it is.",
            next_command=f"leadershift report --week {edition.week}",
        ) from error
    html = notebook.to_page(executed, TEMPLATE, about)
    page = Page(
        folder / str(edition.week) / f"{name}.html",
        folder / str(edition.week) / f"{name}.ipynb",
        edition.release_id,
        edition.week,
    )
    # The page last: whoever finds a new page finds the notebook that it came from.
    durable.write_bytes(page.notebook, f"{nbformat.writes(executed)}\n".encode())  # type: ignore[no-untyped-call]
    durable.write_bytes(page.html, html.encode())
    return page
