from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from reports_world import COUNTRIES, EDITION, HOSTILE, MONDAY, World, frame

from dagster_project.calendar import Week
from dagster_project.reports.headline import Headline, citation, compose

WEEK = Week(MONDAY)


def of(**flows: float) -> Headline:
    names = {code: name for code, name, _ in COUNTRIES}
    return compose(frame(World(countries=[(code, names[code], flow) for code, flow in flows.items()])), WEEK)


def test_a_headline_carries_its_denominator() -> None:
    found = compose(frame(World()), WEEK)
    assert found.sentence == (
        "China 41.2 % of known downloads (29.8 to 57.4 % of all, 27.6 % unknown), "
        "text and image-text models, publisher credit, week of 2026-11-16."
    )
    assert found.sentence.startswith(found.lead)
    assert found.leader == "CN"
    assert found.runner_up == "The United States follows with 36.5 % of known downloads (26.4 to 54.0 % of all)."


def test_the_unknown_can_reverse_a_lead() -> None:
    found = compose(frame(World()), WEEK)
    assert found.is_certain is False
    assert found.certainty == (
        "The unknown could reverse this: China has at least 29.8 % of all, the United States has at most 54.0 %."
    )


def test_a_lead_wider_than_the_unknown_is_certain() -> None:
    found = of(CN=60, US=30, UNKNOWN=10)
    assert found.is_certain is True
    assert found.certainty == (
        "Certain, wherever the unknown belongs: China has at least 60.0 % of all, the United States has at most 40.0 %."
    )


def test_a_lead_exactly_as_wide_as_the_unknown_is_not_certain() -> None:
    assert of(CN=55, US=30, UNKNOWN=25).is_certain is False


def test_countries_can_be_level() -> None:
    assert of(US=40, CN=40, UNKNOWN=20).sentence.startswith(
        "China and the United States level at 50.0 % of known downloads ("
    )


def test_a_single_country_still_has_the_unknown_against_it() -> None:
    found = of(CN=40, UNKNOWN=60)
    assert found.is_certain is False
    assert found.runner_up == "No other country has known downloads."
    assert "another country would have at most 60.0 %" in found.certainty
    assert of(CN=60, UNKNOWN=40).is_certain is True


def test_international_leads_no_list_but_is_mentioned() -> None:
    found = of(INTERNATIONAL=50, CN=30, US=10, UNKNOWN=10)
    assert found.leader == "CN"
    assert "international, without one home, hold 55.6 % of known" in found.runner_up


def test_nothing_known_is_said() -> None:
    assert of(UNKNOWN=10).sentence == (
        "No downloads could be placed in a country: 100.0 % unknown, "
        "text and image-text models, publisher credit, week of 2026-11-16."
    )
    assert of(INTERNATIONAL=5, UNKNOWN=5).sentence.startswith("No country has known downloads: every reviewed lab")


@pytest.mark.parametrize("rows", [frame(World()).clear(), frame(World(countries=[("CN", "China", 0.0)]))])
def test_nothing_measured_is_said(rows: pl.DataFrame) -> None:
    found = compose(rows, WEEK)
    assert found.sentence.startswith("No downloads were measured for text and image-text models")
    assert found.leader is None


def test_other_scopes_and_weeks_are_set_aside() -> None:
    others = [
        frame(World(countries=[("US", "United States", 9.0)]), scope="S1"),
        frame(World(), week=date(2026, 11, 9)),
    ]
    assert compose(pl.concat([*others, frame(World())]), WEEK) == compose(frame(World()), WEEK)


@pytest.mark.parametrize(
    ("estimated", "words"),
    [(0.0, "Measured: "), (0.62, "62.0 % of this flow is estimated"), (1.0, "Estimated: the whole flow")],
)
def test_measured_or_estimated(estimated: float, words: str) -> None:
    found = compose(frame(World(estimated=estimated)), WEEK)
    assert found.basis.startswith(words)
    assert found.estimated_share == pytest.approx(estimated)


def test_a_missing_estimate_counts_by_its_flag_and_weight() -> None:
    rows = frame(World(countries=[("CN", "China", 75.0), ("US", "United States", 25.0)])).with_columns(
        estimated_share=pl.lit(None, pl.Float64), is_estimate=pl.col("country") == "US"
    )
    assert compose(rows, WEEK).estimated_share == pytest.approx(0.25)


def test_hostile_country_names_are_cleaned() -> None:
    found = compose(frame(World(countries=[("CN", HOSTILE[3], 5.0), ("UNKNOWN", "x", 1.0)])), WEEK)
    assert found.lead == "gnp.exe evil[31m 100.0 %"


def test_citation_names_release_week_and_scope() -> None:
    line = citation(EDITION)
    assert line == (
        "leadershift, release r1, week 2026-W47 (2026-11-16 to 2026-11-22), scope S2 (text and image-text models), "
        "publisher credit, share of downloads by country of lab, as of 2026-11-22."
    )
    assert citation(replace(EDITION, is_rehearsal=True)) == f"REHEARSAL: {line}"


def test_a_rehearsal_says_so_wherever_it_travels() -> None:
    rehearsal = replace(EDITION, is_rehearsal=True, origin="a pretend Hub")
    assert rehearsal.title.startswith("REHEARSAL: ")
    assert rehearsal.warning.endswith("They come from: a pretend Hub.")
    assert EDITION.warning == ""
    assert "REHEARSAL" not in EDITION.title
