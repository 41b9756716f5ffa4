"""Sentences about countries and labs: what they count, and what their intervals were made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import duckdb
import polars as pl
from reports_world import EDITION, MONDAY, SCHEMA, World, frame

from dagster_project.calendar import Week
from dagster_project.reports import reads, sides, weekly
from dagster_project.reports.site import archive
from dagster_project.warehouse import published


def test_a_country_whose_models_nobody_downloaded_is_not_counted() -> None:
    rows = frame(World(countries=[("CN", "China", 3.0), ("US", "United States", 1.0), ("FR", "France", 0.0)]))
    assert "Countries with downloads in it: 2." in sides.country_masthead(rows, EDITION, "S2").html


def test_an_interval_of_labs_was_drawn_from_weeks_and_one_of_countries_from_labs() -> None:
    pair = {
        "side_a": "CN",
        "side_b": "US",
        "scope": "S2",
        "credit": "publisher",
        "leads_after": "CN",
        "leads_now": "CN",
    }
    pair |= {
        "last_week": MONDAY,
        "crossover_week": MONDAY,
        "interval_low": MONDAY,
        "interval_high": MONDAY,
        "resample_share": 0.5,
    }
    for level, drawn in (("lab", "resamples of the weeks"), ("country", "of the labs of both countries")):
        rows = pl.DataFrame([pair | {"level": level}])
        assert drawn in sides.crossovers(rows, {}, EDITION, "between them").html


def test_the_page_of_an_older_week_tells_no_lead_that_passed_after_it(tmp_path: Path) -> None:
    database, passed, newest = tmp_path / "later.duckdb", MONDAY - timedelta(weeks=12), MONDAY
    with duckdb.connect(str(database)) as connection:
        connection.execute(SCHEMA)
        connection.execute(
            "insert into marts.crossovers by name select 'country' as level, 'CN' as side_a, 'US' as side_b, 'S2' as scope,"
            " 'publisher' as credit, $1 as crossover_week, 'CN' as leads_after, $1 as interval_low, $1 as interval_high,"
            " 'CN' as leads_now, $2 as last_week",
            [passed, newest],
        )
    with published.open_release(database) as release:
        found = [reads.crossovers(release, "S2", week) for week in (passed - timedelta(weeks=1), passed, newest)]
    assert [rows.height for rows in found] == [0, 1, 1]
    pages = [replace(EDITION, week=Week(week)) for week in (passed, newest)]
    told = [sides.crossovers(found[2], {}, page, "between them").html for page in pages]
    assert [f"the weeks up to {Week(newest)}, those after this page's too" in unescape(html) for html in told] == [
        True,
        False,
    ]
    assert "…" not in told[0], "and no caption is cut"


def test_the_page_of_an_older_week_shows_no_later_quarter(tmp_path: Path) -> None:
    database, quarters = tmp_path / "quarters.duckdb", [date(2026, month, 1) for month in (1, 4, 7)]
    with duckdb.connect(str(database)) as connection:
        connection.execute(SCHEMA)
        for quarter in quarters:
            connection.execute(
                "insert into marts.lineage_flows by name select $1 as quarter, 'root' as credit, 'CN' as base_country,"
                " 'US' as derivative_country, false as is_running",
                [quarter],
            )
    pages = {date(2026, 2, 2): 0, date(2026, 5, 11): 0, date(2026, 7, 6): 1, MONDAY: 2}
    with published.open_release(database) as release:
        shown = [reads.lineage_quarter(release, monday)["quarter"].to_list() for monday in pages]
    assert shown == [[quarters[place]] for place in pages.values()]


def test_a_side_that_was_no_contender_was_not_compared() -> None:
    told = sides.crossovers(
        pl.DataFrame(schema={"crossover_week": pl.Date}), {}, EDITION, "between it and another"
    ).html
    assert "Nothing was found or looked for between it and another" in told
    nobody = pl.DataFrame([{"crossover_week": None}], schema={"crossover_week": pl.Date})
    assert "No lead of eight weeks passed over" in sides.crossovers(nobody, {}, EDITION, "between them").html


def test_the_most_that_a_base_can_have_holds_what_is_hidden_once() -> None:
    """Of 100 derivatives 60 have Chinese roots, 20 are in cells too small, and 20 have unknown roots; 5 of the small cells' too."""
    cells = [("CN", 60.0, False), ("UNKNOWN", 20.0, False), ("UNKNOWN", None, True), ("FR", None, True)]
    rows = pl.DataFrame(cells, schema=["base_country", "n_models", "is_suppressed"], orient="row").with_columns(
        quarter=date(2026, 7, 1), is_running=True, all_models=100.0, suppressed_models=20.0, unknown_share=0.25
    )
    told = sides.lineage_masthead(rows.head(3), {"CN": "China"}, EDITION).html.replace("\u00a0", " ")
    assert "At least 60.0 % of the new derivatives of 2026 Q3, so far, go back to models from China" in told
    assert (
        "at most 100.0 %: 20.0 % lie in cells too small to show, and another 20.0 % have a base of unknown home" in told
    )
    few = sides.lineage_masthead(rows.tail(3), {}, EDITION).html
    assert "No known country" in few


def test_an_estimated_week_is_not_compared_with_a_measured_one_in_silence() -> None:
    before = World(monday=MONDAY - timedelta(weeks=1))
    told = [
        weekly.since_last_week(frame(World(estimated=now)), frame(before, before.monday), EDITION, "S2").html
        for now in (0.0, 1.0)
    ]
    assert ["the way of counting" in html for html in told] == [False, True]


def test_shares_of_two_scopes_are_not_compared() -> None:
    def said(scope: str, share: float) -> archive.Numbers:
        row = archive.Standing("CN", "China", 1, share, share, share)
        return archive.Numbers("", "", "", "", "", "CN", [archive.Table(scope, 0.0, 0.0, [row], [])])

    assert "can't be compared" in archive.what_changed(said("S2-quick", 0.6), said("S2", 0.4))
    assert archive.what_changed(said("S2", 0.6), said("S2", 0.4)).startswith(
        "1 country changed; most China, from 60.0 %"
    )


def test_a_namespace_that_moved_has_one_home_on_the_day_it_moved(tmp_path: Path) -> None:
    database = tmp_path / "moved.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(SCHEMA)
        connection.execute(
            "insert into registry.namespaces values ('a', 'US', date '2020-01-01', $1), ('a', 'CN', $1, date '9999-12-31')",
            [MONDAY],
        )
        for hub_id in ("r", "c"):
            connection.execute("insert into core.models (hub_id, model_name, namespace) values ($1, $1, 'a')", [hub_id])
        connection.execute("insert into core.roots values ('c', 'r', 'r', 1.0)")
        connection.execute("insert into core.lineage_edges values ('c', 'r', 'r', 'finetune')")
        connection.execute("insert into core.weekly_flow values ('c', $1, 5.0)", [MONDAY])
    with published.open_release(database) as release:
        base = reads.most_built_on(release, MONDAY)
        assert base is not None
        assert (base["hub_id"], base["country"]) == ("r", "CN")
        assert reads.family(release, "r", MONDAY).select("child", "country").rows() == [("c", "CN")]
        assert reads.family(release, "r", date(2026, 11, 9)).select("child", "country").rows() == [("c", "US")]
