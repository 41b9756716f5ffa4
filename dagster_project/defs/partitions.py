"""ISO weeks as Dagster partitions. The running week is one too: it is the only one that can be captured."""

from __future__ import annotations

import dagster as dg

from dagster_project import overview
from dagster_project.calendar import Week
from dagster_project.crawl import HUB
from dagster_project.errors import LeadershiftError, UsageError
from dagster_project.settings import Settings


def first_week() -> Week:
    """Give the first week this home captured, or the running week before that.

    A missing partition asks to be filled, and a past week never can be. So the partitions begin where the captures do:
    each one still missing is a real gap. What was imported for older weeks lies in core.snapshots, not here.
    """
    try:
        settings = Settings.from_environment()
        captured = [found["week"] for found in overview.status(settings)["snapshots"] if found["source"] == HUB]
        return min(map(Week.parse, captured), default=Week.of(settings.now()))
    except LeadershiftError:
        # A wrong setting or a damaged seal must not keep the UI from opening: the steps say what is wrong.
        return Week.of(Settings.from_environment({}).now())


weeks = dg.WeeklyPartitionsDefinition(
    start_date=first_week().monday.isoformat(), day_offset=1, timezone="UTC", end_offset=1
)


def week_of(context: dg.AssetExecutionContext) -> Week:
    """Give the week of a run's partition, which is named by its Monday. Raises UsageError for a run that was launched without one."""
    if not context.has_partition_key:
        running = Week.of(Settings.from_environment().now()).monday
        # Some assets, chosen in the graph, are a job of Dagster's own, which nobody can launch by its name.
        job = "weekly" if context.job_name.startswith("__") else context.job_name
        raise UsageError(
            f"This run was launched without a partition, so it is for no week. Choose {running}, the running week, under"
            " Partition in the Launchpad; the schedules choose it by themselves.",
            next_command=f'dagster job launch --job {job} --tags \'{{"dagster/partition": "{running}"}}\'',
        )
    return Week.parse(context.partition_key)
