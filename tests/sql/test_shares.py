"""Shares, bounds and ranks on rows small enough to check by hand."""

from __future__ import annotations

import pytest

from .conftest import Answer, Rows

FLOW = """
select date '2026-11-16' as week, 'S1' as scope, 'publisher' as credit, 'week' as time_window,
    date '2026-11-18' as as_of, date '2026-11-16' as last_there, * from (values
    ('alpha', 'CN', 50::decimal(28, 9), 0::decimal(28, 9), 1::bigint),
    ('beta', 'US', 30::decimal(28, 9), 20::decimal(28, 9), 2::bigint),
    ('hf:someone', 'UNKNOWN', 15::decimal(28, 9), 0::decimal(28, 9), 1::bigint),
    ('hf:other', 'UNKNOWN', 5::decimal(28, 9), 0::decimal(28, 9), 1::bigint)
) as t(lab, country, downloads_flow, estimated_flow, n_models)
"""
COUNTRIES = """
select * from (values ('CN', 'China', 'Eastern Asia'), ('US', 'United States', 'Northern America'))
as t(country, country_name, region)
"""
LABS = """
select 'beta' as lab, 'Beta' as lab_name, 'holding' as parent, 'US' as country,
    date '0001-01-01' as valid_from, date '9999-12-31' as valid_to
"""


@pytest.fixture
def countries(answer: Answer) -> dict[str, dict[str, object]]:
    rows = answer("marts.share_by_country", {"staging.lab_windows": FLOW, "registry.countries": COUNTRIES})
    return {row["country"]: row for row in rows}


def test_shares_of_total_and_of_known(countries: dict[str, dict[str, object]]) -> None:
    assert {name: (row["share_of_total"], row["share_of_known"]) for name, row in countries.items()} == {
        "CN": (0.5, pytest.approx(50 / 80)),
        "US": (0.3, pytest.approx(30 / 80)),
        "UNKNOWN": (0.2, None),
    }


def test_bounds_reach_from_known_to_known_plus_unknown(countries: dict[str, dict[str, object]]) -> None:
    assert {name: (row["lower_bound"], row["upper_bound"]) for name, row in countries.items()} == {
        "CN": (0.5, pytest.approx(0.7)),
        "US": (0.3, pytest.approx(0.5)),
        "UNKNOWN": (0, pytest.approx(0.2)),
    }


def test_the_estimated_part_is_shown(countries: dict[str, dict[str, object]]) -> None:
    assert countries["US"]["is_estimate"] is True
    assert countries["US"]["estimated_share"] == pytest.approx(20 / 30)
    assert countries["CN"]["is_estimate"] is False
    assert countries["CN"]["estimated_share"] == 0


def test_unreviewed_namespaces_are_labs_of_their_own(answer: Answer) -> None:
    rows: Rows = answer("marts.share_by_lab", {"staging.lab_windows": FLOW, "registry.labs": LABS})
    found = {row["lab_name"]: (row["rank"], row["country"], row["parent"], row["upper_bound"]) for row in rows}
    assert found == {
        "ha": (1, "CN", None, pytest.approx(0.7)),
        "Beta": (2, "US", "holding", pytest.approx(0.5)),
        "someone": (3, "UNKNOWN", None, pytest.approx(0.15)),
        "other": (4, "UNKNOWN", None, pytest.approx(0.05)),
    }


def test_the_sum_of_small_namespaces_has_no_place_among_labs(answer: Answer) -> None:
    flow = FLOW.replace("hf:someone", "hf:(others)")
    rows: Rows = answer("marts.share_by_lab", {"staging.lab_windows": flow, "registry.labs": LABS})
    assert {row["lab_name"]: row["rank"] for row in rows} == {"ha": 1, "Beta": 2, "(others)": None, "other": 3}


def test_a_week_without_downloads_has_no_shares_rather_than_zeros(answer: Answer) -> None:
    nothing = (
        FLOW.replace("50::", "0::")
        .replace("30::", "0::")
        .replace("20::", "0::")
        .replace("15::", "0::")
        .replace("5::", "0::")
    )
    rows = answer("marts.share_by_country", {"staging.lab_windows": nothing, "registry.countries": COUNTRIES})
    assert rows
    assert all(row["share_of_total"] is None and row["unknown_share"] is None for row in rows)


def test_a_year_is_52_weeks_and_a_seventh_of_the_one_before(answer: Answer) -> None:
    """53 weeks: 70 downloads in the first, one in each of the others, so that the year has 52 and 10."""
    weeks = """select date '2025-01-06' + cast(7 * n as integer) as week, 'S1' as scope, 'publisher' as credit, 'alpha' as lab,
        'CN' as country, cast(if(n = 0, 70, 1) as decimal(28, 9)) as downloads_flow, cast(0 as decimal(28, 9)) as estimated_flow,
        1 as n_models, date '2026-01-12' as as_of from range(53) as weeks (n)"""
    rows = answer("staging.lab_windows", {"staging.lab_weeks": weeks})
    (year,) = [row for row in rows if row["time_window"] == "365d"]
    assert (str(year["week"]), year["downloads_flow"]) == ("2026-01-05", 62)
    assert sum(row["time_window"] == "28d" for row in rows) == 50
