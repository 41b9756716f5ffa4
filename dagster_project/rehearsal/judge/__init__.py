"""The verdict of a rehearsal: what the release says against what truly happened, measure by measure.

A file here judges one kind of measure. Not here: the truth (truth), the measuring (the pipeline, of which only the release is read).
"""

from __future__ import annotations

from dagster_project.rehearsal.judge.events import events
from dagster_project.rehearsal.judge.flows import flows, measured_weeks, shares, total, weeks_measured
from dagster_project.rehearsal.judge.leads import crossovers, share_changes
from dagster_project.rehearsal.judge.verdict import Verdict
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.world.world import World
from dagster_project.warehouse.published import Release

__all__ = ["Verdict", "judge"]

NOT_YET = "not measured yet"
# Measures of the specification that the world has a truth for, and the mart that will hold them.
AWAITED = {
    "roots of models": "core.roots",
    "concentration (HHI)": "marts.concentration",
    "derivative births": "marts.derivative_births",
    "openness": "marts.openness",
    "retreat watch": "marts.retreat_watch",
}


def judge(release: Release, world: World) -> list[Verdict]:
    """Compare every published measure with its truth, over the weeks that were measured and not estimated."""
    weeks = measured_weeks(release)
    truth = Truth(world, since=min(weeks, default=None))
    return [
        weeks_measured(weeks, world),
        total(release, truth, weeks),
        *flows(release, truth, weeks),
        *shares(release, truth, weeks, "country"),
        *shares(release, truth, weeks, "lab"),
        *crossovers(release, truth, weeks),
        *share_changes(release, truth),
        *events(release, truth),
        *_awaited(release),
    ]


def _awaited(release: Release) -> list[Verdict]:
    _names, rows = release.rows("select schema_name || '.' || table_name from duckdb_tables()")
    there = {name for (name,) in rows}
    return [Verdict(measure, None, None, None, NOT_YET) for measure, table in AWAITED.items() if table not in there]
