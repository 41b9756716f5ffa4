"""The rounds of GitHub through the real client: which repositories, by which number, what a bad answer or a kill can cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import pipeline
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.world.world import LABS
from dagster_project.settings import Settings
from dagster_project.sources.github import Limits
from tests.rehearsal.github_cases import NOW, WORLD

NOWHERE = "http://127.0.0.1:9"
ONCE = Limits(patience_seconds=0, blind_patience_seconds=0, computing_seconds=0)
BEGIN = datetime.fromtimestamp(WORLD.start, NOW.tzinfo) + timedelta(hours=10, days=1)
WEEK = timedelta(weeks=1)
OLD = [n for n in range(WORLD.repos) if WORLD.facts(n).created < WORLD.start]


def id_of(number: int) -> int:
    return WORLD.facts(number).id


@dataclass
class Home:
    """A home with a registry of a small GitHub, and that GitHub."""

    path: Path
    github: GitHubService

    def settings(self, now: datetime = NOW, token: str | None = "x") -> Settings:
        self.github.set_now(now)
        return Settings(
            self.path, hf_endpoint=NOWHERE, github_api_url=self.github.url, github_token=token, pretended_now=now
        )

    def repositories(self, now: datetime = NOW, **more):
        return pipeline.capture_repositories(self.settings(now), **{"limits": ONCE, **more})

    def stars(self, now: datetime = NOW, **more):
        return pipeline.capture_stars(self.settings(now), **{"limits": ONCE, **more})

    def table(self, source: str, table: str, day: datetime = NOW) -> pl.DataFrame:
        return pl.read_parquet(self.path / f"snapshots/{source}/{table}/{day:%Y-%m-%d}.parquet")

    def rows(self, day: datetime = NOW) -> dict[int, dict]:
        return {row["repo_id"]: row for row in self.table("github", "repositories", day).to_dicts()}


def write_registry(home: Path, names: list[str], logins: list[str]) -> None:
    folder = home / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    source = ",2020-01-01,,2020-01-01,low,made up"
    (folder / "repositories.csv").write_text(
        "repo_name,lab,kind,why,known_from,source_url,read_on,confidence,note\n"
        + "".join(f"{name},,community,models{source}\n" for name in sorted(names))
    )
    (folder / "github_owners.csv").write_text(
        "github_login,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note\n"
        + "".join(f"{login},{login},,{source}\n" for login in sorted(logins))
    )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with GitHubService(WORLD, now=NOW) as service:
        write_registry(tmp_path, [WORLD.full_name(n, WORLD.start) for n in OLD], [lab.slug for lab in LABS])
        yield Home(tmp_path, service)


def test_repositories(home: Home) -> None:
    found = home.repositories()

    rows = home.rows()

    stars = home.stars()
