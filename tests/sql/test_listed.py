"""In which weeks a model is listed in a scope: on the days at which that turns, by hand."""

from __future__ import annotations

from datetime import date

from .conftest import Answer

# Mondays: 2026-01-05, 12, 19, 26 and 2026-02-02.
WEEKS = "select unnest([date '2026-01-05', date '2026-01-12', date '2026-01-19', date '2026-01-26', date '2026-02-02']) as week"
END = date(2026, 2, 9)
TRAITS = """
select
    *, true as is_language, false as is_quantised, true as is_after_chatgpt
from (values
    -- Its first 365 days end as the week of 2026-01-12 begins. It passed 100,000 in the last moment of that week.
    (1, false, timestamp '2025-01-12 00:00:00', timestamp '2026-01-19 00:00:00', date '2025-01-12', null::date),
    -- A second later, so that a second of them lies in that week, and it passed 100,000 after it; it left on a Monday.
    (2, true, timestamp '2025-01-12 00:00:01', timestamp '2026-01-19 00:00:01', date '2025-01-12', date '2026-01-26'),
    -- Created on a Sunday, so that it was there in that week; gone on a Tuesday, so that it was there on that week's Monday.
    (3, true, timestamp '2026-01-18 23:00:00', null, date '2026-01-18', date '2026-01-27')
) as t(model_key, is_derived, born_at, large_at, listed_from, gone_on)
"""
GIVEN = {
    "staging.weeks": WEEKS,
    "staging.traits": TRAITS,
    "staging.heirs": "select * from (values ('direct', 2, 1, 1.0), ('root', 3, 1, 1.0)) as t(credit, child_key, base_key, weight)",
    "staging.homes": """
        select *, date '0001-01-01' as from_on, date '9999-12-31' as until_on
        from (values (1, true), (2, true), (3, false)) as t(model_key, is_first_party)
    """,
}


def test_a_scope_holds_from_the_week_to_the_week(answer: Answer) -> None:
    found = {
        (row["scope"], row["model_key"]): (row["from_week"], row["until_week"])
        for row in answer("staging.listed_spans", GIVEN)
        if row["credit"] == "publisher"
    }
    first, second, third, fourth = (date(2026, 1, day) for day in (5, 12, 19, 26))
    last = date(2026, 2, 2)
    assert found == {
        ("S1", 1): (first, END),
        ("S2", 1): (first, END),
        ("S3", 1): (second, END),
        ("S4", 1): (first, second),
        ("S1", 2): (first, fourth),
        ("S2", 2): (first, fourth),
        ("S3", 2): (third, fourth),
        ("S4", 2): (first, third),
        ("S1", 3): (second, last),
        ("S2", 3): (second, last),
        ("S4", 3): (second, last),
    }


def test_a_derived_model_is_listed_for_those_it_passes_on_to_alone(answer: Answer) -> None:
    givers = {
        (row["credit"], row["model_key"], row["giver_key"])
        for row in answer("staging.listed_spans", GIVEN)
        if row["scope"] == "S1"
    }
    own = {("publisher", 1, 1), ("publisher", 2, 2), ("publisher", 3, 3)}
    assert givers == own | {("direct", 1, 1), ("root", 1, 1), ("direct", 1, 2), ("root", 1, 3)}
