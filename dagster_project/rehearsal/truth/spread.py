"""How unequally something is spread, as `marts.concentration` tells it, in numpy and not in SQL.

Not here: what is spread over whom (oracle).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from dagster_project.rehearsal.world.draws import Floats

FULL_HHI = 10_000


def concentration(values: Floats) -> tuple[float | None, ...]:
    """Give HHI, Gini without and with zeros, CR1, 4, 10, 100, effective number and n; nulls where there is nothing."""
    total = float(values.sum())
    if total <= 0:
        return (*[None] * 8, float(np.count_nonzero(values)))
    ordered = np.sort(values)[::-1]
    shares = ordered / total
    squares, tops = float((shares**2).sum()), [float(shares[:top].sum()) for top in (1, 4, 10, 100)]
    positive = int(np.count_nonzero(values))
    return FULL_HHI * squares, _gini(shares[:positive]), _gini(shares), *tops, 1 / squares, float(positive)


def _gini(falling: Floats) -> float:
    """Give the Gini coefficient of shares that add up to 1, the largest first."""
    n = len(falling)
    return float((n + 1 - 2 * np.dot(np.arange(1, n + 1), falling)) / n)


def concentrations(rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    """Make a table of (week, scope, credit, level, what `concentration` gives)."""
    names = ("hhi", "gini", "gini_with_zeros", "cr1", "cr4", "cr10", "cr100", "effective_number", "n")
    schema = {"week": pl.Date, "scope": pl.String, "credit": pl.String, "level": pl.String}
    frame = pl.DataFrame(list(rows), {**schema, **dict.fromkeys(names, pl.Float64)}, orient="row")
    return frame.with_columns(pl.col("n").cast(pl.Int64))
