"""One writer in a home (F26), and the lock of one that was killed (F27)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time

import pytest

from dagster_project.errors import RefusedError
from dagster_project.snapshots import durable, ledger, lock
from dagster_project.snapshots.lock import LOCK
from tests.faults.stage import NOW, Stage, finished, is_one_message, on_page

PATIENCE_SECONDS = 60
OF_ANOTHER_BOOT = "capture of huggingface by process 1 on a-machine-of-before since 2026-10-19T02:00:00.000Z"


def stalled(stage: Stage) -> subprocess.Popen[str]:
    """Start a capture that waits for its third page, which a stall holds back."""
    stage.hub.inject(on_page(3, "F13"))
    process = stage.start("capture")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(stage.asked()) < 3:
        assert time.monotonic() < deadline, "the page was never asked for"
        time.sleep(0.01)
    return process


def killed(stage: Stage, sign: signal.Signals) -> subprocess.CompletedProcess[str]:
    """End a capture in the middle."""
    process = stalled(stage)
    os.kill(process.pid, sign)
    return finished(process)


def taken_over(stage: Stage) -> list[str]:
    return [entry["holder"] for entry in ledger.read(stage.home) if entry["event"] == "taken_over"]


def test_F26_of_two_runs_at_once_the_second_is_told_who_is_there(stage, undisturbed):
    first = stalled(stage)
    second = stage.command("capture")
    is_one_message(second, 6, "is in use")
    holder = rf"capture of huggingface by process {first.pid} on \S+ since 2026-10-26T02:00:00\.000Z"
    assert re.search(holder, second.stderr)
    assert len(stage.asked()) == 3, "the second asked for nothing"
    stage.hub.stopping.set()
    assert finished(first).returncode == 0
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()
    assert taken_over(stage) == []


def test_F26_a_refused_run_leaves_the_lock_of_the_other_as_it_was(stage):
    first = stalled(stage)
    written = (stage.home / LOCK).read_bytes()
    for task in ("capture", "build", "publish"):
        stage.invoke(task)
        assert (stage.home / LOCK).read_bytes() == written
    first.kill()
    finished(first)


def test_F26_every_writing_step_asks_for_the_same_lock(undisturbed):
    with (
        lock.hold(undisturbed.home, "a test", NOW),
        pytest.raises(RefusedError, match="is in use: a test by process"),
        lock.hold(undisturbed.home, "another", NOW),
    ):
        pass


def test_F27_the_lock_of_a_killed_run_is_taken_over_and_that_is_told(stage, undisturbed):
    dead = killed(stage, signal.SIGKILL)
    assert dead.returncode == -signal.SIGKILL
    left = (stage.home / LOCK).read_text().strip()
    stage.hub.clear_faults()
    result = stage.command("capture")
    assert result.returncode == 0, result.stderr
    assert f"was killed: {left}." in result.stderr
    assert taken_over(stage) == [left]
    assert len(stage.asked()) == 3 + 4
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()
    assert (stage.home / LOCK).read_bytes() == b"", "who ends well takes its name out"


@pytest.mark.parametrize("left", [OF_ANOTHER_BOOT.encode(), b"half a line", b"\xff\x00 no text at all"])
def test_F27_whatever_stands_in_a_free_lock_is_taken_over(stage, left):
    stage.home.mkdir()
    (stage.home / LOCK).write_bytes(left + b"\n")
    assert stage.invoke("capture").returncode == 0
    assert taken_over(stage) == [left.decode("utf-8", "replace")]
    stage.invoke("capture")
    assert len(taken_over(stage)) == 1, "it is told once"


def test_F27_what_the_killed_was_writing_is_cleared_away(stage):
    left = [stage.home / f"{part}/deep/{durable.TEMPORARY_FOLDER}/half/file" for part in lock.GUARDED]
    others = [stage.home / name for name in ("raw/deep/page", f"dagster/{durable.TEMPORARY_FOLDER}/file")]
    for path in (*left, *others):
        durable.write_bytes(path, b"half")
    with lock.hold(stage.home, "a test", NOW):
        assert all(path.exists() for path in left), "nobody was killed"
    (stage.home / LOCK).write_text(OF_ANOTHER_BOOT)
    with lock.hold(stage.home, "a test", NOW):
        pass
    assert not any(path.parents[1].exists() for path in left)
    assert all(path.exists() for path in others)


def test_an_interrupted_run_says_goodbye_to_its_lock(stage):
    assert killed(stage, signal.SIGINT).returncode == 130
    assert (stage.home / LOCK).read_bytes() == b""


def test_a_run_that_fails_says_goodbye_to_its_lock(stage):
    stage.hub.inject(on_page(3, "F15"))
    assert stage.invoke("capture").returncode == 3
    assert (stage.home / LOCK).read_bytes() == b""
