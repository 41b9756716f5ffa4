"""Who overtook whom, why shares moved and whether a lead would hold, against the truth: every crossover found in its week, none invented.

Not here: shares (flows), what the true crossovers are (truth/oracle).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, counted, nothing
from dagster_project.rehearsal.truth.oracle import HELD_WEEKS, Truth
from dagster_project.rehearsal.world.cast import ARGUABLE_HOMES
from dagster_project.rehearsal.world.draws import Floats
from dagster_project.rehearsal.world.scenario import CROSSOVER_STEP
from dagster_project.warehouse.published import Release

Row = dict[str, Any]
DAYS_IN_WEEK = 7
NEAR_WEEKS = 1
HOVER = CROSSOVER_STEP
"""A true median log ratio under this, 5 %, names no leader: so much can be lost with a record that nobody can read."""
FROM_PLANTED = "weeks from the planted one"
_FOUND = "select * from marts.crossovers"
_CHANGES = "select * from marts.share_changes where level = 'country' order by week, weeks_back, scope, side"
_SWITCHED = """select week, scope, credit, country, share_of_total from marts.share_robustness
    where left_out = 'arguable_homes' and scope in ('S1', 'S2')"""
_SIDES = ["week", "scope", "credit", "country"]
_KEYS = ["level", "side_a", "side_b", "scope", "credit"]


def crossovers(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Compare the planted crossovers week by week, and all that are published with the true medians.

    Invented is a published crossover that the true medians contradict, even if a lead of under HOVER may count for either
    side: no HELD_WEEKS of the other side before it, or not HELD_WEEKS of its own after, or clearly ahead long before its week.
    A true crossover is clear, and has to be found, when both leads are by more than HOVER for HELD_WEEKS around it, unless
    a later one is published in its place that the truth bears out: its leads may hold for just as long as they must.
    """
    found = release.frame(_FOUND)
    true = truth.crossovers(weeks, found.select("level", "side_a", "side_b").unique(maintain_order=True).rows())
    rows = found.join(true, on=_KEYS, how="left", suffix="_true").rows(named=True)
    medians = {_key(row): truth.medians(*_key(row), weeks) for row in rows}
    told = [row for row in rows if row["crossover_week"]]
    invented = [row for row in told if not _is_borne_out(row, medians[_key(row)])]
    clear = [row for row in rows if row["crossover_week_true"] and _is_clear(row, medians[_key(row)])]
    clear = [row for row in clear if row in invented or not _is_superseded(row)]
    near = [row for row in clear if _is_near(row, row["crossover_week_true"])]
    inside = [row for row in clear if _is_inside(row, row["crossover_week_true"])]
    return [
        *_planted(rows, truth, weeks),
        counted(f"crossovers invented, {len(told):,} told in {len(rows):,} rows", 0, len(invented), "rows"),
        counted("clear crossovers found within a week", len(clear), len(near), "rows"),
        counted("clear crossovers inside their interval", len(clear), len(inside), "rows"),
    ]


