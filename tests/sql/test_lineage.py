"""Which evidence about a model's parents counts, and how parents are found."""

from __future__ import annotations

import pytest

from .conftest import Answer

NAMES = """
select * from (values
    ('1', 'lab/Base', date '2026-11-16'), ('2', 'lab/base', date '2026-11-09'), ('3', 'me/child', date '2026-11-16')
) as t(hub_id, model_name, last_seen_on)
"""


def edges(
    answer: Answer,
    *,
    tags: str = "[]",
    card: str = "[]",
    card_relation: str = "null",
    bases: str = "[]",
    relation: str = "null",
) -> list[tuple[object, ...]]:
    models = (
        f"select 'huggingface' as source, '3' as hub_id, date '2026-11-16' as observed_on, {tags}::varchar[] as tags,"
        f" {card}::varchar[] as card_base_models, {card_relation}::varchar as card_base_relation,"
        f" {bases}::struct(hub_id varchar, model_name varchar)[] as base_models, {relation}::varchar as base_relation"
    )
    rows = answer("core.lineage_edges", {"staging.models": models, "core.model_names": NAMES})
    return sorted((r["parent_name"], r["parent_hub_id"], r["relation"], r["evidence"], r["is_self_loop"]) for r in rows)


def test_what_the_hub_resolved_goes_before_tags_and_card(answer: Answer) -> None:
    found = edges(
        answer,
        bases="[{'hub_id': '1', 'model_name': 'lab/Base'}]",
        relation="'adapter'",
        tags="['base_model:old/name']",
        card="['old/name']",
    )
    assert found == [("lab/Base", "1", "adapter", "resolved", False)]


def test_a_typed_tag_and_its_plain_twin_are_one_edge(answer: Answer) -> None:
    found = edges(
        answer, tags="['base_model:lab/Base', 'base_model:quantized:lab/Base', 'license:mit']", card="['x/y']"
    )
    assert found == [("lab/Base", "1", "quantized", "tag", False)]


def test_several_parents_of_a_merge(answer: Answer) -> None:
    found = edges(answer, tags="['base_model:merge:lab/Base', 'base_model:merge:gone/away']")
    assert found == [("gone/away", None, "merge", "tag", False), ("lab/Base", "1", "merge", "tag", False)]


def test_the_card_speaks_when_nothing_else_does(answer: Answer) -> None:
    assert edges(answer, card="['lab/Base', '', ' ']", card_relation="'FineTune'") == [
        ("lab/Base", "1", "finetune", "card", False)
    ]
    assert edges(answer, card="['lab/Base']") == [("lab/Base", "1", "unspecified", "card", False)]


@pytest.mark.parametrize(("written", "hub_id"), [("lab/Base", "1"), ("lab/base", "2"), ("LAB/BASE", "1")])
def test_case_decides_only_between_names_that_differ_in_nothing_else(answer: Answer, written: str, hub_id: str) -> None:
    assert edges(answer, tags=f"['base_model:finetune:{written}']")[0][1] == hub_id


def test_a_model_that_names_itself_is_kept_and_marked(answer: Answer) -> None:
    assert edges(answer, tags="['base_model:finetune:me/child']") == [("me/child", "3", "finetune", "tag", True)]
