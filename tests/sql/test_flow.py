"""Counters become downloads: given counters on given days, the flow that a careful person would write down."""

from __future__ import annotations

from datetime import date

import pytest

from .conftest import Answer

MONDAYS = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]


def snapshots(days: list[date], source: str = "huggingface", partial: date | None = None) -> str:
    rows = ", ".join(
        f"('{source}', date '{day}', date_trunc('week', date '{day}')::date, timestamp '{day} 02:00:00',"
        f" 'models', '{'partial' if day == partial else 'sealed'}')"
        for day in days
    )
    return f"select * from (values {rows}) as t(source, observed_on, week, started_at, table_name, status)"


def counters(rows: list[tuple[str, date, int | None, int | None]], created: str = "2022-01-01 00:00:00") -> str:
    listed = ", ".join(
        f"('huggingface', '{model}', date '{day}', {'null' if total is None else total}::bigint,"
        f" {'null' if rolling is None else rolling}::bigint, timestamp '{created}')"
        for model, day, total, rolling in rows
    )
    return (
        f"select * from (values {listed})"
        " as t(source, hub_id, observed_on, downloads_all_time, downloads_30d, created_at)"
    )


def steps(answer: Answer, totals: list[int], **options: str) -> list[tuple[int, bool]]:
    """Give (gained, is_bridged) of one model's steps."""
    days = MONDAYS[: len(totals)]
    models = counters([("m", day, total, None) for day, total in zip(days, totals, strict=True)], **options)
    rows = answer("staging.counter_steps", {"staging.models": models, "core.snapshots": snapshots(days)})
    return [(row["gained"], row["is_bridged"]) for row in sorted(rows, key=lambda row: row["to_on"])]


@pytest.mark.parametrize(
    ("totals", "gained"),
    [
        pytest.param([100, 110, 130], [(10, False), (20, False)], id="growth"),
        pytest.param([100, 100, 100], [(0, False), (0, False)], id="standstill"),
        pytest.param([100, 60, 130], [(0, True), (30, True)], id="rollback-and-recovery-is-not-growth"),
        pytest.param([100, 60, 80, 130], [(0, True), (0, True), (30, True)], id="slow-recovery"),
        pytest.param([100, 60, 130, 140], [(0, True), (30, True), (10, False)], id="normal-again"),
        pytest.param([0, 5, 3], [(5, False), (0, True)], id="never-negative"),
    ],
)
def test_steps_of_a_counter(answer: Answer, totals: list[int], gained: list[tuple[int, bool]]) -> None:
    assert steps(answer, totals) == gained


def test_the_first_sight_of_an_old_model_is_a_baseline(answer: Answer) -> None:
    models = counters(
        [("old", MONDAYS[1], 5_000, None), ("other", MONDAYS[0], 1, None), ("other", MONDAYS[1], 2, None)]
    )
    rows = answer("staging.counter_steps", {"staging.models": models, "core.snapshots": snapshots(MONDAYS[:2])})
    assert [row["hub_id"] for row in rows] == ["other"]


def test_a_model_created_since_the_last_snapshot_brings_all_its_downloads(answer: Answer) -> None:
    models = counters([("new", MONDAYS[1], 70, None)], created="2026-11-05 09:00:00")
    rows = answer("staging.counter_steps", {"staging.models": models, "core.snapshots": snapshots(MONDAYS[:2])})
    assert [(row["gained"], row["from_on"], row["to_on"]) for row in rows] == [(70, date(2026, 11, 5), MONDAYS[1])]


def test_a_model_created_just_before_the_last_snapshot_began_is_a_baseline(answer: Answer) -> None:
    models = counters([("odd", MONDAYS[1], 70, None)], created="2026-11-02 01:59:59")
    assert answer("staging.counter_steps", {"staging.models": models, "core.snapshots": snapshots(MONDAYS[:2])}) == []


def test_a_partial_snapshot_is_stepped_over(answer: Answer) -> None:
    seen = [("m", MONDAYS[0], 100, None), ("m", MONDAYS[1], 90, None), ("m", MONDAYS[2], 130, None)]
    days = snapshots(MONDAYS[:3], partial=MONDAYS[1])
    rows = answer("staging.counter_steps", {"staging.models": counters(seen), "core.snapshots": days})
    assert [(row["from_on"], row["to_on"], row["gained"], row["is_bridged"]) for row in rows] == [
        (MONDAYS[0], MONDAYS[2], 30, False)
    ]


def flow(
    answer: Answer,
    days: list[date],
    totals: list[int | None],
    rolling: list[int | None],
    partial: date | None = None,
) -> dict[date, tuple[float, bool]]:
    rows = [("m", day, total, month) for day, total, month in zip(days, totals, rolling, strict=True)]
    given = {"staging.models": counters(rows), "core.snapshots": snapshots(days, partial=partial)}
    made = answer("staging.counter_steps", given)
    listed = ", ".join(
        f"('huggingface', 'm', date '{row['from_on']}', date '{row['to_on']}', {row['gained']}::bigint, {row['is_bridged']})"
        for row in made
    )
    columns = "t(source, hub_id, from_on, to_on, gained, is_bridged)"
    empty = (
        "select * from (values ('', '', date '2000-01-01', date '2000-01-01', 0::bigint, false)) as "
        + columns
        + " where false"
    )
    observed = "select hub_id, observed_on, downloads_30d, downloads_all_time, source from (" + counters(rows) + ")"
    given |= {
        "staging.counter_steps": f"select * from (values {listed}) as {columns}" if made else empty,
        "core.observations": observed,
    }
    return {
        row["week"]: (float(row["downloads_flow"]), row["is_estimate"]) for row in answer("core.weekly_flow", given)
    }


