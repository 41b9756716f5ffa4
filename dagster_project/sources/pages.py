"""One resumable walk over a paged HTTP API: deadlines, byte cap, quota, retry, same origin, loop guard.

It hands out pages as the bytes that came. It runs on huggingface_hub's own session, but not on its `http_backoff`:
there, rate-limit waits use up the five tries, a body is never checked, and no deadline covers a whole page.
Not here: what a page means (huggingface), where it is kept (snapshots).
"""

from __future__ import annotations

import email.utils
import math
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

import httpx2
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import get_session, parse_ratelimit_headers

from dagster_project.errors import IncompleteSnapshotError, PauseError, RefusedError, SourceError, UsageError

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
GONE_STATUSES = frozenset({400, 410})
NOTHING_THERE_STATUSES = frozenset({301, 302, 303, 307, 308, 404, 410})
LONGEST_BACKOFF_SECONDS = 60.0
# A clock that is wrong by more gives captures a wrong day, and near midnight on Sunday a wrong week.
LARGEST_CLOCK_SKEW = timedelta(hours=1)
GZIP_WINDOW = zlib.MAX_WBITS | 16


@dataclass(frozen=True)
class Limits:
    """What one page may cost. Seconds are wall time; `patience` bounds all retries of one page together.

    `blind_patience` bounds those for which the server named no time. `quota_share` is the part of each quota window that
    we use; the rest is left to others on the same token or address.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    page_seconds: float = 180.0
    page_bytes: int = 256 * 1024 * 1024
    patience_seconds: float = 900.0
    blind_patience_seconds: float = math.inf
    quota_share: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.quota_share <= 1:
            raise UsageError(f"A quota share of {self.quota_share} can't be: say more than 0 and at most 1.")
        refuse_no_patience(self.patience_seconds)


def refuse_no_patience(seconds: float) -> None:
    """Raise UsageError for a patience that is no number of seconds: no wait would ever be longer than NaN."""
    if math.isnan(seconds) or seconds < 0:
        raise UsageError(f"A patience of {seconds} seconds can't be: say 0 or more.")


@dataclass(frozen=True)
class Page:
    """One answer: its body, and where the next one is (None at the end of the list).

    `packed` is the body in gzip as it came, None where it came in another way.
    """

    number: int
    url: str
    body: bytes
    rows: int
    next_url: str | None
    received_at: datetime
    headers: Mapping[str, str] = field(repr=False)
    packed: bytes | None = field(default=None, repr=False)


class UnreadableAnswerError(SourceError):
    """The server answered 200, but not with what was asked for. Carries the body, so that it can be kept as evidence."""

    def __init__(self, reason: str, body: bytes) -> None:
        super().__init__(reason)
        self.body = body


class CursorExpiredError(SourceError):
    """The server no longer knows the cursor: the enumeration has to start again."""


class RefusedQuestionError(SourceError):
    """HTTP 400: the server does not accept what we ask for. Carries its answer, which may say what it would accept."""

    def __init__(self, answer: str) -> None:
        super().__init__(f"HTTP 400: {answer[:200]}")
        self.answer = answer


class NothingThereError(SourceError):
    """Nothing lies at this address (any more). Carries the headers, because the question was counted all the same."""

    def __init__(self, status: int, said: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"HTTP {status}: {said}")
        self.headers = headers


class AccessRefusedError(SourceError):
    """HTTP 401 or 403: the server refuses us, and will refuse the next question as well."""


class _RetryableError(Exception):
    def __init__(
        self, reason: str, *, wait: float | None = None, is_quota: bool = False, body: bytes | None = None
    ) -> None:
        super().__init__(reason)
        self.wait = wait
        self.is_quota = is_quota
        self.body = body


@dataclass
class Transport:
    """Fetches one URL with patience. `clock` and `sleep` are arguments so that tests need not wait; `say` reports each retry."""

    headers: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    say: Callable[[str], None] = lambda _text: None

    def fetch(self, url: str, check: Callable[[bytes], int], *, number: int = 1) -> Page:
        """GET one page and count its rows with `check`, which raises ValueError for a body that is not what was asked for.

        Raises SourceError (or a kind of it) when patience runs out, at once for answers that waiting can't mend.
        """
        started = self.monotonic()
        backoff = 1.0
        while True:
            try:
                return self._attempt(url, check, number)
            except _RetryableError as failure:
                wait = failure.wait if failure.wait is not None else backoff
                spent = self.monotonic() - started
                if spent + wait > self._patience(failure):
                    self._give_up(failure, wait, spent)
                self.say(f"page {number:,}: {failure}; trying again in {wait:.0f} s")
                self.sleep(wait)
                backoff = min(LONGEST_BACKOFF_SECONDS, backoff * 2)

    def _patience(self, failure: _RetryableError) -> float:
        """Seconds for one page: a server that names a time is there, one that doesn't may not be."""
        patience = self.limits.patience_seconds
        return min(patience, self.limits.blind_patience_seconds) if failure.wait is None else patience

    def _give_up(self, failure: _RetryableError, wait: float, spent: float) -> NoReturn:
        if failure.body is not None:
            raise UnreadableAnswerError(str(failure), failure.body)
        if failure.wait is not None and failure.is_quota:
            self._pause(wait)
        asked = f"the server asks for {wait:.0f} s more; " if failure.wait is not None else ""
        raise SourceError(f"{failure} ({asked}tried for {spent:.0f} s)")

    def _pause(self, wait: float) -> NoReturn:
        resume_at = self.clock() + timedelta(seconds=wait)
        raise PauseError(f"the request quota is used up for {wait:,.0f} s", resume_at)

    def _attempt(self, url: str, check: Callable[[bytes], int], number: int) -> Page:
        try:
            status, headers, body, packed = self._receive(url)
        except httpx2.TransportError as error:
            raise _RetryableError(_in_words(error, url)) from error
        except zlib.error as error:
            raise _RetryableError(f"the compressed body is damaged ({error})") from error
        except OfflineModeIsEnabled as error:
            raise SourceError("HF_HUB_OFFLINE is set, so the Hub may not be asked") from error
        _refuse(status, headers, body, url)
        try:
            rows = check(body)
        except ValueError as error:
            raise _RetryableError(f"HTTP 200, but {error}", body=body) from error
        return Page(number, url, body, rows, next_link(url, headers), self.clock(), headers, packed)

    def _receive(self, url: str) -> tuple[int, Mapping[str, str], bytes, bytes | None]:
        limits = self.limits
        deadline = self.monotonic() + limits.page_seconds
        timeout = httpx2.Timeout(limits.read_seconds, connect=limits.connect_seconds)
        wire, body = bytearray(), bytearray()
        session = get_session()
        with session.stream("GET", url, headers=dict(self.headers), timeout=timeout, follow_redirects=False) as answer:
            # We ask for gzip, so nothing else is unpacked.
            is_packed = answer.headers.get("content-encoding", "").lower() == "gzip"
            gunzip = zlib.decompressobj(GZIP_WINDOW)
            # As it comes off the wire: httpx2's own chunks wait until they are full, and a drip would never meet the deadline.
            for chunk in answer.iter_raw():
                wire += chunk
                if is_packed:
                    body += gunzip.decompress(chunk, limits.page_bytes - len(body) + 1)
                # The wire as well: what follows the end of a gzip unpacks to nothing, and may be endless.
                if max(len(wire), len(body)) > limits.page_bytes:
                    raise SourceError(
                        f"the answer is larger than the cap of {limits.page_bytes:,} bytes and was refused"
                    )
                if self.monotonic() > deadline:
                    raise _RetryableError(
                        f"the page took longer than {limits.page_seconds:.0f} s ({len(wire):,} bytes came)"
                    )
            if not is_packed:
                return answer.status_code, answer.headers, bytes(wire), None
            # Only one whole gzip, its checksum included, is sure to unpack to this body again.
            is_whole = gunzip.eof and not gunzip.unused_data
            return answer.status_code, answer.headers, bytes(body), bytes(wire) if is_whole else None

    def respect_quota(self, headers: Mapping[str, str]) -> None:
        """Sleep until the window resets once our share of the quota is used, so that others on the token keep theirs.

        Raises PauseError when that takes longer than our patience.
        """
        quota = parse_ratelimit_headers(headers)
        if quota is None:
            return
        reserve = math.floor((quota.limit or 0) * (1 - self.limits.quota_share))
        if quota.remaining > reserve:
            return
        wait = quota.reset_in_seconds + 1
        if wait > self.limits.patience_seconds:
            self._pause(wait)
        self.say(f"{quota.remaining} requests left in this window; waiting {wait} s for the next")
        self.sleep(wait)


