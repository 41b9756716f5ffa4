"""The simulated world: its truth adds up, its dirt is there, its registry fits."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.simulated import simulated
from dagster_project.rehearsal.world.cast import COUNTRIES
from dagster_project.rehearsal.world.registry import ARGUABLE_NOTE, NOTE
from dagster_project.rehearsal.world.scenario import PLANTS
from dagster_project.rehearsal.world.world import World

FIRST_WEEK = date(2026, 1, 5)
WEEKS = 8
MODELS = 600
END = datetime(2026, 3, 2, tzinfo=UTC)
START = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
HEADERS = {
    "labs.csv": "lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note",
    "arguable_homes.csv": "lab,other_country,valid_from,valid_to,known_from,source_url,read_on,confidence,note",
    "namespaces.csv": "namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note",
    "countries.csv": "country,country_name,region,known_from,source_url,read_on,confidence,note",
    "events.csv": "event_id,event_on,kind,country,lab,title,known_from,source_url,read_on,confidence,note",
    "published_figures.csv": (
        "figure_id,publication,country,lab,measure,value,scope,credit,time_window,window_to,why,"
        "known_from,source_url,read_on,confidence,note"
    ),
    "licences.csv": "licence_id,licence_class,source_url,known_from,read_on,confidence,note",
    "repositories.csv": "repo_name,lab,kind,why,known_from,source_url,read_on,confidence,note",
    "github_owners.csv": "github_login,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note",
}


def make(seed=7, models=MODELS):
    return World(seed, models, WEEKS, FIRST_WEEK)


def second(moment):
    return int(moment.timestamp())


@pytest.fixture(scope="module")
def world():
    return make()


def planted(world, kind):
    return [index for index in range(world.models) if world.model(index).plant == kind]


def rows_of(world, name):
    return list(csv.DictReader(io.StringIO(world.registry()[name])))


def as_bytes(world):
    items = simulated(world)
    return msgspec.json.encode([items.item(index, END) for index in range(world.models)])


def test_the_same_seed_gives_the_same_bytes_in_any_order(world):
    again = make()
    backwards = [again.true_downloads(index, 3) for index in reversed(range(MODELS))]
    assert as_bytes(again) == as_bytes(world)
    assert backwards[::-1] == [world.true_downloads(index, 3) for index in range(MODELS)]
    assert as_bytes(make(seed=8)) != as_bytes(world)
    assert make().registry() == world.registry()


def test_ids_rise_with_creation_and_carry_its_second(world):
    ids = [world.hub_id(index) for index in range(MODELS)]
    created = [world.created_at(index) for index in range(MODELS)]
    assert ids == sorted(set(ids))
    assert created == sorted(created)
    assert [int(one[:8], 16) for one in ids] == created
    assert {len(one) for one in ids} == {24}


def test_a_huge_world_costs_nothing_until_asked_and_its_ids_still_rise():
    models = 100_000_000
    world = World(7, models, WEEKS, FIRST_WEEK)
    late = range(models - 300, models)
    ids = [world.hub_id(index) for index in late]
    assert len({world.created_at(index) for index in late}) < len(late)
    assert ids == sorted(set(ids))
    assert world.size(END) == models
    assert world.block.cache_info().currsize == 0


def test_models_appear_over_time_and_all_by_the_end(world):
    sizes = [world.size(END - timedelta(weeks=back)) for back in (200, WEEKS, 4, 0)]
    assert sizes[0] == 0
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3] == MODELS


def test_weekly_truth_adds_up_to_the_counters(world):
    start = second(END) - WEEKS * 604_800
    for index in range(MODELS):
        weekly = [world.true_downloads(index, week) for week in range(WEEKS)]
        assert min(weekly) >= 0
        assert sum(weekly) == world.all_time(index, second(END)) - world.all_time(index, start)


def test_a_running_week_counts_in_proportion(world):
    index = max(range(100), key=lambda n: world.true_downloads(n, 2))
    monday = datetime(2026, 1, 19, tzinfo=UTC)
    whole = world.true_downloads(index, 2)
    quarter = world.all_time(index, second(monday) + 604_800 // 4) - world.all_time(index, second(monday))
    assert whole > 100
    assert quarter == whole // 4


def test_the_week_of_birth_counts_from_the_birth(world):
    index = max(range(450, MODELS), key=lambda n: world.true_downloads(n, (world.created_at(n) - START) // 604_800))
    born = world.created_at(index)
    monday = START + ((born - START) // 604_800 + 1) * 604_800
    assert world.all_time(index, monday) > 50
    assert world.all_time(index, born + (monday - born) // 2) == pytest.approx(world.all_time(index, monday) / 2, abs=1)


def test_the_rolling_counter_is_the_truth_of_thirty_days(world):
    now = second(END)
    for index in range(0, MODELS, 7):
        assert world.rolling(index, now) == world.all_time(index, now) - world.all_time(index, now - 30 * 86_400)
    old = max(range(100), key=lambda n: world.all_time(n, now))
    four_weeks = sum(world.true_downloads(old, week) for week in range(WEEKS - 4, WEEKS))
    assert four_weeks < world.rolling(old, now) < four_weeks * 1.15


def test_later_weeks_have_larger_counters_and_nothing_before_birth(world):
    totals = [sum(world.all_time(i, second(END) - back * 604_800) for i in range(MODELS)) for back in (8, 4, 0)]
    assert totals[0] < totals[1] < totals[2]
    assert all(world.all_time(index, world.created_at(index)) == 0 for index in range(MODELS))


def test_downloads_are_concentrated_like_on_the_hub(world):
    downloads = sorted((world.all_time(index, second(END)) for index in range(MODELS)), reverse=True)
    assert sum(downloads[: MODELS // 20]) > 0.6 * sum(downloads)
    assert downloads[MODELS // 2] < downloads[0] / 1000


def test_a_removed_model_is_gone_and_counts_nothing_more(world):
    for index in planted(world, "removed"):
        moment = world.model(index).moment
        assert world.is_listed(index, moment - 1)
        assert not world.is_listed(index, moment)
        assert world.all_time(index, moment) == world.all_time(index, moment + 604_800)
    assert any(world.model(index).moment < second(END) for index in planted(world, "removed"))


def test_a_renamed_model_keeps_its_id_and_is_found_under_both_names(world):
    index = planted(world, "renamed")[0]
    moment = world.model(index).moment
    before, after = world.name_at(index, moment - 1), world.name_at(index, moment)
    assert before != after
    assert world.find(after, moment - 1) is None
    assert world.find(before, moment) == world.find(after, moment) == world.find(after.upper(), moment) == index


def test_find_refuses_names_that_never_were(world):
    name = world.name_at(5, second(END))
    assert world.find(name, second(END)) == 5
    assert world.find(name, world.created_at(5) - 1) is None
    assert world.find(name.replace("-r00005", "-r00006"), second(END)) is None
    assert world.find("somebody/else", second(END)) is None


def test_each_kind_of_dirt_is_planted(world):
    kinds = {world.model(index).plant for index in range(world.models)} - {""}
    assert kinds == set(PLANTS.values())


def test_the_planted_parents(world):
    items = simulated(world)

    def bases(kind):
        item = items.item(planted(world, kind)[0], END)
        declared = item["cardData"]["base_model"]
        return item, declared[0] if isinstance(declared, list) else declared

    item, missing = bases("missing_parent")
    assert items.find(missing, END) is None
    assert item["baseModels"] is None
    item, shouted = bases("wrong_case_parent")
    assert shouted == shouted.upper()
    assert item["baseModels"]["models"][0]["id"].upper() == shouted
    item, itself = bases("self_loop")
    assert itself == item["id"]
    assert f"base_model:{itself}" in item["tags"]
    first, second_one = planted(world, "cycle")[:2]
    assert world.model(first).parents == (second_one,)
    assert world.model(second_one).parents == (first,)
    assert bases("path_parent")[1].startswith("./")


def test_all_other_parents_are_older_models(world):
    orphans = {"missing_parent", "path_parent"}
    models = [world.model(index) for index in range(MODELS)]
    for model in models:
        if model.plant not in {"self_loop", "cycle"}:
            assert all(0 <= parent < model.index for parent in model.parents)
            assert bool(model.parents) == (model.role != "base" and model.plant not in orphans)
    assert {len(model.parents) for model in models if model.role == "merge"} >= {2, 3}
    assert {model.role for model in models} == {"base", "finetune", "adapter", "quantized", "merge"}


def test_the_hub_resolves_parents_to_what_is_there_now(world):
    items, now = simulated(world), second(END)
    names = {world.hub_id(i): world.name_at(i, now) for i in range(MODELS) if world.is_listed(i, now)}
    resolved = [base for i in range(MODELS) for base in (items.item(i, END)["baseModels"] or {"models": []})["models"]]
    assert len(resolved) > MODELS / 3
    assert all(names[base["_id"]] == base["id"] for base in resolved)
    assert items.item(planted(world, "self_loop")[0], END)["baseModels"] is None
    lost = [i for i in range(MODELS) for parent in world.model(i).parents if not world.is_listed(parent, now)]
    assert lost


def test_cards_keep_the_parents_name_of_the_day(world):
    items = simulated(world)
    found = 0
    for index in range(MODELS):
        for parent in world.model(index).parents:
            model = world.model(parent)
            if model.plant == "renamed" and world.created_at(index) < model.moment <= second(END):
                assert any(tag == f"base_model:{world.name_at(parent, 0)}" for tag in items.item(index, END)["tags"])
                found += 1
    assert found


def test_models_are_modified_after_creation_and_not_in_the_future(world):
    early = END - timedelta(weeks=4)
    source = simulated(world)
    items = [source.item(index, early) for index in range(world.size(early))]
    written = f"{early:%Y-%m-%dT%H:%M:%S}.000Z"
    assert all(item["createdAt"] <= item["lastModified"] <= written for item in items)
    assert sum(item["createdAt"] < item["lastModified"] for item in items) > MODELS / 2


def test_hostile_strings_are_in_tags_and_cards(world):
    text = as_bytes(world).decode()
    for hostile in ("<script>", "</script>", "=cmd|", "\u202e", "\\u0000"):
        assert hostile in text


def test_cards_and_gates_come_in_all_their_types(world):
    source = simulated(world)
    items = [source.item(index, END) for index in range(MODELS)]
    cards = [item["cardData"] for item in items]
    assert {type(card["base_model"]) for card in cards if "base_model" in card} == {str, list}
    assert {type(card["language"]) for card in cards} == {str, list}
    assert {item["gated"] for item in items} == {False, "auto", "manual"}
    assert any("license" not in card for card in cards)
    assert {True, False} == {"safetensors" in item for item in items} == {"pipeline_tag" in item for item in items}
    assert {int, float} == {type(item["trendingScore"]) for item in items}


@pytest.mark.parametrize("name", HEADERS)
def test_the_registry_parses_sorted_and_says_it_is_fictional(world, name):
    rows = rows_of(world, name)
    assert world.registry()[name].splitlines()[0] == HEADERS[name]
    first = [next(iter(row.values())) for row in rows]
    assert first == sorted(first)
    for row in rows:
        assert None not in row
        assert (row["confidence"], row["source_url"]) == ("low", "")
        assert row["note"] in (NOTE, ARGUABLE_NOTE)
        assert row["known_from"] == date.fromisoformat(row["read_on"]).isoformat() == "2022-01-01"


def test_the_registry_holds_together(world):
    labs = {row["lab"]: row for row in rows_of(world, "labs.csv")}
    assert {row["country"] for row in labs.values()} == {row["country"] for row in rows_of(world, "countries.csv")}
    assert {row["country"] for row in labs.values()} == set(COUNTRIES)
    assert {row["parent"] for row in labs.values()} - {""} <= set(labs)
    assert all("Rehearsal" in row["lab_name"] for row in labs.values())
    kinds = {"company", "research-institute", "university", "government", "non-profit", "community"}
    assert {row["kind"] for row in labs.values()} == kinds
    classes = {"permissive", "copyleft", "responsible-use", "custom", "non-commercial", "none"}
    assert {row["licence_class"] for row in rows_of(world, "licences.csv")} == classes
    events = rows_of(world, "events.csv")
    assert {row["kind"] for row in events} == {"release", "licence", "policy", "corporate"}
    assert {row["lab"] for row in events} - {""} <= set(labs)
    assert all(FIRST_WEEK <= date.fromisoformat(row["event_on"]) < END.date() for row in events)


def test_a_quarter_of_the_namespaces_is_left_out_and_publishes(world):
    rows = rows_of(world, "namespaces.csv")
    known = {row["namespace"] for row in rows}
    assert {row["lab"] for row in rows} == {row["lab"] for row in rows_of(world, "labs.csv")}
    assert len(known) / len(world.namespaces) == pytest.approx(0.75)
    authors = {world.model(index).namespace.name for index in range(MODELS)}
    assert authors - known == {space.name for space in world.namespaces if not space.is_registered}
    assert all(name.startswith("rehearsal-") for name in authors)


def test_a_world_that_cannot_be_is_refused():
    for seed, models, weeks, first in ((1, 0, 1, FIRST_WEEK), (1, 1, 0, FIRST_WEEK), (1, 1, 1, date(2026, 1, 6))):
        with pytest.raises(UsageError, match="Monday"):
            World(seed, models, weeks, first)
