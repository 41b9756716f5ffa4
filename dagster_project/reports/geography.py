"""The report about where contributors say they are: the newest quarter, with bounds, and plain words where nothing is captured.

Not here: reading a location (dagster_project/geography), and the map (grids).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dagster_project.reports import grids
from dagster_project.reports.headline import NOT_COUNTRIES, Edition, country_label
from dagster_project.reports.render import Fragment, count, percent
from dagster_project.reports.weekly import opening

LEVELS = {"lab": "labs", "repo": "repositories"}
TABLE = "marts.contributor_geography"
NOTHING_CAPTURED = (
    "Nothing of it is captured yet: this release knows no contributors, so it says nothing about where they are."
)


@dataclass(frozen=True)
class Newest:
    """One quarter, all labs and repositories of it together. `what` says which, for a title."""

    rows: pl.DataFrame
    what: str


def newest(rows: pl.DataFrame) -> Newest | None:
    """Take the newest quarter of `marts.contributor_geography` and add up its labs; its repositories where no lab has a row.

    Bounds of a sum: at least what is placed there, at most that and everybody whose place nobody could read.
    """
    if not rows.height:
        return None
    level = "lab" if "lab" in rows.columns and rows["lab"].drop_nulls().len() else "repo"
    quarter = rows["quarter"].max()
    chosen = rows.filter(
        (pl.col("quarter") == quarter) & (pl.col(level).is_not_null() if level in rows.columns else True)
    )
    if not chosen.height:
        return None
    sums = chosen.group_by("country").agg(
        pl.col("contributors").fill_null(0).sum(), is_suppressed=pl.col("is_suppressed").all()
    )
    total = float(sums["contributors"].sum())
    located = float(sums.filter(~pl.col("country").is_in(list(NOT_COUNTRIES)))["contributors"].sum())
    unknown = total - located
    is_place = ~pl.col("country").is_in(list(NOT_COUNTRIES)) & ~pl.col("is_suppressed")
    shares = sums.with_columns(
        share_of_located=pl.when(is_place & (located > 0)).then(pl.col("contributors") / max(located, 1.0)),
        share_of_all=pl.when(~pl.col("is_suppressed")).then(pl.col("contributors") / max(total, 1.0)),
    ).with_columns(
        lower_bound=pl.when(is_place).then(pl.col("share_of_all")),
        upper_bound=pl.when(is_place).then(pl.col("share_of_all") + unknown / max(total, 1.0)),
    )
    sides = chosen[level].n_unique() if level in chosen.columns else 0
    what = f"{count(total)} contributors, each once per {level}, of {count(sides)} {LEVELS[level]}, {grids.quarter_name(quarter)}"  # type: ignore[arg-type] # a column of days
    return Newest(shares.sort("contributors", "country", descending=[True, False]), what)


def masthead(found: Newest | None, names: dict[str, str], edition: Edition) -> Fragment:
    """Open the page: where most say they are, or that nothing is captured."""
    heading = "Where contributors say they are"
    if found is None:
        return opening(edition, "geography", heading, "Nothing of it is captured yet", NOTHING_CAPTURED)
    placed = found.rows.filter(pl.col("share_of_located").is_not_null())
    if not placed.height:
        sentence = f"Too few to say. Of {found.what}, no country has enough that can be shown."
        return opening(edition, "geography", heading, "Too few to say.", sentence)
    first = placed.row(0, named=True)
    lead = f"{country_label(first['country'], names.get(first['country']))} {percent(first['share_of_located'])}"
    bounds = f"{percent(first['lower_bound'])} to {percent(first['upper_bound'])} of all"
    return opening(edition, "geography", heading, lead, f"{lead} of those located ({bounds}), {found.what}.")
