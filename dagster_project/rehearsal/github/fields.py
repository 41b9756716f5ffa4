"""What the fields of the pretend GitHub's GraphQL schema give: records of github/source as trees that are asked lazily.

A connection is a function of its arguments, so nothing is made that a query does not ask for. Not here: reading and
pricing queries (github/graphql).
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.shapes import LICENCES, WEB, node_id, read_node_id, stamp
from dagster_project.rehearsal.github.source import Account, Commit, GitHubSource, Release, Repo

Tree = dict[str, Any]
MOST_IDS = 100
CURSOR = "cursor:v2:"
NOT_FOUND = {"type": "NOT_FOUND"}


class Roots:
    """What a query can begin with, at one moment and for one caller."""

    def __init__(
        self, source: GitHubSource, now: int, *, is_app: bool, options: GitHubOptions, limits: Mapping[str, int]
    ) -> None:
        self._source, self._now, self._is_app, self._options, self._limits = source, now, is_app, options, limits

    def fields(self) -> Tree:
        """Give the fields of Query."""
        return {
            "repository": self._repository,
            "node": lambda _info, id: self._node(id),
            "nodes": self._nodes,
            "user": lambda _info, login: self._account("User", login),
            "organization": lambda _info, login: self._account("Organization", login),
            "repositoryOwner": lambda _info, login: self._owner(login),
            "rateLimit": lambda _info, **_: {**self._limits, "resetAt": stamp(self._limits["reset"])},
        }

    def _repository(self, _info: GraphQLResolveInfo, owner: str, name: str, followRenames: bool = True) -> Tree:  # noqa: N803 - GraphQL's name
        found = self._source.find(owner, name, self._now)
        repo = self._source.repo(found[0], self._now) if found and (followRenames or not found[1]) else None
        if repo is None:
            text = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise GraphQLError(text, extensions=NOT_FOUND)
        return self.repo(repo)

    def _nodes(self, _info: GraphQLResolveInfo, ids: Sequence[str]) -> list[Tree | GraphQLError]:
        if len(ids) > MOST_IDS:
            text = f"You may not provide more than {MOST_IDS} ids; you provided {len(ids)}."
            raise GraphQLError(text, extensions={"type": "ARGUMENT_LIMIT"})
        found: list[Tree | GraphQLError] = []
        for one in ids:
            try:
                found.append(self._node(one))
            except GraphQLError as error:
                found.append(error)
        return found

    def _node(self, given: str) -> Tree:
        kind, number = read_node_id(given) or ("", 0)
        if kind == "Repository":
            place = self._source.number(number)
            repo = None if place is None else self._source.repo(place, self._now)
            if repo is not None:
                return self.repo(repo)
        account = self._source.account_by_id(number, self._now) if kind else None
        if account is None or account.kind != kind:
            raise GraphQLError(f"Could not resolve to a node with the global id of '{given}'.", extensions=NOT_FOUND)
        return self.account(account)

    def _account(self, kind: str, login: str) -> Tree:
        account = self._source.account(login, self._now)
        if account is None or account.kind != kind:
            article = "an" if kind == "Organization" else "a"
            raise GraphQLError(
                f"Could not resolve to {article} {kind} with the login of '{login}'.", extensions=NOT_FOUND
            )
        return self.account(account)

    def _owner(self, login: str) -> Tree | None:
        account = self._source.account(login, self._now)
        return self.account(account) if account and account.kind != "Bot" else None

    # Accounts

    def account(self, account: Account) -> Tree:
        """Give a user, an organisation or a bot."""
        return {
            "__typename": account.kind,
            "id": node_id(account.kind, account.id),
            "databaseId": account.id,
            "login": account.login,
            "url": f"{WEB}/{account.login}",
            "name": account.name,
            "email": "",
            "company": account.company,
            "location": account.location,
            "createdAt": stamp(account.created),
            "updatedAt": stamp(account.updated),
            "organizations": lambda _info, **page: connection(
                [self.account(org) for org in self._source.organisations(account.id, self._now)], page
            ),
            "repositories": lambda _info, **page: self._repositories(account, page),
        }

    def _repositories(self, account: Account, page: Tree) -> Tree:
        given = (self._source.repo(number, self._now) for number in self._source.repos_of(account.id, self._now))
        wanted = page.get("isFork")
        repos = [r for r in given if r is not None and r.access == "open" and wanted in {None, r.is_fork}]
        keys: dict[str, Callable[[Repo], Any]] = {
            "CREATED_AT": lambda repo: repo.created,
            "UPDATED_AT": lambda repo: repo.updated,
            "PUSHED_AT": lambda repo: repo.pushed,
            "NAME": lambda repo: repo.name.lower(),
            "STARGAZERS": lambda repo: repo.stars,
        }
        order = page.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
        repos.sort(key=keys[order["field"]], reverse=order["direction"] == "DESC")
        return connection(_Lazy(len(repos), lambda place: self.repo(repos[place])), page)

    # Repositories

    def repo(self, repo: Repo) -> Tree:
        """Give a repository. Raises GraphQLError for a blocked one."""
        if repo.access != "open":
            raise GraphQLError("Repository access blocked", extensions={"type": "FORBIDDEN"})
        key = repo.licence if repo.licence in LICENCES else "other"
        licence = {"key": key, "name": LICENCES[key][0], "spdxId": LICENCES[key][1]}
        return {
            "__typename": "Repository",
            "id": node_id("Repository", repo.id),
            "databaseId": repo.id,
            "fullDatabaseId": str(repo.id),
            "name": repo.name,
            "nameWithOwner": repo.full_name,
            "owner": lambda _info: self.account(repo.owner),
            "description": repo.description,
            "url": f"{WEB}/{repo.full_name}",
            "homepageUrl": repo.homepage,
            "createdAt": stamp(repo.created),
            "updatedAt": stamp(repo.updated),
            "pushedAt": stamp(repo.pushed),
            "isArchived": repo.is_archived,
            "isDisabled": repo.is_disabled,
            "isEmpty": repo.is_empty,
            "isFork": repo.is_fork,
            "isPrivate": False,
            "diskUsage": repo.size_kb,
            "stargazerCount": repo.stars,
            "forkCount": repo.forks,
            "licenseInfo": licence if repo.licence else None,
            "primaryLanguage": {"name": repo.language, "color": None} if repo.language else None,
            **self._connections(repo),
        }

    def _connections(self, repo: Repo) -> Tree:
        now, source = self._now, self._source
        issues = {"OPEN": repo.open_issues, "CLOSED": repo.closed_issues}
        pulls = {"OPEN": repo.open_pulls, "CLOSED": 0, "MERGED": repo.closed_pulls}
        return {
            "defaultBranchRef": lambda _info: self._branch(repo),
            "watchers": lambda _info, **page: connection(_Hidden(repo.watchers), page),
            "stargazers": lambda _info, **page: self._stargazers(repo, page),
            "mentionableUsers": lambda _info, **page: connection(self._mentionable(repo), page),
            "languages": lambda _info, **page: _languages(repo, page),
            "releases": lambda _info, **page: connection(_ordered(source.releases(repo.number, now), page), page),
            "repositoryTopics": lambda _info, **page: connection([{"topic": {"name": t}} for t in repo.topics], page),
            "issues": lambda _info, **page: connection(_Hidden(_of_states(issues, page)), page),
            "pullRequests": lambda _info, **page: connection(_Hidden(_of_states(pulls, page)), page),
        }

    def _stargazers(self, repo: Repo, page: Tree) -> Tree:
        """Give nobody, without an error, to a person's token; an App's is refused aloud."""
        if self._is_app:
            raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
        if not {repo.full_name.lower(), "*"} & self._options.collaborator_on:
            return connection(_Hidden(repo.stars), page)
        first, days = self._source.stars(repo.number, self._now)
        given = [first + day * 86_400 for day, count in enumerate(days) for _ in range(count)]

        def row(place: int) -> Tree:
            return self.account(self._source.stargazer(repo.number, place, self._now))

        found = connection(_Lazy(len(given), row), page)
        starts = {edge["cursor"]: given[_place(edge["cursor"])] for edge in found["edges"]}
        edges = [{**edge, "starredAt": stamp(max(repo.created, starts[edge["cursor"]]))} for edge in found["edges"]]
        return {**found, "edges": edges}

    def _mentionable(self, repo: Repo) -> list[Tree]:
        authors = [author for author, _ in self._source.contributors(repo.number, self._now)]
        return [self.account(author.account) for author in authors if author.account and author.account.kind == "User"]

    def _branch(self, repo: Repo) -> Tree | None:
        places = self._source.commits(repo.number, 0, self._now + 1)
        if repo.is_empty:
            return None
        target = self._commit(self._source.commit(repo.number, places[-1], self._now), repo) if places else None
        return {"name": repo.default_branch, "target": target}

    def _commit(self, commit: Commit, repo: Repo) -> Tree:
        account = commit.author.account
        user = self.account(account) if account and account.kind == "User" else None
        zone = timezone(timedelta(seconds=commit.offset))
        date = datetime.fromtimestamp(commit.at, zone).isoformat()
        return {
            "__typename": "Commit",
            "oid": commit.sha,
            "committedDate": stamp(commit.at),
            "authoredDate": stamp(commit.at),
            "message": commit.message,
            "author": {"name": commit.author.name, "email": commit.author.email, "date": date, "user": user},
            "history": lambda _info, **page: self._history(repo, page),
        }

    def _history(self, repo: Repo, page: Tree) -> Tree:
        until = min(_second(page.get("until"), self._now) + 1, self._now + 1)
        found = self._source.commits(repo.number, _second(page.get("since"), 0), until)

        def row(place: int) -> Tree:
            return self._commit(self._source.commit(repo.number, found[-1 - place], self._now), repo)

        return connection(_Lazy(len(found), row), page)


class _Lazy(Sequence[Tree]):
    """Rows that are made when asked for."""

    def __init__(self, size: int, row: Callable[[int], Tree]) -> None:
        self._places, self._row = range(size), row

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, place: Any) -> Any:
        return [self._row(n) for n in self._places[place]] if isinstance(place, slice) else self._row(place)


class _Hidden(_Lazy):
    """Rows that are counted but not shown."""

    def __init__(self, size: int) -> None:
        super().__init__(size, lambda _: {})

    def __getitem__(self, place: Any) -> Any:
        return []


def connection(rows: Sequence[Tree], page: Mapping[str, Any]) -> Tree:
    """Give a part of the rows: the first ones after a cursor, or the last ones before one; without a size the count only."""
    low = _place(page["after"]) + 1 if page.get("after") else 0
    high = min(_place(page["before"]), len(rows)) if page.get("before") else len(rows)
    if page.get("first") is not None:
        high = min(high, low + page["first"])
    elif page.get("last") is not None:
        low = max(low, high - page["last"])
    else:
        high = low
    shown = rows[low:high]
    edges = [{"node": row, "cursor": _cursor(low + n), **row.get("__edge", {})} for n, row in enumerate(shown)]
    pages = {
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
        "hasNextPage": bool(edges) and high < len(rows),
        "hasPreviousPage": bool(edges) and low > 0,
    }
    return {"totalCount": len(rows), "nodes": shown, "edges": edges, "pageInfo": pages}


def _cursor(place: int) -> str:
    return base64.b64encode(f"{CURSOR}{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix(CURSOR))
    except ValueError as error:
        text = f"`{cursor}` does not appear to be a valid cursor."
        raise GraphQLError(text, extensions={"type": "INVALID_CURSOR_ARGUMENTS"}) from error


def _languages(repo: Repo, page: Mapping[str, Any]) -> Tree:
    sizes = sorted((repo.languages or {}).items(), key=lambda entry: -entry[1])
    if (page.get("orderBy") or {}).get("direction") == "ASC":
        sizes.reverse()
    rows = [{"name": name, "color": None, "__edge": {"size": size}} for name, size in sizes]
    return {**connection(rows, page), "totalSize": sum(size for _, size in sizes)}


def _ordered(releases: Sequence[Release], page: Mapping[str, Any]) -> list[Tree]:
    """Give releases newest first, as the API does without an order, or as asked."""
    order = page.get("orderBy") or {"field": "CREATED_AT", "direction": "DESC"}
    key: Callable[[Release], Any] = (lambda one: one.tag) if order["field"] == "NAME" else (lambda one: one.created)
    return [
        {
            "databaseId": one.id,
            "tagName": one.tag,
            "name": f"Rehearsal {one.tag}",
            "createdAt": stamp(one.created),
            "publishedAt": stamp(one.published),
            "isPrerelease": one.is_prerelease,
            "isDraft": False,
        }
        for one in sorted(releases, key=key, reverse=order["direction"] == "DESC")
    ]


def _of_states(counts: Mapping[str, int], page: Mapping[str, Any]) -> int:
    states = page.get("states")
    return sum(count for state, count in counts.items() if not states or state in states)


def _second(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise GraphQLError(f"'{text}' is not a valid GitTimestamp") from error
    return math.ceil((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
