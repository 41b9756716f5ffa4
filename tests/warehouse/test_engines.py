"""The same rows from both lines of DuckDB that are in use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dagster_project.rehearsal.run import Rehearsed

ROOT = Path(__file__).resolve().parents[2]
# The two lines turn a decimal of 38 digits into a double with another last bit.
LAST_DIGIT = 1e-13
NEXT_DUCKDB = ROOT / ".venv" / "duckdb2"
BUILD_AND_DUMP = """
import sys
from datetime import date
from pathlib import Path
import duckdb
from dagster_project.settings import shipped
from dagster_project.snapshots import seal
from dagster_project.warehouse import build
from dagster_project.warehouse.catalog import PUBLISHED_SCHEMAS

home, dump = Path(sys.argv[1]), Path(sys.argv[2])
made = build.build(home, list(seal.sealed(home)), sql=shipped("sql"), registry=home / "registry", known_at=date.max)
dump.mkdir()
with duckdb.connect(str(build.database_path(home)), read_only=True) as connection:
    for table in (built.table for built in made if built.table.schema in PUBLISHED_SCHEMAS):
        keys = ", ".join(table.grain)
        connection.execute(f"copy (select * from {table.full_name} order by {keys}) to '{dump / table.full_name}.parquet'")
print(duckdb.__version__)
"""


def dumped(home: Path, dump: Path, path: str) -> tuple[str, dict[str, pl.DataFrame]]:
    """Build a home in a process of its own; give DuckDB's version and every public table in the order of its grain."""
    told = subprocess.run(
        [sys.executable, "-c", BUILD_AND_DUMP, str(home), str(dump)],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout.strip(), {file.stem: pl.read_parquet(file) for file in sorted(dump.glob("*.parquet"))}


@pytest.fixture(scope="module")
def here(rehearsed: Rehearsed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("here")
    _version, tables = dumped(shutil.copytree(rehearsed.home, folder / "home"), folder / "dump", str(ROOT))
    assert {"marts.share_by_country", "marts.crossovers", "core.weekly_flow", "registry.labs"} <= tables.keys()
    return tables


def test_the_next_line_of_duckdb_gives_the_same_rows(
    here: dict[str, pl.DataFrame], copied: Callable[[], Path], tmp_path: Path
) -> None:
    if not NEXT_DUCKDB.is_dir():
        pytest.skip("DuckDB 2.0 is not installed: make test-duckdb2 does that")
    version, there = dumped(copied(), tmp_path / "dump", f"{NEXT_DUCKDB}:{ROOT}")
    assert version.startswith("2."), version
    assert here.keys() == there.keys()
    for name, rows in here.items():
        try:
            assert_frame_equal(there[name], rows, check_exact=False, rel_tol=LAST_DIGIT, abs_tol=0)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
