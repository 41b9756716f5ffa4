"""The weekly round of the contributors: which quarters of which repositories are due, and how what was read is sealed. Part of the hall.

A quarter is read as a whole each time, so the newest reading of it stands and nothing has to be added up over snapshots:
weekly while it runs and for LATE_WEEKS after it, because branches are merged late; the HISTORY_QUARTERS before the first
reading once, as far as the budget reaches. Profiles are asked for while a person's number is still in memory; only
pseudonym, countries and day are kept, and the text for a while in the private folder.
Not here: what is asked (sources/people), what may be kept (sources/contributors), the key (snapshots/private), locks (captures).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

import polars as pl

from dagster_project import crawl, geography, repositories, rounds
from dagster_project.calendar import Week, stamp
from dagster_project.errors import PauseError, RefusedError, SourceError
from dagster_project.rounds import Bundles, Missing, Shape
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, manifest, private, seal, spool
from dagster_project.snapshots.private import Location, PersonKey
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import contributors, people
from dagster_project.sources.contributors import Line, Profile, Reading
from dagster_project.sources.github import Client
from dagster_project.sources.pages import AccessRefusedError
from dagster_project.sources.people import Ask, Gathering, Page, Refused, Repo

# Merged branches bring commits with old dates, most of them within weeks.
LATE_WEEKS = 4
# Two years: the claims about restrictions of early 2025 need what was before them.
HISTORY_QUARTERS = 8
# Twenty histories a question stay well below GitHub's ten seconds; its price is a point either way.
ASKS_A_QUESTION = 20
# 30,000 commits in three months: no repository of models has more, and one that has is said to be missing.
MOST_PAGES_A_QUARTER = 300
# A profile is read again after four weeks, a quarter of them each week.
PROFILE_WEEKS = 4
# What a kill can cost.
BUNDLE_READINGS = 100
# One run: less than a third of an hour's budget, so that three weeks' back-fill is no burden to others on the token.
POINTS_A_RUN = 1_500
SHAPE = Shape("contributors", "line", lambda attempt: map(contributors.read_contributors, rounds.bodies(attempt)))
_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class PeopleCaptured:
    """What a round came to. `missing` names each repository and quarter that could not be read, and why.

    `not_asked` readings were due, but the budget did not reach them; `profiles_missing` people could not be looked up.
    """

    seal: Seal | None
    readings: int
    points: int
    not_asked: int
    missing: tuple[Missing, ...] = ()
    profiles_missing: int = 0


@dataclass
class _Known:
    """When each repository's quarter was read and tried last, and what each profile said last."""

    read: dict[tuple[int, date], date] = field(default_factory=dict)
    tried: dict[tuple[int, date], date] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)


def capture(
    settings: Settings,
    client: Client,
    *,
    on_page: Callable[[int], None],
    say: Callable[[str], None],
    budget: int = POINTS_A_RUN,
) -> PeopleCaptured:
    """Read the quarters that are due, the running one first, within a budget of points, and seal who worked on what.

    Raises PauseError when the hour's quota is used up (the next run goes on, or seals what is safe), SourceError when
    GitHub refuses us or five questions in a row fail, NothingYetError before repositories were captured.
    """
    now = settings.now()
    _refuse_without_opt_outs(settings)
    repos = [Repo(*row) for row in repositories.followed(settings).select("repo_id", "repo_name").iter_rows()]
    key = _key(settings, say)
    before = rounds.begun(settings, crawl.PEOPLE, lambda leftover: rounds.close(settings, leftover, SHAPE))
    if before.is_done_today:
        return PeopleCaptured(before.newest, 0, 0, 0)
    known = _known(settings, before.attempt, key.key_id)
    due = _due(repos, known, now.date())
    if not due and before.attempt is None:
        return PeopleCaptured(before.newest, 0, 0, 0)
    attempt = before.attempt or spool.begin(settings.home, crawl.PEOPLE, now)
    round_ = _Round(settings, attempt, client, key, known, on_page)
    try:
        not_asked = round_.read(due, budget)
    except SourceError as error:
        raise rounds.placed(settings, attempt, error, "contributors") from error
    sealed = rounds.close(settings, attempt, SHAPE) if attempt.pages() else before.newest
    missing = tuple(_missing(attempt))
    done = PeopleCaptured(sealed, round_.readings, client.points, not_asked, missing, round_.profiles_missing)
    counts = {name: getattr(done, name) for name in ("readings", "points", "not_asked", "profiles_missing")}
    rounds.tell(settings, crawl.PEOPLE, attempt.day, missing, **counts)
    return done


def _missing(attempt: Spool) -> Iterator[Missing]:
    """Give what could not be read, from what is kept, so that a resumed round says all of it."""
    for body in rounds.bodies(attempt):
        for reading in contributors.read_bundle(body):
            if reading.reason is not None:
                # By its number: a name may be a person's, and the diary is for ever.
                yield Missing(f"repository {reading.repo_id}, quarter of {reading.quarter}", reading.reason)


