"""When a lab's weekly counts turn: odds computed by hand, and courses that must or must not be flagged."""

from __future__ import annotations

from datetime import date, timedelta
from math import e, log
from typing import Any

import numpy as np
import polars as pl
import pytest

from dagster_project.statistics import turning

USUAL = {"releases": 1, "n_gated": 0, "n_non_permissive": 0, "withdrawn": 0, "has_open_flagship": False}
YEAR = 52
LARGEST = pytest.approx(turning.LARGEST_ODDS)


def week(**said: Any) -> dict[str, Any]:
    return {**USUAL, "own_repo_flow": 50.0, "root_flow": 100.0, **said}


def judged(*weeks: dict[str, Any]) -> list[tuple[bool | None, str | None, float | None]]:
    """Give (is_turning, turned, turn_odds) of each week of one lab."""
    rows = [
        {"level": "lab", "side": "acme", "week": date(2024, 1, 1) + timedelta(weeks=place), **one}
        for place, one in enumerate(weeks)
    ]
    frame = turning.retreat(pl.DataFrame(rows, infer_schema_length=None))
    return list(frame.select("is_turning", "turned", "turn_odds").iter_rows())


def counts(*numbers: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(numbers, dtype=np.float64)


def test_the_odds_of_a_fall_by_hand() -> None:
    # None in 26 weeks after one in 52, shape 3/2: (1.5 / (1 + change / 2)) to the power of 3/2, for each change.
    none = [(1.5 / (1 + change / 2)) ** 1.5 for change in (0.1, 0.3, 0.5)]
    assert turning.rate_odds(counts(1), counts(0), 26, (0.1, 0.3, 0.5))[0] == pytest.approx(sum(none) / 3)
    # One release makes each of them as much less likely as the rate has fallen, and the shape 5/2.
    one = [change * (1.5 / (1 + change / 2)) ** 2.5 for change in (0.1, 0.3, 0.5)]
    assert turning.rate_odds(counts(1), counts(1), 26, (0.1, 0.3, 0.5))[0] == pytest.approx(sum(one) / 3)


def test_the_odds_of_closed_releases_by_hand() -> None:
    # One open release before: its share is 1/4 (half a closed one of two). A closed one after it: 1/4, or 1/4 + 3/4 of two thirds.
    assert turning.share_odds((counts(0), counts(1)), (counts(1), counts(1)))[0] == pytest.approx(3)
    # An open one after it is a third as likely, two thirds of them being closed.
    assert turning.share_odds((counts(0), counts(0)), (counts(1), counts(1)))[0] == pytest.approx(1 / 3)
    # Nothing after it, or nothing before it, says nothing.
    assert turning.share_odds((counts(0), counts(0)), (counts(1), counts(0)))[0] == pytest.approx(1)
    assert turning.share_odds((counts(0), counts(3)), (counts(0), counts(3)))[0] == 1


def test_the_odds_of_large_counts_stay_numbers() -> None:
    assert turning.share_odds((counts(0), counts(3000)), (counts(9000), counts(3000)))[0] == LARGEST
    assert turning.rate_odds(counts(9000), counts(0), 39, (0.5,))[0] == LARGEST


def test_a_chance_becomes_odds_by_the_bound_of_sellke() -> None:
    # 1 / (e * 0.05 * ln 20) = 2.46; nothing above 1 / e; and no more than five.
    assert turning.odds_of(counts(0.05, 0.4, 1e-9)) == pytest.approx([1 / (e * 0.05 * log(20)), 1, 5])


def test_nothing_is_told_before_a_year_and_a_month_have_passed() -> None:
    found = judged(*[week()] * (YEAR + 4))
    assert found[:-1] == [(None, None, None)] * (YEAR + 3)
    assert found[-1][:2] == (False, "")


def test_a_lab_that_gates_and_changes_its_licences_is_turning() -> None:
    closed = week(n_gated=1, n_non_permissive=1)
    found = judged(*[week()] * YEAR, *[closed] * 4)
    assert found[-1][:2] == (True, "gated,licences")
    # As many as usual: the fall's odds are under 1. Each of the two has odds of 50 and more; half of 51 squared is 650.
    assert found[-1][2] > 600


def test_one_signal_alone_is_no_turn_however_large() -> None:
    gated = judged(*[week()] * YEAR, *[week(n_gated=1)] * 13)[-1]
    assert gated[:2] == (False, "gated")
    assert gated[2] > turning.TOGETHER_ODDS


def test_two_signals_over_different_weeks_are_not_together() -> None:
    """Gates in the first weeks of nine months and licences in the last: over all of them both are too few to have turned."""
    before, between = [week()] * YEAR, [week()] * 31
    found = judged(*before, *[week(n_gated=1)] * 4, *between, *[week(n_non_permissive=1)] * 4)
    assert not any(is_turning for is_turning, _, _ in found)


def test_a_fall_alone_is_one_signal_and_with_closed_licences_two() -> None:
    assert judged(*[week()] * YEAR, *[week(releases=0)] * 13)[-1][:2] == (False, "cadence")
    last = week(n_non_permissive=1)
    assert judged(*[week()] * YEAR, *[week(releases=0)] * 12, last)[-1][:2] == (True, "cadence,licences")


def test_withdrawals_count_from_three_on() -> None:
    assert judged(*[week()] * (YEAR + 3), week(withdrawn=2))[-1][1] == ""
    assert judged(*[week()] * (YEAR + 3), week(withdrawn=3))[-1][1] == "withdrawn"


def test_a_wait_is_measured_by_the_cadence_of_flagships() -> None:
    monthly = [week(has_open_flagship=place % 4 == 3) for place in range(104)]
    rare = [week(has_open_flagship=place == 51) for place in range(104)]
    # 26 in 104 weeks: (104 / 130) to the power of 26 is 0.3 %; ten times that has odds of 3.5. A week earlier it is no half year.
    assert [turned for _, turned, _ in judged(*monthly, *[week()] * 26)[-2:]] == ["", "flagship"]
    # One in 52 weeks, and none in the 78 since: 40 %.
    assert judged(*rare, *[week()] * 26)[-1][1] == ""


def test_own_repositories_count_when_two_months_lose_ten_points_to_every_month_before() -> None:
    lost, near = week(own_repo_flow=39.0), week(own_repo_flow=41.0)
    # The two lowest of fifteen are the last ones, 1 in 105: odds of 8.3, of which five are believed. One of fourteen: 1.95.
    assert judged(*[week()] * (YEAR + 4), *[lost] * 8)[-1][1] == "own_repos"
    assert judged(*[week()] * (YEAR + 4), *[lost] * 7)[-1][1] == ""
    assert judged(*[week()] * (YEAR + 4), *[near] * 8)[-1][1] == ""
    unknown = [week(own_repo_flow=None, root_flow=None)]
    assert judged(*unknown * (YEAR + 4), *[lost] * 8)[-1][1] == ""
