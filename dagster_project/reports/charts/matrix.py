"""Who builds on whose models: countries against countries, as tinted cells.

Not here: which rows are read (reads).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.cells import SMALL_CELL, Cell
from dagster_project.reports.charts.layout import CARD, Layout, Plot
from dagster_project.reports.charts.marks import Box, Text
from dagster_project.reports.charts.palette import INK, RAMP, RAMP_TEXT
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN, country_label
from dagster_project.reports.render import Column, percent, quarter_name

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
    cells = {
        (row["base_country"], row["derivative_country"]): (
            Cell(None, SMALL_CELL) if row["is_suppressed"] or row["share"] is None else Cell(row["share"], "")
        )
        for row in rows.iter_rows(named=True)
    }
    named = {code: country_label(code, names.get(code)) for code in {*authors, *bases}}
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
        wide = used.plot / len(columns)
        row = min((layout.plot_height - head) / len(lines), 30) if layout.plot_height else 34.0
        height = round(head + row * len(lines))
        tiles, labels = [], []
        for n, author in enumerate(columns):
            size = 10.5 if is_small else 12
            is_long = placing.text_width(named[author], size, is_bold=True) > wide - 4
            text = author if is_small or is_long else named[author]
            special = {UNKNOWN: "Unk." if is_small else "Unknown", INTERNATIONAL: "Intl." if is_small else "Intern’l"}
            text = special.get(author, text)
            labels.append(
                Text(
                    placing.fit_width(text, wide - 4, size, is_bold=True),
                    wide * (n + 0.5),
                    10,
                    size,
                    600,
                    INK,
                    "center",
                )
            )
        for m, base in enumerate(lines):
            text = {UNKNOWN: "Unknown", INTERNATIONAL: "Intern’l"}.get(base, base) if layout.is_narrow else named[base]
            labels.append(
                Text(
                    placing.fit_width(text, used.left - 10, 12.5, is_bold=True),
                    -8,
                    head + row * (m + 0.5),
                    11 if is_small else 12.5,
                    600,
                    INK,
                    "right",
                )
            )
            for n, author in enumerate(columns):
                cell = cells.get((base, author), Cell(0.0, "–"))
                fill = f"url(#{hatch})" if cell.share is None else RAMP[cell.step]
                tiles.append(Box(wide * n + 1, head + row * m + 1, wide - 2, row - 2, fill))
                text = cell.text or f"{(cell.share or 0) * 100:.0f} %"
                ink = INK if cell.share is None else RAMP_TEXT[cell.step]
                middle = (wide * (n + 0.5), head + row * (m + 0.5))
                labels.append(
                    Text(text, *middle, 11 if is_small else 12.5, 600 if base == author else 400, ink, "center")
                )
        return Plot(marks.boxes(tiles, used, height) + marks.texts(labels, used, height), height, used)

    own = [
        f"{named[code]} {percent(cells[code, code].share or 0.0)}"
        for code in authors
        if (code, code) in cells and cells[code, code].share is not None
    ]
    alternative = f"Matrix of countries. On bases from their own country: {'; '.join(own) or 'none that can be shown'}."
    caption = (
        f"A column adds up to 100 % with what is not shown. Hatched: fewer than 20 derivatives, too few to say anything"
        f" ({percent(hidden)} of all lie in such cells). A line: none."
    )
    pairs = rows.select("base_country", "derivative_country").iter_rows()
    labels = [(country_label(a, names.get(a)), country_label(b, names.get(b))) for a, b in pairs]
    told = rows.with_columns(
        base=pl.Series([pair[0] for pair in labels], dtype=pl.String),
        author=pl.Series([pair[1] for pair in labels], dtype=pl.String),
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
