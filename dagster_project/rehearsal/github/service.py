"""The pretend GitHub as a service on 127.0.0.1: tokens, versions, quotas, conditional requests, and the way to the answers.

It stands beside the pretend Hub (service), in the same process on a port of its own, and can share its clock:

    with HubService(items, now=monday) as hub, GitHubService(world, clock=hub.clock) as github: ...

Not here: sockets and log (loopback), what the answers are (github, github/graphql), what goes wrong on purpose (faults).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import ClassVar

import msgspec

from dagster_project.rehearsal.faults import GITHUB_CATALOGUE, Fault, overlap
from dagster_project.rehearsal.github.api import GitHub
from dagster_project.rehearsal.github.graphql import GraphQL, Standing
from dagster_project.rehearsal.github.request import (
    DEFAULT_VERSION,
    NEW_VERSION,
    VERSIONS,
    GitHubError,
    GitHubOptions,
    GitHubRequest,
    finished,
    not_found,
)
from dagster_project.rehearsal.github.source import GitHubSource
from dagster_project.rehearsal.hub.api import Reply
from dagster_project.rehearsal.loopback import Call, Clock, Service

APP_TOKEN = "ghs_"
SECONDARY_WINDOW_SECONDS = 60
GRAPHQL_PATH = "/graphql"
OTHER_LIMITS = {"search": (30, 10, 60), "code_search": (10, 10, 60)}
"""Resources that nothing here uses up: limit with token, without, window in seconds."""
NEED_AGENT = b"Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
USUAL = GitHubOptions()
ANONYMOUS_HINT = (
    "(But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation.)"
)


@dataclass(frozen=True)
class Window:
    """What a caller has used up of a resource in the running window; the window ends at `reset`, in seconds since 1970."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """Give what is left."""
        return max(0, self.limit - self.used)

    def headers(self, resource: str) -> dict[str, str]:
        """Give the five headers."""
        values = {"Limit": self.limit, "Remaining": self.remaining, "Reset": self.reset, "Used": self.used}
        return {**{f"X-RateLimit-{name}": str(n) for name, n in values.items()}, "X-RateLimit-Resource": resource}

    def told(self) -> dict[str, int]:
        """Give what /rate_limit says."""
        return {"limit": self.limit, "used": self.used, "remaining": self.remaining, "reset": self.reset}


class Limits:
    """Points used per caller and resource in fixed windows, each of which begins with its first use."""

    def __init__(self, window_seconds: int) -> None:
        self._window = window_seconds
        self._lock = threading.Lock()
        self._used: dict[tuple[str, str], tuple[int, int]] = {}

    def look(self, caller: str, resource: str, limit: int, now: int) -> Window:
        """Give the window as it is."""
        return self.take(caller, resource, limit, 0, now)[1]

    def take(self, caller: str, resource: str, limit: int, points: int, now: int) -> tuple[bool, Window]:
        """Use points, or give some back; whether any were left, and the window after it. More than all is never used."""
        with self._lock:
            begun, used = self._used.get((caller, resource), (now, 0))
            if not begun <= now < begun + self._window:
                begun, used = now, 0
            is_within = used < limit
            used = min(max(0, used + points), limit)
            if points:
                self._used[caller, resource] = (begun, used)
        return is_within, Window(limit, used, begun + self._window)


@dataclass(frozen=True)
class Caller:
    """Who asks: a hash of the token, never the token."""

    key: str
    has_token: bool
    is_app: bool
    is_bad: bool

    def words(self, request_id: str) -> str:
        """Give how a refusal for want of quota names the caller."""
        if self.is_app:
            return "installation ID 1."
        if self.has_token and not self.is_bad:
            return (
                f"user ID 1. If you reach out to GitHub Support for help, please include the request ID {request_id}."
            )
        return f"127.0.0.1. {ANONYMOUS_HINT}"


class GitHubService(Service):
    """A pretend GitHub in a thread of its own; use it as a context manager, or `serve_forever`.

    Its clock is `clock` if given, else stands still at `now` if given, else is the machine's.
    Raises UsageError when the port is taken.
    """

    catalogue: ClassVar = GITHUB_CATALOGUE

    def __init__(
        self,
        source: GitHubSource,
        *,
        port: int = 0,
        now: datetime | None = None,
        clock: Clock | None = None,
        options: GitHubOptions = USUAL,
    ) -> None:
        self.options = options
        self.rest, self.graphql = GitHub(source, options), GraphQL(source, options)
        self.limits, self._pace = Limits(options.window_seconds), Limits(SECONDARY_WINDOW_SECONDS)
        super().__init__(port=port, clock=clock or Clock(now))

    def answer(self, call: Call) -> tuple[Reply, dict[str, str]]:
        """Answer a request as GitHub would, and give the headers that all its answers have."""
        number = next(self.numbers)
        request_id = f"4EA1:{number >> 16:X}:{number & 0xFFFF:04X}:REHEARSAL"
        caller, resource = self._caller(call), "graphql" if call.path == GRAPHQL_PATH else "core"
        version = call.headers.get("x-github-api-version", DEFAULT_VERSION)
        try:
            reply, window = self._admitted(call, caller, resource, version, request_id)
        except GitHubError as refusal:
            reply, window = finished(refusal.reply()), self._look(caller, resource)
        for fault in call.struck:
            reply, window = self._limited(fault, reply, window, caller, resource, request_id)
        common = {"X-GitHub-Request-Id": request_id, "X-GitHub-Api-Version-Selected": version}
        return reply, {**common, **window.headers(resource)}

    # Who may ask

    def _caller(self, call: Call) -> Caller:
        token = call.token
        is_bad = token in self.options.bad_tokens
        key = hashlib.sha256((token or "").encode()).hexdigest() if token and not is_bad else "anonymous"
        return Caller(key, token is not None, bool(token) and str(token).startswith(APP_TOKEN), is_bad)

    def _admitted(
        self, call: Call, caller: Caller, resource: str, version: str, request_id: str
    ) -> tuple[Reply, Window]:
        """Let a request in that may come in, or refuse it in GitHub's words."""
        if "user-agent" not in call.headers:
            return Reply(403, NEED_AGENT, {"Content-Type": "text/html"}), self._look(caller, resource)
        if version not in VERSIONS:
            raise GitHubError(400, f"API version {version[:40]} is not supported. Supported: {', '.join(VERSIONS)}.")
        if call.path == "/rate_limit":
            return self._told_limits(caller, version), self._look(caller, "core")
        self._keep_pace(call, caller)
        if resource == "graphql" and not caller.has_token:
            raise GitHubError(401, "This endpoint requires you to be authenticated.")
        is_within, window = self._take(caller, resource, 1)
        if not is_within:
            return self._over_limit(caller, resource, request_id, self.options.over_limit_status), window
        if caller.is_bad:
            raise GitHubError(401, "Bad credentials")
        if resource == "graphql":
            return self._run_graphql(call, caller, window)
        if call.method != "GET":
            raise not_found()
        return self._read(call, caller, version, window)

    def _read(self, call: Call, caller: Caller, version: str, window: Window) -> tuple[Reply, Window]:
        """Answer a GET; what the caller has already (304) costs nothing, if there is a token."""
        request = GitHubRequest(
            path=call.path,
            params=dict(call.params),
            base_url=call.base_url,
            accept=call.headers.get("accept", ""),
            version=version,
            has_token=caller.has_token,
            overlap=overlap(call.struck),
        )
        reply = self.rest.answer(request, self.now())
        if not _is_known(reply, call.headers):
            return reply, window
        kept = {name: value for name, value in reply.headers.items() if name != "Content-Type"}
        if caller.has_token:
            window = self._take(caller, "core", -1)[1]
        return Reply(304, b"", kept), window

    def _run_graphql(self, call: Call, caller: Caller, window: Window) -> tuple[Reply, Window]:
        if call.method != "POST":
            raise not_found()
        try:
            query = self.graphql.read(call.body)
        except (ValueError, msgspec.DecodeError) as error:
            raise GitHubError(400, "Problems parsing JSON") from error
        standing = Standing(window.limit, window.used - 1, window.reset)
        answer = self.graphql.run(query, self.now(), standing, is_app=caller.is_app)
        window = self._take(caller, "graphql", query.cost - 1)[1]
        return finished(Reply(200, msgspec.json.encode(answer))), window

    # Limits

    def _seconds(self) -> int:
        return int(self.now().timestamp() if self.options.quota_follows_clock else time.time())

    def _limit(self, caller: Caller, resource: str) -> int:
        has_token = caller.has_token and not caller.is_bad
        if resource == "graphql":
            return self.options.quota_graphql if has_token else self.options.quota_anonymous
        return self.options.quota_with_token if has_token else self.options.quota_anonymous

    def _take(self, caller: Caller, resource: str, points: int) -> tuple[bool, Window]:
        limit = self._limit(caller, resource)
        return self.limits.take(caller.key, resource, limit, points, self._seconds())

    def _look(self, caller: Caller, resource: str) -> Window:
        return self.limits.look(caller.key, resource, self._limit(caller, resource), self._seconds())

    def _keep_pace(self, call: Call, caller: Caller) -> None:
        """Refuse who asks too fast, if that is switched on; a minute is the machine's, whatever the clock says."""
        most = self.options.secondary_points_per_minute
        if most is None:
            return
        points = 1 if call.method == "GET" or call.path == GRAPHQL_PATH else 5
        is_within, _ = self._pace.take(caller.key, "pace", most, points, int(time.monotonic()))
        if not is_within:
            raise GitHubError(403, SECONDARY)

    def _told_limits(self, caller: Caller, version: str) -> Reply:
        """Answer /rate_limit, which is free; the newer version has no `rate`."""
        now, side = self._seconds(), 0 if caller.has_token else 1
        resources = {name: self._look(caller, name).told() for name in ("core", "graphql")}
        resources |= {name: Window(spec[side], 0, now + spec[2]).told() for name, spec in OTHER_LIMITS.items()}
        rate = {} if version == NEW_VERSION else {"rate": resources["core"]}
        return finished(Reply(200, msgspec.json.encode({"resources": resources, **rate})))

    def _over_limit(self, caller: Caller, resource: str, request_id: str, status: int) -> Reply:
        """Refuse for want of quota; GraphQL does it with 200."""
        text = f"API rate limit exceeded for {caller.words(request_id)}"
        if resource == "graphql":
            return finished(Reply(200, msgspec.json.encode({"errors": [{"type": "RATE_LIMITED", "message": text}]})))
        return finished(GitHubError(status, text).reply())

    def _limited(
        self, fault: Fault, reply: Reply, window: Window, caller: Caller, resource: str, request_id: str
    ) -> tuple[Reply, Window]:
        """Let the faults strike that are about limits."""
        if fault.action == "skew":
            return reply, replace(window, reset=window.reset + int(fault.seconds))
        if fault.action == "primary_limit":
            status = fault.status if fault.status != HTTPStatus.OK else self.options.over_limit_status
            window = Window(window.limit, window.limit, self._seconds() + int(fault.seconds))
            return self._over_limit(caller, resource, request_id, status), window
        if fault.action == "secondary_limit":
            after = {"Retry-After": str(int(fault.seconds))} if fault.seconds else {}
            told = GitHubError(fault.status, fault.value or SECONDARY).reply()
            return finished(replace(told, headers=after)), window
        return reply, window


def _is_known(reply: Reply, headers: Mapping[str, str]) -> bool:
    """Say whether the caller has this very answer: by its tag, or without one by its date."""
    if reply.status != HTTPStatus.OK:
        return False
    tags = headers.get("if-none-match")
    if tags is not None:
        bare = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool({reply.headers.get("ETag", "").removeprefix("W/"), "*"} & bare)
    since, changed = headers.get("if-modified-since"), reply.headers.get("Last-Modified")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except ValueError:
        return False
