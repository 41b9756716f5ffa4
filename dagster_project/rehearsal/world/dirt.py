"""What the pretend Hub's counters and lists claim of a world, true or not, and the list of all that is planted.

Here: rollbacks, corrections, the stall, stale 30-day counters, the partial snapshot, and `events` of every kind.
Not here: the truth (world), odd records and strings (odd_records), which model gets what (scenario).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from dagster_project.rehearsal.world.draws import Bools, Ints
from dagster_project.rehearsal.world.facts import DAY_SECONDS, NEVER, WEEK_SECONDS, Facts
from dagster_project.rehearsal.world.scenario import (
    FALL_LEAST,
    FALL_MOST,
    KINDS,
    PARTIAL,
    ROLLBACK_WEEKS,
    STALL,
    TOP_ROLLBACK,
)
from dagster_project.rehearsal.world.trends import Course
from dagster_project.rehearsal.world.world import BLOCK_MODELS, CACHED_BLOCKS, GATES, ROLLING_DAYS, World

PUBLIC_KINDS = {"removed": "removal", "renamed": "rename", "renamed_mid_walk": "rename", "rollback_long": "rollback"}
"""How `events` calls what KINDS tells apart."""
COUNTER_KINDS = {"rollback", "rollback_long", "lasting_correction", "stale_counter"}
TURNING_KINDS = COUNTER_KINDS | {"removed", "renamed", "renamed_mid_walk", "spike", "gate_flip", "licence_change"}
TURNING_KINDS |= {"overflow_counter", "missing_counters"}
"""Kinds that begin at the model's `moment`; the others are there from its creation."""
PASSING_SECONDS = 2 * WEEK_SECONDS
"""How long a counter is written in a form that can't be read, or is missing."""


@dataclass(frozen=True)
class Event:
    """One thing planted: what, which model (None: the whole hub), when it begins, when it is over (None: never)."""

    kind: str
    index: int | None
    hub_id: str | None
    at: datetime
    until: datetime | None
    detail: str

    @property
    def week(self) -> date:
        """Monday of the week in which it begins."""
        return (self.at - timedelta(days=self.at.weekday())).date()


@dataclass(frozen=True)
class _Falls:
    """Fallen counters of a block: place in it, first and last second, height lost."""

    places: Ints
    begin: Ints
    end: Ints
    lost: Ints


