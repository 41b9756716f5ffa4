"""The control room: Dagster's UI behind a door with a login.

Not here: the door (guard), what Dagster shows (defs).
"""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from dagster_project.cli.group import command
from dagster_project.cli.terminal import PORT, say
from dagster_project.errors import LeadershiftError, UsageError
from dagster_project.settings import Settings, address, is_loopback

LOOPBACK = "127.0.0.1"
PREFIX_BYTES = 16
END_SECONDS = 60
DEFINITIONS = ["-m", "dagster_project.definitions"]
_HOST = click.option(
    "--host", default=LOOPBACK, show_default=True, help="Address to listen on; any but loopback needs --public-url."
)
_PUBLIC = click.option(
    "--public-url",
    metavar="URL",
    help="Address under which browsers reach it through a proxy that ends TLS, as https://radar.example.org.",
)


@command("leadershift dev --port 3001")
@click.option("--port", type=PORT, default=3000, show_default=True, help="Port of the UI.")
@_HOST
@_PUBLIC
def dev(settings: Settings, *, port: int, host: str, public_url: str | None) -> None:
    """Start the Dagster UI and its daemon, with schedules and sensors on, behind a login.

    Prints a login link once; the token behind it lies in the home, in dagster/ui.token, readable by its owner alone.
    """
    # `dg dev`, which Dagster advertises here, is another package and starts the same two processes.
    silence = ["-W", "ignore:Function `dev_command` is superseded"]
    _run(settings, [*silence, "-m", "dagster", "dev", *DEFINITIONS], "ui", port, host, public_url)


@command("leadershift ui --read-only --port 3001")
@click.option("--port", type=PORT, default=3001, show_default=True, help="Port of the UI.")
@click.option("--read-only", is_flag=True, help="For viewers: nothing can be launched, switched or wiped.")
@_HOST
@_PUBLIC
def ui(settings: Settings, *, port: int, read_only: bool, host: str, public_url: str | None) -> None:
    """Start the Dagster UI alone, behind a login; the daemon that runs schedules is not started.

    A read-only one has a token of its own, in dagster/viewer.token, which opens no other door. Viewers see all logs.
    """
    name, flags = ("viewer", ["--read-only"]) if read_only else ("ui", [])
    _run(settings, ["-m", "dagster_webserver", *DEFINITIONS, *flags], name, port, host, public_url)


def _run(settings: Settings, arguments: list[str], name: str, port: int, host: str, public_url: str | None) -> None:
    """Serve the door here and Dagster behind it in a process of its own, until either ends."""
    from dagster_project import dagster_home, guard  # noqa: PLC0415 - a query must not wait for them

    origins = _origins(host, port, public_url)
    _refuse_taken(host, port)
    folder = dagster_home.prepare(settings)
    upstream, prefix = _free_port(), f"/{secrets.token_hex(PREFIX_BYTES)}"
    door_file = f"{name}.token"
    token = guard.kept_token(folder / door_file)
    door = guard.Door(
        name=f"leadershift_{name}",
        token=token,
        origins=frozenset(origins),
        upstream=f"http://{LOOPBACK}:{upstream}",
        prefix=prefix,
        is_secure=bool(public_url and public_url.startswith("https:")),
    )
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(folder),
        "LEADERSHIFT_HOME": str(settings.home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        # Without it, a gql.py or a yaml.py in the folder you stand in shadows a package and ends the webserver.
        "PYTHONSAFEPATH": "1",
        "DAGSTER_WEBSERVER_PATH_PREFIX": prefix,
    }
    server = guard.server(door, host, port)
    with _dagster([*arguments, "-h", LOOPBACK, "-p", str(upstream)], environment, prefix) as dagster:

        def close_with_it() -> None:
            dagster.wait()
            server.should_exit = True

        threading.Thread(target=close_with_it, daemon=True).start()
        # Into a terminal, which forgets; a log file or a journal would keep the token for others.
        link = f"/login?token={token}" if sys.stderr.isatty() else f"/login, with the token in {folder / door_file}"
        say(f"Dagster UI: {origins[-1]}{link}")
        server.run()
        # Asked to stop, we don't come here: the signal is raised again when the door is shut.
        raise LeadershiftError("Dagster ended by itself; what it said last stands above.")


def _origins(host: str, port: int, public_url: str | None) -> list[str]:
    """Give the addresses that are ours, the one for people last."""
    own = [f"http://{name}:{port}" for name in ("[::1]", "localhost", LOOPBACK)]
    if public_url is None:
        if not is_loopback(f"http://[{host}]" if ":" in host else f"http://{host}"):
            raise UsageError(
                f"On {host} others reach the UI. Say under which address, best of a proxy that ends TLS.",
                next_command=f"leadershift dev --host {host} --public-url https://radar.example.org",
            )
        return own
    parts = address(public_url)
    if not parts or parts.scheme not in {"http", "https"} or parts.username or parts.path.strip("/"):
        raise UsageError(f"--public-url is '{public_url}'. Write scheme and host alone: https://radar.example.org.")
    return [*own, f"{parts.scheme}://{parts.netloc.lower()}"]


@contextmanager
def _dagster(arguments: list[str], environment: dict[str, str], secret: str) -> Iterator[subprocess.Popen[str]]:
    """Run Dagster, in a process group of its own: Ctrl-C in a terminal must reach it once, or it leaves its children behind."""

    def stop(_number: int, _frame: object) -> None:
        sys.exit(0)

    # Also where a shell started us in the background, ignoring SIGINT: Dagster would inherit that, and survive SIGTERM too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    dagster = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    )
    threading.Thread(target=_tell, args=(dagster, secret), daemon=True).start()
    try:
        yield dagster
    finally:
        if dagster.poll() is None:
            dagster.send_signal(signal.SIGINT)
        try:
            dagster.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(dagster.pid, signal.SIGKILL)


def _tell(dagster: subprocess.Popen[str], secret: str) -> None:
    """Show what Dagster says, but for its own address: that one goes around the door."""
    for line in dagster.stdout or ():
        if secret not in line:
            click.echo(line, nl=False, err=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _refuse_taken(host: str, port: int) -> None:
    """Say so before Dagster starts, which takes seconds."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise UsageError(f"Nothing can listen on {host}, port {port}: {error.strerror}.") from error
            raise UsageError(
                f"Port {port} is taken, perhaps by another `leadershift dev`.",
                next_command=f"leadershift dev --port {port + 1}",
            ) from error
