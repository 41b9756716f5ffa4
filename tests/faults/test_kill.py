"""`leadershift run` killed with SIGKILL: the same command goes on and comes to what an undisturbed run comes to."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from dagster_project.rehearsal.faults import Fault
from dagster_project.snapshots import durable
from tests.faults.stage import CLOSING_PROBE, PAGES, WORLD, Stage, files, finished, serve

TOKEN = "hf_canaryCANARYcanaryCANARYcanary1234"
PAGE_COUNT = 6
PATIENCE_SECONDS = 90
STALL = Fault(action="stall", seconds=3600)


@dataclass(frozen=True)
class Outcome:
    """What a run came to, and how many pages it asked for."""

    release_id: str
    snapshot_sha256: str
    pages: int


def make_stage(home: Path, hub) -> Stage:
    for name, text in WORLD.registry().items():
        durable.write_bytes(home / "registry" / name, text.encode())
    return Stage(home, hub, {"HF_TOKEN": TOKEN})


def run(stage: Stage) -> Outcome:
    stage.hub.clear_faults()
    stage.hub.log.clear()
    result = stage.command("run", "--json")
    assert result.returncode == 0, result.stderr
    said = msgspec.json.decode(result.stdout)
    return Outcome(said["release_id"], stage.snapshot_sha256(), len(stage.asked()))


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


@pytest.fixture(scope="module")
def undisturbed_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Outcome]]:
    with serve() as hub:
        stage = make_stage(tmp_path_factory.mktemp("whole") / "home", hub)
        yield stage, run(stage)


@pytest.mark.parametrize("page", [1, 4])
def test_F20_killed_while_a_page_is_served_only_that_page_is_asked_for_again(stage, undisturbed_run, page):
    _stage, truth = undisturbed_run
    kill_while_asked(stage, PAGES, page)
    stage.hub.clear_faults()
    assert stage.capture().pages_fetched == PAGE_COUNT - (page - 1)
    assert len(stage.asked()) == PAGE_COUNT + 1
    assert stage.snapshot_sha256() == truth.snapshot_sha256


def test_F20_killed_at_the_closing_probe_no_page_is_asked_for_again(stage, undisturbed_run):
    _stage, truth = undisturbed_run
    kill_while_asked(stage, CLOSING_PROBE)
    stage.hub.clear_faults()
    assert stage.capture().pages_fetched == 0
    assert len(stage.asked()) == PAGE_COUNT
    assert stage.snapshot_sha256() == truth.snapshot_sha256


def test_F20_killed_three_times_a_run_comes_to_the_same_release(hub, tmp_path, undisturbed_run):
    _stage, truth = undisturbed_run
    stage = make_stage(tmp_path / "home", hub)
    kill_while_asked(stage, PAGES, 3)
    kill_while_asked(stage, CLOSING_PROBE)
    kill_while_building(stage)
    finally_ = run(stage)
    assert (finally_.release_id, finally_.snapshot_sha256) == (truth.release_id, truth.snapshot_sha256)
    assert finally_.pages == 0, "the snapshot was sealed before the build was killed"
    assert list(stage.home.rglob(durable.TEMPORARY_FOLDER)) == [], "what the killed left is cleared away"


def test_F44_a_whole_run_leaves_no_token_in_its_home(undisturbed_run):
    stage, _outcome = undisturbed_run
    assert (stage.home / "published/current.json").exists()
    assert [path for path in files(stage.home) if TOKEN.encode() in path.read_bytes()] == []
