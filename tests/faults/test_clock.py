"""Which day and week a capture belongs to: fixed when it begins, in UTC, and refused when the clock can't be right (F32)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import captures
from dagster_project.rehearsal.faults import Fault
from dagster_project.rehearsal.hub.service import HubService
from dagster_project.settings import Settings
from dagster_project.snapshots import seal
from dagster_project.snapshots.lock import LOCK
from tests.faults.stage import CLOSING_PROBE, NOW, Stage, files, is_one_message, on_page

SUNDAY_NIGHT = datetime(2026, 10, 25, 23, 59, 50, tzinfo=UTC)
MONDAY = datetime(2026, 10, 26, 2, tzinfo=UTC)
# The hour that comes twice in Berlin, and the one that New York leaves out.
DST_CHANGES = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2027-03-14T07:30:00Z"]
ZONES = ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati"]


@dataclass(frozen=True)
class Ticking(Settings):
    """An installation whose clock, and the Hub's with it, moves on by some seconds whenever it is read."""

    hub: HubService = field(kw_only=True)
    step: timedelta = timedelta(seconds=3)

    def now(self) -> datetime:
        self.hub.set_now(self.hub.now() + self.step)
        return self.hub.now()


def days(home: Path) -> list[tuple[str, str]]:
    return [(f"{found.observed_on}", f"{found.week}") for _attempt, found in seal.sealed(home)]


def test_F32_a_capture_that_begins_on_sunday_is_sundays_to_the_last_page(stage):
    stage.hub.set_now(SUNDAY_NIGHT)
    home = stage.home
    captured = captures.capture(Ticking(home, stage.hub.url, pretended_now=SUNDAY_NIGHT, hub=stage.hub))
    assert days(home) == [("2026-10-25", "2026-W43")]
    assert captured.seal.sealed_at.startswith("2026-10-26T00:00:")
    assert {path.name for path in home.rglob("*.parquet")} == {"2026-10-25.parquet"}
    table = pl.read_parquet(home / "snapshots/huggingface/models/2026-10-25.parquet")
    assert set(table["observed_on"]) == {SUNDAY_NIGHT.date()}
    assert {f"{moment.date()}" for moment in table["observed_at"]} == {"2026-10-26"}, (
        "when a page was seen is told as it was"
    )


def test_F32_a_crawl_cut_off_on_sunday_ends_as_sundays_and_monday_gets_its_own(stage):
    stage.hub.set_now(SUNDAY_NIGHT)
    stage.hub.inject(on_page(4, "F15"))
    cut = stage.invoke("capture", LEADERSHIFT_NOW=SUNDAY_NIGHT.isoformat())
    is_one_message(cut, 3, "Week 2026-W43", "3 pages are safe")
    stage.hub.clear_faults()
    stage.hub.set_now(MONDAY)
    result = stage.invoke("capture", "--week", "2026-W44", LEADERSHIFT_NOW=MONDAY.isoformat())
    assert result.returncode == 0, result.stderr
    assert "2026-W43, begun before Monday, is sealed. Now 2026-W44." in result.stderr
    assert result.stdout.startswith("2026-W44 sealed")
    assert days(stage.home) == [("2026-10-25", "2026-W43"), ("2026-10-26", "2026-W44")]


@pytest.mark.parametrize("moment", DST_CHANGES)
def test_F32_the_zone_of_the_machine_changes_nothing(hub, tmp_path, moment):
    hub.set_now(datetime.fromisoformat(moment))

    def capture(zone: str) -> dict[str, bytes]:
        home = tmp_path / zone.replace("/", "-")
        result = Stage(home, {"TZ": zone}, hub=hub).command("capture", LEADERSHIFT_NOW=moment)
        assert result.returncode == 0, result.stderr
        return {path.relative_to(home).as_posix(): path.read_bytes() for path in files(home)}

    truth = capture("UTC")
    for zone in ZONES:
        assert capture(zone) == truth


def wrong_by(**delta: float) -> dict[str, str]:
    return {"LEADERSHIFT_NOW": (NOW + timedelta(**delta)).isoformat()}


@pytest.mark.parametrize("delta", [{"days": -3}, {"days": 3}, {"hours": -1, "seconds": -2}, {"hours": 1, "seconds": 2}])
def test_F32_a_clock_that_is_wrong_is_refused_before_anything_is_written(stage, delta):
    refused = stage.invoke("capture", **wrong_by(**delta))
    is_one_message(
        refused, 6, "This machine's clock says", f"{stage.hub.url[7:]} 2026-10-26 02:00 UTC", "Set the clock"
    )
    assert [path.name for path in files(stage.home)] == [LOCK]
    assert (stage.home / LOCK).read_bytes() == b""
    assert len(stage.hub.log) == 1


@pytest.mark.parametrize("delta", [{"minutes": -55}, {"minutes": 55}])
def test_F32_a_clock_that_is_somewhat_wrong_is_none_of_our_business(stage, delta):
    assert stage.invoke("capture", **wrong_by(**delta)).returncode == 0


def test_F32_a_clock_that_was_set_while_we_crawled_stops_before_the_seal(stage):
    stage.hub.inject([Fault(action="clock", path=CLOSING_PROBE, seconds=7200)])
    is_one_message(stage.invoke("capture"), 6, "2026-10-26 04:00 UTC")
    assert not list(stage.home.rglob("SEALED"))
    stage.hub.set_now(NOW)
    assert stage.capture().pages_fetched == 0, "every page was safe"


def test_F32_a_crawl_that_goes_on_looks_at_the_clock_again(stage):
    stage.hub.inject(on_page(4, "F15"))
    stage.invoke("capture")
    stage.hub.clear_faults()
    stage.hub.log.clear()
    is_one_message(stage.invoke("capture", **wrong_by(hours=3)), 6, "This machine's clock says 2026-10-26 05:00 UTC")
    assert len(stage.hub.log) == 1
    assert stage.capture().pages_fetched == 3
