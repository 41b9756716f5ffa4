"""Random crews of random repositories, read again and again, against "What to publish" written out in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import duckdb
import pytest

from . import crews
from .crews import MONDAY, QUARTER, line

SEED = 20261123
REPOSITORIES, PEOPLE, READINGS = 12, 150, 4
LABS = {"a": "US", "b": "CN", "c": "DE"}
MONTHS = [QUARTER, date(2026, 8, 1), date(2026, 9, 1)]
ALWAYS = (date(1, 1, 1), date(9999, 12, 31))
LEAST_OF_A_UNIT, LEAST_OF_A_CELL = 10, 5


class World(NamedTuple):
    connection: duckdb.DuckDBPyConnection
    readings: list[dict[str, Any]]
    labs: dict[int, str | None]


class Crew(NamedTuple):
    """Who worked on a unit: months of each person and where each says to be, and months of those without an account."""

    people: dict[str, set[date]]
    places: dict[str, list[str]]
    nameless: list[int]

    @property
    def size(self) -> int:
        return len(self.people) + len(self.nameless)

    @property
    def located(self) -> list[str]:
        return [person for person in self.people if self.places[person]]

    def cells(self) -> dict[str, tuple[Fraction, Fraction]]:
        """Count people and months by country, one who names k countries as 1/k in each."""
        found: dict[str, tuple[Fraction, Fraction]] = defaultdict(lambda: (Fraction(0), Fraction(0)))
        for person in self.located:
            for country in self.places[person]:
                people, months, part = *found[country], Fraction(1, len(self.places[person]))
                found[country] = people + part, months + part * len(self.people[person])
        return found


def draw(dice: random.Random, repo_id: int, read_at: datetime, places: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Read a repository: a crew of its own size, some without an account, a bot, profiles that are old, silent or not read."""
    lines = []
    for person in dice.sample(list(places), dice.choice([3, 8, 12, 30, 60])):
        said = dice.choice([places[person]] * 9 + [["FR"]])
        told = dice.choice([{"profile_on": read_at.date() - timedelta(days=dice.randrange(28))}] * 9 + [None])
        months = sorted(dice.sample(MONTHS, dice.randrange(1, 4)))
        unread: dict[str, Any] = {"profile_on": None, "has_location": None, "countries": []}
        lines.append(line(repo_id, person, *said, months=months, observed_at=read_at, **(told or unread)))
    nobody: dict[str, Any] = {"has_location": None, "profile_on": None, "observed_at": read_at}
    months = sorted(dice.sample(MONTHS, dice.randrange(1, 4)))
    lines.append(line(repo_id, None, kind="anonymous", people=dice.randrange(1, 4), months=months, **nobody))
    lines.append(line(repo_id, None, kind="bot", **nobody))
    return lines


@pytest.fixture(scope="module", params=range(3))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    dice = random.Random(SEED + request.param)
    countries = ["US"] * 5 + ["CN"] * 4 + ["DE", "IN", "BR"]
    places = {f"p{number}": sorted(set(dice.choices(countries, k=dice.randrange(4)))) for number in range(PEOPLE)}
    labs: dict[int, str | None] = {number: dice.choice([*LABS, None]) for number in range(1, REPOSITORIES + 1)}
    readings = [
        row
        for back in range(READINGS)
        for number in labs
        if dice.random() < 0.7
        for row in draw(dice, number, MONDAY - timedelta(weeks=back), places)
    ]
    homes = [
        (number, lab or "gh:x", LABS.get(lab or "", "UNKNOWN"), lab is not None, *ALWAYS)
        for number, lab in labs.items()
    ]
    with crews.made(tmp_path_factory.mktemp("contributors_at_random"), readings, homes) as connection:
        yield World(connection, readings, labs)


def crews_of(world: World) -> dict[str, Crew]:
    """Take the newest reading of each repository, and of each person the newest profile in those."""
    newest = {row["repo_id"]: row["observed_at"] for row in sorted(world.readings, key=lambda row: row["observed_at"])}
    standing = [row for row in world.readings if row["observed_at"] == newest[row["repo_id"]]]
    profiles = sorted(
        (row for row in standing if row["person"]), key=lambda row: (row["profile_on"] or date.min, -row["repo_id"])
    )
    places = {row["person"]: row["countries"] for row in profiles}
    found: dict[str, Crew] = defaultdict(lambda: Crew(defaultdict(set), places, []))
    for row in standing:
        lab = world.labs[row["repo_id"]]
        for unit in ("all", f"repo {row['repo_id']}", *([f"lab {lab}"] if lab else [])):
            if row["kind"] == "person":
                found[unit].people[row["person"]].update(row["months"])
            elif row["kind"] == "anonymous":
                found[unit].nameless.extend([len(row["months"])] * row["people"])
    return found


def rows_of(world: World, table: str) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    answer = world.connection.execute(f"select * from {table}")
    names = [column[0] for column in answer.description or ()]
    for values in answer.fetchall():
        row = dict(zip(names, values, strict=True))
        found[row["unit"]][row["country"]] = row
    return found


def test_everybody_counts_once_in_each_unit_and_in_parts_where_several_countries_are_named(world: World) -> None:
    found, expected = rows_of(world, "staging.contributor_cells"), crews_of(world)
    assert found.keys() == expected.keys()
    for unit, crew in expected.items():
        cells, months = crew.cells(), sum(map(len, crew.people.values())) + sum(crew.nameless)
        cells["UNKNOWN"] = (
            Fraction(crew.size - len(crew.located)),
            Fraction(months) - sum(cell[1] for cell in cells.values()),
        )
        counted = {country: (row["contributors"], row["contributor_months"]) for country, row in found[unit].items()}
        assert {country: tuple(map(float, cell)) for country, cell in counted.items()} == {
            country: pytest.approx(tuple(map(float, cell))) for country, cell in cells.items()
        }


def test_what_is_shown_is_true_and_nobody_is_shown_in_a_handful(world: World) -> None:
    found, expected = rows_of(world, "marts.contributor_geography"), crews_of(world)
    for unit, rows in found.items():
        crew, cells = expected[unit], expected[unit].cells()
        if rows.get("OTHER", {}).get("contributors", 0) is None:
            assert rows.keys() == {"OTHER"}
            continue
        assert crew.size >= LEAST_OF_A_UNIT
        unknown = crew.size - len(crew.located)
        folded = sum(cell[0] for country, cell in cells.items() if country not in rows)
        for country, row in rows.items():
            people = unknown if country == "UNKNOWN" else cells[country][0] if country in cells else folded
            assert row["contributors"] == pytest.approx(float(people))
            assert country == "UNKNOWN" or people >= LEAST_OF_A_CELL
            assert row["share_of_all"] == pytest.approx(float(people / crew.size))
            if country != "UNKNOWN":
                assert row["share_of_located"] == pytest.approx(float(people / len(crew.located)))
                bounds = (float(people / crew.size), float((people + unknown) / crew.size))
                assert (row["lower_bound"], row["upper_bound"]) == pytest.approx(bounds)
        assert len(cells.keys() - rows.keys()) != 1, "what is folded alone is the rest"
    assert {rows.keys() == {"OTHER"} for rows in found.values()} == {True, False}
