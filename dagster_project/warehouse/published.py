"""A published release, found and opened for reading: the only way reports and queries look at a database file.

Imports little, so that a question is answered at once.
Not here: writing a release (publish), and what a table means (sql/).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from dagster_project.errors import (
    DamagedDataError,
    LeadershiftError,
    NothingYetError,
    RefusedError,
    StorageError,
    UsageError,
)
from dagster_project.snapshots import kept
from dagster_project.warehouse.engine import connect_locked

if TYPE_CHECKING:
    import polars

PUBLISHED = "published"
CURRENT = f"{PUBLISHED}/current.json"
TABLES = "select schema_name || '.' || table_name from duckdb_tables() order by 1"
# DuckDB names what it did not find, and each 1.x and 2.x does so in these words.
# At 0.6, which is usual, nowhere was taken for owners.
LIKENESS = 0.75
_UNKNOWN_TABLE = re.compile(r"Table with name (?P<name>\S+) does not exist")


class Publication(msgspec.Struct, frozen=True):
    """A release. Paths are relative to the home. `is_new` is False when the same content was published before.

    `known_at`: the day (ISO) as known on which it was built; None for all that was known when it was.
    """

    release_id: str
    published_at: str
    database: str
    weeks: int
    newest_week: str
    is_rehearsal: bool
    is_new: bool = True
    known_at: str | None = None


def current(home: Path) -> Publication:
    """Give the release that readers should open. Raises NothingYetError, and DamagedDataError for a pointer that can't be read."""
    path = home / CURRENT
    if not path.exists():
        raise NothingYetError(f"Nothing has been published in {home} yet.", next_command="leadershift run")
    return kept.read(path, Publication, next_command="leadershift publish")


class Release:
    """One published DuckDB file, read-only, with external access off. Use it as a context manager."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection

    def frame(self, query: str, parameters: Sequence[object] | None = None) -> polars.DataFrame:
        """Run one select and give its rows with DuckDB's own types (no pyarrow needed: Arrow's C stream)."""
        import polars  # noqa: PLC0415 - half a second, which a query on the command line need not wait for

        relation = self._connection.sql(query, params=list(parameters) if parameters else None)
        return polars.DataFrame(relation)

    def rows(self, query: str, parameters: Sequence[object] | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a user's select and give column names and rows as Python values. Raises UsageError for SQL that fails."""
        try:
            answer = self._connection.execute(query, list(parameters) if parameters else None)
            if answer is None:
                raise UsageError("There is no statement in this SQL.", next_command="leadershift examples")
            return [column[0] for column in answer.description or ()], answer.fetchall()
        except duckdb.Error as error:
            unknown = _UNKNOWN_TABLE.search(str(error))
            near = nearest(unknown["name"], self.tables()) if unknown else None
            raise UsageError(
                f"The release can't answer that: {error}" + (f"\nThe nearest table is {near}." if near else ""),
                next_command=f"leadershift describe {near}" if near else "leadershift tables",
            ) from error

    def tables(self) -> list[str]:
        """Name the tables there are, with their schemas."""
        return [name for (name,) in self._connection.execute(TABLES).fetchall()]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Release:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_release(path: Path) -> Release:
    """Open a published file for reading.

    Raises NothingYetError without a file, RefusedError for one that another program has open for writing, StorageError for one
    that may not be read, DamagedDataError for another kind of file.
    """
    if not path.is_file():
        raise NothingYetError(f"There is no published database at {path}.", next_command="leadershift publish")
    try:
        return Release(path, connect_locked(path))
    except duckdb.Error as error:
        raise _in_words(path, error) from error


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the table whose name, with or without its schema, is most like this one; None if none is."""
    wanted, full_names = name.strip('"').lower(), list(known)
    by_spelling = {spelling: full for full in reversed(full_names) for spelling in (full, full.rpartition(".")[2])}
    found = difflib.get_close_matches(wanted, by_spelling, n=1, cutoff=LIKENESS)
    return by_spelling[found[0]] if found else None


def _in_words(path: Path, error: duckdb.Error) -> LeadershiftError:
    says = str(error)
    if "Could not set lock" in says:
        return RefusedError(
            f"{path} is open for writing in another program, so nobody else can read it. Releases are opened read-only;"
            f" end that program first. DuckDB says: {says.splitlines()[0]}",
            next_command="leadershift sql",
        )
    if "Permission denied" in says:
        return StorageError(f"{path} may not be read by this user.", next_command=f"ls -l {path.parent}")
    return DamagedDataError(
        f"{path} can't be opened as a published database: {says.splitlines()[0]} Delete its folder and publish again.",
        next_command="leadershift publish",
    )
