"""The page with the files of a release: the database, and each mart as Parquet and CSV.

Not here: making them (warehouse/publish).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from dagster_project.reports.render import day
from dagster_project.reports.site.frame import Frame
from dagster_project.snapshots import kept


class _Resource(msgspec.Struct, frozen=True):
    path: str
    hash: str


class _Package(msgspec.Struct, frozen=True):
    resources: list[_Resource]


def write_downloads(frame: Frame, database: Path) -> None:
    """List the files of the release; the link beside the pages leads to them."""
    package = database.parent / "datapackage.json"
    again = f"rm -r {package.parent} && leadershift publish"
    resources = kept.read(package, _Package, next_command=again).resources if package.is_file() else []
    files = []
    for path, sha256 in sorted((resource.path, resource.hash) for resource in resources):
        if not path.startswith("parquet/"):
            continue
        name = Path(path).stem
        csv = f"csv/{name}.csv"
        files.append(
            {
                "name": name,
                "parquet": path,
                "parquet_size": _size(database.parent / path),
                "csv": csv,
                "csv_size": _size(database.parent / csv),
                "hash": sha256.removeprefix("sha256:"),
            }
        )
    lead = f"Release {frame.edition.release_id}"
    # The size of a DuckDB file differs from build to build of the same content; in round numbers it doesn't.
    about = {"name": database.name, "size": _size(database)}
    at = f", published on {day(frame.edition.published_at)}" if frame.edition.published_at else ""
    opened = frame.opening("data", "Downloads", lead, f"{lead}{at}: as a database, as Parquet, as CSV.")
    frame.write("downloads.html", "downloads.html.j2", "Downloads", lead, opening=opened, database=about, files=files)


def _size(path: Path) -> str:
    size = path.stat().st_size if path.is_file() else 0
    kilo, mega = 1 << 10, 1 << 20
    return f"{max(round(size / mega), 1)} MB" if size >= mega else f"{max(round(size / kilo), 1)} KB"