def _refuse_without_opt_outs(settings: Settings) -> None:
    """Refuse a home that lost its list of who must not come back: one made from a copy has neither list nor key."""
    path = settings.home / private.OPTED_OUT
    told = sum(line.get("contributors", 0) for line in ledger.read(settings.home) if line["event"] == "erased")
    if told and not path.exists():
        raise RefusedError(
            f"{told} contributors asked to be forgotten, but {path} is gone, so nobody knows who they are. Put it back from a"
            " backup; without one write their account numbers into it, one a line.",
            next_command="leadershift status",
        )


def _key(settings: Settings, say: Callable[[str], None]) -> PersonKey:
    """Read this home's key, or make one. People of an older key can't be recognised, so their quarters are read anew."""
    if (key := private.person_key(settings.home)) is not None:
        return key
    key = private.make_person_key(settings.home)
    is_lost = any(True for _found in seal.readable(settings.home, crawl.PEOPLE))
    ledger.write(settings.home, "key_made", settings.now(), key_id=key.key_id)
    say(
        f"{settings.home / private.KEY} was made: without it nobody can be recognised from week to week. Keep a backup of it"
        " and of private/opted_out, apart from the copy."
        + (" The key before it is lost, so the last two years are read anew under this one." if is_lost else "")
    )
    return key


# What is due


def _due(repos: Sequence[Repo], known: _Known, today: date) -> list[Ask]:
    """Give the quarters to read: the newest first, of each the most starred repositories first."""
    quarters = [people.first_of_quarter(today)]
    for _ in range(HISTORY_QUARTERS):
        quarters.append(people.quarter_before(quarters[-1]))
    monday = Week.of(today).monday
    return [
        Ask(repo, quarter)
        for quarter in quarters
        for repo in repos
        if _is_due(quarter, known.read.get((repo.repo_id, quarter)))
        and known.tried.get((repo.repo_id, quarter), date.min) < monday
    ]


def _is_due(quarter: date, read: date | None) -> bool:
    return read is None or read < people.last_of_quarter(quarter) + timedelta(weeks=LATE_WEEKS)


def _known(settings: Settings, attempt: Spool | None, key_id: str) -> _Known:
    """Learn from all that is sealed under this key, and from the round under way."""
    known, home = _Known(), settings.home
    for earlier, found in rounds.whole(settings, crawl.PEOPLE):
        for entry in manifest.read(earlier.folder):
            if entry.kind == "table":
                _learn_table(known, pl.scan_parquet(home / entry.path, glob=False), key_id, found.observed_on)
            elif entry.kind == "quarantine":
                for record in pl.read_parquet(home / entry.path, columns=["record"], glob=False)["record"]:
                    repo_id, quarter = record.decode().split()
                    known.tried[int(repo_id), date.fromisoformat(quarter)] = found.observed_on
    for body in rounds.bodies(attempt):
        for reading in contributors.read_bundle(body):
            place = (reading.repo_id, reading.quarter)
            if reading.key_id == key_id:
                known.tried[place] = date.fromisoformat(reading.observed_at[:10])
                known.profiles |= {
                    line.person: _profile(line) for line in reading.lines if line.person and line.profile_on
                }
    return known


def _learn_table(known: _Known, table: pl.LazyFrame, key_id: str, day: date) -> None:
    ours = table.filter(pl.col("key_id") == key_id)
    for place in ours.select("repo_id", "quarter").unique().collect().iter_rows():
        known.read[place] = known.tried[place] = day
    looked_up = ours.filter(pl.col("profile_on").is_not_null())
    rows = looked_up.select("person", "countries", "has_location", "profile_on").unique("person").collect()
    for person, countries, has_location, profile_on in rows.iter_rows():
        before = known.profiles.get(person)
        if before is None or before.profile_on is None or before.profile_on <= profile_on:
            known.profiles[person] = Profile(tuple(countries), has_location, profile_on)


def _profile(line: Line) -> Profile:
    return Profile(tuple(line.countries), bool(line.has_location), line.profile_on)


# Reading


