"""Families as no person would draw them: parents at random, taken back, renamed and lost, against MEASURES written out in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pytest

from .history import LONG_AGO, History, Rows, model

SEED = 20261123
MODELS, DAYS = 300, [date(2026, 9, 7) + timedelta(days=7 * week) for week in range(6)]
MOST_HOPS = 20
YOUNGEST = datetime.fromisoformat("9999-12-31")
KINDS = ("resolved", "tag", "card")
NEVER_SEEN = ["gone/Away", "GONE/away", "lab/private", "./out/checkpoint-5", "gpt2"]

Parents = dict[str, set[str]]
"""Of each model what it comes from: the ids of models, and names in lower case that nobody ever saw."""


class Said(NamedTuple):
    """A model's record on a day: its name, the names of its parents by each kind of evidence, and whom the Hub resolved them to."""

    name: str
    parents: Mapping[str, list[str]] = {}
    resolved_to: Mapping[str, str] = {}


class Drawn(NamedTuple):
    """A model as it was seen; the day of its creation is unknown for a few."""

    hub_id: str
    created_at: datetime | None
    days: dict[date, Said]


def draw(dice: random.Random) -> dict[str, Drawn]:
    """Let each model come on some day, be renamed, be away or gone for good, and name parents old, young and unknown, or itself."""
    models: dict[str, Drawn] = {}
    saying: dict[str, Said] = {}
    for place, day in enumerate(DAYS):
        for _ in range(MODELS // 2 if place == 0 else MODELS // 10):
            hub_id = f"m{len(models)}"
            created_at = LONG_AGO + timedelta(hours=dice.randrange(20_000)) if dice.random() < 0.9 else None
            models[hub_id], saying[hub_id] = Drawn(hub_id, created_at, {}), Said(f"lab/{hub_id}")
        for hub_id, drawn in models.items():
            if drawn.days and dice.random() < 0.06:
                free = {f"zed/{hub_id}", "lab/again", "LAB/again"} - {said.name for said in saying.values()}
                saying[hub_id] = saying[hub_id]._replace(name=dice.choice(sorted(free or {f"lab/{hub_id}-new"})))
            if not drawn.days or dice.random() < 0.08:
                saying[hub_id] = declare(dice, hub_id, saying)
            last_seen = max(drawn.days, default=day)
            if not drawn.days or dice.random() < (0.9 if (day - last_seen).days < 10 else 0.3):
                drawn.days[day] = saying[hub_id]
    return models


def declare(dice: random.Random, hub_id: str, saying: Mapping[str, Said]) -> Said:
    """Name up to three parents, by one kind of evidence or several: older ones make long lines, younger ones circles."""
    others = list(saying)
    number = others.index(hub_id)
    reach = (others[max(0, number - 3) : number] or others, others[number : number + 3], others)
    chosen = [dice.choice(dice.choices(reach, [91, 6, 3])[0]) for _ in range(dice.choice([1, 1, 1, 1, 2, 3]))]
    resolved_to = {saying[parent].name: parent for parent in chosen}
    names = [name.swapcase() if dice.random() < 0.1 else name for name in resolved_to]
    names += dice.sample(NEVER_SEEN, dice.choice([0, 0, 0, 0, 0, 1, 2]))
    parents = {
        "resolved": [name for name in resolved_to if dice.random() < 0.8] if dice.random() < 0.4 else [],
        "tag": [name for name in names if dice.random() < 0.9] if dice.random() < 0.85 else [],
        "card": [*names, "odd/extra"] if dice.random() < 0.3 else [],
    }
    return Said(saying[hub_id].name, parents, resolved_to)


def record(drawn: Drawn, day: date) -> dict[str, object]:
    name, parents, resolved_to = drawn.days[day]
    return model(
        drawn.hub_id,
        model_name=name,
        created_at=drawn.created_at,
        tags=[f"base_model:finetune:{parent}" for parent in parents["tag"]],
        card_base_models=parents["card"],
        base_models=[{"hub_id": resolved_to[parent], "model_name": parent} for parent in parents["resolved"]],
    )


def parents_of(models: Mapping[str, Drawn]) -> Parents:
    """Take the best evidence of each newest record, and what of the rest explains a merge's missing parents."""
    bearers: defaultdict[str, list[tuple[date, int, str]]] = defaultdict(list)
    for number, (hub_id, drawn) in enumerate(sorted(models.items(), key=seen_first)):
        for name in {said.name for said in drawn.days.values()}:
            last_on = max(day for day, said in drawn.days.items() if said.name == name)
            for spelled in {name, name.lower() + " in any case"}:
                bearers[spelled].append((last_on, -number, hub_id))

    def bearer(name: str) -> str | None:
        found = bearers.get(name) or bearers.get(name.lower() + " in any case")
        return max(found)[2] if found else None

    parents: Parents = {}
    for hub_id, drawn in models.items():
        meant: dict[str, str] = {}
        for _day, said in sorted(drawn.days.items()):
            for kind in reversed(KINDS):
                for name in said.parents[kind]:
                    meant[name] = (said.resolved_to[name] if kind == "resolved" else bearer(name)) or name.lower()
        newest = drawn.days[max(drawn.days)].parents
        resolved, tagged, carded = ({meant[name] for name in newest[kind]} for kind in KINDS)
        best = (tagged if len(set(newest["tag"])) > 1 and resolved <= tagged else resolved) or tagged or carded
        removed = {one for one in resolved | tagged | carded if one in models and max(models[one].days) < DAYS[-1]}
        parents[hub_id] = (best | removed) - {hub_id}
    return parents


def seen_first(item: tuple[str, Drawn]) -> tuple[date, str]:
    return min(item[1].days), item[0]


def cut_circles(models: Mapping[str, Drawn], parents: Parents) -> None:
    """Take from the oldest member of each circle the parents that descend from it, until none does."""

    def above(hub_id: str) -> set[str]:
        found, waiting = set[str](), [hub_id]
        while waiting:
            fresh = parents.get(waiting.pop(), set()) - found
            found |= fresh
            waiting += fresh
        return found

    while True:
        ancestors = {hub_id: above(hub_id) for hub_id in parents}
        circles = {
            frozenset({other for other in ancestors[hub_id] if hub_id in ancestors.get(other, ())})
            for hub_id in parents
            if hub_id in ancestors[hub_id]
        }
        if not circles:
            return
        for circle in circles:
            oldest = min(circle, key=lambda one: (models[one].created_at or YOUNGEST, *seen_first((one, models[one]))))
            parents[oldest] -= circle


def roots_of(hub_id: str, parents: Parents, hops: int = 0) -> Iterator[tuple[str, float, int]]:
    """Climb every way up, each with its part of the model and its length."""
    if hops == MOST_HOPS or not parents.get(hub_id):
        yield hub_id, 1.0, hops
        return
    for parent in parents[hub_id]:
        for root, weight, depth in roots_of(parent, parents, hops + 1):
            yield root, weight / len(parents[hub_id]), depth


@pytest.fixture(scope="module")
def models() -> dict[str, Drawn]:
    return draw(random.Random(SEED))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, models: dict[str, Drawn]) -> Rows:
    history = History(tmp_path_factory.mktemp("families"))
    for day in DAYS:
        history.day(day, *(record(drawn, day) for drawn in models.values() if day in drawn.days))
    # A path is another unknown model for each child that names it, all of one name.
    return history.build().rows(
        "select hub_id, coalesce(root_hub_id, lower(root_name)) as root, sum(weight) as weight, min(depth) as depth"
        " from core.roots group by all"
    )


def test_every_model_goes_back_to_the_roots_that_measures_says(models: dict[str, Drawn], rows: Rows) -> None:
    parents = parents_of(models)
    cut_circles(models, parents)
    weights: defaultdict[tuple[str, str], float] = defaultdict(float)
    depths: dict[tuple[str, str], int] = {}
    for hub_id in models:
        for root, weight, depth in roots_of(hub_id, parents):
            weights[hub_id, root] += weight
            depths[hub_id, root] = min(depth, depths.get((hub_id, root), depth))
    assert max(depths.values()) == MOST_HOPS, "some line is longer than that"
    assert {(row["hub_id"], row["root"]): row["depth"] for row in rows} == depths
    assert {(row["hub_id"], row["root"]): row["weight"] for row in rows} == pytest.approx(weights)
