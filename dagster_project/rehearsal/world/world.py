"""A simulated world whose truth is known: labs, models, lineage, and every true weekly download.

Every fact about a model is a pure function of the world's seed and the model's number, which is also its place in
creation order; so a world of any size costs no memory until it is asked. Models are made in blocks, and only the last
blocks are kept. What is planted is data (scenario). Not here: how facts are drawn (world/facts, world/lineage), how
downloads move (world/trends), what the API pretends (dirt, simulated), the true tables (truth).
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache

import numpy as np

from dagster_project.errors import UsageError
from dagster_project.rehearsal.github.world import GitHubWorld
from dagster_project.rehearsal.world.cast import (
    CUSTOM,
    FAMILIES,
    LABS,
    LICENCE_IDS,
    NON_COMMERCIAL,
    ROLES,
    SIZE_IDS,
    SUFFIXES,
    TASK_IDS,
    Namespace,
    make_namespaces,
)
from dagster_project.rehearsal.world.draws import Bools, Ints
from dagster_project.rehearsal.world.facts import AUTO, DAY_SECONDS, NEVER, OPEN, WEEK_SECONDS, FactMaker, Facts
from dagster_project.rehearsal.world.lineage import Lineage
from dagster_project.rehearsal.world.registry import registry_texts
from dagster_project.rehearsal.world.scenario import (
    ARCHIVE_SECONDS,
    ARCHIVED_WEEKS,
    CAPTURE_HOUR,
    KINDS,
    MID_WALK_AT,
    MID_WALK_SECONDS,
    OWNER_RENAMES,
    RELOCATION,
    Dirt,
    OwnerRename,
    Scenario,
    TurningPoint,
)
from dagster_project.rehearsal.world.trends import DECAYS, Course, Trends

BLOCK_MODELS = 4096
CACHED_BLOCKS = 64
CACHED_MODELS = 50_000
CACHED_COUNTS = 512
"""Blocks of counters at single seconds; each takes 32 KB."""
CHUNK_MODELS = 2**16
GITHUB_REPOSITORIES = 120
MID_WALK_SECOND = CAPTURE_HOUR * 3600 + MID_WALK_SECONDS
ROLLING_DAYS = 30
GATES: tuple[bool | str, ...] = (False, "auto", "manual")
_NUMBER_IN_NAME = re.compile(r"-r(\d{5,})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """What is fixed about a model at its release. Times in seconds since 1970."""

    index: int
    hub_id: str
    role: str
    namespace: Namespace
    stem: str
    size: str
    task: str
    licence: str
    gated: bool | str
    created: int
    parents: tuple[int, ...]
    plant: str
    moment: int
    """When a planted model turns: is removed, renamed, gated, falls."""
    gone: int
    """When it leaves the list; far in the future for nearly all."""
    rate: float
    """True downloads of the first week, before shape and growth."""
    shape: int
    is_flagship: bool


@dataclass(frozen=True)
class Block:
    """Consecutive models: their facts and the course of their counters."""

    facts: Facts
    course: Course


class World:
    """`models` models, the last created in week `weeks - 1`; week 0 begins on the Monday `first_week`.

    `dirt` says what the API pretends: all that a world of this length has (True), nothing (False), or chosen families.
    """

    def __init__(self, seed: int, models: int, weeks: int, first_week: date, *, dirt: Dirt | bool = True) -> None:
        if models < 1 or weeks < 1 or first_week.isoweekday() != 1:
            raise UsageError("A rehearsal world needs at least one model, one week, and a Monday to begin on.")
        self.seed, self.models, self.weeks, self.first_week = seed, models, weeks, first_week
        self.dirt = dirt if isinstance(dirt, Dirt) else Dirt() if dirt else Dirt.none()
        self.scenario = Scenario(weeks)
        self.first_monday = int(datetime.combine(first_week, datetime.min.time(), UTC).timestamp())
        self.labs = LABS
        self.namespaces = make_namespaces()
        self.make = FactMaker(seed, models, weeks, self.first_monday, self.namespaces, self.dirt)
        self.lineage = Lineage(self.make)
        self.block = lru_cache(maxsize=CACHED_BLOCKS)(self._make_block)
        """Give BLOCK_MODELS models by the block's number."""
        self.counts = lru_cache(maxsize=CACHED_COUNTS)(self._make_counts)
        """Give the true counters of a block (number, second)."""
        self._births = lru_cache(maxsize=CACHED_BLOCKS)(self._make_births)
        self._models: dict[int, Model] = {}
        self._lock = threading.Lock()

    @cached_property
    def _flagships(self) -> frozenset[int]:
        return frozenset(self.make.flagships.numbers.tolist())

    @cached_property
    def trends(self) -> Trends:
        """How downloads move. Worlds with turning points read all their models once for it."""
        return Trends(self.make, self._all_facts)

    # Facts of one model

    def model(self, index: int) -> Model:
        """Give what is fixed about a model, by its number."""
        found = self._models.get(index)
        return found or self._keep(self.block(index // BLOCK_MODELS).facts, [index % BLOCK_MODELS])[0]

    def learn(self, block: int, places: list[int]) -> None:
        """Make models of one block and their parents, all at once: a whole block for each far parent would be dear."""
        facts = self.block(block).facts
        self._keep(facts, places)
        parents = facts.parents[places].ravel().tolist()
        unknown = {number for number in parents if number >= 0 and number not in self._models}
        if unknown:
            self._keep(self.facts(np.array(sorted(unknown), dtype=np.int64)), list(range(len(unknown))))

    def created_at(self, index: int) -> int:
        """Give the second of creation; never falls with the number."""
        return self._births(index // BLOCK_MODELS)[0][index % BLOCK_MODELS]

    def size(self, now: datetime) -> int:
        """Count the models created up to a moment, those removed since included."""
        return self.make.count_created(int(now.timestamp()))

    def hub_id(self, index: int) -> str:
        """Give the ObjectId: creation second, number, three arbitrary bytes, so that it rises with the number."""
        created, salts = self._births(index // BLOCK_MODELS)
        return _hub_id(created[index % BLOCK_MODELS], index, salts[index % BLOCK_MODELS])

    def namespace_at(self, index: int, now: int) -> str:
        """Give the name of the model's owner at a second."""
        name = self.model(index).namespace.name
        return next(
            (turn.new for turn, begin, end in self.owner_turns if turn.old == name and begin <= now < end), name
        )

    def name_at(self, index: int, now: int) -> str:
        """Give the model's name at a second."""
        model = self.model(index)
        renamed = "-Renamed" if model.plant in {"renamed", "renamed_mid_walk"} and now >= model.moment else ""
        return f"{self.namespace_at(index, now)}/{model.stem}{renamed}-r{index:05d}"

    def find(self, name: str, now: int) -> int | None:
        """Give the number of the model that has or had this name at a second, in any case."""
        match = _NUMBER_IN_NAME.search(name)
        index = int(match[1]) if match else self.models
        if index >= self.models or self.created_at(index) > now:
            return None
        owners = itertools.chain.from_iterable(turn[1:] for turn in self.owner_turns)
        turns = (self.created_at(index), self.model(index).moment, *owners, now)
        known = {self.name_at(index, moment).lower() for moment in turns if moment <= now}
        return index if name.lower() in known else None

    def gate_at(self, index: int, now: int) -> bool | str:
        """Give the gate at a second; a planted flip turns it the other way."""
        model = self.model(index)
        if model.plant == "gate_flip" and now >= model.moment:
            return GATES[AUTO] if model.gated is GATES[OPEN] else GATES[OPEN]
        return model.gated

    def licence_at(self, index: int, now: int) -> str:
        """Give the licence at a second; a planted change closes it."""
        model = self.model(index)
        if model.plant == "licence_change" and now >= model.moment:
            return LICENCE_IDS[NON_COMMERCIAL if model.licence == LICENCE_IDS[CUSTOM] else CUSTOM]
        return model.licence

    def is_listed(self, index: int, now: int) -> bool:
        """Say whether a created model is still there at a second."""
        return now < self.model(index).gone

    @property
    def archived(self) -> list[int]:
        """The seconds at which an archive was made before we began to capture, and once more on the day of our first capture."""
        weeks = range(1, self.archived_weeks + 2) if self.archived_weeks else ()
        return [self.monday(week) + CAPTURE_HOUR * 3600 + ARCHIVE_SECONDS for week in weeks]

    @property
    def archived_weeks(self) -> int:
        """How many weeks at first only that archive saw the end of."""
        return ARCHIVED_WEEKS if self.scenario.is_on and self.dirt.late else 0

    @cached_property
    def owner_turns(self) -> list[tuple[OwnerRename, int, int]]:
        """Each rename of a namespace with the seconds from which and until which it has its new name."""
        turns = OWNER_RENAMES if self.scenario.is_on and self.dirt.late else ()
        return [(turn, self._week(turn.at), NEVER if turn.until is None else self._week(turn.until)) for turn in turns]

    def has_renamed_owner(self, index: int) -> bool:
        """Say whether the namespace of a model ever has another name."""
        return self.model(index).namespace.name in {turn.old for turn, _begin, _end in self.owner_turns}

    @property
    def relocated(self) -> int:
        """The second from which the lab of RELOCATION is at home elsewhere; NEVER where that is not planted."""
        if not (self.scenario.is_on and self.dirt.late):
            return NEVER
        return self._week(RELOCATION.at) + RELOCATION.days * DAY_SECONDS

    def _week(self, share: float) -> int:
        return self.monday(self.scenario.week(share))

    def home_of(self, lab: int, now: int) -> str:
        """Give the country that a lab, by its place in LABS, is at home in at a second."""
        moved = LABS[lab].slug == RELOCATION.lab and now >= self.relocated
        return RELOCATION.country if moved else LABS[lab].country

    # The truth about downloads

    def monday(self, week: int) -> int:
        """Give the second at which a week begins; 0 is the first week, weeks before it are negative."""
        return self.first_monday + week * WEEK_SECONDS

    def true_downloads(self, model_index: int, week_index: int) -> int:
        """Count a model's downloads in a week."""
        return self.all_time(model_index, self.monday(week_index + 1)) - self.all_time(
            model_index, self.monday(week_index)
        )

    def all_time(self, index: int, now: int) -> int:
        """Count a model's downloads up to a second: whole weeks, and the running one in proportion."""
        return int(self.counts(index // BLOCK_MODELS, now)[index % BLOCK_MODELS])

    def rolling(self, index: int, now: int) -> int:
        """Count a model's downloads of the 30 days up to a second."""
        return self.all_time(index, now) - self.all_time(index, now - ROLLING_DAYS * DAY_SECONDS)

    def likes(self, index: int, now: int) -> int:
        """Count a model's likes up to a second."""
        return int(self.liked(index // BLOCK_MODELS, now)[index % BLOCK_MODELS])

    def liked(self, block: int, now: int) -> Ints:
        """Give the likes of a block's models up to a second: about the root of their downloads."""
        pull = 0.05 + 0.3 * self.make.draw.of("likes", self.block(block).facts.numbers)
        return (np.sqrt(self.counts(block, now)) * pull).astype(np.int64)

    def turning_points(self) -> list[TurningPoint]:
        """List what is planted in the truth, by week from the world's first."""
        return self.scenario.turning_points()

    def registry(self) -> dict[str, str]:
        """Give the texts of the registry's CSV files, by file name, with the repositories that are there when it all begins."""
        renames = [(turn, _day(begin), _day(end)) for turn, begin, end in self.owner_turns]
        github = self.github()
        old = [number for number in range(github.repos) if github.facts(number).created < github.start]
        owners = {number: github.owner_at(number, github.start) for number in old}
        repositories = [
            (github.full_name(number, github.start), LABS[owner].slug if owner >= 0 else "")
            for number, owner in owners.items()
        ]
        return registry_texts(
            self.first_week, self.namespaces, repositories, renames=renames, relocated_on=_day(self.relocated)
        )

    def github(self) -> GitHubWorld:
        """Make the pretend GitHub that goes with this Hub."""
        return GitHubWorld(self.seed, GITHUB_REPOSITORIES, self.weeks, self.first_week)

    # Many models at once

    def facts(self, numbers: Ints) -> Facts:
        """Make the facts of any models."""
        make = self.make
        created, role, plant = make.created(numbers), make.role(numbers), make.plant(numbers)
        space = make.space(numbers, role, make.week_of(created))
        lab = make.space_labs[space]
        parents = self.lineage.parents(numbers)
        root = self.lineage.roots(numbers, parents[:, 0])
        moment = self._moments(numbers, created, plant)
        gone = np.where(_is(plant, "removed"), moment, make.withdrawn(numbers, lab, created))
        ended = np.where(_is(plant, "stale_counter"), moment, NEVER)
        return Facts(
            numbers=numbers,
            created=created,
            role=role,
            space=space,
            lab=lab,
            plant=plant,
            moment=moment,
            ended=np.minimum(gone, ended),
            gone=gone,
            rate=make.rate(numbers, role),
            shape=(make.draw.of("shape", numbers) * len(DECAYS)).astype(np.int64),
            task=make.task(root),
            size=make.size(root),
            licence=make.licence(numbers, lab, created),
            gate=make.gate(numbers, role, lab, created),
            parents=parents,
            root=root,
        )

    def everything(self) -> Block:
        """Make all models at once: for the truth of worlds of some hundred thousand models."""
        facts = list(self._all_facts())
        whole = Facts(*(np.concatenate([getattr(one, name) for one in facts]) for name in Facts.__dataclass_fields__))
        return Block(whole, self.trends.course(whole))

    def _moments(self, numbers: Ints, created: Ints, plant: Ints) -> Ints:
        moment = self.make.moment(numbers, created)
        walk = self.monday(self.scenario.week(MID_WALK_AT)) + MID_WALK_SECOND
        return np.where(_is(plant, "renamed_mid_walk"), np.maximum(moment * 0 + walk, created + 1), moment)

    def _all_facts(self) -> Iterator[Facts]:
        for start in range(0, self.models, CHUNK_MODELS):
            yield self.facts(np.arange(start, min(start + CHUNK_MODELS, self.models), dtype=np.int64))

    def _numbers(self, block: int) -> Ints:
        start = block * BLOCK_MODELS
        return np.arange(start, min(start + BLOCK_MODELS, self.models), dtype=np.int64)

    def _make_births(self, block: int) -> tuple[list[int], list[float]]:
        """Give creation seconds and arbitrary bytes of a block, which cost far less than its other facts."""
        numbers = self._numbers(block)
        return self.make.created(numbers).tolist(), self.make.draw.of("id", numbers).tolist()

    def _make_block(self, block: int) -> Block:
        facts = self.facts(self._numbers(block))
        return Block(facts, self.trends.course(facts))

    def _make_counts(self, block: int, now: int) -> Ints:
        return self.trends.count(self.block(block).course, now)

    def _keep(self, facts: Facts, places: list[int]) -> list[Model]:
        """Make models of these places and keep them, the oldest ones no longer."""
        salts = self.make.draw.of("id", facts.numbers[places]).tolist()
        made = [self._make_model(facts, place, salt) for place, salt in zip(places, salts, strict=True)]
        with self._lock:  # the service answers each connection in a thread of its own
            self._models.update((model.index, model) for model in made)
            for oldest in list(itertools.islice(self._models, max(0, len(self._models) - CACHED_MODELS))):
                del self._models[oldest]
        return made

    def _make_model(self, facts: Facts, at: int, salt: float) -> Model:
        index, created = int(facts.numbers[at]), int(facts.created[at])
        role, size = int(facts.role[at]), SIZE_IDS[facts.size[at]]
        family = FAMILIES[int(facts.root[at]) % len(FAMILIES)]
        return Model(
            index=index,
            hub_id=_hub_id(created, index, salt),
            role=ROLES[role],
            namespace=self.namespaces[facts.space[at]],
            stem=f"{family}-{size}{SUFFIXES[role]}",
            size=size,
            task=TASK_IDS[facts.task[at]],
            licence=LICENCE_IDS[facts.licence[at]],
            gated=GATES[facts.gate[at]],
            created=created,
            parents=tuple(int(parent) for parent in facts.parents[at] if parent >= 0),
            plant=KINDS[facts.plant[at]],
            moment=int(facts.moment[at]),
            gone=int(facts.gone[at]),
            rate=float(facts.rate[at]),
            shape=int(facts.shape[at]),
            is_flagship=index in self._flagships,
        )


def _day(second: int) -> date | None:
    return datetime.fromtimestamp(second, UTC).date() if second < NEVER else None


def _is(plant: Ints, kind: str) -> Bools:
    return np.asarray(plant == KINDS.index(kind))


def _hub_id(created: int, index: int, salt: float) -> str:
    return f"{created:08x}{index:010x}{int(salt * 2**24):06x}"
