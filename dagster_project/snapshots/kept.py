"""What this program wrote as JSON, read back: the one way to find out that it is no longer what was written.

Not here: writing (durable), and what is done about a damaged file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from dagster_project.errors import DamagedDataError

_Kind = TypeVar("_Kind")


def decoded(content: bytes, kind: type[_Kind]) -> _Kind:
    """Decode what was written as `kind`. Raises ValueError for anything else."""
    try:
        return msgspec.json.decode(content, type=kind)
    # A single flipped bit can leave a byte that is no UTF-8, which msgspec doesn't count among its own errors.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def read(path: Path, kind: type[_Kind], *, next_command: str) -> _Kind:
    """Read a whole file. Raises DamagedDataError with the next command."""
    try:
        return decoded(path.read_bytes(), kind)
    except ValueError as error:
        raise DamagedDataError(f"{path} can't be read ({error}).", next_command=next_command) from error
