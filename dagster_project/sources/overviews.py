"""The Hub's overviews of organisations and people: what we ask, what may be kept of an answer, how it becomes a typed row.

Of a person only that it is one, and two counts, ever leave this module: names, pictures, texts and memberships are dropped
before anything is written. The Hub does not say of a namespace which of the two it is, so both may have to be asked.
Not here: whom to ask and when (owners), HTTP (pages), files (snapshots).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal
from urllib.parse import quote

import msgspec
import polars as pl

from dagster_project.calendar import parse_time, stamp
from dagster_project.settings import Settings
from dagster_project.sources.pages import NothingThereError, Transport, refuse_wrong_clock

# What stands in the place of the name of an account that was forgotten at its wish.
ERASED = "erased"
Kind = Literal["org", "user", "gone"]
# Small answers: what is larger is none.
LARGEST_OVERVIEW_BYTES = 1_000_000
_PATHS: Mapping[Kind, str] = {"org": "organizations", "user": "users"}

OWNER_SCHEMA: dict[str, pl.DataType] = {
    "namespace": pl.String(),
    "kind": pl.String(),
    "full_name": pl.String(),
    "is_verified": pl.Boolean(),
    "plan": pl.String(),
    "member_count": pl.Int64(),
    "follower_count": pl.Int64(),
    "model_count": pl.Int64(),
    "dataset_count": pl.Int64(),
    "space_count": pl.Int64(),
    "paper_count": pl.Int64(),
    "observed_at": pl.Datetime("us"),
}


class Overview(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """What is kept of an answer, under the Hub's own names; for a person the two counts alone."""

    fullname: str | None = msgspec.field(name="fullname", default=None)
    is_verified: bool | None = None
    is_enterprise: bool | None = None
    plan: str | None = None
    num_users: int | None = None
    num_followers: int | None = None
    num_models: int | None = None
    num_datasets: int | None = None
    num_spaces: int | None = None
    num_papers: int | None = None


class _Person(msgspec.Struct, rename="camel", frozen=True):
    num_followers: int | None = None
    num_models: int | None = None


class _Nature(msgspec.Struct, frozen=True):
    type: str | None = None
    user: str | None = None


class Owner(msgspec.Struct, omit_defaults=True, frozen=True):
    """One namespace and what the Hub said of it. With a `reason`, no answer could be read."""

    namespace: str
    observed_at: str
    kind: Kind | None = None
    overview: Overview = Overview()
    reason: str | None = None


@dataclass(frozen=True)
class Asked:
    """What asking for one namespace came to, and how many requests it took (retries not counted)."""

    owner: Owner
    requests: int


def ask(settings: Settings, transport: Transport, namespace: str, known_kind: Kind | None) -> Asked:
    """Ask for a namespace as what it was the last time, then as the other; `gone` when it is neither.

    Raises SourceError like Transport.fetch; UnreadableAnswerError for an answer that is no overview.
    """
    kinds: Sequence[Kind] = ("user", "org") if known_kind == "user" else ("org", "user")
    for requests, kind in enumerate(kinds, start=1):
        url = f"{settings.hf_endpoint}/api/{_PATHS[kind]}/{quote(namespace, safe='')}/overview"
        try:
            page = transport.fetch(url, partial(_check, kind=kind), number=requests)
        except NothingThereError as nothing:
            transport.respect_quota(nothing.headers)
            continue
        refuse_wrong_clock(page)
        transport.respect_quota(page.headers)
        return Asked(Owner(namespace, stamp(page.received_at), kind, _kept(page.body, kind)), requests)
    return Asked(Owner(namespace, stamp(transport.clock()), "gone"), len(kinds))


def unread(namespace: str, at: datetime, reason: str) -> Owner:
    """Note that a namespace gave no answer that can be read."""
    return Owner(namespace, stamp(at), reason=reason)


def may_be_asked(namespace: str) -> bool:
    """Whether a name can stand in a path, where a dot segment would be taken for another address, and is still a name."""
    return namespace not in {"", ".", "..", ERASED}


def erased_owner(owner: Owner) -> Owner:
    """Give an owner without name; the counts go on."""
    overview = msgspec.structs.replace(owner.overview, fullname=None)
    return msgspec.structs.replace(owner, namespace=ERASED, overview=overview)


def bundle(owners: Sequence[Owner]) -> bytes:
    """Write owners as the JSON list that is kept."""
    return msgspec.json.encode(owners)


def read_bundle(body: bytes) -> list[Owner]:
    """Read such a list back."""
    return msgspec.json.decode(body, type=list[Owner])


def read_owners(body: bytes) -> tuple[pl.DataFrame, list[tuple[int, str, bytes]]]:
    """Turn a kept list into typed rows (OWNER_SCHEMA and `position`), and (position, reason, record) of what can't be one."""
    rows, refused = [], []
    for position, owner in enumerate(read_bundle(body)):
        if owner.kind is None:
            refused.append((position, owner.reason or "no reason was kept", owner.namespace.encode()))
        else:
            rows.append((*_row(owner), position))
    return pl.DataFrame(rows, schema={**OWNER_SCHEMA, "position": pl.Int32()}, orient="row"), refused


def _row(owner: Owner) -> tuple[object, ...]:
    said = owner.overview
    return (
        owner.namespace,
        owner.kind,
        said.fullname,
        said.is_verified,
        said.plan or ("enterprise" if said.is_enterprise else None),
        said.num_users,
        said.num_followers,
        said.num_models,
        said.num_datasets,
        said.num_spaces,
        said.num_papers,
        parse_time(owner.observed_at).astimezone(UTC).replace(tzinfo=None),
    )


def _check(body: bytes, kind: Kind) -> int:
    if len(body) > LARGEST_OVERVIEW_BYTES:
        raise ValueError(f"the overview has {len(body):,} bytes")
    try:
        kept = _kept(body, kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"the body is no overview ({error})") from error
    if kept == Overview():
        raise ValueError("the body has not one field of an overview")
    return 1


def _kept(body: bytes, kind: Kind) -> Overview:
    if kind == "org":
        nature = msgspec.json.decode(body, type=_Nature)
        if nature.type == "user" or nature.user is not None:
            raise ValueError("a person came under an organisation's address")
        return msgspec.json.decode(body, type=Overview)
    person = msgspec.json.decode(body, type=_Person)
    return Overview(num_followers=person.num_followers, num_models=person.num_models)
