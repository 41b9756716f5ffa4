"""Weeks of labs that come, go, move and are sold, with weeks that nobody saw, added up over every length of time in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from dagster_project.settings import shipped
from dagster_project.warehouse import catalog

from .conftest import Answer, Rows

FIRST, WEEK = date(2025, 1, 6), timedelta(days=7)
WEEKS = [FIRST + WEEK * place for place in range(70)]
LABS = ["alpha", "beta", "gamma", "hf:stranger", "hf:(others)"]
COUNTRIES = ["US", "CN", "FR", "INTERNATIONAL"]
SCOPES = {"S1": 0.02, "S2": 0.0, "S1-quick": 0.5}
"""Of each scope the part of weeks that nobody saw."""
WEEKS_OF = {"week": [1.0], "28d": [1.0] * 4, "365d": [*[1.0] * 52, 1 / 7]}
"""Of each length the part that counts of its last week, of the one before, and so on."""


class Home(NamedTuple):
    """A row of the registry: where a lab is from a day on, its name and whose it is."""

    lab: str
    since: date
    name: str
    parent: str | None
    country: str


class Week(NamedTuple):
    """What a lab brought in a week, in whole downloads, or in the weeks of a window, with a seventh of one."""

    country: str
    flow: float
    estimated: float
    n_models: int


class World(NamedTuple):
    homes: list[Home]
    seen: dict[str, list[date]]
    weeks: dict[tuple[str, str], dict[date, Week]]

    def home(self, lab: str, week: date) -> Home:
        """Look up where a lab is when a week begins; before its first row it is where that says."""
        homes = [home for home in self.homes if home.lab == lab]
        return next((home for home in reversed(homes) if home.since <= week), homes[0])

    def is_whole(self, scope: str, week: date, time_window: str) -> bool:
        """Whether every week of a window was seen."""
        long = (week - self.seen[scope][0]) // WEEK + 1 if time_window == "cumulative" else len(WEEKS_OF[time_window])
        return {week - WEEK * back for back in range(long)} <= set(self.seen[scope])


def draw(dice: random.Random) -> World:
    homes = []
    for lab in LABS[:3]:
        since = sorted(FIRST + timedelta(days=day) for day in dice.sample(range(1, 490), 4))
        homes += [
            Home(lab, day, f"{lab} {number}", dice.choice([None, "owner", "other"]), dice.choice(COUNTRIES))
            for number, day in enumerate(since)
        ]
    seen = {scope: [week for week in WEEKS if dice.random() >= missing] for scope, missing in SCOPES.items()}
    world = World(homes, seen, {})
    for scope in SCOPES:
        for lab in LABS:
            first, last = sorted(dice.sample(WEEKS, 2)) if lab != "alpha" else (WEEKS[0], WEEKS[-1])
            there: dict[date, Week] = {}
            for week in seen[scope]:
                if first <= week <= last and (lab == "alpha" or dice.random() < 0.9):
                    flow = dice.choice([0, 7, 700, 7 * dice.randrange(10_000)])
                    country = world.home(lab, week).country if lab in LABS[:3] else "UNKNOWN"
                    there[week] = Week(country, flow, dice.choice([0, 0, flow]), dice.randrange(4))
            world.weeks[scope, lab] = there
    return world


def select(columns: str, rows: list[str]) -> str:
    return f"select * from (values {', '.join(rows)}) as given ({columns})"


def given(world: World) -> dict[str, str]:
    """Write the tables that windows and shares are made from."""
    weeks = [
        f"(date '{week}', '{scope}', 'publisher', '{lab}', '{row.country}', {row.flow}::decimal(28, 9),"
        f" {row.estimated}::decimal(28, 9), {row.n_models}::bigint, date '{week + WEEK}')"
        for (scope, lab), there in world.weeks.items()
        for week, row in there.items()
    ]
    labs = [
        f"('{home.lab}', '{home.name}', {repr(home.parent) if home.parent else 'null'}, date '{home.since}')"
        for home in world.homes
    ]
    return {
        "staging.lab_weeks": select(
            "week, scope, credit, lab, country, downloads_flow, estimated_flow, n_models, as_of", weeks
        ),
        "registry.labs": select("lab, lab_name, parent, valid_from", labs),
        "registry.countries": "select 'US' as country, 'United States' as country_name",
    }


def windows(world: World) -> dict[tuple[date, str, str], dict[str, list[Week]]]:
    """Add up each window that is whole: by its last week, scope and length, then by lab, what each of its countries got."""
    found: dict[tuple[date, str, str], dict[str, list[Week]]] = defaultdict(lambda: defaultdict(list))
    for scope, seen in world.seen.items():
        for week in seen:
            for time_window in [*WEEKS_OF, "cumulative"]:
                if not world.is_whole(scope, week, time_window):
                    continue
                parts = WEEKS_OF.get(time_window, [1.0] * len(WEEKS))
                for lab in LABS:
                    there = world.weeks[scope, lab]
                    within = [(there.get(week - WEEK * back), part) for back, part in enumerate(parts)]
                    for country in sorted({row.country for row in there.values()}):
                        rows = [(row, part) for row, part in within if row and row.country == country]
                        flow = sum(row.flow * part for row, part in rows)
                        estimated = sum(row.estimated * part for row, part in rows)
                        is_now = week in there and there[week].country == country
                        if is_now or flow > 0:
                            many = there[week].n_models if is_now else 0
                            found[week, scope, time_window][lab].append(Week(country, flow, estimated, many))
    return found


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest) -> World:
    return draw(random.Random(request.param))


@pytest.fixture
def tables(answer: Answer, world: World) -> dict[str, Rows]:
    """Make the windows, and the shares made from them."""
    parents = given(world)
    parents["staging.lab_windows"] = catalog.load(shipped("sql"))["staging.lab_windows"].body
    return {table: answer(f"marts.{table}", parents) for table in ("share_by_country", "share_by_lab")}


def test_shares_of_countries_are_of_all_the_weeks_of_a_window(tables: dict[str, Rows], world: World) -> None:
    expected = {}
    for key, labs in windows(world).items():
        rows = [row for there in labs.values() for row in there]
        total, known = sum(row.flow for row in rows), sum(row.flow for row in rows if row.country != "UNKNOWN")
        estimated = sum(row.estimated for row in rows)
        for country in {row.country for row in rows}:
            flow = sum(row.flow for row in rows if row.country == country)
            guessed = sum(row.estimated for row in rows if row.country == country)
            is_known = country != "UNKNOWN"
            expected[*key, country] = [
                flow,
                flow / total if total else None,
                (flow / known if known else None) if is_known else None,
                (flow / total if total else None) if is_known else 0,
                ((flow + (total - known) * is_known) / total) if total else None,
                sum(row.n_models for row in rows if row.country == country),
                (total - known) / total if total else None,
                guessed > 0 or 0 < total == pytest.approx(estimated),
                guessed / flow if flow else None,
                key[0] + WEEK,
            ]
    compare(tables["share_by_country"], expected, "country")


def test_shares_of_labs_have_name_owner_and_country_of_the_last_week(tables: dict[str, Rows], world: World) -> None:
    expected = {}
    for key, labs in windows(world).items():
        week, scope, _time_window = key
        total = sum(row.flow for there in labs.values() for row in there)
        known = sum(row.flow for there in labs.values() for row in there if row.country != "UNKNOWN")
        flows = {lab: sum(row.flow for row in there) for lab, there in labs.items()}
        for lab, flow in flows.items():
            kept = {row.country for row in labs[lab]}
            country = max(
                (at, row.country) for at, row in world.weeks[scope, lab].items() if at <= week and row.country in kept
            )[1]
            is_known = country != "UNKNOWN"
            home = world.home(lab, week) if is_known else None
            expected[*key, lab] = [
                home.name if home else lab.removeprefix("hf:"),
                home.parent if home else None,
                country,
                None
                if lab == "hf:(others)"
                else 1 + sum(other > flow + 1e-6 for name, other in flows.items() if name != "hf:(others)"),
                flow,
                (flow / known if known else None) if is_known else None,
                flow / total if total else None,
                ((flow + (total - known) * is_known) / total) if total else None,
            ]
    compare(tables["share_by_lab"], expected, "lab")


COLUMNS = {
    "country": [
        "downloads_flow", "share_of_total", "share_of_known", "lower_bound", "upper_bound", "n_models", "unknown_share",
        "is_estimate", "estimated_share", "as_of",
    ],
    "lab": ["lab_name", "parent", "country", "rank", "downloads_flow", "share_of_known", "lower_bound", "upper_bound"],
}  # fmt: skip


def compare(rows: Rows, expected: dict[tuple[date, str, str, str], list[object]], side: str) -> None:
    found = {
        (row["week"], row["scope"], row["time_window"], row[side]): [row[column] for column in COLUMNS[side]]
        for row in rows
    }
    assert found.keys() == expected.keys()
    assert {time_window for _week, _scope, time_window, _side in found} == {*WEEKS_OF, "cumulative"}
    differing = [
        (key, found[key], told)
        for key, told in expected.items()
        if any(
            one != (pytest.approx(other, rel=1e-6) if isinstance(other, float) else other)
            for one, other in zip(found[key], told, strict=True)
        )
    ]
    assert differing == []
