"""Two sides' shares, the week in which the lead passed from one to the other, and the interval around that week.

Not here: finding it (sql/marts/crossovers, statistics).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.charts import canvas, marks, palette, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Rule, Text, Track
from dagster_project.reports.charts.palette import ALARM, INK, MUTED, side_colour
from dagster_project.reports.charts.timeline import end_label, runs, week_labels, weeks_between
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import spoken
from dagster_project.reports.render import Column, count, fit, percent

MAX_TITLE_NAME = 22
SURE = 0.95  # part of the resamples that have to find a crossover, or its title says that it is not certain


def crossover_of(
    history: pl.DataFrame, pair: dict[str, Any], edition: Edition, scope: str, names: tuple[str, str]
) -> Picture | None:
    """Draw two sides' shares over four weeks and when the lead passed, with its interval. Rows with `side`; a row of `marts.crossovers`."""
    weeks = weeks_between(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    a, b = pair["side_a"], pair["side_b"]
    names = (fit(names[0], MAX_TITLE_NAME), fit(names[1], MAX_TITLE_NAME))
    named = dict(zip((a, b), names, strict=True))
    passed = pair["crossover_week"]
    if passed:
        leader = named[pair["leads_after"]]
        before = b if pair["leads_after"] == a else a
        other = spoken(before, named[before])
        again = pair["resample_share"]
        is_sure = again is not None and again >= SURE
        title = f"{leader} passed {other} in week {Week(passed)}" + ("" if is_sure else ", not for certain")
        told = f"95 % interval: week {Week(pair['interval_low'])} to week {Week(pair['interval_high'])}."
        if again is not None:
            told += f" Found in {percent(again)} of 500 resamples of the labs."
    else:
        title = f"{names[0]} and {spoken(b, names[1])}: no lead passed over"
        told = "No lead of eight weeks passed from one side to the other."
    subtitle = (
        f"Per cent of all downloads, over four weeks. {told} Unknown over all weeks: {percent(pair['unknown_share'])}."
    )
    around = canvas.words(edition, title, subtitle, canvas.scope_words(scope, pair["credit"]))
    courses = {
        side: dict(history.filter(pl.col("side") == side).select("week", "share_of_total").iter_rows())
        for side in (a, b)
    }
    homes = dict(history.sort("week").select("side", "country").iter_rows())
    top = placing.ceiling(max(float(history["share_of_total"].max()) * 100, 0.1)) / 100  # type: ignore[arg-type] # a share

    def draw(layout: Layout, _hatch: str) -> Plot:
        return _draw_crossover(layout, pair, weeks, courses, (named, homes, top))

    caption = (
        "The red line is the last week before the median of four weeks turned for good; the tinted band is its 95 % interval."
        if passed
        else f"Looked at: {count(pair['n_weeks'])} measured weeks."
    )
    both = [
        (str(Week(week)), courses[a].get(week), courses[b].get(week))
        for week in reversed(weeks)
        if week in courses[a] or week in courses[b]
    ]
    data = canvas.Data(
        pl.DataFrame(both, schema=["week", "a", "b"], orient="row", infer_schema_length=None),
        [Column("week", "Four weeks up to"), Column("a", names[0], "share"), Column("b", names[1], "share")],
        edition.marked(f"Shares of all downloads, scope {scope}, {pair['credit']} credit"),
    )
    return Picture(f"crossover-{scope.lower()}", around, f"Two lines. {title}. {told}", caption, draw, data)


def _draw_crossover(
    layout: Layout,
    pair: dict[str, Any],
    weeks: Sequence[date],
    courses: dict[str, dict[date, float]],
    facts: tuple[dict[str, str], dict[str, str], float],
) -> Plot:
    a, b = pair["side_a"], pair["side_b"]
    passed = pair["crossover_week"]
    named, homes, top = facts
    used = layout.inset(44, 96 if layout.is_narrow else 186)
    if layout.plot_height:
        used = layout.inset(44, 176)
    height = layout.plot_height or 260
    across = [used.plot * n / (len(weeks) - 1) for n in range(len(weeks))]
    at_week = dict(zip(weeks, across, strict=True))

    def up(share: float) -> float:
        return height * (1 - share / top)

    layers = marks.rules([Rule(0, up(top * p), used.plot, up(top * p)) for p in (0, 0.5, 1)], used, height)
    labels = [
        Text(placing.axis_percent(top * p), -7, up(top * p), size=11, fill=MUTED, align="right") for p in (0, 0.5, 1)
    ]
    if passed:
        low, high = (_at(at_week, weeks, pair[end]) for end in ("interval_low", "interval_high"))
        wide = max(high - low, 2)
        layers += marks.boxes([marks.Box(low, 0, wide, height, palette.RAMP[1])], used, height)
        where = _at(at_week, weeks, passed)
        layers += marks.rules([Rule(where, 0, where, height, ALARM, 1.4)], used, height)
    ends, lines = [], []
    strokes = {a: side_colour(homes.get(a)), b: side_colour(homes.get(b))}
    if strokes[a] == strokes[b]:
        strokes[b] = INK
    for side in (a, b):
        shares = [courses[side].get(week) for week in weeks]
        for start, stop in runs(shares):
            points = tuple((across[n], up(shares[n] or 0.0)) for n in range(start, stop))
            lines.append(Track(points, strokes[side], 2.6, halo=True))
        last = next((share for share in reversed(shares) if share is not None), 0.0)
        ends.append((up(last), side, last))
    layers += marks.tracks(lines, used, height)
    shown = placing.spread([end[0] for end in ends], 16, 0, height)
    for (_y, side, last), at in zip(ends, shown, strict=True):
        size = 11 if layout.is_narrow else 12.5
        text = end_label(named[side], side, percent(last), used.right - 10, size)
        labels.append(Text(text, used.plot + 8, at, size, 600, strokes[side]))
    labels += week_labels(used, weeks, across, height)
    return Plot(layers + marks.texts(labels, used, height), height, used)


def _at(across: dict[date, float], weeks: Sequence[date], wanted: date) -> float:
    """Where a week stands; one outside of the weeks shown stands at their end."""
    return across[min(max(wanted, weeks[0]), weeks[-1])]
