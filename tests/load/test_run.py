"""The load run itself, small: what it calls equal must be equal, and it must see when it is not."""

from __future__ import annotations

import polars as pl
import pytest

from tests.load import run, world

PAGES = 24


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("load")
    world.make(folder / "world", PAGES)
    return folder, run.measure(folder / "world", folder / "home", PAGES, one_fault_in=6)


def test_F19_F20_F21_killed_twice_among_faults_the_table_is_the_truth(measured):
    _folder, found = measured
    assert [told for told in found.missed if "models/s" not in told and "took" not in told] == []
    assert found.models == PAGES * world.PAGE_ROWS - world.REPEATED_ROWS
    assert found.paused_seconds > 0
    assert found.refetched_pages <= run.KILLS


@pytest.mark.parametrize(
    "harm",
    [
        lambda truth: truth.head(-1),
        lambda truth: truth.with_columns(pl.col("likes") + (pl.col("index") == 5_000).cast(pl.Int64)),
        lambda truth: truth.with_columns(pl.col("hub_id").reverse()),
    ],
)
def test_a_table_that_is_not_the_truth_is_seen(measured, tmp_path, harm):
    folder, _found = measured
    truth = pl.read_parquet(folder / "world" / world.TRUTH)
    said = {"quarantined": PAGES, "merged": world.REPEATED_ROWS * (PAGES - 1), "loaded": truth.height}
    assert run.differences(folder / "world", folder / "home", PAGES, said) == []
    harm(truth).write_parquet(tmp_path / world.TRUTH)
    assert "the table is not the truth" in run.differences(tmp_path, folder / "home", PAGES, said)
