"""Releases taken back because a person asked to be forgotten; what they were, and who signed for them, stays known.

Not here: making the next one (publish).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable
from dagster_project.warehouse import facts, publish
from dagster_project.warehouse.engine import connect_locked, quoted


def withdraw(home: Path, account: str) -> list[str]:
    """Delete every release in which an account's name stands as a whole component, and the private build; give their ids."""
    for derived in ("warehouse", facts.FOLDER):
        shutil.rmtree(home / derived, ignore_errors=True)
    published = home / publish.PUBLISHED
    shutil.rmtree(published / durable.TEMPORARY_FOLDER, ignore_errors=True)
    folders = sorted(folder for folder in published.glob("*") if folder.is_dir())
    gone = [folder for folder in folders if any(_names(path, account) for path in folder.glob("*.duckdb"))]
    if gone:
        publish.keep_history(home)
    if (home / publish.CURRENT).exists() and (home / publish.current(home).database).parent in gone:
        (home / publish.CURRENT).unlink()
    for folder in gone:
        shutil.rmtree(folder)
    return [folder.name for folder in gone]


def _names(database: Path, account: str) -> bool:
    """Whether any row of any table has the name between characters that names don't have; a release too many may go, never one too few."""
    pattern = quoted(rf"(^|[^a-z0-9_.-]){re.escape(account)}($|[^a-z0-9_-])")
    try:
        with connect_locked(database) as connection:
            tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
            return any(
                connection.execute(
                    f"select 1 from {table} as row_of where regexp_matches(lower(cast(row_of as varchar)), {pattern}) limit 1"
                ).fetchall()
                for (table,) in tables
            )
    except duckdb.Error as error:
        raise DamagedDataError(
            f"{database} can't be read, so nobody knows whom it names. Delete its folder, then run the same command again."
        ) from error
