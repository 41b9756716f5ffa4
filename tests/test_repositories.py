"""The round of GitHub's repositories through the real client: by which number each goes on, and what a bad answer costs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from dagster_project import captures, keeping, overview, pipeline
from dagster_project.cli import main
from dagster_project.cli.github import github_of_run
from dagster_project.errors import DamagedDataError, GateError, PauseError, RefusedError, SourceError
from dagster_project.rehearsal.faults import FOR_EVER, HTML, Fault
from dagster_project.rehearsal.github.accounts import RENAMED_LABS
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.world.world import LABS
from dagster_project.settings import Settings
from dagster_project.snapshots import seal
from dagster_project.sources import repositories
from dagster_project.sources.repositories import last_complete_week
from tests.github_home import BEGIN, DAY, NOW, NOWHERE, OLD, ONCE, WEEK, Home, id_of, killed_after, name_at, quiet
from tests.rehearsal.github_cases import SECOND, WORLD, planted

GRAPHQL = "^/graphql$"
NOWHERE_NAME = "rehearsal-aurelon/was-never-there"
SOME = quiet(5)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Everything in the first week, and again after all that is planted has happened."""
    with GitHubService(WORLD, now=NOW) as github:
        home = Home(tmp_path_factory.mktemp("seen"), github)
        home.register([NOWHERE_NAME, *(name_at(n, BEGIN) for n in OLD)], [lab.slug for lab in LABS])
        home.first, home.last = home.repositories(BEGIN), home.repositories(NOW)
        yield home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home whose registry names five quiet repositories."""
    with GitHubService(WORLD, now=NOW) as github:
        home = Home(tmp_path, github)
        home.register([name_at(n, NOW) for n in SOME])
        yield home


def test_a_repository_renamed_twice_goes_on_under_its_number(seen: Home) -> None:
    number = planted("renamed_twice")
    before, after = seen.rows(BEGIN)[id_of(number)], seen.rows()[id_of(number)]
    assert before["repo_name"] == before["asked_name"] == after["asked_name"] == name_at(number, BEGIN)
    assert after["repo_name"] == name_at(number, NOW) != before["repo_name"]


def test_a_name_that_somebody_else_took_means_the_number_that_had_it_first(seen: Home) -> None:
    left, taker = planted("name_left"), planted("name_taken")
    rows = seen.rows()
    assert name_at(left, BEGIN) == name_at(taker, NOW) != name_at(left, NOW)
    assert (rows[id_of(left)]["repo_name"], rows[id_of(left)]["asked_name"]) == (
        name_at(left, NOW),
        name_at(left, BEGIN),
    )
    assert id_of(taker) not in rows or rows[id_of(taker)]["asked_name"] is None


@pytest.mark.parametrize(("plant", "state"), [("deleted", "gone"), ("dmca", "blocked"), ("blocked", "blocked")])
def test_what_vanished_leaves_a_tombstone_without_counters(seen: Home, plant: str, state: str) -> None:
    number = next(n for n in OLD if WORLD.facts(n).plant == plant and WORLD.facts(n).moment > BEGIN.timestamp())
    assert seen.rows(BEGIN)[id_of(number)]["state"] == "there"
    row = seen.rows()[id_of(number)]
    assert (row["state"], row["asked_name"]) == (state, name_at(number, BEGIN))
    empty = set(row) - {
        "repo_id",
        "repo_name",
        "asked_name",
        "state",
        "observed_at",
        "observed_on",
        "source",
        "page",
        "position",
    }
    assert {row[column] for column in empty} == {None}
    assert f"{name_at(number, BEGIN)}: {state}" in [str(one) for one in seen.last.missing]


def test_counters_are_those_of_the_world(seen: Home) -> None:
    since, until = (int(moment.timestamp()) for moment in last_complete_week(NOW))
    rows = seen.rows()
    for number in OLD:
        repo, row = WORLD.repo(number, SECOND), rows.get(id_of(number))
        if repo is None or row is None or row["state"] != "there":
            continue
        releases = WORLD.releases(number, SECOND)
        counted = ("stargazers_count", "forks_count", "watchers_count", "releases_total", "is_archived", "is_fork")
        assert [row[name] for name in counted] == [
            repo.stars, repo.forks, repo.watchers, len(releases), repo.is_archived, repo.is_fork,
        ]  # fmt: skip
        assert row["commits_total"] == len(WORLD.commits(number, 0, SECOND + 1))
        assert row["commits_last_week"] == len(WORLD.commits(number, since, until + 1))
        assert (row["issues_total"], row["pulls_total"]) == (
            repo.open_issues + repo.closed_issues,
            repo.open_pulls + repo.closed_pulls,
        )
        newest = datetime.fromtimestamp(releases[0].published, UTC).replace(tzinfo=None) if releases else None
        assert row["latest_release_at"] == newest


def starred_of(lab: int) -> set[int]:
    """Give the repositories of a lab that its organisation lists now with 100 stars."""
    owned = [n for n in range(WORLD.repos) if is_open(n) and WORLD.owner_at(n, SECOND) == lab]
    return {id_of(n) for n in owned if WORLD.repo(n, SECOND).stars >= 100}


def test_organisations_bring_what_the_registry_does_not_name_from_a_hundred_stars(home: Home) -> None:
    named = {id_of(n) for n in SOME}
    steady = [lab for lab in range(len(LABS)) if lab not in RENAMED_LABS]
    home.register([name_at(n, NOW) for n in SOME], [LABS[lab].slug for lab in steady])
    home.repositories()
    ours = set().union(*map(starred_of, steady))
    assert {row["repo_id"] for row in home.rows().values() if row["asked_name"] is None} == ours - named != set()


def test_an_organisation_is_listed_under_its_new_login_and_nobody_else_under_its_old_one(home: Home) -> None:
    renamed = next(iter(RENAMED_LABS))
    one = next(n for n in OLD if id_of(n) in starred_of(renamed))
    home.register([name_at(one, BEGIN)])
    home.repositories(BEGIN)
    home.register([name_at(one, BEGIN)], [LABS[renamed].slug])
    taken = {"databaseId": id_of(SOME[0]), "nameWithOwner": name_at(SOME[0], NOW), "stargazerCount": 500}
    listed = {"nodes": [taken], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    squatted = {"data": {"organization": {"databaseId": 1, "repositories": listed}}}
    home.strike(Fault(method="POST", path=GRAPHQL, action="body", body=json.dumps(squatted)))
    found = home.repositories(NOW - WEEK)
    assert ([one.what for one in found.missing], found.asked) == ([LABS[renamed].slug], 1)
    assert home.repositories(NOW).missing == (), "the organisation is there, under the login that its repository told"


def test_what_an_organisation_makes_anew_under_a_registered_name_is_found_beside_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repositories, "LEAST_STARS", 10)
    left, taker = planted("name_left"), planted("name_taken")
    home.register([name_at(left, BEGIN)], [name_at(left, BEGIN).split("/")[0]])
    home.repositories(BEGIN)
    home.repositories(NOW)
    rows = home.rows()
    assert (rows[id_of(left)]["asked_name"], rows[id_of(taker)]["asked_name"]) == (name_at(left, BEGIN), None)
    assert rows[id_of(taker)]["repo_name"] == name_at(left, BEGIN)


def test_a_name_that_leads_nowhere_is_quarantined_and_said(seen: Home) -> None:
    assert seen.first.seal.quarantined == 1 + sum(
        one.what != NOWHERE_NAME and "was never seen" in one.reason for one in seen.first.missing
    )
    (path,) = seen.path.glob(f"raw/github/{BEGIN:%Y-%m-%d}/*/quarantine/*.parquet")
    kept = pl.read_parquet(path).filter(pl.col("record") == NOWHERE_NAME.encode())
    assert kept["reason"].to_list() == ["gone, and was never seen, so it has no number"]
    assert NOWHERE_NAME in [one.what for one in seen.last.missing]
    assert "a name of the registry: gone, and was never seen, so it has no number" in seen.told("captured")["missing"]


def test_of_an_owner_who_is_a_person_only_the_number_is_kept(seen: Home) -> None:
    people = [row for row in seen.rows().values() if row["owner_type"] == "User"]
    assert people
    assert all(row["owner_login"] is None and row["owner_id"] for row in people)
    kept = "".join(gzip.decompress(page.read_bytes()).decode() for page in seen.path.glob("raw/github/*/*/*.gz"))
    assert "stargazers(" not in kept
    assert "avatar" not in kept
    assert f'"owner_login":"{people[0]["repo_name"].split("/")[0]}"' not in kept


def test_a_week_is_asked_for_once(seen: Home) -> None:
    seen.github.log.clear()
    again, later = seen.repositories(NOW), seen.repositories(NOW + DAY)
    assert (again.asked, later.asked, seen.asked()) == (0, 0, [])
    assert again.seal.is_complete


def test_every_byte_is_verified_and_a_lost_table_comes_back_from_its_pages(seen: Home) -> None:
    (path,) = seen.path.glob(f"snapshots/github/repositories/{NOW:%Y-%m-%d}.parquet")
    before = path.read_bytes()
    path.write_bytes(before[:-1])
    assert pipeline.verify(seen.settings()).troubles
    assert [mended.origin for mended in keeping.mend(seen.settings()).mended] == ["pages"]
    assert path.read_bytes() == before
    assert not pipeline.verify(seen.settings()).troubles


def test_F24_a_damaged_seal_of_the_same_day_keeps_its_table(home: Home) -> None:
    home.repositories()
    (seal,) = home.path.glob("raw/github/*/*/SEALED")
    whole, table = seal.read_bytes(), home.table("github")
    seal.write_bytes(whole[:-5])
    with pytest.raises(DamagedDataError, match="SEALED"):
        home.repositories(NOW + timedelta(hours=1))
    assert home.table("github").equals(table)
    assert home.repositories(NOW + DAY).asked == len(SOME), "it costs no other day"
    seal.write_bytes(whole)
    assert not pipeline.verify(home.settings()).troubles


def test_F32_a_clock_set_back_to_a_sealed_day_keeps_that_days_table(home: Home) -> None:
    lost = Fault(method="POST", path=GRAPHQL, action="partial", row=0, value="RESOURCE_LIMITS_EXCEEDED", times=2)
    for day in (NOW, NOW + DAY):
        home.strike(lost)
        home.repositories(day)
        home.github.clear_faults()
    assert home.table("github").height == 4
    home.github.log.clear()
    assert (home.repositories(NOW).asked, home.asked()) == (0, [])
    assert home.table("github").height == 4
    assert not pipeline.verify(home.settings()).troubles


@dataclass(frozen=True)
class Ticking(Settings):
    """An installation whose clock, and GitHub's with it, moves on by a minute whenever it is read."""

    github: GitHubService = field(kw_only=True)

    def now(self) -> datetime:
        self.github.set_now(self.github.now() + timedelta(minutes=1))
        return self.github.now()


