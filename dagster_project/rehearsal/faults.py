"""What goes wrong on purpose: scripted faults, and the scripts of the fault catalogue by id.

A fault strikes the nth request that its method and path match, then every further one in its step, a number of times.
Here: when a fault strikes and what it does to an answer. Not here: putting the damaged answer on the wire (service).
"""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.api import Reply

Action = Literal[
    "reply",  # a whole answer of its own: status, headers, body
    "body",  # another body under the true headers, the Link included
    "no_link",  # the list seems to end here
    "link_self",  # next is this very page
    "link_elsewhere",  # next is on another origin: `value`
    "overlap",  # the page begins `size` rows early (a page at most), so those come twice and none is missing
    "mutate",  # the record at place `row` becomes odd in the way `value` (MUTATIONS)
    "drift",  # every record of the page changes in the way `value` (DRIFTS, then a key); `size`: only so many in a hundred
    "vanish",  # the record at place `row` is on no page, as if it had gone between two
    "clock",  # the service's clock moves on by `seconds` before it answers, as if the client had been slow
    "stall",  # silence of `seconds` before the first byte
    "drip",  # `seconds` between each two bytes of the body, or pieces of `size` bytes
    "truncate",  # `size` bytes of the body, then a clean close, under the whole one's Content-Length
    "reset",  # `size` bytes of the body, then a connection reset
    "gzip_bomb",  # a body in gzip that unpacks to `size` bytes
    "shorten",  # `size` bytes of the body as if they were all of it: cut-off JSON under its right Content-Length
    "mislabel",  # a plain body that says it is gzip
    "partial",  # GraphQL: the answer at place `row` is null, and an error of type `value` beside it says so
    "primary_limit",  # GitHub: nothing left of the hour until `seconds` from now, with `status` 403, 429, or 200 in GraphQL
    "secondary_limit",  # GitHub: too fast, with `status`; Retry-After only if `seconds`; the words of `value` if any
    "skew",  # GitHub: x-ratelimit-reset is `seconds` off
]
MODELS_PATH = r"^/api/models(\?|$)"
FOR_EVER = 0
BOMB_BLOCK_BYTES = 2**20
GIBIBYTE = 2**30
MEBIBYTE = 2**20
GRAPHQL_PATH = r"^/graphql$"
LOST_PART = "Something went wrong while executing your query."
HTML = "<!doctype html><title>Rehearsal</title><p>We are down for maintenance."


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scripted fault. `path` is a regular expression, searched in path and query."""

    action: Action
    method: str = "GET"
    path: str = MODELS_PATH
    nth: int = 1
    every: int = 1
    times: int = 1
    """How often at most; FOR_EVER has no end."""
    status: int = 200
    headers: dict[str, str] = {}
    body: str = ""
    seconds: float = 0.0
    size: int = 0
    row: int = 0
    value: str = ""

    def strikes(self, call: int) -> bool:
        """Say whether the fault strikes its `call`th match, counted from 1."""
        past = call - self.nth
        if past < 0 or past % self.every:
            return False
        return self.times == FOR_EVER or past // self.every < self.times


@dataclass(frozen=True)
class Wire:
    """How the bytes of an answer are to travel; nothing set is the ordinary way."""

    stall_seconds: float = 0.0
    drip_seconds: float = 0.0
    drip_bytes: int = 1
    cut_after: int | None = None
    reset_after: int | None = None
    bomb_bytes: int = 0


class FaultScript:
    """The faults in force, each with the number of requests it has matched so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: list[int] = []

    def add(self, faults: Sequence[Fault]) -> None:
        """Put faults in force. Raises UsageError for one that could not work."""
        for fault in faults:
            _check(fault)
        with self._lock:
            self._faults += faults
            self._calls += [0] * len(faults)

    def clear(self) -> None:
        """Put all faults out of force."""
        with self._lock:
            self._faults, self._calls = [], []

    def strike(self, method: str, target: str) -> list[Fault]:
        """Count a request and give the faults that strike it, in the order they were added."""
        struck = []
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.method == method and re.search(fault.path, target):
                    self._calls[place] += 1
                    if fault.strikes(self._calls[place]):
                        struck.append(fault)
        return struck


def _check(fault: Fault) -> None:
    if fault.nth < 1 or fault.every < 1 or fault.times < 0:
        raise UsageError("A fault counts from 1: nth and every are at least 1, times at least 0.")
    if fault.action == "drift" and fault.value.partition(" ")[0] not in DRIFTS:
        raise UsageError(f"No drift is called '{fault.value}'. There are: {', '.join(DRIFTS)}, each with a key.")
    if fault.action == "mutate" and fault.value not in MUTATIONS:
        raise UsageError(f"No mutation is called '{fault.value}'. There are: {', '.join(MUTATIONS)}.")
    try:
        re.compile(fault.path)
    except re.error as error:
        raise UsageError(f"The fault's path '{fault.path}' is no regular expression: {error}") from error


