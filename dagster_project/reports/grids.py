"""Charts made of cells: who builds on whom, how open labs have been, and a map of tiles where every country is one.

Not here: what all charts share (canvas), which rows are read (reads).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from dagster_project.reports import canvas
from dagster_project.reports.canvas import (
    CARD,
    INK,
    MUTED,
    RAMP,
    RAMP_TEXT,
    Box,
    Layout,
    Picture,
    Plot,
    Text,
)
from dagster_project.reports.charts import lab_label
from dagster_project.reports.headline import INTERNATIONAL, UNKNOWN, Edition, country_label
from dagster_project.reports.render import Column, percent

MATRIX_SIDES = 8
OPEN_LABS, CARD_LABS = 14, 9
OPEN_QUARTERS, NARROW_QUARTERS = 8, 4
MAX_HEAD = 11  # letters above a column; a longer name gives way to its code
STEPS = (0.02, 0.1, 0.3, 0.6)  # from where the next of the five tints begins
SMALL_CELL = " "
MATRIX_COLUMNS = [
    Column("author", "Authors in"),
    Column("base", "Build on"),
    Column("n_models", "Derivatives", "count"),
    Column("share", "Of theirs", "share"),
    Column("is_suppressed", "Too few", "yes_no"),
]
OPEN_COLUMNS = [
    Column("label", "Lab"),
    Column("period", "Quarter"),
    Column("n_own", "Own releases", "count"),
    Column("own_open_share", "Open", "share"),
    Column("gated_share", "Gated, of all", "share"),
    Column("tier", "Tier"),
]
TILE_FACTS = [
    Column("label", "Country"),
    Column("contributors", "Contributors", "count"),
    Column("share_of_located", "Of those located", "share"),
    Column("share_of_all", "Of all", "share"),
    Column("lower_bound", "At least", "share"),
    Column("upper_bound", "At most", "share"),
    Column("is_suppressed", "Too few", "yes_no"),
]
# One tile per country, near enough to where it lies that a reader finds it. A row a line, columns counted from 0.
_TILES = """
CA1 GL6 IS9 NO12 SE13 FI14 RU18
US1 DK12 EE14
MX1 BS3 IE8 GB9 NL11 DE12 PL13 LV14 LT15 BY16 KZ18 MN20
GT1 BZ2 CU3 HT4 DO5 PR6 BE10 LU11 CZ12 SK13 UA14 MD15 GE17 UZ18 KG19 CN20 KP21 KR22 JP23
SV1 HN2 JM3 KN5 AG6 FR9 CH10 LI11 AT12 HU13 RO14 BG15 AM16 AZ17 TM18 TJ19 NP20 BT21 TW22 MO23
NI2 LC5 DM6 PT8 ES9 AD10 MC11 SI12 HR13 RS14 MK15 TR16 IR17 AF18 PK19 IN20 BD21 HK22 PH23
CR2 PA3 GD5 VC6 BB7 IT11 SM12 BA13 ME14 GR15 SY16 IQ17 KW18 BH19 MM20 LA21 VN22 PW24 FM25
CO2 VE3 GY4 TT5 VA11 MT12 AL13 XK14 CY15 LB16 JO17 QA18 AE19 LK20 TH21 KH22 MY23 MH25
EC2 SR4 GF5 MA9 DZ10 TN11 LY12 EG13 IL15 PS16 SA17 OM18 YE19 MV20 SG22 BN23 NR25
PE2 BR4 EH8 MR9 ML10 NE11 TD12 SD13 ER14 ID22 TL23 PG24 SB25 KI26
BO3 PY4 CV7 SN8 BF9 TG10 BJ11 NG12 CF13 SS14 ET15 DJ16 AU23 VU25 TV26
CL2 AR3 UY4 GM8 GN9 CI10 GH11 CM12 CD13 UG14 KE15 SO16 NC25 FJ26
GW8 SL9 LR10 GQ11 GA12 CG13 RW14 BI15 TZ16 NZ24 TO26 WS27
ST11 AO12 ZM13 MW14 SC16
NA12 BW13 ZW14 MZ15 KM16
ZA12 SZ13 LS14 MG16 MU17
"""
TILES: Mapping[str, tuple[int, int]] = {
    cell[:2]: (int(cell[2:]), row) for row, line in enumerate(_TILES.strip().splitlines()) for cell in line.split()
}
"""Column and row of each country's tile."""
TILE_COLUMNS = max(column for column, _row in TILES.values()) + 1
TILE_ROWS = max(row for _column, row in TILES.values()) + 1


