"""Who works where: contributors' countries against where the people of the pretend GitHub live and what they say.

The truth is counted from the world's own commits and people, for the repositories that the release has in a quarter. A lab's
are those that it owned at the quarter's end, as the captures until that week was over could show.
Not here: repositories and stars.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from dagster_project import geography
from dagster_project.people import LATE_WEEKS
from dagster_project.rehearsal.github.world import BOT_SLOT, GitHubWorld
from dagster_project.rehearsal.judge.verdict import Verdict, counted, nothing, scalar
from dagster_project.rehearsal.world.cast import LABS
from dagster_project.rehearsal.world.scenario import CAPTURE_HOUR
from dagster_project.rehearsal.world.world import World
from dagster_project.sources import people
from dagster_project.warehouse.published import Release

ROUNDING = 1e-9
LATE_DAYS = 6
"""A week belongs to whoever has the repository when it ends, so a capture tells of the six days before it."""
_CELLS = """
select quarter, level, unit, country, contributors, share_of_located, lower_bound, upper_bound, located_contributors,
    all_contributors, as_of from marts.contributor_geography
"""
_SHOWN_TOO_MUCH = """
select count(*) from marts.contributor_geography
where (contributors < 5 and country <> 'UNKNOWN') or all_contributors < 10 or (is_suppressed and country <> 'OTHER')
"""


@dataclass(frozen=True)
class _Range:
    """How many people belong to a country, at least and at most."""

    low: float
    high: float

    def miss(self, value: float) -> float:
        """Give how far a value lies outside."""
        return max(0.0, self.low - value, value - self.high)


@dataclass
class _Course:
    """A country over all quarters in which it is shown: in one of them two people are a point."""

    found: float = 0.0
    located: int = 0
    low: float = 0.0
    high: float = 0.0
    stated: int = 0
    read: float = 0.0
    readable: int = 0

    def add(self, row: Mapping[str, Any], quarter: _Quarter) -> None:
        """Take in a quarter."""
        true, stated = quarter.located_in(row["country"])
        self.read, self.readable = self.read + quarter.read[row["country"]], self.readable + quarter.readable
        self.found, self.located = self.found + row["contributors"], self.located + row["located_contributors"]
        self.low, self.high, self.stated = self.low + true.low, self.high + true.high, self.stated + stated

    def miss(self) -> float:
        """Give how far the measured share lies outside the true one."""
        return _Range(self.low / self.stated, self.high / self.stated).miss(self.found / self.located)

    def miscount(self) -> float:
        """Give how far the measured share lies from what our reader of places makes of what everybody says."""
        return abs(self.read / self.readable - self.found / self.located)


class _Quarter:
    """The people of some repositories in a quarter: where each lives, and what the profile says.

    Who names several countries is shared among them, wherever he lives, for so the measure is defined. Who writes what may
    be two places may be counted in either or nowhere, so he widens the truth.
    """

    def __init__(self, world: GitHubWorld, read_at: Mapping[int, int], quarter: date) -> None:
        self.everybody = 0
        self._lives: Counter[str] = Counter()
        self._says: Counter[str] = Counter()
        self._shared: defaultdict[str, float] = defaultdict(float)
        self._stated = self._ambiguous = 0
        self.read: defaultdict[str, float] = defaultdict(float)
        self.readable = 0
        """What our reader of places makes of it: people by country, and how many have one."""
        for who, country in _authors(world, read_at, quarter).items():
            self.everybody += 1
            if isinstance(who, tuple):
                self._lives[country or ""] += 1
                continue
            person = world.people.person(who, max(read_at.values()))
            self._take_reading(person.location)
            self._ambiguous += person.kind == "ambiguous"
            self._stated += bool(person.stated)
            if len(person.stated) > 1:
                for stated in person.stated:
                    self._shared[stated] += 1 / len(person.stated)
            elif person.kind != "ambiguous":
                self._lives[country or ""] += 1
                self._says.update(person.stated)

    def _take_reading(self, text: str | None) -> None:
        countries = geography.resolve([text])[0] if text else ()
        self.readable += bool(countries)
        for country in countries:
            self.read[country] += 1 / len(countries)

    def all_in(self, country: str) -> _Range:
        """Give the share of everybody who is in a country."""
        sure = self._lives[country] + self._shared[country]
        return _Range(sure / self.everybody, (sure + self._ambiguous) / self.everybody)

    def located_in(self, country: str) -> tuple[_Range, int]:
        """Give how many a perfect reader could find in a country, and how many in any."""
        sure = self._says[country] + self._shared[country]
        return _Range(sure, sure + self._ambiguous), self._stated + self._ambiguous


def _authors(world: GitHubWorld, read_at: Mapping[int, int], quarter: date) -> dict[int | tuple[int, int], str | None]:
    """Give who committed in a quarter, and where from last: a person, or a repository's author whom no account is known of."""
    found: dict[int | tuple[int, int], str | None] = {}
    begin, end = (_second(day) for day in (quarter, people.last_of_quarter(quarter) + timedelta(days=1)))
    for number, now in read_at.items():
        made, slots = world.all_commits(number), world.slots(number)
        for place in world.commits(number, begin, min(end, now + 1)):
            second, slot = made[place]
            person = slots[slot]
            if person is None:
                found[number, slot] = None
            elif person != BOT_SLOT:
                is_gone = world.people.is_gone(person, now)
                found[(number, slot) if is_gone else person] = world.people.country(person, second)
    return found


