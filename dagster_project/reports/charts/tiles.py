"""A map on which every country is one tile, so that small ones can be seen and no border is drawn.

Not here: reading a location (dagster_project/geography).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.reports.charts import canvas, marks, palette
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.cells import step
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Box, Text
from dagster_project.reports.charts.palette import INK, MUTED, RAMP, RAMP_TEXT
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN, code_name
from dagster_project.reports.render import Column, percent, text_column

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
            tint = max(step(share or 0.0), 1)
            fill = palette.HATCH_GROUND if fact is None else f"url(#{hatch})" if share is None else RAMP[tint]
            tiles.append(Box(shift + side * column + 0.7, side * row + 0.7, side - 1.4, side - 1.4, fill))
            if fact is None and layout.is_narrow:
                continue
            ink = MUTED if fact is None else INK if share is None else RAMP_TEXT[tint]
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
        return Plot(marks.boxes(tiles, used, height) + marks.texts(labels, used, height), height, used)

    spoken = "; ".join(
        f"{names.get(row['country'], row['country'])} {percent(row['share_of_located'])}" for row in located[:12]
    )
    outside = sorted(
        {_outside(rows, code) for code in rows["country"] if code not in TILES and code not in (UNKNOWN, INTERNATIONAL)}
    )
    caption = "Pale: nobody, or too few to show." + (f" Not on the map: {', '.join(outside)}." if outside else "")
    labels = text_column(code_name(code, names) for code in rows["country"])
    data = canvas.Data(
        rows.with_columns(label=labels).sort("share_of_located", "label", descending=[True, False], nulls_last=True),
        [column for column in TILE_FACTS if column.name in (*rows.columns, "label")],
        edition.marked(what),
    )
    return Picture(
        "contributors", around, f"Map of tiles. Most: {spoken or 'none that can be shown'}.", caption, draw, data
    )
