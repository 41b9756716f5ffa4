"""Runs one SQL file alone on given rows: its parents are made from selects, its body runs as it stands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.settings import shipped
from dagster_project.warehouse import catalog

from .history import History, two_labs

Rows = list[dict[str, Any]]
Answer = Callable[[str, Mapping[str, str]], Rows]


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A home without a snapshot, whose registry knows two labs."""
    return two_labs(tmp_path)


@pytest.fixture
def answer() -> Answer:
    """Give `answer(table, {parent: select})`: the rows of a table whose parents are these selects."""
    tables = catalog.load(shipped("sql"))

    def run(table: str, given: Mapping[str, str]) -> Rows:
        with duckdb.connect() as connection:
            for schema in ("raw", *catalog.SCHEMAS):
                connection.execute(f"create schema {schema}")
            for parent, select in given.items():
                connection.execute(f"create table {parent} as {select}")
            rows = connection.execute(tables[table].body)
            names = [column[0] for column in rows.description or ()]
            assert names == list(tables[table].columns), "the header describes other columns"
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    return run


@pytest.fixture(scope="module", autouse=True)
def unflushed() -> Iterator[None]:
    """Wait for no disk: what survives a power cut is asked in faults and snapshots, and here a day is sealed in milliseconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield
