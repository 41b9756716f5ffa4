"""The end of a snapshot: typed rows merged into one Parquet, counted, sealed; and the shelf of all that is sealed.

seen = loaded + merged + quarantined holds for every snapshot: a record met twice is loaded once (the later sight wins), a
record that can't be read is kept with its reason.
Not here: how a record is read (sources), what it means (sql).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import msgspec
import polars as pl
from polars.io.plugins import register_io_source

from dagster_project.calendar import Week, stamp
from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable, kept, manifest, spool
from dagster_project.snapshots.spool import HELD, SEAL, Spool

SNAPSHOTS = "snapshots"
BATCH_ROWS = 50_000
_ROW = "row over all parts"
QUARANTINE_SCHEMA: dict[str, pl.DataType] = {
    "page": pl.Int32(),
    "position": pl.Int32(),
    "reason": pl.String(),
    "hub_id": pl.String(),
    "model_name": pl.String(),
    "record": pl.Binary(),
}
Status = Literal["sealed", "partial", "imported"]


class Profile(msgspec.Struct, frozen=True):
    """What a snapshot's records look like, to compare the next one with.

    `keys`: share of the records that carry a key, as sent; `empty`: share of the rows where a column is null or an empty list.
    """

    keys: dict[str, float]
    empty: dict[str, float]


class Seal(msgspec.Struct, frozen=True):
    """What a sealed snapshot says about itself. `is_complete`: a model absent from it was not on the Hub that day."""

    source: str
    observed_on: date
    status: Status
    is_complete: bool
    origin: str
    seen: int
    loaded: int
    merged: int
    quarantined: int
    started_at: str
    sealed_at: str
    manifest_sha256: str
    sign_off: str | None = None
    profile: Profile | None = None

    @property
    def week(self) -> Week:
        """The ISO week the snapshot belongs to."""
        return Week.of(self.observed_on)


class Held(msgspec.Struct, frozen=True):
    """Why a crawl whose list had ended was not sealed, and since when it waits."""

    reasons: list[str]
    held_at: str


class Counts(msgspec.Struct, frozen=True):
    """What became of the records that were seen."""

    seen: int
    loaded: int
    merged: int
    quarantined: int


def table_path(home: Path, source: str, table: str, day: date) -> Path:
    """Where a snapshot's typed table lies."""
    return home / SNAPSHOTS / source / table / f"{day.isoformat()}.parquet"


def table_name(entry: manifest.Entry) -> str:
    """Name the table that a typed file of a snapshot is a part of: `models`, `owners`."""
    return Path(entry.path).parent.name


def write_table(
    attempt: Spool,
    batches: Iterable[tuple[pl.DataFrame, pl.DataFrame]],
    *,
    table: str,
    key: str,
    rank: tuple[str, ...],
    observed_at: str,
) -> Counts:
    """Merge batches of (typed rows, rejects) into one Parquet, the highest `rank` of each `key` winning; list both in the manifest.

    Rows stay in the order in which they came. Memory stays flat: batches become parts on disk, and of all rows together
    only a hash of 8 bytes each is held. Row groups have a fixed size, so that the bytes don't depend on the machine's cores.
    """
    manifest.keep_only(attempt.folder, attempt.pages())
    path = table_path(attempt.home, attempt.source, table, attempt.day)
    parts_folder = attempt.folder / durable.TEMPORARY_FOLDER / table
    with durable.disk_trouble(path):
        typed, refused = _write_parts(parts_folder, batches, key)
        losers = _losers(typed, key, rank)
        _merge(typed, path, losers)
    loaded = typed.rows - losers.len()
    manifest.append(attempt.folder, manifest.describe(attempt.home, path, "table", loaded, observed_at))
    if refused.rows:
        refuse = attempt.folder / "quarantine" / f"{table}.parquet"
        _merge(refused, refuse)
        manifest.append(
            attempt.folder, manifest.describe(attempt.home, refuse, "quarantine", refused.rows, observed_at)
        )
    shutil.rmtree(parts_folder)
    return Counts(typed.rows + refused.rows, loaded, losers.len(), refused.rows)


