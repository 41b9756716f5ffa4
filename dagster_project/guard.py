"""A door in front of Dagster's webserver, which has no login and trusts every page that a browser has open (F43).

What reaches Dagster came with the token, under a name that is ours, from no foreign page, and a GraphQL question is a JSON
POST. Dagster itself listens on loopback below a path that nobody can guess, so that the way around the door is shut too.
Not here: starting Dagster (cli/control).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, quote

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dagster_project.errors import StorageError

GRAPHQL = "graphql"
# The UI names each question in the URL, for people who watch the network; Dagster doesn't read it.
OPERATION = "op"
LOGIN = "/login"
MAX_BODY_BYTES = 10_000_000
MAX_LOGIN_BYTES = 4_096
# The largest question of the UI, the asset graph of all tables, took 4 s on two busy cores.
ANSWER_SECONDS = 120
GRACE_SECONDS = 5
OWNER_ONLY = 0o600
TOKEN_BYTES, LEAST_TOKEN_LETTERS = 32, 16
REFUSED_BY_POLICY = 1008
# They belong to one connection (RFC 9110, 7.6.1), or to the door alone.
_NOT_FORWARDED = {"accept-encoding", "authorization", "content-length", "cookie", "host", "origin"}
_OF_ONE_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "date", "server"}
# Dagster's own policy says which scripts may run. These say whom a page may talk to, and who may frame it: nobody else.
_POLICY = (
    "connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; frame-ancestors 'none'; form-action 'self'"
)
_NO_SCRIPTS = f"default-src 'none'; style-src 'unsafe-inline'; {_POLICY}"
_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">{refresh}
<title>leadershift</title><style>:root{{color-scheme:light dark}}
body{{font:16px/1.5 sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}}
input{{font:inherit;width:100%;box-sizing:border-box;margin:.5rem 0}}</style><h1>leadershift</h1><p>{says}</p>{form}</html>"""
_FORM = """<form method="post" action="/login"><label>Token <input name="token" type="password" autocomplete="current-password">
</label><button>Log in</button></form>"""
_NO_TOKEN = (
    "Open the login link that leadershift printed when it began, or paste its token here. The token also lies in the"
    " folder `dagster` of the home, in a file that only its owner can read."
)


@dataclass(frozen=True)
class Door:
    """Who may come in (`token`), under which addresses (`origins`, scheme and host), and where Dagster is.

    `upstream` is Dagster's address without a slash at its end; it answers only below `prefix`. `name` keeps the cookies of two
    doors apart, because browsers don't tell the ports of a host apart. `is_secure`: browsers come by https alone.
    """

    name: str
    token: str
    origins: frozenset[str]
    upstream: str
    prefix: str
    is_secure: bool = False

    @property
    def hosts(self) -> set[str]:
        """The Host headers that are ours: any other is a foreign name that was pointed at this machine."""
        return {origin.partition("://")[2] for origin in self.origins}

    @property
    def session(self) -> str:
        """What the cookie holds: follows from the token, and doesn't tell it."""
        return hashlib.sha256(f"{self.name}:{self.token}".encode()).hexdigest()


def kept_token(path: Path) -> str:
    """Read the token in a file that only its owner can read; make both if there is none. Raises StorageError.

    A kill or a full disk leaves no file rather than an empty one: whoever gives no token would give the right one.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_token(path)
        path.chmod(OWNER_ONLY)
        token = path.read_text("ascii", "replace").strip()
    except OSError as error:
        raise StorageError(f"The login token can't be kept at {path}: {error.strerror}.") from error
    if len(token) < LEAST_TOKEN_LETTERS or not (token.isascii() and token.isprintable()):
        raise StorageError(
            f"{path} holds no token of at least {LEAST_TOKEN_LETTERS} letters. Delete it: the next start makes a new one.",
            next_command=f"rm {path}",
        )
    return token


def _make_token(path: Path) -> None:
    """Write a new token beside, then give it its name, unless another process was first."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
            file.write(secrets.token_urlsafe(TOKEN_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)


def server(door: Door, host: str, port: int) -> uvicorn.Server:
    """Make the server of a door; its `run()` serves until SIGINT, SIGTERM or `should_exit`."""
    config = uvicorn.Config(
        application(door),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def application(door: Door) -> Starlette:
    """Make the door as an ASGI application."""

    @contextlib.asynccontextmanager
    async def connected(app: Starlette) -> AsyncIterator[None]:
        # No proxy of the environment may see what is asked of this very machine.
        async with httpx2.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
            app.state.client = client
            yield

    async def login(request: Request) -> Response:
        if refused := _foreign(door, request):
            return refused
        given = request.query_params.get("token")
        if request.method == "POST":
            body = await _body(request, MAX_LOGIN_BYTES)
            given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0] if body is not None else None
        if not secrets.compare_digest((given or "").encode(), door.token.encode()):
            return _page(HTTPStatus.UNAUTHORIZED, _NO_TOKEN, form=_FORM)
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER, headers=_HEADERS)
        answer.set_cookie(door.name, door.session, httponly=True, samesite="lax", secure=door.is_secure)
        return answer

    async def forward(request: Request) -> Response:
        return _refusal(door, request) or await _forward(door, request)

    async def relay(socket: WebSocket) -> None:
        if _refusal(door, socket):
            await socket.close(REFUSED_BY_POLICY)
        else:
            await _relay(door, socket)

    routes = [
        Route(LOGIN, login, methods=["GET", "POST"]),
        Route("/{path:path}", forward, methods=["GET", "POST"]),
        WebSocketRoute(f"/{GRAPHQL}", relay),
    ]
    return Starlette(routes=routes, lifespan=connected)


