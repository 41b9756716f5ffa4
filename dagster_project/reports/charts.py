"""Charts as SVG: drawn with Altair, written by vl-convert without a browser, twice each, for wide and for narrow pages.

Every chart carries its own title, denominator and release, so that a picture of it can travel alone. Colours are literal in
the SVG; the page's style sheet (templates/weekly/page.css) exchanges them in the dark by exactly these literals.
Not here: which numbers are true (sql/), and what the page around a chart says (weekly).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_project.reports.headline import (
    INTERNATIONAL,
    LEVEL,
    NOT_COUNTRIES,
    SCOPES,
    UNKNOWN,
    Edition,
    country_label,
    estimated_share,
)
from dagster_project.reports.render import Fragment, clean, count, fit, percent, prose, span, wrap

if TYPE_CHECKING:
    import altair as alt

VEGA_LITE = "6.4"
TOP_COUNTRIES = 12
TOP_LABS = 15

INK, MUTED, GRID, ALARM, WHISKER = "#1f1d1a", "#65615a", "#e4dfd5", "#a3210f", "#9a948a"
CHINA, UNITED_STATES, ELSEWHERE, HOMELESS = "#c2412d", "#2b64a8", "#3d7f70", "#8a6d3b"
HATCH_GROUND, HATCH_LINE = "#ece8df", "#8b867d"
PALETTE = (INK, MUTED, GRID, ALARM, WHISKER, CHINA, UNITED_STATES, ELSEWHERE, HOMELESS, HATCH_GROUND, HATCH_LINE)
HATCHED = "hatched"
# Colours belong to countries, not to ranks, so that they stay from week to week.
_FILLS = {"CN": CHINA, "US": UNITED_STATES, INTERNATIONAL: HOMELESS, UNKNOWN: HATCHED}


@dataclass(frozen=True)
class Bar:
    """One row of a chart. Shares are of all downloads in scope, 0..1; `high` is the most it can be, if that is drawn."""

    label: str
    share: float
    fill: str
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Layout:
    """Pixels of one variant. Where names stand above their bars (`is_stacked`), no column is kept for them."""

    name: str
    width: int
    left: int
    right: int
    row: int
    bar: int
    title_columns: int
    text_columns: int
    label_columns: int
    note_columns: int
    is_stacked: bool

    @property
    def plot(self) -> int:
        """Width that bars have."""
        return self.width - self.left - self.right


# Columns are counted in letters of DejaVu Sans, the widest font a reader is likely to have.
WIDE = Layout("wide", 720, 212, 160, 28, 15, 72, 100, 25, 20, is_stacked=False)
NARROW = Layout("narrow", 358, 0, 2, 42, 11, 38, 47, 23, 15, is_stacked=True)


@dataclass(frozen=True)
class _Words:
    """What is written around the bars."""

    title: str
    warning: str
    subtitle: str
    footer: str


def share_by_country(rows: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Draw who is downloaded, by country, with the unknown in sight. Takes rows of `marts.share_by_country`."""
    scoped = _of(rows, edition, scope)
    if not scoped.height:
        return _nothing(scope)
    subtitle = "Thin line: the most it can be, if the whole unknown belongs there."
    words = _words(edition, scope, f"Downloads by country: {SCOPES[scope]}", subtitle, estimated_share(scoped))
    caption = (
        f"{count(float(scoped['downloads_flow'].sum()))} downloads of {count(float(scoped['n_models'].sum()))} models. "
        "A bar is what is known; the hatched bar is downloads of publishers whom nobody has reviewed yet."
    )
    return _figure(f"countries-{scope.lower()}", country_bars(scoped), words, caption)


