"""The tables as their files declare them: a folder is a schema, a file is a table, its header the whole truth about it.

A header is YAML in the comment that opens the file: meaning, grain, columns, and where needed kind, warnings, checks, and
`per`: a SELECT is run once for the whole, once for each snapshot (facts; `types` then names its columns' types), once for
each week, or hop by hop on what its own answer leaves open. `kind: passing` is a table per snapshot or week that is gone when that is done;
`through` names a function of `statistics` that turns the answer into the table.
Not here: dependencies (lineage), running anything (facts, build), judging anything (audit).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from dagster_project.errors import UsageError

SCHEMAS = ("registry", "staging", "core", "marts", "claims")
PUBLISHED_SCHEMAS = ("registry", "core", "marts")
_HEADER = re.compile(r"\A\s*/\*(?P<header>.*?)\*/(?P<body>.*)\Z", re.DOTALL)
# The one in C is ten times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REQUIRED = {"meaning", "grain", "columns"}
_ALLOWED = _REQUIRED | {"kind", "warnings", "checks", "source", "per", "types", "through"}
PER = ("build", "snapshot", "week", "hop")
Per = Literal["build", "snapshot", "week", "hop"]


@dataclass(frozen=True)
class Table:
    """One SQL file. `checks` maps a kind of check to its arguments, as the header lists them."""

    schema: str
    name: str
    path: Path
    meaning: str
    grain: tuple[str, ...]
    columns: Mapping[str, str]
    warnings: tuple[str, ...]
    checks: tuple[tuple[str, Any], ...]
    is_view: bool
    is_passing: bool
    per: Per
    through: str | None
    types: Mapping[str, str]
    body: str

    @property
    def full_name(self) -> str:
        """Schema and name, as SQL writes it."""
        return f"{self.schema}.{self.name}"

    @property
    def is_stored(self) -> bool:
        """Whether its rows lie in the build, so that they can be checked there."""
        return not self.is_view and not self.is_passing

    @property
    def comment(self) -> str:
        """What the database says about the table: meaning, grain, warnings."""
        return "\n".join(
            [self.meaning, f"Grain: {', '.join(self.grain)}.", *(f"Warning: {text}" for text in self.warnings)]
        )


def load(folder: Path) -> dict[str, Table]:
    """Read every table under `sql/`, by full name. Raises UsageError that names the file for a header that breaks the rules."""
    paths = [path for schema in SCHEMAS for path in sorted((folder / schema).glob("*.sql"))]
    if not paths:
        raise UsageError(f"There is no SQL under {folder}.")
    tables = [_read(path) for path in paths]
    return {table.full_name: table for table in tables}


def header(path: Path) -> tuple[dict[str, Any], str]:
    """Split a SQL file into its header and its bare SELECT."""
    match = _HEADER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise UsageError(f"{path} does not open with a header comment (/* meaning: ... */).")
    try:
        parsed = yaml.load(match["header"], Loader=_LOADER)
    except yaml.YAMLError as error:
        raise UsageError(f"The header of {path} is not YAML: {error}") from error
    if not isinstance(parsed, dict):
        raise UsageError(f"The header of {path} is not a mapping of meaning, grain, columns.")
    return parsed, match["body"].strip().rstrip(";")


def _read(path: Path) -> Table:
    parsed, body = header(path)
    missing, unknown = _REQUIRED - parsed.keys(), parsed.keys() - _ALLOWED
    if missing or unknown:
        raise UsageError(
            f"The header of {path} lacks {sorted(missing) or 'nothing'} and has unknown {sorted(unknown) or 'nothing'}."
        )
    columns = {name: str(text) for name, text in parsed["columns"].items()}
    grain = tuple(parsed["grain"])
    if strangers := [name for name in grain if name not in columns]:
        raise UsageError(f"The grain of {path} names columns that it does not describe: {strangers}.")
    types = {name: str(kind) for name, kind in (parsed.get("types") or {}).items()}
    per = parsed.get("per", "build")
    is_passing = parsed.get("kind") == "passing"
    is_typed = per in ("snapshot", "hop")
    if per not in PER or is_typed != bool(types) or (types and list(types) != list(columns)):
        raise UsageError(
            f"The header of {path}: per is one of {', '.join(PER)}; per snapshot or hop, and only then, `types` names each column's type."
        )
    return Table(
        schema=path.parent.name,
        name=path.stem,
        path=path,
        meaning=str(parsed["meaning"]).strip(),
        grain=grain,
        columns=columns,
        warnings=tuple(map(str, parsed.get("warnings") or ())),
        checks=tuple(item for check in parsed.get("checks") or () for item in check.items()),
        is_view=parsed.get("kind") == "view" or (per == "snapshot" and not is_passing),
        is_passing=is_passing,
        per=per,
        through=parsed.get("through"),
        types=types,
        body=body,
    )
