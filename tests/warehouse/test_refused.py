"""When there is no release, and what a person reads then. Unlike what stands in one (test_release), any DuckDB tells it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dagster_project import pipeline
from dagster_project.errors import DamagedDataError, GateError, NothingYetError, UsageError
from dagster_project.rehearsal.run import Rehearsed
from dagster_project.settings import shipped
from dagster_project.snapshots import seal
from dagster_project.warehouse import publish
from dagster_project.warehouse.build import build, database_path
from dagster_project.warehouse.published import open_release
from tests.faults.stage import Leadershift, is_one_message
from tests.warehouse.homes import NOW, settings, spoil


def test_nothing_yet_says_what_to_do(tmp_path: Path) -> None:
    for step, command in (
        (pipeline.build, "capture"),
        (pipeline.audit, "build"),
        (pipeline.publish, "build"),
        (pipeline.report, "run"),
    ):
        with pytest.raises(NothingYetError) as caught:
            step(settings(tmp_path))
        assert caught.value.next_command == f"leadershift {command}"


def test_a_failed_gate_keeps_the_old_release_until_somebody_signs(copied: Callable[[], Path]) -> None:
    home = copied()
    before = publish.current(home)
    spoil(home)
    judged = pipeline.audit(settings(home))
    assert [failure.name for failure in judged.failures] == ["sums_to_one_share_of_total"]
    with pytest.raises(GateError, match=r"1 of \d+ checks failed.*share_of_total adds up to 1") as caught:
        pipeline.publish(settings(home))
    assert "--sign-off" in (caught.value.next_command or "")
    assert publish.current(home) == before
    signed = pipeline.publish(settings(home), sign_off="Ada: known upstream fault")
    with open_release(home / signed.database) as opened:
        _names, rows = opened.rows(f"select overrides from marts.releases where release_id = '{signed.release_id}'")
    assert rows == [("Ada: known upstream fault",)]


def test_a_build_that_was_not_audited_is_not_published(copied: Callable[[], Path]) -> None:
    home = copied()
    pipeline.build(settings(home))
    spoil(home)
    with pytest.raises(GateError, match="was not audited"):
        pipeline.publish(settings(home))


def test_a_damaged_snapshot_is_named_before_anything_is_built(copied: Callable[[], Path]) -> None:
    home = copied()
    # Nothing is made from it any more: its facts are kept.
    parquet = sorted((home / "snapshots" / "huggingface" / "models").rglob("*.parquet"))[0]
    content = bytearray(parquet.read_bytes())
    content[len(content) // 2] ^= 1
    parquet.write_bytes(content)
    before = database_path(home).read_bytes()
    with pytest.raises(DamagedDataError, match=parquet.name):
        pipeline.build(settings(home))
    assert database_path(home).read_bytes() == before


@pytest.mark.parametrize("harm", ["one bit", "cut off", "gone"])
def test_the_manifest_names_a_corrupt_parquet_before_any_table_is_built(copied: Callable[[], Path], harm: str) -> None:
    home = copied()
    parquet = sorted((home / "snapshots" / "huggingface").rglob("*.parquet"))[1]
    content = parquet.read_bytes()
    if harm == "gone":
        parquet.unlink()
    else:
        parquet.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if harm == "one bit" else content[:-9])
    shutil.rmtree(home / "facts")
    database_path(home).unlink()
    refused = Leadershift(home).invoke("build")
    name = parquet.relative_to(home).as_posix()
    is_one_message(refused, DamagedDataError.exit_code, "Not built, because sealed files changed", name)
    assert "Go on with: leadershift verify" in refused.stderr
    assert not (home / "facts").exists()
    assert not database_path(home).exists()


def test_a_broken_registry_stops_the_build_with_file_and_line(copied: Callable[[], Path]) -> None:
    home = copied()
    path = home / "registry" / "namespaces.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[-1]]) + "\n")
    with pytest.raises(GateError, match=rf"namespaces\.csv:{len(lines) + 1}"):
        pipeline.build(settings(home))


def test_a_wrong_query_names_its_file(copied: Callable[[], Path], tmp_path: Path) -> None:
    home = copied()
    sql = tmp_path / "sql"
    for path in shipped("sql").rglob("*.sql"):
        target = sql / path.relative_to(shipped("sql"))
        target.parent.mkdir(parents=True, exist_ok=True)
        wrong = path.name == "share_by_country.sql"
        text = path.read_text()
        target.write_text(text.replace("as share_of_total,", "as share_of_totl,") if wrong else text)
    with pytest.raises(UsageError, match=r"share_by_country\.sql makes the columns"):
        build(home, list(seal.sealed(home)), sql=sql, registry=home / "registry", known_at=NOW.date())


def test_a_home_is_nobody_elses(rehearsed: Rehearsed) -> None:
    assert replace(settings(rehearsed.home), pretended_now=None).registry == rehearsed.home / "registry"
