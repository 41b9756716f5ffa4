"""The claims and what is said to them: every one has a query, and the rule that registry.claims states is the one that judges."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dagster_project.settings import shipped
from dagster_project.warehouse import catalog, lineage

from .conftest import Answer

FINDING = ["verdict", "number", "interval_low", "interval_high", "reason"]
SHARES = (
    "select * replace (cast(share_of_total as double) as share_of_total) from (values {rows})"
    " as given (week, scope, credit, time_window, country, share_of_total, unknown_share, is_estimate)"
)
TIERS = (
    "select * replace (cast(own_open_share as double) as own_open_share) from (values {rows})"
    " as given (quarter, level, lab, is_running, n_own, own_open_share)"
)
QUARTERS = [f"{year}-{month:02d}-01" for year in (2024, 2025) for month in (1, 4, 7, 10)]


def rows(template: str, *lines: str) -> str:
    return template.format(rows=", ".join(f"({line})" for line in lines))


def verdict(answer: Answer, claim: str, given: Mapping[str, str]) -> tuple[object, ...]:
    (found,) = answer(f"claims.{claim}", given)
    return tuple(found[name] for name in FINDING[:4])


def test_every_claim_has_a_query_and_every_query_a_claim() -> None:
    queries = {
        name.removeprefix("claims.").upper(): t
        for name, t in catalog.load(shipped("sql")).items()
        if t.schema == "claims"
    }
    told = (shipped("data/registry") / "claims.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert sorted(queries) == sorted(line.partition(",")[0] for line in told)
    assert len(queries) == 19
    for table in queries.values():
        assert list(table.columns) == FINDING
        assert {parent.partition(".")[0] for parent in lineage.parents(table)} <= set(catalog.PUBLISHED_SCHEMAS)


@pytest.mark.parametrize(
    ("china", "america", "unknown", "expected"),
    [
        (0.5, 0.2, 0.1, ("supported", 1, 1, 1)),
        (0.3, 0.25, 0.1, ("mixed", 1, 0, 1)),
        (0.2, 0.25, 0.1, ("mixed", 0, 0, 1)),
        (0.1, 0.5, 0.1, ("contradicted", 0, 0, 0)),
    ],
)
def test_who_leads_counts_only_when_the_unknown_cannot_turn_it(
    answer: Answer, china: float, america: float, unknown: float, expected: tuple[object, ...]
) -> None:
    place = "date '2026-01-05', 'S1', 'publisher', '28d'"
    given = rows(SHARES, f"{place}, 'CN', {china}, {unknown}, false", f"{place}, 'US', {america}, {unknown}, false")
    assert verdict(answer, "r2", {"marts.share_by_country": given}) == expected


def test_without_four_measured_weeks_nobody_leads(answer: Answer) -> None:
    given = rows(SHARES, "date '2026-01-05', 'S1', 'publisher', 'week', 'CN', 0.5, 0.1, false")
    assert verdict(answer, "r2", {"marts.share_by_country": given}) == ("not measurable yet", None, None, None)


def test_a_change_needs_half_a_year_and_every_scope(answer: Answer) -> None:
    def shares(last: str) -> str:
        lines = [
            f"date '{week}', '{scope}', 'publisher', '28d', 'CN', {share}, 0.1, false"
            for scope, early, late in (("S1", 0.2, 0.3), ("S2", 0.5, 0.45))
            for week, share in (("2026-01-05", early), (last, late))
        ]
        return rows(SHARES, *lines)

    assert verdict(answer, "r4", {"marts.share_by_country": shares("2026-06-29")})[0] == "not measurable yet"
    found = verdict(answer, "r4", {"marts.share_by_country": shares("2026-07-06")})
    assert found == ("mixed", pytest.approx(0.1), pytest.approx(-0.05), pytest.approx(0.1))


def test_an_open_share_is_weighted_by_releases(answer: Answer) -> None:
    """DeepSeek 3 of 4 open, 1 + 2 * 1 of 1 + 3; Meta 1 of 2. The running quarter and older ones don't count."""
    lines = [
        "date '2023-10-01', 'lab', 'deepseek', false, 50, 0.0",
        *(f"date '{quarter}', 'lab', 'nobody', false, 1, 0.0" for quarter in QUARTERS[4:]),
        "date '2025-01-01', 'lab', 'deepseek', false, 1, 1.0",
        "date '2025-10-01', 'lab', 'deepseek', false, 3, 0.6666666666666666",
        "date '2025-10-01', 'lab', 'meta', false, 2, 0.5",
        "date '2026-01-01', 'lab', 'meta', true, 90, 1.0",
    ]
    found = verdict(answer, "c2", {"marts.openness_tier": rows(TIERS, *lines)})
    assert found == ("supported", pytest.approx(0.25), None, None)


def test_a_lab_that_is_not_there_is_not_measured(answer: Answer) -> None:
    given = {"marts.openness_tier": rows(TIERS, "date '2025-10-01', 'lab', 'rehearsal-brivane', false, 3, 1.0")}
    for claim in ("c1", "c2", "r3"):
        assert verdict(answer, claim, given) == ("not measurable yet", None, None, None)


@pytest.mark.parametrize(
    ("before", "since", "open_part", "expected"),
    [
        (60, 20, 0, "supported"),
        (60, 80, 0, "mixed"),
        (30, 20, 10, "contradicted"),
        (45, 20, 10, "mixed"),
        (10, 10, 60, "not measurable yet"),
    ],
)
@pytest.mark.parametrize("is_suppressed", [False, True])
def test_most_is_more_than_half_whatever_is_unknown_or_suppressed(
    answer: Answer, before: int, since: int, open_part: int, expected: str, is_suppressed: bool
) -> None:
    """A hundred derivatives on both sides of January 2025; so many have a US root, and of so many before nobody can say."""
    dependence = (
        "select * from (values (date '2024-04-01', 'root', 'CN', 100), (date '2025-04-01', 'root', 'CN', 100))"
        " as given (quarter, credit, country, n_default)"
    )
    flows = (
        "select * from (values"
        f" (date '2024-04-01', 'root', 'US', 'CN', {before}), (date '2024-04-01', 'root', 'DE', 'CN', {100 - before - open_part}),"
        f" (date '2024-04-01', 'root', 'UNKNOWN', 'CN', {'null' if is_suppressed else open_part}),"
        f" (date '2025-04-01', 'root', 'US', 'CN', {since}), (date '2025-04-01', 'root', 'DE', 'CN', {100 - since}),"
        " (date '2024-04-01', 'direct', 'US', 'CN', 99)"
        ") as given (quarter, credit, base_country, derivative_country, n_default)"
    )
    found = verdict(answer, "c3", {"marts.lineage_dependence": dependence, "marts.lineage_flows": flows})
    bounds = (None, None, None)
    if expected != "not measurable yet":
        bounds = (before / 100, before / 100, pytest.approx((before + open_part) / 100))
    assert found == (expected, *bounds)