def close(
    attempt: Spool,
    counts: Counts,
    *,
    status: Status,
    is_complete: bool,
    origin: str,
    started_at: str,
    now: datetime,
    sign_off: str | None = None,
    profile: Profile | None = None,
) -> Seal:
    """Seal an attempt: from here on it never changes."""
    seal = Seal(
        source=attempt.source,
        observed_on=attempt.day,
        status=status,
        is_complete=is_complete,
        origin=origin,
        seen=counts.seen,
        loaded=counts.loaded,
        merged=counts.merged,
        quarantined=counts.quarantined,
        started_at=started_at,
        sealed_at=stamp(now),
        manifest_sha256=durable.sha256(attempt.folder / manifest.MANIFEST),
        sign_off=sign_off,
        profile=profile,
    )
    durable.write_bytes(attempt.folder / SEAL, encoded(seal))
    return seal


def encoded(seal: Seal) -> bytes:
    """Write a seal as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(seal)) + b"\n"


def hold(attempt: Spool, reasons: Sequence[str], now: datetime) -> None:
    """Mark an attempt as whole but not sealed: its pages wait for a signature, however long that takes."""
    durable.write_bytes(attempt.folder / HELD, msgspec.json.encode(Held(list(reasons), stamp(now))) + b"\n")


def held(attempt: Spool) -> Held:
    """Read why an attempt was not sealed. Raises DamagedDataError."""
    return kept.read(attempt.folder / HELD, Held, next_command="leadershift capture --again")


def awaiting(home: Path, source: str) -> list[Spool]:
    """Give the attempts that wait for a signature, oldest first. A snapshot of the same week made later makes one needless."""
    days = {found.observed_on for _attempt, found in readable(home, source)}
    return [
        attempt
        for attempt in spool.attempts(home, source)
        if attempt.is_held and not any(attempt.day <= day < Week.of(attempt.day).next_monday for day in days)
    ]


def mark(attempt: Spool) -> dict[str, str]:
    """Give where a seal lies and its hash, for the diary: a seal that is gone or changed would otherwise go unnoticed."""
    path = attempt.folder / SEAL
    return {"seal": path.relative_to(attempt.home).as_posix(), "seal_sha256": durable.sha256(path)}


def read(attempt: Spool) -> Seal:
    """Read an attempt's seal. Raises DamagedDataError."""
    return kept.read(attempt.folder / SEAL, Seal, next_command="leadershift verify")


def sealed(home: Path, source: str | None = None) -> Iterator[tuple[Spool, Seal]]:
    """Give every sealed snapshot, oldest first within each source."""
    for name in [source] if source else spool.sources(home):
        for attempt in spool.attempts(home, name):
            if attempt.is_sealed:
                yield attempt, read(attempt)


def readable(
    home: Path, source: str | None = None, *, on_damage: Callable[[str], None] = lambda _text: None
) -> Iterator[tuple[Spool, Seal]]:
    """Give every sealed snapshot whose seal can be read, and one sentence for each that can't: it costs only itself."""
    for name in [source] if source else spool.sources(home):
        for attempt in spool.attempts(home, name):
            if attempt.is_sealed:
                try:
                    yield attempt, read(attempt)
                except DamagedDataError as error:
                    on_damage(f"{attempt.source} {attempt.day}: {error.message}")


def damage(attempt: Spool, seal: Seal, *, tables_only: bool = False) -> list[str]:
    """Check a sealed snapshot's manifest and files against their hashes: one sentence for each trouble."""
    if troubles := manifest_damage(attempt, seal):
        return troubles
    entries = manifest.read(attempt.folder)
    return manifest.damage(attempt.home, manifest.typed(entries) if tables_only else entries)


def manifest_damage(attempt: Spool, seal: Seal) -> list[str]:
    """Check a sealed snapshot's manifest against its hash in the seal."""
    path = attempt.folder / manifest.MANIFEST
    if not path.is_file() or durable.sha256(path) != seal.manifest_sha256:
        return [f"{path} is not the manifest that was sealed on {seal.sealed_at}"]
    return []


