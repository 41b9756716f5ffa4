"""Who descends from whom, many models at once, as a pure function of seed and number.

Every derived model has a level, 1 to 8, and only parents of a lower one, older than itself: so no way to a base is longer
than its level, and there are no circles but the planted ones. Not here: what an author declares of it (simulated), the
roots of a whole world (truth/lineage).
"""

from __future__ import annotations

import numpy as np

from dagster_project.rehearsal.world.cast import LABS, MERGE
from dagster_project.rehearsal.world.draws import Floats, Ints, pick
from dagster_project.rehearsal.world.facts import FOUNDERS, FactMaker
from dagster_project.rehearsal.world.scenario import (
    BASE_SWITCH,
    CHAIN_LENGTH,
    CYCLE_FIRST,
    HIDDEN_LEADER,
    HIDDEN_SHARE,
    LINEAGE_PLANTS,
    ORPHANS,
    PLANT_PERIOD,
    PLANTS,
)

LEVEL_WEIGHTS = (700, 180, 70, 30, 12, 5, 2, 1)
FLAGSHIP_CHILDREN = 0.85
"""Share of the first-hand derivatives that are made from flagships."""
TRIES = 5
MOST_PARENTS = 3
THREE_PARENTS = 1 / 3
"""Share of the merges that have three parents instead of two."""
RENAMED = next(place for place, kind in PLANTS.items() if kind == "renamed")


