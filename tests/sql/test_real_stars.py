"""Real repositories through the real client and these tables: four Mondays of early 2025, in which llama.cpp changed its owner."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import captures
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.github.tables import load_github_tables
from dagster_project.settings import Settings

from .history import History, model

pytestmark = pytest.mark.real

MONDAYS = [date(2025, 2, 3) + timedelta(days=7 * week) for week in range(4)]
OLD, NEW = "ggerganov/llama.cpp", "ggml-org/llama.cpp"
NAMES = [OLD, "huggingface/transformers", "pytorch/pytorch"]
ORIGIN = "2025-01-01,,2025-01-01,low,general knowledge"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def history(real_samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    folder = tmp_path_factory.mktemp("real_stars")
    made = History(folder / "home", registry=folder / "home/registry")
    rows = "".join(f"{name},,community,framework,{ORIGIN}\n" for name in NAMES)
    made.write_registry(
        repositories=f"repo_name,lab,kind,why,known_from,source_url,read_on,confidence,note\n{rows}",
        github_owners=f"github_login,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note\nggml-org,ggml,,,{ORIGIN}\n",
        labs=f"lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note\nggml,ggml,,BG,company,,,{ORIGIN}\n",
        namespaces=f"namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note\nggml-org,ggml,,,{ORIGIN}\n",
    )
    source = load_github_tables(real_samples / "gh_ranking")
    moments = [datetime.combine(day, time(2), UTC) for day in MONDAYS]
    with GitHubService(source, now=moments[0]) as github:
        for moment in moments:
            github.clock.set(moment)
            settings = Settings(
                home=made.home,
                hf_endpoint=NOWHERE,
                github_api_url=github.url,
                github_token="real",
                pretended_now=moment,
            )
            captures.capture_repositories(settings)
            captures.capture_stars(settings)
    made.day(MONDAYS[-1], model("a"))
    yield made.build()


def test_a_repository_that_changed_hands_is_one(history: History) -> None:
    rows = history.rows(
        f"select * from core.repository_names where repo_name in ('{OLD}', '{NEW}') order by first_seen_on"
    )
    assert [row["repo_name"] for row in rows] == [OLD, NEW]
    assert len({row["repo_id"] for row in rows}) == 1
    (known,) = history.rows(f"select lab, country, is_named from core.repositories where repo_name = '{NEW}'")
    assert known == {"lab": "ggml", "country": "BG", "is_named": True}


def test_gains_lie_between_the_differences_that_were_observed(history: History, real_samples: Path) -> None:
    """The list was taken at some hour of each Monday, so that a week of ours lies in two of its weeks."""
    mondays = [MONDAYS[0] - timedelta(days=7), *MONDAYS]
    weekly = pl.read_parquet(real_samples / "gh_ranking" / "weekly.parquet").filter(
        pl.col("repo").is_in([OLD, NEW]) & pl.col("snapshot_date").is_in(mondays)
    )
    observed = [stars for _day, stars in sorted(weekly.select("snapshot_date", "stars").iter_rows())]
    differences = [after - before for before, after in itertools.pairwise(observed)]
    rows = history.rows(
        f"select * from marts.star_gain where repo_name = '{NEW}' and week >= '{MONDAYS[0]}' order by week"
    )
    assert [row["country"] for row in rows] == ["UNKNOWN", "UNKNOWN", "BG"]
    for row, around in zip(rows, itertools.pairwise(differences), strict=True):
        assert min(around) <= row["retained_gain"] <= max(around)
    # Of the stars counted on the last Monday, only those of its first two hours have no day yet.
    (told,) = history.rows(
        "select sum(days.retained) as kept, any_value(repositories.stargazers_count) as counted from core.star_days as days"
        f" inner join core.repositories as repositories using (repo_id) where repositories.repo_name = '{NEW}'"
    )
    assert 0 <= told["counted"] - told["kept"] <= max(differences) / 7
