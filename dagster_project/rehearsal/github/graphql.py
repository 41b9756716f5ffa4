"""GitHub's GraphQL API as it behaves: batches by alias or id, partial errors, limits, and what a query costs.

Here: reading, checking and pricing a query, and errors in GitHub's words. The schema is schema.graphql; what its
fields give is in github/fields. Not here: counting points (github/service).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
    value_from_ast_untyped,
)

from dagster_project.rehearsal.github.fields import Roots
from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.source import GitHubSource

SCHEMA = build_schema((Path(__file__).with_name("schema.graphql")).read_text(encoding="utf-8"))
MOST_NODES = 500_000
MOST_A_PAGE = 100
REQUESTS_A_POINT = 100
KEPT_QUERIES = 64
UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")


@dataclass(frozen=True)
class Query:
    """A query read and checked; with errors it is not to be run."""

    document: DocumentNode | None
    variables: Mapping[str, Any]
    operation: str | None
    errors: Sequence[Mapping[str, Any]] = ()
    cost: int = 1
    node_count: int = 0


@dataclass(frozen=True)
class Standing:
    """How a caller stands in the window of points, before this query."""

    limit: int
    used: int
    reset: int


class GraphQL:
    """The GraphQL API over one source."""

    def __init__(self, source: GitHubSource, options: GitHubOptions) -> None:
        self.source, self.options = source, options
        self._checked = lru_cache(maxsize=KEPT_QUERIES)(_check)

    def read(self, body: bytes) -> Query:
        """Read and price a query. Raises ValueError for a body that is no JSON object."""
        given = msgspec.json.decode(body)
        if not isinstance(given, dict):
            raise ValueError("not an object")
        text, variables = given.get("query"), given.get("variables") or {}
        if not isinstance(text, str):
            return _refused("A query attribute must be specified and must be a string.")
        document, errors = self._checked(text)
        if document is None or errors:
            return Query(None, {}, None, errors)
        try:
            price = _Price(document, variables)
            cost, nodes = price.total(given.get("operationName"))
        except GraphQLError as error:
            return Query(None, {}, None, [_told(error)])
        if nodes > MOST_NODES:
            text = (
                f"This query requests up to {nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
            )
            return _refused(text, "MAX_NODE_LIMIT_EXCEEDED")
        return Query(document, variables, given.get("operationName"), cost=cost, node_count=nodes)

    def run(self, query: Query, now: datetime, standing: Standing, *, is_app: bool) -> dict[str, Any]:
        """Run a query: {"data": ...}, with "errors" beside it where a part failed."""
        if query.document is None:
            return {"errors": list(query.errors)}
        limits = {
            "limit": standing.limit,
            "cost": query.cost,
            "used": min(standing.used + query.cost, standing.limit),
            "remaining": max(0, standing.limit - standing.used - query.cost),
            "nodeCount": query.node_count,
            "reset": standing.reset,
        }
        roots = Roots(self.source, int(now.timestamp()), is_app=is_app, options=self.options, limits=limits)
        result = execute_sync(
            SCHEMA,
            query.document,
            roots.fields(),
            variable_values=dict(query.variables),
            operation_name=query.operation,
        )
        told = {"errors": [_told(error) for error in result.errors]} if result.errors else {}
        return {"data": result.data, **told}


def _refused(message: str, kind: str | None = None) -> Query:
    return Query(None, {}, None, [{**({"type": kind} if kind else {}), "message": message}])


def _told(error: GraphQLError) -> dict[str, Any]:
    """Write an error as GitHub does: the type at the top, beside path and locations."""
    shown: dict[str, Any] = dict(error.extensions or {})
    if error.path:
        shown["path"] = list(error.path)
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    return {**shown, "message": error.message}


def _check(text: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
    """Parse and validate a query, once for each text."""
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        return None, [_told(error)]
    return document, [_told_invalid(error, document) for error in validate(SCHEMA, document)]


def _told_invalid(error: GraphQLError, document: DocumentNode) -> dict[str, Any]:
    """Write a validation error; for an unknown field in GitHub's own words."""
    told, unknown = _told(error), UNKNOWN_FIELD.match(error.message)
    if unknown is None:
        return told
    name, kind = unknown.groups()
    codes = {"code": "undefinedField", "typeName": kind, "fieldName": name}
    path = _path_to(document, error.nodes[0] if error.nodes else None)
    return {**told, "path": path, "extensions": codes, "message": f"Field '{name}' doesn't exist on type '{kind}'"}


