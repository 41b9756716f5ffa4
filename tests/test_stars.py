"""The round of the stars through the real client: whole histories by number, within budgets, whatever breaks in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import captures, keeping, pipeline
from dagster_project.errors import NothingYetError, PauseError, SourceError, UsageError
from dagster_project.rehearsal.faults import FOR_EVER, HTML, Fault
from dagster_project.rehearsal.github import truth
from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService
from tests.github_home import BEGIN, DAY, NOW, WEEK, Home, id_of, killed_after, name_at, quiet
from tests.rehearsal.github_cases import WORLD, planted

SOME = quiet(6)
HISTORY = "/stargazers/history"
DAYS = ["repo_id", "day"]
CONTENT = ["repo_id", "week_start", "retained", "days"]


def sealed(home: Home) -> pl.DataFrame:
    """Give every (repo, week) as the newest snapshot has it."""
    paths = sorted(home.path.glob("snapshots/github_stars/star_weeks/*"))
    return pl.concat(map(pl.read_parquet, paths)).sort("observed_at").unique(["repo_id", "week_start"], keep="last")


def by_day(weeks: pl.DataFrame) -> pl.DataFrame:
    days = weeks.with_columns(day=pl.date_ranges("week_start", pl.col("week_start") + timedelta(days=6)))
    return days.explode("days", "day").select(*DAYS, kept="days")


def true_days(numbers: list[int], moment: datetime) -> pl.DataFrame:
    ids = [id_of(n) for n in numbers]
    given = truth.stars_per_day(WORLD, moment).filter(pl.col("repo_id").is_in(ids) & (pl.col("kept") > 0))
    return given.select(*DAYS, pl.col("kept").cast(pl.Int32)).sort(DAYS)


def starred(weeks: pl.DataFrame) -> pl.DataFrame:
    return by_day(weeks).filter(pl.col("kept") > 0).sort(DAYS)


def begin(home: Home, numbers: list[int] = SOME, now: datetime = NOW) -> Home:
    home.register([name_at(n, now) for n in numbers])
    home.repositories(now)
    home.github.log.clear()
    return home


def assert_no_gap(home: Home, repositories: int) -> None:
    weeks = sealed(home)
    spans = weeks.group_by("repo_id").agg(
        weeks=pl.len(),
        span=(pl.col("week_start").max() - pl.col("week_start").min()).dt.total_days() // 7 + 1,
        first=pl.col("week_start").filter("is_first").min() == pl.col("week_start").min(),
    )
    assert spans.height == repositories
    assert spans["weeks"].to_list() == spans["span"].to_list()
    assert spans["first"].all()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with GitHubService(WORLD, now=NOW) as github:
        yield begin(Home(tmp_path, github))


@pytest.fixture
def undisturbed(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of the same repositories whose stars were read in one go."""
    whole = begin(Home(tmp_path_factory.mktemp("whole"), home.github))
    whole.stars()
    home.github.log.clear()
    return whole


def test_the_whole_history_is_that_of_the_world(undisturbed: Home) -> None:
    weeks = sealed(undisturbed)
    assert starred(weeks).equals(true_days(SOME, NOW))
    assert weeks["retained"].to_list() == weeks["days"].list.sum().to_list()
    assert weeks.filter("is_first").height == len(SOME), "one first week for each"


