"""What is hidden about people: each rule by hand, and an attacker who solves for the rest."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from dagster_project.statistics import suppression

Cells = dict[str, float]
Unit = tuple[str, Cells, int]
"""Parent, people by country, people without one."""
COUNTRIES = ("US", "CN", "DE", "FR")


def judged(units: dict[str, Unit]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for unit, (parent, cells, unknown) in units.items():
        people = sum(cells.values()) + unknown
        for country, count in {**cells, "UNKNOWN": unknown}.items():
            rows.append(
                {
                    "unit": unit,
                    "parent": parent,
                    "country": country,
                    "contributors": float(count),
                    "all_contributors": people,
                }
            )
    return suppression.hide(pl.DataFrame(rows).with_columns(quarter=pl.lit(date(2026, 1, 1))))


def folded(units: dict[str, Unit], unit: str) -> set[str] | None:
    """Give the countries of a unit that are folded, None where the unit is hidden."""
    rows = judged(units).filter(pl.col("unit") == unit)
    return None if rows["is_unit_hidden"].any() else set(rows.filter("is_folded")["country"])


def test_ten_people_are_shown_and_nine_are_not() -> None:
    assert folded({"all": ("", {"US": 6}, 4)}, "all") == set()
    assert folded({"all": ("", {"US": 6}, 3)}, "all") is None


def test_a_small_cell_is_folded_with_the_next_one_so_that_neither_can_be_had() -> None:
    # CN has 4; alone in OTHER it could be read there, so DE, the next, goes with it: 4 + 6 = 10.
    assert folded({"all": ("", {"US": 20, "DE": 6, "CN": 4}, 0)}, "all") == {"CN", "DE"}
    # 1 + 1 = 2 are fewer than five, so DE goes as well.
    assert folded({"all": ("", {"US": 20, "DE": 6, "CN": 1, "FR": 1}, 0)}, "all") == {"CN", "FR", "DE"}
    # 2 + 3 = 5 are enough.
    assert folded({"all": ("", {"US": 20, "DE": 6, "CN": 2, "FR": 3}, 0)}, "all") == {"CN", "FR"}
    assert folded({"all": ("", {"US": 20, "DE": 5}, 0)}, "all") == set()


def test_where_nothing_could_be_folded_with_it_the_unit_is_hidden() -> None:
    assert folded({"all": ("", {"US": 3}, 20)}, "all") is None
    assert folded({"all": ("", {"US": 2, "DE": 2}, 20)}, "all") is None
    assert folded({"all": ("", {}, 20)}, "all") == set(), "nobody's place is known, so nobody's can be found"


def test_one_hidden_part_would_be_the_rest_so_the_smallest_beside_it_is_hidden_too() -> None:
    parts: dict[str, Unit] = {
        "all": ("", {"US": 45}, 0),
        "lab a": ("all", {"US": 8}, 0),
        "lab b": ("all", {"US": 12}, 0),
        "lab c": ("all", {"US": 25}, 0),
    }
    assert [folded(parts, unit) for unit in parts] == [set(), None, None, set()]
    parts["lab d"] = ("all", {"US": 7}, 0)
    parts["all"] = ("", {"US": 52}, 0)
    assert [folded(parts, unit) for unit in parts] == [set(), None, set(), set(), None], "two hidden hide each other"


def test_a_cell_that_one_part_hides_is_hidden_in_another_or_in_the_whole() -> None:
    parts: dict[str, Unit] = {
        "all": ("", {"US": 60, "DE": 20, "FR": 20, "CN": 18}, 0),
        "lab a": ("all", {"US": 20, "DE": 3, "FR": 3}, 0),
        "lab b": ("all", {"US": 20, "DE": 8, "FR": 10, "CN": 18}, 0),
        "lab c": ("all", {"US": 20, "DE": 9, "FR": 7}, 0),
    }
    # a hides DE and FR; all less b and c would tell both. DE goes at b, where it is smallest, FR at c; each takes another along.
    assert folded(parts, "lab a") == {"DE", "FR"}
    assert {"DE"} <= (folded(parts, "lab b") or set())
    assert {"FR"} <= (folded(parts, "lab c") or set())
    # Only one part has anybody of DE and FR: the whole must hide what it hides.
    alone: dict[str, Unit] = {
        "all": ("", {"US": 40, "DE": 6, "FR": 3, "CN": 9}, 0),
        "lab a": ("all", {"US": 20, "DE": 6, "FR": 3}, 0),
        "lab b": ("all", {"US": 20, "CN": 9}, 0),
    }
    assert folded(alone, "lab a") == {"DE", "FR"}
    assert {"DE", "FR"} <= (folded(alone, "all") or set())


def test_rows_come_back_in_their_order_and_quarters_do_not_meet() -> None:
    one = judged({"all": ("", {"US": 3}, 20)})
    frame = pl.concat(
        [
            one.drop("is_unit_hidden", "is_folded"),
            judged({"all": ("", {"US": 30}, 0)})
            .drop("is_unit_hidden", "is_folded")
            .with_columns(quarter=pl.lit(date(2026, 4, 1))),
        ]
    )
    again = suppression.hide(frame)
    assert again.drop("is_unit_hidden", "is_folded").equals(frame)
    assert again.filter(pl.col("country") == "US")["is_unit_hidden"].to_list() == [True, False]


def test_an_attacker_who_solves_all_that_is_shown_at_once_finds_next_to_no_hidden_number() -> None:
    """Sums over parts are taken for exact and the four countries for all there are, so this is harder than the world is.

    One number at a time nothing is to be had; with all equations together one in some thousands is.
    """
    secrets = solved = 0
    for seed in range(150):
        units = _world(random.Random(seed))
        told, small = _told(units)
        rank = np.linalg.matrix_rank(np.array(told))
        secrets += len(small)
        solved += sum(np.linalg.matrix_rank(np.array([*told, line])) == rank for line in small)
    assert secrets > 1_000
    assert solved <= 0.001 * secrets


def _told(units: dict[str, Unit]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Give every sum over people of a repository and country that is shown, and those that must not be had."""
    repos = [unit for unit in units if unit.startswith("repo")]
    place = {key: number for number, key in enumerate((unit, c) for unit in repos for c in COUNTRIES)}

    def row(unit: str, countries: set[str]) -> np.ndarray:
        line = np.zeros(len(place))
        line[[place[leaf, country] for leaf in _leaves(units, unit) for country in countries]] = 1
        return line

    told, small = [np.zeros(len(place))], []
    for (unit,), rows in judged(units).filter(pl.col("country") != "UNKNOWN").group_by("unit"):
        is_hidden, name = rows["is_unit_hidden"][0], str(unit)
        seen = set() if is_hidden else set(rows.filter(~pl.col("is_folded"))["country"])
        told += [] if is_hidden else [*(row(name, {country}) for country in seen), row(name, set(COUNTRIES) - seen)]
        few = pl.col("contributors") < suppression.LEAST_PEOPLE_OF_A_CELL
        few = few | (pl.col("all_contributors") < suppression.LEAST_PEOPLE_OF_A_UNIT)
        small += [row(name, {country}) for country in rows.filter(few)["country"]]
    return told, small


def _world(draws: random.Random) -> dict[str, Unit]:
    """Give a tree of three labs with up to three repositories, nobody in two of them."""
    repos: dict[str, Unit] = {}
    for lab in range(3):
        for number in range(draws.randint(1, 3)):
            cells = {c: float(draws.choice((1, 2, 3, 4, 6, 9, 15, 30))) for c in COUNTRIES if draws.random() < 0.8}
            repos[f"repo {lab}{number}"] = (f"lab {lab}", cells, draws.randrange(8))
    labs = {f"lab {lab}": ("all", *_sum([u for u in repos.values() if u[0] == f"lab {lab}"])) for lab in range(3)}
    return {"all": ("", *_sum(list(repos.values()))), **labs, **repos}


def _sum(parts: list[Unit]) -> tuple[Cells, int]:
    cells: Cells = {}
    for _parent, part, _unknown in parts:
        for country, count in part.items():
            cells[country] = cells.get(country, 0) + count
    return cells, sum(unknown for _parent, _cells, unknown in parts)


def _leaves(units: dict[str, Unit], unit: str) -> list[str]:
    if unit.startswith("repo"):
        return [unit]
    return [leaf for name, (parent, _c, _u) in units.items() if parent == unit for leaf in _leaves(units, name)]
