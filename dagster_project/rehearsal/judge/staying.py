"""How long models stay in use, against the truth.

Not here: how they are taken up (adoption).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from dagster_project.rehearsal.judge.events import sealed_days, sealed_moments
from dagster_project.rehearsal.judge.verdict import Verdict, counted, nothing, relative
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.truth.staying import WINDOW_WEEKS, standing
from dagster_project.warehouse.published import Release

SLACK_WEEKS = 1
"""Where a week's downloads are known only together with others, a fall may be seen a week too early or too late."""
_CURVES = """select level, side, weeks, survival, n_models, n_fallen, retention_26w, n_known_26w from marts.staying_power
    where cohort = 'all' and level in ('world', 'country') order by level, side, weeks"""


def staying(release: Release, truth: Truth, weeks: Sequence[date]) -> list[Verdict]:
    """Judge the curves of the world and of every country over the weeks measured."""
    found = release.frame(_CURVES)
    whole = found.filter(pl.col("level") == "world")
    if len(weeks) < WINDOW_WEEKS or whole.is_empty():
        return [nothing("staying power")]
    numbers = [(week - truth.world.first_week).days // 7 for week in sorted(weeks)]
    true = truth.staying.spells(numbers, sealed_moments(sealed_days(release)))
    slack = SLACK_WEEKS if truth.is_as_seen else 0
    first, known = whole.row(0, named=True), true.filter(pl.col("later").is_not_null())
    verdicts = [
        counted("staying power: models", true.height, first["n_models"], "models"),
        counted("staying power: fallen", int(true["is_fallen"].sum()), first["n_fallen"], "models"),
        *[_worst(true, found.filter(pl.col("level") == level), level, slack) for level in ("world", "country")],
    ]
    if known.height and first["n_known_26w"]:
        left = sum(known["later"].to_list()) / sum(known["peak"].to_list())
        verdicts.append(relative("staying power: left after 26 weeks", left, first["retention_26w"]))
    return verdicts


def _worst(true: pl.DataFrame, found: pl.DataFrame, level: str, slack: int) -> Verdict:
    """Give the point of the curves that is farthest from the truth, or from all of it in so many weeks before and after."""
    points = []
    for side, weeks, survival in found.select("side", "weeks", "survival").iter_rows():
        theirs = true if level == "world" else true.filter(pl.col("country") == side)
        later, earlier = (standing(theirs, max(weeks + off, 0)) for off in (slack, -slack))
        points.append((max(later - survival, survival - earlier, 0.0), standing(theirs, weeks), survival))
    if not points:
        return nothing(f"staying power: curves by {level}")
    error, best, measured = max(points)
    return Verdict(f"staying power by {level}: the worst of {len(points):,}", best, measured, error, "points")
