"""What all charts have in common: colours, sizes, the words around a plot, and the way from a plot to an SVG or a PNG.

A chart is an Altair drawing of fixed size that vl-convert writes without a browser. It carries its own title, denominator,
date and release, so that a picture of it can travel alone. Each comes in three sizes: for a wide page, for a narrow one, and as
a card of 1200 x 630 pixels. Colours are literal; the page exchanges them in the dark by exactly these literals (DARK).
Not here: what is drawn (charts, lines, grids, trees).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from dagster_project.reports.headline import INTERNATIONAL, SCOPES, UNKNOWN, Edition
from dagster_project.reports.render import (
    MONTHS,
    NO_BREAK_SPACE,
    Column,
    Fragment,
    escaped,
    fit,
    folded,
    joined,
    prose,
    render_table,
    span,
    wrap,
)

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

VEGA_LITE = "6.4"
CARD_WIDTH, CARD_HEIGHT, CARD_MARGIN, CARD_SCALE = 600, 315, 24, 2.0
# vl-convert brings this one along, so that a card is the same on every machine.
CARD_FONT = "Liberation Sans"

INK, MUTED, GRID, ALARM, WHISKER = "#1f1d1a", "#65615a", "#e4dfd5", "#a3210f", "#8b857b"
CHINA, UNITED_STATES, ELSEWHERE, HOMELESS = "#c2412d", "#2b64a8", "#3d7f70", "#8a6d3b"
HATCH_GROUND, HATCH_LINE, PAPER = "#ece8df", "#8b867d", "#fffdf8"
# For countries beside China and the United States, where a chart has to tell several apart.
OTHERS = ("#3d7f70", "#7d5a9c", "#a8651a", "#2b7689", "#a84f7c", "#6f7a2d")
RAMP = ("#eef1f6", "#cfdcec", "#9dbbdc", "#3f6fa8", "#24568f")
DARK: Mapping[str, str] = {
    INK: "#ece8e0",
    MUTED: "#aaa59a",
    GRID: "#35322d",
    ALARM: "#ff9a86",
    WHISKER: "#7f796f",
    CHINA: "#ee7f69",
    UNITED_STATES: "#7cb0ea",
    HOMELESS: "#cfae6d",
    HATCH_GROUND: "#2b2925",
    HATCH_LINE: "#969085",
    PAPER: "#161513",
    **dict(zip(OTHERS, ("#6fbeac", "#b99ad6", "#e0a15c", "#6fc0d6", "#dd8fb8", "#b5c069"), strict=True)),
    **dict(zip(RAMP, ("#20252c", "#26384c", "#31557f", "#79aee6", "#a6cdf6"), strict=True)),
}
"""Every colour that charts use, and what the page exchanges it for in the dark."""
RAMP_TEXT = (INK, INK, INK, PAPER, PAPER)
HATCHED = "hatched"
# Colours belong to countries, not to ranks, so that they stay from week to week.
FILLS = {"CN": CHINA, "US": UNITED_STATES, INTERNATIONAL: HOMELESS, UNKNOWN: HATCHED}


@dataclass(frozen=True)
class Layout:
    """Pixels of one size. `plot_height` is fixed where the picture is, as on a card."""

    name: str
    width: int
    title_columns: int
    text_columns: int
    left: int = 0
    right: int = 0
    row: int = 28
    bar: int = 15
    label_columns: int = 25
    note_columns: int = 20
    is_stacked: bool = False
    plot_height: int | None = None

    @property
    def plot(self) -> int:
        """Width of the plot itself."""
        return self.width - self.left - self.right

    @property
    def is_narrow(self) -> bool:
        """Whether there is little room beside the plot."""
        return self.width < CARD_WIDTH - 2 * CARD_MARGIN

    def inset(self, left: int, right: int) -> Layout:
        """The same with other margins beside the plot."""
        return replace(self, left=left, right=right)


# Columns are counted in letters of DejaVu Sans, the widest font a reader is likely to have.
WIDE = Layout("wide", 720, 72, 100, left=212, right=160)
NARROW = Layout(
    "narrow", 358, 38, 47, left=0, right=2, row=42, bar=11, label_columns=23, note_columns=15, is_stacked=True
)
CARD = Layout("card", CARD_WIDTH - 2 * CARD_MARGIN, 54, 82, left=150, right=158, row=17, bar=10, label_columns=20)


@dataclass(frozen=True)
class Words:
    """What is written around a plot."""

    title: str
    warning: str
    subtitle: str
    footer: str


@dataclass(frozen=True)
class Plot:
    """Layers for one layout, and how tall they are together. `layout` has the margins that were used."""

    layers: Sequence[Any]
    height: int
    layout: Layout


@dataclass(frozen=True)
class Picture:
    """One chart before it has a size. `alternative` says in words what it shows, `draw` makes its layers for a layout."""

    key: str
    words: Words
    alternative: str
    caption: str
    draw: Callable[[Layout, str], Plot]
    data: Data | None = None


@dataclass(frozen=True)
class Data:
    """The numbers behind a chart, as a table."""

    rows: pl.DataFrame
    columns: Sequence[Column]
    caption: str


def words(edition: Edition, title: str, subtitle: str, basis: str) -> Words:
    """Write what stands around a plot; `basis` says scope and credit. Title and subtitle are sentences of ours."""
    return Words(
        title=_unbroken(title),
        warning=edition.marked("not the real Hub") if edition.is_rehearsal else "",
        subtitle=_unbroken(subtitle),
        footer=f"leadershift · {basis} · week {edition.week} ({span(edition.week)}) · release {edition.release_id}",
    )


def _unbroken(sentence: str) -> str:
    """Keep numbers together with their per cent sign where nothing wraps by itself."""
    return sentence.replace(" %", f"{NO_BREAK_SPACE}%")


def scope_words(scope: str, credit: str = "publisher") -> str:
    """Say what the denominator is, for the foot of a chart."""
    return f"scope {scope} ({SCOPES.get(scope, scope)}), {credit} credit"


def figure(picture: Picture) -> Fragment:
    """Set both sizes and the caption; outside of the page's style sheet only the wide one shows."""
    wide, narrow = svg(picture, WIDE), svg(picture, NARROW)
    return Fragment(
        f'<figure class="chart" id="{picture.key}"><div class="wide">{wide}</div>'
        f'<div class="narrow" hidden>{narrow}</div><figcaption>{prose(picture.caption)}</figcaption></figure>'
    )


