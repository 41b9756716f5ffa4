"""Two releases and their pages, made once: executing notebooks takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from reports_world import World, build_release

from dagster_project.reports.page import Page, write_reports


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_release(tmp_path_factory.mktemp("clean") / "release.duckdb")


@pytest.fixture(scope="session")
def hostile_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = World(is_hostile=True, is_rehearsal=True, estimated=0.62)
    return build_release(tmp_path_factory.mktemp("hostile") / "release.duckdb", world)


@pytest.fixture(scope="session")
def pages(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    return write_reports(release, None, tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="session")
def page(pages: dict[str, Page]) -> Page:
    return pages["weekly"]


@pytest.fixture(scope="session")
def hostile_pages(hostile_release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    return write_reports(hostile_release, None, tmp_path_factory.mktemp("hostile-reports"))


@pytest.fixture(scope="session")
def hostile_page(hostile_pages: dict[str, Page]) -> Page:
    return hostile_pages["weekly"]
