"""The rehearsal judges the pipeline: what it measured over HTTP against what truly happened in the simulated world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from dagster_project.errors import RefusedError
from dagster_project.rehearsal.run import FIRST_WEEK, SEED, Rehearsed, rehearse
from dagster_project.rehearsal.service import World
from dagster_project.warehouse.published import Release, open_release

MODELS, WEEKS = 1500, 5
# The first snapshot is taken when the first week has ended, so the second is the first that two snapshots bracket.
MEASURED = [FIRST_WEEK + timedelta(weeks=week) for week in range(1, WEEKS)]
LARGEST_FLOW_ERROR, LARGEST_SHARE_ERROR = 0.005, 0.002
SHIFT_OF_TWO_HOURS = 0.002


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    return rehearse(tmp_path_factory.mktemp("rehearsal") / "home", models=MODELS, weeks=WEEKS, say=lambda _text: None)


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED, MODELS, WEEKS, FIRST_WEEK)


@pytest.fixture
def release(rehearsed: Rehearsed) -> Iterator[Release]:
    with open_release(rehearsed.home / rehearsed.release.database) as opened:
        yield opened


def test_measured_weeks_are_those_between_two_snapshots(release: Release) -> None:
    _names, rows = release.rows("select week, bool_or(is_estimate) from core.weekly_flow group by week order by week")
    assert rows == [*((week, False) for week in MEASURED), (MEASURED[-1] + timedelta(weeks=1), True)]


def test_a_models_flow_is_its_true_downloads(release: Release, world: World) -> None:
    """For every model that was there on both Mondays. The snapshots are taken at two in the morning: hence the tolerance."""
    _names, rows = release.rows(
        "select flow.hub_id, flow.week, cast(flow.downloads_flow as double) from core.weekly_flow as flow"
        " inner join core.models as models using (hub_id)"
        " where not flow.is_estimate and models.created_at < flow.week and models.removed_on is null"
    )
    index_of = {world.hub_id(index): index for index in range(MODELS)}
    truth = [world.true_downloads(index_of[hub_id], (week - FIRST_WEEK).days // 7) for hub_id, week, _flow in rows]
    assert len(rows) > MODELS * (WEEKS - 1) * 0.9
    assert [flow for _hub_id, _week, flow in rows] == pytest.approx(truth, rel=SHIFT_OF_TWO_HOURS, abs=1)


def test_total_flow_and_shares_are_those_of_the_world(release: Release, world: World) -> None:
    _names, homes = release.rows("select lower(namespace), country from registry.namespaces")
    country_of = dict(homes)
    truth: dict[date, dict[str, float]] = {week: defaultdict(float) for week in MEASURED}
    for index in range(MODELS):
        country = country_of.get(world.model(index).namespace.name.lower(), "UNKNOWN")
        for week in MEASURED:
            truth[week][country] += world.true_downloads(index, (week - FIRST_WEEK).days // 7)
    _names, rows = release.rows(
        "select week, country, downloads_flow, share_of_total from marts.share_by_country where scope = 'S1'"
    )
    measured = {(week, country): (flow, share) for week, country, flow, share in rows if week in truth}
    for week, countries in truth.items():
        total = sum(countries.values())
        found = sum(flow for (seen, _country), (flow, _share) in measured.items() if seen == week)
        assert found == pytest.approx(total, rel=LARGEST_FLOW_ERROR)
        for country, flow in countries.items():
            share = measured.get((week, country), (0, 0))[1]
            assert share == pytest.approx(flow / total, abs=LARGEST_SHARE_ERROR), (week, country)


def test_the_unreviewed_part_is_visible(release: Release) -> None:
    _names, rows = release.rows("select min(unknown_share), max(unknown_share) from marts.share_by_country")
    assert 0.05 < rows[0][0] <= rows[0][1] < 0.6


def test_everything_is_marked(rehearsed: Rehearsed, release: Release) -> None:
    assert (rehearsed.home / "REHEARSAL").exists()
    assert "REHEARSAL" in rehearsed.page.read_text()
    assert release.rows("select bool_and(is_rehearsal) from marts.releases")[1] == [(True,)]


def test_a_second_rehearsal_is_the_same(rehearsed: Rehearsed, tmp_path: Path) -> None:
    again = rehearse(tmp_path / "home", models=MODELS, weeks=WEEKS, say=lambda _text: None)
    assert again.release.release_id == rehearsed.release.release_id


def test_a_folder_that_no_rehearsal_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(RefusedError, match="not touched"):
        rehearse(tmp_path, models=10, weeks=1, say=lambda _text: None)
    assert (tmp_path / "thesis.txt").exists()
