"""The true descent of a whole world: the roots of every model, and who gets the credit for its downloads.

Computed from the world's own facts, or from as much of them as records can show: a parent whose records can't be read, or that was
gone before anybody looked, is a name without parents, and whoever writes nonsense for a parent and names no other comes from nobody
knows what. Not here: what authors declare (simulated), sums over models (oracle).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from dagster_project.rehearsal.world.cast import LABS, NOBODY
from dagster_project.rehearsal.world.draws import Bools, Floats, Ints
from dagster_project.rehearsal.world.facts import NEVER, WEEK_SECONDS, Facts
from dagster_project.rehearsal.world.odd_records import hostile
from dagster_project.rehearsal.world.scenario import KINDS
from dagster_project.rehearsal.world.world import World

UNKNOWN = "UNKNOWN"
CREDITS = ("publisher", "direct", "root")
STUBS = {"missing_parent": "rehearsal-gone/Never-Was-r{index:05d}", "path_parent": "./outputs/checkpoint-500"}
"""The roots that no list ever shows, by plant."""
OTHERS = "hf:(others)"
"""Where weekly tables count parents whose name is no namespace's."""
UNREAD, NONSENSE = KINDS.index("overflow_parameters"), "hostile_base"
Roots = dict[int, tuple[float, int]]
"""By root: weight and fewest hops. A stub is the number of its only child, less than zero: -1 - number."""


