"""The rounds of GitHub on real repositories, replayed over loopback: renames that happened, and lists that repositories left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.github.tables import load_github_tables
from tests.github_home import Home

pytestmark = pytest.mark.real

LLAMA, LLAMA_NOW = "ggerganov/llama.cpp", "ggml-org/llama.cpp"


def sealed(home: Home, source: str) -> pl.DataFrame:
    paths = sorted(home.path.glob(f"snapshots/{source}/*/*.parquet"))
    return pl.concat([pl.read_parquet(path) for path in paths])


def test_real_renames_stay_one_repository_with_one_history(real_samples: Path, tmp_path: Path) -> None:
    folder = real_samples / "gh_starscreener"
    about = pl.read_parquet(folder / "repo_metadata.parquet")
    renamed = about.filter(pl.col("githubId").is_duplicated())["githubId"].unique().sort().to_list()[:3]
    names = about.filter(pl.col("githubId").is_in(renamed))["fullName"].unique().sort().to_list()
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    with GitHubService(load_github_tables(folder), now=moment) as github:
        home = Home(tmp_path, github)
        home.register(names)
        found = home.repositories(moment)
        stars = home.stars(moment)
    rows = sealed(home, "github")
    assert sorted(rows["repo_id"]) == renamed
    assert len([one for one in found.missing if "names twice" in one.reason]) == len(names) - len(renamed)
    history = sealed(home, "github_stars").group_by("repo_id").agg(pl.col("retained").sum())
    counted = dict(rows.select("repo_id", "stargazers_count").iter_rows())
    assert {repo_id: total for repo_id, total in history.iter_rows() if counted[repo_id]} == {
        repo_id: count for repo_id, count in counted.items() if count
    }
    assert stars.unfinished == 0


def test_a_real_series_goes_on_through_a_rename_and_ends_where_its_repository_left_the_list(
    real_samples: Path, tmp_path: Path
) -> None:
    folder = real_samples / "gh_ranking"
    weekly = pl.read_parquet(folder / "weekly.parquet").with_columns(
        pl.col("snapshot_date").cast(pl.String).str.to_date()
    )
    last = weekly["snapshot_date"].max()
    spans = weekly.group_by("repo").agg(pl.col("snapshot_date").max().alias("last"), pl.len().alias("weeks"))
    left = spans.filter((pl.col("last") < last - timedelta(days=60 * 7)) & (pl.col("weeks") > 20)).sort("repo")["repo"][
        0
    ]
    before, now = datetime(2024, 7, 1, tzinfo=UTC), datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=1)
    with GitHubService(load_github_tables(folder), now=now) as github:
        home = Home(tmp_path, github)
        home.register([LLAMA, left])
        home.repositories(before)
        home.stars(before)
        home.repositories(now)
        home.stars(now)
    llama = sealed(home, "github").filter(pl.col("asked_name") == LLAMA).sort("observed_on")
    assert (llama["repo_name"].to_list(), llama["repo_id"].n_unique()) == ([LLAMA, LLAMA_NOW], 1)
    weeks = sealed(home, "github_stars").sort("observed_at").unique(["repo_id", "week_start"], keep="last")
    ours = weeks.filter(pl.col("repo_id") == llama["repo_id"][0]).sort("week_start")
    assert ours["week_start"].diff().drop_nulls().unique().to_list() == [timedelta(days=7)], "one series without a gap"
    assert ours["retained"].sum() == weekly.filter(pl.col("repo") == LLAMA_NOW).sort("snapshot_date")["stars"][-1]
    # Whoever leaves the list is not seen any more: what follows are no weeks without stars, but weeks that nobody saw.
    gone = sealed(home, "github").filter(pl.col("asked_name") == left).sort("observed_on")
    (end,) = spans.filter(pl.col("repo") == left)["last"]
    tail = weeks.filter((pl.col("repo_id") == gone["repo_id"][-1]) & (pl.col("week_start") > end))
    assert tail.height > 50
    assert tail["retained"].sum() == 0
