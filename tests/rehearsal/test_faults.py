"""Each scripted fault as it is seen at the socket, and the catalogue's scripts."""

import http.client
import json
import re
import socket
import threading
import time
import zlib
from datetime import UTC, date, datetime

import pytest

from dagster_project.errors import UsageError
from dagster_project.rehearsal.faults import CATALOGUE, FOR_EVER, MUTATIONS, Fault
from dagster_project.rehearsal.hub.service import HubService, World, simulated

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODELS = 100
LIMIT = 20
START = f"/api/models?sort=createdAt&direction=1&limit={LIMIT}&expand=downloads&expand=cardData&expand=likes"
WORLD = World(2, MODELS, 8, date(2026, 1, 5))


@pytest.fixture
def service():
    with HubService(simulated(WORLD), now=NOW) as running:
        yield running


def fetch(service, path=START, timeout=5.0):
    connection = http.client.HTTPConnection("127.0.0.1", port(service), timeout=timeout)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer, answer.read()


def port(service):
    return int(service.url.rsplit(":", 1)[1])


def raw(service, timeout=5.0):
    """Give every byte up to the end of the connection, and the error that ended it."""
    received = b""
    with socket.create_connection(("127.0.0.1", port(service)), timeout=timeout) as wire:
        wire.sendall(f"GET {START} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        try:
            while piece := wire.recv(65_536):
                received += piece
        except OSError as error:
            return received, error
    return received, None


def walk(service, count=20):
    """Follow the list as a trusting client would, `count` pages at most."""
    path, pages = START, []
    while path and len(pages) < count:
        answer, body = fetch(service, path)
        pages.append((answer.status, json.loads(body)))
        link = answer.headers["Link"]
        path = re.search(r"<http://[^/]+(/[^>]+)>", link)[1] if link else None
    return pages


def ids(pages):
    return [item["_id"] for _, page in pages for item in page]


def truth():
    now = int(NOW.timestamp())
    return [WORLD.hub_id(index) for index in range(WORLD.size(NOW)) if WORLD.is_listed(index, now)]


def test_without_faults_the_walk_is_the_truth(service):
    assert ids(walk(service)) == truth()


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault(action="stall"), [1]),
        (Fault(action="stall", nth=3), [3]),
        (Fault(action="stall", nth=2, times=3), [2, 3, 4]),
        (Fault(action="stall", nth=2, every=3, times=2), [2, 5]),
        (Fault(action="stall", nth=4, every=2, times=FOR_EVER), [4, 6, 8]),
    ],
)
def test_when_a_fault_strikes(fault, struck):
    assert [call for call in range(1, 10) if fault.strikes(call)] == struck


def test_a_fault_counts_only_what_its_method_and_path_match(service):
    service.inject([Fault(action="reply", status=503, path=r"^/api/models/one", nth=2)])
    statuses = [fetch(service, path)[0].status for path in ("/api/models/one", START, START, "/api/models/one", START)]
    assert statuses == [401, 200, 200, 503, 200]


def test_impossible_faults_are_refused(service):
    for fault in (
        Fault(action="stall", every=0),
        Fault(action="mutate", value="nicer"),
        Fault(action="stall", path="["),
    ):
        with pytest.raises(UsageError):
            service.inject([fault])


def test_a_reply_replaces_everything_but_keeps_the_quota_headers(service):
    service.inject(
        [Fault(action="reply", status=429, headers={"RateLimit": '"api";r=0;t=7', "Retry-After": "7"}, body="{}")]
    )
    answer, body = fetch(service)
    assert (answer.status, body) == (429, b"{}")
    assert (answer.headers["RateLimit"], answer.headers["Retry-After"]) == ('"api";r=0;t=7', "7")
    assert answer.headers["RateLimit-Policy"]
    assert answer.headers["Link"] is None
    assert fetch(service)[0].status == 200


def test_faults_combine_and_can_be_cleared(service):
    service.inject([Fault(action="body", body="[]", times=FOR_EVER), Fault(action="no_link", times=FOR_EVER)])
    answer, body = fetch(service)
    assert (body, answer.headers["Link"]) == (b"[]", None)
    service.clear_faults()
    assert ids(walk(service)) == truth()


