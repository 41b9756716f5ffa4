"""Every table, the capture before it, the release and the page after it, as assets with what was measured about each.

Names, texts and checks come from the headers of the SQL files; nothing is described twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import dagster as dg

from dagster_project import asking, captures, pipeline
from dagster_project.defs.installation import Installation, failures_in_words
from dagster_project.defs.partitions import week_of, weeks
from dagster_project.errors import GateError, NothingYetError, SourceError
from dagster_project.people import PeopleCaptured
from dagster_project.repositories import RepositoriesCaptured
from dagster_project.settings import Settings, shipped
from dagster_project.snapshots.seal import Seal
from dagster_project.sources.pages import Limits
from dagster_project.stars import StarsCaptured
from dagster_project.warehouse import audit, catalog, checks, lineage
from dagster_project.warehouse.audit import Result
from dagster_project.warehouse.build import Built
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.publish import Publication

OWNERS = ["team:leadershift"]
CAPTURE = dg.AssetKey(["raw", "huggingface_models"])
OWNERS_CAPTURE = dg.AssetKey(["raw", "huggingface_owners"])
REPOSITORIES_CAPTURE = dg.AssetKey(["raw", "github_repositories"])
STARS_CAPTURE = dg.AssetKey(["raw", "github_stars"])
PEOPLE_CAPTURE = dg.AssetKey(["raw", "github_people"])
REGISTRY = dg.AssetKey(["data", "registry"])
RELEASE = dg.AssetKey(["published", "release"])
REPORT = dg.AssetKey(["reports", "weekly"])
SITE = dg.AssetKey(["reports", "site"])
# A week from one to the next, and a day of grace; staging and claims are made in the same step as what is shown of them.
DUE = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8), warn_window=timedelta(days=7, hours=6))
DUE_SCHEMAS = {"core", "marts"}
# Tags by which runs are found.
WEEK_TAG, RELEASE_TAG = "leadershift/week", "leadershift/release"
# Which captures a raw table is made of.
RAW_ASSETS = {
    "raw.models": {CAPTURE},
    "raw.owners": {OWNERS_CAPTURE},
    "raw.quarantined": {CAPTURE},
    "raw.snapshots": {CAPTURE, OWNERS_CAPTURE, REPOSITORIES_CAPTURE, STARS_CAPTURE, PEOPLE_CAPTURE},
    "raw.contributors": {PEOPLE_CAPTURE},
    # Imported by hand: no run makes it.
    "raw.innovation_graph": set(),
    "raw.repositories": {REPOSITORIES_CAPTURE},
    "raw.star_weeks": {STARS_CAPTURE},
}
# What a run is told, not what it reads.
NO_ASSETS = {"raw.parameters", "raw.hop", "raw.claim_queries"}
LOG_EVERY_ROWS = 100_000
SIGN = 'leadershift publish --sign-off "Your name: why it may stand"'

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


def warehouse_assets() -> Sequence[dg.AssetsDefinition]:
    """Make one step that builds and audits all tables, with an asset for each table and a check for each thing declared."""
    tables = catalog.load(shipped("sql"))

    @dg.multi_asset(
        name="warehouse",
        specs=[_spec(table) for table in lineage.build_order(tables)],
        check_specs=[spec for table in tables.values() if table.is_stored for spec in _check_specs(table)],
    )
    def build_and_audit(
        context: dg.AssetExecutionContext, installation: Installation
    ) -> Iterator[dg.MaterializeResult[None]]:
        with failures_in_words():
            settings = installation.settings()
            built = pipeline.build(settings, say=context.log.info)
            judged = pipeline.audit(settings)
            sources = pipeline.column_sources(settings)
        for made in built:
            yield dg.MaterializeResult(
                asset_key=_key(made.table.full_name),
                metadata=_metadata(made, sources.get(made.table.full_name, {})),
                check_results=_check_results(made.table.full_name, judged.results),
            )

    return [build_and_audit]


def release_asset() -> dg.AssetsDefinition:
    """Make the step that publishes, with the audits that span tables as its checks."""
    tables = catalog.load(shipped("sql"))
    marts = [_key(name) for name, table in tables.items() if table.schema == "marts"]
    published = [table for table in tables.values() if table.schema in catalog.PUBLISHED_SCHEMAS]
    uncounted = [table.full_name for table in published if not lineage.is_cheap_to_count(table)]
    spanning = [metric for path in sorted((shipped("sql") / "audits").glob("*.sql")) for metric in audit.declared(path)]

    @dg.asset(
        key=RELEASE,
        deps=marts,
        group_name="publish",
        kinds={"duckdb", "parquet", "csv"},
        owners=OWNERS,
        freshness_policy=DUE,
        description="A read-only database, Parquet and CSV for readers, replaced all at once, only after the audit passed.",
        check_specs=[dg.AssetCheckSpec(metric.slug, asset=RELEASE, description=metric.says) for metric in spanning],
    )
    def publish(
        context: dg.AssetExecutionContext, installation: Installation
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult | dg.AssetObservation]:
        with failures_in_words():
            settings = installation.settings()
            judged = audit.read(settings.home)
            # First the verdicts, then the release: what failed is on the page of the release that it stopped.
            yield from _results(RELEASE, [r for r in judged.results if r.table.startswith("audits.")] if judged else [])
            release = pipeline.publish(settings, say=context.log.info)
            rows = {table["table"]: table["rows"] for table in asking.tables(settings)}
            headline = asking.headline(settings)
        tag(context, {RELEASE_TAG: release.release_id})
        for view in uncounted:
            # Counting them in the build would read every week of every model; in the release they are tables.
            counted = {"dagster/row_count": dg.MetadataValue.int(rows[view])}
            yield dg.AssetObservation(_key(view), description=release.release_id, metadata=counted)
        numbers: dict[str, dg.MetadataValue] = {name: dg.MetadataValue.float(n) for name, n in headline.items()}
        yield dg.MaterializeResult(metadata=_publication_metadata(settings, release, sum(rows.values())) | numbers)

    return publish


def _publication_metadata(settings: Settings, release: Publication, rows: int) -> dict[str, dg.MetadataValue]:
    return {
        "release_id": dg.MetadataValue.text(release.release_id),
        "weeks": dg.MetadataValue.int(release.weeks),
        "is_rehearsal": dg.MetadataValue.bool(release.is_rehearsal),
        "database": dg.MetadataValue.path(str(settings.home / release.database)),
        "dagster/row_count": dg.MetadataValue.int(rows),
    }


@dg.asset(
    key=REPORT,
    deps=[RELEASE],
    group_name="reports",
    kinds={"jupyter", "html"},
    owners=OWNERS,
    freshness_policy=DUE,
    description="The weekly page: who leads, by which denominator, and what is not known.",
)
def report_asset(installation: Installation) -> dg.MaterializeResult[None]:
    """Write the page of the newest published week."""
    with failures_in_words():
        page = pipeline.report(installation.settings())
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(page)), "bytes": page.stat().st_size})


@dg.asset(
    key=SITE,
    deps=[REPORT],
    group_name="reports",
    kinds={"html"},
    owners=OWNERS,
    description="The static site: a page for each week, country and lab, cards to share, the data dictionary, a feed.",
)
def site_asset(installation: Installation) -> dg.MaterializeResult[None]:
    """Build the site of the current release; readers see the one before or this one."""
    with failures_in_words():
        built = pipeline.site(installation.settings())
    index = dg.MetadataValue.path(str(built.folder / "index.html"))
    return dg.MaterializeResult(metadata={"index": index, "pages": built.pages, "is_new": built.is_new})


def _spec(table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        _key(table.full_name),
        deps=sorted({key for parent in lineage.parents(table) if parent not in NO_ASSETS for key in _inputs(parent)}),
        group_name=table.schema,
        kinds=_kinds(table),
        owners=OWNERS,
        freshness_policy=DUE if table.schema in DUE_SCHEMAS else None,
        # The columns stand in their own tab, with types, once the table was built.
        description=table.comment.replace("\n", "\n\n"),
        metadata={"sql": dg.MetadataValue.md(f"```sql\n{table.body.strip()}\n```")},
    )


def _kinds(table: Table) -> set[str]:
    """Say what a table is made with, of the three that Dagster shows."""
    made = {"python"} if table.through else set()
    if table.is_view:
        made = {"parquet" if table.per == "snapshot" else "view"}
    return {"duckdb", "sql"} | made


def _inputs(parent: str) -> set[dg.AssetKey]:
    if parent.startswith("raw.registry_"):
        return {REGISTRY}
    return RAW_ASSETS[parent] if parent.startswith("raw.") else {_key(parent)}


def _metadata(made: Built, sources: Mapping[str, Sequence[str]]) -> dict[str, dg.MetadataValue]:
    columns = [dg.TableColumn(name, kind, description=made.table.columns[name]) for name, kind in made.columns.items()]
    counted = {} if made.rows is None else {"dagster/row_count": dg.MetadataValue.int(made.rows)}
    deps = {column: [dep for source in found for dep in _column_deps(source)] for column, found in sources.items()}
    lineage_of = (
        {"dagster/column_lineage": dg.MetadataValue.column_lineage(dg.TableColumnLineage(deps))} if deps else {}
    )
    return (
        counted
        | lineage_of
        | {
            "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns)),
            "seconds": dg.MetadataValue.float(round(made.seconds, 3)),
        }
    )


def _column_deps(source: str) -> list[dg.TableColumnDep]:
    """Find the assets behind `schema.table.column`; a column of a reviewed list is named with its file."""
    parent, _, column = source.rpartition(".")
    if parent in NO_ASSETS:
        return []
    file = parent.removeprefix("raw.registry_")
    name = column if file == parent else f"{file}.csv: {column}"
    return [dg.TableColumnDep(key, name) for key in sorted(_inputs(parent))]


def tag(context: dg.AssetExecutionContext, tags: dict[str, str]) -> None:
    """Tag the run that this step belongs to, so that it is found by week and by release."""
    context.instance.add_run_tags(context.run_id, tags)


def _check_specs(table: Table) -> list[dg.AssetCheckSpec]:
    key = _key(table.full_name)
    return [dg.AssetCheckSpec(metric.slug, asset=key, description=metric.says) for metric in checks.metrics(table)]


def _check_results(table: str, results: Iterable[Result]) -> list[dg.AssetCheckResult]:
    return _results(_key(table), [result for result in results if result.table == table])


def _results(key: dg.AssetKey, results: Iterable[Result]) -> list[dg.AssetCheckResult]:
    return [
        dg.AssetCheckResult(
            passed=result.passed,
            asset_key=key,
            check_name=checks.slug(result.name),
            description=result.says,
            metadata=_measured(result),
        )
        for result in results
    ]


def _measured(result: Result) -> dict[str, dg.MetadataValue]:
    """Only the number that was measured is a number: the UI plots each of them."""
    low, high = ("any" if limit is None else f"{limit:g}" for limit in (result.low, result.high))
    shown: dict[str, dg.MetadataValue] = {"allowed": dg.MetadataValue.text(f"{low} to {high}")}
    if not result.passed:
        shown["go_on_with"] = dg.MetadataValue.text(
            f"The release of before stays. Look: leadershift audit. If it may stand: {SIGN}"
        )
    return shown if result.observed is None else shown | {"measured": dg.MetadataValue.float(float(result.observed))}


def _key(full_name: str) -> dg.AssetKey:
    return dg.AssetKey(full_name.split("."))
