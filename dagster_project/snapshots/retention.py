"""Pages of old weeks, given up on purpose to make room, and the room that a capture needs before it begins.

Typed tables, seals, manifests and quarantined evidence are kept for ever, and so are the pages in the second copy.
Not here: asking for it; it never happens by itself (pipeline, cli).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from dagster_project.calendar import Week
from dagster_project.snapshots import copies, custody, durable, ledger, manifest, seal
from dagster_project.snapshots.custody import Promises
from dagster_project.snapshots.manifest import Entry
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool

# A whole Hub of 3 million models is 1.5 GB of pages and table; while it is typed, parts of the table lie beside both.
FIRST_SNAPSHOT_BYTES = 5_000_000_000
ROOM_PER_SNAPSHOT = 3


class Old(NamedTuple):
    """An old snapshot, its pages that are still here, and why they have to stay, if so."""

    attempt: Spool
    seal: Seal
    pages: tuple[Entry, ...]
    kept_because: str | None

    @property
    def bytes(self) -> int:
        """How much room the pages take."""
        return sum(entry.bytes for entry in self.pages)


def needed(home: Path, source: str, *, unknown: int = FIRST_SNAPSHOT_BYTES) -> int:
    """Give the free bytes that a capture should find: three times the newest snapshot, `unknown` before the first one."""
    for attempt, found in reversed(list(seal.readable(home, source))):
        if not seal.manifest_damage(attempt, found):
            return ROOM_PER_SNAPSHOT * sum(entry.bytes for entry in manifest.read(attempt.folder))
    return unknown


def free(home: Path) -> int:
    """Give the free bytes of the disk that the home is or will be on."""
    return shutil.disk_usage(next(folder for folder in (home, *home.parents) if folder.exists())).free


def old_pages(home: Path, copy: Path | None, before: Week) -> Iterator[Old]:
    """Find the snapshots of weeks before one that still have pages here; each is checked byte by byte, in the copy too."""
    promised = custody.promises(home)
    for attempt, found in seal.readable(home):
        if found.week >= before or seal.manifest_damage(attempt, found):
            continue
        pages = [entry for entry in manifest.read(attempt.folder) if entry.kind == "page"]
        there = [entry for entry in pages if (home / entry.path).exists()]
        if there:
            reason = _reason_to_keep(attempt, found, copy, promised)
            yield Old(attempt, found, tuple(there), reason)


def drop(old: Old, now: datetime) -> None:
    """Give up a snapshot's pages: first the diary says so, then they go."""
    home, folder = old.attempt.home, custody.relative(old.attempt)
    if folder not in custody.promises(home).dropped:
        ledger.write(
            home,
            "dropped",
            now,
            source=old.seal.source,
            week=f"{old.seal.week}",
            folder=folder,
            manifest_sha256=old.seal.manifest_sha256,
            files=len(old.pages),
            bytes=old.bytes,
        )
    for entry in old.pages:
        (home / entry.path).unlink()
    durable.flush(old.attempt.folder)


def _reason_to_keep(attempt: Spool, found: Seal, copy: Path | None, promised: Promises) -> str | None:
    if not manifest.tables(manifest.read(attempt.folder)):
        return "it has no typed table"
    if custody.seal_path(attempt) not in promised.seals or custody.damage_of(attempt, found, promised):
        return "it is not whole: leadershift verify"
    if copy and copies.lacking_of(attempt, found, copy, promised, thorough=True):
        return f"{copy} has no whole copy of it: leadershift repair"
    return None
