"""Sealed snapshots and the registry in, tables out: runs every SQL file in order, in a fresh database beside the old one.

Not here: what a table says (sql/), whether it may be believed (audit), what readers get (publish).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from dagster_project.calendar import parse_time
from dagster_project.errors import DamagedDataError, LeadershiftError, UsageError
from dagster_project.snapshots import durable, manifest
from dagster_project.snapshots.seal import Seal, damage, table_name
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import huggingface, overviews
from dagster_project.warehouse import catalog, lineage
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import connect_private, quoted

DATABASE = "warehouse/leadershift.duckdb"
# What a typed row says besides what its source says: whose snapshot it belongs to, and where in it the record came.
_PLACE: dict[str, pl.DataType] = {
    "source": pl.String(),
    "observed_on": pl.Date(),
    "observed_at": pl.Datetime("us"),
    "page": pl.Int32(),
    "position": pl.Int32(),
}
RAW_SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    "models": {**huggingface.MODEL_SCHEMA, **_PLACE},
    "owners": {**overviews.OWNER_SCHEMA, **_PLACE},
}
REGISTRY_FILES = ("labs", "namespaces", "countries", "events", "licences")


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
    target = database_path(home)
    with durable.replacing(target) as temporary:
        with connect_private(temporary, read_only=False) as connection:
            connection.execute("create schema raw")
            _load_snapshots(connection, snapshots)
            _load_registry(connection, registry)
            connection.execute("create table raw.parameters as select cast(? as date) as known_at", [known_at])
            for schema in catalog.SCHEMAS:
                connection.execute(f"create schema {schema}")
            built = [_make(connection, table, say) for table in order]
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


def _make(connection: duckdb.DuckDBPyConnection, table: Table, say: Callable[[str], None]) -> Built:
    started = time.monotonic()
    try:
        connection.execute(f"create {'view' if table.is_view else 'table'} {table.full_name} as\n{table.body}")
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


def _refuse_damage(snapshots: Sequence[tuple[Spool, Seal]]) -> None:
    troubles = [trouble for attempt, seal in snapshots for trouble in damage(attempt, seal, tables_only=True)]
    if troubles:
        raise DamagedDataError(
            "Not built, because sealed files changed:\n" + "\n".join(troubles), next_command="leadershift verify"
        )


def _load_snapshots(connection: duckdb.DuckDBPyConnection, snapshots: Sequence[tuple[Spool, Seal]]) -> None:
    """Make one raw view of each table that snapshots hold; raw.snapshots says what each is, raw.quarantined what it can't say."""
    files: dict[str, list[str]] = {name: [] for name in RAW_SCHEMAS}
    connection.execute(
        "create table raw.snapshots (source varchar, observed_on date, status varchar, is_complete boolean, origin varchar, seen bigint,"
        " loaded bigint, merged bigint, quarantined bigint, started_at timestamp, sealed_at timestamp, sign_off varchar,"
        " table_name varchar)"
    )
    connection.execute(
        "create table raw.quarantined (source varchar, observed_on date, hub_id varchar, model_name varchar)"
    )
    for attempt, seal in snapshots:
        entries = manifest.read(attempt.folder)
        for refused in entries:
            if refused.kind == "quarantine":
                _load_quarantine(connection, seal, str(attempt.home / refused.path))
        (entry,) = manifest.tables(entries)
        name = table_name(entry)
        files[name].append(str(attempt.home / entry.path))
        row = (
            seal.source,
            seal.observed_on,
            seal.status,
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
    if paths:
        listed = ", ".join(map(quoted, paths))
        connection.execute(f"create view raw.{name} as select * from read_parquet([{listed}], union_by_name = true)")
        return
    # Nobody captured it yet: a table without rows, so that every SQL file runs.
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / f"{name}.parquet"
        pl.DataFrame(schema=RAW_SCHEMAS[name]).write_parquet(empty)
        connection.execute(f"create table raw.{name} as from read_parquet({quoted(str(empty))})")


def _load_quarantine(connection: duckdb.DuckDBPyConnection, seal: Seal, path: str) -> None:
    """Say which models a snapshot saw without being able to read them. The first quarantines named none."""
    if _one(connection, f"select count(*) from parquet_schema({quoted(path)}) where name = 'hub_id'"):
        connection.execute(
            f"insert into raw.quarantined select ?, ?, hub_id, model_name from read_parquet({quoted(path)})"
            " where coalesce(hub_id, model_name) is not null",
            [seal.source, seal.observed_on],
        )


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
