"""A simulated world as the pretend Hub's items: counters move with the clock, models come, go and change.

What of a model does not move with the clock is encoded once and kept until something about it changes, so that a page
costs little more than its counters. Not here: the truth (world), what counters pretend (dirt), odd records (odd_records).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from dagster_project.rehearsal.hub.api import Item, encoded
from dagster_project.rehearsal.hub.items import stamp, to_item
from dagster_project.rehearsal.world.cast import LABS, SIZES
from dagster_project.rehearsal.world.dirt import PASSING_SECONDS, Pretence
from dagster_project.rehearsal.world.facts import NEVER, WEEK_SECONDS
from dagster_project.rehearsal.world.odd_records import HOSTILE, MOVING, PASSING, odd
from dagster_project.rehearsal.world.scenario import OWNER_RENAMES
from dagster_project.rehearsal.world.world import BLOCK_MODELS, Model, World

STILL_BYTES = 96 * 2**20
"""How much of the encoded still parts is kept: some 80,000 models."""
CACHED_MOMENTS = 24
TRENDING = "trendingScore"
MOVING_FIELDS = ("likes", "downloads", "downloadsAllTime", TRENDING)
UNRELATED, LISTED_LICENCES = 1 / 20, 1 / 40
"""Shares: finetunes whose relation the Hub does not know; cards whose licence is a list."""
TOUCHED_WITHIN_SECONDS = 30 * 86_400
VERIFIED_EVERY = 5
"""Every so many organisations have a verified domain and pay."""
HALF_LOVED = 1 / 3
"""Share of the models whose trending score is no whole number."""


@dataclass(frozen=True, slots=True)
class _Still:
    """A record up to its moving keys, and the seconds between which it holds. Without bytes it can't be cut so."""

    head: bytes | None
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class _Habit:
    """How the author of a model writes."""

    touched_after: int
    """Seconds from creation to the last commit."""
    hides_relation: bool
    lists_licences: bool
    lists_languages: bool
    lists_bases: bool


def simulated(world: World) -> Simulated:
    """Give a world's models as the Hub would list them at its clock."""
    return Simulated(world)


