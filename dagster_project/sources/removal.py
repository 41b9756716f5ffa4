"""An account's name taken out of what the Hub sent: out of records as they came, typed rows, and rejected records.

Only whole components count: taking out `alice` leaves `alice2/x` and `not-alice/x`. In the account's own records every
mention goes; in those of others every reference (`alice/x`, an address, `@alice`), but not a mere word: it may be anybody's.
Not here: which files there are, and how they change safely (snapshots/erasure).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
import polars as pl

from dagster_project.errors import UsageError
from dagster_project.sources import records
from dagster_project.sources.huggingface import LONGEST_NAME, identity
from dagster_project.sources.overviews import ERASED, Owner, erased_owner
from dagster_project.sources.repositories import Repository, erased_repository

UNKNOWN = f"{ERASED}/unknown"
# Closed vocabularies of the Hub: an account called `pytorch` must not take the library of every model along.
VOCABULARY_KEYS = {
    "_id", "base_model_relation", "createdAt", "gated", "lastModified", "library_name", "license", "pipeline_tag", "relation",
}  # fmt: skip
VOCABULARY_COLUMNS = {
    "base_relation", "card_base_relation", "card_licence", "gated", "hub_id", "library", "pipeline_tag", "source",
}  # fmt: skip
_ACCOUNT = re.compile(r"\w[\w.-]{0,95}", re.ASCII)
# A string, and the colon that makes it a key.
_STRING = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")(\s*+:)?', re.DOTALL)
# What we keep of an overview is our own writing, so it always begins like this.
_OWNER_STARTS = b'{"namespace":'
_REPOSITORY_STARTS = b'{"observed_at":'
_STARTS, _ENDS = r"(?<![\w.-])", r"(?![\w-]|\.\w)"


class _Whose(msgspec.Struct):
    hub_id: str = msgspec.field(name="_id", default="")
    id: str = ""
    author: str | None = None


class Removal:
    """Takes one account's name out. `names` says what stands in the place of each of its models, by name in lower case."""

    def __init__(self, account: str, names: Mapping[str, str]) -> None:
        self.account = account_name(account)
        self._names = names
        name = re.escape(self.account)
        flags = re.IGNORECASE | re.ASCII
        self._reference = re.compile(rf"{_STARTS}{name}(?:/|%2F)(?P<model>\w(?:[\w.-]*\w)?)?", flags)
        self._profile = re.compile(rf"(@|\.\w{{2,6}}/){name}{_ENDS}", flags)
        self._word = re.compile(rf"(?<![\w./-]){name}{_ENDS}", flags)

    def text(self, value: str, *, is_own: bool, names: Mapping[str, str] | None = None) -> str:
        """Take the name out of a text; `is_own` is whether it stands in a record of the account itself."""
        known = {**self._names, **(names or {})}
        value = self._reference.sub(lambda found: known.get(self._full(found), UNKNOWN), value)
        value = self._profile.sub(rf"\g<1>{ERASED}", value)
        return self._word.sub(ERASED, value) if is_own else value

    def page(self, body: bytes) -> bytes:
        """Take the name out of a page of records; all others stay byte for byte."""
        if not self._may_be_in(body):
            return body
        try:
            before = [bytes(record) for record in records.split(body)]
        except ValueError:
            return self.plain(body)
        after = [self.record(record) for record in before]
        return body if after == before else b"[" + b",".join(after) + b"]"

    def record(self, record: bytes) -> bytes:
        """Take the name out of one record, whether or not it can be read as a model."""
        if not self._may_be_in(record):
            return record
        if not record.lstrip().startswith(b"{"):
            return self.plain(record)
        if record.startswith(_OWNER_STARTS) and (owner := self._owner(record)):
            return owner
        if record.startswith(_REPOSITORY_STARTS) and (repository := self._repository(record)):
            return repository
        is_own, names = self._whose(record)
        key = ""

        def cleaned(found: re.Match[bytes]) -> bytes:
            nonlocal key
            token, colon = found[1], found[2] or b""
            if colon:
                key = _decoded(token) or ""
            if not self._may_be_in(token) or (not colon and key in VOCABULARY_KEYS):
                return found[0]
            value = _decoded(token)
            if value is None:
                # A lone surrogate or bytes that are no UTF-8: taken as they stand.
                return self.plain(found[0])
            new = self.text(value, is_own=is_own and not colon, names=names)
            return found[0] if new == value else msgspec.json.encode(new) + colon

        return _STRING.sub(cleaned, record)

    def _owner(self, record: bytes) -> bytes | None:
        """Take the name out of what was kept of the account's own overview; None if this is something else."""
        try:
            owner = msgspec.json.decode(record, type=Owner)
        except msgspec.MsgspecError:
            return None
        return msgspec.json.encode(erased_owner(owner)) if owner.namespace.lower() == self.account else None

    def _repository(self, record: bytes) -> bytes | None:
        """Take the name out of what was kept of a repository of the account on GitHub; None if this is something else."""
        try:
            found = msgspec.json.decode(record, type=Repository)
        except msgspec.MsgspecError:
            return None
        names = [name.lower() for name in (found.repo_name, found.asked_name) if name]
        is_own = any(name.startswith(f"{self.account}/") for name in names)
        return msgspec.json.encode(erased_repository(found)) if is_own else None

    def plain(self, content: bytes) -> bytes:
        """Take the name out of bytes that are no record, every mention of it."""
        text = content.decode("utf-8", "surrogateescape")
        return self.text(text, is_own=True).encode("utf-8", "surrogateescape")

    def rows(self, table: pl.LazyFrame) -> pl.LazyFrame | None:
        """Take the name out of typed rows, as `page` does out of their records; None if it isn't there."""
        schema = table.collect_schema()
        if "namespace" in schema:
            return self._owner_rows(table)
        if "repo_id" in schema:
            return self._repository_rows(table) if "repo_name" in schema else None
        changes = [
            change
            for column, kind in schema.items()
            if column not in VOCABULARY_COLUMNS and (change := self._change(table, column, kind)) is not None
        ]
        return table.with_columns(changes) if changes else None

    def _owner_rows(self, table: pl.LazyFrame) -> pl.LazyFrame | None:
        is_own = pl.col("namespace").str.to_lowercase() == self.account
        if not table.select(is_own.any()).collect(engine="streaming").item():
            return None
        return table.with_columns(
            pl.when(is_own).then(pl.lit(ERASED)).otherwise("namespace").alias("namespace"),
            pl.when(~is_own).then("full_name").alias("full_name"),
        )

    def _repository_rows(self, table: pl.LazyFrame) -> pl.LazyFrame | None:
        is_own = self._is_of_account("repo_name") | self._is_of_account("asked_name")
        if not table.select(is_own.any()).collect(engine="streaming").item():
            return None
        name = pl.format(f"{ERASED}/{{}}", "repo_id")
        return table.with_columns(
            repo_name=pl.when(is_own).then(name).otherwise("repo_name"),
            asked_name=pl.when(is_own & pl.col("asked_name").is_not_null()).then(name).otherwise("asked_name"),
            owner_login=pl.when(~is_own).then("owner_login"),
        )

    def is_own(self) -> pl.Expr:
        """Say in a table of models which rows are of the account."""
        author = pl.col("author").str.to_lowercase() == self.account
        return author.fill_null(value=False) | self._is_of_account("model_name")

    def parents(self, table: pl.LazyFrame) -> set[str]:
        """Name, in lower case, the models of the account that a table of models names as parents."""
        told = pl.concat(
            [
                table.select(pl.col("tags").explode().alias("text")).filter(
                    pl.col("text").str.starts_with("base_model:")
                ),
                table.select(pl.col("card_base_models").explode().alias("text")),
                table.select(pl.col("base_models").explode().struct.field("model_name").alias("text")),
            ]
        )
        texts = told.filter(pl.col("text").str.to_lowercase().str.contains(self.account, literal=True)).unique()
        found = texts.collect(engine="streaming")["text"]
        return {self._full(name) for text in found for name in self._reference.finditer(text) if name["model"]}

    def rejects(self, table: pl.DataFrame) -> pl.DataFrame | None:
        """Take the name out of records that could not be read; None if it isn't there."""
        records_after = [self.record(record) for record in table["record"]]
        cleaned = table.with_columns(
            pl.Series("record", records_after, pl.Binary),
            pl.Series("reason", [self.text(reason, is_own=True) for reason in table["reason"]], pl.String),
        )
        if "model_name" in table.columns:
            names = [
                name if name is None or after == before else identity(after)[1]
                for name, before, after in zip(table["model_name"], table["record"], records_after, strict=True)
            ]
            cleaned = cleaned.with_columns(pl.Series("model_name", names, pl.String))
        return None if cleaned.equals(table) else cleaned

    def _full(self, found: re.Match[str]) -> str:
        return f"{self.account}/{(found['model'] or '').lower()}"

    def _may_be_in(self, content: bytes) -> bool:
        """Whether it is worth looking: the name in any case, or letters written as numbers."""
        return self.account.encode() in content.lower() or b"\\u00" in content

    def _whose(self, record: bytes) -> tuple[bool, dict[str, str]]:
        try:
            found = msgspec.json.decode(record, type=_Whose)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # What can't be read may be the account's own.
            return True, {}
        name = found.id.lower()
        if not name.startswith(f"{self.account}/"):
            return (found.author or "").lower() == self.account, {}
        # A record that was refused for its long name must not become readable: it was counted as quarantined.
        model = found.hub_id if len(name) <= LONGEST_NAME else name.partition("/")[2]
        return True, {name: f"{ERASED}/{model}"} if model else {}

    def _is_of_account(self, column: str) -> pl.Expr:
        return pl.col(column).str.to_lowercase().str.starts_with(f"{self.account}/").fill_null(value=False)

    def _change(self, table: pl.LazyFrame, column: str, kind: pl.DataType) -> pl.Expr | None:
        is_nested = isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct)
        if kind != pl.String and kind != pl.List(pl.String) and not is_nested:
            return None
        texts = table.select(self.is_own().alias("is_own"), pl.col(column).alias("text"))
        texts = texts if kind == pl.String else texts.explode("text")
        texts = texts.with_columns(pl.col("text").struct.field("model_name").alias("text")) if is_nested else texts
        ours, theirs = (self._swaps(texts, is_own=is_own) for is_own in (True, False))
        if not ours and not theirs:
            return None

        def swapped(swaps: dict[str, str]) -> pl.Expr:
            element, place = pl.element(), pl.col(column)
            if is_nested:
                name = element.struct.field("model_name").replace(swaps)
                return place.list.eval(element.struct.with_fields(name))
            return place.replace(swaps) if kind == pl.String else place.list.eval(element.replace(swaps))

        mine = swapped(ours)
        if column == "model_name":
            # The row's own id, because a name may have belonged to another model before.
            by_id = pl.lit(f"{ERASED}/") + pl.col("hub_id")
            mine = pl.when(self._is_of_account(column)).then(pl.coalesce(by_id, mine)).otherwise(mine)
        return pl.when(self.is_own()).then(mine).otherwise(swapped(theirs)).alias(column)

    def _swaps(self, texts: pl.LazyFrame, *, is_own: bool) -> dict[str, str]:
        there = pl.col("text").str.to_lowercase().str.contains(self.account, literal=True)
        mine = pl.col("is_own") if is_own else ~pl.col("is_own")
        found = texts.filter(there & mine).select("text").unique().collect(engine="streaming")["text"]
        cleaned = {text: self.text(text, is_own=is_own) for text in found}
        return {before: after for before, after in cleaned.items() if after != before}


def account_name(given: str) -> str:
    """Give an account's name in lower case, which is how the Hub compares names. Raises UsageError for what can't be one."""
    if not _ACCOUNT.fullmatch(given) or given.lower() == ERASED:
        raise UsageError(f"'{given}' can't be the name of an account on the Hub.")
    return given.lower()


def _decoded(token: bytes) -> str | None:
    try:
        return msgspec.json.decode(token, type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
