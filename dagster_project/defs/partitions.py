"""ISO weeks as Dagster partitions. The running week is one too: it is the only one that can be captured."""

from __future__ import annotations

import dagster as dg

from dagster_project.calendar import Week

# The first week of the public weekly archives; before it nothing can even be imported.
FIRST_MONDAY = "2024-07-22"

weeks = dg.WeeklyPartitionsDefinition(start_date=FIRST_MONDAY, day_offset=1, timezone="UTC", end_offset=1)


def week_of(partition_key: str) -> Week:
    """Give the week of a partition, which is named by its Monday."""
    return Week.parse(partition_key)
