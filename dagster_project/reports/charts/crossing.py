"""Two sides' shares, the week in which the lead passed from one to the other, and the interval around that week.

Not here: finding it (sql/marts/crossovers, statistics).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.charts import canvas, palette
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Box, Rule, Track
from dagster_project.reports.charts.palette import ALARM, INK, side_colour
from dagster_project.reports.charts.plane import End, Plane, share_by_week, top_above
from dagster_project.reports.charts.timeline import end_label, weeks_between
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import spoken
from dagster_project.reports.render import Column, count, fit, percent

MAX_TITLE_NAME = 22
SURE = 0.95  # part of the resamples that have to find a crossover, or its title says that it is not certain


@dataclass(frozen=True)
class _Side:
    code: str
    name: str
    stroke: str
    shares: Mapping[date, float]

    @property
    def last(self) -> float:
        """The share in the last week that has one."""
        return self.shares[max(self.shares)] if self.shares else 0.0


def crossover_of(
    history: pl.DataFrame, pair: Mapping[str, Any], edition: Edition, scope: str, names: tuple[str, str]
) -> Picture | None:
    """Draw two sides' shares over four weeks and when the lead passed, with its interval.

    `history` has the rows of the two, with `side`; `pair` is a row of `marts.crossovers`.
    """
    weeks = weeks_between(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    sides = _sides(history, pair, names)
    title, told = _told(pair, *sides)
    subtitle = (
        f"Per cent of all downloads, over four weeks. {told} Unknown over all weeks: {percent(pair['unknown_share'])}."
    )
    top = top_above(float(history["share_of_total"].max()))  # type: ignore[arg-type] # a share
    caption = (
        "The red line is the last week before the median of four weeks turned and held for eight or more; the tinted band is its"
        " 95 % interval."
        if pair["crossover_week"]
        else f"Looked at: {count(pair['n_weeks'])} measured weeks."
    )
    return Picture(
        f"crossover-{scope.lower()}",
        canvas.words(edition, title, subtitle, canvas.scope_words(scope, pair["credit"])),
        f"Two lines. {title}. {told}",
        caption,
        partial(_draw_crossover, pair, weeks, sides, top),
        canvas.Data(
            _both(history, *sides),
            [Column("week", "Four weeks up to"), *(Column(side.code, side.name, "share") for side in sides)],
            edition.marked(f"Shares of all downloads, scope {scope}, {pair['credit']} credit"),
        ),
    )


def _sides(history: pl.DataFrame, pair: Mapping[str, Any], names: tuple[str, str]) -> tuple[_Side, _Side]:
    """Give both sides a colour of their own."""
    codes = (pair["side_a"], pair["side_b"])
    homes = dict(history.sort("week").select("side", "country").iter_rows())
    one, other = (side_colour(homes.get(code)) for code in codes)
    strokes = (one, INK if other == one else other)
    a, b = (
        _Side(code, fit(name, MAX_TITLE_NAME), stroke, share_by_week(history.filter(pl.col("side") == code)))
        for code, name, stroke in zip(codes, names, strokes, strict=True)
    )
    return a, b


def _told(pair: Mapping[str, Any], a: _Side, b: _Side) -> tuple[str, str]:
    """Say who passed whom in a title, and how sure the week is in a sentence."""
    if not pair["crossover_week"]:
        title = f"{a.name} and {spoken(b.code, b.name)}: no lead passed over"
        return title, "No lead of eight weeks passed from one side to the other."
    leader, other = (a, b) if pair["leads_after"] == a.code else (b, a)
    again = pair["resample_share"]
    title = f"{leader.name} passed {spoken(other.code, other.name)} in week {Week(pair['crossover_week'])}"
    if again is None or again < SURE:
        title += ", not for certain"
    told = f"95 % interval: week {Week(pair['interval_low'])} to week {Week(pair['interval_high'])}."
    if pair["leads_now"] != leader.code:
        now = (
            f"{spoken(other.code, other.name)} leads, for less than eight weeks so far"
            if pair["leads_now"]
            else "neither leads"
        )
        told += f" In week {Week(pair['last_week'])} {now}."
    return title, told if again is None else f"{told} Found in {percent(again)} of 500 resamples."


def _both(history: pl.DataFrame, a: _Side, b: _Side) -> pl.DataFrame:
    """Set the shares of both side by side, a row for each measured week, the newest first."""
    measured = sorted(set(history["week"]), reverse=True)
    rows = [(str(Week(week)), a.shares.get(week), b.shares.get(week)) for week in measured]
    return pl.DataFrame(rows, schema=["week", a.code, b.code], orient="row", infer_schema_length=None)


def _draw_crossover(
    pair: Mapping[str, Any], weeks: Sequence[date], sides: Sequence[_Side], top: float, layout: Layout, _hatch: str
) -> Plot:
    used = layout.inset(44, layout.pick(wide=186, narrow=96, card=176))
    plane = Plane(used, layout.plot_height or 260, weeks, top)
    interval, turn = [], []
    if pair["crossover_week"]:
        passed, low, high = (plane.across(pair[at]) for at in ("crossover_week", "interval_low", "interval_high"))
        interval = [Box(low, 0, max(high - low, 2), plane.height, palette.RAMP[1])]
        turn = [Rule(passed, 0, passed, plane.height, ALARM, 1.4)]
    lines = [Track(points, side.stroke, 2.6, halo=True) for side in sides for points in plane.lines(side.shares)]
    size = 11 if layout.is_narrow else 12.5
    room = used.right - 10
    ends = [
        End(side.last, end_label(side.name, side.code, percent(side.last), room, size), side.stroke) for side in sides
    ]
    grid, labels = plane.grid()
    return plane.plot(grid, interval, turn, lines, [*labels, *plane.end_labels(ends, size, gap=16, away=8)])