def shown(picture: Picture | None, otherwise: str) -> Fragment:
    """Set a chart with its numbers behind a line that opens them; a sentence where there is nothing to draw."""
    if picture is None:
        return nothing(otherwise)
    if picture.data is None:
        return figure(picture)
    table = render_table(picture.data.rows, picture.data.columns, picture.data.caption)
    return joined([figure(picture), folded("The numbers behind this chart", table)])


def nothing(sentence: str) -> Fragment:
    """Say in place of a chart that there is nothing to draw."""
    return Fragment(f'<p class="nothing">{prose(sentence)}</p>')


def svg(picture: Picture, layout: Layout) -> str:
    """Draw one size as an SVG with a name and a description."""
    import vl_convert  # noqa: PLC0415 - heavy: only a report needs it
    from altair.utils import schemapi  # noqa: PLC0415 - heavy too

    hatch = f"{picture.key}-{layout.name}-hatch"
    # Altair checks each of its objects against a schema, for three quarters of a chart's time; a test checks whole charts.
    with schemapi.debug_mode(False):
        spec = _spec(picture, layout, hatch)
    # The empty list: a chart may load nothing, whatever its data says.
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return _accessible(drawn, hatch, picture)


def card(picture: Picture) -> bytes:
    """Draw the card: a PNG of 1200 x 630 pixels on paper, with scope, date and release in it."""
    import vl_convert  # noqa: PLC0415 - heavy: only a site needs it

    inside = svg(picture, CARD)
    opening, body = inside.split(">", 1)
    height = float(opening.split(' height="')[1].split('"')[0])
    shift = (CARD_HEIGHT - height) / 2
    whole = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{CARD_WIDTH}"'
        f' height="{CARD_HEIGHT}" viewBox="0 0 {CARD_WIDTH} {CARD_HEIGHT}">'
        f'<rect width="{CARD_WIDTH}" height="{CARD_HEIGHT}" fill="{PAPER}"/>'
        f'<rect width="{CARD_WIDTH}" height="5" fill="{INK}"/>'
        f'<g transform="translate({CARD_MARGIN},{shift:.2f})">{body.removesuffix("</svg>")}</g></svg>'
    )
    png: bytes = vl_convert.svg_to_png(whole, scale=CARD_SCALE)
    return png


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


