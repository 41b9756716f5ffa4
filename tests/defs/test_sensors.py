"""A sealed week is shown as captured, whoever captured it and whatever failed on it since."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_project.calendar import Week
from dagster_project.definitions import defs
from dagster_project.defs.assets import CAPTURE, capture_asset
from dagster_project.defs.installation import Installation
from dagster_project.defs.sensors import sealed_weeks
from tests.defs.conftest import House


def tick(instance: dg.DagsterInstance) -> tuple[list[str | None], str | None]:
    """Evaluate the sensor and do with its answer what the daemon does: the weeks reported, and why none."""
    context = dg.build_sensor_context(instance=instance, repository_def=defs.get_repository_def())
    data = sealed_weeks.evaluate_tick(context)
    for event in data.asset_events:
        instance.report_runless_asset_event(event)
    return [event.partition for event in data.asset_events], data.skip_message


def test_a_week_captured_elsewhere_is_reported_once(house: House) -> None:
    house.capture()
    monday = f"{Week.of(house.hub.now()).monday}"
    with dg.DagsterInstance.ephemeral() as instance:
        assert tick(instance) == ([monday], None)
        assert tick(instance) == ([], "Every sealed week is shown as captured.")
        (record,) = instance.fetch_materializations(CAPTURE, limit=5).records
    assert record.asset_materialization is not None
    assert record.asset_materialization.metadata["dagster/row_count"].value > 0


def test_a_run_that_failed_on_a_sealed_week_does_not_leave_it_red(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.capture()
    monday = f"{Week.of(house.hub.now()).monday}"
    with dg.DagsterInstance.ephemeral() as instance:
        tick(instance)
        with monkeypatch.context() as wrong:
            wrong.setenv("HF_ENDPOINT", "ftp://127.0.0.1")
            result = dg.materialize(
                [capture_asset],
                partition_key=monday,
                resources={"installation": Installation()},
                instance=instance,
                raise_on_error=False,
            )
        assert not result.success
        assert tick(instance) == ([monday], None)
