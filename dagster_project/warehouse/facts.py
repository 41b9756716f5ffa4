"""What follows from one sealed snapshot and the one before it, worked out once and kept: narrow counters, changes, steps.

A table that says `per: snapshot` is run here once for each snapshot. Its SELECT sees
  now.models       the snapshot's rows, as sealed, each once; `identity` tells the model, `file_row_number` the place in the file
  now.quarantined  hub_id, model_name of the records that could not be read, as far as they tell them
  now.snapshot     one row: source, observed_on, started_at
  before.snapshot  the same of the snapshot before, of the same source; no row for the first one
  now.TABLE        a table of this snapshot that was made before it
  before.TABLE     that table of the snapshot before, of the same source; empty for the first one
  sofar.TABLE      that table of every snapshot made so far, of any source; of model_keys a copy in memory
Each answer is one Parquet file; that of a passing table is held in memory until its snapshot is done. As sealed snapshots
never change, neither do the files; a changed SELECT, an erased or a lost file makes all of them anew. Nothing here is evidence:
the whole folder may be deleted.
Not here: tables over all snapshots (build).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    """What was made of one snapshot: known by its hash and that of the snapshot it was compared with."""

    source: str
    day: str
    sha256: str
    before_sha256: str | None
    files: dict[str, _File]


class _Index(msgspec.Struct, frozen=True):
    recipe: str
    made: list[_Made]


@dataclass(frozen=True)
class Plan:
    """What is there of the facts and what is not: `missing` are snapshots to be read, each after the one it is compared with."""

    home: Path
    tables: Sequence[Table]
    wanted: Sequence[Snapshot]
    recipe: str
    made: Mapping[tuple[str, str], _Made]
    missing: Sequence[tuple[Snapshot | None, Snapshot]]

    @property
    def unread(self) -> frozenset[Spool]:
        """The snapshots that nothing is made from any more."""
        return frozenset(snapshot.attempt for snapshot in self.wanted) - {
            snapshot.attempt for _before, snapshot in self.missing
        }


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
    wanted = _wanted(snapshots)
    recipe = _recipe(tables)
    made = _usable(home, recipe, wanted)
    missing = []
    for source in sorted({snapshot.source for snapshot in wanted}):
        chain = [snapshot for snapshot in wanted if snapshot.source == source]
        for before, snapshot in itertools.pairwise([None, *chain]):
            assert snapshot is not None  # pairwise puts None first only
            known = made.get((source, snapshot.day))
            if known is None or known.before_sha256 != (before.sha256 if before else None):
                missing.append((before, snapshot))
    return Plan(home, tables, wanted, recipe, made, missing)


def update(planned: Plan, say: Callable[[str], None] = lambda _text: None) -> dict[str, list[Path]]:
    """Make what is missing, in the order of the tables; give the files of each table.

    Raises UsageError that names the file whose SELECT fails, StorageError.
    """
    home, tables, made = planned.home, planned.tables, dict(planned.made)
    if not made and (home / INDEX).exists():
        say("The facts are made anew from all snapshots.")
        with durable.disk_trouble(home / INDEX):
            shutil.rmtree(home / FOLDER)
    with connect_private(Path(":memory:"), read_only=False) as connection:
        for schema in _SCHEMAS:
            connection.execute(f"create schema {schema}")
        _remember_keys(connection, home, tables, made)
        for before, snapshot in planned.missing:
            key = (snapshot.source, snapshot.day)
            made[key] = _make(connection, home, tables, snapshot, before, made, made.get(key))
            _write_index(home, _Index(planned.recipe, list(made.values())))
            say(f"facts of {snapshot.source} {snapshot.day}")
    order = [made[snapshot.source, snapshot.day] for snapshot in planned.wanted]
    return {
        table.name: [home / done.files[table.name].path for done in order] for table in tables if not table.is_passing
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
    return sorted(found, key=lambda snapshot: (snapshot.source, snapshot.day))


def _recipe(tables: Sequence[Table]) -> str:
    """Name the program that made the files: the SELECTs, and the engine, whose hash() is its own."""
    text = "\n".join([duckdb.__version__, *(f"{table.name}: {table.body}" for table in tables)])
    return hashlib.sha256(text.encode()).hexdigest()


def _usable(home: Path, recipe: str, wanted: Sequence[Snapshot]) -> dict[tuple[str, str], _Made]:
    """Give what was made before, or nothing: numbers of models run through all of it, so it stands or falls together."""
    try:
        index = kept.decoded((home / INDEX).read_bytes(), _Index)
    except (FileNotFoundError, ValueError):
        return {}
    made = {(done.source, done.day): done for done in index.made}
    sealed = {(snapshot.source, snapshot.day): snapshot.sha256 for snapshot in wanted}
    is_current = index.recipe == recipe and all(sealed.get(key) == done.sha256 for key, done in made.items())
    if is_current and all(_is_whole(home, file) for done in made.values() for file in done.files.values()):
        return made
    return {}


def _is_whole(home: Path, file: _File) -> bool:
    path = home / file.path
    return path.is_file() and durable.sha256(path) == file.sha256


def _make(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    tables: Sequence[Table],
    snapshot: Snapshot,
    before: Snapshot | None,
    made: Mapping[tuple[str, str], _Made],
    known: _Made | None,
) -> _Made:
    """Run every table once for one snapshot. Numbers given to its models before are kept: other files hold them."""
    former = made[before.source, before.day].files if before else {}
    files = {_KEYS: known.files[_KEYS]} if known else {}
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
        earlier = [done.files[name] for done in made.values() if done is not known]
        return [*earlier, files[name]] if name in files else earlier

    for table in tables:
        if table.name in files:
            continue
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
    return _Made(snapshot.source, snapshot.day, snapshot.sha256, before.sha256 if before else None, files)


_KEYS = "model_keys"
_READ = re.compile(rf"\b({'|'.join(_SCHEMAS)})\.(\w+)")


def _reads(table: Table) -> list[tuple[str, str]]:
    """Give the moments and names that a SELECT reads, each once: a view of hundreds of files costs, even unread."""
    return list(dict.fromkeys(_READ.findall(table.body)))


def _remember_keys(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    tables: Sequence[Table],
    made: Mapping[tuple[str, str], _Made],
) -> None:
    """Hold all numbers given so far in memory: nearly every table of every snapshot joins them, hundreds of files else."""
    for table in tables:
        if table.name == _KEYS:
            given = _files(home, [done.files[_KEYS] for done in made.values()], table)
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
