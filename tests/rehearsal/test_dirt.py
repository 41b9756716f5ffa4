"""What the pretend Hub pretends: every kind of dirt occurs, is listed, and leaves the truth alone."""

import http.client
import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import msgspec
import numpy as np
import polars as pl
import pytest

from dagster_project.rehearsal.faults import CATALOGUE
from dagster_project.rehearsal.hub.api import Hub, Request
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions
from dagster_project.rehearsal.hub.simulated import simulated
from dagster_project.rehearsal.world.archive import archive
from dagster_project.rehearsal.world.dirt import PASSING_SECONDS, PUBLIC_KINDS, Pretence
from dagster_project.rehearsal.world.odd_records import STRINGS
from dagster_project.rehearsal.world.scenario import (
    ARCHIVED_WEEKS,
    LATE_PLANTS,
    NAME_TAKEN_BACK,
    OVERFLOWS,
    OWNER_RENAME,
    PARTIAL,
    PLANTS,
    ROLLBACK_WEEKS,
    UNREADABLE,
    Dirt,
)
from dagster_project.rehearsal.world.world import BLOCK_MODELS, World
from dagster_project.sources import records
from dagster_project.sources.huggingface import read_models
from dagster_project.warehouse import registry

FIRST_WEEK = date(2026, 1, 5)
WEEKS, MODELS = 40, 6000
DAY, WEEK = 86_400, 7 * 86_400
WALK = "/api/models?sort=createdAt&direction=1&limit=1000&expand=createdAt&expand=downloadsAllTime&expand=author"


@pytest.fixture(scope="module")
def world():
    return World(47, MODELS, WEEKS, FIRST_WEEK)


@pytest.fixture(scope="module")
def items(world):
    return simulated(world)


@pytest.fixture(scope="module")
def events(world):
    return list(Pretence(world).events())


def at(second):
    return datetime.fromtimestamp(second, UTC)


def planted(world, kind, before_week=WEEKS - 6):
    """Give models of a kind that turn early enough to see what comes after."""
    models = [world.model(index) for index in range(MODELS)]
    found = [one.index for one in models if one.plant == kind and one.moment < world.monday(before_week)]
    assert found, kind
    return found


def served(items, index, second):
    item = items.item(index, at(second))
    return item["downloadsAllTime"], item["downloads"]


def test_every_kind_occurs_and_is_listed(world, events):
    kinds = {PUBLIC_KINDS.get(kind, kind) for kind in (*PLANTS.values(), *LATE_PLANTS.values())}
    assert {event.kind for event in events} == kinds | {"stall", "partial_snapshot", "owner_rename"}
    for event in events:
        assert event.detail
        assert (event.index is None) == (event.kind in {"stall", "partial_snapshot", "owner_rename"})
        assert event.hub_id == (None if event.index is None else world.hub_id(event.index))
        assert event.week.isoweekday() == 1
        assert timedelta(0) <= event.at.date() - event.week < timedelta(days=7)
        assert event.until is None or event.until > event.at
    assert len({(event.kind, event.index, event.at) for event in events}) == len(events)


def test_what_was_planted_is_told_of_a_model_that_is_withdrawn_too(world, events):
    planted = {event.index for event in events if event.detail not in {"removed", "withdrawn by a closing country"}}
    for event in events:
        if event.detail == "withdrawn by a closing country" and world.model(event.index).plant:
            assert event.index in planted
    assert any(event.detail == "withdrawn by a closing country" and event.index in planted for event in events)


def test_without_dirt_nothing_is_pretended():
    clean = World(47, 2000, WEEKS, FIRST_WEEK, dirt=False)
    items = simulated(clean)
    assert {event.detail for event in Pretence(clean).events()} == {"withdrawn by a closing country"}
    assert not {clean.model(index).plant for index in range(2000)} - {""}
    for week in (10, 11, 27, WEEKS):
        now = clean.monday(week) + 2 * 3600
        there = [index for index in range(items.size(at(now))) if items.is_listed(index, at(now))]
        assert there == [index for index in range(items.size(at(now))) if clean.is_listed(index, now)]
        body = msgspec.json.encode([items.item(index, at(now)) for index in there])
        rows, rejects = read_models(records.split(body))
        assert not rejects
        assert rows["downloads_all_time"].to_list() == [clean.all_time(index, now) for index in there]
        assert rows["downloads_30d"].to_list() == [clean.rolling(index, now) for index in there]


