"""Who works on a repository: the questions to GitHub, and the little of an answer that may be kept.

We ask for the commits of a quarter, not for GitHub's list of contributors. That list tells of all time and not of when,
links only the 500 most active addresses of a repository to accounts, is refused for the largest ones (403), and costs a
request a page where twenty repositories share one point here.
Names, logins, e-mail addresses and numbers of accounts go no further than a `Gathering` in memory; what leaves it are
pseudonyms and counts. Not here: whom to ask and when (people), the key and location texts (snapshots/private).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
import polars as pl

from dagster_project.calendar import parse_time

Kind = Literal["person", "anonymous", "bot", "nobody"]
COMMITS_A_PAGE = 100
PROFILES_A_QUESTION = 100
MONTHS_A_QUARTER = 3
LONGEST_QUARTER_DAYS = 92
# Machine accounts that GitHub takes for people; its own machines have no account of a person, but say so in their name.
BOT_LOGIN_ENDS, BOT_NAME_ENDS = "-bot", "[bot]"
# Asked for alone, they would be there no more.
NOT_FOUND = "NOT_FOUND"
FINAL = frozenset({NOT_FOUND, "FORBIDDEN"})

CONTRIBUTOR_SCHEMA: dict[str, pl.DataType] = {
    "line": pl.String(),
    "repo_id": pl.Int64(),
    "quarter": pl.Date(),
    "kind": pl.String(),
    "person": pl.String(),
    "people": pl.Int32(),
    "commits": pl.Int64(),
    "months": pl.List(pl.Date()),
    "countries": pl.List(pl.String()),
    "has_location": pl.Boolean(),
    "profile_on": pl.Date(),
    "key_id": pl.String(),
    "observed_at": pl.Datetime("us"),
}


class Repo(NamedTuple):
    """A repository to ask about: GitHub's number, and the name it had when it was last captured."""

    repo_id: int
    name: str


class Ask(NamedTuple):
    """One page of a repository's commits in a quarter; `cursor` is where the page before ended."""

    repo: Repo
    quarter: date
    cursor: str | None = None


@dataclass(frozen=True)
class Refused:
    """Why an answer can't be had, in our words; `may_be_had`: perhaps it can, if asked for alone."""

    reason: str
    may_be_had: bool = False


@dataclass(frozen=True)
class Page:
    """Commits of a page, and where the next one begins."""

    commits: Sequence[_Commit]
    cursor: str | None


class Profile(NamedTuple):
    """What is kept of a profile: countries, and whether it says anything of a place at all."""

    countries: tuple[str, ...]
    has_location: bool
    profile_on: date | None


NO_PROFILE = Profile((), has_location=False, profile_on=None)


class Line(msgspec.Struct, omit_defaults=True, frozen=True):
    """People of one kind with commits in the same months of a quarter; a person has a line alone."""

    kind: Kind
    people: int
    commits: int
    months: list[date]
    person: str | None = None
    countries: list[str] = []
    has_location: bool | None = None
    profile_on: date | None = None


class Reading(msgspec.Struct, omit_defaults=True, frozen=True):
    """Who worked on a repository in a quarter, as the history said at a moment. With a `reason`, it could not be read."""

    repo_id: int
    quarter: date
    observed_at: str
    key_id: str
    lines: list[Line] = []
    reason: str | None = None


class _User(msgspec.Struct, rename="camel"):
    id: str
    database_id: int
    login: str


class _Author(msgspec.Struct):
    name: str | None
    email: str | None
    user: _User | None


class _Commit(msgspec.Struct, rename="camel"):
    committed_date: datetime
    author: _Author | None


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None


class _History(msgspec.Struct, rename="camel"):
    page_info: _PageInfo
    nodes: list[_Commit]


class _Target(msgspec.Struct):
    history: _History | None = None


class _Branch(msgspec.Struct):
    target: _Target | None


class _Repository(msgspec.Struct, rename="camel"):
    database_id: int
    default_branch_ref: _Branch | None


