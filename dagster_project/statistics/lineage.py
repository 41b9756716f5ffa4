"""Circles among models that declare each other as parents.

Not here: who declares what (sql/staging/edges), and what follows from the cuts (sql/staging/parents).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import polars as pl


def cycle_cuts(edges: pl.DataFrame) -> pl.DataFrame:
    """Give (child_key, parent_key) for each edge that leads from the oldest member of a circle back into it.

    Edges are (child_key, parent_key, child_created_at). Where circles share members, one cut may not open all of them: it is
    repeated on what is left until none remains.
    """
    edges = _pruned(edges)
    created = dict(edges.select("child_key", "child_created_at").iter_rows())
    parents: defaultdict[int, set[int]] = defaultdict(set)
    for child, parent in edges.select("child_key", "parent_key").iter_rows():
        parents[child].add(parent)
    cuts: list[tuple[int, int]] = []
    while circles := list(_circles(parents)):
        for circle in circles:
            oldest = min(circle, key=lambda key: (created[key] is None, created[key], key))
            inside = parents[oldest].intersection(circle)
            cuts += [(oldest, parent) for parent in inside]
            parents[oldest] -= inside
    schema = {"child_key": pl.Int32, "parent_key": pl.Int32}
    return pl.DataFrame(cuts, schema, orient="row").sort("child_key", "parent_key")


def _pruned(edges: pl.DataFrame) -> pl.DataFrame:
    """Leave out edges from models without children or to models without parents, as long as that at least halves what is left."""
    rest = edges.join(edges, left_on="child_key", right_on="parent_key", how="semi")
    rest = rest.join(rest, left_on="parent_key", right_on="child_key", how="semi")
    return _pruned(rest) if rest.height and 2 * rest.height <= edges.height else rest


def _circles(parents: Mapping[int, set[int]]) -> Iterator[list[int]]:
    """Find the groups of more than one model in which each descends from every other (Tarjan, without recursion)."""
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    work: list[tuple[int, Iterator[int]]] = []

    def enter(model: int) -> None:
        order[model] = lowest[model] = len(order)
        path.append(model)
        on_path.add(model)
        work.append((model, iter(sorted(parents.get(model, ())))))

    for start in sorted(parents):
        if start not in order:
            enter(start)
        while work:
            model, above = work[-1]
            parent = next(above, None)
            if parent is None:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[model])
                if lowest[model] == order[model]:
                    place = path.index(model)
                    circle = path[place:]
                    del path[place:]
                    on_path.difference_update(circle)
                    if len(circle) > 1:
                        yield circle
            elif parent not in order:
                enter(parent)
            elif parent in on_path:
                lowest[model] = min(lowest[model], order[parent])