def test_the_truth_does_not_know_the_dirt_of_counters_and_lists(world):
    other = World(47, MODELS, WEEKS, FIRST_WEEK, dirt=Dirt(counters=False, lists=False))
    assert {event.kind for event in Pretence(other).events()}.isdisjoint({"stall", "rollback", "partial_snapshot"})
    for block in (0, 1):
        for week in (0, 20, WEEKS):
            assert (world.counts(block, world.monday(week)) == other.counts(block, other.monday(week))).all()


@pytest.mark.parametrize("kind", ROLLBACK_WEEKS)
def test_a_rolled_back_counter_falls_and_comes_back(world, items, kind):
    falls, stall = 0, items.pretence.stall
    for index in planted(world, kind):
        moment = world.model(index).moment
        end = (moment // DAY + 7 * ROLLBACK_WEEKS[kind]) * DAY
        if any(stall[0] <= second <= stall[1] for second in (moment - 1, moment, end)):
            continue
        down, up = served(items, index, moment)[0], served(items, index, end)[0]
        assert served(items, index, moment - 1)[0] == world.all_time(index, moment - 1)
        assert up == world.all_time(index, end)
        assert down <= 0.9 * world.all_time(index, moment)
        falls += down < served(items, index, moment - 1)[0]
    assert falls


def test_the_top_models_counter_falls_too(world, items, events):
    (event,) = [event for event in events if event.detail == "the most downloaded model"]
    second = int(event.at.timestamp())
    ranks = np.argsort(-world.counts(0, second))
    assert event.index in ranks[:3]
    assert served(items, event.index, second + WEEK)[0] < 0.95 * world.all_time(event.index, second)
    assert served(items, event.index, int(event.until.timestamp()))[0] > world.all_time(event.index, second)


def test_a_corrected_counter_never_comes_back(world, items):
    for index in planted(world, "lasting_correction"):
        moment = world.model(index).moment
        gaps = [
            world.all_time(index, t) - served(items, index, t)[0] for t in (moment, moment + WEEK, moment + 30 * WEEK)
        ]
        assert gaps[0] == gaps[1] == gaps[2] >= 0.1 * world.all_time(index, moment)
        assert served(items, index, moment - 1)[0] == world.all_time(index, moment - 1)


def test_the_stall_freezes_all_counters_and_then_shows_the_backlog(world, items):
    begin, end = items.pretence.stall
    assert at(begin).isoweekday() == 2
    assert (end - begin) == 7 * DAY
    blocks = range(-(-MODELS // BLOCK_MODELS))

    def total(second):
        return sum(int(items.pretence.counters(block, second)[0].sum()) for block in blocks)

    mondays = [end - 22 * DAY, end - 15 * DAY, end - 8 * DAY, end - DAY, end + 6 * DAY]
    steps = np.diff([total(monday + 2 * 3600) for monday in mondays])
    assert steps[2] < 0.3 * np.median(steps[:2])
    assert steps[3] > 1.5 * np.median(steps[:2])
    assert total(end - 1) == total(begin) < total(end)


def test_a_dead_models_30_day_counter_stays(world, items):
    live = 0
    for index in planted(world, "stale_counter"):
        moment = world.model(index).moment
        assert world.all_time(index, moment + 40 * DAY) == world.all_time(index, moment)
        assert world.rolling(index, moment + 31 * DAY) == 0
        shown = served(items, index, moment + 40 * DAY)[1]
        assert shown == world.rolling(index, moment)
        live += shown > 0
    assert live


def test_a_burst_is_true_and_fills_its_week(world, items):
    for index in planted(world, "spike"):
        day = world.model(index).moment // DAY * DAY
        week = world.first_monday + (day - world.first_monday) // WEEK * WEEK
        that_day = world.all_time(index, day + DAY) - world.all_time(index, day)
        assert that_day > 0.6 * (world.all_time(index, week + WEEK) - world.all_time(index, week)) > 0
        assert served(items, index, day + DAY)[0] == world.all_time(index, day + DAY)


def ask(hub, target, now):
    parts = urlsplit(target)
    reply = hub.answer(Request(parts.path, tuple(parse_qsl(parts.query)), "http://hub.example"), now)
    link = re.search("<(.+?)>", reply.headers.get("Link", ""))
    return json.loads(reply.body), link and link[1]


def pages(hub, now):
    found, target = [], WALK.replace("limit=1000", "limit=500")
    while target:
        page, target = ask(hub, target, now)
        found.append(page)
    return found


def test_one_monday_the_list_is_short_and_pages_as_if_it_were_whole(items):
    begin, end = items.pretence.partial
    hub = Hub(items)
    whole, short, later = (pages(hub, at(second + 2 * 3600)) for second in (begin - WEEK, begin, end))
    counts = [sum(map(len, one)) for one in (whole, short, later)]
    assert counts[1] < counts[0] / 2 < counts[2]
    assert counts[1] > counts[0] * PARTIAL.share * 0.9
    assert {len(page) for page in short[:-1]} == {500}


def test_an_owner_is_renamed_with_all_its_models(world, items):
    moment = next(begin for turn, begin, _end in world.owner_turns if turn == OWNER_RENAME)
    owned = [index for index in range(MODELS) if world.model(index).namespace.name == OWNER_RENAME.old]
    old = [index for index in owned if world.created_at(index) < moment - DAY and world.is_listed(index, moment)]
    assert len(old) > 5
    for index in old:
        before, after = items.item(index, at(moment - 1)), items.item(index, at(moment))
        assert before["_id"] == after["_id"]
        assert (before["author"], after["author"]) == (OWNER_RENAME.old, OWNER_RENAME.new)
        assert after["id"] == before["id"].replace(OWNER_RENAME.old, OWNER_RENAME.new)
        assert world.find(before["id"], moment) == world.find(after["id"], moment) == index
    rows = [line.split(",")[:4] for line in world.registry()["namespaces.csv"].splitlines()]
    day = at(moment).date().isoformat()
    assert [OWNER_RENAME.old, "rehearsal-hestrixa", "2022-01-01", day] in rows
    assert [OWNER_RENAME.new, "rehearsal-hestrixa", day, ""] in rows
    assert items.owner(OWNER_RENAME.new)["type"] == "org"


def test_an_owner_takes_its_name_back_with_all_its_models(world, items):
    ((old, new), (begin, end)) = next(
        ((turn.old, turn.new), seconds) for turn, *seconds in world.owner_turns if turn == NAME_TAKEN_BACK
    )
    owned = [index for index in range(MODELS) if world.model(index).namespace.name == old]
    there = [index for index in owned if world.created_at(index) < begin and world.is_listed(index, end)]
    assert len(there) > 50
    for index in there[:50]:
        shown = [items.item(index, at(second)) for second in (begin - 1, begin, end - 1, end)]
        assert [item["author"] for item in shown] == [old, new, new, old]
        assert len({item["_id"] for item in shown}) == 1
        assert world.find(shown[1]["id"], begin) == world.find(shown[0]["id"], begin) == index
    days = ["2022-01-01", *(at(second).date().isoformat() for second in (begin, end)), ""]
    rows = [line.split(",")[:4] for line in world.registry()["namespaces.csv"].splitlines()]
    names = zip((old, new, old), days, days[1:], strict=False)
    assert all([name, "rehearsal-brivane", since, until] in rows for name, since, until in names)
    events = [event for event in Pretence(world).events() if event.kind == "owner_rename" and old in event.detail]
    assert [(event.detail, event.at) for event in events] == [
        (f"{old} -> {new}", at(begin)),
        (f"{new} -> {old}", at(end)),
    ]


def test_an_archive_tells_the_counters_of_the_first_weeks_and_nothing_else(world, items):
    told = archive(world)
    assert told.columns == ["id", "date", "downloads_all_time"]
    assert told["date"].n_unique() == ARCHIVED_WEEKS + 1
    for name, moment, total in told.sample(500, seed=1).rows():
        second = int(moment.replace(tzinfo=UTC).timestamp())
        assert total == world.all_time(world.find(name, second), second)
    last = told.filter(pl.col("date") == at(world.archived[-1]).replace(tzinfo=None))
    there = range(items.size(at(world.archived[-1])))
    assert last.height == sum(world.model(index).plant != "overflow_parameters" for index in there) > MODELS / 4


def test_F09_a_model_is_renamed_between_two_pages(world):
    index = next(i for i in planted(world, "renamed_mid_walk") if world.created_at(i) < world.model(i).moment - 31)
    moment = world.model(index).moment
    now = at(moment - 30)
    assert (now.isoweekday(), now.hour, now.second) == (1, 2, 0)
    page = sum(world.is_listed(i, moment) for i in range(index)) // 400 + 1
    faults = [msgspec.structs.replace(fault, nth=page + 1) for fault in CATALOGUE["F09"]]
    with HubService(simulated(world), now=now, options=ServiceOptions(page_cap=400)) as service:
        service.inject(faults)
        connection = http.client.HTTPConnection("127.0.0.1", int(service.url.rsplit(":", 1)[1]), timeout=20)
        target, seen = WALK, []
        while target:
            connection.request("GET", target)
            answer = connection.getresponse()
            seen += json.loads(answer.read())
            link = re.search("<http://[^/]+(.+?)>", answer.headers["Link"] or "")
            target = link and link[1]
    names = [item["id"] for item in seen if item["_id"] == world.hub_id(index)]
    assert names == [world.name_at(index, moment - 1), world.name_at(index, moment)]
    assert names[0] != names[1]


def test_gates_and_licences_turn(world, items):
    for index in planted(world, "gate_flip"):
        moment = world.model(index).moment
        gates = [items.item(index, at(second))["gated"] for second in (moment - 1, moment)]
        assert bool(gates[0]) != bool(gates[1])
    for index in planted(world, "licence_change"):
        moment = world.model(index).moment
        before, after = (
            {tag for tag in items.item(index, at(second))["tags"] if tag.startswith("license:")}
            for second in (moment - 1, moment)
        )
        assert before != after <= {"license:other", "license:cc-by-nc-4.0"}


def is_meant_to_be_unreadable(model, second):
    if model.plant == "overflow_counter":
        return model.moment <= second < model.moment + PASSING_SECONDS
    return model.plant in UNREADABLE


def test_only_what_is_meant_to_be_unreadable_is(world, items):
    for second in (world.monday(12), world.monday(22), world.monday(WEEKS)):
        now = at(second + 2 * 3600)
        size = items.size(now)
        rows, rejects = read_models(
            records.split(msgspec.json.encode([items.item(index, now) for index in range(size)]))
        )

        meant = {i for i in range(size) if is_meant_to_be_unreadable(world.model(i), int(now.timestamp()))}
        assert {reject.position for reject in rejects} == meant
        assert len(rows) + len(rejects) == size
        assert rows["model_name"].str.contains(r"^rehearsal-[a-z0-9-]+/[A-Za-z0-9.-]+$").all()


def test_numbers_come_in_forms_they_should_not(world, items):
    end = at(world.monday(WEEKS))
    index = planted(world, "overflow_counter")[0]
    assert items.item(index, at(world.model(index).moment))["downloads"] in OVERFLOWS
    assert items.item(index, at(world.model(index).moment + PASSING_SECONDS))["downloads"] < 2**40
    assert items.item(planted(world, "overflow_parameters")[0], end)["safetensors"]["total"] == 2**70
    item = items.item(planted(world, "float_counters")[0], end)
    assert {type(item[key]) for key in ("likes", "downloads", "downloadsAllTime")} == {float}
    index = planted(world, "missing_counters")[0]
    assert "downloadsAllTime" not in items.item(index, at(world.model(index).moment))
    assert "downloadsAllTime" in items.item(index, at(world.model(index).moment - 1))


def test_dates_and_keys_and_cards_come_in_forms_they_should_not(world, items):
    end = at(world.monday(WEEKS))

    def item(kind):
        return items.item(planted(world, kind)[0], end)

    assert item("offset_date")["createdAt"].endswith(".000+00:00")
    assert re.fullmatch(r"[\d-]+T[\d:]+Z", item("short_date")["lastModified"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", item("day_date")["createdAt"])
    assert {"tags", "cardData", "author", "likes"}.isdisjoint(item("missing_keys"))
    assert isinstance(item("card_string")["cardData"], str)
    assert isinstance(item("card_list")["cardData"], list)
    licences = [items.item(index, end).get("cardData", {}) for index in range(200)]
    assert {type(card.get("license")) for card in licences if isinstance(card, dict)} >= {str, list}


def test_hostile_strings_are_in_every_text_field(world, items):
    end = at(world.monday(WEEKS))
    for kind, key in (("hostile_task", "pipeline_tag"), ("hostile_library", "library_name"), ("hostile_sha", "sha")):
        texts = {items.item(index, end)[key] for index in planted(world, kind)}
        assert texts <= set(STRINGS)
        assert len(texts) > 4
    for kind, key in (
        ("hostile_licence", "license_link"),
        ("hostile_language", "language"),
        ("hostile_relation", "base_model_relation"),
        ("hostile_base", "base_model"),
    ):
        text = "".join(str(items.item(index, end)["cardData"][key]) for index in planted(world, kind))
        assert "drop table" in text or "<img" in text or "7*7" in text


@pytest.mark.parametrize("weeks", [8, WEEKS])
def test_the_registry_is_sound(tmp_path, weeks):
    for name, text in World(47, 300, weeks, FIRST_WEEK).registry().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert registry.check(tmp_path) == []
