"""How long models stay in use, from the spells of many (MEASURES 4.13).

The part that still stands after so many weeks is the product over the weeks of 1 - fell / at risk (Kaplan and Meier 1958,
"Nonparametric Estimation from Incomplete Observations", JASA 53): a model that was not seen to fall counts as long as it was
known. The bounds take Greenwood's variance on the complementary log-log scale, so that they stay within 0 and 1 (Kalbfleisch
and Prentice 1980, "The Statistical Analysis of Failure Time Data"). Nothing is drawn.

Not here: what a peak and a fall are (sql/staging/staying_spells).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

ALL_COHORTS = "all"
LEAST_MODELS = 5
"""A curve of fewer tells more about one model than about a cohort, so it ends where fewer are left."""
MOST_WEEKS = 104
HALF = 0.5 + 1e-9
"""Half, and what a product of rounded parts may be above it: 23/24 * 22/23 * ... * 12/13 is not quite 1/2 in floats."""
NORMAL_95 = 1.959963984540054
"""97.5 % of a normal distribution lie below."""
SCOPE = "S1"
SCHEMA = {
    "level": pl.String,
    "side": pl.String,
    "lab": pl.String,
    "country": pl.String,
    "cohort": pl.String,
    "scope": pl.String,
    "weeks": pl.Int32,
    "n_models": pl.Int64,
    "n_fallen": pl.Int64,
    "n_removed": pl.Int64,
    "at_risk": pl.Int64,
    "fell": pl.Int64,
    "survival": pl.Float64,
    "lower_bound": pl.Float64,
    "upper_bound": pl.Float64,
    "median_weeks": pl.Int32,
    "retention_26w": pl.Float64,
    "n_known_26w": pl.Int64,
    "is_left_truncated": pl.Boolean,
    "as_of": pl.Date,
}


@dataclass(frozen=True)
class Step:
    """A week of a curve: who was at risk, who fell, which part stands longer, and the bounds of that."""

    weeks: int
    at_risk: int
    fell: int
    survival: float
    lower: float | None
    upper: float | None


def staying_power(spells: pl.DataFrame) -> pl.DataFrame:
    """Give the curve of every cohort of every side, and of all its cohorts together; columns as in sql/marts/staying_power.

    Needs one row for each side of a model: level, side, lab, country, cohort, peak_28d, weeks, is_fallen, is_removed,
    downloads_26w (null where not known yet), is_left_truncated, as_of.
    """
    together = pl.concat([spells, spells.with_columns(cohort=pl.lit(ALL_COHORTS))])
    rows = [
        row
        for (level, side, cohort), group in together.group_by("level", "side", "cohort", maintain_order=True)
        if group.height >= LEAST_MODELS
        for row in _rows({"level": level, "side": side, "cohort": cohort, "scope": SCOPE}, group)
    ]
    return pl.DataFrame(rows, SCHEMA)


def kaplan_meier(weeks: Sequence[int], fallen: Sequence[bool]) -> Iterator[Step]:
    """Give a curve's every week from 0 to the longest spell, at most MOST_WEEKS.

    `weeks` are the lengths of the spells, `fallen` says which ended with a fall; the others were last known then, and are
    at risk in that week still.
    """
    ended, falls = Counter(weeks), Counter(week for week, is_fallen in zip(weeks, fallen, strict=True) if is_fallen)
    survival, variance, at_risk = 1.0, 0.0, len(weeks)
    for week in range(min(max(weeks), MOST_WEEKS) + 1):
        fell = falls[week]
        survival *= 1 - fell / at_risk
        if fell < at_risk:
            variance += fell / (at_risk * (at_risk - fell))
        yield Step(week, at_risk, fell, survival, *_bounds(survival, variance))
        at_risk -= ended[week]


def _bounds(survival: float, variance: float) -> tuple[float | None, float | None]:
    if not 0 < survival < 1:
        return None, None
    spread = NORMAL_95 * math.sqrt(variance) / abs(math.log(survival))
    return survival ** math.exp(spread), survival ** math.exp(-spread)


def _rows(names: dict[str, Any], group: pl.DataFrame) -> Iterator[dict[str, Any]]:
    curve = kaplan_meier(group["weeks"].to_list(), group["is_fallen"].to_list())
    steps = [step for step in curve if step.at_risk >= LEAST_MODELS]
    long_known = group.filter(pl.col("downloads_26w").is_not_null())
    peak = sum(long_known["peak_28d"].to_list())
    latest = group.row(-1, named=True)
    shared = names | {
        "lab": latest["lab"],
        "country": latest["country"] if group["country"].n_unique() == 1 else None,
        "n_models": group.height,
        "n_fallen": int(group["is_fallen"].sum()),
        "n_removed": int(group["is_removed"].sum()),
        "median_weeks": next((step.weeks for step in steps if step.survival <= HALF), None),
        "retention_26w": float(sum(long_known["downloads_26w"].to_list()) / peak) if peak else None,
        "n_known_26w": long_known.height,
        "is_left_truncated": bool(group["is_left_truncated"].any()),
        "as_of": latest["as_of"],
    }
    for step in steps:
        yield shared | {
            "weeks": step.weeks,
            "at_risk": step.at_risk,
            "fell": step.fell,
            "survival": step.survival,
            "lower_bound": step.lower,
            "upper_bound": step.upper,
        }
