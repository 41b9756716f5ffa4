"""Who works where, from readings to shares, counted by hand: a person once, two countries half each, the unknown on neither side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.sources import innovation_graph

from . import crews
from .conftest import Answer
from .crews import line

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
EARLIER = datetime.fromisoformat("2026-09-28")
GRAPH = """
select 'developers' as metric, date '2026-10-01' as observed_on, cast(quarter as date) as quarter, country, amount
from (values ('2026-04-01', 'US', 300), ('2026-04-01', 'CN', 100), ('2026-04-01', 'IN', 100), ('2026-10-01', 'US', 1))
    as given (quarter, country, amount)
union all select 'git_pushes', date '2026-09-01', date '2026-04-01', 'US', 7
union all select 'developers', date '2026-09-01', date '2026-04-01', 'DE', 9
"""


def crew(repo_id: int, letter: str, count: int, country: str) -> list[dict[str, Any]]:
    return [line(repo_id, f"{letter}{number}", country) for number in range(1, count + 1)]


NOBODY: dict[str, Any] = {"has_location": None, "profile_on": None}
READINGS = [
    # Repository 1 of lab a: six of the US, six of China, one who names both, two without an account, a bot.
    *crew(1, "u", 6, "US"),
    *crew(1, "c", 6, "CN"),
    line(1, "x", "US", "CN"),
    line(1, None, kind="anonymous", people=2, months=(JULY, AUGUST), **NOBODY),
    line(1, None, kind="bot", **NOBODY),
    # Repository 2 of lab a: five of the same Americans, the first in two months, and seven of Germany.
    line(2, "u1", "US", months=(JULY, AUGUST)),
    # Until the profile was read again, the second said to be in Spain.
    line(2, "u2", "ES", profile_on=EARLIER.date()),
    *crew(2, "u", 5, "US")[2:],
    *crew(2, "d", 7, "DE"),
    # Repository 3, of nobody's lab: twelve of India, two silent profiles, one that says no country, one not read.
    *crew(3, "i", 12, "IN"),
    *(line(3, f"s{number}") for number in (1, 2)),
    line(3, "t", has_location=True),
    line(3, "n", **NOBODY),
    # Repository 4: nine of France, too few to show.
    *crew(4, "f", 9, "FR"),
    # What an earlier reading said, and one under a key that was lost: neither counts.
    *(line(1, f"old{number}", "JP", observed_at=EARLIER) for number in range(8)),
    *(line(2, f"lost{number}", "BR", key_id="former", observed_at=EARLIER) for number in range(8)),
]  # fmt: skip
ALWAYS = (date(1, 1, 1), date(9999, 12, 31))
LAST_DAY = date(2026, 9, 30)
HOMES = [
    # Bought on the quarter's last day, and so lab a's.
    (1, "b", "DE", True, ALWAYS[0], LAST_DAY),
    (1, "a", "CN", True, LAST_DAY, ALWAYS[1]),
    (2, "a", "CN", True, *ALWAYS),
    *((number, "gh:x", "UNKNOWN", False, *ALWAYS) for number in (3, 4, 5)),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of contributors made of the readings above."""
    with crews.made(tmp_path_factory.mktemp("contributors"), READINGS, HOMES, graph=GRAPH) as connection:
        yield connection