def test_F32_a_round_that_begins_on_sunday_tells_of_the_week_before_sunday_to_its_end(home: Home) -> None:
    home.register([name_at(n, NOW) for n in OLD])
    sunday_night = datetime(2026, 2, 15, 23, 50, tzinfo=UTC)
    home.github.set_now(sunday_night)
    github = home.github
    settings = Ticking(home.path, NOWHERE, github_api_url=github.url, github_token="x", github=github)
    captures.capture_repositories(settings, limits=ONCE)
    rows = home.rows(sunday_night)
    after_midnight = {id_: row for id_, row in rows.items() if row["observed_at"].date() > sunday_night.date()}
    assert 0 < len(after_midnight) < len(rows)
    since, until = (int(datetime(2026, 2, day, tzinfo=UTC).timestamp()) for day in (2, 9))
    for number in (n for n in OLD if id_of(n) in after_midnight):
        assert rows[id_of(number)]["commits_last_week"] in {None, len(WORLD.commits(number, since, until))}


# Bad answers, each on five quiet repositories


def test_what_an_organisation_protects_is_said_and_costs_no_other(home: Home) -> None:
    home.register([name_at(n, NOW) for n in quiet(8)])
    hidden = [Fault(method="POST", path=GRAPHQL, action="partial", row=row, value="FORBIDDEN") for row in range(6)]
    said = '{"message":"Resource protected by organization SAML enforcement."}'
    home.strike(*hidden, Fault(path="^/repos/", action="reply", status=403, body=said, times=6))
    found = home.repositories()
    assert [one.reason for one in found.missing] == ["HTTP 403"] * 6
    assert (found.seal.loaded, found.seal.quarantined, found.seal.is_complete) == (2, 6, False)


