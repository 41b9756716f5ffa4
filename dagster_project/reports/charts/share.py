"""One country's or lab's share of downloads over time, with the most it can be, and its share by root credit beside it.

Not here: all countries together (course).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.charts import canvas
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Band, Track
from dagster_project.reports.charts.palette import INK, side_colour
from dagster_project.reports.charts.plane import End, Plane, share_by_week, top_above
from dagster_project.reports.charts.timeline import weeks_between
from dagster_project.reports.headline import Edition, estimated_weeks_in_words
from dagster_project.reports.render import BOUND_COLUMNS, Column, bounds, day, percent, text_column

COURSE_COLUMNS = [
    Column("label", "Week"),
    Column("share_of_total", "Share of all", "share"),
    *BOUND_COLUMNS,
]


def one_share(history: pl.DataFrame, rooted: pl.DataFrame, edition: Edition, scope: str, name: str) -> Picture | None:
    """Draw one side's share by publisher with its upper bound, and by root credit beside it. Rows of one side and one scope."""
    weeks = weeks_between(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    newest = history.sort("week").row(-1, named=True)
    said, between = percent(newest["share_of_total"]), bounds(newest["lower_bound"], newest["upper_bound"])
    subtitle = (
        f"Per cent of all downloads, weekly, {weeks[0]} to {weeks[-1]}. Tinted: the most it can be, if the whole unknown"
        f" belonged here.{' Broken line: credited to the model that others build on.' if rooted.height else ''}"
    )
    labels = text_column(str(Week(week)) for week in history["week"])
    return Picture(
        f"share-{scope.lower()}",
        canvas.words(edition, f"{name}: share of downloads", subtitle, canvas.scope_words(scope)),
        f"Line over {len(weeks)} weeks; in the last {said} of all ({between}).",
        f"In the week of {day(newest['week'])}: {said} of all downloads ({between}), publisher credit."
        f" {estimated_weeks_in_words(history)}".rstrip(),
        partial(_draw_share, weeks, history, share_by_week(rooted), side_colour(newest["country"])),
        canvas.Data(
            history.with_columns(label=labels).reverse(),
            COURSE_COLUMNS,
            edition.marked(f"{name}, scope {scope}, publisher credit"),
        ),
    )


def _draw_share(
    weeks: Sequence[date], history: pl.DataFrame, roots: Mapping[date, float], stroke: str, layout: Layout, _hatch: str
) -> Plot:
    shares = share_by_week(history)
    known = history.drop_nulls("share_of_total").select("week", "lower_bound", "upper_bound")
    between = {week: (low, high) for week, low, high in known.iter_rows()}
    top = top_above(max([*(high for _low, high in between.values()), *roots.values()]))
    plane = Plane(layout.inset(44, 86), layout.plot_height or 190, weeks, top)
    bands = [Band(points, stroke, opacity=0.16) for points in plane.bands(between)]
    lines = [Track(points, stroke, 2.2) for points in plane.lines(shares)]
    lines += [Track(points, INK, 1.4, (4, 3)) for points in plane.lines(roots)]
    last = shares[weeks[-1]]
    ends = [End(last, percent(last), stroke)]
    if rooted := [roots[week] for week in weeks if week in roots]:
        ends.append(End(rooted[-1], f"{percent(rooted[-1])} root", INK))
    grid, labels = plane.grid()
    return plane.plot(grid, bands, lines, [*labels, *plane.end_labels(ends, 11, gap=14, away=6)])
