"""What is damaged in a home, brought back: from the second copy, or a typed table once more from its sealed pages.

Only bytes with the hash that was sealed are ever put back. Not here: how pages become a table (the caller's `retype`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from dagster_project.errors import DamagedDataError, RefusedError
from dagster_project.snapshots import copies, custody, durable, ledger, manifest, seal, spool
from dagster_project.snapshots.custody import Promises
from dagster_project.snapshots.manifest import Entry
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool

MEANINGS: dict[manifest.Kind, str] = {
    "page": "the answer as it came is lost; the typed table stands, but can't be made again",
    "table": "the counters of that day are lost here, and nothing is built until the file is back",
    "quarantine": "the records that could not be read are lost; no table misses them",
}
UNCHECKED = "nothing of that snapshot can be checked, and nothing is built until it is back"
SCRATCH = f"warehouse/{durable.TEMPORARY_FOLDER}/retyped"
# Types the pages of a sealed attempt once more, into the scratch attempt that it is given second.
Retype = Callable[[Spool, Spool], None]


class Mended(NamedTuple):
    """A file that is right again, and where it came from."""

    path: str
    sha256: str
    origin: Literal["copy", "pages"]


def mend(home: Path, copy: Path | None, retype: Retype, now: datetime) -> Iterator[Mended | str]:
    """Bring back what is damaged: give each file that is right again, and one sentence for each that can't be had.

    Raises RefusedError for the copy of another home.
    """
    if copy is not None and not copies.is_of(home, copy):
        raise RefusedError(
            f"{copy} holds the copy of another home than {home}, so nothing was taken from it.",
            next_command="export LEADERSHIFT_COPY=/the/copy/of/this/home",
        )
    yield from _mend_diary(home, copy)
    for result in _mend_snapshots(home, copy, retype):
        if isinstance(result, Mended):
            mended = {"path": result.path, "sha256": result.sha256, "from": result.origin}
            ledger.write(home, "repaired", now, **mended)
        yield result


def _mend_diary(home: Path, copy: Path | None) -> Iterator[Mended | str]:
    """Begin with the copy's lines, go on with what only the home has: lines further down, or of a later time."""
    path = home / ledger.LEDGER
    before = path.read_bytes() if path.exists() else b""
    ours = ledger.readable_lines(home)
    theirs = list(ledger.readable_lines(copy).values()) if copy else []
    known, last = set(theirs), _at(theirs[-1]) if theirs else ""
    newer = [line for number, line in ours.items() if number >= len(theirs) or _at(line) > last]
    merged = [*theirs, *(line for line in newer if line not in known)]
    if b"".join(line + b"\n" for line in merged) == before.rpartition(b"\n")[0] + b"\n" * bool(before):
        return
    lost = max(0, before.count(b"\n") - len(merged))
    evidence = path.with_suffix(".damaged")
    if before:
        durable.write_bytes(evidence, before)
    ledger.restore(home, merged)
    if lost:
        yield f"{path}: {lost} lines can't be read and are in no copy; they are kept in {evidence}, what they said is not known"
    else:
        yield Mended(ledger.LEDGER, durable.sha256(path), "copy")


def _at(line: bytes) -> str:
    return str(msgspec.json.decode(line)["at"])


def _mend_snapshots(home: Path, copy: Path | None, retype: Retype) -> Iterator[Mended | str]:
    promised = custody.promises(home)
    yield from _mend_seals(home, copy, promised)
    for attempt, found in seal.readable(home):
        path = f"{custody.relative(attempt)}/{manifest.MANIFEST}"
        if seal.manifest_damage(attempt, found):
            if copy is None or not copies.place(copy, home, path, found.manifest_sha256):
                yield f"{found.source} {found.week}: {home / path}: {UNCHECKED}"
                continue
            yield Mended(path, found.manifest_sha256, "copy")
        yield from _mend_files(attempt, found, copy, promised, retype)


def _mend_seals(home: Path, copy: Path | None, promised: Promises) -> Iterator[Mended | str]:
    for path, known in promised.seals.items():
        if custody.is_right(home / path, known.sha256):
            continue
        if copy and copies.place(copy, home, path, known.sha256):
            yield Mended(path, known.sha256, "copy")
        else:
            yield f"{known.source} {known.week}: {home / path}: {UNCHECKED}"
    for place in _sealed_places(home, copy):
        ours = Spool(home, *place)
        path = custody.seal_path(ours)
        if path in promised.seals or _is_readable(ours):
            continue
        if copy and _is_readable(Spool(copy, *place)) and copies.place(copy, home, path, durable.sha256(copy / path)):
            yield Mended(path, durable.sha256(home / path), "copy")
        else:
            yield f"{ours.source} {ours.day}: {home / path}: {UNCHECKED}"


def _sealed_places(home: Path, copy: Path | None) -> list[tuple[str, date, int]]:
    roots = [root for root in (home, copy) if root]
    attempts = [attempt for root in roots for name in spool.sources(root) for attempt in spool.attempts(root, name)]
    return sorted({(attempt.source, attempt.day, attempt.attempt) for attempt in attempts if attempt.is_sealed})


def _is_readable(attempt: Spool) -> bool:
    try:
        return attempt.is_sealed and bool(seal.read(attempt))
    except DamagedDataError:
        return False


def _mend_files(
    attempt: Spool, found: Seal, copy: Path | None, promised: Promises, retype: Retype
) -> Iterator[Mended | str]:
    # Pages first: a table may have to be made from them.
    damaged = [entry for entry in custody.expected(attempt, promised) if manifest.damage(attempt.home, [entry])]
    rest = []
    for entry in damaged:
        if copy and copies.place(copy, attempt.home, entry.path, entry.sha256):
            yield Mended(entry.path, entry.sha256, "copy")
        else:
            rest.append(entry)
    made, why_not = _made_from_pages(attempt, rest, promised, retype)
    for entry in rest:
        if entry.path in made:
            yield Mended(entry.path, entry.sha256, "pages")
        else:
            reason = "" if entry.kind == "page" else f" ({why_not})"
            yield f"{found.source} {found.week}: {attempt.home / entry.path}: {MEANINGS[entry.kind]}{reason}"


def _made_from_pages(attempt: Spool, rest: list[Entry], promised: Promises, retype: Retype) -> tuple[set[str], str]:
    """Type the pages once more, beside the attempt, and take over what has the sealed hash; say why the rest could not be had."""
    if all(entry.kind == "page" for entry in rest):
        return set(), ""
    if custody.relative(attempt) in promised.dropped:
        return set(), "its pages were dropped on purpose, so it can come back from a copy only"
    pages = [entry for entry in manifest.read(attempt.folder) if entry.kind == "page"]
    if not pages or manifest.damage(attempt.home, pages):
        return set(), "it can't be made again without whole pages"
    scratch = Spool(attempt.home / SCRATCH, attempt.source, attempt.day, attempt.attempt)
    try:
        shutil.rmtree(scratch.home, ignore_errors=True)
        scratch.folder.mkdir(parents=True)
        retype(attempt, scratch)
        made = {entry.path for entry in rest if copies.place(scratch.home, attempt.home, entry.path, entry.sha256)}
        return made, "typed again from its pages it has other bytes, as another version of the program would write"
    finally:
        shutil.rmtree(scratch.home)
