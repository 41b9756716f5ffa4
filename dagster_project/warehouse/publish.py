"""A build that passed its audit becomes a release: one folder with a read-only database, Parquet, CSV and a data package.

Published all or nothing: the folder is complete before `current.json` points to it, and a reader of the old one is not
disturbed. The release id follows from the content, so the same tables published twice are one release; that of a build as
known on an earlier day begins with the day.
Not here: judging (audit), and the Parquet, CSV and data package beside the database (exports).
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from dagster_project.calendar import Week, stamp
from dagster_project.errors import GateError, LeadershiftError, NothingYetError
from dagster_project.settings import is_loopback
from dagster_project.snapshots import durable, kept
from dagster_project.warehouse import audit, catalog, exports, lineage, published
from dagster_project.warehouse.build import as_known, database_path
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import connect_private, quoted

# Whoever only reads finds them in `published`, which loads little.
Publication = published.Publication
current = published.current
PUBLISHED = published.PUBLISHED
CURRENT = published.CURRENT
HISTORY = f"{PUBLISHED}/history.json"
# Every DuckDB since 1.2 can open it; the default of 2.0 can't be opened by any 1.x tool.
STORAGE_VERSION = "v1.2.0"
REHEARSAL_PREFIX = "REHEARSAL-"
KNOWN_AT_PREFIX = "KNOWN-AT-"
PRIVATE = "private"
HASH_CHARACTERS = 8
# Tables with a row for each model and day or week, and how many models of them are sorted at once.
SLICED = ("core.observations", "core.weekly_flow")
MODELS_AT_ONCE = 100_000


def publish(
    home: Path,
    *,
    sql: Path,
    now: datetime,
    sign_off: str | None,
    known_at: date | None = None,
    say: Callable[[str], None] = lambda _text: None,
) -> Publication:
    """Publish the last build. Raises GateError when its audit is missing, stale or failed and nobody signs for it.

    Also for a build as known on another day than `known_at`: it must not become the present's release unnoticed.
    """
    verdict = _permission(home, sign_off)
    tables = _published_tables(sql)
    with _beside(database_path(home)) as connection:
        _refuse_another_day(connection, known_at)
        release = _name(connection, tables, now)
        if (home / release.database).exists():
            same = msgspec.structs.replace(release, is_new=False, published_at=_published_at(home, release))
            _point(home, same)
            say(f"{release.release_id}: the same tables as published before")
            return same
        history = _history(home)
        folder = (home / release.database).parent
        building = folder.parent / durable.TEMPORARY_FOLDER / folder.name
        with durable.disk_trouble(folder):
            durable.make_folder(folder.parent)
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir(parents=True)
            _write_database(
                connection, building / Path(release.database).name, tables, release, verdict, sign_off, history
            )
    with durable.disk_trouble(folder):
        exports.write(building, tables, release)
        for path in (*building.rglob("*"), building):
            durable.flush(path)
        building.replace(folder)
        durable.flush(folder.parent)
    _point(home, release)
    say(f"{release.release_id}: {len(tables)} tables, {release.weeks} weeks")
    return release


def _permission(home: Path, sign_off: str | None) -> audit.Audit:
    if not database_path(home).exists():
        raise NothingYetError(f"There is no build in {home} to publish.", next_command="leadershift build")
    verdict = audit.read(home)
    if verdict is None or verdict.database_sha256 != durable.sha256(database_path(home)):
        raise GateError("The last build was not audited; the current release stays.", next_command="leadershift audit")
    if not verdict.passed and not sign_off:
        failed = "; ".join(
            f"{failure.table}: not so that {failure.says} ({failure.observed})" for failure in verdict.failures[:5]
        )
        raise GateError(
            f"{len(verdict.failures)} of {len(verdict.results)} checks failed, so nothing was published"
            f" and the current release stays: {failed}",
            next_command='leadershift publish --sign-off "Your name: why it may stand"',
        )
    return verdict


def _refuse_another_day(connection: duckdb.DuckDBPyConnection, asked: date | None) -> None:
    built = as_known(connection)
    if built == asked:
        return
    again = "leadershift build" + (f" --known-at {asked}" if asked else "")
    label = f"leadershift publish --known-at {built}, which says so in the release's name" if built else "publish"
    raise GateError(
        f"The last build is {f'as known on {built}' if built else 'of all that is known'},"
        f" not {f'as known on {asked}' if asked else 'of all that is known now'}; the current release stays."
        f" To publish it all the same: {label}.",
        next_command=again,
    )


def _name(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table], now: datetime) -> Publication:
    newest, weeks = _row(connection, "select max(week), count(distinct week) from marts.share_by_country")
    label = Week(newest) if newest else Week.of(now)
    digest = content_hash(connection, tables)[:HASH_CHARACTERS]
    origins = connection.execute("select distinct origin from core.snapshots where status <> 'imported'").fetchall()
    is_rehearsal = any(is_loopback(origin) for (origin,) in origins)
    known_at = as_known(connection)
    earlier = f"{KNOWN_AT_PREFIX}{known_at}-" if known_at else ""
    release_id = f"{REHEARSAL_PREFIX if is_rehearsal else ''}{earlier}{label}-{digest}"
    return Publication(
        release_id=release_id,
        published_at=stamp(now),
        database=f"{PUBLISHED}/{release_id}/leadershift-{release_id}.duckdb",
        weeks=weeks,
        newest_week=str(label),
        is_rehearsal=is_rehearsal,
        known_at=str(known_at) if known_at else None,
    )


def content_hash(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> str:
    """Hash what the tables say, whatever order their rows lie in: a DuckDB file's own bytes differ from build to build.

    Rows are hashed by the engine, in a thirtieth of the time that md5 of their text takes, and added up.
    """
    sums = []
    for name, table in sorted(tables.items()):
        columns = [
            column
            for column in table.columns
            if name != "core.snapshots" or column not in ("sealed_at", "started_at", "origin")
        ]
        listed = ", ".join(f'"{column}"' for column in columns)
        count, total = _row(
            connection,
            f"select count(*), coalesce(sum(hash({listed})::hugeint), 0) from {name}",
        )
        sums.append(f"{name}:{count}:{total}")
    (digest,) = _row(connection, f"select md5({quoted('|'.join(sums))})")
    return str(digest)


def _beside(database: Path) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory with the build attached read-only, so that a release can be attached for writing."""
    connection = connect_private(Path(":memory:"), read_only=False)
    connection.execute(f"attach {quoted(str(database))} as {PRIVATE} (read_only)")
    connection.execute(f"use {PRIVATE}")
    return connection


