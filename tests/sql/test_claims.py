"""The claims and what is said to them: every one has a query, and the rule that registry.claims states is the one that judges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

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
MEASURED = "select cast(unnest(generate_series(date '2025-12-01', date '2026-07-06', interval 7 day)) as date) as week, true as is_measured"
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
    assert verdict(answer, "r2", {"marts.share_by_country": given, "core.weeks": MEASURED}) == expected


def test_the_running_week_is_not_the_newest_for_a_country_that_has_nothing_in_it(answer: Answer) -> None:
    """China led in the measured month; in the one with the running week only the US has an estimate, so China's row is flagged nothing."""
    month = "'S1', 'publisher', '28d'"
    lines = [
        f"date '2026-07-06', {month}, 'CN', 0.6, 0.0, false",
        f"date '2026-07-06', {month}, 'US', 0.4, 0.0, false",
        f"date '2026-07-13', {month}, 'CN', 0.4, 0.0, false",
        f"date '2026-07-13', {month}, 'US', 0.6, 0.0, true",
    ]
    given = {"marts.share_by_country": rows(SHARES, *lines), "core.weeks": MEASURED}
    assert verdict(answer, "r2", given) == ("supported", 1, 1, 1)
    labs = (
        "select * from (values (date '2026-07-06', 'mistral', 'FR', 60.0, false), (date '2026-07-06', 'meta', 'US', 40.0, false),"
        " (date '2026-07-06', 'idle', 'US', 0.0, false), (date '2026-07-13', 'mistral', 'FR', 40.0, false),"
        " (date '2026-07-13', 'meta', 'US', 60.0, true)) as given (week, lab, country, downloads_flow, is_estimate)"
    )
    ranked = f"select *, 'S3' as scope, 'publisher' as credit, '28d' as time_window from ({labs}) as labs"
    (found,) = answer("claims.r6", {"marts.share_by_lab": ranked, "core.weeks": MEASURED})
    assert (found["verdict"], found["number"]) == ("supported", 1)
    assert "number 1 of 2 labs that are not Chinese, with 60.0 %" in found["reason"]


def test_without_four_measured_weeks_nobody_leads(answer: Answer) -> None:
    given = rows(SHARES, "date '2026-01-05', 'S1', 'publisher', 'week', 'CN', 0.5, 0.1, false")
    given = {"marts.share_by_country": given, "core.weeks": MEASURED}
    assert verdict(answer, "r2", given) == ("not measurable yet", None, None, None)


def by_week(
    column: str, template: str, *, first: str, weeks: int, early: Mapping[str, int], late: Mapping[str, int]
) -> str:
    """Write what each side gained in each week: `early` in the first half of them, `late` in the second."""
    lines = [
        f"date '{first}' + {7 * week}, 'country', '{scope}', '{side}', {gain}"
        for week in range(weeks)
        for side, gain in (early if week < weeks / 2 else late).items()
        for scope in [template]
    ]
    values = ", ".join(f"({line})" for line in lines)
    return f"select * from (values {values}) as given (week, level, scope, side, {column})"


def asked_on(day: str) -> str:
    return f"select * from (values ('repositories', date '{day}')) as given (table_name, observed_on)"


UNSTARRED = by_week("retained_gain", "named", first="2026-01-05", weeks=2, early={"CN": 1}, late={"CN": 1})
GROWN = {"early": {"CN": 20, "US": 70, "UNKNOWN": 10}, "late": {"CN": 30, "US": 60, "UNKNOWN": 10}}


def test_popularity_needs_downloads_likes_and_half_a_year_of_stars(answer: Answer) -> None:
    def shares(late: float) -> str:
        lines = [
            f"date '{week}', '{scope}', 'publisher', '28d', 'CN', {share}, 0.1, false"
            for scope, before, after in (("S1", 0.2, 0.3), ("S2", 0.5, late))
            for week, share in (("2026-01-05", before), ("2026-07-06", after))
        ]
        return rows(SHARES, *lines)

    liked = by_week("new_likes", "S1", first="2026-01-05", weeks=26, **GROWN)
    given = {"marts.share_by_country": shares(0.45), "marts.attention": liked, "core.snapshots": asked_on("2026-01-05")}
    given["core.weeks"] = MEASURED
    short = by_week("retained_gain", "named", first="2025-12-29", weeks=26, **GROWN)
    # The first of the 26 weeks lies before anybody watched.
    assert verdict(answer, "r4", {**given, "marts.project_leadership": short})[0] == "not measurable yet"
    starred = {"marts.project_leadership": by_week("retained_gain", "named", first="2026-01-05", weeks=26, **GROWN)}
    found = verdict(answer, "r4", given | starred)
    assert found == ("mixed", pytest.approx(0.1), pytest.approx(-0.05), pytest.approx(0.1))
    grown = verdict(answer, "r4", {**given, **starred, "marts.share_by_country": shares(0.55)})
    assert grown == ("supported", pytest.approx(0.1), pytest.approx(0.05), pytest.approx(0.1))
    # 20 of 90 known becomes 21 of 100 known: the share of all grew only because fewer are unknown.
    seen = {"early": {"CN": 20, "US": 70, "UNKNOWN": 10}, "late": {"CN": 21, "US": 79}}
    seeming = {"marts.project_leadership": by_week("retained_gain", "named", first="2026-01-05", weeks=26, **seen)}
    assert verdict(answer, "r4", {**given, **seeming, "marts.share_by_country": shares(0.55)})[0] == "mixed"


