"""The stage of each fault test, and clocks that need no waiting."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dagster_project import captures
from dagster_project.rehearsal.hub.service import HubService
from dagster_project.sources.pages import Transport
from tests.faults.stage import Stage, serve


@dataclass
class PretendWaits:
    """A clock that only sleeping moves."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def hub() -> Iterator[HubService]:
    with serve() as running:
        yield running


@pytest.fixture
def stage(hub: HubService, tmp_path: Path) -> Stage:
    return Stage(tmp_path / "home", hub=hub)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> PretendWaits:
    """Let captures in this process sleep in no time."""
    pretended = PretendWaits()
    patient = functools.partial(Transport, sleep=pretended.sleep, monotonic=lambda: pretended.seconds)
    monkeypatch.setattr(captures, "Transport", patient)
    return pretended


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A capture that nothing disturbed: what every disturbed one must come to."""
    with serve() as running:
        stage = Stage(tmp_path_factory.mktemp("undisturbed") / "home", hub=running)
        stage.capture()
        yield stage
