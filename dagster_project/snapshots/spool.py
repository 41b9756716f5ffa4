"""Pages on their way to a snapshot: each is durable before its line in the manifest, so a killed crawl goes on from the last one.

Layout: raw/<source>/<day>/<attempt>/page-00001.json.gz and manifest.jsonl. Names are numbers, never strings from outside.
Not here: what a page means, and the end of the crawl (seal).
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from dagster_project.calendar import parse_time, stamp
from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable, manifest
from dagster_project.snapshots.manifest import Entry

RAW = "raw"
SEAL = "SEALED"
HELD = "HELD"
# Counters of one snapshot should lie close together; an older unfinished crawl is left as it is and a new one begun.
LONGEST_CRAWL = timedelta(hours=36)
COMPRESSION_LEVEL = 3


@dataclass(frozen=True)
class Spool:
    """One attempt to capture one source on one day."""

    home: Path
    source: str
    day: date
    attempt: int

    @property
    def folder(self) -> Path:
        """Where the attempt's pages and manifest lie."""
        return self.home / RAW / self.source / self.day.isoformat() / str(self.attempt)

    @property
    def is_sealed(self) -> bool:
        """Whether the attempt is complete and immutable."""
        return (self.folder / SEAL).exists()

    @property
    def is_held(self) -> bool:
        """Whether the attempt is complete and waits for a signature."""
        return (self.folder / HELD).exists() and not self.is_sealed

    def entries(self) -> list[Entry]:
        """Give what the manifest lists, as far as it can be read. Raises DamagedDataError where that is less than was sealed."""
        return manifest.read(self.folder) if self.is_sealed else manifest.readable(self.folder)

    def pages(self) -> list[Entry]:
        """Give the durable pages in order. Pages whose file or line was lost since are cut off, with all that follow."""
        entries = [entry for entry in self.entries() if entry.kind == "page"]
        for index, entry in enumerate(entries):
            path = self.home / entry.path
            if not path.is_file() or path.stat().st_size != entry.bytes:
                return entries[:index]
        return entries

    def keep(
        self,
        number: int,
        body: bytes,
        *,
        packed: bytes | None = None,
        rows: int,
        url: str,
        next_url: str | None,
        at: datetime,
        newest: datetime | None,
    ) -> None:
        """Make one page durable, then say so in the manifest. `packed` is the body in gzip, where it came so."""
        path = self.folder / f"page-{number:05}.json.gz"
        durable.write_bytes(path, packed or gzip.compress(body, COMPRESSION_LEVEL, mtime=0))
        measured = manifest.describe(self.home, path, "page", rows, stamp(at))
        manifest.append(
            self.folder,
            Entry(
                **{
                    name: getattr(measured, name) for name in ("kind", "path", "bytes", "sha256", "rows", "observed_at")
                },
                url=url,
                next_url=next_url,
                newest_created_at=stamp(newest) if newest else None,
            ),
        )

    def set_aside(self, number: int, body: bytes) -> Path:
        """Keep the body of a page that can't be read, as evidence, outside the manifest."""
        path = self.folder / "quarantine" / f"page-{number:05}.body.gz"
        durable.write_bytes(path, gzip.compress(body, COMPRESSION_LEVEL, mtime=0))
        return path


def body(home: Path, entry: Entry) -> bytes:
    """Read a page's body back. Raises DamagedDataError for other bytes than were captured."""
    path = home / entry.path
    packed = path.read_bytes()
    if hashlib.sha256(packed).hexdigest() != entry.sha256:
        raise DamagedDataError(
            f"{path} has other bytes than were captured. Delete it: it is then fetched again, with the pages after it.",
            next_command="leadershift capture",
        )
    return gzip.decompress(packed)


def unfinished(home: Path, source: str, now: datetime) -> Spool | None:
    """Find the crawl that was begun and did not end, if it is young enough to go on with."""
    for attempt in reversed(list(attempts(home, source))):
        if attempt.is_sealed or attempt.is_held:
            return None
        started = attempt.entries()
        if not started:
            return attempt if attempt.day == now.date() else None
        return attempt if now - parse_time(started[0].observed_at) <= LONGEST_CRAWL else None
    return None


def begin(home: Path, source: str, now: datetime) -> Spool:
    """Number a new attempt of today. Nothing is written: its folder comes with its first page."""
    earlier = [attempt.attempt for attempt in attempts(home, source) if attempt.day == now.date()]
    return Spool(home, source, now.date(), max(earlier, default=0) + 1)


def attempts(home: Path, source: str) -> Iterator[Spool]:
    """Give all attempts of a source, oldest first."""
    root = home / RAW / source
    for day in sorted(root.glob("????-??-??")):
        for number in sorted(int(folder.name) for folder in day.iterdir() if folder.name.isdigit()):
            yield Spool(home, source, date.fromisoformat(day.name), number)


def sources(home: Path) -> list[str]:
    """Name every source that has been captured or imported."""
    return sorted(folder.name for folder in (home / RAW).glob("*") if folder.is_dir())
