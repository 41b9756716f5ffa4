"""Copies of the small rehearsal home, for everything between a sealed snapshot and a release."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.rehearsal.run import Rehearsed


@pytest.fixture
def copied(rehearsed: Rehearsed, tmp_path: Path) -> Callable[[], Path]:
    """Give a copy of the rehearsal's home that a test may damage."""

    def copy() -> Path:
        return Path(shutil.copytree(rehearsed.home, tmp_path / "home"))

    return copy
