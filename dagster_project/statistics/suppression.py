"""Which numbers about people must stay hidden, so that nobody can be found by looking, nor by subtracting.

Units stand in a tree (all, labs, repositories), and a unit's people are those of its parts together.
A unit of few people is hidden whole; a cell of few people is folded with others of its unit; and where one hidden thing
could be had as a difference of shown ones, the smallest beside it is hidden too. Sums are of people counted once, so a
difference over overlapping parts is a bound at best: the rules take it for exact.
Not here: what a unit or a cell is (sql/staging/contributor_cells), what is shown instead (sql/marts/contributor_geography).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

LEAST_PEOPLE_OF_A_UNIT = 10
LEAST_PEOPLE_OF_A_CELL = 5
LEAST_CELLS_FOLDED = 2
UNKNOWN = "UNKNOWN"


@dataclass
class _Unit:
    """One unit of one quarter: its people in all, and those of each country."""

    name: str
    parent: str
    people: float
    cells: dict[str, float] = field(default_factory=dict)
    is_hidden: bool = False
    folded: set[str] = field(default_factory=set)

    def shows(self, country: str) -> bool:
        """Whether the number of a country can be read."""
        return country in self.cells and country not in self.folded and not self.is_hidden

    def hides(self, country: str) -> bool:
        """Whether there is a number of a country that can't be read."""
        return country in self.cells and not self.shows(country)


def hide(cells: pl.DataFrame) -> pl.DataFrame:
    """Add to the cells of a tree of units what is hidden: is_unit_hidden and is_folded.

    Takes quarter, unit, parent (empty for the top), country (UNKNOWN for people without one), contributors and
    all_contributors (of the unit). Rows come back in the same order.
    """
    answers: dict[tuple[object, str], _Unit] = {}
    for quarter, rows in cells.group_by("quarter", maintain_order=True):
        for name, unit in _hidden(rows).items():
            answers[quarter[0], name] = unit
    keys = list(cells.select("quarter", "unit", "country").iter_rows())
    return cells.with_columns(
        pl.Series("is_unit_hidden", [answers[quarter, unit].is_hidden for quarter, unit, _ in keys], pl.Boolean),
        pl.Series(
            "is_folded", [country in answers[quarter, unit].folded for quarter, unit, country in keys], pl.Boolean
        ),
    )


def _hidden(rows: pl.DataFrame) -> dict[str, _Unit]:
    units: dict[str, _Unit] = {}
    named = rows.select("unit", "parent", "all_contributors", "country", "contributors")
    for name, parent, people, country, contributors in named.iter_rows():
        unit = units.setdefault(name, _Unit(name, parent, float(people)))
        if country != UNKNOWN and contributors > 0:
            unit.cells[country] = float(contributors)
    for unit in units.values():
        unit.is_hidden = unit.people < LEAST_PEOPLE_OF_A_UNIT
    parts: dict[str, list[_Unit]] = {}
    for unit in sorted(units.values(), key=lambda one: (one.people, one.name)):
        parts.setdefault(unit.parent, []).append(unit)
    # Each pass only hides more, so this ends.
    is_open = True
    while is_open:
        is_open = any([_fold(unit) | _protect(unit, parts.get(unit.name, [])) for unit in units.values()])  # noqa: C419 - every unit, each pass
    return units


def _fold(unit: _Unit) -> bool:
    """Fold the small cells, and more until two and five people are folded; where that can't be, hide the unit."""
    if unit.is_hidden:
        return False
    before = len(unit.folded)
    smallest_first = sorted(unit.cells, key=lambda country: (unit.cells[country], country))
    unit.folded |= {country for country in smallest_first if unit.cells[country] < LEAST_PEOPLE_OF_A_CELL}
    for country in smallest_first:
        if not unit.folded or _is_safe(unit):
            break
        unit.folded.add(country)
    unit.is_hidden = bool(unit.folded) and not _is_safe(unit)
    return unit.is_hidden or len(unit.folded) > before


def _is_safe(unit: _Unit) -> bool:
    people = sum(unit.cells[country] for country in unit.folded)
    return len(unit.folded) >= LEAST_CELLS_FOLDED and people >= LEAST_PEOPLE_OF_A_CELL


def _protect(whole: _Unit, parts: list[_Unit]) -> bool:
    """Hide a second one where a whole and its parts hide one number only: it would be the difference of the others.

    `parts` come smallest first. What is hidden beside is the smallest part that shows it, or else the whole.
    """
    family = [*(part for part in parts if part.cells), whole]
    if len(family) == 1:
        return False
    hidden = [unit for unit in family if unit.is_hidden]
    if len(hidden) == 1:
        next(unit for unit in family if not unit.is_hidden).is_hidden = True
        return True
    is_changed = False
    for country in sorted(whole.cells):
        showing = [unit for unit in family if unit.shows(country)]
        hiding = [unit for unit in family if unit.hides(country)]
        if len(hiding) == 1 and showing:
            min(showing, key=lambda unit: (unit.cells[country], unit.name)).folded.add(country)
            is_changed = True
    return is_changed