def test_weeks_later_one_page_each_and_what_was_taken_back_shows(tmp_path: Path) -> None:
    bought, twice = planted("bought_burst"), planted("renamed_twice")
    with GitHubService(WORLD, now=BEGIN) as github:
        home = begin(Home(tmp_path, github), [bought, twice], BEGIN)
        before = home.stars(BEGIN)
        home.repositories(NOW)
        home.github.log.clear()
        later = home.stars(NOW)
    assert (before.unfinished, later.asked, later.older_pages, len(home.asked(HISTORY))) == (0, 2, 0, 2)
    assert name_at(twice, BEGIN) != name_at(twice, NOW)
    assert_no_gap(home, 2)
    # What lies in the weeks over at BEGIN and read again: the difference is what was taken back in between.
    over = pl.col("week_start") < BEGIN.date() - timedelta(days=6)
    both = (
        home.table("github_stars", BEGIN)
        .filter(over)
        .join(home.table("github_stars", NOW), on=["repo_id", "week_start"], suffix="_now")
    )
    begins, ends = both["week_start"].min(), both["week_start"].max() + timedelta(days=6)
    gone = truth.withdrawals(WORLD, NOW).filter(
        (pl.col("withdrawn_at") > BEGIN) & pl.col("star_day").is_between(begins, ends)
    )
    for number in (bought, twice):
        ours = both.filter(pl.col("repo_id") == id_of(number))
        assert (ours["retained"] - ours["retained_now"]).sum() == (gone["repo_id"] == id_of(number)).sum()
    assert (gone["repo_id"] == id_of(bought)).any()


def test_killed_in_the_middle_of_a_back_fill_it_goes_on_to_the_same_table(
    home: Home, undisturbed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagster_project.stars.BUNDLE_PAGES", 7)
    again = Home(undisturbed.path.parent / "again", home.github)
    begin(again).stars()
    for bundles in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            home.stars(on_page=killed_after(bundles + 1 if bundles > 1 else bundles))
    home.stars()
    (path,) = home.path.glob("snapshots/github_stars/*/*")
    assert path.read_bytes() == (again.path / path.relative_to(home.path)).read_bytes()
    assert sealed(home).select(CONTENT).sort(CONTENT[:2]).equals(sealed(undisturbed).select(CONTENT).sort(CONTENT[:2]))


def test_a_budget_a_day_fills_the_history_over_days_without_a_note_of_where_it_was(tmp_path: Path) -> None:
    with GitHubService(WORLD, now=NOW, options=GitHubOptions(quota_with_token=10)) as github:
        home = begin(Home(tmp_path, github))
        left = [len(SOME)]
        while left[-1] and len(left) < 12:
            found = home.stars(NOW + (len(left) - 1) * DAY)
            assert 0 < found.requests <= 9
            left.append(found.unfinished)
        assert left == sorted(left, reverse=True)
        assert (left[-1], len(left) > 3) == (0, True)
        assert_no_gap(home, len(SOME))
        assert home.stars(NOW + (len(left) - 1) * DAY).requests == 0


def test_a_budget_that_ends_in_the_newest_weeks_pauses_and_goes_on(tmp_path: Path) -> None:
    with GitHubService(WORLD, now=NOW, options=GitHubOptions(quota_with_token=5)) as github:
        home = begin(Home(tmp_path, github))
        with pytest.raises(PauseError, match="4 answers are safe") as caught:
            home.stars()
        assert caught.value.resume_at == NOW + timedelta(hours=1)
        assert not list(home.path.glob("snapshots/github_stars/*/*"))
        home.github.log.clear()
        assert home.stars(NOW + timedelta(hours=1)).seal is not None
        assert len([path for path in home.asked(HISTORY) if "page=1&" in path]) == 2


@pytest.mark.parametrize("limit", ["primary-403", "primary-429", "secondary-403", "secondary-429"])
def test_each_limit_pauses_in_the_middle_and_loses_nothing(home: Home, undisturbed: Home, limit: str) -> None:
    action, status = f"{limit.split('-', maxsplit=1)[0]}_limit", int(limit.split("-")[1])
    home.strike(Fault(path=HISTORY, action=action, status=status, seconds=600, nth=3))
    with pytest.raises(PauseError, match="2 answers are safe"):
        home.stars()
    home.stars()
    assert sealed(home).select(CONTENT).sort(CONTENT[:2]).equals(sealed(undisturbed).select(CONTENT).sort(CONTENT[:2]))


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "body", "body": HTML},
        {"action": "shorten", "size": 40},
        {"action": "body", "body": '["an","error"]'},
        {"action": "body", "body": "[]"},
        {"action": "body", "body": '[{"week": 1771718400, "total": 9, "days": [1,1,1,1,1,1,1]}]'},
        {"action": "reply", "status": 202, "body": "{}"},
        {"action": "reply", "status": 503},
        {"action": "reply", "status": 404, "body": '{"message":"Not Found"}'},
        {"action": "reply", "status": 451, "body": '{"message":"Repository access blocked"}'},
    ],
    ids=[
        "html",
        "truncated",
        "another shape",
        "empty",
        "days that don't add up",
        "202 for ever",
        "503",
        "vanished",
        "blocked",
    ],
)
def test_one_repositorys_trouble_is_said_and_costs_no_other(home: Home, fault: dict[str, object]) -> None:
    struck = id_of(SOME[2])
    home.strike(Fault(path=f"/repositories/{struck}{HISTORY}", times=FOR_EVER, **fault))
    found = home.stars()
    assert {one.what for one in found.missing} == {str(struck)}
    assert set(sealed(home)["repo_id"]) == {id_of(n) for n in SOME} - {struck}
    assert found.seal.quarantined == len(found.missing)
    assert home.told("captured")["missing"] == [str(one) for one in found.missing]


