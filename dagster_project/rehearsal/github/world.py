"""The pretend GitHub's repositories, with everything known: stars kept and withdrawn, commits, people, and what happens.

Every fact about a repository follows from the world's seed and the repository's number; nothing is made before it is
asked for. The labs are those of the Hub's world. Here: names, owners, and the facts at any second as github/source asks
for them. Not here: the true tables (github/truth), what is planted (github/facts), what the API makes of it (github).

A star's day is the UTC day in which it was given, moved by `star_day_offset` seconds, since GitHub does not promise UTC.
"""

from __future__ import annotations

import bisect
import hashlib
import math
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache

from dagster_project.errors import UsageError
from dagster_project.rehearsal.github import people
from dagster_project.rehearsal.github.accounts import WEEK_SECONDS, Accounts
from dagster_project.rehearsal.github.facts import (
    ID_BASE,
    MOMENTLESS,
    MOST_REPOS,
    PERSONAL_SHARE,
    PLANT_PERIOD,
    PLANTS,
    Facts,
    Stars,
    make_facts,
    make_stars,
)
from dagster_project.rehearsal.github.names import NameBook
from dagster_project.rehearsal.github.people import DAY_SECONDS
from dagster_project.rehearsal.github.source import Access, Account, Author, Commit, Fork, Release, Repo

HISTORY_WEEKS = 156
"""How long repositories have been appearing when the first week begins."""
HORIZON_WEEKS = 52
"""How long after the world's last week it still goes on."""
HOME_SHARE = 0.45
"""Share of a lab's contributors who are drawn from its own country."""
ANONYMOUS_SHARE = 0.13
FORKS_PER_STAR, WATCHERS_PER_STAR = 0.12, 0.015
SECOND_RENAME_AFTER = 3 * WEEK_SECONDS
NAME_FREE_SECONDS = 2 * DAY_SECONDS
"""How long a left name leads to its old owner before another repository takes it."""
KINDS = ("trainer", "server", "eval", "agent", "kernels", "cookbook", "tokenizer", "hub")
FAMILIES = ("veyra", "osterin", "calliard", "nuvexa", "thalorn", "bryndle", "ferrowyn", "ombrette")
HOSTILE_TEXT = (
    '<script>alert(1)</script> =HYPERLINK("http://rehearsal.invalid") \u202egnp.exe\u202c \x07 \'; drop table --'
)
BOT_SLOT = -1


