"""Who is gone: a model absent from a whole snapshot, not one whose record was unreadable or whose list was cut."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from .conftest import Answer
from .history import History, model, two_labs

MONDAYS = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]
Seen = dict[str, tuple[date, date | None]]


def seen(
    home: Path, sights: dict[str, list[date]], unreadable: list[date] | None = None, partial: date | None = None
) -> Seen:
    """Give (last_seen_on, removed_on) of each model over the four Mondays; on some days "odd" could not be read."""
    history = History(home)
    for day in MONDAYS:
        there = [model(hub_id) for hub_id, days in sights.items() if day in days]
        odd = ["odd"] if day in (unreadable or []) else []
        history.day(day, *there, unreadable=odd, status="partial" if day == partial else None)
    rows = history.build().rows("select hub_id, last_seen_on, removed_on from core.models")
    return {row["hub_id"]: (row["last_seen_on"], row["removed_on"]) for row in rows}


def test_a_model_absent_from_a_whole_snapshot_is_removed_on_that_day(tmp_path: Path) -> None:
    found = seen(tmp_path, {"stays": MONDAYS, "goes": MONDAYS[:2]})
    assert found == {"stays": (MONDAYS[3], None), "goes": (MONDAYS[1], MONDAYS[2])}


def test_who_counts_as_there_in_a_week(tmp_path: Path) -> None:
    """From its creation, or since the last snapshot without it; away for a while or disabled, it still does."""
    mondays = [date(2026, 8, 31) + timedelta(days=7 * place) for place in range(6)]
    there = {"steady": range(6), "public": range(3, 6), "gone": range(3), "away": (0, 1, 4, 5), "disabled": range(6)}
    history = two_labs(tmp_path)
    for place, day in enumerate(mondays):
        rows = [
            model(name, model_name=f"acme/{name}", total=100 * place, is_disabled=name == "disabled" and place > 2)
            for name, places in there.items()
            if place in places
        ]
        born = datetime.combine(mondays[1] + timedelta(days=2), datetime.min.time())
        rows += [model("new", model_name="acme/new", total=place, created_at=born)] if place > 1 else []
        history.day(day, model("giant", model_name="base/giant", total=10**6 * place), *rows)
    counted = """
        select n_models from marts.share_by_lab
        where lab = 'acme' and scope = 'S1' and credit = 'publisher' and time_window = 'week' order by week
    """
    # public is there from the third Monday on, new from the first Wednesday, gone until the fourth Monday.
    assert [row["n_models"] for row in history.build().rows(counted)] == [4, 5, 6, 5, 5, 5]


@pytest.mark.parametrize(
    ("readable", "unreadable", "last_seen_on", "removed_on"),
    [
        pytest.param(MONDAYS[:3], MONDAYS[3:], MONDAYS[3], None, id="on-the-last-day"),
        pytest.param([MONDAYS[0]], MONDAYS[1:], MONDAYS[3], None, id="ever-since"),
        pytest.param([MONDAYS[0]], MONDAYS[1:3], MONDAYS[2], MONDAYS[3], id="then-removed"),
        pytest.param([MONDAYS[0], MONDAYS[2], MONDAYS[3]], [MONDAYS[1]], MONDAYS[3], None, id="in-between"),
    ],
)
def test_an_unreadable_record_is_no_removal(
    tmp_path: Path, readable: list[date], unreadable: list[date], last_seen_on: date, removed_on: date | None
) -> None:
    found = seen(tmp_path, {"odd": readable, "other": MONDAYS, "third": MONDAYS}, unreadable)
    assert found["odd"] == (last_seen_on, removed_on)


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> History:
    """An archive, three captures of ours, and after them an archive that tells names and downloads alone."""
    history = History(tmp_path_factory.mktemp("archived"))
    told = {"pipeline_tag": "text-generation", "parameters_total": 7 * 10**9}
    told |= {"tags": ["license:mit", "base_model:finetune:lab/base"]}
    # Python's own spelling, as in the dumps that others make.
    history.day(MONDAYS[0], *(model(name, gated="False") for name in ("gone", "kept", "base")), source="archive")
    for place, day in enumerate(MONDAYS[1:]):
        history.day(day, model("kept", total=70 * place, **told), model("base"))
    midweek = MONDAYS[2] + timedelta(days=2)
    history.day(midweek, model("kept"), model("base"), model("brief"), source="huggingface_quick")
    bare = model(None, model_name="lab/kept", total=150, created_at=None, tags=None, gated=None)
    history.day(MONDAYS[3] + timedelta(days=2), bare, source="names")
    other_letters = [model(None, model_name="Lab/KEPT", total=150 + place) for place in range(2)]
    for place, row in enumerate(other_letters):
        history.day(MONDAYS[3] + timedelta(days=place + 3), row, source="letters")
    return history.build()


def test_an_archive_that_tells_less_takes_nothing_from_what_our_captures_told(archived: History) -> None:
    (row,) = archived.rows("select * from core.models where hub_id = 'kept'")
    assert (row["pipeline_tag"], row["size_band"], row["licence_class"]) == ("text-generation", "5-10B", "permissive")
    edges = archived.rows("select is_used, relation from staging.edges")
    assert edges == [{"is_used": True, "relation": "finetune"}]


def test_a_gate_that_an_archive_denies_in_another_spelling_is_none(archived: History) -> None:
    told = archived.rows(
        "select distinct models.is_gated, terms.is_gated as was_gated from core.models as models, staging.terms as terms"
    )
    assert told == [{"is_gated": False, "was_gated": False}]


def test_what_we_never_captured_is_removed_by_our_next_whole_capture(archived: History) -> None:
    rows = archived.rows("select hub_id, removed_on from core.models order by hub_id")
    assert [tuple(row.values()) for row in rows] == [
        ("base", None),
        ("brief", MONDAYS[3]),
        ("gone", MONDAYS[1]),
        ("kept", None),
    ]


def test_an_archive_that_writes_names_in_other_letters_tells_of_the_same_model(archived: History) -> None:
    assert archived.rows("select count(*) as models from core.models") == [{"models": 4}]
    assert archived.rows("select distinct model_name from core.models where hub_id = 'kept'") == [
        {"model_name": "lab/kept"}
    ]


def test_two_models_whose_names_differ_in_their_case_alone_stay_two_in_an_archive(tmp_path: Path) -> None:
    history = History(tmp_path)
    names = {"large": "lab/Kept", "small": "lab/kept"}
    history.day(MONDAYS[0], *(model(None, model_name=name, created_at=None) for name in names.values()), source="named")
    history.day(MONDAYS[1], *(model(hub_id, model_name=name) for hub_id, name in names.items()))
    assert history.rows("select hub_id, model_name, first_seen_on from core.models order by hub_id") == [
        {"hub_id": hub_id, "model_name": name, "first_seen_on": MONDAYS[0]} for hub_id, name in names.items()
    ]


def test_an_archive_that_has_a_name_in_two_cases_tells_of_two_models(tmp_path: Path) -> None:
    history = History(tmp_path)
    names = ["lab/Kept", "lab/kept"]
    history.day(MONDAYS[0], *(model(None, model_name=name, created_at=None) for name in names), source="named")
    history.day(MONDAYS[1], model("small", model_name="lab/kept"))
    ids = history.rows("select hub_id from core.models order by hub_id")
    assert [row["hub_id"] for row in ids] == ["name:lab/Kept", "small"]


def test_a_model_that_a_quick_capture_sees_again_is_there(tmp_path: Path) -> None:
    history = History(tmp_path)
    for place, day in enumerate(MONDAYS[:3]):
        back = [] if place == 1 else [model("back")]
        history.day(day, model("other"), *back, source="huggingface_quick" if place == 2 else "huggingface")
    rows = history.rows("select last_seen_on, removed_on from core.models where hub_id = 'back'")
    assert rows == [{"last_seen_on": MONDAYS[2], "removed_on": None}]


def test_absence_from_a_list_that_was_cut_is_no_removal(tmp_path: Path) -> None:
    assert seen(tmp_path, {"odd": [day for day in MONDAYS if day != MONDAYS[2]], "other": MONDAYS}, partial=MONDAYS[2])[
        "odd"
    ] == (MONDAYS[3], None)


def test_what_a_model_gained_while_its_record_was_unreadable_is_not_lost(tmp_path: Path) -> None:
    history = History(tmp_path)
    for place, day in enumerate(MONDAYS[:3]):
        odd = [] if place == 1 else [model("odd", total=70 * place)]
        history.day(day, model("other", total=place), *odd, unreadable=["odd"] if place == 1 else ())
    rows = history.build().rows(
        "select week, downloads_flow from core.weekly_flow where hub_id = 'odd' and not is_estimate"
    )
    assert sorted((row["week"], float(row["downloads_flow"])) for row in rows) == [
        (MONDAYS[0], 70.0),
        (MONDAYS[1], 70.0),
    ]


def test_no_licence_stated_is_not_the_same_as_none_told(tmp_path: Path) -> None:
    """An archive without tags says nothing about licences; a record with tags and no licence among them says that there is none."""
    history = History(tmp_path)
    told = {"silent": None, "bare": ["region:us"], "free": ["license:mit"], "odd": ["license:mine-alone"]}
    history.day(MONDAYS[0], *(model(name, tags=tags) for name, tags in told.items()))
    rows = history.build().rows("select hub_id, licence_class from core.models")
    assert {row["hub_id"]: row["licence_class"] for row in rows} == {
        "silent": "UNKNOWN",
        "bare": "none",
        "free": "permissive",
        "odd": "UNKNOWN",
    }


def test_a_week_belongs_to_the_namespace_a_model_had_at_its_end(answer: Answer) -> None:
    """The new name was first seen on the Wednesday of the second week."""
    records = """select 'huggingface' as source, 1 as model_key, split_part(model_name, '/', 1) as namespace, model_name, observed_on
        from (values ('old/m', date '2026-11-02'), ('new/m', date '2026-11-11')) as given (model_name, observed_on)"""
    spans = f"select *, model_key as listed_key, observed_on as last_on from ({records})"
    stubs = "select -1 as model_key, '' as namespace, '' as stub_name where false"
    given = {
        "staging.names": records,
        "staging.records": records,
        "staging.record_spans": spans,
        "staging.stubs": stubs,
    }
    tenures = answer("staging.tenures", given)
    for monday, namespace in ((MONDAYS[0], "old"), (MONDAYS[1], "new")):
        assert [row["namespace"] for row in tenures if row["from_on"] <= monday < row["until_on"]] == [namespace]
