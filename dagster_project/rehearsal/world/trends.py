"""How downloads move: a level per group of models and week, and from it every model's counter at any second.

A group is (lab, text or not, band of sizes). A model's week brings rate * decay^age * level of its group in that week,
and after its release a burst besides; running totals per (group, life shape) make a counter cost the same at any age.
Planted crossovers are set here: the two sides' levels are scaled week by week so that their totals cross on time.
Not here: which models there are (world/facts), what the API pretends (dirt).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from dagster_project.rehearsal.world.cast import BAND_OF_SIZE, BANDS, LAB_NUMBERS, LABS, NOBODY, ROLE_BURST
from dagster_project.rehearsal.world.draws import Floats, Ints
from dagster_project.rehearsal.world.facts import DAY_SECONDS, HISTORY_WEEKS, WEEK_SECONDS, FactMaker, Facts, is_text
from dagster_project.rehearsal.world.scenario import (
    BAND_SHIFT,
    CONCENTRATION,
    CROSSOVER_REACH,
    CROSSOVER_SPREAD,
    CROSSOVER_STEP,
    CROSSOVERS,
    KINDS,
    SPIKE_LEAST,
    SPIKE_WEEKS,
    Crossover,
)

HORIZON_WEEKS = 520
"""How long after the world's last week its counters still move."""
DECAYS = (1.0, 0.998, 0.99, 0.97)
"""Weekly factor of a model's steady downloads, by life shape. Even 780 weeks of the fastest stay within a float's digits."""
LEAST_GROWTH, MORE_GROWTH = 1.008, 0.006
"""Weekly growth of a lab's pull, up to the end of the world."""
BURST_DECAY, BURST_WEEKS = 0.6, 8
LARGEST_CORRECTION = 4.0
"""Log factor. A side without any downloads can't be made to cross."""
TEXTS = (True, False)
_BURST = np.concatenate([[0.0], np.cumsum(BURST_DECAY ** np.arange(BURST_WEEKS))])


@dataclass(frozen=True)
class Course:
    """What the counters of models need, an array each."""

    created: Ints
    ended: Ints
    row: Ints
    """Place of (group, shape) in the running totals, times their width."""
    scale: Floats
    at_birth: Floats
    burst: Floats
    spike_at: Ints
    spike: Floats


