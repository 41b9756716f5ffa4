"""Publisher against root credit as slopes: who uploads, and whose models they are in the end.

Not here: what root credit is (sql/core/roots).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Rule, Text, Track
from dagster_project.reports.charts.palette import GRID, MUTED, side_colour
from dagster_project.reports.charts.ranks import MIN_NAME
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.render import Column, percent, signed

SLOPE_SIDES = 10
CREDIT_COLUMNS = [
    Column("label", "Who"),
    Column("publisher", "By publisher", "share"),
    Column("root", "By root", "share"),
]


def credit_slopes(sides: pl.DataFrame, edition: Edition, scope: str, what: str) -> Picture | None:
    """Draw publisher against root credit as slopes. Columns: label, country, publisher, root (shares of all downloads)."""
    rows = sides.sort("publisher", "label", descending=[True, False]).head(SLOPE_SIDES)
    if rows.height < 2:  # noqa: PLR2004 - one line shows no difference
        return None
    items = list(rows.iter_rows(named=True))
    moved = max(items, key=lambda row: (abs(row["root"] - row["publisher"]), row["label"]))
    change = (moved["root"] - moved["publisher"]) * 100
    title = f"Who uploads, and whose models they are: {what}"
    subtitle = (
        f"Per cent of all downloads in week {edition.week}, {SCOPES[scope]}. Left: credited to whoever uploaded; right: to whoever"
        f" made the model it comes from. The largest difference: {moved['label']}, {signed(change)} points."
    )
    around = canvas.words(edition, title, subtitle, f"scope {scope} ({SCOPES[scope]}), publisher and root credit")
    top = max(max(row["publisher"], row["root"]) for row in items) or 1.0

    def draw(layout: Layout, _hatch: str) -> Plot:
        return _draw_credits(layout, items, top)

    spoken = "; ".join(f"{row['label']} {percent(row['publisher'])} to {percent(row['root'])}" for row in items)
    caption = "A line that rises: others upload what this side made. One that falls: it uploads what others made."
    data = canvas.Data(
        rows, CREDIT_COLUMNS, edition.marked(f"Shares of all downloads in week {edition.week}, {SCOPES[scope]}")
    )
    return Picture(
        f"credits-{scope.lower()}", around, f"Slopes from publisher to root credit: {spoken}.", caption, draw, data
    )


def _draw_credits(layout: Layout, items: Sequence[dict[str, Any]], top: float) -> Plot:
    used = (
        layout.inset(62, 206)
        if layout.is_narrow
        else layout.inset(62, 236)
        if layout.plot_height
        else layout.inset(240, 240)
    )
    chosen = items[: 7 if layout.plot_height else SLOPE_SIDES]
    height = layout.plot_height or 400
    head = 24

    def up(share: float) -> float:
        return head + (height - head) * (1 - share / top)

    size = 11 if layout.is_narrow or layout.plot_height else 12
    gap = size + 5
    lefts = placing.spread([up(row["publisher"]) for row in chosen], gap, head, height)
    rights = placing.spread([up(row["root"]) for row in chosen], gap, head, height)
    lines, dots, labels = [], [], []
    leaders = []
    for row, left, right in zip(chosen, lefts, rights, strict=True):
        stroke = side_colour(row["country"])
        one, two = up(row["publisher"]), up(row["root"])
        lines.append(Track(((0, one), (used.plot, two)), stroke, 2.2, halo=True))
        dots += [marks.Dot(0, one, stroke, 3.5), marks.Dot(used.plot, two, stroke, 3.5)]
        leaders += [
            Rule(-5, one, -15, left, stroke, 0.8),
            Rule(used.plot + 5, two, used.plot + 15, right, stroke, 0.8),
        ]
        room = used.right - 20 - placing.text_width("99.9 % ", size, is_bold=True)
        name = placing.fit_width(row["label"], room, size, is_bold=True)
        own = f"{name} " if used.left > MIN_NAME * 2 else ""
        labels.append(Text(f"{own}{percent(row['publisher'])}", -18, left, size, 600, stroke, "right"))
        labels.append(Text(f"{percent(row['root'])} {name}", used.plot + 18, right, size, 600, stroke))
    labels.append(Text("publisher", 0, 6, 11, 400, MUTED, "right"))
    labels.append(Text("root", used.plot, 6, 11, 400, MUTED, "left"))
    posts = [Rule(0, head - 6, 0, height, GRID, 1.2), Rule(used.plot, head - 6, used.plot, height, GRID, 1.2)]
    layers = marks.rules(posts + leaders, used, height) + marks.tracks(lines, used, height)
    layers += marks.dots(dots, used, height) + marks.texts(labels, used, height)
    return Plot(layers, height, used)
