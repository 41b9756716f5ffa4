"""Nobody was home for some ticks (F40): Dagster's own scheduler comes back, one run is asked for, for the week that is now.

The scheduler is the daemon's, called with a clock of ours instead of every minute; it asks a real code server.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

from dagster_project import overview
from dagster_project.calendar import Week
from dagster_project.defs.captures import capture_asset
from dagster_project.defs.installation import Installation
from dagster_project.snapshots import seal
from tests.defs.conftest import House

TICK, MINUTE = timedelta(hours=6), timedelta(minutes=1)


@pytest.mark.parametrize("missed", [1, 3])
def test_F40_after_missed_ticks_one_run_is_asked_for_and_no_week_is_invented(
    house: House, instance: dg.DagsterInstance, missed: int
) -> None:
    now = house.hub.now()
    this_week, last_seen = Week.of(now), Week.of(now - timedelta(days=21))
    house.hub.set_now(now - timedelta(days=21))
    house.capture()
    house.hub.set_now(now)
    house.hub.log.clear()

    last_tick = datetime.combine(now.date(), datetime.min.time(), UTC) + now.hour // 6 * TICK
    went_down, came_back = last_tick - (missed - 1) * TICK - MINUTE, last_tick + MINUTE
    target = ModuleTarget("dagster_project.definitions", None, None, "here")
    with create_test_daemon_workspace_context(target, instance) as workspace:
        for moment in (went_down, came_back):
            ended = list(launch_scheduled_runs(workspace, logging.getLogger(__name__), moment, {}))
            assert not any(ended), "an error in the code server"
    (run,) = instance.get_runs()
    assert run.tags["dagster/partition"] == f"{this_week.monday}"
    assert run.tags["leadershift/week"] == f"{this_week}"

    result = dg.materialize(
        [capture_asset],
        partition_key=run.tags["dagster/partition"],
        resources={"installation": Installation()},
        instance=instance,
    )
    assert result.success
    state = overview.status(house.settings())
    between = [f"{Week(last_seen.monday + timedelta(days=7 * step))}" for step in (1, 2)]
    assert state["gaps"] == between
    assert [f"{found.week}" for _attempt, found in seal.sealed(house.home)] == [f"{last_seen}", f"{this_week}"]
