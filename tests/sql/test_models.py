"""Who is gone: a model absent from a whole snapshot, not one whose record was unreadable or whose list was cut."""

from __future__ import annotations

from datetime import date

import pytest

from .conftest import Answer

MONDAYS = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]
LICENCES = "select 'mit' as licence_id, 'permissive' as licence_class"


def listed(rows: list[str], columns: str) -> str:
    return f"select * from (values {', '.join(rows)}) as t({columns})"


def models(sights: dict[str, list[date]]) -> str:
    rows = [
        f"('huggingface', '{model}', date '{day}', 'acme/{model}', 'acme', timestamp '2026-01-01 00:00:00',"
        " null::varchar, null::varchar, []::varchar[], null::varchar, null::varchar, false, null::boolean, null::bigint)"
        for model, days in sights.items()
        for day in days
    ]
    return listed(
        rows,
        "source, hub_id, observed_on, model_name, namespace, created_at, pipeline_tag, library, tags, card_licence, gated,"
        " is_disabled, is_removed, parameters_total",
    )


def snapshots(days: list[date], partial: date | None = None) -> str:
    rows = [
        f"('huggingface', date '{day}', '{'partial' if day == partial else 'sealed'}', {day != partial})"
        for day in days
    ]
    return listed(rows, "source, observed_on, status, is_complete")


def quarantined(sights: dict[str, list[date]]) -> str:
    rows = [f"('huggingface', '{model}', date '{day}')" for model, days in sights.items() for day in days]
    columns = "source, hub_id, observed_on"
    return listed(rows, columns) if rows else listed(["('', '', date '2000-01-01')"], columns) + " where false"


def seen(
    answer: Answer,
    sights: dict[str, list[date]],
    *,
    unreadable: dict[str, list[date]] | None = None,
    partial: date | None = None,
) -> dict[str, tuple[date, date | None]]:
    """Give (last_seen_on, removed_on) of each model over the four Mondays."""
    given = {
        "staging.models": models(sights),
        "staging.quarantined": quarantined(unreadable or {}),
        "core.snapshots": snapshots(MONDAYS, partial),
        "registry.licences": LICENCES,
    }
    return {row["hub_id"]: (row["last_seen_on"], row["removed_on"]) for row in answer("core.models", given)}


def test_a_model_absent_from_a_whole_snapshot_is_removed_on_that_day(answer: Answer) -> None:
    found = seen(answer, {"stays": MONDAYS, "goes": MONDAYS[:2]})
    assert found == {"stays": (MONDAYS[3], None), "goes": (MONDAYS[1], MONDAYS[2])}


@pytest.mark.parametrize(
    ("readable", "unreadable", "last_seen_on", "removed_on"),
    [
        pytest.param(MONDAYS[:3], MONDAYS[3:], MONDAYS[3], None, id="on-the-last-day"),
        pytest.param([MONDAYS[0]], MONDAYS[1:], MONDAYS[3], None, id="ever-since"),
        pytest.param([MONDAYS[0]], MONDAYS[1:3], MONDAYS[2], MONDAYS[3], id="then-removed"),
        pytest.param([MONDAYS[0], MONDAYS[2], MONDAYS[3]], [MONDAYS[1]], MONDAYS[3], None, id="in-between"),
    ],
)
def test_an_unreadable_record_is_no_removal(answer, readable, unreadable, last_seen_on, removed_on) -> None:
    found = seen(answer, {"odd": readable, "other": MONDAYS}, unreadable={"odd": unreadable})
    assert found["odd"] == (last_seen_on, removed_on)


def test_a_model_that_was_never_readable_makes_no_row(answer: Answer) -> None:
    assert seen(answer, {"other": MONDAYS}, unreadable={"odd": MONDAYS}).keys() == {"other"}


def test_absence_from_a_partial_snapshot_is_no_removal(answer: Answer) -> None:
    found = seen(answer, {"cut": [*MONDAYS[:2], MONDAYS[3]], "last": MONDAYS[:3]}, partial=MONDAYS[2])
    assert found == {"cut": (MONDAYS[3], None), "last": (MONDAYS[2], MONDAYS[3])}


def test_a_partial_snapshot_at_the_end_removes_nobody(answer: Answer) -> None:
    assert seen(answer, {"cut": MONDAYS[:3]}, partial=MONDAYS[3]) == {"cut": (MONDAYS[2], None)}


def test_the_unreadable_are_known_by_id_else_by_the_name_last_seen(answer: Answer) -> None:
    rows = ["('m1', 'acme/old')", "(null, 'acme/m2')", "(null, 'acme/nobody')", "('m1', null)"]
    refused = listed(rows, "hub_id, model_name")
    given = {
        "staging.models": models({"m1": MONDAYS[:1], "m2": MONDAYS[:1]}),
        "raw.quarantined": f"select 'huggingface' as source, date '{MONDAYS[1]}' as observed_on, * from ({refused})",
    }
    found = answer("staging.quarantined", given)
    assert sorted((row["hub_id"], row["observed_on"]) for row in found) == [("m1", MONDAYS[1]), ("m2", MONDAYS[1])]
