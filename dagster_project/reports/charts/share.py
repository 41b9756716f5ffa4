"""One country's or lab's share of downloads over time, with the most it can be, and its share by root credit beside it.

Not here: all countries together (course).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Band, Rule, Text, Track
from dagster_project.reports.charts.palette import INK, MUTED, side_colour
from dagster_project.reports.charts.timeline import runs, week_labels, weeks_between
from dagster_project.reports.headline import Edition
from dagster_project.reports.render import Column, bounds, day, percent, text_column

COURSE_COLUMNS = [
    Column("label", "Week"),
    Column("share_of_total", "Share of all", "share"),
    Column("lower_bound", "At least", "share"),
    Column("upper_bound", "At most", "share"),
]


def one_share(history: pl.DataFrame, rooted: pl.DataFrame, edition: Edition, scope: str, name: str) -> Picture | None:
    """Draw one side's share by publisher with its upper bound, and by root credit beside it. Rows of one side and one scope."""
    weeks = weeks_between(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    by_week = {row["week"]: row for row in history.iter_rows(named=True)}
    by_root = dict(rooted.select("week", "share_of_total").iter_rows()) if rooted.height else {}
    newest = history.sort("week").row(-1, named=True)
    country = newest["country"]
    subtitle = (
        f"Per cent of all downloads, weekly, {weeks[0]} to {weeks[-1]}. Tinted: the most it can be, if the whole unknown"
        f" belonged here.{' Broken line: credited to the model that others build on.' if by_root else ''}"
    )
    around = canvas.words(edition, f"{name}: share of downloads", subtitle, canvas.scope_words(scope))
    highest = max([float(history["upper_bound"].max()), *[share or 0.0 for share in by_root.values()]])  # type: ignore[arg-type] # shares
    top = placing.ceiling(max(highest * 100, 0.1)) / 100

    def draw(layout: Layout, _hatch: str) -> Plot:
        used = layout.inset(44, 86)
        height = layout.plot_height or 190
        across = [used.plot * n / (len(weeks) - 1) for n in range(len(weeks))]

        def up(share: float) -> float:
            return height * (1 - share / top)

        stroke = side_colour(country)
        shares = [by_week[week]["share_of_total"] if week in by_week else None for week in weeks]
        layers: list[Any] = []
        grid = [Rule(0, up(top * part), used.plot, up(top * part)) for part in (0, 0.5, 1)]
        layers += marks.rules(grid, used, height)
        lines = []
        for start, stop in runs(shares):
            inside = range(start, stop)
            band = tuple(
                (across[n], up(by_week[weeks[n]]["upper_bound"]), up(by_week[weeks[n]]["lower_bound"])) for n in inside
            )
            layers += marks.bands([Band(band, stroke, opacity=0.16)], used, height)
            lines.append(Track(tuple((across[n], up(shares[n] or 0.0)) for n in inside), stroke, 2.2))
        roots = [by_root.get(week) for week in weeks]
        for start, stop in runs(roots):
            points = tuple((across[n], up(roots[n] or 0.0)) for n in range(start, stop))
            lines.append(Track(points, INK, 1.4, (4, 3)))
        layers += marks.tracks(lines, used, height)
        labels = [
            Text(placing.axis_percent(top * part), -7, up(top * part), size=11, fill=MUTED, align="right")
            for part in (0, 0.5, 1)
        ]
        ends = [(up(newest["share_of_total"]), percent(newest["share_of_total"]), stroke)]
        last_root = next((share for share in reversed(roots) if share is not None), None)
        if last_root is not None:
            ends.append((up(last_root), f"{percent(last_root)} root", INK))
        for (_at, text, fill), at in zip(ends, placing.spread([e[0] for e in ends], 14, 0, height), strict=True):
            labels.append(Text(text, used.plot + 6, at, size=11, weight=600, fill=fill))
        labels += week_labels(used, weeks, across, height)
        return Plot(layers + marks.texts(labels, used, height), height, used)

    between = bounds(newest["lower_bound"], newest["upper_bound"])
    alternative = f"Line over {len(weeks)} weeks; in the last {percent(newest['share_of_total'])} of all ({between})."
    caption = f"In the week of {day(newest['week'])}: {percent(newest['share_of_total'])} of all downloads ({between}), publisher credit."
    labels = text_column(str(Week(week)) for week in history["week"])
    data = canvas.Data(
        history.with_columns(label=labels).reverse(),
        COURSE_COLUMNS,
        edition.marked(f"{name}, scope {scope}, publisher credit"),
    )
    return Picture(f"share-{scope.lower()}", around, alternative, caption, draw, data)
