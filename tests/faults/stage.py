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
from click.testing import CliRunner

from dagster_project import captures
from dagster_project.captures import Captured
from dagster_project.cli import main
from dagster_project.rehearsal.faults import CATALOGUE, Fault
from dagster_project.rehearsal.hub.service import HubService, LogEntry, ServiceOptions, World, simulated
from dagster_project.settings import Settings
from dagster_project.sources.pages import Limits

NOW = datetime(2026, 10, 26, 2, tzinfo=UTC)
WORLD = World(47, 600, 3, date(2026, 10, 5))
PAGE_ROWS = 100
PAGES = "limit=1000"
CLOSING_PROBE = "direction=-1"
LONGEST_COMMAND_SECONDS = 240
ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"
SNAPSHOT = "snapshots/huggingface/models/2026-10-26.parquet"


def serve(**options: object) -> HubService:
    """Make a Hub of 600 models on 6 pages, whose clock stands still."""
    return HubService(simulated(WORLD), now=NOW, options=ServiceOptions(page_cap=PAGE_ROWS, **options))


def on_page(number: int, name: str, **changes: object) -> list[Fault]:
    """Give a script of the catalogue, aimed at one page of the list instead of the second request."""
    return [msgspec.structs.replace(fault, path=PAGES, nth=number, **changes) for fault in CATALOGUE[name]]


@dataclass
class Leadershift:
    """The command line at one home, in an environment of its own: no setting or token of whoever runs the tests gets in."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the real command."""
        return subprocess.Popen(
            [sys.executable, "-m", "dagster_project.cli", *arguments],
            # PYTHONPATH: the code beside these tests, not whichever is installed.
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home.parent),
                "PYTHONPATH": str(ROOT),
                **self._settings(environment),
            },
            cwd=self.home.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the real command to its end."""
        return finished(self.start(*arguments, **environment))

    def invoke(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the same command line in this process, fifty times as fast: for sentences and exit codes."""
        unset = dict.fromkeys(["HF_TOKEN", "GITHUB_TOKEN"])
        result = CliRunner().invoke(main, arguments, env={**unset, **self._settings(environment)})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)

    def _settings(self, environment: dict[str, str]) -> dict[str, str]:
        return {
            "LEADERSHIFT_HOME": str(self.home),
            "HF_ENDPOINT": NOWHERE,
            "GITHUB_API_URL": NOWHERE,
            "LEADERSHIFT_NOW": NOW.isoformat(),
            **self.environment,
            **environment,
        }


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for a started command; one that takes far too long is ended."""
    try:
        out, err = process.communicate(timeout=LONGEST_COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@dataclass
class Stage(Leadershift):
    """The command line at one home, and the Hub that it asks."""

    hub: HubService = field(kw_only=True)

    def __post_init__(self) -> None:
        self.environment = {"HF_ENDPOINT": self.hub.url, **self.environment}

    def settings(self, token: str | None = None) -> Settings:
        """Give what the pipeline itself wants to know."""
        return Settings(self.home, hf_endpoint=self.hub.url, github_api_url=NOWHERE, hf_token=token, pretended_now=NOW)

    def capture(self, *, token: str | None = None, **limits: float) -> Captured:
        """Capture in this process."""
        return captures.capture(self.settings(token), limits=Limits(**limits))

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
