"""Where the pretend Hub's items come from: a table of real models, or the simulated world; one mapping for both.

Both make flat rows with the names of COLUMNS; `to_item` is the only place that knows the API's shape. What a table does
not say stays absent: nothing is made up but `_id`, without which there is no paging. Not here: the truth (world), the
API (hub). Relations between models come from an explicit `base_models` column only, never guessed from tags.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub import Item
from dagster_project.rehearsal.world import SIZES, WEEK_SECONDS, World

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
PLAIN = {
    "author": "author",
    "created_at": "createdAt",
    "last_modified": "lastModified",
    "pipeline_tag": "pipeline_tag",
    "library": "library_name",
    "trending_score": "trendingScore",
    "sha": "sha",
    "private": "private",
}
COUNTS = {"likes": "likes", "downloads": "downloads", "downloads_all_time": "downloadsAllTime"}
FLOOR = "2022-03-02T23:29:04.000Z"
"""The earliest createdAt of the Hub; stands in for an unknown creation when `_id` must be made."""
OBJECT_ID_DIGITS = 24
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": lambda path: pl.read_csv(path, infer_schema_length=None),
    ".jsonl": lambda path: pl.read_ndjson(path, infer_schema_length=None),
}
HOSTILE: dict[str, tuple[str, str]] = {
    "script": ("<script>alert(1)</script>", "</script><script>alert(2)</script>"),
    "formula": ("=cmd|rehearsal", "=cmd|' /C calc'!A0"),
    "right_to_left": ("\u202egnp.rehearsal", "licence \u202egnp.exe\u202c"),
    "nul": ("rehearsal\tnul", "before\x00after"),
}
"""Planted strings: a tag, and a card's license_name."""


def stamp(seconds: int) -> str:
    """Write a second since 1970 the way the Hub writes times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def to_item(row: Mapping[str, Any]) -> Item:
    """Give a flat row the API's shape. A row's None is absent there, except for base models, which may be null."""
    item: Item = {"_id": row["hub_id"], "id": row["id"]}
    item |= {key: row[name] for name, key in PLAIN.items() if row.get(name) is not None}
    item |= {key: int(row[name]) for name, key in COUNTS.items() if row.get(name) is not None}
    if not {"removed", "disabled"}.isdisjoint(row):
        item["disabled"] = bool(row.get("removed") or row.get("disabled"))
    if row.get("gated") is not None:
        item["gated"] = {"true": "auto", "false": False}.get(str(row["gated"]).lower(), row["gated"])
    if row.get("tags") is not None:
        item["tags"] = row["tags"]
    if row.get("parameters"):
        total = int(row["parameters"])
        item["safetensors"] = {"parameters": {"BF16": total}, "total": total}
    if "base_models" in row:
        item["baseModels"] = row["base_models"]
    card = row["card"] if row.get("card") is not None else _card(row)
    return {**item, "cardData": card} if card else item


def _card(row: Mapping[str, Any]) -> Item:
    """Make a card from the columns that come from cards; one base model stands as a string, several as a list."""
    bases = row.get("base_model") or []
    parts = {
        "license": row.get("licence"),
        "language": row.get("languages"),
        "base_model": bases[0] if len(bases) == 1 else bases,
    }
    return {key: value for key, value in parts.items() if value}


# A table of real models


def load_table(path: Path) -> Table:
    """Read a table of models (.parquet, .csv, .jsonl). Rows flagged as removed are served as disabled.

    The real Hub would not list a removed model at all; `disabled` is the closest flag its API has.
    Raises UsageError for a missing or unreadable file, and for one without ids.
    """
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
    frame = frame.select(pl.col(column).alias(name) for name, column in chosen.items())
    missing = frame["id"].is_null()
    if missing.any():
        raise UsageError(f"{path}: row {missing.arg_true()[0] + 1} has no model id.")
    return Table(frame)


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


def _time(value: object) -> str | None:
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
    "created_at": _time,
    "last_modified": _time,
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
            _time(value) for value in (frame["created_at"].to_list() if "created_at" in frame.columns else unknown)
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

    def author(self, index: int) -> str:
        """Give the part of the id before the slash, as the Hub does."""
        return str(self._names[index]).rpartition("/")[0]

    def item(self, index: int, _now: datetime) -> Item:
        """Give one row in the API's shape."""
        cells = self._frame.row(index, named=True)
        row = {name: _CELLS[name](value) if name in _CELLS else value for name, value in cells.items()}
        return to_item({**row, "id": self._names[index], "hub_id": self._keys[index][1]})

    def find(self, name: str, _now: datetime) -> int | None:
        """Give the row of a name: spelled so, else in any case."""
        return self._by_name.get(name, self._by_name.get(name.lower()))

    def owner(self, name: str) -> Item | None:
        """Give a bare overview. A table can't tell people from organisations: all are served as organisations."""
        known = self._authors.get(name.lower())
        return None if known is None else {"name": known, "fullname": known, "avatarUrl": "", "type": "org"}


# The simulated world


def simulated(world: World) -> Simulated:
    """Give a world's models as the Hub would list them at its clock."""
    return Simulated(world)


