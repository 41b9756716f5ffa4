"""Which sealed files a build hashes again: those it reads, and those somebody touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest

from dagster_project.snapshots import durable, manifest, touched
from dagster_project.snapshots.spool import Spool

Damage = Callable[..., list[str]]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """One snapshot's table, durable and in its manifest."""
    attempt = Spool(tmp_path, "huggingface", date(2026, 11, 16), 1)
    path = tmp_path / "snapshots" / "table.parquet"
    durable.write_bytes(path, b"right")
    manifest.append(attempt.folder, manifest.describe(tmp_path, path, "table", 1, "2026-11-16T02:00:00.000Z"))
    return path


@pytest.fixture
def damage(tmp_path: Path) -> Damage:
    """Give `damage(is_read=...)`: what a build would say that reads the snapshot, or does not."""

    def found(*, is_read: bool) -> list[str]:
        attempt = Spool(tmp_path, "huggingface", date(2026, 11, 16), 1)
        unread = set() if is_read else {attempt}
        return touched.damage(tmp_path, [attempt], unread=unread, memory=tmp_path / "touched.json")

    return found


def rot(table: Path) -> None:
    """Change bytes without a trace: what is remembered is made to look as the file does now."""
    table.write_bytes(b"wrong")
    status, memory = table.stat(), table.parents[1] / "touched.json"
    (look,) = msgspec.json.decode(memory.read_bytes()).values()
    look |= {"inode": status.st_ino, "written_ns": status.st_mtime_ns, "changed_ns": status.st_ctime_ns}
    memory.write_bytes(msgspec.json.encode({"snapshots/table.parquet": look}))


@pytest.mark.parametrize("is_read", [True, False])
@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"wrong"), lambda path: path.unlink()])
def test_a_touched_file_is_named_whether_or_not_it_is_read(
    table: Path, damage: Damage, harm: Callable[[Path], object], is_read: bool
) -> None:
    assert damage(is_read=True) == []
    harm(table)
    for _time in range(2):
        (trouble,) = damage(is_read=is_read)
        assert str(table) in trouble, "and what was found wrong is not remembered as right"


def test_a_rotten_file_is_named_when_it_is_read(table: Path, damage: Damage) -> None:
    assert damage(is_read=True) == []
    rot(table)
    assert damage(is_read=False) == [], "nothing is made from it; verify hashes every file"
    (trouble,) = damage(is_read=True)
    assert "other bytes than were sealed" in trouble


@pytest.mark.parametrize("memory", [None, b"", b"not json", b'{"snapshots/table.parquet": {}}'])
def test_without_a_memory_everything_is_hashed(table: Path, damage: Damage, memory: bytes | None) -> None:
    assert damage(is_read=False) == []
    rot(table)
    path = table.parents[1] / "touched.json"
    path.unlink()
    if memory is not None:
        path.write_bytes(memory)
    assert len(damage(is_read=False)) == 1