_LETTERS = {
    **dict.fromkeys("iljI.,:;'|! ", 0.32),
    **dict.fromkeys("ftr()-[]·/", 0.41),
    **dict.fromkeys("mwMW%@…<>=+~^#&", 0.96),
}


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Estimate the pixels of a text in the widest font a reader is likely to have, DejaVu Sans."""
    total = 0.0
    for letter in text:
        # From the CJK radicals on letters fill a square.
        usual = 1.0 if letter > "\u2e7f" else 0.69 if letter.isupper() else 0.62
        total += _LETTERS.get(letter, usual)
    return total * size * (1.12 if is_bold else 1.0)


def fit_width(text: str, pixels: float, size: float, *, is_bold: bool = False) -> str:
    """Cut a cleaned text so that it takes at most so many pixels."""
    if text_width(text, size, is_bold=is_bold) <= pixels:
        return text
    while text and text_width(f"{text}…", size, is_bold=is_bold) > pixels:
        text = text[:-1]
    return f"{text.rstrip()}…"


def axis_percent(share: float) -> str:
    """Write a share for an axis: without a digit behind the point where it says nothing."""
    return f"{share * 100:.1f}".removesuffix(".0") + f"{NO_BREAK_SPACE}%"


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions apart until neighbours are `gap` apart, as little as possible, within low..high if there is room."""
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    placed = [wanted[index] for index in order]
    gap = min(gap, (high - low) / max(len(placed) - 1, 1))
    # Blocks of labels that touch move together, to the middle of what they wanted.
    blocks: list[tuple[list[float], float]] = []
    for position in placed:
        members, start = [position], position
        while True:
            start = min(max(start, low), high - (len(members) - 1) * gap)
            if not blocks or blocks[-1][1] + len(blocks[-1][0]) * gap <= start:
                break
            members = blocks.pop()[0] + members
            start = sum(value - number * gap for number, value in enumerate(members)) / len(members)
        blocks.append((members, start))
    flat = [start + number * gap for members, start in blocks for number in range(len(members))]
    result = [0.0] * len(wanted)
    for index, position in zip(order, flat, strict=True):
        result[index] = position
    return result


def month_ticks(days: Sequence[date], most: int) -> list[tuple[int, str]]:
    """Choose weeks to write below an axis: the first of a month, at most so many, years where they change."""
    if not days:
        return []
    firsts = [
        number
        for number, day in enumerate(days)
        if number == 0 or (day.year, day.month) != (days[number - 1].year, days[number - 1].month)
    ]
    # The first week is mostly in the middle of its month, and would crowd the next.
    if len(firsts) > 1 and days[0].day > 7:  # noqa: PLR2004 - not in the first week of a month
        firsts = firsts[1:]
    step = next(step for step in (1, 2, 3, 6, 12, 24, 48, 120) if math.ceil(len(firsts) / step) <= most)
    chosen = firsts[::step]
    ticks = []
    for number, week in enumerate(chosen):
        month, year = MONTHS[days[week].month - 1][:3], days[week].year
        is_new_year = number == 0 or days[chosen[number - 1]].year != year
        ticks.append((week, f"{month} {year}" if is_new_year else month))
    return ticks


def ceiling(reach: float) -> float:
    """The next round number of per cent above the longest bar, so that the last grid line stands behind it."""
    step: float = 10 ** math.floor(math.log10(reach))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if factor * step >= reach:
            return min(factor * step, 100.0)
    return 100.0