@dataclass
class Gathering:
    """The commits of one repository in one quarter while they come in: the only place where a person is more than a pseudonym."""

    repo: Repo
    quarter: date
    commits: int = 0
    pages: int = 0
    _accounts: dict[int, Counter[date]] = field(default_factory=dict)
    _nodes: dict[int, str] = field(default_factory=dict)
    _unlinked: dict[tuple[Kind, str], Counter[date]] = field(default_factory=dict)

    def add(self, page: Page, opted_out: Collection[int]) -> bool:
        """Take in a page, and say whether there is another one. Who opted out is anonymous from here on."""
        self.pages += 1
        for commit in page.commits:
            day = commit.committed_date.astimezone(UTC).date()
            if first_of_quarter(day) == self.quarter:
                self.commits += 1
                self._count(commit.author or _Author(None, None, None), day.replace(day=1), opted_out)
        return page.cursor is not None

    def _count(self, author: _Author, month: date, opted_out: Collection[int]) -> None:
        user = author.user
        if _is_bot(author):
            self._unlinked.setdefault(("bot", (author.name or "").lower()), Counter())[month] += 1
        elif user is None or user.database_id in opted_out:
            known = f"{user.database_id}" if user else (author.email or author.name or "").lower()
            self._unlinked.setdefault(("anonymous", known), Counter())[month] += 1
        else:
            self._accounts.setdefault(user.database_id, Counter())[month] += 1
            self._nodes[user.database_id] = user.id

    def nodes(self) -> Mapping[int, str]:
        """Give the people, each with the id that a profile is asked for by."""
        return self._nodes

    def lines(self, person: Callable[[int], str], profiles: Mapping[str, Profile]) -> list[Line]:
        """Give what may be kept, under pseudonyms."""
        people = sorted((person(account), months) for account, months in self._accounts.items())
        lines = [_person_line(name, months, profiles.get(name, NO_PROFILE)) for name, months in people]
        groups: dict[tuple[Kind, tuple[date, ...]], list[int]] = {}
        for (kind, _who), months in self._unlinked.items():
            groups.setdefault((kind, tuple(sorted(months))), []).append(months.total())
        lines += [
            Line(kind, len(counts), sum(counts), list(months)) for (kind, months), counts in sorted(groups.items())
        ]
        return lines or [Line("nobody", 0, 0, [])]


def _person_line(person: str, months: Counter[date], profile: Profile) -> Line:
    return Line(
        "person",
        1,
        months.total(),
        sorted(months),
        person,
        list(profile.countries),
        profile.has_location if profile.profile_on else None,
        profile.profile_on,
    )


def _is_bot(author: _Author) -> bool:
    login = author.user.login.lower() if author.user else ""
    address = (author.email or "").partition("@")[0].lower()
    return login.endswith(BOT_LOGIN_ENDS) or any(
        text.endswith(BOT_NAME_ENDS) for text in ((author.name or "").lower(), address, login)
    )


def first_of_quarter(day: date) -> date:
    """Give the first day of the quarter that a day lies in."""
    return date(day.year, (day.month - 1) // MONTHS_A_QUARTER * MONTHS_A_QUARTER + 1, 1)


def quarter_before(quarter: date) -> date:
    """Give the first day of the quarter before."""
    return first_of_quarter(quarter - timedelta(days=1))


def last_of_quarter(quarter: date) -> date:
    """Give the last day of a quarter, known by its first."""
    return first_of_quarter(quarter + timedelta(days=LONGEST_QUARTER_DAYS)) - timedelta(days=1)


# Histories


def history_question(asks: Sequence[Ask]) -> tuple[str, dict[str, Any]]:
    """Write the query for these pages, one alias each: GitHub counts a point for a hundred of them."""
    declared, fields = [], []
    variables: dict[str, Any] = {}
    for number, ask in enumerate(asks):
        owner, _, name = ask.repo.name.partition("/")
        variables |= {
            f"owner{number}": owner,
            f"name{number}": name,
            f"since{number}": f"{ask.quarter}T00:00:00Z",
            f"until{number}": f"{last_of_quarter(ask.quarter)}T23:59:59Z",
            f"after{number}": ask.cursor,
        }
        declared.append(
            f"$owner{number}: String!, $name{number}: String!, $since{number}: GitTimestamp!,"
            f" $until{number}: GitTimestamp!, $after{number}: String"
        )
        fields.append(
            f"r{number}: repository(owner: $owner{number}, name: $name{number}) {{ databaseId defaultBranchRef {{ target {{"
            f" ... on Commit {{ history(first: {COMMITS_A_PAGE}, since: $since{number}, until: $until{number},"
            f" after: $after{number}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ committedDate"
            " author { name email user { id databaseId login } } } } } } } }"
        )
    return f"query({', '.join(declared)}) {{ {' '.join(fields)} rateLimit {{ cost }} }}", variables


def read_histories(
    asks: Sequence[Ask], data: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]
) -> list[Page | Refused]:
    """Read the answer page by page: what one repository lacks costs only itself."""
    lost: dict[str, str] = {}
    for error in errors:
        path = error.get("path") or [""]
        lost.setdefault(str(path[0]), str(error.get("type") or "an error without a type"))
    return [_read_history(ask, data.get(f"r{number}"), lost.get(f"r{number}")) for number, ask in enumerate(asks)]


