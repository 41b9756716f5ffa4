"""The tables for people to read: the newest measured week of the whole Hub, or what is known until then, rounded and in order."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from .history import History, model, two_labs

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(4)]
WHERE = "where scope = 'S1' and credit = 'publisher'"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Weeks of 10, 20 and 30 downloads, the third of which no second capture of the whole Hub ends."""
    made = two_labs(tmp_path_factory.mktemp("latest"))
    for place, day in enumerate(MONDAYS):
        made.day(
            day,
            model("a", model_name="acme/a", total=10 * place),
            model("b", model_name="base/b", total=20 * place),
            model("z", model_name="zed/z", total=60 * place),
            source="huggingface" if place < 3 else "huggingface_quick",
        )
    return made.build()


def test_countries_in_order_and_the_unknown_last(history: History) -> None:
    rows = history.rows(f"select * from marts.latest_shares_by_country {WHERE} and time_window = 'week'")
    assert [(row["place"], row["country"], row["share_of_total"], row["downloads_flow"]) for row in rows] == [
        (1, "CN", 0.2222, 20),
        (2, "US", 0.1111, 10),
        (3, "UNKNOWN", 0.6667, 60),
    ]
    assert [(row["lower_bound"], row["upper_bound"], row["unknown_share"]) for row in rows[:1]] == [
        (0.2222, 0.8889, 0.6667)
    ]
    assert {(row["week"], row["as_of"]) for row in rows} == {(MONDAYS[1], MONDAYS[2])}


def test_labs_in_order(history: History) -> None:
    rows = history.rows(f"select * from marts.latest_shares_by_lab {WHERE} and time_window = 'cumulative'")
    assert [(row["place"], row["lab"], row["country"], row["downloads_flow"]) for row in rows] == [
        (1, "hf:zed", "UNKNOWN", 120),
        (2, "base", "CN", 40),
        (3, "acme", "US", 20),
    ]


def test_concentration_is_rounded_and_says_what_is_unknown(history: History) -> None:
    (row,) = history.rows(f"select * from marts.latest_concentration {WHERE} and level = 'lab'")
    # Shares 6/9, 2/9 and 1/9: squares 36 + 4 + 1 of 81.
    assert (row["hhi"], row["effective_number"], row["n"]) == (round(10_000 * 41 / 81), round(81 / 41, 1), 3)
    assert (row["cr1"], row["unknown_share"], row["week"]) == (0.6667, 0.6667, MONDAYS[1])
    assert row["estimated_share"] == 0


@pytest.mark.parametrize(("source", "scope"), [("huggingface", "S1"), ("huggingface_quick", "S1-quick")])
def test_before_anything_is_measured_they_tell_the_estimate_and_say_so(tmp_path: Path, source: str, scope: str) -> None:
    made = two_labs(tmp_path)
    first, second = model("a", model_name="acme/a", month=30), model("b", model_name="base/b", month=90)
    made.day(MONDAYS[0], first, second, source=source)
    where = f"where scope = '{scope}' and credit = 'publisher'"
    rows = made.build().rows(f"select * from marts.latest_shares_by_country {where} and time_window = 'week'")
    # Seven thirtieths of the 30-day counters.
    assert [(row["country"], row["downloads_flow"], row["share_of_known"], row["estimated_share"]) for row in rows] == [
        ("CN", 21, 0.75, 1.0),
        ("US", 7, 0.25, 1.0),
    ]
    (spread,) = made.rows(f"select * from marts.latest_concentration {where} and level = 'lab'")
    assert (spread["hhi"], spread["estimated_share"]) == (round(10_000 * (0.75**2 + 0.25**2)), 1.0)


def test_a_quick_week_that_was_measured_does_not_stand_for_the_whole_hub(tmp_path: Path) -> None:
    made = two_labs(tmp_path)
    made.day(MONDAYS[0], model("a", model_name="acme/a", total=0, month=30))
    for place in (1, 2):
        made.day(MONDAYS[place], model("a", model_name="acme/a", total=70 * place), source="huggingface_quick")
    rows = made.build().rows("select distinct scope, week from marts.latest_shares_by_country where scope like 'S1%'")
    assert rows == [{"scope": "S1", "week": MONDAYS[0]}]
