"""Derivatives by month of birth and home of their roots, on a Hub small enough to count by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from .history import History, model

DAYS = [date(2026, 9, 7), date(2026, 9, 28), date(2026, 10, 5)]
NAMESPACES = """namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,2026-01-01,,2026-01-01,low,general knowledge
base,base,,,2026-01-01,,2026-01-01,low,general knowledge
base-works,base,,,2026-01-01,,2026-01-01,low,general knowledge
"""
LABS = """lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,2026-09-21,2026-01-01,,2026-01-01,low,general knowledge
acme,Acme,,FR,company,2026-09-21,,2026-01-01,,2026-01-01,low,general knowledge
base,Base,,CN,company,,,2026-01-01,,2026-01-01,low,general knowledge
"""
SEPTEMBER = date(2026, 9, 1)


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "home", registry=tmp_path / "registry")
    made.write_registry(labs=LABS, namespaces=NAMESPACES)
    return made


def born(name: str, *parents: str, relation: str = "finetune", on: str = "2026-09-15", **said: Any) -> dict[str, Any]:
    """Write a model made from others, created on a day in September unless said otherwise."""
    tags = [f"base_model:{relation}:{parent}" for parent in parents]
    return model(name, model_name=name, created_at=datetime.fromisoformat(on), tags=tags, **said)


def births(history: History, variant: str, *, level: str = "country", relation: str = "all") -> dict[str, float]:
    rows = history.rows(
        f"select side, new_models from marts.derivative_births where month = '{SEPTEMBER}' and variant = '{variant}'"
        f" and level = '{level}' and relation = '{relation}'"
    )
    return {row["side"]: row["new_models"] for row in rows}


def test_a_derivative_of_two_roots_is_half_in_each_and_variants_leave_out_what_they_say(history: History) -> None:
    text = {"pipeline_tag": "text-generation"}
    history.day(
        DAYS[1],
        model("base/b", model_name="base/b"),
        born("zed/tuned", "base/b", total=6, **text),
        born("zed/merged", "base/b", "gone/away", relation="merge", total=5, **text),
        born("acme/again", "zed/merged", relation="adapter", total=100),
        born("base-works/chat", "base/b", total=100, **text),
        born("zed/packed", "base/b", relation="quantized", total=100, **text),
    )
    history.build()
    assert births(history, "all") == {"CN": 4, "UNKNOWN": 1}
    assert births(history, "all", level="lab") == {"base": 4, "hf:gone": 1}
    assert births(history, "default") == {"CN": 2, "UNKNOWN": 1}
    assert births(history, "atom") == {"CN": 1}
    assert births(history, "default", relation="merge") == {"CN": 0.5, "UNKNOWN": 0.5}
    (china,) = history.rows(
        "select * from marts.derivative_births where side = 'CN' and variant = 'default' and relation = 'all'"
    )
    assert china["new_authors"] == 2
    assert china["share"] == pytest.approx(2 / 3)
    assert china["unknown_share"] == pytest.approx(1 / 3)
    assert china["lab"] is None


def test_the_parent_declared_first_counts_in_the_month_of_creation(history: History) -> None:
    bases = [model("base/b", model_name="base/b"), model("zed/z", model_name="zed/z")]
    for day, silent, changed in ((DAYS[1], (), ("base/b",)), (DAYS[2], ("base/b",), ("zed/z",))):
        history.day(day, *bases, born("me/silent", *silent), born("me/changed", *changed))
    history.build()
    rows = history.rows(
        "select month, side, new_models, late_models from marts.derivative_births"
        " where level = 'country' and variant = 'all' and relation = 'all'"
    )
    assert rows == [{"month": SEPTEMBER, "side": "CN", "new_models": 2, "late_models": 1}]


def test_a_parent_removed_before_we_saw_its_child_keeps_its_part(history: History) -> None:
    """The merge was made of two on the 15th; by our next look one of them is gone, and the Hub resolves the other alone."""
    base, lost = model("base/b", model_name="base/b"), model("acme/a", model_name="acme/a")
    resolved = [{"hub_id": "base/b", "model_name": "base/b"}]
    history.day(DAYS[0], base, lost)
    history.day(DAYS[1], base, born("zed/m", "base/b", "acme/a", relation="merge", base_models=resolved))
    history.build()
    assert births(history, "all") == {"CN": 0.5, "US": 0.5}


def test_a_birth_stays_what_was_said_first_and_a_correction_counts_for_all_else(history: History) -> None:
    """Uploaders correct how they made a model, and the first to list a merge knew its parents by their tags alone."""
    base, lost = model("base/b", model_name="base/b"), model("acme/a", model_name="acme/a")
    untold = model("me/late", created_at=datetime.fromisoformat("2026-09-15"), tags=["base_model:base/b"])
    merged = born("me/m", "base/b", "acme/a", relation="merge")
    packed, tuned = born("me/packed", "base/b"), born("me/tuned", "base/b", relation="quantized")
    history.day(DAYS[1], base, lost, untold, merged, packed, tuned)
    resolved = {"base_models": [{"hub_id": "base/b", "model_name": "base/b"}], "base_relation": "merge"}
    packed, tuned = born("me/packed", "base/b", relation="quantized"), born("me/tuned", "base/b")
    history.day(DAYS[2], base, born("me/late", "base/b", relation="quantized"), merged | resolved, packed, tuned)
    history.build()
    assert births(history, "all", relation="finetune") == {"CN": 1}, "me/packed"
    assert births(history, "all", relation="quantized") == {"CN": 2}, "me/late and me/tuned"
    assert births(history, "all", relation="merge") == {"CN": 0.5, "US": 0.5}
    rows = history.rows("select child_hub_id, relation from core.lineage_edges where relation <> 'merge' order by 1")
    assert [tuple(row.values()) for row in rows] == [
        ("me/late", "quantized"),
        ("me/packed", "quantized"),
        ("me/tuned", "finetune"),
    ]


def test_a_lab_that_moved_gives_each_country_the_births_of_its_time(history: History) -> None:
    history.day(
        DAYS[1],
        model("acme/a", model_name="acme/a"),
        born("zed/before", "acme/a", on="2026-09-15"),
        born("zed/after", "acme/a", on="2026-09-22"),
    )
    history.build()
    assert births(history, "all") == {"US": 1, "FR": 1}
    (lab,) = history.rows(
        "select * from marts.derivative_births where level = 'lab' and variant = 'all' and relation = 'all'"
    )
    assert (lab["lab"], lab["country"], lab["new_models"]) == ("acme", "FR", 2)


def test_months_before_the_first_capture_and_the_running_one_say_so(history: History) -> None:
    told = [("a/1", "2026-08-31"), ("a/2", "2026-09-30"), ("a/3", "2026-10-02")]
    for day in DAYS[1:]:
        there = [born(name, "base/b", on=on) for name, on in told if on < day.isoformat()]
        history.day(day, model("base/b", model_name="base/b"), *there)
    history.build()
    rows = history.rows(
        "select distinct month, is_before_capture, is_running, as_of from marts.derivative_births order by month"
    )
    assert [(row["month"].month, row["is_before_capture"], row["is_running"]) for row in rows] == [
        (8, True, False),
        (9, True, False),
        (10, False, True),
    ]
    assert {row["as_of"] for row in rows} == {DAYS[2]}


def test_circles_and_models_that_name_themselves_have_no_birth_of_their_own(history: History) -> None:
    history.day(
        DAYS[1],
        born("zed/self", "zed/self"),
        born("zed/older", "zed/younger", on="2026-09-14"),
        born("zed/younger", "zed/older", on="2026-09-16"),
    )
    history.build()
    assert births(history, "all", level="lab") == {"hf:zed": 1}
