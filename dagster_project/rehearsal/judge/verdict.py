"""One line of the comparison: what is true, what was measured, how far off.

Not here: any comparison (the other files of this room).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dagster_project.warehouse.published import Release


@dataclass(frozen=True)
class Verdict:
    """One line of the table: a measure, its truth, what was measured, and how far off; None where nothing is measured."""

    measure: str
    truth: float | None
    measured: float | None
    error: float | None
    unit: str

    def words(self) -> tuple[str, str, str, str]:
        """Give the line as text."""
        return self.measure, _number(self.truth), _number(self.measured), _error(self)


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


def _error(verdict: Verdict) -> str:
    if verdict.error is None:
        return verdict.unit
    if verdict.unit == "points":
        return f"{verdict.error * 100:.2f} points"
    if isinstance(verdict.error, int):
        return f"{verdict.error:+,d} {verdict.unit}"
    return f"{verdict.error:+.3%} {verdict.unit}"
