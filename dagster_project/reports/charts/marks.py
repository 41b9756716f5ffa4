"""The marks charts are made of, placed at pixels of a plot whose upper left corner is 0, 0: texts, rules, lines, bands, boxes, dots.

What collides and what fits is decided before (placing), not by Vega. Not here: the words around a plot (canvas).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagster_project.reports.charts.layout import Layout
from dagster_project.reports.charts.palette import GRID, INK, MUTED, PAPER
from dagster_project.reports.charts.placing import text_width

if TYPE_CHECKING:
    import altair as alt


def chart(values: Sequence[Mapping[str, object]]) -> alt.Chart:
    """Begin a layer on rows of our own making."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return alt.Chart(alt.InlineData(values=[dict(value) for value in values]))


def x(field: str, domain: tuple[float, float]) -> alt.X:
    """Place a number on the horizontal, without an axis: ticks and labels are layers of ours."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return alt.X(f"{field}:Q", axis=None, scale=alt.Scale(domain=list(domain), nice=False, zero=False))


def y(field: str, domain: tuple[float, float]) -> alt.Y:
    """Place a number on the vertical, without an axis; the domain's first value is at the foot."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return alt.Y(f"{field}:Q", axis=None, scale=alt.Scale(domain=list(domain), nice=False, zero=False))


def written(field: str) -> alt.Text:
    """Take a text from the row. Channels are made as objects: Altair takes 14 ms to guess one from a string."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return alt.Text(f"{field}:N")


def _ends() -> dict[str, Any]:
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return {"x2": alt.X2("px2"), "y2": alt.Y2("py2")}


def colour(field: str = "colour", channel: str = "color") -> Any:
    """Take a colour from the row, as it stands there."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    kind = {"color": alt.Color, "fill": alt.Fill, "stroke": alt.Stroke}[channel]
    return kind(f"{field}:N", scale=None, legend=None)


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


def texts(items: Sequence[Text], layout: Layout, height: int) -> list[Any]:
    """Write texts where they were placed: what collides and what fits is decided before, not by the chart."""
    layers: list[Any] = []
    for style in sorted({(t.size, t.weight, t.fill, t.align, t.baseline) for t in items}):
        size, weight, fill, align, baseline = style
        group = [t for t in items if (t.size, t.weight, t.fill, t.align, t.baseline) == style]
        rows = [{"text": t.text, "px": t.x, "py": height - t.y} for t in group]
        look: dict[str, Any] = {"align": align, "baseline": baseline, "fontSize": size, "fontWeight": weight}
        mark = chart(rows).mark_text(**look, color=fill)
        layers.append(mark.encode(x=x("px", (0, layout.plot)), y=y("py", (0, height)), text=written("text")))
    return layers


@dataclass(frozen=True)
class Rule:
    """A straight line between two pixels of the plot."""

    x: float
    y: float
    x2: float
    y2: float
    stroke: str = GRID
    width: float = 1
    dash: tuple[int, int] | None = None


def rules(items: Sequence[Rule], layout: Layout, height: int) -> list[Any]:
    """Draw straight lines where they were placed."""
    layers: list[Any] = []
    for style in sorted({(r.stroke, r.width, r.dash or ()) for r in items}):
        stroke, width, dash = style
        rows = [
            {"px": r.x, "py": height - r.y, "px2": r.x2, "py2": height - r.y2}
            for r in items
            if (r.stroke, r.width, r.dash or ()) == style
        ]
        dashed: dict[str, Any] = {"strokeDash": list(dash)} if dash else {}
        layers.append(
            chart(rows)
            .mark_rule(color=stroke, strokeWidth=width, **dashed)
            .encode(x=x("px", (0, layout.plot)), y=y("py", (0, height)), **_ends())
        )
    return layers


@dataclass(frozen=True)
class Track:
    """A line through pixels of the plot, or a band where each point has a second height."""

    points: tuple[tuple[float, float], ...]
    stroke: str
    width: float = 2.0
    dash: tuple[int, int] | None = None
    interpolate: str = "linear"
    halo: bool = False


