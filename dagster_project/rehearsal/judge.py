"""The verdict of a rehearsal: what the release says against what truly happened, measure by measure.

Here: the comparison. Not here: the truth (truth), the measuring (the pipeline, of which only the release is read).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise

import polars as pl

from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.world.scenario import CAPTURE_HOUR
from dagster_project.rehearsal.world.world import World
from dagster_project.warehouse.published import Release

SHARE_KEYS = ["week", "scope", "credit", "time_window"]
_SHARES = {
    "country": "select week, scope, credit, time_window, country, share_of_total from marts.share_by_country",
    "lab": "select week, scope, credit, time_window, lab, share_of_total from marts.share_by_lab",
}
_EVENTS = "select kind, hub_id, observed_on, detail from core.counter_events where source = 'huggingface'"
EVENT_KINDS = ("rename", "removal", "return", "gate_flip", "licence_change")
NOT_YET = "not measured yet"
_REMOVED = "select count(*) from core.models where removed_on is not null"
_RENAMED = "select count(*) from (select hub_id from core.model_names group by hub_id having count(*) > 1)"
_LOOPS = "select count(distinct child_hub_id) from core.lineage_edges where is_self_loop"
CAPTURE_TIME = time(CAPTURE_HOUR, tzinfo=UTC)
COUNTER_DIRT = (
    "rollback",
    "lasting_correction",
    "stall",
    "stale_counter",
    "missing_counters",
    "overflow_counter",
    "float_counters",
)
# Measures of the specification that the world has a truth for, and the mart that will hold them.
AWAITED = {
    "roots of models": "core.roots",
    "concentration (HHI)": "marts.concentration",
    "crossovers": "marts.crossovers",
    "derivative births": "marts.derivative_births",
    "openness": "marts.openness",
    "retreat watch": "marts.retreat_watch",
}


@dataclass(frozen=True)
class Verdict:
    """One line of the table: a measure, its truth, what was measured, and how far off; None where nothing is measured."""

    measure: str
    truth: float | None
    measured: float | None
    error: float | None
    unit: str

    def words(self) -> tuple[str, str, str, str]:
        """Give the line as text."""
        return self.measure, _number(self.truth), _number(self.measured), _error(self)


def judge(release: Release, world: World) -> list[Verdict]:
    """Compare every published measure with its truth, over the weeks that were measured and not estimated."""
    weeks = _measured_weeks(release)
    truth = Truth(world, since=min(weeks, default=None))
    return [
        _weeks(weeks, world),
        _total(release, truth, weeks),
        *_flows(release, truth, weeks),
        *_shares(release, truth, weeks, "country"),
        *_shares(release, truth, weeks, "lab"),
        *_events(release, truth),
        *_awaited(release),
    ]


def _measured_weeks(release: Release) -> list[date]:
    frame = release.frame(
        "select week from core.weekly_flow group by week having not bool_and(is_estimate) order by week"
    )
    return frame["week"].to_list()


def _weeks(weeks: list[date], world: World) -> Verdict:
    # The first snapshot ends the first week, so one week fewer than there are snapshots can lie between two.
    return _counted("weeks measured", world.weeks - 1, len(weeks), "weeks")


def _total(release: Release, truth: Truth, weeks: list[date]) -> Verdict:
    true = truth.weekly_flow().filter(pl.col("week").is_in(weeks))["downloads_flow"].sum()
    found = release.frame("select week, cast(downloads_flow as double) as flow from core.weekly_flow").filter(
        pl.col("week").is_in(weeks)
    )
    return _relative("downloads of all models", float(true), float(found["flow"].sum()))


def _flows(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Compare model by model; apart, those whose counters were tampered with."""
    query = "select hub_id, week, cast(downloads_flow as double) as flow from core.weekly_flow where not is_estimate"
    true = truth.weekly_flow().filter(pl.col("week").is_in(weeks))
    both = true.join(release.frame(query), on=["hub_id", "week"], how="left").with_columns(
        pl.col("flow").fill_null(0.0)
    )
    tampered = truth.events().filter(pl.col("kind").is_in(COUNTER_DIRT))["hub_id"].drop_nulls()
    is_clean = ~pl.col("hub_id").is_in(tampered.implode())
    verdicts = []
    for name, rows in (("honest counters", both.filter(is_clean)), ("tampered counters", both.filter(~is_clean))):
        off = (rows["flow"] - rows["downloads_flow"]).abs().sum()
        total = float(rows["downloads_flow"].sum())
        measured = float(rows["flow"].sum())
        error = float(off) / total if total else 0.0
        verdicts.append(Verdict(f"downloads by model and week, {name}", total, measured, error, "of all, misplaced"))
    return verdicts


