"""What depends on what, read from the SQL itself: order of building, columns and where each comes from. The only sqlglot import.

Not here: running SQL.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import ensure_schema

from dagster_project.errors import UsageError
from dagster_project.warehouse.catalog import Table

DIALECT = "duckdb"
INPUT_SCHEMA = "raw"
_EVERY_WEEK_OF_EVERY_MODEL = {"staging.counters", "staging.flow"}
# What a SELECT run once for each snapshot, week or hop sees under these names is made from these.
_BEFORE = "before"
_MOMENTS = {"now", _BEFORE, "sofar"}
_INPUTS_OF_A_MOMENT = {
    "models": "raw.models",
    "quarantined": "raw.quarantined",
    "snapshot": "raw.snapshots",
    "week": "staging.weeks",
    "hop": "raw.hop",
}


def parents(table: Table) -> frozenset[str]:
    """Name the tables that must be made before a file's, schema and name: what it selects from, but for its own CTEs and answers.

    What was made of the snapshot or hop before is there whatever the order is.
    """
    try:
        return frozenset(_source(*read) for read in _read(table.body) if read[0] != _BEFORE) - {table.full_name}
    except sqlglot.ParseError as error:
        raise UsageError(f"{table.path} is not SQL that can be read: {error}") from error


def selected_from(body: str) -> frozenset[str]:
    """Name the tables that a SELECT reads, at any moment, schema and name; its own CTEs don't count. Raises sqlglot.ParseError."""
    return frozenset(_source(*read) for read in _read(body))


@functools.cache
def _read(body: str) -> frozenset[tuple[str, str]]:
    """Give the schema, if any, and the name of all that a SELECT reads but its own CTEs."""
    # Parsing takes longer than running where there is little data, and every step of the way asks.
    tree = sqlglot.parse_one(body, dialect=DIALECT)
    ctes = {("", cte.alias) for cte in tree.find_all(exp.CTE)}
    return frozenset({(source.db, source.name) for source in tree.find_all(exp.Table) if source.name} - ctes)


def _source(schema: str, name: str) -> str:
    if schema in _MOMENTS:
        return _INPUTS_OF_A_MOMENT.get(name, f"staging.{name}")
    return f"{schema}.{name}" if schema else name


def build_order(tables: Mapping[str, Table]) -> list[Table]:
    """Sort tables so that each comes after what it selects from. Raises UsageError for a stranger or a circle."""
    graph = {name: parents(table) for name, table in tables.items()}
    for name, needed in graph.items():
        strangers = sorted(
            parent for parent in needed if parent not in tables and not parent.startswith(f"{INPUT_SCHEMA}.")
        )
        if strangers:
            raise UsageError(f"{tables[name].path} selects from {', '.join(strangers)}, which no file makes.")
    try:
        order = TopologicalSorter({name: sorted(needed) for name, needed in sorted(graph.items())}).static_order()
        return [tables[name] for name in order if name in tables]
    except CycleError as error:
        raise UsageError(f"These tables select from each other in a circle: {' -> '.join(error.args[1])}.") from error


def is_cheap_to_count(table: Table) -> bool:
    """Whether counting its rows reads less than every week of every model: all that is stored, and the light views."""
    return not table.is_view or table.per == "snapshot" or not parents(table) & _EVERY_WEEK_OF_EVERY_MODEL


def column_sources(table: Table, schemas: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """Map each column of a table to the `schema.table.column` it is made from; `schemas` gives every parent's columns and types."""
    leaves = _leaves_of(table.body, tuple((name, tuple(columns.items())) for name, columns in schemas.items()))
    if table.through:  # SQL does not say what the function makes of its answer, so each column comes from all of it
        return dict.fromkeys(table.columns, sorted({leaf for found in leaves.values() for leaf in found}))
    return {column: list(leaves[column]) for column in table.columns}


_Schemas = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@functools.cache
def _leaves_of(body: str, schemas: _Schemas) -> dict[str, list[str]]:
    """Map each column of a SELECT's answer to its sources; asked for the release's dictionary and for the UI, and slow."""
    nested = ensure_schema(_nested(schemas), dialect=DIALECT)
    tree = qualify(
        sqlglot.parse_one(body, dialect=DIALECT), schema=nested, dialect=DIALECT, validate_qualify_columns=False
    )
    # All columns at once from one qualified tree: column by column it is qualified and copied anew, ten times as long.
    traced = lineage(
        None, tree, schema=nested, dialect=DIALECT, scope=build_scope(tree), trim_selects=False, copy=False
    )
    return {column: _leaves(node) for column, node in traced.items()}


def _nested(schemas: _Schemas) -> dict[str, object]:
    nested: dict[str, dict[str, object]] = {}
    for name, columns in schemas:
        schema, _, short = name.partition(".")
        nested.setdefault(schema, {})[short] = dict(columns)
    return dict(nested)


def _leaves(node: Node) -> list[str]:
    found = set()
    for step in node.walk():
        source = step.expression
        if isinstance(source, exp.Table) and source.db:
            leaf = exp.to_column(step.name, dialect=DIALECT).name
            found.add(f"{source.db}.{source.name}.{leaf}")
    return sorted(found)