@dataclass(frozen=True)
class _Cell:
    """What stands in a cell: a share with its number, `·` for too few to say, nothing where there is nothing."""

    share: float | None
    text: str

    @property
    def step(self) -> int:
        """Which of the five tints."""
        return sum((self.share or 0.0) >= step for step in STEPS)


def lineage_matrix(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition) -> Picture | None:
    """Draw whose models each country's derivatives come from. Rows of one quarter and root credit of `marts.lineage_flows`."""
    if not rows.height:
        return None
    quarter, is_running = rows["quarter"][0], bool(rows["is_running"][0])
    authors = _largest(rows, "derivative_country")
    bases = _largest(rows, "base_country")
    cells = {
        (row["base_country"], row["derivative_country"]): (
            _Cell(None, SMALL_CELL) if row["is_suppressed"] or row["share"] is None else _Cell(row["share"], "")
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
            text = author if is_small or len(named[author]) > MAX_HEAD else named[author]
            text = {UNKNOWN: "Unknown", INTERNATIONAL: "Intern’l"}.get(author, text)
            labels.append(
                Text(
                    canvas.fit_width(text, wide - 4, 12, is_bold=True),
                    wide * (n + 0.5),
                    10,
                    10.5 if is_small else 12,
                    600,
                    INK,
                    "center",
                )
            )
        for m, base in enumerate(lines):
            text = {UNKNOWN: "Unknown", INTERNATIONAL: "Intern’l"}.get(base, base) if layout.is_narrow else named[base]
            labels.append(
                Text(
                    canvas.fit_width(text, used.left - 10, 12.5, is_bold=True),
                    -8,
                    head + row * (m + 0.5),
                    11 if is_small else 12.5,
                    600,
                    INK,
                    "right",
                )
            )
            for n, author in enumerate(columns):
                cell = cells.get((base, author), _Cell(0.0, "–"))
                fill = f"url(#{hatch})" if cell.share is None else RAMP[cell.step]
                tiles.append(Box(wide * n + 1, head + row * m + 1, wide - 2, row - 2, fill))
                text = cell.text or f"{(cell.share or 0) * 100:.0f} %"
                ink = INK if cell.share is None else RAMP_TEXT[cell.step]
                middle = (wide * (n + 0.5), head + row * (m + 0.5))
                labels.append(
                    Text(text, *middle, 11 if is_small else 12.5, 600 if base == author else 400, ink, "center")
                )
        return Plot(canvas.boxes(tiles, used, height) + canvas.texts(labels, used, height), height, used)

    own = [
        f"{named[code]} {percent(cells[code, code].share or 0.0)}"
        for code in authors
        if (code, code) in cells and cells[code, code].share is not None
    ]
    alternative = f"Matrix of countries. On bases from their own country: {'; '.join(own) or 'none that can be shown'}."
    caption = (
        f"A column adds up to 100 % with what is not shown. Hatched: fewer than 20 derivatives, too few to say anything"
        f" ({percent(hidden)} of all lie in such cells)."
    )
    pairs = rows.select("base_country", "derivative_country").iter_rows()
    labels = [(country_label(a, names.get(a)), country_label(b, names.get(b))) for a, b in pairs]
    told = rows.with_columns(
        base=pl.Series([pair[0] for pair in labels], dtype=pl.String),
        author=pl.Series([pair[1] for pair in labels], dtype=pl.String),
    ).sort("all_models", "n_models", "base", "author", descending=[True, True, False, False], nulls_last=True)
    data = canvas.Data(told, MATRIX_COLUMNS, edition.marked(f"New derivatives of {quarter_name(quarter)}, root credit"))
    return Picture("lineage", around, alternative, caption, draw, data)


def quarter_name(first: date) -> str:
    """Write a quarter as people do."""
    return f"{first.year} Q{(first.month + 2) // 3}"


def _largest(rows: pl.DataFrame, side: str) -> list[str]:
    """Order countries by their derivatives, then by how many others they share with, international and unknown last."""
    sums = rows.group_by(side).agg(pl.col("n_models").fill_null(0).sum(), cells=pl.len())
    codes = sums.sort("n_models", "cells", side, descending=[True, True, False])[side].to_list()
    special = [code for code in (INTERNATIONAL, UNKNOWN) if code in codes]
    known = [code for code in codes if code not in special]
    return [*known[: MATRIX_SIDES - len(special)], *special]


def openness_over_time(rows: pl.DataFrame, labs: Sequence[tuple[str, str]], edition: Edition) -> Picture | None:
    """Draw the open share of each lab's own releases by quarter. Rows of `marts.openness_tier`; `labs` gives slug and name, in order."""
    rows = rows.filter(pl.col("level") == "lab")
    if not rows.height or not labs:
        return None
    quarters = sorted(rows["quarter"].unique().to_list())[-OPEN_QUARTERS:]
    cells = {
        (row["lab"], row["quarter"]): _Cell(None, SMALL_CELL)
        if row["tier"] == "too few"
        else _Cell(row["own_open_share"], "")
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
        wide = used.plot / len(columns)
        row = (layout.plot_height - head) / len(lines) if layout.plot_height else 27.0
        height = round(head + row * len(lines))
        tiles, labels = [], []
        for n, quarter in enumerate(columns):
            text = f"{quarter_name(quarter)[2:4]} Q{quarter_name(quarter)[-1]}" if is_small else quarter_name(quarter)
            labels.append(Text(f"’{text}" if is_small else text, wide * (n + 0.5), 10, 11, 400, MUTED, "center"))
        for m, (lab, name) in enumerate(lines):
            labels.append(
                Text(
                    canvas.fit_width(name, used.left - 10, 12, is_bold=True),
                    -8,
                    head + row * (m + 0.5),
                    11 if is_small else 12,
                    600,
                    INK,
                    "right",
                )
            )
            for n, quarter in enumerate(columns):
                cell = cells.get((lab, quarter))
                if cell is None:
                    continue
                fill = f"url(#{hatch})" if cell.share is None else RAMP[cell.step]
                tiles.append(Box(wide * n + 1, head + row * m + 1, wide - 2, row - 2, fill))
                text = cell.text or f"{(cell.share or 0) * 100:.0f} %"
                ink = INK if cell.share is None else RAMP_TEXT[cell.step]
                labels.append(
                    Text(text, wide * (n + 0.5), head + row * (m + 0.5), 10.5 if is_small else 12, 400, ink, "center")
                )
        return Plot(canvas.boxes(tiles, used, height) + canvas.texts(labels, used, height), height, used)

    last = [
        f"{name} {percent(cells[lab, quarters[-1]].share or 0.0)}"
        for lab, name in shown
        if (lab, quarters[-1]) in cells and cells[lab, quarters[-1]].share is not None
    ]
    alternative = (
        f"Table of labs by quarter. In {quarter_name(quarters[-1])}: {'; '.join(last) or 'nothing that can be shown'}."
    )
    caption = "Darker is more open. Hatched: fewer than three own releases. Empty: none."
    named = dict(shown)
    listed = rows.filter(pl.col("quarter").is_in(quarters) & pl.col("lab").is_in(list(named)))
    told = listed.sort("quarter", "lab", descending=[True, False]).with_columns(
        label=pl.col("lab").replace_strict(named, default=None),
        period=pl.Series(
            [quarter_name(q) for q in listed.sort("quarter", "lab", descending=[True, False])["quarter"]],
            dtype=pl.String,
        ),
    )
    data = canvas.Data(told, OPEN_COLUMNS, edition.marked("Own releases by quarter"))
    return Picture("openness", around, alternative, caption, draw, data)


def _outside(rows: pl.DataFrame, code: str) -> str:
    (share,) = rows.filter(pl.col("country") == code)["share_of_located"]
    name = "all others together" if code == "OTHER" else code
    return name if share is None else f"{name} ({percent(share)})"


def tile_map(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition, what: str) -> Picture | None:
    """Draw where contributors say they live, a tile for each country. Columns: country, share_of_located, contributors, is_suppressed."""
    known = {row["country"]: row for row in rows.iter_rows(named=True) if row["country"] in TILES}
    if not known:
        return None
    located = [row for row in known.values() if not row["is_suppressed"] and row["share_of_located"] is not None]
    located.sort(key=lambda row: (-row["share_of_located"], row["country"]))
    placed = float(rows.filter(pl.col("share_of_located").is_not_null())["share_of_all"].sum())
    subtitle = (
        f"{what}. Per cent of those whose profile names a place that can be read ({percent(placed)} of all). Self-declared, not a"
        " nationality, not a residence."
    )
    around = canvas.words(
        edition, "Where contributors say they are", subtitle, "contributors by self-declared location"
    )

    def draw(layout: Layout, hatch: str) -> Plot:
        used = layout.inset(0, 0)
        side = used.plot / TILE_COLUMNS
        if layout.plot_height:
            side = min(side, layout.plot_height / TILE_ROWS)
        shift = (used.plot - side * TILE_COLUMNS) / 2
        height = round(side * TILE_ROWS)
        tiles, labels = [], []
        for code, (column, row) in TILES.items():
            fact = known.get(code)
            share = fact["share_of_located"] if fact and not fact["is_suppressed"] else None
            step = _Cell(share, "").step if share is not None else 0
            fill = canvas.HATCH_GROUND if fact is None else f"url(#{hatch})" if share is None else RAMP[max(step, 1)]
            tiles.append(Box(shift + side * column + 0.7, side * row + 0.7, side - 1.4, side - 1.4, fill))
            if fact is None and layout.is_narrow:
                continue
            ink = MUTED if fact is None else INK if share is None else RAMP_TEXT[max(step, 1)]
            is_tall = side > 21 and share is not None  # noqa: PLR2004 - room for two lines
            middle = side * (row + (0.34 if is_tall else 0.5))
            size = max(side * 0.4, 7) if layout.is_narrow else side * 0.38
            labels.append(
                Text(code, shift + side * (column + 0.5), middle, round(size, 1), 600 if fact else 400, ink, "center")
            )
            if is_tall and share is not None:
                text = f"{share * 100:.0f} %" if share >= 0.005 else "<1 %"  # noqa: PLR2004 - half of the last digit
                at = (shift + side * (column + 0.5), side * (row + 0.74))
                labels.append(Text(text, *at, round(side * 0.3, 1), 400, ink, "center"))
        return Plot(canvas.boxes(tiles, used, height) + canvas.texts(labels, used, height), height, used)

    spoken = "; ".join(
        f"{names.get(row['country'], row['country'])} {percent(row['share_of_located'])}" for row in located[:12]
    )
    outside = sorted(
        {_outside(rows, code) for code in rows["country"] if code not in TILES and code not in (UNKNOWN, INTERNATIONAL)}
    )
    caption = "Pale: nobody, or too few to show." + (f" Not on the map: {', '.join(outside)}." if outside else "")
    labels = pl.Series([country_label(code, names.get(code)) for code in rows["country"]], dtype=pl.String)
    data = canvas.Data(
        rows.with_columns(label=labels).sort("share_of_located", "label", descending=[True, False], nulls_last=True),
        [column for column in TILE_FACTS if column.name in (*rows.columns, "label")],
        edition.marked(what),
    )
    return Picture(
        "contributors", around, f"Map of tiles. Most: {spoken or 'none that can be shown'}.", caption, draw, data
    )


def lab_order(newest: pl.DataFrame) -> list[tuple[str, str]]:
    """Order reviewed labs by rank: slug and name. Rows of one week and scope of `marts.share_by_lab`."""
    reviewed = newest.filter(~pl.col("lab").str.starts_with("hf:")).sort("rank", "lab")
    return [(lab, lab_label(lab, name)) for lab, name in reviewed.select("lab", "lab_name").iter_rows()]