@pytest.mark.parametrize(("late", "expected"), [((30, 60), "supported"), ((15, 80), "mixed"), ((21, 79), "mixed")])
def test_standing_is_foreign_derivatives_likes_and_stars(answer: Answer, late: tuple[int, int], expected: str) -> None:
    """In each of four quarters 20 of a hundred foreign derivatives have a Chinese root and 70 another, 10 are suppressed."""
    cells = [(quarter, (20, 70) if place < 4 else late) for place, quarter in enumerate(QUARTERS)]
    flows = ", ".join(
        f"(date '{quarter}', 'root', '{base}', 'US', false, {n})"
        for quarter, parts in cells
        for base, n in zip(("CN", "US"), parts, strict=True)
    )
    whole = ", ".join(f"(date '{quarter}', 'root', 'US', 100)" for quarter in QUARTERS)
    given = {
        "marts.lineage_flows": (
            f"select * from (values {flows})"
            " as given (quarter, credit, base_country, derivative_country, is_running, n_default)"
        ),
        "marts.lineage_dependence": f"select * from (values {whole}) as given (quarter, credit, country, n_default)",
        "marts.attention": by_week("new_likes", "S1", first="2026-01-05", weeks=26, **GROWN),
        "core.snapshots": asked_on("2026-01-05"),
    }
    starred = {"marts.project_leadership": by_week("retained_gain", "named", first="2026-01-05", weeks=26, **GROWN)}
    # 30 of 100 and of 90 known; 15 of 100 and of 95; 21 of 100, more than 20, and of 100 known, less than 20 of 90.
    found = verdict(answer, "c5", given | starred)
    assert found == (expected, pytest.approx((late[0] - 20) / 100), None, None)
    assert verdict(answer, "c5", {**given, "marts.project_leadership": UNSTARRED})[0] == "not measurable yet"


@pytest.mark.parametrize(("estimated", "change"), [([], 0.37), ([0, 40], 0.35)])
def test_the_demand_for_sizes_is_judged_by_measured_weeks(answer: Answer, estimated: list[int], change: float) -> None:
    """The share rises by a point a week; of 41 weeks the first and the running one are estimated, and so count in no four weeks."""
    given = (
        "select date '2026-01-05' + 7 * place as week, 'S1' as scope, sizes.size_band, sizes.flow as downloads_flow,"
        f" cast(case when list_contains({estimated}::integer[], place) then sizes.flow else 0 end as bigint) as estimated_flow,"
        " 1 as n_models, date '2026-12-01' as as_of"
        " from (select cast(unnest(range(41)) as integer) as place) as weeks"
        " cross join lateral (values ('5-10B', place), ('<1B', 100 - place)) as sizes (size_band, flow)"
    )
    shares = answer("marts.size_band_shares", {"staging.size_band_weeks": given})
    told = {
        row["week"]: row["share_of_known_4w"] for row in shares if (row["level"], row["size_band"]) == ("class", "mid")
    }
    first, last = date(2026, 1, 5), date(2026, 1, 5) + timedelta(weeks=40)
    # Weeks 0 to 3 have the median 1.5 %, weeks 37 to 40 the median 38.5 %.
    ends = (told[first + timedelta(weeks=3)], told[last])
    assert ends == ((None, None) if estimated else (pytest.approx(0.015), pytest.approx(0.385)))
    lines = ", ".join(f"(date '{week}', cast({share or 'null'} as double))" for week, share in told.items())
    class_of = "'S1' as scope, 'class' as level, 'mid' as size_band, 0.1 as unknown_share"
    judged = f"select *, {class_of} from (values {lines}) as given (week, share_of_known_4w)"
    found = verdict(answer, "r8", {"marts.size_band_shares": judged})
    assert found[:2] == ("supported", pytest.approx(change))


