"""The pretend Hub as a service on 127.0.0.1: who may ask how often, and the way to the answers (hub).

Here is also all that the command line and the tests need: HubService, ServiceOptions, `load_table`, `simulated`. Sockets,
clock, faults on the wire and log are in loopback; the pretend GitHub stands beside it (github/service), on a port of its
own in the same process, and may share its clock.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from dagster_project.rehearsal.faults import CATALOGUE, Fault, overlap
from dagster_project.rehearsal.hub.api import Hub, ItemSource, Reply, Request
from dagster_project.rehearsal.hub.tables import load_table, simulated
from dagster_project.rehearsal.loopback import Call, Clock, LogEntry, Service
from dagster_project.rehearsal.world.world import World

__all__ = ["CATALOGUE", "Fault", "HubService", "LogEntry", "ServiceOptions", "World", "load_table", "simulated"]


@dataclass(frozen=True)
class ServiceOptions:
    """How strict the pretend Hub is. The quota is per token and fixed window, in real seconds, whatever the clock says."""

    quota: int = 1_000_000
    window_seconds: int = 300
    list_rejects_basemodels: bool = False
    page_cap: int = 1000


class Quota:
    """Requests left per caller in a fixed window of real time."""

    def __init__(self, quota: int, window_seconds: int) -> None:
        self._quota, self._window = quota, window_seconds
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def take(self, token: str | None) -> tuple[bool, dict[str, str]]:
        """Count a request: whether it is within the quota, and the Hub's two headers. Tokens are kept as hashes only."""
        caller = hashlib.sha256((token or "").encode()).hexdigest()
        with self._lock:
            now = time.monotonic()
            started, used = self._windows.get(caller, (now, 0))
            if now - started >= self._window:
                started, used = now, 0
            self._windows[caller] = (started, min(used + 1, self._quota))
        remaining = max(0, self._quota - used - 1)
        seconds = math.ceil(started + self._window - now)
        headers = {
            "RateLimit": f'"api";r={remaining};t={seconds}',
            "RateLimit-Policy": f'"fixed window";"api";q={self._quota};w={self._window}',
        }
        return used < self._quota, headers


class HubService(Service):
    """A pretend Hub in a thread of its own; use it as a context manager, or `serve_forever`.

    Without `now` its clock is the machine's; with it, the clock stands still until `set_now` moves it.
    Raises UsageError when the port is taken.
    """

    catalogue: ClassVar = CATALOGUE

    def __init__(
        self,
        items: ItemSource,
        *,
        port: int = 0,
        now: datetime | None = None,
        options: ServiceOptions = ServiceOptions(),
    ) -> None:
        self.hub = Hub(items, page_cap=options.page_cap, list_rejects_basemodels=options.list_rejects_basemodels)
        self.quota = Quota(options.quota, options.window_seconds)
        super().__init__(port=port, clock=Clock(now))

    def answer(self, call: Call) -> tuple[Reply, dict[str, str]]:
        """Answer a read within the quota as the Hub would."""
        token = call.headers.get("authorization", "").removeprefix("Bearer ").strip() or None
        within, limits = self.quota.take(token)
        common = {"X-Request-Id": f"rehearsal-{next(self.numbers):08d}", **limits}
        if not within:
            return Reply(429, b'{"error":"We had to rate limit you."}', {"Content-Type": "application/json"}), common
        if call.method != "GET":
            refusal = b'{"error":"The rehearsal is read-only."}'
            return Reply(405, refusal, {"Content-Type": "application/json"}), common
        waited = sum(fault.seconds for fault in call.struck if fault.action == "clock")
        if waited:
            self.set_now(self.now() + timedelta(seconds=waited))
        request = Request(call.path, call.params, call.base_url, token, overlap(call.struck))
        return self.hub.answer(request, self.now()), common
