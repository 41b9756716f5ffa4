"""From our notebooks to pages in a folder: executed on one release in one kernel, set into the template, written all or nothing.

Not here: what a page says (weekly and its kin), how a notebook is run (notebook) and how a site is made of them (site).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dagster_project import settings
from dagster_project.calendar import Week
from dagster_project.errors import GateError
from dagster_project.reports import notebook
from dagster_project.reports.books import BOOKS, Book
from dagster_project.reports.headline import Edition
from dagster_project.reports.weekly import read_edition
from dagster_project.snapshots import durable, kept
from dagster_project.warehouse import published

if TYPE_CHECKING:
    from nbformat import NotebookNode

MADE = "reports.json"
HEAD: dict[str, object] = {"links": [], "card": None, "feed": None}
"""What the head of a page that stands alone does not have."""


@dataclass(frozen=True)
class Page:
    """A written page: what to open, what to rerun, and which release and week it is about."""

    html: Path
    notebook: Path
    release_id: str
    week: Week


class Made(msgspec.Struct, frozen=True):
    """Which release the pages of a week were made from; written after all of them."""

    release_id: str
    pages: list[str]


def write_reports(database: Path, week: Week | None, folder: Path, books: Sequence[Book] = BOOKS) -> dict[str, Page]:
    """Execute the notebooks on a published file and put pages and notebooks into `folder / week`, by name.

    `week` None is the newest measured one, or the newest estimated one as long as none is measured.
    Raises NothingYetError for a week the file doesn't have, GateError when a cell fails; then nothing is written and the
    pages before stay.
    """
    import nbformat  # noqa: PLC0415 - heavy: only a report needs it

    with published.open_release(database) as release:
        edition = read_edition(release, week)
        about = {book.name: book.about(release, edition) for book in books}
    executed = _executed(database, edition, books)
    pages = {name: _page(folder, edition, name) for name in executed}
    html = {name: set_page(made, about[name], edition.release_id) for name, made in executed.items()}
    # Pages after their notebooks: whoever finds a new page finds the notebook that it came from.
    for name, page in pages.items():
        durable.write_bytes(page.notebook, f"{nbformat.writes(executed[name])}\n".encode())  # type: ignore[no-untyped-call]
    for name, page in pages.items():
        durable.write_bytes(page.html, html[name].encode())
    made = Made(edition.release_id, list(pages))
    durable.write_bytes(folder / str(edition.week) / MADE, msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    return pages


def set_page(executed: NotebookNode, about: Mapping[str, object], release_id: str) -> str:
    """Set an executed notebook into a page; a site gives more for its head."""
    return notebook.to_page(executed, {**HEAD, "release_id": release_id, **about})


def written(folder: Path, week: Week, release_id: str) -> dict[str, NotebookNode] | None:
    """Read back the notebooks of a week, if all of them are there and made from this release; None if not: they can be made anew."""
    import nbformat  # noqa: PLC0415 - heavy: only a site needs it

    try:
        made = kept.decoded((folder / str(week) / MADE).read_bytes(), Made)
        if made.release_id != release_id or made.pages != [book.name for book in BOOKS]:
            return None
        files = {name: folder / str(week) / f"{name}.ipynb" for name in made.pages}
        return {name: nbformat.read(file, as_version=4) for name, file in files.items()}  # type: ignore[no-untyped-call]
    except (FileNotFoundError, ValueError, nbformat.ValidationError):
        return None


def _executed(database: Path, edition: Edition, books: Sequence[Book]) -> dict[str, NotebookNode]:
    parameters = {"database": database.name, "week": str(edition.week)}
    executed = {}
    with notebook.Kernel() as kernel:
        for book in books:
            source = settings.shipped("notebooks") / f"{book.name}.py"
            try:
                executed[book.name] = kernel.execute(source, parameters, database.absolute().parent)
            except notebook.CellFailedError as error:
                raise GateError(
                    f"Week {edition.week}, notebook {source.name}, {error}. Nothing was published; a page from before"
                    " stays as it is.",
                    next_command=f"leadershift report --week {edition.week}",
                ) from error
    return executed


def _page(folder: Path, edition: Edition, name: str) -> Page:
    place = folder / str(edition.week)
    return Page(place / f"{name}.html", place / f"{name}.ipynb", edition.release_id, edition.week)
