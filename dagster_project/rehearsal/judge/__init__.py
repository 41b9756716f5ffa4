"""The verdict of a rehearsal: what the release says against what truly happened, measure by measure.

A file here judges one kind of measure. Not here: the truth (truth), the measuring (the pipeline, of which only the release is read).
"""

from __future__ import annotations

from datetime import date

from dagster_project.rehearsal.judge.adoption import adoption, attention
from dagster_project.rehearsal.judge.alerts import alerts
from dagster_project.rehearsal.judge.concentration import concentration
from dagster_project.rehearsal.judge.events import events, sealed_days, sealed_moments
from dagster_project.rehearsal.judge.flows import flows, measured_weeks, shares, total, weeks_measured, weeks_of_archive
from dagster_project.rehearsal.judge.leads import crossovers, share_changes, switched_homes
from dagster_project.rehearsal.judge.limits import bridged_weeks, close_cells, hidden, partly_bridged_weeks, together
from dagster_project.rehearsal.judge.lineage import births, lineage_flows, roots
from dagster_project.rehearsal.judge.openness import openness
from dagster_project.rehearsal.judge.people import contributors
from dagster_project.rehearsal.judge.stars import stars
from dagster_project.rehearsal.judge.staying import staying
from dagster_project.rehearsal.judge.turning import turning
from dagster_project.rehearsal.judge.verdict import Verdict, beside
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.world.world import World
from dagster_project.warehouse.published import Release

__all__ = ["Verdict", "judge"]


def judge(release: Release, world: World) -> list[Verdict]:
    """Compare every published measure with its truth, over the weeks that were measured and not estimated.

    Where captures can't show all of it, a verdict has the error besides that too, over the weeks known by themselves.
    """
    weeks = measured_weeks(release)
    moments = sealed_moments(sealed_days(release))
    truth = Truth(world, since=min(weeks, default=None), moments=moments)
    if not weeks:
        return [weeks_measured(weeks, world), *events(release, truth)]
    shown = Truth(world, since=min(weeks), moments=moments, archived=world.archived, is_as_seen=True)
    bridged = bridged_weeks(release) | partly_bridged_weeks(release)
    alone = [week for week in weeks if week not in bridged]
    return [
        weeks_measured(weeks, world),
        weeks_of_archive(release, world),
        *hidden(truth, shown, weeks, bridged),
        *beside(_of_weeks(release, truth, weeks), _of_weeks(release, shown, alone)),
        *beside(together(release, truth, bridged), together(release, shown, bridged)),
        *beside(_of_models(release, truth, weeks), _of_models(release, shown, weeks)),
        *events(release, truth),
        *alerts(release, truth, weeks),
        *stars(release, world),
        *contributors(release, world),
    ]


def _of_weeks(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Judge what is told of single weeks."""
    if not weeks:
        return []
    return [
        total(release, truth, weeks),
        *flows(release, truth, weeks),
        *shares(release, truth, weeks, "country"),
        *shares(release, truth, weeks, "lab"),
        switched_homes(release, truth, weeks),
        *concentration(release, truth, weeks),
        *close_cells(release, truth, weeks),
        *attention(release, truth, weeks),
        *share_changes(release, truth, weeks),
    ]


def _of_models(release: Release, truth: Truth, weeks: list[date]) -> list[Verdict]:
    """Judge what is told of models and of spans of time."""
    captured = [week for week in weeks if week >= sealed_days(release)[0]]
    return [
        *crossovers(release, truth, captured),
        *roots(release, truth),
        *births(release, truth),
        *lineage_flows(release, truth),
        *openness(release, truth),
        *turning(release, truth, weeks),
        *adoption(release, truth, weeks),
        *staying(release, truth, weeks),
    ]
