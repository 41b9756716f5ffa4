"""The truth about leads: who overtook whom, and since when.

Not here: the downloads that lead (oracle), what the pipeline told of it (judge/leads).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations, product

import numpy as np
import polars as pl

from dagster_project.rehearsal.truth import SCOPES
from dagster_project.rehearsal.truth.lineage import CREDITS, UNKNOWN
from dagster_project.rehearsal.world.draws import Floats
from dagster_project.rehearsal.world.scenario import CROSSOVERS

HELD_WEEKS = 8
"""A lead that is taken over counts when it is held for so many weeks."""
MEDIAN_WEEKS = 4
PAIRED_COUNTRIES, PAIRED_LABS = 8, 10


class Leads:
    """Who led whom. `sides` gives for country and lab their names, and their flows by scope, credit, week and side."""

    def __init__(self, weeks: Sequence[date], sides: Mapping[str, tuple[list[str], Floats]]) -> None:
        self._weeks, self._sides = weeks, sides

    def crossovers(
        self, weeks: Sequence[date] | None = None, pairs: Iterable[tuple[str, str, str]] | None = None
    ) -> pl.DataFrame:
        """Give the true `marts.crossovers` without intervals, over these weeks and (level, side_a, side_b).

        The lead is the sign of `medians`; it counts when it holds for HELD_WEEKS. The crossover is the week before the
        latest such lead that came after one of the other side; `reversals` are all other changes of sign.
        """
        rows = []
        for level, side_a, side_b in self._large_pairs() if pairs is None else pairs:
            for scope, credit in product(SCOPES, CREDITS):
                medians = self.medians(level, side_a, side_b, scope, credit, weeks)
                rows.append((level, side_a, side_b, scope, credit, *_turn(medians, (side_a, side_b))))
        columns = ("level", "side_a", "side_b", "scope", "credit", "crossover_week", "leads_after", "reversals")
        texts = dict.fromkeys((*columns[:5], "leads_after"), pl.String())
        schema = {name: texts.get(name, pl.Int64()) for name in columns} | {"crossover_week": pl.Date()}
        return pl.DataFrame(rows, schema, orient="row")

    def medians(
        self, level: str, side_a: str, side_b: str, scope: str, credit: str, weeks: Sequence[date] | None = None
    ) -> list[tuple[date, float]]:
        """Give the last week and the median of log(a / b) of each MEDIAN_WEEKS in a row; under one download counts as one."""
        sides, flow = self._sides[level]
        cell = flow[SCOPES.index(scope), CREDITS.index(credit)]
        first, second = (
            np.maximum(cell[:, sides.index(side)], 1.0) if side in sides else np.ones(len(cell))
            for side in (side_a, side_b)
        )
        chosen = [place for place, week in enumerate(self._weeks) if weeks is None or week in weeks]
        ratio = np.log(first / second)[chosen]
        return [
            (self._weeks[chosen[end - 1]], float(np.median(ratio[end - MEDIAN_WEEKS : end])))
            for end in range(MEDIAN_WEEKS, len(chosen) + 1)
        ]

    def _large_pairs(self) -> list[tuple[str, str, str]]:
        pairs = []
        for level in ("country", "lab"):
            sides, flow = self._sides[level]
            pairs += [(level, sides[a], sides[b]) for a, b in self._pairs(level, sides, flow[0, 0].sum(axis=0))]
        return pairs

    @staticmethod
    def _pairs(level: str, sides: list[str], total: Floats) -> list[tuple[int, int]]:
        """Pair the largest, and whoever is planted to cross; in the order of the alphabet."""
        largest = PAIRED_COUNTRIES if level == "country" else PAIRED_LABS
        chosen = [place for place in np.argsort(-total, kind="stable").tolist() if sides[place] != UNKNOWN][:largest]
        pairs = {tuple(sorted(pair, key=lambda place: sides[place])) for pair in combinations(chosen, 2)}
        planted = [(sides.index(one.gains), sides.index(one.loses)) for one in CROSSOVERS if one.level == level]
        pairs |= {tuple(sorted(pair, key=lambda place: sides[place])) for pair in planted}
        return sorted((first, second) for first, second in pairs)


def _turn(medians: Sequence[tuple[date, float]], names: tuple[str, str]) -> tuple[date | None, str | None, int]:
    """Walk along the medians: give the week before the last lead that held and passed over, its leader, other changes."""
    week: date | None = None
    leader: str | None = None
    held_by: str | None = None
    led_by: str | None = None
    last: str | None = None
    changes = run = 0
    for place, (_week, median) in enumerate(medians):
        side = None if median == 0 else names[0] if median > 0 else names[1]
        run = run + 1 if side == last else 1
        if side and led_by and side != led_by:
            changes += 1
        if side and run == HELD_WEEKS:
            if held_by not in (None, side):
                week, leader = medians[place - HELD_WEEKS][0], side
            held_by = side
        led_by, last = side or led_by, side
    return week, leader, changes - (week is not None)
