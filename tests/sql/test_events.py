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
    for step, total in enumerate(totals):
        history.day(DAYS[0] + timedelta(days=step), model("ci", total=total), model("even", total=500 * step))
    assert counted(history) == {("spike", "ci", DAYS[0] + timedelta(days=2), 4800)}
    flagged = history.rows("select hub_id, is_flagged from core.weekly_flow where not is_estimate")
    assert {row["hub_id"]: row["is_flagged"] for row in flagged} == {"ci": True, "even": False}


def test_a_cut_list_is_an_event_of_the_whole_hub(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for number, day in enumerate(DAYS):
        history.day(day, *(model(f"m{n}", total=n + number) for n in range(1 if number == 2 else 3)))
    assert counted(history) == {("partial_snapshot", None, DAYS[2], None)}
