"""Bars: who is downloaded, by country and by lab, with the unknown in sight. Twice each, for wide and for narrow pages.

Not here: which numbers are true (sql/), what all charts share (canvas), and what the page around a chart says (weekly).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.palette import ELSEWHERE, FILLS, HATCHED, INK, MUTED, WHISKER
from dagster_project.reports.headline import LEVEL, SCOPES, Edition, estimated_share
from dagster_project.reports.naming import (
    INTERNATIONAL,
    NOT_COUNTRIES,
    UNKNOWN,
    country_label,
    country_names,
    home,
    lab_label,
)
from dagster_project.reports.render import Fragment, count, nothing, percent, span

if TYPE_CHECKING:
    import altair as alt


TOP_COUNTRIES = 12
TOP_LABS = 15
CARD_COUNTRIES, CARD_LABS = 6, 9


@dataclass(frozen=True)
class Bar:
    """One row of a chart. Shares are of all downloads in scope, 0..1; `high` is the most it can be, if that is drawn."""

    label: str
    share: float
    fill: str
    high: float | None = None
    note: str = ""


def share_by_country(rows: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Draw who is downloaded, by country, with the unknown in sight. Takes rows of `marts.share_by_country`."""
    picture = countries_picture(rows, edition, scope)
    return canvas.figure(picture) if picture else _nothing(scope)


