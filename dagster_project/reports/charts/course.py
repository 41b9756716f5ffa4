"""Whose models are downloaded, country by country and week by week, as stacked areas under what happened.

Not here: the course of a single country or lab (share).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.events import EVENT_LANES, event_marks, listed_events
from dagster_project.reports.charts.layout import CARD, Layout, Plot
from dagster_project.reports.charts.marks import Band, Rule, Text
from dagster_project.reports.charts.palette import FILLS, HATCHED, HOMELESS, MUTED, OTHERS, PAPER, WHISKER
from dagster_project.reports.charts.timeline import end_label, runs, week_labels, weeks_between
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN, code_name
from dagster_project.reports.render import Column, percent

TOP_AREAS = 6
OTHER_LABELS = "Others"


@dataclass(frozen=True)
class _Area:
    code: str
    name: str
    fill: str
    shares: tuple[float | None, ...]  # one a week, None where nobody saw the week

    @property
    def last(self) -> float:
        """The share in the last week that has one."""
        return next((share for share in reversed(self.shares) if share is not None), 0.0)


def countries_over_time(history: pl.DataFrame, events: pl.DataFrame, edition: Edition, scope: str) -> Picture | None:
    """Draw the shares of all downloads by country, week by week, with numbered events. Rows of `marts.share_by_country`, one scope."""
    weeks = weeks_between(history)
    if len(weeks) < 2:  # noqa: PLR2004 - one week is no course
        return None
    areas = _areas(history, weeks)
    happened = listed_events(events, weeks)
    spoken = "; ".join(f"{area.name} {percent(area.last)}" for area in areas)
    told = f" {len(happened)} events are numbered." if happened else ""
    subtitle = f"Per cent of all downloads of {SCOPES[scope]}, week by week. Hatched: unknown.{told}"
    around = canvas.words(edition, "Whose models are downloaded", subtitle, canvas.scope_words(scope))

    def draw(layout: Layout, hatch: str) -> Plot:
        return _draw_areas(layout, hatch, weeks, areas, happened)

    alternative = f"Stacked areas over {len(weeks)} weeks. In the last week: {spoken}."
    caption = "What nobody reviewed lies on top, hatched: it could belong to any of the others."
    return Picture(
        f"course-{scope.lower()}", around, alternative, caption, draw, _course_data(weeks, areas, edition, scope)
    )


def _course_data(weeks: Sequence[date], areas: Sequence[_Area], edition: Edition, scope: str) -> canvas.Data:
    named = {"week": [str(Week(week)) for week in weeks], **{area.code: area.shares for area in areas}}
    columns = [Column("week", "Week"), *(Column(area.code, area.name, "share") for area in areas)]
    caption = f"Shares of all downloads, scope {scope}, publisher credit, release {edition.release_id}"
    return canvas.Data(pl.DataFrame(named, strict=False).reverse(), columns, edition.marked(caption))


def _areas(history: pl.DataFrame, weeks: Sequence[date]) -> list[_Area]:
    """Give the largest countries of the last week, then the others as one, the international and the unknown."""
    newest = history.filter(pl.col("week") == weeks[-1])
    special = {INTERNATIONAL, UNKNOWN}
    ranked = newest.filter(~pl.col("country").is_in(list(special))).sort(
        "share_of_total", "country", descending=[True, False]
    )
    top = [code for code, share in ranked.select("country", "share_of_total").head(TOP_AREAS).iter_rows() if share]
    names = dict(history.sort("week").select("country", "country_name").iter_rows())
    # China and the United States keep their colours; the others take theirs in the order of the alphabet.
    free = iter(OTHERS)
    fills = {code: FILLS.get(code) or next(free) for code in sorted(top)}
    group = pl.when(pl.col("country").is_in([*top, *special])).then("country").otherwise(pl.lit(OTHER_LABELS))
    sums = history.group_by("week", group.alias("side")).agg(pl.col("share_of_total").sum())
    shares = {(week, side): share for week, side, share in sums.iter_rows()}
    seen = {week for week, _side in shares}
    areas = []
    for side in [*top, OTHER_LABELS, INTERNATIONAL, UNKNOWN]:
        course = tuple(shares.get((week, side), 0.0) if week in seen else None for week in weeks)
        if not any(course):
            continue
        name = OTHER_LABELS if side == OTHER_LABELS else code_name(side, names)
        fill = {OTHER_LABELS: WHISKER, UNKNOWN: HATCHED, INTERNATIONAL: HOMELESS}.get(side) or fills[side]
        areas.append(_Area(side, name, fill, course))
    return areas


def _draw_areas(
    layout: Layout,
    hatch: str,
    weeks: Sequence[date],
    areas: Sequence[_Area],
    happened: Sequence[tuple[int, date, str]],
) -> Plot:
    used = layout.inset(46, 118 if layout.is_narrow else 184)
    if layout.name == CARD.name:
        used = layout.inset(46, 164)
    lanes = 1 if layout.is_narrow else 2 if layout.plot_height else EVENT_LANES
    draw_events, roof = event_marks(used, weeks, happened, lanes)
    height = layout.plot_height or (300 if layout.is_narrow else 350) + round(roof)
    room = height - roof
    across = [used.plot * n / (len(weeks) - 1) for n in range(len(weeks))]
    layers: list[Any] = []
    base = [0.0] * len(weeks)
    middles = []
    for area in areas:
        tops = [low + (share or 0.0) for low, share in zip(base, area.shares, strict=True)]
        fill = f"url(#{hatch})" if area.fill == HATCHED else area.fill
        for start, stop in runs(area.shares):
            points = tuple(
                (across[n], roof + room * (1 - tops[n]), roof + room * (1 - base[n])) for n in range(start, stop)
            )
            layers += marks.bands([Band(points, fill, edge=PAPER)], used, height)
        last = max(n for n, share in enumerate(area.shares) if share is not None)
        middles.append(roof + room * (1 - (base[last] + tops[last]) / 2))
        base = tops
    grid = [Rule(-4, roof + room * (1 - part), 0, roof + room * (1 - part), MUTED) for part in (0, 0.25, 0.5, 0.75, 1)]
    labels = [
        Text(f"{round(part * 100)} %", -7, roof + room * (1 - part), size=11, fill=MUTED, align="right")
        for part in (0, 0.25, 0.5, 0.75, 1)
    ]
    labels += week_labels(used, weeks, across, height)
    size = 11 if layout.is_narrow or layout.plot_height else 12.5
    shown = placing.spread(middles, size + 3.5, roof + 6, height - 6)
    for area, at, wanted in zip(areas, shown, middles, strict=True):
        fill = MUTED if area.fill in (HATCHED, WHISKER) else area.fill
        text = end_label(area.name, area.code, percent(area.last), used.right - 16, size)
        labels.append(Text(text, used.plot + 14, at, size=size, weight=600, fill=fill))
        grid.append(Rule(used.plot + 2, wanted, used.plot + 11, at, fill, 1))
    layers += marks.rules(grid, used, height) + draw_events(height) + marks.texts(labels, used, height)
    return Plot(layers, height, used)
