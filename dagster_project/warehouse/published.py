"""A published release, opened for reading: the only way reports and queries look at a database file.

Not here: writing a release (publish), and what a table means (sql/).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars

from dagster_project.errors import DamagedDataError, NothingYetError, UsageError
from dagster_project.warehouse.engine import connect_locked


class Release:
    """One published DuckDB file, read-only, with external access off. Use it as a context manager."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection

    def frame(self, query: str, parameters: Sequence[object] | None = None) -> polars.DataFrame:
        """Run one select and give its rows with DuckDB's own types (no pyarrow needed: Arrow's C stream)."""
        relation = self._connection.sql(query, params=list(parameters) if parameters else None)
        return polars.DataFrame(relation)

    def rows(self, query: str, parameters: Sequence[object] | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a user's select and give column names and rows as Python values. Raises UsageError for SQL that fails."""
        try:
            answer = self._connection.execute(query, list(parameters) if parameters else None)
            return [column[0] for column in answer.description or ()], answer.fetchall()
        except duckdb.Error as error:
            raise UsageError(f"The release can't answer that: {error}", next_command="leadershift tables") from error

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
    """Open a published file for reading. Raises NothingYetError without a file, DamagedDataError for another kind of file."""
    if not path.is_file():
        raise NothingYetError(f"There is no published database at {path}.", next_command="leadershift publish")
    try:
        return Release(path, connect_locked(path))
    except duckdb.Error as error:
        raise DamagedDataError(f"{path} can't be opened as a published database: {error}") from error
