"""Sealed snapshots and the registry in, tables out: runs every SQL file in order, in a fresh database beside the old one.

Not here: what a table says (sql/), whether it may be believed (audit), what readers get (publish).
"""

from __future__ import annotations

import contextlib
import importlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from dagster_project import statistics
from dagster_project.calendar import parse_time
from dagster_project.errors import DamagedDataError, LeadershiftError, NothingYetError, UsageError
from dagster_project.snapshots import durable, manifest, touched
from dagster_project.snapshots.seal import Seal, manifest_damage, table_name
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import contributors, innovation_graph, overviews, repositories, stars
from dagster_project.warehouse import catalog, facts, lineage
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import THREADS, connect_private, quoted

DATABASE = "warehouse/leadershift.duckdb"
# Facts of a build as known on an earlier day: the kept ones go on from snapshot to snapshot, of which it lacks some.
EARLIER = "warehouse/as_known"
# How the sealed files looked when they were last found right.
TOUCHED = "warehouse/touched.json"
MOST_HOPS = 20
# What a typed row says besides what its source says: whose snapshot it belongs to, and where in it the record came.
_PLACE: dict[str, pl.DataType] = {
    "source": pl.String(),
    "observed_on": pl.Date(),
    "observed_at": pl.Datetime("us"),
    "page": pl.Int32(),
    "position": pl.Int32(),
}
# Tables of snapshots that SQL reads as they are; those of models come as facts.
RAW_SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    "owners": {**overviews.OWNER_SCHEMA, **_PLACE},
    "repositories": {**repositories.REPOSITORY_SCHEMA, **_PLACE},
    "star_weeks": {**stars.STAR_SCHEMA, **_PLACE},
    "contributors": {**contributors.CONTRIBUTOR_SCHEMA, **_PLACE},
    "innovation_graph": {**innovation_graph.GRAPH_SCHEMA, **_PLACE},
}
REGISTRY_FILES = (
    "labs",
    "arguable_homes",
    "namespaces",
    "countries",
    "events",
    "licences",
    "published_figures",
    "claims",
    "repositories",
    "github_owners",
)


@dataclass(frozen=True)
class Built:
    """What building one table came to. `columns` maps each column to its type; `rows` is None for what is not counted."""

    table: Table
    rows: int | None
    seconds: float
    columns: Mapping[str, str]


def database_path(home: Path) -> Path:
    """Where the private, rebuildable database lies."""
    return home / DATABASE


def build(
    home: Path,
    snapshots: Sequence[tuple[Spool, Seal]],
    *,
    sql: Path,
    registry: Path,
    known_at: date,
    say: Callable[[str], None] = lambda _text: None,
) -> list[Built]:
    """Build all tables from sealed snapshots as known on `known_at`; first, what is read of them is checked against its hashes.

    Sealed files whose facts are kept are not read: those are checked if they were touched (snapshots.touched).
    Known then is what was sealed and what the registry said by the end of that day (UTC); date.max is all that is known now.
    The database of the last build stays until this one is whole.
    Raises DamagedDataError, UsageError, LeadershiftError, and NothingYetError if nothing was sealed by then.
    """
    order = lineage.build_order(catalog.load(sql))
    snapshots = _sealed_by(snapshots, known_at)
    _refuse([trouble for attempt, seal in snapshots for trouble in manifest_damage(attempt, seal)])
    whole, partial = facts.comparable(snapshots)
    kept = home if known_at == date.max else home / EARLIER
    planned = facts.plan(kept, whole, [table for table in order if table.per == "snapshot"])
    attempts = [attempt for attempt, _seal in snapshots]
    _refuse(touched.damage(home, attempts, unread=planned.unread, memory=home / TOUCHED))
    made = facts.update(planned, say)
    target = database_path(home)
    with durable.replacing(target) as temporary:
        with connect_private(temporary, read_only=False) as connection:
            connection.execute("create schema raw")
            _load_snapshots(connection, snapshots, partial)
            _load_registry(connection, registry)
            _load_queries(connection, order)
            connection.execute("create table raw.parameters as select cast(? as date) as known_at", [known_at])
            for schema in catalog.SCHEMAS:
                connection.execute(f"create schema {schema}")
            built = _make_all(connection, order, made, say)
            connection.execute("checkpoint")
        if temporary.with_name(f"{temporary.name}.wal").exists():
            raise LeadershiftError("The build left a write-ahead log behind, so the database file alone is not whole.")
        temporary.chmod(0o644)
    if known_at == date.max:
        shutil.rmtree(home / EARLIER, ignore_errors=True)
    return built


