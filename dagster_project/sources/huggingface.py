"""The Hub's list of models: what we ask for, how a record becomes a typed row, how we know that the list has ended.

Source of the behaviour: huggingface_hub 2.4.0 and the Hub's API documentation. `list_models` is never used: it has no
timeout, no cursor to resume from, and one malformed model ends it.
Not here: HTTP (pages), files (snapshots), what a counter means (sql/core).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec
import polars as pl

from dagster_project.errors import IncompleteSnapshotError, SourceError
from dagster_project.settings import Settings
from dagster_project.sources import records
from dagster_project.sources.pages import RefusedQuestionError, Transport, refuse_wrong_clock
from dagster_project.sources.records import Record

PAGE_ROWS = 1000
# gguf (kilobytes of chat template, integers that overflow), config, siblings and widgetData are left out on purpose.
WANTED = (
    "author",
    "baseModels",
    "cardData",
    "createdAt",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
    "trendingScore",
)
# Whether the list endpoint may expand baseModels changed between 2025 and 2026; without it, tags and card remain.
FIRST_TO_DROP = "baseModels"
FIELD_TRIES = 3
LARGEST_INTEGER = 2**63 - 1
LONGEST_NAME = 200
USUAL_TIME_LETTERS = len("2022-03-02T23:29:04.000Z")
# A model newer than the last page is no proof of a short crawl; the server's and our clock may differ by this much.
CLOCK_SLACK = timedelta(minutes=5)

_MODELS_PATH = "/api/models"
_QUOTED_WORD = re.compile(r"[\"'`]([A-Za-z_-]+)[\"'`]|\b([A-Za-z_]+(?:-[A-Za-z_]+)*)\b")

MODEL_SCHEMA: dict[str, pl.DataType] = {
    "hub_id": pl.String(),
    "model_name": pl.String(),
    "author": pl.String(),
    "created_at": pl.Datetime("us"),
    "last_modified_at": pl.Datetime("us"),
    "downloads_30d": pl.Int64(),
    "downloads_all_time": pl.Int64(),
    "likes": pl.Int64(),
    "trending_score": pl.Float64(),
    "gated": pl.String(),
    "is_private": pl.Boolean(),
    "is_disabled": pl.Boolean(),
    "pipeline_tag": pl.String(),
    "library": pl.String(),
    "tags": pl.List(pl.String()),
    "parameters_total": pl.Int64(),
    "card_licence": pl.String(),
    "card_licence_name": pl.String(),
    "card_base_models": pl.List(pl.String()),
    "card_base_relation": pl.String(),
    "base_relation": pl.String(),
    "base_models": pl.List(pl.Struct({"hub_id": pl.String(), "model_name": pl.String()})),
    "is_removed": pl.Boolean(),
}


# gc=False: none of these can be part of a cycle, and the collector would walk through every page of them.
class _BaseModel(msgspec.Struct, gc=False):
    id: str
    hub_id: str | None = msgspec.field(name="_id", default=None)


class _BaseModels(msgspec.Struct, gc=False):
    models: list[_BaseModel] = []
    relation: str | None = None


class _Weights(msgspec.Struct, gc=False):
    total: int | float | None = None


class _Card(msgspec.Struct, gc=False):
    """What we read of a card. Cards are free-form YAML, so each of these may be anything."""

    license: object = None
    license_name: object = None
    base_model: object = None
    base_model_relation: object = None


class _Model(msgspec.Struct, rename="camel", gc=False):
    id: str
    hub_id: str = msgspec.field(name="_id")
    author: str | None = None
    created_at: str | None = None
    last_modified: str | None = None
    downloads: int | float | None = None
    downloads_all_time: int | float | None = None
    likes: int | float | None = None
    trending_score: float | None = None
    gated: bool | str | None = None
    private: bool | None = None
    disabled: bool | None = None
    pipeline_tag: str | None = msgspec.field(name="pipeline_tag", default=None)
    library_name: str | None = msgspec.field(name="library_name", default=None)
    tags: list[str] | None = None
    safetensors: _Weights | None = None
    card_data: _Card | str | int | float | bool | list[msgspec.Raw] | None = None
    base_models: _BaseModels | None = None


class _Dated(msgspec.Struct, rename="camel", gc=False):
    created_at: str | None = None


class _Nested(msgspec.Struct, gc=False):
    """The columns of a row that are lists: polars takes ten times as long to build them from Python's lists as from JSON."""

    tags: list[str]
    card_base_models: list[str]
    base_models: list[dict[str, str | None]]


