"""What Dagster loads. Start it with `make dev`, or point `dagster dev -m dagster_project.definitions` here."""

from __future__ import annotations

import dagster as dg

from dagster_project.defs.assets import (
    capture_asset,
    owners_asset,
    registry_files,
    release_asset,
    report_asset,
    warehouse_assets,
)
from dagster_project.defs.installation import Installation
from dagster_project.defs.jobs import every_six_hours, import_archive, weekly_job
from dagster_project.defs.sensors import new_alerts, sealed_weeks

# One process for a whole run: the multiprocess executor starts a Python for every step, 8 s each.
defs = dg.Definitions(
    assets=[capture_asset, owners_asset, registry_files, *warehouse_assets(), release_asset(), report_asset],
    jobs=[weekly_job, import_archive],
    schedules=[every_six_hours],
    sensors=[sealed_weeks, new_alerts],
    resources={"installation": Installation()},
    executor=dg.in_process_executor,
)