def _refusal(door: Door, asked: HTTPConnection) -> Response | None:
    """Say why a request may not reach Dagster; None if it may."""
    return _foreign(door, asked) or _unknown(door, asked) or _odd(asked)


def _foreign(door: Door, asked: HTTPConnection) -> Response | None:
    """Refuse what came under a foreign name (DNS rebinding) or from a foreign page."""
    if asked.headers.getlist("host") != [asked.headers.get("host", "")] or asked.headers["host"] not in door.hosts:
        return _page(HTTPStatus.MISDIRECTED_REQUEST, "This server doesn't go by that name.")
    if not set(asked.headers.getlist("origin")) <= door.origins:
        return _page(HTTPStatus.FORBIDDEN, "Another site's page asked for this.")
    return None


def _unknown(door: Door, asked: HTTPConnection) -> Response | None:
    """Refuse who has neither the token nor a cookie of ours."""
    scheme, _, given = asked.headers.get("authorization", "").partition(" ")
    bearer = given if scheme.lower() == "bearer" else ""
    session = asked.cookies.get(door.name, "")
    is_known = secrets.compare_digest(bearer.encode(), door.token.encode()) or secrets.compare_digest(
        session.encode(), door.session.encode()
    )
    return None if is_known else _page(HTTPStatus.UNAUTHORIZED, _NO_TOKEN, form=_FORM)


def _odd(asked: HTTPConnection) -> Response | None:
    """Refuse ways of asking that the UI never uses: GraphQL in a URL, which any link can hold, and paths with two readings."""
    first, *others = asked.scope["path"].removeprefix("/").removesuffix("/").split("/")
    if {".", ".."} & {first, *others} or "" in others or (not first and others):
        return _page(HTTPStatus.BAD_REQUEST, "That path has more than one reading.")
    if first.lower() != GRAPHQL or asked.scope["type"] == "websocket":
        return None
    if asked.scope["method"] != "POST" or set(asked.query_params) - {OPERATION}:
        return _page(HTTPStatus.METHOD_NOT_ALLOWED, "GraphQL is asked by POST, and not in the URL.")
    if asked.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _page(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "GraphQL is asked in application/json.")
    return None


async def _forward(door: Door, request: Request) -> Response:
    """Ask Dagster, and hand on what it says."""
    body = await _body(request, MAX_BODY_BYTES)
    if body is None:
        return _page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is more than Dagster's UI ever sends.")
    client: httpx2.AsyncClient = request.app.state.client
    query = request.scope["query_string"].decode("latin-1")
    # The path that was judged, written anew: not the one that was sent, which may have another reading.
    url = f"{door.upstream}{door.prefix}{quote(request.scope['path'])}{f'?{query}' if query else ''}"
    headers = [(k, v) for k, v in request.headers.items() if k not in _NOT_FORWARDED | _OF_ONE_HOP]
    question = client.build_request(request.method, url, headers=headers, content=body)
    question.headers["accept-encoding"] = "identity"
    try:
        answer = await client.send(question, stream=True)
    except httpx2.TransportError:
        return _page(
            HTTPStatus.SERVICE_UNAVAILABLE, "Dagster is not up yet. This page asks again by itself.", refresh=2
        )
    kept = {name: value for name, value in answer.headers.items() if name not in _OF_ONE_HOP} | _HEADERS
    own_policy = answer.headers.get("content-security-policy")
    kept["content-security-policy"] = f"{own_policy.rstrip('; ')}; {_POLICY}" if own_policy else _NO_SCRIPTS
    if answer.headers.get("content-type", "").startswith("text/html"):
        # Its addresses are below the hidden path; a browser knows only ours.
        page = (await answer.aread()).replace(door.prefix.encode(), b"")
        kept.pop("content-length", None)
        await answer.aclose()
        return Response(page, answer.status_code, kept)
    return StreamingResponse(_pieces(answer), answer.status_code, kept)


async def _pieces(answer: httpx2.Response) -> AsyncIterator[bytes]:
    """Hand on an answer as it comes; a browser that goes away must not leave the connection to Dagster open."""
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


async def _relay(door: Door, socket: WebSocket) -> None:
    """Join a browser's socket with one of Dagster's, until either ends."""
    address = f"{door.upstream.replace('http', 'ws', 1)}{door.prefix}/{GRAPHQL}"
    try:
        dagster = await connect(address, subprotocols=socket.scope["subprotocols"] or None, max_size=None, proxy=None)
    except OSError:
        await socket.close(REFUSED_BY_POLICY)
        return
    async with dagster:
        await socket.accept(dagster.subprotocol)
        ways = [asyncio.create_task(_inwards(socket, dagster)), asyncio.create_task(_outwards(dagster, socket))]
        _done, rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in rest:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the browser may have closed it
        await socket.close()


async def _inwards(socket: WebSocket, dagster: ClientConnection) -> None:
    with contextlib.suppress(WebSocketDisconnect, ConnectionClosed):
        while True:
            await dagster.send(await socket.receive_text())


async def _outwards(dagster: ClientConnection, socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, ConnectionClosed):
        async for message in dagster:
            await socket.send_text(message if isinstance(message, str) else message.decode())


async def _body(request: Request, most: int) -> bytes | None:
    """Read a request's body; None if it is larger than that."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _page(status: HTTPStatus, says: str, *, form: str = "", refresh: int | None = None) -> Response:
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    headers = {**_HEADERS, "Content-Security-Policy": _NO_SCRIPTS, "Cache-Control": "no-store"}
    return HTMLResponse(_PAGE.format(says=says, form=form, refresh=again), status, headers)