def test_partial_graphql_costs_only_another_question(home: Home) -> None:
    home.strike("graphql-partial")
    found = home.repositories()
    assert (found.missing, home.table("github").height) == ((), 5)
    assert len(home.asked("/graphql")) == 2


def test_a_repository_that_stays_lost_is_said_and_costs_no_other(home: Home) -> None:
    home.strike(Fault(method="POST", path=GRAPHQL, action="partial", row=0, value="RESOURCE_LIMITS_EXCEEDED", times=2))
    found = home.repositories()
    first = sorted(name_at(n, NOW) for n in SOME)[0]
    assert [one.what for one in found.missing] == [first]
    assert (found.seal.loaded, found.seal.quarantined, found.seal.is_complete) == (4, 1, False)
    for day, is_due in ((NOW, True), (NOW + DAY, False)):
        later = home.repositories(day)
        home.stars(day)
        captures.capture_people(home.settings(day), limits=ONCE)
        assert overview.is_github_due(home.settings(day + DAY)) == is_due
    assert later.seal.loaded == 1, "the next day asks for it again"


@pytest.mark.parametrize("status", [502, 504])
def test_a_batch_too_large_for_github_is_halved(home: Home, status: int) -> None:
    home.strike(Fault(method="POST", path=GRAPHQL, action="reply", status=status, body=HTML, times=2))
    assert home.repositories().missing == ()
    assert home.table("github").height == 5


