"""How downloads are spread over labs, countries and models, against the truth.

Not here: the shares themselves (flows).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, counted, nothing
from dagster_project.rehearsal.truth import SCOPES
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.warehouse.published import Release

_KEYS = ["week", "scope", "credit", "level"]
_MEASURES = ("hhi", "gini", "cr1", "cr10", "effective_number")
CLOSE_HHI = 0.005
LEVELS = ("country", "lab", "model")


def concentration(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Give the week and credit in which the release is worst: of the HHI by level and scope, of the others by level in S1."""
    found = release.frame("select * from marts.concentration")
    true = truth.concentration().filter(pl.col("week").is_in(weeks) & pl.col("hhi").is_not_null())
    both = true.join(found, on=_KEYS, how="left", suffix="_found")
    cases = [(scope, "hhi") for scope in SCOPES] + [("S1", measure) for measure in _MEASURES[1:]]
    worst = [
        _worst(both.filter((pl.col("level") == level) & (pl.col("scope") == scope)), f"{level}, {scope}", measure)
        for level in LEVELS
        for scope, measure in cases
    ]
    close = both.filter((pl.col("hhi_found") / pl.col("hhi") - 1).abs() <= CLOSE_HHI)
    return [
        *worst,
        counted(
            "concentration: HHI within half a percent", both.height, close.height, "weeks, scopes, credits and levels"
        ),
    ]


def _worst(rows: pl.DataFrame, side: str, measure: str) -> Verdict:
    name = f"concentration by {side}, {measure}: the worst of {rows.height:,}"
    if rows.is_empty():
        return nothing(name)
    missing = pl.col(f"{measure}_found").fill_null(0.0)
    # A Gini of nothing but equals is 0, so there the error is the difference itself.
    error = (missing - pl.col(measure)).abs() / pl.max_horizontal(pl.col(measure).abs(), pl.lit(0.01))
    worst = rows.with_columns(error=error).sort("error", descending=True).row(0, named=True)
    return Verdict(name, worst[measure], worst[f"{measure}_found"], worst["error"], "of the truth")
