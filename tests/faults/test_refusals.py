"""What is refused on purpose: a second writer, and a week that is over."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest

from dagster_project.calendar import Week
from dagster_project.errors import RefusedError
from dagster_project.settings import Settings
from dagster_project.snapshots import lock
from tests.faults.stage import NOW, Stage, finished, is_one_message, on_page

PATIENCE_SECONDS = 60


def wait_for_page(stage: Stage, number: int) -> None:
    """Wait until the Hub has been asked for a page, which a stall then holds back."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(stage.asked()) < number:
        assert time.monotonic() < deadline, "the page was never asked for"
        time.sleep(0.01)


def test_F26_F27_one_writer_at_a_time_and_a_dead_one_holds_nothing(stage, undisturbed):
    stage.hub.inject(on_page(3, "F13"))
    first = stage.start("capture")
    wait_for_page(stage, 3)
    second = stage.command("capture")
    holder = rf"capture of huggingface by process {first.pid} on \S+ since 2026-10-26T02:00:00\.000Z"
    is_one_message(second, 6, "is in use")
    assert re.search(holder, second.stderr)
    assert len(stage.asked()) == 3, "the second asked for nothing"
    os.kill(first.pid, signal.SIGKILL)
    finished(first)
    assert stage.capture().pages_fetched == 4
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()


def test_F26_every_writing_step_asks_for_the_same_lock(undisturbed):
    with (
        lock.hold(undisturbed.home, "a test", NOW),
        pytest.raises(RefusedError, match="is in use: a test by process"),
        lock.hold(undisturbed.home, "another", NOW),
    ):
        pass


@pytest.mark.parametrize("week", ["2026-W43", "2026-10-19", "2026-W45"])
def test_F41_only_the_present_week_can_be_captured(stage, week):
    refused = stage.invoke("capture", "--week", week)
    is_one_message(refused, 6, f"Week {Week.parse(week)} can't be captured", "which is 2026-W44", "leadershift import")
    assert stage.hub.log == []
    assert not stage.home.exists()


def test_F41_a_sealed_week_is_not_captured_twice(undisturbed):
    undisturbed.hub.log.clear()
    result = undisturbed.invoke("capture", "--week", "2026-W44")
    assert (result.returncode, undisturbed.hub.log) == (0, [])
    assert "2026-W44 is sealed since 2026-10-26" in result.stdout


def test_a_pretended_time_is_not_obeyed_beside_a_real_endpoint(tmp_path):
    settings = Settings(tmp_path, hf_endpoint="https://hub.example", pretended_now=NOW)
    assert settings.ignores_pretended_now
    assert settings.now() != NOW
