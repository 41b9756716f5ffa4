"""One client for GitHub's two APIs: patience, redirects within GitHub, partial answers.

It speaks through PyGithub's requester, on a connection of ours: there, a limit may sleep for an hour, a GraphQL answer with
one error is thrown away whole, and no deadline covers an answer.
Not here: the wire (github_connection), what kind of answer came (github_answers), what is left of an hour (github_budget),
what an answer means (repositories, stars, people), where it is kept (snapshots).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec
import requests
import urllib3
from github import Auth, Github

from dagster_project.errors import PauseError, SourceError
from dagster_project.settings import Settings, is_loopback
from dagster_project.sources.github_answers import ComputingError, GraphQLRefusedError, NotReadyError, refuse
from dagster_project.sources.github_budget import CORE, GRAPHQL, Budget
from dagster_project.sources.github_connection import (
    MOVED,
    USUAL,
    Limits,
    Received,
    RetryableError,
    SetAsideError,
    connection,
)
from dagster_project.sources.pages import Page, UnreadableAnswerError, refuse_wrong_clock

USER_AGENT = "leadershift"
API_VERSION = "2022-11-28"
# GitHub asks for serial requests and at most 900 a minute; PyGithub's own pace. The pretend GitHub needs no mercy.
SECONDS_BETWEEN_REQUESTS = 0.25
LONGEST_BACKOFF_SECONDS = 60.0
# GitHub's advice for a secondary limit that names no time: a minute at least, then twice that.
FIRST_SECONDARY_WAIT_SECONDS = 60.0
MOST_REDIRECTS = 3


@dataclass(frozen=True)
class Answer:
    """What GitHub said. `data` is the decoded JSON, None for 204 (nothing); `path` is where it lay."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: Any
    path: str
    received_at: datetime


@dataclass(frozen=True)
class _Question:
    """What is asked: a GET of REST, or with `query` a POST of GraphQL. Not `is_retried`: a broken answer is not asked for again."""

    path: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    query: Mapping[str, Any] | None = None
    is_retried: bool = True

    @property
    def resource(self) -> str:
        return CORE if self.query is None else GRAPHQL


class Client:
    """Asks GitHub, serially. `clock`, `sleep` and `monotonic` are arguments so that tests need not wait; `say` reports each wait.

    `budget` counts what was spent, and knows what is left.
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
        self._clock, self._sleep, self._monotonic = settings.now, sleep, monotonic
        self.budget = Budget(limits, settings.now, sleep, say)
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
        self._connection = connection(self.url, limits, monotonic)

    @property
    def requests(self) -> int:
        """How many requests REST has counted."""
        return self.budget.requests

    @property
    def points(self) -> int:
        """How many points GraphQL has counted."""
        return self.budget.points

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Answer:
        """GET a path of the API and give its JSON.

        A redirect within GitHub is followed with the whole question. Raises GoneError, BlockedError or UnansweredError for
        what has no answer, NotReadyError, AccessRefusedError for a bad token, PauseError with the time at which a budget
        starts anew, UnreadableAnswerError for what is no JSON, SourceError when patience runs out.
        """
        question = _Question(path, dict(parameters or {}))
        for _hop in range(MOST_REDIRECTS + 1):
            received = self._patiently(question)
            if received.status not in MOVED:
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
        self.budget.points += cost - 1 if isinstance(cost, int) else 0
        return data, errors

    # Asking with patience

    def _patiently(self, question: _Question) -> Received:
        """Try until there is an answer or patience runs out. No wait is longer than what is left of the patience."""
        started, waited, backoff, secondary = self._monotonic(), 0.0, 1.0, FIRST_SECONDARY_WAIT_SECONDS
        while True:
            self.budget.respect(question.resource)
            try:
                return self._attempt(question)
            except RetryableError as failure:
                wait = self.budget.give_up_window(failure.window) if failure.window else failure.wait
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

    def _patience(self, failure: RetryableError, question: _Question) -> float:
        if isinstance(failure, ComputingError):
            return self.limits.computing_seconds
        if failure.limit:
            return self.limits.patience_seconds
        return self.limits.blind_patience_seconds if question.is_retried else 0.0

    def _given_up(self, failure: RetryableError, wait: float, spent: float) -> SourceError:
        if failure.limit:
            return PauseError(
                f"{failure.limit}: GitHub asks for {wait:,.0f} s", self._clock() + timedelta(seconds=wait)
            )
        if isinstance(failure, ComputingError):
            return NotReadyError(f"{failure} (asked for {spent:.0f} s)")
        words = f"{failure} (tried for {spent:.0f} s)"
        return SourceError(words) if failure.body is None else UnreadableAnswerError(words, failure.body)

    # One attempt

    def _attempt(self, question: _Question) -> Received:
        try:
            status, told, text = self._requester.requestJson(
                "GET" if question.query is None else "POST",
                question.path,
                dict(question.parameters),
                input=question.query,
                cnx=self._connection,
            )
            received = Received(status, told, text.encode())
        except SetAsideError as aside:
            received = aside.received
        except UnicodeDecodeError as error:
            raise RetryableError(f"the answer is no text ({error.reason})", body=error.object) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise RetryableError(self._in_words(error)) from error
        except ValueError as error:
            # requests reads where a redirect leads, although it is not to follow it.
            raise SourceError(f"GitHub sent us to what is no address ({error})") from error
        self.budget.count(received, question.resource)
        self._trust_clock(received)
        refuse(received, question.resource)
        return received

    def _trust_clock(self, received: Received) -> None:
        """Refuse, at the first answer, a clock of ours that would put a capture into a wrong week."""
        if not self._is_clock_trusted:
            refuse_wrong_clock(Page(1, self.url, b"", 0, None, self._clock(), received.headers))
            self._is_clock_trusted = True

    def _moved(self, question: _Question, received: Received) -> _Question:
        """Ask the same at the place a redirect names. Raises SourceError for another server: our token stays at home."""
        location = received.headers.get("location", "")
        here, there = urlsplit(self.url), urlsplit(urljoin(f"{self.url}{question.path}", location))
        if (there.scheme, there.netloc) != (here.scheme, here.netloc) or not there.path.startswith(f"{here.path}/"):
            raise SourceError(
                f"GitHub sent us to another server ({there.scheme}://{there.netloc}); it was not followed"
            )
        parameters = {**question.parameters, **dict(parse_qsl(there.query))}
        return replace(question, path=there.path.removeprefix(here.path), parameters=parameters)

    def _in_words(self, error: Exception) -> str:
        host = urlsplit(self.url).netloc
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            return f"{host} fell silent"
        if isinstance(error, requests.ConnectionError):
            return f"{host} can't be reached, or broke the connection"
        return f"the answer of {host} broke off ({type(error).__name__})"