def overlap(struck: Sequence[Fault]) -> int:
    """Give how many rows the page must begin early: the one fault that happens while a page is made."""
    return sum(fault.size for fault in struck if fault.action == "overlap")


def spoil(reply: Reply, struck: Sequence[Fault], url: str) -> tuple[Reply, Wire]:
    """Let the faults damage an answer to the request `url`, one after the other."""
    wire = Wire()
    mutations = [fault for fault in struck if fault.action == "mutate"]
    if mutations:
        reply = replace(reply, body=_mutate(reply.body, mutations), packed=None)
    for fault in struck:
        reply, wire = _spoil_answer(reply, fault, url), _spoil_wire(wire, fault)
    return reply, wire


def _spoil_answer(reply: Reply, fault: Fault, url: str) -> Reply:
    headers = reply.headers
    match fault.action:
        case "reply":
            return Reply(fault.status, fault.body.encode(), {"Content-Type": "application/json", **fault.headers})
        case "no_link":
            return replace(reply, headers={name: value for name, value in headers.items() if name != "Link"})
        case "link_self" | "link_elsewhere":
            path = url.split("/", 3)[-1]
            target = url if fault.action == "link_self" else f"{fault.value.rstrip('/')}/{path}"
            return replace(reply, headers={**headers, "Link": f'<{target}>; rel="next"'})
        case "mislabel":
            return replace(reply, headers={**headers, "Content-Encoding": "gzip"})
    body = _spoil_body(reply.body, fault)
    return reply if body is None else replace(reply, body=body, packed=None)


def _spoil_body(body: bytes, fault: Fault) -> bytes | None:
    """Give another body, None where the fault is not about bodies."""
    match fault.action:
        case "body":
            return fault.body.encode()
        case "shorten":
            return body[: fault.size]
        case "partial":
            return _lose_part(body, fault)
        case "drift":
            return _drift(body, fault)
        case "vanish":
            rows = msgspec.json.decode(body, type=list[msgspec.Raw])
            return msgspec.json.encode(rows[: fault.row] + rows[fault.row + 1 :])
    return None


def _spoil_wire(wire: Wire, fault: Fault) -> Wire:
    match fault.action:
        case "stall":
            return replace(wire, stall_seconds=fault.seconds)
        case "drip":
            return replace(wire, drip_seconds=fault.seconds, drip_bytes=fault.size or 1)
        case "truncate":
            return replace(wire, cut_after=fault.size)
        case "reset":
            return replace(wire, reset_after=fault.size)
        case "gzip_bomb":
            return replace(wire, bomb_bytes=fault.size)
    return wire


# Odd records


def _with(key: str, raw: Callable[[int], bytes]) -> Callable[[dict[str, Any], int], bytes]:
    """Make a mutation that gives a record one key with a value in raw JSON."""

    def mutation(record: dict[str, Any], size: int) -> bytes:
        rest = msgspec.json.encode({name: value for name, value in record.items() if name != key})
        return rest[:-1] + b',"' + key.encode() + b'":' + raw(size) + b"}"

    return mutation


def _said_twice(record: dict[str, Any]) -> bytes:
    """Give the likes twice. Readers of JSON take the last, which is the true one: a fault of the wire is no fact of the world."""
    true = msgspec.json.encode(record.get("likes", 2))
    return _with("likes", lambda _: b'1,"likes":' + true)(record, 0)


MUTATIONS: Mapping[str, Callable[[dict[str, Any], int], bytes]] = {
    "fallen_total": _with("downloadsAllTime", lambda _: b"1"),
    "negative_total": _with("downloadsAllTime", lambda _: b"-7"),
    "wrong_type": _with("downloads", lambda _: b'"many"'),
    "lone_surrogate": _with("library_name", lambda _: rb'"lone \ud800 surrogate"'),
    "nul": _with("library_name", lambda _: rb'"nul\u0000in the middle"'),
    "huge_number": _with("downloads", lambda _: str(2**70).encode()),
    "deep": _with("cardData", lambda depth: b'{"a":' * depth + b"1" + b"}" * depth),
    "duplicate_key": lambda record, _: _said_twice(record),
    "huge_card": _with("cardData", lambda size: b'{"note":"' + b"x" * size + b'"}'),
    "no_id": lambda record, _: msgspec.json.encode({k: v for k, v in record.items() if k not in {"_id", "id"}}),
}
"""Ways a record can be odd. `size` is the depth of "deep" and the bytes of "huge_card"."""


