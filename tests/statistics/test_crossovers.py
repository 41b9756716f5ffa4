"""Crossovers of series whose turning week is known, and intervals that can be told beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import pytest

from dagster_project.statistics.crossovers import SCHEMA, crossovers

FIRST = date(2026, 1, 5)


def monday(number: int) -> date:
    return FIRST + timedelta(weeks=number)


def flows(level: str, **sides: Sequence[Sequence[float]]) -> pl.DataFrame:
    """Write the flows of sides, each made of labs, each a week after week."""
    rows = [
        (level, side, side if level == "lab" else f"{side}{lab}", monday(week), float(flow))
        for side, labs in sides.items()
        for lab, series in enumerate(labs)
        for week, flow in enumerate(series)
    ]
    columns = ["level", "side", "lab", "week", "downloads_flow"]
    return pl.DataFrame(rows, columns, orient="row").with_columns(
        scope=pl.lit("S1"), credit=pl.lit("publisher"), unknown_share=pl.lit(0.25), as_of=pl.lit(monday(60))
    )


def turned(*lengths: int) -> list[float]:
    """Give a side's flow against a steady 100: 150 and 50 in turn, for so many weeks each."""
    return [150.0 if place % 2 == 0 else 50.0 for place, length in enumerate(lengths) for _ in range(length)]


def pair(*lengths: int) -> dict[str, object]:
    first = turned(*lengths)
    (row,) = crossovers(flows("lab", a=[first], b=[[100.0] * len(first)])).rows(named=True)
    return row


def test_a_step_is_found_in_its_week() -> None:
    # Weeks 0 to 19 are a's. The median of weeks 18 to 21 is of two of each, and log 1.5 < -log 0.5, so b leads from week 21.
    row = pair(20, 20)
    assert (row["crossover_week"], row["leads_after"], row["leads_now"]) == (monday(20), "b", "b")
    assert (row["held_weeks"], row["reversals"], row["n_weeks"]) == (19, 0, 40)
    assert row["interval_low"] <= monday(20) <= row["interval_high"]
    assert (row["first_week"], row["last_week"], row["unknown_share"]) == (monday(0), monday(39), 0.25)


@pytest.mark.parametrize(("held", "is_one"), [(8, False), (9, True)])
def test_a_lead_counts_when_its_sign_holds_for_eight_weeks(held: int, is_one: bool) -> None:
    # The first median that is b's ends with the second week of b: of 9 weeks, 8 medians.
    row = pair(20, held)
    assert (row["crossover_week"] is not None) is is_one
    assert row["leads_now"] == "b"
    assert row["reversals"] == (0 if is_one else 1)


def test_a_short_lead_in_between_is_two_reversals_and_no_crossover() -> None:
    row = pair(20, 5, 20)
    assert (row["crossover_week"], row["leads_after"], row["reversals"]) == (None, None, 2)


def test_of_two_crossovers_the_later_is_told_and_the_earlier_is_a_reversal() -> None:
    # From week 41 a leads again: the median of weeks 38 to 41 is still b's, that of 39 to 42 is a's.
    row = pair(20, 20, 20)
    assert (row["crossover_week"], row["leads_after"], row["reversals"]) == (monday(41), "a", 1)


def test_a_lead_that_the_first_weeks_show_for_less_than_eight_is_none() -> None:
    assert pair(5, 30)["crossover_week"] is None


def test_one_large_week_turns_nothing() -> None:
    series = [100.0] * 30
    series[15] = 1e6
    (row,) = crossovers(flows("lab", a=[series], b=[[200.0] * 30])).rows(named=True)
    assert (row["crossover_week"], row["leads_now"], row["reversals"]) == (None, "b", 0)


def test_equal_sides_have_no_leader() -> None:
    (row,) = crossovers(flows("lab", a=[[100.0] * 30], b=[[100.0] * 30])).rows(named=True)
    assert (row["crossover_week"], row["leads_now"], row["reversals"]) == (None, None, 0)


def test_a_country_whose_labs_move_alike_crosses_in_one_week_whatever_is_drawn() -> None:
    rising = [[40.0] * 20 + [400.0] * 20] * 5
    (row,) = crossovers(flows("country", CN=rising, US=[[100.0] * 40] * 5)).rows(named=True)
    # Every draw turns in the same week; a median of four weeks dates it to a week.
    week = row["crossover_week"]
    assert (row["interval_low"], row["interval_high"]) == (week - timedelta(weeks=1), week + timedelta(weeks=1))
    assert row["resample_share"] == 1


def test_a_crossover_made_by_one_lab_of_many_is_told_as_such() -> None:
    """Without the one lab the country never leads; of three labs drawn anew, the one is missing in (2/3)^3 = 30 % of the draws."""
    one = [[0.0] * 20 + [1000.0] * 20, [10.0] * 40, [10.0] * 40]
    (row,) = crossovers(flows("country", CN=one, US=[[100.0] * 40])).rows(named=True)
    assert row["leads_after"] == "CN"
    assert row["resample_share"] == pytest.approx(1 - (2 / 3) ** 3, abs=0.06)


def test_a_lab_without_downloads_changes_nothing() -> None:
    """Three labs that turn in one week; nine more that are listed but that nobody downloads must not be drawn in their place."""
    rising, steady = [[40.0] * 20 + [400.0] * 20] * 3, [[100.0] * 40] * 3
    found = crossovers(flows("country", CN=[*rising, *[[0.0] * 40] * 9], US=steady))
    assert found.equals(crossovers(flows("country", CN=rising, US=steady)))


def test_countries_of_one_lab_each_are_as_uncertain_as_their_labs() -> None:
    """Drawn anew one lab is always itself, which would make every crossover certain to the week."""
    close = [100.0 + (week - 30) / 2 + 25 * ((week * 7) % 11 - 5) / 5 for week in range(60)]
    given = {"a": [close], "b": [[100.0] * 60]}
    countries, labs = crossovers(flows("country", **given)), crossovers(flows("lab", **given))
    assert countries.drop("level").equals(labs.drop("level"))
    (row,) = countries.rows(named=True)
    assert row["interval_high"] - row["interval_low"] > timedelta(weeks=2)


def test_the_answer_does_not_depend_on_the_order_of_rows_or_on_other_sides() -> None:
    waves = [[100.0 + 30 * ((lab * 7 + week * 5) % 11) + lab * week for week in range(52)] for lab in range(6)]
    given = flows("country", CN=waves, US=[series[::-1] for series in waves], FR=waves[:2])
    found = crossovers(given)
    assert crossovers(given.sample(fraction=1, shuffle=True, seed=4)).equals(found)
    alone = crossovers(given.filter(pl.col("side") != "FR"))
    assert alone.equals(found.filter((pl.col("side_a") == "CN") & (pl.col("side_b") == "US")))


def test_nothing_measured_is_a_table_without_rows() -> None:
    assert crossovers(flows("lab")).schema == pl.Schema(SCHEMA)


def test_weeks_too_few_for_a_median_tell_nothing() -> None:
    row = pair(3)
    assert (row["crossover_week"], row["leads_now"], row["n_weeks"]) == (None, None, 3)