class Pretence:
    """What the API says of the numbers of a world's models."""

    def __init__(self, world: World) -> None:
        self.world = world
        is_late = world.scenario.is_on and world.dirt.late
        self._lies = is_late and world.dirt.counters
        self._shortens = is_late and world.dirt.lists
        self._falls = lru_cache(maxsize=CACHED_BLOCKS)(self._make_falls)
        self._stale = lru_cache(maxsize=CACHED_BLOCKS)(self._make_stale)

    @property
    def stall(self) -> tuple[int, int]:
        """The seconds between which all counters stand still; NEVER where that is not planted."""
        if not self._lies:
            return NEVER, NEVER
        begin = self.world.monday(self.world.scenario.week(STALL.at)) + DAY_SECONDS
        return begin, begin + STALL.days * DAY_SECONDS

    @property
    def partial(self) -> tuple[int, int]:
        """The seconds between which the list is short; NEVER where that is not planted."""
        if not self._shortens:
            return NEVER, NEVER
        begin = self.world.monday(self.world.scenario.week(PARTIAL.at))
        return begin, begin + DAY_SECONDS

    @property
    def top_model(self) -> int | None:
        """The most downloaded flagship that is there when the counter of the top model falls."""
        ships = self.world.make.flagships
        there = ships.numbers < self.world.make.count_created(self._top_fall()[0] - 4 * WEEK_SECONDS)
        if not (self._lies and there.any()):
            return None
        return int(ships.numbers[there][np.argmin(ships.ranks[there])])

    def counters(self, block: int, now: int) -> tuple[Ints, Ints]:
        """Give what a block's counters show at a second: all-time and 30-day downloads."""
        world, (begin, end) = self.world, self.stall
        seen_at = begin if begin <= now < end else now
        total = world.counts(block, seen_at)
        rolling = total - world.counts(block, seen_at - ROLLING_DAYS * DAY_SECONDS)
        if not self._lies:
            return total, rolling
        stale, frozen = self._stale(block)
        is_stale = world.block(block).facts.moment[stale] <= seen_at
        rolling[stale[is_stale]] = frozen[is_stale]
        falls = self._falls(block)
        is_down = (falls.begin <= seen_at) & (seen_at < falls.end)
        total = total.copy()
        total[falls.places[is_down]] -= falls.lost[is_down]
        return total, rolling

    def listed(self, block: int, now: int) -> Bools:
        """Say which models of a block the list shows at a second, as far as they exist."""
        facts, (begin, end) = self.world.block(block).facts, self.partial
        there = np.asarray(facts.gone > now)
        if begin <= now < end:
            there &= self.world.make.draw.of("partial", facts.numbers) < PARTIAL.share
        return there

    def _top_fall(self) -> tuple[int, int]:
        begin = self.world.monday(self.world.scenario.week(TOP_ROLLBACK.at)) + DAY_SECONDS
        return begin, begin + TOP_ROLLBACK.weeks * WEEK_SECONDS

    def _make_falls(self, block: int) -> _Falls:
        facts = self.world.block(block).facts
        begin, end = facts.moment.copy(), np.full(len(facts.moment), NEVER)
        chosen = np.zeros(len(facts.moment), dtype=np.bool_)
        for kind, weeks in (*ROLLBACK_WEEKS.items(), ("lasting_correction", NEVER // WEEK_SECONDS)):
            ours = facts.plant == KINDS.index(kind)
            end[ours] = np.minimum(facts.moment[ours] // DAY_SECONDS + 7 * weeks, NEVER // DAY_SECONDS) * DAY_SECONDS
            chosen |= ours
        top = self.top_model
        if top is not None and top // BLOCK_MODELS == block:
            place = top % BLOCK_MODELS
            begin[place], end[place] = self._top_fall()
            chosen[place] = True
        places = np.flatnonzero(chosen)
        heights = self._count(block, places, begin[places])
        share = FALL_LEAST + (FALL_MOST - FALL_LEAST) * self.world.make.draw.of("fall", facts.numbers[places])
        return _Falls(places, begin[places], end[places], np.ceil(heights * share).astype(np.int64))

    def _make_stale(self, block: int) -> tuple[Ints, Ints]:
        facts = self.world.block(block).facts
        places = np.flatnonzero(facts.plant == KINDS.index("stale_counter"))
        ends = facts.moment[places]
        return places, self._count(block, places, ends) - self._count(block, places, ends - ROLLING_DAYS * DAY_SECONDS)

    def _count(self, block: int, places: Ints, seconds: Ints) -> Ints:
        course = self.world.block(block).course
        some = Course(*(getattr(course, name)[places] for name in Course.__dataclass_fields__))
        return self.world.trends.count(some, seconds)

    # What is planted

    def events(self) -> Iterator[Event]:
        """Give every planted event that begins within the world's weeks: hub-wide ones, then by model."""
        yield from self._hub_events()
        world, end = self.world, self.world.monday(self.world.weeks)
        top = self.top_model
        for block in range(-(-world.models // BLOCK_MODELS)):
            facts = world.block(block).facts
            withdrawn = (facts.gone < NEVER) & (facts.plant != KINDS.index("removed"))
            for place in np.flatnonzero((facts.plant > 0) | withdrawn):
                found = [
                    self._planted(facts, int(place)),
                    self._withdrawn(facts, int(place)) if withdrawn[place] else None,
                ]
                yield from (event for event in found if event is not None and event.at.timestamp() < end)
            if top is not None and top // BLOCK_MODELS == block:
                begin, over = self._top_fall()
                yield self._made("rollback", top, begin, over, "the most downloaded model")

    def _hub_events(self) -> Iterator[Event]:
        world = self.world
        if self._lies:
            yield self._made("stall", None, *self.stall, "all counters stand still, then show the backlog")
        if self._shortens:
            yield self._made("partial_snapshot", None, *self.partial, f"{PARTIAL.share:.0%} of the models are listed")
        for turn, begin, end in world.owner_turns:
            yield self._made("owner_rename", None, begin, None, f"{turn.old} -> {turn.new}")
            if end < NEVER:
                yield self._made("owner_rename", None, end, None, f"{turn.new} -> {turn.old}")

    def _withdrawn(self, facts: Facts, place: int) -> Event:
        number, moment = int(facts.numbers[place]), int(facts.gone[place])
        return self._made("removal", number, moment, None, "withdrawn by a closing country")

    def _planted(self, facts: Facts, place: int) -> Event | None:
        index, kind = int(facts.numbers[place]), KINDS[facts.plant[place]]
        if not kind or (kind in COUNTER_KINDS and not self._lies):
            return None
        begin = int(facts.moment[place] if kind in TURNING_KINDS else facts.created[place])
        if begin >= facts.gone[place] and kind != "removed":
            return None
        return self._made(
            PUBLIC_KINDS.get(kind, kind), index, begin, self._over(facts, place), self._detail(index, begin)
        )

    def _over(self, facts: Facts, place: int) -> int | None:
        kind, begin = KINDS[facts.plant[place]], int(facts.moment[place])
        if kind in ROLLBACK_WEEKS:
            return (begin // DAY_SECONDS + 7 * ROLLBACK_WEEKS[kind]) * DAY_SECONDS
        if kind == "spike":
            return (begin // DAY_SECONDS + 1) * DAY_SECONDS
        return begin + PASSING_SECONDS if kind in {"overflow_counter", "missing_counters"} else None

    def _detail(self, index: int, begin: int) -> str:
        """Say what changed, for models that change visibly."""
        world, kind = self.world, self.world.model(index).plant
        before = begin - 1
        if kind in {"renamed", "renamed_mid_walk"}:
            return f"{world.name_at(index, before)} -> {world.name_at(index, begin)}"
        if kind == "gate_flip":
            return f"{_gate(world.gate_at(index, before))} -> {_gate(world.gate_at(index, begin))}"
        if kind == "licence_change":
            return f"{world.licence_at(index, before)} -> {world.licence_at(index, begin)}"
        return kind

    def _made(self, kind: str, index: int | None, begin: int, end: int | None, detail: str) -> Event:
        hub_id = None if index is None else self.world.hub_id(index)
        until = None if end is None or end >= NEVER else datetime.fromtimestamp(end, UTC)
        return Event(kind, index, hub_id, datetime.fromtimestamp(begin, UTC), until, detail)


def _gate(gate: bool | str) -> str:
    return str(gate).lower() if gate in GATES else str(gate)
