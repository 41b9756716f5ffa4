"""Pages of a simulated world: the quick way to a record says what the slow one says, and is quick."""

import json
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from dagster_project.rehearsal.hub.simulated import STILL_BYTES, simulated
from dagster_project.rehearsal.world.world import World

FIRST_WEEK = date(2026, 1, 5)
WEEKS, MODELS = 40, 6000
LEAST_RECORDS_PER_SECOND = 30_000
FIELDS = ("author", "likes", "downloads", "downloadsAllTime", "trendingScore", "cardData", "tags", "gated", "createdAt")
FIELDS += ("lastModified", "baseModels", "safetensors", "pipeline_tag", "library_name", "sha")


@pytest.fixture(scope="module")
def world():
    return World(47, MODELS, WEEKS, FIRST_WEEK)


@pytest.fixture(scope="module")
def items(world):
    return simulated(world)


def monday(world, week):
    return datetime.fromtimestamp(world.monday(week) + 2 * 3600, UTC)


def test_pages_are_made_of_the_same_items_as_single_models(world, items):
    """The fast way and the slow way to a record say the same, whatever is planted, before and after each turn."""
    for week in (5, 11, 21, WEEKS):
        now = monday(world, week)
        numbers = [index for index in range(items.size(now)) if index % 5 == 0 or world.model(index).plant]
        quick = [json.loads(record) for record in items.records(numbers, FIELDS, now)]
        for index, record in zip(numbers, quick, strict=True):
            item = items.item(index, now)
            assert record == {key: item[key] for key in ("_id", "id", *FIELDS) if key in item}, index


def test_a_page_after_the_clock_moved_is_made_quickly(world, items):
    now = monday(world, WEEKS)
    numbers = range(items.size(now))
    items.records(numbers, FIELDS, now)
    started = time.process_time()
    for hours in range(1, 6):
        items.records(numbers, FIELDS, now + timedelta(hours=hours))
    assert 5 * len(numbers) / (time.process_time() - started) > LEAST_RECORDS_PER_SECOND


def test_what_is_kept_is_bounded(world, monkeypatch):
    monkeypatch.setattr("dagster_project.rehearsal.hub.simulated.STILL_BYTES", 50_000)
    small, now = simulated(world), monday(world, WEEKS)
    numbers = range(1000)
    kept = [json.loads(record) for record in small.records(numbers, FIELDS, now)]
    assert kept == [json.loads(record) for record in simulated(world).records(numbers, FIELDS, now)]
    assert sum(len(still.head or b"") for still in small._stills[FIELDS].values()) <= 50_000 < STILL_BYTES