class Simulated:
    """A world as items: counters move with the clock, models come, go, and change names."""

    def __init__(self, world: World) -> None:
        self.world = world

    def state(self, now: datetime) -> Hashable:
        """Give the second, which is how finely counters move."""
        return int(now.timestamp())

    def size(self, now: datetime) -> int:
        """Count the models created so far."""
        return self.world.size(now)

    def is_listed(self, index: int, now: datetime) -> bool:
        """Say whether a created model is still there."""
        return self.world.is_listed(index, int(now.timestamp()))

    def key(self, index: int) -> tuple[str, str]:
        """Give (createdAt, `_id`)."""
        return stamp(self.world.created_at(index)), self.world.hub_id(index)

    def author(self, index: int) -> str:
        """Give the namespace."""
        return self.world.model(index).namespace.name

    def find(self, name: str, now: datetime) -> int | None:
        """Give the number of the model that has or had this name, in any case."""
        return self.world.find(name, int(now.timestamp()))

    def owner(self, name: str) -> Item | None:
        """Give an organisation's overview for a lab's namespace, a person's for the others."""
        space = next((one for one in self.world.namespaces if one.name == name.lower()), None)
        if space is None:
            return None
        full = f"Rehearsal account {space.name}"
        own = {"name": space.name, "type": "org"} if space.is_registered else {"user": space.name, "type": "user"}
        return {**own, "fullname": full, "avatarUrl": "", "details": "REHEARSAL: simulated", "numFollowers": 0}

    def item(self, index: int, now: datetime) -> Item:
        """Give one model as the Hub shows it at a moment."""
        world, second = self.world, int(now.timestamp())
        model, draws = world.model(index), world.draws(index)
        touched = model.created + int(draws[13] * 30 * 86_400)
        bases = self._declared_bases(index)
        likes = world.likes(index, second)
        row: dict[str, Any] = {
            "id": world.name_at(index, second),
            "hub_id": world.hub_id(index),
            "author": model.namespace.name,
            "created_at": stamp(model.created),
            "last_modified": stamp(touched if touched <= second else model.created),
            "pipeline_tag": model.task or None,
            "library": {"adapter": "peft", "quantized": "gguf"}.get(model.role, "transformers"),
            "likes": likes,
            "downloads": world.rolling(index, second),
            "downloads_all_time": world.all_time(index, second),
            "trending_score": likes - world.likes(index, second - WEEK_SECONDS) + (0.2 if draws[2] < 1 / 3 else 0),
            "parameters": SIZES[model.size] if model.role not in {"adapter", "quantized"} else None,
            "gated": model.gated,
            "private": False,
            "disabled": False,
            "sha": hashlib.sha1(f"{index}:{model.created}".encode(), usedforsecurity=False).hexdigest(),
            "base_models": self._resolved_bases(index, second),
            "card": self._card(index, bases),
        }
        return to_item({**row, "tags": self._tags(index, bases, row)})

    def _declared_bases(self, index: int) -> list[str]:
        """Give the base models as a card's author writes them: names of that day, sometimes wrong."""
        model = self.world.model(index)
        if model.plant == "missing_parent":
            return [f"rehearsal-gone/Never-Was-r{index:05d}"]
        if model.plant == "path_parent":
            return ["./outputs/checkpoint-500"]
        names = [self.world.name_at(parent, model.created) for parent in model.parents]
        return [name.upper() for name in names] if model.plant == "wrong_case_parent" else names

    def _relation(self, index: int) -> str | None:
        """Give the relation the Hub shows; for one finetune in twenty it knows none."""
        model = self.world.model(index)
        unknown = model.role == "finetune" and self.world.draws(index)[14] < 1 / 20
        return None if unknown or model.role == "base" else model.role

    def _resolved_bases(self, index: int, second: int) -> Item | None:
        """Give the Hub's own resolution: current names and ids of the parents that are still there."""
        world, relation = self.world, self._relation(index)
        there = [
            parent
            for parent in world.model(index).parents
            if parent != index and world.created_at(parent) <= second and world.is_listed(parent, second)
        ]
        models = [{"_id": world.hub_id(parent), "id": world.name_at(parent, second)} for parent in there]
        return {"relation": relation, "models": models} if relation and models else None

    def _card(self, index: int, bases: list[str]) -> Item:
        """Give the free-form card: strings or lists, as people write them, and the planted strings."""
        model, draws = self.world.model(index), self.world.draws(index)
        card: Item = {"license": model.licence} if model.licence else {}
        card["language"] = "en" if draws[14] > 1 / 2 else ["en", "fr"]
        if bases:
            card["base_model"] = bases[0] if len(bases) == 1 and draws[15] < 2 / 3 else bases
        if model.plant in HOSTILE:
            card["license_name"] = HOSTILE[model.plant][1]
        return card

    def _tags(self, index: int, bases: list[str], row: Mapping[str, Any]) -> list[str]:
        """Give the tags the Hub computes, then the planted one."""
        model, relation = self.world.model(index), self._relation(index)
        tags = ["rehearsal", row["library"], *([model.task] if model.task else []), "en"]
        tags += [f"base_model:{name}" for name in bases]
        tags += [f"base_model:{relation}:{name}" for name in bases if relation]
        tags += [f"license:{model.licence}"] if model.licence else []
        return [*tags, "region:us", *HOSTILE.get(model.plant, ())[:1]]