class GitHubWorld(Accounts):
    """`repos` repositories, the last created in week `weeks - 1`; week 0 begins on the Monday `first_week`."""

    def __init__(self, seed: int, repos: int, weeks: int, first_week: date, *, star_day_offset: int = 0) -> None:
        if not 1 <= repos <= MOST_REPOS or weeks < 1 or first_week.isoweekday() != 1:
            raise UsageError(
                f"A rehearsal GitHub needs 1 to {MOST_REPOS} repositories, a week at least, and a Monday to begin on."
            )
        self.seed, self.repos, self.weeks, self.first_week = seed, repos, weeks, first_week
        self.start = int(datetime.combine(first_week, datetime.min.time(), UTC).timestamp())
        self.origin = self.start - HISTORY_WEEKS * WEEK_SECONDS
        self.end = self.start + (weeks + HORIZON_WEEKS) * WEEK_SECONDS
        self.day_offset = star_day_offset
        slots = len(people.COUNTRY_SLOTS)
        super().__init__(seed, slots * math.ceil((400 + 20 * repos) / slots), self.start, weeks, self.origin)
        self.facts = lru_cache(maxsize=None)(self._make_facts)
        self.all_stars = lru_cache(maxsize=MOST_REPOS)(self._make_stars)
        self.all_commits = lru_cache(maxsize=2_048)(self._make_commits)
        self.slots = lru_cache(maxsize=512)(self._make_slots)
        self.release_times = lru_cache(maxsize=None)(self._make_release_times)
        self.names = lru_cache(maxsize=None)(self._make_names)
        self.repo = lru_cache(maxsize=MOST_REPOS)(self._make_repo)
        self.contributors = lru_cache(maxsize=256)(self._make_contributors)
        self._owned = lru_cache(maxsize=1)(self._make_owned)
        self._book = NameBook(self.names, repos)

    def draws(self, salt: str, number: int) -> random.Random:
        """Give the draws that belong to a number for ever."""
        return random.Random(f"{self.seed}:{salt}:{number}")

    # Facts, names, owners

    def _make_facts(self, number: int) -> Facts:
        draws, plant = self.draws("facts", number), PLANTS.get(number % PLANT_PERIOD, "")
        window = self.weeks * WEEK_SECONDS
        owner = number * 7 % len(self.labs) if plant else int(draws.random() ** 2 * len(self.labs))
        if not plant and draws.random() < PERSONAL_SHARE:
            owner = -1 - self.people.steady(draws.randrange(self.people.count))
        span = (self.start - self.origin) * 0.6 if plant else self.start - self.origin + window
        created = self.origin + int(span * math.sqrt(draws.random()))
        moment = 0 if plant in MOMENTLESS else self.start + int(window * (0.25 + 0.5 * draws.random()))
        if plant == "name_taken":
            before = self.facts(number - 1)
            owner, created = before.owner, before.moment + NAME_FREE_SECONDS
        return make_facts(draws, number, owner, created, moment, self.origin)

    def owner_at(self, number: int, now: int) -> int:
        """Give a repository's owner at a moment: a lab's place, or -1 - person."""
        facts = self.facts(number)
        is_moved = facts.plant == "transferred" and now >= facts.moment
        return (facts.owner + 1) % len(self.labs) if is_moved else facts.owner

    def name_at(self, number: int, now: int) -> str:
        """Give a repository's name, without the owner, at a moment."""
        facts = self.facts(number)
        stem = f"{FAMILIES[number % 8]}-{KINDS[number // 8 % 8]}-{number:04d}"
        if facts.plant == "name_taken":
            return self.name_at(number - 1, 0)
        if facts.plant == "renamed_twice" and now >= facts.moment + SECOND_RENAME_AFTER:
            return f"{stem}-next"
        is_renamed = facts.plant in {"renamed", "renamed_twice", "name_left"} and now >= facts.moment
        return f"{stem}-ng" if is_renamed else stem

    def _make_names(self, number: int) -> tuple[tuple[int, str], ...]:
        """Give every full name of a repository with the second from which it holds, earliest first."""
        facts = self.facts(number)
        owners = {facts.owner, self.owner_at(number, self.end)}
        moments = {at for owner in owners for at in self.login_moments(owner)}
        moments |= {facts.created, facts.moment, facts.moment + SECOND_RENAME_AFTER}
        names: list[tuple[int, str]] = []
        for at in sorted(moment for moment in moments if moment >= facts.created):
            name = f"{self.login_at(self.owner_at(number, at), at)}/{self.name_at(number, at)}"
            if not names or names[-1][1] != name:
                names.append((at, name))
        return tuple(names)

    def full_name(self, number: int, now: int) -> str:
        """Give a repository's full name at a moment."""
        return self._book.full_name(number, now)

    def find(self, owner: str, name: str, now: int) -> tuple[int, bool] | None:
        """Find the repository that has this name, in any case, else the one that had it (then True)."""
        return self._book.find(owner, name, now)

    def number(self, repo_id: int) -> int | None:
        """Find a repository by GitHub's id."""
        number = (repo_id - ID_BASE) % MOST_REPOS
        return number if number < self.repos and self.facts(number).id == repo_id else None

    def repos_of(self, account_id: int, now: int) -> Sequence[int]:
        """Give the repositories that an account owns, oldest first."""
        owned = [n for n in self._owned().get(account_id, ()) if self.owner_id(self.owner_at(n, now)) == account_id]
        return [number for number in owned if self.repo(number, now)]

    def _make_owned(self) -> dict[int, list[int]]:
        """Give the repositories that an account ever owns, oldest first."""
        owned: dict[int, list[int]] = {}
        for number in sorted(range(self.repos), key=lambda n: self.facts(n).created):
            for owner in {self.facts(number).owner, self.owner_at(number, self.end)}:
                owned.setdefault(self.owner_id(owner), []).append(number)
        return owned

    def _make_repo(self, number: int, now: int) -> Repo | None:
        """Give a repository at a moment, None before its creation and after its deletion."""
        facts = self.facts(number)
        has_happened = 0 < facts.moment <= now
        plant = facts.plant if has_happened or facts.plant in MOMENTLESS else ""
        if now < facts.created or plant == "deleted":
            return None
        made, stars = self.commits(number, 0, now + 1), self.star_count(number, now)
        pushed = self.all_commits(number)[made[-1]][0] if made else facts.created
        age_days = (now - facts.created) // DAY_SECONDS
        issues, pulls = len(made) // 2 + stars // 40, len(made) // 3
        accesses: dict[str, Access] = {"dmca": "dmca", "blocked": "blocked"}
        return Repo(
            number=number,
            id=facts.id,
            owner=self.owner(self.owner_at(number, now), now),
            name=self.name_at(number, now),
            created=facts.created,
            updated=max(pushed, facts.moment if has_happened else 0),
            pushed=pushed,
            stars=stars,
            forks=int(stars * FORKS_PER_STAR),
            watchers=int(stars * WATCHERS_PER_STAR),
            open_issues=issues // 3,
            open_pulls=pulls // 9,
            closed_issues=issues - issues // 3,
            closed_pulls=pulls - pulls // 9,
            description=HOSTILE_TEXT if plant == "hostile" else f"REHEARSAL: simulated repository {number}",
            language=None if plant == "empty" else facts.language,
            languages=self._languages(facts, age_days) if plant != "empty" else {},
            licence="other" if plant == "relicensed" else "mit" if facts.plant == "relicensed" else facts.licence,
            topics=facts.topics,
            is_fork=plant == "fork",
            is_archived=plant == "archived",
            default_branch="master" if number % 9 == 0 else "main",
            size_kb=0 if plant == "empty" else 40 + len(made) * 3,
            access=accesses.get(plant, "open"),
            is_empty=plant == "empty",
            is_too_large=plant == "too_large",
            never_counts=plant == "never_counts",
        )

    @staticmethod
    def _languages(facts: Facts, age_days: int) -> dict[str, int]:
        """Give bytes by language, most first."""
        if facts.language is None:
            return {}
        size = 20_000 + 900 * age_days
        return (
            {facts.language: size, "Shell": size // 20, "Dockerfile": 400}
            if facts.number % 2
            else {facts.language: size}
        )

    # Stars

    def _make_stars(self, number: int) -> Stars:
        facts = self.facts(number)
        first = (facts.created - self.day_offset) // DAY_SECONDS * DAY_SECONDS + self.day_offset
        return make_stars(self.draws("stars", number), facts, first, self.end, self.release_times(number))

    def stars(self, number: int, now: int) -> tuple[int, Sequence[int]]:
        """Give the second at which the first day begins, and the stars of each day that are still there."""
        stars = self.all_stars(number)
        today, second = divmod(now - stars.first, DAY_SECONDS)
        if today < 0:
            return stars.first, []
        days = [*stars.given[: today + 1]]
        days += [0] * (today + 1 - len(days))
        days[today] = days[today] * second // DAY_SECONDS
        for at, day in stars.withdrawn[: bisect.bisect_right(stars.withdrawn, (now, len(days)))]:
            days[day] -= at <= now
        return stars.first, days

    def star_count(self, number: int, now: int) -> int:
        """Count the stars that are there: the sum of the days."""
        stars = self.all_stars(number)
        today, second = divmod(now - stars.first, DAY_SECONDS)
        if today < 0:
            return 0
        if today >= len(stars.given):
            today, second = len(stars.given) - 1, DAY_SECONDS
        running = stars.given[today] * second // DAY_SECONDS
        return stars.total[today] + running - bisect.bisect_right(stars.withdrawn, (now, len(stars.given)))

    def stargazer(self, number: int, place: int, now: int) -> Account:
        """Give who gave the star at a place: anybody."""
        return self.people.account((number * 7_919 + place * 31) % self.people.count, now)

    # Commits, people at work, releases

    def commits(self, number: int, since: int, until: int) -> range:
        """Give the places of the commits from one second to before another, oldest first."""
        made = self.all_commits(number)
        return range(bisect.bisect_left(made, (since, -1)), bisect.bisect_left(made, (until, -1)))

    def commit(self, number: int, place: int, now: int) -> Commit:
        """Give a commit by its place."""
        at, slot = self.all_commits(number)[place]
        sha = hashlib.sha1(f"{self.seed}:{number}:{place}".encode(), usedforsecurity=False).hexdigest()
        person = self.slots(number)[slot]
        offset = 0 if person is None else self.people.offset(person, at)
        return Commit(sha, at, offset, self.author(number, slot, now), f"Rehearse step {place}")

    def author(self, number: int, slot: int, now: int) -> Author:
        """Give the author in a slot of a repository; without an account if the address is not known to belong to one."""
        person = self.slots(number)[slot]
        if person is None:
            name = f"Rehearsal Anonymous {number:04d}-{slot:03d}"
            return Author(name, f"anonymous-{number:04d}-{slot:03d}@rehearsal.invalid", None)
        if person == -1:
            return Author("rehearsal-bot[bot]", "bot@rehearsal.invalid", self.bot())
        is_gone = self.people.is_gone(person, now)
        account = None if is_gone else self.people.account(person, now)
        return Author(f"Rehearsal Person {person:04d}", f"person-{person:04d}@rehearsal.invalid", account)

    def _make_contributors(self, number: int, now: int) -> Sequence[tuple[Author, int]]:
        """Count the commits of each author up to a moment, most first."""
        counts: dict[int, int] = {}
        made = self.all_commits(number)
        for _, slot in made[: bisect.bisect_left(made, (now + 1, -1))]:
            counts[slot] = counts.get(slot, 0) + 1
        ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return [(self.author(number, slot, now), count) for slot, count in ranked]

    def _make_slots(self, number: int) -> tuple[int | None, ...]:
        """Draw a repository's contributors: persons, None for one without an account, -1 for the bot."""
        facts, draws = self.facts(number), self.draws("slots", number)
        home = self.owner_country(facts.owner)
        slots: list[int | None] = [-1] if number % 5 == 0 else []
        taken = set()
        while len(slots) < facts.contributors:
            if draws.random() < ANONYMOUS_SHARE:
                slots.append(None)
                continue
            at_home = draws.random() < HOME_SHARE
            person = draws.randrange(self.people.count)
            person = people.someone_in(home, person) % self.people.count if at_home else person
            if facts.plant == "nobody_located" and self.people.locate(person, self.people.country(person, 0))[1]:
                continue
            if person not in taken:
                taken.add(person)
                slots.append(person)
        return tuple(slots)

    def _make_commits(self, number: int) -> list[tuple[int, int]]:
        """Draw all commits as (second, slot), oldest first: a few authors do most, each for a time."""
        facts, draws = self.facts(number), self.draws("commits", number)
        if facts.plant == "empty":
            return []
        span = (facts.moment if facts.plant == "archived" else self.end) - facts.created
        made = []
        for slot in range(len(self.slots(number))):
            begin = facts.created + int(span * draws.random() ** 2 * (slot > 0))
            length = int((facts.created + span - begin) * (0.05 + 0.95 * draws.random()))
            for _ in range(max(1, int(facts.commits / (slot + 1.5)))):
                made.append((begin + int(length * draws.random()), slot))
        made.append((facts.created, 0))
        return sorted(made)

    def _make_release_times(self, number: int) -> tuple[int, ...]:
        facts, draws = self.facts(number), self.draws("releases", number)
        at, found = facts.created, []
        last = facts.moment if facts.plant == "archived" else self.end
        while (
            facts.release_days and (at := at + int(facts.release_days * DAY_SECONDS * draws.uniform(0.5, 1.5))) < last
        ):
            found.append(at)
        return tuple(found) if facts.plant != "empty" else ()

    def releases(self, number: int, now: int) -> Sequence[Release]:
        """Give the releases so far, newest first."""
        author = self.owner(self.owner_at(number, now), now)
        author = author if author.kind == "User" else self.bot()
        return [
            Release(number * 10_000 + place + 1, f"v{place // 5}.{place % 5}.0", at - 600, at, place % 7 == 0, author)
            for place, at in enumerate(self.release_times(number))
            if at <= now
        ][::-1]

    def fork(self, number: int, place: int, now: int) -> Fork:
        """Give the fork at a place, counted from the oldest."""
        owner = self.people.account((number * 104_729 + place * 37) % self.people.count, now)
        facts = self.facts(number)
        return Fork(facts.id + 500_000_000 + place, owner, facts.created + (place + 1) * 3_600)