def ask(built: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return built.execute(query).fetchall()


def shown(built: duckdb.DuckDBPyConnection, unit: str) -> dict[str, tuple[Any, ...]]:
    rows = ask(
        built, f"select country, contributors, is_suppressed from marts.contributor_geography where unit = '{unit}'"
    )
    return {country: (contributors, is_suppressed) for country, contributors, is_suppressed in rows}


def test_a_person_counts_once_for_a_lab_and_half_in_each_of_two_countries(built: duckdb.DuckDBPyConnection) -> None:
    assert shown(built, "repo 1") == {"US": (6.5, False), "CN": (6.5, False), "UNKNOWN": (2, False)}
    # u1 to u5 work on both repositories; u2 is where the newer profile says.
    assert shown(built, "lab a") == {"US": (6.5, False), "CN": (6.5, False), "DE": (7, False), "UNKNOWN": (2, False)}
    people = ask(
        built,
        "select distinct located_contributors, all_contributors, lab, lab_country from marts.contributor_geography where unit = 'lab a'",
    )
    assert people == [(20, 22, "a", "CN")]


def test_a_month_counts_once_however_many_repositories(built: duckdb.DuckDBPyConnection) -> None:
    # u1 two months, u2 to u6 one each, half of x: 7.5 of 21 months of twenty people.
    found = ask(
        built,
        "select contributor_months, month_share_of_located from marts.contributor_geography where unit = 'lab a' and country = 'US'",
    )
    assert found == [(7.5, pytest.approx(7.5 / 21))]
    # The two without an account worked in both months.
    unknown = "select contributor_months from marts.contributor_geography where unit = 'lab a' and country = 'UNKNOWN'"
    assert ask(built, unknown) == [(4,)]


def test_shares_have_two_denominators_and_bounds(built: duckdb.DuckDBPyConnection) -> None:
    # All: 22 of lab a, 16 of repository 3, 9 of repository 4 are 47; 20 + 12 + 9 = 41 name a country.
    columns = "share_of_located, share_of_all, lower_bound, upper_bound, is_back_cast, is_running"
    (found,) = ask(built, f"select {columns} from marts.contributor_geography where unit = 'all' and country = 'US'")
    assert found[:4] == pytest.approx((6.5 / 41, 6.5 / 47, 6.5 / 47, 12.5 / 47))
    assert found[4:] == (False, False)
    (unknown,) = ask(
        built,
        "select share_of_located, share_of_all from marts.contributor_geography where unit = 'all' and country = 'UNKNOWN'",
    )
    assert unknown == (None, pytest.approx(6 / 47))
    sums = ask(
        built,
        "select sum(share_of_located), sum(share_of_all) from marts.contributor_geography where contributors is not null group by unit",
    )
    assert all(total == pytest.approx((1, 1)) for total in sums)


def test_a_hidden_repository_takes_another_along_and_their_countries_stay_together(
    built: duckdb.DuckDBPyConnection,
) -> None:
    # Repository 4 has nine people. All less the others would be its people, so repository 3, the smallest, is hidden too,
    # and what only one of the two has would be had from the whole: India and France are OTHER there.
    assert shown(built, "repo 4") == {"OTHER": (None, True)}
    assert shown(built, "repo 3") == {"OTHER": (None, True)}
    assert shown(built, "all") == {
        "US": (6.5, False), "CN": (6.5, False), "DE": (7, False), "OTHER": (21, True), "UNKNOWN": (6, False),
    }  # fmt: skip


def test_why_people_are_unknown_and_which_repositories_are_missing(built: duckdb.DuckDBPyConnection) -> None:
    columns = "all_contributors, located, unresolved, silent, unread, anonymous, bots, repos_read, repos_missing"
    assert ask(built, f"select {columns} from marts.contributor_coverage where unit = 'all'") == [
        (47, 41, 1, 2, 1, 2, 1, 4, 1)
    ]
    assert ask(
        built,
        "select located, anonymous, repos_read, repos_missing from marts.contributor_coverage where unit = 'lab a'",
    ) == [(20, 2, 2, 0)]


def test_home_is_where_the_lab_is(built: duckdb.DuckDBPyConnection) -> None:
    columns = "lab, country, contributors, home_share_of_located, home_share_of_all, upper_bound, share_elsewhere, is_suppressed"
    (found,) = ask(built, f"select {columns} from marts.contributor_home_bias")
    assert (*found[:3], found[-1]) == ("a", "CN", 6.5, False)
    assert found[3:-1] == pytest.approx((6.5 / 20, 6.5 / 22, 8.5 / 22, 6.5 / 41))


@pytest.mark.parametrize(
    ("reread", "stands"),
    [
        # A week after the key was lost one of three repositories is read anew: 39 days against three times 32.
        ({1: "2026-08-08"}, "former"),
        # The third went. Both others are read to the quarter's end, so 2 * 93 days against 96.
        ({1: "2026-10-05", 2: "2026-10-05"}, "new"),
    ],
)
def test_after_a_lost_key_the_readings_that_know_more_of_the_quarter_stand(
    answer: Answer, reread: dict[int, str], stands: str
) -> None:
    read = [
        *((repo, "former", "2026-08-01") for repo in (1, 2, 3)),
        *((repo, "new", on) for repo, on in reread.items()),
    ]
    rows = ", ".join(f"({repo}, '{key}', timestamp '{on}', date '{on}')" for repo, key, on in read)
    given = f"select date '2026-07-01' as quarter, * from (values {rows}) as given (repo_id, key_id, observed_at, observed_on)"
    found = answer("staging.contributor_readings", {"raw.contributors": given})
    assert {row["key_id"] for row in found} == {stands}


CELL = """
select date '2026-07-01' as quarter, 'all' as level, 'all' as unit, 'US' as country, 20 as contributors, 20 as contributor_months,
    20 as located_contributors, 20 as all_contributors, 20 as located_months, false as is_unit_hidden, false as is_folded
"""
REPOSITORY = "select date '2026-07-01' as quarter, 1 as repo_id, '' as repo_name, '' as lab, '' as country, {half} as is_half_read"
NO_REPOSITORIES = f"{REPOSITORY.format(half=False)} where false"


@pytest.mark.parametrize(
    ("as_of", "is_half_read", "is_running"),
    [("2026-10-05", True, True), ("2026-10-05", False, False), ("2026-10-29", True, False)],
)
def test_a_quarter_that_is_read_in_part_runs_for_four_weeks_more_at_most(
    answer: Answer, as_of: str, is_half_read: bool, is_running: bool
) -> None:
    given = {"staging.contributor_cells": CELL, "staging.contributed_repos": REPOSITORY.format(half=is_half_read)}
    (row,) = answer(
        "marts.contributor_geography", {**given, "raw.contributors": f"select date '{as_of}' as observed_on"}
    )
    assert row["is_running"] == is_running


@pytest.mark.parametrize(
    ("state", "read", "is_half_read"),
    [("there", "2026-09-30", True), ("there", "2026-10-01", False), ("gone", "2026-09-30", False)],
)
def test_a_repository_is_half_read_until_it_is_read_after_the_quarter_or_goes(
    answer: Answer, state: str, read: str, is_half_read: bool
) -> None:
    sights = f"(date '2026-09-28', 'there'), (date '2026-10-05', '{state}')"
    given = {
        "raw.repositories": f"""select 1 as repo_id, 'o/x' as repo_name, on_day as observed_on, on_day as observed_at, state
            from (values {sights}) as seen (on_day, state)""",
        "staging.contributor_readings": f"select 1 as repo_id, date '2026-07-01' as quarter, timestamp '{read} 02:00' as observed_at",
        "staging.repository_homes": """select 1 as repo_id, 'a' as lab, 'CN' as country, true as is_reviewed,
            date '0001-01-01' as from_on, date '9999-12-31' as until_on""",
    }
    (row,) = answer("staging.contributed_repos", given)
    assert row["is_half_read"] == is_half_read


@pytest.mark.parametrize(("first_read", "is_back_cast"), [("2026-09-30", False), ("2026-10-01", True)])
def test_a_quarter_that_was_over_when_profiles_were_first_read_is_back_cast(
    answer: Answer, first_read: str, is_back_cast: bool
) -> None:
    given = {"staging.contributor_cells": CELL, "staging.contributed_repos": NO_REPOSITORIES}
    (row,) = answer(
        "marts.contributor_geography", {**given, "raw.contributors": f"select date '{first_read}' as observed_on"}
    )
    assert (row["is_back_cast"], row["is_running"]) == (is_back_cast, not is_back_cast)


def test_the_quotient_is_against_the_last_quarter_that_the_graph_has(built: duckdb.DuckDBPyConnection) -> None:
    columns = "country, graph_quarter, graph_share, quotient, quotient_low, quotient_high"
    graph = "marts.contributor_innovation_graph"
    rows = ask(built, f"select {columns} from {graph} where metric = 'developers' order by country")
    assert [row[:3] for row in rows] == [("CN", date(2026, 4, 1), 0.2), ("US", date(2026, 4, 1), 0.6)]
    assert rows[0][3:] == pytest.approx((6.5 / 41 / 0.2, 6.5 / 47 / 0.2, 12.5 / 47 / 0.2))


def test_a_later_import_of_one_file_takes_nothing_from_the_others(built: duckdb.DuckDBPyConnection) -> None:
    found = ask(
        built, "select country, graph_amount from marts.contributor_innovation_graph where metric = 'git_pushes'"
    )
    assert found == [("US", 7)]


def test_the_graph_comes_without_the_union_and_with_namibia(tmp_path: Path) -> None:
    (tmp_path / "developers.csv").write_text(
        "developers,iso2_code,year,quarter\n30,US,2025,3\n20,EU,2025,3\n10,NA,2025,3\n,DE,2025,3\n5,FR,2025,5\n1,Moon,2025,1\n"
    )
    rows, refused = innovation_graph.read_folder(tmp_path)
    told = list(rows.select("metric", "country", "quarter", "amount").iter_rows())
    assert told == [("developers", "US", date(2025, 7, 1), 30), ("developers", "NA", date(2025, 7, 1), 10)]
    assert refused.height == 3


GEOGRAPHY = """
select 'all' as level, date '2026-07-01' as quarter, false as is_running, country, contributors, 200 as all_contributors,
    contributors / 100.0 as share_of_located, contributors / 200.0 as lower_bound, (contributors + {unknown}) / 200.0 as upper_bound
from (values {rows}) as given (country, contributors)
"""


@pytest.mark.parametrize(
    ("counts", "unknown", "expected"),
    [
        # With one unknown nothing can turn: the US 50, India 30, China 20, all others together 10.
        ({"US": 50, "IN": 30, "CN": 20, "OTHER": 10}, 1, "supported"),
        # Third as found, but 40 of unknown place may be anywhere.
        ({"US": 50, "IN": 30, "CN": 20, "OTHER": 10}, 40, "mixed"),
        # OTHER may be one country nearly as a whole.
        ({"US": 50, "IN": 30, "CN": 20, "OTHER": 25}, 1, "mixed"),
        # Ahead of India whatever the unknown are.
        ({"US": 50, "IN": 20, "CN": 30, "OTHER": 10}, 1, "contradicted"),
        # Behind Germany as well.
        ({"US": 50, "IN": 30, "CN": 20, "DE": 25}, 1, "contradicted"),
        # India is hidden.
        ({"US": 50, "CN": 20, "OTHER": 30}, 1, "not measurable yet"),
        ({"US": 50, "IN": 30, "OTHER": 20}, 1, "not measurable yet"),
    ],
)
def test_china_is_third_only_if_the_bounds_leave_no_other_order(
    answer: Answer, counts: dict[str, int], unknown: int, expected: str
) -> None:
    rows = ", ".join(f"('{country}', {count})" for country, count in counts.items())
    (found,) = answer("claims.c4", {"marts.contributor_geography": GEOGRAPHY.format(rows=rows, unknown=unknown)})
    assert found["verdict"] == expected
    if expected != "not measurable yet":
        assert found["number"] == pytest.approx(counts["CN"] / 100)
        assert (found["interval_low"], found["interval_high"]) == pytest.approx(
            (counts["CN"] / 200, (counts["CN"] + unknown) / 200)
        )


CREWS = """
select 'lab' as level, 'lab x' as unit, 'CN' as lab_country, cast(quarter as date) as quarter, false as is_running, country,
    contributors, 100 as all_contributors
from (values {rows}) as given (quarter, country, contributors)
"""
NO_FLOWS = """
select 'root' as credit, 'US' as country, 'US' as derivative_country, 'CN' as base_country, date '2025-01-01' as quarter, 1.0 as n_default
where false
"""
BAN = "select 'policy' as kind, 'deepseek' as lab, 'AU' as country, date '2025-02-04' as event_on"


@pytest.mark.parametrize(
    ("before", "after", "unknown", "expected"),
    [
        (10, 20, 5, "supported"),
        (20, 10, 5, "contradicted"),
        # 10 to 40 before and 20 to 50 after: they overlap, so it decides nothing.
        (10, 20, 30, "not measurable yet"),
    ],
)
def test_a_restriction_is_judged_by_quarters_around_it_and_only_where_the_unknown_can_not_turn_it(
    answer: Answer, before: int, after: int, unknown: int, expected: str
) -> None:
    quarters = {"2024-10-01": before, "2025-01-01": 99, "2025-04-01": after}
    lines = [
        f"('{quarter}', 'AU', {count}), ('{quarter}', 'UNKNOWN', {unknown})" for quarter, count in quarters.items()
    ]
    given = {
        "registry.events": BAN,
        "marts.lineage_dependence": NO_FLOWS,
        "marts.lineage_flows": NO_FLOWS,
        "marts.contributor_geography": CREWS.format(rows=", ".join(lines)),
    }
    (found,) = answer("claims.r12", given)
    assert found["verdict"] == expected
    assert f"AU {before}.0-{before + unknown}.0 % to {after}.0-{after + unknown}.0 %" in found["reason"]


def test_what_was_derived_in_the_quarter_of_a_restriction_is_neither_from_before_nor_from_after(answer: Answer) -> None:
    """Of a hundred derivatives a quarter 10, 90 and 30 have a Chinese root; the restriction is of February."""
    chinese = {"2024-10-01": 10, "2025-01-01": 90, "2025-04-01": 30}
    lines = [
        f"(date '{quarter}', 'CN', {count}.0), (date '{quarter}', 'US', {100 - count}.0)"
        for quarter, count in chinese.items()
    ]
    flows = (
        "select 'root' as credit, 'AU' as derivative_country, 'AU' as country, * from (values"
        f" {', '.join(lines)}) as given (quarter, base_country, n_default)"
    )
    given = {
        "registry.events": BAN,
        "marts.lineage_dependence": flows,
        "marts.lineage_flows": flows,
        "marts.contributor_geography": CREWS.format(rows="('2024-10-01', 'AU', 1)"),
    }
    (found,) = answer("claims.r12", given)
    assert (found["verdict"], found["number"]) == ("supported", 1)
    assert "AU 10.0 % to 30.0 %" in found["reason"]
