"""The report about where contributors say they are: the newest quarter, with bounds, and plain words where nothing is captured.

Not here: reading a location (dagster_project/geography), and the map (grids).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dagster_project.reports import reads
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import code_name
from dagster_project.reports.render import Fragment, bounds, count, percent, quarter_name
from dagster_project.reports.weekly import opening

TABLE = "marts.contributor_geography"
OTHER = "OTHER"
NOTHING_CAPTURED = (
    "Nothing of it is captured yet: this release knows no contributors, so it says nothing about where they are."
)


@dataclass(frozen=True)
class Newest:
    """One quarter of all captured repositories together, as the mart has it. `what` says which, for a title."""

    rows: pl.DataFrame
    what: str


def newest(rows: pl.DataFrame, edition: Edition) -> Newest | None:
    """Take a quarter of `marts.contributor_geography` up to a week: the newest that was over then and was watched, else the newest."""
    monday = edition.week.monday
    whole = rows.filter((pl.col("level") == "all") & (pl.col("quarter") <= monday)) if rows.height else rows
    if not whole.height:
        return None
    watched = whole.filter(~pl.col("is_running") & ~pl.col("is_back_cast") & reads.was_over(monday))
    chosen = watched if watched.height else whole
    quarter = chosen["quarter"].max()
    chosen = chosen.filter(pl.col("quarter") == quarter).sort("contributors", "country", descending=[True, False])
    people, *_ = chosen["all_contributors"]
    many = "Fewer than ten" if people is None else count(people)
    notes = [
        *(["so far"] if chosen["is_running"].any() else []),
        *(["back-cast from profiles of today"] if chosen["is_back_cast"].any() else []),
    ]
    what = ", ".join([f"{many} contributors to the captured repositories", quarter_name(quarter), *notes])  # type: ignore[arg-type] # a column of days
    return Newest(chosen, what)


def masthead(found: Newest | None, names: dict[str, str], edition: Edition) -> Fragment:
    """Open the page: where most say they are, or that nothing is captured."""
    heading = "Where contributors say they are"
    if found is None:
        return opening(edition, "geography", heading, "Nothing of it is captured yet", NOTHING_CAPTURED)
    placed = found.rows.filter(pl.col("share_of_located").is_not_null() & (pl.col("country") != OTHER))
    if not placed.height:
        sentence = f"Too few to say. Of {found.what}, no country has enough that can be shown."
        return opening(edition, "geography", heading, "Too few to say.", sentence)
    first = placed.row(0, named=True)
    lead = f"{code_name(first['country'], names)} {percent(first['share_of_located'])}"
    between = bounds(first["lower_bound"], first["upper_bound"])
    return opening(edition, "geography", heading, lead, f"{lead} of those located ({between} of all), {found.what}.")
