"""One client for GitHub's two APIs: deadlines, two budgets, three kinds of limits, redirects, conditional questions, partial answers.

It speaks through PyGithub's requester, on a connection of ours: there, a 202 is asked again for ever, a redirect loses its
query, a limit may sleep for an hour, a GraphQL answer with one error is thrown away whole, and no deadline covers an answer.
Not here: what an answer means (repositories, stars, people), where it is kept (snapshots).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import msgspec
import requests
import urllib3
from github import Auth, Github
from github.Requester import HTTPSRequestsConnectionClass, RequestsResponse
from requests.structures import CaseInsensitiveDict

from dagster_project.errors import PauseError, SourceError, UsageError
from dagster_project.settings import Settings, is_loopback
from dagster_project.sources.pages import (
    AccessRefusedError,
    Page,
    UnreadableAnswerError,
    refuse_no_patience,
    refuse_wrong_clock,
)

USER_AGENT = "leadershift"
API_VERSION = "2022-11-28"
# GitHub asks for serial requests and at most 900 a minute; PyGithub's own pace. The pretend GitHub needs no mercy.
SECONDS_BETWEEN_REQUESTS = 0.25
CHUNK_BYTES = 64 * 1024
MEBIBYTE = 2**20
LONGEST_BACKOFF_SECONDS = 60.0
# GitHub's advice for a secondary limit that names no time: a minute at least, then twice that.
FIRST_SECONDARY_WAIT_SECONDS = 60.0
# While GitHub computes it answers 202, for some repositories for ever.
COMPUTING_WAIT_SECONDS = 2.0
MOST_REDIRECTS = 3
WINDOW = timedelta(hours=1)
CORE, GRAPHQL = "core", "graphql"
_LIMITED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_MOVED = frozenset({301, 302, 307, 308})
_FAILED = frozenset({408, 425, 500, 502, 503, 504})
_SECONDARY_WORDS = ("secondary rate limit", "abuse detection")


@dataclass(frozen=True)
class Limits:
    """What a question and a run may cost. Seconds are wall time.

    `patience_seconds` bounds all waits of one question for which GitHub named a time or a limit, `blind_patience_seconds`
    the retries of a broken one, `computing_seconds` the 202s. `reserved_share` of each hourly budget is left to others on
    the token. `requests` and `points` bound the whole run.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    answer_seconds: float = 60.0
    answer_bytes: int = 32 * MEBIBYTE
    patience_seconds: float = 300.0
    blind_patience_seconds: float = 60.0
    computing_seconds: float = 20.0
    reserved_share: float = 0.05
    requests: int | None = None
    points: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.reserved_share < 1:
            raise UsageError(f"A reserved share of {self.reserved_share} can't be: say at least 0 and less than 1.")
        refuse_no_patience(self.patience_seconds)


USUAL = Limits()


@dataclass(frozen=True)
class Answer:
    """What GitHub said. `data` is the decoded JSON, None for 204 (nothing) and 304 (as you have it); `path` is where it lay."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: Any
    path: str
    received_at: datetime

    @property
    def etag(self) -> str | None:
        """Give the tag with which the same question can be asked conditionally."""
        return self.headers.get("etag")


class UnansweredError(SourceError):
    """GitHub won't answer this question, and asking again won't help; others it may answer."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"HTTP {status}: {said}")
        self.status = status
        self.said = said


class GoneError(UnansweredError):
    """404 or 410: nothing is there, or nothing for us."""


class BlockedError(UnansweredError):
    """451, or 403 with the words for it: GitHub shows it to nobody."""


class NotReadyError(SourceError):
    """202 for longer than is worth waiting: GitHub is still computing the answer, or always will be."""


class GraphQLRefusedError(SourceError):
    """The query as a whole was refused or lost: there is no data. Carries the errors; a smaller query may work."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"GraphQL: {errors[0].get('message', 'no reason given')}" if errors else "GraphQL: no data")
        self.errors = errors


@dataclass(frozen=True)
class _Question:
    """What is asked: a GET of REST, or with `query` a POST of GraphQL. Not `is_retried`: a broken answer is not asked for again."""

    path: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] | None = None
    is_retried: bool = True

    @property
    def resource(self) -> str:
        return CORE if self.query is None else GRAPHQL


@dataclass(frozen=True)
class _Received:
    """An answer off the wire: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _SetAsideError(Exception):
    """An answer that PyGithub must not see, because it would act on it by itself."""

    def __init__(self, received: _Received) -> None:
        super().__init__(f"HTTP {received.status}")
        self.received = received


