"""An account's name taken out of every file of a home and its copy, so that a kill at any moment can be made up for.

Each changed file is first written whole beside, then listed in a journal, then put in its place: running again goes on
from there. Only this journal holds the name, and it is deleted at the end; the diary gets a random id and hashes.
Not here: how a name leaves a record (the caller's `Cleaner`), the warehouse and releases (warehouse/withdraw).
"""

from __future__ import annotations

import gzip
import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec
import polars as pl

from dagster_project.errors import DamagedDataError, RefusedError
from dagster_project.snapshots import copies, durable, kept, ledger, manifest, seal, spool
from dagster_project.snapshots.manifest import Entry
from dagster_project.snapshots.spool import COMPRESSION_LEVEL, SEAL, Spool

FOLDER = "erasing"
JOURNAL = f"{FOLDER}/journal.json"
STAGED = f"{FOLDER}/files"
ID_BYTES = 8


class Cleaner(Protocol):
    """Takes a name out of content; `rows` and `rejects` give None where it isn't there."""

    def page(self, body: bytes) -> bytes:
        """Clean a page of records."""
        ...

    def plain(self, content: bytes) -> bytes:
        """Clean what is no page of records."""
        ...

    def rows(self, table: pl.LazyFrame) -> pl.LazyFrame | None:
        """Clean a typed table."""
        ...

    def rejects(self, table: pl.DataFrame) -> pl.DataFrame | None:
        """Clean records that could not be read."""
        ...


class Journal(msgspec.Struct):
    """An erasure under way. `names` maps the account's models to what stands in their place, `files` paths to old and new hash."""

    erasure_id: str
    account: str
    reason: str
    names: dict[str, str]
    files: dict[str, tuple[str, str]]


def under_way(home: Path) -> Journal | None:
    """Give the erasure that was begun and not ended. Raises DamagedDataError."""
    path = home / JOURNAL
    if not path.exists():
        return None
    try:
        return kept.decoded(path.read_bytes(), Journal)
    except ValueError as error:
        raise DamagedDataError(
            f"{path} can't be read ({error}), and it alone knows which files the erasure under way has changed. Put it back from"
            " a backup of the home, then run the same `leadershift erase` again.",
            next_command="leadershift erase --help",
        ) from error


def refuse_unfinished(home: Path) -> None:
    """Raise RefusedError where an erasure was begun and not ended: until then hashes don't fit."""
    if under_way(home):
        raise RefusedError(
            f"An erasure in {home} was begun and not ended. Run the same `leadershift erase` again, it goes on from there.",
            next_command="leadershift erase --help",
        )


def begin(
    home: Path,
    account: str,
    reason: str,
    own: pl.Expr,
    parents: Callable[[pl.LazyFrame], set[str]] = lambda _table: set(),
) -> Journal:
    """Write down what is to be erased, and under which names its models go on; an erasure under way goes on instead.

    Of a table of models `own` says which rows are the account's, `parents` which of its models are named there as parents.
    Raises RefusedError when that is of another account.
    """
    if journal := under_way(home):
        if journal.account != account:
            refuse_unfinished(home)
        return journal
    names: dict[str, str] = {}
    named: set[str] = set()
    for path in _tables(home):
        table = pl.scan_parquet(path, glob=False)
        if "model_name" not in table.collect_schema():
            continue
        named |= parents(table)
        rows = table.filter(own).select("hub_id", "model_name").unique()
        for hub_id, name in rows.collect(engine="streaming").sort("hub_id", "model_name").iter_rows():
            key = name.lower()
            names[key] = f"erased/{hub_id}" if hub_id else names.get(key) or _no_name()
    names |= {name: _no_name() for name in named - names.keys()}
    journal = Journal(secrets.token_hex(ID_BYTES), account, reason, names, {})
    _write(home, journal)
    return journal


def _no_name() -> str:
    """Give a name for a model without an id, in an archive or as a parent never seen; each its own, so that two don't become one."""
    return f"erased/{secrets.token_hex(ID_BYTES)}"


def rewrite(home: Path, copy: Path | None, journal: Journal, cleaner: Cleaner) -> None:
    """Take the name out of every attempt, sealed or not, here and in the copy."""
    for path, (_before, after) in journal.files.items():
        _swap(home, copy, path, after)
    sealed_tables = set(_tables(home))
    for name in spool.sources(home):
        for attempt in spool.attempts(home, name):
            changes = dict(_stage(attempt, copy, cleaner, sealed_tables))
            if changes:
                journal.files |= changes
                _write(home, journal)
                for path, (_before, after) in changes.items():
                    _swap(home, copy, path, after)