def _write_database(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    tables: Mapping[str, Table],
    release: Publication,
    verdict: audit.Audit,
    sign_off: str | None,
    history: list[tuple[Any, ...]],
) -> None:
    connection.execute(f"attach {quoted(str(path))} as release (storage_version {quoted(STORAGE_VERSION)})")
    for schema in catalog.PUBLISHED_SCHEMAS:
        connection.execute(f"create schema release.{schema}")
    for table in tables.values():
        _copy(connection, table)
    _write_releases(connection, release, verdict, sign_off, history)
    _write_checks(connection, verdict)
    _write_dictionary(connection, tables)
    connection.execute("use release")
    for table in tables.values():
        _comment(connection, table)
    connection.execute(f"use {PRIVATE}")
    connection.execute("checkpoint release")
    connection.execute("detach release")
    path.chmod(0o444)


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Write meaning, grain, warnings and columns into the release, where SHOW, DBeaver and `describe` find them."""
    connection.execute("begin")  # one flush for all of them
    connection.execute(f"comment on table {table.full_name} is {quoted(table.comment)}")
    for column, meaning in table.columns.items():
        connection.execute(f'comment on column {table.full_name}."{column}" is {quoted(meaning)}')
    connection.execute("commit")


def _copy(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Write a table sorted by its grain; one of all models over time in slices of models, so that none outgrows memory."""
    connection.execute(f"create table release.{table.full_name} as from {PRIVATE}.{table.full_name} limit 0")
    for rule in _slices(connection) if table.full_name in SLICED else ["true"]:
        connection.execute(
            f"insert into release.{table.full_name} from {PRIVATE}.{table.full_name} where {rule}"
            f" order by {', '.join(table.grain)}"
        )


