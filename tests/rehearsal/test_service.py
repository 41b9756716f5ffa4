"""The pretend Hub over real HTTP, asked by the real client: paging, quota, clock, control channel, log."""

import email.utils
import gzip
import http.client
import json
import os
import re
import socket
import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils import parse_ratelimit_headers

from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.service import Fault, HubService, ServiceOptions, World, simulated

# Long enough for a few requests on a busy machine, short enough to wait for.
WINDOW_SECONDS = 5
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
WALK = "/api/models?sort=createdAt&direction=1&expand=downloads&expand=downloadsAllTime&expand=tags&expand=cardData"


def make_world(models=2500):
    return World(11, models, 8, date(2026, 1, 5))


@pytest.fixture(scope="module")
def world():
    return make_world()


@pytest.fixture
def service(world):
    with HubService(simulated(world), now=NOW) as running:
        yield running


@pytest.fixture
def client(service):
    return HfApi(endpoint=service.url, token=False)


def connect(service):
    return http.client.HTTPConnection("127.0.0.1", int(service.url.rsplit(":", 1)[1]), timeout=20)


def fetch(connection, path, method="GET", body=None, **headers):
    connection.request(
        method, path, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = connection.getresponse()
    return answer, answer.read()


def walk(connection, path, **headers):
    pages = []
    while path:
        answer, body = fetch(connection, path, **headers)
        pages.append(body)
        link = answer.headers["Link"]
        path = re.search(r"<http://[^/]+(/[^>]+)>", link)[1] if link else None
    return pages


def truth(world, now=NOW):
    items = simulated(world)
    return [items.item(i, now) for i in range(items.size(now)) if items.is_listed(i, now)]


def test_the_real_client_lists_every_model_over_several_pages(client, service, world):
    fields = [
        "author",
        "baseModels",
        "cardData",
        "createdAt",
        "downloads",
        "downloadsAllTime",
        "gated",
        "likes",
        "tags",
    ]
    infos = list(client.list_models(expand=fields, sort="created_at"))
    items = truth(world)[::-1]
    assert [info.id for info in infos] == [item["id"] for item in items]
    assert [info._id for info in infos] == [item["_id"] for item in items]
    assert [info.downloads_all_time for info in infos] == [item["downloadsAllTime"] for item in items]
    assert [info.base_models for info in infos] == [item["baseModels"] for item in items]
    assert [info.gated for info in infos] == [item["gated"] for item in items]
    assert [entry.status for entry in service.log if entry.path.startswith("/api/models")] == [200] * 3


def test_the_real_client_reads_one_model_and_follows_a_rename(client, world):
    index = next(
        i for i in range(2500) if world.model(i).plant == "renamed" and world.model(i).moment < NOW.timestamp()
    )
    old, new = world.name_at(index, 0), world.name_at(index, int(NOW.timestamp()))
    info = client.model_info(old, expand=["downloadsAllTime", "safetensors"])
    assert (info.id, info._id) == (new, world.hub_id(index)) != (old, None)
    assert info.downloads_all_time == world.all_time(index, int(NOW.timestamp()))
    assert client.model_info(new).card_data.to_dict()["language"] in ("en", ["en", "fr"])


def test_the_real_client_meets_missing_models_and_owners(service, client, world):
    with pytest.raises(HfHubHTTPError, match="401"):
        client.model_info("rehearsal-gone/Nothing")
    with pytest.raises(RepositoryNotFoundError):
        HfApi(endpoint=service.url, token="hf_canary").model_info("rehearsal-gone/Nothing")
    with pytest.raises(HfHubHTTPError, match="401"):
        next(iter(HfApi(endpoint=service.url, token="hf_revoked").list_models(limit=1)))
    overview = client.get_organization_overview("rehearsal-brivane")
    assert (overview.name, overview.num_models) == (
        "rehearsal-brivane",
        sum(item["author"] == "rehearsal-brivane" for item in truth(world)),
    )
    assert client.get_user_overview("rehearsal-user-003").username == "rehearsal-user-003"
    with pytest.raises(HfHubHTTPError, match="404"):
        client.get_organization_overview("rehearsal-user-003")


def test_the_real_client_sees_the_error_of_an_unknown_expand(client):
    with pytest.raises(HfHubHTTPError, match=r"Invalid option: expected one of .*downloadsAllTime"):
        list(client.list_models(expand=["nonsense"]))


def test_the_ascending_walk_is_the_source_in_order(service, world):
    pages = walk(connect(service), WALK + "&limit=1000")
    items = [item for page in pages for item in json.loads(page)]
    assert [len(json.loads(page)) for page in pages][:2] == [1000, 1000]
    kept = ("_id", "id", "downloads", "downloadsAllTime", "tags", "cardData")
    assert items == [{key: item[key] for key in kept if key in item} for item in truth(world)]


def test_equal_worlds_serve_equal_bytes(service):
    with HubService(simulated(make_world()), now=NOW) as other:
        assert walk(connect(service), WALK) == walk(connect(other), WALK)


def test_links_use_the_host_of_the_request(service):
    answer, _ = fetch(connect(service), "/api/models?sort=createdAt&limit=1", Host="localhost:9999")
    assert answer.headers["Link"].startswith("<http://localhost:9999/api/models?sort=createdAt&limit=1&cursor=")


def test_a_connection_is_kept_alive(service):
    connection = connect(service)
    fetch(connection, "/api/models?sort=createdAt&limit=2")
    kept = connection.sock
    assert kept is not None
    for path in ("/api/models?expand=nonsense", "/api/models/a/b", "/__ctl/log", "/api/models?sort=createdAt&limit=3"):
        fetch(connection, path)
        assert connection.sock is kept


def test_gzip_only_when_asked_and_the_same_bytes(service):
    connection = connect(service)
    plain, body = fetch(connection, WALK, Accept_Encoding="identity")
    packed, small = fetch(connection, WALK, Accept_Encoding="gzip, deflate")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(small) < len(body) / 3
    assert gzip.decompress(small) == body
    assert plain.headers["ETag"] == packed.headers["ETag"]


def test_every_answer_carries_quota_id_etag_and_the_services_date(service):
    connection = connect(service)
    seen = set()
    for path in ("/api/models?sort=createdAt&limit=1", "/api/models/a/b", "/nothing", "/api/agent-harnesses"):
        headers = fetch(connection, path)[0].headers
        info = parse_ratelimit_headers(headers)
        assert (info.resource_type, info.limit, info.window_seconds) == ("api", 1_000_000, 300)
        assert headers["RateLimit-Policy"] == '"fixed window";"api";q=1000000;w=300'
        assert email.utils.parsedate_to_datetime(headers["Date"]) == NOW
        assert headers["ETag"].startswith('W/"')
        seen.add((headers["X-Request-Id"], info.remaining))
    assert len(seen) == 4


def test_the_quota_is_a_fixed_window_per_token(world):
    options = ServiceOptions(quota=3, window_seconds=WINDOW_SECONDS)
    with HubService(simulated(world), now=NOW, options=options) as service:
        connection = connect(service)
        answers = [fetch(connection, "/api/agent-harnesses")[0] for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert [parse_ratelimit_headers(answer.headers).remaining for answer in answers] == [2, 1, 0, 0, 0]
        wait = parse_ratelimit_headers(answers[-1].headers).reset_in_seconds
        assert 0 < wait <= WINDOW_SECONDS
        assert fetch(connection, "/api/agent-harnesses", Authorization="Bearer hf_other")[0].status == 200
        time.sleep(wait)
        assert fetch(connection, "/api/agent-harnesses")[0].status == 200


def test_the_real_client_waits_out_a_429(world):
    with HubService(
        simulated(world), now=NOW, options=ServiceOptions(quota=2, window_seconds=WINDOW_SECONDS)
    ) as service:
        infos = list(HfApi(endpoint=service.url, token=False).list_models(expand=["likes"]))
        assert len(infos) == len(truth(world))
        assert [entry.status for entry in service.log if entry.path.startswith("/api/models")] == [200, 200, 429, 200]


def test_the_log_tells_what_was_asked_but_never_the_token(service):
    connection = connect(service)
    fetch(connection, "/api/models?sort=createdAt&limit=1", Authorization="Bearer hf_canary")
    fetch(connection, "/api/models?sort=createdAt&limit=2")
    _, body = fetch(connection, "/__ctl/log")
    first, second = json.loads(body)
    assert (first["method"], first["path"], first["status"]) == ("GET", "/api/models?sort=createdAt&limit=1", 200)
    assert (first["has_authorization"], second["has_authorization"]) == (True, False)
    assert b"canary" not in body
    assert "canary" not in repr(vars(service)) + repr(vars(service.quota))
    assert abs(service.log[0].time - datetime.now(UTC)) < timedelta(minutes=1)
    fetch(connection, "/__ctl/log", "DELETE")
    assert service.log == []


def test_the_clock_moves_the_counters_over_the_control_channel(service, world):
    connection = connect(service)
    later = NOW + timedelta(weeks=2)
    before = json.loads(b"".join(walk(connection, WALK + "&limit=1000"))[:-1].split(b"][")[0] + b"]")
    answer, _ = fetch(connection, "/__ctl/clock", "POST", json.dumps({"now": later.isoformat()}))
    assert answer.status == 200
    after = {item["_id"]: item for page in walk(connection, WALK) for item in json.loads(page)}
    assert sum(after[item["_id"]]["downloadsAllTime"] for item in before if item["_id"] in after) > sum(
        item["downloadsAllTime"] for item in before
    )
    assert [item["downloadsAllTime"] for item in after.values()] == [
        item["downloadsAllTime"] for item in truth(world, later)
    ]
    service.set_now(NOW.replace(tzinfo=None))
    assert service.now() == NOW


def test_without_a_clock_of_its_own_the_machines_counts(world):
    with HubService(simulated(world)) as service:
        date_seen = email.utils.parsedate_to_datetime(
            fetch(connect(service), "/api/agent-harnesses")[0].headers["Date"]
        )
        assert abs(date_seen - datetime.now(UTC)) < timedelta(seconds=30)


def test_faults_over_the_control_channel(service):
    connection = connect(service)
    fault = {"action": "reply", "status": 503, "nth": 1, "times": 1}
    assert fetch(connection, "/__ctl/faults", "POST", json.dumps([fault]))[0].status == 200
    assert [fetch(connection, "/api/models?sort=createdAt&limit=1")[0].status for _ in range(2)] == [503, 200]
    assert fetch(connection, "/__ctl/faults", "POST", json.dumps({"catalogue": "F15"}))[0].status == 200
    assert [fetch(connection, "/api/models?sort=createdAt&limit=1")[0].status for _ in range(3)] == [200, 401, 401]
    assert fetch(connection, "/__ctl/faults", "DELETE")[0].status == 200
    assert fetch(connection, "/api/models?sort=createdAt&limit=1")[0].status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", '{"catalogue":"F99"}'),
        ("POST", "faults", '[{"action":"explode"}]'),
        ("POST", "faults", '[{"action":"stall","colour":"red"}]'),
        ("POST", "faults", '[{"action":"mutate","value":"prettier"}]'),
        ("POST", "faults", '[{"action":"stall","path":"("}]'),
        ("POST", "faults", '[{"action":"stall","nth":0}]'),
        ("POST", "clock", '{"now":"tomorrow"}'),
        ("POST", "clock", "{}"),
        ("POST", "clock", "not json"),
        ("GET", "nothing", None),
    ],
)
def test_the_control_channel_refuses_what_it_does_not_know(service, method, path, body):
    answer, text = fetch(connect(service), f"/__ctl/{path}", method, body)
    assert answer.status == 400
    assert json.loads(text)["error"]


