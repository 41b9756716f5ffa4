"""What happened, above a chart over time: numbers that stand apart, and titles where they touch nothing else.

Not here: which events there are (data/registry/events.csv).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dagster_project.reports.charts import placing
from dagster_project.reports.charts.layout import Layout
from dagster_project.reports.charts.marks import Dot, Mark, Rule, Text
from dagster_project.reports.charts.palette import INK, PAPER, WHISKER
from dagster_project.reports.render import clean, fit

EVENT_LANES = 4
NUMBER_WIDTH, LANE = 16, 17  # pixels: across of a number, down of a row of numbers or a lane of titles
MAX_TITLE = 44  # letters


def listed_events(events: pl.DataFrame, weeks: Sequence[date]) -> list[tuple[int, date, str]]:
    """Number the events that fall into the weeks shown: number, day, title."""
    if not events.height or not weeks:
        return []
    inside = events.filter(pl.col("event_on").is_between(weeks[0], weeks[-1] + timedelta(days=6)))
    rows = inside.sort("event_on", "event_id").select("event_on", "title").iter_rows()
    return [(number, on, clean(title)) for number, (on, title) in enumerate(rows, start=1)]


@dataclass(frozen=True)
class EventMarks:
    """Events above a plot: their numbers, the way from these up to titles, what is written. `roof` is the height they take."""

    roof: float = 0.0
    numbers: Sequence[Dot] = ()
    pointers: Sequence[Rule] = ()
    written: Sequence[Text] = ()

    def groups(self, height: int) -> tuple[Sequence[Mark], ...]:
        """Give all marks, with a stem from each number down to the foot of a plot."""
        stems = [Rule(dot.x, dot.y + 7, dot.x, height, INK, 0.9, (2, 3)) for dot in self.numbers]
        return [*stems, *self.pointers], self.numbers, self.written


def event_marks(
    layout: Layout, weeks: Sequence[date], happened: Sequence[tuple[int, date, str]], lanes: int
) -> EventMarks:
    """Place events above the plot: numbers that stand apart, and titles in lanes where they touch nothing else.

    An event whose title finds no place keeps its number; the list under the chart has them all.
    """
    if not happened:
        return EventMarks()
    span_days = (weeks[-1] - weeks[0]).days or 1
    wanted = [layout.plot * min((on - weeks[0]).days / span_days, 1.0) for _n, on, _t in happened]
    # More numbers than stand side by side stand in several rows, one after the other.
    rows = math.ceil(len(wanted) * NUMBER_WIDTH / (layout.plot - NUMBER_WIDTH))
    across = placing.spread(wanted, NUMBER_WIDTH / rows, 8, layout.plot - 8)
    titles = [fit(title, MAX_TITLE) for _n, _on, title in happened]
    lane_of = _lanes(titles, across, layout.plot + layout.right, lanes) if lanes > 1 else {}
    above = LANE * (max(lane_of.values(), default=-1) + 1)  # what the titles take
    roof = 22.0 + LANE * (rows - 1) + above
    dots = [Dot(x, roof - 12 - LANE * (index % rows), INK, 7.5) for index, x in enumerate(across)]
    numbers = [str(number) for number, _on, _title in happened]
    written = [Text(text, at.x, at.y, 10, 700, PAPER, "center") for text, at in zip(numbers, dots, strict=True)]
    pointers = []
    for index, lane in lane_of.items():
        at, level = dots[index], above - 7.0 - LANE * lane
        pointers.append(Rule(at.x, at.y - 7, at.x, level, WHISKER, 0.9))
        written.append(Text(titles[index], at.x + 4, level, 11))
    return EventMarks(roof, dots, pointers, written)


def _lanes(titles: Sequence[str], across: Sequence[float], edge: float, lanes: int) -> dict[int, int]:
    """Give each title that finds a place its lane, counted from the numbers up; `edge` is where texts have to end."""
    free_up_to = [math.inf] * lanes
    found: dict[int, int] = {}
    # From right to left: a title runs to the right of its stem, and a stem must cross no title below it.
    for index in reversed(range(len(titles))):
        at, width = across[index], placing.text_width(titles[index], 11) + 8
        fits = [
            lane
            for lane in range(lanes)
            if at + width < min(free_up_to[lane], edge) and all(at < below for below in free_up_to[:lane])
        ]
        if fits:
            free_up_to[fits[0]] = at - 10
            found[index] = fits[0]
    return found