def test_use_and_size_are_compared_among_all_models_not_among_those_of_a_quick_capture(answer: Answer) -> None:
    """In the whole capture the larger of 100 models are used more; a later quick one has seen other counters."""
    models = "(select unnest(range(1, 101)) as place) as models"
    counted = "cast(place as varchar) as hub_id, 1 as likes"
    given = {
        "core.snapshots": (
            "select 'models' as table_name, 'sealed' as status, unnest(['huggingface', 'huggingface_quick']) as source,"
            " unnest([date '2026-10-05', date '2026-10-07']) as observed_on"
        ),
        "core.observations": (
            f"select {counted}, place as downloads_30d, date '2026-10-05' as observed_on, 'huggingface' as source from {models}"
            f" union all select {counted}, 101 - place, date '2026-10-07', 'huggingface_quick' from {models}"
        ),
        "core.models": (
            "select cast(place as varchar) as hub_id, 'text-generation' as pipeline_tag, place as parameters_total"
            f" from {models}"
        ),
    }
    assert verdict(answer, "r11", given)[:2] == ("contradicted", 1)


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


@pytest.mark.parametrize(
    ("released", "months", "expected"),
    [
        ([4, 4, 4, 4, 4], 3, ("contradicted", 4)),
        ([4, 0, 0, 0, 0], 3, ("mixed", 0.8)),
        ([0, 0, 0, 0, 0], 20, ("supported", 0)),
    ],
)
def test_a_quarter_without_a_release_is_one_of_the_quarters_since(
    answer: Answer, released: list[int], months: int, expected: tuple[str, float]
) -> None:
    """Four own models a quarter before July 2025; openness_tier has no row for a lab that released nothing."""
    quarters = ["2024-04-01", "2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01", "2026-07-01"]
    lines = [f"date '{quarter}', 'lab', 'zed', false, 9, 1.0" for quarter in quarters]
    counts = zip(quarters, [4, *released], strict=True)
    lines += [f"date '{quarter}', 'lab', 'meta', false, {count}, 1.0" for quarter, count in counts if count]
    watch = "select 'lab' as level, 'meta' as lab, true as is_complete, date '2026-09-01' as month"
    given = {
        "marts.openness_tier": rows(TIERS, *lines),
        "marts.retreat_watch": f"{watch}, {months} as months_since_open_flagship",
    }
    assert verdict(answer, "r1", given) == (*expected, None, None)


def test_a_share_that_was_nothing_has_not_fallen(answer: Answer) -> None:
    """Meta's own licence is not permissive: nothing open before July 2025 and nothing since, of as many releases."""
    quarters = ["2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01"]
    given = {
        "marts.openness_tier": rows(
            TIERS, *(f"date '{quarter}', 'lab', 'meta', false, 4, 0.0" for quarter in quarters)
        ),
        "marts.retreat_watch": (
            "select 'lab' as level, 'meta' as lab, true as is_complete, date '2026-09-01' as month,"
            " cast(null as bigint) as months_since_open_flagship"
        ),
    }
    assert verdict(answer, "r1", given) == ("mixed", 4, None, None)


@pytest.mark.parametrize(("years", "expected"), [(2, "supported"), (1, "not measurable yet")])
def test_a_year_is_four_full_quarters(answer: Answer, years: int, expected: str) -> None:
    """Of 25 US derivatives a quarter all have a US root in the first half of the quarters, and all a Chinese one in the second."""
    quarters = [f"{year}-{month:02d}-01" for year in range(2024, 2024 + years) for month in (1, 4, 7, 10)]
    cells = ", ".join(
        f"(date '{quarter}', 'root', '{'US' if n < len(quarters) / 2 else 'CN'}', 'US', false, 25)"
        for n, quarter in enumerate([*quarters, "2026-01-01"][: len(quarters) + (years == 1)])
    )
    whole = ", ".join(f"(date '{quarter}', 'root', 'US', 25)" for quarter in [*quarters, "2026-01-01"])
    given = {
        "marts.lineage_flows": (
            f"select * from (values {cells}) as given (quarter, credit, base_country, derivative_country, is_running, n_default)"
        ),
        "marts.lineage_dependence": f"select * from (values {whole}) as given (quarter, credit, country, n_default)",
    }
    assert verdict(answer, "c7", given)[0] == expected


def test_two_signals_that_make_no_turn_are_named(answer: Answer) -> None:
    watch = (
        "select 'country' as level, 'CN' as country, true as is_complete, false as is_turning, 'cadence,gated' as turned,"
        " date '2026-10-01' as month"
    )
    (found,) = answer("claims.c6", {"marts.retreat_watch": watch})
    assert (found["verdict"], found["number"]) == ("contradicted", 2)
    assert found["reason"].endswith("turn in 2026-10. Signals that had turned: cadence,gated.")


def test_a_lab_that_is_not_there_is_not_measured(answer: Answer) -> None:
    given = {"marts.openness_tier": rows(TIERS, "date '2025-10-01', 'lab', 'rehearsal-brivane', false, 3, 1.0")}
    given["marts.retreat_watch"] = (
        "select '' as level, '' as lab, true as is_complete, date '2026-01-01' as month, 0 as months_since_open_flagship"
    )
    for claim in ("c1", "c2", "r1", "r3"):
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
