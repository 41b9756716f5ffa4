"""What Dagster loads. Start it with `make dev`, or point `dagster dev -m dagster_project.definitions` here."""

from __future__ import annotations

import dagster as dg

from dagster_project.defs.assets import release_asset, report_asset, site_asset, warehouse_assets
from dagster_project.defs.captures import (
    capture_asset,
    owners_asset,
    people_asset,
    registry_files,
    repositories_asset,
    stars_asset,
)
from dagster_project.defs.installation import Installation
from dagster_project.defs.jobs import every_night, every_six_hours, github_job, import_archive, weekly_job
from dagster_project.defs.sensors import new_alerts, sealed_weeks

# One process for a whole run: the multiprocess executor starts a Python for every step, 8 s each.
defs = dg.Definitions(
    assets=[
        capture_asset,
        owners_asset,
        repositories_asset,
        stars_asset,
        people_asset,
        registry_files,
        *warehouse_assets(),
        release_asset(),
        report_asset,
        site_asset,
    ],
    jobs=[weekly_job, github_job, import_archive],
    schedules=[every_six_hours, every_night],
    sensors=[sealed_weeks, new_alerts],
    resources={"installation": Installation()},
    executor=dg.in_process_executor,
)
