"""Readings over time, replayed by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import captures
from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.series import load_series
from dagster_project.rehearsal.hub.service import HubService
from dagster_project.settings import Settings
from dagster_project.snapshots import seal

FIRST = datetime(2026, 8, 17, 2, tzinfo=UTC)
ROUNDS = [FIRST + timedelta(days=days) for days in (0, 1, 7)]


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    path = tmp_path / "readings.csv"
    pl.DataFrame(
        [
            (f"{ROUNDS[0].isoformat()}", "a/one", 10, False),
            (f"{ROUNDS[0].isoformat()}", "b/two", 5, False),
            (f"{ROUNDS[1].isoformat()}", "a/one", 12, False),
            (f"{ROUNDS[1].isoformat()}", "b/two", 5, True),
            (f"{ROUNDS[2].isoformat()}", "c/three", 7, False),
        ],
        schema=["snapshot_at", "id", "downloads", "removed"],
        orient="row",
    ).write_csv(path)
    return path


def listed(readings: Path, now: datetime) -> dict[str, int]:
    series = load_series(readings)
    there = [index for index in range(series.size(now)) if series.is_listed(index, now)]
    return {series.item(index, now)["id"]: series.item(index, now)["downloads"] for index in there}


def test_the_clock_chooses_the_round(readings: Path) -> None:
    assert listed(readings, ROUNDS[0] - timedelta(seconds=1)) == {}
    assert listed(readings, ROUNDS[0]) == {"a/one": 10, "b/two": 5}
    assert listed(readings, ROUNDS[1] + timedelta(days=3)) == {"a/one": 12}, "b/two is called removed"
    assert listed(readings, ROUNDS[2]) == {"c/three": 7}, "a round lacks a/one"


def test_a_table_of_models_says_what_readings_do_not(readings: Path, tmp_path: Path) -> None:
    models = tmp_path / "models.csv"
    models.write_text("id,pipeline_tag,downloads\na/one,text-generation,99\n")
    series = load_series(readings, models)
    found = series.find("a/one", ROUNDS[1])
    assert found is not None
    item = series.item(found, ROUNDS[1])
    assert (item["pipeline_tag"], item["downloads"]) == ("text-generation", 12)


def test_readings_without_a_time_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("id,downloads\na/one,3\n")
    with pytest.raises(UsageError, match="no column of times"):
        load_series(path)
    path.write_text("id,date\na/one,soon\n")
    with pytest.raises(UsageError, match="row 1 has no readable time"):
        load_series(path)


@pytest.mark.real
def test_a_real_series_is_replayed_through_the_whole_capture(real_samples: Path, tmp_path: Path) -> None:
    """Two days of 15,904 real models: who was removed in between is gone, counters are those of the moment."""
    folder = real_samples / "hf_radar"
    series = load_series(folder / "model_timeseries.parquet", folder / "models_2026-08-22.parquet")
    assert len(series.moments) == 13
    for moment in (series.moments[3], series.moments[-1]):
        with HubService(series, now=moment) as hub:
            settings = Settings(
                home=tmp_path, hf_endpoint=hub.url, github_api_url="http://127.0.0.1:9", pretended_now=moment
            )
            captures.capture(settings, again=True, sign_off="the sample grew")
    truth = pl.read_parquet(folder / "model_timeseries.parquet").sort("snapshot_at")
    sealed = list(seal.sealed(tmp_path))
    assert len(sealed) == 2
    for attempt, found in sealed:
        last = truth.filter(pl.col("snapshot_at").str.slice(0, 10) == f"{found.observed_on}").filter(
            pl.col("snapshot_at") == pl.col("snapshot_at").max()
        )
        there = last.filter(~pl.col("removed")).select("id", "downloads_30d", "likes").sort("id")
        ours = pl.read_parquet(seal.table_path(attempt.home, attempt.source, "models", attempt.day))
        assert ours.select(pl.col("model_name").alias("id"), "downloads_30d", "likes").sort("id").equals(there)
