"""The round of the contributors through the real client: whom it counts, what it never keeps, what faults and wishes cost."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import captures, keeping, people, pipeline
from dagster_project.errors import PauseError, RefusedError, SourceError, UsageError
from dagster_project.rehearsal.faults import FOR_EVER, GITHUB_CATALOGUE
from dagster_project.rehearsal.github.people import id_of
from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, private
from dagster_project.sources.github_connection import Limits
from dagster_project.sources.people import Ask, Gathering, Page, Refused, Repo, read_histories, read_locations
from tests.rehearsal.github_cases import NOW, SECOND, WORLD, planted, quiet

NOWHERE = "http://127.0.0.1:9"
ONCE = Limits(patience_seconds=0, blind_patience_seconds=0, computing_seconds=0)
WEEK = timedelta(weeks=1)
QUARTER, BEFORE = date(2026, 1, 1), date(2025, 10, 1)
# What GitHub's own list of contributors refuses (403), answers with nothing (204), counts for ever (202) or cuts at 500.
ODD = {
    plant: planted(plant) for plant in ("too_large", "empty", "never_counts", "author_cap", "hostile", "nobody_located")
}
REPOS = [*ODD.values(), quiet(), planted("deleted")]
SOURCE = ",2020-01-01,,2020-01-01,low,general knowledge: made up\n"


@dataclass
class Home:
    """A home with a registry of a few repositories, and the GitHub that they are on."""

    path: Path
    github: GitHubService

    def settings(self, now: datetime) -> Settings:
        self.github.set_now(now)
        return Settings(
            self.path, hf_endpoint=NOWHERE, github_api_url=self.github.url, github_token="x", pretended_now=now
        )

    def read(self, now: datetime = NOW, **more) -> people.PeopleCaptured:
        settings = self.settings(now)
        captures.capture_repositories(settings, limits=ONCE)
        return captures.capture_people(settings, **{"limits": ONCE, **more})

    def lines(self, now: datetime = NOW) -> pl.DataFrame:
        return pl.read_parquet(self.path / f"snapshots/github_people/contributors/{now:%Y-%m-%d}.parquet")

    def key(self) -> private.PersonKey:
        key = private.person_key(self.path)
        assert key is not None
        return key


def open_home(path: Path, service: GitHubService) -> Home:
    names = sorted(WORLD.full_name(number, WORLD.start) for number in REPOS)
    folder = path / "registry"
    folder.mkdir(parents=True)
    (folder / "repositories.csv").write_text(
        "repo_name,lab,kind,why,known_from,source_url,read_on,confidence,note\n"
        + "".join(f"{name},,community,models{SOURCE}" for name in names)
    )
    (folder / "github_owners.csv").write_text(
        "github_login,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note\n"
    )
    return Home(path, service)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home after one round, to look at and not to touch."""
    with GitHubService(WORLD, now=NOW) as service:
        home = open_home(tmp_path_factory.mktemp("people"), service)
        home.read()
        yield home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home before its first round, which reads two quarters."""
    monkeypatch.setattr(people, "HISTORY_QUARTERS", 1)
    with GitHubService(WORLD, now=NOW) as service:
        yield open_home(tmp_path / "home", service)


def truth(number: int, quarter: date) -> dict[str, Counter[object]]:
    """Count the commits of a repository's quarter by whose they are, from the world's own facts."""
    found: dict[str, Counter[object]] = {"person": Counter(), "anonymous": Counter(), "bot": Counter()}
    slots = WORLD.slots(number)
    for second, slot in WORLD.all_commits(number):
        at = datetime.fromtimestamp(second, UTC)
        if second <= NOW.timestamp() and date(at.year, (at.month - 1) // 3 * 3 + 1, 1) == quarter:
            person = slots[slot]
            if person == -1:
                found["bot"][0] += 1
            elif person is None or WORLD.people.is_gone(person, int(NOW.timestamp())):
                found["anonymous"][slot] += 1
            else:
                found["person"][person] += 1
    return found


def counted(lines: pl.DataFrame, number: int, quarter: date) -> dict[str, tuple[int, int]]:
    """Give people and commits of a repository's quarter by kind, as they were kept."""
    rows = lines.filter((pl.col("repo_id") == WORLD.facts(number).id) & (pl.col("quarter") == quarter))
    sums = rows.group_by("kind").agg(pl.col("people").sum(), pl.col("commits").sum())
    return {kind: (count, commits) for kind, count, commits in sums.iter_rows()}


