"""The round of the owners: whom it asks and when, what it never keeps, and what a bad answer, a refusal or a kill can cost."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dagster_project import captures, owners
from dagster_project.errors import SourceError
from dagster_project.owners import OwnersCaptured
from dagster_project.rehearsal.faults import FOR_EVER, HTML, Fault
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, seal
from dagster_project.sources.pages import Limits
from tests.faults.stage import NOW, NOWHERE, WORLD, Stage, is_one_message, serve

OVERVIEWS = "/overview"
NAMESPACES = len(WORLD.namespaces)
PEOPLE = [space.name for space in WORLD.namespaces if not space.is_registered]
ORGANISATIONS = [space.name for space in WORLD.namespaces if space.is_registered]
# No other's name begins with it.
LONE_ORGANISATION = next(name for name in reversed(ORGANISATIONS) if not name.endswith("-labs"))
WEEK = timedelta(weeks=1)
Round = Callable[..., OwnersCaptured]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A home with the rehearsal's registry and one week of models, and the Hub that they came from."""
    with serve() as hub:
        stage = Stage(tmp_path / "home", hub=hub)
        for name, text in WORLD.registry().items():
            path = stage.home / "registry" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        stage.capture()
        hub.log.clear()
        yield stage


@pytest.fixture
def go_round(stage: Stage) -> Round:
    def run(weeks: float = 0, **options: object) -> OwnersCaptured:
        now = NOW + weeks * WEEK
        stage.hub.set_now(now)
        settings = Settings(stage.home, hf_endpoint=stage.hub.url, github_api_url=NOWHERE, pretended_now=now)
        return captures.capture_owners(settings, limits=Limits(patience_seconds=0), **options)

    return run


def table(stage: Stage, day: datetime = NOW) -> pl.DataFrame:
    return pl.read_parquet(stage.home / f"snapshots/huggingface_owners/owners/{day:%Y-%m-%d}.parquet")


def asked(stage: Stage) -> list[str]:
    return [entry.path for entry in stage.asked(OVERVIEWS)]


def about(name: str) -> str:
    return f"/{name}/overview"


def raw_text(home: Path) -> str:
    return "".join(gzip.decompress(page.read_bytes()).decode() for page in home.glob("raw/huggingface_owners/*/*/*.gz"))


def test_everybody_who_matters_is_asked_once_organisations_first(stage: Stage, go_round: Round) -> None:
    found = go_round()
    rows = table(stage)
    kinds = dict(rows.select("namespace", "kind").iter_rows())
    assert set(ORGANISATIONS) <= {name for name, kind in kinds.items() if kind == "org"}
    downloaded = pl.read_parquet(stage.home / "snapshots/huggingface/models/2026-10-26.parquet")
    there = downloaded.filter(pl.col("downloads_30d") > 0)["author"].unique()
    assert {name for name, kind in kinds.items() if kind == "user"} == set(there) & set(PEOPLE) != set()
    assert found.asked == rows.height
    assert found.requests == len(asked(stage)) == rows.height + sum(kind == "user" for kind in kinds.values())
    assert found.seal is not None
    assert (found.seal.is_complete, found.not_asked) == (False, 0)
    downloads = downloaded.group_by("author").agg(pl.col("downloads_30d").sum()).sort("downloads_30d")
    assert about(downloads["author"][-1]) in asked(stage)[0]


def test_organisations_come_with_what_they_say_of_themselves(stage: Stage, go_round: Round) -> None:
    go_round()
    with serve() as truth:
        said = truth.hub.items.owner("rehearsal-aurelon")
    row = table(stage).row(by_predicate=pl.col("namespace") == "rehearsal-aurelon", named=True)
    assert (row["full_name"], row["is_verified"], row["plan"]) == (said["fullname"], said["isVerified"], said["plan"])
    assert (row["member_count"], row["follower_count"]) == (said["numUsers"], said["numFollowers"])
    assert (row["dataset_count"], row["space_count"], row["paper_count"]) == (
        said["numDatasets"],
        said["numSpaces"],
        said["numPapers"],
    )
    models = pl.read_parquet(stage.home / "snapshots/huggingface/models/2026-10-26.parquet")
    assert row["model_count"] == (models["author"] == "rehearsal-aurelon").sum() > 0


def test_of_people_nothing_but_counts_is_ever_written(stage: Stage, go_round: Round) -> None:
    go_round()
    people = table(stage).filter(pl.col("kind") == "user")
    assert people.height
    assert people["model_count"].null_count() == people["follower_count"].null_count() == 0
    private = ["full_name", "is_verified", "plan", "member_count", "dataset_count", "space_count", "paper_count"]
    assert all(people[column].null_count() == people.height for column in private)
    kept = raw_text(stage.home)
    assert "Rehearsal account rehearsal-aurelon" in kept, "an organisation's name is kept"
    for word in ("Rehearsal account rehearsal-user", "avatar", "details", "orgs", "isPro", "simulated"):
        assert word not in kept


