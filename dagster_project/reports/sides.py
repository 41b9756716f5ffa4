"""Countries and labs in tables and sentences: their standing, who passed whom, how open they are, whom they depend on.

For the reports about all of them and for the page of each. Not here: charts (lines, grids), reading (reads), pages (site).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.naming import NOT_COUNTRIES, code_name, country_label, lab_label
from dagster_project.reports.render import Column, Fragment, clean, percent, quarter_name, render_table
from dagster_project.reports.weekly import opening

CROSSOVERS_SHOWN = 25
RETREAT_MONTHS = 12
STANDING_COLUMNS = [
    Column("label", "Scope and credit"),
    Column("share_of_total", "Share of all", "share"),
    Column("share_of_known", "Of known", "share"),
    Column("lower_bound", "At least", "share"),
    Column("upper_bound", "At most", "share"),
    Column("downloads_flow", "Downloads", "count"),
    Column("n_models", "Models", "count"),
]
CROSSOVER_COLUMNS = [
    Column("pair", "Pair"),
    Column("found", "Found"),
    Column("interval", "95 % interval"),
    Column("resample_share", "In resamples", "share"),
    Column("now", "Leads now"),
]
TIER_COLUMNS = [
    Column("period", "Quarter"),
    Column("n_models", "Releases", "count"),
    Column("n_own", "Own work", "count"),
    Column("own_open_share", "Own, open", "share"),
    Column("gated_share", "Gated", "share"),
    Column("tier", "Tier"),
]
RETREAT_COLUMNS = [
    Column("period", "Month"),
    Column("releases", "Releases", "count"),
    Column("open_share", "Open", "share"),
    Column("gated_share", "Gated", "share"),
    Column("withdrawn", "Withdrawn", "count"),
    Column("months_since_open_flagship", "Months since an open flagship", "count"),
    Column("is_turning", "Turning", "yes_no"),
    Column("turned", "What turned"),
]
DEPENDENCE_COLUMNS = [
    Column("label", "Authors in"),
    Column("n_models", "New derivatives", "count"),
    Column("dependence", "On foreign bases", "share"),
    Column("lower_bound", "At least", "share"),
    Column("upper_bound", "At most", "share"),
    Column("downloads_dependence", "By downloads", "share"),
]


def country_masthead(countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Open the report about countries. Rows of one week of `marts.share_by_country`."""
    scoped = countries.filter((pl.col("scope") == scope) & ~pl.col("country").is_in(list(NOT_COUNTRIES)))
    heading = "Countries"
    if not scoped.height:
        lead = "Nothing was measured."
        return opening(edition, "countries", heading, lead, f"{lead} No country has downloads in {SCOPES[scope]}.")
    top = scoped.sort("share_of_total", "country", descending=[True, False])
    first = top.row(0, named=True)
    lead = f"{country_label(first['country'], first['country_name'])} {percent(first['share_of_total'])}"
    bounds = f"{percent(first['lower_bound'])} to {percent(first['upper_bound'])}"
    sentence = (
        f"{lead} of all downloads ({bounds}), {SCOPES[scope]}, publisher credit. {top.height} countries have downloads."
    )
    return opening(edition, "countries", heading, lead, sentence)