@pytest.mark.parametrize("number", [*ODD.values(), quiet()], ids=[*ODD, "quiet"])
def test_everybody_who_committed_is_counted_once_even_where_githubs_list_refuses(once: Home, number: int) -> None:
    lines = once.lines()
    for quarter in (QUARTER, BEFORE):
        true = {kind: (len(who), who.total()) for kind, who in truth(number, quarter).items() if who}
        assert counted(lines, number, quarter) == (true or {"nobody": (0, 0)})
    persons = lines.filter((pl.col("repo_id") == WORLD.facts(number).id) & (pl.col("quarter") == QUARTER))
    true_persons = {once.key().person(id_of(who)): commits for who, commits in truth(number, QUARTER)["person"].items()}
    assert dict(persons.filter(pl.col("kind") == "person").select("person", "commits").iter_rows()) == true_persons


def test_a_repository_that_is_gone_is_not_asked_and_costs_no_other(once: Home) -> None:
    assert WORLD.facts(planted("deleted")).id not in once.lines()["repo_id"].to_list()


def test_where_people_say_to_be_is_resolved_and_the_unknown_stay_unknown(once: Home) -> None:
    seen = once.lines().filter(pl.col("kind") == "person").unique("person")
    said = dict(zip(seen["person"], seen.select("countries", "has_location").iter_rows(), strict=True))
    right = wrong = 0
    for number in range(WORLD.people.count):
        person = WORLD.people.person(number, SECOND)
        if (told := said.get(once.key().person(id_of(number)))) is None:
            continue
        countries, has_location = told
        assert has_location == bool((person.location or "").strip())
        if person.kind in {"plain", "hard", "dirty", "several"}:
            right += set(countries) == set(person.stated)
            wrong += set(countries) != set(person.stated)
    assert right > 200
    assert wrong <= 0.03 * (right + wrong), "ten thousand letters, control characters and RTL marks among them"
    nobody = once.lines().filter(pl.col("repo_id") == WORLD.facts(ODD["nobody_located"]).id)
    assert nobody["countries"].list.len().sum() < 0.2 * nobody.height


def everything(home: Path) -> bytes:
    """Give every byte of a home as text in lower case, whatever it is packed in."""
    parts = []
    for path in sorted(home.rglob("*")):
        if path.is_file():
            parts.append(path.read_bytes())
            if path.suffix == ".gz":
                parts.append(gzip.decompress(parts[-1]))
            if path.suffix == ".parquet":
                parts.append(str(pl.read_parquet(path, glob=False).rows()).encode())
    return b"\n".join(parts).lower()


def test_no_login_no_name_and_no_address_of_anybody_is_in_any_byte_of_the_home(once: Home) -> None:
    text = everything(once.path)
    assert b"rehearsal" in text, "names of repositories are kept"
    owners = {WORLD.owner_at(number, SECOND) for number in REPOS}
    for number in range(WORLD.people.count):
        if -1 - number not in owners:
            assert WORLD.people.login(number, SECOND).encode() not in text
    for word in (b"rehearsal person", b"rehearsal anonymous", b"@rehearsal.invalid", b"rehearsal-bot", b"databaseid"):
        assert word not in text
    accounts = {str(id_of(number)).encode() for number in range(WORLD.people.count)}
    assert not [account for account in accounts if account in text], "numbers of accounts"


