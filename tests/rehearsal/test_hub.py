"""The Hub's behaviour over a source, without a socket."""

import base64
import json
import re
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from dagster_project.rehearsal.hub.api import EXPANDABLE, REVOKED_TOKEN, SORTABLE, Hub, Request
from dagster_project.rehearsal.hub.tables import load_table, simulated
from dagster_project.rehearsal.world.world import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BASE = "http://hub.example:81"


@pytest.fixture(scope="module")
def world():
    return World(3, 300, 8, date(2026, 1, 5))


@pytest.fixture
def hub(world):
    return Hub(simulated(world))


def ask(hub, target, *, now=NOW, token=None):
    parts = urlsplit(target)
    reply = hub.answer(Request(parts.path, tuple(parse_qsl(parts.query)), BASE, token), now)
    return reply.status, reply.headers, json.loads(reply.body) if reply.status != 307 else None


def walk(hub, target, **options):
    pages = []
    while target:
        status, headers, page = ask(hub, target, **options)
        assert status == 200
        pages.append(page)
        link = headers.get("Link")
        assert link is None or link.startswith(f"<{BASE}/api/models?")
        target = re.search("<(.+?)>", link)[1] if link else None
    return pages


def listed(world, now=NOW):
    items = simulated(world)
    return [items.item(i, now) for i in range(items.size(now)) if items.is_listed(i, now)]


def test_only_asked_keys_come_back_and_absent_is_not_null(hub, world):
    pages = walk(hub, "/api/models?expand=baseModels&expand[]=safetensors&expand=childrenModelCount")
    items = [item for page in pages for item in page]
    truth = {item["_id"]: item for item in listed(world)}
    assert len(items) == len(truth)
    for item in items:
        wanted = {"_id", "id", "baseModels"} | ({"safetensors"} if "safetensors" in truth[item["_id"]] else set())
        assert set(item) == wanted
        assert item == {key: truth[item["_id"]][key] for key in item}
    assert any(item["baseModels"] is None for item in items)
    assert any(item["baseModels"] for item in items)


def test_default_full_and_card_projections(hub):
    default = ask(hub, "/api/models?limit=1&sort=downloads")[2][0]
    assert {"_id", "id", "modelId", "private", "downloads", "likes", "tags", "createdAt", "trendingScore"} <= set(
        default
    )
    assert not {"downloadsAllTime", "cardData", "author", "sha", "gated"} & set(default)
    full = ask(hub, "/api/models?limit=1&sort=downloads&full=True&cardData=True")[2][0]
    assert set(full) - set(default) == {"author", "sha", "lastModified", "gated", "cardData"}


def test_an_unknown_expand_is_refused_with_all_names(hub):
    status, headers, body = ask(hub, "/api/models?expand=downloads&expand=nonsense")
    assert status == 400
    assert body["error"].startswith("Invalid option: expected one of ")
    assert re.findall('"(.+?)"', body["error"]) == list(EXPANDABLE)
    assert headers["X-Error-Message"] == body["error"]


def test_lists_can_reject_base_models_while_single_models_do_not(world):
    strict = Hub(simulated(world), list_rejects_basemodels=True)
    status, _, body = ask(strict, "/api/models?expand=baseModels")
    assert status == 400
    assert "baseModels" not in body["error"]
    assert '"downloadsAllTime"' in body["error"]
    assert ask(strict, f"/api/models/{listed(world)[0]['id']}?expand=baseModels")[0] == 200


@pytest.mark.parametrize("sort", SORTABLE)
@pytest.mark.parametrize("direction", [1, -1])
def test_paging_is_complete_and_ordered(hub, world, sort, direction):
    pages = walk(
        hub, f"/api/models?sort={sort}&direction={direction}&limit=37&expand={sort if sort != 'id' else 'likes'}"
    )
    items = [item for page in pages for item in page]
    assert {len(page) for page in pages[:-1]} == {37}
    assert sorted(item["_id"] for item in items) == sorted(item["_id"] for item in listed(world))
    values = [item[sort] for item in items]
    assert values == sorted(values, reverse=direction == -1)


def test_the_default_order_is_by_trending_score_downwards(hub):
    default = [item["_id"] for page in walk(hub, "/api/models?limit=50") for item in page]
    asked = [item["_id"] for page in walk(hub, "/api/models?sort=trendingScore&direction=-1&limit=90") for item in page]
    assert default == asked


def test_the_cursor_is_a_keyset_and_next_is_absent_at_the_end(hub, world):
    count = len(listed(world))
    _, headers, page = ask(hub, "/api/models?sort=createdAt&direction=1&limit=10&expand=createdAt")
    cursor = dict(parse_qsl(urlsplit(re.search("<(.+?)>", headers["Link"])[1]).query))["cursor"]
    last = page[-1]
    assert json.loads(base64.b64decode(cursor))["$or"][0] == {
        "createdAt": last["createdAt"],
        "_id": {"$gt": last["_id"]},
    }
    assert "Link" not in ask(hub, f"/api/models?limit={count}")[1]
    assert "Link" in ask(hub, f"/api/models?limit={count - 1}")[1]


