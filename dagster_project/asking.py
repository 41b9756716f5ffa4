"""Questions to the current release: what it holds, what its tables mean, what others asked before. Part of the hall.

Imports little, so that an answer comes at once. Not here: the state of the house (overview), the tables' meaning (sql/).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster_project.errors import UsageError
from dagster_project.settings import Settings
from dagster_project.warehouse import examples as ready
from dagster_project.warehouse import published
from dagster_project.warehouse.examples import Example
from dagster_project.warehouse.published import Publication, Release

MART = "marts"
_HEADLINE = """
with newest as (
    select place, country, share_of_known, unknown_share, estimated_share, week
    from marts.latest_shares_by_country
    where scope = 'S2' and credit = 'publisher' and time_window = 'week'
)

select 'S2 share of known, ' || country, share_of_known from newest where country <> 'UNKNOWN' and place <= 5
union all
select 'S2 unknown share', max(unknown_share) from newest having count(*) > 0
union all
select 'S2 estimated share, the most of any country', max(estimated_share) from newest having count(*) > 0
union all
select 'S2 HHI of labs', hhi from marts.concentration
where scope = 'S2' and credit = 'publisher' and level = 'lab' and week = (select max(week) from newest)
union all
select 'alerts of that week', count(*) from marts.alerts
where week = (select max(week) from newest)
having (select count(*) from newest) > 0
"""


def current(settings: Settings) -> Publication:
    """Give the current release. Raises NothingYetError."""
    return published.current(settings.home)


def release(settings: Settings) -> Release:
    """Open the current release for reading. Raises NothingYetError."""
    return published.open_release(settings.home / current(settings).database)


def tables(settings: Settings) -> list[dict[str, Any]]:
    """List the published tables: name, rows, the first line of the meaning."""
    with release(settings) as opened:
        _columns, rows = opened.rows(
            "select schema_name || '.' || table_name, estimated_size, comment from duckdb_tables() order by schema_name, table_name"
        )
    return [{"table": name, "rows": count, "meaning": (meaning or "").split("\n")[0]} for name, count, meaning in rows]


def describe(settings: Settings, table: str) -> dict[str, Any]:
    """Say what a published table and its columns mean. Raises UsageError that names the nearest table there is."""
    schema, _, name = table.rpartition(".")
    with release(settings) as opened:
        _names, commented = opened.rows(
            "select schema_name || '.' || table_name, comment from duckdb_tables() order by 1"
        )
        known = dict(commented)
        full_name = _full_name(schema, name, known)
        if full_name is None:
            near = published.nearest(table, known)
            there_is = f"The nearest is {near}." if near else f"There are: {', '.join(known)}."
            raise UsageError(
                f"There is no table {table}. {there_is}",
                next_command=f"leadershift describe {near}" if near else "leadershift tables",
            )
        _names, columns = opened.rows(
            "select columns.column_name, columns.data_type, columns.comment, dictionary.made_from from duckdb_columns() as columns"
            " left join main.data_dictionary as dictionary using (schema_name, table_name, column_name)"
            " where columns.schema_name || '.' || columns.table_name = ? order by columns.column_index",
            [full_name],
        )
    described = [
        {"column": c, "type": kind, "meaning": text, "made_from": made_from} for c, kind, text, made_from in columns
    ]
    return {"table": full_name, "meaning": known[full_name], "columns": described}


def headline(settings: Settings) -> dict[str, float]:
    """Give the week of `marts.latest_shares_by_country` in a few numbers, each under a name that stays. Empty without a whole capture.

    Shares of what is known in S2 (0..1), what is not known, what is estimated, how concentrated it is, how many alerts there are.
    """
    with release(settings) as opened:
        _columns, rows = opened.rows(_HEADLINE)
    return {name: float(number) for name, number in rows}


def example(name: str) -> Example:
    """Give one example. Raises UsageError that names the nearest."""
    known = ready.examples()
    if name not in known:
        near = published.nearest(name, known)
        raise UsageError(
            f"There is no example '{name}'.{f' The nearest is {near}.' if near else ''}",
            next_command=f"leadershift query --example {near}" if near else "leadershift examples",
        )
    return known[name]


def _full_name(schema: str, name: str, known: Mapping[str, object]) -> str | None:
    """Find a table; without a schema a mart comes first, then whichever schema has one of that name."""
    if schema:
        return f"{schema}.{name}" if f"{schema}.{name}" in known else None
    return min((full for full in known if full.rpartition(".")[2] == name), key=_marts_first, default=None)


def _marts_first(full_name: str) -> tuple[bool, str]:
    return not full_name.startswith(f"{MART}."), full_name
