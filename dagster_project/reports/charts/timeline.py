"""What charts over time have in common: their weeks, the gaps in them, and the labels under and beside them.

A week that nobody captured leaves a gap; nothing is drawn across it. Not here: the charts (course, ranks, share, crossing).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import polars as pl

from dagster_project.reports.charts import placing
from dagster_project.reports.charts.layout import Layout
from dagster_project.reports.charts.marks import Text
from dagster_project.reports.charts.palette import MUTED

ONE_WEEK = timedelta(weeks=1)
ISO_LETTERS = 2


def weeks_between(history: pl.DataFrame) -> list[date]:
    """Every Monday from the first to the last week of the rows, those without rows included."""
    if not history.height:
        return []
    known = sorted(history["week"].unique().to_list())
    return [known[0] + ONE_WEEK * n for n in range((known[-1] - known[0]).days // 7 + 1)]


def runs(shares: Sequence[float | None]) -> Iterator[tuple[int, int]]:
    """Cut a course where a week is missing: first and one past the last of each run."""
    start = None
    for number, share in enumerate([*shares, None]):
        if share is not None and start is None:
            start = number
        elif share is None and start is not None:
            yield start, number
            start = None


def week_labels(layout: Layout, weeks: Sequence[date], across: Sequence[float], height: float) -> list[Text]:
    """Write months under an axis of weeks, as many as stand side by side."""
    most = max(layout.plot // 58, 3)
    ticks = placing.month_ticks(weeks, most)
    labels = []
    free = -math.inf
    for week, text in ticks:
        width = placing.text_width(text, 11)
        at = min(max(across[week], width / 2 - layout.left), layout.plot + layout.right - width / 2)
        if at - width / 2 < free:
            continue
        labels.append(Text(text, at, height + 14, size=11, fill=MUTED, align="center"))
        free = at + width / 2 + 8
    return labels


def end_label(name: str, code: str, number: str, pixels: float, size: float) -> str:
    """Write a name and its number beside the end of a line: where the name is too long a country's code, then its beginning."""
    room = pixels - placing.text_width(f" {number}", size, is_bold=True)
    if len(code) == ISO_LETTERS and placing.text_width(name, size, is_bold=True) > room:
        name = code
    return f"{placing.fit_width(name, room, size, is_bold=True)} {number}"
