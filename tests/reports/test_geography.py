"""The report on contributors quotes one quarter of all repositories as the mart has it, and never adds labs up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
from reports_world import EDITION

from dagster_project.calendar import Week
from dagster_project.reports.geography import newest

QUARTERS = [date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)]


def rows(*, back_cast: date | None = None) -> pl.DataFrame:
    """Three quarters, the last one running: 12 of 20 located people in CN, and a lab with as many."""
    told = [
        {
            "quarter": quarter,
            "level": level,
            "country": country,
            "contributors": people,
            "share_of_located": None if country == "UNKNOWN" else people / 20,
            "all_contributors": 50,
            "is_running": quarter == QUARTERS[2],
            "is_back_cast": back_cast is not None and quarter <= back_cast,
        }
        for quarter in QUARTERS
        for level in ("all", "lab")
        for country, people in (("CN", 12.0), ("OTHER", 8.0), ("UNKNOWN", 30.0))
    ]
    return pl.DataFrame(told)


def test_the_newest_quarter_that_is_over_and_was_watched_is_quoted_as_it_stands() -> None:
    found = newest(rows(), EDITION)
    assert found is not None
    assert found.what == "50 contributors to the captured repositories, 2026 Q2"
    assert found.rows.filter(pl.col("country") == "CN").select("contributors", "share_of_located").rows() == [
        (12.0, 0.6)
    ]


def test_the_page_of_an_older_week_quotes_no_later_quarter() -> None:
    in_may, at_the_end_of_june = (
        replace(EDITION, week=Week(monday)) for monday in (date(2026, 5, 11), date(2026, 6, 29))
    )
    found = [newest(rows(), page) for page in (in_may, at_the_end_of_june)]
    assert [one and one.what[-7:] for one in found] == ["2026 Q1", "2026 Q2"]


def test_a_running_or_back_cast_quarter_says_so() -> None:
    watched_lately, never_watched = (newest(rows(back_cast=quarter), EDITION) for quarter in QUARTERS[1:])
    assert watched_lately is not None
    assert watched_lately.what == "50 contributors to the captured repositories, 2026 Q3, so far"
    assert never_watched is not None
    assert never_watched.what.endswith("2026 Q3, so far, back-cast from profiles of today")
    assert newest(pl.DataFrame(), EDITION) is None
