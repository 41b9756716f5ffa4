"""The truth about the pretend GitHub, as tables: what a measure should have found.

Computed from the world's own facts and events, never with the pipeline's code or SQL. Not here: the facts (github/world).
Seconds become UTC timestamps, days are those of the stars (github/world), quarters are calendar quarters by their first day.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from dagster_project.rehearsal.github.facts import BOUGHT_LAST_DAYS
from dagster_project.rehearsal.github.people import DAY_SECONDS, id_of
from dagster_project.rehearsal.github.world import BOT_SLOT, GitHubWorld

NO_COUNTRY = None
"""Bots, and contributors known by an e-mail address only, live nowhere that anybody could tell."""
WHAT_HAPPENS = {
    "renamed": "repo_renamed",
    "renamed_twice": "repo_renamed",
    "name_left": "repo_renamed",
    "transferred": "transferred",
    "deleted": "deleted",
    "dmca": "dmca",
    "blocked": "blocked",
    "archived": "archived",
    "relicensed": "relicensed",
    "burst": "star_burst",
    "bought_burst": "star_burst_bought",
}
"""A plant that has a moment -> the kind of its event."""
ALWAYS = {
    "empty",
    "too_large",
    "author_cap",
    "never_counts",
    "hostile",
    "starless",
    "fork",
    "nobody_located",
    "name_taken",
}
"""Plants that are so from the creation on: the plant's name is the kind of its event."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to a repository; for a repository's plant without a moment, at its creation."""

    kind: str
    repo_id: int
    at: datetime
    detail: str


def _time(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def events(world: GitHubWorld) -> list[Event]:
    """Give everything that is planted, in order of time: renames of repositories and of their owners one by one."""
    found = [event for number in range(world.repos) for event in _events_of(world, number)]
    return sorted(found, key=lambda event: (event.at, event.repo_id, event.kind))


def _events_of(world: GitHubWorld, number: int) -> Iterator[Event]:
    facts, names = world.facts(number), world.names(number)
    for (_, before), (at, after) in itertools.pairwise(names):
        is_owner = before.split("/")[1] == after.split("/")[1]
        is_moved = facts.plant == "transferred" and at == facts.moment
        kind = "transferred" if is_moved else "owner_renamed" if is_owner else "repo_renamed"
        yield Event(kind, facts.id, _time(at), f"{before} -> {after}")
    kind = WHAT_HAPPENS.get(facts.plant, "")
    if facts.plant in ALWAYS:
        yield Event(facts.plant, facts.id, _time(facts.created), world.full_name(number, facts.created))
    elif kind not in {"", "repo_renamed", "transferred"}:
        yield Event(kind, facts.id, _time(facts.moment), world.full_name(number, facts.moment))
    if facts.plant == "bought_burst":
        at = facts.moment + BOUGHT_LAST_DAYS * DAY_SECONDS
        yield Event("star_purge", facts.id, _time(at), world.full_name(number, at))


def stars_per_day(world: GitHubWorld, at: datetime) -> pl.DataFrame:
    """Give the stars of each day up to a moment: repo_id, day, given, withdrawn by then, kept."""
    now, parts = int(at.timestamp()), []
    for number in range(world.repos):
        first, kept = world.stars(number, now)
        stars, facts = world.all_stars(number), world.facts(number)
        if facts.created > now:
            continue
        withdrawn = Counter(day for moment, day in stars.withdrawn if moment <= now)
        begin = _time(first).date()
        rows = {
            "day": [begin + timedelta(days=day) for day in range(len(kept))],
            "given": [count + withdrawn[day] for day, count in enumerate(kept)],
            "withdrawn": [withdrawn[day] for day in range(len(kept))],
            "kept": list(kept),
        }
        parts.append(pl.DataFrame(rows).select(pl.lit(facts.id).alias("repo_id"), pl.all()))
    return pl.concat(parts)


def withdrawals(world: GitHubWorld, at: datetime) -> pl.DataFrame:
    """Give the stars taken back up to a moment: repo_id, star_day, withdrawn_at, one row each."""
    now, rows = int(at.timestamp()), []
    for number in range(world.repos):
        stars, repo_id = world.all_stars(number), world.facts(number).id
        begin = _time(stars.first).date()
        rows += [(repo_id, begin + timedelta(days=day), _time(when)) for when, day in stars.withdrawn if when <= now]
    schema = pl.Schema([("repo_id", pl.Int64()), ("star_day", pl.Date()), ("withdrawn_at", pl.Datetime("us", "UTC"))])
    return pl.DataFrame(rows, schema=schema, orient="row")


def contributor_countries(world: GitHubWorld, at: datetime) -> pl.DataFrame:
    """Give who contributed where from, up to a moment: repo_id, quarter, country, contributors, commits.

    The country is where the person lived at the time of the commit, null where nobody can tell (NO_COUNTRY). A person
    who moves within a quarter counts in both countries.
    """
    rows = []
    for number in range(world.repos):
        people: dict[tuple[date, str | None], set[int]] = {}
        commits: Counter[tuple[date, str | None]] = Counter()
        made, slots = world.all_commits(number), world.slots(number)
        for place in world.commits(number, 0, int(at.timestamp()) + 1):
            second, slot = made[place]
            key = (_quarter(second), _country(world, slots[slot], second))
            people.setdefault(key, set()).add(slot)
            commits[key] += 1
        repo_id = world.facts(number).id
        rows += [(repo_id, *key, len(who), commits[key]) for key, who in people.items()]
    schema = {
        "repo_id": pl.Int64,
        "quarter": pl.Date,
        "country": pl.String,
        "contributors": pl.Int64,
        "commits": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").sort("repo_id", "quarter", "country", nulls_last=True)


def people(world: GitHubWorld, at: datetime) -> pl.DataFrame:
    """Give all people at a moment: account_id, login, country, location, stated (what the text says), kind, is_gone."""
    now = int(at.timestamp())
    known = [world.people.person(number, now) for number in range(world.people.count)]
    return pl.DataFrame(
        {
            "account_id": [id_of(person.number) for person in known],
            "login": [person.login for person in known],
            "country": [person.country for person in known],
            "location": pl.Series([person.location for person in known], dtype=pl.String),
            "stated": pl.Series([list(person.stated) for person in known], dtype=pl.List(pl.String)),
            "kind": [person.kind for person in known],
            "is_gone": [world.people.is_gone(person.number, now) for person in known],
        }
    )


def _country(world: GitHubWorld, person: int | None, second: int) -> str | None:
    return NO_COUNTRY if person is None or person == BOT_SLOT else world.people.country(person, second)


def _quarter(second: int) -> date:
    day = _time(second)
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
