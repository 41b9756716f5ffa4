"""The captures as assets: the models of a week, their owners, the rounds of GitHub, and what each came to.

Not here: the capturing (captures), what is made of it (defs/assets), when it runs (defs/jobs).
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import dagster as dg

from dagster_project import captures
from dagster_project.defs.installation import Installation, failures_in_words
from dagster_project.defs.partitions import week_of, weeks
from dagster_project.errors import GateError, NothingYetError, SourceError
from dagster_project.people import PeopleCaptured
from dagster_project.repositories import RepositoriesCaptured
from dagster_project.snapshots.seal import Seal
from dagster_project.sources.pages import Limits
from dagster_project.stars import StarsCaptured

OWNERS = ["team:leadershift"]
CAPTURE = dg.AssetKey(["raw", "huggingface_models"])
OWNERS_CAPTURE = dg.AssetKey(["raw", "huggingface_owners"])
REPOSITORIES_CAPTURE = dg.AssetKey(["raw", "github_repositories"])
STARS_CAPTURE = dg.AssetKey(["raw", "github_stars"])
PEOPLE_CAPTURE = dg.AssetKey(["raw", "github_people"])
REGISTRY = dg.AssetKey(["data", "registry"])
# A week from one to the next, and a day of grace.
DUE = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8), warn_window=timedelta(days=7, hours=6))
# A tag by which runs are found.
WEEK_TAG = "leadershift/week"
LOG_EVERY_ROWS = 100_000

registry_files = dg.AssetSpec(
    REGISTRY,
    group_name="registry",
    kinds={"csv"},
    owners=OWNERS,
    description="The reviewed lists of labs, namespaces, countries, events, licences, published figures and claims, in git.",
)


class CaptureConfig(dg.Config):
    """How a capture treats the Hub: the part of the request quota to use; the rest is left to others on the token."""

    quota_share: float = Limits.quota_share


@dg.asset(
    key=CAPTURE,
    partitions_def=weeks,
    group_name="capture",
    kinds={"huggingface", "parquet"},
    owners=OWNERS,
    freshness_policy=DUE,
    description="The Hub's list of models in this week, sealed. Only the running week can be captured: the Hub tells no past."
    " A backfill of past weeks is refused run by run; what others captured then comes in by the job `import_archive`.",
)
def capture_asset(
    context: dg.AssetExecutionContext, config: CaptureConfig, installation: Installation
) -> dg.MaterializeResult[None]:
    """Capture the running week; does nothing once it is sealed. Paused for quota, the schedule's next run goes on with it."""
    rows = 0

    def on_page(count: int) -> None:
        nonlocal rows
        if rows // LOG_EVERY_ROWS != (rows + count) // LOG_EVERY_ROWS:
            context.log.info(f"{rows + count:,} models are safe")
        rows += count

    with failures_in_words():
        settings = installation.settings()
        week = week_of(context)
        tag(context, {WEEK_TAG: f"{week}"})
        captured = captures.capture(
            settings,
            week=week,
            limits=Limits(quota_share=config.quota_share),
            say=context.log.info,
            on_page=on_page,
        )
    return dg.MaterializeResult(
        metadata=seal_metadata(captured.seal) | {"pages_fetched": dg.MetadataValue.int(captured.pages_fetched)},
        data_version=dg.DataVersion(captured.seal.manifest_sha256),
    )


@dg.asset(
    key=OWNERS_CAPTURE,
    deps=[CAPTURE],
    partitions_def=weeks,
    group_name="capture",
    kinds={"huggingface", "parquet"},
    owners=OWNERS,
    description="Overviews of the organisations and people that matter, as far as they are due this week and the budget reaches.",
)
def owners_asset(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult[None]:
    """Ask for the owners that are due. A Hub that fails here does not cost the week of the models: it is said, and the way goes on."""
    with failures_in_words():
        try:
            captured = captures.capture_owners(installation.settings(), week=week_of(context), say=context.log.info)
        except SourceError as error:
            context.log.warning(str(error))
            return dg.MaterializeResult(metadata={"trouble": dg.MetadataValue.text(str(error))})
    counts: dict[str, dg.MetadataValue] = {
        name: dg.MetadataValue.int(getattr(captured, name)) for name in ("asked", "requests", "not_asked")
    }
    return dg.MaterializeResult(metadata=counts | (seal_metadata(captured.seal) if captured.seal else {}))


def _github_asset(
    key: dg.AssetKey,
    deps: Sequence[dg.AssetKey],
    capture: Callable[..., RepositoriesCaptured | StarsCaptured | PeopleCaptured],
    counts: Sequence[str],
    description: str,
) -> dg.AssetsDefinition:
    """Make the asset of a round of GitHub, if there is a token. A GitHub that fails does not cost the week of the models.

    It says what the round came to, by `counts` and by what is missing, or why there was none.
    """

    @dg.asset(
        key=key,
        deps=deps,
        partitions_def=weeks,
        group_name="capture",
        kinds={"github", "parquet"},
        owners=OWNERS,
        description=description,
    )
    def take_round(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult[None]:
        with failures_in_words():
            settings = installation.settings()
            # Before all else: a round that is left out is a step of a week too.
            week = week_of(context)
            if left_out := captures.github_left_out(settings):
                context.log.info(left_out)
                return dg.MaterializeResult(metadata={"left_out": dg.MetadataValue.text(left_out)})
            try:
                captured = capture(settings, week=week, say=context.log.info)
            except (SourceError, GateError, NothingYetError) as error:
                context.log.warning(str(error))
                return dg.MaterializeResult(metadata={"trouble": dg.MetadataValue.text(str(error))})
        told: dict[str, dg.MetadataValue] = {name: dg.MetadataValue.int(getattr(captured, name)) for name in counts}
        told["missing"] = dg.MetadataValue.json([one.nameless() for one in captured.missing])
        return dg.MaterializeResult(metadata=told | (seal_metadata(captured.seal) if captured.seal else {}))

    return take_round


repositories_asset = _github_asset(
    REPOSITORIES_CAPTURE,
    [REGISTRY, CAPTURE],
    captures.capture_repositories,
    ("asked", "requests", "points"),
    "The registry's repositories on GitHub, those of its organisations, and all that were ever found, by number.",
)
stars_asset = _github_asset(
    STARS_CAPTURE,
    [REPOSITORIES_CAPTURE],
    captures.capture_stars,
    ("asked", "older_pages", "requests", "unfinished"),
    "The stars' newest weeks of every repository, and older ones as far as the budget reaches.",
)
people_asset = _github_asset(
    PEOPLE_CAPTURE,
    [STARS_CAPTURE],
    captures.capture_people,
    ("readings", "points", "not_asked", "profiles_missing"),
    "Who worked on the captured repositories, as pseudonyms with countries, as far as the budget reaches.",
)


def seal_metadata(seal: Seal) -> dict[str, dg.MetadataValue]:
    """Say what a capture came to, wherever it was made."""
    counts = {name: dg.MetadataValue.int(getattr(seal, name)) for name in ("seen", "loaded", "merged", "quarantined")}
    return {
        "dagster/row_count": dg.MetadataValue.int(seal.loaded),
        **counts,
        "observed_on": dg.MetadataValue.text(seal.observed_on.isoformat()),
        "sealed_at": dg.MetadataValue.text(seal.sealed_at),
    }


def tag(context: dg.AssetExecutionContext, tags: dict[str, str]) -> None:
    """Tag the run that this step belongs to, so that it is found by week and by release."""
    context.instance.add_run_tags(context.run_id, tags)
