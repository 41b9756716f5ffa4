"""The Hub misbehaves during a capture: retried where waiting may mend it, refused where it can't, nothing lost or doubled."""

from __future__ import annotations

import gzip
import os
import resource
import time
from datetime import UTC, date, datetime

import msgspec
import polars as pl
import pytest

from dagster_project import captures
from dagster_project.errors import SourceError
from dagster_project.rehearsal.faults import CATALOGUE, FOR_EVER, HTML, Fault
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, World, simulated
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger
from dagster_project.sources.pages import Limits
from tests.faults.stage import CLOSING_PROBE, NOWHERE, PAGE_ROWS, PAGES, Stage, is_one_message, on_page, serve

PAGE_COUNT = 6
GO_ON = "leadershift capture --source huggingface"


def assert_as_undisturbed(stage: Stage, undisturbed: Stage) -> None:
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()


def assert_goes_on(stage: Stage, undisturbed: Stage, *, pages: int, token: str | None = None) -> None:
    """Without the fault the same command finishes, asks for no more than these pages, and comes to the same bytes."""
    stage.hub.clear_faults()
    stage.hub.log.clear()
    assert stage.capture(token=token).pages_fetched == pages
    assert len(stage.asked()) == pages
    assert_as_undisturbed(stage, undisturbed)


# The body is not the page


@pytest.mark.parametrize("name", ["F01", "F02", "F03", "F03-strings"])
def test_F01_F02_F03_a_bad_body_once_is_asked_for_again(stage, undisturbed, waits, name):
    stage.hub.inject(on_page(3, name))
    assert stage.capture().pages_fetched == PAGE_COUNT
    assert waits.slept == [1.0]
    assert len(stage.asked()) == PAGE_COUNT + 1
    assert_as_undisturbed(stage, undisturbed)


def test_F01_a_page_cut_off_for_ever_ends_with_the_way_on(stage, undisturbed):
    stage.hub.inject(on_page(3, "F01", times=FOR_EVER))
    result = stage.invoke("capture", "--patience", "1")
    is_one_message(
        result, 3, "Week 2026-W44", "page 3", "the connection to", "2 pages are safe", f"Go on with: {GO_ON}"
    )
    assert result.stdout == ""
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2)


@pytest.mark.parametrize(
    ("name", "reason", "body"),
    [
        ("F02", "not JSON", HTML.encode()),
        ("F03", "not a list", CATALOGUE["F03"][0].body.encode()),
        ("F03-strings", "not one record", CATALOGUE["F03-strings"][0].body.encode()),
    ],
    ids=["F02", "F03", "F03-strings"],
)
def test_F02_F03_what_came_instead_of_a_page_is_kept_and_named(stage, undisturbed, waits, name, reason, body):
    stage.hub.inject(on_page(3, name, times=FOR_EVER))
    with pytest.raises(SourceError, match=reason) as raised:
        stage.capture(patience_seconds=5)
    kept = stage.home / "raw/huggingface/2026-10-26/1/quarantine/page-00003.body.gz"
    assert str(kept) in str(raised.value)
    assert gzip.decompress(kept.read_bytes()) == body
    assert ledger.read(stage.home)[-1]["event"] == "quarantined"
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2)


def test_F04_a_gzip_bomb_is_refused_at_the_cap(stage):
    stage.hub.inject(on_page(3, "F04", times=1, size=2**30))
    with pytest.raises(SourceError, match="page 3: the answer is larger than the cap of 1,000,000 bytes"):
        stage.capture(page_bytes=1_000_000)
    assert len(stage.asked()) == 3, "a bomb is not asked for twice"


def test_F04_a_bomb_of_ten_gigabytes_fills_the_cap_and_not_the_memory(stage):
    stage.hub.inject(on_page(3, "F04"))
    process = stage.start("capture")
    assert process.stderr is not None
    said = process.stderr.read()
    _pid, status, used = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 3, said
    assert f"larger than the cap of {Limits.page_bytes:,} bytes" in said
    # The cap, once more where a growing buffer is copied, and what Python, Polars and DuckDB need before the first page.
    # A child's peak begins at that of this process, which may have loaded large tables before.
    begun_with = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert used.ru_maxrss * 1024 < max(2 * Limits.page_bytes + 350_000_000, begun_with * 1024 + 1)


# The list is not the whole list


@pytest.mark.parametrize("name", ["F05", "F06"])
def test_F05_F06_a_list_that_ends_early_is_not_sealed(stage, undisturbed, name):
    stage.hub.inject(on_page(3, name))
    with pytest.raises(SourceError, match="the list ended early: the newest model on the Hub was created 2026-10-2"):
        stage.capture()
    assert not list(stage.home.rglob("SEALED"))
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2)


