"""The colours of all charts, what stands for whom, and what the page exchanges each for in the dark.

Colours are literal; the page exchanges them by exactly these literals (DARK). A colour belongs to a country, not to a rank, so
that it stays from week to week.
Not here: what is drawn with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dagster_project.reports.naming import INTERNATIONAL, UNKNOWN

INK, MUTED, GRID, ALARM, WHISKER = "#1f1d1a", "#65615a", "#e4dfd5", "#a3210f", "#8b857b"
CHINA, UNITED_STATES, ELSEWHERE, HOMELESS = "#c2412d", "#2b64a8", "#3d7f70", "#8a6d3b"
HATCH_GROUND, HATCH_LINE, PAPER = "#ece8df", "#8b867d", "#fffdf8"
# For countries beside China and the United States, where a chart has to tell several apart.
OTHERS = ("#3d7f70", "#7d5a9c", "#a8651a", "#2b7689", "#a84f7c", "#6f7a2d")
RAMP = ("#eef1f6", "#cfdcec", "#9dbbdc", "#3f6fa8", "#24568f")
DARK: Mapping[str, str] = {
    INK: "#ece8e0",
    MUTED: "#aaa59a",
    GRID: "#35322d",
    ALARM: "#ff9a86",
    WHISKER: "#7f796f",
    CHINA: "#ee7f69",
    UNITED_STATES: "#7cb0ea",
    HOMELESS: "#cfae6d",
    HATCH_GROUND: "#2b2925",
    HATCH_LINE: "#969085",
    PAPER: "#161513",
    **dict(zip(OTHERS, ("#6fbeac", "#b99ad6", "#e0a15c", "#6fc0d6", "#dd8fb8", "#b5c069"), strict=True)),
    **dict(zip(RAMP, ("#20252c", "#26384c", "#31557f", "#79aee6", "#a6cdf6"), strict=True)),
}
"""Every colour that charts use, and what the page exchanges it for in the dark."""
RAMP_TEXT = (INK, INK, INK, PAPER, PAPER)
HATCHED = "hatched"
FILLS = {"CN": CHINA, "US": UNITED_STATES, INTERNATIONAL: HOMELESS, UNKNOWN: HATCHED}


def dark_rules() -> str:
    """Write the style rules that exchange the charts' colours in the dark."""
    return "".join(
        f'.chart [{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    )


def side_colour(country: str | None) -> str:
    """The colour of a lab or country: that of its home; what nobody reviewed is grey."""
    if country is None or country == UNKNOWN:
        return MUTED
    return FILLS.get(country, ELSEWHERE)


LEGEND = (
    (FILLS["CN"], "China"),
    (FILLS["US"], "United States"),
    (ELSEWHERE, "other countries"),
    (HOMELESS, "international"),
    (MUTED, "not reviewed"),
)
"""What a colour says of a lab or a model: its home."""


def legend_of(countries: Iterable[str | None]) -> list[tuple[str, str]]:
    """Name the colours of these homes, and no others."""
    there = {side_colour(country) for country in countries}
    return [(fill, text) for fill, text in LEGEND if fill in there]
