"""The Hub's model API as it behaves: queries, projections, keyset pages, single models, owners.

Here: what a request means and which JSON answers it. Not here: where items come from (tables, world), sockets, quotas
and the log (service), what goes wrong on purpose (faults).
"""

from __future__ import annotations

import bisect
import gzip
import hashlib
import itertools
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlencode

import msgspec

from dagster_project.rehearsal.hub.keyset import read_cursor, sort_key, write_cursor

Item = dict[str, Any]
"""One model in the API's shape. An absent key is absent in the JSON; None is null."""

_NAMES = """author baseModels cardData childrenModelCount config createdAt disabled downloads downloadsAllTime evalResults
gated gguf inference inferenceProviderMapping lastModified library_name likes mask_token model-index pipeline_tag private
resourceGroup safetensors sha siblings spaces tags transformersInfo trendingScore usedStorage widgetData"""
EXPANDABLE: tuple[str, ...] = tuple(_NAMES.split())
REJECTED_ON_LIST = ("baseModels", "childrenModelCount", "usedStorage")
"""What the Hub's list refused in 2025; `list_rejects_basemodels` brings that back."""
_DEFAULT = "modelId private downloads likes tags pipeline_tag library_name createdAt trendingScore"
LIST_FIELDS: tuple[str, ...] = tuple(_DEFAULT.split())
FULL_FIELDS: tuple[str, ...] = ("author", "sha", "lastModified", "siblings", "gated")
ON_REQUEST_ONLY = {"baseModels", "childrenModelCount", "downloadsAllTime", "evalResults", "trendingScore"}
DETAIL_FIELDS = ("modelId", *(name for name in EXPANDABLE if name not in ON_REQUEST_ONLY))
SORTABLE = ("createdAt", "downloads", "likes", "lastModified", "trendingScore", "id")
NOT_REHEARSED = ("num_parameters", "inference", "inference_provider", "apps", "emissions_thresholds")
"""Filters of the real Hub that are refused here, because ignoring them would answer another question."""

REVOKED_TOKEN = "hf_revoked"
TRUE = ("true", "True", "1")
MAX_DIGITS = 9
PAGE_CACHE_BYTES = 256 * 2**20
GZIP_LEVEL = 1
"""The cheapest level: a cold page must not cost more to pack than to make."""


class ItemSource(Protocol):
    """Models numbered in creation order: by createdAt, then by `_id`."""

    def state(self, now: datetime, /) -> Hashable:
        """Name the state of the collection: equal states give equal items."""

    def size(self, now: datetime, /) -> int:
        """Count the models created so far; their numbers are 0 up to this."""

    def is_listed(self, index: int, now: datetime, /) -> bool:
        """Say whether a created model is still there."""

    def key(self, index: int) -> tuple[str, str]:
        """Give (createdAt, `_id`), cheaply."""

    def author(self, index: int, now: datetime, /) -> str:
        """Give the namespace, cheaply."""

    def item(self, index: int, now: datetime, /) -> Item:
        """Give everything the Hub would know about a model."""

    def value(self, index: int, name: str, now: datetime, /) -> Any:
        """Give what `item` has under a name, None where it has nothing."""

    def records(self, numbers: Sequence[int], fields: Sequence[str], now: datetime, /) -> list[bytes]:
        """Give `project`ed items as JSON; this is what whole pages are made of, so it should be quick."""

    def find(self, name: str, now: datetime, /) -> int | None:
        """Give the number of the model that has or had this name, in any case."""

    def owner(self, name: str) -> Item | None:
        """Give the overview of a namespace, with `type` "org" or "user" and without counts."""


@dataclass(frozen=True)
class Request:
    """One GET, as far as its meaning goes."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    base_url: str = ""
    token: str | None = None
    overlap: int = 0
    """Rows of the page before that this page repeats (a fault, see faults)."""


@dataclass(frozen=True)
class Reply:
    """One answer before it is put on the wire."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    packed: bytes | None = None
    """The body in gzip, where it was made before."""


