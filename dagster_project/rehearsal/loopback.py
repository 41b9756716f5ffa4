"""A pretend service on 127.0.0.1: the socket, the clock, the faults on the wire, the control channel, and the log.

Here: what the pretend Hub and the pretend GitHub have in common. Not here: what a request means (hub, github) and what a
caller may ask how often (service, github/service). The control channel is /__ctl (clock, faults, log).
"""

from __future__ import annotations

import gzip
import itertools
import os
import socket
import struct
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec

from dagster_project.errors import LeadershiftError, UsageError
from dagster_project.rehearsal.faults import Fault, FaultScript, Wire, bomb, spoil
from dagster_project.rehearsal.hub.api import GZIP_LEVEL, Reply

HOST = "127.0.0.1"
CONTROL = "/__ctl/"
MAX_BODY_BYTES = 2**20
READ_BEFORE_RESET_SECONDS = 0.05
"""A reset throws away what the other side has not read yet; this lets it read."""
POLL_SECONDS = 0.01
SMALLEST_PACKED_BYTES = 200
CLEAN_CONTROLS = dict.fromkeys((*range(32), 127), " ")
BODILESS = (204, 304)


@dataclass(frozen=True)
class LogEntry:
    """One request as it came in, written down before it is answered. `time` is the machine's, not the service's."""

    time: datetime
    method: str
    path: str
    has_authorization: bool
    status: int


@dataclass(frozen=True)
class Call:
    """One request as it came over the wire, with the faults that strike it. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    struck: Sequence[Fault] = ()

    @property
    def path(self) -> str:
        """Give the target without its query."""
        return urlsplit(self.target).path

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        """Give the query."""
        return tuple(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def token(self) -> str | None:
        """Give the token of the Authorization header, in whichever of the usual schemes."""
        scheme, _, rest = self.headers.get("authorization", "").strip().partition(" ")
        return (rest.strip() if scheme.lower() in {"bearer", "token", "basic"} else scheme) or None


class Clock:
    """The time of one service, or of several that share it: the machine's, until it is set; then it stands still."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = _aware(now)

    def now(self) -> datetime:
        """Give the time."""
        return self._now or datetime.now(UTC)

    def set(self, now: datetime) -> None:
        """Set the clock; it stands still there."""
        self._now = _aware(now)


def _aware(moment: datetime | None) -> datetime | None:
    """Take a time without zone as UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


class Service(ABC):
    """A pretend service in a thread of its own; use it as a context manager, or `serve_forever`.

    Raises UsageError when the port is taken.
    """

    catalogue: ClassVar[Mapping[str, Sequence[Fault]]] = {}
    """Scripts of faults that the control channel knows by name."""

    def __init__(self, *, port: int, clock: Clock) -> None:
        self.clock = clock
        self.script = FaultScript()
        self.log: list[LogEntry] = []
        self.stopping = threading.Event()
        self.numbers = itertools.count(1)
        try:
            self._server = _Server((HOST, port), self)
        except OSError as error:
            raise UsageError(f"The rehearsal can't listen on port {port}: {error}. Choose another port.") from error
        self.url = f"http://{HOST}:{self._server.server_port}"
        self._thread: threading.Thread | None = None

    @abstractmethod
    def answer(self, call: Call) -> tuple[Reply, dict[str, str]]:
        """Answer a request: the reply, which faults may spoil, and the headers that every reply has."""

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
        return self.clock.now()

    def set_now(self, now: datetime) -> None:
        """Set the clock, for every service that shares it; it stands still there."""
        self.clock.set(now)

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
                self.inject(self._read_faults(body))
            case "DELETE", "faults":
                self.clear_faults()
            case "DELETE", "log":
                self.log.clear()
            case "GET", "log":
                return [asdict(entry) for entry in self.log]
            case _:
                raise UsageError("The control channel knows: POST clock, POST or DELETE faults, GET or DELETE log.")
        return {"ok": True}

    def _read_faults(self, body: bytes) -> Sequence[Fault]:
        """Read a list of faults, or {"catalogue": id}."""
        given = msgspec.json.decode(body)
        if not isinstance(given, dict):
            return msgspec.convert(given, list[Fault])
        script = self.catalogue.get(str(given.get("catalogue")))
        if script is None:
            raise UsageError(f"The catalogue has {', '.join(self.catalogue)}.")
        return script


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: Service) -> None:
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
        """Answer a request, or a control request."""
        if self.path.startswith(CONTROL):
            self._control()
        else:
            self._serve()

    def do_POST(self) -> None:
        """Answer like any other; the service says what it does not do."""
        self.do_GET()

    def do_DELETE(self) -> None:
        """Answer like any other; the service says what it does not do."""
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the log is for asking."""

    def _read_body(self) -> bytes:
        length = "" if "Transfer-Encoding" in self.headers else self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
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

    def _serve(self) -> None:
        service, body = self.server.service, self._read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        base_url = f"http://{headers.get('host') or service.url.removeprefix('http://')}"
        struck = service.script.strike(self.command, self.path)
        reply, common = service.answer(Call(self.command, self.path, headers, body, base_url, struck))
        reply, wire = spoil(reply, struck, base_url + self.path)
        service.log.append(
            LogEntry(datetime.now(UTC), self.command, self.path, "authorization" in headers, reply.status)
        )
        own = {name.lower() for name in reply.headers}
        common = {name: value for name, value in common.items() if name.lower() not in own}
        self._send(replace(reply, headers={**common, **reply.headers}), wire)

    # On the wire

    def _send(self, reply: Reply, wire: Wire) -> None:
        """Send an answer, whole or as the wire says."""
        body, headers = reply.body, dict(reply.headers)
        may_pack = "gzip" in self.headers.get("Accept-Encoding", "") and "Content-Encoding" not in headers
        if wire.bomb_bytes:
            headers["Content-Encoding"] = "gzip"
        elif may_pack and len(body) >= SMALLEST_PACKED_BYTES:
            body = reply.packed or gzip.compress(body, GZIP_LEVEL, mtime=0)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        if wire.bomb_bytes:
            headers["Connection"] = "close"
        elif reply.status not in BODILESS:
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
            self._drip(head, body, wire)
        else:
            self.connection.sendall(head + body)

    def _drip(self, head: bytes, body: bytes, wire: Wire) -> None:
        self.connection.sendall(head)
        for place in range(0, len(body), wire.drip_bytes):
            self.connection.sendall(body[place : place + wire.drip_bytes])
            if self.server.service.stopping.wait(wire.drip_seconds):
                self.close_connection = True
                return

    def _reset(self) -> None:
        """Close the connection with a reset instead of a goodbye."""
        self.close_connection = True
        time.sleep(READ_BEFORE_RESET_SECONDS)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
