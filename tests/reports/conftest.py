"""Two releases and their pages, made once: executing a notebook takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from reports_world import MONDAY, World, build_release

from dagster_project.calendar import Week
from dagster_project.reports.weekly import Page, write_weekly


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_release(tmp_path_factory.mktemp("clean") / "release.duckdb")


@pytest.fixture(scope="session")
def hostile_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = World(is_hostile=True, is_rehearsal=True, estimated=0.62)
    return build_release(tmp_path_factory.mktemp("hostile") / "release.duckdb", world)


@pytest.fixture(scope="session")
def page(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return write_weekly(release, None, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def hostile_page(hostile_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return write_weekly(hostile_release, Week(MONDAY), tmp_path_factory.mktemp("hostile-site"))