class HubError(Exception):
    """The request can't be answered: status and the Hub's own words."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    def reply(self) -> Reply:
        """Give the JSON error with the Hub's error headers."""
        headers = {"X-Error-Message": self.message}
        if self.code:
            headers["X-Error-Code"] = self.code
        return Reply(self.status, msgspec.json.encode({"error": self.message}), headers)


@dataclass(frozen=True)
class ListQuery:
    """The parameters of /api/models, read and checked."""

    fields: tuple[str, ...]
    tags: tuple[str, ...] = ()
    author: str | None = None
    search: str | None = None
    pipeline_tag: str | None = None
    gated: bool | None = None
    sort: str = "trendingScore"
    descending: bool = True
    limit: int = 1000
    cursor: str | None = None
    skip: int = 0

    @property
    def is_about_all(self) -> bool:
        """Whether no filter looks into the models."""
        return not self.tags and self.search is None and self.pipeline_tag is None and self.gated is None

    def wants(self, item: Item) -> bool:
        """Say whether a model passes the filters."""
        return (
            all(tag in item.get("tags", ()) for tag in self.tags)
            and (self.search is None or self.search.lower() in item["id"].lower())
            and (self.pipeline_tag is None or item.get("pipeline_tag") == self.pipeline_tag)
            and (self.gated is None or bool(item.get("gated")) == self.gated)
        )


@dataclass(frozen=True)
class Page:
    """A page as bytes, made once; in gzip without a time in its header, so that equal pages are equal bytes."""

    body: bytes
    packed: bytes
    next_cursor: str | None


def _number(text: str, name: str, low: int) -> int:
    if not text.isdecimal() or len(text) > MAX_DIGITS or int(text) < low:
        raise HubError(400, f"Invalid input: expected {name} to be a whole number of at least {low}")
    return int(text)


def _one_of(value: str, options: Sequence[str]) -> str:
    if value not in options:
        raise HubError(400, "Invalid option: expected one of " + "|".join(f'"{name}"' for name in options))
    return value


def _expanded(params: Sequence[tuple[str, str]], allowed: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_one_of(value, allowed) for name, value in params if name in {"expand", "expand[]"}))


def project(item: Item, fields: Sequence[str]) -> Item:
    """Keep `_id`, `id` and the named fields; what a model does not have stays absent."""
    return {
        "_id": item["_id"],
        "id": item["id"],
        **{
            name: item["id"] if name == "modelId" else item[name]
            for name in fields
            if name == "modelId" or name in item
        },
    }


def encoded(item: Item, fields: Sequence[str]) -> bytes:
    """Give a projected item as JSON."""
    return msgspec.json.encode(project(item, fields))