class _Round:
    """Histories on their way into bundles, with the profiles of those who are in them."""

    def __init__(
        self,
        settings: Settings,
        attempt: Spool,
        client: Client,
        key: PersonKey,
        known: _Known,
        on_page: Callable[[int], None],
    ) -> None:
        self._settings, self._client, self._key = settings, client, key
        self._profiles = known.profiles
        self._bundles: Bundles[Reading] = Bundles(settings, attempt, contributors.bundle, on_page, size=BUNDLE_READINGS)
        self._opted_out = private.opted_out(settings.home)
        self._today = settings.now().date()
        self._gathered: list[Gathering] = []
        self._refused: list[Reading] = []
        self._bad_in_a_row = 0
        self.readings = self.profiles_missing = 0

    def read(self, due: Sequence[Ask], budget: int) -> int:
        """Read until nothing is due or the budget of points is used up; give how many were not asked.

        A history that goes on is gone on with first, so that it is whole soon. What is not yet in a bundle when GitHub
        fails is read again by the next run.
        """
        waiting = deque(due)
        under_way: dict[tuple[int, date], Gathering] = {}
        while waiting and self._client.points < budget:
            asks = [waiting.popleft() for _ in range(min(ASKS_A_QUESTION, len(waiting)))]
            for ask, page in zip(asks, self._histories(asks), strict=True):
                place = (ask.repo.repo_id, ask.quarter)
                gathering = under_way.setdefault(place, Gathering(ask.repo, ask.quarter))
                if isinstance(page, Refused):
                    self._refuse(ask, page.reason)
                elif gathering.add(page, self._opted_out) and gathering.pages < MOST_PAGES_A_QUARTER:
                    waiting.appendleft(ask._replace(cursor=page.cursor))
                    continue
                elif page.cursor:
                    self._refuse(ask, f"it has more than {gathering.commits:,} commits in the quarter")
                else:
                    self._gathered.append(gathering)
                del under_way[place]
            if len(self._gathered) + len(self._refused) >= BUNDLE_READINGS:
                self._keep()
        self._keep()
        return len(waiting)

    def _histories(self, asks: Sequence[Ask]) -> list[Page | Refused]:
        """Ask for some pages at once; one that was lost among others is asked for alone."""

        def question(some: Sequence[Ask]) -> list[Page | Refused]:
            return people.read_histories(some, *self._client.graphql(*people.history_question(some)))

        pages = self._halving(asks, question)
        return [
            self._halving([ask], question)[0]
            if isinstance(page, Refused) and page.may_be_had and len(asks) > 1
            else page
            for ask, page in zip(asks, pages, strict=True)
        ]

    def _halving(
        self, items: Sequence[_Item], question: Callable[[Sequence[_Item]], list[_Found | Refused]]
    ) -> list[_Found | Refused]:
        """Ask for some things at once; what fails together is asked in halves, until it is known which one it is."""
        try:
            answers = question(items)
        except (AccessRefusedError, PauseError):
            raise
        except SourceError as error:
            if len(items) > 1:
                middle = len(items) // 2
                return self._halving(items[:middle], question) + self._halving(items[middle:], question)
            self._bad_in_a_row += 1
            reason = rounds.kind_of(error)
            if self._bad_in_a_row >= rounds.BAD_IN_A_ROW:
                raise SourceError(f"{rounds.BAD_IN_A_ROW} bad answers in a row, the last: {reason}") from error
            return [Refused(reason)]
        self._bad_in_a_row = 0
        return answers

    def _refuse(self, ask: Ask, reason: str) -> None:
        at = stamp(self._settings.now())
        self._refused.append(Reading(ask.repo.repo_id, ask.quarter, at, self._key.key_id, reason=reason))

    def _keep(self) -> None:
        """Look up who is due, then write the bundle: no number of an account outlives it."""
        self._look_up({account: node for one in self._gathered for account, node in one.nodes().items()})
        at = stamp(self._settings.now())
        readings = [
            Reading(one.repo.repo_id, one.quarter, at, self._key.key_id, self._lines(one)) for one in self._gathered
        ]
        self._bundles.extend([*readings, *self._refused])
        self._bundles.keep()
        self.readings += len(readings)
        self._gathered, self._refused = [], []

    def _lines(self, gathering: Gathering) -> list[Line]:
        return gathering.lines(self._key.person, self._profiles)

    # Profiles

    def _look_up(self, nodes: Mapping[int, str]) -> None:
        """Ask for the profiles that are due. Who can't be looked up is unknown until the next reading."""
        due = [account for account in sorted(nodes) if self._is_due(account)]

        def question(some: Sequence[int]) -> list[str | Refused]:
            asked = {"ids": [nodes[account] for account in some]}
            return people.read_locations(some, *self._client.graphql(people.PROFILE_QUESTION, asked))

        for start in range(0, len(due), people.PROFILES_A_QUESTION):
            asked = due[start : start + people.PROFILES_A_QUESTION]
            answers = dict(zip(asked, self._halving(asked, question), strict=True))
            self._note({account: text for account, text in answers.items() if isinstance(text, str)})
            self.profiles_missing += sum(isinstance(text, Refused) for text in answers.values())

    def _note(self, found: Mapping[int, str]) -> None:
        """Keep what the texts say of countries, and the texts themselves in the private folder only."""
        texts = {self._key.person(account): text.strip() for account, text in found.items()}
        said = [Location(person, text) for person, text in texts.items() if text]
        private.keep_locations(self._settings.home, said, self._today)
        for (person, text), countries in zip(texts.items(), geography.resolve(list(texts.values())), strict=True):
            self._profiles[person] = Profile(countries, bool(text), self._today)

    def _is_due(self, account: int) -> bool:
        known = self._profiles.get(self._key.person(account))
        if known is None or known.profile_on is None:
            return True
        monday = Week.of(self._today).monday
        is_turn = account % PROFILE_WEEKS == monday.toordinal() // 7 % PROFILE_WEEKS
        return (is_turn and known.profile_on < monday) or known.profile_on <= self._today - timedelta(
            weeks=PROFILE_WEEKS
        )