def end(home: Path, journal: Journal, now: datetime, **details: object) -> None:
    """Say in the diary what was erased, if anything was, and forget the name."""
    is_said = any(line.get("erasure_id") == journal.erasure_id for line in ledger.read(home))
    if not is_said and (journal.files or any(details.values())):
        ledger.write(
            home,
            "erased",
            now,
            erasure_id=journal.erasure_id,
            reason=journal.reason,
            files={path: list(hashes) for path, hashes in journal.files.items()},
            **details,
        )
    (home / JOURNAL).unlink()
    shutil.rmtree(home / FOLDER)


def _tables(home: Path) -> Iterator[Path]:
    for attempt, _found in seal.readable(home):
        yield from (home / entry.path for entry in manifest.tables(manifest.read(attempt.folder)))


def _write(home: Path, journal: Journal) -> None:
    durable.write_bytes(home / JOURNAL, msgspec.json.encode(journal))


def _stage(
    attempt: Spool, copy: Path | None, cleaner: Cleaner, sealed_tables: set[Path]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Write an attempt's changed files beside; give old and new hash by path, the manifest and the seal last."""
    home = attempt.home
    entries = attempt.entries()
    if not attempt.is_sealed:
        _clear_unsealed(attempt, entries, sealed_tables)
        entries = [entry for entry in entries if entry.kind == "page"]
    changed: list[Entry] = []
    for entry in entries:
        place = next((root for root in (home, copy) if root and (root / entry.path).exists()), None)
        staged = home / STAGED / entry.path
        if place and _clean(entry, place / entry.path, staged, cleaner):
            new = msgspec.structs.replace(entry, bytes=staged.stat().st_size, sha256=durable.sha256(staged))
            yield entry.path, (entry.sha256, new.sha256)
            entry = new  # noqa: PLW2901 - the manifest lists the file as it will be
        changed.append(entry)
    for path in sorted(attempt.folder.glob("quarantine/*.body.gz")):
        before = gzip.decompress(path.read_bytes())
        if (after := cleaner.plain(before)) != before:
            yield _staged(home, path, gzip.compress(after, COMPRESSION_LEVEL, mtime=0))
    if changed != entries:
        content = b"".join(msgspec.json.encode(entry) + b"\n" for entry in changed)
        name, hashes = _staged(home, attempt.folder / manifest.MANIFEST, content)
        yield name, hashes
        if attempt.is_sealed:
            new_seal = msgspec.structs.replace(seal.read(attempt), manifest_sha256=hashes[1])
            yield _staged(home, attempt.folder / SEAL, seal.encoded(new_seal))


def _clear_unsealed(attempt: Spool, entries: list[Entry], sealed_tables: set[Path]) -> None:
    """Delete what an unsealed attempt can make again: its table, parts of one, pages that no line lists."""
    listed = {attempt.home / entry.path for entry in entries if entry.kind == "page"}
    leftovers = [path for path in attempt.folder.glob("page-*.json.gz") if path not in listed]
    made = [attempt.home / entry.path for entry in entries if entry.kind != "page"]
    for path in [*leftovers, *(path for path in made if path not in sealed_tables)]:
        path.unlink(missing_ok=True)
    shutil.rmtree(attempt.folder / durable.TEMPORARY_FOLDER, ignore_errors=True)


def _clean(entry: Entry, path: Path, staged: Path, cleaner: Cleaner) -> bool:
    """Write a file without the name beside; say whether it was in it."""
    if entry.kind == "page":
        before = gzip.decompress(path.read_bytes())
        after = cleaner.page(before)
        if after == before:
            return False
        durable.write_bytes(staged, gzip.compress(after, COMPRESSION_LEVEL, mtime=0))
        return True
    if entry.kind == "quarantine":
        rejects = cleaner.rejects(pl.read_parquet(path, glob=False))
        if rejects is not None:
            with durable.replacing(staged) as temporary:
                seal.write_rows(rejects.lazy(), temporary)
        return rejects is not None
    rows = cleaner.rows(pl.scan_parquet(path, glob=False))
    if rows is not None:
        with durable.replacing(staged) as temporary:
            seal.write_rows(rows, temporary)
    return rows is not None


def _staged(home: Path, path: Path, content: bytes) -> tuple[str, tuple[str, str]]:
    name = path.relative_to(home).as_posix()
    durable.write_bytes(home / STAGED / name, content)
    return name, (durable.sha256(path), durable.sha256(home / STAGED / name))


def _swap(home: Path, copy: Path | None, path: str, sha256: str) -> None:
    """Put a staged file in its place, in the copy first; it stays staged until both have it."""
    staged = home / STAGED
    if not (staged / path).exists():
        return
    for root in (copy, home):
        if root and (root / path).exists() and not copies.place(staged, root, path, sha256):
            raise DamagedDataError(
                f"{staged / path} has other bytes than were written there. Delete it, then run the same `leadershift erase` again.",
                next_command=f"rm {staged / path}",
            )
    (staged / path).unlink()
