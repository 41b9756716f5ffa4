"""The captures as steps of a run: what fails beside the models must not keep their week from being published."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import pytest

from dagster_project.calendar import Week
from dagster_project.definitions import defs
from dagster_project.defs.captures import (
    OWNERS_CAPTURE,
    REPOSITORIES_CAPTURE,
    STARS_CAPTURE,
    capture_asset,
    owners_asset,
    repositories_asset,
    stars_asset,
)
from dagster_project.defs.installation import Installation
from dagster_project.defs.jobs import every_night
from dagster_project.rehearsal.faults import FOR_EVER, Fault
from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService
from tests.defs.conftest import WORLD, House


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


def github_rounds(house: House, instance: dg.DagsterInstance) -> dict[dg.AssetKey, dict[str, object]]:
    """Run both rounds of GitHub and give what was measured about each."""
    result = dg.materialize(
        [repositories_asset, stars_asset],
        partition_key=f"{Week.of(house.hub.now()).monday}",
        resources={"installation": Installation()},
        instance=instance,
    )
    assert result.success
    made = [event.materialization for event in result.get_asset_materialization_events()]
    return {one.asset_key: {name: value.value for name, value in one.metadata.items()} for one in made}


def ticked(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    with dg.build_schedule_context(instance=instance, resources={"installation": Installation()}) as context:
        return every_night(context)


def test_github_without_a_token_is_left_out_and_said(house: House, instance: dg.DagsterInstance) -> None:
    said = github_rounds(house, instance)
    assert ["GITHUB_TOKEN" in str(said[key]["left_out"]) for key in (REPOSITORIES_CAPTURE, STARS_CAPTURE)] == [True] * 2
    assert isinstance(ticked(instance), dg.SkipReason)


def test_github_is_captured_says_what_is_missing_and_the_night_goes_on_with_older_stars(
    house: House, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = GitHubOptions(quota_with_token=200)
    with GitHubService(WORLD.github(), clock=house.hub.clock, options=options) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        monkeypatch.setenv("GITHUB_TOKEN", "x")
        github.inject([Fault(action="reply", path="/", method="POST", status=401, times=FOR_EVER)])
        refused = github_rounds(house, instance)
        assert "HTTP 401" in str(refused[REPOSITORIES_CAPTURE]["trouble"]), "and the run goes on"
        assert "No repository" in str(refused[STARS_CAPTURE]["trouble"])
        github.clear_faults()
        said = github_rounds(house, instance)
        assert said[REPOSITORIES_CAPTURE]["asked"] >= said[REPOSITORIES_CAPTURE]["dagster/row_count"] > 50
        assert said[STARS_CAPTURE]["asked"] > 50
        assert said[STARS_CAPTURE]["unfinished"] > 0
        assert isinstance(said[REPOSITORIES_CAPTURE]["missing"], list)
        assert isinstance(ticked(instance), dg.RunRequest)


@pytest.mark.parametrize("token", ["", "x"])
@pytest.mark.parametrize("job", ["weekly", "github"])
def test_a_run_without_a_partition_is_told_to_choose_the_running_week(
    house: House, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, job: str, token: str
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", token)
    # A rehearsal's week is not that of the machine's clock.
    before = house.hub.now() - timedelta(days=7)
    monkeypatch.setenv("LEADERSHIFT_NOW", f"{before:%Y-%m-%dT%H:%M:%SZ}")
    result = defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)
    # The registry's own problems are another step's.
    (failed,) = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert "without a partition" in (failed.user_failure_data.description or "")
    running = f"{Week.of(before).monday}"
    assert running in failed.user_failure_data.description
    assert f"--job {job} --tags" in failed.user_failure_data.metadata["go_on_with"].text
