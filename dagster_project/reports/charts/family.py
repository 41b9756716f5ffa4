"""A family drawn as a tree: a base model, what was made from it, and what was made from that, each with its downloads.

Not here: who is whose parent (sql/core/lineage_edges), what all charts share (canvas).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import polars as pl

from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Dot, Text, Track
from dagster_project.reports.charts.palette import INK, MUTED, WHISKER, legend_of, side_colour
from dagster_project.reports.headline import Edition
from dagster_project.reports.render import Column, clean, count

CHILDREN, GRANDCHILDREN = 6, 3
CARD_CHILDREN = 4
MAX_DEPTH = 20  # lineage is cut free of cycles, and never deeper
FAMILY_COLUMNS = [
    Column("name", "Model"),
    Column("relation", "Made by"),
    Column("country", "Home of its publisher"),
    Column("downloads_flow", "Downloads", "count"),
]
_RELATIONS = {"quantized": "quant", "finetune": "tune", "adapter": "adapter", "merge": "merge"}


@dataclass
class _Node:
    """A model of the family. `flow` is its downloads in the week, `below` those of all that was made from it."""

    name: str
    country: str | None
    flow: float
    relation: str = ""
    below: float = 0.0
    members: int = 0
    children: list[_Node] = field(default_factory=list)


def family_tree(root: Mapping[str, Any], edges: pl.DataFrame, edition: Edition) -> Picture | None:
    """Draw the family of a base model. `edges`: child, parent (Hub ids), name, relation, country, downloads_flow of the child."""
    if not edges.height:
        return None
    base = _grown(root, edges)
    subtitle = (
        f"{count(base.members)} models were made from it; in week {edition.week} they had {count(base.below)} downloads, itself"
        f" {count(base.flow)}. Shown: the most downloaded of each generation, by the publisher's home."
    )
    basis = "all models, a merge stands under its first parent"
    spoken = "; ".join(f"{child.name} {count(child.flow)}" for child in base.children[:CHILDREN])
    listed = edges.unique("child", keep="first", maintain_order=True)
    listed = listed.sort("downloads_flow", "name", descending=[True, False], nulls_last=True)
    return Picture(
        "family",
        canvas.words(edition, f"The family of {base.name}", subtitle, basis),
        f"Tree. Most downloaded children: {spoken}.",
        "Numbers are downloads in the week; in brackets, with all that was made from the model.",
        partial(_draw_tree, base),
        canvas.Data(
            listed.with_columns(pl.col("country").fill_null("UNKNOWN")),
            FAMILY_COLUMNS,
            edition.marked(f"What was made from {base.name}, downloads in week {edition.week}"),
        ),
    )


def _grown(root: Mapping[str, Any], edges: pl.DataFrame) -> _Node:
    nodes = {root["hub_id"]: _Node(clean(root["name"]), root["country"], float(root["downloads_flow"] or 0.0))}
    parents: dict[str, str] = {}
    for row in edges.sort("child", "parent").unique("child", keep="first", maintain_order=True).iter_rows(named=True):
        if row["child"] == root["hub_id"]:
            continue
        parents[row["child"]] = row["parent"]
        nodes[row["child"]] = _Node(
            clean(row["name"]), row["country"], float(row["downloads_flow"] or 0.0), row["relation"] or ""
        )
    for child, parent in sorted(parents.items()):
        nodes.get(parent, nodes[root["hub_id"]]).children.append(nodes[child])
    _sum(nodes[root["hub_id"]], 0)
    return nodes[root["hub_id"]]


def _sum(node: _Node, depth: int) -> None:
    if depth > MAX_DEPTH:
        node.children = []
    for child in node.children:
        _sum(child, depth + 1)
    node.below = sum(child.flow + child.below for child in node.children)
    node.members = sum(1 + child.members for child in node.children)
    node.children.sort(key=lambda child: (-(child.flow + child.below), child.name))


@dataclass(frozen=True)
class _Placed:
    label: str
    country: str | None
    column: int
    row: float
    parent: tuple[int, float] | None  # column and row
    is_rest: bool = False


def _columns(base: _Node, children: int, grandchildren: int) -> list[_Placed]:
    """Give each shown model a row: leaves under each other, a parent in the middle of its children."""
    placed: list[_Placed] = []
    middles: list[float] = []
    row = 0.0
    for child in base.children[:children]:
        leaves = _leaves(child, grandchildren)
        middle = row + (max(len(leaves), 1) - 1) / 2
        placed += [replace(leaf, row=row + n, parent=(1, middle)) for n, leaf in enumerate(leaves)]
        placed.append(_Placed(_label(child), child.country, 1, middle, (0, 0.0)))
        middles.append(middle)
        row += max(len(leaves), 1)
    if others := len(base.children) - len(middles):
        placed.append(_Placed(f"{count(others)} more", None, 1, row, (0, 0.0), is_rest=True))
        middles.append(row)
    middle = (middles[0] + middles[-1]) / 2
    whole = _Placed(_label(base), base.country, 0, middle, None)
    return [whole, *(replace(place, parent=(0, middle)) if place.column == 1 else place for place in placed)]


def _indented(base: _Node) -> list[_Placed]:
    """Give each shown model a row under its parent's: where there is no room for columns, a generation is an indent."""
    placed = [_Placed(_label(base), base.country, 0, 0, None)]
    for child in base.children[:CHILDREN]:
        own = len(placed)
        placed.append(_Placed(_label(child), child.country, 1, own, (0, 0)))
        leaves = _leaves(child, GRANDCHILDREN)
        placed += [replace(leaf, row=own + n, parent=(1, own)) for n, leaf in enumerate(leaves, start=1)]
    if others := len(base.children[CHILDREN:]):
        placed.append(_Placed(f"{count(others)} more", None, 1, len(placed), (0, 0), is_rest=True))
    return placed


