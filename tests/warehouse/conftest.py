"""A small rehearsal home, built once, for everything between a sealed snapshot and a release."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.rehearsal.run import Rehearsed, rehearse


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    return rehearse(tmp_path_factory.mktemp("rehearsal") / "home", models=600, weeks=4, say=lambda _text: None)


@pytest.fixture
def copied(rehearsed: Rehearsed, tmp_path: Path) -> Callable[[], Path]:
    """Give a copy of the rehearsal's home that a test may damage."""

    def copy() -> Path:
        return Path(shutil.copytree(rehearsed.home, tmp_path / "home"))

    return copy