def top_labs(rows: pl.DataFrame, countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Draw the most downloaded labs. Takes rows of `marts.share_by_lab`, and those by country for the names."""
    scoped = _of(rows, edition, scope)
    if not scoped.height:
        return _nothing(scope)
    ranked, small = scoped.drop_nulls("rank").sort("rank", "lab"), scoped.filter(pl.col("rank").is_null())
    title = f"The {min(TOP_LABS, ranked.height)} most downloaded labs: {SCOPES[scope]}"
    rest = ranked.slice(TOP_LABS)
    caption = "A hatched bar is a namespace nobody has reviewed yet; it stands as a lab of its own."
    if rest.height:
        share = percent(float(rest["share_of_total"].sum()))
        caption += f" The other {count(rest.height)} labs and namespaces together have {share}."
    if small.height:
        share = percent(float(small["share_of_total"].sum()))
        caption += f" Namespaces that nobody reviewed, too small to stand alone, together have {share}."
    bars = lab_bars(ranked, country_names(countries))
    around = _words(edition, scope, title, "Beside each bar: the lab's home.", estimated_share(scoped))
    return canvas.figure(_picture(f"labs-{scope.lower()}", bars, bars[:CARD_LABS], around, caption))


def countries_picture(rows: pl.DataFrame, edition: Edition, scope: str) -> Picture | None:
    """Make the chart of countries; None where nothing was downloaded."""
    scoped = _of(rows, edition, scope)
    if not scoped.height:
        return None
    subtitle = "Thin line: the most it can be, if the whole unknown belongs there."
    around = _words(edition, scope, f"Downloads by country: {SCOPES[scope]}", subtitle, estimated_share(scoped))
    caption = (
        f"{count(float(scoped['downloads_flow'].sum()))} downloads of {count(float(scoped['n_models'].sum()))} models. "
        "A bar is what is known; the hatched bar is downloads of publishers whom nobody has reviewed yet."
    )
    few = country_bars(scoped, CARD_COUNTRIES)
    return _picture(f"countries-{scope.lower()}", country_bars(scoped), few, around, caption)


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
        bars.append(Bar(f"{others.height} others", share, ELSEWHERE, high=share + unknown))
    for code in (INTERNATIONAL, UNKNOWN):
        bars += [_country_bar(row) for row in scoped.filter(pl.col("country") == code).iter_rows(named=True)]
    return bars


def lab_bars(scoped: pl.DataFrame, names: Mapping[str, str]) -> list[Bar]:
    """Take one scope's labs by rank; `names` says what a country is called."""
    rows = scoped.sort("rank", "lab").head(TOP_LABS).iter_rows(named=True)
    return [
        Bar(
            label=lab_label(row["lab"], row["lab_name"]),
            share=row["share_of_total"],
            fill=FILLS.get(row["country"], ELSEWHERE),
            note=home(row["country"], names),
        )
        for row in rows
    ]


def _of(rows: pl.DataFrame, edition: Edition, scope: str) -> pl.DataFrame:
    scoped = rows.filter((pl.col("scope") == scope) & (pl.col("week") == edition.week.monday))
    return scoped if scoped["downloads_flow"].sum() else scoped.clear()


def _country_bar(row: Mapping[str, Any]) -> Bar:
    code = row["country"]
    high = None if code == UNKNOWN else row["upper_bound"]
    label = country_label(code, row["country_name"])
    return Bar(label, row["share_of_total"], FILLS.get(code, ELSEWHERE), high=high)


def _words(edition: Edition, scope: str, title: str, subtitle: str, estimated: float) -> canvas.Words:
    if estimated:
        part = "All" if estimated > 1 - LEVEL else percent(estimated)
        subtitle += f" {part} of this flow is estimated."
    subtitle = f"Per cent of all downloads in week {edition.week}, {span(edition.week)}. {subtitle}"
    return canvas.words(edition, title, subtitle, canvas.scope_words(scope))


def _nothing(scope: str) -> Fragment:
    return nothing(f"Nothing was measured for {SCOPES[scope]} in this week.")


def _picture(key: str, bars: Sequence[Bar], few: Sequence[Bar], around: canvas.Words, caption: str) -> Picture:
    """Make a chart of bars; a card has room for a few only."""

    def draw(layout: Layout, hatch: str) -> Plot:
        chosen = few if layout.is_card else bars
        if layout.plot_height:
            row = min(layout.plot_height // len(chosen), 24)
            layout = replace(layout, row=row, bar=max(row - 8, 7))
        rows = marks.chart([_datum(index, bar, layout, hatch) for index, bar in enumerate(chosen)])
        layers = [*_bar_layers(rows, chosen, layout), *_text_layers(rows, chosen, layout)]
        return Plot(layers, layout.row * len(chosen), layout)

    return Picture(key, around, _alternative(bars), caption, draw)


def _alternative(bars: Sequence[Bar]) -> str:
    return "Horizontal bars, per cent of all downloads: " + "; ".join(map(_spoken, bars)) + "."


def _spoken(bar: Bar) -> str:
    name = f"{bar.label} ({bar.note})" if bar.note else bar.label
    return f"{name} {percent(bar.share)}" + (f", at most {percent(bar.high)}" if bar.high is not None else "")


def _datum(index: int, bar: Bar, layout: Layout, hatch: str) -> dict[str, object]:
    return {
        "row": index,
        "label": placing.fit_width(bar.label, layout.left - 16 if layout.left else 190, 13),
        "note": placing.fit_width(bar.note, 100, 12),
        "value": percent(bar.share),
        "most": "" if bar.high is None else f"up to {percent(bar.high)}",
        "share": bar.share * 100,
        "high": None if bar.high is None else bar.high * 100,
        "fill": f"url(#{hatch})" if bar.fill == HATCHED else bar.fill,
    }


def _bar_layers(rows: alt.Chart, bars: Sequence[Bar], layout: Layout) -> list[alt.Chart]:
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    down = layout.row / 2 - layout.bar / 2 - 5 if layout.is_stacked else 0.0
    y, scale = _rows_of(bars), _scale(bars)
    axis = alt.Axis(title=None, tickCount=5, labelExpr="datum.label + ' %'", zindex=0)
    fill = alt.Fill("fill:N", scale=None, legend=None)
    bar = rows.mark_bar(height=layout.bar, yOffset=down)
    drawn = [bar.encode(y=y, x=alt.X("share:Q", axis=axis, scale=scale), fill=fill)]
    if any(bar.high is not None for bar in bars):
        whisker = rows.transform_filter("isValid(datum.high)")
        line = whisker.mark_rule(color=WHISKER, strokeWidth=1, yOffset=down)
        drawn.append(line.encode(y=y, x=alt.X("share:Q", axis=None, scale=scale), x2=alt.X2("high")))
        end = whisker.mark_tick(color=WHISKER, thickness=1.5, size=7, orient="vertical", yOffset=down)
        drawn.append(end.encode(y=y, x=alt.X("high:Q", axis=None, scale=scale)))
    return drawn


def _text_layers(rows: alt.Chart, bars: Sequence[Bar], layout: Layout) -> list[alt.Chart]:
    """Write names and numbers: beside the bars where there is room, above them where there is not."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    y, right = _rows_of(bars), {"align": "right"}
    up = -layout.bar / 2 - 3 if layout.is_stacked else 0.0
    plain: dict[str, Any] = {"fontSize": 13, "color": INK, "baseline": "middle", "dy": up}
    strong, quiet = plain | {"fontWeight": 600}, plain | {"fontSize": 12, "color": MUTED}
    name = (
        ("label", plain | {"align": "left"}, _pixel(0)) if layout.is_stacked else ("label", plain | right, _pixel(-12))
    )
    if any(bar.high is not None for bar in bars):
        # Bounds end anywhere, so the numbers have columns of their own.
        column = layout.plot - 94 if layout.is_stacked else layout.plot + 58
        numbers = ("value", strong | right, _pixel(column)), ("most", quiet | right, _pixel(column + 94))
    elif layout.is_stacked:
        numbers = ("value", strong | right, _pixel(layout.plot)), ("note", quiet | right, _pixel(layout.plot - 58))
    else:
        end = alt.X("share:Q", axis=None, scale=_scale(bars))
        beside = {"align": "left"}
        numbers = ("value", strong | beside | {"dx": 8}, end), ("note", quiet | beside | {"dx": 66}, end)
    return [rows.mark_text(**look).encode(y=y, x=x, text=alt.Text(f"{field}:N")) for field, look, x in (name, *numbers)]


def _rows_of(bars: Sequence[Bar]) -> alt.Y:
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return alt.Y("row:O", axis=None, scale=alt.Scale(domain=list(range(len(bars)))))


def _scale(bars: Sequence[Bar]) -> alt.Scale:
    """Leave room for a label behind the longest bar of labs; bounds have a column of their own."""
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    reach = max(max(bar.share if bar.high is None else bar.high for bar in bars) * 100, 0.1)
    return alt.Scale(domain=[0, placing.ceiling(reach)], nice=False)


def _pixel(at: float) -> Any:
    import altair as alt  # noqa: PLC0415 - heavy: only a report needs it

    return alt.XValue(at)  # type: ignore[no-untyped-call] # altair gives it no types