@pytest.mark.parametrize("body", [HTML, '{"data": {"r0"', '["a list"]', "{}"])
def test_html_truncated_json_and_other_shapes_are_never_a_repository(home: Home, body: str) -> None:
    home.strike(Fault(method="POST", path=GRAPHQL, action="body", body=body, times=FOR_EVER))
    with pytest.raises(SourceError, match="5 bad answers in a row"):
        home.repositories()
    assert not list(home.path.glob("snapshots/github/*/*"))


def test_a_revoked_token_stops_and_the_next_one_goes_on(home: Home) -> None:
    home.register([name_at(n, NOW) for n in OLD])
    bad = Fault(method="POST", path=GRAPHQL, action="reply", status=401, body='{"message":"Bad credentials"}', nth=2)
    home.strike(bad)
    with pytest.raises(SourceError, match=r"GITHUB_TOKEN.*50 answers are safe"):
        home.repositories()
    home.github.log.clear()
    home.repositories()
    assert len(home.asked("/graphql")) == 2, "the third batch and the second"
    assert home.table("github").height == len(
        [n for n in OLD if (repo := WORLD.repo(n, SECOND)) and repo.access == "open"]
    )


def test_a_used_up_hour_pauses_with_its_end_and_is_no_hour_of_sleep(home: Home) -> None:
    home.strike(Fault(method="POST", path=GRAPHQL, action="primary_limit", seconds=1_800))
    with pytest.raises(PauseError) as caught:
        home.repositories()
    assert abs((caught.value.resume_at - NOW).total_seconds() - 1_800) < 3
    assert home.told("paused")["source"] == "github"


