"""Counters become downloads: given counters on given days, the flow that a careful person would write down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from .history import LONG_AGO, History, model

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(14)]
Flow = dict[date, tuple[float, bool, bool]]
Write = Callable[..., History]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give `write(totals, days, month)`: a home in which one model, "m", read so on these days; None leaves it out."""

    def written(totals: list[int | None], days: list[date] = MONDAYS, month: Sequence[int | None] = ()) -> History:
        history = History(tmp_path / "home")
        for place, (total, day) in enumerate(zip(totals, days, strict=False)):
            seen = [] if total is None else [model("m", total=total, month=month[place] if month else 0)]
            history.day(day, model("steady", total=1000 * place), *seen)
        return history.build()

    return written


def flow(history: History, hub_id: str = "m") -> Flow:
    """Give downloads, is_estimate, is_bridged of each week of a model that has a row."""
    rows = history.rows(f"select * from core.weekly_flow where hub_id = '{hub_id}' order by week")
    return {row["week"]: (float(row["downloads_flow"]), row["is_estimate"], row["is_bridged"]) for row in rows}


def measured(history: History) -> list[float]:
    """Give the downloads of the measured weeks, a week without a row being zero."""
    weeks = [
        row["week"] for row in history.rows("select week from staging.weeks where source is not null order by week")
    ]
    found = {week: value for week, (value, is_estimate, _bridged) in flow(history).items() if not is_estimate}
    return [found.get(week, 0.0) for week in weeks]


@pytest.mark.parametrize(
    ("totals", "weekly"),
    [
        pytest.param([100, 110, 130], [10, 20], id="growth"),
        pytest.param([100, 100, 100], [0, 0], id="standstill"),
        pytest.param([100, 60, 130], [15, 15], id="a-rollback-is-bridged-from-the-last-good-to-the-recovered-value"),
        pytest.param([100, 60, 80, 130], [10, 10, 10], id="slow-recovery"),
        pytest.param([100, 60, 130, 140], [15, 15, 10], id="normal-again"),
        pytest.param([100, 60, 50, 100, 103], [0, 0, 0, 3], id="a-fall-inside-a-fall"),
        pytest.param([100, 60, 100, 90, 120], [0, 0, 10, 10], id="two-rollbacks-in-a-row"),
        pytest.param([0, 5, 3], [5, 0], id="never-negative"),
        pytest.param([100, 40, 45, 47], [0, 5, 2], id="not-back-yet-counts-from-the-lower-level"),
        pytest.param([100, None, 130], [15, 15], id="a-model-that-was-away-a-week-loses-nothing"),
    ],
)
def test_steps_of_a_counter(write: Write, totals: list[int | None], weekly: list[float]) -> None:
    assert measured(write(totals)) == weekly


def test_a_counter_that_comes_back_after_eight_snapshots_is_bridged_and_after_nine_it_is_not(write: Write) -> None:
    falls_for = {8: [100, *[60] * 8, 120], 9: [100, *[60] * 9, 120]}
    bridged = write(falls_for[8])
    assert sum(measured(bridged)) == pytest.approx(20)
    assert bridged.rows("select corrected from staging.disturbed_steps where corrected <> 0") == []


def test_a_lasting_correction_is_no_flow_and_stays_written_down(write: Write) -> None:
    history = write([100, *[60] * 9, 120])
    assert measured(history) == [0] * 9 + [60]
    assert history.rows("select fell_on, corrected, is_final from staging.disturbed_steps where corrected <> 0") == [
        {"fell_on": MONDAYS[1], "corrected": -40, "is_final": True}
    ]


@pytest.mark.parametrize(
    ("totals", "month", "weekly", "corrected"),
    [
        pytest.param([1000, 1100, 700, 800, 900, 1000, 1100, 1200], 430, [100, 0, *[100] * 5], -400, id="grown-back"),
        pytest.param([1000, 1100, 950, 1050, 1150, 1500, 1600], 430, [100] * 6, 0, id="past-its-height-and-then-back"),
        pytest.param([1000, 1100, 700, 800, 1400, 1500], 430, [100] * 5, 0, id="back-by-a-leap"),
        pytest.param([1000, 1100, 700, 600, 700, 900, 1100], 430, [100, 0, 0, 0, 0, 0], 0, id="a-leap-on-the-way"),
        pytest.param([1000, 1100, 1050, 1150, 1250], 90_000, [100, 25, 25, 100], 0, id="counters-that-do-not-fit"),
        pytest.param([1000, 1100, 1050, 1150, 1250], None, [100, 25, 25, 100], 0, id="no-30-day-counter"),
    ],
)
def test_a_counter_that_only_grows_back_was_corrected(
    write: Write, totals: list[int | None], month: int | None, weekly: list[float], corrected: int
) -> None:
    """What passes its old height at the pace that the 30-day counter tells never came back: bridged, nine weeks were next to nothing."""
    history = write(totals, month=[month] * len(totals))
    # Over more than ten days the 30-day counter cuts the bridge, and knows the days to a part of 30.
    assert measured(history) == pytest.approx(weekly, rel=0.02)
    (lost,) = history.rows("select coalesce(sum(corrected), 0) as total from staging.disturbed_steps")
    assert lost["total"] == corrected