def test_the_control_channel_is_not_for_web_pages(service):
    answer, _ = fetch(connect(service), "/__ctl/faults", "POST", '{"catalogue":"F15"}', Origin="http://evil.example")
    assert answer.status == 400
    assert fetch(connect(service), "/api/models?sort=createdAt&limit=1")[0].status == 200


def test_the_rest_is_read_only(service):
    assert fetch(connect(service), "/api/models", "POST", "{}")[0].status == 405
    assert fetch(connect(service), "/api/models/a/b", "DELETE")[0].status == 405


def test_no_header_can_be_smuggled_in(service):
    answer, _ = fetch(connect(service), "/api/models/a/b/revision/x%0d%0aSet-Cookie:%20a", Authorization="Bearer hf_x")
    assert answer.status == 404
    assert answer.headers["Set-Cookie"] is None
    service.inject([Fault(action="reply", headers={"X-Odd": "one\r\nSet-Cookie: a"}, body="[]")])
    answer, _ = fetch(connect(service), "/api/models")
    assert answer.headers["Set-Cookie"] is None


def test_it_listens_on_loopback_only_and_says_when_a_port_is_taken(service, world):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", service.url)
    with pytest.raises(UsageError, match="Choose another port"):
        HubService(simulated(world), port=int(service.url.rsplit(":", 1)[1]))


def test_leaving_closes_the_port(world):
    with HubService(simulated(world), now=NOW) as service:
        port = int(service.url.rsplit(":", 1)[1])
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_serve_forever_serves_until_it_is_stopped(world):
    service = HubService(simulated(world), now=NOW)
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    assert fetch(connect(service), "/api/agent-harnesses")[0].status == 200
    service.stopping.set()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_pages_already_made_come_fast():
    world = World(5, 5000, 8, date(2026, 1, 5))
    with HubService(simulated(world), now=NOW) as service:
        connection = connect(service)
        first = walk(connection, WALK + "&limit=1000")
        started = time.process_time()
        again = walk(connection, WALK + "&limit=1000")
        spent = time.process_time() - started
        assert again == first
        assert len(again) / spent > 40
