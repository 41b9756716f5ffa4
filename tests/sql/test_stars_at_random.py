"""Histories of stars as no person would think of them, read again and again, against MEASURES written out in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, NamedTuple

import pytest

from .history import HOUR, History, model, repository, star_week

SEED = 20261123
REPOSITORIES, ROUNDS = 40, 18
FIRST_ROUND = date(2026, 6, 8)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
DAYS_BEGIN = timedelta(hours=8)  # GitHub's, after midnight in UTC, as in California
NEWEST_WEEKS = 4
OWNERS = {100: "acme-gh", 200: "base-gh", 300: "zed"}
LABS = {100: ("acme", "US"), 200: ("base", "CN"), 300: ("gh:zed", "UNKNOWN")}
ORIGIN = "2026-01-01,,2026-01-01,low,general knowledge"
REGISTRY = {
    "labs": f"""lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,,{ORIGIN}
base,Base,,CN,company,,,{ORIGIN}
""",
    "github_owners": f"""github_login,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme-gh,acme,,,{ORIGIN}
base-gh,base,,,{ORIGIN}
""",
}


class Star(NamedTuple):
    """Stars of a day that were taken back for a while, or for good."""

    day: date
    left_at: datetime
    back_at: datetime


class Drawn(NamedTuple):
    """One repository: when it was created, its stars by GitHub's days, those taken back, and its owners."""

    created_on: date
    given: dict[date, int]
    taken: list[Star]
    owners: list[tuple[date, int]]

    def stars(self, day: date, at: datetime) -> int:
        """Count the day's stars that are there at a moment; a day that runs has a part of them."""
        begun = datetime.combine(day, time()) + DAYS_BEGIN
        came = int(self.given.get(day, 0) * min(max((at - begun) / DAY, 0), 1))
        return max(came - sum(star.day == day and star.left_at <= at < star.back_at for star in self.taken), 0)

    def owner(self, on: date) -> int:
        return next(owner for since, owner in reversed(self.owners) if since <= on)


class Sight(NamedTuple):
    """What was read of one of GitHub's weeks."""

    read_at: datetime
    week_start: date
    days: list[int]


class Known(NamedTuple):
    """A day as it was first and as it was last seen after its end."""

    first: int
    first_on: date
    last: int


class World(NamedTuple):
    """What happened, and what was told of it on which days."""

    history: History
    drawn: dict[int, Drawn]
    sights: dict[int, list[Sight]]
    there: dict[int, dict[date, int]]


def read_at(day: date) -> datetime:
    return datetime.combine(day, time(HOUR))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def draw(dice: random.Random, last: date) -> Drawn:
    created_on = FIRST_ROUND + timedelta(days=dice.randrange(-200, 60))
    usual, days = dice.choice([0, 3, 40, 300]), [created_on + DAY * n for n in range((last - created_on).days + 1)]
    given = {day: dice.randrange(usual + 1) + dice.choice([0] * 30 + [199, 200, 260, 900]) for day in days}
    taken = []
    for day in dice.choices(days, k=60):
        left_at = datetime.combine(day, time()) + DAY * dice.uniform(1, 50)
        taken += [Star(day, left_at, left_at + DAY * dice.choice([10, 999]))] * dice.choice([1, 1, 50])
    owners = [(created_on, dice.choice(list(OWNERS)))]
    if dice.random() < 0.5:
        owners.append((FIRST_ROUND + timedelta(days=dice.randrange(90)), dice.choice(list(OWNERS))))
    return Drawn(created_on, given, taken, owners if owners[-1][0] > created_on else owners[:1])


def weeks_read(dice: random.Random, drawn: Drawn, day: date) -> list[Sight]:
    """Read the newest weeks, now and then all of them, now and then none."""
    at, chance = read_at(day), dice.random()
    today = (at - DAYS_BEGIN).date()
    start, sights = today - timedelta(days=(today.weekday() + 1) % 7), list[Sight]()
    while start > drawn.created_on - WEEK and chance < 0.9 and (len(sights) < NEWEST_WEEKS or chance < 0.1):
        sights.append(Sight(at, start, [drawn.stars(start + DAY * place, at) for place in range(7)]))
        start -= WEEK
    return sights


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    dice, rounds = random.Random(SEED), [FIRST_ROUND]
    while len(rounds) < ROUNDS:
        rounds.append(rounds[-1] + timedelta(days=dice.choice([1, 3, 7, 7, 7, 7, 9, 15])))
    drawn = {number: draw(dice, rounds[-1]) for number in range(1, REPOSITORIES + 1)}
    folder = tmp_path_factory.mktemp("stars_at_random")
    made = World(History(folder / "home", folder / "registry"), drawn, defaultdict(list), defaultdict(dict))
    made.history.write_registry(**REGISTRY)
    for day in rounds:
        rows, stars = list[Mapping[str, Any]](), list[Mapping[str, Any]]()
        for number, one in drawn.items():
            if one.created_on >= day or (not made.there[number] and dice.random() < 0.3):
                continue
            owner, is_there = one.owner(day), not made.there[number] or dice.random() < 0.95
            known = {"owner_id": owner, "stargazers_count": dice.randrange(999)} if is_there else {"state": "gone"}
            login = OWNERS[owner] if is_there else None
            name, created = f"{OWNERS[owner]}/{number}", datetime.combine(one.created_on, time(9))
            rows.append({**repository(number, name, created_at=created), **known, "owner_login": login})
            if is_there:
                made.there[number][day] = int(known["stargazers_count"])
                for sight in weeks_read(dice, one, day):
                    made.sights[number].append(sight)
                    begins_at = datetime.combine(sight.week_start, time()) + DAYS_BEGIN
                    stars.append({**star_week(number, sight.week_start, *sight.days), "begins_at": begins_at})
        made.history.github_day(day, *rows, stars=stars)
    made.history.day(FIRST_ROUND, model("a"))
    made.history.build()
    return made