def test_next_carries_one_cursor_and_everything_else_as_asked(hub):
    target = "/api/models?skip=5&sort=likes&limit=10&expand=likes&expand=tags"
    for _ in range(3):
        target = re.search("<(.+?)>", ask(hub, target)[1]["Link"])[1]
        asked = parse_qsl(urlsplit(target).query)
        assert asked[:-1] == [("sort", "likes"), ("limit", "10"), ("expand", "likes"), ("expand", "tags")]
        assert asked[-1][0] == "cursor"


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("sort", ["createdAt", "likes"])
def test_paging_survives_ties_and_nulls(tmp_path, sort, direction):
    path = tmp_path / "models.csv"
    likes = [3, None, 1, 3, None, 1, 3, 0]
    days = [2, 1, 1, None, 2, 1, None, 1]
    path.write_text(
        "id,likes,created_at\n"
        + "".join(
            f"a/m{n},{'' if like is None else like},{'' if day is None else f'2026-01-0{day}'}\n"
            for n, (like, day) in enumerate(zip(likes, days, strict=True))
        )
    )
    pages = walk(Hub(load_table(path)), f"/api/models?sort={sort}&direction={direction}&limit=1&expand={sort}")
    rows = [(item.get(sort), item["_id"]) for page in pages for item in page]
    assert len(rows) == len(set(rows)) == len(likes)
    values = [value for value, _ in rows]
    known = [value for value in values if value is not None]
    nulls = [None] * (len(values) - len(known))
    assert known == sorted(known, reverse=direction == -1)
    assert values == (nulls + known if direction == 1 else known + nulls)
    ids_go_up = sort == "likes" or direction == 1
    for value in set(values):
        tied = [hub_id for other, hub_id in rows if other == value]
        assert tied == sorted(tied, reverse=not ids_go_up)


def test_models_created_while_walking_append_at_the_end(hub, world):
    before, after = datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 2, 9, tzinfo=UTC)
    _, headers, first = ask(hub, "/api/models?sort=createdAt&direction=1&limit=100&expand=likes", now=before)
    rest = walk(hub, re.search("<(.+?)>", headers["Link"])[1], now=after)
    seen = [item["_id"] for page in [first, *rest] for item in page]
    assert seen == sorted(set(seen))
    items = simulated(world)
    created = [items.key(index)[1] for index in range(items.size(after)) if items.is_listed(index, after)]
    assert set(created) <= set(seen)


@pytest.mark.parametrize(
    "cursor",
    ["garbage", "e30=", base64.b64encode(b'{"$or":[{"createdAt":{"a":1},"_id":{"$gt":"x"}}]}').decode(), "W10="],
)
def test_a_cursor_that_is_none_is_refused(hub, cursor):
    status, _, body = ask(hub, f"/api/models?sort=createdAt&direction=1&cursor={cursor}")
    assert (status, body) == (400, {"error": "Invalid cursor"})


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=ten", "limit=" + "9" * 40, "sort=size", "direction=2", "skip=x", "apps=ollama"],
)
def test_parameters_out_of_range_are_refused(hub, query):
    assert ask(hub, f"/api/models?{query}")[0] == 400


def test_expand_excludes_full(hub):
    assert ask(hub, "/api/models?expand=likes&full=true")[0] == 400


def test_limit_is_capped_and_skip_skips(world):
    small = Hub(simulated(world), page_cap=20)
    everything = ask(Hub(simulated(world)), "/api/models?sort=createdAt&direction=1")[2]
    assert len(ask(small, "/api/models?limit=1000")[2]) == 20
    assert len(ask(small, "/api/models")[2]) == 20
    assert ask(small, "/api/models?sort=createdAt&direction=1&skip=5&limit=10")[2] == everything[5:15]


def test_filters_keep_exactly_what_they_say(hub, world):
    def ids(query):
        return {item["_id"] for page in walk(hub, f"/api/models?limit=13&{query}") for item in page}

    def truth(keep):
        chosen = {item["_id"] for item in listed(world) if keep(item)}
        assert 0 < len(chosen) < len(listed(world))
        return chosen

    assert ids("author=REHEARSAL-aurelon") == truth(lambda item: item["author"] == "rehearsal-aurelon")
    assert ids("search=gguf") == truth(lambda item: "gguf" in item["id"].lower())
    assert ids("pipeline_tag=text-to-image") == truth(lambda item: item.get("pipeline_tag") == "text-to-image")
    assert ids("gated=true") == truth(lambda item: item["gated"])
    assert ids("gated=false") == truth(lambda item: not item["gated"])
    both = {"gguf", "license:mit"}
    assert ids("filter=gguf&filter=license:mit") == truth(lambda item: both <= set(item["tags"]))


