from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta

import pytest

from dagster_project.errors import RefusedError, SourceError
from dagster_project.rehearsal.faults import FOR_EVER, Fault
from dagster_project.rehearsal.hub.api import Reply
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, World, simulated
from dagster_project.sources import records
from dagster_project.sources.pages import (
    Limits,
    Page,
    Transport,
    UnreadableAnswerError,
    next_link,
    refuse_wrong_clock,
    walk,
)

NOW = datetime(2026, 10, 26, 2, tzinfo=UTC)
WORLD = World(47, 300, 3, date(2026, 10, 5))
PAGE = "https://hub.example/api/models?limit=2"


@pytest.fixture
def hub():
    with HubService(simulated(WORLD), now=NOW, options=ServiceOptions(page_cap=100)) as running:
        yield running


def list_url(hub):
    return f"{hub.url}/api/models?sort=createdAt&direction=1&limit=1000"


@pytest.mark.parametrize(
    ("link", "following"),
    [
        (f'<{PAGE}&cursor=a>; rel="next"', f"{PAGE}&cursor=a"),
        ('</api/models?cursor=a>; rel="next"', "https://hub.example/api/models?cursor=a"),
        ('<?cursor=a>; rel="next"', "https://hub.example/api/models?cursor=a"),
        (f'<{PAGE}>; rel="prev", <{PAGE}&cursor=b>; rel="next"', f"{PAGE}&cursor=b"),
        ('<https://hub.example:443/x>; rel="next"', "https://hub.example:443/x"),
        (f'<{PAGE}>; rel="first"', None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_next_page_is_the_one_that_the_link_names(link, following):
    assert next_link(PAGE, {"link": link}) == following
    assert next_link(PAGE, {}) is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/api/models",
        "http://hub.example/api/models",
        "https://hub.example:8443/api/models",
        "https://hub.example.evil.example/api/models",
        "https://hub.example@evil.example/api/models",
        "//evil.example/api/models",
    ],
)
def test_a_next_page_on_another_origin_is_refused(elsewhere):
    with pytest.raises(SourceError, match="it was not followed"):
        next_link(PAGE, {"link": f'<{elsewhere}>; rel="next"'})


@pytest.mark.parametrize("nowhere", ["https://[::1/api/models", "https://hub.example:port/api/models"])
def test_a_next_page_at_no_address_is_refused(nowhere):
    with pytest.raises(SourceError, match="no address"):
        next_link(PAGE, {"link": f'<{nowhere}>; rel="next"'})


def test_a_walk_gives_every_page_with_its_number_and_rows(hub):
    pages = list(walk(list_url(hub), Transport({}), records.count))
    assert [page.number for page in pages] == [1, 2, 3]
    assert sum(page.rows for page in pages) == sum(map(records.count, (page.body for page in pages)))
    assert [page.next_url for page in pages] == [page.url for page in pages[1:]] + [None]


def test_a_page_back_to_one_visited_before_the_kill_is_refused(hub):
    first, second, *_ = walk(list_url(hub), Transport({}), records.count)
    again = walk(first.url, Transport({}), records.count, visited=[second.url])
    with pytest.raises(SourceError, match="goes round in circles"):
        next(again)


def test_a_redirect_is_not_followed(hub):
    with HubService(simulated(WORLD), now=NOW) as stranger:
        hub.inject([Fault(action="reply", status=302, headers={"Location": stranger.url})])
        with pytest.raises(SourceError, match="HTTP 302"):
            Transport({"authorization": "Bearer hf_canary"}).fetch(list_url(hub), records.count)
        assert stranger.log == []


@pytest.mark.parametrize("status", [301, 404, 410, 451, 501])
def test_what_waiting_cannot_mend_is_not_asked_for_again(hub, status):
    hub.inject([Fault(action="reply", status=status, times=FOR_EVER)])
    with pytest.raises(SourceError, match=f"HTTP {status}"):
        Transport({}).fetch(list_url(hub), records.count)
    assert len(hub.log) == 1


def test_a_body_that_is_no_page_is_carried_as_evidence(hub):
    hub.inject([Fault(action="body", body="<html>", times=FOR_EVER)])
    with pytest.raises(UnreadableAnswerError) as raised:
        Transport({}, Limits(patience_seconds=0)).fetch(list_url(hub), records.count)
    assert raised.value.body == b"<html>"


@pytest.mark.parametrize("packed", [True, False])
def test_a_body_of_just_the_cap_passes_and_one_byte_more_does_not(hub, packed):
    headers = {"accept-encoding": "gzip" if packed else "identity"}
    size = len(Transport(headers).fetch(list_url(hub), records.count).body)
    assert len(Transport(headers, Limits(page_bytes=size)).fetch(list_url(hub), records.count).body) == size
    with pytest.raises(SourceError, match="larger than the cap"):
        Transport(headers, Limits(page_bytes=size - 1)).fetch(list_url(hub), records.count)


def test_a_damaged_gzip_is_asked_for_again(hub):
    hub.inject([Fault(action="reply", body="x" * 100, headers={"Content-Encoding": "gzip"})])
    said, slept = [], []
    Transport({"accept-encoding": "identity"}, sleep=slept.append, say=said.append).fetch(list_url(hub), records.count)
    assert slept == [1.0]
    assert "the compressed body is damaged" in said[0]


def gunzipped_page(hub, packed, **limits):
    """Fetch a page whose answer is these bytes, said to be gzip; a scripted fault can only say text."""
    hub.hub.answer = lambda _request, _now: Reply(200, packed, {"Content-Encoding": "gzip"})
    return Transport({}, Limits(patience_seconds=0, **limits)).fetch(list_url(hub), records.count)


PACKED = gzip.compress(b'[{"a":1}]', mtime=0)


def test_a_gzip_is_handed_on_as_it_came(hub):
    page = gunzipped_page(hub, PACKED)
    assert (page.body, page.packed) == (b'[{"a":1}]', PACKED)


def test_a_plain_body_has_no_gzip(hub):
    assert Transport({"accept-encoding": "identity"}).fetch(list_url(hub), records.count).packed is None


@pytest.mark.parametrize(
    "packed", [PACKED + b"more", PACKED + PACKED, PACKED[:-1], PACKED[:-8]], ids=["tail", "two", "cut", "no sum"]
)
def test_what_is_not_one_whole_gzip_is_not_handed_on(hub, packed):
    page = gunzipped_page(hub, packed)
    assert (page.body, page.packed) == (b'[{"a":1}]', None)


def test_a_wrong_checksum_is_damage(hub):
    with pytest.raises(SourceError, match="the compressed body is damaged"):
        gunzipped_page(hub, PACKED[:-8] + bytes(8))


def test_bytes_without_end_after_a_gzip_are_refused(hub):
    with pytest.raises(SourceError, match="larger than the cap"):
        gunzipped_page(hub, PACKED + bytes(100_000), page_bytes=50_000)


def dated(**headers):
    return Page(1, PAGE, b"[]", 0, None, NOW, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"date": ""},
        {"date": "yesterday"},
        {"date": "Mon, 26 Oct 2026 02:59:59 GMT"},
        {"date": "Mon, 26 Oct 2026 02:00:00 -0000"},
        {"date": "Fri, 23 Oct 2026 02:00:00 GMT", "age": "259200"},
        {"date": "Fri, 31 Dec 9999 23:59:59 GMT", "age": "9" * 30},
    ],
)
def test_a_server_that_tells_our_time_or_none_is_believed(headers):
    refuse_wrong_clock(dated(**headers))


@pytest.mark.parametrize("hours", [-72, -1.01, 1.01, 72])
def test_a_server_that_tells_another_time_is_not_captured_from(hours):
    told = NOW + timedelta(hours=hours)
    with pytest.raises(RefusedError, match=f"that of hub.example {told:%Y-%m-%d %H:%M} UTC"):
        refuse_wrong_clock(dated(date=f"{told:%a, %d %b %Y %H:%M:%S} GMT"))