def test_a_killed_round_goes_on_to_the_same_table(home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    whole = Home(tmp_path_factory.mktemp("whole"), home.github)
    for one in (home, whole):
        one.register([NOWHERE_NAME, *(name_at(n, NOW) for n in OLD)], [LABS[0].slug])
    undisturbed = whole.repositories()
    with pytest.raises(KeyboardInterrupt):
        home.repositories(on_page=killed_after(1))
    assert home.repositories().missing == undisturbed.missing != ()
    (path,) = home.path.glob("snapshots/github/*/*")
    assert path.read_bytes() == (whole.path / path.relative_to(home.path)).read_bytes()


def test_what_a_run_of_yesterday_left_is_sealed_as_it_is_and_the_rest_asked_today(home: Home) -> None:
    home.register([name_at(n, NOW) for n in OLD])
    with pytest.raises(KeyboardInterrupt):
        home.repositories(NOW - DAY, on_page=killed_after(1))
    home.repositories(NOW)
    before, after = (set(home.table("github", day)["repo_id"]) for day in (NOW - DAY, NOW))
    assert not before & after
    assert before | after == {id_of(n) for n in OLD if is_open(n)}


def test_without_a_token_a_sample_says_that_it_is_one(home: Home) -> None:
    home.register([name_at(n, NOW) for n in OLD])
    said: list[str] = []
    found = home.repositories(token=None, say=said.append)
    assert found.is_sample
    assert (len(home.asked()), found.requests <= 60, found.not_asked) == (50, True, len(OLD) - 50)
    assert "SAMPLE" in said[-1]
    (path,) = home.path.glob("snapshots/*/*/*")
    assert path.relative_to(home.path).parts[1:3] == ("github_sample", "sampled_repositories")
    assert (found.seal.source, found.seal.is_complete, home.told("captured")["is_sample"]) == (
        "github_sample",
        False,
        True,
    )
    home.github.log.clear()
    assert home.repositories(NOW + DAY, token=None).asked == 0
    assert set(pl.read_parquet(path)["repo_id"]) == {
        id_of(n) for n in OLD if name_at(n, NOW) in home_sample(home) and is_open(n)
    }


def home_sample(home: Home) -> list[str]:
    return sorted(name_at(n, NOW) for n in OLD)[:50]


def is_open(number: int) -> bool:
    repo = WORLD.repo(number, SECOND)
    return repo is not None and repo.access == "open"


def test_repositories_that_vanish_all_at_once_are_not_believed_without_a_signature(home: Home) -> None:
    home.register([name_at(n, BEGIN) for n in quiet(24)])
    home.repositories(BEGIN)
    rest = Fault(path="/repositories/", action="reply", status=404, body='{"message":"Not Found"}', times=12)
    errors = [{"type": "NOT_FOUND", "path": [f"r{n}"]} for n in range(24)]
    absent = {"data": {f"r{n}": None for n in range(24)}, "errors": errors}
    gone = Fault(method="POST", path=GRAPHQL, action="body", body=json.dumps(absent))
    home.strike(gone, rest)
    with pytest.raises(GateError, match=r"12 of 24 .* all at once") as caught:
        home.repositories(BEGIN + WEEK)
    assert "--sign-off" in str(caught.value)
    assert not list(home.path.glob(f"snapshots/github/*/{BEGIN + WEEK:%Y-%m-%d}*"))
    home.github.clear_faults()
    later = home.repositories(BEGIN + WEEK + DAY)
    assert (later.asked, later.seal.loaded, set(home.table("github", BEGIN + WEEK + DAY)["state"])) == (
        24,
        24,
        {"there"},
    )
    home.strike(gone, rest)
    signed = home.repositories(BEGIN + 2 * WEEK, sign_off="Ada: they were withdrawn")
    assert (signed.seal.sign_off, home.told("sealed")["sign_off"]) == ("Ada: they were withdrawn",) * 2


def test_repositories_that_wait_for_a_signature_cost_a_run_neither_stars_nor_people(home: Home) -> None:
    home.register([name_at(n, BEGIN) for n in quiet(10)])
    home.repositories(BEGIN)
    absent = {"data": {}, "errors": [{"type": "NOT_FOUND", "path": [f"r{n}"]} for n in range(10)]}
    gone = Fault(method="POST", path=GRAPHQL, action="body", body=json.dumps(absent))
    home.strike(
        gone, Fault(path="/repositories/", action="reply", status=404, body='{"message":"Not Found"}', times=10)
    )
    found = github_of_run(home.settings(BEGIN + WEEK))
    assert found is not None
    assert (found["repositories"], found["stars"]["asked"], found["people"]["readings"] > 0) == (None, 10, True)


def test_who_wishes_to_be_forgotten_is_in_no_file_and_not_asked_for_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a large table, which is written in more parts than one.
    monkeypatch.setattr(seal, "BATCH_ROWS", 2)
    number = next(n for n in OLD if WORLD.owner_at(n, SECOND) < 0 and not WORLD.facts(n).plant)
    login = name_at(number, NOW).split("/")[0]
    home.register([f"{login}/was-never-there", *(name_at(n, NOW) for n in (number, *SOME))])
    home.repositories()
    home.stars()
    home.register([name_at(n, NOW) for n in SOME])
    keeping.erase(home.settings(), login, reason="asked by mail")
    for path in (file for file in home.path.rglob("*") if file.is_file()):
        content = path.read_bytes()
        assert login.encode() not in (gzip.decompress(content) if path.suffix == ".gz" else content), path
    row = home.rows()[id_of(number)]
    assert (row["repo_name"], row["stargazers_count"]) == (f"erased/{id_of(number)}", WORLD.repo(number, SECOND).stars)
    assert not pipeline.verify(home.settings()).troubles
    next(home.path.glob("snapshots/github/repositories/*")).unlink()
    assert [mended.origin for mended in keeping.mend(home.settings()).mended] == ["pages"]
    home.github.log.clear()
    assert home.repositories(NOW + WEEK).asked == home.stars(NOW + WEEK).asked == len(SOME)
    assert not home.asked(f"/repositories/{id_of(number)}")


def said_by(home: Home, *arguments: str, token: str = "ghp_canary0123") -> Result:
    environment = {
        "LEADERSHIFT_HOME": str(home.path),
        "HF_ENDPOINT": NOWHERE,
        "GITHUB_API_URL": home.github.url,
        "GITHUB_TOKEN": token,
        "LEADERSHIFT_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
    }
    return CliRunner().invoke(main, arguments, env=environment)


def test_the_command_says_what_it_captured_and_what_is_missing_in_words_and_json(home: Home) -> None:
    home.register([NOWHERE_NAME, *(name_at(n, NOW) for n in SOME)])
    struck = id_of(SOME[2])
    home.strike(Fault(path=f"/repositories/{struck}/stargazers", action="reply", status=404, times=FOR_EVER))
    said = json.loads(said_by(home, "capture", "--source", "github", "--json").stdout)
    assert (said["repositories"]["loaded"], said["stars"]["asked"]) == (5, 5)
    assert said["repositories"]["missing"] == [
        {"what": NOWHERE_NAME, "reason": "gone, and was never seen, so it has no number"}
    ]
    assert said["stars"]["missing"] == [{"what": f"{struck}", "reason": "stars, page 1: HTTP 404"}]
    again = said_by(home, "capture", "--source", "github")
    assert "no repository is due" in again.stdout
    status = json.loads(said_by(home, "status", "--json").stdout)["github"]
    assert (status["repositories_on"], status["unfinished_stars"], len(status["missing"])) == (f"{NOW:%Y-%m-%d}", 0, 2)
    assert "GITHUB_TOKEN is set" in said_by(home, "doctor").stdout
    assert "no repositories, stars or people" in said_by(home, "doctor", token="").stdout


def test_F44_the_token_is_in_no_file_and_no_message(home: Home) -> None:
    said = said_by(home, "capture", "--source", "github")
    home.strike(Fault(method="POST", path=GRAPHQL, action="reply", status=401, body="ghp", times=FOR_EVER))
    home.register([name_at(n, NOW) for n in OLD])
    refused = said_by(Home(home.path / "other", home.github), "capture", "--source", "github")
    assert (refused.exit_code, "HTTP 401" in refused.output) == (SourceError.exit_code, True)
    for path in (file for file in home.path.rglob("*") if file.is_file()):
        content = path.read_bytes()
        assert b"ghp_canary0123" not in (gzip.decompress(content) if path.suffix == ".gz" else content), path
    assert "ghp_canary0123" not in said.output + refused.output + said.stderr + refused.stderr


def test_the_pretend_github_and_the_real_one_never_share_a_home(home: Home) -> None:
    home.repositories(NOW - WEEK)
    real = Settings(home.path, hf_endpoint="https://huggingface.co", github_token="x")
    with pytest.raises(RefusedError, match="needs a home of its own"):
        captures.capture_repositories(real)
