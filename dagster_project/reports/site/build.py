"""The site: static pages about one release, with the archive of everything that was said before.

Built whole in a folder of its own whose name follows from its content, then published by turning one link, so that readers
see the site before or this one. Built twice from the same release it is the same to the byte: every date in it is that of a
week or of a release. No script, nothing from elsewhere.
Not here: executing reports (page), what happened to past weeks (archive), single tables and charts (sides, gallery).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.calendar import Week
from dagster_project.errors import StorageError
from dagster_project.reports import reads
from dagster_project.reports.charts import gallery
from dagster_project.reports.headline import HEADLINE_SCOPE, Edition
from dagster_project.reports.site import archive
from dagster_project.reports.site.archive import History
from dagster_project.reports.site.dictionary import write_dictionary
from dagster_project.reports.site.files import write_downloads
from dagster_project.reports.site.frame import Frame
from dagster_project.reports.site.front import write_cards, write_index, write_latest
from dagster_project.reports.site.methodology import write_methodology
from dagster_project.reports.site.questions import write_questions
from dagster_project.reports.site.sides import write_sides
from dagster_project.reports.site.weeks import write_weeks
from dagster_project.snapshots import durable
from dagster_project.warehouse import published
from dagster_project.warehouse.published import Release

if TYPE_CHECKING:
    from nbformat import NotebookNode


SITE, SITES = "site", "sites"
RELEASE_LINK = "release"
DIGEST_LETTERS = 16


@dataclass(frozen=True)
class Site:
    """A published site: where it lies, how many pages it has, and whether anything in it is new."""

    folder: Path
    pages: int
    release_id: str
    is_new: bool


def build(
    home: Path, database: Path, reports: Mapping[str, NotebookNode], edition: Edition, base_url: str | None = None
) -> Site:
    """Build the site of a release and publish it as `home/site`, all or nothing.

    `reports` are the executed notebooks of the newest week, `base_url` is where the site will stand. Raises
    DamagedDataError for an archive that can't be read, StorageError for a disk that refuses; the site before stays then.
    """
    link, sites = home / SITE, home / SITES
    if link.exists() and not link.is_symlink():
        raise StorageError(
            f"{link} is in the way: a link to the newest site is needed there. Nothing was written.",
            next_command=f"mv {link} {link}.old",
        )
    histories = archive.read(link)
    with durable.disk_trouble(link):
        durable.make_folder(sites)
        making = sites / durable.TEMPORARY_FOLDER / str(os.getpid())
        shutil.rmtree(making.parent, ignore_errors=True)
        making.mkdir(parents=True)
        try:
            with published.open_release(database) as release:
                _write(_frame(release, edition, making, base_url), reports, histories, database)
            (making / RELEASE_LINK).symlink_to(Path("../..") / database.parent.relative_to(home))
            built = _publish(making, link, sites)
        finally:
            shutil.rmtree(making.parent, ignore_errors=True)
    return replace(built, release_id=edition.release_id)


def _frame(release: Release, edition: Edition, root: Path, base_url: str | None) -> Frame:
    scope, countries, labs = edition.scope(HEADLINE_SCOPE), reads.country_names(release), reads.lab_names(release)
    return Frame(release, edition, scope, countries, labs, root, base_url)


def _write(
    frame: Frame, reports: Mapping[str, NotebookNode], histories: Mapping[Week, History], database: Path
) -> None:
    release, edition = frame.release, frame.edition
    pictures = {name: made for name, (_title, make) in gallery.PICTURES.items() if (made := make(release, edition))}
    write_cards(frame, pictures)
    write_latest(frame, reports)
    countries, labs = write_sides(frame)
    write_weeks(frame, archive.revised(dict(histories), archive.read_weeks(release, edition), edition), countries, labs)
    write_methodology(frame)
    write_dictionary(frame)
    write_questions(frame)
    write_downloads(frame, database)
    write_index(frame, pictures)


def _publish(making: Path, link: Path, sites: Path) -> Site:
    """Give the folder the name of its content and turn the link to it; the one before is kept for whoever reads it."""
    pages = sum(path.suffix == ".html" for path in making.rglob("*"))
    folder = sites / _digest(making)
    is_new = not link.is_symlink() or link.resolve() != folder.resolve()
    if not folder.is_dir():
        for path in (*making.rglob("*"), making):
            if not path.is_symlink():
                durable.flush(path)
        making.replace(folder)
        durable.flush(sites)
    if is_new:
        turning = sites / durable.TEMPORARY_FOLDER / f"{SITE}.link"
        turning.parent.mkdir(exist_ok=True)
        turning.unlink(missing_ok=True)
        turning.symlink_to(folder.relative_to(link.parent))
        before = link.resolve() if link.is_symlink() else None
        turning.replace(link)
        durable.flush(link.parent)
        kept = {folder.resolve(), before}
        for old in sites.iterdir():
            if old.is_dir() and old.resolve() not in kept and old.name != durable.TEMPORARY_FOLDER:
                shutil.rmtree(old)
    return Site(link, pages, "", is_new)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            digest.update(f"{path.relative_to(folder)} {path.readlink()}\n".encode())
        elif path.is_file():
            digest.update(f"{path.relative_to(folder).as_posix()} {durable.sha256(path)}\n".encode())
    return digest.hexdigest()[:DIGEST_LETTERS]


def pages(site: Path) -> Iterator[Path]:
    """Give every page of a published site."""
    yield from sorted(site.resolve().rglob("*.html"))
