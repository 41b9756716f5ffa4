"""Readings of who works on which repository written down, and the tables of contributors made of them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from dagster_project.settings import shipped
from dagster_project.sources.contributors import CONTRIBUTOR_SCHEMA
from dagster_project.statistics import suppression
from dagster_project.warehouse import catalog

QUARTER = JULY = date(2026, 7, 1)
MONDAY = datetime.fromisoformat("2026-10-05")
STAGING = ("contributor_readings", "contributed_repos", "contributor_places", "contributor_lines", "contributor_cells")
MARTS = ("contributor_geography", "contributor_coverage", "contributor_home_bias", "contributor_innovation_graph")
ORDER = [*(f"staging.{name}" for name in STAGING), *(f"marts.{name}" for name in MARTS)]
NO_GRAPH = "select '' as metric, date '2026-07-01' as observed_on, date '2026-07-01' as quarter, '' as country, 1 as amount where false"


def line(
    repo_id: int, person: str | None, *countries: str, months: Sequence[date] = (JULY,), **more: Any
) -> dict[str, Any]:
    """Write a line of a reading: somebody whose profile was read and says these countries, unless told otherwise."""
    usual = {
        "kind": "person",
        "people": 1,
        "commits": 1,
        "has_location": bool(countries),
        "profile_on": MONDAY.date(),
        "key_id": "new",
    }
    place = {
        "repo_id": repo_id,
        "quarter": QUARTER,
        "person": person,
        "countries": list(countries),
        "observed_at": MONDAY,
    }
    given = {**usual, **place, "months": list(months), **more}
    return {**given, "line": f"{repo_id}/{person}/{given['kind']}/{given['observed_at']}/{given['key_id']}"}


@contextmanager
def made(
    folder: Path, readings: Sequence[Mapping[str, Any]], homes: Iterable[tuple[Any, ...]], *, graph: str = NO_GRAPH
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Make the tables one after the other, as a build does. The repositories are those of `homes`, all of them still there."""
    tables, homes = catalog.load(shipped("sql")), list(homes)

    def give(name: str, frame: pl.DataFrame) -> None:
        frame.write_parquet(folder / f"{name}.parquet")
        connection.execute(f"create table {name} as select * from '{folder / name}.parquet'")

    with duckdb.connect() as connection:
        for schema in ("raw", *catalog.SCHEMAS):
            connection.execute(f"create schema {schema}")
        dated = [{"observed_on": row["observed_at"].date(), **row} for row in readings]
        give("raw.contributors", pl.DataFrame(dated, schema={**CONTRIBUTOR_SCHEMA, "observed_on": pl.Date()}))
        columns = ["repo_id", "lab", "country", "is_reviewed", "from_on", "until_on"]
        give("staging.repository_homes", pl.DataFrame(homes, schema=columns, orient="row"))
        seen = "'there' as state, timestamp '2026-10-05' as observed_at, date '2026-10-05' as observed_on"
        connection.execute(
            f"create table raw.repositories as select distinct repo_id, 'o/' || repo_id as repo_name, {seen} from staging.repository_homes"
        )
        connection.execute(f"create table raw.innovation_graph as {graph}")
        for name in ORDER:
            rows = connection.sql(tables[name].body)
            if tables[name].through:
                give(name, suppression.hide(pl.DataFrame(rows)))
            else:
                rows.create(name)
            assert connection.table(name).columns == list(tables[name].columns)
        yield connection