def test_F06_an_empty_page_before_the_end_is_refused(stage, undisturbed):
    stage.hub.inject(on_page(3, "F06-with-next"))
    with pytest.raises(SourceError, match="page 3 is empty although more pages follow"):
        stage.capture()
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2)


def test_F07_an_expired_cursor_begins_the_list_anew(stage, undisturbed):
    stage.hub.inject(on_page(4, "F07"))
    captured = stage.capture()
    assert captured.pages_fetched == PAGE_COUNT
    assert captured.seal.merged == 0
    assert len(stage.asked()) == 3 + 1 + PAGE_COUNT
    abandoned = next(entry for entry in ledger.read(stage.home) if entry["event"] == "abandoned")
    assert "page 4" in abandoned["reason"]
    assert_as_undisturbed(stage, undisturbed)


def test_F07_a_cursor_that_expires_each_time_ends_with_the_way_on(stage):
    stage.hub.inject([Fault(action="reply", path="cursor=", times=FOR_EVER, status=410)])
    with pytest.raises(
        SourceError, match=r"Week 2026-W44, .*page 2: the server no longer accepts the cursor"
    ) as raised:
        stage.capture()
    assert raised.value.next_command == GO_ON


def test_F09_a_model_renamed_between_two_pages_is_loaded_once_under_its_new_name(tmp_path):
    world = World(47, 1200, 40, date(2026, 1, 5))
    number = next(n for n in range(world.models) if world.model(n).plant == "renamed_mid_walk")
    moment = world.model(number).moment
    now = datetime.fromtimestamp(moment - 30, UTC)
    page = sum(world.is_listed(n, moment) for n in range(number)) // PAGE_ROWS + 1
    with HubService(simulated(world), now=now, options=ServiceOptions(page_cap=PAGE_ROWS)) as hub:
        hub.inject([msgspec.structs.replace(fault, path=PAGES, nth=page + 1) for fault in CATALOGUE["F09"]])
        settings = Settings(tmp_path, hf_endpoint=hub.url, github_api_url=NOWHERE, pretended_now=now)
        found = captures.capture(settings).seal
    bodies = [gzip.decompress(path.read_bytes()) for path in sorted(tmp_path.glob("raw/huggingface/*/1/page-*"))]
    sent = [record for body in bodies for record in msgspec.json.decode(body) if record["_id"] == world.hub_id(number)]
    names = [world.name_at(number, moment - 1), world.name_at(number, moment)]
    assert [record["id"] for record in sent] == names, "both names are in the raw pages"
    table = pl.read_parquet(next(tmp_path.glob("snapshots/huggingface/models/*.parquet")))
    assert table.filter(pl.col("hub_id") == world.hub_id(number))["model_name"].to_list() == names[1:]
    refused = pl.read_parquet(next(tmp_path.glob("raw/huggingface/*/1/quarantine/models.parquet")))
    there = [n for n in range(world.models) if world.created_at(n) <= moment - 30 and world.is_listed(n, moment - 30)]
    assert {*table["hub_id"], *refused["hub_id"]} == {world.hub_id(n) for n in there}
    assert table["hub_id"].is_unique().all()
    assert found.seen == found.loaded + found.merged + found.quarantined == len(there) + PAGE_ROWS


@pytest.mark.parametrize("repeated", [1, 100])
def test_F10_models_met_twice_are_loaded_once_and_reported(stage, undisturbed, repeated):
    stage.hub.inject(on_page(3, "F10", size=repeated))
    found = stage.capture().seal
    table, truth = stage.table(), undisturbed.table()
    assert found.merged == repeated
    assert found.seen == found.loaded + found.merged + found.quarantined == truth.height + repeated
    assert sorted(table["hub_id"]) == sorted(truth["hub_id"])
    twice = truth.filter(pl.col("page") == 2)["hub_id"][-repeated:]
    assert set(table.filter(pl.col("hub_id").is_in(twice.to_list()))["page"]) == {3}, "the later sight wins"


def test_F16_a_next_page_on_another_server_is_not_followed(stage, undisturbed):
    with serve() as stranger:
        stage.hub.inject(on_page(3, "F16", value=stranger.url))
        with pytest.raises(SourceError, match=r"another server .*; it was not followed. 2 pages are safe"):
            stage.capture(token="hf_canary")
        assert stranger.log == []
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2)


