"""What happened, above a chart over time: numbers that stand apart, and titles where they touch nothing else.

Not here: which events there are (data/registry/events.csv).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from dagster_project.reports.charts import marks, placing
from dagster_project.reports.charts.layout import Layout
from dagster_project.reports.charts.marks import Rule, Text
from dagster_project.reports.charts.palette import INK, PAPER, WHISKER
from dagster_project.reports.render import clean, fit

EVENT_LANES = 4
NUMBER_WIDTH = 16


def listed_events(events: pl.DataFrame, weeks: Sequence[date]) -> list[tuple[int, date, str]]:
    """Number the events that fall into the weeks shown: number, day, title."""
    if not events.height or not weeks:
        return []
    inside = events.filter(pl.col("event_on").is_between(weeks[0], weeks[-1] + timedelta(days=6)))
    rows = inside.sort("event_on", "event_id").select("event_on", "title").iter_rows()
    return [(number, on, clean(title)) for number, (on, title) in enumerate(rows, start=1)]


def event_marks(
    layout: Layout, weeks: Sequence[date], happened: Sequence[tuple[int, date, str]], lanes: int
) -> tuple[Any, float]:
    """Place events above the plot: numbers that stand apart, and titles in lanes where they touch nothing else.

    Gives what draws them for a height, and the height they take. An event whose title finds no place keeps its number;
    the list under the chart has them all.
    """
    if not happened:
        return (lambda _height: []), 0.0
    span_days = (weeks[-1] - weeks[0]).days or 1
    wanted = [layout.plot * min((on - weeks[0]).days / span_days, 1.0) for _n, on, _t in happened]
    # More numbers than stand side by side stand in several rows, one after the other.
    rows = math.ceil(len(wanted) * NUMBER_WIDTH / (layout.plot - NUMBER_WIDTH))
    at = placing.spread(wanted, NUMBER_WIDTH / rows, 8, layout.plot - 8)
    base = 22.0 + 17 * (rows - 1)
    placed: list[tuple[int, float]] = []
    if lanes > 1:
        # From right to left: a title runs to the right of its stem, and a stem must cross no title below it.
        right_edges = [float("inf")] * lanes
        for index in reversed(range(len(happened))):
            width = placing.text_width(fit(happened[index][2], 44), 11) + 8
            fits = [
                lane
                for lane in range(lanes)
                if at[index] + width < min(right_edges[lane], layout.plot + layout.right)
                and all(at[index] < right_edges[lower] for lower in range(lane))
            ]
            if fits:
                right_edges[fits[0]] = at[index] - 10
                placed.append((index, float(fits[0])))
    depth = int(max((lane for _i, lane in placed), default=-1)) + 1
    roof = base + 17 * depth

    def draw(height: int) -> list[Any]:
        heights = [roof - 12 - 17 * (index % rows) for index in range(len(at))]
        stems = [Rule(x, y + 7, x, height, INK, 0.9, (2, 3)) for x, y in zip(at, heights, strict=True)]
        numbers = [marks.Dot(x, y, INK, 7.5) for x, y in zip(at, heights, strict=True)]
        written = [
            Text(str(number), x, y, size=10, weight=700, fill=PAPER, align="center")
            for (number, _on, _title), x, y in zip(happened, at, heights, strict=True)
        ]
        for index, lane in placed:
            level = roof - base - 7 - 17 * lane
            stems.append(Rule(at[index], heights[index] - 7, at[index], level, WHISKER, 0.9))
            written.append(Text(fit(happened[index][2], 44), at[index] + 4, level, size=11, fill=INK))
        return [
            *marks.rules(stems, layout, height),
            *marks.dots(numbers, layout, height),
            *marks.texts(written, layout, height),
        ]

    return draw, roof