@dataclass(frozen=True)
class Shares:
    """Parts of models that belong to somebody: place of the model, who, weight; the weights of a model add up to 1."""

    models: Ints
    owners: Ints
    weights: Floats

    def given(self, values: Floats | Ints, size: int) -> Floats:
        """Add up a value of each model by owner."""
        return np.bincount(self.owners, values[self.models] * self.weights, size).astype(np.float64)

    def merged(self) -> Shares:
        """Give one row for each model and owner."""
        width = int(self.owners.max(initial=0)) + 1
        keys, places = np.unique(self.models * width + self.owners, return_inverse=True)
        return Shares(keys // width, keys % width, np.bincount(places, self.weights, len(keys)).astype(np.float64))


class Descent:
    """Parents and roots of all models of a world."""

    def __init__(
        self, world: World, facts: Facts, *, is_as_seen: bool = False, looks: Sequence[int] | None = None
    ) -> None:
        """Follow everybody's parents. As seen, a parent that no capture can tell of, not being there at any of the `looks`, is a name."""
        self.world, self.facts = world, facts
        seen = np.array(sorted(looks or ()))
        is_missed = np.searchsorted(seen, facts.created) >= np.searchsorted(seen, facts.gone)
        self._is_unread = ((facts.plant == UNREAD) | (is_missed & bool(looks))) & is_as_seen
        self.people = [space.name for space in world.namespaces if space.lab is None]
        self._stubs = self._named_stubs(is_as_seen=is_as_seen)
        # A path on somebody's disk has no owner, and is another model for each child.
        owners = {
            index: f"hf:{name.split('/')[0]}" if name.count("/") == 1 else f"{OTHERS} {index}"
            for index, name in self._stubs.items()
        }
        stubs = list(dict.fromkeys(owners.values()))
        named = [OTHERS if owner.startswith(OTHERS) else owner for owner in stubs]
        self.labs = [*(lab.slug for lab in LABS), *(f"hf:{name}" for name in self.people), *named]
        """Every lab there can be, in the order of its number here; hf: and a namespace where nobody reviewed it, OTHERS for none."""
        self.publishers = np.where(
            facts.lab < NOBODY, facts.lab, facts.space - len(world.namespaces) + len(self.labs) - len(stubs)
        )
        self._stub_labs = np.zeros(len(facts.plant), dtype=np.int64)
        """By child: the lab of the parent that only a name tells of."""
        self._stub_labs[list(owners)] = [len(self.labs) - len(stubs) + stubs.index(owner) for owner in owners.values()]
        self.trees = self._trees()
        self.ancestors = {"direct": self._direct(), "root": self._root()}

    def countries_at(self, second: int) -> list[str]:
        """Give the country that each lab is at home in at a second."""
        homes = [self.world.home_of(lab, second) for lab in range(len(LABS))]
        return [*homes, *[UNKNOWN] * (len(self.labs) - len(LABS))]

    @property
    def moved_on(self) -> int:
        """The Monday of the first week that counts for the new home of the lab that moves; NEVER where none does."""
        past = self.world.relocated - self.world.first_monday
        return NEVER if self.world.relocated == NEVER else self.world.monday(-(-past // WEEK_SECONDS))

    def countries_of(self, labs: Ints, seconds: Ints) -> pl.Series:
        """Give the country that each lab was at home in when the week of a second of its own began, as for its downloads."""
        before, after = (np.array(self.countries_at(second))[labs] for second in (0, self.moved_on))
        return pl.Series("country", np.where(seconds < self.moved_on, before, after))

    def credit(self, name: str) -> Shares:
        """Give the labs that get the credit for each model."""
        everyone = np.arange(len(self.publishers))
        if name == "publisher":
            return Shares(everyone, self.publishers, np.ones(len(everyone)))
        found = self.ancestors[name]
        owners = np.where(found.owners >= 0, self.publishers[found.owners], self._stub_owners(found.owners))
        return Shares(found.models, owners, found.weights).merged()

    def entities(self, name: str) -> Shares:
        """Give the models that get the credit for each model; stubs are numbered after the last one."""
        everyone = np.arange(len(self.publishers))
        if name == "publisher":
            return Shares(everyone, everyone, np.ones(len(everyone)))
        found = self.ancestors[name]
        owners = np.where(found.owners >= 0, found.owners, len(everyone) - 1 - found.owners)
        return Shares(found.models, owners, found.weights)

    def roots(self, second: int) -> pl.DataFrame:
        """Give (hub_id, root_hub_id, root_name, weight, depth): names as of a second, depth the fewest hops."""
        world, rows = self.world, []
        for index, tree in enumerate(self.trees):
            for root, (weight, depth) in tree.items():
                root_id = world.hub_id(root) if root >= 0 and not self._is_unread[root] else None
                name = world.name_at(root, second) if root >= 0 else self._stubs[-1 - root]
                rows.append((world.hub_id(index), root_id, name, weight, depth))
        columns = {"hub_id": pl.String, "root_hub_id": pl.String, "root_name": pl.String}
        return pl.DataFrame(rows, {**columns, "weight": pl.Float64, "depth": pl.Int64}, orient="row")

    def is_derived(self) -> Bools:
        """Say which models descend from another one, stubs included."""
        return np.array([any(root != index for root in tree) for index, tree in enumerate(self.trees)])

    def _trees(self) -> list[Roots]:
        """Follow parents to the roots; older models come first, so that each tree is made of finished ones."""
        trees: list[Roots] = []
        for index, given in enumerate(self.facts.parents.tolist()):
            older = [parent for parent in given if 0 <= parent < index]
            if index in self._stubs:
                trees.append({-1 - index: (1.0, 1)})
            elif not older:
                trees.append({index: (1.0, 0)})
            else:
                ends = [{parent: (1.0, 0)} if self._is_unread[parent] else trees[parent] for parent in older]
                trees.append(_mixed(ends))
        return trees

    def _root(self) -> Shares:
        rows = [(n, root, weight) for n, tree in enumerate(self.trees) for root, (weight, _) in tree.items()]
        return _shares(rows)

    def _direct(self) -> Shares:
        """Give the parents; a base, a model that names itself and the oldest of a circle are their own."""
        rows = []
        for index, given in enumerate(self.facts.parents.tolist()):
            known = [parent for parent in given if 0 <= parent < index]
            known = [-1 - index] if index in self._stubs else known or [index]
            rows += [(index, parent, 1 / len(known)) for parent in known]
        return _shares(rows)

    def _stub_owners(self, owners: Ints) -> Ints:
        return self._stub_labs[np.where(owners < 0, -1 - owners, 0)]

    def _named_stubs(self, *, is_as_seen: bool) -> dict[int, str]:
        """Give the parents that no list ever shows, by the number of the child."""
        facts, names = self.facts, {}
        for index in np.flatnonzero(np.isin(facts.plant, [KINDS.index(kind) for kind in (*STUBS, NONSENSE)])).tolist():
            kind = KINDS[facts.plant[index]]
            if kind in STUBS:
                names[index] = STUBS[kind].format(index=index)
            elif is_as_seen and (facts.parents[index] < 0).all():
                names[index] = hostile(index)
        return names


def _mixed(trees: list[Roots]) -> Roots:
    """Share a model among its parents' roots, equally by parent."""
    found: Roots = {}
    for tree in trees:
        for root, (weight, depth) in tree.items():
            known, hops = found.get(root, (0.0, depth + 1))
            found[root] = (known + weight / len(trees), min(hops, depth + 1))
    return found


def _shares(rows: list[tuple[int, int, float]]) -> Shares:
    models, owners, weights = zip(*rows, strict=True)
    return Shares(np.array(models), np.array(owners), np.array(weights, dtype=np.float64))
