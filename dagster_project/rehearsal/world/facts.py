"""What never changes about models, many at once: each fact is a pure function of the seed and the model's number.

Here: creation, roles, publishers, licences, gates, sizes, plants, scripted flagships. Not here: who descends from whom
(world/lineage), how downloads move (world/trends), what the API pretends (dirt).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.rehearsal.world.cast import (
    BASE,
    CUSTOM,
    FINETUNE,
    FLAGSHIP_PULL,
    INTERMEDIARIES,
    LAB_NUMBERS,
    LABS,
    LICENCES,
    NON_COMMERCIAL,
    PEOPLE,
    QUANTIZED,
    ROLE_PULL,
    ROLE_WEIGHTS,
    SECOND_NAMESPACES,
    SIZE_WEIGHTS,
    TASKS,
    TEXT_TASKS,
    Namespace,
)
from dagster_project.rehearsal.world.draws import Bools, Draws, Floats, Ints, pick, pick_by_row
from dagster_project.rehearsal.world.scenario import (
    CHAIN_FIRST,
    CHAIN_LENGTH,
    CLOSURE,
    CYCLE_FIRST,
    KINDS,
    LATE_PERIOD,
    LATE_PLANTS,
    LINEAGE_PLANTS,
    PLANT_PERIOD,
    PLANTS,
    PLANTS_FROM,
    PLANTS_UNTIL,
    RETREAT,
    UNREADABLE,
    Dirt,
    Scenario,
)

HISTORY_WEEKS = 104
"""How long models have been appearing when the first week begins."""
DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS
NEVER = 2**62
FOUNDERS = 12
"""The first models are bases: somebody has to begin."""
UNREVIEWED_SHARE = (0.08, 0.45, 0.45, 0.25, 0.45)
"""Share of people's accounts among the publishers, by role."""
SECOND_SHARE = 0.25
"""Share of its releases that a lab with two namespaces puts under the second."""
ZIPF_EXPONENT = 1.05
"""With it the top ten models of a hub of three millions take about a fifth of the downloads, as on the real one."""
HEAD_ROOM = 3.0
"""Ranks left free above the first model, so that it alone is not the market."""
FIRST_WEEK_DOWNLOADS = 3.0
HARDLY_USED = 0.02
GATED_MANUALLY, GATED = 0.05, 0.18
"""Shares of the bases; of derived models a third of it."""
FLAGSHIP_EVERY_WEEKS = 12
"""Weeks between two flagships of the largest lab; each lab after it takes a week longer."""
FLAGSHIP_SHARE = 1 / 20
FLAGSHIP_TEXT_SHARE = 0.8
LAB_WAVE_BOOST = 3.0
OPEN, AUTO, MANUAL = range(3)


@dataclass(frozen=True)
class Flagships:
    """The scripted releases, in order of number: the head of the Zipf law, each lab's in turn."""

    numbers: Ints
    labs: Ints
    ranks: Ints
    """0 is the most downloaded one."""


@dataclass(frozen=True)
class Facts:
    """Facts of models `numbers`, an array each. Times in seconds since 1970."""

    numbers: Ints
    created: Ints
    role: Ints
    space: Ints
    lab: Ints
    """Number in LABS, NOBODY for people."""
    plant: Ints
    """Place in KINDS."""
    moment: Ints
    """When a planted model turns."""
    ended: Ints
    """When its true downloads end; NEVER for nearly all."""
    gone: Ints
    """When it leaves the list."""
    rate: Floats
    """Downloads of a first week in the world's oldest week, before growth."""
    shape: Ints
    task: Ints
    size: Ints
    licence: Ints
    gate: Ints
    parents: Ints
    """Three columns, -1 where there are fewer."""
    root: Ints
    """The base at the end of its first parents; itself where a plant ends the way."""