def share_changes(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Give, for each part of the change of a country's share between two of these weeks, the one that is furthest off."""
    found = release.frame(_CHANGES).filter(pl.col("week").is_in(weeks), pl.col("since_week").is_in(weeks))
    if found.is_empty():
        return []
    true = truth.share_changes(found.select("week", "since_week").unique(maintain_order=True).rows())
    both = found.join(true, on=["week", "since_week", "scope", "side"], how="left", suffix="_true")
    verdicts = []
    for part in ("entry", "growth", "decay", "reclassification"):
        off = (both[part] - both[f"{part}_true"].fill_null(0.0)).abs()
        worst = both[int(off.arg_max() or 0)]
        name = f"why a country's share moved, {part}: the worst of {both.height:,}"
        verdicts.append(Verdict(name, worst[f"{part}_true"][0], worst[part][0], max(off.to_list()), "points"))
    return verdicts


def switched_homes(release: Release, truth: Truth, weeks: list[date]) -> Verdict:
    """Give the worst share of a country when labs of arguable home are counted for the other place."""
    found = release.frame(_SWITCHED).filter(pl.col("week").is_in(weeks))
    measure = "shares with arguable homes switched"
    if found.is_empty():
        return nothing(measure)
    home = pl.col("lab").replace_strict(ARGUABLE_HOMES, default=pl.col("country"))
    labs = truth.share_by_lab().filter(pl.col("time_window") == "week", pl.col("week").is_in(weeks))
    true = labs.with_columns(country=home).group_by(_SIDES).agg(pl.col("share_of_total").sum().alias("true"))
    both = true.filter(pl.col("scope").is_in(found["scope"].implode())).join(
        found, on=_SIDES, how="full", coalesce=True
    )
    pairs = both.select(pl.col("true").fill_null(0.0), pl.col("share_of_total").fill_null(0.0)).rows()
    share, measured = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
    return Verdict(f"{measure}: the worst of {len(pairs):,}", share, measured, abs(share - measured), "points")


def _planted(rows: list[Row], truth: Truth, weeks: list[date]) -> Iterator[Verdict]:
    """Compare with the weeks that the scenario planted: the week from which one side's downloads exceed the other's.

    In a small world a side may have too little for it to come true in a scope: what did not happen can't be found.
    """
    points = truth.turning_points().filter(pl.col("kind").str.ends_with("_crossover"))
    for kind, gains, loses, week in points.iter_rows():
        level = kind.removesuffix("_crossover")
        pair = (level, *sorted((gains, loses)))
        happened = set(truth.crossovers(weeks, [pair]).filter(leads_after=gains).select(*_KEYS).rows())
        for scope in ("S1", "S2"):
            key = (*pair, scope, "publisher")
            row = next((row for row in rows if _key(row) == key), None)
            name = f"planted crossover, {level}, {scope}"
            if key not in happened:
                yield nothing(name)
                continue
            if row is None or row["crossover_week"] is None or row["leads_after"] != gains:
                yield Verdict(name, 1, 0, -1, "found")
                continue
            late = (row["crossover_week"] - week).days // DAYS_IN_WEEK
            yield Verdict(f"{name}: week", 0, late, late, FROM_PLANTED)
            yield counted(f"{name}: inside its interval", 1, int(_is_inside(row, week)), "intervals")


def _key(row: Row) -> tuple[str, str, str, str, str]:
    return row["level"], row["side_a"], row["side_b"], row["scope"], row["credit"]


def _is_near(row: Row, week: date) -> bool:
    same = row["crossover_week"] is not None and row["leads_after"] == row["leads_after_true"]
    return bool(same and abs(row["crossover_week"] - week) <= timedelta(weeks=NEAR_WEEKS))


def _is_inside(row: Row, week: date) -> bool:
    return row["crossover_week"] is not None and bool(row["interval_low"] <= week <= row["interval_high"])


def _is_superseded(row: Row) -> bool:
    return (
        row["crossover_week"] is not None
        and row["crossover_week"] > row["crossover_week_true"]
        and not _is_near(row, row["crossover_week_true"])
    )


def _is_clear(row: Row, medians: Sequence[tuple[date, float]]) -> bool:
    place, ahead = _ahead(medians, row["crossover_week_true"], row["leads_after_true"] == row["side_a"])
    before, after = ahead[max(place - HELD_WEEKS, 0) : place], ahead[place + 2 : place + 2 + HELD_WEEKS]
    return min(len(before), len(after)) == HELD_WEEKS and bool((before < -HOVER).all() and (after > HOVER).all())


def _is_borne_out(row: Row, medians: Sequence[tuple[date, float]]) -> bool:
    place, ahead = _ahead(medians, row["crossover_week"], row["leads_after"] == row["side_a"])
    behind = ahead[: place + NEAR_WEEKS + 1] < HOVER
    held_before = any(behind[end - HELD_WEEKS : end].all() for end in range(HELD_WEEKS, len(behind) + 1))
    turned_here = bool(behind[max(place - NEAR_WEEKS, 0) :].any())
    after = ahead[place + 1 + NEAR_WEEKS : place + 1 + HELD_WEEKS]
    return held_before and turned_here and bool((after > -HOVER).all())


def _ahead(medians: Sequence[tuple[date, float]], week: date, is_first: bool) -> tuple[int, Floats]:
    """Give the place of a week among the medians, and the medians as the lead of one side."""
    values = np.asarray([median for _week, median in medians]) * (1 if is_first else -1)
    return [last for last, _median in medians].index(week), values
