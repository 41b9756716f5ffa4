"""The captures as steps of a run: a Hub that fails at the owners must not keep the models' week from being published."""

from __future__ import annotations

import dagster as dg

from dagster_project.calendar import Week
from dagster_project.defs.assets import OWNERS_CAPTURE, capture_asset, owners_asset
from dagster_project.defs.installation import Installation
from dagster_project.rehearsal.faults import FOR_EVER, Fault
from tests.defs.conftest import House


def run(house: House, instance: dg.DagsterInstance) -> dict[str, object]:
    """Run both captures and give what was measured about the owners."""
    result = dg.materialize(
        [capture_asset, owners_asset],
        partition_key=f"{Week.of(house.hub.now()).monday}",
        resources={"installation": Installation()},
        instance=instance,
    )
    assert result.success
    (made,) = [event for event in result.get_asset_materialization_events() if event.asset_key == OWNERS_CAPTURE]
    return {name: value.value for name, value in made.materialization.metadata.items()}


def test_owners_are_asked_after_the_models(house: House, instance: dg.DagsterInstance) -> None:
    found = run(house, instance)
    assert found["asked"] == found["dagster/row_count"]
    assert found["not_asked"] == 0


def test_owners_that_fail_are_said_and_stop_nothing(house: House, instance: dg.DagsterInstance) -> None:
    house.hub.inject([Fault(action="reply", path="/overview", status=401, times=FOR_EVER)])
    assert "HTTP 401" in str(run(house, instance)["trouble"])