class Lineage:
    """Parents and roots of any models of one world."""

    def __init__(self, make: FactMaker) -> None:
        self._make = make
        self._draw = make.draw
        flagships = make.flagships
        countries = np.array([LABS[number].country for number in flagships.labs], dtype="U2")
        self._all = flagships.numbers
        shelves = {HIDDEN_LEADER, BASE_SWITCH.country, BASE_SWITCH.abroad}
        self._of = {country: flagships.numbers[countries == country] for country in shelves}
        self._pull: Floats = np.where(countries == HIDDEN_LEADER, HIDDEN_SHARE, 1.0) / (flagships.labs + 2.0)

    def level(self, numbers: Ints) -> Ints:
        """Give the most hops there can be to a root; 0 for bases."""
        level = 1 + pick(LEVEL_WEIGHTS, self._draw.of("level", numbers))
        level = np.where(self._make.is_planted(numbers, LINEAGE_PLANTS), 1, level)
        chain = self._make.chain_place(numbers)
        level = np.where(chain > 0, chain, level)
        return np.where(self._make.is_base(numbers), 0, level)

    def parents(self, numbers: Ints) -> Ints:
        """Give up to three parents of each model, -1 for none; the first is the one that names it."""
        found = np.full((len(numbers), MOST_PARENTS), -1, dtype=np.int64)
        level = self.level(numbers)
        derived = level > 0
        if not derived.any():
            return found
        children, levels = numbers[derived], level[derived]
        slots = np.full((len(children), MOST_PARENTS), -1, dtype=np.int64)
        slots[:, 0] = self._parent(children, levels, 0)
        merged = np.flatnonzero((self._make.role(children) == MERGE) & (slots[:, 0] >= 0))
        for slot in range(1, MOST_PARENTS):
            wanted = merged if slot == 1 else merged[self._draw.of("third", children[merged]) < THREE_PARENTS]
            more = self._parent(children[wanted], levels[wanted], slot)
            known = (slots[wanted] == more[:, None]).any(axis=1)
            slots[wanted, slot] = np.where(known, -1, more)
        found[derived] = slots
        return found

    def roots(self, numbers: Ints, first_parents: Ints) -> Ints:
        """Follow first parents to a base; a planted end of the way counts as the base."""
        roots, parents = numbers.copy(), first_parents.copy()
        while True:
            going = np.flatnonzero((parents >= 0) & ~self._make.is_planted(roots, {"self_loop", "cycle"}))
            if not len(going):
                return roots
            roots[going] = parents[going]
            parents = np.full(len(numbers), -1, dtype=np.int64)
            parents[going] = self.parents(roots[going])[:, 0]

    def _parent(self, children: Ints, levels: Ints, slot: int) -> Ints:
        """Choose one parent each: a base for level 1, else preferably a derived model of a lower level."""
        if not len(children):
            return children
        found = self._some_base(children, slot)
        far = np.flatnonzero(levels > 1)
        found[far] = self._some_derived(children[far], levels[far], slot, found[far])
        near = np.flatnonzero(self._draw.of(f"flagship child {slot}", children) < FLAGSHIP_CHILDREN)
        near = near[levels[near] == 1]
        found[near] = self._some_flagship(children[near], slot, found[near])
        self._choose_country(children, levels, slot, found)
        return self._planted(children, found) if slot == 0 else found

    def _some_base(self, children: Ints, slot: int) -> Ints:
        """Choose the most downloaded base of a few older models."""
        best = children % FOUNDERS
        height = np.zeros(len(children))
        for attempt in range(TRIES):
            draws = self._draw.of(f"base {slot} {attempt}", children)
            candidate = (children * draws * np.sqrt(draws)).astype(np.int64)
            role = self._make.role(candidate)
            value = np.where(role == 0, self._make.rate(candidate, role), -1.0)
            best, height = np.where(value > height, candidate, best), np.maximum(value, height)
        return best

    def _some_derived(self, children: Ints, levels: Ints, slot: int, otherwise: Ints) -> Ints:
        best = otherwise.copy()
        for attempt in range(TRIES):
            candidate = (children * np.sqrt(self._draw.of(f"derived {slot} {attempt}", children))).astype(np.int64)
            level = self.level(candidate)
            fits = (level > 0) & (level < levels) & ~self._make.is_planted(candidate, LINEAGE_PLANTS)
            best = np.where(fits, candidate, best)
        return best

    def _some_flagship(self, children: Ints, slot: int, otherwise: Ints) -> Ints:
        """Choose, of a few recent flagships, the one with the most pull."""
        known = np.searchsorted(self._all, children)
        best, height = otherwise.copy(), np.zeros(len(children))
        for attempt in range(TRIES):
            draws = self._draw.of(f"flagship {slot} {attempt}", children)
            place = np.maximum(known - 1 - (draws * draws * known).astype(np.int64), 0)
            value = np.where(known > 0, self._pull[place] if len(self._pull) else 0.0, 0.0)
            better = value > height
            best = np.where(better, self._all[place] if len(self._all) else best, best)
            height = np.maximum(value, height)
        return best

    def _choose_country(self, children: Ints, levels: Ints, slot: int, found: Ints) -> None:
        """Let one country's authors build on bases from abroad before a date and at home after it, others on the leader's."""
        make = self._make
        if not make.scenario.is_on:
            return
        created = make.created(children)
        lab = make.space_labs[make.space(children, make.role(children), make.week_of(created))]
        near = levels == 1
        theirs = np.isin(lab, [n for n, one in enumerate(LABS) if one.country == BASE_SWITCH.country])
        is_late = created >= make.second_of(make.scenario.week(BASE_SWITCH.at))
        draws = self._draw.of(f"switch {slot}", children)
        for country, chosen, share in (
            (BASE_SWITCH.abroad, theirs & ~is_late, BASE_SWITCH.abroad_share),
            (BASE_SWITCH.country, theirs & is_late, BASE_SWITCH.home_share),
            (HIDDEN_LEADER, ~theirs, HIDDEN_SHARE),
        ):
            shelf = self._of[country]
            places = np.flatnonzero(chosen & near & (draws < share))
            known = np.searchsorted(shelf, children[places])
            places, known = places[known > 0], known[known > 0]
            again = self._draw.of(f"switch place {slot}", children[places])
            found[places] = shelf[known - 1 - (again * again * known).astype(np.int64)]

    def _planted(self, children: Ints, found: Ints) -> Ints:
        """Put the planted parents in place: none, itself, the other of a pair, the one before, a renamed one."""
        make = self._make
        found = np.where(make.is_planted(children, ORPHANS), -1, found)
        found = np.where(make.is_planted(children, {"self_loop"}), children, found)
        mate = np.where(children % PLANT_PERIOD == CYCLE_FIRST, children + 1, children - 1)
        found = np.where(make.is_planted(children, {"cycle"}), mate, found)
        renamed = (children // PLANT_PERIOD - 1) * PLANT_PERIOD + RENAMED
        fits = make.is_planted(children, {"renamed_parent"}) & (renamed >= FOUNDERS)
        fits &= self.level(np.maximum(renamed, 0)) < CHAIN_LENGTH
        found = np.where(fits, renamed, found)
        return np.where(make.chain_place(children) > 1, children - 1, found)
