"""What follows from one sealed snapshot and the one before it, worked out once and kept: narrow counters, changes, steps.

A table that says `per: snapshot` is run here once for each snapshot. Its SELECT sees
  now.models       the snapshot's rows, as sealed, each once; `identity` tells the model, `file_row_number` the place in the file
  now.quarantined  hub_id, model_name of the records that could not be read, as far as they tell them
  now.snapshot     one row: source, observed_on, started_at
  before.snapshot  the same of the snapshot before, of the same source; no row for the first one
  now.TABLE        a table of this snapshot that was made before it
  before.TABLE     that table of the snapshot before, of the same source; empty for the first one
  sofar.TABLE      that table of this snapshot and all before it, of any source; of model_keys a copy in memory
Snapshots come in the order of their days, those of one day by source, so that two builds of the same ones are equal to the row.
Each answer is one Parquet file; that of a passing table is held in memory until its snapshot is done. As sealed snapshots
never change, neither do the files; a snapshot that comes late, or a lost file, makes those after it anew, a changed SELECT all.
Nothing here is evidence: the whole folder may be deleted.
Not here: tables over all snapshots (build).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from dagster_project.calendar import parse_time
from dagster_project.errors import UsageError
from dagster_project.snapshots import durable, kept, manifest
from dagster_project.snapshots.seal import Seal, table_name
from dagster_project.snapshots.spool import Spool
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import connect_private, quoted

FOLDER = "facts"
INDEX = f"{FOLDER}/index.json"
MODELS = "models"
# Only a snapshot with at least this share of the rows of the one before can be compared with it.
SMALLEST_COMPARABLE_SHARE = 0.5
_SCHEMAS = ("now", "before", "sofar")
# Columns of a fact that say which snapshot it is of.
_OF_THE_SNAPSHOT = ("source", "observed_on", "to_on")
# Version 2 packs numbers that are in order in a fifth less, at no cost.
_PARQUET = "compression zstd, parquet_version v2"


@dataclass(frozen=True)
class Snapshot:
    """A sealed table of models. `is_unique`: whether its ids were checked to be; an archive's may repeat."""

    source: str
    day: str
    started_at: datetime
    path: Path
    sha256: str
    is_unique: bool
    quarantine: Path | None
    attempt: Spool


class _File(msgspec.Struct, frozen=True):
    path: str
    sha256: str


class _Made(msgspec.Struct, frozen=True):
    """What was made of one snapshot, which is known by its hash."""

    source: str
    day: str
    sha256: str
    files: dict[str, _File]


class _Index(msgspec.Struct, frozen=True):
    recipe: str
    made: list[_Made]


@dataclass(frozen=True)
class Plan:
    """What is there of the facts: `made` of the first of the snapshots `wanted`; the others are to be read."""

    home: Path
    tables: Sequence[Table]
    wanted: Sequence[Snapshot]
    recipe: str
    made: Sequence[_Made]

    @property
    def unread(self) -> frozenset[Spool]:
        """The snapshots that nothing is made from any more."""
        return frozenset(snapshot.attempt for snapshot in self.wanted[: len(self.made)])


def comparable(snapshots: Iterable[tuple[Spool, Seal]]) -> tuple[list[tuple[Spool, Seal]], list[Seal]]:
    """Give the snapshots of models that steps are taken between, and the partial ones, which are kept and not used.

    Partial is what was signed for as such, or has less than half of the rows of the last whole one of its source.
    """
    whole: list[tuple[Spool, Seal]] = []
    partial: list[Seal] = []
    rows: dict[str, int] = {}
    for attempt, seal in sorted(snapshots, key=lambda found: (found[1].observed_on, found[1].source)):
        if _table(attempt) != MODELS:
            continue
        if seal.status == "partial" or seal.loaded < SMALLEST_COMPARABLE_SHARE * rows.get(seal.source, 0):
            partial.append(seal)
        else:
            whole.append((attempt, seal))
            rows[seal.source] = seal.loaded
    return whole, partial


def _table(attempt: Spool) -> str:
    (entry,) = manifest.tables(manifest.read(attempt.folder))
    return table_name(entry)


def plan(home: Path, snapshots: Sequence[tuple[Spool, Seal]], tables: Sequence[Table]) -> Plan:
    """Find out what these tables lack of these snapshots; nothing is changed. Raises DamagedDataError for a broken manifest."""
    wanted, recipe = _wanted(snapshots), _recipe(tables)
    return Plan(home, tables, wanted, recipe, _usable(home, recipe, wanted))


