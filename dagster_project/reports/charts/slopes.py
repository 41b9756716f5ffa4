"""Publisher against root credit as slopes: who uploads, and whose models they are in the end.

Not here: what root credit is (sql/core/roots).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Dot, Rule, Text, Track
from dagster_project.reports.charts.palette import GRID, MUTED, side_colour
from dagster_project.reports.charts.ranks import MIN_NAME
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.render import Column, percent, signed

SLOPE_SIDES = 10
HEAD = 24  # pixels
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
        f" made the model it comes from. The largest difference among these: {moved['label']}, {signed(change)} points."
    )
    around = canvas.words(edition, title, subtitle, f"scope {scope} ({SCOPES[scope]}), publisher and root credit")
    top = max(max(row["publisher"], row["root"]) for row in items) or 1.0
    spoken = "; ".join(f"{row['label']} {percent(row['publisher'])} to {percent(row['root'])}" for row in items)
    caption = "A line that rises: others upload what this side made. One that falls: it uploads what others made."
    numbers = edition.marked(f"Shares of all downloads in week {edition.week}, {SCOPES[scope]}")
    return Picture(
        f"credits-{scope.lower()}",
        around,
        f"Slopes from publisher to root credit: {spoken}.",
        caption,
        partial(_draw_credits, items, top),
        canvas.Data(rows, CREDIT_COLUMNS, numbers),
    )


def _draw_credits(items: Sequence[Mapping[str, Any]], top: float, layout: Layout, _hatch: str) -> Plot:
    used = layout.inset(*layout.pick(wide=(240, 240), narrow=(62, 206), card=(62, 236)))
    height = layout.plot_height or 400
    chosen = items[: 7 if layout.plot_height else SLOPE_SIDES]
    size = 11 if layout.is_small else 12
    ends = [
        tuple(HEAD + (height - HEAD) * (1 - row[credit] / top) for credit in ("publisher", "root")) for row in chosen
    ]
    lefts, rights = (placing.spread(wanted, size + 5, HEAD, height) for wanted in zip(*ends, strict=True))
    lines, dots, pointers, labels = [], [], [], []
    for row, (one, two), left, right in zip(chosen, ends, lefts, rights, strict=True):
        stroke = side_colour(row["country"])
        lines.append(Track(((0, one), (used.plot, two)), stroke, 2.2, halo=True))
        dots += [Dot(0, one, stroke, 3.5), Dot(used.plot, two, stroke, 3.5)]
        pointers.append(Rule(-5, one, -15, left, stroke, 0.8))
        pointers.append(Rule(used.plot + 5, two, used.plot + 15, right, stroke, 0.8))
        labels += _labels(used, row, size, left, right)
    labels.append(Text("publisher", 0, 6, 11, 400, MUTED, "right"))
    labels.append(Text("root", used.plot, 6, 11, 400, MUTED, "left"))
    posts = [Rule(at, HEAD - 6, at, height, GRID, 1.2) for at in (0, used.plot)]
    return marks.plot(used, height, [*posts, *pointers], lines, dots, labels)


def _labels(used: Layout, row: Mapping[str, Any], size: float, left: float, right: float) -> list[Text]:
    """Write a side's name and share at both ends of its line; the name on the left only where it says something."""
    stroke = side_colour(row["country"])
    room = used.right - 20 - placing.text_width("99.9 % ", size, is_bold=True)
    name = placing.fit_width(row["label"], room, size, is_bold=True)
    own = f"{name} " if used.left > MIN_NAME * 2 else ""
    return [
        Text(f"{own}{percent(row['publisher'])}", -18, left, size, 600, stroke, "right"),
        Text(f"{percent(row['root'])} {name}", used.plot + 18, right, size, 600, stroke),
    ]
