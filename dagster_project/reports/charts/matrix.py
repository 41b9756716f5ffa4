"""Who builds on whose models: countries against countries, as tinted cells.

Not here: which rows are read (reads).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl

from dagster_project.reports.charts import canvas, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.cells import Grid
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.palette import INK
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN, code_name
from dagster_project.reports.render import NOTHING, Column, count, percent, quarter_name, text_column

MATRIX_SIDES = 8
HEAD = 26  # pixels
SHORT = {UNKNOWN: "Unknown", INTERNATIONAL: "Intern’l"}
SHORTEST = {UNKNOWN: "Unk.", INTERNATIONAL: "Intl."}
MATRIX_COLUMNS = [
    Column("author", "Authors in"),
    Column("base", "Build on"),
    Column("n_models", "Derivatives", "count"),
    Column("share", "Of theirs", "share"),
]


def lineage_matrix(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition) -> Picture | None:
    """Draw whose models each country's derivatives come from. Rows of one quarter and root credit of `marts.lineage_flows`."""
    if not rows.height:
        return None
    quarter = quarter_name(rows["quarter"][0])
    authors, bases = _largest(rows, "derivative_country"), _largest(rows, "base_country")
    shares = {
        (row["base_country"], row["derivative_country"]): None if row["is_suppressed"] else row["share"]
        for row in rows.iter_rows(named=True)
    }
    named = {code: code_name(code, names) for code in {*authors, *bases}}
    unknown = float(rows["unknown_share"][0] or 0.0)
    hidden = float(rows["suppressed_models"][0]) / max(float(rows["all_models"][0]), 1.0)
    subtitle = (
        f"New derivatives of {quarter}{' so far' if rows['is_running'][0] else ''}, per cent of each author country's. Columns:"
        f" authors; rows: home of the model it comes from in the end. {percent(unknown)} come from a base nobody reviewed."
    )
    own = [f"{named[code]} {percent(share)}" for code in authors if (share := shares.get((code, code))) is not None]
    return Picture(
        "lineage",
        canvas.words(edition, "Who builds on whose models", subtitle, "all models, root credit"),
        f"Matrix of countries. On bases from their own country: {'; '.join(own) or 'none that can be shown'}.",
        "A column adds up to 100 % with what is not shown. Hatched: fewer than 20 derivatives, too few to say anything"
        f" ({percent(hidden)} of all lie in such cells). A line: none.",
        partial(_draw_matrix, authors, bases, shares, named),
        _data(rows, names, edition.marked(f"New derivatives of {quarter}, root credit")),
    )


def _data(rows: pl.DataFrame, names: Mapping[str, str], caption: str) -> canvas.Data:
    """List the pairs that can be shown; the others, often hundreds, are counted."""
    shown = rows.filter(~pl.col("is_suppressed"))
    few = rows.height - shown.height
    listed = shown.with_columns(
        base=text_column(code_name(code, names) for code in shown["base_country"]),
        author=text_column(code_name(code, names) for code in shown["derivative_country"]),
    ).sort("all_models", "n_models", "base", "author", descending=[True, True, False, False], nulls_last=True)
    left_out = f"; without {count(few)} of {count(rows.height)} pairs, which have fewer than 20" if few else ""
    return canvas.Data(listed, MATRIX_COLUMNS, caption + left_out)


def _draw_matrix(
    authors: Sequence[str],
    bases: Sequence[str],
    shares: Mapping[tuple[str, str], float | None],
    names: Mapping[str, str],
    layout: Layout,
    hatch: str,
) -> Plot:
    authors, bases = authors[: 6 if layout.is_narrow else 8], bases[:7]
    row = min((layout.plot_height - HEAD) / len(bases), 30) if layout.plot_height else 34.0
    grid = Grid(layout.inset(66 if layout.is_narrow else 150, 4), HEAD, len(authors), row, hatch)
    for n, author in enumerate(authors):
        size = 10.5 if layout.is_small else 12
        name = _column_name(author, names[author], grid.wide - 4, size, is_small=layout.is_small)
        grid.name_column(n, name, size, 600, INK)
    for m, base in enumerate(bases):
        text = SHORT.get(base, base) if layout.is_narrow else names[base]
        size = 11 if layout.is_small else 12.5
        grid.name_row(m, text, size, widest=12.5)
        for n, author in enumerate(authors):
            none = "" if (base, author) in shares else NOTHING
            weight = 600 if base == author else 400
            grid.cell(m, n, shares.get((base, author), 0.0), size, text=none, weight=weight)
    return grid.plot(len(bases))


def _column_name(code: str, name: str, pixels: float, size: float, *, is_small: bool) -> str:
    """Write what a column is called: a country's name where it fits, else its code."""
    is_long = placing.text_width(name, size, is_bold=True) > pixels
    text = code if is_small or is_long else name
    return placing.fit_width((SHORTEST if is_small else SHORT).get(code, text), pixels, size, is_bold=True)


def _largest(rows: pl.DataFrame, side: str) -> list[str]:
    """Order countries by their derivatives, then by how many others they share with, international and unknown last."""
    sums = rows.group_by(side).agg(pl.col("n_models").fill_null(0).sum(), cells=pl.len())
    codes = sums.sort("n_models", "cells", side, descending=[True, True, False])[side].to_list()
    special = [code for code in (INTERNATIONAL, UNKNOWN) if code in codes]
    known = [code for code in codes if code not in special]
    return [*known[: MATRIX_SIDES - len(special)], *special]
