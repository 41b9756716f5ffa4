"""The end of a snapshot: typed rows merged into one Parquet, counted, sealed; and the shelf of all that is sealed.

seen = loaded + merged + quarantined holds for every snapshot: a record met twice is loaded once (the later sight wins), a
record that can't be read is kept with its reason.
Not here: how a record is read (sources), what it means (sql).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import polars as pl

from dagster_project.calendar import Week, stamp
from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable, manifest, spool
from dagster_project.snapshots.spool import HELD, SEAL, Spool

SNAPSHOTS = "snapshots"
BATCH_ROWS = 50_000
QUARANTINE_SCHEMA: dict[str, pl.DataType] = {
    "page": pl.Int32(),
    "position": pl.Int32(),
    "reason": pl.String(),
    "hub_id": pl.String(),
    "model_name": pl.String(),
    "record": pl.Binary(),
}
_Kind = TypeVar("_Kind")
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

    Memory stays flat: batches become parts on disk, only keys and ranks of all rows are ever held together.
    """
    manifest.keep_only(attempt.folder, attempt.pages())
    path = table_path(attempt.home, attempt.source, table, attempt.day)
    parts_folder = attempt.folder / durable.TEMPORARY_FOLDER / table
    with durable.disk_trouble(path):
        parts, rejected = _write_parts(parts_folder, batches)
        losers = _losers(parts, key, rank)
        seen = sum(pl.scan_parquet(part, glob=False).select(pl.len()).collect().item() for part in parts)
        with durable.replacing(path) as temporary:
            rows = pl.scan_parquet(parts, glob=False)
            if losers.height:
                rows = rows.join(losers.lazy(), on=[key, *rank], how="anti", maintain_order="left")
            rows.sink_parquet(temporary, compression="zstd", maintain_order=True)
    loaded = seen - losers.height
    manifest.append(attempt.folder, manifest.describe(attempt.home, path, "table", loaded, observed_at))
    if rejected.height:
        refuse = attempt.folder / "quarantine" / f"{table}.parquet"
        with durable.replacing(refuse) as temporary:
            rejected.write_parquet(temporary)
        manifest.append(
            attempt.folder, manifest.describe(attempt.home, refuse, "quarantine", rejected.height, observed_at)
        )
    for part in parts:
        part.unlink()
    parts_folder.rmdir()
    return Counts(seen + rejected.height, loaded, losers.height, rejected.height)


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
    return _decoded(attempt.folder / HELD, Held)


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
    return _decoded(attempt.folder / SEAL, Seal)


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


def _decoded(path: Path, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.MsgspecError as error:
        raise DamagedDataError(f"{path} can't be read ({error}).", next_command="leadershift verify") from error


def _write_parts(folder: Path, batches: Iterable[tuple[pl.DataFrame, pl.DataFrame]]) -> tuple[list[Path], pl.DataFrame]:
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
    parts: list[Path] = []
    waiting: list[pl.DataFrame] = []
    rejects = [pl.DataFrame(schema=QUARANTINE_SCHEMA)]

    def flush() -> None:
        part = folder / f"{len(parts):05}.parquet"
        pl.concat(waiting).write_parquet(part, compression="zstd", compression_level=1)
        parts.append(part)
        waiting.clear()

    for rows, refused in batches:
        waiting.append(rows)
        rejects.append(refused)
        if sum(frame.height for frame in waiting) >= BATCH_ROWS:
            flush()
    if waiting:
        flush()
    return parts, pl.concat(rejects)


def _losers(parts: list[Path], key: str, rank: tuple[str, ...]) -> pl.DataFrame:
    keys = pl.concat([pl.read_parquet(part, columns=[key, *rank], glob=False) for part in parts])
    repeated = keys.filter(pl.col(key).is_duplicated())
    winners = repeated.sort(rank).unique(key, keep="last")
    return repeated.join(winners, on=[key, *rank], how="anti")
