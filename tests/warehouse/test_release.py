"""From sealed snapshots to a release: what readers find in it. Not here: when there is none (test_refused)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dagster_project import pipeline
from dagster_project.errors import UsageError
from dagster_project.rehearsal.run import Rehearsed
from dagster_project.snapshots import durable
from dagster_project.warehouse import audit, publish
from dagster_project.warehouse.build import database_path
from dagster_project.warehouse.engine import connect_locked
from dagster_project.warehouse.published import Release, open_release
from tests.warehouse.homes import settings, spoil

PUBLIC = {"registry", "core", "marts"}


@pytest.fixture
def release(rehearsed: Rehearsed) -> Iterator[Release]:
    with open_release(rehearsed.home / rehearsed.release.database) as opened:
        yield opened


def test_every_table_and_column_is_commented(release: Release) -> None:
    _names, tables = release.rows("select schema_name || '.' || table_name from duckdb_tables() where comment is null")
    _names, columns = release.rows(
        "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()"
        " where comment is null and not internal and table_name <> 'data_dictionary'"
    )
    assert (tables, columns) == ([], [])


def test_the_dictionary_knows_every_column_and_where_it_comes_from(release: Release) -> None:
    _names, rows = release.rows(
        "select schema_name || '.' || table_name, column_name, made_from from main.data_dictionary"
    )
    made_from = {(table, column): sources for table, column, sources in rows}
    _names, columns = release.rows(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal and schema_name <> 'main'"
    )
    assert set(made_from) == set(columns)
    assert "staging.lab_windows.downloads_flow" in made_from["marts.share_by_country", "share_of_total"]


def test_a_release_opens_in_every_duckdb_since_1_2(rehearsed: Rehearsed) -> None:
    header = (rehearsed.home / rehearsed.release.database).read_bytes()[:64]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 65, "storage version 65 is that of DuckDB 1.2"


def test_readers_can_reach_nothing_but_the_release(release: Release) -> None:
    for attack in (
        "from read_csv('/etc/passwd')",
        "create table x as select 1",
        "set enable_external_access = true",
        "install httpfs",
    ):
        with pytest.raises(UsageError):
            release.rows(attack)


def test_parquet_csv_and_package_carry_the_same_release(rehearsed: Rehearsed) -> None:
    folder = (rehearsed.home / rehearsed.release.database).parent
    package = json.loads((folder / "datapackage.json").read_text())
    assert package["id"] == rehearsed.release.release_id == folder.name
    assert "REHEARSAL" in package["title"]
    for resource in package["resources"]:
        path = folder / resource["path"]
        assert resource["hash"].removeprefix("sha256:") == durable.sha256(path)
    parquet = folder / "parquet" / "share_by_country.parquet"
    with (folder / "csv" / "share_by_country.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == pl.read_parquet(parquet).height > 0
    metadata = duckdb.sql(
        f"select decode(value) from parquet_kv_metadata('{parquet}') where decode(key) = 'release_id'"
    ).fetchall()
    assert metadata == [(package["id"],)]


def test_no_cell_of_a_csv_starts_a_formula(rehearsed: Rehearsed) -> None:
    folder = (rehearsed.home / rehearsed.release.database).parent
    cells = [
        cell for path in (folder / "csv").glob("*.csv") for row in csv.reader(path.open(newline="")) for cell in row
    ]
    texts = [cell for cell in cells if cell and not _is_number(cell)]
    assert texts
    assert not [cell for cell in texts if cell[0] in "=+-@\t\r"]


def test_publishing_the_same_tables_twice_is_one_release(copied: Callable[[], Path]) -> None:
    home = copied()
    before = publish.current(home)
    again = pipeline.derive(settings(home))
    assert (again.release_id, again.is_new, again.published_at) == (before.release_id, False, before.published_at)


def test_two_builds_are_equal_row_by_row_with_one_thread_and_two(
    copied: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copied()
    tables = _public_tables(home)
    hashes = []
    for threads in (1, 2):
        monkeypatch.setattr("dagster_project.warehouse.engine.THREADS", threads)
        pipeline.build(settings(home))
        hashes.append(_hash(home, tables))
    assert hashes[0] == hashes[1]


def test_a_reader_keeps_its_release_while_the_next_is_published(copied: Callable[[], Path]) -> None:
    home = copied()
    with connect_locked(home / publish.current(home).database) as reader:
        spoil(home)
        pipeline.audit(settings(home))
        released = pipeline.publish(settings(home), sign_off="Ada: test")
        assert released.release_id != publish.PUBLISHED
        assert reader.execute("select count(*) from marts.releases").fetchone() == (1,)
    with open_release(home / publish.current(home).database) as opened:
        assert opened.rows("select count(*) from marts.releases")[1] == [(2,)], "a release lists those before it"


def test_an_audit_says_in_words_what_it_checked(rehearsed: Rehearsed) -> None:
    judged = audit.read(rehearsed.home)
    assert judged is not None
    assert judged.passed
    says = {result.says for result in judged.results}
    assert "every record seen was loaded, merged or quarantined" in says
    assert "share_of_total adds up to 1 for each week, scope, credit, time_window" in says
    assert len({result.table for result in judged.results}) > 10


def _public_tables(home: Path) -> list[str]:
    with duckdb.connect(str(database_path(home)), read_only=True) as connection:
        rows = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
    return [f"{schema}.{table}" for schema, table in rows if schema in PUBLIC]


def _hash(home: Path, tables: list[str]) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database_path(home)), read_only=True) as connection:
        return [
            (
                table,
                *(
                    connection.execute(
                        f"select count(*), sum(md5_number_lower(cast(t as varchar))::hugeint) from {table} as t"
                    ).fetchone()
                    or ()
                ),
            )
            for table in sorted(tables)
        ]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