def top_labs(rows: pl.DataFrame, countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Draw the most downloaded labs. Takes rows of `marts.share_by_lab`, and those by country for the names."""
    scoped = _of(rows, edition, scope)
    if not scoped.height:
        return _nothing(scope)
    title = f"The {min(TOP_LABS, scoped.height)} most downloaded labs: {SCOPES[scope]}"
    words = _words(edition, scope, title, "Beside each bar: the lab's home.", estimated_share(scoped))
    rest = scoped.sort("rank").slice(TOP_LABS)
    caption = "A hatched bar is a namespace nobody has reviewed yet; it stands as a lab of its own."
    if rest.height:
        share = percent(float(rest["share_of_total"].sum()))
        caption += f" The other {count(rest.height)} labs and namespaces together have {share}."
    return _figure(f"labs-{scope.lower()}", lab_bars(scoped, country_names(countries)), words, caption)


def country_bars(scoped: pl.DataFrame, top: int = TOP_COUNTRIES) -> list[Bar]:
    """Order one scope's rows: the top countries, the others as one sum, then international and unknown.

    A sum's upper bound is the sum of its shares plus the unknown once, not once per country.
    """
    unknown = float(scoped["unknown_share"].max())  # type: ignore[arg-type] # a share is a number
    known = scoped.filter(~pl.col("country").is_in(list(NOT_COUNTRIES)))
    known = known.sort("share_of_total", "country", descending=[True, False])
    bars = [_country_bar(row) for row in known.head(top).iter_rows(named=True)]
    others = known.slice(top)
    if others.height:
        share = float(others["share_of_total"].sum())
        bars.append(Bar(f"Other countries ({others.height})", share, ELSEWHERE, high=share + unknown))
    for code in (INTERNATIONAL, UNKNOWN):
        bars += [_country_bar(row) for row in scoped.filter(pl.col("country") == code).iter_rows(named=True)]
    return bars


def lab_bars(scoped: pl.DataFrame, names: Mapping[str, str], top: int = TOP_LABS) -> list[Bar]:
    """Take one scope's labs by rank; `names` says what a country is called."""
    rows = scoped.sort("rank").head(top).iter_rows(named=True)
    return [
        Bar(
            label=lab_label(row["lab"], row["lab_name"]),
            share=row["share_of_total"],
            fill=_FILLS.get(row["country"], ELSEWHERE),
            note=home(row["country"], names),
        )
        for row in rows
    ]


def country_names(countries: pl.DataFrame) -> dict[str, str]:
    """Say what each country of the rows is called."""
    pairs = countries.select("country", "country_name").unique().sort("country").iter_rows()
    return {code: country_label(code, name) for code, name in pairs}


def home(country: str | None, names: Mapping[str, str]) -> str:
    """Say where a lab is at home; not reviewed is not the same as international."""
    if country is None or country == UNKNOWN:
        return "not reviewed"
    return names.get(country) or country_label(country, None)


def lab_label(lab: str, name: object) -> str:
    """Name a lab; an unreviewed namespace goes without its `hf:`."""
    return clean(name).removeprefix("hf:") or clean(lab).removeprefix("hf:") or "Unnamed"


def _of(rows: pl.DataFrame, edition: Edition, scope: str) -> pl.DataFrame:
    scoped = rows.filter((pl.col("scope") == scope) & (pl.col("week") == edition.week.monday))
    return scoped if scoped["downloads_flow"].sum() else scoped.clear()


def _country_bar(row: Mapping[str, Any]) -> Bar:
    code = row["country"]
    high = None if code == UNKNOWN else row["upper_bound"]
    label = country_label(code, row["country_name"])
    return Bar(label, row["share_of_total"], _FILLS.get(code, ELSEWHERE), high=high)


def _words(edition: Edition, scope: str, title: str, subtitle: str, estimated: float) -> _Words:
    if estimated:
        part = "All" if estimated > 1 - LEVEL else percent(estimated)
        subtitle += f" {part} of this flow is estimated."
    return _Words(
        title=title,
        warning=edition.marked("not the real Hub") if edition.is_rehearsal else "",
        subtitle=f"Per cent of all downloads in week {edition.week}, {span(edition.week)}. {subtitle}",
        footer=f"leadershift · scope {scope}, publisher credit · release {edition.release_id}",
    )


def _nothing(scope: str) -> Fragment:
    return Fragment(f'<p class="nothing">Nothing was measured for {prose(SCOPES[scope])} in this week.</p>')


def _figure(key: str, bars: Sequence[Bar], words: _Words, caption: str) -> Fragment:
    """Set both variants and the caption; outside of the page's style sheet only the wide one shows."""
    wide = _svg(key, bars, words, WIDE)
    narrow = _svg(key, bars, words, NARROW)
    return Fragment(
        f'<figure class="chart" id="{key}"><div class="wide">{wide}</div><div class="narrow" hidden>{narrow}</div>'
        f"<figcaption>{prose(caption)}</figcaption></figure>"
    )


def _svg(key: str, bars: Sequence[Bar], words: _Words, layout: Layout) -> str:
    import vl_convert  # noqa: PLC0415 - heavy: only a report needs it

    hatch = f"{key}-{layout.name}-hatch"
    spec = _spec(bars, words, layout, hatch)
    # The empty list: a chart may load nothing, whatever its data says.
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return _accessible(drawn, hatch, words, _alternative(bars))


def _accessible(drawn: str, hatch: str, words: _Words, alternative: str) -> str:
    """Give the SVG a name and a description in place of its outermost tag, and the hatching that Vega can't draw."""
    opening, body = drawn.split(">", 1)
    size = opening[opening.index(" width=") :]
    title = escape(f"{words.warning}. {words.title}" if words.warning else words.title, quote=True)
    description = escape(alternative, quote=True)
    pattern = (
        f'<pattern id="{hatch}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" fill="{HATCH_GROUND}"/>'
        f'<line x1="1" y1="0" x2="1" y2="6" stroke="{HATCH_LINE}" stroke-width="2.2"/>'
        "</pattern>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}. {description}"{size}>'
        f"<title>{title}</title><desc>{description}</desc><defs>{pattern}</defs>{body}"
    )


def _alternative(bars: Sequence[Bar]) -> str:
    return "Horizontal bars, per cent of all downloads: " + "; ".join(map(_spoken, bars)) + "."


def _spoken(bar: Bar) -> str:
    name = f"{bar.label} ({bar.note})" if bar.note else bar.label
    return f"{name} {percent(bar.share)}" + (f", at most {percent(bar.high)}" if bar.high is not None else "")


def _spec(bars: Sequence[Bar], words: _Words, layout: Layout, hatch: str) -> dict[str, Any]:
    """Compose the layers. Sizes are fixed: texts are measured here with other fonts than the reader's."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    header, top = _header(words, layout)
    height = layout.row * len(bars)
    rows = alt.Chart(alt.InlineData(values=[_datum(index, bar, layout, hatch) for index, bar in enumerate(bars)]))
    layers = [*_bar_layers(alt, rows, bars, layout), *_text_layers(alt, rows, bars, layout), *header]
    footer = wrap(words.footer, layout.text_columns)[:2]
    layers += [_line(alt, line, layout, height + 44 + 15 * number, size=11) for number, line in enumerate(footer)]
    chart = (
        alt.layer(*layers)
        .properties(
            width=layout.plot,
            height=height,
            padding={"left": layout.left, "right": layout.right, "top": top, "bottom": 37 + 15 * len(footer)},
            autosize={"type": "none"},
        )
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False, gridColor=GRID, labelColor=MUTED, labelFontSize=11.5, labelPadding=8)
    )
    spec: dict[str, Any] = chart.to_dict()
    spec["config"] |= {"aria": False, "background": None}
    return spec


def _datum(index: int, bar: Bar, layout: Layout, hatch: str) -> dict[str, object]:
    return {
        "row": index,
        "label": fit(bar.label, layout.label_columns),
        "note": fit(bar.note, layout.note_columns),
        "value": percent(bar.share),
        "most": "" if bar.high is None else f"up to {percent(bar.high)}",
        "share": bar.share * 100,
        "high": None if bar.high is None else bar.high * 100,
        "fill": f"url(#{hatch})" if bar.fill == HATCHED else bar.fill,
    }


def _bar_layers(alt: Any, rows: alt.Chart, bars: Sequence[Bar], layout: Layout) -> list[alt.Chart]:
    down = _bar_shift(layout)
    y = alt.Y("row:O", axis=None)
    # Room for a label behind the longest bar of labs; bounds have a column of their own.
    reach = max(max(bar.share if bar.high is None else bar.high for bar in bars) * 100, 0.1)
    axis = alt.Axis(title=None, tickCount=5, labelExpr="datum.label + ' %'", zindex=0)
    x = alt.X("share:Q", axis=axis, scale=alt.Scale(domain=[0, _ceiling(reach)], nice=False))
    fill = alt.Fill("fill:N", scale=None, legend=None)
    drawn = [rows.mark_bar(height=layout.bar, yOffset=down).encode(y=y, x=x, fill=fill)]
    if any(bar.high is not None for bar in bars):
        whisker = rows.transform_filter("isValid(datum.high)")
        drawn.append(whisker.mark_rule(color=WHISKER, strokeWidth=1, yOffset=down).encode(y=y, x=x, x2="high:Q"))
        end = whisker.mark_tick(color=WHISKER, thickness=1.5, size=7, orient="vertical", yOffset=down)
        drawn.append(end.encode(y=y, x=alt.X("high:Q", axis=axis)))
    return drawn


def _text_layers(alt: Any, rows: alt.Chart, bars: Sequence[Bar], layout: Layout) -> list[alt.Chart]:
    """Write names and numbers: beside the bars where there is room, above them where there is not."""
    up = -layout.bar / 2 - 3 if layout.is_stacked else 0.0
    y = alt.Y("row:O", axis=None)
    plain: dict[str, Any] = {"fontSize": 13, "color": INK, "baseline": "middle", "dy": up}
    strong = plain | {"fontWeight": 600}
    quiet = plain | {"fontSize": 12, "color": MUTED}
    at = alt.value(0 if layout.is_stacked else -12)
    name = rows.mark_text(**plain, align="left" if layout.is_stacked else "right").encode(y=y, x=at, text="label:N")
    if any(bar.high is not None for bar in bars):
        # Bounds end anywhere, so the numbers have columns of their own.
        column = layout.plot - 94 if layout.is_stacked else layout.plot + 58
        value = rows.mark_text(**strong, align="right").encode(y=y, x=alt.value(column), text="value:N")
        note = rows.mark_text(**quiet, align="right").encode(y=y, x=alt.value(column + 94), text="most:N")
    elif layout.is_stacked:
        value = rows.mark_text(**strong, align="right").encode(y=y, x=alt.value(layout.plot), text="value:N")
        note = rows.mark_text(**quiet, align="right").encode(y=y, x=alt.value(layout.plot - 58), text="note:N")
    else:
        end = alt.X("share:Q")
        value = rows.mark_text(**strong, align="left", dx=8).encode(y=y, x=end, text="value:N")
        note = rows.mark_text(**quiet, align="left", dx=66).encode(y=y, x=end, text="note:N")
    return [name, value, note]


def _header(words: _Words, layout: Layout) -> tuple[list[alt.Chart], int]:
    """Write title, warning and subtitle above the plot; gives the layers and the height they need."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    lines = [(line, 16.0, 600, INK, 21) for line in wrap(words.title, layout.title_columns)]
    if words.warning:
        lines.append((words.warning, 13.0, 700, ALARM, 20))
    lines += [(line, 12.5, 400, MUTED, 17) for line in wrap(words.subtitle, layout.text_columns)]
    top = sum(line[-1] for line in lines) + 16
    drawn, y = [], -top
    for text, size, weight, colour, height in lines:
        y += height
        drawn.append(_line(alt, text, layout, y - 5, size=size, weight=weight, colour=colour))
    return drawn, top


def _line(
    alt: Any, text: str, layout: Layout, y: float, *, size: float, weight: int = 400, colour: str = MUTED
) -> alt.Chart:
    mark = alt.Chart(alt.InlineData(values=[{"text": text}])).mark_text(
        align="left", baseline="alphabetic", fontSize=size, fontWeight=weight, color=colour
    )
    return mark.encode(text="text:N", x=alt.value(-layout.left), y=alt.value(y))  # type: ignore[no-any-return]


def _bar_shift(layout: Layout) -> float:
    return layout.row / 2 - layout.bar / 2 - 5 if layout.is_stacked else 0.0


def _ceiling(reach: float) -> float:
    """The next round number of per cent above the longest bar, so that the last grid line stands behind it."""
    step: float = 10 ** math.floor(math.log10(reach))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if factor * step >= reach:
            return min(factor * step, 100.0)
    return 100.0
