"""A family drawn as a tree: a base model, what was made from it, and what was made from that, each with its downloads.

Not here: who is whose parent (sql/core/lineage_edges), what all charts share (canvas).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from dagster_project.reports.charts import canvas, marks, placing
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Text, Track
from dagster_project.reports.charts.palette import INK, MUTED, WHISKER, legend_of, side_colour
from dagster_project.reports.headline import Edition
from dagster_project.reports.render import Column, clean, count

CHILDREN, GRANDCHILDREN = 6, 3
CARD_CHILDREN = 4
ROW_OF_LEGEND = 16  # pixels
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
    below, members = base.below, base.members
    title = f"The family of {clean(root['name'])}"
    subtitle = (
        f"{count(members)} models were made from it; in week {edition.week} they had {count(below)} downloads, itself"
        f" {count(base.flow)}. Shown: the most downloaded of each generation, by the publisher's home."
    )
    around = canvas.words(edition, title, subtitle, "all models, a merge stands under its first parent")

    def draw(layout: Layout, _hatch: str) -> Plot:
        return _draw(layout, base)

    spoken = "; ".join(f"{child.name} {count(child.flow)}" for child in base.children[:CHILDREN])
    caption = "Numbers are downloads in the week; in brackets, with all that was made from the model."
    listed = edges.unique("child", keep="first", maintain_order=True)
    listed = listed.sort("downloads_flow", "name", descending=[True, False], nulls_last=True)
    data = canvas.Data(
        listed.with_columns(pl.col("country").fill_null("UNKNOWN")),
        FAMILY_COLUMNS,
        edition.marked(f"What was made from {clean(root['name'])}, downloads in week {edition.week}"),
    )
    return Picture("family", around, f"Tree. Most downloaded children: {spoken}.", caption, draw, data)


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
    parent: tuple[int, float] | None
    is_rest: bool = False


def _rows(base: _Node, children: int, grandchildren: int) -> list[_Placed]:
    """Give each shown model a row: leaves under each other, a parent in the middle of its children."""
    placed: list[_Placed] = []
    middles: list[float] = []
    row = 0.0
    for child in base.children[:children]:
        grand = child.children[:grandchildren]
        leaves = [(_label(leaf), leaf.country, False) for leaf in grand]
        rest = len(child.children) - len(grand)
        if rest and grandchildren > 1:
            leaves.append((f"{count(rest)} more", None, True))
        middle = row + (max(len(leaves), 1) - 1) / 2
        placed += [
            _Placed(text, country, 2, row + n, (1, middle), is_rest)
            for n, (text, country, is_rest) in enumerate(leaves)
        ]
        placed.append(_Placed(_label(child), child.country, 1, middle, (0, 0.0)))
        middles.append(middle)
        row += max(len(leaves), 1)
    if others := len(base.children) - len(middles):
        placed.append(_Placed(f"{count(others)} more", None, 1, row, (0, 0.0), is_rest=True))
        middles.append(row)
    middle = (middles[0] + middles[-1]) / 2
    whole = _Placed(_label(base), base.country, 0, middle, None)
    return [whole, *(replace(place, parent=(0, middle)) if place.column == 1 else place for place in placed)]


def _label(node: _Node) -> str:
    kind = _RELATIONS.get(node.relation, "")
    own = f"{node.name}\n{count(node.flow)}" + (f" ({count(node.flow + node.below)})" if node.below else "")
    return f"{own} {kind}".rstrip()


def _draw(layout: Layout, base: _Node) -> Plot:
    if layout.is_narrow:
        return _draw_indented(layout, base)
    used = layout.inset(2, 2)
    shown = _rows(base, CARD_CHILDREN, 1) if layout.plot_height else _rows(base, CHILDREN, GRANDCHILDREN)
    lines = max(place.row for place in shown) + 1
    key = legend_of(place.country for place in shown if not place.is_rest)
    head = ROW_OF_LEGEND * marks.legend_rows(key, used) + 4
    step = (layout.plot_height - head) / lines if layout.plot_height else 33.0
    height = round(head + step * lines)
    starts = [0.0, used.plot * 0.33, used.plot * 0.68]
    rooms = [starts[1] - 60, starts[2] - starts[1] - 56, used.plot - starts[2] - 14]
    tracks, dots, labels = [], [], []
    size = 10.5 if layout.plot_height else 12
    for place in shown:
        left, at = starts[place.column], head + step * (place.row + 0.5)
        if place.parent:
            from_y = head + step * (place.parent[1] + 0.5)
            bend = left - 16
            # Out of the end of the parent's label, not through it.
            from_x = left - (46 if place.parent[0] == 0 else 30)
            points = ((from_x, from_y), (bend, from_y), (bend, at), (left - 4, at))
            tracks.append(Track(points, WHISKER, 1.1))
        name, _, numbers = place.label.partition("\n")
        if not place.is_rest:
            dots.append(marks.Dot(left + 4, at, side_colour(place.country), 4))
        is_base = place.column == 0
        shift = 7 if numbers else 0
        labels.append(
            Text(
                placing.fit_middle(name, rooms[place.column], size, is_bold=is_base),
                left + 13,
                at - shift,
                size,
                600 if is_base else 400,
                MUTED if place.is_rest else INK,
            )
        )
        if numbers:
            labels.append(Text(numbers, left + 13, at + 7, size - 1.5, 400, MUTED))
    return Plot(_layers(tracks, dots, labels, key, used, height), height, used)


def _layers(
    tracks: Sequence[Track],
    dots: Sequence[marks.Dot],
    labels: Sequence[Text],
    key: Sequence[tuple[str, str]],
    used: Layout,
    height: int,
) -> list[Any]:
    layers = marks.tracks(tracks, used, height) + marks.dots(dots, used, height) + marks.texts(labels, used, height)
    return layers + marks.legend(key, used, height, 6)


def _draw_indented(layout: Layout, base: _Node) -> Plot:
    """Where there is no room for columns, a generation is an indent."""
    lines: list[tuple[int, _Node | None, int]] = [(0, base, 0)]
    for child in base.children[:CHILDREN]:
        lines.append((1, child, 0))
        lines += [(2, leaf, 0) for leaf in child.children[:GRANDCHILDREN]]
        if rest := len(child.children) - len(child.children[:GRANDCHILDREN]):
            lines.append((2, None, rest))
    if rest := len(base.children) - len(base.children[:CHILDREN]):
        lines.append((1, None, rest))
    used, step = layout.inset(2, 2), 31
    key = legend_of(node.country for _depth, node, _rest in lines if node)
    head = ROW_OF_LEGEND * marks.legend_rows(key, used) + 4
    height = head + step * len(lines)
    tracks, dots, labels = [], [], []
    above: dict[int, int] = {}
    for number, (depth, node, rest) in enumerate(lines):
        at = head + step * (number + 0.5)
        left = 17.0 * depth
        above[depth] = number
        if depth:
            stem = 17.0 * (depth - 1) + 4
            tracks.append(
                Track(((stem, head + step * (above[depth - 1] + 0.5) + 9), (stem, at), (left - 1, at)), WHISKER, 1.1)
            )
        if node is None:
            labels.append(Text(f"{count(rest)} more", left + 13, at, 11.5, 400, MUTED))
            continue
        name, _, numbers = _label(node).partition("\n")
        dots.append(marks.Dot(left + 4, at, side_colour(node.country), 4))
        labels.append(
            Text(
                placing.fit_middle(name, used.plot - left - 14, 11.5, is_bold=depth == 0),
                left + 13,
                at - 7,
                11.5,
                600 if depth == 0 else 400,
                INK,
            )
        )
        labels.append(Text(numbers, left + 13, at + 7, 10.5, 400, MUTED))
    return Plot(_layers(tracks, dots, labels, key, used, height), height, used)
