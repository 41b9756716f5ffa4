"""What all tests share: the real samples, if they are there, a small rehearsal, and which files begin."""

from __future__ import annotations

import fcntl
import os
import pickle
from pathlib import Path

import pytest

from dagster_project.rehearsal.run import Rehearsed, rehearse

SHARED = Path(__file__).resolve().parents[2] / "shared"
SMALL_MODELS, SMALL_WEEKS = 600, 4
LONGEST_FILES = (
    "tests/rehearsal/test_run.py",
    "tests/defs/test_dev.py",
    "tests/test_cli.py",
    "tests/faults/test_kill_points.py",
    "tests/reports/test_site.py",
    "tests/warehouse/test_release.py",
    "tests/test_quick.py",
    "tests/faults/test_kill.py",
    "tests/test_real_input.py",
    "tests/test_owners.py",
    "tests/faults/test_erase.py",
    "tests/warehouse/test_as_known.py",
    "tests/defs/test_downtime.py",
    "tests/faults/test_gates.py",
    "tests/faults/test_keeping.py",
    "tests/browser/test_site_pages.py",
    "tests/warehouse/test_engines.py",
    "tests/warehouse/test_examples.py",
    "tests/rehearsal/test_truth.py",
    "tests/defs/test_jobs.py",
    "tests/sql/test_flow.py",
    "tests/sql/test_credit.py",
    "tests/sql/test_crossovers.py",
    "tests/sql/test_share_changes.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin, so that no worker is left alone with one of them; each file keeps its own order."""
    places = {name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture(scope="session")
def real_samples() -> Path:
    """The folder of real samples beside the project; tests on it skip where it is absent."""
    folder = SHARED / "real"
    if not folder.is_dir():
        pytest.skip("the real samples (../shared/real) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """A small rehearsal home for whatever only reads it: made by the first worker that needs it, while the others wait."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = folder / "rehearsed.pickle"
    with (folder / "rehearsed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            home = folder / "rehearsed" / "home"
            made.write_bytes(
                pickle.dumps(rehearse(home, models=SMALL_MODELS, weeks=SMALL_WEEKS, say=lambda _text: None))
            )
        found: Rehearsed = pickle.loads(made.read_bytes())
    return found
