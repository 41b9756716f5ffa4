"""When the weekly run is asked for, without any server; test_dev asks the real one."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_project.calendar import Week
from dagster_project.definitions import defs
from dagster_project.defs.installation import Installation
from dagster_project.defs.jobs import every_six_hours
from tests.defs.conftest import House


def evaluate(instance: dg.DagsterInstance) -> tuple[list[str | None], str | None]:
    """The partitions asked for, and why none."""
    resources, repository = {"installation": Installation()}, defs.get_repository_def()
    with dg.build_schedule_context(instance=instance, resources=resources, repository_def=repository) as context:
        data = every_six_hours.evaluate_tick(context)
    return [request.partition_key for request in data.run_requests or ()], data.skip_message


def test_the_schedule_is_on_by_default() -> None:
    assert every_six_hours.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (every_six_hours.cron_schedule, every_six_hours.execution_timezone) == ("0 */6 * * *", "UTC")


def test_an_unsealed_week_is_asked_for(house: House, instance: dg.DagsterInstance) -> None:
    asked, _reason = evaluate(instance)
    assert asked == [f"{Week.of(house.hub.now()).monday}"]


def test_a_sealed_week_that_nobody_can_read_yet_is_asked_for(house: House, instance: dg.DagsterInstance) -> None:
    house.capture()
    asked, _reason = evaluate(instance)
    assert asked == [f"{Week.of(house.hub.now()).monday}"]


@pytest.mark.usefixtures("house")
def test_a_run_that_is_at_it_is_not_doubled(instance: dg.DagsterInstance) -> None:
    """Somebody may have launched one, or a crawl may last longer than six hours."""
    run = create_run_for_test(instance, "weekly", status=dg.DagsterRunStatus.STARTED)
    assert evaluate(instance) == ([], f"Run {run.run_id[:8]} is at it.")


@pytest.mark.parametrize("name", ["huggingface", "../up", ""])
def test_an_archive_never_takes_the_name_of_a_capture_nor_leaves_its_folder(
    house: House, instance: dg.DagsterInstance, tmp_path: Path, name: str
) -> None:
    """The Launchpad hands names on as they were typed."""
    table = tmp_path / "archive.parquet"
    pl.DataFrame({"id": ["a/x"], "downloads": [1]}).write_parquet(table)
    given = {"path": str(table), "source": name, "observed_at": "2026-08-22T00:00:00Z"}
    refused = defs.resolve_job_def("import_archive").execute_in_process(
        {"ops": {"take_in": {"config": given}}}, instance=instance, raise_on_error=False
    )
    (step,) = (event for event in refused.all_events if event.is_step_failure)
    assert f"'{name}' can't name an archive" in (step.step_failure_data.user_failure_data.description or "")
    assert not (house.home / "raw").exists()
