"""The pretend Hub as a service on 127.0.0.1: the socket, the clock, the quota, the faults on the wire, and the log.

Its own channel is /__ctl (clock, faults, log); everything else is answered as the Hub would (hub). Here is also all that
the command line and the tests need: HubService, ServiceOptions, `load_table`, `simulated`.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import math
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec

from dagster_project.errors import LeadershiftError, UsageError
from dagster_project.rehearsal.faults import CATALOGUE, Fault, FaultScript, Wire, bomb, overlap, spoil
from dagster_project.rehearsal.hub import GZIP_LEVEL, Hub, ItemSource, Reply, Request
from dagster_project.rehearsal.tables import load_table, simulated
from dagster_project.rehearsal.world import World

__all__ = ["CATALOGUE", "Fault", "HubService", "LogEntry", "ServiceOptions", "World", "load_table", "simulated"]

HOST = "127.0.0.1"
CONTROL = "/__ctl/"
MAX_CONTROL_BYTES = 2**20
READ_BEFORE_RESET_SECONDS = 0.05
"""A reset throws away what the other side has not read yet; this lets it read."""
POLL_SECONDS = 0.01
SMALLEST_PACKED_BYTES = 200
CLEAN_CONTROLS = dict.fromkeys((*range(32), 127), " ")


@dataclass(frozen=True)
class ServiceOptions:
    """How strict the pretend Hub is. The quota is per token and fixed window, in real seconds, whatever the clock says."""

    quota: int = 1_000_000
    window_seconds: int = 300
    list_rejects_basemodels: bool = False
    page_cap: int = 1000


@dataclass(frozen=True)
class LogEntry:
    """One request as it came in, written down before it is answered. `time` is the machine's, not the service's."""

    time: datetime
    method: str
    path: str
    has_authorization: bool
    status: int


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


class HubService:
    """A pretend Hub in a thread of its own; use it as a context manager, or `serve_forever`.

    Without `now` its clock is the machine's; with it, the clock stands still until `set_now` moves it.
    Raises UsageError when the port is taken.
    """

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
        self.script = FaultScript()
        self.log: list[LogEntry] = []
        self.stopping = threading.Event()
        self.numbers = itertools.count(1)
        self._now = _aware(now)
        try:
            self._server = _Server((HOST, port), self)
        except OSError as error:
            raise UsageError(f"The rehearsal can't listen on port {port}: {error}. Choose another port.") from error
        self.url = f"http://{HOST}:{self._server.server_port}"
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        if self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def serve_forever(self) -> None:
        """Serve until interrupted."""
        with self, suppress(KeyboardInterrupt):
            while not self.stopping.wait(1):
                pass

    def now(self) -> datetime:
        """Give the service's time."""
        return self._now or datetime.now(UTC)

    def set_now(self, now: datetime) -> None:
        """Set the clock; it stands still there."""
        self._now = _aware(now)

    def inject(self, faults: Sequence[Fault]) -> None:
        """Put faults in force, beside those already there."""
        self.script.add(faults)

    def clear_faults(self) -> None:
        """Put all faults out of force."""
        self.script.clear()

    def control(self, method: str, name: str, body: bytes) -> Any:
        """Do what a request to the control channel asks. Raises LeadershiftError or ValueError for what it can't."""
        match method, name:
            case "POST", "clock":
                self.set_now(datetime.fromisoformat(msgspec.json.decode(body, type=dict[str, str])["now"]))
            case "POST", "faults":
                self.inject(_read_faults(body))
            case "DELETE", "faults":
                self.clear_faults()
            case "DELETE", "log":
                self.log.clear()
            case "GET", "log":
                return [asdict(entry) for entry in self.log]
            case _:
                raise UsageError("The control channel knows: POST clock, POST or DELETE faults, GET or DELETE log.")
        return {"ok": True}


