"""Where texts and ticks of a chart go: how wide a text is, which labels have to move apart, where an axis ends.

Pure functions of numbers and strings. Not here: marks (marks), and sizes (layout).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from dagster_project.reports.render import MONTHS, NO_BREAK_SPACE

_LETTERS = {
    **dict.fromkeys("iljI.,:;'|! ", 0.32),
    **dict.fromkeys("ftr()-[]·/", 0.41),
    **dict.fromkeys("mwMW%@…<>=+~^#&", 0.96),
}


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Estimate the pixels of a text in the widest font a reader is likely to have, DejaVu Sans."""
    total = 0.0
    for letter in text:
        # From the CJK radicals on letters fill a square.
        usual = 1.0 if letter > "\u2e7f" else 0.69 if letter.isupper() else 0.62
        total += _LETTERS.get(letter, usual)
    return total * size * (1.12 if is_bold else 1.0)


def fit_width(text: str, pixels: float, size: float, *, is_bold: bool = False) -> str:
    """Cut a cleaned text so that it takes at most so many pixels."""
    if text_width(text, size, is_bold=is_bold) <= pixels:
        return text
    while text and text_width(f"{text}…", size, is_bold=is_bold) > pixels:
        text = text[:-1]
    return f"{text.rstrip()}…"


def fit_middle(text: str, pixels: float, size: float, *, is_bold: bool = False) -> str:
    """Cut a cleaned text in its middle: models of a family differ at the end of their names."""
    if text_width(text, size, is_bold=is_bold) <= pixels:
        return text
    for kept in range(len(text) - 1, 1, -1):
        tail = kept * 2 // 3
        cut = f"{text[: kept - tail].rstrip()}…{text[len(text) - tail :].lstrip()}"
        if text_width(cut, size, is_bold=is_bold) <= pixels:
            return cut
    return "…"


def axis_percent(share: float) -> str:
    """Write a share for an axis: without a digit behind the point where it says nothing."""
    return f"{share * 100:.1f}".removesuffix(".0") + f"{NO_BREAK_SPACE}%"


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions apart until neighbours are `gap` apart, as little as possible, within low..high if there is room."""
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    placed = [wanted[index] for index in order]
    gap = min(gap, (high - low) / max(len(placed) - 1, 1))
    # Blocks of labels that touch move together, to the middle of what they wanted.
    blocks: list[tuple[list[float], float]] = []
    for position in placed:
        members, start = [position], position
        while True:
            start = min(max(start, low), high - (len(members) - 1) * gap)
            if not blocks or blocks[-1][1] + len(blocks[-1][0]) * gap <= start:
                break
            members = blocks.pop()[0] + members
            start = sum(value - number * gap for number, value in enumerate(members)) / len(members)
        blocks.append((members, start))
    flat = [start + number * gap for members, start in blocks for number in range(len(members))]
    result = [0.0] * len(wanted)
    for index, position in zip(order, flat, strict=True):
        result[index] = position
    return result


def month_ticks(days: Sequence[date], most: int) -> list[tuple[int, str]]:
    """Choose weeks to write below an axis: the first of a month, at most so many, years where they change."""
    if not days:
        return []
    firsts = [
        number
        for number, day in enumerate(days)
        if number == 0 or (day.year, day.month) != (days[number - 1].year, days[number - 1].month)
    ]
    # The first week is mostly in the middle of its month, and would crowd the next.
    if len(firsts) > 1 and days[0].day > 7:  # noqa: PLR2004 - not in the first week of a month
        firsts = firsts[1:]
    step = next(step for step in (1, 2, 3, 6, 12, 24, 48, 120) if math.ceil(len(firsts) / step) <= most)
    chosen = firsts[::step]
    ticks = []
    for number, week in enumerate(chosen):
        month, year = MONTHS[days[week].month - 1][:3], days[week].year
        is_new_year = number == 0 or days[chosen[number - 1]].year != year
        ticks.append((week, f"{month} {year}" if is_new_year else month))
    return ticks


def ceiling(reach: float) -> float:
    """The next round number of per cent above the longest bar, so that the last grid line stands behind it."""
    step: float = 10 ** math.floor(math.log10(reach))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if factor * step >= reach:
            return min(factor * step, 100.0)
    return 100.0
