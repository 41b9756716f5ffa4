"""Registries as no person would keep them: accounts and labs that move at random, against README and MEASURES written out in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pytest

from .history import LONG_AGO, History, model

SEED = 20261123
MODELS, MONDAYS = 90, [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(11)]
WEEK = timedelta(days=7)
LABS, REVIEWED = ["alpha", "beta", "gamma"], [f"Owner{number}" for number in range(10)]
OWNERS = [*REVIEWED, "nobody", "stranger"]
NAMESPACES = "namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note\n"
HOMES = "lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note\n"
TURNS = [MONDAYS[0] + timedelta(days=day) for day in (9, 17, 30, 42, 60)]
"""So few that one account often ends on the day on which another begins."""
SOURCE = "2026-01-01,,2026-01-01,low,general knowledge\n"
CREDITS = ["publisher", "direct", "root"]
LOST = {
    "OWNER0/lost": "Owner0",
    "STRANGER/lost": "stranger",
    "stranger/gone": "stranger",
    "elsewhere/lost": "elsewhere",
}
"""Parents that were never seen, and their owners as the Hub spells them."""
Flows = dict[tuple[date, str, str, str, str], float]


class Row(NamedTuple):
    """A row of the registry: a namespace's lab, or a lab's country, and the days for which it holds."""

    key: str
    value: str
    valid_from: date
    valid_to: date


class Drawn(NamedTuple):
    """A model: what it brings a day in each week, its owner and gate on each day of a snapshot, and the names of its parents.

    On the day of `falls_on` its counter reads less than before, and is back at the next snapshot.
    """

    daily: list[int]
    owners: dict[date, str]
    gated_on: set[date]
    parents: list[str]
    is_language: bool
    is_quantised: bool
    created_at: datetime
    falls_on: date | None

    def total(self, day: date) -> int:
        """Read the cumulative counter at the beginning of a day."""
        if day == self.falls_on:
            return 0
        days = [max(0, min((day - monday).days, 7)) for monday in MONDAYS[:-1]]
        return 1 + sum(rate * lived for rate, lived in zip(self.daily, days, strict=True))


class World(NamedTuple):
    days: list[date]
    labs: list[Row]
    namespaces: list[Row]
    models: dict[str, Drawn]


def draw_rows(dice: random.Random, key: str, values: list[str], *, may_end: bool) -> list[Row]:
    """Give one key up to three values after each other; between two of a namespace may lie a time without any."""
    cuts = sorted(dice.sample(TURNS, dice.choice([0, 1, 1, 2])))
    periods = list(zip([date.min, *cuts], [*cuts, date.max], strict=True))
    kept = [period for period in periods if not may_end or dice.random() < 0.6]
    return [Row(key, dice.choice(values), *period) for period in kept]


def draw(dice: random.Random) -> World:
    days = sorted({*MONDAYS, *dice.sample([MONDAYS[0] + timedelta(days=day) for day in range(70)], 8)})
    labs = [row for lab in LABS for row in draw_rows(dice, lab, ["US", "CN", "FR", "INTERNATIONAL"], may_end=False)]
    namespaces = [row for owner in REVIEWED for row in draw_rows(dice, owner.lower(), LABS, may_end=True)]
    models: dict[str, Drawn] = {}
    for number in range(MODELS):
        owner, owners = dice.choice(OWNERS), {}
        for day in days:
            owner = dice.choice(OWNERS) if dice.random() < 0.04 else owner
            owners[day] = owner
        parents = dice.sample([*models, *LOST], min(len(models), dice.choice([0, 0, 1, 1, 2, 3])))
        falls_on = dice.choice([None, None, None, None, *days[2:-1]]) if dice.random() < 0.5 else None
        # No two bring the same, so that the largest are certain.
        rates = [dice.choice([0, 100, 1000, 10_000]) + number for _week in MONDAYS[:-1]]
        models[f"m{number}"] = Drawn(
            rates if falls_on is None else rates[:1] * len(rates),
            owners,
            set(days[: dice.randrange(len(days))]) if dice.random() < 0.3 else set(),
            parents,
            dice.random() < 0.5,
            dice.random() < 0.2,
            dice.choice([LONG_AGO, datetime.fromisoformat("2026-05-20") + timedelta(days=dice.uniform(0, 100))]),
            falls_on,
        )
    return World(days, labs, namespaces, models)


def written(rows: list[Row], form: str) -> str:
    """Write rows as the registry's files have them, an open end being empty."""
    ends = {date.min: "", date.max: ""}
    return "".join(
        form.format(
            key=row.key,
            value=row.value,
            since=ends.get(row.valid_from, row.valid_from),
            until=ends.get(row.valid_to, row.valid_to),
        )
        for row in sorted(rows)
    )


