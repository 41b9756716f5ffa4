"""What an import may not do, whoever asks for it: leave its folder, take the place of a capture, or come from a day to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import imports
from dagster_project.errors import UsageError
from dagster_project.settings import Settings

NOWHERE = "http://127.0.0.1:9"
NOW = datetime(2026, 11, 16, 3, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", hf_endpoint=NOWHERE, github_api_url=NOWHERE, pretended_now=NOW)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "dump.parquet"
    pl.DataFrame({"id": ["a/x"], "downloads": [1]}).write_parquet(path)
    return path


@pytest.mark.parametrize(
    "source", ["../up", "a/b", "..", "", "a" * 300, "huggingface", "GitHub_people", "innovation_graph"]
)
def test_F31_no_archive_is_named_out_of_its_folder_or_as_a_capture(
    settings: Settings, table: Path, source: str
) -> None:
    with pytest.raises(UsageError, match="can't name an archive"):
        imports.import_table(settings, table, source=source, mapping={}, observed_at=NOW)
    assert not settings.home.exists()


def test_a_day_that_is_still_to_come_is_refused(settings: Settings, table: Path) -> None:
    with pytest.raises(UsageError, match="2026-11-17, a day that is still to come"):
        imports.import_table(settings, table, source="dump", mapping={}, observed_at=NOW + timedelta(days=1))
    (sealed,) = imports.import_table(settings, table, source="dump", mapping={}, observed_at=NOW)
    assert (sealed.loaded, sealed.observed_on) == (1, NOW.date())


def test_a_day_of_which_most_rows_cannot_be_read_is_refused_and_can_be_imported_once_it_is_mended(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "dump.csv"
    path.write_text("id,downloads\na/x,1.2M\na/y,800k\na/z,7\n")
    with pytest.raises(UsageError, match="2 of 3 rows of 2026-11-16 can't be read, the first because downloads can't"):
        imports.import_table(settings, path, source="dump", mapping={}, observed_at=NOW)
    path.write_text("id,downloads\na/x,1200000\na/y,800k\na/z,7\n")
    said: list[str] = []
    (sealed,) = imports.import_table(settings, path, source="dump", mapping={}, observed_at=NOW, say=said.append)
    assert (sealed.loaded, sealed.quarantined) == (2, 1)
    assert said == ["dump 2026-11-16: 1 of 3 rows can't be read, the first because downloads can't be read as a number"]