def refuse_wrong_clock(page: Page) -> None:
    """Raise RefusedError when the server's clock and ours are too far apart to say which week it is.

    A server that doesn't tell its time is believed to agree. A cache on the way says how old its answer is.
    """
    try:
        told = _http_date(page.headers.get("date", ""))
        theirs = told + timedelta(seconds=int(page.headers.get("age", "0")))
    except (ValueError, OverflowError):
        return
    if abs(page.received_at - theirs) > LARGEST_CLOCK_SKEW:
        raise RefusedError(
            f"This machine's clock says {page.received_at:%Y-%m-%d %H:%M} UTC, that of {urlsplit(page.url).netloc}"
            f" {theirs:%Y-%m-%d %H:%M} UTC. A capture would get a wrong day or week, so this one stopped here. Set the clock.",
            next_command="date -u",
        )


def walk(
    start: str,
    transport: Transport,
    check: Callable[[bytes], int],
    *,
    number: int = 1,
    visited: Iterable[str] = (),
    most: int | None = None,
) -> Iterator[Page]:
    """Yield pages from `start` to the end of the list, or only the first `most` of them.

    Raises IncompleteSnapshotError for an empty page that claims a next one, SourceError for a cursor that repeats or
    leads to another origin: both would otherwise pass for a complete crawl, or send our token to a stranger.
    """
    seen = {*visited}
    url: str | None = start
    past = None if most is None else number + most
    while url is not None and number != past:
        seen.add(url)
        page = transport.fetch(url, check, number=number)
        if page.rows == 0 and page.next_url is not None:
            raise IncompleteSnapshotError(f"page {number:,} is empty although more pages follow")
        if page.next_url in seen:
            raise SourceError(
                f"page {number:,} names a page already visited as the next: the list goes round in circles"
            )
        yield page
        # After a list cut short, another one is asked for.
        if page.next_url is not None or most is not None:
            transport.respect_quota(page.headers)
        url, number = page.next_url, number + 1


