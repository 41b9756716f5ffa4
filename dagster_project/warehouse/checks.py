"""The checks a header may declare, each as one SQL number and the range it must lie in, with a plain sentence.

Not here: judging (audit).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dagster_project.errors import UsageError
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import quoted

SHARE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Metric:
    """One number about a table: `expression` is an aggregate or scalar subquery over it."""

    table: str
    name: str
    says: str
    expression: str
    low: float | None
    high: float | None

    @property
    def slug(self) -> str:
        """The name where only letters, digits and underscores are allowed."""
        return slug(self.name)


def slug(name: str) -> str:
    """Write a metric's name with letters, digits and underscores only."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")


def metrics(table: Table) -> list[Metric]:
    """Give every metric of a table: its grain, and what its header declares. Raises UsageError for an unknown check."""
    grain = ", ".join(_column(name) for name in table.grain)
    nulls = " or ".join(f"{_column(name)} is null" for name in table.grain)
    found = [
        _none(table, "grain", f"no two rows share {', '.join(table.grain)}", f"count(*) - count(distinct ({grain}))"),
        _none(
            table,
            "grain_known",
            f"{', '.join(table.grain)} {'is' if len(table.grain) == 1 else 'are'} never empty",
            f"count(*) filter (where {nulls})",
        ),
    ]
    for kind, arguments in table.checks:
        if kind not in _KINDS:
            raise UsageError(f"{table.path} declares the check '{kind}'. There are: {', '.join(sorted(_KINDS))}.")
        if isinstance(arguments, dict) and None in arguments.values():
            raise UsageError(
                f"{table.path}: the check '{kind}' has an argument without a value; quote texts with commas."
            )
        try:
            found += _KINDS[kind](table, arguments)
        except (KeyError, TypeError) as error:
            raise UsageError(f"{table.path}: the check '{kind}' lacks {error}.") from error
    return found


def _sums_to_one(table: Table, arguments: Any) -> Iterator[Metric]:
    column, by = _column(arguments["column"]), ", ".join(map(_column, arguments["by"]))
    expression = f"(select coalesce(max(abs(total - 1)), 0) from (select sum({column}) as total from {table.full_name} group by {by}))"
    says = f"{arguments['column']} adds up to 1 for each {', '.join(arguments['by'])}"
    yield Metric(table.full_name, f"sums_to_one_{arguments['column']}", says, expression, 0, SHARE_TOLERANCE)


def _between(table: Table, arguments: Any) -> Iterator[Metric]:
    column, low, high = arguments["column"], arguments.get("min"), arguments.get("max")
    limits = [("<", low, f"at least {low}"), (">", high, f"at most {high}")]
    given = [(f"{_column(column)} {sign} {limit}", words) for sign, limit, words in limits if limit is not None]
    says = f"{column} is {' and '.join(words for _rule, words in given)}"
    yield _none(
        table, f"between_{column}", says, f"count(*) filter (where {' or '.join(rule for rule, _words in given)})"
    )


def _not_null(table: Table, arguments: Any) -> Iterator[Metric]:
    for column in arguments:
        yield _none(
            table,
            f"not_null_{column}",
            f"{column} is never empty",
            f"count(*) filter (where {_column(column)} is null)",
        )


def _one_of(table: Table, arguments: Any) -> Iterator[Metric]:
    column, values = arguments["column"], list(map(str, arguments["values"]))
    listed = ", ".join(map(quoted, values))
    says = f"{column} is one of {', '.join(values)}"
    yield _none(table, f"one_of_{column}", says, f"count(*) filter (where {_column(column)} not in ({listed}))")


def _refers_to(table: Table, arguments: Any) -> Iterator[Metric]:
    column, other, key = arguments["column"], arguments["table"], arguments["key"]
    says = f"every {column} stands in {other}"
    expression = f"count(*) filter (where {_column(column)} is not null and {_column(column)} not in (select {_column(key)} from {other}))"
    yield _none(table, f"refers_to_{column}", says, expression)


def _holds(table: Table, arguments: Any) -> Iterator[Metric]:
    rule, says = arguments["rule"], arguments["says"]
    yield _none(table, says.replace(" ", "_"), says, f"count(*) filter (where not ({rule}))")


def _none(table: Table, name: str, says: str, broken: str) -> Metric:
    return Metric(table.full_name, name, says, broken, 0, 0)


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_KINDS: dict[str, Callable[[Table, Any], Iterator[Metric]]] = {
    "sums_to_one": _sums_to_one,
    "between": _between,
    "not_null": _not_null,
    "one_of": _one_of,
    "refers_to": _refers_to,
    "holds": _holds,
}