def test_an_empty_page_in_the_middle_of_a_history_does_not_end_it(home: Home) -> None:
    struck = id_of(SOME[1])
    home.strike(Fault(path=f"/repositories/{struck}{HISTORY}.*page=2&", action="body", body="[]"))
    found = home.stars()
    assert [one.what for one in found.missing] == [str(struck)]
    assert "page 2: empty, although only" in found.missing[0].reason
    assert found.unfinished == 1
    assert home.stars(NOW + DAY).unfinished == 0
    assert_no_gap(home, len(SOME))


def test_a_github_that_answers_nobody_is_an_error(home: Home) -> None:
    home.strike("down")
    with pytest.raises(SourceError, match="5 bad answers in a row"):
        home.stars()


def test_a_token_revoked_in_the_middle_stops_and_keeps_what_is_safe(home: Home) -> None:
    home.strike(Fault(path=HISTORY, action="reply", status=401, body='{"message":"Bad credentials"}', nth=9))
    with pytest.raises(SourceError, match=r"GITHUB_TOKEN.*8 answers are safe"):
        home.stars()
    home.github.log.clear()
    home.stars()
    assert starred(sealed(home)).equals(true_days(SOME, NOW))
    assert not [path for path in home.asked(HISTORY) if "page=1&" in path], "the newest weeks were safe"


def test_a_history_that_was_not_read_for_a_year_is_closed_without_a_gap(tmp_path: Path) -> None:
    long_ago = NOW - 45 * WEEK
    with GitHubService(WORLD, now=long_ago) as github:
        home = begin(Home(tmp_path, github), SOME[:2], long_ago)
        home.stars(long_ago)
        home.repositories(NOW)
        later = home.stars(NOW)
    assert (later.asked, later.unfinished) == (2, 0)
    assert later.older_pages > 0
    assert_no_gap(home, 2)


def test_nothing_is_asked_before_there_are_repositories_or_a_token(tmp_path: Path) -> None:
    with GitHubService(WORLD, now=NOW) as github:
        home = Home(tmp_path, github)
        home.register([name_at(SOME[0], NOW)])
        with pytest.raises(NothingYetError, match="No repository"):
            home.stars()
        with pytest.raises(UsageError, match="60 requests"):
            captures.capture_stars(home.settings(token=None))
        assert not github.log


def test_a_lost_table_comes_back_from_its_pages(undisturbed: Home) -> None:
    (path,) = undisturbed.path.glob("snapshots/github_stars/*/*")
    before = path.read_bytes()
    path.unlink()
    assert pipeline.verify(undisturbed.settings()).troubles
    assert [mended.origin for mended in keeping.mend(undisturbed.settings()).mended] == ["pages"]
    assert path.read_bytes() == before
