"""One line of the comparison: what is true, what was measured, how far off, and how far besides what no capture could show.

Not here: any comparison (the other files of this room).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from dagster_project.warehouse.published import Release

_FIGURES = re.compile(r"[:,] the worst of .*|, [\d,]+ told in .*| of [\d,]+ values$")


@dataclass(frozen=True)
class Verdict:
    """One line of the table: a measure, its truth, what was measured, and how far off; None where nothing is measured."""

    measure: str
    truth: float | None
    measured: float | None
    error: float | None
    unit: str
    besides: float | None = None
    """The error besides what no capture could show (or no reader of places could tell); None where nothing was hidden."""

    def words(self) -> tuple[str, str, str, str, str]:
        """Give the line as text."""
        besides = "" if self.besides is None else _error(replace(self, error=self.besides), with_unit=False)
        return self.measure, _number(self.truth), _number(self.measured), _error(self), besides


def beside(whole: Sequence[Verdict], shown: Sequence[Verdict]) -> list[Verdict]:
    """Put beside each verdict about the whole truth the error against what captures could show of it."""
    errors = {_name(verdict): verdict.error for verdict in shown}
    return [replace(verdict, besides=errors.get(_name(verdict))) for verdict in whole]


def _name(verdict: Verdict) -> str:
    """Give the measure without its figures, which follow from the truth."""
    return _FIGURES.sub("", verdict.measure)


def nothing(measure: str) -> Verdict:
    """Say that a world this small or short has nothing of the kind to compare."""
    return Verdict(measure, None, None, None, "nothing to compare")


def counted(measure: str, truth: int, measured: int, unit: str) -> Verdict:
    """Compare two counts."""
    return Verdict(measure, truth, measured, measured - truth, unit)


def relative(measure: str, truth: float, measured: float) -> Verdict:
    """Compare two amounts; the error is relative to the truth."""
    return Verdict(measure, truth, measured, measured / truth - 1 if truth else 0.0, "of the truth")


def misplaced(measure: str, cells: pl.DataFrame, column: str) -> Verdict:
    """Compare a table cell by cell, `column` with `column`_found: how far off all cells are together, as a part of the true sum."""
    true, found = cells[column].fill_null(0), cells[f"{column}_found"].fill_null(0)
    error = float((true - found).abs().sum()) / float(true.sum() or 1)
    return Verdict(measure, float(true.sum()), float(found.sum()), error, "of all, misplaced")


def scalar(release: Release, query: str) -> int:
    """Give the one number that a query answers."""
    _names, rows = release.rows(query)
    return int(rows[0][0])


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2%}" if 0 < abs(value) < 1 else f"{value:,.0f}"


def _error(verdict: Verdict, *, with_unit: bool = True) -> str:
    if verdict.error is None:
        return verdict.unit
    if verdict.unit == "points":
        return f"{verdict.error * 100:.2f} points"
    number = f"{verdict.error:+,d}" if isinstance(verdict.error, int) else f"{verdict.error:+.3%}"
    return f"{number} {verdict.unit}" if with_unit else number
