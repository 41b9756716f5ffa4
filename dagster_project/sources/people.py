"""Who works on a repository: the questions to GitHub, and what its answers say.

We ask for the commits of a quarter, not for GitHub's list of contributors. That list tells of all time and not of when,
links only the 500 most active addresses of a repository to accounts, is refused for the largest ones (403), and costs a
request a page where twenty repositories share one point here.
Names, logins, e-mail addresses and numbers of accounts go no further than a `Gathering` in memory; what leaves it are
pseudonyms and counts. Not here: whom to ask and when (people), what is kept of it (contributors), the key and location
texts (snapshots/private).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from dagster_project.sources.contributors import NO_PROFILE, Kind, Line, Profile

COMMITS_A_PAGE = 100
PROFILES_A_QUESTION = 100
MONTHS_A_QUARTER = 3
LONGEST_QUARTER_DAYS = 92
# Machine accounts that GitHub takes for people; its own machines have no account of a person, but say so in their name.
BOT_LOGIN_ENDS, BOT_NAME_ENDS = "-bot", "[bot]"
# Asked for alone, they would be there no more.
NOT_FOUND = "NOT_FOUND"
FINAL = frozenset({NOT_FOUND, "FORBIDDEN"})


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
