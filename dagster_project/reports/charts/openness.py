"""How open labs' own releases have been, quarter by quarter, as tinted cells.

Not here: what open means (sql/marts/openness_tier).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from dagster_project.reports.charts import canvas
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.cells import Grid
from dagster_project.reports.charts.layout import CARD, Layout, Plot
from dagster_project.reports.charts.palette import MUTED
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import lab_label
from dagster_project.reports.render import Column, percent, quarter_name, text_column

OPEN_LABS, CARD_LABS = 14, 9
OPEN_QUARTERS, NARROW_QUARTERS = 8, 4
OPEN_COLUMNS = [
    Column("label", "Lab"),
    Column("period", "Quarter"),
    Column("n_own", "Own releases", "count"),
    Column("own_open_share", "Open", "share"),
    Column("gated_share", "Gated, of all", "share"),
    Column("tier", "Tier"),
]


def openness_over_time(rows: pl.DataFrame, labs: Sequence[tuple[str, str]], edition: Edition) -> Picture | None:
    """Draw the open share of each lab's own releases by quarter. Rows of `marts.openness_tier`; `labs` gives slug and name, in order."""
    rows = rows.filter(pl.col("level") == "lab")
    if not rows.height or not labs:
        return None
    quarters = sorted(rows["quarter"].unique().to_list())[-OPEN_QUARTERS:]
    cells: dict[tuple[str, date], float | None] = {
        (row["lab"], row["quarter"]): None if row["tier"] == "too few" else row["own_open_share"]
        for row in rows.filter(pl.col("quarter").is_in(quarters)).iter_rows(named=True)
    }
    shown = [(lab, name) for lab, name in labs if any((lab, quarter) in cells for quarter in quarters)][:OPEN_LABS]
    if not shown:
        return None
    running = rows.filter(pl.col("quarter") == quarters[-1])["is_running"].any()
    before = rows.filter(pl.col("is_before_capture") & pl.col("quarter").is_in(quarters))["quarter"].max()
    note = (
        f" Up to {quarter_name(before)} only what was still listed at the first capture."
        if isinstance(before, date)
        else ""
    )
    subtitle = (
        "Per cent of each quarter's own releases that are permissively licensed and ungated; the most downloaded labs."
        f"{' The last quarter is not over.' if running else ''}{note}"
    )
    around = canvas.words(
        edition, "How open the labs' own releases are", subtitle, "own work, neither quantised nor derived"
    )

    def draw(layout: Layout, hatch: str) -> Plot:
        is_small = layout.is_narrow or layout.name == CARD.name
        used = layout.inset(172 if layout.is_narrow else 190, 4)
        columns = quarters[-NARROW_QUARTERS if layout.is_narrow else -OPEN_QUARTERS :]
        lines = shown[: CARD_LABS if layout.plot_height else OPEN_LABS]
        head = 24
        row = (layout.plot_height - head) / len(lines) if layout.plot_height else 27.0
        grid = Grid(used, head, len(columns), row, hatch)
        for n, quarter in enumerate(columns):
            text = f"{quarter_name(quarter)[2:4]} Q{quarter_name(quarter)[-1]}" if is_small else quarter_name(quarter)
            grid.name_column(n, f"’{text}" if is_small else text, 11, 400, MUTED)
        for m, (lab, name) in enumerate(lines):
            grid.name_row(m, name, 11 if is_small else 12, widest=12)
            for n, quarter in enumerate(columns):
                if (lab, quarter) in cells:
                    grid.cell(m, n, cells[lab, quarter], 10.5 if is_small else 12)
        return grid.plot(len(lines))

    last = [f"{name} {percent(share)}" for lab, name in shown if (share := cells.get((lab, quarters[-1]))) is not None]
    alternative = (
        f"Table of labs by quarter. In {quarter_name(quarters[-1])}: {'; '.join(last) or 'nothing that can be shown'}."
    )
    caption = "Darker is more open. Hatched: fewer than three own releases. Empty: none."
    named = dict(shown)
    listed = rows.filter(pl.col("quarter").is_in(quarters) & pl.col("lab").is_in(list(named)))
    listed = listed.sort("quarter", "lab", descending=[True, False])
    told = listed.with_columns(
        label=pl.col("lab").replace_strict(named, default=None),
        period=text_column(map(quarter_name, listed["quarter"])),
    )
    data = canvas.Data(told, OPEN_COLUMNS, edition.marked("Own releases by quarter"))
    return Picture("openness", around, alternative, caption, draw, data)


def lab_order(newest: pl.DataFrame) -> list[tuple[str, str]]:
    """Order reviewed labs by rank: slug and name. Rows of one week and scope of `marts.share_by_lab`."""
    reviewed = newest.filter(~pl.col("lab").str.starts_with("hf:")).sort("rank", "lab")
    return [(lab, lab_label(lab, name)) for lab, name in reviewed.select("lab", "lab_name").iter_rows()]