class Hub:
    """The API over one source of items. Answers are pure functions of request and moment; pages are kept as bytes."""

    def __init__(self, items: ItemSource, *, page_cap: int = 1000, list_rejects_basemodels: bool = False) -> None:
        self.items = items
        self.page_cap = page_cap
        self._on_list = tuple(n for n in EXPANDABLE if not (list_rejects_basemodels and n in REJECTED_ON_LIST))
        self._lock = threading.Lock()
        self._state: Hashable = None
        self._orders: dict[tuple[str, bool], Sequence[int]] = {}
        self._pages: OrderedDict[tuple[ListQuery, int], Page] = OrderedDict()
        self._page_bytes = 0
        self._model_counts: tuple[Hashable, Counter[str]] = (None, Counter())

    def answer(self, request: Request, now: datetime) -> Reply:
        """Answer a GET as the Hub would at that moment."""
        try:
            if request.token == REVOKED_TOKEN:
                raise HubError(401, "Invalid credentials in Authorization header")
            reply = self._route(request, now)
        except HubError as refusal:
            reply = refusal.reply()
        digest = hashlib.blake2b(reply.body, digest_size=10).hexdigest()
        return replace(reply, headers={"Content-Type": "application/json", **reply.headers, "ETag": f'W/"{digest}"'})

    def _route(self, request: Request, now: datetime) -> Reply:
        match [unquote(part) for part in request.path.strip("/").split("/")]:
            case ["api", "models"]:
                return self._list(request, now)
            case ["api", "models", *name, "revision", revision] if name:
                return self._model(request, "/".join(name), revision, now)
            case ["api", "models", *name]:
                return self._model(request, "/".join(name), None, now)
            case ["api", "organizations", name, "overview"]:
                return self._owner(name, "org", now)
            case ["api", "users", name, "overview"]:
                return self._owner(name, "user", now)
            case ["api", "agent-harnesses"]:
                return Reply(200, msgspec.json.encode({"standardEnvVars": [], "harnesses": {}}))
        raise HubError(404, "Sorry, we can't find the page you are looking for.")

    def _list(self, request: Request, now: datetime) -> Reply:
        query = self._read_query(request.params)
        with self._lock:
            page = self._page(query, request.overlap, now)
        headers: dict[str, str] = {}
        if page.next_cursor:
            kept = [(name, value) for name, value in request.params if name not in {"cursor", "skip"}]
            url = f"{request.base_url}{request.path}?{urlencode([*kept, ('cursor', page.next_cursor)])}"
            headers["Link"] = f'<{url}>; rel="next"'
        return Reply(200, page.body, headers, page.packed)

    def _read_query(self, params: Sequence[tuple[str, str]]) -> ListQuery:
        given = dict(params)
        unknown = next((name for name in NOT_REHEARSED if name in given), None)
        if unknown:
            raise HubError(400, f"The rehearsal does not know the filter {unknown}")
        fields = _expanded(params, self._on_list)
        if fields and any(name in given for name in ("full", "cardData", "config")):
            raise HubError(400, "expand can't be used together with full, cardData or config")
        extra = FULL_FIELDS if given.get("full") in TRUE else ()
        extra += tuple(name for name in ("cardData", "config") if given.get(name) in TRUE)
        return ListQuery(
            fields=fields or LIST_FIELDS + extra,
            tags=tuple(value for name, value in params if name == "filter"),
            author=given.get("author"),
            search=given.get("search"),
            pipeline_tag=given.get("pipeline_tag"),
            gated=given["gated"] in TRUE if "gated" in given else None,
            sort=_one_of(given.get("sort", "trendingScore"), SORTABLE),
            descending=_one_of(given.get("direction", "-1"), ("-1", "1")) == "-1",
            limit=min(_number(given.get("limit", str(self.page_cap)), "limit", 1), self.page_cap),
            cursor=given.get("cursor"),
            skip=_number(given.get("skip", "0"), "skip", 0),
        )

    def _page(self, query: ListQuery, overlap: int, now: datetime) -> Page:
        """Give a page from the cache, or make it. A new state of the source empties the cache."""
        state = self.items.state(now)
        if state != self._state:
            self._orders.clear()
            self._pages.clear()
            self._state, self._page_bytes = state, 0
        page = self._pages.get((query, overlap))
        if page is None:
            page = self._pages[query, overlap] = self._make_page(query, overlap, now)
            self._page_bytes += len(page.body) + len(page.packed)
            while self._page_bytes > PAGE_CACHE_BYTES and len(self._pages) > 1:
                _, old = self._pages.popitem(last=False)
                self._page_bytes -= len(old.body) + len(old.packed)
        return page

    def _make_page(self, query: ListQuery, overlap: int, now: datetime) -> Page:
        order = self._order(query, now)
        start = self._start(query, order, now)
        before = self._matching(query, (order[place] for place in range(start - 1, -1, -1)), now)
        repeated = list(itertools.islice(before, min(overlap, query.limit)))[::-1]
        following = self._matching(query, (order[place] for place in range(start, len(order))), now)
        wanted = itertools.chain(repeated, itertools.islice(following, query.skip, None))
        numbers = list(itertools.islice(wanted, query.limit + 1))
        rows, cursor = numbers[: query.limit], None
        if len(numbers) > query.limit:
            value, hub_id = self._value(query, rows[-1], now)
            cursor = write_cursor(query.sort, value, hub_id, descending=query.descending, again=overlap)
        body = b"[" + b",".join(self.items.records(rows, query.fields, now)) + b"]"
        return Page(body, gzip.compress(body, GZIP_LEVEL, mtime=0), cursor)

    def _start(self, query: ListQuery, order: Sequence[int], now: datetime) -> int:
        if query.cursor is None:
            return 0
        try:
            last = read_cursor(query.sort, query.cursor, descending=query.descending)
            return bisect.bisect_right(order, last, key=self._keyed(query, now))
        except (ValueError, TypeError) as error:
            raise HubError(400, "Invalid cursor") from error

    def _matching(self, query: ListQuery, numbers: Iterable[int], now: datetime) -> Iterator[int]:
        author = query.author.lower() if query.author is not None else None
        for index in numbers:
            if author is not None and self.items.author(index, now).lower() != author:
                continue
            if self.items.is_listed(index, now) and (query.is_about_all or query.wants(self.items.item(index, now))):
                yield index

    def _value(self, query: ListQuery, index: int, now: datetime) -> tuple[Any, str]:
        """Give what a model is sorted by, and its `_id`."""
        created_at, hub_id = self.items.key(index)
        is_cheap = query.sort == "createdAt"
        return (created_at or None) if is_cheap else self.items.value(index, query.sort, now), hub_id

    def _order(self, query: ListQuery, now: datetime) -> Sequence[int]:
        """Give the numbers in the asked order: for free by createdAt, sorted once per state otherwise."""
        size = self.items.size(now)
        if query.sort == "createdAt":
            return range(size - 1, -1, -1) if query.descending else range(size)
        wanted = (query.sort, query.descending)
        if wanted not in self._orders:
            self._orders[wanted] = sorted(range(size), key=self._keyed(query, now))
        return self._orders[wanted]

    def _keyed(self, query: ListQuery, now: datetime) -> Callable[[int], tuple[Any, ...]]:
        return lambda index: sort_key(query.sort, *self._value(query, index, now), descending=query.descending)

    def _model(self, request: Request, name: str, revision: str | None, now: datetime) -> Reply:
        index = self.items.find(name, now)
        if index is None or not self.items.is_listed(index, now):
            if request.token is None:
                raise HubError(401, "Invalid username or password.")
            raise HubError(404, "Repository not found", "RepoNotFound")
        item = self.items.item(index, now)
        if item["id"] != name:
            tail = f"/revision/{quote(revision, safe='')}" if revision is not None else ""
            query = f"?{urlencode(request.params)}" if request.params else ""
            where = f"{request.base_url}/api/models/{quote(item['id'])}{tail}{query}"
            return Reply(307, f"Temporary Redirect. Redirecting to {where}".encode(), {"Location": where})
        if revision is not None and revision not in {"main", item.get("sha")}:
            raise HubError(404, "Invalid rev id", "RevisionNotFound")
        fields = _expanded(request.params, EXPANDABLE) or DETAIL_FIELDS
        return Reply(200, msgspec.json.encode(project(item, fields)))

    def _owner(self, name: str, kind: str, now: datetime) -> Reply:
        overview = self.items.owner(name)
        if overview is None or overview["type"] != kind:
            raise HubError(404, "This organization does not exist" if kind == "org" else "This user does not exist")
        wanted = overview["name" if kind == "org" else "user"]
        return Reply(200, msgspec.json.encode({**overview, "numModels": self._models_by_author(now)[wanted]}))

    def _models_by_author(self, now: datetime) -> Counter[str]:
        """Count the listed models of all authors at once, and again only when the source has moved."""
        state = self.items.state(now)
        with self._lock:
            if self._model_counts[0] != state:
                listed = (index for index in range(self.items.size(now)) if self.items.is_listed(index, now))
                self._model_counts = state, Counter(self.items.author(index, now) for index in listed)
            return self._model_counts[1]