def as_known(connection: duckdb.DuckDBPyConnection) -> date | None:
    """Say as known on which day the open build was made; None if with all that is known."""
    (day,) = connection.execute("select known_at from raw.parameters").fetchone() or (date.max,)
    return None if day == date.max else day


def _make_all(
    connection: duckdb.DuckDBPyConnection,
    order: Sequence[Table],
    files: Mapping[str, Sequence[Path]],
    say: Callable[[str], None],
) -> list[Built]:
    """Make every table: first what needs no week, then all that is made week by week, then what is made from those."""
    for moment in ("now", "before"):
        connection.execute(f"attach ':memory:' as {moment}")
    weekly = [table for table in order if table.per == "week"]
    late = _made_from(weekly, order)
    built = [_make(connection, table, files, say) for table in order if table not in late]
    built += _make_weekly(connection, weekly, say)
    built += [_make(connection, table, files, say) for table in order if table in late and table not in weekly]
    for moment in ("now", "before"):
        connection.execute(f"detach {moment}")
    return built


def _made_from(origins: Sequence[Table], order: Sequence[Table]) -> list[Table]:
    """Give these tables and all that selects from them, directly or not."""
    found = {table.full_name for table in origins}
    for table in order:
        if lineage.parents(table) & found:
            found.add(table.full_name)
    return [table for table in order if table.full_name in found]


def _make(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    files: Mapping[str, Sequence[Path]],
    say: Callable[[str], None],
) -> Built:
    started = time.monotonic()
    if table.per == "snapshot" and table.is_passing:  # gone since
        return Built(table, None, 0.0, table.types)
    with _named(table):
        if table.per == "snapshot":
            listed = ", ".join(quoted(str(path)) for path in files[table.name])
            connection.execute(f"create view {table.full_name} as select * from read_parquet([{listed}])")
        elif table.per == "hop":
            _hop_by_hop(connection, table)
        elif table.through:
            _through(connection, table)
        else:
            connection.execute(f"create {'view' if table.is_view else 'table'} {table.full_name} as\n{table.body}")
    return _described(connection, table, time.monotonic() - started, say)


def _make_weekly(
    connection: duckdb.DuckDBPyConnection, weekly: Sequence[Table], say: Callable[[str], None]
) -> list[Built]:
    """Run each SELECT once for each week, as many weeks at a time as there are cores; memory holds no others.

    A week's earlier answers are `now.TABLE`. Each week is worked out by one thread: two threads on one week need half
    as much work again, because both come to hold every namespace.
    """
    seconds = dict.fromkeys([table.full_name for table in weekly], 0.0)
    kept = [table for table in weekly if not table.is_passing]
    weeks = [week for (week,) in connection.execute("select week from staging.weeks order by week").fetchall()]
    for moment in _MOMENTS_BESIDE:
        connection.execute(f"attach ':memory:' as {moment}")
    moments = ("now", *_MOMENTS_BESIDE)
    connection.execute("set threads = 1")
    # The first week alone: its answers say which columns the tables have, and later weeks may read these.
    rounds = [weeks[:1], *(weeks[start : start + len(moments)] for start in range(1, len(weeks), len(moments)))]
    with ThreadPoolExecutor(len(moments)) as pool:
        for together in rounds:
            places = list(zip(moments, together, strict=False))
            running = [
                pool.submit(_answer, connection.cursor(), weekly, *place, is_first=together == weeks[:1])
                for place in places
            ]
            for (moment, _week), answer in zip(places, running, strict=True):
                for name, taken in answer.result().items():
                    seconds[name] += taken
                for table in kept:
                    connection.execute(f"insert into {table.full_name} from {moment}.{table.name}")
    connection.execute(f"set threads = {THREADS}")
    built = [_described(connection, table, seconds[table.full_name], say) for table in weekly]
    for moment in _MOMENTS_BESIDE:
        connection.execute(f"detach {moment}")
    return built


