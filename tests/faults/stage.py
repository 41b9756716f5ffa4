"""A pretend Hub, a home, and the real command or the real capture between them: the stage of every fault test."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import polars as pl

from dagster_project import pipeline
from dagster_project.pipeline import Captured
from dagster_project.rehearsal.faults import CATALOGUE, Fault
from dagster_project.rehearsal.service import HubService, LogEntry, ServiceOptions, World, simulated
from dagster_project.settings import Settings
from dagster_project.sources.pages import Limits

NOW = datetime(2026, 10, 26, 2, tzinfo=UTC)
WORLD = World(47, 600, 3, date(2026, 10, 5))
PAGE_ROWS = 100
PAGES = "limit=1000"
CLOSING_PROBE = "direction=-1"
NOWHERE = "http://127.0.0.1:9"
SNAPSHOT = "snapshots/huggingface/models/2026-10-26.parquet"


def serve(**options: object) -> HubService:
    """Make a Hub of 600 models on 6 pages, whose clock stands still."""
    return HubService(simulated(WORLD), now=NOW, options=ServiceOptions(page_cap=PAGE_ROWS, **options))


def on_page(number: int, name: str, **changes: object) -> list[Fault]:
    """Give a script of the catalogue, aimed at one page of the list instead of the second request."""
    return [msgspec.structs.replace(fault, path=PAGES, nth=number, **changes) for fault in CATALOGUE[name]]


def run_command(*arguments: str, home: Path, hub_url: str = NOWHERE, **environment: str) -> subprocess.Popen[str]:
    """Start the real command in an environment of its own: no setting or token of whoever runs the tests gets in."""
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "LEADERSHIFT_HOME": str(home),
        "HF_ENDPOINT": hub_url,
        "GITHUB_API_URL": NOWHERE,
        "LEADERSHIFT_NOW": NOW.isoformat(),
        **environment,
    }
    command = [sys.executable, "-m", "dagster_project.cli", *arguments]
    return subprocess.Popen(
        command, env=given, cwd=home.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for a started command."""
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@dataclass
class Stage:
    """One home and one Hub."""

    home: Path
    hub: HubService
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the real command."""
        given = {"HF_ENDPOINT": self.hub.url, **self.environment, **environment}
        return run_command(*arguments, home=self.home, **given)

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the real command to its end."""
        return finished(self.start(*arguments, **environment))

    def capture(self, *, token: str | None = None, **limits: float) -> Captured:
        """Capture in this process."""
        settings = Settings(
            self.home, hf_endpoint=self.hub.url, github_api_url=NOWHERE, hf_token=token, pretended_now=NOW
        )
        return pipeline.capture(settings, limits=Limits(**limits))

    def asked(self, path: str = PAGES) -> list[LogEntry]:
        """Give the requests so far whose path has this in it."""
        return [entry for entry in self.hub.log if path in entry.path]

    def table(self) -> pl.DataFrame:
        """Read the sealed snapshot's rows."""
        return pl.read_parquet(self.home / SNAPSHOT)

    def snapshot_sha256(self) -> str:
        """Hash the sealed snapshot's Parquet."""
        return hashlib.sha256((self.home / SNAPSHOT).read_bytes()).hexdigest()


def is_one_message(result: subprocess.CompletedProcess[str], exit_code: int, *parts: str) -> bool:
    """Say whether a command ended as it should: its exit code, one message with these parts, no traceback."""
    assert result.returncode == exit_code, result.stderr
    assert "Traceback" not in result.stderr
    said = [line for line in result.stderr.splitlines() if line.startswith("leadershift: ")]
    assert len(said) == 1, result.stderr
    for part in parts:
        assert part in result.stderr
    return True


def files(folder: Path) -> Sequence[Path]:
    """Give every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