def _aware(moment: datetime | None) -> datetime | None:
    """Take a time without zone as UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _read_faults(body: bytes) -> list[Fault]:
    """Read a list of faults, or {"catalogue": id}."""
    given = msgspec.json.decode(body)
    if not isinstance(given, dict):
        return msgspec.convert(given, list[Fault])
    script = CATALOGUE.get(str(given.get("catalogue")))
    if script is None:
        raise UsageError(f"The catalogue has {', '.join(CATALOGUE)}.")
    return script


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: HubService) -> None:
        self.service = service
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a read, or a control request."""
        if self.path.startswith(CONTROL):
            self._control()
        else:
            self._hub()

    def do_POST(self) -> None:
        """Answer a control request; the rest of the pretend Hub is read-only."""
        self.do_GET()

    def do_DELETE(self) -> None:
        """Answer a control request; the rest of the pretend Hub is read-only."""
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the log is for asking."""

    def _read_body(self) -> bytes:
        length = "" if "Transfer-Encoding" in self.headers else self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_CONTROL_BYTES:
            self.close_connection = True
            return b""
        return self.rfile.read(int(length))

    def _control(self) -> None:
        body, status = self._read_body(), 200
        try:
            if "Origin" in self.headers:
                raise UsageError("The control channel is not for web pages.")
            answer = self.server.service.control(self.command, self.path.removeprefix(CONTROL), body)
        except (LeadershiftError, ValueError, KeyError) as error:
            status, answer = 400, {"error": str(error)}
        self._send(Reply(status, msgspec.json.encode(answer), {"Content-Type": "application/json"}), Wire())

    def _hub(self) -> None:
        service = self.server.service
        self._read_body()
        authorization = self.headers.get("Authorization")
        token = (authorization or "").removeprefix("Bearer ").strip() or None
        base_url = f"http://{self.headers.get('Host') or service.url.removeprefix('http://')}"
        struck = service.script.strike(self.command, self.path)
        within, limits = service.quota.take(token)
        if not within:
            reply = Reply(429, b'{"error":"We had to rate limit you."}', {"Content-Type": "application/json"})
        elif self.command != "GET":
            reply = Reply(405, b'{"error":"The rehearsal is read-only."}', {"Content-Type": "application/json"})
        else:
            parts = urlsplit(self.path)
            params = tuple(parse_qsl(parts.query, keep_blank_values=True))
            request = Request(parts.path, params, base_url, token, overlap(struck))
            reply = service.hub.answer(request, service.now())
        reply, wire = spoil(reply, struck, base_url + self.path)
        common = {"X-Request-Id": f"rehearsal-{next(service.numbers):08d}", **limits}
        service.log.append(
            LogEntry(datetime.now(UTC), self.command, self.path, authorization is not None, reply.status)
        )
        self._send(replace(reply, headers={**common, **reply.headers}), wire)

    # On the wire

    def _send(self, reply: Reply, wire: Wire) -> None:
        """Send an answer, whole or as the wire says."""
        body, headers = reply.body, dict(reply.headers)
        if wire.bomb_bytes:
            headers["Content-Encoding"] = "gzip"
        elif "gzip" in self.headers.get("Accept-Encoding", "") and len(body) >= SMALLEST_PACKED_BYTES:
            body = reply.packed or gzip.compress(body, GZIP_LEVEL, mtime=0)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        if wire.bomb_bytes:
            headers["Connection"] = "close"
        else:
            headers["Content-Length"] = str(len(body))
        try:
            if wire.stall_seconds and self.server.service.stopping.wait(wire.stall_seconds):
                self.close_connection = True
                return
            self._put(self._head(reply.status, headers), body, wire)
        except ConnectionError:
            self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> bytes:
        date = format_datetime(self.server.service.now().astimezone(UTC), usegmt=True)
        reason = HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Rehearsal"
        lines = [f"HTTP/1.1 {status} {reason}", f"Date: {date}"]
        lines += [f"{name}: {value.translate(CLEAN_CONTROLS)}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _put(self, head: bytes, body: bytes, wire: Wire) -> None:
        if wire.bomb_bytes:
            self.close_connection = True
            self.connection.sendall(head)
            for piece in bomb(wire.bomb_bytes):
                self.connection.sendall(piece)
        elif wire.reset_after is not None:
            self.connection.sendall(head + body[: wire.reset_after])
            self._reset()
        elif wire.cut_after is not None:
            self.close_connection = True
            self.connection.sendall(head + body[: wire.cut_after])
        elif wire.drip_seconds:
            self._drip(head, body, wire.drip_seconds)
        else:
            self.connection.sendall(head + body)

    def _drip(self, head: bytes, body: bytes, seconds: float) -> None:
        self.connection.sendall(head)
        for place in range(len(body)):
            self.connection.sendall(body[place : place + 1])
            if self.server.service.stopping.wait(seconds):
                self.close_connection = True
                return

    def _reset(self) -> None:
        """Close the connection with a reset instead of a goodbye."""
        self.close_connection = True
        time.sleep(READ_BEFORE_RESET_SECONDS)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
