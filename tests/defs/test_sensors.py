"""A sealed week is shown as captured, whoever captured it and whatever failed on it since."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_project.calendar import Week
from dagster_project.defs.captures import CAPTURE, capture_asset
from dagster_project.defs.installation import Installation
from dagster_project.defs.sensors import sealed_weeks
from dagster_project.snapshots import seal
from tests.defs.conftest import House


def tick(instance: dg.DagsterInstance) -> list[str | None]:
    """Evaluate the sensor and do with its answer what the daemon does; give the weeks reported."""
    with dg.build_sensor_context(instance=instance, resources={"installation": Installation()}) as context:
        data = sealed_weeks.evaluate_tick(context)
    for event in data.asset_events:
        instance.report_runless_asset_event(event)
    return [event.partition for event in data.asset_events]


def test_a_week_captured_elsewhere_is_reported_once(house: House, instance: dg.DagsterInstance) -> None:
    house.capture()
    assert tick(instance) == [f"{Week.of(house.hub.now()).monday}"]
    assert tick(instance) == []
    (record,) = instance.fetch_materializations(CAPTURE, limit=5).records
    (_attempt, found) = next(seal.sealed(house.home))
    assert record.asset_materialization is not None
    assert record.asset_materialization.metadata["dagster/row_count"].value == found.loaded > 0


def test_a_run_that_failed_on_a_sealed_week_does_not_leave_it_red(
    house: House, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.capture()
    monday = f"{Week.of(house.hub.now()).monday}"
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
    assert tick(instance) == [monday]
