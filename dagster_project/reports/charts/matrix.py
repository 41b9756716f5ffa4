"""Who builds on whose models: countries against countries, as tinted cells.

Not here: which rows are read (reads).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.reports.charts import canvas, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.cells import Grid
from dagster_project.reports.charts.layout import CARD, Layout, Plot
from dagster_project.reports.charts.palette import INK
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN, code_name
from dagster_project.reports.render import NOTHING, Column, percent, quarter_name, text_column

MATRIX_SIDES = 8
MATRIX_COLUMNS = [
    Column("author", "Authors in"),
    Column("base", "Build on"),
    Column("n_models", "Derivatives", "count"),
    Column("share", "Of theirs", "share"),
    Column("is_suppressed", "Too few", "yes_no"),
]


def lineage_matrix(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition) -> Picture | None:
    """Draw whose models each country's derivatives come from. Rows of one quarter and root credit of `marts.lineage_flows`."""
    if not rows.height:
        return None
    quarter, is_running = rows["quarter"][0], bool(rows["is_running"][0])
    authors = _largest(rows, "derivative_country")
    bases = _largest(rows, "base_country")
    cells: dict[tuple[str, str], float | None] = {
        (row["base_country"], row["derivative_country"]): None if row["is_suppressed"] else row["share"]
        for row in rows.iter_rows(named=True)
    }
    named = {code: code_name(code, names) for code in {*authors, *bases}}
    unknown = float(rows["unknown_share"][0] or 0.0)
    hidden = float(rows["suppressed_models"][0]) / max(float(rows["all_models"][0]), 1.0)
    subtitle = (
        f"New derivatives of {quarter_name(quarter)}{' so far' if is_running else ''}, per cent of each author country's. Columns:"
        f" authors; rows: home of the model it comes from in the end. {percent(unknown)} come from a base nobody reviewed."
    )
    around = canvas.words(edition, "Who builds on whose models", subtitle, "all models, root credit")

    def draw(layout: Layout, hatch: str) -> Plot:
        is_small = layout.is_narrow or layout.name == CARD.name
        used = layout.inset(66 if layout.is_narrow else 150, 4)
        columns, lines = authors[: 6 if layout.is_narrow else 8], bases[:7]
        head = 26
        row = min((layout.plot_height - head) / len(lines), 30) if layout.plot_height else 34.0
        grid = Grid(used, head, len(columns), row, hatch)
        for n, author in enumerate(columns):
            size = 10.5 if is_small else 12
            is_long = placing.text_width(named[author], size, is_bold=True) > grid.wide - 4
            text = author if is_small or is_long else named[author]
            special = {UNKNOWN: "Unk." if is_small else "Unknown", INTERNATIONAL: "Intl." if is_small else "Intern’l"}
            text = special.get(author, text)
            grid.name_column(n, placing.fit_width(text, grid.wide - 4, size, is_bold=True), size, 600, INK)
        for m, base in enumerate(lines):
            text = {UNKNOWN: "Unknown", INTERNATIONAL: "Intern’l"}.get(base, base) if layout.is_narrow else named[base]
            size = 11 if is_small else 12.5
            grid.name_row(m, text, size, widest=12.5)
            for n, author in enumerate(columns):
                none = "" if (base, author) in cells else NOTHING
                weight = 600 if base == author else 400
                grid.cell(m, n, cells.get((base, author), 0.0), size, text=none, weight=weight)
        return grid.plot(len(lines))

    own = [f"{named[code]} {percent(share)}" for code in authors if (share := cells.get((code, code))) is not None]
    alternative = f"Matrix of countries. On bases from their own country: {'; '.join(own) or 'none that can be shown'}."
    caption = (
        f"A column adds up to 100 % with what is not shown. Hatched: fewer than 20 derivatives, too few to say anything"
        f" ({percent(hidden)} of all lie in such cells). A line: none."
    )
    pairs = rows.select("base_country", "derivative_country").iter_rows()
    labels = [(code_name(a, names), code_name(b, names)) for a, b in pairs]
    told = rows.with_columns(
        base=text_column(pair[0] for pair in labels),
        author=text_column(pair[1] for pair in labels),
    ).sort("all_models", "n_models", "base", "author", descending=[True, True, False, False], nulls_last=True)
    data = canvas.Data(told, MATRIX_COLUMNS, edition.marked(f"New derivatives of {quarter_name(quarter)}, root credit"))
    return Picture("lineage", around, alternative, caption, draw, data)


def _largest(rows: pl.DataFrame, side: str) -> list[str]:
    """Order countries by their derivatives, then by how many others they share with, international and unknown last."""
    sums = rows.group_by(side).agg(pl.col("n_models").fill_null(0).sum(), cells=pl.len())
    codes = sums.sort("n_models", "cells", side, descending=[True, True, False])[side].to_list()
    special = [code for code in (INTERNATIONAL, UNKNOWN) if code in codes]
    known = [code for code in codes if code not in special]
    return [*known[: MATRIX_SIDES - len(special)], *special]
