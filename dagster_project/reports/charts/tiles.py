"""A map on which every country is one tile, so that small ones can be seen and no border is drawn.

Not here: reading a location (dagster_project/geography).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from dagster_project.reports.charts import canvas, marks
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.cells import step
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Box, Text
from dagster_project.reports.charts.palette import HATCH_GROUND, INK, MUTED, RAMP, RAMP_TEXT
from dagster_project.reports.headline import Edition
from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN, code_name
from dagster_project.reports.render import BOUND_COLUMNS, Column, percent, text_column

TILE_FACTS = [
    Column("label", "Country"),
    Column("contributors", "Contributors", "count"),
    Column("share_of_located", "Of those located", "share"),
    Column("share_of_all", "Of all", "share"),
    *BOUND_COLUMNS,
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
TWO_LINES = 21  # pixels of a tile from which on its share stands under its code
HALF_A_PER_CENT = 0.005
SPOKEN = 12  # countries read out


def tile_map(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition, what: str) -> Picture | None:
    """Draw where contributors say they live, a tile for each country. Columns: country, share_of_located, contributors, is_suppressed."""
    known = {row["country"]: row for row in rows.iter_rows(named=True) if row["country"] in TILES}
    if not known:
        return None
    placed = float(rows.filter(pl.col("share_of_located").is_not_null())["share_of_all"].sum())
    subtitle = (
        f"{what}. Per cent of those whose profile names a place that can be read ({percent(placed)} of all). Self-declared, not a"
        " nationality, not a residence."
    )
    basis = "contributors by self-declared location"
    shares = {code: None if row["is_suppressed"] else row["share_of_located"] for code, row in known.items()}
    told = {code: share for code, share in shares.items() if share is not None}
    most = sorted(told, key=lambda code: (-told[code], code))[:SPOKEN]
    spoken = "; ".join(f"{names.get(code, code)} {percent(told[code])}" for code in most)
    outside = _outside(rows)
    labels = text_column(code_name(code, names) for code in rows["country"])
    return Picture(
        "contributors",
        canvas.words(edition, "Where contributors say they are", subtitle, basis),
        f"Map of tiles. Most: {spoken or 'none that can be shown'}.",
        "Pale: nobody, or too few to show." + (f" Not on the map: {', '.join(outside)}." if outside else ""),
        partial(_draw_tiles, shares),
        canvas.Data(
            rows.with_columns(label=labels).sort(
                "share_of_located", "label", descending=[True, False], nulls_last=True
            ),
            [column for column in TILE_FACTS if column.name in (*rows.columns, "label")],
            edition.marked(what),
        ),
    )


def _outside(rows: pl.DataFrame) -> list[str]:
    """Name who has no tile, with the share where it can be shown."""
    without = rows.filter(~pl.col("country").is_in([*TILES, UNKNOWN, INTERNATIONAL]))
    named = set()
    for code, share in without.select("country", "share_of_located").iter_rows():
        name = "all others together" if code == "OTHER" else code
        named.add(name if share is None else f"{name} ({percent(share)})")
    return sorted(named)


def _draw_tiles(shares: Mapping[str, float | None], layout: Layout, hatch: str) -> Plot:
    used = layout.inset(0, 0)
    side = used.plot / TILE_COLUMNS
    if layout.plot_height:
        side = min(side, layout.plot_height / TILE_ROWS)
    shift = (used.plot - side * TILE_COLUMNS) / 2
    height = round(side * TILE_ROWS)
    size = max(side * 0.4, 7) if layout.is_narrow else side * 0.38
    tiles, labels = [], []
    for code, (column, row) in TILES.items():
        fill, ink = _colours(code, shares, hatch)
        tiles.append(Box(shift + side * column + 0.7, side * row + 0.7, side - 1.4, side - 1.4, fill))
        if code not in shares and layout.is_narrow:
            continue
        middle, share = shift + side * (column + 0.5), shares.get(code)
        said = "" if share is None or side <= TWO_LINES else _rounded(share)
        at = side * (row + (0.34 if said else 0.5))
        labels.append(Text(code, middle, at, round(size, 1), 600 if code in shares else 400, ink, "center"))
        if said:
            labels.append(Text(said, middle, side * (row + 0.74), round(side * 0.3, 1), 400, ink, "center"))
    return marks.plot(used, height, tiles, labels)


def _rounded(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= HALF_A_PER_CENT else "<1 %"


def _colours(code: str, shares: Mapping[str, float | None], hatch: str) -> tuple[str, str]:
    """Colour a tile and what is written on it: pale without anybody, hatched with too few to show."""
    if code not in shares:
        return HATCH_GROUND, MUTED
    share = shares[code]
    if share is None:
        return f"url(#{hatch})", INK
    tint = max(step(share), 1)
    return RAMP[tint], RAMP_TEXT[tint]
