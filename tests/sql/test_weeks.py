"""Every ISO week between the snapshots, and which of them nobody captured."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dagster_project import overview
from dagster_project.calendar import Week, parse_time
from dagster_project.settings import Settings
from dagster_project.snapshots import seal
from dagster_project.snapshots.seal import Counts
from dagster_project.snapshots.spool import Spool

from .conftest import Answer

Days = list[tuple[str, str]]
FIRST = date(2026, 12, 21)
NAMES = {"sealed": "huggingface", "imported": "hub_weekly", "quick": "huggingface_quick"}
SEALED = {"quick": "sealed"}
MEASURED = (
    f"select * from (values (date '{FIRST}', 'huggingface', false, 7, false), (date '2026-12-28', 'huggingface_quick', true, 8, true),"
    " (date '2027-01-04', null, false, null, false)) as given (week, source, is_quick, counted_days, is_uneven)"
)
CASES: dict[str, tuple[Days, list[str]]] = {
    "no-gap": ([("sealed", "2026-12-21"), ("sealed", "2026-12-28")], []),
    "over-the-year-with-a-53rd-week": (
        [("sealed", "2026-12-21"), ("sealed", "2027-01-11")],
        ["2026-12-28", "2027-01-04"],
    ),
    "an-archive-fills-a-gap": ([("sealed", "2026-12-21"), ("imported", "2026-12-30"), ("sealed", "2027-01-04")], []),
    "before-our-first-capture-nothing-is-a-gap": ([("imported", "2026-11-02"), ("sealed", "2026-12-21")], []),
    "archives-alone-have-no-gap": ([("imported", "2026-11-02"), ("imported", "2026-12-21")], []),
    "two-in-a-week": ([("sealed", "2026-12-21"), ("sealed", "2026-12-24"), ("sealed", "2027-01-04")], ["2026-12-28"]),
    "an-archive-after-our-last": ([("sealed", "2026-12-21"), ("imported", "2027-01-04")], ["2026-12-28"]),
    "a-quick-capture-fills-no-gap": (
        [("sealed", "2026-12-21"), ("quick", "2026-12-28"), ("sealed", "2027-01-04")],
        ["2026-12-28"],
    ),
    "nor-at-the-end": ([("sealed", "2026-12-21"), ("quick", "2026-12-28"), ("quick", "2027-01-04")], ["2026-12-28"]),
    "quick-captures-alone-have-no-gap": ([("quick", "2026-12-21"), ("quick", "2027-01-04")], []),
    "nor-before-our-first": ([("quick", "2026-12-21"), ("sealed", "2027-01-04")], []),
}


def listed(snapshots: str) -> str:
    """Say of each snapshot that it lists models."""
    return f"select *, 'models' as table_name from ({snapshots})"


def given(days: Days) -> str:
    rows = ", ".join(
        f"('{NAMES[status]}', date '{day}', date_trunc('week', date '{day}')::date, '{SEALED.get(status, status)}', {status == 'sealed'})"
        for status, day in days
    )
    return f"select * from (values {rows}) as t(source, observed_on, week, status, is_complete)"


@pytest.mark.parametrize(("days", "gaps"), CASES.values(), ids=CASES)
def test_a_gap_is_a_week_after_our_first_that_nothing_covers(answer: Answer, days: Days, gaps: list[str]) -> None:
    snapshots = {"core.snapshots": listed(given(days)), "staging.weeks": MEASURED}
    rows = sorted(answer("core.weeks", snapshots), key=lambda row: row["week"])
    mondays = [Week.of(date.fromisoformat(day)).monday for _status, day in days]
    expected = [min(mondays) + timedelta(weeks=step) for step in range((max(mondays) - min(mondays)).days // 7 + 1)]
    assert [row["week"] for row in rows] == expected
    assert [row["week"].isoformat() for row in rows if row["is_gap"]] == gaps
    assert [row["week"] for row in rows if row["is_measured"]] == [FIRST]
    assert sum(row["snapshot_count"] for row in rows) == sum(status != "quick" for status, _day in days)
    for row in rows:
        statuses = {status for (status, _day), monday in zip(days, mondays, strict=True) if monday == row["week"]}
        said = (row["is_captured"], row["is_imported"], row["is_quick"])
        assert said == ("sealed" in statuses, "imported" in statuses, "quick" in statuses)


@pytest.mark.parametrize(("days", "gaps"), CASES.values(), ids=CASES)
def test_status_counts_the_same_gaps(tmp_path, days: Days, gaps: list[str]) -> None:
    for status, day in days:
        attempt = Spool(tmp_path, NAMES[status], date.fromisoformat(day), 1)
        attempt.folder.mkdir(parents=True)
        (attempt.folder / "manifest.jsonl").touch()
        seal.close(
            attempt,
            Counts(1, 1, 0, 0),
            status=SEALED.get(status, status),
            is_complete=status == "sealed",
            origin="http://127.0.0.1",
            started_at=f"{day}T02:00:00.000Z",
            now=parse_time(day),
        )
    last = parse_time(max(day for _status, day in days))
    nowhere = "http://127.0.0.1:9"
    settings = Settings(tmp_path, hf_endpoint=nowhere, github_api_url=nowhere, pretended_now=last)
    assert overview.status(settings)["gaps"] == [str(Week.parse(day)) for day in gaps]


def test_a_partial_week_is_neither_captured_nor_a_gap(answer: Answer) -> None:
    days = given([("sealed", "2026-12-21"), ("sealed", "2026-12-28"), ("sealed", "2027-01-04")])
    days = days.replace("'2026-12-28')::date, 'sealed', True", "'2026-12-28')::date, 'partial', False")
    rows = sorted(
        answer("core.weeks", {"core.snapshots": listed(days), "staging.weeks": MEASURED}), key=lambda row: row["week"]
    )
    assert [(row["is_captured"], row["is_gap"]) for row in rows] == [(True, False), (False, False), (True, False)]


def test_a_week_captured_in_part_is_not_captured(answer: Answer) -> None:
    days = given([("sealed", "2026-12-21")]).replace("True", "False")
    (row,) = answer("core.weeks", {"core.snapshots": listed(days), "staging.weeks": MEASURED})
    assert (row["is_captured"], row["is_gap"], row["snapshot_count"]) == (False, False, 1)