def lab_masthead(labs: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Open the report about labs. Rows of one week of `marts.share_by_lab`."""
    scoped = labs.filter((pl.col("scope") == scope) & ~pl.col("lab").str.starts_with("hf:")) if labs.height else labs
    heading = "Labs"
    if not scoped.height:
        lead = "Nothing was measured."
        return opening(edition, "labs", heading, lead, f"{lead} No reviewed lab has downloads in {SCOPES[scope]}.")
    first = scoped.sort("rank", "lab").row(0, named=True)
    lead = f"{lab_label(first['lab'], first['lab_name'])} {percent(first['share_of_total'])}"
    bounds = f"{percent(first['lower_bound'])} to {percent(first['upper_bound'])}"
    sentence = f"{lead} of all downloads ({bounds}), {SCOPES[scope]}, publisher credit. {scoped.height} reviewed labs have downloads."
    return opening(edition, "labs", heading, lead, sentence)


def lineage_masthead(rows: pl.DataFrame, edition: Edition) -> Fragment:
    """Open the report about lineage. Rows of one quarter of `marts.lineage_flows`, root credit."""
    heading = "Who builds on whom"
    if not rows.height:
        lead = "No derivatives are known."
        return opening(edition, "lineage", heading, lead, f"{lead} This release has no matrix of countries.")
    quarter = quarter_name(rows["quarter"][0])
    all_models, hidden = float(rows["all_models"][0]), float(rows["suppressed_models"][0])
    unknown = float(rows["unknown_share"][0] or 0.0)
    shown = rows.filter(~pl.col("is_suppressed") & ~pl.col("base_country").is_in(list(NOT_COUNTRIES)))
    sums = (
        shown.group_by("base_country")
        .agg(pl.col("n_models").sum())
        .sort("n_models", "base_country", descending=[True, False])
    )
    if not sums.height:
        lead = "Too few to say."
        return opening(
            edition, "lineage", heading, lead, f"{lead} Every cell of {quarter} has fewer than 20 derivatives."
        )
    code, models = sums.row(0)
    least = float(models) / all_models
    most = least + hidden / all_models + unknown
    lead = f"At least {percent(least)} of the new derivatives of {quarter} come from models of {code_name(code, {})}"
    sentence = f"{lead} (at most {percent(min(most, 1.0))}, for {percent(hidden / all_models)} lie in cells too small to show)."
    return opening(edition, "lineage", heading, lead, sentence)


def standing(rows: pl.DataFrame, edition: Edition) -> Fragment:
    """Give one side's shares in every scope and credit of a week. Rows of one side."""
    if not rows.height:
        return Fragment('<p class="nothing">It had no downloads in this week.</p>')
    ordered = rows.sort("scope", "credit")
    labels = [
        f"{scope} {SCOPES.get(scope, '')}, {credit} credit"
        for scope, credit in ordered.select("scope", "credit").iter_rows()
    ]
    shown = ordered.with_columns(label=pl.Series(labels, dtype=pl.String))
    return render_table(
        shown, STANDING_COLUMNS, edition.marked(f"Week {edition.week}; shares of two scopes can't be compared")
    )


def crossovers(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition, what: str) -> Fragment:
    """List who passed whom, the latest first, and how sure that is. Rows of `marts.crossovers`, one scope and credit."""
    passed = rows.filter(pl.col("crossover_week").is_not_null()) if rows.height else rows
    if not passed.height:
        return Fragment(
            f'<p class="nothing">No lead of eight weeks passed over among {what} in the weeks measured.</p>'
        )
    told = []
    for row in passed.head(CROSSOVERS_SHOWN).iter_rows(named=True):
        a, b = (clean(names.get(row[side], row[side])) for side in ("side_a", "side_b"))
        leader, other = (a, b) if row["leads_after"] == row["side_a"] else (b, a)
        now = {row["side_a"]: a, row["side_b"]: b}.get(row["leads_now"], "nobody")
        interval = f"{Week(row['interval_low'])} to {Week(row['interval_high'])}"
        told.append(
            (
                f"{a} and {b}",
                f"{leader} passed {other}, {Week(row['crossover_week'])}",
                interval,
                row["resample_share"],
                now,
            )
        )
    fields = [column.name for column in CROSSOVER_COLUMNS]
    frame = pl.DataFrame(told, schema=fields, orient="row", infer_schema_length=None)
    return render_table(
        frame, CROSSOVER_COLUMNS, edition.marked(f"Weeks of crossovers among {what}; a lead counts from eight weeks on")
    )


def tiers(rows: pl.DataFrame, edition: Edition) -> Fragment:
    """Give one side's openness by quarter, the newest first. Rows of `marts.openness_tier`."""
    if not rows.height:
        return Fragment('<p class="nothing">It released nothing that was captured.</p>')
    ordered = rows.sort("quarter", descending=True).head(12)
    periods = pl.Series([quarter_name(quarter) for quarter in ordered["quarter"]], dtype=pl.String)
    return render_table(ordered.with_columns(period=periods), TIER_COLUMNS, edition.marked("Releases by quarter"))


def retreat(rows: pl.DataFrame, edition: Edition) -> Fragment:
    """Give what the retreat watch says of one side, the newest months first. Rows of `marts.retreat_watch`."""
    if not rows.height:
        return Fragment('<p class="nothing">The watch says nothing of it: no reviewed lab released anything.</p>')
    ordered = rows.sort("month", descending=True).head(RETREAT_MONTHS)
    periods = pl.Series([f"{month:%Y-%m}" for month in ordered["month"]], dtype=pl.String)
    caption = "Models of reviewed labs, no quantised re-packs; turning: two signals of closing at once, too unlikely for chance"
    return render_table(ordered.with_columns(period=periods), RETREAT_COLUMNS, edition.marked(caption))


def dependence(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition) -> Fragment:
    """Say what part of each country's new derivatives comes from bases of others. Rows of one quarter, root credit."""
    shown = rows.filter(pl.col("dependence").is_not_null()) if rows.height else rows
    if not shown.height:
        return Fragment(
            '<p class="nothing">No country has 20 new derivatives in this quarter, too few to say anything.</p>'
        )
    ordered = shown.sort("n_models", "country", descending=[True, False])
    labels = pl.Series([code_name(code, names) for code in ordered["country"]], dtype=pl.String)
    quarter = quarter_name(ordered["quarter"][0])
    caption = edition.marked(
        f"Derivatives of {quarter}; at least: if every base of unknown home were the country's own"
    )
    return render_table(ordered.with_columns(label=labels), DEPENDENCE_COLUMNS, caption)