def dark_rules() -> str:
    """Write the style rules that exchange the charts' colours in the dark."""
    return "".join(
        f'.chart [{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    )


def _spec(picture: Picture, layout: Layout, hatch: str) -> dict[str, Any]:
    """Compose the layers. Sizes are fixed: texts are measured here with other fonts than the reader's."""
    lines, top = _header_lines(picture.words, layout)
    foot = wrap(picture.words.footer, round(layout.text_columns * 1.16))
    if layout is CARD:
        spare = CARD_HEIGHT - 22 - top - 22 - 13 * len(foot)
        layout = replace(layout, plot_height=spare)
    plot = picture.draw(layout, hatch)
    used = plot.layout
    left, line = -float(used.left), "alphabetic"
    around = [
        Text(text, left, offset - top, size, weight, fill, "left", line) for text, offset, size, weight, fill in lines
    ]
    first, step, size = (30, 13, 10.0) if layout.name == CARD.name else (44, 15, 11.0)
    around += [
        Text(text, left, plot.height + first + step * n, size, 400, MUTED, "left", line) for n, text in enumerate(foot)
    ]
    # Put together here: alt.layer would copy every layer's rows three times.
    layers = [layer.to_dict(validate=False) for layer in (*plot.layers, *texts(around, used, plot.height))]
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.json",
        "width": used.plot,
        "height": plot.height,
        "padding": {"left": used.left, "right": used.right, "top": top, "bottom": first - 7 + step * len(foot)},
        "autosize": {"type": "none"},
        "datasets": {name: rows for layer in layers for name, rows in layer["datasets"].items()},
        # Every layer says itself where its pixels are.
        "resolve": {"scale": {"x": "independent", "y": "independent"}},
        "layer": [{part: layer[part] for part in LAYER_PARTS if part in layer} for layer in layers],
        "config": {
            "aria": False,
            "background": None,
            "view": {"stroke": None},
            "axis": {
                "domain": False,
                "ticks": False,
                "gridColor": GRID,
                "labelColor": MUTED,
                "labelFontSize": 11.5,
                "labelPadding": 8,
            },
        }
        | ({"font": CARD_FONT} if layout.name == CARD.name else {}),
    }


def _header_lines(around: Words, layout: Layout) -> tuple[list[tuple[str, float, float, int, str]], int]:
    """Lay out title, warning and subtitle above the plot; gives text, offset, size, weight and colour of each, and the height."""
    is_card = layout.name == CARD.name
    rows = [(line, 18.0 if is_card else 16.0, 600, INK, 22) for line in wrap(around.title, layout.title_columns)]
    if around.warning:
        rows.append((around.warning, 12.0 if is_card else 13.0, 700, ALARM, 17 if is_card else 20))
    subtitle = wrap(around.subtitle, layout.text_columns)
    if is_card and len(subtitle) > 2:  # noqa: PLR2004 - a card has room for two lines
        subtitle = [subtitle[0], fit(" ".join(subtitle[1:]), layout.text_columns)]
    rows += [(line, 11.5 if is_card else 12.5, 400, MUTED, 15 if is_card else 17) for line in subtitle]
    lines, offset = [], 0
    for text, size, weight, fill, height in rows:
        offset += height
        lines.append((text, offset - 5.0, size, weight, fill))
    return lines, offset + (10 if is_card else 16)


def _accessible(drawn: str, hatch: str, picture: Picture) -> str:
    """Give the SVG a name and a description in place of its outermost tag, and the hatching that Vega can't draw."""
    opening, body = drawn.split(">", 1)
    size = opening[opening.index(" width=") :]
    around = picture.words
    title = escape(f"{around.warning}. {around.title}" if around.warning else around.title, quote=True)
    description = escaped(picture.alternative, MAX_ALTERNATIVE)
    pattern = (
        f'<defs><pattern id="{hatch}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" fill="{HATCH_GROUND}"/>'
        f'<line x1="1" y1="0" x2="1" y2="6" stroke="{HATCH_LINE}" stroke-width="2.2"/>'
        "</pattern></defs>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}. {description}"{size}>'
        f"<title>{title}</title><desc>{description}</desc>{pattern if f'url(#{hatch})' in body else ''}{body}"
    )


LAYER_PARTS = ("data", "transform", "mark", "encoding")
MAX_ALTERNATIVE = 1500  # a screen reader says it in one go


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
