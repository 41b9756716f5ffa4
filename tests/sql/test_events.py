"""What happened to models between snapshots: given sights on given days, the events that a careful reader would write down."""

from __future__ import annotations

from datetime import date

import pytest

from .conftest import Answer

DAYS = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]
UNREADABLE = "t(source, hub_id, observed_on)"


def sight(day: int, name: str = "a/x", gated: str | None = "false", licence: str | None = "mit") -> str:
    """Give one row of staging.models: model m as it was on one of the days."""
    gate = "null" if gated is None else f"'{gated}'"
    tags = "[]" if licence is None else f"['base_model:b/y', 'license:{licence}']"
    return f"('huggingface', 'm', date '{DAYS[day]}', '{name}', {gate}::varchar, {tags}::varchar[], null::varchar, null::boolean)"


def events(
    answer: Answer, sights: list[str], *, partial: tuple[int, ...] = (), unreadable: tuple[int, ...] = ()
) -> set[tuple[str, date, date, str]]:
    """Give (kind, observed_on, week, detail) of model m; another one is there on all four days."""
    other = [sight(day).replace("'m'", "'other'") for day in range(len(DAYS))]
    models = (
        f"select * from (values {', '.join([*sights, *other])})"
        " as t(source, hub_id, observed_on, model_name, gated, tags, card_licence, is_removed)"
    )
    days = ", ".join(
        f"('huggingface', date '{day}', {number not in partial}, 'models')" for number, day in enumerate(DAYS)
    )
    hidden = [f"('huggingface', 'm', date '{DAYS[day]}')" for day in unreadable] or ["('', '', date '2000-01-01')"]
    rows = answer(
        "core.counter_events",
        {
            "core.snapshots": f"select * from (values {days}) as t(source, observed_on, is_complete, table_name)",
            "staging.models": models,
            "staging.quarantined": f"select * from (values {', '.join(hidden)}) as {UNREADABLE}",
            "core.model_names": f"select hub_id, model_name, min(observed_on) as first_seen_on from ({models}) group by all",
        },
    )
    assert len({row["event_id"] for row in rows}) == len(rows)
    return {(row["kind"], row["observed_on"], row["week"], row["detail"]) for row in rows}


def test_a_model_that_stays_as_it_is_is_no_event(answer: Answer) -> None:
    assert events(answer, [sight(day) for day in range(4)]) == set()


def test_a_rename_names_both_and_lies_in_the_week_before_the_monday_that_shows_it(answer: Answer) -> None:
    found = events(answer, [sight(0), sight(1), sight(2, "b/x"), sight(3, "b/x")])
    assert found == {("rename", DAYS[2], DAYS[1], "a/x -> b/x")}


def test_a_gate_that_closes_and_opens_again_is_two_flips(answer: Answer) -> None:
    found = events(answer, [sight(0), sight(1, gated="manual"), sight(2, gated="manual"), sight(3)])
    assert found == {
        ("gate_flip", DAYS[1], DAYS[0], "false -> manual"),
        ("gate_flip", DAYS[3], DAYS[2], "manual -> false"),
    }


def test_a_licence_change(answer: Answer) -> None:
    found = events(answer, [sight(0, licence="apache-2.0"), *(sight(day, licence="other") for day in (1, 2, 3))])
    assert found == {("licence_change", DAYS[1], DAYS[0], "apache-2.0 -> other")}


@pytest.mark.parametrize("missing", ["gated", "licence"])
def test_what_was_not_said_is_no_change(answer: Answer, missing: str) -> None:
    changed = {"gated": "manual", "licence": "other"}[missing]
    sights = [sight(0), sight(1, **{missing: None}), sight(2, **{missing: changed}), sight(3, **{missing: changed})]
    assert events(answer, sights) == set()


def test_several_things_at_once_are_several_events(answer: Answer) -> None:
    found = events(answer, [sight(0), *(sight(day, "b/x", "auto", "other") for day in (1, 2, 3))])
    assert {kind for kind, *_rest in found} == {"rename", "gate_flip", "licence_change"}


def test_a_removal_and_a_return(answer: Answer) -> None:
    assert events(answer, [sight(0), sight(3, "b/x")]) == {
        ("removal", DAYS[1], DAYS[0], "a/x"),
        ("return", DAYS[3], DAYS[2], "b/x"),
    }


def test_absence_from_a_partial_snapshot_means_nothing(answer: Answer) -> None:
    assert events(answer, [sight(0), sight(2), sight(3)], partial=(1,)) == set()
    assert events(answer, [sight(0)], partial=(1,)) == {("removal", DAYS[2], DAYS[1], "a/x")}
    assert events(answer, [sight(0)], partial=(1, 2, 3)) == set()


def test_a_record_that_could_not_be_read_is_no_removal(answer: Answer) -> None:
    assert events(answer, [sight(0), sight(2), sight(3)], unreadable=(1,)) == set()
    found = events(answer, [sight(0)], unreadable=(1, 2))
    assert found == {("removal", DAYS[3], DAYS[2], "a/x")}


def test_two_models_may_have_an_event_on_the_same_day(answer: Answer) -> None:
    found = events(answer, [])
    assert found == set()
    twins = [sight(0), sight(0, "c/z").replace("'m'", "'n'")]
    assert {detail for _kind, _day, _week, detail in events(answer, twins)} == {"a/x", "c/z"}
