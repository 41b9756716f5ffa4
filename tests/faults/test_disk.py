"""The disk is full, read-only, or lies about what was sealed: one sentence, nothing half-written believed, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from dagster_project.rehearsal.hub.service import HubService
from dagster_project.snapshots import durable
from tests.faults.stage import SNAPSHOT, WORLD, Stage, is_one_message

FILLER = "filler"
RAW = "raw/huggingface/2026-10-26/1"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system can't be mounted here: that needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def cramped(small_disk: Path, hub: HubService) -> Stage:
    return Stage(small_disk / "home", hub=hub)


def leave_free(disk: Path, size: int) -> None:
    """Fill a disk up to so many bytes."""
    filler = disk / FILLER
    filler.unlink(missing_ok=True)
    filler.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - size)))


def make_space(disk: Path) -> None:
    (disk / FILLER).unlink()


@pytest.mark.parametrize("free", [0, 8_192, 24_576, 40_960, 65_536, 98_304])
def test_F23_a_capture_on_a_full_disk_says_so_and_goes_on_later(cramped, small_disk, undisturbed, free):
    leave_free(small_disk, free)
    is_one_message(cramped.invoke("capture"), 8, "could not be written: the disk is full", "df -h")
    assert not list(small_disk.rglob("SEALED"))
    make_space(small_disk)
    assert cramped.capture().seal.quarantined == 0
    assert cramped.snapshot_sha256() == undisturbed.snapshot_sha256()


def test_F23_a_build_on_a_full_disk_leaves_the_last_build(cramped, small_disk):
    cramped.capture()
    leave_free(small_disk, 1_000_000)
    is_one_message(cramped.invoke("build"), 8, "could not be written: the disk is full")
    assert not (cramped.home / "warehouse/leadershift.duckdb").exists()
    make_space(small_disk)
    assert cramped.invoke("build").returncode == 0


def test_F23_a_read_only_home_is_read_and_never_written(cramped, small_disk):
    cramped.capture()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    is_one_message(cramped.command("capture"), 8, "the disk is read-only")
    assert cramped.invoke("status").returncode == 0
    assert cramped.invoke("verify").stdout == "1 sealed snapshots, every byte as sealed.\n"


# A sealed snapshot is not what it was


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    os.truncate(path, 0)


SEALED_FILES = [f"{RAW}/page-00003.json.gz", f"{RAW}/manifest.jsonl", f"{RAW}/SEALED", SNAPSHOT]


@pytest.fixture
def damaged(undisturbed: Stage, tmp_path: Path) -> Stage:
    """A copy of the undisturbed home, to be damaged."""
    shutil.copytree(undisturbed.home, tmp_path / "home")
    return Stage(tmp_path / "home", hub=undisturbed.hub)


@pytest.mark.parametrize("harm", [flip_a_bit, truncate, Path.unlink])
@pytest.mark.parametrize("name", SEALED_FILES)
def test_F24_F25_verify_names_each_damaged_file(damaged, name, harm: Callable[[Path], None]):
    harm(damaged.home / name)
    result = damaged.invoke("verify")
    assert result.returncode == 4
    assert str(damaged.home / name) in result.stdout + result.stderr


@pytest.mark.parametrize("harm", [flip_a_bit, truncate, Path.unlink])
def test_F24_F25_nothing_is_built_from_a_damaged_table(damaged, harm):
    harm(damaged.home / SNAPSHOT)
    is_one_message(damaged.invoke("build"), 4, "Not built", str(damaged.home / SNAPSHOT), "leadershift verify")
    assert not (damaged.home / "warehouse").exists()


@pytest.mark.parametrize("harm", [flip_a_bit, truncate, Path.unlink])
def test_F24_F25_nothing_is_built_beside_a_damaged_seal(damaged, harm):
    harm(damaged.home / RAW / "SEALED")
    is_one_message(damaged.invoke("build"), 4, "SEALED")
    assert not (damaged.home / "warehouse").exists()


def test_F24_a_seal_with_another_count_is_not_believed(damaged):
    path = damaged.home / RAW / "SEALED"
    path.write_bytes(path.read_bytes().replace(b'"merged": 0', b'"merged": 1'))
    result = damaged.invoke("verify")
    assert (result.returncode, f"{path} is not the seal of 2026-10-26" in result.stdout) == (4, True)


def test_F24_a_page_flipped_before_the_seal_is_not_typed(stage):
    stage.capture()
    (stage.home / RAW / "SEALED").unlink()
    page = stage.home / RAW / "page-00003.json.gz"
    flip_a_bit(page)
    is_one_message(stage.invoke("capture"), 4, f"{page} has other bytes than were captured")
    page.unlink()
    assert stage.invoke("capture").returncode == 0


def test_a_home_with_odd_characters_in_its_path_is_a_home(hub, tmp_path):
    stage = Stage(tmp_path / "it's a [home] für *alle*", hub=hub)
    for name, text in WORLD.registry().items():
        durable.write_bytes(stage.home / "registry" / name, text.encode())
    models = stage.capture().seal.loaded
    built = stage.invoke("build", "--json")
    assert msgspec.json.decode(built.stdout)["tables"]["staging.models"] == models
    assert stage.invoke("verify").returncode == 0
