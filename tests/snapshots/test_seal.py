from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable, manifest, seal
from dagster_project.snapshots.seal import QUARANTINE_SCHEMA, Counts
from dagster_project.snapshots.spool import SEAL, Spool

NOW = datetime(2026, 10, 26, 2, tzinfo=UTC)
AT = "2026-10-26T02:00:00.000Z"
SCHEMA = {"hub_id": pl.String(), "downloads": pl.Int64(), "page": pl.Int32(), "position": pl.Int32()}
KEYS = "abcdefgh"


def batch(page, keys, refused=0):
    """A page of typed rows, each counting its own sight, and records that can't be read."""
    rows = [(key, page * 100 + position, page, position) for position, key in enumerate(keys)]
    rejects = [(page, 900 + number, "odd", None, None, b"{}") for number in range(refused)]
    return (
        pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        pl.DataFrame(rejects, schema=QUARANTINE_SCHEMA, orient="row"),
    )


def write(home, batches):
    attempt = Spool(home, "huggingface", date(2026, 10, 26), 1)
    attempt.folder.mkdir(parents=True, exist_ok=True)
    counts = seal.write_table(attempt, batches, table="models", key="hub_id", rank=("page", "position"), observed_at=AT)
    return attempt, counts


def close(attempt, counts):
    return seal.close(attempt, counts, status="sealed", is_complete=True, origin="https://hub", started_at=AT, now=NOW)


def table(attempt):
    return pl.read_parquet(seal.table_path(attempt.home, attempt.source, "models", attempt.day))


@pytest.fixture
def sealed(tmp_path):
    """A sealed snapshot of three models, one of them met on both pages, and one record refused."""
    attempt, counts = write(tmp_path, [batch(1, "ab", refused=1), batch(2, "bc")])
    return attempt, close(attempt, counts)


def test_the_later_sight_wins_and_every_record_is_counted(sealed):
    attempt, found = sealed
    assert table(attempt).sort("hub_id").rows() == [("a", 100, 1, 0), ("b", 200, 2, 0), ("c", 201, 2, 1)]
    assert (found.seen, found.loaded, found.merged, found.quarantined) == (5, 3, 1, 1)


def test_a_model_twice_on_one_page_is_loaded_once(tmp_path):
    attempt, counts = write(tmp_path, [batch(1, "aba")])
    assert sorted(table(attempt)["downloads"]) == [101, 102]
    assert counts == Counts(3, 2, 1, 0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.text(KEYS, max_size=6), st.integers(0, 2)), min_size=1, max_size=5),
    st.sampled_from([1, 3, seal.BATCH_ROWS]),
)
def test_seen_is_loaded_and_merged_and_quarantined_for_any_pages(pages, batch_rows):
    batches = [batch(number, keys, refused) for number, (keys, refused) in enumerate(pages, start=1)]
    last_sight = {key: row for rows, _ in batches for key, *row in rows.rows()}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal, "BATCH_ROWS", batch_rows)
        attempt, counts = write(Path(folder), batches)
        loaded = {key: row for key, *row in table(attempt).rows()}
    assert loaded == last_sight
    assert counts.loaded == len(last_sight)
    assert counts.quarantined == sum(refused for _, refused in pages)
    assert counts.seen == counts.loaded + counts.merged + counts.quarantined
    assert counts.seen == sum(len(keys) + refused for keys, refused in pages)


def test_the_same_rows_make_the_same_bytes(tmp_path):
    batches = [
        batch(page, [f"{number}" for number in range(20_000 * page, 20_000 * page + 60_000)]) for page in (1, 2, 3)
    ]
    first, second = (write(tmp_path / name, batches)[0] for name in "ab")
    assert table(first).height == 100_000
    assert manifest.read(first.folder)[0].sha256 == manifest.read(second.folder)[0].sha256


def test_rows_stay_in_the_order_of_the_crawl(tmp_path, monkeypatch):
    monkeypatch.setattr(seal, "BATCH_ROWS", 2)
    attempt, _ = write(tmp_path, [batch(1, "abc"), batch(2, "dae"), batch(3, "fc")])
    assert table(attempt)["hub_id"].to_list() == ["b", "d", "a", "e", "f", "c"]


def test_keys_whose_hashes_are_equal_are_still_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(seal, "_hashed", lambda keys: pl.repeat(7, keys.len(), dtype=pl.UInt64, eager=True))
    attempt, counts = write(tmp_path, [batch(1, "abc"), batch(2, "cd")])
    assert counts == Counts(5, 4, 1, 0)
    assert sorted(table(attempt)["downloads"]) == [100, 101, 200, 201]


def test_the_bytes_do_not_depend_on_the_number_of_cores(tmp_path):
    script = (
        "import sys; from pathlib import Path; from tests.snapshots.test_seal import batch, write\n"
        "pages = [batch(page, [f'{number}' for number in range(9_000 * page, 9_000 * page + 10_000)]) for page in range(1, 13)]\n"
        "write(Path(sys.argv[1]), pages)"
    )
    hashes = set()
    for cores in ("1", "2", "5"):
        home = tmp_path / cores
        subprocess.run(
            [sys.executable, "-c", script, str(home)], env={**os.environ, "POLARS_MAX_THREADS": cores}, check=True
        )
        attempt = Spool(home, "huggingface", date(2026, 10, 26), 1)
        hashes.add(manifest.read(attempt.folder)[0].sha256)
    assert len(hashes) == 1


def test_writing_again_after_a_kill_leaves_one_table_in_the_manifest(tmp_path):
    attempt, _ = write(tmp_path, [batch(1, "ab", refused=1)])
    leftover = attempt.folder / durable.TEMPORARY_FOLDER / "models" / "00007.parquet"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half a part")
    attempt, counts = write(tmp_path, [batch(1, "ab", refused=1)])
    assert [entry.kind for entry in manifest.read(attempt.folder)] == ["table", "quarantine"]
    assert counts == Counts(3, 2, 0, 1)
    assert not leftover.exists()


def test_a_seal_is_read_back_and_knows_its_week(sealed):
    attempt, found = sealed
    assert attempt.is_sealed
    assert seal.read(attempt) == found
    assert str(found.week) == "2026-W44"
    assert list(seal.sealed(attempt.home)) == [sealed]
    assert list(seal.sealed(attempt.home, "elsewhere")) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"source":"huggingface"}'])
def test_a_broken_seal_is_damage_not_an_unsealed_week(sealed, content):
    attempt, _ = sealed
    (attempt.folder / SEAL).write_bytes(content)
    with pytest.raises(DamagedDataError, match="SEALED can't be read"):
        list(seal.sealed(attempt.home))


def test_a_snapshot_is_checked_against_its_seal(sealed):
    attempt, found = sealed
    assert seal.damage(attempt, found) == []
    quarantine = attempt.folder / "quarantine" / "models.parquet"
    quarantine.unlink()
    lost = [f"{quarantine} is missing ({_size(attempt, 'quarantine')} bytes expected)"]
    assert seal.damage(attempt, found) == lost
    assert seal.damage(attempt, found, tables_only=True) == lost, "a build reads the quarantine as well"


def test_a_manifest_that_grew_after_the_seal_is_damage(sealed):
    attempt, found = sealed
    manifest.append(attempt.folder, manifest.read(attempt.folder)[0])
    assert seal.damage(attempt, found) == [
        f"{attempt.folder / manifest.MANIFEST} is not the manifest that was sealed on {found.sealed_at}"
    ]


def _size(attempt, kind):
    (entry,) = [entry for entry in manifest.read(attempt.folder) if entry.kind == kind]
    return f"{entry.bytes:,}"
