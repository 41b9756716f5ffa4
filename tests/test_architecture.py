"""The rooms of the house: imports only point down, and each foreign library has one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LONGEST_FILES

PACKAGE = Path(__file__).resolve().parents[1] / "dagster_project"
MODULES = sorted(PACKAGE.rglob("*.py"))
# A module may import what lies on a lower floor, and within its own room.
FLOORS = [
    {"errors"},
    {"calendar"},
    {"settings"},
    {"sources", "snapshots", "geography", "statistics", "guard"},
    {"warehouse"},
    {"reports"},
    {
        "pipeline",
        "alerts",
        "asking",
        "captures",
        "crawl",
        "dagster_home",
        "gates",
        "imports",
        "keeping",
        "owners",
        "overview",
        "people",
        "quick",
        "repositories",
        "rounds",
        "stars",
    },
    {"defs", "cli", "rehearsal"},
    {"definitions"},
]
SIBLINGS_THAT_MEET = FLOORS[6]
DOORS = {
    "dagster": {"defs", "definitions"},
    "duckdb": {"warehouse", "statistics"},
    "great_expectations": {"warehouse/audit"},
    "sqlglot": {"warehouse/lineage"},
    "httpx2": {"sources", "guard"},
    "starlette": {"guard"},
    "uvicorn": {"guard"},
    "websockets": {"guard"},
    "huggingface_hub": {"sources"},
    "github": {"sources"},
    "papermill": {"reports"},
    "nbconvert": {"reports"},
    "altair": {"reports"},
    "graphql": {"rehearsal"},
    "click": {"cli"},
}
ENVIRONMENT_DOORS = {"settings", "cli"}


def room(path: Path) -> str:
    """Name the room of a module: its folder, or itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    """Find the floor of a room."""
    return next(level for level, rooms in enumerate(FLOORS) if name in rooms)


def imports(path: Path) -> Iterator[str]:
    """Give the dotted names a module imports, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_point_down(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return
    for name in imports(path):
        if not name.startswith("dagster_project."):
            continue
        there = name.split(".")[1]
        is_within = there == here or {here, there} <= SIBLINGS_THAT_MEET or (here == "cli" and there == "rehearsal")
        assert is_within or floor(there) < floor(here), f"{path.name} imports {name}, which lies above it or beside it"


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    users = {
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for path in MODULES
        for name in imports(path)
        if name == library or name.startswith(f"{library}.")
    }
    strangers = {user for user in users if user not in DOORS[library] and user.split("/")[0] not in DOORS[library]}
    assert not strangers


def test_the_pipeline_never_loads_the_rehearsal() -> None:
    users = [
        path.name
        for path in MODULES
        for name in imports(path)
        if ".rehearsal" in name and room(path) not in ("rehearsal", "cli")
    ]
    assert users == []


def attributes_of(path: Path, owners: set[str]) -> set[str]:
    """Give the attributes that a module takes from these names, as in os.environ."""
    nodes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id in owners}


def test_only_settings_reads_the_environment() -> None:
    readers = {room(path) for path in MODULES if attributes_of(path, {"os"}) & {"environ", "getenv"}}
    assert readers == ENVIRONMENT_DOORS


def test_nothing_reads_the_clock_deep_inside() -> None:
    clocks = {"now", "utcnow", "today"}
    readers = {
        path.relative_to(PACKAGE).as_posix() for path in MODULES if attributes_of(path, {"datetime", "date"}) & clocks
    }
    assert {name for name in readers if not name.startswith("rehearsal/")} == {"settings.py", "sources/pages.py"}


def test_the_test_files_that_begin_are_there() -> None:
    assert [name for name in LONGEST_FILES if not (PACKAGE.parent / name).is_file()] == []
