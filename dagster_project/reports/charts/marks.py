"""The marks charts are made of, placed at pixels of a plot whose upper left corner is 0, 0: texts, rules, lines, bands, boxes, dots.

What collides and what fits is decided before (placing), not by Vega. Not here: the words around a plot (canvas).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.palette import GRID, INK, MUTED, PAPER
from dagster_project.reports.charts.placing import text_width

if TYPE_CHECKING:
    import altair as alt

ROW_OF_LEGEND = 16  # pixels


@dataclass(frozen=True)
class Text:
    """A piece of text at a pixel of the plot, its corner being the upper left one."""

    text: str
    x: float
    y: float
    size: float = 12
    weight: int = 400
    fill: str = INK
    align: str = "left"
    baseline: str = "middle"


@dataclass(frozen=True)
class Rule:
    """A straight line between two pixels of the plot."""

    x: float
    y: float
    x2: float
    y2: float
    stroke: str = GRID
    width: float = 1
    dash: tuple[int, ...] = ()


@dataclass(frozen=True)
class Track:
    """A line through pixels of the plot."""

    points: tuple[tuple[float, float], ...]
    stroke: str
    width: float = 2.0
    dash: tuple[int, ...] = ()
    interpolate: str = "linear"
    halo: bool = False


@dataclass(frozen=True)
class Band:
    """An area between two heights, from pixel to pixel: x, upper y, lower y."""

    points: tuple[tuple[float, float, float], ...]
    fill: str
    opacity: float = 1.0
    edge: str | None = None


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, its corner the upper left one."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True)
class Dot:
    """A filled circle at a pixel."""

    x: float
    y: float
    fill: str
    radius: float = 4.0


Mark = Text | Rule | Track | Band | Box | Dot


def plot(layout: Layout, height: int, *groups: Sequence[Mark]) -> Plot:
    """Draw groups of marks where they were placed, each of one kind, the first at the bottom."""
    layers = [layer for group in groups if group for layer in _DRAWN[type(group[0])](group, layout, height)]
    return Plot(layers, height, layout)


def legend(items: Sequence[tuple[str, str]], layout: Layout, at: float) -> tuple[list[Dot], list[Text]]:
    """Say what the colours mean in a row at the height `at`, or in as many as are needed."""
    places = list(_in_rows(items, layout))
    dots = [Dot(px + 5, at + ROW_OF_LEGEND * row, fill, 4.5) for fill, _text, px, row in places]
    names = [Text(text, px + 14, at + ROW_OF_LEGEND * row, size=11.5, fill=MUTED) for _fill, text, px, row in places]
    return dots, names


def legend_height(items: Sequence[tuple[str, str]], layout: Layout) -> int:
    """Give the pixels that a legend takes in a layout."""
    return ROW_OF_LEGEND * (1 + max((row for *_item, row in _in_rows(items, layout)), default=0))


def _in_rows(items: Sequence[tuple[str, str]], layout: Layout) -> Iterator[tuple[str, str, float, int]]:
    """Set the items of a legend beside each other: colour, text, pixel and row of each."""
    px, row = float(-layout.left), 0
    for fill, text in items:
        width = 24 + text_width(text, 11.5)
        if px + width > layout.plot + layout.right and px > -layout.left:
            px, row = float(-layout.left), row + 1
        yield fill, text, px, row
        px += width


def chart(values: Sequence[Mapping[str, object]]) -> alt.Chart:
    """Begin a layer on rows of our own making."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return alt.Chart(alt.InlineData(values=[dict(value) for value in values]))


