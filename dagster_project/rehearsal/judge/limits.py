"""How many weekly shares are as close as they must be, and how much no capture could show.

Some things hide from counters that are read once a week: what a withdrawn model brought after the last capture that listed it,
what came between midnight and the capture, the task of a model whose record says nonsense, and, where a capture is lost or the
Hub's counters stood still, which of the weeks between two captures it was. Such weeks have their own lines, so that nothing else
can hide behind them.
Not here: each measure's worst case (flows, concentration).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from dagster_project.rehearsal.judge.flows import SHARE_KEYS, SHARES
from dagster_project.rehearsal.judge.verdict import Verdict, counted, nothing
from dagster_project.rehearsal.truth import SCOPES
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.warehouse.published import Release

CLOSE_POINTS = 0.002
TOGETHER = "points, known only together"
_BRIDGED = """select week from core.weekly_flow where not is_estimate
    group by week having 2 * count(*) filter (where is_bridged) > count(*)"""
_PARTLY_BRIDGED = """select week from core.weekly_flow where not is_estimate group by week
    having coalesce(sum(downloads_flow) filter (where is_bridged), 0) > 0.05 * sum(downloads_flow)"""


def partly_bridged_weeks(release: Release) -> set[date]:
    """Give the weeks with more than a twentieth of their downloads known only together with others, those of one large model included."""
    return set(release.frame(_PARTLY_BRIDGED)["week"])


def bridged_weeks(release: Release) -> set[date]:
    """Give the weeks that are known only together with others."""
    return set(release.frame(_BRIDGED)["week"])


def hidden(truth: Truth, shown: Truth, weeks: list[date], bridged: set[date]) -> list[Verdict]:
    """Say how much no capture could show: nothing that can be right or wrong."""
    whole, known = (one.weekly_flow().filter(pl.col("week").is_in(weeks)) for one in (truth, shown))
    both = whole.join(known, on=["hub_id", "week"], how="full", coalesce=True, suffix="_found").fill_null(0)
    gaps = (both["downloads_flow"] - both["downloads_flow_found"]).abs()
    off, total = float(gaps.sum()), float(both["downloads_flow"].sum())
    part = f"{off / total:.3%} of all, misplaced" if total else "no downloads"
    return [
        Verdict("downloads by model and week that no capture could place", off, None, None, part),
        Verdict("weeks known only together with others", None, len(bridged & set(weeks)), None, "weeks"),
    ]


def close_cells(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Count the weekly shares that are close."""
    there, verdicts = pl.col("week").is_in(weeks), []
    for level in ("country", "lab"):
        cells = _share_errors(release, truth, level).filter(there)
        close = cells.filter(pl.col("error") <= CLOSE_POINTS)
        name = f"weekly shares by {level} within {CLOSE_POINTS * 100:.1f} points"
        verdicts.append(counted(name, cells.height, close.height, "weeks, scopes, credits and sides"))
    return verdicts


def together(release: Release, truth: Truth, bridged: set[date]) -> list[Verdict]:
    """Give the worst share of the weeks known only together, of which nobody can tell for sure what came when."""
    verdicts = []
    for level in ("country", "lab"):
        cells = _share_errors(release, truth, level).filter(pl.col("week").is_in(sorted(bridged)))
        name = f"weekly shares by {level} of weeks known only together"
        if cells.is_empty():
            verdicts.append(nothing(name))
            continue
        worst = cells.sort("error", descending=True).row(0, named=True)
        true, found = worst["share_of_total"], worst["share_of_total_found"]
        verdicts.append(Verdict(f"{name}: the worst of {cells.height:,}", true, found, worst["error"], TOGETHER))
    return verdicts


def _share_errors(release: Release, truth: Truth, level: str) -> pl.DataFrame:
    true = truth.share_by_country() if level == "country" else truth.share_by_lab()
    both = true.join(release.frame(SHARES[level]), on=[*SHARE_KEYS, level], how="full", coalesce=True, suffix="_found")
    error = (pl.col("share_of_total").fill_null(0.0) - pl.col("share_of_total_found").fill_null(0.0)).abs()
    return both.filter(pl.col("time_window") == "week", pl.col("scope").is_in(list(SCOPES))).with_columns(error=error)
