from __future__ import annotations

import pytest

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable, manifest

AT = "2026-10-26T02:00:00.000Z"


@pytest.fixture
def described(tmp_path):
    """Two durable files and their entries in the manifest."""
    entries = []
    for name in ("one", "two"):
        path = tmp_path / name
        durable.write_bytes(path, name.encode())
        entries.append(manifest.describe(tmp_path, path, "page", 3, AT))
        manifest.append(tmp_path, entries[-1])
    return entries


def test_what_is_appended_is_read_back_in_order(tmp_path, described):
    assert manifest.read(tmp_path) == described
    assert [entry.path for entry in described] == ["one", "two"]
    assert manifest.read(tmp_path / "nowhere") == []


def test_a_torn_last_line_does_not_count(tmp_path, described):
    with (tmp_path / manifest.MANIFEST).open("ab") as log:
        log.write(b'{"kind":"page","path":"three"')
    assert manifest.read(tmp_path) == described


@pytest.mark.parametrize("line", [b"not json", b'{"kind":"page"}', b'{"kind":"other","path":"x"}', b""])
def test_a_broken_line_before_the_last_is_damage(tmp_path, described, line):
    path = tmp_path / manifest.MANIFEST
    path.write_bytes(line + b"\n" + path.read_bytes())
    with pytest.raises(DamagedDataError, match=r"manifest.jsonl has a line that can't be read"):
        manifest.read(tmp_path)


def test_only_what_is_kept_stays(tmp_path, described):
    manifest.keep_only(tmp_path, described[:1])
    assert manifest.read(tmp_path) == described[:1]


def test_keeping_everything_writes_nothing(tmp_path, described):
    before = (tmp_path / manifest.MANIFEST).stat()
    manifest.keep_only(tmp_path, described)
    assert (tmp_path / manifest.MANIFEST).stat() == before


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b""), "has 0 bytes, not 3"),
        (lambda path: path.write_bytes(b"twp"), "other bytes than were sealed"),
    ],
)
def test_each_kind_of_damage_is_one_sentence_that_names_the_file(tmp_path, described, harm, says):
    assert manifest.damage(tmp_path, described) == []
    harm(tmp_path / "two")
    (trouble,) = manifest.damage(tmp_path, described)
    assert trouble.startswith(str(tmp_path / "two"))
    assert says in trouble
