"""The weekly run, the rounds of GitHub, when they happen, and the way in for the past."""

from pathlib import Path

import dagster as dg

from dagster_project import imports, overview
from dagster_project.calendar import Week, parse_time
from dagster_project.defs.captures import PEOPLE_CAPTURE, REPOSITORIES_CAPTURE, STARS_CAPTURE, WEEK_TAG
from dagster_project.defs.installation import Installation, failures_in_words

weekly_job = dg.define_asset_job(
    "weekly",
    selection=dg.AssetSelection.all(),
    description="From the Hub to the page, for the running week.",
)
github_job = dg.define_asset_job(
    "github",
    selection=dg.AssetSelection.assets(REPOSITORIES_CAPTURE, STARS_CAPTURE, PEOPLE_CAPTURE),
    description="What is still due of GitHub, as far as a day's budget reaches.",
)
UNDER_WAY = dg.RunsFilter(
    job_name=weekly_job.name,
    statuses=[
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)


@dg.schedule(
    job=weekly_job,
    cron_schedule="0 */6 * * *",
    execution_timezone="UTC",
    # A week that was not captured is gone for ever, so the schedule is on unless somebody turns it off.
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every six hours until the week is sealed and published: a night without network costs nothing.",
)
def every_six_hours(context: dg.ScheduleEvaluationContext, installation: Installation) -> dg.RunRequest | dg.SkipReason:
    """Ask for the running week, unless it is sealed and published or a run is at it."""
    settings = installation.settings()
    state = overview.status(settings)
    if state["is_week_sealed"] and state["is_published"]:
        return dg.SkipReason(
            f"{state['week']} is sealed and published; the next week begins on {Week.of(settings.now()).next_monday}."
        )
    # Somebody may have launched one, or a crawl may last longer than six hours. After downtime Dagster evaluates one tick only.
    if at_it := context.instance.get_run_ids(UNDER_WAY, limit=1):
        return dg.SkipReason(f"Run {at_it[0][:8]} is at it.")
    return dg.RunRequest(partition_key=Week.of(settings.now()).monday.isoformat(), tags={WEEK_TAG: state["week"]})


@dg.schedule(
    job=github_job,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night until the week's rounds of GitHub are done and all older stars and quarters are known.",
)
def every_night(installation: Installation) -> dg.RunRequest | dg.SkipReason:
    """Go on with GitHub, if there is a token: what failed in the weekly run, and back-fills that take a few nights."""
    settings = installation.settings()
    if not overview.is_github_due(settings):
        return dg.SkipReason("Nothing of GitHub is due, or GITHUB_TOKEN is not set.")
    week = Week.of(settings.now())
    return dg.RunRequest(partition_key=week.monday.isoformat(), tags={WEEK_TAG: f"{week}"})


class Archive(dg.Config):
    """A table of models that somebody else captured, as `leadershift import table` takes it."""

    path: str
    source: str
    """Name of the archive in core.snapshots."""
    mapping: dict[str, str] | None = None
    """Column of ours: column of the table."""
    observed_at: str | None = None
    """ISO time of the capture, if no column says so."""
    is_complete: bool = False
    """Whether it lists every model that was on the Hub then."""


@dg.op
def take_in(context: dg.OpExecutionContext, config: Archive, installation: Installation) -> None:
    """Import what somebody else captured, as dated snapshots."""
    with failures_in_words():
        seals = imports.import_table(
            installation.settings(),
            Path(config.path),
            source=config.source,
            mapping=config.mapping or {},
            observed_at=parse_time(config.observed_at) if config.observed_at else None,
            is_complete=config.is_complete,
            say=context.log.info,
        )
    for found in seals:
        context.log.info(f"{found.source} {found.observed_on}: {found.loaded:,} of {found.seen:,} rows")


@dg.job(description="The only way the past gets in: a table that somebody captured then, on a disk of this machine.")
def import_archive() -> None:
    """Import an archive."""
    take_in()