@dataclass
class _Parts:
    """Rows on their way to one Parquet: files of some BATCH_ROWS each, and the hash of each row's key."""

    folder: Path
    key: str
    paths: list[Path] = field(default_factory=list)
    hashes: list[pl.Series] = field(default_factory=list)
    rows: int = 0

    def write(self, frames: list[pl.DataFrame]) -> None:
        """Add a part. The first is written even if it has no row, because it tells the columns."""
        rows = pl.concat(frames)
        if rows.height or not self.paths:
            path = self.folder / f"{len(self.paths):05}.parquet"
            rows.write_parquet(path, compression="zstd", compression_level=1)
            self.paths.append(path)
            self.hashes.append(_hashed(rows[self.key]))
            self.rows += rows.height


def _write_parts(folder: Path, batches: Iterable[tuple[pl.DataFrame, pl.DataFrame]], key: str) -> tuple[_Parts, _Parts]:
    """Write typed rows and rejects to parts; what a killed run left of its own is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    typed, refused = _Parts(folder / "typed", key), _Parts(folder / "refused", "record")
    for parts in (typed, refused):
        parts.folder.mkdir(parents=True)
    waiting: list[tuple[pl.DataFrame, pl.DataFrame]] = []

    def flush() -> None:
        typed.write([rows for rows, _ in waiting])
        refused.write([rejects for _, rejects in waiting])
        waiting.clear()

    for batch in batches:
        waiting.append(batch)
        if sum(rows.height for rows, _ in waiting) >= BATCH_ROWS:
            flush()
    if waiting:
        flush()
    return typed, refused


def _hashed(keys: pl.Series) -> pl.Series:
    return keys.hash()


def _losers(parts: _Parts, key: str, rank: tuple[str, ...]) -> pl.Series:
    """Find the rows, numbered over all parts, whose key has another row of higher rank. Only keys whose hash repeats are read."""
    hashes = pl.concat(parts.hashes).sort()
    repeated = hashes.filter(hashes == hashes.shift()).unique()
    met_again, before = [], 0
    for path, ours in zip(parts.paths, parts.hashes, strict=True):
        places = ours.is_in(repeated.implode()).arg_true()
        if places.len():
            keys = pl.read_parquet(path, columns=[key, *rank], glob=False)[places]
            met_again.append(keys.with_columns((places + before).alias(_ROW)))
        before += ours.len()
    # 24 MB of three million rows that the merge has no need of.
    parts.hashes.clear()
    if not met_again:
        return pl.Series(dtype=pl.UInt32)
    ranked = pl.concat(met_again).sort(*rank, _ROW)
    return ranked.filter(~pl.col(_ROW).is_in(ranked.unique(key, keep="last")[_ROW].implode()))[_ROW]


def _merge(parts: _Parts, path: Path, losers: pl.Series | None = None) -> None:
    """Write all parts but the losing rows to one Parquet. They are read one by one: polars itself would hold several at once."""

    def rows(*_asked: object) -> Iterator[pl.DataFrame]:
        before = 0
        for part in parts.paths:
            ours = pl.read_parquet(part, glob=False, row_index_name=_ROW, row_index_offset=before)
            before += ours.height
            if losers is not None:
                ours = ours.filter(~pl.col(_ROW).is_in(losers.implode()))
            yield ours.drop(_ROW)

    merged = register_io_source(rows, schema=pl.scan_parquet(parts.paths[0], glob=False).collect_schema())
    with durable.replacing(path) as temporary:
        write_rows(merged, temporary)


def write_rows(rows: pl.LazyFrame, path: Path) -> None:
    """Write rows to the Parquet of a snapshot, the same bytes for the same rows: what was lost can be made again."""
    rows.sink_parquet(path, compression="zstd", maintain_order=True, row_group_size=BATCH_ROWS)