class Simulated:
    """A world as items, dirt included."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pretence = Pretence(world)
        self._stills: dict[tuple[str, ...], OrderedDict[int, _Still]] = {}
        self._still_bytes = 0
        self._moving = lru_cache(maxsize=CACHED_MOMENTS)(self._make_moving)
        self._habits = lru_cache(maxsize=CACHED_MOMENTS)(self._make_habits)
        self._listed = lru_cache(maxsize=CACHED_MOMENTS)(self._make_listed)

    def state(self, now: datetime) -> Hashable:
        """Give the second, which is how finely counters move."""
        return int(now.timestamp())

    def size(self, now: datetime) -> int:
        """Count the models created so far."""
        return self.world.size(now)

    def is_listed(self, index: int, now: datetime) -> bool:
        """Say whether the list shows a created model."""
        return self._listed(index // BLOCK_MODELS, int(now.timestamp()))[index % BLOCK_MODELS]

    def key(self, index: int) -> tuple[str, str]:
        """Give (createdAt, `_id`)."""
        return stamp(self.world.created_at(index)), self.world.hub_id(index)

    def author(self, index: int, now: datetime) -> str:
        """Give the namespace at a moment."""
        return self.world.namespace_at(index, int(now.timestamp()))

    def find(self, name: str, now: datetime) -> int | None:
        """Give the number of the model that has or had this name, in any case."""
        return self.world.find(name, int(now.timestamp()))

    def owner(self, name: str) -> Item | None:
        """Give an organisation's overview for a lab's namespace, a person's for the others."""
        given = {turn.new: turn.old for turn in OWNER_RENAMES}.get(name.lower(), name.lower())
        space = next((one for one in self.world.namespaces if one.name == given), None)
        if space is None:
            return None
        place = self.world.namespaces.index(space)
        common = {
            "fullname": f"Rehearsal account {space.name}",
            "avatarUrl": f"https://rehearsal.invalid/{space.name}.png",
            "details": "REHEARSAL: simulated",
            "numDatasets": place % 9,
            "numSpaces": place % 4,
            "numPapers": place % 6,
            "numFollowers": 10 * place,
        }
        if not space.is_registered:
            return {"user": space.name, "type": "user", **common, "isPro": place % 2 == 0, "orgs": _memberships(place)}
        verified = {"isVerified": True, "plan": "enterprise"} if place % VERIFIED_EVERY == 0 else {"isVerified": False}
        return {
            "name": name.lower(),
            "type": "org",
            **common,
            **verified,
            "isFollowing": False,
            "numUsers": 3 + place % 40,
        }

    def item(self, index: int, now: datetime) -> Item:
        """Give one model as the Hub shows it at a moment."""
        second = int(now.timestamp())
        *counts, trending = self._moved(index, second)
        moving = dict(zip(MOVING_FIELDS, [*counts, _number(trending)], strict=True))
        item = self._still_item(index, second) | moving
        return self._oddly(index, item, second)

    def value(self, index: int, name: str, now: datetime) -> Any:
        """Give what an item has under a name; a counter without making the item."""
        if name not in MOVING_FIELDS or self.world.model(index).plant in MOVING:
            return self.item(index, now).get(name)
        value = self._moved(index, int(now.timestamp()))[MOVING_FIELDS.index(name)]
        return _number(value) if isinstance(value, bytes) else value

    def records(self, numbers: Sequence[int], fields: Sequence[str], now: datetime) -> list[bytes]:
        """Give models as JSON, with only these fields: their still parts as kept, their counters as they are now."""
        second = int(now.timestamp())
        names = [name for name in MOVING_FIELDS if name in fields]
        tail = "".join(f',"{name}":%{"b" if name == TRENDING else "d"}' for name in names).encode() + b"}"
        columns = [MOVING_FIELDS.index(name) for name in names]
        stills = self._stills.setdefault(tuple(fields), OrderedDict())
        found = []
        self._learn([index for index in numbers if index not in stills])
        for index in numbers:
            still = stills.get(index)
            if still is None or not still.since <= second < still.until:
                still = self._keep(stills, index, fields, second)
            if still.head is None:
                found.append(encoded(self.item(index, now), fields))
            else:
                moved = self._moved(index, second)
                found.append(still.head + tail % tuple([moved[column] for column in columns]))
        return found

    # What moves with the clock

    def _moved(self, index: int, second: int) -> tuple[int, int, int, bytes]:
        return self._moving(index // BLOCK_MODELS, second)[index % BLOCK_MODELS]

    def _make_moving(self, block: int, second: int) -> list[tuple[int, int, int, bytes]]:
        """Give likes, both counters and the trending score of a block's models; some scores are no whole numbers."""
        world = self.world
        total, rolling = self.pretence.counters(block, second)
        likes = world.liked(block, second)
        trend = (likes - world.liked(block, second - WEEK_SECONDS)).tolist()
        half = world.make.draw.of("trend", world.block(block).facts.numbers) < HALF_LOVED
        scores = [
            b"%d.2" % score if loved else b"%d" % score for score, loved in zip(trend, half.tolist(), strict=True)
        ]
        return list(zip(likes.tolist(), rolling.tolist(), total.tolist(), scores, strict=True))

    def _habit(self, index: int) -> _Habit:
        return self._habits(index // BLOCK_MODELS)[index % BLOCK_MODELS]

    def _make_habits(self, block: int) -> list[_Habit]:
        """Give what the authors of a block's models are like."""
        draw, numbers = self.world.make.draw, self.world.block(block).facts.numbers
        columns = (
            (draw.of("touched", numbers) * TOUCHED_WITHIN_SECONDS).astype(np.int64),
            draw.of("relation", numbers) < UNRELATED,
            draw.of("licence list", numbers) < LISTED_LICENCES,
            draw.of("language", numbers) < 1 / 2,
            draw.of("card", numbers) < 1 / 3,
        )
        return [_Habit(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    def _make_listed(self, block: int, second: int) -> list[bool]:
        there: list[bool] = self.pretence.listed(block, second).tolist()
        return there

    # What stands still for a while

    def _keep(self, stills: OrderedDict[int, _Still], index: int, fields: Sequence[str], second: int) -> _Still:
        """Encode what stands still of a model, and drop the oldest of these where they take too much room."""
        turns = self._turns(index)
        since, until = max(t for t in turns if t <= second), min(t for t in turns if t > second)
        head = None
        if self.world.model(index).plant not in MOVING:
            item = odd(self.world.model(index).plant, index, self._still_item(index, second))
            head = encoded(item, [name for name in fields if name not in MOVING_FIELDS])[:-1]
        old = stills.pop(index, None)
        still = stills[index] = _Still(head, since, until)
        self._still_bytes += len(head or b"") - len((old and old.head) or b"")
        while self._still_bytes > STILL_BYTES and len(stills) > 1:
            _, dropped = stills.popitem(last=False)
            self._still_bytes -= len(dropped.head or b"")
        return still

    def _learn(self, numbers: Sequence[int]) -> None:
        """Make the models that records to be encoded will speak of, their parents too, all at once."""
        by_block: dict[int, list[int]] = {}
        for index in numbers:
            by_block.setdefault(index // BLOCK_MODELS, []).append(index % BLOCK_MODELS)
        for block, places in by_block.items():
            self.world.learn(block, places)

    def _turns(self, index: int) -> list[int]:
        """Give every second at which the still part of a model may change, and the ends of time."""
        world, model = self.world, self.world.model(index)
        turns = [0, NEVER, model.moment, self._touched(index)]
        turns += [second for _turn, *seconds in world.owner_turns for second in seconds]
        for parent in model.parents:
            made = world.model(parent)
            turns += [made.created, made.moment, made.gone]
        return turns

    def _touched(self, index: int) -> int:
        """Give the second of the last commit, up to a month after creation."""
        return self.world.model(index).created + self._habit(index).touched_after

    def _still_item(self, index: int, second: int) -> Item:
        """Give everything of a model but its counters."""
        world, model = self.world, self.world.model(index)
        touched = self._touched(index)
        bases = self._declared_bases(model)
        row: dict[str, Any] = {
            "id": world.name_at(index, second),
            "hub_id": world.hub_id(index),
            "author": world.namespace_at(index, second),
            "created_at": stamp(model.created),
            "last_modified": stamp(touched if touched <= second else model.created),
            "pipeline_tag": model.task or None,
            "library": {"adapter": "peft", "quantized": "gguf"}.get(model.role, "transformers"),
            "parameters": SIZES[model.size] if model.role not in {"adapter", "quantized"} else None,
            "gated": world.gate_at(index, second),
            "private": False,
            "disabled": False,
            "sha": hashlib.sha1(f"{index}:{model.created}".encode(), usedforsecurity=False).hexdigest(),
            "base_models": self._resolved_bases(model, second),
            "card": self._card(model, bases, second),
        }
        return to_item({**row, "tags": self._tags(model, bases, row)})

    def _oddly(self, index: int, item: Item, second: int) -> Item:
        model = self.world.model(index)
        if model.plant in PASSING and not model.moment <= second < model.moment + PASSING_SECONDS:
            return item
        return odd(model.plant, index, item)

    def _declared_bases(self, model: Model) -> list[str]:
        """Give the base models as a card's author writes them: names of that day, sometimes wrong."""
        if model.plant == "missing_parent":
            return [f"rehearsal-gone/Never-Was-r{model.index:05d}"]
        if model.plant == "path_parent":
            return ["./outputs/checkpoint-500"]
        names = [self.world.name_at(parent, model.created) for parent in model.parents]
        return [name.upper() for name in names] if model.plant == "wrong_case_parent" else names

    def _relation(self, model: Model) -> str | None:
        """Give the relation the Hub shows; for one finetune in twenty it knows none."""
        unknown = model.role == "finetune" and self._habit(model.index).hides_relation
        return None if unknown or model.role == "base" else model.role

    def _resolved_bases(self, model: Model, second: int) -> Item | None:
        """Give the Hub's own resolution: current names and ids of the parents that are still there."""
        world, relation = self.world, self._relation(model)
        there = [
            parent
            for parent in model.parents
            if parent != model.index and world.model(parent).created <= second and world.is_listed(parent, second)
        ]
        models = [{"_id": world.model(parent).hub_id, "id": world.name_at(parent, second)} for parent in there]
        return {"relation": relation, "models": models} if relation and models else None

    def _card(self, model: Model, bases: list[str], second: int) -> Item:
        """Give the free-form card: strings or lists, as people write them, and the planted strings."""
        habit, licence = self._habit(model.index), self.world.licence_at(model.index, second)
        card: Item = {}
        if licence:
            card["license"] = [licence] if habit.lists_licences else licence
        card["language"] = ["en", "fr"] if habit.lists_languages else "en"
        if bases:
            card["base_model"] = bases if habit.lists_bases or len(bases) > 1 else bases[0]
        if model.plant in HOSTILE:
            card["license_name"] = HOSTILE[model.plant][1]
        return card

    def _tags(self, model: Model, bases: list[str], row: dict[str, Any]) -> list[str]:
        """Give the tags the Hub computes, then the planted one."""
        relation, licence = self._relation(model), row["card"].get("license")
        tags = ["rehearsal", row["library"], *([model.task] if model.task else []), "en"]
        tags += [f"base_model:{name}" for name in bases]
        tags += [f"base_model:{relation}:{name}" for name in bases if relation]
        tags += [f"license:{licence if isinstance(licence, str) else licence[0]}"] if licence else []
        return [*tags, "region:us", *HOSTILE.get(model.plant, ())[:1]]


def _number(text: bytes) -> int | float:
    return float(text) if b"." in text else int(text)


def _memberships(place: int) -> list[Item]:
    """Give the organisations that a person's overview lists: what nobody may keep."""
    lab = LABS[place % len(LABS)]
    return [{"name": lab.slug, "fullname": f"Rehearsal Lab {lab.name}", "isEnterprise": False}]
