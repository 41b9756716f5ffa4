"""The race of the labs: their places over four weeks, read every four weeks.

Weekly places cross too often to be read. Not here: shares (course, share).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Dot, Text, Track
from dagster_project.reports.charts.palette import legend_of, side_colour
from dagster_project.reports.charts.timeline import ONE_WEEK, across, runs, week_labels
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
        .with_columns(place=pl.col("downloads_flow").rank("ordinal", descending=True).over("week", order_by="lab"))
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
    caption = "A line that ends or begins at the foot left or entered the places shown. The colour is the lab's home."
    told = edition.marked(f"Four weeks up to {Week(steps[-1])}, scope {scope}, publisher credit")
    return Picture(
        f"ranks-{scope.lower()}",
        around,
        f"Ranks of labs. Now: {spoken}.",
        caption,
        partial(_draw_ranks, steps, ranked),
        canvas.Data(newest.with_columns(label=lab_labels(newest)), RANK_COLUMNS, told),
    )


def _rank_steps(history: pl.DataFrame, newest: date) -> list[date]:
    if not history.height:
        return []
    there = set(history["week"].unique().to_list())
    wanted = [newest - ONE_WEEK * RANK_STEP_WEEKS * n for n in range(MAX_RANK_STEPS)]
    return sorted(week for week in wanted if week in there)


@dataclass(frozen=True)
class _Board:
    """Where weeks and places stand, in pixels; `head` is left to the legend."""

    layout: Layout
    steps: Sequence[date]
    most: int
    head: int
    height: int

    def down(self, place: float) -> float:
        """Give the pixel of a place."""
        return self.head + (self.height - self.head) / self.most * (place - 0.5)

    def points(self, run: Sequence[tuple[date, int]]) -> tuple[tuple[float, float], ...]:
        """Give the line through a run of places, to the foot where the lab leaves the places shown or comes from below."""
        first, last = self.steps.index(run[0][0]), self.steps.index(run[-1][0])
        points = [(week, self.down(place)) for week, place in run]
        foot = self.down(self.most + 0.5) + 3
        if first > 0:
            points.insert(0, (self.steps[first - 1], foot))
        if last < len(self.steps) - 1:
            points.append((self.steps[last + 1], foot))
        return tuple((across(self.layout, self.steps, week), at) for week, at in points)


@dataclass(frozen=True)
class _Lab:
    name: str
    country: str | None
    places: Mapping[date, int]  # of the weeks in which it had one of those shown


def _draw_ranks(steps: Sequence[date], ranked: pl.DataFrame, layout: Layout, _hatch: str) -> Plot:
    most = CARD_RANKS if layout.is_small else TOP_RANKS
    shown = ranked.filter(pl.col("place") <= most)
    used = layout.inset(*layout.pick(wide=(196, 204), narrow=(20, 176), card=(24, 204)))
    key = legend_of(shown["country"].unique())
    head = marks.legend_height(key, used) + 10
    board = _Board(used, steps, most, head, layout.plot_height or head + 34 * most)
    drawn: list[Track] = []
    dots: list[Dot] = []
    labels: list[Text] = []
    for lab in _labs(shown, steps[-1]):
        stroke = side_colour(lab.country)
        dash = (5, 4) if lab.country == UNKNOWN else ()
        width = 2.6 if steps[-1] in lab.places else 1.4
        for run in runs(steps, lab.places):
            drawn.append(Track(board.points(run), stroke, width, dash, "monotone", halo=True))
        dots += [Dot(across(used, steps, week), board.down(place), stroke, 3.2) for week, place in lab.places.items()]
        labels += _names(board, lab, stroke)
    labels += week_labels(used, steps, board.height)
    return marks.plot(used, board.height, drawn, dots, labels, *marks.legend(key, used, 6))


def _labs(shown: pl.DataFrame, newest: date) -> list[_Lab]:
    """Give the labs of the places shown, the leader last, so that its line lies on top."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for line in shown.iter_rows(named=True):
        lines.setdefault(line["lab"], []).append(line)
    labs = [
        _Lab(lab_label(lab, own[-1]["lab_name"]), own[-1]["country"], {line["week"]: line["place"] for line in own})
        for lab, own in lines.items()
    ]
    return sorted(labs, key=lambda lab: -lab.places.get(newest, math.inf))


def _names(board: _Board, lab: _Lab, stroke: str) -> Iterator[Text]:
    """Write name and place on the right where the lab is now, and on the left where it was at first."""
    used, size = board.layout, 11 if board.layout.is_small else 12.5
    if (now := lab.places.get(board.steps[-1])) is not None:
        text = placing.fit_width(f"{now}  {lab.name}", used.right - 13, size, is_bold=True)
        yield Text(text, used.plot + 11, board.down(now), size, 600, stroke)
    if (first := lab.places.get(board.steps[0])) is not None:
        short = placing.fit_width(lab.name, used.left - 40, size)
        text = str(first) if used.left < MIN_NAME else f"{short}  {first}"
        yield Text(text, -11, board.down(first), size, 400, stroke, "right")