def _shares(release: Release, truth: Truth, weeks: list[date], level: str) -> list[Verdict]:
    true = truth.share_by_country() if level == "country" else truth.share_by_lab()
    found = release.frame(_SHARES[level]).rename({"share_of_total": "measured"})
    verdicts = []
    for (scope, credit, window), cells in sorted(true.group_by("scope", "credit", "time_window")):
        same = (pl.col("scope") == scope) & (pl.col("credit") == credit) & (pl.col("time_window") == window)
        name = f"share by {level}, {scope}, {credit}, {window}"
        there = found.filter(same & pl.col("week").is_in(weeks))
        if there.is_empty():
            continue
        keys = [*SHARE_KEYS, level]
        # A window that reaches back before the first week has no rows, so that is where nothing is promised.
        promised = cells.filter(pl.col("week").is_in(there["week"].implode()))
        both = promised.join(there, on=keys, how="full", coalesce=True)
        off = (both["share_of_total"].fill_null(0.0) - both["measured"].fill_null(0.0)).abs()
        worst = both[int(off.arg_max() or 0)]
        verdicts.append(
            Verdict(
                f"{name}: the worst of {both.height:,}",
                worst["share_of_total"][0],
                worst["measured"][0],
                max(off.to_list(), default=0.0),
                "points",
            )
        )
    return verdicts


def _events(release: Release, truth: Truth) -> list[Verdict]:
    """Compare what happened to models, as far as it could be seen at the sealed moments."""
    days = release.frame(
        "select observed_on from core.snapshots where source = 'huggingface' and is_complete order by observed_on"
    )
    moments = [int(datetime.combine(day, CAPTURE_TIME).timestamp()) for day in days["observed_on"]]
    planted = truth.events()
    loops = planted.filter((pl.col("kind") == "self_loop") & (pl.col("at").dt.epoch("s") <= moments[-1])).height
    return [
        _counted("models removed", _removed(truth.world, moments), _scalar(release, _REMOVED), "models"),
        _counted("models renamed", _renamed(truth.world, moments), _scalar(release, _RENAMED), "models"),
        _counted("models that name themselves", loops, _scalar(release, _LOOPS), "models"),
        *_dated_events(release, truth, days["observed_on"].to_list()),
    ]


def _dated_events(release: Release, truth: Truth, days: Sequence[date]) -> list[Verdict]:
    """Compare kind by kind what the release tells with what lay between the sealed moments, to the day and the word."""
    true, found = set(_seen_events(truth, days)), set(release.frame(_EVENTS).iter_rows())
    verdicts = []
    for kind in EVENT_KINDS:
        ours, theirs = ({event for event in events if event[0] == kind} for events in (true, found))
        verdicts.append(Verdict(f"events: {kind}", len(ours), len(theirs), len(ours ^ theirs), "missed or invented"))
    return verdicts


def _seen_events(truth: Truth, days: Sequence[date]) -> Iterator[tuple[str, str, date, str]]:
    """Give what one capture and the next can show of the models that something was planted for, or that changed owners."""
    world, planted = truth.world, set(truth.events()["hub_id"].drop_nulls())
    for number in range(world.models):
        born, hub_id = world.created_at(number), world.hub_id(number)
        if hub_id not in planted and world.name_at(number, born) == world.name_at(number, world.monday(world.weeks)):
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


def _removed(world: World, moments: Sequence[int]) -> int:
    """Count the models that were listed at one of the moments, and are not at the last."""
    gone = [n for n in range(world.models) if world.created_at(n) < moments[-1] and not world.is_listed(n, moments[-1])]
    return sum(any(_is_there(world, number, moment) for moment in moments) for number in gone)


def _renamed(world: World, moments: Sequence[int]) -> int:
    """Count the models that were listed under two names at the moments."""
    born = [n for n in range(world.models) if world.created_at(n) < moments[-1]]
    changed = [n for n in born if world.name_at(n, world.created_at(n)) != world.name_at(n, moments[-1])]
    names = ({world.name_at(n, moment) for moment in moments if _is_there(world, n, moment)} for n in changed)
    return sum(len(found) > 1 for found in names)


def _is_there(world: World, number: int, moment: int) -> bool:
    return world.created_at(number) <= moment and world.is_listed(number, moment)


def _scalar(release: Release, query: str) -> int:
    _names, rows = release.rows(query)
    return int(rows[0][0])


def _awaited(release: Release) -> list[Verdict]:
    _names, rows = release.rows("select schema_name || '.' || table_name from duckdb_tables()")
    there = {name for (name,) in rows}
    return [Verdict(measure, None, None, None, NOT_YET) for measure, table in AWAITED.items() if table not in there]


def _counted(measure: str, truth: int, measured: int, unit: str) -> Verdict:
    return Verdict(measure, truth, measured, measured - truth, unit)


def _relative(measure: str, truth: float, measured: float) -> Verdict:
    return Verdict(measure, truth, measured, measured / truth - 1 if truth else 0.0, "of the truth")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2%}" if 0 < abs(value) < 1 else f"{value:,.0f}"


def _error(verdict: Verdict) -> str:
    if verdict.error is None:
        return verdict.unit
    if verdict.unit == "points":
        return f"{verdict.error * 100:.2f} points"
    if isinstance(verdict.error, int):
        return f"{verdict.error:+,d} {verdict.unit}"
    return f"{verdict.error:+.3%} {verdict.unit}"
