"""One writer at a time in a home. The kernel holds the lock, so a dead process can't: there are no stale locks to break.

Not here: what the holder does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dagster_project.calendar import stamp
from dagster_project.errors import RefusedError
from dagster_project.snapshots import durable

LOCK = "lock"


@contextlib.contextmanager
def hold(home: Path, task: str, now: datetime) -> Iterator[None]:
    """Hold the home for `task`. Raises RefusedError that names who holds it since when."""
    path = home / LOCK
    with durable.disk_trouble(path):
        home.mkdir(parents=True, exist_ok=True)
        file = path.open("ab+", buffering=0)
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise RefusedError(
                f"{home} is in use: {file.read().decode().strip() or 'by an unnamed process'}. Wait for it, or end it."
            ) from error
        with durable.disk_trouble(path):
            file.truncate(0)
            file.write(f"{task} by process {os.getpid()} on {socket.gethostname()} since {stamp(now)}\n".encode())
        yield