def test_a_round_is_done_once_and_then_by_age_and_size(
    stage: Stage, go_round: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "WEEKLY_NAMESPACES", 10)
    everybody = go_round().asked
    assert [go_round().asked, go_round(0.3).asked] == [0, 0]
    assert [go_round(weeks).asked for weeks in (1, 2, 3)] == [10, 10, 10]
    stage.hub.log.clear()
    known = go_round(4)
    assert known.asked == everybody
    assert known.requests == everybody, "what was a person is asked as a person first"


def test_who_is_gone_is_asked_every_eighth_week(stage: Stage, go_round: Round) -> None:
    registry = stage.home / "registry/namespaces.csv"
    last = registry.read_text().splitlines()[-1]
    registry.write_text(registry.read_text() + last.replace(last.split(",")[0], "zz.nobody.1") + "\n")
    go_round()
    assert dict(table(stage).select("namespace", "kind").iter_rows())["zz.nobody.1"] == "gone"
    for weeks in (4, 7):
        stage.hub.log.clear()
        go_round(weeks)
        assert not any(about("zz.nobody.1") in path for path in asked(stage))
    go_round(8)
    assert any(about("zz.nobody.1") in path for path in asked(stage))


def test_a_budget_goes_to_the_most_valuable_and_the_rest_is_said_and_asked_the_next_day(
    stage: Stage, go_round: Round
) -> None:
    said: list[str] = []
    first = go_round(budget=20, say=said.append)
    assert 19 <= first.requests == len(asked(stage)) <= 20
    assert f"{first.not_asked:,} owners were due" in said[-1]
    second = go_round(1 / 7)
    assert second.asked == first.not_asked, "never asked goes first, nobody is asked twice"
    both = pl.concat([table(stage), table(stage, NOW + timedelta(days=1))])
    assert both["namespace"].is_unique().all()


# Bad answers


@pytest.mark.parametrize(
    "fault",
    [
        Fault(action="body", path="rehearsal-aurelon/", body=HTML, times=FOR_EVER),
        Fault(action="body", path="rehearsal-aurelon/", body='{"name":"cut', times=FOR_EVER),
        Fault(action="body", path="rehearsal-aurelon/", body='{"error":"oops"}', times=FOR_EVER),
        Fault(action="body", path="rehearsal-aurelon/", body='["a"]', times=FOR_EVER),
        Fault(action="body", path="rehearsal-aurelon/", body='{"numModels":"many"}', times=FOR_EVER),
        Fault(action="body", path="rehearsal-aurelon/", body='{"type":"user","fullname":"Ann"}', times=FOR_EVER),
        Fault(action="reply", path="rehearsal-aurelon/", status=503, times=FOR_EVER),
        Fault(action="reply", path="rehearsal-aurelon/", status=418, body="Ann is a teapot", times=FOR_EVER),
    ],
    ids=["html", "cut", "error", "list", "wrong-type", "person", "503", "418"],
)
def test_a_bad_answer_costs_that_owner_alone(stage: Stage, go_round: Round, fault: Fault) -> None:
    stage.hub.inject([fault])
    found = go_round().seal
    assert found is not None
    assert (found.quarantined, found.loaded) == (1, found.seen - 1)
    assert "rehearsal-aurelon" not in table(stage)["namespace"].to_list()
    refused = pl.read_parquet(stage.home / "raw/huggingface_owners/2026-10-26/1/quarantine/owners.parquet")
    assert refused["record"].to_list() == [b"rehearsal-aurelon"]
    assert refused["reason"][0].startswith("HTTP")
    assert "Ann" not in raw_text(stage.home) + refused["reason"][0]
    stage.hub.clear_faults()
    stage.hub.log.clear()
    go_round(1)
    assert not any(about("rehearsal-aurelon") in path for path in asked(stage)), "asked again after four weeks"
    go_round(4)
    assert about("rehearsal-aurelon") in asked(stage)[-1], "and last"


def test_five_bad_answers_in_a_row_stop_with_what_is_safe_and_are_nobodys_fault(stage: Stage, go_round: Round) -> None:
    stage.hub.inject([Fault(action="body", path=OVERVIEWS, nth=11, body=HTML, times=FOR_EVER)])
    with pytest.raises(SourceError, match=r"owners: 5 bad answers in a row.* 10 answers are safe") as raised:
        go_round()
    assert raised.value.next_command == "leadershift capture --source huggingface_owners"
    stage.hub.clear_faults()
    stage.hub.log.clear()
    found = go_round().seal
    assert found is not None
    assert (found.quarantined, found.loaded) == (0, found.seen)
    assert table(stage)["namespace"].is_unique().all()
    assert sum("organizations" in path for path in asked(stage)) == found.loaded - 10


def test_a_refusal_stops_at_once(stage: Stage, go_round: Round) -> None:
    stage.hub.inject([Fault(action="reply", path=OVERVIEWS, nth=4, status=401, times=FOR_EVER)])
    with pytest.raises(SourceError, match=r"HTTP 401.* Check the token. 3 answers are safe"):
        go_round()
    assert len(asked(stage)) == 4


