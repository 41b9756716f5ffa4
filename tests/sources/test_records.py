from __future__ import annotations

import json
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.sources import records

MEBIBYTE = 2**20
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
objects = st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=4), max_size=6)
# What msgspec refuses, so that the list has to be taken apart by its brackets.
POISON = [b'{"a":"\\ud800"}', b'{"a":NaN}', b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"a":\xff}']


def encoded(rows, *, ascii_only):
    return [json.dumps(row, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") for row in rows]


@given(objects, st.booleans(), st.sampled_from([b",", b" ,\n ", b"\t,"]))
def test_a_list_of_objects_is_split_into_its_records(rows, ascii_only, comma):
    body = b" [ " + comma.join(encoded(rows, ascii_only=ascii_only)) + b" ]\n"
    assert [json.loads(bytes(record)) for record in records.split(body)] == rows
    assert records.count(body) == len(rows)


@given(objects, st.data())
def test_one_record_that_json_forbids_costs_no_other(rows, data):
    parts = encoded(rows, ascii_only=True)
    place = data.draw(st.integers(0, len(parts)))
    parts.insert(place, data.draw(st.sampled_from(POISON)))
    assert [bytes(record) for record in records.split(b"[" + b",".join(parts) + b"]")] == parts


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("inner", [1, records.MOST_GUESSES, 3 * records.MOST_GUESSES])
def test_objects_inside_a_record_are_not_taken_for_records(poison, inner):
    nested = b'{"id":"},{","of":[' + b",".join([b'{"id":1}'] * inner) + b"]}"
    large = b'{"id":"' + b"x" * records.NEAR_BYTES + b'"}'
    parts = [nested, poison, large, nested]
    assert [bytes(record) for record in records.split(b"[" + b",".join(parts) + b"]")] == parts


@given(objects, st.sampled_from([b"", *POISON]), st.data())
def test_a_list_that_is_cut_off_is_never_taken_for_a_whole_one(rows, poison, data):
    parts = encoded(rows, ascii_only=True) + ([poison] if poison else [])
    body = b"[" + b",".join(parts) + b"]"
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with pytest.raises(ValueError, match=r"not JSON|cut off|not a list"):
        records.split(cut)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"a": "x}]',  # the string is open, so its brackets are not the list's
        b'[{"a": "x\\"}]',
        b'[{"a":1}}',
        b'[{"a":1}][{"a":2}]',
        b'[{"a":1}] and more',
        b"",
        b"   ",
        b"<html>[]</html>",
        b"{}",
        b'"text"',
        b"null",
    ],
)
def test_what_is_not_one_whole_list_is_refused(body):
    with pytest.raises(ValueError, match="the body is"):
        records.split(body)


@pytest.mark.parametrize(("body", "rows"), [(b"[]", 0), (b'[{"a":1}]', 1), (b'[{"a":1}, "text"]', 2)])
def test_a_list_is_counted(body, rows):
    assert records.count(body) == rows


@pytest.mark.parametrize("body", [b'["a","b"]', b"[1]", b"[[{}]]", b"[null]"])
def test_a_list_without_a_single_object_is_not_what_was_asked_for(body):
    with pytest.raises(ValueError, match="not one record of the list is an object"):
        records.count(body)


def test_a_huge_string_beside_an_odd_record_costs_little_memory():
    body = b'[{"a":"\\ud800"},{"card":"' + b"x\\n" * (10 * MEBIBYTE) + b'"}]'
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert records.count(body) == 2
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 4 * len(body)