class _RetryableError(Exception):
    """An answer that another try may mend. `wait` in seconds, if known; `limit` names the limit that asks for it."""

    def __init__(
        self, reason: str, *, wait: float | None = None, limit: str | None = None, body: bytes | None = None
    ) -> None:
        super().__init__(reason)
        self.wait = wait
        self.limit = limit
        self.body = body


class _Text(RequestsResponse):
    """What PyGithub reads of an answer that was received within the limits."""

    def __init__(self, received: _Received) -> None:
        self.status = received.status
        self.headers = CaseInsensitiveDict(received.headers)
        self._body = received.body

    def read(self) -> str:
        return self._body.decode("utf-8")


class _Https(HTTPSRequestsConnectionClass):
    """PyGithub's connection, but one that reads with a deadline and a cap and keeps 202 and redirects from PyGithub."""

    scheme = "https://"
    limits: Limits
    monotonic: Callable[[], float]

    def getresponse(self) -> RequestsResponse:
        received = self._receive()
        if received.status == HTTPStatus.ACCEPTED or received.status in _MOVED:
            raise _SetAsideError(received)
        return _Text(received)

    def _receive(self) -> _Received:
        limits, deadline = self.limits, self.monotonic() + self.limits.answer_seconds
        body = bytearray()
        with self.session.request(
            self.verb,
            f"{self.protocol}://{self.host}:{self.port}{self.url}",
            headers=self.headers,
            data=self.input,
            timeout=(limits.connect_seconds, limits.read_seconds),
            verify=self.verify,
            allow_redirects=False,
            stream=True,
        ) as answer:
            # As it comes off the wire: read() waits until its chunk is full, and a drip would never meet the deadline.
            while chunk := answer.raw.read1(CHUNK_BYTES, decode_content=True):
                body += chunk
                if len(body) > limits.answer_bytes:
                    raise SourceError(
                        f"the answer is larger than the cap of {limits.answer_bytes:,} bytes and was refused"
                    )
                if self.monotonic() > deadline:
                    raise _RetryableError(
                        f"the answer took longer than {limits.answer_seconds:.0f} s ({len(body):,} bytes came)"
                    )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return _Received(answer.status_code, headers, bytes(body))


class _Http(_Https):
    """The same in clear, for loopback: settings refuse it for any other address."""

    def __init__(self, host: str, port: int | None, **more: Any) -> None:
        super().__init__(host, port or 80, **more)
        self.protocol = "http"
        self.session.mount("http://", self.adapter)


@dataclass(frozen=True)
class _Window:
    """What was left of an hourly budget at the last answer, and when it starts anew by our clock."""

    limit: int
    remaining: int
    reset_at: datetime


