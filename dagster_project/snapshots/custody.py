"""What must be there: every seal that the diary knows, every file that a sealed manifest lists, less what was dropped on purpose.

Not here: a second copy (copies), bringing back what is gone (repair).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from dagster_project.snapshots import durable, ledger, manifest, seal, spool
from dagster_project.snapshots.manifest import Entry
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool


class Promise(NamedTuple):
    """What the diary last said of a seal."""

    sha256: str
    at: str
    source: str
    week: str


class Promises(NamedTuple):
    """All that the diary promises. `seals` by path; `dropped` are the folders whose pages were given up on purpose."""

    seals: Mapping[str, Promise]
    dropped: Collection[str]


def promises(home: Path) -> Promises:
    """Read the diary; of two lines about one seal the later holds. Raises DamagedDataError for a diary that can't be read."""
    seals: dict[str, Promise] = {}
    dropped: set[str] = set()
    for line in ledger.read(home):
        if "seal" in line:
            seals[line["seal"]] = Promise(line["seal_sha256"], line["at"], line["source"], line["week"])
        elif line["event"] == "dropped":
            dropped.add(line["folder"])
        elif line["event"] == "erased":
            for path in seals.keys() & line["files"].keys():
                seals[path] = seals[path]._replace(sha256=line["files"][path][1], at=line["at"])
    return Promises(seals, dropped)


def seal_troubles(home: Path, promised: Promises) -> list[str]:
    """Compare every seal that the diary knows with its hash there: one sentence for each that is gone or changed."""
    return [
        f"{known.source} {known.week}: {home / path} is not the seal of {known.at}"
        for path, known in promised.seals.items()
        if not is_right(home / path, known.sha256)
    ]


def is_right(path: Path, sha256: str) -> bool:
    """Whether a file is there and has these bytes."""
    return path.is_file() and durable.sha256(path) == sha256


def relative(attempt: Spool) -> str:
    """Name an attempt's folder as the diary does."""
    return attempt.folder.relative_to(attempt.home).as_posix()


def seal_path(attempt: Spool) -> str:
    """Name an attempt's seal as the diary does."""
    return f"{relative(attempt)}/{spool.SEAL}"


def expected(attempt: Spool, promised: Promises) -> list[Entry]:
    """Give the files that a sealed snapshot must have."""
    entries = manifest.read(attempt.folder)
    is_dropped = relative(attempt) in promised.dropped
    return [entry for entry in entries if not (is_dropped and entry.kind == "page")]


def damage(home: Path, promised: Promises) -> tuple[int, list[str]]:
    """Check every byte of every sealed snapshot: how many there are, and one sentence for each trouble."""
    troubles = seal_troubles(home, promised)
    count = 0
    for attempt, found in seal.readable(home, on_damage=troubles.append):
        count += 1
        troubles += [f"{found.source} {found.week}: {trouble}" for trouble in damage_of(attempt, found, promised)]
    return count, troubles


def damage_of(attempt: Spool, found: Seal, promised: Promises) -> list[str]:
    """Check every byte of one sealed snapshot."""
    return seal.manifest_damage(attempt, found) or manifest.damage(attempt.home, expected(attempt, promised))


def adopt(home: Path, now: datetime) -> list[Seal]:
    """Say in the diary which whole snapshots it doesn't know: a run was killed between sealing one and saying so."""
    promised = promises(home)
    adopted = []
    for attempt, found in seal.readable(home):
        if seal_path(attempt) not in promised.seals and not damage_of(attempt, found, promised):
            event: ledger.Event = "imported" if found.status == "imported" else "sealed"
            about = {"source": found.source, "day": f"{found.observed_on}", "week": f"{found.week}"}
            ledger.write(home, event, now, **about, found_later=True, **seal.mark(attempt))
            adopted.append(found)
    return adopted