def known_days(sights: list[Sight]) -> dict[date, Known]:
    """Take of each day the first and the last reading after its end: MEASURES 4.14, stars that are still there."""
    readings = defaultdict(list)
    for sight in sorted(sights):
        for place, stars in enumerate(sight.days):
            day = sight.week_start + DAY * place
            if sight.read_at >= datetime.combine(day + DAY, time()) + DAYS_BEGIN:
                readings[day].append((sight.read_at.date(), stars))
    return {day: Known(seen[0][1], seen[0][0], seen[-1][1]) for day, seen in readings.items()}


def bursts(days: Mapping[date, Known]) -> set[date]:
    """Find the days above the median and six deviations of the 90 before, and at least 200."""
    found = set()
    for day, known in days.items():
        before = [days[day - DAY * back].first for back in range(1, 91) if day - DAY * back in days]
        if known.first >= 200 and len(before) >= 28:
            usual = median(before)
            if known.first > usual + 6 * median(abs(stars - usual) for stars in before):
                found.add(day)
    return found


def gains(world: World, number: int) -> dict[date, tuple[Any, ...]]:
    """Add up the weeks of a repository that are known as a whole, the first of them from its creation on."""
    drawn, there, days = world.drawn[number], world.there[number], known_days(world.sights[number])
    found, sudden = {}, bursts(days)
    for week in {monday(day) for day in days}:
        told = {day: days[day] for day in (week + DAY * place for place in range(7)) if day in days}
        needed = 7 if drawn.created_on < week else 7 - drawn.created_on.weekday()
        if len(told) < needed:
            continue
        kept, first = sum(day.last for day in told.values()), sum(day.first for day in told.values())
        is_fresh = max(day.first_on for day in told.values()) <= week + 3 * WEEK
        counts = [there[day] for day in sorted(there) if week + WEEK <= day < week + 2 * WEEK]
        # The owner is whoever had it when it was last seen in the week or before, or else first.
        owner = drawn.owner(max((day for day in there if day < week + WEEK), default=min(there)))
        burst = sum(known.last for day, known in told.items() if day in sudden)
        is_burst = bool(sudden & told.keys())
        gross = first if is_fresh else None
        found[week] = (kept, gross, first - kept, counts[0] if counts else None, is_burst, burst, *LABS[owner])
    return found


def test_every_week_of_every_history_is_what_measures_says(world: World) -> None:
    columns = "retained_gain, gross_gain, withdrawn, stargazers_count, is_burst, burst_gain, lab, country"
    rows = world.history.rows(f"select repo_id, week, {columns} from marts.star_gain")
    found = {(row.pop("repo_id"), row.pop("week")): tuple(row.values()) for row in rows}
    expected = {(number, week): told for number in world.drawn for week, told in gains(world, number).items()}
    assert found == expected
    assert sum(told[4] for told in expected.values()) > 20, "hardly a burst was drawn"
    assert sum(told[2] < 0 for told in expected.values()) > 2, "hardly a star came back"


def test_a_week_counts_all_repositories_that_were_there(world: World) -> None:
    rows = world.history.rows("select * from marts.project_leadership where scope = 'asked' and level = 'country'")
    known = {number: gains(world, number) for number in world.drawn}
    for week in {row["week"] for row in rows}:
        sides = [row for row in rows if row["week"] == week]
        there = {
            number
            for number, one in world.drawn.items()
            if week in known[number] or one.created_on < week + WEEK <= max(world.there[number], default=date.min)
        }
        told = [known[number][week][0] for number in there if week in known[number]]
        assert [row["covered_share"] for row in sides] == pytest.approx([len(told) / len(there)] * len(sides))
        assert sum(row["n_repositories"] for row in sides) == len(there)
        assert sum(row["retained_gain"] or 0 for row in sides) == sum(told)