def test_what_a_failed_round_kept_is_sealed_by_the_next_ones_day(stage: Stage, go_round: Round) -> None:
    stage.hub.inject([Fault(action="reply", path=OVERVIEWS, nth=11, status=401, times=FOR_EVER)])
    with pytest.raises(SourceError):
        go_round()
    stage.hub.clear_faults()
    go_round(1 / 7)
    days = [(found.observed_on.day, found.loaded) for _attempt, found in seal.sealed(stage.home, "huggingface_owners")]
    assert days[0] == (26, 10)
    assert days[1][0] == 27
    assert sum(loaded for _day, loaded in days) == len(
        {*table(stage)["namespace"], *table(stage, NOW + timedelta(days=1))["namespace"]}
    )


def test_a_killed_round_goes_on_from_its_last_bundle(
    stage: Stage, go_round: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is gone keeps what was bundled: here bundles of ten, and a stalled answer to be killed at."""
    stage.hub.inject([Fault(action="stall", path=OVERVIEWS, nth=25, seconds=3600)])
    program = (
        "from dagster_project import owners; owners.BUNDLE_OWNERS = 10; from dagster_project.cli import main; main()"
    )
    import subprocess
    import sys

    process = subprocess.Popen(
        [sys.executable, "-c", program, "capture", "--source", "huggingface_owners"],
        env={**stage._settings({}), "PATH": ""},
        cwd=Path(owners.__file__).parents[1],
    )
    while len(asked(stage)) < 25:
        assert process.poll() is None
    process.kill()
    process.wait()
    stage.hub.clear_faults()
    stage.hub.log.clear()
    found = go_round()
    assert found.seal is not None
    assert found.seal.loaded - 30 < found.asked <= found.seal.loaded - 10
    assert table(stage)["namespace"].is_unique().all()


# On the command line


def test_the_command_says_what_it_asked(stage: Stage) -> None:
    said = json.loads(stage.invoke("capture", "--source", "huggingface_owners", "--json").stdout)
    assert said["source"] == "huggingface_owners"
    assert said["asked"] == said["loaded"] == table(stage).height
    assert stage.invoke("capture", "--source", "huggingface_owners").stdout.startswith("No owner is due")
    status = stage.invoke("status").stdout
    assert f"snapshot  huggingface_owners 2026-10-26 (2026-W44, sealed): {said['loaded']} owners" in status
    assert "2 sealed snapshots, every byte as sealed" in stage.invoke("verify").stdout


@pytest.mark.parametrize("option", ["--quick", "--again"])
def test_options_about_models_are_refused_for_owners(stage: Stage, option: str) -> None:
    is_one_message(stage.invoke("capture", "--source", "huggingface_owners", option), 2, "are about models")


def test_owners_that_fail_do_not_cost_the_models_week(stage: Stage) -> None:
    stage.hub.inject([Fault(action="reply", path=OVERVIEWS, status=401, times=FOR_EVER)])
    result = stage.invoke("run", "--json")
    assert result.returncode == 0, result.stderr
    assert "HTTP 401" in result.stderr
    assert "the run goes on without these owners" in result.stderr
    said = json.loads(result.stdout)
    assert said["owners"] is None
    assert said["github"] is None
    assert "GitHub is left out, because GITHUB_TOKEN is not set" in result.stderr
    assert Path(said["page"]).is_file()


def test_a_run_publishes_the_owners(stage: Stage) -> None:
    result = stage.invoke("run", "--json")
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    rows = json.loads(
        stage.invoke(
            "query", "select count(*) as n, count(*) filter (where is_reviewed) as r from core.owners", "--json"
        ).stdout
    )
    assert rows == [{"n": said["owners"]["loaded"], "r": len(ORGANISATIONS)}]
    assert [entry["event"] for entry in ledger.read(stage.home)].count("sealed") == 2


# Kept, mended, forgotten


@pytest.mark.parametrize("account", [PEOPLE[1], LONE_ORGANISATION])
def test_an_owner_who_wants_to_be_forgotten_is(stage: Stage, go_round: Round, account: str) -> None:
    go_round()
    before = table(stage)
    assert account in before["namespace"].to_list()
    result = stage.invoke("erase", account, "--reason", "asked for it", "--yes")
    assert result.returncode == 0, result.stderr
    after = table(stage)
    assert account not in raw_text(stage.home)
    assert f"Rehearsal account {account}" not in raw_text(stage.home)
    erased = after.filter(pl.col("namespace") == "erased")
    assert erased["full_name"].to_list() == [None]
    others = pl.col("namespace").is_in([account, "erased"]).not_()
    assert after.filter(others).equals(before.filter(others))
    assert erased["model_count"].to_list() == before.filter(pl.col("namespace") == account)["model_count"].to_list()
    assert "every byte as sealed" in stage.invoke("verify").stdout
    assert not any("/erased/" in path for path in asked(stage))


def test_a_lost_table_is_made_again_from_the_answers(stage: Stage, go_round: Round) -> None:
    go_round()
    before = table(stage)
    path = stage.home / "snapshots/huggingface_owners/owners/2026-10-26.parquet"
    path.unlink()
    assert stage.invoke("verify").returncode == 4
    assert stage.invoke("repair").returncode == 0
    assert table(stage).equals(before)
