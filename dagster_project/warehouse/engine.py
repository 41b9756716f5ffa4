"""The one way a DuckDB file is opened: no extension is ever fetched, and what readers open can reach nothing else.

Not here: any table.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

MEMORY_LIMIT = "3GB"
THREADS = os.cpu_count() or 1
_NO_STRANGERS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
# A release may be handed on and opened by anyone: a query on it must reach no file, no network and no extension.
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    **_NO_STRANGERS,
    "enable_external_access": "false",
    "lock_configuration": "true",
}
# DuckDB 2.0's partial_aggregate_pushdown makes our star joins four times slower and twenty times larger.
_HARMFUL_PASSES = "partial_aggregate_pushdown"


def connect_private(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the pipeline's own database, within a fixed memory."""
    connection = duckdb.connect(
        str(path), read_only=read_only, config={**_NO_STRANGERS, "memory_limit": MEMORY_LIMIT, "threads": THREADS}
    )
    if not duckdb.__version__.startswith("1."):
        connection.execute(f"set disabled_optimizers = '{_HARMFUL_PASSES}'")
    connection.execute("set preserve_insertion_order = false")
    # It writes to stdout, in the middle of what --json says there, as soon as a query takes two seconds.
    connection.execute("set enable_progress_bar = false")
    return connection


def connect_locked(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a published file for reading: read-only, no access to anything outside it, settings locked."""
    return duckdb.connect(str(path), read_only=True, config=_LOCKED)


def quoted(text: str) -> str:
    """Write a string as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"
