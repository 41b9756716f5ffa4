"""The little that may be kept of who works on a repository: pseudonyms, counts, months and countries, as they are written and read back.

Not here: names, logins and addresses, which never get here (people).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date
from typing import Literal, NamedTuple

import msgspec
import polars as pl

from dagster_project.calendar import parse_time

Kind = Literal["person", "anonymous", "bot", "nobody"]

CONTRIBUTOR_SCHEMA: dict[str, pl.DataType] = {
    "line": pl.String(),
    "repo_id": pl.Int64(),
    "quarter": pl.Date(),
    "kind": pl.String(),
    "person": pl.String(),
    "people": pl.Int32(),
    "commits": pl.Int64(),
    "months": pl.List(pl.Date()),
    "countries": pl.List(pl.String()),
    "has_location": pl.Boolean(),
    "profile_on": pl.Date(),
    "key_id": pl.String(),
    "observed_at": pl.Datetime("us"),
}


class Profile(NamedTuple):
    """What is kept of a profile: countries, and whether it says anything of a place at all."""

    countries: tuple[str, ...]
    has_location: bool
    profile_on: date | None


NO_PROFILE = Profile((), has_location=False, profile_on=None)


class Line(msgspec.Struct, omit_defaults=True, frozen=True):
    """People of one kind with commits in the same months of a quarter; a person has a line alone."""

    kind: Kind
    people: int
    commits: int
    months: list[date]
    person: str | None = None
    countries: list[str] = []
    has_location: bool | None = None
    profile_on: date | None = None


class Reading(msgspec.Struct, omit_defaults=True, frozen=True):
    """Who worked on a repository in a quarter, as the history said at a moment. With a `reason`, it could not be read."""

    repo_id: int
    quarter: date
    observed_at: str
    key_id: str
    lines: list[Line] = []
    reason: str | None = None


def bundle(readings: Sequence[Reading]) -> bytes:
    """Write readings as the JSON list that is kept."""
    return msgspec.json.encode(readings)


def read_bundle(body: bytes) -> list[Reading]:
    """Read such a list back. Raises msgspec.MsgspecError for what is none."""
    return msgspec.json.decode(body, type=list[Reading])


def read_contributors(body: bytes) -> tuple[pl.DataFrame, list[tuple[int, str, bytes]]]:
    """Turn a kept list into typed rows (CONTRIBUTOR_SCHEMA and `position`), and (position, reason, record) of what could not be read."""
    rows: list[tuple[object, ...]] = []
    refused = []
    for position, reading in enumerate(read_bundle(body)):
        if reading.reason is not None:
            refused.append((position, reading.reason, f"{reading.repo_id} {reading.quarter}".encode()))
        rows += [(*row, position) for row in _rows(reading)]
    return pl.DataFrame(rows, schema={**CONTRIBUTOR_SCHEMA, "position": pl.Int32()}, orient="row"), refused


def _rows(reading: Reading) -> Iterator[tuple[object, ...]]:
    at = parse_time(reading.observed_at).astimezone(UTC).replace(tzinfo=None)
    for number, line in enumerate(reading.lines):
        yield (
            f"{reading.repo_id}/{reading.quarter}/{number}",
            reading.repo_id,
            reading.quarter,
            line.kind,
            line.person,
            line.people,
            line.commits,
            line.months,
            line.countries,
            line.has_location,
            line.profile_on,
            reading.key_id,
            at,
        )


class PersonRemoval:
    """Makes a person anonymous in what was kept: counted as before, without pseudonym and place."""

    def __init__(self, person: str) -> None:
        self._person = person

    def page(self, body: bytes) -> bytes:
        """Clean a kept list; every other page is left as it is."""
        if self._person.encode() not in body:
            return body
        return bundle(
            [
                msgspec.structs.replace(reading, lines=[self._cleaned(line) for line in reading.lines])
                for reading in read_bundle(body)
            ]
        )

    def _cleaned(self, line: Line) -> Line:
        return Line("anonymous", line.people, line.commits, line.months) if line.person == self._person else line

    @staticmethod
    def plain(content: bytes) -> bytes:
        """Give back what is no list: no pseudonym gets there."""
        return content

    def rows(self, table: pl.LazyFrame) -> pl.LazyFrame | None:
        """Clean typed rows; None if the person is not among them."""
        if "person" not in table.collect_schema():
            return None
        is_theirs = (pl.col("person") == self._person).fill_null(value=False)
        if not table.select(is_theirs.any()).collect(engine="streaming").item():
            return None
        emptied = {"kind": "anonymous", "person": None, "has_location": None, "profile_on": None}
        return table.with_columns(
            *(
                pl.when(is_theirs).then(pl.lit(value, CONTRIBUTOR_SCHEMA[name])).otherwise(name).alias(name)
                for name, value in emptied.items()
            ),
            pl.when(is_theirs).then(pl.lit([], pl.List(pl.String))).otherwise("countries").alias("countries"),
        )

    @staticmethod
    def rejects(_table: pl.DataFrame) -> pl.DataFrame | None:
        """Give None: what could not be read names a repository, never a person."""
        return None