def test_a_single_model_with_and_without_expand(hub, world):
    item = listed(world)[20]
    assert ask(hub, f"/api/models/{item['id']}?expand=downloadsAllTime")[2] == {
        key: item[key] for key in ("_id", "id", "downloadsAllTime")
    }
    whole = ask(hub, f"/api/models/{item['id']}")[2]
    assert {"sha", "cardData", "gated", "modelId"} <= set(whole)
    assert "downloadsAllTime" not in whole
    assert ask(hub, f"/api/models/{item['id']}/revision/main")[2] == whole
    status, headers, _ = ask(hub, f"/api/models/{item['id']}/revision/other")
    assert (status, headers["X-Error-Code"]) == (404, "RevisionNotFound")
    assert ask(hub, f"/api/models/{item['id']}?expand=nonsense")[0] == 400


def test_a_missing_model_is_401_to_strangers_and_404_to_the_known(hub):
    status, headers, body = ask(hub, "/api/models/rehearsal-gone/Nothing")
    assert (status, body) == (401, {"error": "Invalid username or password."})
    assert "X-Error-Code" not in headers
    status, headers, _ = ask(hub, "/api/models/rehearsal-gone/Nothing", token="hf_any")
    assert (status, headers["X-Error-Code"]) == (404, "RepoNotFound")
    assert headers["X-Error-Message"] == "Repository not found"


def test_a_removed_model_is_missing_from_list_and_lookup(hub, world):
    index = next(i for i in range(300) if world.model(i).plant == "removed" and world.model(i).moment < NOW.timestamp())
    name = world.name_at(index, 0)
    earlier = datetime.fromtimestamp(world.model(index).moment - 1, UTC)
    assert ask(hub, f"/api/models/{name}", now=earlier)[0] == 200
    assert ask(hub, f"/api/models/{name}", token="hf_any")[0] == 404
    assert world.hub_id(index) not in {item["_id"] for page in walk(hub, "/api/models") for item in page}


def test_renamed_and_wrongly_cased_names_redirect(hub, world):
    index = next(i for i in range(300) if world.model(i).plant == "renamed" and world.model(i).moment < NOW.timestamp())
    old, new = world.name_at(index, 0), world.name_at(index, int(NOW.timestamp()))
    status, headers, _ = ask(hub, f"/api/models/{old}?expand=likes")
    assert (status, headers["Location"]) == (307, f"{BASE}/api/models/{new}?expand=likes")
    assert (
        ask(hub, f"/api/models/{new.upper()}/revision/main")[1]["Location"] == f"{BASE}/api/models/{new}/revision/main"
    )


def test_owners_are_either_organisations_or_people(hub, world):
    count = sum(item["author"] == "rehearsal-aurelon" for item in listed(world))
    status, _, body = ask(hub, "/api/organizations/rehearsal-aurelon/overview")
    assert (status, body["name"], body["type"], body["numModels"]) == (200, "rehearsal-aurelon", "org", count)
    assert count > 0
    assert ask(hub, "/api/users/rehearsal-user-001/overview")[2]["user"] == "rehearsal-user-001"
    assert {
        "fullname",
        "isVerified",
        "numUsers",
        "numFollowers",
        "numDatasets",
        "numSpaces",
        "numPapers",
    } <= body.keys()
    person = ask(hub, "/api/users/rehearsal-user-001/overview")[2]
    assert {"fullname", "avatarUrl", "details", "isPro", "orgs", "numFollowers", "numModels"} <= person.keys()
    for wrong in (
        "users/rehearsal-aurelon",
        "organizations/rehearsal-user-001",
        "users/nobody",
        "organizations/nobody",
    ):
        status, _, body = ask(hub, f"/api/{wrong}/overview")
        assert status == 404
        assert "error" in body


def test_a_revoked_token_and_an_unknown_path(hub):
    assert ask(hub, "/api/models", token=REVOKED_TOKEN)[0] == 401
    assert ask(hub, "/api/spaces")[0] == 404
    assert ask(hub, "/api/agent-harnesses")[2] == {"standardEnvVars": [], "harnesses": {}}


def test_pages_are_made_once_per_moment(world):
    made = []

    class Counting(type(simulated(world))):
        def records(self, numbers, fields, now):
            made.extend(numbers)
            return super().records(numbers, fields, now)

    hub = Hub(Counting(world))
    target = "/api/models?sort=createdAt&direction=1&limit=50"
    first = walk(hub, target)
    once = len(made)
    assert walk(hub, target) == first
    assert len(made) == once > 0
    later = walk(hub, target, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert len(made) > once
    assert later != first