def lab_of(world: World, owner: str, week: date) -> tuple[str, str]:
    """Look up lab and country of a namespace in a week.

    The row that holds when the week begins, else the first that begins within it, else one that begins in the week after
    where an account of the same lab ends on that day. The country is the lab's when the week begins.
    """
    ended = {
        (row.value, row.valid_to)
        for row in world.namespaces
        if row.key != owner.lower()
        and not any(
            (row.key, row.value, row.valid_to) == (other.key, other.value, other.valid_from)
            for other in world.namespaces
        )
    }
    rows = sorted(row for row in world.namespaces if row.key == owner.lower())
    held = [row for row in rows if row.valid_from <= week < row.valid_to]
    begun = [row for row in rows if week < row.valid_from < week + WEEK]
    taken_over = [
        row
        for row in rows
        if week + WEEK <= row.valid_from < week + 2 * WEEK
        and (row.value, row.valid_from) in ended
        and row.valid_from not in {other.valid_to for other in rows}
    ]
    for row in [*held, *begun, *taken_over]:
        (country,) = (
            home.value for home in world.labs if home.key == row.value and home.valid_from <= week < home.valid_to
        )
        return row.value, country
    return f"hf:{owner}", "UNKNOWN"


def heirs_of(world: World, name: str, credit: str) -> dict[str, float]:
    """Give who gets a model's downloads, and what part: itself, its parents, or where these come from in the end."""
    parents = world.models[name].parents if name in world.models else []
    if credit == "publisher" or not parents:
        return {name: 1.0}
    parts: defaultdict[str, float] = defaultdict(float)
    for parent in parents:
        for heir, part in (heirs_of(world, parent, credit) if credit == "root" else {parent: 1.0}).items():
            parts[heir] += part / len(parents)
    return parts


def weekly(world: World) -> Flows:
    """Add up the downloads of each week by scope, credit, lab and country."""
    flows: Flows = defaultdict(float)
    for place, week in enumerate(MONDAYS[:-1]):
        seen = [day for day in world.days if day < week + WEEK]
        owners = {name: drawn.owners[seen[-1]] for name, drawn in world.models.items()} | LOST
        labs = {owner: lab_of(world, owner, week) for owner in set(owners.values())}
        for name, drawn in world.models.items():
            for credit in CREDITS:
                for heir, part in heirs_of(world, name, credit).items():
                    for scope in ["S1", "S2"] if drawn.is_language else ["S1"]:
                        flows[week, scope, credit, *labs[owners[heir]]] += 7 * drawn.daily[place] * part
    return flows


@pytest.fixture(scope="module")
def world() -> World:
    return draw(random.Random(SEED))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, world: World) -> History:
    folder = tmp_path_factory.mktemp("shares")
    made = History(folder / "home", registry=folder / "registry")
    labs = HOMES + written(world.labs, "{key},{key},,{value},company,{since},{until}," + SOURCE)
    made.write_registry(
        labs=labs, namespaces=NAMESPACES + written(world.namespaces, "{key},{value},{since},{until}," + SOURCE)
    )
    first = {name: f"{drawn.owners[world.days[0]]}/{name}" for name, drawn in world.models.items()}
    for day in world.days:
        rows = [
            model(
                name,
                model_name=f"{drawn.owners[day]}/{name}",
                total=drawn.total(day),
                created_at=drawn.created_at,
                gated="auto" if day in drawn.gated_on else "false",
                pipeline_tag="text-generation" if drawn.is_language else None,
                tags=[
                    f"base_model:{'quantized' if drawn.is_quantised else 'merge'}:{first.get(parent, parent)}"
                    for parent in drawn.parents
                ],
            )
            for name, drawn in world.models.items()
        ]
        made.day(day, *rows)
    return made.build()


def test_every_week_of_every_lab_is_what_the_registry_says(history: History, world: World) -> None:
    rows = history.rows(
        "select week, scope, credit, lab, country, downloads_flow from marts.share_by_lab"
        " where time_window = 'week' and scope in ('S1', 'S2') and downloads_flow > 0"
    )
    found = {tuple(row.values())[:5]: row["downloads_flow"] for row in rows}
    assert found == pytest.approx({key: flow for key, flow in weekly(world).items() if flow}, abs=1e-3)


@pytest.mark.parametrize(("time_window", "weeks"), [("week", 1), ("28d", 4), ("cumulative", len(MONDAYS))])
def test_longer_windows_add_up_weeks_and_bounds_hold_the_unknown(
    history: History, world: World, time_window: str, weeks: int
) -> None:
    sums: defaultdict[tuple[date, str, str], defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (week, scope, credit, _lab, country), flow in weekly(world).items():
        for place, last in enumerate(MONDAYS[:-1]):
            if week <= last < week + weeks * WEEK and (place + 1 >= weeks or time_window == "cumulative"):
                sums[last, scope, credit][country] += flow
    expected: dict[tuple[date, str, str, str], list[float]] = {}
    for key, flows in sums.items():
        total, unknown = sum(flows.values()), flows["UNKNOWN"]
        for country, flow in flows.items():
            least = 0 if country == "UNKNOWN" else flow / total
            most = (flow + unknown * (country != "UNKNOWN")) / total
            expected |= {(*key, country): [flow / total, least, most, unknown / total]} if flow else {}
    rows = history.rows(
        "select week, scope, credit, country, share_of_total, lower_bound, upper_bound, unknown_share"
        f" from marts.share_by_country where time_window = '{time_window}' and scope in ('S1', 'S2') and downloads_flow > 0"
        f" and week < date '{MONDAYS[-1]}'"
    )
    found = {tuple(row.values())[:4]: list(row.values())[4:] for row in rows}
    assert found.keys() == expected.keys()
    assert [found[key] for key in expected] == [pytest.approx(shares, abs=1e-6) for shares in expected.values()]