_MODEL = msgspec.json.Decoder(_Model)
_DATED = msgspec.json.Decoder(_Dated)
_DATED_LIST = msgspec.json.Decoder(list[_Dated])
_NO_CARD = _Card()
_NO_BASES = _BaseModels()
_UNREADABLE = (ValueError, msgspec.MsgspecError, RecursionError, OverflowError)


@dataclass(frozen=True)
class Reject:
    """A record that could not be read, with the reason and its bytes."""

    position: int
    reason: str
    record: bytes


def request_headers(settings: Settings) -> dict[str, str]:
    """Give the headers of every request to the Hub; the token goes nowhere else."""
    headers = {"user-agent": "leadershift/0.1 (weekly census of open models)", "accept-encoding": "gzip"}
    if settings.hf_token:
        headers["authorization"] = f"Bearer {settings.hf_token}"
    return headers


def first_page_url(settings: Settings, transport: Transport) -> str:
    """Build the address of page 1, asking once which fields this server lets us expand.

    The order is by creation, ascending: the only key that never changes, so pages don't shift while we read them.
    """
    return list_url(settings, accepted_fields(settings, transport))


def accepted_fields(settings: Settings, transport: Transport) -> list[str]:
    """Find out which of the fields we want this server lets us expand. Raises SourceError when it is none."""
    fields = list(WANTED)
    for _attempt in range(FIELD_TRIES):
        try:
            refuse_wrong_clock(transport.fetch(list_url(settings, fields, limit=1), records.count))
            return fields
        except RefusedQuestionError as refusal:
            fields = _narrowed(fields, refusal.answer)
    raise SourceError(f"the Hub accepts none of our questions for fields ({', '.join(fields)})")


def endpoint(url: str) -> str:
    """Give the server that a page's address names: a crawl may be sealed when the settings name another."""
    return url.partition("?")[0].rpartition("/api/")[0]


def list_url(
    settings: Settings,
    fields: Sequence[str],
    *,
    sort: str = "createdAt",
    direction: int = 1,
    limit: int = PAGE_ROWS,
    author: str | None = None,
) -> str:
    """Build the address of a list of models with these fields; `direction` -1 is the largest or newest first."""
    query: dict[str, object] = {"sort": sort, "direction": direction, "limit": limit, "expand": fields}
    if author is not None:
        query = {"author": author, **query}
    return f"{settings.hf_endpoint}{_MODELS_PATH}?{urlencode(query, doseq=True)}"


def confirm_end(settings: Settings, transport: Transport, newest_seen: datetime | None, last_page_at: datetime) -> None:
    """Ask for the newest model on the Hub: if it is older than our last page and still unseen, the list ended early.

    Raises IncompleteSnapshotError. `newest_seen` is the latest created_at of the crawl, `last_page_at` when its last page came.
    """
    newest_first = list_url(settings, ["createdAt"], limit=1, direction=-1)
    page = transport.fetch(newest_first, records.count)
    refuse_wrong_clock(page)
    newest = newest_created(page.body)
    if newest is None:
        if newest_seen is None:
            raise IncompleteSnapshotError("the Hub lists no model at all")
        return
    if (newest_seen is None or newest > newest_seen) and newest < last_page_at - CLOCK_SLACK:
        raise IncompleteSnapshotError(
            f"the list ended early: the newest model on the Hub was created {newest:%Y-%m-%d %H:%M}, "
            f"but the crawl saw none after {newest_seen or 'the beginning'}"
        )


def newest_created(body: bytes) -> datetime | None:
    """Find the latest created_at on a page, None when no record tells."""
    newest = None
    for text in _creations(body):
        try:
            moment = _moment(text)
        except (ValueError, OverflowError):
            continue
        if moment is not None and (newest is None or moment > newest):
            newest = moment
    return newest.replace(tzinfo=UTC) if newest else None


def _creations(body: bytes) -> Iterator[str | None]:
    """Give what each record says of its creation; what says none that can be read is left out."""
    try:
        yield from (record.created_at for record in _DATED_LIST.decode(body))
    except _UNREADABLE:
        for record in records.split(body):
            with contextlib.suppress(*_UNREADABLE):
                yield _DATED.decode(record).created_at


def read_models(page: Sequence[Record]) -> tuple[pl.DataFrame, list[Reject]]:
    """Turn the records of one page into typed rows (MODEL_SCHEMA and `position` on the page) and those that can't be read."""
    rows: list[tuple[object, ...]] = []
    nested: list[_Nested] = []
    rejects: list[Reject] = []
    for position, record in enumerate(page):
        try:
            model = _MODEL.decode(record)
            # Cards are free-form: what is no mapping says nothing that we could read.
            card = model.card_data if isinstance(model.card_data, _Card) else _NO_CARD
            rows.append((*_row(model, card), position))
        except _UNREADABLE as error:
            rejects.append(Reject(position, str(error), bytes(record)))
        else:
            nested.append(_nested(model, card))
    return _frame(rows, nested), rejects


