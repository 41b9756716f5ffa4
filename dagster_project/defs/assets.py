"""Every table, the release and the pages after it, as assets with what was measured about each.

Names, texts and checks come from the headers of the SQL files; nothing is described twice. Not here: the captures (defs/captures).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import dagster as dg

from dagster_project import asking, pipeline
from dagster_project.defs.captures import (
    CAPTURE,
    DUE,
    OWNERS,
    OWNERS_CAPTURE,
    PEOPLE_CAPTURE,
    REGISTRY,
    REPOSITORIES_CAPTURE,
    STARS_CAPTURE,
    tag,
)
from dagster_project.defs.installation import Installation, failures_in_words
from dagster_project.settings import Settings, shipped
from dagster_project.warehouse import audit, catalog, checks, lineage
from dagster_project.warehouse.audit import Result
from dagster_project.warehouse.build import Built
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.publish import Publication

RELEASE = dg.AssetKey(["published", "release"])
REPORT = dg.AssetKey(["reports", "weekly"])
SITE = dg.AssetKey(["reports", "site"])
# Staging and claims are made in the same step as what is shown of them.
DUE_SCHEMAS = {"core", "marts"}
# A tag by which runs are found.
RELEASE_TAG = "leadershift/release"
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
SIGN = 'leadershift publish --sign-off "Your name: why it may stand"'


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