def test_F01_the_body_is_shorter_than_its_length(service):
    service.inject(CATALOGUE["F01"])
    fetch(service)
    received, error = raw(service)
    head, _, body = received.partition(b"\r\n\r\n")
    assert error is None
    assert len(body) == 5
    assert int(re.search(rb"Content-Length: (\d+)", head)[1]) > 1000
    assert ids(walk(service)) == truth()


@pytest.mark.parametrize(("script", "then"), [("F02", b"["), ("F02-always", b"<")])
def test_F02_html_with_status_200(service, script, then):
    service.inject(CATALOGUE[script])
    fetch(service)
    answer, body = fetch(service)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")
    assert fetch(service)[1].startswith(then)


def test_F03_json_of_another_shape(service):
    service.inject(CATALOGUE["F03"])
    fetch(service)
    assert json.loads(fetch(service)[1]) == {"error": "Internal Server Error"}
    service.clear_faults()
    service.inject(CATALOGUE["F03-strings"])
    fetch(service)
    assert {type(row) for row in json.loads(fetch(service)[1])} == {str}


def test_F04_a_gzip_bomb(service):
    size = 64 * 2**20
    service.inject([Fault(action="gzip_bomb", size=size)])
    received, _ = raw(service, timeout=20)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert len(body) < size / 500
    assert len(zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body)) == size
    assert CATALOGUE["F04"][0].size == 10 * 2**30


def test_F05_the_list_ends_early_without_an_error(service):
    service.inject(CATALOGUE["F05"])
    pages = walk(service)
    assert [status for status, _ in pages] == [200, 200]
    assert ids(pages) == truth()[: 2 * LIMIT]


def test_F06_an_empty_page_ends_the_list_or_does_not(service):
    service.inject(CATALOGUE["F06"])
    assert ids(walk(service)) == truth()[:LIMIT]
    service.clear_faults()
    service.inject(CATALOGUE["F06-with-next"])
    assert ids(walk(service)) == truth()[:LIMIT] + truth()[2 * LIMIT :]


def test_F07_the_cursor_expires_once(service):
    service.inject(CATALOGUE["F07"])
    assert [status for status, _ in walk(service)] == [200, 410]
    assert ids(walk(service)) == truth()


@pytest.mark.parametrize(("script", "twice"), [("F10", LIMIT), ("F10-shifted", 1)])
def test_F10_rows_come_twice_and_none_is_missing(service, script, twice):
    service.inject(CATALOGUE[script])
    pages = walk(service)
    seen = ids(pages)
    expected = truth()
    repeated = expected[2 * LIMIT - twice : 2 * LIMIT]
    assert seen == expected[: 2 * LIMIT] + repeated + expected[2 * LIMIT :]
    assert len({entry.path for entry in service.log}) == len(service.log)


def test_F11_too_many_requests_with_the_seconds_to_wait(service):
    service.inject(CATALOGUE["F11"])
    answers = [fetch(service)[0] for _ in range(22)]
    assert [answer.status for answer in answers] == [200] + [429] * 20 + [200]
    assert {answer.headers["RateLimit"] for answer in answers[1:21]} == {'"api";r=0;t=3'}


def test_F12_a_burst_of_503(service):
    service.inject(CATALOGUE["F12"])
    assert [fetch(service)[0].status for _ in range(14)] == [200] + [503] * 12 + [200]


def test_F13_silence_before_the_first_byte(service):
    service.inject(CATALOGUE["F13"])
    fetch(service)
    received, error = raw(service, timeout=0.5)
    assert (received, type(error)) == (b"", TimeoutError)
    assert ids(walk(service)) == truth()


def test_a_stall_ends_with_an_answer_when_its_time_is_over(service):
    service.inject([Fault(action="stall", seconds=0.3)])
    started = time.monotonic()
    assert fetch(service)[0].status == 200
    assert time.monotonic() - started >= 0.3