def _frame(rows: list[tuple[object, ...]], nested: list[_Nested]) -> pl.DataFrame:
    schema = {**MODEL_SCHEMA, "position": pl.Int32()}
    if not rows:
        return pl.DataFrame(schema=schema)
    of_lists = {name: schema[name] for name in _Nested.__struct_fields__}
    lists = pl.read_json(msgspec.json.encode(nested), schema=of_lists)
    flat = zip((name for name in schema if name not in of_lists), zip(*rows, strict=True), strict=True)
    columns = {name: pl.Series(name, values, schema[name]) for name, values in flat}
    return pl.DataFrame([columns[name] if name in columns else lists[name] for name in schema])


def identity(record: bytes) -> tuple[str | None, str | None]:
    """Find id and name of a model whose record can't be read, as far as it tells them."""
    found = (records.text(record, "_id"), records.text(record, "id"))
    hub_id, name = (text if text and len(text) <= LONGEST_NAME else None for text in found)
    return hub_id, name


def _row(model: _Model, card: _Card) -> tuple[object, ...]:
    """Give the columns that are no lists, in the order of MODEL_SCHEMA. Raises ValueError for what is no model."""
    return (
        _identity(model.hub_id),
        _name(model.id),
        model.author or _author(model.id),
        _moment(model.created_at),
        _moment(model.last_modified),
        _counter("downloads", model.downloads),
        _counter("downloadsAllTime", model.downloads_all_time),
        _counter("likes", model.likes),
        model.trending_score,
        str(model.gated).lower() if model.gated is not None else None,
        model.private,
        model.disabled,
        model.pipeline_tag,
        model.library_name,
        _counter("safetensors.total", model.safetensors.total if model.safetensors else None),
        _first_text(card.license),
        _first_text(card.license_name),
        _first_text(card.base_model_relation),
        model.base_models.relation if model.base_models else None,
        None,  # the Hub never lists what was removed; archives may
    )


def _nested(model: _Model, card: _Card) -> _Nested:
    bases = model.base_models or _NO_BASES
    return _Nested(
        model.tags or [],
        _texts(card.base_model),
        [{"hub_id": base.hub_id, "model_name": base.id} for base in bases.models],
    )


def _identity(hub_id: str) -> str:
    if not hub_id or len(hub_id) > LONGEST_NAME:
        raise ValueError(f"_id has {len(hub_id)} characters")
    return hub_id


def _name(name: str) -> str:
    if not name or len(name) > LONGEST_NAME:
        raise ValueError(f"id has {len(name)} characters")
    return name


def _author(name: str) -> str | None:
    owner, slash, _model = name.partition("/")
    return owner if slash else None


def _counter(field: str, value: float | None) -> int | None:
    if value is None:
        return None
    # 5321.0 is 5321, however it was written down; half a download is a fault.
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError(f"{field} is {value}, which is no whole number")
        value = int(value)
    # A falling or negative total is the Hub's, and kept; what no 64-bit column can hold is not a count.
    if abs(value) > LARGEST_INTEGER:
        raise ValueError(f"{field} is {value:.3e}, more than 64 bits hold")
    return value


def _moment(text: str | None) -> datetime | None:
    """Read a time, UTC if it names no zone; all tables carry UTC without a zone, so that no reader needs a time zone database."""
    if not text:
        return None
    # The Hub's own form: reading the zone, to drop it again, takes five times as long as the rest.
    is_usual = len(text) == USUAL_TIME_LETTERS and text[-1] == "Z"
    moment = datetime.fromisoformat(text[:-1] if is_usual else text)
    if moment.tzinfo is None:
        return moment
    if is_usual:
        raise ValueError(f"{text} names two zones")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _first_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return next(iter(_texts(value)), None)


def _texts(value: object) -> list[str]:
    # Cards are free-form YAML: a string, a list, or anything else that somebody typed there.
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _narrowed(fields: list[str], refusal: str) -> list[str]:
    if FIRST_TO_DROP in fields:
        return [field for field in fields if field != FIRST_TO_DROP]
    named = {quoted or plain for quoted, plain in _QUOTED_WORD.findall(refusal)}
    return [field for field in fields if field in named] or fields
