"""`leadershift run` killed with SIGKILL: the same command goes on and comes to what an undisturbed run comes to."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from dagster_project.rehearsal.faults import Fault
from dagster_project.rehearsal.hub.service import HubService
from dagster_project.snapshots import durable
from tests.faults.stage import CLOSING_PROBE, PAGES, WORLD, Stage, files, finished

TOKEN = "hf_canaryCANARYcanaryCANARYcanary1234"
PAGE_COUNT = 6
PATIENCE_SECONDS = 90
STALL = Fault(action="stall", seconds=3600)


def make_stage(home: Path, hub: HubService) -> Stage:
    """Make a home with the registry of the simulated world, and a token that must not stay in it."""
    for name, text in WORLD.registry().items():
        durable.write_bytes(home / "registry" / name, text.encode())
    return Stage(home, {"HF_TOKEN": TOKEN}, hub=hub)


def kill_when(process: subprocess.Popen[str], is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_there():
        assert process.poll() is None, finished(process).stderr
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert finished(process).returncode == -signal.SIGKILL


def kill_while_asked(stage: Stage, path: str, nth: int = 1) -> None:
    """Kill a run while the nth request for a path hangs, so that the moment is exact."""
    stage.hub.clear_faults()
    stage.hub.log.clear()
    stage.hub.inject([msgspec.structs.replace(STALL, path=path, nth=nth)])
    kill_when(stage.start("run"), lambda: len(stage.asked(path)) == nth)


def kill_while_building(stage: Stage) -> None:
    stage.hub.clear_faults()
    building = stage.home / "warehouse" / durable.TEMPORARY_FOLDER
    kill_when(stage.start("run"), lambda: any(building.glob("leadershift.duckdb.*")))


@pytest.mark.parametrize("page", [1, 4])
def test_F20_killed_while_a_page_is_served_only_that_page_is_asked_for_again(stage, undisturbed, page):
    kill_while_asked(stage, PAGES, page)
    stage.hub.clear_faults()
    assert stage.capture().pages_fetched == PAGE_COUNT - (page - 1)
    assert len(stage.asked()) == PAGE_COUNT + 1
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()


def test_F20_killed_at_the_closing_probe_no_page_is_asked_for_again(stage, undisturbed):
    kill_while_asked(stage, CLOSING_PROBE)
    stage.hub.clear_faults()
    assert stage.capture().pages_fetched == 0
    assert len(stage.asked()) == PAGE_COUNT
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()


def test_F20_F44_killed_three_times_a_run_comes_to_the_same_release(hub, tmp_path, undisturbed):
    stage = make_stage(tmp_path / "home", hub)
    kill_while_asked(stage, PAGES, 3)
    kill_while_asked(stage, CLOSING_PROBE)
    kill_while_building(stage)
    hub.log.clear()
    last = stage.start("run", "--json")
    truth = release_of_an_undisturbed_run(undisturbed.hub, tmp_path / "whole")
    result = finished(last)
    assert result.returncode == 0, result.stderr
    assert msgspec.json.decode(result.stdout)["release_id"] == truth
    assert hub.log == [], "the snapshot was sealed before the build was killed"
    assert stage.snapshot_sha256() == undisturbed.snapshot_sha256()
    assert list(stage.home.rglob(durable.TEMPORARY_FOLDER)) == [], "what the killed left is cleared away"
    assert [path for path in files(stage.home) if TOKEN.encode() in path.read_bytes()] == []


def release_of_an_undisturbed_run(hub: HubService, home: Path) -> str:
    result = make_stage(home, hub).invoke("run", "--json")
    assert result.returncode == 0, result.stderr
    return msgspec.json.decode(result.stdout)["release_id"]
