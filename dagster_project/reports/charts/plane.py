"""A plane of shares over weeks: where a share stands, the grid, what is written beside the axes and at the ends of lines.

Not here: axes of weeks without shares (timeline), what is drawn on the plane (share, crossing, course).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from dagster_project.reports.charts import marks, placing, timeline
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Mark, Rule, Text
from dagster_project.reports.charts.palette import MUTED

GRID_PARTS = (0, 0.5, 1)  # of the highest share


class End(NamedTuple):
    """What is written beside the end of a line."""

    share: float
    text: str
    fill: str


def share_by_week(rows: pl.DataFrame) -> dict[date, float]:
    """Give one side's share by week; a week in which nothing was downloaded has none."""
    return dict(rows.drop_nulls("share_of_total").select("week", "share_of_total").iter_rows())


def top_above(share: float) -> float:
    """Where a plane ends that has to hold a share: at the next round number of per cent."""
    return placing.ceiling(max(share * 100, 0.1)) / 100


@dataclass(frozen=True)
class Plane:
    """Shares from 0 to `top` over weeks, in the pixels of a layout; `roof` is left free above them."""

    layout: Layout
    height: int
    weeks: Sequence[date]
    top: float = 1.0
    roof: float = 0.0

    def across(self, week: date) -> float:
        """Give the pixel of a week; one outside of the weeks shown stands at their end."""
        return timeline.across(self.layout, self.weeks, week)

    def up(self, share: float) -> float:
        """Give the pixel of a share."""
        return self.roof + (self.height - self.roof) * (1 - share / self.top)

    def lines(self, shares: Mapping[date, float]) -> Iterator[tuple[tuple[float, float], ...]]:
        """Give the points of a line for each run of weeks."""
        for run in timeline.runs(self.weeks, shares):
            yield tuple((self.across(week), self.up(share)) for week, share in run)

    def bands(self, bounds: Mapping[date, tuple[float, float]]) -> Iterator[tuple[tuple[float, float, float], ...]]:
        """Give the points of an area for each run of weeks, from the lower and the upper share of each."""
        for run in timeline.runs(self.weeks, bounds):
            yield tuple((self.across(week), self.up(upper), self.up(lower)) for week, (lower, upper) in run)

    def grid(self) -> tuple[list[Rule], list[Text]]:
        """Give the lines behind everything, with per cent beside them and months below."""
        shares = [self.top * part for part in GRID_PARTS]
        lines = [Rule(0, self.up(share), self.layout.plot, self.up(share)) for share in shares]
        labels = [self.axis_label(share, placing.axis_percent(share)) for share in shares]
        return lines, [*labels, *self.week_labels()]

    def axis_label(self, share: float, text: str) -> Text:
        """Write on the left, at a share."""
        return Text(text, -7, self.up(share), size=11, fill=MUTED, align="right")

    def week_labels(self) -> list[Text]:
        """Write months below."""
        return timeline.week_labels(self.layout, self.weeks, self.height)

    def end_labels(self, ends: Sequence[End], size: float, *, gap: float, away: float, inside: float = 0) -> list[Text]:
        """Write on the right, at the ends of lines, `gap` pixels apart and `away` from the plot; no nearer than `inside` to its edges."""
        wanted = [self.up(end.share) for end in ends]
        placed = placing.spread(wanted, gap, self.roof + inside, self.height - inside)
        pairs = zip(ends, placed, strict=True)
        return [Text(end.text, self.layout.plot + away, at, size, 600, end.fill) for end, at in pairs]

    def plot(self, *groups: Sequence[Mark]) -> Plot:
        """Draw groups of marks, the first at the bottom."""
        return marks.plot(self.layout, self.height, *groups)
