"""Alerts against the truth: whatever truly happened is told, and nothing is told that did not happen.

Where a share moved by nearly the limit, or two labs stand nearly even, either answer is right.
Not here: the events themselves (events), shares (flows), the flag of a retreat (turning).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from dagster_project.rehearsal.judge.events import sealed_days, sealed_moments, seen_events
from dagster_project.rehearsal.judge.limits import bridged_weeks
from dagster_project.rehearsal.judge.verdict import Verdict, nothing
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.truth.releases import LICENCE_CLASSES
from dagster_project.rehearsal.world.cast import LICENCE_IDS
from dagster_project.rehearsal.world.dirt import Pretence
from dagster_project.rehearsal.world.world import BLOCK_MODELS, World
from dagster_project.warehouse.published import Release

MOVED, NEAR_MOVED = 0.02, 0.002
"""A share is told when it moves by more than two points, and may be 0.2 points off."""
TOP, NEAR_FLOW = 10, 0.005
"""Labs whose downloads of a size differ by less than half a percent may stand either way."""
AWAY_WEEKS = 4
LARGE = 1_000_000
STRICTNESS = {"permissive": 1, "copyleft": 2, "responsible-use": 3, "custom": 3, "non-commercial": 4}
WEEK = timedelta(weeks=1)
_ALERTS = "select week, kind, subject, hub_id, number from marts.alerts"
_SNAPSHOTS = "select distinct observed_on from core.snapshots where source = 'huggingface' and table_name = 'models'"

Alert = tuple[date, str]


def alerts(release: Release, truth: Truth, weeks: Sequence[date]) -> list[Verdict]:
    """Judge each kind of alert: how many truly happened, how many are told, and how many are missed or invented."""
    told = release.frame(_ALERTS)
    return [
        *_moves(told, truth, set(weeks) - bridged_weeks(release)),
        _entered(told, truth, set(weeks)),
        *_closings(told, truth, sealed_days(release)),
        _missed(told, truth.world, set(release.frame(_SNAPSHOTS)["observed_on"])),
    ]


def _moves(told: pl.DataFrame, truth: Truth, weeks: set[date]) -> list[Verdict]:
    """Compare the shares of known downloads that moved, of labs and countries, between weeks known by themselves."""
    rows = told.filter(pl.col("kind") == "share_moved").select("week", "subject", "number").iter_rows()
    found = {(week, side): number for week, side, number in rows}
    steps: defaultdict[Alert, float] = defaultdict(float)
    for frame, level in ((truth.share_by_country(), "country"), (truth.share_by_lab(), "lab")):
        chosen = (pl.col("scope") == "S2") & (pl.col("credit") == "publisher") & (pl.col("time_window") == "week")
        known = frame.filter(chosen & pl.col("share_of_known").is_not_null())
        for week, side, share in known.select("week", level, "share_of_known").iter_rows():
            steps[week, side] += share
            steps[week + WEEK, side] -= share
    measured = {(week, side): step for (week, side), step in steps.items() if {week, week - WEEK} <= weeks}
    sure = {alert for alert, step in measured.items() if abs(step) > MOVED + NEAR_MOVED}
    possible = {alert for alert, step in measured.items() if abs(step) > MOVED - NEAR_MOVED}
    worst = max((abs(number - measured.get(alert, 0.0)) for alert, number in found.items()), default=None)
    off = "alerts: share_moved, how far it is told to have moved, the worst"
    return [
        _compared("share_moved", sure, possible, set(found)),
        nothing(off) if worst is None else Verdict(off, 0.0, worst, worst, "points"),
    ]


def _entered(told: pl.DataFrame, truth: Truth, weeks: set[date]) -> Verdict:
    """Compare who is among the ten of a size class after four weeks in which he was not."""
    surely: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    possibly: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    flows = truth.sizes.band_flows().filter(pl.col("week").is_in(list(weeks)))
    for (week, band), group in flows.group_by("week", "size_band"):
        assert isinstance(week, date)
        labs = list(group.select("lab", "downloads_flow").iter_rows())
        for lab, flow in labs:
            ahead = sum(other > flow * (1 + NEAR_FLOW) for _name, other in labs)
            level = sum(other >= flow * (1 - NEAR_FLOW) for _name, other in labs)
            if ahead < TOP:
                possibly[week, str(band)].add(f"{lab} in {band}")
            if level <= TOP:
                surely[week, str(band)].add(f"{lab} in {band}")
    sure: set[Alert] = set()
    possible: set[Alert] = set()
    for (week, band), names in possibly.items():
        before = [week - number * WEEK for number in range(1, AWAY_WEEKS + 1)]
        if not set(before) <= weeks:
            continue
        possible |= {(week, name) for name in names if not any(name in surely[day, band] for day in before)}
        sure |= {(week, name) for name in surely[week, band] if not any(name in possibly[day, band] for day in before)}
    return _compared("entered_top10", sure, possible, _of(told, "entered_top10", "subject"))


def _closings(told: pl.DataFrame, truth: Truth, days: Sequence[date]) -> list[Verdict]:
    """Compare what closed of the models that had been shown with a million downloads by then."""
    world = truth.world
    numbers = {world.hub_id(number): number for number in range(world.models)}
    true: defaultdict[str, set[Alert]] = defaultdict(set)
    for event, hub_id, day, detail in seen_events(truth, days):
        kind = _closing(event, detail)
        if kind and _most_shown(world, numbers[hub_id], [one for one in days if one <= day]) >= LARGE:
            last = day - timedelta(days=1)
            true[kind].add((last - timedelta(days=last.weekday()), hub_id))
    kinds = ("licence_closed", "gated", "withdrawn")
    return [_compared(kind, true[kind], true[kind], _of(told, kind, "hub_id")) for kind in kinds]


def _closing(event: str, detail: str) -> str | None:
    """Name the alert that an event is, if it closes something."""
    was, _arrow, now = detail.partition(" -> ")
    if event == "removal":
        return "withdrawn"
    if event == "gate_flip":
        return "gated" if was == "false" else None
    if event != "licence_change":
        return None
    former, latter = (STRICTNESS.get(LICENCE_CLASSES[LICENCE_IDS.index(name)]) for name in (was, now))
    return "licence_closed" if former and latter and latter > former else None


def _most_shown(world: World, number: int, days: Sequence[date]) -> int:
    """Give the highest reading of a model's counter that captures on these days could show."""
    block, place = divmod(number, BLOCK_MODELS)
    there = [at for at in sealed_moments(days) if world.created_at(number) <= at and world.is_listed(number, at)]
    if world.all_time(number, there[-1]) < LARGE:  # no counter pretends more than there was
        return 0
    return max(int(Pretence(world).counters(block, at)[0][place]) for at in there)


def _missed(told: pl.DataFrame, world: World, seen: set[date]) -> Verdict:
    """Compare the weeks between the first and the last snapshot in which none was kept."""
    mondays = {world.first_week + number * WEEK for number in range(1, world.weeks + 1)}
    gaps = {(day, "huggingface") for day in mondays - seen if min(seen) < day < max(seen)}
    return _compared("week_missed", gaps, gaps, _of(told, "week_missed", "subject"))


def _of(told: pl.DataFrame, kind: str, subject: str) -> set[Alert]:
    return set(told.filter(pl.col("kind") == kind).select("week", subject).iter_rows())


def _compared(kind: str, sure: set[Alert], possible: set[Alert], found: set[Alert]) -> Verdict:
    missed, invented = sure - found, found - possible
    told = len(sure & found) + len(invented)
    return Verdict(f"alerts: {kind}", len(sure), told, len(missed) + len(invented), "missed or invented")
