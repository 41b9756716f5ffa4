"""A home in which the repositories of a pretend GitHub were captured, for the tests of what comes after."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from dagster_project.calendar import stamp
from dagster_project.rehearsal.github.world import GitHubWorld
from dagster_project.snapshots import seal
from dagster_project.snapshots.spool import Spool


def seal_repositories(home: Path, world: GitHubWorld, now: datetime, origin: str) -> None:
    """Seal the repositories that are open at a moment, with what the contributors' round reads of them."""
    second = int(now.timestamp())
    rows = []
    for number in range(world.repos):
        repo = world.repo(number, second)
        if repo is not None and repo.access == "open":
            rows.append(
                {
                    "repo_id": repo.id,
                    "repo_name": repo.full_name,
                    "asked_name": repo.full_name,
                    "owner_login": repo.owner.login if repo.owner.kind == "Organization" else None,
                    "owner_type": repo.owner.kind,
                    "state": "there",
                    "stargazers_count": repo.stars,
                }
            )
    attempt = Spool(home, "github", now.date(), 1)
    attempt.folder.mkdir(parents=True)
    table = pl.DataFrame(rows).with_columns(
        pl.lit("github").alias("source"),
        pl.lit(now.date()).alias("observed_on"),
        pl.lit(now.replace(tzinfo=None)).cast(pl.Datetime("us")).alias("observed_at"),
        pl.lit(0, pl.Int32).alias("page"),
        pl.int_range(pl.len(), dtype=pl.Int32).alias("position"),
    )
    counts = seal.write_table(
        attempt,
        [(table, pl.DataFrame(schema=seal.QUARANTINE_SCHEMA))],
        table="repositories",
        key="repo_id",
        rank=("page", "position"),
        observed_at=stamp(now),
    )
    seal.close(attempt, counts, status="sealed", is_complete=False, origin=origin, started_at=stamp(now), now=now)
