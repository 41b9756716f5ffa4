"""Whether the last build may be believed: SQL measures every table once, Great Expectations judges the numbers. Its only import.

A profile is one row per table; GX never sees the rows themselves (on DuckDB its expectations fail, and on three million
rows pandas takes 1.7 GB).
Not here: which checks there are (checks, sql/audits), and what a failure stops (publish).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from dagster_project.errors import LeadershiftError, NothingYetError, UsageError
from dagster_project.snapshots import durable
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
    with connect_private(database, read_only=True) as connection:
        profiles = [
            _profile(connection, name, metrics(table))
            for name, table in sorted(catalog.load(sql).items())
            if table.is_stored
        ]
        profiles += [_spanning(connection, path) for path in sorted((sql / "audits").glob("*.sql"))]
    results = _judge(profiles)
    for result in results:
        say(f"{'passed' if result.passed else 'FAILED'}  {result.table}: {result.says}")
    judged = Audit(durable.sha256(database), results)
    durable.write_bytes(home / AUDIT, msgspec.json.format(msgspec.json.encode(judged)))
    return judged


def read(home: Path) -> Audit | None:
    """Give the last audit, None if there was none."""
    path = home / AUDIT
    return msgspec.json.decode(path.read_bytes(), type=Audit) if path.exists() else None


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
    """Let Great Expectations compare each profile with its ranges. Imported here, because that alone takes seconds."""
    import great_expectations as gx  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    from great_expectations.core.expectation_suite import ExpectationSuite  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("profiles").add_dataframe_asset("profile")
    batch_definition = asset.add_batch_definition_whole_dataframe("whole")
    judged = [(metric, value) for wanted, values in profiles for metric, value in zip(wanted, values, strict=True)]
    # A row for each metric, and three expectations for all of them: an expectation costs twenty milliseconds, a row nothing.
    frame = pd.DataFrame(
        {
            "observed": [math.nan if value is None else value for _metric, value in judged],
            "low": [-math.inf if metric.low is None else metric.low for metric, _value in judged],
            "high": [math.inf if metric.high is None else metric.high for metric, _value in judged],
        }
    )
    expected = gx.expectations
    suite = ExpectationSuite(name="profiles")
    suite.add_expectation(expected.ExpectColumnValuesToNotBeNull(column="observed"))
    for larger, smaller in (("observed", "low"), ("high", "observed")):
        suite.add_expectation(
            expected.ExpectColumnPairValuesAToBeGreaterThanB(column_A=larger, column_B=smaller, or_equal=True)
        )
    verdict = batch_definition.get_batch(batch_parameters={"dataframe": frame}).validate(
        suite, result_format={"result_format": "COMPLETE"}
    )
    failed = {place for outcome in verdict.results if not outcome.success for place in _unexpected(outcome)}
    return [
        Result(metric.table, metric.name, metric.says, value, metric.low, metric.high, place not in failed)
        for place, (metric, value) in enumerate(judged)
    ]


def _unexpected(outcome: Any) -> list[int]:
    """Give the rows that broke an expectation. An expectation that could not be judged must not pass as one without any."""
    if not (places := outcome.result.get("unexpected_index_list")):
        raise LeadershiftError(f"Great Expectations could not judge the profiles: {outcome.exception_info}")
    return list(places)