def _mutate(body: bytes, faults: Sequence[Fault]) -> bytes:
    """Make records of a page odd, all at once, because an odd page can't be read again; a row too far is left out."""
    if not body.startswith(b"["):
        return MUTATIONS[faults[0].value](msgspec.json.decode(body), faults[0].size)
    rows = msgspec.json.decode(body, type=list[msgspec.Raw])
    for fault in faults:
        if fault.row < len(rows):
            rows[fault.row] = msgspec.Raw(MUTATIONS[fault.value](msgspec.json.decode(rows[fault.row]), fault.size))
    return msgspec.json.encode(rows)


Fields = dict[str, msgspec.Raw]
DRIFTS: Mapping[str, Callable[[Fields, str], Fields]] = {
    "drop": lambda record, key: {name: value for name, value in record.items() if name != key},
    "rename": lambda record, key: {f"{name}_v2" if name == key else name: value for name, value in record.items()},
    "add": lambda record, key: {**record, key: msgspec.Raw(b"true")},
    "null": lambda record, key: {**record, key: msgspec.Raw(b"null")},
    "text": lambda record, key: {
        name: msgspec.Raw(b'"' + bytes(value) + b'"') if name == key else value for name, value in record.items()
    },
}
"""Ways in which the Hub could change a field of all records; "text" is for numbers."""


def _drift(body: bytes, fault: Fault) -> bytes:
    """Change a field of the first `size` of each hundred records, of all where no size is given."""
    if not body.startswith(b"["):
        return body
    way, _, key = fault.value.partition(" ")
    rows = msgspec.json.decode(body, type=list[Fields])
    struck = fault.size or 100
    return msgspec.json.encode([DRIFTS[way](row, key) if n % 100 < struck else row for n, row in enumerate(rows)])


def _lose_part(body: bytes, fault: Fault) -> bytes:
    """Make one answer of a GraphQL batch null and tell of it, as if the rest had been in time; none too far is lost."""
    answer = msgspec.json.decode(body)
    names = list(answer.get("data") or {})[fault.row : fault.row + 1]
    told = [{"type": fault.value, "path": [name], "message": fault.body or LOST_PART} for name in names]
    if told:
        answer = {"data": {**answer["data"], names[0]: None}, "errors": [*answer.get("errors", ()), *told]}
    return msgspec.json.encode(answer)