class Trends:
    """The levels of one world, and counters made of them."""

    def __init__(self, make: FactMaker, blocks: Callable[[], Iterable[Facts]]) -> None:
        self._make = make
        self.weeks = HISTORY_WEEKS + make.weeks
        self.width = self.weeks + HORIZON_WEEKS + 1
        self.level = self._planned_levels()
        if make.scenario.is_on:
            self._cross(blocks())
        age = np.arange(self.width - 1)
        steps = self.level[:, None, :] * np.asarray(DECAYS)[None, :, None] ** age
        self.total = np.concatenate([np.zeros((*steps.shape[:2], 1)), np.cumsum(steps, axis=2)], axis=2).ravel()

    def course(self, facts: Facts) -> Course:
        """Give what the counters of these models need."""
        born = np.maximum((facts.created - self._make.origin) // WEEK_SECONDS, 0)
        part = (facts.created - self._make.origin) / WEEK_SECONDS - born
        group = _group(facts)
        row = (group * len(DECAYS) + facts.shape) * self.width
        at_birth = self.total[row + born]
        at_birth = at_birth + (self.total[row + born + 1] - at_birth) * part
        course = Course(
            facts.created,
            facts.ended,
            row,
            facts.rate / np.asarray(DECAYS)[facts.shape] ** born,
            at_birth,
            facts.rate * np.asarray(ROLE_BURST)[facts.role] * self.level[group, born],
            np.full(len(born), self._make.origin),
            np.zeros(len(born)),
        )
        return self._with_spikes(facts, course)

    def count(self, course: Course, now: Ints | int) -> Ints:
        """Give the true downloads up to a second, one for all or one for each model: whole weeks, and parts of them evenly."""
        until = np.maximum(np.minimum(now, course.ended), course.created)
        week, seconds = np.divmod(until - self._make.origin, WEEK_SECONDS)
        week = np.clip(week, 0, self.width - 2)
        low = self.total[course.row + week]
        steady = low + (self.total[course.row + week + 1] - low) * (seconds / WEEK_SECONDS) - course.at_birth
        weeks = (until - course.created) / WEEK_SECONDS
        whole = np.minimum(weeks.astype(np.int64), BURST_WEEKS - 1)
        burst = _BURST[whole] + (_BURST[whole + 1] - _BURST[whole]) * np.minimum(weeks - whole, 1.0)
        spike = course.spike * np.clip((until - course.spike_at) / DAY_SECONDS, 0.0, 1.0)
        total: Floats = np.maximum(course.scale * steady, 0.0) + course.burst * burst + spike
        return total.astype(np.int64)

    def _with_spikes(self, facts: Facts, course: Course) -> Course:
        spiked = np.flatnonzero(facts.plant == KINDS.index("spike"))
        if not len(spiked):
            return course
        some = Course(*(getattr(course, name)[spiked] for name in Course.__dataclass_fields__))
        day = facts.moment[spiked] // DAY_SECONDS * DAY_SECONDS
        until_day = self.count(some, day)
        week = np.maximum(
            until_day - self.count(some, day - WEEK_SECONDS), self.count(some, day + WEEK_SECONDS) - until_day
        )
        course.spike_at[spiked] = day
        course.spike[spiked] = np.maximum(week * SPIKE_WEEKS, SPIKE_LEAST)
        return course

    # Levels

    def _planned_levels(self) -> Floats:
        """Give each group's level by week from the origin: growth, the leaders' pull, the shift of the bands."""
        weeks = np.arange(self.width - 1)
        draws = self._make.draw.of("growth", np.arange(NOBODY + 1))
        growth = (LEAST_GROWTH + MORE_GROWTH * draws)[:, None] ** np.minimum(weeks, self.weeks)[None, :]
        level = np.repeat(growth, len(TEXTS) * len(BANDS), axis=0).reshape(NOBODY + 1, len(TEXTS), len(BANDS), -1)
        if self._make.scenario.is_on:
            share = np.clip((weeks - HISTORY_WEEKS) / self._make.weeks, 0.0, 1.0)
            turn = (0.0, CONCENTRATION.at, 1.0)
            pull = np.exp(np.interp(share, turn, [0.0, math.log(CONCENTRATION.peak), math.log(CONCENTRATION.after)]))
            level[[LAB_NUMBERS[slug] for slug in CONCENTRATION.labs]] *= pull
            band = (BAND_SHIFT.before, BAND_SHIFT.after)
            level[:, :, BANDS.index(BAND_SHIFT.band)] *= np.interp(share, (BAND_SHIFT.at, BAND_SHIFT.until), band)
        return level.reshape(-1, self.width - 1)

    def _cross(self, blocks: Iterable[Facts]) -> None:
        """Scale the two sides of each planted crossover, text and other tasks each for itself, so that both scopes cross."""
        flows = self._flows(blocks)
        level = self.level.reshape(NOBODY + 1, len(TEXTS), -1, self.width - 1)
        for crossover in CROSSOVERS:
            wanted = self._wanted_gap(crossover)
            gains, loses = _labs_of(crossover, crossover.gains), _labs_of(crossover, crossover.loses)
            for text in range(len(TEXTS)):
                above, below = flows[gains, text].sum(axis=0), flows[loses, text].sum(axis=0)
                gap = np.log(np.maximum(above, 1e-9)) - np.log(np.maximum(below, 1e-9))
                half = np.clip(wanted - gap, -LARGEST_CORRECTION, LARGEST_CORRECTION) / 2
                held = np.concatenate(
                    [np.full(HISTORY_WEEKS, half[0]), half, np.full(self.width - 1 - self.weeks, half[-1])]
                )
                level[gains, text] *= np.exp(held)
                level[loses, text] *= np.exp(-held)

    def _wanted_gap(self, crossover: Crossover) -> Floats:
        """Give the log ratio of the gaining to the losing side in each week of the world."""
        past = np.arange(self._make.weeks) - self._make.scenario.week(crossover.at) + 0.5
        wide = CROSSOVER_REACH * np.tanh(past / (CROSSOVER_SPREAD * self._make.weeks))
        return np.asarray(np.sign(past) * CROSSOVER_STEP + wide)

    def _flows(self, blocks: Iterable[Facts]) -> Floats:
        """Add up the steady and burst downloads by lab, text and week of the world, before any crossing.

        Models enter by the week of their creation, in proportion in that week, and leave in the week they end.
        """
        groups, shapes = len(self.level), len(DECAYS)
        size = groups * shapes * self.weeks
        whole, first = np.zeros(size), np.zeros(size)
        bursts = np.zeros((groups, self.weeks))
        for facts in blocks:
            born, group = self._make.week_of(facts.created), _group(facts)
            part = 1 - ((facts.created - self._make.origin) / WEEK_SECONDS - born)
            rate = facts.rate / np.asarray(DECAYS)[facts.shape] ** born
            cell = (group * shapes + facts.shape) * self.weeks
            first += np.bincount(cell + born, rate * part, size)
            ended = np.minimum((facts.ended - self._make.origin) // WEEK_SECONDS, self.weeks)
            on, off = born + 1 < self.weeks, ended < self.weeks
            whole += np.bincount((cell + born + 1)[on], rate[on], size)
            whole -= np.bincount((cell + ended)[off], rate[off], size)
            burst = facts.rate * np.asarray(ROLE_BURST)[facts.role] * self.level[group, born]
            bursts += _by_week(group, born, burst, part, bursts.shape)
        alive = np.cumsum(whole.reshape(groups, shapes, -1), axis=2) + first.reshape(groups, shapes, -1)
        decay = np.asarray(DECAYS)[:, None] ** np.arange(self.weeks)
        steady = (np.maximum(alive, 0.0) * decay).sum(axis=1) * self.level[:, : self.weeks]
        flows = (steady + bursts).reshape(NOBODY + 1, len(TEXTS), len(BANDS), self.weeks).sum(axis=2)
        return np.asarray(flows[:, :, HISTORY_WEEKS:])


def _group(facts: Facts) -> Ints:
    band = np.asarray(BAND_OF_SIZE)[facts.size]
    return np.asarray((facts.lab * len(TEXTS) + np.where(is_text(facts.task), 0, 1)) * len(BANDS) + band)


def _by_week(group: Ints, born: Ints, burst: Floats, part: Floats, shape: tuple[int, ...]) -> Floats:
    """Spread release bursts over the weeks after each birth; `part` is what is left of the week of birth."""
    found = np.zeros(shape)
    for age in range(BURST_WEEKS):
        for week, share in ((born + age, part), (born + age + 1, 1 - part)):
            inside = week < shape[1]
            amount = (burst * share * BURST_DECAY**age)[inside]
            found += np.bincount(group[inside] * shape[1] + week[inside], amount, found.size).reshape(shape)
    return found


def _labs_of(crossover: Crossover, side: str) -> list[int]:
    if crossover.level == "lab":
        return [LAB_NUMBERS[side]]
    return [number for number, lab in enumerate(LABS) if lab.country == side]
