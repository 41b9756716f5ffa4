"""When the weekly run is asked for, without any server; test_dev asks the real one."""

from __future__ import annotations

import dagster as dg

from dagster_project.calendar import Week
from dagster_project.definitions import defs
from tests.defs.conftest import House


def evaluate(instance: dg.DagsterInstance) -> tuple[list[str | None], str | None]:
    """The partitions asked for, and why none."""
    schedule = defs.get_schedule_def("every_six_hours")
    context = dg.build_schedule_context(instance=instance, repository_def=defs.get_repository_def())
    data = schedule.evaluate_tick(context)
    return [request.partition_key for request in data.run_requests or ()], data.skip_message


def test_the_schedule_is_on_by_default() -> None:
    schedule = defs.get_schedule_def("every_six_hours")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 */6 * * *", "UTC")


def test_an_unsealed_week_is_asked_for(house: House) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        asked, _reason = evaluate(instance)
    assert asked == [f"{Week.of(house.hub.now()).monday}"]


def test_a_sealed_week_that_nobody_can_read_yet_is_asked_for(house: House) -> None:
    house.capture()
    with dg.DagsterInstance.ephemeral() as instance:
        asked, _reason = evaluate(instance)
    assert asked == [f"{Week.of(house.hub.now()).monday}"]


def test_a_run_that_is_at_it_is_not_doubled(house: House) -> None:
    """After downtime Dagster makes up for up to five ticks at once: the first asks, the others see its run."""
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(defs.resolve_job_def("weekly"), status=dg.DagsterRunStatus.QUEUED)
        asked, reason = evaluate(instance)
    assert asked == []
    assert reason == f"Run {run.run_id[:8]} is at it."