def bomb(size: int) -> Iterator[bytes]:
    """Give a gzip stream of `size` zero bytes, block by block: a thousandth of that on the wire.

    It has no trailer: who unpacks it to the end has already lost, and then sees a cut-off stream.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    yield packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(BOMB_BLOCK_BYTES)) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(size // BOMB_BLOCK_BYTES):
        yield block


# The catalogue


def _odd(row: int, value: str, size: int = 0) -> Fault:
    return Fault(action="mutate", nth=2, row=row, value=value, size=size)


_ERROR_OBJECT = '{"error":"Internal Server Error"}'
_LIMITED = {"RateLimit": '"api";r=0;t=3'}
_HTML_HEADERS = {"Content-Type": "text/html; charset=utf-8"}

CATALOGUE: dict[str, list[Fault]] = {
    "F01": [Fault(action="truncate", nth=2, size=5)],
    "F02": [Fault(action="reply", nth=2, headers=_HTML_HEADERS, body=HTML)],
    "F02-always": [Fault(action="reply", nth=2, times=FOR_EVER, headers=_HTML_HEADERS, body=HTML)],
    "F03": [Fault(action="body", nth=2, body=_ERROR_OBJECT)],
    "F03-strings": [Fault(action="body", nth=2, body='["rehearsal-user-001/one","rehearsal-user-001/two"]')],
    "F04": [Fault(action="gzip_bomb", nth=2, times=FOR_EVER, size=10 * GIBIBYTE)],
    "F05": [Fault(action="no_link", nth=2)],
    "F06": [Fault(action="body", nth=2, body="[]"), Fault(action="no_link", nth=2)],
    "F06-with-next": [Fault(action="body", nth=2, body="[]")],
    "F07": [Fault(action="reply", nth=2, status=410, body='{"error":"The cursor has expired"}')],
    "F08": [Fault(action="vanish", nth=2, row=1)],
    "F09": [Fault(action="clock", nth=3, seconds=60), Fault(action="overlap", nth=3, size=1000)],
    "F10": [Fault(action="overlap", nth=3, size=1000)],
    "F10-shifted": [Fault(action="overlap", nth=3, size=1)],
    "F11": [Fault(action="reply", nth=2, times=20, status=429, headers=_LIMITED, body='{"error":"Too many requests"}')],
    "F12": [Fault(action="reply", nth=2, times=12, status=503, body='{"error":"Service Unavailable"}')],
    "F13": [Fault(action="stall", nth=2, seconds=3600)],
    "F14": [Fault(action="drip", nth=2, seconds=1)],
    "F15": [Fault(action="reply", nth=2, times=FOR_EVER, status=401, body='{"error":"Invalid credentials"}')],
    "F16": [Fault(action="link_elsewhere", nth=2, value="http://rehearsal.invalid")],
    "F17": [Fault(action="link_self", nth=2, times=FOR_EVER)],
    "F18": [_odd(0, "fallen_total"), _odd(1, "negative_total")],
    "F19": [
        _odd(0, "wrong_type"),
        _odd(1, "lone_surrogate"),
        _odd(2, "nul"),
        _odd(3, "huge_number"),
        _odd(4, "deep", 5000),
        _odd(5, "duplicate_key"),
        _odd(6, "huge_card", 30 * MEBIBYTE),
    ],
    "F33": [Fault(action="drift", value="rename downloadsAllTime", times=FOR_EVER)],
    "F33-new": [Fault(action="drift", value="add mood", times=FOR_EVER)],
    "F33-missing": [Fault(action="drift", value="drop tags", times=FOR_EVER)],
    "F33-text": [Fault(action="drift", value="text downloads", times=FOR_EVER)],
    "F33-null": [Fault(action="drift", value="null pipeline_tag", size=60, times=FOR_EVER)],
}
"""Scripts by catalogue id; the second list page is the one hit (the third where a page before it must be repeated)."""


def _on_graphql(**what: Any) -> Fault:
    return Fault(method="POST", path=GRAPHQL_PATH, **what)


_REPO_PATH = r"^/(repos|repositories)/"
_STATISTICS_PATH = r"/stats/contributors"
ABUSE = "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again."

GITHUB_CATALOGUE: dict[str, list[Fault]] = {
    "primary-403": [Fault(path=_REPO_PATH, action="primary_limit", status=403, seconds=1)],
    "primary-429": [Fault(path=_REPO_PATH, action="primary_limit", status=429, seconds=1)],
    "secondary-403": [Fault(path=_REPO_PATH, action="secondary_limit", status=403)],
    "secondary-403-after": [Fault(path=_REPO_PATH, action="secondary_limit", status=403, seconds=1)],
    "secondary-429": [Fault(path=_REPO_PATH, action="secondary_limit", status=429)],
    "secondary-429-after": [Fault(path=_REPO_PATH, action="secondary_limit", status=429, seconds=1)],
    "abuse-403": [Fault(path=_REPO_PATH, action="secondary_limit", status=403, seconds=1, value=ABUSE)],
    "graphql-limited": [_on_graphql(action="primary_limit", seconds=1)],
    "graphql-secondary": [_on_graphql(action="secondary_limit")],
    "graphql-partial": [_on_graphql(action="partial", row=1, value="RESOURCE_LIMITS_EXCEEDED")],
    "graphql-502": [_on_graphql(action="reply", status=502, headers=_HTML_HEADERS, body=HTML)],
    "burst-502": [Fault(path=_REPO_PATH, action="reply", status=502, times=4, headers=_HTML_HEADERS, body=HTML)],
    "burst-503": [
        Fault(path=_REPO_PATH, action="reply", status=503, times=4, body='{"message":"Service unavailable"}')
    ],
    "down": [Fault(path=_REPO_PATH, action="reply", status=500, times=FOR_EVER, body='{"message":"Server Error"}')],
    "html-200": [Fault(path=_REPO_PATH, action="reply", headers=_HTML_HEADERS, body=HTML)],
    "cut-json": [Fault(path=_REPO_PATH, action="shorten", size=40)],
    "false-gzip": [Fault(path=_REPO_PATH, action="mislabel")],
    "counts-for-ever": [Fault(path=_STATISTICS_PATH, action="reply", status=202, times=FOR_EVER, body="{}")],
    "bad-token": [
        Fault(path=_REPO_PATH, action="reply", status=401, times=FOR_EVER, body='{"message":"Bad credentials"}')
    ],
    "list-error": [Fault(path=_REPO_PATH, action="body", body='["an","error"]')],
    "empty-page": [Fault(path=_REPO_PATH, action="body", body="[]")],
    "twice": [Fault(path=r"[?&]page=2(&|$)", action="overlap", size=1)],
    "link-elsewhere": [Fault(path=_REPO_PATH, action="link_elsewhere", value="http://rehearsal.invalid")],
    "link-self": [Fault(path=_REPO_PATH, action="link_self", times=FOR_EVER)],
    "skew": [Fault(path="", action="skew", seconds=-7_200, times=FOR_EVER)],
    "stall": [Fault(path=_REPO_PATH, action="stall", seconds=3600)],
    "reset": [Fault(path=_REPO_PATH, action="reset", size=20)],
}
"""Scripts for the pretend GitHub by name; they strike the first request that they fit."""
