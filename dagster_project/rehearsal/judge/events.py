"""What happened to models against the truth, as far as it could be seen at the sealed moments.

Not here: downloads (flows).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise

import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, counted, scalar
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.truth.sight import NEVER_READ
from dagster_project.rehearsal.world.scenario import CAPTURE_HOUR, KINDS
from dagster_project.rehearsal.world.world import World
from dagster_project.warehouse.published import Release

_EVENTS = "select kind, hub_id, observed_on, detail from core.counter_events where source = 'huggingface'"
EVENT_KINDS = ("rename", "removal", "return", "gate_flip", "licence_change")
_REMOVED = "select count(*) from core.models where removed_on is not null"
_RENAMED = "select count(*) from (select hub_id from core.model_names group by hub_id having count(*) > 1)"
_LOOPS = "select count(distinct child_hub_id) from core.lineage_edges where is_self_loop"
CAPTURE_TIME = time(CAPTURE_HOUR, tzinfo=UTC)


def events(release: Release, truth: Truth) -> list[Verdict]:
    """Compare what happened to models, as far as it could be seen at the sealed moments."""
    days = sealed_days(release)
    moments = sealed_moments(days)
    planted = truth.events()
    loops = planted.filter((pl.col("kind") == "self_loop") & (pl.col("at").dt.epoch("s") <= moments[-1])).height
    return [
        _readable(truth.world, "models removed", _removed(truth.world, moments), scalar(release, _REMOVED)),
        _readable(truth.world, "models renamed", _renamed(truth.world, moments), scalar(release, _RENAMED)),
        counted("models that name themselves", loops, scalar(release, _LOOPS), "models"),
        *_dated_events(release, truth, days),
    ]


def sealed_days(release: Release) -> list[date]:
    """Give the days on which the whole list was captured."""
    query = "select observed_on from core.snapshots where source = 'huggingface' and is_complete order by observed_on"
    return release.frame(query)["observed_on"].to_list()


def sealed_moments(days: Sequence[date]) -> list[int]:
    """Give the seconds of these days at which the captures looked."""
    return [int(datetime.combine(day, CAPTURE_TIME).timestamp()) for day in days]


def _dated_events(release: Release, truth: Truth, days: Sequence[date]) -> list[Verdict]:
    """Compare kind by kind what the release tells with what lay between the sealed moments, to the day and the word."""
    true, found = set(seen_events(truth, days)), set(release.frame(_EVENTS).iter_rows())
    unread = {truth.world.hub_id(number) for number in range(truth.world.models) if _is_unread(truth.world, number)}
    verdicts = []
    for kind in EVENT_KINDS:
        ours, theirs = ({event for event in events if event[0] == kind} for events in (true, found))
        wrong = ours ^ theirs
        besides = len({event for event in wrong if event[1] not in unread or event in theirs})
        name = f"events: {kind}"
        verdicts.append(Verdict(name, len(ours), len(theirs), len(wrong), "missed or invented", besides))
    return verdicts


def _is_unread(world: World, number: int) -> bool:
    """Whether no record of a model can be read: it is known to be there, and nothing else."""
    return world.model(number).plant == KINDS[NEVER_READ]


def seen_events(truth: Truth, days: Sequence[date]) -> Iterator[tuple[str, str, date, str]]:
    """Give what one capture and the next can show of the models that something was planted for, or that changed owners."""
    world, planted = truth.world, set(truth.events()["hub_id"].drop_nulls())
    for number in range(world.models):
        hub_id = world.hub_id(number)
        if hub_id not in planted and not world.has_renamed_owner(number):
            continue
        for before, after in pairwise(days):
            earlier, later = (int(datetime.combine(day, CAPTURE_TIME).timestamp()) for day in (before, after))
            if not _is_there(world, number, earlier):
                continue
            if not _is_there(world, number, later):
                yield "removal", hub_id, after, world.name_at(number, earlier)
                continue
            for kind, was, now in (
                ("rename", world.name_at(number, earlier), world.name_at(number, later)),
                ("gate_flip", _written(world.gate_at(number, earlier)), _written(world.gate_at(number, later))),
                ("licence_change", world.licence_at(number, earlier), world.licence_at(number, later)),
            ):
                if was != now and was and now:
                    yield kind, hub_id, after, f"{was} -> {now}"


def _written(gate: bool | str) -> str:
    return str(gate).lower()


def _removed(world: World, moments: Sequence[int]) -> list[int]:
    """Give the models that were listed at one of the moments, and are not at the last."""
    gone = [n for n in range(world.models) if world.created_at(n) < moments[-1] and not world.is_listed(n, moments[-1])]
    return [number for number in gone if any(_is_there(world, number, moment) for moment in moments)]


def _readable(world: World, measure: str, true: Sequence[int], found: int) -> Verdict:
    """Compare a count of models with how many it was found for; besides those whose records can't be read."""
    readable = [number for number in true if not _is_unread(world, number)]
    return Verdict(measure, len(true), found, found - len(true), "models", found - len(readable))


def _renamed(world: World, moments: Sequence[int]) -> list[int]:
    """Give the models that were listed under two names at the moments."""
    born = [n for n in range(world.models) if world.created_at(n) < moments[-1]]
    changed = [
        n
        for n in born
        if world.has_renamed_owner(n) or world.name_at(n, world.created_at(n)) != world.name_at(n, moments[-1])
    ]
    names = {n: {world.name_at(n, moment) for moment in moments if _is_there(world, n, moment)} for n in changed}
    return [n for n in changed if len(names[n]) > 1]


def _is_there(world: World, number: int, moment: int) -> bool:
    return world.created_at(number) <= moment and world.is_listed(number, moment)
