from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from dagster_project.errors import IncompleteSnapshotError, SourceError
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, World, simulated
from dagster_project.settings import Settings
from dagster_project.sources import huggingface, records
from dagster_project.sources.huggingface import MODEL_SCHEMA
from dagster_project.sources.pages import Transport

NOW = datetime(2026, 10, 26, 2, tzinfo=UTC)
WORLD = World(47, 300, 3, date(2026, 10, 5))
IDENTITY = {"_id": "6721aa0b00000000000000ff", "id": "lab/Model"}


def read_page(body):
    return huggingface.read_models(records.split(body))


def read(**fields):
    """Read a page of one record."""
    return read_page(msgspec.json.encode([{**IDENTITY, **fields}]))


def value_of(column, **fields):
    rows, rejects = read(**fields)
    assert rejects == []
    return rows[column].to_list()[0]


def reason_for(**fields):
    rows, (reject,) = read(**fields)
    assert rows.height == 0
    assert msgspec.json.decode(reject.record) == {**IDENTITY, **fields}
    return reject.reason


def test_a_page_has_the_same_columns_whatever_is_in_it():
    for body in (b"[]", b'[{"_id":"a","id":"b"}]', b'[{"id":"only"}]'):
        rows, _ = read_page(body)
        assert dict(rows.schema) == {**MODEL_SCHEMA, "position": rows.schema["position"]}


def test_positions_are_places_on_the_page_with_rejects_between():
    rows, rejects = read_page(b'[{"_id":"a","id":"x"},{},{"_id":"b","id":"y"}]')
    assert (rows["position"].to_list(), [reject.position for reject in rejects]) == ([0, 2], [1])


@pytest.mark.parametrize("downloads", [0, -5, 2**63 - 1, None])
def test_counters_are_stored_as_the_hub_says_them(downloads):
    assert value_of("downloads_30d", downloads=downloads) == downloads
    assert value_of("downloads_all_time", downloadsAllTime=downloads) == downloads


def test_a_whole_number_may_be_written_as_a_float():
    assert value_of("downloads_30d", downloads=5321.0) == 5321


@pytest.mark.parametrize("field", ["downloads", "downloadsAllTime", "likes"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (12.5, "no whole number"),
        ("12", "got `str`"),
        (True, "got `bool`"),
        ([1], "got `array`"),
        (2**63, "more than 64 bits hold"),
        (-(2**70), "more than 64 bits hold"),
    ],
)
def test_what_is_no_whole_number_is_no_counter(field, value, reason):
    assert reason in reason_for(**{field: value})


@pytest.mark.parametrize(("value", "expected"), [(3, 3.0), (0.25, 0.25), (None, None)])
def test_a_score_may_be_whole(value, expected):
    assert value_of("trending_score", trendingScore=value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(False, "false"), (True, "true"), ("auto", "auto"), ("manual", "manual"), (None, None)]
)
def test_gated_has_more_than_two_states(value, expected):
    assert value_of("gated", gated=value) == expected


@pytest.mark.parametrize(
    ("fields", "expected"), [({}, []), ({"tags": None}, []), ({"tags": ["a", "region:us"]}, ["a", "region:us"])]
)
def test_missing_tags_are_no_tags(fields, expected):
    assert value_of("tags", **fields) == expected


@pytest.mark.parametrize("tags", [[None], "text", [1], {}])
def test_odd_tags_are_refused(tags):
    assert "$.tags" in reason_for(tags=tags)


@pytest.mark.parametrize(
    ("card", "licence", "bases"),
    [
        ({"license": "mit", "base_model": "lab/Base"}, "mit", ["lab/Base"]),
        ({"license": ["mit", "other"], "base_model": ["a/b", "c/d"]}, "mit", ["a/b", "c/d"]),
        ({"license": 3, "base_model": [1, "a/b", None]}, None, ["a/b"]),
        ({"license": {"name": "mit"}, "base_model": {"a": "b"}}, None, []),
        ({"license": [], "base_model": None}, None, []),
        ({}, None, []),
        (None, None, []),
        ("text", None, []),
        (["a"], None, []),
    ],
)
def test_a_card_is_whatever_somebody_typed(card, licence, bases):
    assert value_of("card_licence", cardData=card) == licence
    assert value_of("card_base_models", cardData=card) == bases


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-05T02:00:00.123Z", "2026-10-05T02:00:00.123"),
        ("2026-10-05T02:00:00+09:00", "2026-10-04T17:00:00"),
        ("2026-10-05", "2026-10-05T00:00:00"),
        ("", None),
        (None, None),
    ],
)
def test_times_are_utc_without_a_zone(text, moment):
    expected = datetime.fromisoformat(moment) if moment else None
    assert value_of("created_at", createdAt=text) == expected
    assert value_of("last_modified_at", lastModified=text) == expected


