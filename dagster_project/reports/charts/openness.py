"""How open labs' own releases have been, quarter by quarter, as tinted cells.

Not here: what open means (sql/marts/openness_tier).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import polars as pl

from dagster_project.reports.charts import canvas
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.cells import Grid
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.palette import MUTED
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import lab_label
from dagster_project.reports.render import Column, percent, quarter_name, text_column

OPEN_LABS, CARD_LABS = 14, 9
OPEN_QUARTERS, NARROW_QUARTERS = 8, 4
HEAD = 24  # pixels
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
    quarters = sorted(rows.filter(pl.col("level") == "lab")["quarter"].unique())[-OPEN_QUARTERS:]
    rows = rows.filter((pl.col("level") == "lab") & pl.col("quarter").is_in(quarters))
    shares = {
        (row["lab"], row["quarter"]): None if row["tier"] == "too few" else row["own_open_share"]
        for row in rows.iter_rows(named=True)
    }
    with_any = {lab for lab, _quarter in shares}
    shown = [(lab, name) for lab, name in labs if lab in with_any][:OPEN_LABS]
    if not shown:
        return None
    title, basis = "How open the labs' own releases are", "own work, neither quantised nor derived"
    last = [f"{name} {percent(share)}" for lab, name in shown if (share := shares.get((lab, quarters[-1]))) is not None]
    spoken = "; ".join(last) or "nothing that can be shown"
    return Picture(
        "openness",
        canvas.words(edition, title, _subtitle(rows, quarters[-1]), basis),
        f"Table of labs by quarter. In {quarter_name(quarters[-1])}: {spoken}.",
        "Hatched: fewer than three own releases. Empty: none.",
        partial(_draw_table, shown, quarters, shares),
        canvas.Data(_listed(rows, dict(shown)), OPEN_COLUMNS, edition.marked("Own releases by quarter")),
    )


def _subtitle(rows: pl.DataFrame, last: date) -> str:
    said = (
        "Per cent of each quarter's own releases that are permissively licensed and ungated; the most downloaded labs."
    )
    if rows.filter(pl.col("quarter") == last)["is_running"].any():
        said += " The last quarter is not over."
    before = rows.filter(pl.col("is_before_capture"))["quarter"].max()
    if isinstance(before, date):
        said += f" Up to {quarter_name(before)} only what was still listed at the first capture."
    return said


def _listed(rows: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    listed = rows.filter(pl.col("lab").is_in(list(names))).sort("quarter", "lab", descending=[True, False])
    return listed.with_columns(
        label=pl.col("lab").replace_strict(names, default=None),
        period=text_column(map(quarter_name, listed["quarter"])),
    )


def _draw_table(
    labs: Sequence[tuple[str, str]],
    quarters: Sequence[date],
    shares: Mapping[tuple[str, date], float | None],
    layout: Layout,
    hatch: str,
) -> Plot:
    quarters = quarters[-NARROW_QUARTERS if layout.is_narrow else -OPEN_QUARTERS :]
    labs = labs[: CARD_LABS if layout.plot_height else OPEN_LABS]
    row = (layout.plot_height - HEAD) / len(labs) if layout.plot_height else 27.0
    grid = Grid(layout.inset(172 if layout.is_narrow else 190, 4), HEAD, len(quarters), row, hatch)
    for n, quarter in enumerate(quarters):
        name = quarter_name(quarter)
        grid.name_column(n, f"’{name[2:4]} Q{name[-1]}" if layout.is_small else name, 11, 400, MUTED)
    for m, (lab, name) in enumerate(labs):
        grid.name_row(m, name, 11 if layout.is_small else 12, widest=12)
        for n, quarter in enumerate(quarters):
            if (lab, quarter) in shares:
                grid.cell(m, n, shares[lab, quarter], 10.5 if layout.is_small else 12)
    return grid.plot(len(labs))


def lab_order(newest: pl.DataFrame) -> list[tuple[str, str]]:
    """Order reviewed labs by rank: slug and name. Rows of one week and scope of `marts.share_by_lab`."""
    reviewed = newest.filter(~pl.col("lab").str.starts_with("hf:")).sort("rank", "lab")
    return [(lab, lab_label(lab, name)) for lab, name in reviewed.select("lab", "lab_name").iter_rows()]
