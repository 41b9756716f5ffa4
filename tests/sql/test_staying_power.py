"""How long models keep half of their best 28 days, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from .conftest import Answer
from .history import History, model

FIRST = date(2026, 1, 5)
ALWAYS = "date '9999-12-31'"


def day(week: int) -> str:
    return f"date '{FIRST + timedelta(days=7 * week)}'"


@pytest.fixture
def spells(answer: Answer) -> dict[int, dict[str, Any]]:
    """Models over 34 weeks, of which nobody measured the 31st; flows as {model: {week: downloads}}."""
    flows: dict[int, dict[int, int]] = {
        1: {0: 2_500, 1: 2_500, 2: 2_500, 3: 2_500, 4: 2_500, 5: 1_000, 6: 1_000, 7: 1_000, 8: 100, 29: 400},
        2: {2: 6_000, 3: 4_000} | dict.fromkeys(range(4, 10), 3_000),
        3: {0: 9_999},
        4: {10: 50_000},
        5: dict.fromkeys(range(34), 5_000),
        6: {33: 10_000},
        7: dict.fromkeys(range(34), 2_500),
        8: dict.fromkeys(range(20), 5_000) | {20: 2_000},
    }
    estimated = {(7, week) for week in range(5, 34)}
    seen_until = {2: day(10)}
    counted_until = {8: day(20)}
    source = {30: "null"}
    weeks = ", ".join(f"({day(week)}, {source.get(week, quoted('huggingface'))}, false)" for week in range(34))
    flow = ", ".join(
        f"({key}, {day(week)}, {n}, {(key, week) in estimated})"
        for key, by_week in flows.items()
        for week, n in by_week.items()
    )
    born = {5: "2025-12-31"}
    models = ", ".join(
        f"({key}, 'lab', 'CN', timestamp '{born.get(key, '2026-04-01')}', {seen_until.get(key, 'null')}, {counted_until.get(key, ALWAYS)})"
        for key in flows
    )
    amount, last = "cast(amount as decimal(18, 6)) as downloads_flow", "cast(seen_until as date) as seen_until"
    rows = answer(
        "staging.staying_spells",
        {
            "staging.weeks": f"select * from (values {weeks}) as v (week, source, is_quick)",
            "staging.staying_flow": (
                f"select model_key, week, {amount}, is_estimate from (values {flow})"
                " as v (model_key, week, amount, is_estimate)"
            ),
            "staging.staying_candidates": (
                f"select model_key, lab, country, born_at, {last}, counted_until"
                f" from (values {models}) as v (model_key, lab, country, born_at, seen_until, counted_until)"
            ),
        },
    )
    return {row["model_key"]: row for row in rows}


def quoted(text: str) -> str:
    return f"'{text}'"


def of(spell: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(spell[column] for column in columns)


def test_spells_by_hand(spells: dict[int, dict[str, Any]]) -> None:
    # The best 28 days of 1 are weeks 0 to 3, and as many 1 to 4. Under 5,000 they are first in week 8: 3 * 1,000 + 100.
    assert of(spells[1], "peak_on", "peak_28d", "weeks", "is_fallen") == (FIRST + timedelta(days=21), 10_000, 5, True)
    # 26 weeks after the peak is week 29, with the 400 of that week.
    assert spells[1]["downloads_26w"] == 400
    # 2 had 16,000 in weeks 2 to 5 and 12,000 since; it was last seen when week 9 was over, standing for four weeks.
    assert of(spells[2], "peak_28d", "weeks", "is_fallen", "is_removed", "downloads_26w") == (
        16_000,
        4,
        False,
        True,
        None,
    )
    assert 3 not in spells, "it never had 10,000 in 28 days"
    # Of 7 the all-time counter is not known from week 5 on: it stood for one week, and nobody knows what then.
    assert of(spells[7], "weeks", "is_fallen", "is_removed", "downloads_26w") == (1, False, False, None)
    # 4 had all in one week: its best 28 days are first whole in week 10, and end with week 13.
    assert of(spells[4], "weeks", "is_fallen") == (4, True)
    # 5 never fell. The last 28 days that are known end with week 29, since nobody measured week 30.
    assert of(spells[5], "weeks", "is_fallen", "is_left_truncated", "cohort") == (26, False, True, "2025-Q4")
    assert spells[5]["downloads_26w"] == 20_000
    assert 6 not in spells, "no 28 days around week 33 were measured"
    assert of(spells[1], "is_left_truncated", "cohort") == (False, "2026-Q2")


def test_what_a_model_brought_since_its_counter_was_last_told_is_no_fall(spells: dict[int, dict[str, Any]]) -> None:
    # 8 brought 5,000 a week until the end of week 19, when its counter was last told; week 20 is known in part.
    found = of(spells[8], "peak_on", "weeks", "is_fallen", "is_removed", "downloads_26w")
    assert found == (FIRST + timedelta(days=21), 16, False, False, None)


def test_a_counter_is_silent_while_it_is_not_told_and_not_when_the_model_left(history: History) -> None:
    for place in range(4):
        told = {"null": place < 2, "torn": place < 2, "back": place != 2, "reread": place != 2, "gone": place < 3}
        listed = [model(name, total=100 * place) for name, is_told in told.items() if is_told]
        missing = [model("null", total=None, month=7)] if place > 1 else []
        missing += [model("back", total=None, month=7)] if place == 2 else []
        torn = [name for name, on in (("torn", place > 1), ("reread", place == 2)) if on]
        whole = model("steady", total=10**6 * place)
        history.day(FIRST + timedelta(days=7 * place), whole, *listed, *missing, unreadable=torn)
    rows = history.build().rows(
        "select hub_id, counted_until from staging.silences inner join staging.model_keys using (model_key)"
    )
    assert {row["hub_id"]: row["counted_until"] for row in rows} == dict.fromkeys(
        ("null", "torn"), FIRST + timedelta(days=7)
    )
