"""The diary of the house: one line per thing that happened, append-only, outside the database so that no rebuild loses it.

Not here: state. What is sealed or published is read from the seals and the release pointer themselves.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from dagster_project.calendar import stamp
from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable

LEDGER = "ledger.jsonl"
Event = Literal[
    "captured",
    "held",
    "sealed",
    "abandoned",
    "imported",
    "verified",
    "quarantined",
    "built",
    "audited",
    "published",
    "reported",
]


def write(home: Path, event: Event, now: datetime, **details: object) -> None:
    """Append one event, durably."""
    durable.append_line(home / LEDGER, msgspec.json.encode({"at": stamp(now), "event": event, **details}))


def read(home: Path) -> list[dict[str, Any]]:
    """Give all events, oldest first; a last line torn by a crash does not count. Raises DamagedDataError for a broken line."""
    path = home / LEDGER
    if not path.exists():
        return []
    *lines, _torn = path.read_bytes().split(b"\n")
    try:
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
    except msgspec.MsgspecError as error:
        raise DamagedDataError(f"{path} has a line that can't be read ({error}).") from error
