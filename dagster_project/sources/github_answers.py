"""What an answer of GitHub is: data, one of three kinds of limits, something that another try may mend, or a final no.

Not here: waiting and asking again (github), what is left of an hour's budget (github_budget).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from dagster_project.errors import SourceError
from dagster_project.sources.github_budget import CORE, GRAPHQL, number
from dagster_project.sources.github_connection import MOVED, Received, RetryableError
from dagster_project.sources.pages import AccessRefusedError

# While GitHub computes it answers 202, for some repositories for ever.
COMPUTING_WAIT_SECONDS = 2.0
_LIMITED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_FAILED = frozenset({408, 425, 500, 502, 503, 504})
_SECONDARY_WORDS = ("secondary rate limit", "abuse detection")


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


class ComputingError(RetryableError):
    """202: the answer is being computed."""


def refuse(received: Received, resource: str) -> None:
    """Raise for every answer that is none, as what it is."""
    status = received.status
    if status == HTTPStatus.ACCEPTED:
        raise ComputingError("GitHub is still computing the answer (HTTP 202)", wait=COMPUTING_WAIT_SECONDS)
    if status == HTTPStatus.OK and resource == GRAPHQL:
        _refuse_graphql(received)
    elif status == HTTPStatus.OK:
        _check_json(received)
    elif status == HTTPStatus.NO_CONTENT or (status in MOVED and resource == CORE):
        return
    elif status in _FAILED:
        raise RetryableError(f"HTTP {status}", wait=_retry_after(received))
    else:
        _refuse_status(received)


def _refuse_status(received: Received) -> None:
    status, said = received.status, _message(received)
    if status == HTTPStatus.UNAUTHORIZED:
        raise AccessRefusedError(f"GitHub refuses us (HTTP 401): {said}. Check GITHUB_TOKEN")
    if status in _LIMITED:
        _refuse_limited(received, said)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise GoneError(status, said)
    if status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS or "access blocked" in said.lower():
        raise BlockedError(status, said)
    raise UnansweredError(status, said)


def _refuse_limited(received: Received, said: str) -> None:
    """Raise for the two limits that 403 and 429 may mean; a 403 may mean other things as well."""
    after = _retry_after(received)
    is_secondary = any(words in said.lower() for words in _SECONDARY_WORDS)
    if received.headers.get("x-ratelimit-remaining") == "0" and not is_secondary and after is None:
        window = received.headers.get("x-ratelimit-resource", CORE)
        raise RetryableError(f"HTTP {received.status}", limit="the hourly quota is used up", window=window)
    if is_secondary or after is not None or received.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RetryableError(f"HTTP {received.status}", wait=after, limit="GitHub's secondary limit was met")


def _refuse_graphql(received: Received) -> None:
    _check_json(received)
    content = msgspec.json.decode(received.body)
    if not isinstance(content, dict) or not ({"data", "errors", "message"} & content.keys()):
        raise RetryableError("HTTP 200, but the body is no GraphQL answer", body=received.body)
    # A secondary limit comes as an error of REST.
    errors = content.get("errors") or ([content] if "message" in content else [])
    if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
        raise RetryableError("HTTP 200, but the body has no list of errors", body=received.body)
    if any(error.get("type") == "RATE_LIMITED" for error in errors):
        raise RetryableError("RATE_LIMITED", limit="the hourly quota of points is used up", window=GRAPHQL)
    said = " ".join(str(error.get("message", "")) for error in errors).lower()
    if not isinstance(content.get("data"), dict) and any(words in said for words in _SECONDARY_WORDS):
        wait = _retry_after(received)
        raise RetryableError("HTTP 200", wait=wait, limit="GitHub's secondary limit was met")


def _check_json(received: Received) -> None:
    try:
        msgspec.json.decode(received.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise RetryableError(f"HTTP 200, but the body is no JSON ({error})", body=received.body) from error


def _retry_after(received: Received) -> float | None:
    asked = number(received.headers.get("retry-after"))
    return None if asked is None else max(0, asked) + 1.0


def _message(received: Received) -> str:
    """Give GitHub's own words, or the beginning of whatever came."""
    try:
        content = msgspec.json.decode(received.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        content = None
    said = content.get("message") if isinstance(content, dict) else None
    return str(said)[:200] if said else received.body[:200].decode("utf-8", "replace").strip()