@pytest.mark.parametrize(
    "totals",
    [
        [100, 60, 130, 90, 95, 200, 10, 12, 9],
        [5, 5, 0, 7, 3, 3, 3, 3, 3, 3, 3, 3, 9],
        [0, 9, None, 4, 20, None, None, 2, 50],
    ],
)
def test_conservation_flow_plus_corrections_is_what_the_counter_moved(write: Write, totals: list[int | None]) -> None:
    history = write(totals)
    corrected = history.rows("select coalesce(sum(corrected), 0) as total from staging.disturbed_steps")[0]["total"]
    known = [total for total in totals if total is not None]
    assert sum(measured(history)) + float(corrected) == pytest.approx(known[-1] - known[0])


def test_a_single_snapshot_gives_an_estimate_and_says_so(write: Write) -> None:
    assert flow(write([900], [date(2026, 11, 18)], [300])) == {date(2026, 11, 16): (70.0, True, False)}


def test_a_week_between_two_mondays_is_measured_and_the_running_one_estimated(write: Write) -> None:
    found = flow(write([100, 170], month=[300, 330]))
    assert found == {MONDAYS[0]: (70.0, False, False), MONDAYS[1]: (77.0, True, False)}


def test_midweek_snapshots_spread_evenly_over_their_days(write: Write) -> None:
    wednesdays = [date(2026, 11, 4), date(2026, 11, 11), date(2026, 11, 18)]
    found = flow(write([0, 70, 210], wednesdays))
    assert found[date(2026, 11, 9)] == (2 * 10 + 5 * 20, False, False)
    assert found[date(2026, 11, 2)][1], "no snapshot lies before its Monday"
    assert found[date(2026, 11, 16)][1], "no snapshot lies after its Sunday"


def test_daily_and_weekly_snapshots_mix_and_nothing_is_lost_between_them(write: Write) -> None:
    days = [date(2026, 11, day) for day in (2, 3, 4, 9, 16)] + [date(2026, 11, 20), date(2026, 11, 23)]
    assert sum(measured(write([100, 117, 118, 131, 180, 200, 260], days))) == pytest.approx(160)


def test_a_missing_week_is_spread_and_flagged(write: Write) -> None:
    found = flow(write([100, 110, 170], [MONDAYS[0], MONDAYS[1], MONDAYS[3]]))
    assert found[MONDAYS[1]] == found[MONDAYS[2]] == (30.0, False, True)


def test_a_snapshot_missing_in_the_middle_is_a_listed_gap_and_nothing_is_invented_for_it(write: Write) -> None:
    days = [MONDAYS[place] for place in (0, 1, 3, 4)]
    history = write([100, 110, 170, 180], days)
    assert history.rows("select week from core.weeks where is_gap") == [{"week": MONDAYS[2]}]
    assert history.rows(f"select * from core.observations where observed_on = date '{MONDAYS[2]}'") == []
    # 60 downloads in 14 days: 30 in each week; 110 - 100 and 180 - 170 are known to the day.
    assert measured(history) == [10, 30, 30, 10]
    rows = history.rows("select week, hub_id, is_bridged, is_flagged, is_estimate from core.weekly_flow order by week")
    unsure = {(row["week"], row["hub_id"]) for row in rows if row["is_bridged"] and row["is_flagged"]}
    assert unsure == {(week, hub_id) for week in MONDAYS[1:3] for hub_id in ("m", "steady")}
    assert {row["week"] for row in rows if row["is_estimate"]} == {MONDAYS[4]}, "the running week alone"