def test_F17_a_cursor_that_repeats_is_refused(stage, undisturbed):
    stage.hub.inject(on_page(3, "F17"))
    with pytest.raises(SourceError, match="goes round in circles"):
        stage.capture()
    assert len(stage.asked()) == 3
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2)


# The server is busy, slow, away, or refuses


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"RateLimit": '"api";r=0;t=3'}, [4.0] * 8),
        ({"Retry-After": "7"}, [8.0] * 8),
        ({"Retry-After": "Mon, 26 Oct 2026 02:00:09 GMT"}, [10.0] * 8),
        ({"Retry-After": "Mon, 26 Oct 2026 02:00:09 -0000"}, [10.0] * 8),
        ({}, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]),
    ],
)
def test_F11_a_storm_of_429_is_waited_out_as_the_server_asks(stage, undisturbed, waits, headers, waited):
    stage.hub.inject(on_page(3, "F11", times=8, headers=headers))
    stage.capture()
    assert waits.slept == waited
    assert len(stage.asked()) == PAGE_COUNT + 8
    assert_as_undisturbed(stage, undisturbed)


def test_F12_a_burst_of_503_is_survived(stage, undisturbed, waits):
    stage.hub.inject(on_page(3, "F12"))
    stage.capture()
    assert len(waits.slept) == 12
    assert_as_undisturbed(stage, undisturbed)


def test_F12_a_burst_longer_than_our_patience_loses_nothing(stage, undisturbed, waits):
    stage.hub.inject(on_page(3, "F12", times=FOR_EVER))
    with pytest.raises(SourceError, match=r"page 3: HTTP 503 \(tried for 843 s\). 2 pages are safe"):
        stage.capture()
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2)


def test_F13_a_silent_server_is_waited_for_a_minute_at_most():
    assert Limits.connect_seconds + Limits.read_seconds <= 60


def test_F13_a_server_that_never_answers_is_asked_again(stage, undisturbed):
    stage.hub.inject(on_page(3, "F13"))
    started = time.monotonic()
    stage.capture(read_seconds=0.3)
    assert time.monotonic() - started < 10
    assert len(stage.asked()) == PAGE_COUNT + 1
    assert_as_undisturbed(stage, undisturbed)


def test_F14_a_page_that_drips_meets_a_deadline(stage, undisturbed):
    stage.hub.inject(on_page(3, "F14", seconds=0.02))
    started = time.monotonic()
    stage.capture(page_seconds=0.5)
    assert time.monotonic() - started < 10
    assert len(stage.asked()) == PAGE_COUNT + 1
    assert_as_undisturbed(stage, undisturbed)


def test_F15_a_revoked_token_stops_at_once_and_a_new_one_goes_on(stage, undisturbed):
    stage.hub.inject(on_page(3, "F15"))
    result = stage.invoke("capture", HF_TOKEN="hf_canary")
    is_one_message(result, 3, "page 3", "HTTP 401", "Check the token", "2 pages are safe", GO_ON)
    assert "hf_canary" not in result.stderr + result.stdout
    assert [entry.status for entry in stage.asked()] == [200, 200, 401]
    refused = stage.asked()[-1].path
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 2, token="hf_another")
    assert stage.asked()[0].path == refused
    assert all(entry.has_authorization for entry in stage.hub.log)


def test_without_a_token_the_crawl_is_anonymous(stage, undisturbed, tmp_path):
    cached = tmp_path / ".cache/huggingface/token"
    cached.parent.mkdir(parents=True)
    cached.write_text("hf_somebodys_login")
    result = stage.command("capture", "--json")
    assert (result.returncode, msgspec.json.decode(result.stdout)["loaded"]) == (0, undisturbed.table().height)
    assert not any(entry.has_authorization for entry in stage.hub.log)


def test_an_unreachable_hub_is_said_in_seconds(stage):
    started = time.monotonic()
    result = stage.invoke("capture", "--patience", "1", HF_ENDPOINT="http://127.0.0.1:9")
    is_one_message(result, 3, "page 1: 127.0.0.1:9 can't be reached", "0 pages are safe", GO_ON)
    assert time.monotonic() - started < 20


def test_a_switch_to_offline_is_said_in_words(stage):
    is_one_message(stage.command("capture", HF_HUB_OFFLINE="1"), 3, "HF_HUB_OFFLINE is set")
    assert stage.hub.log == []


# One record is odd, or gone


def test_F08_a_model_that_vanishes_between_two_pages_is_no_error(stage, undisturbed):
    stage.hub.inject(on_page(2, "F08"))
    found = stage.capture().seal
    gone = undisturbed.table().filter((pl.col("page") == 2) & (pl.col("position") == 1))["hub_id"]
    assert found.quarantined == 0
    assert set(undisturbed.table()["hub_id"]) - set(stage.table()["hub_id"]) == set(gone)
    assert len(gone) == 1


