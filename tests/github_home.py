"""What the tests of GitHub's rounds share: a home with a registry, the pretend GitHub, and captures that wait for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project import captures
from dagster_project.rehearsal.faults import GITHUB_CATALOGUE, Fault
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.repositories import RepositoriesCaptured
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger
from dagster_project.sources.github_connection import Limits
from dagster_project.stars import StarsCaptured
from tests.rehearsal.github_cases import NOW, WORLD

NOWHERE = "http://127.0.0.1:9"
ONCE = Limits(patience_seconds=0, blind_patience_seconds=0, computing_seconds=0)
BEGIN = datetime.fromtimestamp(WORLD.start, NOW.tzinfo) + timedelta(days=1, hours=10)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
OLD = [number for number in range(WORLD.repos) if WORLD.facts(number).created < WORLD.start]
SOURCE = ",2020-01-01,,2020-01-01,low,made up"


def id_of(number: int) -> int:
    return WORLD.facts(number).id


def name_at(number: int, moment: datetime) -> str:
    return WORLD.full_name(number, int(moment.timestamp()))


def quiet(count: int) -> list[int]:
    """Give repositories with nothing planted, old enough for two pages of weeks and more."""
    old = [n for n in OLD if not WORLD.facts(n).plant and WORLD.start - WORLD.facts(n).created > 70 * 7 * 86_400]
    return old[:count]


@dataclass
class Home:
    """A home, and the GitHub that it asks."""

    path: Path
    github: GitHubService

    def settings(self, now: datetime = NOW, token: str | None = "x") -> Settings:
        self.github.set_now(now)
        return Settings(
            self.path, hf_endpoint=NOWHERE, github_api_url=self.github.url, github_token=token, pretended_now=now
        )

    def register(self, names: Sequence[str], logins: Sequence[str] = ()) -> None:
        folder = self.path / "registry"
        folder.mkdir(parents=True, exist_ok=True)
        rows = {
            "repositories": ("repo_name,lab,kind,why", [f"{name},,community,models{SOURCE}" for name in names]),
            "github_owners": ("github_login,lab,valid_from,valid_to", [f"{who},{who},,{SOURCE}" for who in logins]),
        }
        for file, (columns, lines) in rows.items():
            head = f"{columns},known_from,source_url,read_on,confidence,note"
            (folder / f"{file}.csv").write_text("\n".join([head, *sorted(lines)]) + "\n")

    def strike(self, *faults: Fault | str) -> None:
        for fault in faults:
            self.github.inject(GITHUB_CATALOGUE[fault] if isinstance(fault, str) else [fault])

    def repositories(self, now: datetime = NOW, token: str | None = "x", **more: Any) -> RepositoriesCaptured:
        return captures.capture_repositories(self.settings(now, token), **{"limits": ONCE, **more})

    def stars(self, now: datetime = NOW, **more: Any) -> StarsCaptured:
        return captures.capture_stars(self.settings(now), **{"limits": ONCE, **more})

    def table(self, source: str, day: datetime = NOW) -> pl.DataFrame:
        (path,) = self.path.glob(f"snapshots/{source}/*/{day:%Y-%m-%d}.parquet")
        return pl.read_parquet(path)

    def rows(self, day: datetime = NOW) -> dict[int, dict[str, Any]]:
        return {row["repo_id"]: row for row in self.table("github", day).to_dicts()}

    def told(self, event: str) -> dict[str, Any]:
        return next(line for line in reversed(ledger.read(self.path)) if line["event"] == event)

    def asked(self, part: str = "") -> list[str]:
        return [entry.path for entry in self.github.log if part in entry.path]


def killed_after(pages: int) -> Callable[[int], None]:
    """Give an on_page that ends the capture as a kill would, once so many bundles are safe."""
    left = pages

    def on_page(_rows: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    return on_page