@dataclass(frozen=True)
class Band:
    """An area between two heights, from pixel to pixel: x, upper y, lower y."""

    points: tuple[tuple[float, float, float], ...]
    fill: str
    opacity: float = 1.0
    edge: str | None = None


def tracks(items: Sequence[Track], layout: Layout, height: int) -> list[Any]:
    """Draw lines where they were placed, the first at the bottom."""
    layers: list[Any] = []
    for item in items:
        rows = [{"px": px, "py": height - py} for px, py in item.points]
        at: dict[str, Any] = {"x": x("px", (0, layout.plot)), "y": y("py", (0, height))}
        dashed: dict[str, Any] = {"strokeDash": list(item.dash)} if item.dash else {}
        line: dict[str, Any] = {"interpolate": item.interpolate, "strokeCap": "round", "strokeJoin": "round"}
        if item.halo:
            layers.append(chart(rows).mark_line(color=PAPER, strokeWidth=item.width + 2.5, **line).encode(**at))
        layers.append(chart(rows).mark_line(color=item.stroke, strokeWidth=item.width, **line, **dashed).encode(**at))
    return layers


def bands(items: Sequence[Band], layout: Layout, height: int) -> list[Any]:
    """Fill areas where they were placed."""
    layers: list[Any] = []
    for item in items:
        rows = [{"px": px, "py": height - upper, "py2": height - lower} for px, upper, lower in item.points]
        edge: dict[str, Any] = {"stroke": item.edge, "strokeWidth": 0.8} if item.edge else {}
        mark = chart(rows).mark_area(color=item.fill, opacity=item.opacity, line=False, **edge)
        layers.append(mark.encode(x=x("px", (0, layout.plot)), y=y("py", (0, height)), y2=_ends()["y2"]))
    return layers


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, its corner the upper left one."""

    x: float
    y: float
    width: float
    height: float
    fill: str


def boxes(items: Sequence[Box], layout: Layout, height: int) -> list[Any]:
    """Fill rectangles where they were placed."""
    rows = [
        {
            "px": box.x,
            "px2": box.x + box.width,
            "py": height - box.y,
            "py2": height - box.y - box.height,
            "fill": box.fill,
        }
        for box in items
    ]
    if not rows:
        return []
    at: dict[str, Any] = {"x": x("px", (0, layout.plot)), "y": y("py", (0, height)), **_ends()}
    return [chart(rows).mark_rect().encode(fill=colour("fill", "fill"), **at)]


@dataclass(frozen=True)
class Dot:
    """A filled circle at a pixel."""

    x: float
    y: float
    fill: str
    radius: float = 4.0


def dots(items: Sequence[Dot], layout: Layout, height: int) -> list[Any]:
    """Set filled circles where they were placed."""
    rows = [{"px": d.x, "py": height - d.y, "fill": d.fill, "size": round(math.pi * d.radius**2, 2)} for d in items]
    if not rows:
        return []
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    at: dict[str, Any] = {"x": x("px", (0, layout.plot)), "y": y("py", (0, height))}
    size = alt.Size("size:Q", scale=None, legend=None)
    return [chart(rows).mark_point(filled=True, opacity=1).encode(fill=colour("fill", "fill"), size=size, **at)]


def legend(items: Sequence[tuple[str, str]], layout: Layout, height: int, at: float) -> list[Any]:
    """Write what the colours mean in a row at the height `at`, or in as many as are needed; gives the layers."""
    px, py = float(-layout.left), at
    marks: list[Dot] = []
    written: list[Text] = []
    for fill, text in items:
        width = 24 + text_width(text, 11.5)
        if px + width > layout.plot + layout.right and px > -layout.left:
            px, py = float(-layout.left), py + 16
        marks.append(Dot(px + 5, py, fill, 4.5))
        written.append(Text(text, px + 14, py, size=11.5, fill=MUTED))
        px += width
    return [*dots(marks, layout, height), *texts(written, layout, height)]


def legend_rows(items: Sequence[tuple[str, str]], layout: Layout) -> int:
    """Count the rows that a legend takes in a layout."""
    rows, px = 1, 0.0
    for _fill, text in items:
        width = 24 + text_width(text, 11.5)
        if px + width > layout.width and px > 0:
            rows, px = rows + 1, 0.0
        px += width
    return rows
