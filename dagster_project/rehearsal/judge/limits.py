"""How many weekly shares and concentrations are as close as they must be, and how many besides what no capture could show.

Some things hide from counters that are read once a week: what a withdrawn model brought after the last capture that listed it,
what came between midnight and the capture, the task of a model whose record says nonsense, and, where a capture is lost or the
Hub's counters stood still, which of the weeks between two captures it was. They have their own lines, so that nothing else can
hide behind them; the truth stays whole in all other lines.
Not here: each measure's worst case (flows, concentration).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from dagster_project.rehearsal.judge.concentration import CLOSE_HHI
from dagster_project.rehearsal.judge.flows import SHARE_KEYS, SHARES
from dagster_project.rehearsal.judge.verdict import Verdict, counted
from dagster_project.rehearsal.truth.oracle import SCOPES, Truth
from dagster_project.rehearsal.world.world import World
from dagster_project.warehouse.published import Release

CLOSE_POINTS = 0.002
BRIDGED_WEEKS = """select week from core.weekly_flow where not is_estimate
    group by week having 2 * count(*) filter (where is_bridged) > count(*)"""
_HHI = "select week, scope, credit, level, hhi from marts.concentration"
_HHI_KEYS = ["week", "scope", "credit", "level"]


def limits(release: Release, truth: Truth, world: World, moments: list[int], weeks: list[date]) -> list[Verdict]:
    """Count the close cells against the whole truth, and against what captures at these moments could show of it."""
    shown = Truth(world, since=min(weeks), moments=moments, is_as_seen=True)
    there = pl.col("week").is_in(weeks)
    whole, hidden = float(truth.weekly_flow().filter(there)["downloads_flow"].sum()), float(shown.unseen_downloads())
    bridged = release.frame(BRIDGED_WEEKS)["week"].to_list()
    verdicts = [
        Verdict("downloads that no capture could show", hidden, 0, hidden / whole, "of all downloads"),
        Verdict("weeks known only together with others", None, len(bridged), None, "weeks"),
    ]
    for known, besides in ((truth, ""), (shown, ", besides what no capture could show")):
        for level in ("country", "lab"):
            cells = _share_errors(release, known, level).filter(there)
            close = cells.filter(pl.col("error") <= CLOSE_POINTS)
            name = f"weekly shares by {level} within 0.2 points{besides}"
            verdicts.append(counted(name, cells.height, close.height, "weeks, scopes, credits and sides"))
        cells = _hhi_errors(release, known).filter(there)
        for kind, chosen in (
            ("", cells),
            (", weeks known by themselves", cells.filter(~pl.col("week").is_in(bridged))),
        ):
            close = chosen.filter(pl.col("error") <= CLOSE_HHI)
            name = f"HHI within half a percent{besides}{kind}"
            verdicts.append(counted(name, chosen.height, close.height, "weeks, scopes, credits and levels"))
    return verdicts


def _share_errors(release: Release, truth: Truth, level: str) -> pl.DataFrame:
    true = truth.share_by_country() if level == "country" else truth.share_by_lab()
    both = true.join(release.frame(SHARES[level]), on=[*SHARE_KEYS, level], how="full", coalesce=True, suffix="_found")
    error = (pl.col("share_of_total").fill_null(0.0) - pl.col("share_of_total_found").fill_null(0.0)).abs()
    return both.filter(pl.col("time_window") == "week", pl.col("scope").is_in(list(SCOPES))).with_columns(error=error)


def _hhi_errors(release: Release, truth: Truth) -> pl.DataFrame:
    true = truth.concentration().filter(pl.col("hhi").is_not_null())
    both = true.join(release.frame(_HHI), on=_HHI_KEYS, how="left", suffix="_found")
    return both.with_columns(error=(pl.col("hhi_found") / pl.col("hhi") - 1).abs())
