"""Sealed snapshots and the registry in, tables out: runs every SQL file in order, in a fresh database beside the old one.

Not here: what a table says (sql/), whether it may be believed (audit), what readers get (publish).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.calendar import parse_time
from dagster_project.errors import DamagedDataError, LeadershiftError, UsageError
from dagster_project.snapshots import durable
from dagster_project.snapshots.seal import Seal, damage
from dagster_project.snapshots.spool import Spool
from dagster_project.warehouse import catalog, facts, lineage
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import connect_private, quoted

DATABASE = "warehouse/leadershift.duckdb"
REGISTRY_FILES = ("labs", "namespaces", "countries", "events", "licences")


Recipe = Callable[[duckdb.DuckDBPyConnection, Table], None]


@dataclass(frozen=True)
class Built:
    """What building one table came to. `columns` maps each column to its type."""

    table: Table
    rows: int
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
    """Build all tables from sealed snapshots, whose files are checked against their hashes first, as known on `known_at`.

    The database of the last build stays until this one is whole. Raises DamagedDataError, UsageError, LeadershiftError.
    """
    order = lineage.build_order(catalog.load(sql))
    _refuse_damage(snapshots)
    whole = facts.comparable(snapshots)
    made = facts.update(home, whole, [table for table in order if table.per == "snapshot"], say)
    target = database_path(home)
    with durable.replacing(target) as temporary:
        with connect_private(temporary, read_only=False) as connection:
            connection.execute("create schema raw")
            _load_snapshots(connection, snapshots, {seal for _attempt, seal in whole})
            _load_registry(connection, registry)
            connection.execute("create table raw.parameters as select cast(? as date) as known_at", [known_at])
            for schema in catalog.SCHEMAS:
                connection.execute(f"create schema {schema}")
            connection.execute("create schema now")
            built = [_make(connection, table, _recipe(table, made), say) for table in order]
            connection.execute("drop schema now cascade")
            connection.execute("checkpoint")
        if temporary.with_name(f"{temporary.name}.wal").exists():
            raise LeadershiftError("The build left a write-ahead log behind, so the database file alone is not whole.")
        temporary.chmod(0o644)
    return built


def comment(connection: duckdb.DuckDBPyConnection, table: Table, *, as_view: bool) -> None:
    """Write meaning, grain, warnings and columns into the database, where SHOW, DBeaver and `describe` find them."""
    kind = "view" if as_view else "table"
    connection.execute(f"comment on {kind} {table.full_name} is {quoted(table.comment)}")
    for column, meaning in table.columns.items():
        connection.execute(f'comment on column {table.full_name}."{column}" is {quoted(meaning)}')


def _make(connection: duckdb.DuckDBPyConnection, table: Table, recipe: Recipe, say: Callable[[str], None]) -> Built:
    started = time.monotonic()
    try:
        recipe(connection, table)
    except duckdb.Error as error:
        raise UsageError(f"{table.path} could not be built: {error}", next_command="leadershift build") from error
    described = connection.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ? order by column_index",
        [table.schema, table.name],
    )
    columns: dict[str, str] = dict(described.fetchall())
    if list(columns) != list(table.columns):
        raise UsageError(
            f"{table.path} makes the columns {list(columns)}, but its header describes {list(table.columns)}."
        )
    comment(connection, table, as_view=table.is_view)
    rows = _one(connection, f"select count(*) from {table.full_name}")
    seconds = time.monotonic() - started
    say(f"{table.full_name}: {rows:,} rows in {seconds:.1f} s")
    return Built(table, rows, seconds, columns)


def _recipe(table: Table, made: Mapping[str, Sequence[Path]]) -> Recipe:
    if table.per == "snapshot":
        files = ", ".join(quoted(str(path)) for path in made[table.name])
        return lambda connection, table: _once(connection, table, f"select * from read_parquet([{files}])")
    if table.per == "week":
        return _week_by_week
    return lambda connection, table: _once(connection, table, table.body)


def _once(connection: duckdb.DuckDBPyConnection, table: Table, query: str) -> None:
    connection.execute(f"create {'view' if table.is_view else 'table'} {table.full_name} as\n{query}")


def _week_by_week(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Run a SELECT once for each week, so that memory holds one week at a time. It finds its week in `now.week`."""
    start = f"create table {table.full_name} as\n"
    for (week,) in connection.execute("select week from staging.weeks order by week").fetchall():
        connection.execute(f"create or replace view now.week as select * from staging.weeks where week = date '{week}'")
        connection.execute(start + table.body)
        start = f"insert into {table.full_name}\n"


def _refuse_damage(snapshots: Sequence[tuple[Spool, Seal]]) -> None:
    troubles = [trouble for attempt, seal in snapshots for trouble in damage(attempt, seal, tables_only=True)]
    if troubles:
        raise DamagedDataError(
            "Not built, because sealed files changed:\n" + "\n".join(troubles), next_command="leadershift verify"
        )


def _load_snapshots(
    connection: duckdb.DuckDBPyConnection, snapshots: Sequence[tuple[Spool, Seal]], whole: Collection[Seal]
) -> None:
    connection.execute(
        "create table raw.snapshots (source varchar, observed_on date, status varchar, is_complete boolean, origin varchar, seen bigint,"
        " loaded bigint, merged bigint, quarantined bigint, started_at timestamp, sealed_at timestamp, sign_off varchar)"
    )
    rows = [
        (
            seal.source,
            seal.observed_on,
            seal.status if seal in whole else "partial",
            seal.is_complete,
            seal.origin,
            seal.seen,
            seal.loaded,
            seal.merged,
            seal.quarantined,
            parse_time(seal.started_at).replace(tzinfo=None),
            parse_time(seal.sealed_at).replace(tzinfo=None),
            seal.sign_off,
        )
        for _attempt, seal in snapshots
    ]
    connection.executemany(f"insert into raw.snapshots values ({', '.join('?' * len(rows[0]))})", rows)


def _load_registry(connection: duckdb.DuckDBPyConnection, registry: Path) -> None:
    for name in REGISTRY_FILES:
        path = registry / f"{name}.csv"
        connection.execute(
            f"create table raw.registry_{name} as select * from read_csv({quoted(str(path))}, header = true, all_varchar = true,"
            " delim = ',', quote = '\"', escape = '\"', auto_detect = true, sample_size = -1)"
        )


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