def test_a_table_with_only_the_rolling_counter_is_estimated_throughout(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for day, month in zip(MONDAYS, [30, 60], strict=False):
        history.day(day, model("m", month=month))
    assert flow(history.build()) == {MONDAYS[0]: (7.0, True, False), MONDAYS[1]: (14.0, True, False)}


def test_a_rolling_counter_that_outlived_the_downloads_counts_for_nothing(write: Write) -> None:
    history = write([500] * 6, month=[300] * 6)
    assert flow(history) == {MONDAYS[5]: (0.0, True, False)}


def test_a_model_that_went_and_came_back_is_estimated_once(tmp_path: Path) -> None:
    """Its counter has stood still for as long as both of its stays have lasted."""
    history = History(tmp_path / "home")
    for place, day in enumerate(MONDAYS[:9]):
        still = [] if place == 1 else [model("m", total=1000, month=300)]
        history.day(day, model("other", total=100 * place, month=400), *still)
    rows = history.rows("select week, downloads_flow from core.weekly_flow where hub_id = 'm' and is_estimate")
    assert rows == [{"week": MONDAYS[8], "downloads_flow": 0}]


def test_the_first_sight_of_an_old_model_is_a_baseline(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    history.day(MONDAYS[0], model("other", total=1))
    history.day(MONDAYS[1], model("other", total=2), model("old", total=5_000))
    assert MONDAYS[0] not in flow(history.build(), "old")


@pytest.mark.parametrize(
    ("created_at", "weekly"),
    [
        pytest.param(datetime.fromisoformat("2026-09-03T09:00"), 70.0, id="since-the-last-snapshot"),
        pytest.param(datetime.fromisoformat("2026-08-31T01:59:59"), None, id="just-before-it-was-taken"),
        pytest.param(datetime.fromisoformat("2026-08-31T02:00:01"), 70.0, id="just-after-it-began-times-not-dates"),
    ],
)
def test_a_model_created_since_the_last_snapshot_brings_all_its_downloads(
    tmp_path: Path, created_at: datetime, weekly: float | None
) -> None:
    history = History(tmp_path / "home")
    history.day(MONDAYS[0], model("other", total=1))
    history.day(MONDAYS[1], model("other", total=2), model("new", total=70, created_at=created_at))
    found = flow(history.build(), "new").get(MONDAYS[0])
    assert (found and found[0]) == weekly


def busy(history: History, totals: list[int], newborn: dict[int, int]) -> History:
    """Write a Hub of ten busy models that all read so, Monday after Monday; one created on the fifth Wednesday reads `newborn`."""
    created_at = datetime.combine(MONDAYS[4] + timedelta(days=2), datetime.min.time())
    for place, (day, total) in enumerate(zip(MONDAYS, totals, strict=False)):
        late = [model("newborn", total=newborn[place], created_at=created_at)] if place in newborn else []
        history.day(day, *(model(f"m{n}", total=total * (n + 1), month=90_000) for n in range(10)), *late)
    return history.build()


def test_a_stall_of_the_whole_hub_is_no_dip_and_no_spike(tmp_path: Path) -> None:
    totals = [0, 100, 200, 300, 400, 400, 600, 700, 800, 900]
    history = busy(History(tmp_path / "home"), totals, {5: 0, **dict.fromkeys(range(6, 10), 24)})
    found = flow(history, "m0")
    assert [found[week][0] for week in MONDAYS[:7]] == [100] * 7
    assert [found[week][2] for week in MONDAYS[:7]] == [False] * 4 + [True, True, False]
    assert history.rows("select to_on from staging.spans where is_stalled") == [{"to_on": MONDAYS[5]}]
    # Created on Wednesday of the stalled week and first shown with nothing: 24 in twelve days, none before it was there.
    assert {week: value for week, (value, *_rest) in flow(history, "newborn").items()} == {
        MONDAYS[4]: pytest.approx(10),
        MONDAYS[5]: pytest.approx(14),
    }


@pytest.mark.parametrize("in_between", [0, 2])
def test_three_hours_from_a_late_sunday_to_a_monday_are_no_stall(tmp_path: Path, in_between: int) -> None:
    """A week caught at its last hour, and the next at its first: little comes between them, or nothing at all."""
    history = History(tmp_path / "home")
    totals = {day: 100 * place for place, day in enumerate(MONDAYS[:9])}
    sunday = MONDAYS[6] - timedelta(days=1)
    del totals[MONDAYS[5]]
    totals[sunday] = 600 - in_between
    for day, total in sorted(totals.items()):
        models = [model(f"m{n}", total=total * (n + 1), month=90_000) for n in range(10)]
        history.day(day, *models, hour=23 if day == sunday else 2)
    found = flow(history.build(), "m0")
    assert history.rows("select to_on from staging.spans where is_stalled") == []
    assert {week: found[week][::2] for week in MONDAYS[6:8]} == dict.fromkeys(MONDAYS[6:8], (100, False))
    assert sum(found[week][0] for week in MONDAYS[4:6]) == pytest.approx(200)


@pytest.mark.parametrize(
    ("taken", "days"),
    [
        pytest.param([(0, 2), (7, 2), (14, 2)], [7, 7], id="always-at-the-same-hour"),
        pytest.param([(0, 2), (7, 8), (14, 2)], [7.25, 6.75], id="six-hours-late"),
        pytest.param([(0, 2), (6, 23), (14, 2)], [7.7656, 6.2344], id="late-on-the-sunday-before"),
        pytest.param([(0, 0), (7, 23), (14, 0)], [7.9583, 6.0417], id="late-on-the-monday"),
        pytest.param([(0, 6), (3, 20), (7, 6), (11, 1), (14, 6)], [7, 7], id="between-them-the-hour-is-no-matter"),
        pytest.param([(-1, 12), (7, 0), (14, 0)], [6.5625, 7], id="over-the-first-monday"),
    ],
)
def test_a_week_counted_over_other_than_seven_days_says_so(
    tmp_path: Path, taken: list[tuple[int, int]], days: list[float]
) -> None:
    """A snapshot stands for the beginning of its day, at whatever hour it was taken."""
    history = History(tmp_path / "home")
    for day, hour in taken:
        moved = 24 * day + hour
        history.day(MONDAYS[0] + timedelta(days=day), model("m", total=1_000_000 + 100 * moved), hour=hour)
    found = history.build().rows("select counted_days, is_uneven from core.weeks where is_measured order by week")
    assert [row["counted_days"] for row in found] == pytest.approx(days, abs=1e-3)
    told = [abs(row["counted_days"] - 7) > 0.25 for row in found]
    assert [row["is_uneven"] for row in found] == told
    rows = flow(history)
    mondays = [week for week in MONDAYS[:2] if not rows[week][1]]
    assert [rows[week][2] for week in mondays] == told
    assert [rows[week][0] for week in mondays] == pytest.approx([2400 * day for day in days], abs=1)


def test_a_stall_goes_on_over_a_step_of_three_hours(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    sunday = MONDAYS[6] - timedelta(days=1)
    totals = {**{day: 100 * min(place, 4) for place, day in enumerate(MONDAYS[:7])}, sunday: 400}
    totals |= {MONDAYS[7]: 700, MONDAYS[8]: 800}
    del totals[MONDAYS[5]]
    for day, total in sorted(totals.items()):
        models = [model(f"m{n}", total=total * (n + 1), month=90_000) for n in range(10)]
        history.day(day, *models, hour=23 if day == sunday else 2)
    found = flow(history.build(), "m0")
    assert [found[week][0] for week in MONDAYS[4:8]] == [pytest.approx(100)] * 4


def test_one_falling_giant_is_no_stall(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for place, day in enumerate(MONDAYS[:6]):
        giant = 10_000_000 if place < 4 else 9_000_000
        history.day(day, model("giant", total=giant + place), *(model(f"m{n}", total=100 * place) for n in range(10)))
    assert history.build().rows("select * from staging.spans where is_stalled") == []


def test_a_snapshot_with_less_than_half_of_the_rows_is_not_used(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for place, day in enumerate(MONDAYS[:4]):
        names = ["a"] if place == 2 else ["a", "b", "c"]
        history.day(day, *(model(name, total=70 * place) for name in names))
    history.build()
    assert [row["status"] for row in history.rows("select status from core.snapshots order by observed_on")] == [
        "sealed",
        "sealed",
        "partial",
        "sealed",
    ]
    assert [value for value, _estimate, _bridged in flow(history, "b").values()][:3] == [70, 70, 70]
    assert history.rows("select hub_id from core.models where removed_on is not null") == []


@pytest.fixture(scope="module")
def gap(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Nine Mondays without the third; a snapshot tells of the Saturday thirty days before it."""
    counters: dict[str, dict[int, tuple[int | None, int | None]]] = {
        # The Saturdays in the gap: 400 - 240 = 160 and 450 - 262 = 188.
        "told": {0: (100, None), 1: (110, None), 3: (250, None), 6: (400, 240), 7: (450, 262)},
        # 400 - 0 lies over the 250 that were read after it: one of the two counters is wrong.
        "contradicted": {0: (100, None), 1: (110, None), 3: (250, None), 6: (400, 0), 7: (450, None)},
        # Down at the second Monday, up again after the gap; the Saturdays read 1020, 1090, 1160.
        "fallen": {0: (1000, None), 1: (900, None), 3: (1210, None), 5: (1400, 380), 6: (1500, 410), 7: (1600, 440)},
        "unread": {3: (None, None), 4: (120, None)},
        "dark": {0: (100, None), 1: (110, None), 3: (150, None), 4: (None, 300), 5: (170, None)},
        "large": {0: (99_000, None), 1: (100_001, None)},
        "larger": {0: (99_000, None), 1: (101_000, None)},
    }
    created = {"unread": datetime.combine(MONDAYS[2] + timedelta(days=2), datetime.min.time())}
    history = History(tmp_path_factory.mktemp("gap"))
    for place in (0, 1, 3, 4, 5, 6, 7, 8):
        rows = [model("steady", total=7000 * place)]
        for name, known in counters.items():
            if min(known) <= place:
                total, month = known[max(day for day in known if day <= place)]
                is_told = place in known
                rows.append(
                    model(
                        name,
                        total=total,
                        month=month if is_told else None,
                        created_at=created.get(name, datetime.fromisoformat("2022-03-03")),
                    )
                )
        history.day(MONDAYS[place], *rows)
    return history.build()


def first_weeks(history: History, hub_id: str) -> list[float]:
    found = flow(history, hub_id)
    return [found.get(week, (0.0,))[0] for week in MONDAYS[:4]]


def test_a_gap_is_cut_where_the_rolling_counter_tells_how_high_the_counter_stood(gap: History) -> None:
    # 50 in five days, then 28 in seven, 62 in two. The parabola through the first three heights, two days on:
    # 2 * 4 - 2 * 5 * (4 - 10) / (5 + 7) = 13, so that the first week has 63 and the second the other 77.
    assert first_weeks(gap, "told") == pytest.approx([10, 63, 77, 0])
    assert flow(gap, "told")[MONDAYS[1]][2], "bridged all the same"


def test_a_rolling_counter_that_contradicts_the_cumulative_one_tells_nothing(gap: History) -> None:
    assert first_weeks(gap, "contradicted") == pytest.approx([10, 70, 70, 0])


def test_a_rollback_is_cut_too_and_brings_no_more_than_the_counter(gap: History) -> None:
    # 20 in five days, 70 in seven, 70 in seven, 50 in two: 20 + 2 * 10 - 2 * 5 * (10 - 4) / 12 = 35 by the first Monday,
    # 90 + 2 * 10 = 110 by the second, because the pace stays.
    assert first_weeks(gap, "fallen") == pytest.approx([35, 75, 100, 0])


def test_a_model_born_with_an_unreadable_counter_loses_nothing(gap: History) -> None:
    # 120 in the twelve days from Wednesday on.
    assert first_weeks(gap, "unread") == pytest.approx([0, 0, 50, 70])


def test_a_counter_that_was_missing_for_a_week_is_not_estimated_too_once_it_is_back(gap: History) -> None:
    rows = gap.rows(
        "select week, downloads_flow, is_estimate from core.weekly_flow where hub_id = 'dark' order by week"
    )
    told = [row for row in rows if row["week"] in MONDAYS[3:5]]
    assert told == [{"week": week, "downloads_flow": 10, "is_estimate": False} for week in MONDAYS[3:5]]


@pytest.mark.parametrize("weekday", [0, 1])
def test_what_is_listed_but_not_told_goes_on_at_its_last_pace(tmp_path: Path, weekday: int) -> None:
    """Until its record can be read again, or has its counter again: an estimate, beside what is known of the week, and not past its end."""
    days = [monday + timedelta(days=weekday) for monday in MONDAYS[:6]]
    history = History(tmp_path)
    for place, day in enumerate(days):
        totals = {"torn": 140 * place, "dark": 140 * place if place < 4 else None, "gone": 140 * place, "old": None}
        silent = ["torn", "gone"][: 2 if place == 4 else 1] if place > 3 else []
        listed = {name: total for name, total in totals.items() if name not in silent and (name != "gone" or place < 5)}
        months = [900] * 4 + [600, None]
        rows = [model(name, total=total, month=months[place]) for name, total in listed.items()]
        history.day(day, model("steady", total=10**6 * place, month=10**6), *rows, unreadable=silent)
    history.build()
    known = 20 * weekday  # of the week in which it was last told
    assert [flow(history, "torn")[week][:2] for week in MONDAYS[2:6]] == [
        (140, False),
        (known + 30 * (7 - weekday), True),
        (210, True),
        (210, True),
    ]
    assert [flow(history, "dark")[week][:2] for week in MONDAYS[2:6]] == [
        (140, False),
        (known + 20 * (7 - weekday), True),
        (140, True),
        (140, True),
    ]
    rest = [row[:2] for week, row in flow(history, "gone").items() if week >= MONDAYS[3]]
    assert rest == [(known + 30 * (7 - weekday), True), (30 * weekday, True)][: 1 + (weekday > 0)]
    assert flow(history, "old")[MONDAYS[4]][:2] == (140, True)
    twice = "select hub_id, week from core.weekly_flow group by hub_id, week having count(*) > 1"
    assert history.rows(twice) == [], "estimated by this week's counter and by the one told before"
    flagged = "select source, count(*) as n from core.weekly_flow where is_flagged and hub_id = 'torn' group by source"
    assert history.rows(flagged) == [{"source": "huggingface", "n": 3}]


def test_a_threshold_is_passed_between_two_snapshots_not_when_it_is_seen(gap: History) -> None:
    rows = gap.rows(
        "select hub_id, large_at from staging.traits inner join staging.model_keys using (model_key) where hub_id like 'large%' order by 1"
    )
    at = {row["hub_id"]: row["large_at"] for row in rows}
    week, seen = timedelta(days=7), datetime.combine(MONDAYS[0], datetime.min.time()) + timedelta(hours=2)
    # 1000 of 1001: ten minutes before the snapshot, so still after midnight; 1000 of 2000: in the middle.
    assert abs(at["large"] - (seen + week * 1000 / 1001)) < timedelta(seconds=2)
    assert abs(at["larger"] - (seen + week / 2)) < timedelta(seconds=2)


def test_an_archive_without_ids_is_joined_by_name(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for place, day in enumerate(MONDAYS[:2]):
        history.day(day, model(None, model_name="lab/m", total=70 * place), source="archive")
    history.day(MONDAYS[2], model("m", total=500))
    history.build()
    assert flow(history)[MONDAYS[0]] == (70.0, False, False)


def test_what_an_archive_lists_without_a_day_of_creation_is_born_when_a_capture_says(tmp_path: Path) -> None:
    """Created on Wednesday, 50 by the archive's Monday, then 7 a day. What was there before the archive began has no birth in it."""
    history = History(tmp_path / "home")
    created = {"new": datetime.fromisoformat("2026-09-02T12:00"), "hidden": LONG_AGO}
    for place, day in enumerate(MONDAYS[:3]):
        names = ["lab/old", *(["lab/new", "lab/hidden"] if place else [])]
        rows = [model(None, model_name=name, total=50 + 49 * (place - 1), created_at=None) for name in names]
        history.day(day, *rows, source="archive")
    history.day(MONDAYS[2], *(model(name, total=150, created_at=day) for name, day in created.items()), model("old"))
    rows = history.build().rows(
        "select hub_id, week, downloads_flow, is_estimate from core.weekly_flow where downloads_flow > 0"
    )
    found = {(row["hub_id"], row["week"]): float(row["downloads_flow"]) for row in rows if not row["is_estimate"]}
    first, second = MONDAYS[:2]
    assert found == {
        ("old", first): 49,
        ("new", first): 50,
        **{(name, second): 49 for name in ("old", "new", "hidden")},
    }


def test_of_two_archives_the_one_with_the_nearest_snapshots_measures_a_week(tmp_path: Path) -> None:
    history = History(tmp_path / "home")
    for place, (day, total) in enumerate(zip(MONDAYS[:4], [0, 0, 70, 70], strict=True)):
        history.day(day, model("m", total=total), source="weekly")
        if place in (0, 3):
            history.day(day, model("m", total=total), source="a_monthly")
    rows = flow(history.build())
    assert {week: value for week, (value, *_rest) in rows.items() if value} == {MONDAYS[1]: 70}