def test_key_and_location_texts_lie_apart_for_their_owner_alone_and_texts_go_after_thirty_days(home: Home) -> None:
    home.read()
    files = [path for path in (home.path / "private").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (home.path / "private").stat().st_mode & 0o777 == 0o700
    (texts,) = (home.path / "private/locations").iterdir()
    kept = [json.loads(line) for line in texts.read_bytes().splitlines()]
    assert max(len(one["location"]) for one in kept) == private.LONGEST_LOCATION
    assert {one["person"] for one in kept} <= set(home.lines()["person"])
    secret = (home.path / "private/person.key").read_text()
    assert secret not in "".join(
        path.read_text() for path in (home.path / "raw").rglob("*.json*") if path.suffix != ".gz"
    )
    home.read(NOW + 4 * WEEK)
    assert texts.exists()
    later = replace(home.settings(NOW + 5 * WEEK), github_token=None)
    captures.capture_repositories(later, limits=ONCE)
    assert not texts.exists(), "also where nobody reads profiles any more"


def test_a_question_that_fails_is_asked_in_halves_and_a_half_answer_again(home: Home, tmp_path: Path) -> None:
    home.read()
    undisturbed = home.lines().drop("observed_at", "person", "key_id", "page", "position").sort("line")
    other = open_home(tmp_path / "other", home.github)
    settings = other.settings(NOW)
    captures.capture_repositories(settings, limits=ONCE)
    home.github.inject([*GITHUB_CATALOGUE["graphql-502"], *GITHUB_CATALOGUE["graphql-partial"]])
    found = captures.capture_people(settings, limits=ONCE)
    assert (found.missing, found.profiles_missing) == ((), 0)
    again = other.lines().drop("observed_at", "person", "key_id", "page", "position").sort("line")
    # The order of persons follows their pseudonyms, and those the key.
    assert (
        again.group_by("repo_id", "kind")
        .agg(pl.col("commits").sum())
        .sort("repo_id", "kind")
        .equals(undisturbed.group_by("repo_id", "kind").agg(pl.col("commits").sum()).sort("repo_id", "kind"))
    )


def test_a_repository_that_went_since_is_said_to_be_missing_and_costs_no_other(home: Home) -> None:
    gone = WORLD.facts(planted("deleted"))
    captures.capture_repositories(home.settings(datetime.fromtimestamp(gone.moment, UTC) - WEEK), limits=ONCE)
    found = captures.capture_people(home.settings(NOW), limits=ONCE)
    said = [f"repository {gone.id}, quarter of {quarter}: GitHub says NOT_FOUND" for quarter in (QUARTER, BEFORE)]
    assert [str(one) for one in found.missing] == said
    assert found.readings == 2 * (len(REPOS) - 1)
    told = [line for line in ledger.read(home.path) if line["event"] == "captured"][-1]
    assert told["missing"] == said
    # Asked once a week, not at every run.
    assert captures.capture_people(home.settings(NOW + timedelta(days=1)), limits=ONCE).points == 0


def test_a_github_that_is_down_ends_the_round_with_words_and_nothing_half(home: Home) -> None:
    settings = home.settings(NOW)
    captures.capture_repositories(settings, limits=ONCE)
    fault = GITHUB_CATALOGUE["graphql-502"][0]
    home.github.inject(
        [type(fault)(**{**{name: getattr(fault, name) for name in fault.__struct_fields__}, "times": FOR_EVER})]
    )
    with pytest.raises(SourceError, match=r"5 bad answers in a row.*0 answers are safe"):
        captures.capture_people(settings, limits=ONCE)


def test_a_used_up_quota_pauses_and_the_same_command_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "ASKS_A_QUESTION", 2)
    monkeypatch.setattr(people, "BUNDLE_READINGS", 2)
    settings = home.settings(NOW)
    captures.capture_repositories(settings, limits=ONCE)
    home.github.options = GitHubOptions(quota_graphql=12)
    with pytest.raises(PauseError, match=r"contributors.*answers are safe"):
        captures.capture_people(settings, limits=ONCE)
    home.github.options = GitHubOptions()
    found = captures.capture_people(home.settings(NOW + timedelta(hours=2)), limits=ONCE)
    assert found.readings < 2 * len(ODD), "what was safe is not read again"
    for number in ODD.values():
        true = {kind: (len(who), who.total()) for kind, who in truth(number, QUARTER).items() if who}
        assert counted(home.lines(), number, QUARTER) == (true or {"nobody": (0, 0)})


