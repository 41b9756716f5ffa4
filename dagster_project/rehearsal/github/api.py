"""GitHub's REST API as it behaves: repositories, contributors, releases, star history, accounts; pages and refusals.

Here: what a GET means and which JSON answers it. Not here: where repositories come from (github/source and who fills it),
the JSON's shape (github/shapes), GraphQL (github/graphql), quotas, tokens and conditional requests (github/service).
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

import msgspec

from dagster_project.rehearsal.github import shapes
from dagster_project.rehearsal.github.request import (
    DOCUMENTATION,
    NEW_VERSION,
    GitHubError,
    GitHubOptions,
    GitHubRequest,
    finished,
    not_found,
)
from dagster_project.rehearsal.github.shapes import Item
from dagster_project.rehearsal.github.source import Account, GitHubSource, Repo
from dagster_project.rehearsal.hub.api import Reply

Given = TypeVar("Given")
STAR_MEDIA = ("application/vnd.github.star+json", "application/vnd.github.v3.star+json")
DEFAULT_PAGE_ROWS, MOST_PAGE_ROWS, MOST_ROWS = 30, 100, 40_000
MOST_DIGITS = 9
LINKED_AUTHORS = 500
"""Only so many authors of a repository are shown as accounts."""
STATISTICS_AUTHORS = 100
HISTORY_WEEKS_A_PAGE, HISTORY_PAGES = 30, 100
DAY_SECONDS, WEEK_DAYS = 86_400, 7
SUNDAY_BEFORE_1970 = 4
"""Days from the Sunday before to 1970-01-01."""
TRUE = ("1", "true")
PAGES_LIMITED = "In order to keep the API fast for everyone, pagination is limited for this resource."
TOO_LARGE = "The history or contributor list is too large to list contributors for this repository via the API."


class GitHub:
    """The API over one source. Answers are pure functions of request and moment, but for statistics, which take time."""

    def __init__(self, source: GitHubSource, options: GitHubOptions) -> None:
        self.source, self.options = source, options
        self._lock = threading.Lock()
        self._asked: Counter[tuple[int, int]] = Counter()

    def answer(self, request: GitHubRequest, now: datetime) -> Reply:
        """Answer a GET as GitHub would at that moment."""
        try:
            reply = self._route(request, int(now.timestamp()))
        except GitHubError as refusal:
            reply = refusal.reply()
        is_star = reply.status == 200 and any(media in request.accept for media in STAR_MEDIA)  # noqa: PLR2004 - HTTP OK
        return finished(reply, "github.v3; param=star; format=json" if is_star else "github.v3; format=json")

    def _route(self, request: GitHubRequest, now: int) -> Reply:
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        match parts:
            case ["repos", owner, name, *rest]:
                return self._named_repo(request, owner, name, rest, now)
            case ["repositories", repo_id, *rest]:
                return self._repo(request, self._open(self.source.number(_whole(repo_id)), now), rest, now)
            case ["users" | "orgs", login, *rest]:
                return self._account(request, parts[0], _there(self.source.account(login, now)), rest, now)
            case ["user" | "organizations", account_id, *rest]:
                account = _there(self.source.account_by_id(_whole(account_id), now))
                return self._account(request, parts[0], account, rest, now)
        raise not_found()

    # Repositories

    def _named_repo(self, request: GitHubRequest, owner: str, name: str, rest: Sequence[str], now: int) -> Reply:
        found = self.source.find(owner, name, now)
        repo = self._open(found[0] if found else None, now)
        if found and found[1]:
            tail = "".join(f"/{part}" for part in rest)
            query = f"?{urlencode(request.params)}" if request.params else ""
            where = f"{request.base_url}/repositories/{repo.id}{tail}{query}"
            body = {"message": "Moved Permanently", "url": where, "documentation_url": DOCUMENTATION}
            return Reply(301, msgspec.json.encode(body), {"Location": where})
        return self._repo(request, repo, rest, now)

    def _open(self, number: int | None, now: int) -> Repo:
        """Give a repository that everybody may see, or refuse as GitHub does."""
        repo = None if number is None else self.source.repo(number, now)
        if repo is None:
            raise not_found()
        if repo.access != "open":
            reason = "dmca" if repo.access == "dmca" else "tos"
            block = {"reason": reason, "created_at": shapes.stamp(repo.updated), "html_url": f"{shapes.WEB}/{reason}"}
            raise GitHubError(451 if reason == "dmca" else 403, "Repository access blocked", block=block)
        return repo

    def _repo(self, request: GitHubRequest, repo: Repo, rest: Sequence[str], now: int) -> Reply:
        """Answer for one repository, or for what hangs on it."""
        base = request.base_url
        answers: dict[tuple[str, ...], Callable[[], Reply]] = {
            (): lambda: _json(self._versioned(shapes.full_repo(repo, base), request), repo.updated),
            ("contributors",): lambda: self._contributors(request, repo, now),
            ("releases",): lambda: self._releases(request, repo, now),
            ("languages",): lambda: _json(dict(repo.languages or {})),
            ("license",): lambda: _json(_there(shapes.licence_file(repo, base))),
            ("topics",): lambda: _json({"names": list(repo.topics)}),
            ("commits",): lambda: self._commits(request, repo, now),
            ("forks",): lambda: self._forks(request, repo, now),
            ("stats", "contributors"): lambda: self._statistics(request, repo, now),
            ("stargazers",): lambda: self._stargazers(request, repo, now),
            ("subscribers",): lambda: self._closed(request, repo),
            ("stargazers", "history"): lambda: self._history(request, repo, now),
        }
        answer = answers.get(tuple(rest))
        if answer is None:
            raise not_found()
        return answer()

    def _versioned(self, item: Item, request: GitHubRequest) -> Item:
        dropped = self.options.dropped_fields if request.version == NEW_VERSION else ()
        return {name: value for name, value in item.items() if name not in dropped}

    def _contributors(self, request: GitHubRequest, repo: Repo, now: int) -> Reply:
        if repo.is_too_large:
            raise GitHubError(403, TOO_LARGE)
        if repo.is_empty:
            return Reply(204, b"")
        is_anonymous_wanted = request.params.get("anon", "").lower() in TRUE
        ranked = enumerate(self.source.contributors(repo.number, now))
        rows = [
            (author, count, rank < LINKED_AUTHORS and author.account is not None) for rank, (author, count) in ranked
        ]
        rows = [row for row in rows if row[2] or is_anonymous_wanted]
        base = request.base_url
        return self._page(
            request,
            f"/repositories/{repo.id}/contributors",
            len(rows),
            lambda place: shapes.contributor(*rows[place][:2], base, is_linked=rows[place][2]),
            repo.pushed,
        )

    def _releases(self, request: GitHubRequest, repo: Repo, now: int) -> Reply:
        given = self.source.releases(repo.number, now)
        where = f"/repositories/{repo.id}/releases"
        return self._page(request, where, len(given), lambda n: shapes.release(given[n], repo, request.base_url))

    def _forks(self, request: GitHubRequest, repo: Repo, now: int) -> Reply:
        def row(place: int) -> Item:
            return shapes.fork(self.source.fork(repo.number, repo.forks - 1 - place, now), repo, request.base_url)

        return self._page(request, f"/repositories/{repo.id}/forks", repo.forks, row)

    def _commits(self, request: GitHubRequest, repo: Repo, now: int) -> Reply:
        if repo.is_empty:
            raise GitHubError(409, "Git Repository is empty.")
        until = min(_moment(request.params.get("until"), now) + 1, now + 1)
        found = self.source.commits(repo.number, _moment(request.params.get("since"), 0), until)

        def row(place: int) -> Item:
            return shapes.commit(self.source.commit(repo.number, found[-1 - place], now), repo, request.base_url)

        return self._page(request, f"/repositories/{repo.id}/commits", len(found), row, repo.pushed)

    def _statistics(self, request: GitHubRequest, repo: Repo, now: int) -> Reply:
        """Give each author's weeks, once the pretend computation is over; anew after each commit."""
        places = self.source.commits(repo.number, 0, now + 1)
        with self._lock:
            self._asked[repo.number, len(places)] += 1
            is_ready = self._asked[repo.number, len(places)] > self.options.statistics_after
        if repo.never_counts or not is_ready:
            return Reply(202, b"{}")
        weeks: dict[int, Counter[int]] = {}
        accounts: dict[int, Account] = {}
        for place in places:
            commit = self.source.commit(repo.number, place, now)
            if commit.author.account:
                accounts[commit.author.account.id] = commit.author.account
                weeks.setdefault(commit.author.account.id, Counter())[_sunday(commit.at)] += 1
        grid = range(_sunday(repo.created), _sunday(now) + 1, WEEK_DAYS * DAY_SECONDS)
        rows = [
            {
                "total": counts.total(),
                "weeks": [
                    {"w": week, "a": 30 * counts[week], "d": 9 * counts[week], "c": counts[week]} for week in grid
                ],
                "author": shapes.simple_user(accounts[who], request.base_url),
            }
            for who, counts in sorted(weeks.items(), key=lambda entry: entry[1].total())[-STATISTICS_AUTHORS:]
        ]
        return _json(rows)

    # Stars

    def _closed(self, request: GitHubRequest, repo: Repo) -> Reply:
        """Refuse a list that only collaborators may read."""
        how = self.options.closed_lists
        if how == "empty":
            return _json([])
        if how == "401" and not request.has_token:
            raise GitHubError(401, "Requires authentication")
        if how == "403":
            raise GitHubError(403, f"Must have push access to view the list of {repo.full_name}.")
        raise not_found()

    def _stargazers(self, request: GitHubRequest, repo: Repo, now: int) -> Reply:
        if not request.has_token or not {repo.full_name.lower(), "*"} & self.options.collaborator_on:
            return self._closed(request, repo)
        first, days = self.source.stars(repo.number, now)
        stars = [first + day * DAY_SECONDS for day, count in enumerate(days) for _ in range(count)]
        is_dated = any(media in request.accept for media in STAR_MEDIA)

        def row(place: int) -> Item:
            user = shapes.simple_user(self.source.stargazer(repo.number, place, now), request.base_url)
            return {"starred_at": shapes.stamp(max(stars[place], repo.created)), "user": user} if is_dated else user

        return self._page(request, f"/repositories/{repo.id}/stargazers", len(stars), row)

    def _history(self, request: GitHubRequest, repo: Repo, now: int) -> Reply:
        """Give weeks of the stars that are still there, newest first; days to come are 0."""
        asked = _positive(request.params.get("per_page"), HISTORY_WEEKS_A_PAGE)
        if asked > HISTORY_WEEKS_A_PAGE and self.options.history_rejects_big_pages:
            raise GitHubError(422, "Validation Failed", errors=[{"field": "per_page", "code": "invalid"}])
        per_page = min(asked, HISTORY_WEEKS_A_PAGE)
        first, days = self.source.stars(repo.number, now)
        day_of_1970, offset = divmod(first, DAY_SECONDS)
        lead = (day_of_1970 + SUNDAY_BEFORE_1970 - self.options.history_week_starts) % WEEK_DAYS
        weeks = math.ceil((lead + len(days)) / WEEK_DAYS)
        padded = [*[0] * lead, *days, *[0] * WEEK_DAYS]

        def row(place: int) -> Item:
            week = weeks - 1 - place
            seven = padded[week * WEEK_DAYS : (week + 1) * WEEK_DAYS]
            begin = (day_of_1970 - lead + week * WEEK_DAYS) * DAY_SECONDS + offset
            return {"week": begin, "total": sum(seven), "days": seven}

        if _positive(request.params.get("page"), 1) > HISTORY_PAGES:
            raise GitHubError(422, PAGES_LIMITED)
        where = f"/repositories/{repo.id}/stargazers/history"
        limited = replace(request, params={**request.params, "per_page": str(per_page)})
        reply = self._page(limited, where, weeks, row)
        return reply if self.options.history_has_links else replace(reply, headers={})

    # Accounts

    def _account(self, request: GitHubRequest, kind: str, account: Account, rest: Sequence[str], now: int) -> Reply:
        """Answer for an account: under /users anybody's, under /orgs an organisation's only."""
        is_org = kind in {"orgs", "organizations"}
        if rest not in ([], ["repos"]) or (is_org and account.kind != "Organization"):
            raise not_found()
        if rest:
            return self._owned(request, account, now)
        repos, shape = len(self.source.repos_of(account.id, now)), shapes.organisation if is_org else shapes.profile
        return _json(shape(account, repos, request.base_url), account.updated)

    def _owned(self, request: GitHubRequest, account: Account, now: int) -> Reply:
        """List an account's repositories: an organisation's newest first, a person's by name, or as asked."""
        is_org = account.kind == "Organization"
        given = (self.source.repo(number, now) for number in self.source.repos_of(account.id, now))
        repos = [repo for repo in given if repo is not None and repo.access == "open"]
        keys: dict[str, Callable[[Repo], Any]] = {
            "created": lambda repo: repo.created,
            "updated": lambda repo: repo.updated,
            "pushed": lambda repo: repo.pushed,
            "full_name": lambda repo: repo.full_name.lower(),
        }
        wanted = request.params.get("sort", "")
        sort = wanted if wanted in keys else "created" if is_org else "full_name"
        direction = request.params.get("direction", "asc" if sort == "full_name" else "desc")
        repos.sort(key=keys[sort], reverse=direction == "desc")
        kind = request.params.get("type", "all")
        repos = [repo for repo in repos if kind not in {"forks", "sources"} or repo.is_fork == (kind == "forks")]
        where = f"/{'organizations' if is_org else 'user'}/{account.id}/repos"
        return self._page(
            request,
            where,
            len(repos),
            lambda place: self._versioned(shapes.listed_repo(repos[place], request.base_url), request),
        )

    # Pages

    def _page(
        self, request: GitHubRequest, where: str, total: int, row: Callable[[int], Item], changed: int | None = None
    ) -> Reply:
        """Give one page of `total` rows with links to the others; the links name things by id, as GitHub's do."""
        per_page = min(_positive(request.params.get("per_page"), DEFAULT_PAGE_ROWS), MOST_PAGE_ROWS)
        page = _positive(request.params.get("page"), 1)
        if page * per_page > MOST_ROWS:
            raise GitHubError(422, PAGES_LIMITED)
        start = max(0, (page - 1) * per_page - request.overlap)
        rows = [row(place) for place in range(start, min(start + per_page, total))]
        last = max(1, math.ceil(total / per_page))
        pages = {"prev": min(page - 1, last), "next": page + 1, "last": last, "first": 1}
        shown = [rel for rel in pages if (page > 1 if rel in {"prev", "first"} else page < last)]
        kept = {name: value for name, value in request.params.items() if name != "page"}
        links = [f'<{request.base_url}{where}?{urlencode({**kept, "page": pages[rel]})}>; rel="{rel}"' for rel in shown]
        return _json(rows, changed, {"Link": ", ".join(links)} if links else {})


def _json(value: object, changed: int | None = None, headers: Mapping[str, str] = {}) -> Reply:
    dated = {} if changed is None else {"Last-Modified": formatdate(changed, usegmt=True)}
    return Reply(200, msgspec.json.encode(value), {**headers, **dated})


def _there(value: Given | None) -> Given:
    if value is None:
        raise not_found()
    return value


def _whole(text: str) -> int:
    """Read an id. Raises GitHubError (404) for what is none."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 2 * MOST_DIGITS:
        raise not_found()
    return int(text)


def _positive(text: str | None, default: int) -> int:
    """Read a page number or size as GitHub does: what is no positive number is as if absent."""
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return (int(text or 0) or default) if is_number else default


def _moment(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise GitHubError(422, f"Invalid date: {text[:40]}") from error
    return math.ceil((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _sunday(second: int) -> int:
    """Give the second at which the week of a moment begins, as GitHub's statistics count weeks."""
    day = second // DAY_SECONDS
    return (day - (day + SUNDAY_BEFORE_1970) % WEEK_DAYS) * DAY_SECONDS
