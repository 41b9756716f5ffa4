"""The request quota: a share of it is ours, and one that is used up is a pause with a time, not a failure (F11)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest

from dagster_project.errors import PauseError, SourceError, UsageError
from dagster_project.rehearsal.faults import CATALOGUE, FOR_EVER, Fault
from dagster_project.rehearsal.hub.service import LogEntry
from dagster_project.snapshots import ledger
from dagster_project.sources.pages import Limits
from tests.faults.stage import NOW, Stage, is_one_message, on_page, serve

PAGE_COUNT = 6
GO_ON = "leadershift capture --source huggingface"
WINDOW = timedelta(seconds=2)
USED_UP = {"RateLimit": '"api";r=0;t=3000'}
RESUME_AT = "2026-10-26T02:50:01.000Z"


def bursts(log: list[LogEntry]) -> list[int]:
    """How many requests came without a rest of a whole window."""
    counts = [1]
    for before, after in pairwise(log):
        if after.time - before.time < WINDOW:
            counts[-1] += 1
        else:
            counts.append(1)
    return counts


def use_up(stage: Stage, page: int) -> None:
    """Let the Hub say on one page, from now on, that the quota is used up for 50 minutes."""
    stage.hub.inject(on_page(page, "F11", times=FOR_EVER, headers=USED_UP))


@pytest.mark.parametrize(("share", "most"), [(0.25, 2), (0.5, 4), (1.0, 8)])
def test_F11_no_window_of_the_quota_sees_more_than_our_share(tmp_path, share, most):
    with serve(quota=8, window_seconds=WINDOW.seconds) as hub:
        stage = Stage(tmp_path / "home", hub=hub)
        result = stage.command("capture", "--quota-share", f"{share}")
        assert result.returncode == 0, result.stderr
        assert max(bursts(hub.log)) <= most
        assert all(entry.status == 200 for entry in hub.log)


def test_F11_the_first_window_is_used_up_to_our_share_and_then_waited_for(tmp_path, waits):
    with serve(quota=5, window_seconds=300) as hub:
        hub.inject([Fault(action="reply", path="limit=1000", nth=5, status=500, times=FOR_EVER)])
        with pytest.raises(SourceError, match="HTTP 500"):
            Stage(tmp_path / "home", hub=hub).capture(quota_share=0.8, patience_seconds=301)
    assert 290 < waits.slept[0] <= 301


@pytest.mark.parametrize("share", ["0", "1.5", "-0.5"])
def test_a_share_of_nothing_or_of_more_than_all_is_refused(stage, share):
    is_one_message(stage.invoke("capture", "--quota-share", share), 2, "more than 0 and at most 1")
    with pytest.raises(UsageError, match="more than 0 and at most 1"):
        Limits(quota_share=float(share))
    assert stage.hub.log == []


def test_F11_a_quota_used_up_for_longer_than_our_patience_is_a_pause(stage, undisturbed):
    use_up(stage, 3)
    is_one_message(
        stage.invoke("capture"),
        9,
        "Week 2026-W44, Hugging Face, page 3: the request quota is used up for 3,001 s.",
        "2 pages are safe. Paused until 2026-10-26 02:50:01 UTC.",
        f"Go on with: {GO_ON}",
    )
    paused = ledger.read(stage.home)[-1]
    assert (paused["event"], paused["day"], paused["pages"]) == ("paused", "2026-10-26", 2)
    assert paused["resume_at"] == RESUME_AT
    stage.hub.clear_faults()
    stage.hub.log.clear()
    assert stage.capture().pages_fetched == PAGE_COUNT - 2
    assert len(stage.asked()) == PAGE_COUNT - 2
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()


@pytest.mark.parametrize("page", [1, 3])
def test_F11_status_says_until_when_a_crawl_is_paused(stage, page):
    use_up(stage, page)
    stage.invoke("capture")
    paused = msgspec.json.decode(stage.invoke("status", "--json").stdout)
    assert paused["paused_until"] == RESUME_AT
    assert f"paused    until {RESUME_AT}" in stage.invoke("status").stdout
    later = stage.invoke("status", "--json", LEADERSHIFT_NOW="2026-10-26T02:50:02Z").stdout
    assert msgspec.json.decode(later)["paused_until"] is None, "the time is over"
    stage.hub.clear_faults()
    stage.capture()
    assert msgspec.json.decode(stage.invoke("status", "--json").stdout)["paused_until"] is None, "the crawl is over"


def test_F11_a_quota_used_up_before_the_first_page_is_waited_out(stage, undisturbed, waits):
    """An anonymous window of 300 s is longer than the patience with a Hub that can't be reached."""
    stage.hub.inject(
        [msgspec.structs.replace(CATALOGUE["F11"][0], nth=1, times=1, headers={"RateLimit": '"a";r=0;t=299'})]
    )
    stage.capture()
    assert waits.slept == [300.0]
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()


def test_F11_a_quota_used_up_for_hours_before_the_first_page_is_a_pause(stage):
    stage.hub.inject([msgspec.structs.replace(CATALOGUE["F11"][0], nth=1, headers=USED_UP)])
    with pytest.raises(PauseError, match=r"page 1: .* 0 pages are safe. Paused until") as raised:
        stage.capture()
    assert raised.value.resume_at == NOW + timedelta(seconds=3001)
    assert len(stage.hub.log) == 1


def test_F11_our_share_used_up_for_longer_than_our_patience_is_a_pause(tmp_path):
    with serve(quota=4, window_seconds=300) as hub:
        stage = Stage(tmp_path / "home", hub=hub)
        with pytest.raises(PauseError, match=r"page 4: .* 3 pages are safe") as raised:
            stage.capture(quota_share=1.0, patience_seconds=60)
    assert timedelta(seconds=250) < raised.value.resume_at - NOW <= timedelta(seconds=301)


def test_F12_a_server_that_is_away_for_longer_than_our_patience_is_no_pause(stage):
    away = Fault(action="reply", status=503, headers={"Retry-After": "3600"}, times=FOR_EVER)
    stage.hub.inject([away])
    with pytest.raises(SourceError, match=r"HTTP 503 \(the server asks for 3601 s more; tried for 0 s\)") as raised:
        stage.capture()
    assert not isinstance(raised.value, PauseError)
    assert len(stage.hub.log) == 1