def test_a_budget_ends_the_round_and_the_next_goes_on_with_what_was_due(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "ASKS_A_QUESTION", 2)
    first = home.read(budget=3)
    assert first.not_asked > 0
    assert first.seal is not None
    second = home.read(NOW + timedelta(days=1))
    assert second.not_asked == 0
    read = {
        tuple(row)
        for day in (NOW, NOW + timedelta(days=1))
        for row in home.lines(day).select("repo_id", "quarter").iter_rows()
    }
    assert len(read) == 2 * (len(REPOS) - 1)


def test_a_round_is_made_once_a_week_and_profiles_are_read_in_turn(home: Home) -> None:
    everybody = home.read()
    assert home.read(NOW + timedelta(days=1)).readings == 0
    profiles = [home.lines().filter(pl.col("kind") == "person")["profile_on"]]
    for weeks in (1, 2, 3):
        home.read(NOW + weeks * WEEK)
        days = home.lines(NOW + weeks * WEEK).filter(pl.col("kind") == "person")["profile_on"]
        assert 0 < (days == (NOW + weeks * WEEK).date()).sum() < 0.6 * days.len()
        profiles.append(days)
    assert everybody.readings == 2 * (len(REPOS) - 1)


def test_a_lost_key_is_said_and_everything_is_read_anew_under_another(home: Home) -> None:
    home.read()
    former = home.key().key_id
    (home.path / "private/person.key").unlink()
    said: list[str] = []
    later = NOW + WEEK
    found = home.read(later, say=said.append)
    assert found.readings == 2 * (len(REPOS) - 1)
    assert set(home.lines(later)["key_id"]) == {home.key().key_id} != {former}
    assert any("read anew" in text for text in said)
    assert [line["event"] for line in ledger.read(home.path)].count("key_made") == 2


def test_F45_who_asks_to_be_forgotten_becomes_nobody_and_never_comes_back(home: Home) -> None:
    home.read()
    number = max(truth(quiet(), QUARTER)["person"], key=lambda who: truth(quiet(), QUARTER)["person"][who])
    login, person = WORLD.people.login(number, SECOND), home.key().person(id_of(number))
    before = home.lines()
    assert person in before["person"].to_list()
    assert person.encode() in everything(home.path)
    with pytest.raises(UsageError, match="must not hold"):
        keeping.erase_contributor(home.settings(NOW), login, reason=f"{login} asked by mail")
    erased = keeping.erase_contributor(home.settings(NOW), login, reason="asked by mail on 2026-02-27")
    assert erased.files >= 3
    assert person.encode() not in everything(home.path)
    after = home.lines()
    assert after.select("people", "commits").sum().equals(before.select("people", "commits").sum())
    theirs = after.join(before.filter(pl.col("person") == person), on="line", how="semi")
    assert set(theirs["kind"]) == {"anonymous"}
    assert theirs["countries"].list.len().sum() == 0
    assert pipeline.verify(home.settings(NOW)).troubles == ()
    home.read(NOW + WEEK)
    assert person.encode() not in everything(home.path)
    assert (home.path / private.OPTED_OUT).read_text().split() == [str(id_of(number))]
    assert (home.path / private.OPTED_OUT).stat().st_mode & 0o777 == 0o600
    (home.path / private.OPTED_OUT).rename(home.path / "aside")
    with pytest.raises(RefusedError, match="1 contributors asked to be forgotten"):
        home.read(NOW + 2 * WEEK)
    (home.path / "aside").rename(home.path / private.OPTED_OUT)
    with pytest.raises(UsageError, match="number"):
        keeping.erase_contributor(home.settings(NOW), "nobody-of-this-name", reason="asked by mail")
    keeping.erase_contributor(home.settings(NOW), "123456", reason="asked by mail, before ever being seen")