def test_F18_a_total_that_falls_or_is_negative_is_stored_as_it_came(stage, undisturbed):
    stage.hub.inject(on_page(2, "F18"))
    assert stage.capture().seal.quarantined == 0
    odd = stage.table().filter((pl.col("page") == 2) & pl.col("position").is_in([0, 1]))
    assert odd["downloads_all_time"].to_list() == [1, -7]


def test_F19_an_odd_record_costs_itself_and_nothing_else(stage, undisturbed):
    stage.hub.inject(on_page(3, "F19"))
    found = stage.capture().seal
    truth = undisturbed.table()
    assert (found.seen, found.quarantined) == (truth.height, 4)
    assert found.seen == found.loaded + found.merged + found.quarantined
    refused = pl.read_parquet(stage.home / "raw/huggingface/2026-10-26/1/quarantine/models.parquet")
    reasons = dict(zip(refused["position"], refused["reason"], strict=True))
    assert set(refused["page"]) == {3}
    assert "got `str`" in reasons[0]
    assert "surrogate" in reasons[1]
    assert "more than 64 bits" in reasons[3]
    assert "recursion" in reasons[4].lower()
    odd = truth.filter((pl.col("page") == 3) & pl.col("position").is_in(list(reasons)))
    assert set(truth["hub_id"]) - set(stage.table()["hub_id"]) == set(odd["hub_id"])
    assert dict(refused.select("position", "hub_id").rows()) == dict(odd.select("position", "hub_id").rows())
    assert set(refused["model_name"]) == set(odd["model_name"])
    said_twice = (pl.col("page") == 3) & (pl.col("position") == 5)
    (likes,) = stage.table().filter(said_twice)["likes"]
    assert likes == truth.filter(said_twice)["likes"].item() != 1, "of two values the last counts"


HOSTILE_NAMES = [
    "../../../../etc/passwd",
    "/etc/passwd",
    "a/b\0c",
    "x" * 300,
    "CON",
    "nul",
    "Lab/Model",
    "lab/model",
    "a\\..\\b",
    "page-00001.json.gz",
]


def test_F31_no_name_of_a_model_becomes_a_path(stage, undisturbed):
    records = [{"_id": f"{number:024x}", "id": name, "author": name} for number, name in enumerate(HOSTILE_NAMES)]
    stage.hub.inject(on_page(3, "F03", body=msgspec.json.encode(records).decode()))
    found = stage.capture().seal
    assert found.quarantined == 1, "the one that is too long"
    loaded = set(stage.table()["model_name"]) & set(HOSTILE_NAMES)
    assert loaded == {name for name in HOSTILE_NAMES if len(name) < 300}, "verbatim, and two cases are two models"
    tree = {path.relative_to(stage.home).as_posix() for path in stage.home.rglob("*")}
    quarantine = "raw/huggingface/2026-10-26/1/quarantine"
    assert tree - {quarantine, f"{quarantine}/models.parquet"} == {
        path.relative_to(undisturbed.home).as_posix() for path in undisturbed.home.rglob("*")
    }
    assert [path.name for path in stage.home.parent.iterdir()] == ["home"]


# The state of an unfinished crawl


def test_a_lost_page_of_an_unfinished_crawl_is_fetched_again(stage, undisturbed):
    stage.hub.inject(on_page(5, "F15"))
    with pytest.raises(SourceError, match="4 pages are safe"):
        stage.capture()
    (stage.home / "raw/huggingface/2026-10-26/1/page-00002.json.gz").unlink()
    assert_goes_on(stage, undisturbed, pages=PAGE_COUNT - 1)


def test_a_crawl_of_another_server_is_not_gone_on_with(stage, undisturbed):
    stage.hub.inject(on_page(3, "F15"))
    with pytest.raises(SourceError):
        stage.capture()
    with serve() as other:
        moved = Stage(stage.home, hub=other)
        assert moved.capture(token="hf_canary").pages_fetched == PAGE_COUNT
    assert not any(entry.has_authorization for entry in stage.hub.log)
    assert_as_undisturbed(moved, undisturbed)


def test_a_crawl_cut_at_the_closing_probe_asks_only_that_again(stage, undisturbed):
    stage.hub.inject([Fault(action="reply", path=CLOSING_PROBE, status=500)])
    with pytest.raises(SourceError, match="page 7: HTTP 500"):
        stage.capture(patience_seconds=0)
    assert_goes_on(stage, undisturbed, pages=0)