class Client:
    """Asks GitHub, serially. `clock`, `sleep` and `monotonic` are arguments so that tests need not wait; `say` reports each wait.

    Counts `requests` (REST) and `points` (GraphQL) as far as GitHub counts them, retries included.
    """

    def __init__(
        self,
        settings: Settings,
        limits: Limits = USUAL,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.url, self.limits, self.say = settings.github_api_url, limits, say
        self.has_token = settings.github_token is not None
        self.requests = self.points = 0
        self._clock, self._sleep, self._monotonic = settings.now, sleep, monotonic
        self._windows: dict[str, _Window] = {}
        self._is_clock_trusted = False
        pace = 0.0 if is_loopback(self.url) else SECONDS_BETWEEN_REQUESTS
        self._requester = Github(
            base_url=self.url,
            auth=Auth.Token(settings.github_token) if settings.github_token else None,
            user_agent=USER_AGENT,
            api_version=API_VERSION,
            retry=0,
            seconds_between_requests=pace,
            seconds_between_writes=pace,
        ).requester
        parts = urlsplit(self.url)
        kind = _Https if parts.scheme == "https" else _Http
        self._connection = kind(parts.hostname or "", parts.port, retry=0, pool_size=1)
        self._connection.limits, self._connection.monotonic = limits, monotonic

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None, etag: str | None = None) -> Answer:
        """GET a path of the API and give its JSON; with an `etag`, data None and status 304 if nothing changed.

        A redirect within GitHub is followed with the whole question. Raises GoneError, BlockedError or UnansweredError for
        what has no answer, NotReadyError, AccessRefusedError for a bad token, PauseError with the time at which a budget
        starts anew, UnreadableAnswerError for what is no JSON, SourceError when patience runs out.
        """
        question = _Question(path, dict(parameters or {}), {"If-None-Match": etag} if etag else {})
        for _hop in range(MOST_REDIRECTS + 1):
            received = self._patiently(question)
            if received.status not in _MOVED:
                data = msgspec.json.decode(received.body) if received.status == HTTPStatus.OK else None
                return Answer(received.status, received.headers, data, question.path, self._clock())
            question = self._moved(question, received)
        raise SourceError(f"more than {MOST_REDIRECTS} redirects, the last to {question.path}")

    def graphql(
        self, query: str, variables: Mapping[str, Any] | None = None, *, is_retried: bool = True
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Run a query and give its data with the errors beside it: what is there of a partial answer is kept.

        The query must ask `rateLimit { cost remaining limit resetAt }` for its points to be counted as GitHub counts them;
        otherwise it counts as one. Not `is_retried`, a broken answer is an error at once: the caller asks for less, because a
        query that took too long costs points each time. Raises GraphQLRefusedError without any data, and as `get` does.
        """
        asked = {"query": query, "variables": dict(variables or {})}
        # An address of GitHub Enterprise has it beside the REST API, not below.
        received = self._patiently(_Question(self._requester.graphql_url, query=asked, is_retried=is_retried))
        content = msgspec.json.decode(received.body)
        data, errors = content.get("data"), content.get("errors") or []
        if not isinstance(data, dict):
            raise GraphQLRefusedError(errors)
        cost = (data.get("rateLimit") or {}).get("cost")
        self.points += cost - 1 if isinstance(cost, int) else 0
        return data, errors

    def left(self, resource: str = CORE) -> int | None:
        """Give how much of this hour's budget is left above the reserve; None before the first answer."""
        window = self._window(resource)
        return None if window is None else max(0, window.remaining - self._reserve(window))

    def share_left(self, resource: str = CORE) -> float:
        """Give the share of this hour's whole budget that nobody has used; 1 before the first answer."""
        window = self._window(resource)
        return 1.0 if window is None else window.remaining / max(1, window.limit)

    def resumes_at(self, resource: str = CORE) -> datetime:
        """Give when this hour's budget starts anew."""
        window = self._window(resource)
        return window.reset_at if window else self._clock() + WINDOW

    # Asking with patience

    def _patiently(self, question: _Question) -> _Received:
        """Try until there is an answer or patience runs out. No wait is longer than what is left of the patience."""
        started, waited, backoff, secondary = self._monotonic(), 0.0, 1.0, FIRST_SECONDARY_WAIT_SECONDS
        while True:
            self._respect_budget(question.resource)
            try:
                return self._attempt(question)
            except _RetryableError as failure:
                wait = failure.wait
                if wait is None:
                    wait = secondary if failure.limit else backoff
                spent = max(waited, self._monotonic() - started)
                if spent + wait > self._patience(failure, question):
                    raise self._given_up(failure, wait, spent) from failure
                self.say(f"GitHub: {failure}; trying again in {wait:.0f} s")
                self._sleep(wait)
                waited += wait
                if failure.limit:
                    secondary *= 2
                else:
                    backoff = min(LONGEST_BACKOFF_SECONDS, backoff * 2)

    def _patience(self, failure: _RetryableError, question: _Question) -> float:
        if isinstance(failure, _ComputingError):
            return self.limits.computing_seconds
        if failure.limit:
            return self.limits.patience_seconds
        return self.limits.blind_patience_seconds if question.is_retried else 0.0

    def _given_up(self, failure: _RetryableError, wait: float, spent: float) -> SourceError:
        if failure.limit:
            return PauseError(
                f"{failure.limit}: GitHub asks for {wait:,.0f} s", self._clock() + timedelta(seconds=wait)
            )
        if isinstance(failure, _ComputingError):
            return NotReadyError(f"{failure} (asked for {spent:.0f} s)")
        words = f"{failure} (tried for {spent:.0f} s)"
        return SourceError(words) if failure.body is None else UnreadableAnswerError(words, failure.body)

    def _respect_budget(self, resource: str) -> None:
        """Raise PauseError, or wait if that is short, when this run's or this hour's budget is used up."""
        window = self._window(resource)
        spent, most = (self.requests, self.limits.requests) if resource == CORE else (self.points, self.limits.points)
        if most is not None and spent >= most:
            raise PauseError(f"this run's budget of {most:,} {_unit(resource)} is used up", self.resumes_at(resource))
        if window is None or window.remaining > self._reserve(window):
            return
        wait = (window.reset_at - self._clock()).total_seconds() + 1
        words = f"{window.remaining:,} of {window.limit:,} {_unit(resource)} are left, and those are reserved"
        if wait > self.limits.patience_seconds:
            raise PauseError(words, window.reset_at)
        self.say(f"GitHub: {words}; waiting {wait:.0f} s for the next hour's")
        self._sleep(wait)
        self._windows.pop(resource)

    def _window(self, resource: str) -> _Window | None:
        """Give the running window; one that has ended says nothing about the next."""
        window = self._windows.get(resource)
        return window if window and window.reset_at > self._clock() else None

    def _reserve(self, window: _Window) -> int:
        return math.ceil(window.limit * self.limits.reserved_share)

    # One attempt

    def _attempt(self, question: _Question) -> _Received:
        try:
            status, told, text = self._requester.requestJson(
                "GET" if question.query is None else "POST",
                question.path,
                dict(question.parameters),
                dict(question.headers),
                question.query,
                cnx=self._connection,
            )
            received = _Received(status, told, text.encode())
        except _SetAsideError as aside:
            received = aside.received
        except UnicodeDecodeError as error:
            raise _RetryableError(f"the answer is no text ({error.reason})", body=error.object) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _RetryableError(self._in_words(error)) from error
        self._count(received, question.resource)
        self._trust_clock(received)
        self._refuse(received, question.resource)
        return received

    def _count(self, received: _Received, resource: str) -> None:
        """Count the request (a 304 is free) and note what is left of the hour."""
        if resource == GRAPHQL:
            self.points += 1
        elif received.status != HTTPStatus.NOT_MODIFIED:
            self.requests += 1
        told = [_number(received.headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")]
        limit, remaining, reset = told
        if limit is None or remaining is None or reset is None:
            return
        # Counted from GitHub's own clock: ours may go wrong by minutes.
        ahead = max(0.0, reset - _server_now(received, self._clock()).timestamp())
        name = received.headers.get("x-ratelimit-resource", resource)
        self._windows[name] = _Window(limit, remaining, self._clock() + timedelta(seconds=ahead))

    def _trust_clock(self, received: _Received) -> None:
        """Refuse, at the first answer, a clock of ours that would put a capture into a wrong week."""
        if not self._is_clock_trusted:
            refuse_wrong_clock(Page(1, self.url, b"", 0, None, self._clock(), received.headers))
            self._is_clock_trusted = True

    def _refuse(self, received: _Received, resource: str) -> None:
        """Raise for every answer that is none, as what it is."""
        status = received.status
        if status == HTTPStatus.ACCEPTED:
            raise _ComputingError("GitHub is still computing the answer (HTTP 202)", wait=COMPUTING_WAIT_SECONDS)
        if status == HTTPStatus.OK and resource == GRAPHQL:
            self._refuse_graphql(received)
        elif status == HTTPStatus.OK:
            self._check_json(received)
        elif status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED} or (status in _MOVED and resource == CORE):
            return
        elif status in _FAILED:
            raise _RetryableError(f"HTTP {status}", wait=_retry_after(received))
        else:
            self._refuse_status(received)

    def _refuse_status(self, received: _Received) -> None:
        status, said = received.status, _message(received)
        if status == HTTPStatus.UNAUTHORIZED:
            raise AccessRefusedError(f"GitHub refuses us (HTTP 401): {said}. Check GITHUB_TOKEN")
        if status in _LIMITED:
            self._refuse_limited(received, said)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise GoneError(status, said)
        if status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS or "access blocked" in said.lower():
            raise BlockedError(status, said)
        raise UnansweredError(status, said)

    def _refuse_limited(self, received: _Received, said: str) -> None:
        """Raise for the two limits that 403 and 429 may mean; a 403 may mean other things as well."""
        after = _retry_after(received)
        is_secondary = any(words in said.lower() for words in _SECONDARY_WORDS)
        if received.headers.get("x-ratelimit-remaining") == "0" and not is_secondary and after is None:
            window = self._windows.get(received.headers.get("x-ratelimit-resource", CORE))
            wait = (window.reset_at - self._clock()).total_seconds() + 1 if window else None
            # The window is what we wait for ourselves, so that the next try is not stopped by it.
            self._windows.pop(received.headers.get("x-ratelimit-resource", CORE), None)
            raise _RetryableError(f"HTTP {received.status}", wait=wait, limit="the hourly quota is used up")
        if is_secondary or after is not None or received.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _RetryableError(f"HTTP {received.status}", wait=after, limit="GitHub's secondary limit was met")

    def _refuse_graphql(self, received: _Received) -> None:
        self._check_json(received)
        content = msgspec.json.decode(received.body)
        if not isinstance(content, dict) or not ({"data", "errors", "message"} & content.keys()):
            raise _RetryableError("HTTP 200, but the body is no GraphQL answer", body=received.body)
        # A secondary limit comes as an error of REST.
        errors = content.get("errors") or ([content] if "message" in content else [])
        if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
            raise _RetryableError("HTTP 200, but the body has no list of errors", body=received.body)
        if any(error.get("type") == "RATE_LIMITED" for error in errors):
            window = self._windows.pop(GRAPHQL, None)
            wait = (window.reset_at - self._clock()).total_seconds() + 1 if window else None
            raise _RetryableError("RATE_LIMITED", wait=wait, limit="the hourly quota of points is used up")
        said = " ".join(str(error.get("message", "")) for error in errors).lower()
        if not isinstance(content.get("data"), dict) and any(words in said for words in _SECONDARY_WORDS):
            wait = _retry_after(received)
            raise _RetryableError("HTTP 200", wait=wait, limit="GitHub's secondary limit was met")

    @staticmethod
    def _check_json(received: _Received) -> None:
        try:
            msgspec.json.decode(received.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise _RetryableError(f"HTTP 200, but the body is no JSON ({error})", body=received.body) from error

    def _moved(self, question: _Question, received: _Received) -> _Question:
        """Ask the same at the place a redirect names. Raises SourceError for another server: our token stays at home."""
        target = urljoin(f"{self.url}{question.path}", received.headers.get("location", ""))
        parameters = {**question.parameters, **dict(parse_qsl(urlsplit(target).query))}
        return replace(question, path=self._own_path(target), parameters=parameters)

    def _own_path(self, url: str) -> str:
        """Give the path below the API's address. Raises SourceError for an address elsewhere."""
        here, there = urlsplit(self.url), urlsplit(url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc) or not there.path.startswith(here.path):
            raise SourceError(
                f"GitHub sent us to another server ({there.scheme}://{there.netloc}); it was not followed"
            )
        return there.path.removeprefix(here.path)

    def next_page(self, answer: Answer) -> int | None:
        """Give the number of the page that an answer names as the next one; the address itself is never followed.

        Raises SourceError when it lies on another server.
        """
        link = answer.headers.get("link", "")
        for part in requests.utils.parse_header_links(link) if link else ():
            if part.get("rel") == "next":
                self._own_path(part["url"])
                named = parse_qs(urlsplit(part["url"]).query).get("page", [""])[0]
                return _number(named)
        return None

    def _in_words(self, error: Exception) -> str:
        host = urlsplit(self.url).netloc
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            return f"{host} fell silent"
        if isinstance(error, requests.ConnectionError):
            return f"{host} can't be reached, or broke the connection"
        return f"the answer of {host} broke off ({type(error).__name__})"


class _ComputingError(_RetryableError):
    """202: the answer is being computed."""


def _unit(resource: str) -> str:
    return "points" if resource == GRAPHQL else "requests"


def _number(text: str | None) -> int | None:
    """Read a whole number. Some proxies send 5000.0."""
    try:
        return None if text is None else int(float(text))
    except (ValueError, OverflowError):
        return None


def _server_now(received: _Received, otherwise: datetime) -> datetime:
    try:
        return parsedate_to_datetime(received.headers.get("date", "")).replace(tzinfo=UTC)
    except ValueError:
        return otherwise


def _retry_after(received: _Received) -> float | None:
    asked = _number(received.headers.get("retry-after"))
    return None if asked is None else max(0, asked) + 1.0


def _message(received: _Received) -> str:
    """Give GitHub's own words, or the beginning of whatever came."""
    try:
        content = msgspec.json.decode(received.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        content = None
    said = content.get("message") if isinstance(content, dict) else None
    return str(said)[:200] if said else received.body[:200].decode("utf-8", "replace").strip()
