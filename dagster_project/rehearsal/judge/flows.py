"""Downloads against the truth: which weeks were measured, the total, model by model, and shares.

Not here: what happened to models (events).
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, counted, relative
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.world import archive
from dagster_project.rehearsal.world.world import World
from dagster_project.warehouse.published import Release

SHARE_KEYS = ["week", "scope", "credit", "time_window"]
SHARES = {
    "country": "select week, scope, credit, time_window, country, share_of_total from marts.share_by_country",
    "lab": "select week, scope, credit, time_window, lab, share_of_total from marts.share_by_lab",
}
_SOURCES = """select week, array_agg(distinct source) as sources from core.weekly_flow
    group by week having not bool_or(is_estimate or is_bridged)"""
COUNTER_DIRT = (
    "rollback",
    "lasting_correction",
    "stall",
    "stale_counter",
    "missing_counters",
    "overflow_counter",
    "float_counters",
)


def measured_weeks(release: Release) -> list[date]:
    """Give the weeks that the release measured, not only estimated."""
    frame = release.frame(
        "select week from core.weekly_flow group by week having not bool_and(is_estimate) order by week"
    )
    return frame["week"].to_list()


def weeks_measured(weeks: list[date], world: World) -> Verdict:
    """Compare how many weeks were measured with how many could be."""
    # The first snapshot ends the first week, so one week fewer than there are snapshots can lie between two.
    return counted("weeks measured", world.weeks - 1, len(weeks), "weeks")


def weeks_of_archive(release: Release, world: World) -> Verdict:
    """Compare how many weeks an archive measured alone with how many lay between its days."""
    found = set(release.frame(_SOURCES).filter(pl.col("sources") == [archive.SOURCE])["week"])
    true = {world.first_week + timedelta(weeks=week) for week in range(1, world.archived_weeks + 1)}
    return Verdict("archive weeks measured", len(true), len(found), len(true ^ found), "missed or invented")


def total(release: Release, truth: Truth, weeks: list[date]) -> Verdict:
    """Compare the downloads of all models in all measured weeks."""
    true = truth.weekly_flow().filter(pl.col("week").is_in(weeks))["downloads_flow"].sum()
    found = release.frame("select week, cast(downloads_flow as double) as flow from core.weekly_flow").filter(
        pl.col("week").is_in(weeks)
    )
    return relative("downloads of all models", float(true), float(found["flow"].sum()))


def flows(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Compare model by model; apart, those whose counters were tampered with."""
    query = "select hub_id, week, cast(downloads_flow as double) as flow from core.weekly_flow where not is_estimate"
    true = truth.weekly_flow().filter(pl.col("week").is_in(weeks))
    both = true.join(release.frame(query), on=["hub_id", "week"], how="left").with_columns(
        pl.col("flow").fill_null(0.0)
    )
    tampered = truth.events().filter(pl.col("kind").is_in(COUNTER_DIRT))["hub_id"].drop_nulls()
    is_clean = ~pl.col("hub_id").is_in(tampered.implode())
    verdicts = []
    for name, rows in (("honest counters", both.filter(is_clean)), ("tampered counters", both.filter(~is_clean))):
        off = (rows["flow"] - rows["downloads_flow"]).abs().sum()
        total = float(rows["downloads_flow"].sum())
        measured = float(rows["flow"].sum())
        error = float(off) / total if total else 0.0
        verdicts.append(Verdict(f"downloads by model and week, {name}", total, measured, error, "of all, misplaced"))
    return verdicts


def shares(release: Release, truth: Truth, weeks: list[date], level: str) -> list[Verdict]:
    """Give the worst share by level, country or lab, of each scope, credit and time window."""
    true = truth.share_by_country() if level == "country" else truth.share_by_lab()
    found = release.frame(SHARES[level]).rename({"share_of_total": "measured"})
    verdicts = []
    for (scope, credit, window), cells in sorted(true.group_by("scope", "credit", "time_window")):
        same = (pl.col("scope") == scope) & (pl.col("credit") == credit) & (pl.col("time_window") == window)
        name = f"share by {level}, {scope}, {credit}, {window}"
        there = found.filter(same & pl.col("week").is_in(weeks))
        if there.is_empty():
            continue
        keys = [*SHARE_KEYS, level]
        # A window that reaches back before the first week has no rows, so that is where nothing is promised.
        promised = cells.filter(pl.col("week").is_in(there["week"].implode()))
        both = promised.join(there, on=keys, how="full", coalesce=True)
        off = (both["share_of_total"].fill_null(0.0) - both["measured"].fill_null(0.0)).abs()
        worst = both[int(off.arg_max() or 0)]
        verdicts.append(
            Verdict(
                f"{name}: the worst of {both.height:,}",
                worst["share_of_total"][0],
                worst["measured"][0],
                max(off.to_list(), default=0.0),
                "points",
            )
        )
    return verdicts