def update(planned: Plan, say: Callable[[str], None] = lambda _text: None) -> dict[str, list[Path]]:
    """Make what is missing, in the order of the tables; give the files of each table.

    Raises UsageError that names the file whose SELECT fails, StorageError.
    """
    home, tables, made = planned.home, planned.tables, list(planned.made)
    if not made and (home / INDEX).exists():
        say("The facts are made anew from all snapshots.")
        with durable.disk_trouble(home / INDEX):
            shutil.rmtree(home / FOLDER)
    with connect_private(Path(":memory:"), read_only=False) as connection:
        for schema in _SCHEMAS:
            connection.execute(f"create schema {schema}")
        _remember_keys(connection, home, tables, made)
        latest = {snapshot.source: snapshot for snapshot in planned.wanted[: len(made)]}
        for snapshot in planned.wanted[len(made) :]:
            made.append(_make(connection, home, tables, snapshot, latest.get(snapshot.source), made))
            latest[snapshot.source] = snapshot
            _write_index(home, _Index(planned.recipe, made))
            say(f"facts of {snapshot.source} {snapshot.day}")
    return {
        table.name: [home / done.files[table.name].path for done in made] for table in tables if not table.is_passing
    }


def _wanted(snapshots: Sequence[tuple[Spool, Seal]]) -> list[Snapshot]:
    found = []
    for attempt, seal in snapshots:
        entries = manifest.read(attempt.folder)
        refused = next((attempt.home / entry.path for entry in entries if entry.kind == "quarantine"), None)
        (entry,) = manifest.tables(entries)
        started = parse_time(seal.started_at).replace(tzinfo=None)
        day, path, is_unique = seal.observed_on.isoformat(), attempt.home / entry.path, seal.status != "imported"
        found.append(Snapshot(seal.source, day, started, path, entry.sha256, is_unique, refused, attempt))
    return sorted(found, key=lambda snapshot: (snapshot.day, snapshot.source))


def _recipe(tables: Sequence[Table]) -> str:
    """Name the program that made the files: the SELECTs, and the engine, whose hash() is its own."""
    text = "\n".join([duckdb.__version__, *(f"{table.name}: {table.body}" for table in tables)])
    return hashlib.sha256(text.encode()).hexdigest()


def _usable(home: Path, recipe: str, wanted: Sequence[Snapshot]) -> list[_Made]:
    """Give what was made before of the first snapshots. Numbers of models run through all of it, so what comes after a gap is no use."""
    try:
        index = kept.decoded((home / INDEX).read_bytes(), _Index)
    except (FileNotFoundError, ValueError):
        return []
    if index.recipe != recipe:
        return []
    pairs = zip(index.made, wanted, strict=False)
    return [done for done, _snapshot in itertools.takewhile(lambda pair: _is_of(home, *pair), pairs)]


def _is_of(home: Path, done: _Made, snapshot: Snapshot) -> bool:
    known = (done.source, done.day, done.sha256) == (snapshot.source, snapshot.day, snapshot.sha256)
    return known and all(_is_whole(home, file) for file in done.files.values())


def _is_whole(home: Path, file: _File) -> bool:
    path = home / file.path
    return path.is_file() and durable.sha256(path) == file.sha256


def _make(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    tables: Sequence[Table],
    snapshot: Snapshot,
    before: Snapshot | None,
    made: Sequence[_Made],
) -> _Made:
    """Run every table once for one snapshot; `made` is what was made of all before it."""
    files: dict[str, _File] = {}
    former = next((done.files for done in reversed(made) if done.source == snapshot.source), {})
    _view(connection, f"now.{MODELS}", _rows(connection, snapshot))
    _view(connection, "now.quarantined", _quarantined(connection, snapshot))
    _view(connection, "now.snapshot", _facts_of(snapshot))
    _view(connection, "before.snapshot", _facts_of(before) if before else f"{_facts_of(snapshot)} where false")
    named = {table.name: table for table in tables}

    def shown(moment: str, name: str) -> list[_File]:
        if moment == "now":
            return [files[name]]
        if moment == "before":
            return [former[name]] if before else []
        earlier = [done.files[name] for done in made]
        return [*earlier, files[name]] if name in files else earlier

    for table in tables:
        for moment, name in _reads(table):
            if name in named and not named[name].is_passing and (moment, name) != ("sofar", _KEYS):
                _view(connection, f"{moment}.{name}", _files(home, shown(moment, name), named[name]))
        with _named(table, snapshot):
            if table.is_passing:
                connection.execute(f"create or replace table now.{table.name} as {_typed(table)}")
            else:
                files[table.name] = _write(connection, home, table, snapshot)
        if table.name == _KEYS:
            connection.execute(f"insert into sofar.{_KEYS} {_files(home, [files[_KEYS]], table)}")
    return _Made(snapshot.source, snapshot.day, snapshot.sha256, files)


