"""What is left of GitHub's two hourly budgets, requests of REST and points of GraphQL, and of what a run may spend.

Not here: the limits that GitHub names only when they are met (github_answers).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from dagster_project.errors import PauseError
from dagster_project.sources.github_connection import Limits, Received

CORE, GRAPHQL = "core", "graphql"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class _Window:
    """What was left of an hourly budget at the last answer, and when it starts anew by our clock."""

    limit: int
    remaining: int
    reset_at: datetime


class Budget:
    """Counts `requests` and `points` as far as GitHub counts them, retries included, and what GitHub says is left."""

    def __init__(
        self, limits: Limits, clock: Callable[[], datetime], sleep: Callable[[float], None], say: Callable[[str], None]
    ) -> None:
        self.requests = self.points = 0
        self._limits, self._clock, self._sleep, self._say = limits, clock, sleep, say
        self._windows: dict[str, _Window] = {}

    def share_left(self) -> float:
        """Give the share of this hour's whole budget of requests that nobody has used; 1 before the first answer."""
        window = self._window(CORE)
        return 1.0 if window is None else window.remaining / max(1, window.limit)

    def resumes_at(self, resource: str = CORE) -> datetime:
        """Give when this hour's budget starts anew."""
        window = self._window(resource)
        return window.reset_at if window else self._clock() + HOUR

    def respect(self, resource: str) -> None:
        """Raise PauseError, or wait if that is short, when this run's or this hour's budget is used up."""
        window = self._window(resource)
        spent, most = (self.requests, self._limits.requests) if resource == CORE else (self.points, self._limits.points)
        if most is not None and spent >= most:
            raise PauseError(f"this run's budget of {most:,} {_unit(resource)} is used up", self.resumes_at(resource))
        if window is None or window.remaining > self._reserve(window):
            return
        wait = self._until(window)
        words = f"{window.remaining:,} of {window.limit:,} {_unit(resource)} are left, and those are reserved"
        if wait > self._limits.patience_seconds:
            raise PauseError(words, window.reset_at)
        self._say(f"GitHub: {words}; waiting {wait:.0f} s for the next hour's")
        self._sleep(wait)
        self._windows.pop(resource)

    def give_up_window(self, resource: str) -> float | None:
        """Give the seconds until an hour starts anew, if known. Who waits for that is not to be stopped by it once more."""
        window = self._windows.pop(resource, None)
        return self._until(window) if window else None

    def count(self, received: Received, resource: str) -> None:
        """Count the request and note what is left of the hour."""
        if resource == GRAPHQL:
            self.points += 1
        else:
            self.requests += 1
        told = [number(received.headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")]
        limit, remaining, reset = told
        if limit is None or remaining is None or reset is None:
            return
        # Counted from GitHub's own clock: ours may go wrong by minutes.
        ahead = max(0.0, reset - _server_now(received, self._clock()).timestamp())
        name = received.headers.get("x-ratelimit-resource", resource)
        self._windows[name] = _Window(limit, remaining, self._clock() + timedelta(seconds=ahead))

    def _until(self, window: _Window) -> float:
        return max(0.0, (window.reset_at - self._clock()).total_seconds()) + 1

    def _window(self, resource: str) -> _Window | None:
        """Give the running window; one that has ended says nothing about the next."""
        window = self._windows.get(resource)
        return window if window and window.reset_at > self._clock() else None

    def _reserve(self, window: _Window) -> int:
        return math.ceil(window.limit * self._limits.reserved_share)


def _unit(resource: str) -> str:
    return "points" if resource == GRAPHQL else "requests"


def number(text: str | None) -> int | None:
    """Read a whole number. Some proxies send 5000.0."""
    try:
        return None if text is None else int(float(text))
    except (ValueError, OverflowError):
        return None


def _server_now(received: Received, otherwise: datetime) -> datetime:
    try:
        return parsedate_to_datetime(received.headers.get("date", "")).replace(tzinfo=UTC)
    except ValueError:
        return otherwise
