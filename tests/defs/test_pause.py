"""A quota that is used up ends a run with the time to go on; the next tick of the schedule goes on from the kept pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.calendar import Week
from dagster_project.defs.captures import capture_asset
from dagster_project.defs.installation import Installation
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, simulated
from tests.defs.conftest import WORLD, House, build_house, move_in
from tests.defs.test_jobs import evaluate

WINDOW_SECONDS = 2000
STRICT = ServiceOptions(page_cap=100, quota=100, window_seconds=WINDOW_SECONDS)
STEP = "raw__huggingface_models"
# Of 100 requests 2 are ours: one to ask for the fields, one for the first page.
SMALL_SHARE = 0.02


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A home whose Hub counts requests in windows longer than our patience."""
    with HubService(simulated(WORLD), now=datetime.now(UTC), options=STRICT) as hub:
        made = build_house(tmp_path / "home", hub)
        move_in(made, monkeypatch)
        yield made


def capture(house: House, instance: dg.DagsterInstance, share: float | None = None) -> dg.ExecuteInProcessResult:
    """Run the asset as the job does, with a share of the quota in its config."""
    return dg.materialize(
        [capture_asset],
        partition_key=f"{Week.of(house.hub.now()).monday}",
        resources={"installation": Installation()},
        run_config={"ops": {STEP: {"config": {} if share is None else {"quota_share": share}}}},
        instance=instance,
        raise_on_error=False,
    )


def failure(result: dg.ExecuteInProcessResult) -> tuple[str, dict[str, dg.MetadataValue]]:
    """What the run's page says of its failure."""
    (event,) = (event for event in result.all_events if event.is_step_failure)
    words = event.step_failure_data.user_failure_data
    assert words is not None
    return words.description or "", dict(words.metadata)


def test_F11_a_pause_ends_the_run_with_the_time_and_the_next_tick_goes_on(
    house: House, instance: dg.DagsterInstance
) -> None:
    paused = capture(house, instance, SMALL_SHARE)
    assert not paused.success
    words, metadata = failure(paused)
    resume_at = datetime.fromtimestamp(float(str(metadata["resume_at"].value)), UTC)
    assert timedelta(0) < resume_at - house.hub.now() <= timedelta(seconds=WINDOW_SECONDS + 1)
    assert f"1 pages are safe. Paused until {resume_at:%Y-%m-%d %H:%M:%S} UTC." in words

    asked, _reason = evaluate(instance)
    assert asked == [f"{Week.of(house.hub.now()).monday}"], "the schedule asks again"
    house.hub.log.clear()
    went_on = capture(house, instance)
    assert went_on.success
    (event,) = went_on.asset_materializations_for_node(STEP)
    assert event.metadata["pages_fetched"].value == sum("limit=1000" in entry.path for entry in house.hub.log) == 4


def test_a_share_that_cant_be_is_refused_in_words(house: House, instance: dg.DagsterInstance) -> None:
    words, _metadata = failure(capture(house, instance, 1.5))
    assert "more than 0 and at most 1" in words
    assert house.hub.log == []
