"""What reports, charts and the site read from a release: small selects, each from one mart or two tables that belong together.

A table that a release does not have yet is read as empty, so that its part of a page says that nothing is there.
Not here: what a number means (sql/), and how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from dagster_project.warehouse.published import Release

COURSE_WINDOW, RANK_WINDOW = "week", "28d"
MAX_FAMILY = 20_000  # derivatives of one base that are looked at; the largest family of 2026 has fewer


def has(release: Release, table: str) -> bool:
    """Whether a release has a table."""
    schema, name = table.split(".")
    query = "select count(*) as n from duckdb_tables() where schema_name = ? and table_name = ?"
    return bool(release.frame(query, [schema, name])["n"].item())


def read(release: Release, table: str, rest: str = "", parameters: Sequence[object] = ()) -> pl.DataFrame:
    """Read rows of one table: `rest` is what stands behind its name. Empty, without columns, where there is no such table."""
    if not has(release, table):
        return pl.DataFrame()
    return release.frame(f"select * from {table} {rest}", list(parameters))  # noqa: S608 - our own words; values are bound


def shares(
    release: Release, level: str, scope: str, until: date, *, credit: str = "publisher", window: str = COURSE_WINDOW
) -> pl.DataFrame:
    """All weeks up to one, of one scope and credit. `level`: country or lab."""
    where = "where scope = ? and credit = ? and time_window = ? and week <= ? order by week, country"
    order = ", lab" if level == "lab" else ""
    return read(release, f"marts.share_by_{level}", where + order, [scope, credit, window, until])


def week_shares(release: Release, level: str, week: date, *, credit: str | None = "publisher") -> pl.DataFrame:
    """One week of every scope; of every credit too where `credit` is None."""
    where = "where week = ? and time_window = 'week'" + (" and credit = ?" if credit else "")
    return read(release, f"marts.share_by_{level}", where, [week, credit] if credit else [week])


def measured_weeks(release: Release, scope: str) -> list[date]:
    """Weeks of a scope, oldest first."""
    query = """
        select distinct week from marts.share_by_country
        where scope = ? and credit = 'publisher' and time_window = 'week' order by week
    """
    return release.frame(query, [scope])["week"].to_list()


def events(release: Release) -> pl.DataFrame:
    """What happened in the world, as reviewed."""
    return read(release, "registry.events", "order by event_on, event_id")


def country_names(release: Release) -> dict[str, str]:
    """Say what each country is called."""
    rows = read(release, "registry.countries", "order by country")
    return {} if not rows.height else dict(rows.select("country", "country_name").iter_rows())


def lab_names(release: Release) -> dict[str, str]:
    """Say what each lab is called."""
    rows = read(release, "registry.labs", "order by valid_from, lab")
    return {} if not rows.height else dict(rows.select("lab", "lab_name").iter_rows())


def changes(release: Release, week: date, scope: str) -> pl.DataFrame:
    """Why shares of a week differ from those of four weeks before, the largest moves first."""
    where = "where week = ? and scope = ? and weeks_back = 4 and credit = 'publisher' order by abs(change) desc, side"
    return read(release, "marts.share_changes", where, [week, scope])


def lineage_quarter(release: Release, monday: date) -> pl.DataFrame:
    """The newest quarter that was over with a week, of the matrix of countries; the one running in it where there is no other."""
    where = "where credit = 'root' and quarter <= ? order by quarter, base_country, derivative_country"
    rows = read(release, "marts.lineage_flows", where, [monday])
    if not rows.height:
        return rows
    over = rows.filter(~pl.col("is_running") & was_over(monday))
    return rows.filter(pl.col("quarter") == (over if over.height else rows)["quarter"].max())


def was_over(monday: date) -> pl.Expr:
    """Whether a quarter had ended when a week did: the page of an older week knows no later one."""
    return pl.col("quarter").dt.offset_by("3mo") <= monday + timedelta(days=7)


def crossovers(release: Release, scope: str, monday: date, credit: str = "publisher") -> pl.DataFrame:
    """Who passed whom up to a week, in one scope and credit; the latest first; no pair whose last lead passed later."""
    where = (
        "where scope = ? and credit = ? and coalesce(crossover_week <= ?, true)"
        " order by crossover_week desc nulls last, level, side_a, side_b"
    )
    return read(release, "marts.crossovers", where, [scope, credit, monday])


def most_built_on(release: Release, week: date) -> dict[str, Any] | None:
    """The base model whose derivatives are downloaded most in a week: hub_id, name, country, downloads_flow."""
    query = """
        with families as (
            select roots.root_hub_id as hub_id, sum(flow.downloads_flow * roots.weight) as below
            from core.roots as roots
            inner join core.weekly_flow as flow on roots.hub_id = flow.hub_id and flow.week = $1
            where roots.root_hub_id <> roots.hub_id
            group by roots.root_hub_id
        )

        select
            families.hub_id, models.model_name as name, namespaces.country,
            coalesce(flow.downloads_flow, 0) as downloads_flow
        from families
        inner join core.models as models on families.hub_id = models.hub_id
        left join core.weekly_flow as flow on families.hub_id = flow.hub_id and flow.week = $1
        left join registry.namespaces as namespaces
            on lower(models.namespace) = lower(namespaces.namespace) and namespaces.valid_from <= $1 and $1 < namespaces.valid_to
        order by families.below desc, families.hub_id limit 1
    """
    if not all(has(release, f"core.{name}") for name in ("roots", "weekly_flow", "models")):
        return None
    rows = release.frame(query, [week])
    return rows.row(0, named=True) if rows.height else None


def family(release: Release, root: str, week: date) -> pl.DataFrame:
    """Everything that comes from a base: child, parent, name, relation, country and downloads in the week."""
    query = """
        select
            edges.child_hub_id as child, edges.parent_hub_id as parent, models.model_name as name, edges.relation,
            namespaces.country, flow.downloads_flow
        from core.roots as roots
        inner join core.lineage_edges as edges on roots.hub_id = edges.child_hub_id
        inner join core.models as models on edges.child_hub_id = models.hub_id
        left join core.weekly_flow as flow on edges.child_hub_id = flow.hub_id and flow.week = $1
        left join registry.namespaces as namespaces
            on lower(models.namespace) = lower(namespaces.namespace) and namespaces.valid_from <= $1 and $1 < namespaces.valid_to
        where roots.root_hub_id = $2 and roots.hub_id <> $2
        order by child, parent
        limit $3
    """
    return release.frame(query, [week, root, MAX_FAMILY])
