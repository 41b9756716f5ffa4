"""One writer at a time in a home. The kernel holds the lock, so a dead process can't: there are no stale locks to break.

A holder that ends, well or with an error, empties the file. So text found while the lock is free is the last word of one
that was killed: it goes into the diary, and what the dead left half-written is cleared away.
Not here: what the holder does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from dagster_project.calendar import stamp
from dagster_project.errors import RefusedError
from dagster_project.snapshots import durable, ledger

LOCK = "lock"
# Where only the holder of the lock writes.
GUARDED = ("raw", "snapshots", "warehouse", "published")


@contextlib.contextmanager
def hold(home: Path, task: str, now: datetime, say: Callable[[str], None] = lambda _text: None) -> Iterator[None]:
    """Hold the home for `task`. Raises RefusedError that names who holds it since when."""
    path = home / LOCK
    with durable.disk_trouble(path):
        durable.make_folder(home)
        file = path.open("ab+", buffering=0)
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError(
                f"{home} is in use: {_holder(path) or 'by an unnamed process'}. Wait for it, or end it."
            ) from error
        if dead := _holder(path):
            say(f"The last to use {home} was killed: {dead}. Its lock is free; going on from what it left.")
            ledger.write(home, "taken_over", now, task=task, holder=dead)
            for part in GUARDED:
                durable.sweep(home / part)
        with durable.disk_trouble(path):
            file.truncate(0)
            file.write(f"{task} by process {os.getpid()} on {socket.gethostname()} since {stamp(now)}\n".encode())
        try:
            yield
        finally:
            # A disk that went read-only meanwhile has been told of, and this must not hide it.
            with contextlib.suppress(OSError):
                file.truncate(0)


def _holder(path: Path) -> str:
    """Read who wrote itself down last; whatever else may stand there is no reason to fail."""
    return path.read_bytes().decode("utf-8", "replace").strip()
