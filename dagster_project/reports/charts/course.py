"""Whose models are downloaded, country by country and week by week, as stacked areas under what happened.

Not here: the course of a single country or lab (share).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.charts import canvas
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.events import EVENT_LANES, event_marks, listed_events
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Band, Rule, Text
from dagster_project.reports.charts.palette import FILLS, HATCHED, HOMELESS, MUTED, OTHERS, PAPER, WHISKER
from dagster_project.reports.charts.plane import End, Plane
from dagster_project.reports.charts.timeline import end_label, weeks_between
from dagster_project.reports.headline import SCOPES, Edition, estimated_weeks_in_words
from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN, code_name
from dagster_project.reports.render import Column, percent

TOP_AREAS = 6
OTHER_LABELS = "Others"
TICKS = (0, 25, 50, 75, 100)  # per cent


@dataclass(frozen=True)
class _Area:
    code: str
    name: str
    fill: str
    shares: Mapping[date, float]  # of the weeks that were seen, 0 where it had nothing

    @property
    def last(self) -> float:
        """The share in the last week that was seen."""
        return self.shares[max(self.shares)]


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
    return Picture(
        f"course-{scope.lower()}",
        around,
        f"Stacked areas over {len(weeks)} weeks. In the last week: {spoken}.",
        f"What nobody reviewed lies on top, hatched: it could belong to any of the others. {estimated_weeks_in_words(history)}".strip(),
        partial(_draw_areas, weeks, areas, happened),
        _course_data(weeks, areas, edition, scope),
    )


def _course_data(weeks: Sequence[date], areas: Sequence[_Area], edition: Edition, scope: str) -> canvas.Data:
    named = {
        "week": [str(Week(week)) for week in weeks],
        **{area.code: [area.shares.get(week) for week in weeks] for area in areas},
    }
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
    seen = sorted({week for week, _side in shares})
    areas = []
    for side in [*top, OTHER_LABELS, INTERNATIONAL, UNKNOWN]:
        course = {week: shares.get((week, side), 0.0) for week in seen}
        if not any(course.values()):
            continue
        name = OTHER_LABELS if side == OTHER_LABELS else code_name(side, names)
        fill = {OTHER_LABELS: WHISKER, UNKNOWN: HATCHED, INTERNATIONAL: HOMELESS}.get(side) or fills[side]
        areas.append(_Area(side, name, fill, course))
    return areas


def _draw_areas(
    weeks: Sequence[date],
    areas: Sequence[_Area],
    happened: Sequence[tuple[int, date, str]],
    layout: Layout,
    hatch: str,
) -> Plot:
    used = layout.inset(46, layout.pick(wide=184, narrow=124, card=164))
    above = event_marks(used, weeks, happened, layout.pick(wide=EVENT_LANES, narrow=1, card=2))
    height = layout.plot_height or (300 if layout.is_narrow else 350) + round(above.roof)
    plane = Plane(used, height, weeks, roof=above.roof)
    bands, middles = [], []
    base = dict.fromkeys(weeks, 0.0)
    for area in areas:
        tops = {week: base[week] + share for week, share in area.shares.items()}
        fill = f"url(#{hatch})" if area.fill == HATCHED else area.fill
        between = {week: (base[week], top) for week, top in tops.items()}
        bands += [Band(points, fill, edge=PAPER) for points in plane.bands(between)]
        last = max(tops)
        middles.append((base[last] + tops[last]) / 2)
        base = tops
    names, pointers = _names(plane, areas, middles, 11 if layout.is_small else 12.5)
    ticks = [plane.axis_label(part / 100, f"{part} %") for part in TICKS]
    rules = [*(Rule(-4, tick.y, 0, tick.y, MUTED) for tick in ticks), *pointers]
    return plane.plot(bands, rules, *above.groups(height), [*ticks, *plane.week_labels(), *names])


def _names(
    plane: Plane, areas: Sequence[_Area], middles: Sequence[float], size: float
) -> tuple[list[Text], list[Rule]]:
    """Write the areas' names on the right, each at the end of a line that points to its area's middle."""
    room = plane.layout.right - 16
    ends = [
        End(
            middle,
            end_label(area.name, area.code, percent(area.last), room, size),
            MUTED if area.fill in (HATCHED, WHISKER) else area.fill,
        )
        for area, middle in zip(areas, middles, strict=True)
    ]
    names = plane.end_labels(ends, size, gap=size + 3.5, away=14, inside=6)
    start = plane.layout.plot + 2
    return names, [
        Rule(start, plane.up(end.share), start + 9, name.y, end.fill) for end, name in zip(ends, names, strict=True)
    ]
