"""Kaplan-Meier by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from dagster_project.statistics.survival import kaplan_meier, staying_power

WEEKS = [2, 3, 4, 4, 5, 8]
FALLEN = [True, False, True, True, False, True]


def test_a_curve_by_hand() -> None:
    steps = {step.weeks: step for step in kaplan_meier(WEEKS, FALLEN)}
    # Six stand; one of 6 falls in week 2; two of the 4 left in week 4, one having got lost in week 3; the last in week 8.
    assert [(week, steps[week].at_risk, steps[week].fell) for week in (0, 2, 4, 8)] == [
        (0, 6, 0),
        (2, 6, 1),
        (4, 4, 2),
        (8, 1, 1),
    ]
    assert [steps[week].survival for week in range(9)] == pytest.approx([1, 1, *[5 / 6] * 2, *[5 / 12] * 4, 0])
    # Week 2: variance 1 / (6 * 5), log(5 / 6) = -0.1823, so the exponents are exp(+-1.96 * 0.1826 / 0.1823) = 7.12 and 0.1405.
    assert (steps[2].lower, steps[2].upper) == (
        pytest.approx((5 / 6) ** 7.12, abs=2e-4),
        pytest.approx((5 / 6) ** 0.1405, abs=2e-4),
    )
    assert [(steps[week].lower, steps[week].upper) for week in (1, 8)] == [(None, None), (None, None)]


def test_cohorts_sides_and_what_is_left_after_half_a_year() -> None:
    spells = pl.DataFrame(
        {
            "level": "country",
            "side": "CN",
            "lab": pl.Series([None] * 6, dtype=pl.String),
            "country": "CN",
            "cohort": ["2026-Q1"] * 2 + ["2026-Q2"] * 4,
            "peak_28d": [10_000.0, 30_000.0] * 3,
            "weeks": WEEKS,
            "is_fallen": FALLEN,
            "is_removed": [False, True, False, False, False, False],
            "downloads_26w": [5_000.0, 15_000.0, 0.0, None, None, None],
            "is_left_truncated": [True] + [False] * 5,
            "as_of": date(2026, 9, 7),
        }
    )
    found = staying_power(spells)
    # Neither quarter has five models, so that there is one curve; it ends with week 3, after which four are left.
    assert found.select("cohort", "weeks").rows() == [("all", week) for week in range(4)]
    last = found.row(-1, named=True)
    assert (last["n_models"], last["n_fallen"], last["n_removed"], last["median_weeks"]) == (6, 4, 1, None)
    assert last["retention_26w"] == pytest.approx((5 + 15 + 0) / (10 + 30 + 10))
    assert (last["n_known_26w"], last["is_left_truncated"]) == (3, True)
    assert staying_power(spells.head(4)).is_empty()


def test_half_of_them_is_half_whatever_the_product_of_parts_rounds_to() -> None:
    """Of 24 one falls each week, so that after 12 weeks 12 stand; 23/24 * 22/23 * ... * 12/13 is 0.5000000000000002 in floats."""
    spells = pl.DataFrame(
        {
            "level": "country",
            "side": "CN",
            "lab": pl.Series([None] * 24, dtype=pl.String),
            "country": "CN",
            "cohort": "2026-Q1",
            "peak_28d": 10_000.0,
            "weeks": range(1, 25),
            "is_fallen": True,
            "is_removed": False,
            "downloads_26w": pl.Series([None] * 24, dtype=pl.Float64),
            "is_left_truncated": False,
            "as_of": date(2026, 9, 7),
        }
    )
    assert staying_power(spells)["median_weeks"].unique().to_list() == [12]
