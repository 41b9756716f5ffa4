"""The true descent of a whole world: the roots of every model, and who gets the credit for its downloads.

Computed from the world's own facts. Not here: what authors declare (simulated), sums over models (truth).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from dagster_project.rehearsal.world.cast import LABS, NOBODY
from dagster_project.rehearsal.world.draws import Bools, Floats, Ints
from dagster_project.rehearsal.world.facts import Facts
from dagster_project.rehearsal.world.scenario import KINDS
from dagster_project.rehearsal.world.world import World

UNKNOWN = "UNKNOWN"
CREDITS = ("publisher", "direct", "root")
STUBS = {"missing_parent": "rehearsal-gone/Never-Was-r{index:05d}", "path_parent": "./outputs/checkpoint-500"}
"""The roots that no list ever shows, by plant."""
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

    def __init__(self, world: World, facts: Facts) -> None:
        self.world, self.facts = world, facts
        self.people = [space.name for space in world.namespaces if space.lab is None]
        # A path on somebody's disk has no owner, and is another model for each child.
        stubs = [name.split("/")[0] if name.count("/") == 1 else name for name in STUBS.values()]
        self.labs = [*(lab.slug for lab in LABS), *(f"hf:{name}" for name in (*self.people, *stubs))]
        """Every lab there can be, in the order of its number here; hf: and a namespace where nobody reviewed it."""
        self.countries = [*(lab.country for lab in LABS), *[UNKNOWN] * (len(self.labs) - len(LABS))]
        self.publishers = np.where(
            facts.lab < NOBODY, facts.lab, facts.space - len(world.namespaces) + len(self.labs) - 2
        )
        self.stub_labs = {kind: len(self.labs) - len(STUBS) + place for place, kind in enumerate(STUBS)}
        self.trees = self._trees()
        self.ancestors = {"direct": self._direct(), "root": self._root()}

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
                root_id = world.hub_id(root) if root >= 0 else None
                name = world.name_at(root, second) if root >= 0 else self._stub_name(-1 - root)
                rows.append((world.hub_id(index), root_id, name, weight, depth))
        columns = {"hub_id": pl.String, "root_hub_id": pl.String, "root_name": pl.String}
        return pl.DataFrame(rows, {**columns, "weight": pl.Float64, "depth": pl.Int64}, orient="row")

    def is_derived(self) -> Bools:
        """Say which models descend from another one, stubs included."""
        return np.array([any(root != index for root in tree) for index, tree in enumerate(self.trees)])

    def _trees(self) -> list[Roots]:
        """Follow parents to the roots; older models come first, so that each tree is made of finished ones."""
        trees: list[Roots] = []
        parents, plants = self.facts.parents.tolist(), self.facts.plant.tolist()
        for index, (given, plant) in enumerate(zip(parents, plants, strict=True)):
            older = [parent for parent in given if 0 <= parent < index]
            if KINDS[plant] in STUBS:
                trees.append({-1 - index: (1.0, 1)})
            elif not older:
                trees.append({index: (1.0, 0)})
            else:
                trees.append(_mixed([trees[parent] for parent in older]))
        return trees

    def _root(self) -> Shares:
        rows = [(n, root, weight) for n, tree in enumerate(self.trees) for root, (weight, _) in tree.items()]
        return _shares(rows)

    def _direct(self) -> Shares:
        """Give the parents; a base, a model that names itself and the oldest of a circle are their own."""
        rows = []
        parents, plants = self.facts.parents.tolist(), self.facts.plant.tolist()
        for index, (given, plant) in enumerate(zip(parents, plants, strict=True)):
            known = [parent for parent in given if 0 <= parent < index]
            known = [-1 - index] if KINDS[plant] in STUBS else known or [index]
            rows += [(index, parent, 1 / len(known)) for parent in known]
        return _shares(rows)

    def _stub_owners(self, owners: Ints) -> Ints:
        plants = self.facts.plant[np.where(owners < 0, -1 - owners, 0)]
        missing = plants == KINDS.index("missing_parent")
        return np.where(missing, self.stub_labs["missing_parent"], self.stub_labs["path_parent"])

    def _stub_name(self, child: int) -> str:
        return STUBS[KINDS[self.facts.plant[child]]].format(index=child)


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
