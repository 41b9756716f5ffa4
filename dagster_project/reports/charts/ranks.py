"""The race of the labs: their places over four weeks, read every four weeks.

Weekly places cross too often to be read. Not here: shares (course, share).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import polars as pl

from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Text, Track
from dagster_project.reports.charts.palette import legend_of, side_colour
from dagster_project.reports.charts.timeline import ONE_WEEK, week_labels
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.naming import UNKNOWN, lab_label, lab_labels
from dagster_project.reports.render import Column, bounds, percent

TOP_RANKS = 10
CARD_RANKS = 8
RANK_STEP_WEEKS = 4  # ranks over four weeks, read every four weeks: weekly ranks cross too often to be read
MAX_RANK_STEPS = 26
MIN_NAME = 60  # pixels without which a name says nothing
RANK_COLUMNS = [
    Column("label", "Lab"),
    Column("place", "Place", "count"),
    Column("country", "Home"),
    Column("downloads_flow", "Downloads", "count"),
    Column("share_of_total", "Share of all", "share"),
    Column("upper_bound", "At most", "share"),
]


def ranks_of_labs(history: pl.DataFrame, edition: Edition, scope: str) -> Picture | None:
    """Draw the ranks of labs over four weeks, read every four weeks. Rows of `marts.share_by_lab`, one scope, time window 28d."""
    steps = _rank_steps(history, edition.week.monday)
    if len(steps) < 2:  # noqa: PLR2004 - one rank is no course
        return None
    ranked = (
        history.filter(pl.col("week").is_in(steps) & (pl.col("lab") != "hf:(others)"))
        .with_columns(place=pl.col("downloads_flow").rank("ordinal", descending=True).over("week"))
        .sort("week", "place")
    )
    newest = ranked.filter(pl.col("week") == steps[-1]).head(TOP_RANKS)
    leader = newest.row(0, named=True)
    spoken = "; ".join(
        f"{place} {lab_label(lab, name)}" for place, lab, name in newest.select("place", "lab", "lab_name").iter_rows()
    )
    subtitle = (
        f"Places by downloads of {SCOPES[scope]} over four weeks, from {steps[0]} to {steps[-1]}."
        f" {lab_label(leader['lab'], leader['lab_name'])} leads with {percent(leader['share_of_total'])} of all"
        f" ({bounds(leader['lower_bound'], leader['upper_bound'])})."
    )
    around = canvas.words(edition, "The race of the labs", subtitle, canvas.scope_words(scope))

    def draw(layout: Layout, _hatch: str) -> Plot:
        return _draw_ranks(layout, steps, ranked)

    caption = "A line that ends or begins at the foot left or entered the places shown. The colour is the lab's home."
    told = newest.with_columns(label=lab_labels(newest))
    data = canvas.Data(
        told,
        RANK_COLUMNS,
        edition.marked(f"Four weeks up to {edition.week}, scope {scope}, publisher credit"),
    )
    return Picture(f"ranks-{scope.lower()}", around, f"Ranks of labs. Now: {spoken}.", caption, draw, data)


def _rank_steps(history: pl.DataFrame, newest: date) -> list[date]:
    if not history.height:
        return []
    there = set(history["week"].unique().to_list())
    wanted = [newest - ONE_WEEK * RANK_STEP_WEEKS * n for n in range(MAX_RANK_STEPS)]
    return sorted(week for week in wanted if week in there)


def _draw_ranks(layout: Layout, steps: Sequence[date], ranked: pl.DataFrame) -> Plot:
    most = CARD_RANKS if layout.plot_height or layout.is_narrow else TOP_RANKS
    used = (
        layout.inset(20, 176)
        if layout.is_narrow
        else layout.inset(24, 204)
        if layout.plot_height
        else layout.inset(196, 204)
    )
    key = _key(ranked, steps, most)
    rows = marks.legend_rows(key, used)
    head = 16 * rows + 10
    height = layout.plot_height or head + 34 * most
    row = (height - head) / most
    first, last = steps[0], steps[-1]
    across = {week: used.plot * (week - first).days / (last - first).days for week in steps}
    courses: dict[str, list[tuple[date, int]]] = {}
    facts: dict[str, dict[str, Any]] = {}
    for line in ranked.iter_rows(named=True):
        if line["place"] <= most:
            courses.setdefault(line["lab"], []).append((line["week"], line["place"]))
            facts[line["lab"]] = line
    drawn: list[Track] = []
    dots: list[marks.Dot] = []
    labels: list[Text] = []
    size = 11 if layout.is_narrow or layout.plot_height else 12.5
    order = sorted(courses, key=lambda lab: -dict(courses[lab]).get(last, most + 1))
    for lab in order:
        fact = facts[lab]
        stroke = side_colour(fact["country"])
        dash = (5, 4) if fact["country"] == UNKNOWN else None
        name = lab_label(lab, fact["lab_name"])
        is_here = dict(courses[lab]).get(last) is not None
        for run in _rank_runs(courses[lab], steps):
            points = [(across[week], head + row * (place - 0.5)) for week, place in run]
            # To the foot, where the lab leaves the places shown or comes from below.
            if run[-1][0] != last:
                points.append((across[steps[steps.index(run[-1][0]) + 1]], head + row * most + 3))
            if run[0][0] != first:
                points.insert(0, (across[steps[steps.index(run[0][0]) - 1]], head + row * most + 3))
            drawn.append(Track(tuple(points), stroke, 2.6 if is_here else 1.4, dash, "monotone", halo=True))
            dots += [marks.Dot(px, py, stroke, 3.2) for px, py in points if py <= head + row * most]
        for week, place in courses[lab]:
            at = head + row * (place - 0.5)
            if week == last:
                text = placing.fit_width(f"{place}  {name}", used.right - 13, size, is_bold=True)
                labels.append(Text(text, used.plot + 11, at, size, 600, stroke))
            if week == first:
                short = placing.fit_width(name, used.left - 40, size)
                text = str(place) if used.left < MIN_NAME else f"{short}  {place}"
                labels.append(Text(text, -11, at, size, 400, stroke, "right"))
    layers = marks.tracks(drawn, used, height) + marks.dots(dots, used, height)
    labels += week_labels(used, list(steps), [across[week] for week in steps], height)
    layers += marks.texts(labels, used, height) + marks.legend(key, used, height, 6)
    return Plot(layers, height, used)


def _key(ranked: pl.DataFrame, steps: Sequence[date], most: int) -> list[tuple[str, str]]:
    """Name only the colours that are there."""
    shown = ranked.filter((pl.col("place") <= most) & pl.col("week").is_in(list(steps)))
    return legend_of(shown["country"].unique())


def _rank_runs(course: Sequence[tuple[date, int]], steps: Sequence[date]) -> Iterator[list[tuple[date, int]]]:
    """Cut a course where the lab was not among the places shown."""
    run: list[tuple[date, int]] = []
    for week, place in course:
        if run and steps.index(week) != steps.index(run[-1][0]) + 1:
            yield run
            run = []
        run.append((week, place))
    if run:
        yield run
