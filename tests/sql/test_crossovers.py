"""Which weeks and sides crossovers are looked for in, from snapshots to the table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from .history import History, model

MONDAYS = [date(2026, 3, 2) + timedelta(days=7 * week) for week in range(36)]


def test_a_crossover_from_snapshots_to_the_table(history: History) -> None:
    """Acme brings 1,400 a week; base 700 for 15 weeks and 2,800 after. The unreviewed zed, 10,000, is a lab and no country."""
    for place, day in enumerate(MONDAYS[:31]):
        own = 700 * min(place, 15) + 2800 * max(place - 15, 0)
        history.day(
            day,
            model("a", model_name="acme/a", total=1400 * place),
            model("b", model_name="base/b", total=own),
            model("z", model_name="zed/z", total=10_000 * place),
        )
    history.build()
    rows = history.rows("select * from marts.crossovers where scope = 'S1' and credit = 'publisher'")
    found = {(row["side_a"], row["side_b"]): row for row in rows}
    assert set(found) == {("CN", "US"), ("acme", "base"), ("acme", "hf:zed"), ("base", "hf:zed")}
    countries = found["CN", "US"]
    # The first week of the new lead is the 16th. Two of each make a median of 0, so the median turns in the 18th week.
    assert countries["crossover_week"] == MONDAYS[16]
    assert (countries["leads_after"], countries["leads_now"], countries["reversals"]) == ("CN", "CN", 0)
    assert countries["held_weeks"] == 30 - 17
    # One lab each: drawing labs would give the same each time, so weeks are drawn. At best a median of four weeks dates the turn to a week.
    assert MONDAYS[0] <= countries["interval_low"] <= MONDAYS[15]
    assert MONDAYS[17] <= countries["interval_high"] <= MONDAYS[29]
    assert countries["n_weeks"] == 30
    assert countries["unknown_share"] == pytest.approx(300_000 / (300_000 + 42_000 + 15 * 700 + 15 * 2800))
    assert found["acme", "base"]["crossover_week"] == MONDAYS[16]
    assert found["acme", "hf:zed"]["crossover_week"] is None
    assert found["acme", "hf:zed"]["leads_now"] == "hf:zed"


def test_scopes_and_credits_without_a_crossover_have_rows_too(history: History) -> None:
    for place, day in enumerate(MONDAYS[:6]):
        history.day(
            day, model("a", model_name="acme/a", total=70 * place), model("b", model_name="base/b", total=7 * place)
        )
    history.build()
    rows = history.rows("select scope, credit, crossover_week from marts.crossovers where level = 'country'")
    # No text model is there, so that S2 and S3 have no flow and no row. The models are older than a year: S4 is empty too.
    assert {(row["scope"], row["credit"]) for row in rows} == {("S1", name) for name in ("publisher", "direct", "root")}
    assert {row["crossover_week"] for row in rows} == {None}


def test_quick_captures_and_archives_of_others_are_no_weeks_of_ours(history: History) -> None:
    """Before our own first capture an archive without base makes acme the leader: no crossover may come of that."""
    for place, day in enumerate(MONDAYS[:14]):
        history.day(day, model(None, model_name="acme/a", total=70 * place), source="hf_archive")
    for place, day in enumerate(MONDAYS[14:28]):
        history.day(
            day,
            model("a", model_name="acme/a", total=7000 + 70 * place),
            model("b", model_name="base/b", total=700 * place),
        )
    history.build()
    (row,) = history.rows(
        "select * from marts.crossovers where level = 'country' and scope = 'S1' and credit = 'publisher'"
    )
    assert (row["crossover_week"], row["n_weeks"], row["first_week"]) == (None, 13, MONDAYS[14])
    assert row["leads_now"] == "CN"