def test_a_single_snapshot_gives_an_estimate_and_says_so(answer: Answer) -> None:
    assert flow(answer, [date(2026, 11, 18)], [900], [300]) == {MONDAYS[2]: (70.0, True)}


def test_a_partial_snapshot_gives_no_estimate(answer: Answer) -> None:
    found = flow(answer, MONDAYS[:3], [100, 170, 90], [300, 330, 12], partial=MONDAYS[2])
    assert found == {MONDAYS[0]: (70.0, False), MONDAYS[1]: (77.0, True)}


def test_a_week_between_two_mondays_is_measured_and_the_running_one_estimated(answer: Answer) -> None:
    found = flow(answer, MONDAYS[:2], [100, 170], [300, 330])
    assert found == {MONDAYS[0]: (70.0, False), MONDAYS[1]: (77.0, True)}


def test_midweek_snapshots_spread_evenly_over_their_days(answer: Answer) -> None:
    wednesdays = [date(2026, 11, 4), date(2026, 11, 11), date(2026, 11, 18)]
    found = flow(answer, wednesdays, [0, 70, 210], [0, 0, 0])
    assert found[MONDAYS[1]] == (2 * 10 + 5 * 20, False)
    assert found[MONDAYS[0]][1], "no snapshot lies before its Monday"
    assert found[MONDAYS[2]][1], "no snapshot lies after its Sunday"


def test_nothing_is_lost_between_snapshots(answer: Answer) -> None:
    days = [MONDAYS[0], date(2026, 11, 5), MONDAYS[1], date(2026, 11, 20), MONDAYS[3]]
    found = flow(answer, days, [100, 117, 131, 200, 260], [0] * 5)
    measured = sum(value for value, is_estimate in found.values() if not is_estimate)
    assert measured == pytest.approx(260 - 100)


def test_a_table_with_only_the_rolling_counter_is_estimated_throughout(answer: Answer) -> None:
    assert flow(answer, MONDAYS[:2], [None, None], [30, 60]) == {MONDAYS[0]: (7.0, True), MONDAYS[1]: (14.0, True)}


QUICK = "huggingface_quick"


def mixed_flow(answer: Answer, sights: list[tuple[str, date, int]]) -> dict[date, tuple[float, bool, str]]:
    """Give week: (flow, is_estimate, source) of one model that several sources saw; its 30-day counter always says 300."""
    shelf = {(source, day): total for source, day, total in sights}
    days = " union all ".join(snapshots([day], source) for source, day in shelf)
    days += " union all " + snapshots([MONDAYS[3]], "huggingface_owners").replace("'models'", "'owners'")
    rows = ", ".join(
        f"('{source}', 'm', date '{day}', {total}::bigint, 300::bigint, timestamp '2022-01-01 00:00:00')"
        for (source, day), total in shelf.items()
    )
    columns = "t(source, hub_id, observed_on, downloads_all_time, downloads_30d, created_at)"
    models = f"select * from (values {rows}) as {columns}"
    given = {"staging.models": models, "core.snapshots": days}
    made = answer("staging.counter_steps", given)
    listed = (
        ", ".join(
            f"('{row['source']}', 'm', date '{row['from_on']}', date '{row['to_on']}', {row['gained']}::bigint, {row['is_bridged']})"
            for row in made
        )
        or "('', '', date '2000-01-01', date '2000-01-01', 0::bigint, false)"
    )
    given["staging.counter_steps"] = (
        f"select * from (values {listed}) as t(source, hub_id, from_on, to_on, gained, is_bridged)"
    )
    observed = answer("core.observations", {"staging.models": f"select *, 0 as likes from ({models})"})
    seen = ", ".join(
        f"('m', date '{row['observed_on']}', 300::bigint, {row['downloads_all_time']}::bigint, '{row['source']}')"
        for row in observed
    )
    given["core.observations"] = (
        f"select * from (values {seen}) as t(hub_id, observed_on, downloads_30d, downloads_all_time, source)"
    )
    return {
        row["week"]: (float(row["downloads_flow"]), row["is_estimate"], row["source"])
        for row in answer("core.weekly_flow", given)
    }


def test_a_week_that_only_a_quick_capture_saw_is_measured_and_named_after_it(answer: Answer) -> None:
    found = mixed_flow(answer, [(QUICK, MONDAYS[0], 100), (QUICK, MONDAYS[1], 170)])
    assert found == {MONDAYS[0]: (70.0, False, QUICK), MONDAYS[1]: (70.0, True, QUICK)}


def test_a_week_measured_by_the_whole_capture_is_preferred(answer: Answer) -> None:
    both = [
        (source, day, total)
        for day, total in zip(MONDAYS[:2], (100, 170), strict=True)
        for source in (QUICK, "huggingface")
    ]
    assert mixed_flow(answer, both) == {
        MONDAYS[0]: (70.0, False, "huggingface"),
        MONDAYS[1]: (70.0, True, "huggingface"),
    }


def test_a_later_quick_look_does_not_get_into_the_estimate_of_a_whole_week(answer: Answer) -> None:
    found = mixed_flow(answer, [("huggingface", MONDAYS[0], 100), (QUICK, date(2026, 11, 5), 900)])
    assert found == {MONDAYS[0]: (70.0, True, "huggingface")}


def test_weeks_of_both_kinds_stay_apart(answer: Answer) -> None:
    found = mixed_flow(
        answer,
        [(QUICK, MONDAYS[0], 100), (QUICK, MONDAYS[1], 170), (QUICK, MONDAYS[2], 200), ("archive", MONDAYS[2], 210)],
    )
    assert {week: source for week, (_flow, _estimate, source) in found.items()} == {
        MONDAYS[0]: QUICK,
        MONDAYS[1]: QUICK,
        MONDAYS[2]: "archive",
    }