def next_link(url: str, headers: Mapping[str, str]) -> str | None:
    """Find the `rel="next"` address of an answer, which must lie on the same origin as the page that names it."""
    link = headers.get("link")
    if not link:
        return None
    for part in httpx2.Response(200, headers={"link": link}).links.values():
        if part.get("rel") == "next" and part.get("url"):
            try:
                following = urljoin(url, part["url"])
                origin = _origin(following)
            except ValueError as error:
                raise SourceError(f"the next page is said to lie at what is no address ({error})") from error
            if origin != _origin(url):
                raise SourceError(f"the next page is said to lie on another server ({origin}); it was not followed")
            return following
    return None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _refuse(status: int, headers: Mapping[str, str], body: bytes, url: str) -> None:
    if status == httpx2.codes.OK:
        return
    said = body[:200].decode("utf-8", "replace").strip()
    if status in RETRIED_STATUSES:
        is_quota = status == httpx2.codes.TOO_MANY_REQUESTS
        raise _RetryableError(f"HTTP {status}", wait=_asked_wait(status, headers), is_quota=is_quota)
    if status in (401, 403):
        raise AccessRefusedError(f"the server refuses us (HTTP {status}): {said}. Check the token")
    if status in GONE_STATUSES and "cursor=" in urlsplit(url).query:
        raise CursorExpiredError(f"the server no longer accepts the cursor (HTTP {status}): {said}")
    if status == httpx2.codes.BAD_REQUEST:
        raise RefusedQuestionError(body.decode("utf-8", "replace"))
    if status in NOTHING_THERE_STATUSES:
        raise NothingThereError(status, said, headers)
    raise SourceError(f"HTTP {status}: {said}")


def _asked_wait(status: int, headers: Mapping[str, str]) -> float | None:
    quota = parse_ratelimit_headers(headers)
    if status == httpx2.codes.TOO_MANY_REQUESTS and quota is not None and quota.remaining == 0:
        return float(quota.reset_in_seconds + 1)
    asked = headers.get("retry-after", "")
    if asked.isdecimal():
        return float(asked) + 1
    try:
        return max(1.0, (_http_date(asked) - _http_date(headers.get("date", ""))).total_seconds() + 1)
    except ValueError:
        return None


def _http_date(text: str) -> datetime:
    """Read a date of HTTP, which knows no other zone than GMT. Raises ValueError."""
    return email.utils.parsedate_to_datetime(text).replace(tzinfo=UTC)


def _in_words(error: httpx2.TransportError, url: str) -> str:
    host = urlsplit(url).netloc
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return f"{host} can't be reached ({error})"
    if isinstance(error, httpx2.TimeoutException):
        return f"{host} fell silent"
    return f"the connection to {host} broke ({error or type(error).__name__})"