def contributors(release: Release, world: World) -> list[Verdict]:
    """Compare people, bounds and shares of every quarter that is shown, of all, labs and repositories; count what must not be."""
    cells = release.frame(_CELLS)
    if cells.is_empty():
        return [nothing("contributors")]
    found = true = outside = judged = 0
    courses: defaultdict[str, _Course] = defaultdict(_Course)
    github = world.github()
    members = _members(cells, world, github)
    wrong = set(members) ^ set(cells.select("quarter", "unit").iter_rows())
    for quarter, unit, rows in _shown(cells):
        truth = _Quarter(github, members.get((quarter, unit), {}), quarter)
        everybody = rows["all_contributors"][0]
        found, true = found + everybody, true + truth.everybody
        if everybody != truth.everybody:
            wrong.add((quarter, unit))
        shown = rows.filter(~pl.col("country").is_in(["OTHER", "UNKNOWN"])).to_dicts()
        if not truth.everybody:  # in truth nobody is there, so no share of them can be right
            judged, outside = judged + len(shown), outside + len(shown)
            continue
        for row in shown:
            lived = truth.all_in(row["country"])
            judged += 1
            outside += row["lower_bound"] > lived.high + ROUNDING or row["upper_bound"] < lived.low - ROUNDING
            if unit == "all":
                courses[row["country"]].add(row, truth)
    worst = max((course.miss() for course in courses.values()), default=0.0)
    miscounted = max((course.miscount() for course in courses.values()), default=0.0)
    labs = [quarter_unit for quarter_unit in members if quarter_unit[1].startswith("lab ")]
    wrong_labs = sum(unit.startswith("lab ") for _quarter, unit in wrong)
    return [
        counted("contributors: people of units and quarters", true, found, "people"),
        counted("contributors: quarters of labs with the true people", len(labs), len(labs) - wrong_labs, "quarters"),
        counted("contributors: shares outside their bounds", 0, outside, f"of {judged:,} shares"),
        Verdict("contributors: worst share among located, all repositories", 0.0, worst, worst, "points", miscounted),
        counted("contributors: cells that should be hidden", 0, scalar(release, _SHOWN_TOO_MUCH), "cells"),
    ]


def _shown(cells: pl.DataFrame) -> Iterator[tuple[date, str, pl.DataFrame]]:
    """Give the rows of each quarter and unit that is not hidden as a whole."""
    shown = cells.filter(pl.col("all_contributors").is_not_null())
    for (quarter, unit), rows in shown.group_by("quarter", "unit", maintain_order=True):
        assert isinstance(quarter, date)
        yield quarter, str(unit), rows


def _members(cells: pl.DataFrame, world: World, github: GitHubWorld) -> dict[tuple[date, str], dict[int, int]]:
    """Give the repositories of each quarter and unit, each with the second at which its quarter was read last."""
    as_of = cells["as_of"][0]
    numbers = {github.facts(number).id: number for number in range(github.repos)}
    number_of = pl.col("unit").str.strip_prefix("repo ").cast(pl.Int64)
    listed = cells.filter(pl.col("level") == "repo").select("quarter", number_of.alias("repo_id")).unique()
    members: defaultdict[tuple[date, str], dict[int, int]] = defaultdict(dict)
    for quarter, repo_id in listed.sort("quarter", "repo_id").iter_rows():
        # A repository that the world does not know has no people in truth, so those found there are an error.
        if repo_id not in numbers:
            continue
        number = numbers[repo_id]
        owner = github.owner_at(number, _owned_at(world, quarter))
        labs = [f"lab {LABS[owner].slug}"] if owner >= 0 else []
        for unit in ("all", *labs, f"repo {repo_id}"):
            members[quarter, unit][number] = _read_at(world, github, number, quarter, as_of)
    return members


def _owned_at(world: World, quarter: date) -> int:
    """Give the second of the last capture that tells whose a repository was at a quarter's end, else of the first one."""
    last = people.last_of_quarter(quarter) + timedelta(days=LATE_DAYS)
    captures = [world.first_week + timedelta(weeks=week) for week in range(1, world.weeks + 1)]
    return _second(max((day for day in captures if day <= last), default=captures[0])) + CAPTURE_HOUR * 3600


def _read_at(world: World, github: GitHubWorld, number: int, quarter: date, as_of: date) -> int:
    """Give the second of a quarter's last reading: at the first capture after late commits are in, or the last before it was gone."""
    settled = people.last_of_quarter(quarter) + timedelta(weeks=LATE_WEEKS)
    captures = [world.first_week + timedelta(weeks=week) for week in range(1, world.weeks + 1)]
    last = min(next((day for day in captures if day >= settled), as_of), as_of)
    moments = [_second(day) + CAPTURE_HOUR * 3600 for day in captures if day <= last]
    there = [at for at in moments if (repo := github.repo(number, at)) is not None and repo.access == "open"]
    return (there or moments)[-1]


def _second(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