_KEYS = "model_keys"
_READ = re.compile(rf"\b({'|'.join(_SCHEMAS)})\.(\w+)")


def _reads(table: Table) -> list[tuple[str, str]]:
    """Give the moments and names that a SELECT reads, each once: a view of hundreds of files costs, even unread."""
    return list(dict.fromkeys(_READ.findall(table.body)))


def _remember_keys(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    tables: Sequence[Table],
    made: Sequence[_Made],
) -> None:
    """Hold all numbers given so far in memory: nearly every table of every snapshot joins them, hundreds of files else."""
    for table in tables:
        if table.name == _KEYS:
            given = _files(home, [done.files[_KEYS] for done in made], table)
            connection.execute(f"create table sofar.{_KEYS} as {given}")


def _write(connection: duckdb.DuckDBPyConnection, home: Path, table: Table, snapshot: Snapshot) -> _File:
    path = home / FOLDER / table.name / snapshot.source / f"{snapshot.day}.parquet"
    # What is the same in every row orders nothing, and costs as much to compare.
    order = [name for name in table.grain if name not in _OF_THE_SNAPSHOT]
    sorting = f"order by {', '.join(order)}" if order else ""
    with durable.replacing(path) as temporary:
        connection.execute(f"copy ({_typed(table)} {sorting}) to {quoted(str(temporary))} (format parquet, {_PARQUET})")
    return _File(path.relative_to(home).as_posix(), durable.sha256(path))


def _typed(table: Table) -> str:
    columns = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in table.types.items())
    return f"select {columns} from ({table.body})"


@contextlib.contextmanager
def _named(table: Table, snapshot: Snapshot) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(
            f"{table.path} could not be run for {snapshot.source} {snapshot.day}: {error}",
            next_command="leadershift build",
        ) from error


def _rows(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> str:
    """Give the query for a snapshot's rows: the Hub's id tells a model, and its name one in an archive that has no ids."""
    file = f"read_parquet({quoted(str(snapshot.path))}, file_row_number = true)"
    is_named = _is_any(connection, f"from {file} where hub_id is null")
    identity = "coalesce(hub_id, 'name:' || model_name)" if is_named else "hub_id"
    rows = f"select *, {identity} as identity from {file}"
    if snapshot.is_unique or not _is_any(connection, f"from ({rows}) group by identity having count(*) > 1"):
        return rows
    # An archive is keyed by name: two of its names may carry one id.
    return f"{rows} qualify row_number() over (partition by identity order by downloads_30d desc nulls last, model_name) = 1"


def _is_any(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    return bool(connection.execute(f"select 1 {query} limit 1").fetchall())


def _quarantined(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> str:
    """Say what the refused records tell about themselves; the first quarantines named nobody."""
    file = f"read_parquet({quoted(str(snapshot.quarantine))})"
    if snapshot.quarantine and "hub_id" in connection.sql(f"select * from {file}").columns:
        return f"select hub_id, model_name from {file} where coalesce(hub_id, model_name) is not null"
    return "select cast(null as varchar) as hub_id, cast(null as varchar) as model_name where false"


def _facts_of(snapshot: Snapshot) -> str:
    return (
        f"select source, observed_on, started_at from (select {quoted(snapshot.source)} as source,"
        f" date {quoted(snapshot.day)} as observed_on, timestamp {quoted(str(snapshot.started_at))} as started_at)"
    )


def _files(home: Path, files: Sequence[_File], table: Table) -> str:
    if not files:
        return (
            "select "
            + ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in table.types.items())
            + " where false"
        )
    listed = ", ".join(quoted(str(home / file.path)) for file in files)
    return f"select * from read_parquet([{listed}])"


def _view(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    connection.execute(f"create or replace view {name} as {query}")


def _write_index(home: Path, index: _Index) -> None:
    durable.write_bytes(home / INDEX, msgspec.json.encode(index))
