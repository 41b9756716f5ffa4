"""The real command in processes that die at a durable operation of our choosing, or at a moment.

One process imports everything once and forks for each command, so that hundreds of deaths are cheap. In the fork, the few
operations by which a file comes to be durable are counted and told: `write`, `truncate`, `fsync`, `rename`, `unlink`,
`mkdir`, `rmdir`, `chmod`, below the home only. The program knows nothing of it. What Polars and DuckDB write themselves is
not counted; it lies between two operations that are.
Run as a module this is that process. It reads an Order a line from stdin and writes an Ending a line to stdout.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

import msgspec

When = Literal["before", "torn", "after"]


class Death(msgspec.Struct, frozen=True):
    """Where to die: at the nth operation, counted from 1; torn is in the middle of a write."""

    number: int
    when: When


class Order(msgspec.Struct, frozen=True):
    """A command to run, and how it ends if not by itself."""

    home: str
    arguments: list[str]
    environment: dict[str, str]
    death: Death | None = None
    seconds: float | None = None


class Operation(msgspec.Struct, frozen=True):
    """One durable operation. `path` is relative to the home; of a rename, the new name, with `source` the old one."""

    kind: str
    path: str
    source: str = ""


class Ending(msgspec.Struct, frozen=True):
    """How a command ended. A negative code is the signal that ended it."""

    code: int
    seconds: float
    operations: list[Operation]
    stdout: str
    stderr: str

    @property
    def is_killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Forker:
    """The process that forks, seen from the tests."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.mortal"],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, order: Order) -> Ending:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Ending)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


# In the fork


class _Operations:
    """Tells every operation below the home as it begins, and dies at the one it is told to."""

    def __init__(self, home: str, death: Death | None, told: int) -> None:
        self._home, self._death, self._told = home, death, told
        self._number = 0

    def _relative(self, path: str) -> str:
        return path.removeprefix(self._home).removeprefix("/")

    @contextlib.contextmanager
    def at(self, kind: str, path: str, source: str = "") -> Iterator[bool]:
        """Stand around an operation; gives whether it is to be torn."""
        if not f"{path}/".startswith(f"{self._home}/"):
            yield False
            return
        self._number += 1
        operation = Operation(kind, self._relative(path), self._relative(source))
        os.write(self._told, msgspec.json.encode(operation) + b"\n")
        when = self._death.when if self._death and self._death.number == self._number else None
        if when == "before":
            die()
        try:
            yield when == "torn"
        finally:
            # Also when it failed, as making a folder does before the one above it is made.
            if when is not None:
                die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Counted:
    """A file open for writing, whose every write reaches the kernel and is counted."""

    def __init__(self, file: IO[Any], path: str, operations: _Operations) -> None:
        self._file, self._path, self._operations = file, path, operations

    def write(self, content: Any) -> int:
        with self._operations.at("write", self._path) as is_torn:
            self._file.write(content[: len(content) // 2] if is_torn else content)
            self._file.flush()
        return len(content)

    def truncate(self, size: int | None = None) -> int:
        with self._operations.at("truncate", self._path):
            return self._file.truncate(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _named(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def _full(path: Any, folder: int | None = None) -> str:
    if isinstance(path, int):
        return _named(path)
    return os.path.join(_named(folder) if folder is not None else os.getcwd(), os.fspath(path))  # noqa: PTH109, PTH118


def count(operations: _Operations) -> None:
    """Put counters around what makes a file durable, in this process."""

    def counted(kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, dir_fd: int | None = None, **options: Any) -> Any:
            if dir_fd is not None:
                options["dir_fd"] = dir_fd
            with operations.at(kind, _full(path, dir_fd)):
                return real(path, *rest, **options)

        return call

    def renamed(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(source: Any, target: Any, **options: Any) -> Any:
            with operations.at("rename", _full(target), _full(source)):
                return real(source, target, **options)

        return call

    real_open = io.open

    def opened(path: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        file = real_open(path, mode, *rest, **options)
        is_written = any(letter in mode for letter in "wax+") and not isinstance(path, int)
        return _Counted(file, _full(path), operations) if is_written else file

    io.open = opened  # what Path.open calls
    os.rename, os.replace = renamed(os.rename), renamed(os.replace)
    for kind, names in {
        "fsync": ["fsync"],
        "truncate": ["ftruncate"],
        "unlink": ["unlink", "remove"],
        "mkdir": ["mkdir"],
        "rmdir": ["rmdir"],
        "chmod": ["chmod"],
    }.items():
        for name in names:
            setattr(os, name, counted(kind, getattr(os, name)))


def live(order: Order, told: int, out: int, err: int) -> None:
    """Be the command, in a fork."""
    from dagster_project.cli import main

    os.dup2(out, 1)
    os.dup2(err, 2)
    os.environ.update(order.environment)
    count(_Operations(order.home, order.death, told))
    code = 1
    try:
        main.main(order.arguments, prog_name="leadershift")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException as error:  # noqa: BLE001 - as an interpreter ends with whatever was raised
        sys.excepthook(type(error), error, error.__traceback__)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


# The process that forks


def fork(order: Order) -> Ending:
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        child = os.fork()
        if not child:
            live(order, told.fileno(), out.fileno(), err.fileno())
        if order.seconds is not None:
            time.sleep(order.seconds)
            os.kill(child, signal.SIGKILL)
        _child, status = os.waitpid(child, 0)
        seconds = time.monotonic() - started
        lines, stdout, stderr = ((file.seek(0), file.read())[1] for file in (told, out, err))
    operations = [msgspec.json.decode(line, type=Operation) for line in lines.splitlines()]
    return Ending(os.waitstatus_to_exitcode(status), seconds, operations, stdout.decode(), stderr.decode())


def serve() -> None:
    # What the commands would import and parse by themselves, once for all.
    import great_expectations  # noqa: F401

    import dagster_project.cli
    import dagster_project.warehouse.audit  # noqa: F401
    from dagster_project.settings import shipped
    from dagster_project.warehouse import catalog, lineage

    lineage.build_order(catalog.load(shipped("sql")))

    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(msgspec.json.encode(fork(msgspec.json.decode(line, type=Order))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
