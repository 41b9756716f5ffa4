"""A home in a rehearsal's hands: the pretend Hub, the world's own registry, the environment that Dagster's processes get."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from dagster_project import captures
from dagster_project.rehearsal.hub.service import HubService, World, simulated
from dagster_project.settings import Settings

NOWHERE = "http://127.0.0.1:9"
WORLD = World(47, 500, 3, date(2026, 11, 2))
SECRETS = ("HF_TOKEN", "GITHUB_TOKEN")


@dataclass
class House:
    """A home and the Hub it captures from. Its clock is the service's."""

    home: Path
    hub: HubService

    def settings(self) -> Settings:
        return Settings(self.home, self.hub.url, NOWHERE, pretended_now=self.hub.now())

    def capture(self) -> None:
        """Capture without Dagster, as the command line does."""
        captures.capture(self.settings())

    def environment(self) -> dict[str, str]:
        return {
            "LEADERSHIFT_HOME": str(self.home),
            "LEADERSHIFT_NOW": f"{self.hub.now():%Y-%m-%dT%H:%M:%SZ}",
            "HF_ENDPOINT": self.hub.url,
            "GITHUB_API_URL": NOWHERE,
        }


def build_house(home: Path, hub: HubService) -> House:
    (home / "registry").mkdir(parents=True)
    for name, text in WORLD.registry().items():
        (home / "registry" / name).write_text(text, encoding="utf-8")
    return House(home, hub)


def move_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process's environment point to a house, without a secret of whoever runs the tests."""
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    for name, value in house.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A home with nothing in it but its registry, in this very moment; this process's environment points to it."""
    # The module that Dagster loads knows the weeks up to the machine's clock, so the house lives by that clock too.
    with HubService(simulated(WORLD), now=datetime.now(UTC)) as hub:
        made = build_house(tmp_path / "home", hub)
        move_in(made, monkeypatch)
        yield made


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's memory, empty, on disk: a schedule's context takes no other."""
    folder = tmp_path / "dagster"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder), overrides={"telemetry": {"enabled": False}}) as made:
        yield made


def clean_environment() -> dict[str, str]:
    """This process's environment without what would lead to another home, another Dagster or the real Hub."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("LEADERSHIFT_", "DAGSTER_")) and k not in SECRETS}