class FactMaker:
    """Makes the facts of any models of one world, except their lineage."""

    def __init__(
        self, seed: int, models: int, weeks: int, first_monday: int, spaces: list[Namespace], dirt: Dirt
    ) -> None:
        self.models, self.weeks, self.spaces, self.dirt = models, weeks, spaces, dirt
        self.first_monday = first_monday
        self.origin = first_monday - HISTORY_WEEKS * WEEK_SECONDS
        self.span = (HISTORY_WEEKS + weeks) * WEEK_SECONDS
        self.scenario = Scenario(weeks)
        self.draw = Draws(seed)
        self.space_labs = np.array([space.lab_number for space in spaces], dtype=np.int64)
        self.plants = self._plant_table()
        self.alone = models - 1 if (models - 1) % PLANT_PERIOD == CYCLE_FIRST else -1
        """The first of a pair whose second would lie beyond the world."""
        self.publishers = [self._publisher_bounds(role) for role in range(len(ROLE_WEIGHTS))]
        self.flagships = self._make_flagships()

    # Time

    def created(self, numbers: Ints) -> Ints:
        """Give the seconds of creation; they never fall with the number. Each week brings more than the week before."""
        share = (numbers + self.draw.of("creation", numbers)) / self.models
        return self.origin + (self.span * np.sqrt(share)).astype(np.int64)

    def count_created(self, second: int) -> int:
        """Count the models created up to a second."""
        share = max(0.0, (second + 1 - self.origin) / self.span)
        guess = int(min(share * share, 1.0) * self.models)
        around = np.arange(max(0, guess - 3), min(self.models, guess + 4), dtype=np.int64)
        return int(around[0] if len(around) else 0) + int(np.count_nonzero(self.created(around) <= second))

    def week_of(self, seconds: Ints) -> Ints:
        """Give the week counted from the world's origin."""
        return np.clip((seconds - self.origin) // WEEK_SECONDS, 0, HISTORY_WEEKS + self.weeks - 1)

    def second_of(self, week: float) -> int:
        """Give the second at which a week begins, counted from the world's first week."""
        return self.first_monday + int(week * WEEK_SECONDS)

    # Kinds of models

    def plant(self, numbers: Ints) -> Ints:
        """Give the place in KINDS of what is planted in each model."""
        found: Ints = self.plants[numbers % LATE_PERIOD]
        found[(numbers < FOUNDERS) | (numbers == self.alone)] = 0
        return found

    def is_planted(self, numbers: Ints, kinds: set[str]) -> Bools:
        """Say which models have one of these kinds of plants."""
        wanted = np.array([kind in kinds for kind in KINDS])
        return np.asarray(wanted[self.plant(numbers)])

    def chain_place(self, numbers: Ints) -> Ints:
        """Give the place in a planted chain, 1 to CHAIN_LENGTH; 0 for nearly all."""
        place = numbers % LATE_PERIOD - CHAIN_FIRST + 1
        return np.where((place >= 1) & (place <= CHAIN_LENGTH), place, 0)

    def flagship(self, numbers: Ints) -> Ints:
        """Give the place among the flagships, -1 for nearly all."""
        known = self.flagships.numbers
        if not len(known):
            return np.full(len(numbers), -1)
        place = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
        return np.where(known[place] == numbers, place, -1)

    def role(self, numbers: Ints) -> Ints:
        """Give the place in ROLES."""
        role = pick(ROLE_WEIGHTS, self.draw.of("role", numbers))
        must_derive = self.is_planted(numbers, LINEAGE_PLANTS) | (self.chain_place(numbers) > 0)
        role = np.where(must_derive, FINETUNE, role)
        return np.where((numbers < FOUNDERS) | (self.flagship(numbers) >= 0), BASE, role)

    def is_base(self, numbers: Ints) -> Bools:
        """Say which models descend from nothing."""
        return np.asarray(self.role(numbers) == BASE)

    def space(self, numbers: Ints, role: Ints, week: Ints) -> Ints:
        """Give the publishing namespace's number: by size, by role, by what the scenario does to labs in that week."""
        draws, found = self.draw.of("publisher", numbers), np.zeros(len(numbers), dtype=np.int64)
        for kind, bounds in enumerate(self.publishers):
            chosen = role == kind
            found[chosen] = pick_by_row(bounds, week[chosen], draws[chosen])
        place = self.flagship(numbers)
        return np.where(place >= 0, self.flagships.labs[place] if len(self.flagships.labs) else found, found)

    def rate(self, numbers: Ints, role: Ints) -> Floats:
        """Draw from a Zipf law whose head are the flagships; a good half of the other models is hardly used."""
        head, draws = len(self.flagships.numbers), self.draw.of("rate", numbers)
        rank = head + draws * (self.models - head)
        place = self.flagship(numbers)
        if head:
            rank = np.where(place >= 0, self.flagships.ranks[place], rank)
        pull = np.asarray(ROLE_PULL)[role] * np.where(draws > 1 / 2, HARDLY_USED, 1.0)
        pull = np.where(place >= 0, FLAGSHIP_PULL, pull)
        pull = np.where(self.is_planted(numbers, UNREADABLE), HARDLY_USED * HARDLY_USED, pull)
        scaled: Floats = FIRST_WEEK_DOWNLOADS * pull * ((rank + HEAD_ROOM) / self.models) ** -ZIPF_EXPONENT
        return scaled

    def task(self, numbers: Ints) -> Ints:
        """Give the task of bases; derived models take their root's."""
        draws = self.draw.of("task", numbers)
        text = self.draw.of("flagship task", numbers) < FLAGSHIP_TEXT_SHARE
        return np.where((self.flagship(numbers) >= 0) & text, 0, pick(tuple(TASKS.values()), draws))

    def size(self, numbers: Ints) -> Ints:
        """Give the size of bases; derived models take their root's."""
        return pick(SIZE_WEIGHTS, self.draw.of("size", numbers))

    def licence(self, numbers: Ints, lab: Ints, created: Ints) -> Ints:
        """Give the licence under which a model was released."""
        found = pick(tuple(weight for _, weight in LICENCES.values()), self.draw.of("licence", numbers))
        if not self.scenario.is_on:
            return found
        ours = (lab == LAB_NUMBERS[RETREAT.lab]) & (self.draw.of("retreat", numbers) < RETREAT.licensed)
        found = np.where(ours & (created >= self._second(RETREAT.at)), CUSTOM, found)
        found = np.where(ours & (created >= self._second(RETREAT.bans_at)), NON_COMMERCIAL, found)
        return np.where(self._is_closed(lab, created), NON_COMMERCIAL, found)

    def gate(self, numbers: Ints, role: Ints, lab: Ints, created: Ints) -> Ints:
        """Give the gate a model was released with: OPEN, AUTO or MANUAL."""
        draws = self.draw.of("gate", numbers) * np.where(role == BASE, 1, 3)
        found = np.where(draws < GATED_MANUALLY, MANUAL, np.where(draws < GATED, AUTO, OPEN))
        if not self.scenario.is_on:
            return found
        again = self.draw.of("late gate", numbers)
        retreated = (lab == LAB_NUMBERS[RETREAT.lab]) & (created >= self._second(RETREAT.at)) & (again < RETREAT.gated)
        closed = self._is_closed(lab, created) & (again < CLOSURE.gated)
        return np.where(retreated | closed, MANUAL, found)

    def moment(self, numbers: Ints, created: Ints) -> Ints:
        """Give the second at which a planted model turns, a day after its creation at the earliest."""
        share = PLANTS_FROM + (PLANTS_UNTIL - PLANTS_FROM) * self.draw.of("moment", numbers)
        return np.maximum(
            created + DAY_SECONDS, self.first_monday + (self.weeks * WEEK_SECONDS * share).astype(np.int64)
        )

    def withdrawn(self, numbers: Ints, lab: Ints, created: Ints) -> Ints:
        """Give when a model of the closing country was withdrawn, NEVER for all others."""
        if not self.scenario.is_on:
            return np.full(len(numbers), NEVER)
        closing, draws = self._second(CLOSURE.at), self.draw.of("withdrawal", numbers)
        chosen = self._is_of(CLOSURE.country, lab) & (created < closing) & (draws < CLOSURE.withdrawn)
        weeks = CLOSURE.within_weeks * draws / CLOSURE.withdrawn
        return np.where(chosen, closing + (weeks * WEEK_SECONDS).astype(np.int64), NEVER)

    # The scenario's hand

    def _second(self, share: float) -> int:
        return self.second_of(self.scenario.week(share))

    @staticmethod
    def _is_of(country: str, lab: Ints) -> Bools:
        return np.isin(lab, [number for number, one in enumerate(LABS) if one.country == country])

    def _is_closed(self, lab: Ints, created: Ints) -> Bools:
        return self._is_of(CLOSURE.country, lab) & (created >= self._second(CLOSURE.at))

    def _plant_table(self) -> Ints:
        """Give the kinds by number modulo LATE_PERIOD, which is a multiple of PLANT_PERIOD."""
        table = np.zeros(LATE_PERIOD, dtype=np.int64)
        if self.dirt.plants:
            for place, kind in PLANTS.items():
                table[place::PLANT_PERIOD] = KINDS.index(kind)
        if self.dirt.plants and self.dirt.late and self.scenario.is_on:
            for place, kind in LATE_PLANTS.items():
                table[place] = KINDS.index(kind)
        return table

    def _lab_pull(self, role: int) -> Floats:
        """Give each lab's share of the releases of a role, by week from the origin."""
        weeks = HISTORY_WEEKS + self.weeks
        pull = np.tile(1 / np.arange(1, len(LABS) + 1), (weeks, 1))
        for slug in INTERMEDIARIES:
            if slug in LAB_NUMBERS and role != QUANTIZED:
                pull[:, LAB_NUMBERS[slug]] *= 0.2
        if not self.scenario.is_on:
            return pull
        now = np.arange(weeks) - HISTORY_WEEKS
        pull[now >= self.scenario.week(RETREAT.at), LAB_NUMBERS[RETREAT.lab]] *= RETREAT.cadence
        for number, lab in enumerate(LABS):
            first = self.scenario.first_release(number)
            if first is not None:
                pull[:, number] *= np.where(now > first, LAB_WAVE_BOOST, 0.0)
            if lab.country == CLOSURE.country:
                pull[now >= self.scenario.week(CLOSURE.at), number] *= CLOSURE.cadence
        return pull

    def _publisher_bounds(self, role: int) -> Floats:
        """Give running totals of the namespaces' shares of the releases of a role, one row for each week."""
        pull = self._lab_pull(role)
        shares = np.zeros((len(pull), len(self.spaces)))
        for number in range(len(LABS)):
            second = SECOND_SHARE if number < SECOND_NAMESPACES else 0.0
            shares[:, number] = pull[:, number] * (1 - second)
            if second:
                shares[:, len(LABS) + number] = pull[:, number] * second
        shares *= (1 - UNREVIEWED_SHARE[role]) / shares.sum(axis=1, keepdims=True)
        shares[:, -PEOPLE:] = UNREVIEWED_SHARE[role] / PEOPLE
        if role == QUANTIZED:
            shares *= 1 - sum(INTERMEDIARIES.values())
            names = [space.name for space in self.spaces]
            for slug, share in INTERMEDIARIES.items():
                shares[:, names.index(slug)] += share
        return np.asarray(np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True))

    def _make_flagships(self) -> Flagships:
        """Place each scripted release on the first free model created at its time."""
        self.flagships = Flagships(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
        limit = int(self.models * FLAGSHIP_SHARE)
        taken: dict[int, int] = {}
        for _, lab, week in sorted(self._flagship_weeks())[:limit]:
            number = self.count_created(self.origin + int(week * WEEK_SECONDS) - 1)
            while number in taken or self._is_reserved(number):
                number += 1
            if number < self.models:
                taken[number] = lab
        numbers = np.array(sorted(taken), dtype=np.int64)
        labs = np.array([taken[number] for number in sorted(taken)], dtype=np.int64)
        score = (labs + 1.0) ** -0.8 * np.exp(self.draw.of("flagship", numbers)) if len(numbers) else labs * 1.0
        ranks = np.empty(len(numbers), dtype=np.int64)
        ranks[np.argsort(-score, kind="stable")] = np.arange(len(numbers))
        return Flagships(numbers, labs, ranks)

    def _is_reserved(self, number: int) -> bool:
        one = np.array([number], dtype=np.int64)
        return number < FOUNDERS or bool(self.plant(one)[0] or self.chain_place(one)[0])

    def _flagship_weeks(self) -> list[tuple[int, int, float]]:
        """Give (ordinal, lab, week from the origin) of each lab's flagships; the first ones are never left out."""
        last = HISTORY_WEEKS + self.weeks
        found = []
        for number, lab in enumerate(LABS):
            if lab.slug in INTERMEDIARIES:
                continue
            first, every = self.scenario.first_release(number), FLAGSHIP_EVERY_WEEKS + number
            week = 4 + self.draw.one("flagship week", number) * every if first is None else HISTORY_WEEKS + first
            ordinal = 0 if first is None else -1
            until = HISTORY_WEEKS + self.scenario.week(RETREAT.at) if lab.slug == RETREAT.lab else last
            while week < (until if self.scenario.is_on else last):
                found.append((ordinal, number, float(week)))
                week, ordinal = week + every, ordinal + 1
        return found


def is_text(task: Ints) -> Bools:
    """Say which models are in scope S2."""
    return np.asarray(task < TEXT_TASKS)
