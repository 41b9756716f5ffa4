from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from dagster_project.errors import StorageError
from dagster_project.snapshots import durable

MEGABYTE = 1_000_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "file.json"


def leave_behind(path, name):
    leftover = path.parent / durable.TEMPORARY_FOLDER / name
    leftover.parent.mkdir(parents=True, exist_ok=True)
    leftover.write_bytes(b"half")
    return leftover


def dead_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_file_appears_whole_and_leaves_no_temporary_folder(path):
    durable.write_bytes(path, b"first")
    durable.write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert [found.name for found in path.parent.iterdir()] == ["file.json"]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(path):
    durable.write_bytes(path, b"old")
    with path.open("rb") as reader:
        with durable.replacing(path) as temporary:
            temporary.write_bytes(b"new")
            assert path.read_bytes() == b"old"
        assert (reader.read(), path.read_bytes()) == (b"old", b"new")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(path):
    durable.write_bytes(path, b"old")
    with pytest.raises(RuntimeError, match="in the middle"), durable.replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError("in the middle")
    assert path.read_bytes() == b"old"
    assert [found.name for found in path.parent.iterdir()] == ["file.json"]


def test_what_a_killed_process_left_of_the_same_file_is_cleared_away(path):
    dead = leave_behind(path, f"file.json.{dead_process()}")
    own = leave_behind(path, f"file.json.{os.getpid()}.wal")
    alive = leave_behind(path, f"file.json.{os.getppid()}")
    other = leave_behind(path, f"other.json.{dead_process()}")
    durable.write_bytes(path, b"whole")
    assert [found.exists() for found in (dead, own, alive, other)] == [False, False, True, True]


def test_a_half_built_file_of_the_same_process_number_is_not_gone_on_with(path):
    leave_behind(path, f"file.json.{os.getpid()}")
    with durable.replacing(path) as temporary:
        assert not temporary.exists()
        temporary.write_bytes(b"whole")


@pytest.mark.parametrize(
    "torn", [b"", b'{"n":3', b'{"n":3}', b"x" * MEGABYTE], ids=["nothing", "half", "all but its end", "a megabyte"]
)
def test_a_torn_last_line_is_cut_before_the_next_is_appended(path, torn):
    durable.append_line(path, b'{"n":1}')
    durable.append_line(path, b'{"n":2}')
    with path.open("ab") as log:
        log.write(torn)
    durable.append_line(path, b'{"n":4}')
    assert path.read_bytes() == b'{"n":1}\n{"n":2}\n{"n":4}\n'


def test_a_log_of_one_torn_line_begins_anew(path):
    path.parent.mkdir()
    path.write_bytes(b"torn")
    durable.append_line(path, b"whole")
    assert path.read_bytes() == b"whole\n"


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (OSError(errno.ENOSPC, "x"), "is full"),
        (OSError(errno.EROFS, "x"), "is read-only"),
        (OSError(errno.EDQUOT, "x"), "is over its quota"),
        (PermissionError(errno.EACCES, "x"), "may not be written"),
        (PermissionError(errno.EPERM, "x"), "may not be changed"),
        (RuntimeError("IO Error: No space left on device"), "is full"),
        (ValueError("... os error 28"), "is full"),
    ],
)
def test_a_refusing_disk_is_one_sentence_whoever_wraps_it(path, trouble, says):
    with pytest.raises(StorageError, match=says) as raised, durable.disk_trouble(path):
        raise trouble
    assert str(path) in raised.value.message
    assert raised.value.exit_code == 8


def test_a_file_in_place_of_a_folder_is_named_and_left_alone(path):
    path.parent.write_text("somebody's")
    with pytest.raises(StorageError, match="is in the way") as raised:
        durable.write_bytes(path, b"ours")
    assert raised.value.next_command == f"mv {path.parent} {path.parent}.old"
    assert path.parent.read_text() == "somebody's"


def test_other_errors_stay_what_they_are(path):
    with pytest.raises(IsADirectoryError), durable.disk_trouble(path):
        raise IsADirectoryError(errno.EISDIR, "x")


def test_hashing_reads_the_whole_file(path):
    durable.write_bytes(path, b"a" * (3 * MEGABYTE))
    flipped = path.with_name("flipped")
    flipped.write_bytes(b"a" * (3 * MEGABYTE - 1) + b"b")
    assert durable.sha256(path) != durable.sha256(flipped)
