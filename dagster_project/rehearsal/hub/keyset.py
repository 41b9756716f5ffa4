"""Keyset paging as the Hub does it: the order of rows, and the cursor that stands for a row.

Not here: which rows there are (hub).
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec


class _Backwards:
    """Orders any value the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Backwards) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backwards) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)


def sort_key(sort: str, value: Any, hub_id: str, *, descending: bool) -> tuple[Any, ...]:
    """Order like the Hub's database: null is the smallest value; ties go by `_id`, upwards except for createdAt."""
    if not descending:
        return (value is not None, 0 if value is None else value, hub_id)
    tie = _Backwards(hub_id) if sort == "createdAt" else hub_id
    return (value is None, _Backwards(0 if value is None else value), tie)


def write_cursor(sort: str, value: Any, hub_id: str, *, descending: bool, again: int) -> str:
    """Write the keyset filter of the rows after (value, `_id`), in the shape of the real one."""
    down = descending
    tie = {"_id": {"$lt" if down and sort == "createdAt" else "$gt": hub_id}}
    branches: list[dict[str, Any]] = [{sort: value, **tie}]
    if value is not None:
        branches += [{sort: {"$lt": value}}, {sort: None}] if down else [{sort: {"$gt": value}}]
    elif not down:
        branches.append({sort: {"$ne": None}})
    keyset: dict[str, Any] = {"$or": branches, **({"again": again} if again else {})}
    return base64.b64encode(msgspec.json.encode(keyset)).decode()


def read_cursor(sort: str, cursor: str, *, descending: bool) -> tuple[Any, ...]:
    """Give the sort key of the last row before the page. Raises ValueError for a cursor that is none of ours."""
    try:
        first = msgspec.json.decode(base64.b64decode(cursor, validate=True))["$or"][0]
        return sort_key(sort, first[sort], next(iter(first["_id"].values())), descending=descending)
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        raise ValueError("Invalid cursor") from error
