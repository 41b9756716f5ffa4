from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta

import pytest

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import manifest, spool
from dagster_project.snapshots.spool import LONGEST_CRAWL, SEAL

NOW = datetime(2026, 10, 26, 2, tzinfo=UTC)
SOURCE = "huggingface"
BODY = b'[{"id":"a"}]' * 20


def keep(attempt, number, body=BODY, at=NOW):
    attempt.keep(
        number, body, rows=20, url=f"https://hub/{number}", next_url=f"https://hub/{number + 1}", at=at, newest=None
    )


@pytest.fixture
def attempt(tmp_path):
    """An unfinished crawl with three durable pages."""
    begun = spool.begin(tmp_path, SOURCE, NOW)
    for number in (1, 2, 3):
        keep(begun, number)
    return begun


def test_pages_are_kept_in_order_with_where_to_go_on(attempt):
    kept = attempt.pages()
    assert [entry.next_url for entry in kept] == ["https://hub/2", "https://hub/3", "https://hub/4"]
    assert [spool.body(attempt.home, entry) for entry in kept] == [BODY] * 3


def test_names_are_numbers_never_strings_from_outside(attempt):
    assert sorted(path.name for path in attempt.folder.iterdir()) == [
        "manifest.jsonl",
        *(f"page-0000{number}.json.gz" for number in (1, 2, 3)),
    ]


def test_the_same_body_makes_the_same_bytes_at_any_time(attempt, tmp_path, monkeypatch):
    monkeypatch.setattr(gzip.time, "time", lambda: 1_000_000_000)
    other = spool.begin(tmp_path, SOURCE, NOW + timedelta(days=1))
    keep(other, 1)
    assert other.pages()[0].sha256 == attempt.pages()[0].sha256


@pytest.mark.parametrize(
    "harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"x" * 999)]
)
def test_a_lost_page_cuts_off_those_after_it(attempt, harm):
    harm(attempt.folder / "page-00002.json.gz")
    assert len(attempt.pages()) == 1


def test_a_page_with_other_bytes_is_not_read(attempt):
    path = attempt.folder / "page-00002.json.gz"
    path.write_bytes(gzip.compress(BODY.replace(b"a", b"b"), spool.COMPRESSION_LEVEL, mtime=0))
    with pytest.raises(DamagedDataError, match=r"page-00002.json.gz has other bytes than were captured"):
        spool.body(attempt.home, attempt.pages()[1])


def test_a_crawl_is_gone_on_with_while_its_first_page_is_young(attempt, tmp_path):
    assert spool.unfinished(tmp_path, SOURCE, NOW + LONGEST_CRAWL) == attempt
    assert spool.unfinished(tmp_path, SOURCE, NOW + LONGEST_CRAWL + timedelta(seconds=1)) is None


def test_a_sealed_crawl_and_another_source_are_not_unfinished(attempt, tmp_path):
    assert spool.unfinished(tmp_path, "elsewhere", NOW) is None
    (attempt.folder / SEAL).touch()
    assert spool.unfinished(tmp_path, SOURCE, NOW) is None


def test_a_crawl_without_a_page_is_gone_on_with_on_its_own_day_only(tmp_path):
    empty = spool.begin(tmp_path, SOURCE, NOW)
    empty.set_aside(1, b"<html>")
    assert spool.unfinished(tmp_path, SOURCE, NOW + timedelta(hours=3)) == empty
    assert spool.unfinished(tmp_path, SOURCE, NOW + timedelta(days=1)) is None


def test_attempts_of_a_day_are_numbered_beyond_nine(tmp_path):
    begun = []
    for now in (*[NOW] * 11, NOW - timedelta(days=1)):
        begun.append(spool.begin(tmp_path, SOURCE, now))
        keep(begun[-1], 1)
    numbers = [each.attempt for each in begun[:11]]
    found = list(spool.attempts(tmp_path, SOURCE))
    assert numbers == list(range(1, 12))
    assert [(each.day, each.attempt) for each in found[:2]] == [(date(2026, 10, 25), 1), (date(2026, 10, 26), 1)]
    assert [each.attempt for each in found[1:]] == numbers
    assert spool.sources(tmp_path) == [SOURCE]


def test_evidence_lies_outside_the_manifest(attempt):
    path = attempt.set_aside(4, b"<html>")
    assert gzip.decompress(path.read_bytes()) == b"<html>"
    assert len(manifest.read(attempt.folder)) == 3


def test_a_page_that_came_as_gzip_is_kept_as_it_came(tmp_path):
    begun, packed = spool.begin(tmp_path, SOURCE, NOW), gzip.compress(BODY, 9, mtime=5)
    begun.keep(1, BODY, packed=packed, rows=20, url="https://hub/1", next_url=None, at=NOW, newest=None)
    (entry,) = begun.pages()
    assert (tmp_path / entry.path).read_bytes() == packed
    assert spool.body(tmp_path, entry) == BODY