def test_a_time_without_zone_is_utc_wherever_the_machine_is(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert value_of("created_at", createdAt="2026-10-05T02:00:00").hour == 2
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-45",
        "yesterday",
        "99999-01-01",
        "0001-01-01T00:00:00+14:00",
        "20261005T02:00:00+09:00Z",
        "2026-10-05T02:00:00.00xZ",
        5,
    ],
)
def test_a_time_that_is_none_is_refused(text):
    assert reason_for(createdAt=text)
    assert huggingface.newest_created(msgspec.json.encode([{"createdAt": text}])) is None


@pytest.mark.parametrize("name", ["", "x" * 201, None])
def test_a_model_needs_a_name(name):
    assert reason_for(id=name)


def test_the_author_is_in_the_name_if_nowhere_else():
    assert value_of("author") == "lab"
    assert value_of("author", author="other") == "other"
    assert value_of("author", id="gpt2") is None


def test_base_models_keep_their_ids():
    base = {"relation": "quantized", "models": [{"_id": "b1", "id": "lab/Base"}, {"id": "lab/Gone"}]}
    assert value_of("base_relation", baseModels=base) == "quantized"
    assert value_of("base_models", baseModels=base) == [
        {"hub_id": "b1", "model_name": "lab/Base"},
        {"hub_id": None, "model_name": "lab/Gone"},
    ]


def test_the_newest_creation_of_a_page_skips_what_tells_none():
    body = b'[{"createdAt":"2026-10-01T00:00:00Z"},{},{"createdAt":null},"x",{"createdAt":"2026-10-02T00:00:00Z"}]'
    assert huggingface.newest_created(body) == datetime(2026, 10, 2, tzinfo=UTC)
    assert huggingface.newest_created(b"[]") is None


@pytest.mark.parametrize(
    "odd", [b'{"createdAt":5}', b'{"a":"\\ud800"}', b'{"createdAt":"2027-01-01T00:00:00Z","a":NaN}', b'"text"']
)
def test_the_newest_creation_of_a_page_survives_an_odd_record(odd):
    body = b'[{"createdAt":"2026-10-01T00:00:00Z"},' + odd + b',{"createdAt":"2026-10-02T00:00:00Z"}]'
    assert huggingface.newest_created(body) == datetime(2026, 10, 2, tzinfo=UTC)


@pytest.mark.parametrize("text", ["before\x00after", "\u202e", 'a"b\\c\nd', "\U0001f9e8 e\u0301", "", "NaN", "null"])
def test_strings_in_lists_come_through_as_they_are(text):
    base = {"relation": text, "models": [{"_id": text, "id": text}]}
    assert value_of("tags", tags=[text, "x"]) == [text, "x"]
    assert value_of("card_base_models", cardData={"base_model": [text]}) == [text]
    assert value_of("base_models", baseModels=base) == [{"hub_id": text, "model_name": text}]


# Asking


@pytest.fixture
def hub():
    with HubService(simulated(WORLD), now=NOW) as running:
        yield running


def ask(hub, tmp_path, **transport):
    settings = Settings(tmp_path, hf_endpoint=hub.url)
    return settings, Transport(huggingface.request_headers(settings), clock=hub.now, **transport)


@pytest.mark.parametrize("rejects", [False, True])
def test_base_models_are_asked_for_where_the_server_allows(tmp_path, rejects):
    options = ServiceOptions(list_rejects_basemodels=rejects)
    with HubService(simulated(WORLD), now=NOW, options=options) as hub:
        url = huggingface.first_page_url(*ask(hub, tmp_path))
        assert [entry.status for entry in hub.log] == ([400, 200] if rejects else [200])
    assert ("expand=baseModels" not in url) is rejects
    assert all(f"expand={field}" in url for field in huggingface.WANTED if field != "baseModels")
    assert "sort=createdAt&direction=1&limit=1000" in url


def test_only_fields_that_the_server_names_are_asked_for(tmp_path, hub):
    hub.hub._on_list = ("author", "createdAt", "downloads", "tags")
    url = huggingface.first_page_url(*ask(hub, tmp_path))
    assert url.count("expand=") == 4


def test_a_server_that_accepts_no_field_is_an_error(tmp_path, hub):
    hub.hub._on_list = ("sha",)
    with pytest.raises(SourceError, match="accepts none of our questions"):
        huggingface.first_page_url(*ask(hub, tmp_path))


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=4)])
def test_a_model_created_while_we_read_is_no_proof_of_an_early_end(tmp_path, hub, late):
    newest = datetime.fromtimestamp(WORLD.created_at(299), UTC)
    huggingface.confirm_end(*ask(hub, tmp_path), newest, NOW)
    huggingface.confirm_end(*ask(hub, tmp_path), newest - timedelta(hours=1), newest + late)


@pytest.mark.parametrize("seen", [datetime(2026, 1, 1, tzinfo=UTC), None])
def test_an_older_model_that_we_never_saw_proves_an_early_end(tmp_path, hub, seen):
    with pytest.raises(IncompleteSnapshotError, match="the list ended early"):
        huggingface.confirm_end(*ask(hub, tmp_path), seen, NOW)
