"""What happened outside Dagster, told to Dagster."""

import dagster as dg

from dagster_project import alerts
from dagster_project.crawl import HUB
from dagster_project.defs.captures import CAPTURE, seal_metadata
from dagster_project.defs.installation import Installation
from dagster_project.defs.partitions import weeks
from dagster_project.errors import LeadershiftError
from dagster_project.snapshots import seal

ALERTS = dg.AssetKey(alerts.TABLE.split("."))
UNTRUE = {None, dg.AssetPartitionStatus.FAILED}


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=300,
    description="Shows every sealed week as captured: also one that the command line captured, or that a later run failed on.",
)
def sealed_weeks(context: dg.SensorEvaluationContext, installation: Installation) -> dg.SensorResult:
    """Report each sealed week that Dagster shows as missing or failed."""
    sealed = {f"{found.week.monday}": found for _attempt, found in seal.readable(installation.settings().home, HUB)}
    shown = context.instance.get_status_by_partition(CAPTURE, weeks.get_partition_keys(), weeks) or {}
    untrue = [
        dg.AssetMaterialization(
            CAPTURE,
            partition=monday,
            metadata=seal_metadata(found),
            tags={"dagster/data_version": found.manifest_sha256},
        )
        for monday, found in sealed.items()
        if monday in weeks.get_partition_keys() and shown.get(monday) in UNTRUE
    ]
    return dg.SensorResult(
        asset_events=untrue, skip_reason=None if untrue else "Every sealed week is shown as captured."
    )


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=300,
    description="Tells each alert of a new release once: in the ledger, here, and to LEADERSHIFT_WEBHOOK if that is set.",
)
def new_alerts(context: dg.SensorEvaluationContext, installation: Installation) -> dg.SensorResult:
    """Tell what the current release has to tell; what a webhook did not take is tried again."""
    try:
        told = alerts.tell(installation.settings())
    except LeadershiftError as error:
        return dg.SensorResult(skip_reason=str(error))
    if told.trouble:
        context.log.warning(told.trouble)
    if not told.new:
        nothing = f"{told.release_id} has no alert that was not told."
        return dg.SensorResult(skip_reason=f"{nothing} {told.trouble}" if told.trouble else nothing)
    rows = [
        dg.TableRecord({name: alert[name] or "" for name in ("week", "kind", "subject", "detail", "number")})
        for alert in told.new
    ]
    seen = dg.AssetObservation(
        ALERTS,
        description=f"{len(rows)} new alerts",
        metadata={"alerts": dg.MetadataValue.table(rows), "new_alerts": dg.MetadataValue.int(len(rows))},
    )
    return dg.SensorResult(asset_events=[seen])
