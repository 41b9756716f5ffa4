"""Tables of real repositories as a pretend GitHub: the clock, renames, stars between observations, the errors."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from github import UnknownObjectException

from dagster_project.errors import LeadershiftError
from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.github.tables import load_github_tables

from .github_cases import client, get, graphql

DAY = 86_400
CREATED = datetime(2026, 4, 1, 5, tzinfo=UTC)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def metadata(name, repo_id, **more):
    usual = {"description": "", "language": "Python", "topics": '["ai","agents"]', "createdAt": stamp(CREATED)}
    usual |= {"updatedAt": stamp(CREATED), "pushedAt": stamp(CREATED), "defaultBranch": None, "archived": False}
    usual |= {"disabled": False, "fork": False, "fetchedAt": stamp(CREATED + timedelta(days=30)), "homepageUrl": None}
    return {"githubId": repo_id, "fullName": name, **usual, **more}


def snapshots(folder, rows, seen):
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "repo_metadata.parquet")
    columns = ("snapshot_at", "repo", "stars", "forks", "open_issues")
    frame = pl.DataFrame(
        [(stamp(CREATED + timedelta(days=d)), *rest) for d, *rest in seen], schema=columns, orient="row"
    )
    frame.write_parquet(folder / "repo_timeseries.parquet")
    return load_github_tables(folder)


def rankings(folder, repos, seen):
    columns = {"repo": pl.String, "last_stars": pl.Int64, "first_seen": pl.Date, "last_seen": pl.Date}
    frame = pl.DataFrame(repos, schema=columns, orient="row").with_columns(description=pl.lit("x"), language=pl.lit(""))
    frame.write_parquet(folder / "repos.parquet")
    columns = ("snapshot_date", "repo", "stars", "forks", "open_issues")
    pl.DataFrame(seen, schema=columns, orient="row").write_parquet(folder / "weekly.parquet")
    return load_github_tables(folder)


@pytest.fixture
def young(tmp_path):
    """One repository, renamed after its second observation; it loses stars, then wins many."""
    rows = [
        metadata("ann/tool", 1_000_000_001),
        metadata("Bob/Tool", 1_000_000_001, fetchedAt=stamp(CREATED + timedelta(days=40)), description="new"),
        metadata("ann/other", 1_000_000_002, archived=True),
    ]
    seen = [
        (10, "ann/tool", 20, 2, 1),
        (12, "ann/tool", 26, 2, 1),
        (14, "Bob/Tool", 23, 3, 0),
        (14, "ann/other", 7, 0, 0),
        (20, "Bob/Tool", 83, 4, 5),
    ]
    return snapshots(tmp_path, rows, seen)


def at(days):
    return int((CREATED + timedelta(days=days)).timestamp())


def test_counts_are_those_last_observed(young):
    number, _ = young.find("ann", "tool", at(11))
    counts = {
        days: (young.repo(number, at(days)).stars, young.repo(number, at(days)).forks)
        for days in (0, 10, 11, 12, 15, 20, 99)
    }
    assert counts == {0: (20, 2), 10: (20, 2), 11: (20, 2), 12: (26, 2), 15: (23, 3), 20: (83, 4), 99: (83, 4)}
    assert young.repo(number, at(0) - 1) is None


def test_the_days_sum_up_and_a_fall_comes_from_the_newest(young):
    number = young.number(1_000_000_001)
    for days in (0, 5, 10, 11, 12, 13, 14, 19, 20, 50):
        first, kept = young.stars(number, at(days))
        assert sum(kept) == young.repo(number, at(days)).stars
        assert first == at(0) // DAY * DAY
        assert len(kept) == days + 1
        assert min(kept) >= 0
    assert young.stars(number, at(10))[1] == [0, *[2] * 10]
    assert young.stars(number, at(12))[1] == [0, *[2] * 10, 3, 3]
    assert young.stars(number, at(14))[1] == [0, *[2] * 10, 3, 0, 0, 0]
    assert young.stars(number, at(20))[1][-6:] == [10] * 6


def test_two_names_of_one_id_are_a_rename(young):
    number = young.number(1_000_000_001)
    assert young.find("ann", "tool", at(13)) == (number, False)
    assert young.find("bob", "tool", at(13)) is None
    assert young.find("bob", "tool", at(14)) == (number, False)
    assert young.find("ann", "tool", at(14)) == (number, True)
    with GitHubService(young, now=CREATED + timedelta(days=15)) as service:
        repo = client(service).get_repo("ann/tool")
        assert (repo.full_name, repo.id, repo.description, repo.topics) == (
            "Bob/Tool",
            1_000_000_001,
            "new",
            ["ai", "agents"],
        )
        assert (repo.stargazers_count, repo.open_issues_count, repo.default_branch) == (23, 0, "main")
        assert [one.full_name for one in client(service).get_organization("ann").get_repos()] == ["ann/other"]
        assert get(service, "/repos/ann/other")[2]["archived"] is True
        service.set_now(CREATED + timedelta(days=21))
        assert client(service).get_repo("bob/tool").stargazers_count == 83


def test_what_a_table_does_not_say_is_empty(young):
    with GitHubService(young, now=CREATED + timedelta(days=15)) as service:
        for tail in ("contributors?anon=1", "releases", "commits"):
            assert get(service, f"/repos/ann/other/{tail}")[::2] == (200, [])
        assert get(service, "/repos/ann/other/license")[0] == 404
        query = '{repository(owner:"ann",name:"other"){stargazerCount defaultBranchRef{target{oid}}}}'
        found = graphql(service, query)[2]["data"]["repository"]
        assert found == {"stargazerCount": 7, "defaultBranchRef": {"target": None}}


def test_rankings_join_names_that_go_on_where_others_end(tmp_path):
    monday = date(2024, 1, 1)
    weeks = [monday + timedelta(weeks=n) for n in range(12)]
    repos = [
        ("ann/tool", 1000, weeks[0], weeks[3]),
        ("bob/Tool", 1050, weeks[4], weeks[7]),
        ("eve/tool", 1200, weeks[8], weeks[11]),
        ("ann/lib", 500, weeks[0], weeks[3]),
        ("bob/lib", 900, weeks[4], weeks[7]),
        ("ann/late", 700, weeks[0], weeks[3]),
        ("bob/late", 700, weeks[9], weeks[11]),
    ]
    seen = [(weeks[n], "ann/tool", 970 + 10 * n, 1, 1) for n in range(4)]
    seen += [(weeks[n], "bob/Tool", 970 + 10 * n, 1, 1) for n in range(4, 8)]
    seen += [(weeks[n], "eve/tool", 970 + 10 * n, 1, 1) for n in range(8, 12)]
    seen += [(weeks[n], "ann/lib", 500, 1, 1) for n in range(4)] + [
        (weeks[n], "bob/lib", 900, 1, 1) for n in range(4, 8)
    ]
    seen += [(weeks[n], "ann/late", 700, 1, 1) for n in range(4)] + [
        (weeks[n], "bob/late", 700, 1, 1) for n in range(9, 12)
    ]
    tables = rankings(tmp_path, repos, seen)
    now = int(datetime(2024, 6, 1, tzinfo=UTC).timestamp())
    number, is_former = tables.find("ann", "tool", now)
    assert is_former
    assert tables.repo(number, now).full_name == "eve/tool"
    assert tables.find("bob", "tool", now) == (number, True)
    assert tables.repo(number, now).stars == 1080
    assert len(tables.ids) == 5
    for name in ("lib", "late"):
        found = [tables.find(owner, name, now) for owner in ("ann", "bob")]
        assert not any(is_former for _, is_former in found)
        assert found[0] != found[1]
    first, days = tables.stars(number, now)
    assert first == int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    assert (days[0], sum(days[1:8]), sum(days)) == (970, 10, 1080)
    with GitHubService(tables, now=datetime(2024, 2, 1, tzinfo=UTC), options=GitHubOptions()) as service:
        assert client(service).get_repo("ann/tool").full_name == "bob/Tool"
        with pytest.raises(UnknownObjectException):
            client(service).get_repo("eve/tool")


def test_missing_files_and_columns_are_a_sentence(tmp_path, young):
    with pytest.raises(
        LeadershiftError, match=r"repo_metadata\.parquet and repo_timeseries\.parquet or repos\.parquet"
    ):
        load_github_tables(tmp_path / "nowhere")
    frame = pl.read_parquet(tmp_path / "repo_metadata.parquet")
    frame.drop("githubId", "topics").write_parquet(tmp_path / "repo_metadata.parquet")
    with pytest.raises(
        LeadershiftError, match=r"repo_metadata\.parquet lacks the columns githubId, topics\. It has: fullName"
    ):
        load_github_tables(tmp_path)
    (tmp_path / "repo_metadata.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(LeadershiftError, match=r"repo_metadata\.parquet can't be read"):
        load_github_tables(tmp_path)
    (tmp_path / "repo_metadata.parquet").unlink()
    with pytest.raises(LeadershiftError, match=r"There is no file .*repo_metadata\.parquet"):
        load_github_tables(tmp_path)


@pytest.mark.real
def test_the_real_snapshots_are_served_week_by_week(real_samples):
    folder = real_samples / "gh_starscreener"
    tables = load_github_tables(folder)
    about = pl.read_parquet(folder / "repo_metadata.parquet")
    assert set(tables.ids) == set(about["githubId"])
    seen = pl.read_parquet(folder / "repo_timeseries.parquet").with_columns(
        pl.col("snapshot_at").str.to_datetime(time_zone="UTC")
    )
    name = seen.group_by("repo").agg(pl.col("stars").n_unique()).sort("stars", "repo")["repo"][-1]
    mine = seen.filter(pl.col("repo") == name).sort("snapshot_at")
    with GitHubService(tables, now=datetime(2026, 4, 20, tzinfo=UTC)) as service:
        for row in mine[:: max(1, len(mine) // 5)].iter_rows(named=True):
            service.set_now(row["snapshot_at"] + timedelta(seconds=1))
            repo = client(service).get_repo(name)
            assert (repo.stargazers_count, repo.forks_count) == (row["stars"], row["forks"])
            weeks, page = [], 1
            while rows := get(service, f"/repos/{name}/stargazers/history?page={page}")[2]:
                weeks, page = [*weeks, *rows], page + 1
            assert sum(week["total"] for week in weeks) == row["stars"]
    twice = about.filter(pl.col("githubId").is_duplicated()).sort("fetchedAt")["githubId"][0]
    now = datetime(2026, 6, 1, tzinfo=UTC)
    with GitHubService(tables, now=now) as service:
        names = about.filter(pl.col("githubId") == twice)["fullName"].to_list()
        assert {client(service).get_repo(one).id for one in names} == {twice}
        assert sorted(get(service, f"/repos/{one}")[0] for one in names) == [200, 301]


@pytest.mark.real
def test_the_real_rankings_know_the_known_rename(real_samples):
    folder = real_samples / "gh_ranking"
    tables = load_github_tables(folder)
    weekly = (
        pl.read_parquet(folder / "weekly.parquet").filter(pl.col("repo") == "ggml-org/llama.cpp").sort("snapshot_date")
    )
    now = datetime(2026, 8, 23, tzinfo=UTC)
    with GitHubService(tables, now=now) as service:
        repo = client(service).get_repo("ggerganov/llama.cpp")
        assert (repo.full_name, repo.stargazers_count) == ("ggml-org/llama.cpp", weekly["stars"][-1])
        service.set_now(datetime(2024, 7, 1, tzinfo=UTC))
        assert client(service).get_repo("ggerganov/llama.cpp").full_name == "ggerganov/llama.cpp"
    number = tables.find("ggml-org", "llama.cpp", int(now.timestamp()))[0]
    days = tables.stars(number, int(now.timestamp()))[1]
    assert sum(days) == weekly["stars"][-1]
    assert max(days[1:]) < 2_000, "the series goes on under the new name"