# Answers


def history(repo_id: int, *authors: dict | None, after: str | None = None) -> dict:
    nodes = [{"committedDate": "2026-02-03T00:00:00Z", "author": author} for author in authors]
    page = {"pageInfo": {"hasNextPage": after is not None, "endCursor": after}, "nodes": nodes}
    return {"databaseId": repo_id, "defaultBranchRef": {"target": {"history": page}}}


def author(name: str, email: str, account: int | None = None, login: str = "x") -> dict:
    user = {"id": f"U_{account}", "databaseId": account, "login": login} if account else None
    return {"name": name, "email": email, "user": user}


def test_one_bad_repository_of_an_answer_costs_only_itself() -> None:
    asks = [Ask(Repo(number, f"o/{number}"), QUARTER) for number in range(6)]
    data = {
        "r0": history(0, author("a", "a@b")),
        "r1": None,
        "r2": history(77),
        "r3": {"databaseId": "three", "defaultBranchRef": None},
        "r4": {"databaseId": 4, "defaultBranchRef": None},
        "r5": history(5, author("a", "a@b")),
    }
    errors = [{"type": "NOT_FOUND", "path": ["r1"]}, {"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["r5", "x"]}]
    answers = read_histories(asks, data, errors)
    kinds = [answer.reason if isinstance(answer, Refused) else len(answer.commits) for answer in answers]
    assert kinds[:3] == [1, "GitHub says NOT_FOUND", "its name belongs to another repository now"]
    assert kinds[4:] == [0, "GitHub says RESOURCE_LIMITS_EXCEEDED"]
    assert str(kinds[3]).startswith("the answer is no history")
    again = [isinstance(answer, Refused) and answer.may_be_had for answer in answers]
    assert again == [False, False, False, False, False, True]


def test_bots_go_by_name_address_or_login_and_an_address_counts_once() -> None:
    asks = [Ask(Repo(1, "o/r"), QUARTER)]
    commits = [
        author("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        author("Merge", "m@x", 9, "some-merge-bot"),
        author("Ann", "ANN@x"),
        author("Ann A", "ann@x"),
        author("Abbot", "abbot@x"),
        None,
        author("Real", "r@x", 7, "talbot"),
        author("Out", "o@x", 8, "out"),
    ]
    (page,) = read_histories(asks, {"r0": history(1, *commits)}, [])
    assert isinstance(page, Page)
    gathering = Gathering(asks[0].repo, QUARTER)
    gathering.add(page, opted_out={8})
    lines = gathering.lines(lambda account: f"p{account}", {})
    told = [(line.kind, line.people, line.commits, line.person) for line in lines]
    # Ann once, Abbot, the commit without an author, and who opted out.
    assert told == [("person", 1, 1, "p7"), ("anonymous", 4, 5, None), ("bot", 2, 2, None)]


def test_a_vanished_account_says_nothing_and_an_unanswered_one_is_no_answer() -> None:
    data = {"nodes": [{"databaseId": 1, "location": "Tbilisi"}, None, None, {"databaseId": 4, "location": None}]}
    errors = [{"type": "NOT_FOUND", "path": ["nodes", 1]}]
    found = read_locations([1, 2, 3, 4], data, errors)
    assert found[:2] == ["Tbilisi", ""]
    assert isinstance(found[2], Refused)
    assert found[3] == ""
