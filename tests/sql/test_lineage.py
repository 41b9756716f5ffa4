"""Which evidence about a model's parents counts, and how parents are found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from .history import LONG_AGO, History, model

Edges = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def edges(tmp_path: Path) -> Edges:
    """Give `edges(**said)`: the edges of one child on a Hub with two bases whose names differ only in case."""

    def found(
        *, bases: list[dict[str, str]] | None = None, card: list[str] | None = None, **said: Any
    ) -> list[tuple[object, ...]]:
        history = History(tmp_path / "home")
        older = model("2", model_name="lab/base")
        history.day(date(2026, 11, 9), older)
        child = model("3", model_name="me/child", base_models=bases, card_base_models=card, **said)
        history.day(date(2026, 11, 16), model("1", model_name="lab/Base"), older, child)
        history.build()
        rows = history.rows("select * from core.lineage_edges where child_hub_id = '3' and is_used")
        return sorted(
            (r["parent_name"], r["parent_hub_id"], r["relation"], r["evidence"], r["is_self_loop"])
            for r in rows
            if r["is_used"]
        )

    return found


def test_what_the_hub_resolved_goes_before_tags_and_card(edges: Edges) -> None:
    found = edges(
        bases=[{"hub_id": "1", "model_name": "lab/Base"}],
        base_relation="adapter",
        tags=["base_model:old/name"],
        card=["old/name"],
    )
    assert found == [("lab/Base", "1", "adapter", "resolved", False)]


def test_a_typed_tag_and_its_plain_twin_are_one_edge(edges: Edges) -> None:
    found = edges(tags=["base_model:lab/Base", "base_model:quantized:lab/Base", "license:mit"], card=["x/y"])
    assert found == [("lab/Base", "1", "quantized", "tag", False)]


def test_what_a_better_word_supersedes_is_kept_and_not_used(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    child = model("3", tags=["base_model:finetune:lab/Base"], card_base_models=["gone/away"])
    history.day(date(2026, 11, 16), model("1", model_name="lab/Base"), child)
    history.build()
    rows = history.rows("select parent_name, evidence, is_used from core.lineage_edges order by parent_name")
    assert [tuple(row.values()) for row in rows] == [("gone/away", "card", False), ("lab/Base", "tag", True)]


def test_several_parents_of_a_merge(edges: Edges) -> None:
    found = edges(tags=["base_model:merge:lab/Base", "base_model:merge:gone/away"])
    assert found == [("gone/away", None, "merge", "tag", False), ("lab/Base", "1", "merge", "tag", False)]


@pytest.mark.parametrize(("said", "relation"), [("FineTune", "finetune"), (None, "unspecified")])
def test_the_card_speaks_when_nothing_else_does(edges: Edges, said: str | None, relation: str) -> None:
    found = edges(card=["lab/Base", "", " "], card_base_relation=said)
    assert found == [("lab/Base", "1", relation, "card", False)]


@pytest.mark.parametrize(("written", "hub_id"), [("lab/Base", "1"), ("lab/base", "2"), ("LAB/BASE", "2")])
def test_case_decides_only_between_names_that_differ_in_nothing_else(edges: Edges, written: str, hub_id: str) -> None:
    """Where it does not decide, the one that was known first is meant."""
    assert edges(tags=[f"base_model:finetune:{written}"])[0][1] == hub_id


def test_a_model_that_names_itself_is_kept_and_marked(edges: Edges) -> None:
    assert edges(tags=["base_model:finetune:me/child"]) == [("me/child", "3", "finetune", "tag", True)]


def test_a_merge_keeps_a_parent_that_was_removed_from_the_hub(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    told = {"tags": ["base_model:merge:a/one", "base_model:merge:a/two"], "base_relation": "merge"}
    one, two = model("1", model_name="a/one"), model("2", model_name="a/two")
    both = [{"hub_id": "1", "model_name": "a/one"}, {"hub_id": "2", "model_name": "a/two"}]
    history.day(date(2026, 11, 9), one, two, model("3", model_name="me/m", base_models=both, **told))
    history.day(date(2026, 11, 16), two, model("3", model_name="me/m", base_models=both[1:], **told))
    history.build()
    rows = history.rows("select root_name, weight from core.roots where hub_id = '3' order by root_name")
    assert rows == [{"root_name": "a/one", "weight": 0.5}, {"root_name": "a/two", "weight": 0.5}]


def test_a_merge_keeps_a_parent_that_nobody_can_see_and_counts_a_renamed_one_once(tmp_path: Path) -> None:
    """Of one merge a parent is private. Of the other the Hub resolves both parents, one by a name that it did not have then."""
    history = History(tmp_path / "home")
    one, two = ({"hub_id": hub_id, "model_name": f"lab/{hub_id}"} for hub_id in ("one", "two"))
    private = {"tags": ["base_model:merge:lab/one", "base_model:merge:me/private"], "base_models": [one]}
    renamed = {"tags": ["base_model:merge:lab/one", "base_model:merge:lab/old"], "base_models": [one, two]}
    merges = (model(hub_id, base_relation="merge", **said) for hub_id, said in (("m1", private), ("m2", renamed)))
    history.day(date(2026, 11, 9), model("one"), model("two"), *merges)
    history.build()
    rows = history.rows("select hub_id, root_name, weight from core.roots where depth > 0 order by hub_id, root_name")
    halves = [("m1", "lab/one"), ("m1", "me/private"), ("m2", "lab/one"), ("m2", "lab/two")]
    assert [tuple(row.values()) for row in rows] == [(*half, 0.5) for half in halves]
    rows = history.rows("select child_key, base_key, weight from staging.birth_lines where credit = 'root'")
    assert [row["weight"] for row in rows] == [0.5] * 4


def test_a_circle_is_cut_at_its_oldest_member_which_keeps_the_parents_it_has_outside(tmp_path: Path) -> None:
    """One circle of two over a line of three, and two that share a member: x <- y <- x and x <- z <- x, with nothing over them."""
    declared = {
        "rock": [],
        "ground": ["rock"],
        "base": ["ground"],
        "old": ["base", "young"],
        "young": ["old"],
        "child": ["young"],
    }
    declared |= {"x": ["y", "z"], "y": ["x"], "z": ["x"], "below": ["y", "base"]}
    history = History(tmp_path / "home")
    history.day(
        date(2026, 11, 9),
        *(
            model(
                name,
                tags=[f"base_model:lab/{parent}" for parent in parents],
                created_at=LONG_AGO + timedelta(days=place),
            )
            for place, (name, parents) in enumerate(declared.items())
        ),
    )
    history.build()
    rows = history.rows("select hub_id, root_hub_id, weight, depth from core.roots where depth > 0 order by all")
    assert [tuple(row.values()) for row in rows] == [
        ("base", "rock", 1.0, 2),
        ("below", "rock", 0.5, 3),
        ("below", "x", 0.5, 2),
        ("child", "rock", 1.0, 5),
        ("ground", "rock", 1.0, 1),
        ("old", "rock", 1.0, 3),
        ("y", "x", 1.0, 1),
        ("young", "rock", 1.0, 4),
        ("z", "x", 1.0, 1),
    ]


def test_what_a_model_means_by_a_name_is_one_edge_whoever_bears_the_name(tmp_path: Path) -> None:
    """The crawl lists a parent before it is renamed and its child after; later another model takes the name of a lost parent."""
    history = History(tmp_path / "home")

    def child(hub_id: str, parent: str, name: str) -> dict[str, Any]:
        bases = [{"hub_id": parent, "model_name": name}]
        return model(hub_id, base_models=bases, tags=[f"base_model:{name}"])

    lost = model("2", model_name="lab/again")
    history.day(date(2026, 11, 9), model("1", model_name="lab/old"), lost, child("4", "2", "lab/again"))
    again = model("3", model_name="lab/again")
    renamed = child("5", "1", "lab/new")
    history.day(date(2026, 11, 16), model("1", model_name="lab/old"), again, child("4", "3", "lab/again"), renamed)
    history.build()
    rows = history.rows("select * from core.lineage_edges order by child_hub_id")
    assert [(row["child_hub_id"], row["parent_hub_id"], row["parent_name"], row["is_used"]) for row in rows] == [
        ("4", "3", "lab/again", True),
        ("5", "1", "lab/new", True),
    ]


def test_a_path_on_a_disk_is_another_unknown_model_for_each_child(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    path = {"tags": ["base_model:./outputs/checkpoint-500"]}
    gone = {"tags": ["base_model:gone/Away"]}
    also_gone = {"tags": ["base_model:gone/away"]}
    history.day(date(2026, 11, 9), model("1", **path), model("2", **path), model("3", **gone), model("4", **also_gone))
    rows = history.rows("select child_key, parent_key from staging.parents order by child_key")
    first, second, third, fourth = (row["parent_key"] for row in rows)
    assert len({first, second, third}) == 3
    assert third == fourth, "one name of the Hub, however it is spelled"
    owners = history.rows(
        "select namespace, count(*) as stubs from staging.stubs group by namespace order by namespace"
    )
    assert [(row["namespace"], row["stubs"]) for row in owners] == [("gone", 1), (None, 2)]
    names = history.rows("select hub_id, root_name, weight from core.roots order by hub_id")
    assert [(row["root_name"], row["weight"]) for row in names][:2] == [("./outputs/checkpoint-500", 1.0)] * 2
    labs = history.rows("select lab, n_models from staging.lab_stocks where credit = 'direct' and scope = 'S1'")
    assert {row["lab"]: row["n_models"] for row in labs} == {"hf:(others)": 2, "hf:gone": 2}, "nobody's lab"
    counts = history.rows(
        "select n_listed from staging.listed_counts where credit = 'direct' and level = 'lab' limit 1"
    )
    assert counts == [{"n_listed": 3}]
