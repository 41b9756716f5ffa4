"""A table of real models as the pretend Hub's items.

Rows have the names of COLUMNS. What a table does not say stays absent: nothing is made up but `_id`, without which there
is no paging. Relations between models come from an explicit `base_models` column only, never guessed from tags.
Not here: the API's shape (items), the simulated world (simulated), the API (hub).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.api import Item, encoded
from dagster_project.rehearsal.hub.items import to_item
from dagster_project.rehearsal.hub.simulated import simulated

__all__ = ["COLUMNS", "Table", "load_table", "simulated"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "model_id", "repo_id", "model_name", "model", "name"),
    "hub_id": ("_id", "hub_id", "object_id"),
    "author": ("author", "namespace", "owner"),
    "created_at": ("created_at", "created"),
    "last_modified": ("last_modified", "updated_at", "modified_at"),
    "licence": ("license", "licence", "license_id", "licence_id"),
    "pipeline_tag": ("pipeline_tag", "task"),
    "library": ("library_name", "library"),
    "languages": ("languages", "language"),
    "tags": ("tags",),
    "likes": ("likes",),
    "downloads": ("downloads", "downloads_30d", "downloads_last_month"),
    "downloads_all_time": ("downloads_all_time",),
    "trending_score": ("trending_score",),
    "parameters": ("parameters", "parameters_total", "num_parameters", "params"),
    "base_model": ("base_model",),
    "base_models": ("base_models",),
    "card": ("card_data",),
    "gated": ("gated", "is_gated"),
    "disabled": ("disabled",),
    "removed": ("removed", "is_removed"),
    "private": ("private",),
    "sha": ("sha",),
}
"""Our name, and the columns it is taken from, first one first; `createdAt`, `created_at` and `Created At` are the same."""
FLOOR = "2022-03-02T23:29:04.000Z"
"""The earliest createdAt of the Hub; stands in for an unknown creation when `_id` must be made."""
OBJECT_ID_DIGITS = 24
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": lambda path: pl.read_csv(path, infer_schema_length=None),
    ".jsonl": lambda path: pl.read_ndjson(path, infer_schema_length=None),
}

# A table of real models


def load_table(path: Path) -> Table:
    """Read a table of models (.parquet, .csv, .jsonl). Rows flagged as removed are served as disabled.

    The real Hub would not list a removed model at all; `disabled` is the closest flag its API has.
    Raises UsageError for a missing or unreadable file, and for one without ids.
    """
    return Table(load_frame(path))


def load_frame(path: Path, *, keep: Sequence[str] = ()) -> pl.DataFrame:
    """Read a table's rows under the names of COLUMNS, and of the columns to `keep` those there are, as they are. Raises UsageError."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path} is no table of models: the rehearsal reads {', '.join(READERS)}.")
    if not path.is_file():
        raise UsageError(f"There is no file {path}. Give the path of a table of models ({', '.join(READERS)}).")
    try:
        frame = reader(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UsageError(f"{path} can't be read as {path.suffix}: {error}") from error
    chosen = _choose(frame.columns)
    if "id" not in chosen:
        raise UsageError(
            f"{path} has no column of model ids (one of {', '.join(COLUMNS['id'])}). It has: {frame.columns}"
        )
    missing = frame[chosen["id"]].is_null()
    if missing.any():
        raise UsageError(f"{path}: row {missing.arg_true()[0] + 1} has no model id.")
    return frame.select(
        *(pl.col(column).alias(name) for name, column in chosen.items()),
        *(column for column in keep if column in frame.columns),
    )


def _choose(columns: list[str]) -> dict[str, str]:
    """Give our name -> the table's column, for those it has."""
    there = {_plain_name(column): column for column in reversed(columns)}
    found = (
        (name, next((there[_plain_name(s)] for s in known if _plain_name(s) in there), None))
        for name, known in COLUMNS.items()
    )
    return {name: column for name, column in found if column is not None}


def _plain_name(column: str) -> str:
    return column if column == "_id" else column.strip().lower().replace("_", "").replace(" ", "").replace("-", "")


def read_time(value: object) -> str | None:
    """Write a cell as the Hub writes times, or None where it is not a time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return None
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _listed(value: object) -> list[Any] | None:
    """Read a cell of several strings: a list, JSON text, or words between commas."""
    if isinstance(value, str):
        text = value.strip()
        value = _parsed(text) if text.startswith("[") else [part.strip() for part in text.split(",") if part.strip()]
    return list(value) if isinstance(value, list | tuple) else None


def _parsed(value: object) -> Any:
    """Read a cell of JSON text; a nested cell is what it is, and text that is no JSON is null."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def _object_id(given: object, created: str | None, name: str) -> str:
    """Keep an ObjectId, or make one from the creation second and the name, the same in every run."""
    if isinstance(given, str) and len(given) == OBJECT_ID_DIGITS:
        return given
    second = int(datetime.fromisoformat(created or FLOOR).timestamp())
    return f"{max(0, second) & 0xFFFFFFFF:08x}{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}"


_CELLS: dict[str, Callable[[Any], Any]] = {
    "created_at": read_time,
    "last_modified": read_time,
    "languages": _listed,
    "tags": _listed,
    "base_model": _listed,
    "base_models": _parsed,
    "card": _parsed,
}


class Table:
    """Real models as items, in the order (createdAt, `_id`). Its state never changes: a table is one moment."""

    def __init__(self, frame: pl.DataFrame) -> None:
        ids = frame["id"].cast(pl.String).to_list()
        unknown = [None] * len(ids)
        times = [
            read_time(value) for value in (frame["created_at"].to_list() if "created_at" in frame.columns else unknown)
        ]
        given = frame["hub_id"].to_list() if "hub_id" in frame.columns else unknown
        keys = [(time or "", _object_id(one, time, name)) for one, time, name in zip(given, times, ids, strict=True)]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        self._keys = [keys[place] for place in order]
        self._frame = frame[order]
        self._names = [ids[place] for place in order]
        self._by_name = {name.lower(): place for place, name in reversed(list(enumerate(self._names)))}
        self._by_name |= {name: place for place, name in enumerate(self._names)}
        self._authors = {self.author(place).lower(): self.author(place) for place in range(len(ids))}

    def state(self, _now: datetime) -> Hashable:
        """Say that nothing changes with time."""
        return "table"

    def size(self, _now: datetime) -> int:
        """Count all rows: a table has no before."""
        return len(self._names)

    def is_listed(self, _index: int, _now: datetime) -> bool:
        """Say that every row is served."""
        return True

    def key(self, index: int) -> tuple[str, str]:
        """Give (createdAt, `_id`)."""
        return self._keys[index]

    def name(self, index: int) -> str:
        """Give the id, `owner/name`."""
        return str(self._names[index])

    def author(self, index: int, _now: datetime | None = None) -> str:
        """Give the part of the id before the slash, as the Hub does."""
        return str(self._names[index]).rpartition("/")[0]

    def item(self, index: int, _now: datetime) -> Item:
        """Give one row in the API's shape."""
        cells = self._frame.row(index, named=True)
        row = {name: _CELLS[name](value) if name in _CELLS else value for name, value in cells.items()}
        return to_item({**row, "id": self._names[index], "hub_id": self._keys[index][1]})

    def value(self, index: int, name: str, now: datetime) -> Any:
        """Give what an item has under a name."""
        return self.item(index, now).get(name)

    def records(self, numbers: Sequence[int], fields: Sequence[str], now: datetime) -> list[bytes]:
        """Give rows as JSON, with only these fields."""
        return [encoded(self.item(index, now), fields) for index in numbers]

    def find(self, name: str, _now: datetime) -> int | None:
        """Give the row of a name: spelled so, else in any case."""
        return self._by_name.get(name, self._by_name.get(name.lower()))

    def owner(self, name: str) -> Item | None:
        """Give a bare overview. A table can't tell people from organisations: all are served as organisations."""
        known = self._authors.get(name.lower())
        return None if known is None else {"name": known, "fullname": known, "avatarUrl": "", "type": "org"}
