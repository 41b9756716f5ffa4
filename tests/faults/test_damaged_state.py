"""A file of the home that is no longer what we wrote: a sentence or a fresh start, never a traceback, never a lost week."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.errors import DamagedDataError
from dagster_project.rehearsal.hub.service import HubService
from dagster_project.snapshots import durable, erasure, kept, ledger, manifest
from dagster_project.snapshots.spool import HELD
from dagster_project.sources.removal import Removal
from dagster_project.warehouse import audit, facts, publish, published
from tests.faults.stage import NOW, PAGES, Stage, is_one_message
from tests.faults.test_disk import RAW, truncate

SEAL = f"{RAW}/SEALED"


def flip_the_high_bit(path: Path) -> None:
    """Make a letter a byte that is no UTF-8, as one flipped bit of eight does."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x80
    path.write_bytes(content)


HARMS = [flip_the_high_bit, truncate, lambda path: path.write_bytes(b"null\n")]


@pytest.fixture
def stage(undisturbed: Stage, hub: HubService, tmp_path: Path) -> Stage:
    """A home with a sealed week, and a Hub that is asked for the next one."""
    shutil.copytree(undisturbed.home, tmp_path / "home")
    hub.set_now(NOW + timedelta(weeks=1))
    return Stage(tmp_path / "home", {"LEADERSHIFT_NOW": hub.now().isoformat()}, hub=hub)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", [ledger.LEDGER, SEAL, published.CURRENT])
def test_F24_F25_no_damaged_file_costs_the_next_week(stage, name, harm: Callable[[Path], None]):
    durable.write_bytes(stage.home / published.CURRENT, b'{"release_id": "one", "weeks": 1}')
    harm(stage.home / name)
    # The schedule asks for the status before it captures.
    for command in ("status", "doctor", "capture"):
        asked = stage.invoke(command)
        assert asked.returncode == 0, asked.stderr
    if name == published.CURRENT:
        assert f"damaged   {stage.home / name} can't be read" in stage.invoke("status").stdout
        is_one_message(stage.invoke("tables"), 4, name, "leadershift publish")


def test_F24_a_crawl_goes_on_from_the_last_line_of_its_manifest_that_can_be_read(stage):
    stage.hub.set_now(NOW)
    stage = replace(stage, environment={"LEADERSHIFT_NOW": NOW.isoformat(), "HF_ENDPOINT": stage.hub.url})
    shutil.rmtree(stage.home)
    assert stage.invoke("capture").returncode == 0
    (stage.home / SEAL).unlink()
    (stage.home / ledger.LEDGER).unlink()
    path = stage.home / RAW / manifest.MANIFEST
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"page", b"pa\xe7e"), *lines[3:]]))
    stage.hub.log.clear()
    assert stage.invoke("status").returncode == 0
    assert stage.invoke("capture").returncode == 0
    assert len(stage.asked(PAGES)) == 4, "pages 3 to 6"


@pytest.mark.parametrize("harm", HARMS)
def test_F24_a_damaged_journal_says_what_alone_can_help(stage, harm: Callable[[Path], None]):
    durable.write_bytes(stage.home / erasure.JOURNAL, b'{"erasure_id": "one", "account": "alice"}')
    harm(stage.home / erasure.JOURNAL)
    for command in (["verify"], ["repair"], ["erase", "alice", "--reason", "asked", "--yes"]):
        is_one_message(stage.invoke(*command), 4, erasure.JOURNAL, "backup of the home", "leadershift erase")


def test_F24_no_other_bytes_than_were_staged_get_into_a_file(tmp_path):
    staged, file = tmp_path / erasure.STAGED / "raw/page", tmp_path / "raw/page"
    durable.write_bytes(file, b"before")
    durable.write_bytes(staged, b"after")
    journal = erasure.Journal("one", "alice", "asked", {}, {"raw/page": (durable.sha256(file), durable.sha256(staged))})
    staged.write_bytes(b"AFTER")
    with pytest.raises(DamagedDataError, match=f"rm {staged}"):
        erasure.rewrite(tmp_path, None, journal, Removal("alice", {}))
    assert file.read_bytes() == b"before"


@pytest.fixture
def two_releases(tmp_path: Path) -> list[Path]:
    """The databases of two releases, of which the second lists both."""
    paths = []
    for releases in (["one"], ["one", "two"]):
        paths.append(tmp_path / published.PUBLISHED / releases[-1] / "release.duckdb")
        paths[-1].parent.mkdir(parents=True)
        with duckdb.connect(paths[-1]) as connection:
            connection.execute("create schema marts")
            connection.execute("create table marts.releases (release_id varchar, published_at timestamp)")
            for number, name in enumerate(releases):
                connection.execute("insert into marts.releases values (?, ?)", [name, NOW + timedelta(weeks=number)])
    return paths


def remembered(home: Path) -> list[str]:
    publish.keep_history(home)
    return [name for name, _at in json.loads((home / publish.HISTORY).read_bytes())]


def test_every_release_is_remembered_whatever_the_pointer_says(tmp_path, two_releases):
    durable.write_bytes(tmp_path / published.CURRENT, b"\xff")
    assert remembered(tmp_path) == ["one", "two"]


def test_F24_a_damaged_old_release_stops_nothing_that_another_one_knows(tmp_path, two_releases):
    first, second = two_releases
    first.write_bytes(b"no longer a database")
    assert remembered(tmp_path) == ["one", "two"]
    (tmp_path / publish.HISTORY).unlink()
    second.write_bytes(b"no longer a database")
    with pytest.raises(DamagedDataError, match=r"can't be opened as a published database"):
        publish.keep_history(tmp_path)


def test_F24_a_wait_whose_reason_is_lost_still_waits(stage):
    durable.write_bytes(stage.home / RAW.replace("2026-10-26", "2026-11-02") / HELD, b"")
    asked = stage.invoke("status")
    assert (asked.returncode, "HELD can't be read" in asked.stdout, "--sign-off" in asked.stdout) == (0, True, True)


@pytest.mark.parametrize("content", [b"", b"null", b'{"recipe": "\xe7"}', b"[" * 10_000])
def test_what_is_no_evidence_is_made_anew(tmp_path, content):
    for name in (audit.AUDIT, facts.INDEX):
        durable.write_bytes(tmp_path / name, content)
    assert audit.read(tmp_path) is None
    assert facts.plan(tmp_path, [], []).made == []
    with pytest.raises(ValueError, match=r".+"):
        kept.decoded(content, dict[str, str])