# Where the weeks are worked out that run at the same time as the one of `now`.
_MOMENTS_BESIDE = tuple(f"now_{number}" for number in range(2, THREADS + 1))
_NOW = re.compile(r"\bnow\.")


def _answer(
    cursor: duckdb.DuckDBPyConnection, weekly: Sequence[Table], moment: str, week: date, *, is_first: bool
) -> dict[str, float]:
    """Run every SELECT for one week, its answers being tables of `moment`; give the seconds that each took."""
    seconds = {}
    cursor.execute(f"create or replace table {moment}.week as select * from staging.weeks where week = date '{week}'")
    for table in weekly:
        started = time.monotonic()
        with _named(table):
            cursor.execute(f"create or replace table {moment}.{table.name} as\n{_NOW.sub(f'{moment}.', table.body)}")
        if is_first and not table.is_passing:
            cursor.execute(f"create table {table.full_name} as from {moment}.{table.name} limit 0")
        seconds[table.full_name] = time.monotonic() - started
    return seconds


def _hop_by_hop(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Run a SELECT on the rows of its own last answer that are open, `before.TABLE`, until none is, at most MOST_HOPS times.

    What is not open is done and kept; what is still open after the last hop is kept as it is.
    """
    columns = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in table.types.items())
    for place in (table.full_name, f"before.{table.name}"):
        connection.execute(f"create table {place} as select {columns} where false")
    for number in range(1, MOST_HOPS + 1):
        connection.execute(f"create or replace table now.hop as select {number} as number")
        connection.execute(f"create or replace table now.{table.name} as\n{table.body}")
        is_done = "not is_open" if number < MOST_HOPS else "true"
        connection.execute(f"insert into {table.full_name} from now.{table.name} where {is_done}")
        connection.execute(f"create or replace table before.{table.name} as from now.{table.name} where is_open")
        if not _one(connection, f"select count(*) from before.{table.name}"):
            break
    connection.execute(f"drop table now.{table.name}")


def _through(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Hand the answer to the function of `statistics` that the header names, and keep what comes back."""
    module, _, function = str(table.through).partition(".")
    work = getattr(importlib.import_module(f"{statistics.__name__}.{module}"), function)
    frame = work(pl.DataFrame(connection.sql(table.body)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{table.name}.parquet"
        frame.write_parquet(path)
        connection.execute(f"create table {table.full_name} as select * from read_parquet({quoted(str(path))})")


@contextlib.contextmanager
def _named(table: Table) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(f"{table.path} could not be built: {error}", next_command="leadershift build") from error


def _described(
    connection: duckdb.DuckDBPyConnection, table: Table, seconds: float, say: Callable[[str], None]
) -> Built:
    # Not from duckdb_columns(), which lists all tables each time.
    described = connection.execute(f"describe {f'now.{table.name}' if table.is_passing else table.full_name}")
    columns = {str(name): str(kind) for name, kind, *_more in described.fetchall()}
    if list(columns) != list(table.columns):
        raise UsageError(
            f"{table.path} makes the columns {list(columns)}, but its header describes {list(table.columns)}."
        )
    rows = None
    if not table.is_passing and lineage.is_cheap_to_count(table):
        rows = _one(connection, f"select count(*) from {table.full_name}")
    say(f"{table.full_name}: {'not counted' if rows is None else f'{rows:,} rows'}, {seconds:.1f} s")
    return Built(table, rows, seconds, columns)


def _sealed_by(snapshots: Sequence[tuple[Spool, Seal]], day: date) -> list[tuple[Spool, Seal]]:
    """Give the snapshots that were sealed by the end of a day: a late signature or import was not known before it."""
    known = [found for found in snapshots if parse_time(found[1].sealed_at).date() <= day]
    if snapshots and not known:
        first = min(seal.sealed_at for _attempt, seal in snapshots)[:10]
        raise NothingYetError(
            f"Nothing was known on {day}: the first snapshot was sealed on {first}.",
            next_command=f"leadershift build --known-at {first}",
        )
    return known


def _refuse(troubles: Sequence[str]) -> None:
    if troubles:
        raise DamagedDataError(
            "Not built, because sealed files changed:\n" + "\n".join(troubles), next_command="leadershift verify"
        )


def _load_snapshots(
    connection: duckdb.DuckDBPyConnection, snapshots: Sequence[tuple[Spool, Seal]], partial: Collection[Seal]
) -> None:
    """Say in raw.snapshots what each snapshot is, and make one raw view of each table that is read as it is."""
    files: dict[str, list[str]] = {name: [] for name in RAW_SCHEMAS}
    connection.execute(
        "create table raw.snapshots (source varchar, observed_on date, status varchar, is_complete boolean, origin varchar, seen bigint,"
        " loaded bigint, merged bigint, quarantined bigint, started_at timestamp, sealed_at timestamp, sign_off varchar,"
        " table_name varchar)"
    )
    for attempt, seal in snapshots:
        (entry,) = manifest.tables(manifest.read(attempt.folder))
        name = table_name(entry)
        if name in files:
            files[name].append(str(attempt.home / entry.path))
        row = (
            seal.source,
            seal.observed_on,
            "partial" if seal in partial else seal.status,
            seal.is_complete,
            seal.origin,
            seal.seen,
            seal.loaded,
            seal.merged,
            seal.quarantined,
            parse_time(seal.started_at).replace(tzinfo=None),
            parse_time(seal.sealed_at).replace(tzinfo=None),
            seal.sign_off,
            name,
        )
        connection.execute(f"insert into raw.snapshots values ({', '.join('?' * len(row))})", row)
    for name, paths in files.items():
        _load_raw(connection, name, paths)


def _load_raw(connection: duckdb.DuckDBPyConnection, name: str, paths: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / f"{name}.parquet"
        pl.DataFrame(schema=RAW_SCHEMAS[name]).write_parquet(empty)
        wanted = _columns(connection, f"read_parquet({quoted(str(empty))})")
    if paths:
        found = f"read_parquet([{', '.join(map(quoted, paths))}], union_by_name = true)"
        # What was sealed before a column was thought of says nothing of it.
        later = wanted.keys() - _columns(connection, found).keys()
        added = "".join(f", cast(null as {wanted[column]}) as {column}" for column in sorted(later))
        connection.execute(f"create view raw.{name} as select *{added} from {found}")
    else:
        # Nobody captured it yet: a table without rows, so that every SQL file runs.
        columns = ", ".join(f"{column} {kind}" for column, kind in wanted.items())
        connection.execute(f"create table raw.{name} ({columns})")


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    return {column: kind for column, kind, *_more in rows}


def _load_registry(connection: duckdb.DuckDBPyConnection, registry: Path) -> None:
    for name in REGISTRY_FILES:
        path = registry / f"{name}.csv"
        connection.execute(
            f"create table raw.registry_{name} as select * from read_csv({quoted(str(path))}, header = true, all_varchar = true,"
            " delim = ',', quote = '\"', escape = '\"', auto_detect = true, sample_size = -1)"
        )


def _load_queries(connection: duckdb.DuckDBPyConnection, order: Sequence[Table]) -> None:
    """Keep the text of each claim's query, so that readers can run it themselves."""
    connection.execute("create table raw.claim_queries (claim_id varchar, query varchar)")
    for table in order:
        if table.schema == "claims":
            connection.execute("insert into raw.claim_queries values (?, ?)", [table.name.upper(), table.body])


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    # DuckDB 2.0 refuses other work on a connection whose last answer was not read to its end.
    ((number,),) = connection.execute(query).fetchall()
    return int(number)