def _leaves(child: _Node, most: int) -> list[_Placed]:
    """Give the models shown below one, and how many more there are where there is a row for it; their rows are not known yet."""
    leaves = [_Placed(_label(leaf), leaf.country, 2, 0, None) for leaf in child.children[:most]]
    if (rest := len(child.children[most:])) and most > 1:
        leaves.append(_Placed(f"{count(rest)} more", None, 2, 0, None, is_rest=True))
    return leaves


def _label(node: _Node) -> str:
    kind = _RELATIONS.get(node.relation, "")
    own = f"{node.name}\n{count(node.flow)}" + (f" ({count(node.flow + node.below)})" if node.below else "")
    return f"{own} {kind}".rstrip()


@dataclass(frozen=True)
class _Tree:
    """Where generations and rows stand, in pixels; `head` is left to the legend, `small` is the size of numbers."""

    layout: Layout
    starts: Sequence[float]
    rooms: Sequence[float]
    head: float
    step: float
    size: float
    small: float

    def down(self, row: float) -> float:
        """Give the middle of a row."""
        return self.head + self.step * (row + 0.5)

    def branch(self, place: _Placed, parent: tuple[int, float]) -> Track:
        """Draw the way from a parent to what was made from it."""
        left, at, above = self.starts[place.column], self.down(place.row), self.down(parent[1])
        if self.layout.is_narrow:
            stem = self.starts[parent[0]] + 4
            return Track(((stem, above + 9), (stem, at), (left - 1, at)), WHISKER, 1.1)
        # Out of the end of the parent's label, not through it.
        start, bend = left - (46 if parent[0] == 0 else 30), left - 16
        return Track(((start, above), (bend, above), (bend, at), (left - 4, at)), WHISKER, 1.1)

    def texts(self, place: _Placed) -> Iterator[Text]:
        """Write a model's name and its numbers under it."""
        left, at = self.starts[place.column] + 13, self.down(place.row)
        name, _, numbers = place.label.partition("\n")
        is_base = place.column == 0
        fitting = placing.fit_middle(name, self.rooms[place.column], self.size, is_bold=is_base)
        ink = MUTED if place.is_rest else INK
        yield Text(fitting, left, at - 7 if numbers else at, self.size, 600 if is_base else 400, ink)
        if numbers:
            yield Text(numbers, left, at + 7, self.small, 400, MUTED)


def _tree(layout: Layout, head: float, step: float) -> _Tree:
    """Set generations beside each other, or as indents where there is no room for that."""
    if layout.is_narrow:
        starts = (0.0, 17.0, 34.0)
        return _Tree(layout, starts, [layout.plot - start - 14 for start in starts], head, step, 11.5, 10.5)
    starts = (0.0, layout.plot * 0.33, layout.plot * 0.68)
    rooms = (starts[1] - 60, starts[2] - starts[1] - 56, layout.plot - starts[2] - 14)
    size = 10.5 if layout.is_card else 12
    return _Tree(layout, starts, rooms, head, step, size, size - 1.5)


def _draw_tree(base: _Node, layout: Layout, _hatch: str) -> Plot:
    used = layout.inset(2, 2)
    few = (CARD_CHILDREN, 1) if layout.is_card else (CHILDREN, GRANDCHILDREN)
    shown = _indented(base) if layout.is_narrow else _columns(base, *few)
    rows = max(place.row for place in shown) + 1
    models = [place for place in shown if not place.is_rest]
    key = legend_of(place.country for place in models)
    head = marks.legend_height(key, used) + 4
    usual = 31.0 if layout.is_narrow else 33.0
    step = (layout.plot_height - head) / rows if layout.plot_height else usual
    tree, height = _tree(used, head, step), round(head + step * rows)
    branches = [tree.branch(place, place.parent) for place in shown if place.parent]
    dots = [Dot(tree.starts[it.column] + 4, tree.down(it.row), side_colour(it.country), 4) for it in models]
    labels = [text for place in shown for text in tree.texts(place)]
    return marks.plot(used, height, branches, dots, labels, *marks.legend(key, used, 6))
