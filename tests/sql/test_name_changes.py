"""Renames in an archive without ids: a name gone and one there within three days, of the same owner or the same name, at the same count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from .history import History, model

MONDAY = date(2026, 11, 2)
BEFORE, SINCE = range(3), range(3, 8)
YOUNGER = datetime(2026, 10, 30, tzinfo=UTC).replace(tzinfo=None)
SIGHTS = [
    # Of the same owner: 1,005 is within one per cent of 1,000. Our own capture tells the id of the later name.
    ("acme/old", 1000, BEFORE),
    ("acme/new", 1005, SINCE),
    # To another owner and back, with two days unseen.
    ("here/back", 2000, [0, 1]),
    ("there/back", 2000, [3, 4]),
    ("here/back", 2000, [5, 6, 7]),
    # Twice.
    ("chain/a", 3000, [0, 1]),
    ("chain/b", 3000, [2, 3, 4]),
    ("chain/c", 3000, [5, 6, 7]),
    # Two that went, one that came: it may be either.
    ("twins/one", 500, BEFORE),
    ("twins/two", 500, BEFORE),
    ("twins/three", 500, SINCE),
    # Too few to tell, too far, made at another time, too late, of neither the same owner nor the same name.
    ("few/a", 50, BEFORE),
    ("few/b", 50, SINCE),
    ("far/a", 1000, BEFORE),
    ("far/b", 1011, SINCE),
    ("made/a", 900, BEFORE),
    ("made/b", 900, SINCE),
    ("late/a", 700, [0, 1]),
    ("late/b", 700, [5, 6, 7]),
    ("odd/a", 800, BEFORE),
    ("even/b", 800, SINCE),
]
LINKED = {"acme/old", "there/back", "chain/a", "chain/b"}


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Eight days of an archive from Monday to Monday, and our own capture on the last of them."""
    history = History(tmp_path_factory.mktemp("named"))
    for place in range(8):
        there = [
            model(None, model_name=name, total=total, **({"created_at": YOUNGER} if name == "made/b" else {}))
            for name, total, places in SIGHTS
            if place in places
        ]
        steady = model(None, model_name="lab/steady", total=10 * place)
        history.day(MONDAY + timedelta(days=place), steady, *there, source="archive")
    history.day(MONDAY + timedelta(days=7), model("m", model_name="acme/new", total=1005))
    return history.build()


def test_only_names_that_can_be_told_apart_are_one_model(archived: History) -> None:
    names = {name for name, _total, _places in SIGHTS} | {"lab/steady"}
    told = {row["hub_id"] for row in archived.rows("select hub_id from core.models")}
    assert told == {f"name:{name}" for name in names - LINKED - {"acme/new"}} | {"m"}
    rows = archived.rows("select model_name from core.model_names where hub_id = 'm'")
    assert {row["model_name"] for row in rows} == {"acme/old", "acme/new"}


def test_what_it_gained_under_way_is_counted_once(archived: History) -> None:
    rows = archived.rows("select hub_id, week, downloads_flow from core.weekly_flow where downloads_flow > 0")
    assert {(row["hub_id"], row["week"], row["downloads_flow"]) for row in rows} == {
        ("name:lab/steady", MONDAY, 70),
        ("m", MONDAY, 5),
    }


def test_it_is_a_rename_and_no_removal(archived: History) -> None:
    rows = archived.rows(
        "select kind, observed_on, detail from core.counter_events where kind in ('rename', 'removal')"
    )
    day = [MONDAY + timedelta(days=place) for place in range(8)]
    assert {(row["kind"], row["observed_on"], row["detail"]) for row in rows} == {
        ("rename", day[3], "acme/old -> acme/new, by its counter"),
        ("rename", day[5], "there/back -> here/back, by its counter"),
        ("rename", day[2], "chain/a -> chain/b, by its counter"),
        ("rename", day[5], "chain/b -> chain/c, by its counter"),
    }
