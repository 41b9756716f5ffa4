"""What happened outside Dagster, told to Dagster."""

import dagster as dg

from dagster_project.crawl import HUB
from dagster_project.defs.assets import CAPTURE, seal_metadata
from dagster_project.defs.installation import Installation
from dagster_project.snapshots import seal


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=300,
    description="Shows a week that the command line captured as captured, so that nobody tries to fill it again.",
)
def captures_made_elsewhere(context: dg.SensorEvaluationContext, installation: Installation) -> dg.SensorResult:
    """Report each sealed week that has no materialisation yet."""
    known = context.instance.get_materialized_partitions(CAPTURE)
    sealed = {f"{found.week.monday}": found for _attempt, found in seal.sealed(installation.settings().home, HUB)}
    missing = [
        dg.AssetMaterialization(
            CAPTURE,
            partition=monday,
            metadata=seal_metadata(found),
            tags={"dagster/data_version": found.manifest_sha256},
        )
        for monday, found in sealed.items()
        if monday not in known
    ]
    return dg.SensorResult(asset_events=missing, skip_reason=None if missing else "Every sealed week is shown.")