def _read_history(ask: Ask, found: Any, trouble: str | None) -> Page | Refused:
    # A partial answer may hold half a list without saying so elsewhere.
    if trouble or found is None:
        return Refused(f"GitHub says {trouble or 'nothing'}", may_be_had=trouble not in FINAL)
    try:
        repository = msgspec.convert(found, _Repository)
    except msgspec.ValidationError as error:
        return Refused(f"the answer is no history ({error})")
    if repository.database_id != ask.repo.repo_id:
        return Refused("its name belongs to another repository now")
    branch = repository.default_branch_ref
    if branch is None:
        return Page([], None)
    if branch.target is None or branch.target.history is None:
        return Refused("its default branch has no history")
    info = branch.target.history.page_info
    return Page(branch.target.history.nodes, info.end_cursor if info.has_next_page else None)


# Profiles

PROFILE_QUESTION = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { databaseId location } } rateLimit { cost } }"


def read_locations(
    asked: Sequence[int], data: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]
) -> list[str | Refused]:
    """Give what each profile says of its place, empty where that is nothing or the account is gone."""
    paths = [error.get("path") or [] for error in errors if error.get("type") == NOT_FOUND]
    gone = {path[1] for path in paths if len(path) > 1}
    nodes = data.get("nodes") or [None] * len(asked)
    return [
        str(node.get("location") or "")
        if isinstance(node, dict) and node.get("databaseId") == account
        else ""
        if place in gone
        else Refused("GitHub says nothing of the profile", may_be_had=True)
        for place, (account, node) in enumerate(zip(asked, nodes, strict=True))
    ]


# What is kept


def bundle(readings: Sequence[Reading]) -> bytes:
    """Write readings as the JSON list that is kept."""
    return msgspec.json.encode(readings)


def read_bundle(body: bytes) -> list[Reading]:
    """Read such a list back. Raises msgspec.MsgspecError for what is none."""
    return msgspec.json.decode(body, type=list[Reading])


def read_contributors(body: bytes) -> tuple[pl.DataFrame, list[tuple[int, str, bytes]]]:
    """Turn a kept list into typed rows (CONTRIBUTOR_SCHEMA and `position`), and (position, reason, record) of what could not be read."""
    rows: list[tuple[object, ...]] = []
    refused = []
    for position, reading in enumerate(read_bundle(body)):
        if reading.reason is not None:
            refused.append((position, reading.reason, f"{reading.repo_id} {reading.quarter}".encode()))
        rows += [(*row, position) for row in _rows(reading)]
    return pl.DataFrame(rows, schema={**CONTRIBUTOR_SCHEMA, "position": pl.Int32()}, orient="row"), refused


def _rows(reading: Reading) -> Iterator[tuple[object, ...]]:
    at = parse_time(reading.observed_at).astimezone(UTC).replace(tzinfo=None)
    for number, line in enumerate(reading.lines):
        yield (
            f"{reading.repo_id}/{reading.quarter}/{number}",
            reading.repo_id,
            reading.quarter,
            line.kind,
            line.person,
            line.people,
            line.commits,
            line.months,
            line.countries,
            line.has_location,
            line.profile_on,
            reading.key_id,
            at,
        )


class PersonRemoval:
    """Makes a person anonymous in what was kept: counted as before, without pseudonym and place."""

    def __init__(self, person: str) -> None:
        self._person = person

    def page(self, body: bytes) -> bytes:
        """Clean a kept list; every other page is left as it is."""
        if self._person.encode() not in body:
            return body
        return bundle(
            [
                msgspec.structs.replace(reading, lines=[self._cleaned(line) for line in reading.lines])
                for reading in read_bundle(body)
            ]
        )

    def _cleaned(self, line: Line) -> Line:
        return Line("anonymous", line.people, line.commits, line.months) if line.person == self._person else line

    @staticmethod
    def plain(content: bytes) -> bytes:
        """Give back what is no list: no pseudonym gets there."""
        return content

    def rows(self, table: pl.LazyFrame) -> pl.LazyFrame | None:
        """Clean typed rows; None if the person is not among them."""
        if "person" not in table.collect_schema():
            return None
        is_theirs = (pl.col("person") == self._person).fill_null(value=False)
        if not table.select(is_theirs.any()).collect(engine="streaming").item():
            return None
        emptied = {"kind": "anonymous", "person": None, "has_location": None, "profile_on": None}
        return table.with_columns(
            *(
                pl.when(is_theirs).then(pl.lit(value, CONTRIBUTOR_SCHEMA[name])).otherwise(name).alias(name)
                for name, value in emptied.items()
            ),
            pl.when(is_theirs).then(pl.lit([], pl.List(pl.String))).otherwise("countries").alias("countries"),
        )

    @staticmethod
    def rejects(_table: pl.DataFrame) -> pl.DataFrame | None:
        """Give None: what could not be read names a repository, never a person."""
        return None