def _slices(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Cut all ids, in order, into ranges of MODELS_AT_ONCE; the first and the last one are open."""
    cuts = connection.execute(
        "select hub_id from (select hub_id, row_number() over (order by hub_id) as place from staging.model_keys)"
        f" where place % {MODELS_AT_ONCE} = 0 order by hub_id"
    ).fetchall()
    bounds = [None, *(quoted(cut) for (cut,) in cuts), None]
    return [
        " and ".join([f"hub_id > {low}"] * (low is not None) + [f"hub_id <= {high}"] * (high is not None)) or "true"
        for low, high in itertools.pairwise(bounds)
    ]


def _write_releases(
    connection: duckdb.DuckDBPyConnection,
    release: Publication,
    verdict: audit.Audit,
    sign_off: str | None,
    history: list[tuple[Any, ...]],
) -> None:
    connection.execute(
        "create table release.marts.releases (release_id varchar, published_at timestamp, weeks bigint, gaps varchar[],"
        " audit_result varchar, overrides varchar, is_rehearsal boolean, origin varchar, known_at date)"
    )
    gaps = [str(Week(monday)) for (monday,) in connection.execute(_GAPS).fetchall()]
    origin = ", ".join(
        name for (name,) in connection.execute("select distinct origin from core.snapshots order by 1").fetchall()
    )
    passed = len(verdict.results) - len(verdict.failures)
    row = (
        release.release_id,
        release.published_at.removesuffix("Z"),
        release.weeks,
        gaps,
        f"{passed} of {len(verdict.results)} checks passed",
        sign_off,
        release.is_rehearsal,
        origin,
        release.known_at,
    )
    # Releases made before there was such a column lack it.
    rows = [(*former, *[None] * (len(row) - len(former))) for former in [*history, row]]
    connection.executemany("insert into release.marts.releases values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    meaning = "Every release so far, this one last: its weeks, the weeks that are missing, its audit, who signed for what failed."
    _describe(connection, "releases", meaning, RELEASE_COLUMNS)


def _write_checks(connection: duckdb.DuckDBPyConnection, verdict: audit.Audit) -> None:
    connection.execute(
        "create table release.marts.checks (table_name varchar, says varchar, observed double, low double, high double, is_passed boolean)"
    )
    rows = [(check.table, check.says, check.observed, check.low, check.high, check.passed) for check in verdict.results]
    _insert(connection, "release.marts.checks", rows)
    _describe(connection, "checks", "What the audit of this release checked, and what it found.", CHECK_COLUMNS)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, at least one, by one statement: a statement for each took a third of a small release's time."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"insert into {table} select {', '.join(['unnest(?)'] * len(columns))}", columns)


def _describe(connection: duckdb.DuckDBPyConnection, table: str, meaning: str, columns: Mapping[str, str]) -> None:
    connection.execute(f"comment on table release.marts.{table} is {quoted(meaning)}")
    for column, text in columns.items():
        connection.execute(f"comment on column release.marts.{table}.{column} is {quoted(text)}")


CHECK_COLUMNS = {
    "table_name": "table that was checked, or the audit that spans several",
    "says": "what must be so, in plain words",
    "observed": "the number that was measured, mostly how many rows break the rule; null if there was none",
    "low": "the least it may be; null without a limit",
    "high": "the most it may be; null without a limit",
    "is_passed": "whether it was so",
}
RELEASE_COLUMNS = {
    "release_id": "newest week and a hash of the content",
    "published_at": "when it was published, UTC",
    "weeks": "weeks with shares",
    "gaps": "ISO weeks between the first capture and the newest one without a capture of the whole Hub and without an archive's day",
    "audit_result": "how many checks passed",
    "overrides": "who signed for failed checks, and why; null if nobody had to",
    "is_rehearsal": "whether it was captured from a stand-in on this machine instead of the real Hub",
    "origin": "where the snapshots were captured from",
    "known_at": "day as known on which it was built, snapshots and registry; null for all that was known when it was published",
}
_GAPS = "select week from core.weeks where is_gap order by week"


def column_sources(home: Path, *, sql: Path) -> dict[str, dict[str, list[str]]]:
    """Map each column of each table that gets published to the `schema.table.column` it is made from, by the last build."""
    with _beside(database_path(home)) as connection:
        return _column_sources(connection, _published_tables(sql))


def _column_sources(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]
) -> dict[str, dict[str, list[str]]]:
    known: dict[str, dict[str, str]] = {}
    for (schema, table_name, column), kind in _kinds(connection).items():
        known.setdefault(f"{schema}.{table_name}", {})[column] = kind
    return {
        name: lineage.column_sources(table, {parent: known[parent] for parent in lineage.parents(table)})
        for name, table in tables.items()
    }


def _kinds(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], str]:
    """Map schema, table and column to the type, for all that the build holds."""
    return {
        (schema, table, column): kind
        for schema, table, column, kind in connection.execute(
            f"select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = {quoted(PRIVATE)}"
        ).fetchall()
    }


def _published_tables(sql: Path) -> dict[str, Table]:
    return {name: table for name, table in catalog.load(sql).items() if table.schema in catalog.PUBLISHED_SCHEMAS}


def _write_dictionary(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> None:
    connection.execute(
        "create table release.main.data_dictionary"
        " (schema_name varchar, table_name varchar, column_name varchar, data_type varchar, meaning varchar, made_from varchar[])"
    )
    kinds, sources = _kinds(connection), _column_sources(connection, tables)
    rows: list[tuple[Any, ...]] = [
        (table.schema, table.name, column, kinds[table.schema, table.name, column], meaning, sources[name][column])
        for name, table in tables.items()
        for column, meaning in table.columns.items()
    ]
    for own, described in (("releases", RELEASE_COLUMNS), ("checks", CHECK_COLUMNS)):
        rows += [("marts", own, column, "", meaning, []) for column, meaning in described.items()]
    _insert(connection, "release.main.data_dictionary", rows)
    connection.execute(
        "comment on table release.main.data_dictionary is 'Every column: what it means and which columns it is made from.'"
    )


def keep_history(home: Path) -> None:
    """Write down the releases so far, before databases that list them are withdrawn."""
    durable.write_bytes(home / HISTORY, msgspec.json.format(msgspec.json.encode(_history(home))))


def _history(home: Path) -> list[tuple[Any, ...]]:
    """Gather the releases so far, oldest first: out of each that is there, and what was written down of those withdrawn.

    The current one need not know them all: it may be an older one, published once more. One that can't be opened is in nobody's
    way if another lists it; if none does, its error is raised, because who made it and who signed for it would be forgotten.
    """
    path = home / HISTORY
    told = kept.read(path, list[tuple[Any, ...]], next_command=f"mv {path} {path}.damaged") if path.exists() else []
    closed: dict[str, LeadershiftError] = {}
    for database in sorted((home / PUBLISHED).glob("*/*.duckdb")):
        try:
            with published.open_release(database) as release:
                told += release.rows("from marts.releases")[1]
        except LeadershiftError as error:
            closed[database.parent.name] = error
    by_id = {row[0]: row for row in told}
    for name in closed.keys() - by_id.keys():
        raise closed[name]
    # As JSON has them a T stands between day and hour.
    return sorted(by_id.values(), key=lambda row: str(row[1]).replace("T", " "))


def _published_at(home: Path, release: Publication) -> str:
    query = "select max(published_at) from marts.releases where release_id = ?"
    with published.open_release(home / release.database) as opened:
        ((at,),) = opened.rows(query, [release.release_id])[1]
    return stamp(at.replace(tzinfo=UTC))


def _point(home: Path, release: Publication) -> None:
    durable.write_bytes(
        home / CURRENT, msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(release, is_new=False))) + b"\n"
    )


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()
