"""A chart as a whole: the words around its plot, and the way from a plot to an SVG, a figure of a page, or a PNG card.

A chart is an Altair drawing of fixed size that vl-convert writes without a browser. It carries its own title, denominator,
date and release, so that a picture of it can travel alone.
Not here: what is drawn (the other modules of this folder).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from dagster_project.reports.charts.layout import (
    CARD,
    CARD_HEIGHT,
    CARD_MARGIN,
    CARD_SCALE,
    CARD_WIDTH,
    NARROW,
    WIDE,
    Layout,
    Plot,
)
from dagster_project.reports.charts.marks import Text, texts
from dagster_project.reports.charts.palette import ALARM, GRID, HATCH_GROUND, HATCH_LINE, INK, MUTED, PAPER
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.render import (
    NO_BREAK_SPACE,
    Column,
    Fragment,
    escaped,
    fit,
    folded,
    joined,
    nothing,
    prose,
    render_table,
    span,
    wrap,
)

if TYPE_CHECKING:
    import polars as pl


VEGA_LITE = "6.4"
# vl-convert brings this one along, so that a card is the same on every machine.
CARD_FONT = "Liberation Sans"
CARD_LINES = 3  # of the subtitle; more would leave no room for the plot
MAX_ALTERNATIVE = 1500  # a screen reader says it in one go
LAYER_PARTS = ("data", "transform", "mark", "encoding")
LOOK: dict[str, Any] = {
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
"""What Vega draws differently for all charts."""


@dataclass(frozen=True)
class Words:
    """What is written around a plot."""

    title: str
    warning: str
    subtitle: str
    footer: str


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


def _spec(picture: Picture, layout: Layout, hatch: str) -> dict[str, Any]:
    """Compose the layers. Sizes are fixed: texts are measured here with other fonts than the reader's."""
    header, top = _header(picture.words, layout)
    foot = wrap(picture.words.footer, round(layout.text_columns * 1.16))
    first, step, size = (30, 13, 10.0) if layout.is_card else (44, 15, 11.0)
    if layout.is_card:
        layout = replace(layout, plot_height=CARD_HEIGHT - 22 - top - 22 - step * len(foot))
    plot = picture.draw(layout, hatch)
    used = plot.layout
    lines = [replace(line, y=line.y - top) for line in header]
    lines += [Text(text, 0, plot.height + first + step * n, size, fill=MUTED) for n, text in enumerate(foot)]
    around = [replace(line, x=-float(used.left), baseline="alphabetic") for line in lines]
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
        "config": LOOK | ({"font": CARD_FONT} if layout.is_card else {}),
    }


def _header(around: Words, layout: Layout) -> tuple[list[Text], int]:
    """Lay out title, warning and subtitle above the plot, from their upper edge; gives their height too."""
    is_card = layout.is_card
    rows = [(line, 18.0 if is_card else 16.0, 600, INK, 22) for line in wrap(around.title, layout.title_columns)]
    if around.warning:
        rows.append((around.warning, 12.0 if is_card else 13.0, 700, ALARM, 17 if is_card else 20))
    subtitle = wrap(around.subtitle, layout.text_columns)
    if is_card and len(subtitle) > CARD_LINES:
        subtitle = [*subtitle[: CARD_LINES - 1], fit(" ".join(subtitle[CARD_LINES - 1 :]), layout.text_columns)]
    rows += [(line, 11.5 if is_card else 12.5, 400, MUTED, 15 if is_card else 17) for line in subtitle]
    lines, offset = [], 0
    for text, size, weight, fill, height in rows:
        offset += height
        lines.append(Text(text, 0, offset - 5.0, size, weight, fill))
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
