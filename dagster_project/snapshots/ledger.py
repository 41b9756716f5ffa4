"""The diary of the house: one line per thing that happened, append-only, outside the database so that no rebuild loses it.

Not here: state. What is sealed or published is read from the seals and the release pointer themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from dagster_project.calendar import stamp
from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable, kept

LEDGER = "ledger.jsonl"
Event = Literal[
    "taken_over",
    "captured",
    "held",
    "paused",
    "sealed",
    "abandoned",
    "imported",
    "verified",
    "quarantined",
    "built",
    "audited",
    "published",
    "reported",
    "site",
    "copied",
    "copy_failed",
    "repaired",
    "dropped",
    "erased",
    "key_made",
    "alerted",
    "alert_posted",
]
# What other rooms read out of a line; without it the line is damaged, though a flipped bit may have left it JSON.
NEEDED: dict[str, tuple[str, ...]] = {
    "captured": ("source", "day"),
    "sealed": ("source", "week", "seal", "seal_sha256"),
    "imported": ("source", "week", "seal", "seal_sha256"),
    "published": ("release",),
    "copied": ("folder",),
    "dropped": ("folder",),
    "erased": ("files",),
    "alerted": ("alert",),
    "alert_posted": ("alerts",),
}


def write(home: Path, event: Event, now: datetime, **details: object) -> None:
    """Append one event, durably."""
    durable.append_line(home / LEDGER, msgspec.json.encode({"at": stamp(now), "event": event, **details}))


def read(home: Path) -> list[dict[str, Any]]:
    """Give all events, oldest first; a last line torn by a crash does not count. Raises DamagedDataError for a broken line."""
    lines = []
    for line in _lines(home):
        if (decoded := _decoded(line)) is None:
            raise DamagedDataError(
                f"{home / LEDGER} has a line that can't be read ({line[:80]!r}).", next_command="leadershift repair"
            )
        lines.append(decoded)
    return lines


def readable_lines(home: Path) -> dict[int, bytes]:
    """Give the lines that can be read, as they stand there, by their number from 0: what is left of a damaged diary."""
    return {number: line for number, line in enumerate(_lines(home)) if _decoded(line) is not None}


def restore(home: Path, lines: Iterable[bytes]) -> None:
    """Write a damaged diary anew, out of lines that were in it."""
    durable.write_bytes(home / LEDGER, b"".join(line + b"\n" for line in lines))


def _lines(home: Path) -> list[bytes]:
    path = home / LEDGER
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def _decoded(line: bytes) -> dict[str, Any] | None:
    """Read a line; None for one that is no JSON, or lacks what other rooms read."""
    try:
        decoded = kept.decoded(line, dict[str, Any])
    except ValueError:
        return None
    # An event that this version doesn't know is a newer one's, not damage.
    needed = {"at", "event", *NEEDED.get(decoded.get("event", ""), ())}
    return decoded if needed <= decoded.keys() else None
