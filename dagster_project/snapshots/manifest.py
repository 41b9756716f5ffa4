"""What a snapshot consists of: one line per file with size and hash, appended when the file is durable.

Files are found through this list and never by looking into folders: a zero-byte Parquet in a glob is silently skipped by
Polars, and a flipped bit in one changes sums without an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable, kept

MANIFEST = "manifest.jsonl"
Kind = Literal["page", "table", "quarantine"]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a snapshot. `path` is relative to the home; `url` and `next_url` let a crawl go on where it stopped."""

    kind: Kind
    path: str
    bytes: int
    sha256: str
    rows: int
    observed_at: str
    url: str = ""
    next_url: str | None = None
    newest_created_at: str | None = None


def describe(home: Path, path: Path, kind: Kind, rows: int, observed_at: str) -> Entry:
    """Measure a durable file for its line in the manifest."""
    return Entry(kind, path.relative_to(home).as_posix(), path.stat().st_size, durable.sha256(path), rows, observed_at)


def append(folder: Path, entry: Entry) -> None:
    """Add a line to a folder's manifest, durably."""
    durable.append_line(folder / MANIFEST, msgspec.json.encode(entry))


def keep_only(folder: Path, entries: Sequence[Entry]) -> None:
    """Rewrite a manifest that is not sealed yet, so that what a killed run appended after these entries is forgotten."""
    path, content = folder / MANIFEST, b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
    if (path.read_bytes() if path.exists() else b"") != content:
        durable.write_bytes(path, content)


def read(folder: Path) -> list[Entry]:
    """Read a folder's manifest; a last line torn by a crash does not count. Raises DamagedDataError for a broken line."""
    entries, broken = _read(folder / MANIFEST)
    if broken is not None:
        raise DamagedDataError(
            f"{folder / MANIFEST} has a line that can't be read ({broken[:80]!r}).", next_command="leadershift verify"
        )
    return entries


def readable(folder: Path) -> list[Entry]:
    """Read the manifest of an attempt under way as far as it can be read: what came after is captured once more."""
    return _read(folder / MANIFEST)[0]


def damage(home: Path, entries: Iterable[Entry]) -> list[str]:
    """Compare files with their entries: one sentence for each that is missing, has another size or other bytes."""
    return [trouble for entry in entries if (trouble := _trouble(home / entry.path, entry))]


def tables(entries: Sequence[Entry]) -> list[Entry]:
    """Pick the typed tables out of a manifest."""
    return [entry for entry in entries if entry.kind == "table"]


def typed(entries: Sequence[Entry]) -> list[Entry]:
    """Pick what tables are built from: the typed rows, and the records that could not be read."""
    return [entry for entry in entries if entry.kind != "page"]


def _read(path: Path) -> tuple[list[Entry], bytes | None]:
    """Give the entries up to the first line that can't be read, and that line."""
    entries: list[Entry] = []
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else ():
        try:
            entries.append(kept.decoded(line, Entry))
        except ValueError:
            return entries, line
    return entries, None


def _trouble(path: Path, entry: Entry) -> str | None:
    if not path.is_file():
        return f"{path} is missing ({entry.bytes:,} bytes expected)"
    if path.stat().st_size != entry.bytes:
        return f"{path} has {path.stat().st_size:,} bytes, not {entry.bytes:,}"
    if durable.sha256(path) != entry.sha256:
        return f"{path} has the right size but other bytes than were sealed"
    return None
