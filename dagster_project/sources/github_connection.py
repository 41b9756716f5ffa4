"""The wire to GitHub: PyGithub's own connection, but one that reads with a deadline and a cap, and keeps from it what it mishandles.

PyGithub asks a 202 again for ever, and a redirect loses its query there. Not here: what an answer means (github_answers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from github.Requester import HTTPSRequestsConnectionClass, RequestsResponse
from requests.structures import CaseInsensitiveDict

from dagster_project.errors import SourceError, UsageError
from dagster_project.sources.pages import refuse_no_patience

MOVED = frozenset({301, 302, 307, 308})
CHUNK_BYTES = 64 * 1024
MEBIBYTE = 2**20


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
class Received:
    """An answer off the wire: status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class SetAsideError(Exception):
    """An answer that PyGithub must not see, because it would act on it by itself."""

    def __init__(self, received: Received) -> None:
        super().__init__(f"HTTP {received.status}")
        self.received = received


class RetryableError(Exception):
    """An answer that another try may mend.

    `wait` in seconds, if known. `limit` names the limit that asks for it, `window` the hourly budget that has to start anew.
    """

    def __init__(
        self,
        reason: str,
        *,
        wait: float | None = None,
        limit: str | None = None,
        window: str | None = None,
        body: bytes | None = None,
    ) -> None:
        super().__init__(reason)
        self.wait = wait
        self.limit = limit
        self.window = window
        self.body = body


def connection(url: str, limits: Limits, monotonic: Callable[[], float]) -> HTTPSRequestsConnectionClass:
    """Make the connection to an API's address."""
    parts = urlsplit(url)
    made = (_Https if parts.scheme == "https" else _Http)(parts.hostname or "", parts.port, retry=0, pool_size=1)
    made.limits, made.monotonic = limits, monotonic
    return made


class _Text(RequestsResponse):
    """What PyGithub reads of an answer that was received within the limits."""

    def __init__(self, received: Received) -> None:
        self.status = received.status
        self.headers = CaseInsensitiveDict(received.headers)
        self._body = received.body

    def read(self) -> str:
        return self._body.decode("utf-8")


class _Https(HTTPSRequestsConnectionClass):
    """PyGithub's connection with our limits; 202 and redirects are set aside."""

    scheme = "https://"
    limits: Limits
    monotonic: Callable[[], float]

    def getresponse(self) -> RequestsResponse:
        received = self._receive()
        if received.status == HTTPStatus.ACCEPTED or received.status in MOVED:
            raise SetAsideError(received)
        return _Text(received)

    def _receive(self) -> Received:
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
                    raise RetryableError(
                        f"the answer took longer than {limits.answer_seconds:.0f} s ({len(body):,} bytes came)"
                    )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Received(answer.status_code, headers, bytes(body))


class _Http(_Https):
    """The same in clear, for loopback: settings refuse it for any other address."""

    def __init__(self, host: str, port: int | None, **more: Any) -> None:
        super().__init__(host, port or 80, **more)
        self.protocol = "http"
        self.session.mount("http://", self.adapter)
