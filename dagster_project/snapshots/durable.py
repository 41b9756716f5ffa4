"""The one way a file comes to be: written beside its place, flushed to disk, renamed into it. Readers see all of it or none.

Not here: what is written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from dagster_project.errors import StorageError

TEMPORARY_FOLDER = "tmp"
_DISK_TROUBLE = {
    errno.ENOSPC: "is full",
    errno.EROFS: "is read-only",
    errno.EDQUOT: "is over its quota",
    errno.EACCES: "may not be written",
    errno.EPERM: "may not be changed",
    errno.EIO: "gives errors",
}
_HASH_CHUNK_BYTES = 1 << 20


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Hand out a temporary path in a sibling folder; when the block ends well, flush it and rename it to `path`."""
    with disk_trouble(path):
        make_folder(path.parent)
        folder = path.parent / TEMPORARY_FOLDER
        folder.mkdir(exist_ok=True)
        temporary = folder / f"{path.name}.{os.getpid()}"
        _clear_leftovers(folder, path.name)
        try:
            yield temporary
            flush(temporary)
            temporary.replace(path)
            flush(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                folder.rmdir()


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, whose names survive a power cut: else a durable file could lie in a lost folder.

    Raises StorageError where something else lies in its place.
    """
    if not folder.is_dir():
        if folder.exists() or folder.is_symlink():
            raise StorageError(
                f"{folder} is in the way: a folder is needed there. Nothing was written.",
                next_command=f"mv {folder} {folder}.old",
            )
        make_folder(folder.parent)
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"The folder {folder} can't be made: {error.strerror}.", next_command=f"ls -ld {folder.parent}"
            ) from error
        flush(folder.parent)


def sweep(folder: Path) -> None:
    """Remove what a killed process was writing anywhere below a folder. For the holder of the lock, at no other time."""
    for temporary in list(folder.rglob(TEMPORARY_FOLDER)):
        shutil.rmtree(temporary)


def _clear_leftovers(folder: Path, name: str) -> None:
    """Remove what killed processes left of the same file: a half-built database is as large as a whole one."""
    for leftover in folder.iterdir():
        maker = leftover.name.removeprefix(f"{name}.").partition(".")[0]
        if leftover.name.startswith(f"{name}.") and maker.isdigit() and not _is_another_alive(int(maker)):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def _is_another_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file, durably."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def append_line(path: Path, line: bytes) -> None:
    """Append one line to a log and flush it; a line torn by an earlier crash is cut off first."""
    with disk_trouble(path):
        make_folder(path.parent)
        is_new = not path.exists()
        with path.open("ab+") as log:
            _cut_torn_line(log.fileno())
            log.write(line + b"\n")
            log.flush()
            os.fsync(log.fileno())
        if is_new:
            flush(path.parent)


def sha256(path: Path) -> str:
    """Hash a file, flat in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextlib.contextmanager
def disk_trouble(path: Path) -> Iterator[None]:
    """Turn a refusing disk into one sentence. Polars and DuckDB wrap the same refusal in errors of their own."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_TROUBLE:
            raise
        raise _storage_error(path, _DISK_TROUBLE[error.errno]) from error
    except Exception as error:
        if "No space left on device" in str(error) or "os error 28" in str(error):
            raise _storage_error(path, _DISK_TROUBLE[errno.ENOSPC]) from error
        raise


def _storage_error(path: Path, trouble: str) -> StorageError:
    return StorageError(
        f"{path} could not be written: the disk {trouble}. Nothing half-written was kept. "
        "Mend that, then run the same command again.",
        next_command=f"df -h {path.parent}",
    )


def _cut_torn_line(descriptor: int) -> None:
    end = os.lseek(descriptor, 0, os.SEEK_END)
    if end == 0 or os.pread(descriptor, 1, end - 1) == b"\n":
        return
    content = os.pread(descriptor, end, 0)
    os.ftruncate(descriptor, content.rfind(b"\n") + 1)


def flush(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