def _path_to(document: DocumentNode, wanted: Any) -> list[str]:
    """Give the names from the operation down to a field."""

    def search(selections: SelectionSetNode | None, path: list[str]) -> list[str] | None:
        for node in selections.selections if selections else ():
            inner = [*path, _answer_name(node)] if isinstance(node, FieldNode) else path
            if node is wanted:
                return inner
            # Every selection but a spread has a selection_set; graphql-core types only their common base.
            found = None if isinstance(node, FragmentSpreadNode) else search(node.selection_set, inner)  # type: ignore[attr-defined]
            if found:
                return found
        return None

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            named = f" {definition.name.value}" if definition.name else ""
            is_query = isinstance(definition, OperationDefinitionNode)
            found = search(definition.selection_set, [f"query{named}" if is_query else f"fragment{named}"])
            if found:
                return found
    return []


def _answer_name(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


class _Price:
    """What a query costs: a request for each connection of each parent, a point for each hundred, one at least."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._document, self._variables = document, variables
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._requests = self._nodes = 0

    def total(self, operation: str | None) -> tuple[int, int]:
        """Give points and nodes. Raises GraphQLError for pages that are too large or have no size."""
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                name = definition.name.value if definition.name else None
                if operation in {None, name}:
                    self._walk(definition.selection_set, SCHEMA.query_type, 1, [])
        return max(1, round(self._requests / REQUESTS_A_POINT)), self._nodes

    def _walk(self, selections: SelectionSetNode | None, kind: Any, times: int, path: list[str]) -> None:
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                self._field(node, kind, times, [*path, _answer_name(node)])
            elif isinstance(node, InlineFragmentNode):
                inner = SCHEMA.get_type(node.type_condition.name.value) if node.type_condition else kind
                self._walk(node.selection_set, inner, times, path)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                inner = SCHEMA.get_type(fragment.type_condition.name.value)
                self._walk(fragment.selection_set, inner, times, path)

    def _field(self, node: FieldNode, kind: Any, times: int, path: list[str]) -> None:
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or node.name.value not in kind.fields:
            return
        given = {arg.name.value: value_from_ast_untyped(arg.value, dict(self._variables)) for arg in node.arguments}
        field_type = kind.fields[node.name.value].type
        named = get_named_type(field_type)
        if named.name.endswith("Connection"):
            self._requests += times
            times *= _page_size(node, given, path)
            self._nodes += times
        elif node.name.value == "nodes" and kind is SCHEMA.query_type:
            times *= max(1, len(given.get("ids") or ()))
        self._walk(node.selection_set, named, times, path)


def _page_size(node: FieldNode, given: Mapping[str, Any], path: list[str]) -> int:
    """Give how many rows a connection is asked for; only a bare total may go without. Raises GraphQLError."""
    name = node.name.value
    asked = (
        {_answer_name(one) for one in node.selection_set.selections if isinstance(one, FieldNode)}
        if node.selection_set
        else set()
    )
    size = given.get("first") if given.get("first") is not None else given.get("last")
    if size is None:
        if not asked & {"nodes", "edges", "pageInfo"}:
            return 0
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise GraphQLError(text, node, path=path, extensions={"type": "MISSING_PAGINATION_BOUNDARIES"})
    if not isinstance(size, int) or size > MOST_A_PAGE:
        text = (
            f"Requesting {size} records on the `{name}` connection exceeds the `first` limit of {MOST_A_PAGE} records."
        )
        raise GraphQLError(text, node, path=path, extensions={"type": "EXCESSIVE_PAGINATION"})
    return size
