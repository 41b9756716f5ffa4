"""When a lab's monthly counts turn: chances computed by hand, and courses that must or must not be flagged."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from dagster_project.statistics import turning

USUAL = {"releases": 4, "n_gated": 0, "n_non_permissive": 1, "withdrawn": 0, "months_since_open_flagship": 0}


def month(**said: Any) -> dict[str, Any]:
    return {**USUAL, "own_repo_share": 0.5, "is_complete": True, **said}


def judged(*months: dict[str, Any]) -> list[tuple[bool | None, str | None]]:
    """Give (is_turning, turned) of each month of one lab."""
    rows = [
        {"level": "lab", "side": "acme", "month": date(2024 + place // 12, place % 12 + 1, 1), **one}
        for place, one in enumerate(months)
    ]
    frame = turning.retreat(pl.DataFrame(rows, infer_schema_length=None))
    return list(frame.select("is_turning", "turned").iter_rows())


def test_at_most_is_the_binomial_by_hand() -> None:
    # None of four in half of the time: 1/16; at most one of four: 5/16.
    assert turning.at_most(0, 4, 0.5) == pytest.approx(1 / 16)
    assert turning.at_most(1, 4, 0.5) == pytest.approx(5 / 16)
    assert turning.at_most(4, 4, 0.5) == pytest.approx(1)


def test_at_least_is_fishers_test_by_hand() -> None:
    # Eight cups of tea, four with milk first, four named, all four rightly: 1 in 70; at least three: 17 in 70.
    assert turning.at_least(4, 4, 4, 8) == pytest.approx(1 / 70)
    assert turning.at_least(3, 4, 4, 8) == pytest.approx(17 / 70)


def test_nothing_is_told_before_a_year_has_passed_nor_of_a_running_month() -> None:
    found = judged(*[month()] * 13, month(is_complete=False))
    assert found[:12] == [(None, None)] * 12
    assert found[12] == (False, "")
    assert found[13] == (None, None)


def test_a_lab_that_gates_and_changes_its_licences_is_turning() -> None:
    closed = month(n_gated=4, n_non_permissive=4)
    found = judged(*[month()] * 13, closed)
    # Gated: 4 of 4 against none of 48, one way in 270,725. Licences: 4 of 4 against 12 of 48, 1,820 in 270,725.
    assert found[13] == (True, "gated,licences")


def test_one_signal_alone_is_no_turn() -> None:
    assert judged(*[month()] * 13, month(n_gated=4))[13] == (False, "gated")


def test_two_signals_that_chance_explains_are_no_turn() -> None:
    # Two of 4 gated, against 4 of 48: 16,460 ways in 270,725, 6.1 %; 3 of 4 not permissive against 12 of 48: 18,200, 6.7 %.
    before = [month(n_gated=1 if place % 3 == 0 else 0) for place in range(13)]
    found = judged(*before, month(n_gated=2, n_non_permissive=3))
    assert found[13] == (False, "gated,licences")


def test_three_signals_over_the_same_months_are_a_turn_that_two_of_them_are_not() -> None:
    # Both of 2 gated, against 4 of 48: 15 / 1,225. Both not permissive, against 12 of 48: 91 / 1,225. Together 0.09 %.
    # Two of 50 in a thirteenth of the time: 25 %. All three: 0.023 %.
    before = [month(n_gated=1 if place % 3 == 0 else 0) for place in range(13)]
    assert judged(*before, month(releases=2, n_gated=2, n_non_permissive=2))[13] == (True, "gated,licences")


def test_a_slow_fall_is_seen_when_it_has_added_up() -> None:
    found = judged(*[month(n_non_permissive=0)] * 13, *[month(releases=2, n_non_permissive=0)] * 3)
    # Two of 50 in a thirteenth of the time: 25 %; four of 52 in a seventh: 11.8 %.
    assert [turned for _, turned in found[13:]] == ["", "cadence", "cadence"]
    assert not any(is_turning for is_turning, _ in found[13:])


def test_withdrawals_count_from_three_on() -> None:
    assert judged(*[month()] * 13, month(withdrawn=2))[13] == (False, "")
    assert judged(*[month()] * 13, month(withdrawn=3))[13] == (False, "withdrawn")


def test_a_wait_is_measured_by_the_cadence_of_flagships() -> None:
    monthly = [month()] * 24
    rare = [month(months_since_open_flagship=place % 12) for place in range(24)]
    waiting = [month(months_since_open_flagship=wait) for wait in range(1, 8)]
    later = [month(months_since_open_flagship=wait) for wait in range(12, 19)]
    # Monthly for 24 months and then none for six: (24/30) to the power of 24, ten times over 4.7 %.
    assert [turned for _, turned in judged(*monthly, *waiting)[24:]] == ["", "", "", "", "", "flagship", "flagship"]
    assert all(turned == "" for _, turned in judged(*rare, *later)[24:])


def test_own_repositories_count_when_they_lose_ten_points_to_every_month_before() -> None:
    lost, near = month(own_repo_share=0.39), month(own_repo_share=0.41)
    assert judged(*[month()] * 13, lost)[13] == (False, "own_repos")
    assert judged(*[month()] * 13, near)[13] == (False, "")
    assert judged(*[month(own_repo_share=None)] * 13, lost)[13] == (False, "")
