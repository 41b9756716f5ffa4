"""GitHub's repositories: what we ask of each, what may be kept of an answer, how it becomes a typed row.

Of an owner who is a person only the number leaves this module; a repository's own name is kept, because that is what it
is called. Whoever starred it is never asked for: GitHub closed those lists.
Not here: which repositories (repositories in the hall), the client (github), files (snapshots), their stars (stars).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

import msgspec
import polars as pl

from dagster_project.calendar import Week, parse_time, stamp
from dagster_project.errors import SourceError
from dagster_project.sources.github import Answer, Client
from dagster_project.sources.github_answers import BlockedError, GoneError, GraphQLRefusedError

State = Literal["there", "gone", "blocked"]
# An organisation's repositories below this are not worth a request each a week.
LEAST_STARS = 100
ORGANISATION_PAGE = 100
ERASED = "erased"

REPOSITORY_SCHEMA: dict[str, pl.DataType] = {
    "repo_id": pl.Int64(),
    "repo_name": pl.String(),
    "asked_name": pl.String(),
    "owner_id": pl.Int64(),
    "owner_login": pl.String(),
    "owner_type": pl.String(),
    "state": pl.String(),
    "stargazers_count": pl.Int64(),
    "forks_count": pl.Int64(),
    "watchers_count": pl.Int64(),
    "created_at": pl.Datetime("us"),
    "pushed_at": pl.Datetime("us"),
    "is_archived": pl.Boolean(),
    "is_fork": pl.Boolean(),
    "licence_id": pl.String(),
    "language": pl.String(),
    "commits_total": pl.Int64(),
    "releases_total": pl.Int64(),
    "issues_total": pl.Int64(),
    "pulls_total": pl.Int64(),
    "commits_last_week": pl.Int64(),
    "latest_release_at": pl.Datetime("us"),
    "observed_at": pl.Datetime("us"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+")
_TIMES = ("created_at", "pushed_at", "latest_release_at", "observed_at")

# All names travel as variables: nothing from outside is ever part of a query's text.
_FIELDS = """fragment facts on Repository {
  databaseId nameWithOwner isEmpty isArchived isFork createdAt pushedAt stargazerCount forkCount
  owner { __typename login ... on Organization { databaseId } ... on User { databaseId } }
  licenseInfo { spdxId } primaryLanguage { name } watchers { totalCount } issues { totalCount } pullRequests { totalCount }
  releases(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { createdAt publishedAt } }
  defaultBranchRef { target { ... on Commit {
    history { totalCount }
    lastWeek: history(since: $since, until: $until) { totalCount }
  } } }
}"""
_ORGANISATION = f"""query($login: String!, $after: String) {{
  organization(login: $login) {{
    databaseId
    repositories(first: {ORGANISATION_PAGE}, after: $after, orderBy: {{field: STARGAZERS, direction: DESC}}) {{
      nodes {{ databaseId nameWithOwner stargazerCount }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
  rateLimit {{ cost }}
}}"""


class Repository(msgspec.Struct, omit_defaults=True, frozen=True):
    """One repository and what GitHub said of it, under our names. With a `reason`, no answer could be read."""

    observed_at: str
    repo_id: int | None = None
    repo_name: str | None = None
    asked_name: str | None = None
    state: State | None = None
    owner_id: int | None = None
    owner_login: str | None = None
    owner_type: str | None = None
    stargazers_count: int | None = None
    forks_count: int | None = None
    watchers_count: int | None = None
    created_at: str | None = None
    pushed_at: str | None = None
    is_archived: bool | None = None
    is_fork: bool | None = None
    licence_id: str | None = None
    language: str | None = None
    commits_total: int | None = None
    releases_total: int | None = None
    issues_total: int | None = None
    pulls_total: int | None = None
    commits_last_week: int | None = None
    latest_release_at: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Listed:
    """A repository as an organisation's list names it."""

    repo_id: int
    repo_name: str


@dataclass(frozen=True)
class Batch:
    """What a batch came to: who answered, by place; who is not there; who was lost on the way, with the reason."""

    found: Mapping[int, Repository]
    missing: Sequence[int]
    lost: Mapping[int, str]


def of_organisation(client: Client, login: str, owner_id: int | None) -> Iterator[Listed]:
    """List an organisation's repositories of LEAST_STARS and more, most starred first, a page of points each.

    Raises GoneError for a login that is no organisation's, or not that of `owner_id`, SourceError as the client does.
    """
    after: str | None = None
    while True:
        data, errors = client.graphql(_ORGANISATION, {"login": login, "after": after})
        found = data.get("organization")
        if found is None:
            said = errors[0].get("message", "no reason given") if errors else "no such organisation"
            if errors and errors[0].get("type") != "NOT_FOUND":
                raise SourceError(f"GraphQL: {said}")
            raise GoneError(404, said)
        if owner_id not in {None, found["databaseId"]}:
            raise GoneError(404, "the login belongs to another organisation now")
        page = found["repositories"]
        for node in page["nodes"]:
            if node and node["stargazerCount"] < LEAST_STARS:
                return
            if node:
                yield Listed(node["databaseId"], node["nameWithOwner"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        if page["pageInfo"]["endCursor"] == after:
            raise SourceError(f"the list of {login} goes round in circles")
        after = page["pageInfo"]["endCursor"]


def ask(client: Client, names: Sequence[str], now: datetime, day: date) -> Batch:
    """Ask for repositories by name in one query; renamed ones answer under their old names.

    `day` is the round's: the last week is the one before it, also for what is asked after midnight.
    Raises GraphQLRefusedError when the whole query was lost (fewer names may work), SourceError as the client does.
    """
    since, until = last_complete_week(day)
    variables: dict[str, Any] = {"since": stamp(since), "until": stamp(until)}
    for place, name in enumerate(names):
        variables[f"o{place}"], variables[f"n{place}"] = name.split("/", 1)
    data, errors = client.graphql(_query(len(names)), variables, is_retried=len(names) == 1)
    said: dict[int, dict[str, Any]] = {}
    for error in errors:
        path = error.get("path") or []
        if path and str(path[0])[:1] == "r" and str(path[0])[1:].isdigit():
            said.setdefault(int(str(path[0])[1:]), error)
    found: dict[int, Repository] = {}
    lost: dict[int, str] = {}
    missing: list[int] = []
    for place in range(len(names)):
        answer, error = data.get(f"r{place}"), said.get(place, {})
        if answer is not None:
            try:
                found[place] = _kept(answer, now)
            except (KeyError, TypeError, ValueError) as failure:
                lost[place] = f"the answer is no repository ({type(failure).__name__}: {failure})"
        elif error.get("type") in {"NOT_FOUND", "FORBIDDEN"}:
            missing.append(place)
        else:
            lost[place] = f"GraphQL: {error.get('message', 'nothing came')}"
    if len(lost) == len(names) > 1:
        raise GraphQLRefusedError(errors)
    return Batch(found, missing, lost)


def place_of(client: Client, path: str) -> tuple[State, int | None, str | None]:
    """Ask REST where a repository is: its state, and id and name where that can be told. `path` is an id's or a name's."""
    try:
        said = client.get(path).data
    except GoneError:
        return "gone", None, None
    except BlockedError:
        return "blocked", None, None
    if not isinstance(said, dict) or not isinstance(said.get("id"), int) or not isinstance(said.get("full_name"), str):
        raise SourceError("the answer is no repository")
    return "there", said["id"], said["full_name"]


def by_id(repo_id: int) -> str:
    """Give the path under which a repository is found whatever it is called."""
    return f"/repositories/{repo_id}"


def by_name(name: str) -> str:
    """Give the path of a name; it redirects when the repository was renamed."""
    return f"/repos/{name}"


def of_rest(answer: Answer, asked_name: str) -> Repository:
    """Read what REST says of a repository: all but the activity, which only GraphQL counts. Raises SourceError."""
    try:
        said, licence, owner = answer.data, answer.data["license"], answer.data["owner"]
        return Repository(
            observed_at=stamp(answer.received_at),
            repo_id=said["id"],
            repo_name=said["full_name"],
            asked_name=asked_name,
            state="there",
            owner_id=owner["id"],
            owner_login=owner["login"] if owner["type"] == "Organization" else None,
            owner_type=owner["type"],
            stargazers_count=said["stargazers_count"],
            forks_count=said["forks_count"],
            # REST's own watchers_count is the stars once more.
            watchers_count=said["subscribers_count"],
            created_at=said["created_at"],
            pushed_at=said["pushed_at"],
            is_archived=said["archived"],
            is_fork=said["fork"],
            licence_id=licence["spdx_id"] if licence else None,
            language=said["language"],
        )
    except (KeyError, TypeError) as error:
        raise SourceError(f"the answer is no repository ({type(error).__name__}: {error})") from error


def last_complete_week(day: date) -> tuple[datetime, datetime]:
    """Give the first and the last second of the last ISO week that was over on a day, UTC: GitHub takes both ends as within."""
    monday = datetime.combine(Week.of(day).monday, time(), UTC)
    return monday - timedelta(days=7), monday - timedelta(seconds=1)


def may_be_asked(name: str) -> bool:
    """Whether a name can stand in a path, and is not one that was forgotten at its owner's wish."""
    parts = name.split("/")
    return _NAME.fullmatch(name) is not None and parts[0] != ERASED and parts[1] not in {".", ".."}


def bundle(repositories: Sequence[Repository]) -> bytes:
    """Write repositories as the JSON list that is kept."""
    return msgspec.json.encode(repositories)


def read_bundle(body: bytes) -> list[Repository]:
    """Read such a list back."""
    return msgspec.json.decode(body, type=list[Repository])


def read_repositories(body: bytes) -> tuple[pl.DataFrame, list[tuple[int, str, bytes]]]:
    """Turn a kept list into typed rows (REPOSITORY_SCHEMA and `position`), and (position, reason, record) of what is none."""
    rows, refused = [], []
    for position, repository in enumerate(read_bundle(body)):
        if repository.reason is not None or repository.repo_id is None:
            name = repository.asked_name or repository.repo_name or f"{repository.repo_id}"
            refused.append((position, repository.reason or "no id was kept", name.encode()))
        else:
            rows.append((*_row(repository), position))
    return pl.DataFrame(rows, schema={**REPOSITORY_SCHEMA, "position": pl.Int32()}, orient="row"), refused


def erased_repository(repository: Repository) -> Repository:
    """Give a repository without the name of its owner; the counters go on under its number."""
    name = f"{ERASED}/{repository.repo_id}" if repository.repo_id else f"{ERASED}/unknown"
    return msgspec.structs.replace(
        repository, repo_name=name, asked_name=name if repository.asked_name else None, owner_login=None
    )


def _query(count: int) -> str:
    asked = ", ".join(f"$o{place}: String!, $n{place}: String!" for place in range(count))
    lines = "\n".join(
        f"  r{place}: repository(owner: $o{place}, name: $n{place}) {{ ...facts }}" for place in range(count)
    )
    return f"query({asked}, $since: GitTimestamp!, $until: GitTimestamp!) {{\n{lines}\n  rateLimit {{ cost }}\n}}\n{_FIELDS}"


def _kept(said: Mapping[str, Any], now: datetime) -> Repository:
    """Read one answer of GraphQL. Raises KeyError, TypeError or ValueError for one that is no repository."""
    owner, releases = said["owner"], said["releases"]
    branch = (said["defaultBranchRef"] or {}).get("target")
    newest = (releases["nodes"] or [None])[0] if releases else None
    repository = Repository(
        observed_at=stamp(now),
        repo_id=said["databaseId"],
        repo_name=said["nameWithOwner"],
        state="there",
        owner_id=owner.get("databaseId"),
        owner_login=owner["login"] if owner["__typename"] == "Organization" else None,
        owner_type=owner["__typename"],
        stargazers_count=said["stargazerCount"],
        forks_count=said["forkCount"],
        watchers_count=_total(said["watchers"]),
        created_at=said["createdAt"],
        pushed_at=said["pushedAt"],
        is_archived=said["isArchived"],
        is_fork=said["isFork"],
        licence_id=(said["licenseInfo"] or {}).get("spdxId"),
        language=(said["primaryLanguage"] or {}).get("name"),
        # An empty repository has no branch, and no commit either.
        commits_total=0 if said["isEmpty"] else _total((branch or {}).get("history")),
        releases_total=_total(releases),
        issues_total=_total(said["issues"]),
        pulls_total=_total(said["pullRequests"]),
        commits_last_week=0 if said["isEmpty"] else _total((branch or {}).get("lastWeek")),
        latest_release_at=(newest.get("publishedAt") or newest.get("createdAt")) if newest else None,
    )
    return msgspec.convert(msgspec.to_builtins(repository), Repository)


def _total(connection: Mapping[str, Any] | None) -> int | None:
    """Give a connection's total; None for one that was lost from the answer."""
    return None if connection is None else connection["totalCount"]


def _row(repository: Repository) -> tuple[object, ...]:
    return tuple(
        _moment(getattr(repository, name)) if name in _TIMES else getattr(repository, name)
        for name in REPOSITORY_SCHEMA
    )


def _moment(text: str | None) -> datetime | None:
    return parse_time(text).astimezone(UTC).replace(tzinfo=None) if text else None
