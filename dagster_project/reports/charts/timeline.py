"""What charts over time have in common: their weeks, the gaps in them, and the labels under and beside them.

A week that nobody captured leaves a gap; nothing is drawn across it.
Not here: shares above the weeks (plane), the charts (course, ranks, share, crossing).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

import polars as pl

from dagster_project.reports.charts import placing
from dagster_project.reports.charts.layout import Layout
from dagster_project.reports.charts.marks import Text
from dagster_project.reports.charts.palette import MUTED

ONE_WEEK = timedelta(weeks=1)
ISO_LETTERS = 2
_Known = TypeVar("_Known")


def weeks_between(history: pl.DataFrame) -> list[date]:
    """Every Monday from the first to the last week of the rows, those without rows included."""
    if not history.height:
        return []
    known = sorted(history["week"].unique().to_list())
    return [known[0] + ONE_WEEK * n for n in range((known[-1] - known[0]).days // 7 + 1)]


def runs(weeks: Iterable[date], course: Mapping[date, _Known]) -> Iterator[list[tuple[date, _Known]]]:
    """Cut a course where a week is missing: what is known of each week of a run."""
    run: list[tuple[date, _Known]] = []
    for week in weeks:
        if week in course:
            run.append((week, course[week]))
        elif run:
            yield run
            run = []
    if run:
        yield run


def across(layout: Layout, weeks: Sequence[date], week: date) -> float:
    """Give the pixel where a week stands; one outside of the weeks shown stands at their end."""
    inside = min(max(week, weeks[0]), weeks[-1])
    return layout.plot * (inside - weeks[0]).days / (weeks[-1] - weeks[0]).days


def week_labels(layout: Layout, weeks: Sequence[date], height: float) -> list[Text]:
    """Write months under an axis of weeks, as many as stand side by side."""
    labels = []
    free = -math.inf
    for number, text in placing.month_ticks(weeks, most=max(layout.plot // 58, 3)):
        width = placing.text_width(text, 11)
        leftmost, rightmost = width / 2 - layout.left, layout.plot + layout.right - width / 2
        at = min(max(across(layout, weeks, weeks[number]), leftmost), rightmost)
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
