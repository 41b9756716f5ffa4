"""What happened to models between snapshots: given sights on given days, the events that a careful reader would write down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from .history import History, model

DAYS = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]
Sight = tuple[int, dict[str, Any]]
Events = Callable[..., set[tuple[str, date, date, str]]]


def sight(
    day: int, name: str = "a/x", gated: str | None = "false", licence: str | None = "mit", hub_id: str = "m"
) -> Sight:
    """Give one record of a model as it was on one of the days."""
    tags = ["base_model:b/y", *([] if licence is None else [f"license:{licence}"])]
    return day, model(hub_id, model_name=name, gated=gated, tags=tags)


@pytest.fixture
def events(tmp_path: Path) -> Events:
    """Give `events(sights)`: (kind, observed_on, week, detail); two other models are there on all four days."""

    def told(
        sights: list[Sight], *, partial: tuple[int, ...] = (), unreadable: tuple[int, ...] = ()
    ) -> set[tuple[str, date, date, str]]:
        history = History(tmp_path / "home")
        for number, day in enumerate(DAYS):
            there = [record for on, record in sights if on == number]
            odd = ["m"] if number in unreadable else []
            status = "partial" if number in partial else None
            history.day(day, model("o1"), model("o2"), *there, unreadable=odd, status=status)
        rows = history.build().rows("select * from core.counter_events where kind <> 'partial_snapshot'")
        assert len({row["event_id"] for row in rows}) == len(rows)
        return {(row["kind"], row["observed_on"], row["week"], row["detail"]) for row in rows}

    return told


def test_a_model_that_stays_as_it_is_is_no_event(events: Events) -> None:
    assert events([sight(day) for day in range(4)]) == set()


def test_a_rename_names_both_and_lies_in_the_week_before_the_monday_that_shows_it(events: Events) -> None:
    found = events([sight(0), sight(1), sight(2, "b/x"), sight(3, "b/x")])
    assert found == {("rename", DAYS[2], DAYS[1], "a/x -> b/x")}


def test_a_gate_that_closes_and_opens_again_is_two_flips(events: Events) -> None:
    found = events([sight(0), sight(1, gated="manual"), sight(2, gated="manual"), sight(3)])
    assert found == {
        ("gate_flip", DAYS[1], DAYS[0], "false -> manual"),
        ("gate_flip", DAYS[3], DAYS[2], "manual -> false"),
    }


def test_a_licence_change(events: Events) -> None:
    found = events([sight(0, licence="apache-2.0"), *(sight(day, licence="other") for day in (1, 2, 3))])
    assert found == {("licence_change", DAYS[1], DAYS[0], "apache-2.0 -> other")}


@pytest.mark.parametrize("missing", ["gated", "licence"])
def test_what_was_not_said_is_no_change(events: Events, missing: str) -> None:
    changed = {"gated": "manual", "licence": "other"}[missing]
    sights = [sight(0), sight(1, **{missing: None}), sight(2, **{missing: changed}), sight(3, **{missing: changed})]
    assert events(sights) == set()


def test_several_things_at_once_are_several_events(events: Events) -> None:
    found = events([sight(0), *(sight(day, "b/x", "auto", "other") for day in (1, 2, 3))])
    assert {kind for kind, *_rest in found} == {"rename", "gate_flip", "licence_change"}


def test_a_removal_and_a_return(events: Events) -> None:
    assert events([sight(0), sight(3, "b/x")]) == {
        ("removal", DAYS[1], DAYS[0], "a/x"),
        ("return", DAYS[3], DAYS[2], "b/x"),
    }


def test_a_removal_tells_the_name_that_was_taken_back(events: Events) -> None:
    assert events([sight(0), sight(1, "b/x"), sight(2)]) == {
        ("rename", DAYS[1], DAYS[0], "a/x -> b/x"),
        ("rename", DAYS[2], DAYS[1], "b/x -> a/x"),
        ("removal", DAYS[3], DAYS[2], "a/x"),
    }


@pytest.mark.parametrize(
    ("there", "partial", "found"),
    [
        ((0, 2, 3), (1,), set()),
        ((0,), (1,), {("removal", DAYS[2], DAYS[1], "a/x")}),
        ((0,), (1, 2, 3), set()),
    ],
)
def test_absence_from_a_partial_snapshot_means_nothing(
    events: Events, there: tuple[int, ...], partial: tuple[int, ...], found: set[tuple[str, date, date, str]]
) -> None:
    assert events([sight(day) for day in there], partial=partial) == found


@pytest.mark.parametrize(
    ("there", "unreadable", "found"),
    [((0, 2, 3), (1,), set()), ((0,), (1, 2), {("removal", DAYS[3], DAYS[2], "a/x")})],
)
def test_a_record_that_could_not_be_read_is_no_removal(
    events: Events, there: tuple[int, ...], unreadable: tuple[int, ...], found: set[tuple[str, date, date, str]]
) -> None:
    assert events([sight(day) for day in there], unreadable=unreadable) == found


def test_a_model_that_no_record_told_of_before_it_went_has_the_name_of_its_return(events: Events) -> None:
    """Its events had no detail, which the audit refuses."""
    assert events([sight(3)], unreadable=(0, 2)) == {
        ("removal", DAYS[1], DAYS[0], "a/x"),
        ("return", DAYS[2], DAYS[1], "a/x"),
    }


def test_two_models_may_have_an_event_on_the_same_day(events: Events) -> None:
    twins = [sight(0), sight(0, "c/z", hub_id="n")]
    assert {detail for _kind, _day, _week, detail in events(twins)} == {"a/x", "c/z"}


def counted(history: History) -> set[tuple[str, str | None, date, int | None]]:
    rows = history.build().rows("select kind, hub_id, observed_on, amount from core.counter_events")
    return {(row["kind"], row["hub_id"], row["observed_on"], row["amount"]) for row in rows}


def test_a_rollback_and_a_lasting_correction(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for day, back, gone in zip(DAYS, [100, 60, 120, 130], [100, 60, 61, 62], strict=True):
        history.day(day, model("back", total=back), model("gone", total=gone), model("o"))
    assert counted(history) == {("rollback", "back", DAYS[1], None), ("lasting_correction", "gone", DAYS[1], -40)}


def test_a_day_that_brings_most_of_a_week_is_a_spike_and_its_flow_is_flagged(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    totals = [0, 100, 200, 5000, 5100, 5200, 5300, 5400]
    # Down on two days and then at 100,500 again: 60,450 were regained on one day, and 300 downloaded in three.
    back = [100_000, 100_100, 100_200, 40_000, 40_050, 100_500, 100_600, 100_700]
    for step, total in enumerate(totals):
        day = DAYS[0] + timedelta(days=step)
        history.day(day, model("ci", total=total), model("even", total=500 * step), model("back", total=back[step]))
    assert counted(history) == {
        ("spike", "ci", DAYS[0] + timedelta(days=3), 4800),
        ("rollback", "back", DAYS[0] + timedelta(days=3), None),
    }, "the snapshot after that day shows it, and what a counter regains was no download"
    flagged = history.rows("select hub_id, is_flagged from core.weekly_flow where not is_estimate")
    assert {row["hub_id"]: row["is_flagged"] for row in flagged} == {"ci": True, "even": False, "back": True}


def test_a_spike_on_a_monday_lies_in_the_week_that_it_begins(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for step, total in enumerate([0, 5000, 5100, 5200, 5300, 5400, 5500, 5600]):
        history.day(DAYS[0] + timedelta(days=step), model("ci", total=total), model("even", total=500 * step))
    rows = history.build().rows("select week, observed_on, amount from core.counter_events")
    assert rows == [{"week": DAYS[0], "observed_on": DAYS[0] + timedelta(days=1), "amount": 5000}]


def test_a_leap_of_the_30_day_counter_is_a_spike_and_its_estimates_are_flagged_for_thirty_days(tmp_path: Path) -> None:
    """Only the rolling counter is known. "leap" gains 5,800 of 6,000 from the third day to the fourth.

    That day brought 5,800 at least, and the week that ends with it 6,000 at most: more than 60 %. "double" gains 600 of
    1,200, "tiny" 90 of 99, and of the gains of "seldom" nobody knows the day.
    """
    history = History(tmp_path / "home")
    leap = [200, 200, 200, 6000, 6000, 6000]
    double = [600, 600, 600, 1200, 1200, 1200]
    tiny = [9, 9, 9, 99, 99, 99]
    seldom = [100, 100, None, 5000, 5000, 5000]
    likes = [7, 7, 6, 6, 5, 5]
    days = [DAYS[0] + timedelta(days=step) for step in (0, 1, 2, 3, 32, 34)]
    for place, day in enumerate(days):
        there = {"leap": leap, "double": double, "tiny": tiny, "seldom": seldom}
        models = [
            model(name, month=month[place], likes=likes[place])
            for name, month in there.items()
            if month[place] is not None
        ]
        history.day(day, *models, source="archive")
    rows = history.build().rows("select kind, hub_id, week, observed_on, amount, detail from core.counter_events")
    assert rows == [
        {
            "kind": "spike",
            "hub_id": "leap",
            "week": DAYS[0],
            "observed_on": days[3],
            "amount": 5800,
            "detail": "at least, of at most 6000 in the seven days up to it",
        }
    ]
    flow = history.rows("select hub_id, week, downloads_flow, is_estimate, is_flagged from core.weekly_flow")
    assert all(row["is_estimate"] for row in flow)
    assert {(row["hub_id"], row["week"]) for row in flow if row["is_flagged"]} == {("leap", DAYS[0])}, (
        "the week of the last day, 32 days after the leap, is free of it"
    )
    assert {float(row["downloads_flow"]) for row in flow if row["hub_id"] == "leap"} == {6000 * 7 / 30}
    kept = history.rows("select likes from core.observations where hub_id = 'leap' order by observed_on")
    assert [row["likes"] for row in kept] == likes, "likes that fall are what was seen"


def test_a_leap_lies_thirty_days_in_the_estimates(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for step, month in ((0, 100), (1, 9000), (30, 9000), (37, 9000)):
        history.day(DAYS[0] + timedelta(days=step), model("m", month=month), source="archive")
    rows = history.build().rows("select week, is_flagged from core.weekly_flow order by week")
    # The leap is of the first day: its thirty days end with the snapshot of day 30, a Wednesday of the fifth week.
    weeks = [DAYS[0], DAYS[0] + timedelta(days=28), DAYS[0] + timedelta(days=35)]
    assert [(row["week"], row["is_flagged"]) for row in rows] == [(weeks[0], True), (weeks[1], True), (weeks[2], False)]


def test_a_cut_list_is_an_event_of_the_whole_hub(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for number, day in enumerate(DAYS):
        history.day(day, *(model(f"m{n}", total=n + number) for n in range(1 if number == 2 else 3)))
    assert counted(history) == {("partial_snapshot", None, DAYS[2], None)}
