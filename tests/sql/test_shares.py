"""Shares, bounds and ranks on rows small enough to check by hand."""

from __future__ import annotations

import pytest

from .conftest import Answer, Rows

FLOW = """
select date '2026-11-16' as week, 'S1' as scope, 'publisher' as credit, 'week' as time_window, * from (values
    ('a', 'alpha', 'CN', 50::decimal(24, 6), false, date '2026-11-18'),
    ('b', 'beta', 'US', 20::decimal(24, 6), true, date '2026-11-18'),
    ('c', 'beta', 'US', 10::decimal(24, 6), false, date '2026-11-18'),
    ('d', 'hf:someone', 'UNKNOWN', 15::decimal(24, 6), false, date '2026-11-18'),
    ('e', 'hf:other', 'UNKNOWN', 5::decimal(24, 6), false, date '2026-11-18')
) as t(hub_id, lab, country, downloads_flow, is_estimate, as_of)
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
    rows = answer("marts.share_by_country", {"staging.credited_flow": FLOW, "registry.countries": COUNTRIES})
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
    rows: Rows = answer("marts.share_by_lab", {"staging.credited_flow": FLOW, "registry.labs": LABS})
    found = {row["lab_name"]: (row["rank"], row["country"], row["parent"], row["upper_bound"]) for row in rows}
    assert found == {
        "ha": (1, "CN", None, pytest.approx(0.7)),
        "Beta": (2, "US", "holding", pytest.approx(0.5)),
        "someone": (3, "UNKNOWN", None, pytest.approx(0.15)),
        "other": (4, "UNKNOWN", None, pytest.approx(0.05)),
    }


def test_a_week_without_downloads_has_no_shares_rather_than_zeros(answer: Answer) -> None:
    nothing = (
        FLOW.replace("50::", "0::")
        .replace("20::", "0::")
        .replace("10::", "0::")
        .replace("15::", "0::")
        .replace("5::", "0::")
    )
    rows = answer("marts.share_by_country", {"staging.credited_flow": nothing, "registry.countries": COUNTRIES})
    assert rows
    assert all(row["share_of_total"] is None and row["unknown_share"] is None for row in rows)


def credited(answer: Answer, names: str, registry: str, source: str = "huggingface") -> set[tuple[str, str, str, str]]:
    """Give (week, scope, lab, country) of one model's flow in three weeks."""
    given = {
        "core.weekly_flow": f"""
            select 'm' as hub_id, week::date as week, 7::decimal(24, 6) as downloads_flow, false as is_estimate, week::date as as_of,
                '{source}' as source
            from (values ('2026-11-02'), ('2026-11-09'), ('2026-11-16')) as t(week)
        """,
        "core.models": "select 'm' as hub_id, 'Acme/x' as model_name, 'Acme' as namespace, 'text-generation' as pipeline_tag",
        "core.model_names": f"select 'm' as hub_id, model_name, first_seen_on::date as first_seen_on from (values {names})"
        " as t(model_name, first_seen_on)",
        "registry.namespaces": f"""
            select namespace, lab, country, valid_from::date as valid_from, valid_to::date as valid_to
            from (values {registry}) as t(namespace, lab, country, valid_from, valid_to)
        """,
    }
    rows = answer("staging.credited_flow", given)
    return {(str(row["week"]), row["scope"], row["lab"], row["country"]) for row in rows}


def in_both_scopes(*weeks: tuple[str, str, str]) -> set[tuple[str, str, str, str]]:
    return {(week, scope, lab, country) for week, lab, country in weeks for scope in ("S1", "S2")}


def test_credit_follows_the_registry_of_that_week(answer: Answer) -> None:
    registry = "('acme', 'old', 'FR', '0001-01-01', '2026-11-16'), ('acme', 'new', 'US', '2026-11-16', '9999-12-31')"
    assert credited(answer, "('Acme/x', '2026-11-09')", registry) == in_both_scopes(
        ("2026-11-02", "old", "FR"), ("2026-11-09", "old", "FR"), ("2026-11-16", "new", "US")
    )


def test_after_an_owners_rename_the_past_stays_with_the_old_name(answer: Answer) -> None:
    registry = (
        "('acme', 'lab', 'FR', '2026-11-09', '9999-12-31'), ('acme-old', 'lab', 'FR', '0001-01-01', '2026-11-09')"
    )
    names = "('Acme-old/x', '2026-11-02'), ('Acme/x', '2026-11-09')"
    assert credited(answer, names, registry) == in_both_scopes(
        ("2026-11-02", "lab", "FR"), ("2026-11-09", "lab", "FR"), ("2026-11-16", "lab", "FR")
    )


def test_a_quick_capture_has_scopes_of_its_own(answer: Answer) -> None:
    registry = "('acme', 'lab', 'FR', '0001-01-01', '9999-12-31')"
    found = credited(answer, "('Acme/x', '2026-11-02')", registry, source="huggingface_quick")
    assert {scope for _week, scope, _lab, _country in found} == {"S1-quick", "S2-quick"}
