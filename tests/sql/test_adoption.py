"""Downloads by age against the ten most downloaded of the size class: a class small enough to rank by hand."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .history import History, model

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(8)]
BORN = datetime.fromisoformat("2026-09-01")  # a Tuesday, in the week of the first snapshot
LATER = datetime.fromisoformat("2026-09-22")
SEVEN = 7 * 10**9


def young(name: str, gain: int, place: int, born: datetime = BORN, **said: Any) -> list[dict[str, Any]]:
    """Write a model with so many downloads a day since its creation, at the moment of a Monday's snapshot."""
    days = (datetime.combine(MONDAYS[place], datetime.min.time()) - born).days
    usual = {"model_name": f"zed/{name}", "parameters_total": SEVEN, "created_at": born}
    return [model(name, **{**usual, "total": gain * days, **said})] if days > 0 else []


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Ten models of 7 billion with 10,000, 9,000 ... 1,000 a day, two that come later, and others that must not count."""
    made = History(tmp_path_factory.mktemp("adoption") / "home")
    for place, day in enumerate(MONDAYS):
        peers = [one for rank in range(10) for one in young(f"peer{rank}", 10_000 - 1_000 * rank, place)]
        made.day(
            day,
            model("old", model_name="zed/old", total=10**9 + 10**6 * place, parameters_total=SEVEN),
            *peers,
            *young("late", 2_750, place, LATER),
            *young("later", 2_900, place, LATER),
            *young("unknown", 50_000, place, parameters_total=None),
            *young("alone", 50_000, place, parameters_total=70 * SEVEN),
            *(young("torn", 20_000, place, parameters_total=None) if place < 4 else []),
            *young("packed", 50_000, place, tags=["base_model:quantized:zed/old"]),
            *(young("hidden", 50_000, place) if place > 3 else []),
            *young("hardly", 1, place),
            *young(
                "mute", 20_000, place, parameters_total=None, **({"total": None, "month": 600_000} if place > 3 else {})
            ),
            unreadable=["torn"] if place > 3 else [],
        )
    # A quick capture between two whole ones is the first to see one of those that come later.
    first_look = model("late", model_name="zed/late", parameters_total=SEVEN, created_at=LATER, total=2_750)
    made.day(date(2026, 9, 23), first_look, source="huggingface_quick")
    return made.build()


def adoption(history: History, hub_id: str, version: str) -> dict[int, dict[str, Any]]:
    rows = history.rows(
        f"select * from marts.relative_adoption where hub_id = '{hub_id}' and version = '{version}' order by age_days"
    )
    return {row["age_days"]: row for row in rows}


def test_downloads_at_an_age_are_read_between_snapshots(history: History) -> None:
    found = adoption(history, "peer0", "v1")
    # It was created on 2026-09-01, and the last whole week ends on 2026-10-19, 48 days later.
    assert list(found) == [7, 14, 30]
    assert [row["downloads"] for row in found.values()] == [pytest.approx(10_000 * age) for age in (7, 14, 30)]
    assert found[30]["reached_on"] == date(2026, 10, 1)


@pytest.mark.parametrize("name", ["mute", "torn"])
def test_an_age_in_a_week_that_is_not_measured_is_not_told(history: History, name: str) -> None:
    """Its counter was last told on 2026-09-21, and its 30th day is 2026-10-01."""
    found = adoption(history, name, "v1")
    assert {age: row["downloads"] for age, row in found.items()} == {
        7: pytest.approx(20_000 * 7), 14: pytest.approx(20_000 * 14),
    }  # fmt: skip


def test_a_counter_that_was_never_told_is_unknown_and_not_zero(tmp_path: Path) -> None:
    """Both are of a reviewed lab, so that even what nobody downloads is followed."""
    history = History(tmp_path)
    for place, day in enumerate(MONDAYS[:4]):
        nobody = young("nobody", 0, place, model_name="Qwen/nobody")
        never = young("never", 0, place, model_name="Qwen/never", total=None)
        history.day(day, model("old", total=10**6 * place), *nobody, *never)
    rows = history.build().rows("select hub_id, age_days, downloads from marts.relative_adoption where version = 'v1'")
    assert {(row["hub_id"], row["age_days"], row["downloads"]) for row in rows} == {("nobody", 7, 0), ("nobody", 14, 0)}


def test_what_was_reached_before_there_was_a_baseline_has_no_value(history: History) -> None:
    found = adoption(history, "peer0", "v1")
    # Days 7 and 14 were reached in the third quarter, before which nobody had reached them.
    assert [row["baseline_id"] for row in found.values()] == [None, None, None]
    assert [row["value"] for row in found.values()] == [None, None, None]


def test_v1_and_v2_by_hand(history: History) -> None:
    # Reached on 2026-10-06, in the fourth quarter: against the ten of the third. Ranks five and six had 6,000 and 5,000 a day.
    v1, v2 = adoption(history, "late", "v1"), adoption(history, "late", "v2")
    assert (v1[14]["baseline_id"], v1[14]["downloads"]) == ("2026-Q4", pytest.approx(2_750 * 14))
    assert v1[14]["value"] == pytest.approx(2_750 / 5_500)
    # The tenth at day 14 had 14,000. At day 7, where the two late ones count, it had 2,750 * 7 = 19,250, and that goes on.
    assert v2[14]["value"] == pytest.approx(2_750 * 14 / 19_250)
    # Day 7 was reached on 2026-09-29, in the quarter that has no baseline.
    assert (v1[7]["value"], v1[7]["baseline_id"]) == (None, None)


def test_who_is_not_in_it(history: History) -> None:
    names = {row["hub_id"] for row in history.rows("select distinct hub_id from marts.relative_adoption")}
    # old was there before us, hidden was created long before it was first seen, packed is quantised, hardly is too small.
    assert names == {*(f"peer{rank}" for rank in range(10)), "late", "later", "unknown", "alone", "mute", "torn"}
    assert {row["value"] for row in adoption(history, "unknown", "v1").values()} == {None}
    bases = history.rows("select * from marts.adoption_baselines where baseline_id = '2026-Q4' order by all")
    assert [(row["size_band"], row["age_days"], row["n_models"], row["tenth"]) for row in bases] == [
        ("5-10B", 7, 12, pytest.approx(2_750 * 7)),
        ("5-10B", 14, 10, pytest.approx(1_000 * 14)),
        (">250B", 7, 1, None),
        (">250B", 14, 1, None),
    ]


def test_a_later_quarter_has_another_baseline_and_leaves_the_old_values(history: History, tmp_path: Path) -> None:
    given = "select hub_id, age_days, version, value from marts.relative_adoption where value is not null"
    values = history.rows(given)
    before = history.rows("select * from marts.adoption_baselines where baseline_id = '2026-Q4' order by all")
    history = History(shutil.copytree(history.home, tmp_path / "home"))
    for place in range(8, 20):
        day = MONDAYS[0] + timedelta(days=7 * place)
        days = 7 * place - 1
        history.day(
            day,
            *(
                model(
                    f"peer{rank}",
                    model_name=f"zed/peer{rank}",
                    parameters_total=SEVEN,
                    created_at=BORN,
                    total=(10_000 - 1_000 * rank) * days,
                )
                for rank in range(10)
            ),
        )
    history.build()
    now = history.rows(given)
    assert all(row in now for row in values)
    assert history.rows("select * from marts.adoption_baselines where baseline_id = '2026-Q4' order by all") == before
    # Day 90 is reached on 2026-11-30, still before anybody's baseline of it; in 2027 there is one.
    (first,) = history.rows("select * from marts.adoption_baselines where baseline_id = '2027-Q1' and age_days = 90")
    assert (first["median_of_ten"], first["tenth"]) == (pytest.approx(5_500 * 90), pytest.approx(1_000 * 90))
