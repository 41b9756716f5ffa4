"""A second copy of what can't be had again: every sealed snapshot and the diary, in a folder that is best on another disk.

It has the layout of the home, so a home can be made from it. Pages dropped from the home on purpose stay in the copy.
Not here: when it is made (captures), bringing files back (repair).
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from dagster_project.errors import StorageError
from dagster_project.snapshots import custody, durable, ledger, manifest, seal
from dagster_project.snapshots.custody import Promises
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool


class Wanted(NamedTuple):
    """A file that the copy must have. `bytes` is None where only the hash is known."""

    path: str
    bytes: int | None
    sha256: str


class Brought(NamedTuple):
    """What copying came to, and one sentence for each file that could not be copied because the home's own is damaged."""

    files: int
    bytes: int
    troubles: tuple[str, ...]


def lacking(home: Path, copy: Path, *, thorough: bool = False) -> list[str]:
    """Say what the copy lacks: one sentence for each file missing, of another size, or (`thorough`) of other bytes."""
    troubles = (
        [] if _follows(home, copy) else [f"{copy / ledger.LEDGER} is missing, or not the beginning of the home's"]
    )
    promised = custody.promises(home)
    for attempt, found in _whole_manifests(home):
        troubles += lacking_of(attempt, found, copy, promised, thorough=thorough)
    return troubles


def bring(home: Path, copy: Path, *, thorough: bool = False) -> Brought:
    """Copy what the copy lacks: the files of a snapshot, then its seal. A damaged file of the home is never copied.

    `thorough` hashes what is there, and doesn't mind a damaged diary: the caller knows that the copy is of this home.
    Raises StorageError for a folder that is not there (is its disk mounted?) or is the copy of another home, and OSError.
    """
    if not copy.is_dir():
        raise StorageError(f"The folder {copy} is not there.", next_command=f"mkdir {copy}, or mount its disk")
    if not thorough and (copy / ledger.LEDGER).exists() and not _follows(home, copy):
        raise StorageError(
            f"{copy / ledger.LEDGER} is not the beginning of the one in {home}: one is damaged, or it is of another home.",
            next_command="leadershift repair",
        )
    files = size = 0
    troubles = []
    promised = custody.promises(home)
    whole = (_wanted_of(attempt, found, promised) for attempt, found in _whole_manifests(home))
    for wanted in itertools.chain.from_iterable(whole):
        if _is_there(copy, wanted, thorough=thorough):
            continue
        if place(home, copy, wanted.path, wanted.sha256):
            files, size = files + 1, size + (copy / wanted.path).stat().st_size
        else:
            troubles.append(f"{home / wanted.path} is missing or damaged, so it was not copied")
    return Brought(files, size, tuple(troubles))


def bring_diary(home: Path, copy: Path) -> None:
    """Copy the diary, the last of a copy; a line torn by a crash stays behind, because the home will cut it off."""
    whole, newline, _torn = (home / ledger.LEDGER).read_bytes().rpartition(b"\n")
    if not custody.is_right(copy / ledger.LEDGER, hashlib.sha256(whole + newline).hexdigest()):
        durable.write_bytes(copy / ledger.LEDGER, whole + newline)


def place(source: Path, target: Path, path: str, sha256: str) -> bool:
    """Copy one file durably from one folder to the same place in another, if its bytes there are right; say whether it was."""
    if not custody.is_right(source / path, sha256):
        return False
    with durable.replacing(target / path) as temporary:
        shutil.copyfile(source / path, temporary)
    return True


def is_of(home: Path, copy: Path) -> bool:
    """Whether a copy is one of this home: they share a seal, in the diary or on the disk, or one of them knows none yet."""
    ours, theirs = (_seals(folder) for folder in (home, copy))
    return not ours or not theirs or not ours.isdisjoint(theirs)


def _seals(folder: Path) -> set[str]:
    lines = (msgspec.json.decode(line) for line in ledger.readable_lines(folder).values())
    on_disk = {seal.mark(attempt)["seal_sha256"] for attempt, _found in seal.readable(folder)}
    return on_disk | {line["seal_sha256"] for line in lines if "seal" in line}


def lacking_of(attempt: Spool, found: Seal, copy: Path, promised: Promises, *, thorough: bool = False) -> list[str]:
    """Say what the copy lacks of one snapshot."""
    return [
        f"{copy / wanted.path} is missing or differs"
        for wanted in _wanted_of(attempt, found, promised)
        if not _is_there(copy, wanted, thorough=thorough)
    ]


def _wanted_of(attempt: Spool, found: Seal, promised: Promises) -> Iterator[Wanted]:
    """List the files of a snapshot, its manifest and seal last, so that a seal in the copy means a whole snapshot."""
    folder, mark = custody.relative(attempt), seal.mark(attempt)
    for entry in custody.expected(attempt, promised):
        yield Wanted(entry.path, entry.bytes, entry.sha256)
    yield Wanted(f"{folder}/{manifest.MANIFEST}", None, found.manifest_sha256)
    known = promised.seals.get(mark["seal"])
    yield Wanted(mark["seal"], None, known.sha256 if known else mark["seal_sha256"])


def _whole_manifests(home: Path) -> Iterator[tuple[Spool, Seal]]:
    for attempt, found in seal.readable(home):
        if not seal.manifest_damage(attempt, found):
            yield attempt, found


def _is_there(copy: Path, wanted: Wanted, *, thorough: bool) -> bool:
    path = copy / wanted.path
    if thorough or wanted.bytes is None:
        return custody.is_right(path, wanted.sha256)
    return path.is_file() and path.stat().st_size == wanted.bytes


def _follows(home: Path, copy: Path) -> bool:
    """Whether the copy's diary is the beginning of the home's: both only ever grow."""
    ours, theirs = home / ledger.LEDGER, copy / ledger.LEDGER
    return theirs.is_file() and ours.is_file() and ours.read_bytes().startswith(theirs.read_bytes())
