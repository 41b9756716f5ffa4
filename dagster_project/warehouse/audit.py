"""Whether the last build may be believed: SQL measures every table once, Great Expectations judges the numbers. Its only import.

A profile is one row per table; GX never sees the rows themselves (on DuckDB its expectations fail, and on three million
rows pandas takes 1.7 GB).
Not here: which checks there are (checks, sql/audits), and what a failure stops (publish).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from dagster_project.errors import DamagedDataError, NothingYetError, UsageError
from dagster_project.snapshots import durable, kept
from dagster_project.warehouse import catalog
from dagster_project.warehouse.build import database_path
from dagster_project.warehouse.checks import Metric, metrics
from dagster_project.warehouse.engine import connect_private

AUDIT = "warehouse/audit.json"


class Result(msgspec.Struct, frozen=True):
    """One check: what it says in plain words, what was observed, the range it must lie in."""

    table: str
    name: str
    says: str
    observed: float | None
    low: float | None
    high: float | None
    passed: bool


class Audit(msgspec.Struct, frozen=True):
    """The audit of one build, known by the hash of its database file."""

    database_sha256: str
    results: list[Result]

    @property
    def failures(self) -> list[Result]:
        """The checks that failed."""
        return [result for result in self.results if not result.passed]

    @property
    def passed(self) -> bool:
        """Whether nothing failed and something was checked."""
        return bool(self.results) and not self.failures


def audit(home: Path, *, sql: Path, say: Callable[[str], None] = lambda _text: None) -> Audit:
    """Profile every table of the last build and judge the profiles; the verdict is kept beside the database."""
    database = database_path(home)
    if not database.exists():
        raise NothingYetError(f"There is no build in {home} to audit.", next_command="leadershift build")
    try:
        with connect_private(database, read_only=True) as connection:
            profiles = [
                _profile(connection, name, metrics(table))
                for name, table in sorted(catalog.load(sql).items())
                if table.is_stored
            ]
            profiles += [_spanning(connection, path) for path in sorted((sql / "audits").glob("*.sql"))]
    except duckdb.Error as error:
        raise DamagedDataError(
            f"{database} can't be read: {str(error).splitlines()[0]} It is no evidence, and can be made anew.",
            next_command="leadershift build",
        ) from error
    results = _judge(profiles)
    for result in results:
        say(f"{'passed' if result.passed else 'FAILED'}  {result.table}: {result.says}")
    judged = Audit(durable.sha256(database), results)
    durable.write_bytes(home / AUDIT, msgspec.json.format(msgspec.json.encode(judged)))
    return judged


def read(home: Path) -> Audit | None:
    """Give the last audit; None if there was none, or nobody can read what it said."""
    try:
        return kept.decoded((home / AUDIT).read_bytes(), Audit)
    except (FileNotFoundError, ValueError):
        return None


Profile = tuple[list[Metric], list[float | None]]


def _profile(connection: duckdb.DuckDBPyConnection, table: str, wanted: Sequence[Metric]) -> Profile:
    expressions = ", ".join(metric.expression for metric in wanted)
    row = connection.execute(f"select {expressions} from {table}").fetchone()
    return list(wanted), [None if value is None else float(value) for value in row or ()]


def declared(path: Path) -> list[Metric]:
    """Give what one file of sql/audits promises: in its header, for each column, what the number says and may be."""
    parsed, _body = catalog.header(path)
    expected: dict[str, Any] = parsed.get("expect") or {}
    return [
        Metric(f"audits.{path.stem}", name, text["says"], "", text.get("min"), text.get("max"))
        for name, text in expected.items()
    ]


def _spanning(connection: duckdb.DuckDBPyConnection, path: Path) -> Profile:
    wanted = declared(path)
    answer = connection.execute(catalog.header(path)[1])
    names = [column[0] for column in answer.description or ()]
    row = answer.fetchone() or (None,) * len(names)
    if names != [metric.name for metric in wanted]:
        raise UsageError(f"{path} gives {names}, but its header expects {[metric.name for metric in wanted]}.")
    return wanted, [None if value is None else float(value) for value in row]


def _judge(profiles: Sequence[Profile]) -> list[Result]:
    """Let Great Expectations compare what was observed with its ranges: a suite for each schema, a row for each check."""
    checks = [(metric, value) for wanted, values in profiles for metric, value in zip(wanted, values, strict=True)]
    failed: set[tuple[str, str]] = set()
    for schema in dict.fromkeys(_schema(metric) for metric, _value in checks):
        failed |= _failed(schema, [check for check in checks if _schema(check[0]) == schema])
    return [
        Result(m.table, m.name, m.says, value, m.low, m.high, (m.table, m.name) not in failed) for m, value in checks
    ]


def _schema(metric: Metric) -> str:
    return metric.table.partition(".")[0]


def _failed(schema: str, checks: Sequence[tuple[Metric, float | None]]) -> set[tuple[str, str]]:
    """Name the checks of a schema that fail: nothing was observed, or too little, or too much."""
    # Imported here, because that alone takes seconds.
    import great_expectations as gx  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    from great_expectations.core.expectation_suite import ExpectationSuite  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("profiles").add_dataframe_asset(schema)
    rows = [(value, metric.low, metric.high) for metric, value in checks]
    frame = pd.DataFrame(rows, columns=["observed", "low", "high"], dtype="float64")
    at_most = gx.expectations.ExpectColumnPairValuesAToBeGreaterThanB
    suite = ExpectationSuite(
        name=schema,
        expectations=[
            gx.expectations.ExpectColumnValuesToNotBeNull(column="observed"),
            at_most(column_A="observed", column_B="low", or_equal=True, ignore_row_if="either_value_is_missing"),
            at_most(column_A="high", column_B="observed", or_equal=True, ignore_row_if="either_value_is_missing"),
        ],
    )
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch(batch_parameters={"dataframe": frame})
    verdict = batch.validate(suite, result_format="COMPLETE")
    for outcome in verdict.results:
        # An expectation that could not be judged must not look like one that was met.
        if not outcome.success and not outcome.result.get("unexpected_index_list"):
            raise UsageError(f"Great Expectations could not judge the checks of {schema}: {outcome.exception_info}")
    told = [outcome.result.get("unexpected_index_list") or [] for outcome in verdict.results]
    return {(checks[row][0].table, checks[row][0].name) for rows_of in told for row in rows_of}