def test_F14_a_drip(service):
    assert CATALOGUE["F14"][0].seconds == 1
    service.inject([Fault(action="drip", seconds=0.1)])
    received, error = raw(service, timeout=0.05)
    while not received:
        received, error = raw(service, timeout=0.05)
    head, _, body = received.partition(b"\r\n\r\n")
    assert type(error) is TimeoutError
    assert b"200 OK" in head
    assert len(body) <= 1


def test_a_drip_arrives_whole_if_one_waits(service):
    service.inject([Fault(action="body", body="[1,2,3]"), Fault(action="drip", seconds=0.05)])
    started = time.monotonic()
    assert json.loads(fetch(service)[1]) == [1, 2, 3]
    assert time.monotonic() - started >= 0.3


def test_F15_the_token_is_revoked_from_a_page_on(service):
    service.inject(CATALOGUE["F15"])
    assert [fetch(service)[0].status for _ in range(4)] == [200, 401, 401, 401]


def test_F16_next_is_on_another_origin(service):
    service.inject([Fault(action="link_elsewhere", value="http://127.0.0.2:8099/")])
    link = fetch(service)[0].headers["Link"]
    assert link == f'<http://127.0.0.2:8099{START}>; rel="next"'
    service.clear_faults()
    service.inject(CATALOGUE["F16"])
    fetch(service)
    assert fetch(service)[0].headers["Link"].startswith("<http://rehearsal.invalid/api/models?")


def test_F17_next_is_the_page_itself(service):
    service.inject(CATALOGUE["F17"])
    pages = walk(service, count=9)
    assert len(pages) == 9
    assert ids(pages) == truth()[:LIMIT] + truth()[LIMIT : 2 * LIMIT] * 8


def test_F19_seven_odd_records_and_the_rest_untouched(service):
    plain = fetch(service)[1]
    service.inject(CATALOGUE["F19"])
    assert fetch(service)[1] == plain
    odd = fetch(service)[1]
    assert len(odd) > 30 * 2**20
    assert odd.count(b'{"a":') == 5000
    for raw_text in (
        b'"downloads":"many"',
        rb'"lone \ud800 surrogate"',
        rb"nul\u0000in the middle",
        str(2**70).encode(),
    ):
        assert odd.count(raw_text) == 1
    assert odd.count(b'"likes":1,"likes":') == 1
    untouched = json.loads(plain)[7:]
    tail = json.dumps(untouched, separators=(",", ":"), ensure_ascii=False).encode()
    assert odd.endswith(tail[1:])
    assert fetch(service)[1] == plain


@pytest.mark.parametrize("kind", MUTATIONS)
def test_each_mutation_changes_its_record_only(service, kind):
    sent = fetch(service)[1]
    service.inject([Fault(action="mutate", value=kind, row=3, size=50)])
    changed = fetch(service)[1]
    assert changed != sent
    plain, odd = json.loads(sent), json.loads(changed)
    assert odd[:3] + odd[4:] == plain[:3] + plain[4:]


def test_a_single_model_can_be_odd_too(service):
    name = WORLD.name_at(0, int(NOW.timestamp()))
    service.inject([Fault(action="mutate", value="wrong_type", path="^/api/models/rehearsal")])
    assert json.loads(fetch(service, f"/api/models/{name}")[1])["downloads"] == "many"


def test_a_reset_in_the_middle_of_the_body(service):
    service.inject([Fault(action="reset", size=100)])
    received, error = raw(service)
    assert isinstance(error, ConnectionResetError)
    assert len(received.partition(b"\r\n\r\n")[2]) == 100
    assert ids(walk(service)) == truth()


def test_a_stalled_service_still_closes_at_once():
    with HubService(simulated(WORLD), now=NOW) as service:
        service.inject([Fault(action="stall", seconds=3600)])
        thread = threading.Thread(target=raw, args=(service,))
        thread.start()
        while not service.log:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_every_promised_script_is_there_and_can_be_put_in_force(service):
    promised = [*range(1, 8), *range(10, 18), 19]
    assert {f"F{number:02d}" for number in promised} <= set(CATALOGUE)
    for script in CATALOGUE.values():
        service.inject(script)
