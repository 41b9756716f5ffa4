"""Which weeks Dagster shows: none that asks to be filled and never can be."""

from __future__ import annotations

from datetime import timedelta

from dagster_project.calendar import Week
from dagster_project.defs.partitions import first_week, weeks
from tests.defs.conftest import House


def test_a_new_home_shows_the_running_week_only(house: House) -> None:
    assert first_week() == Week.of(house.hub.now())


def test_the_weeks_begin_with_the_first_capture(house: House) -> None:
    now = house.hub.now()
    for days_ago in (14, 0):
        house.hub.set_now(now - timedelta(days=days_ago))
        house.capture()
    assert first_week() == Week.of(now - timedelta(days=14))


def test_a_damaged_seal_does_not_keep_the_ui_from_opening(house: House) -> None:
    house.capture()
    (seal,) = house.home.rglob("SEALED")
    seal.chmod(0o644)
    seal.write_text("{")
    assert first_week() == Week.of(house.hub.now())


def test_the_running_week_is_the_last_one(house: House) -> None:
    assert Week.parse(weeks.get_partition_keys()[-1]) == Week.of(house.hub.now())
