"""What the tests of releases do to a home of the rehearsal. Not here: the home itself (conftest)."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.calendar import parse_time
from dagster_project.settings import Settings
from dagster_project.warehouse.build import database_path

NOW = parse_time("2026-11-02T02:00:00Z")


def settings(home: Path) -> Settings:
    return Settings(home=home, hf_endpoint="http://127.0.0.1:9", github_api_url="http://127.0.0.1:9", pretended_now=NOW)


def spoil(home: Path) -> None:
    """Make one share wrong, as a faulty table would."""
    with duckdb.connect(str(database_path(home))) as connection:
        connection.execute(
            "update marts.share_by_country set share_of_total = share_of_total / 2 where scope = 'S1'"
            " and week = (select max(week) from marts.share_by_country)"
            " and country = (select max(country) from marts.share_by_country)"
        )