def _encoded(mark: alt.Chart, layout: Layout, height: int, *channels: str) -> alt.Chart:
    """Place marks at the pixels px and py, counted from the foot, and give them more `channels` from their rows.

    There are no axes: ticks and labels are marks too. Channels are objects: Altair takes 14 ms to guess one from a string.
    """
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    across = alt.Scale(domain=[0, layout.plot], nice=False, zero=False)
    up = alt.Scale(domain=[0, height], nice=False, zero=False)
    known: dict[str, Callable[[], Any]] = {
        "x2": lambda: alt.X2("px2"),
        "y2": lambda: alt.Y2("py2"),
        "fill": lambda: alt.Fill("fill:N", scale=None, legend=None),
        "size": lambda: alt.Size("size:Q", scale=None, legend=None),
        "text": lambda: alt.Text("text:N"),
    }
    at: dict[str, Any] = {"x": alt.X("px:Q", axis=None, scale=across), "y": alt.Y("py:Q", axis=None, scale=up)}
    return mark.encode(**at, **{name: known[name]() for name in channels})


def texts(items: Sequence[Text], layout: Layout, height: int) -> list[alt.Chart]:
    """Write texts, those that look alike in one layer."""
    layers = []
    look = attrgetter("size", "weight", "fill", "align", "baseline")
    for (size, weight, fill, align, baseline), group in groupby(sorted(items, key=look), look):
        rows = chart([{"text": t.text, "px": t.x, "py": height - t.y} for t in group])
        mark = rows.mark_text(align=align, baseline=baseline, fontSize=size, fontWeight=weight, color=fill)
        layers.append(_encoded(mark, layout, height, "text"))
    return layers


def _rules(items: Sequence[Rule], layout: Layout, height: int) -> list[alt.Chart]:
    layers = []
    look = attrgetter("stroke", "width", "dash")
    for (stroke, width, dash), group in groupby(sorted(items, key=look), look):
        rows = chart([{"px": r.x, "py": height - r.y, "px2": r.x2, "py2": height - r.y2} for r in group])
        mark = rows.mark_rule(color=stroke, strokeWidth=width, **_dashed(dash))
        layers.append(_encoded(mark, layout, height, "x2", "y2"))
    return layers


def _tracks(items: Sequence[Track], layout: Layout, height: int) -> list[alt.Chart]:
    layers = []
    for item in items:
        rows = chart([{"px": px, "py": height - py} for px, py in item.points])
        look: dict[str, Any] = {"interpolate": item.interpolate, "strokeCap": "round", "strokeJoin": "round"}
        if item.halo:
            layers.append(rows.mark_line(color=PAPER, strokeWidth=item.width + 2.5, **look))
        layers.append(rows.mark_line(color=item.stroke, strokeWidth=item.width, **look, **_dashed(item.dash)))
    return [_encoded(mark, layout, height) for mark in layers]


def _dashed(dash: tuple[int, ...]) -> dict[str, Any]:
    return {"strokeDash": list(dash)} if dash else {}


def _bands(items: Sequence[Band], layout: Layout, height: int) -> list[alt.Chart]:
    layers = []
    for item in items:
        rows = [{"px": px, "py": height - upper, "py2": height - lower} for px, upper, lower in item.points]
        edge: dict[str, Any] = {"stroke": item.edge, "strokeWidth": 0.8} if item.edge else {}
        mark = chart(rows).mark_area(color=item.fill, opacity=item.opacity, line=False, **edge)
        layers.append(_encoded(mark, layout, height, "y2"))
    return layers


def _boxes(items: Sequence[Box], layout: Layout, height: int) -> list[alt.Chart]:
    rows = [
        {"px": b.x, "px2": b.x + b.width, "py": height - b.y, "py2": height - b.y - b.height, "fill": b.fill}
        for b in items
    ]
    return [_encoded(chart(rows).mark_rect(), layout, height, "x2", "y2", "fill")]


def _dots(items: Sequence[Dot], layout: Layout, height: int) -> list[alt.Chart]:
    rows = [{"px": d.x, "py": height - d.y, "fill": d.fill, "size": round(math.pi * d.radius**2, 2)} for d in items]
    return [_encoded(chart(rows).mark_point(filled=True, opacity=1), layout, height, "fill", "size")]


_DRAWN: Mapping[type, Callable[[Any, Layout, int], list[alt.Chart]]] = {
    Text: texts,
    Rule: _rules,
    Track: _tracks,
    Band: _bands,
    Box: _boxes,
    Dot: _dots,
}
