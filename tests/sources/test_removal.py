from __future__ import annotations

import json

import polars as pl
import pytest

from dagster_project.errors import UsageError
from dagster_project.sources.huggingface import read_models
from dagster_project.sources.records import split
from dagster_project.sources.removal import Removal, account_name

REMOVAL = Removal("Alice", {"alice/known": "erased/1f"})


@pytest.mark.parametrize(
    ("text", "theirs", "own"),
    [
        ("alice/known", "erased/1f", "erased/1f"),
        ("ALICE/Known", "erased/1f", "erased/1f"),
        ("base_model:quantized:alice/known", "base_model:quantized:erased/1f", "base_model:quantized:erased/1f"),
        ("alice/other", "erased/unknown", "erased/unknown"),
        ("alice%2Fknown", "erased/1f", "erased/1f"),
        ("see alice/known.", "see erased/1f.", "see erased/1f."),
        ("https://huggingface.co/alice/known/tree", "https://huggingface.co/erased/1f/tree", None),
        ("https://huggingface.co/Alice", "https://huggingface.co/erased", None),
        ("github.com/alice?tab=x", "github.com/erased?tab=x", None),
        ("by @alice!", "by @erased!", None),
        ("alice", "alice", "erased"),
        ("made by Alice.", "made by Alice.", "made by erased."),
        ("bob/alice", "bob/alice", "bob/alice"),
        ("alice2/known", "alice2/known", "alice2/known"),
        ("not-alice/known", "not-alice/known", "not-alice/known"),
        ("not.alice/known", "not.alice/known", "not.alice/known"),
        ("alice-2/known", "alice-2/known", "alice-2/known"),
        ("alice.ai/known", "alice.ai/known", "alice.ai/known"),
        ("malice", "malice", "malice"),
    ],
)
def test_only_whole_components_are_the_name(text, theirs, own):
    assert REMOVAL.text(text, is_own=False) == theirs
    assert REMOVAL.text(text, is_own=True) == (own or theirs)


def page(*records: dict[str, object] | str) -> bytes:
    return ("[" + ", ".join(one if isinstance(one, str) else json.dumps(one) for one in records) + "]").encode()


def test_a_page_without_the_name_stays_byte_for_byte():
    body = page({"_id": "2f", "id": "malice/x", "n": 1.50}, {"_id": "3f", "id": "b/c"})
    assert REMOVAL.page(body) == body


def test_records_of_others_stay_byte_for_byte_beside_a_cleaned_one():
    other = '{"_id":"2f",  "id":"bob/x","n":1.50,"big":1180591620717411303424}'
    cleaned = REMOVAL.page(page(other, {"_id": "1f", "id": "alice/known"}))
    assert cleaned.startswith(b"[" + other.encode() + b",")
    assert b"alice" not in cleaned


def test_the_hubs_own_words_are_no_account():
    record = {"_id": "2f", "id": "pytorch/x", "library_name": "pytorch", "pipeline_tag": "pytorch", "gated": "pytorch"}
    cleaned = json.loads(Removal("pytorch", {}).record(json.dumps(record | {"tags": ["pytorch"]}).encode()))
    assert cleaned == record | {"id": "erased/2f", "tags": ["erased"]}
    theirs = json.dumps(record | {"id": "bob/x", "tags": ["pytorch"]}).encode()
    assert Removal("pytorch", {}).record(theirs) == theirs


@pytest.mark.parametrize(
    "record",
    [
        b'{"_id":"1f","id":"alice/known","x":"\\ud800 alice"}',
        b'{"_id":"1f","id":"alice/known","n":NaN,"x":"alice"}',
        b'{"id":"alice/known","deep":' + b"[" * 5000 + b'"alice"' + b"]" * 5000 + b"}",
        b'{"_id":"1f","id":"alice/known","x":"\xff alice"}',
        b'{"_id":"1f","id":"\\u0061lice/known","author":"\\u0061lice"}',
    ],
    ids=["surrogate", "nan", "deep", "not-utf8", "written-as-numbers"],
)
def test_a_record_that_no_parser_reads_loses_the_name_too(record):
    cleaned = REMOVAL.record(record)
    assert b"alice" not in cleaned.lower()
    assert b"\\u0061" not in cleaned


def test_a_record_refused_for_its_name_stays_refused():
    body = page({"_id": "1f", "id": "alice/" + "x" * 300})
    _rows, rejects = read_models(split(REMOVAL.page(body)))
    assert len(rejects) == 1
    assert b"alice" not in REMOVAL.page(body)


def test_typed_rows_lose_the_name_as_their_records_do():
    records = [
        {
            "_id": "1f",
            "id": "alice/known",
            "author": "alice",
            "tags": ["alice", "a"],
            "cardData": {"base_model": "alice/y"},
        },
        {"_id": "2f", "id": "Alice/New", "library_name": "alice", "tags": ["bob/alice"]},
        {
            "_id": "3f",
            "id": "bob/x",
            "tags": ["base_model:alice/known", "alice"],
            "cardData": {"license_name": "@alice"},
        },
        {
            "_id": "4f",
            "id": "bob/y",
            "baseModels": {"relation": "merge", "models": [{"_id": "1f", "id": "alice/known"}]},
        },
        {"_id": "5f", "id": "bob/z", "baseModels": None, "tags": None},
    ]
    removal = Removal("alice", {"alice/known": "erased/1f", "alice/new": "erased/2f"})
    body = page(*records)
    typed, _ = read_models(split(body))
    once, _ = read_models(split(removal.page(body)))
    cleaned = removal.rows(typed.lazy())
    assert cleaned is not None
    assert cleaned.collect().equals(once)
    assert removal.rows(once.drop("library").lazy()) is None or removal.rows(once.lazy()).collect().equals(once)


def test_rows_without_the_name_are_left_alone():
    typed, _ = read_models(split(page({"_id": "2f", "id": "malice/x", "tags": ["alice"]})))
    assert REMOVAL.rows(typed.lazy()) is None


def test_rejected_records_lose_it_too():
    table = pl.DataFrame({"page": [1], "position": [0], "reason": ["odd"], "record": [b'{"id":"alice/known"}']})
    assert REMOVAL.rejects(table)["record"][0] == b'{"id":"erased/1f"}'
    named = table.with_columns(hub_id=pl.lit("1f"), model_name=pl.lit("alice/known"))
    assert REMOVAL.rejects(named)["model_name"].to_list() == ["erased/1f"]
    assert REMOVAL.rejects(table.with_columns(record=pl.lit(b'{"id":"malice/x"}'))) is None


@pytest.mark.parametrize("name", ["", "a/b", "erased", "Erased", "a b", "-x", "é", "x" * 97])
def test_what_is_no_account_is_refused(name):
    with pytest.raises(UsageError, match="can't be the name of an account"):
        account_name(name)
