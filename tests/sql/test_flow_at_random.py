"""Counters as no person would think of them: three hundred models drawn at random, against MEASURES written out in Python."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import pytest

from .history import HOUR, LONG_AGO, History, model

SEED = 20261122
MODELS, SNAPSHOTS = 300, 18
FIRST_DAY = date(2026, 8, 31)
WEEK = timedelta(days=7)
RECOVERS_WITHIN = 8  # snapshots

Reading = int | None
"""What the cumulative counter read; None where the record lacks it."""


class Drawn(NamedTuple):
    """What is seen of one model: when it was made, and on which of the days a record was there, could be read, and read what."""

    created_at: datetime
    there: dict[date, Reading]
    unreadable: set[date]


class Step(NamedTuple):
    """Downloads between two days, the first of them included."""

    from_on: date
    to_on: date
    gained: int


def taken_at(day: date) -> datetime:
    return datetime.combine(day, time(HOUR))


def draw_days(dice: random.Random) -> list[date]:
    """Daily, weekly, and up to nine days apart: longer steps are cut by other counters."""
    days = [FIRST_DAY]
    while len(days) < SNAPSHOTS:
        days.append(days[-1] + timedelta(days=dice.choice([1, 2, 3, 5, 7, 7, 7, 9])))
    return days


def draw(dice: random.Random, days: list[date]) -> Drawn:
    """Make a counter that grows, falls, comes back; a record that is away, odd, or lacks it; a model old or made on the way."""
    start = dice.choice([0, 0, 0, dice.randrange(len(days) - 3)])
    created_at = LONG_AGO
    if start and dice.random() < 0.6:
        earlier, at = taken_at(days[start - 1]), taken_at(days[start])
        created_at = earlier + (at - earlier) * dice.choice([0.0, 0.001, 0.3, 0.7, 0.99])
    total = top = dice.choice([0, 5, 100, 10_000])
    drawn = Drawn(created_at, {}, set())
    for place in range(start, len(days)):
        turn = dice.random()
        if turn < 0.55:
            total += dice.randrange(50)
        elif turn < 0.65:
            total = max(0, total - dice.randrange(1, 40))
        elif turn < 0.68:
            total = top + dice.randrange(5)
        top = max(top, total)
        oddity = dice.random()
        if oddity < 0.05 and place > start:
            continue
        if oddity < 0.10:
            drawn.unreadable.add(days[place])
        else:
            drawn.there[days[place]] = None if oddity < 0.15 else total
    return drawn


def steps_of(drawn: Drawn, days: list[date]) -> tuple[list[Step], int]:
    """Take the steps of one counter as MEASURES section 1 says, and what was corrected for good."""
    readings = [(day, total) for day, total in sorted(drawn.there.items()) if total is not None]
    steps, corrected, place = [], 0, 0
    first = min([*drawn.there, *drawn.unreadable])
    if readings and first > days[0] and drawn.created_at > taken_at(days[days.index(first) - 1]):
        day, total = readings[0]
        steps.append(Step(min(drawn.created_at.date(), day), day, total))
    while place + 1 < len(readings):
        day, height = readings[place]
        later = readings[place + 1 : place + 2 + RECOVERS_WITHIN]
        ahead = next((number for number, (_day, total) in enumerate(later, 1) if total >= height), None)
        if ahead is None:
            corrected += readings[place + 1][1] - height
        else:
            steps.append(Step(day, readings[place + ahead][0], readings[place + ahead][1] - height))
        place += ahead or 1
    return steps, corrected


def in_week(steps: list[Step], week: date) -> float:
    """Spread each step evenly over its days; one that ends on the day it begins falls into that day's week."""
    total = 0.0
    for step in steps:
        days = (step.to_on - step.from_on).days
        inside = (min(step.to_on, week + WEEK) - max(step.from_on, week)).days
        total += step.gained * (max(inside, 0) / days if days else week <= step.from_on < week + WEEK)
    return total


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, list[date], dict[str, Drawn]]:
    dice = random.Random(SEED)
    days = draw_days(dice)
    models = {f"m{number}": draw(dice, days) for number in range(MODELS)}
    history = History(tmp_path_factory.mktemp("random"))
    for day in days:
        rows = [
            model(name, total=drawn.there[day], created_at=drawn.created_at)
            for name, drawn in models.items()
            if day in drawn.there
        ]
        # So many downloads that the Hub as a whole never seems to stand still.
        rows.append(model("steady", total=100_000 * (day - FIRST_DAY).days))
        history.day(day, *rows, unreadable=[name for name, drawn in models.items() if day in drawn.unreadable])
    return history.build(), days, models


def test_every_week_of_every_model_is_what_measures_says(world: tuple[History, list[date], dict[str, Drawn]]) -> None:
    history, days, models = world
    weeks = [row["week"] for row in history.rows("select week from staging.weeks where source is not null")]
    assert len(weeks) > SNAPSHOTS / 2
    rows = history.rows("select hub_id, week, downloads_flow from core.weekly_flow where hub_id <> 'steady'")
    found = {(row["hub_id"], row["week"]): float(row["downloads_flow"]) for row in rows if row["downloads_flow"]}
    expected = {
        (name, week): downloads
        for name, drawn in models.items()
        for week in weeks
        if (downloads := in_week(steps_of(drawn, days)[0], week))
    }
    assert found == pytest.approx(expected, abs=1e-4)


def test_what_was_corrected_for_good_is_written_down(world: tuple[History, list[date], dict[str, Drawn]]) -> None:
    history, days, models = world
    rows = history.rows(
        "select hub_id, sum(amount) as lost from core.counter_events where kind = 'lasting_correction' group by hub_id"
    )
    expected = {name: corrected for name, drawn in models.items() if (corrected := steps_of(drawn, days)[1])}
    assert {row["hub_id"]: row["lost"] for row in rows} == expected
