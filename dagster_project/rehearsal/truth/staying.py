"""The truth about staying power: how long each model kept half of the downloads of its best 28 days.

Computed from the world's own numbers, week by week, as far as captures at given seconds can show it. Not here: how models are
taken up at first (truth/adoption).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from dagster_project.rehearsal.truth.lineage import Descent
from dagster_project.rehearsal.truth.sight import NEVER_READ, Sight, Whole
from dagster_project.rehearsal.world.cast import QUANTIZED
from dagster_project.rehearsal.world.draws import Floats, Ints
from dagster_project.rehearsal.world.facts import DAY_SECONDS, NEVER, Facts
from dagster_project.rehearsal.world.world import World

WINDOW_WEEKS = 4
LATER_WEEKS = 26
LEAST_DOWNLOADS = 10_000


class Staying:
    """The spells of one world's models."""

    def __init__(self, world: World, facts: Facts, descent: Descent, sight: Whole | Sight) -> None:
        self.world, self._facts, self._descent, self._sight = world, facts, descent, sight

    def spells(self, weeks: Sequence[int], moments: Sequence[int]) -> pl.DataFrame:
        """Give (country, weeks, is_fallen, peak, later) of the models that mattered; `later` is null where not known yet.

        `weeks` are the measured ones by number, in order; a window of four needs all of them. What is gone is known until
        the day of the last capture with it.
        """
        facts, ends = self._facts, np.array(weeks[WINDOW_WEEKS - 1 :])
        is_whole = ends - np.array(weeks[: 1 - WINDOW_WEEKS]) == WINDOW_WEEKS - 1
        ends = ends[is_whole]
        sums = np.stack([self._count(end + 1) - self._count(end + 1 - WINDOW_WEEKS) for end in ends.tolist()])
        seen = np.append(np.array(moments), np.iinfo(np.int64).max)
        first, gone = np.searchsorted(seen, facts.created), np.searchsorted(seen, facts.gone)
        known_until = np.where(facts.gone < NEVER, seen[gone - 1] // DAY_SECONDS * DAY_SECONDS, NEVER)
        is_shown = (first < gone) & (facts.plant != NEVER_READ) & (facts.role != QUANTIZED)
        countries, rows = self._descent.countries_of(self._descent.publishers, facts.created), []
        for index in np.flatnonzero(is_shown & (sums.max(axis=0) >= LEAST_DOWNLOADS)).tolist():
            course, best = sums[:, index], int(sums[:, index].argmax())
            is_listed = np.array([self.world.monday(end + 1) <= known_until[index] for end in ends.tolist()])
            below = np.flatnonzero((course < course[best] / 2) & is_listed & (ends > ends[best]))
            last = below[0] if len(below) else max([best, *np.flatnonzero(is_listed)])
            later = np.flatnonzero(ends == ends[best] + LATER_WEEKS)
            left = None if not len(later) else int(course[later[0]]) if is_listed[later[0]] else 0
            rows.append((countries[index], int(ends[last] - ends[best]), bool(len(below)), int(course[best]), left))
        columns = {
            "country": pl.String,
            "weeks": pl.Int64,
            "is_fallen": pl.Boolean,
            "peak": pl.Int64,
            "later": pl.Int64,
        }
        return pl.DataFrame(rows, columns, orient="row")

    def _count(self, week: int) -> Ints | Floats:
        return self._sight.count(self.world.monday(week))


def standing(spells: pl.DataFrame, weeks: int) -> float:
    """Give the part that stands longer than so many weeks, as Kaplan and Meier estimate it."""
    part = 1.0
    for week in range(weeks + 1):
        at_risk = spells.filter(pl.col("weeks") >= week)
        if at_risk.height:
            part *= 1 - at_risk.filter((pl.col("weeks") == week) & pl.col("is_fallen")).height / at_risk.height
    return part
