"""Countries and labs in tables and sentences: their standing, who passed whom, how open they are, whom they depend on.

For the reports about all of them and for the page of each. Not here: charts (lines, grids), reading (reads), pages (site).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.naming import (
    NOT_COUNTRIES,
    UNKNOWN,
    code_name,
    country_label,
    lab_label,
    side_label,
    spoken,
)
from dagster_project.reports.render import (
    BOUND_COLUMNS,
    Column,
    Fragment,
    bounds,
    joined,
    nothing,
    paragraph,
    percent,
    quarter_name,
    render_table,
    text_column,
)
from dagster_project.reports.weekly import opening

CROSSOVERS_SHOWN = 25
RETREAT_MONTHS = 12
STANDING_COLUMNS = [
    Column("meaning", "Models counted"),
    Column("credit", "Credit"),
    Column("share_of_total", "Share of all", "share"),
    Column("share_of_known", "Of known", "share"),
    *BOUND_COLUMNS,
    Column("downloads_flow", "Downloads", "count"),
    Column("n_models", "Models", "count"),
]
CROSSOVER_COLUMNS = [
    Column("pair", "Pair"),
    Column("found", "Found"),
    Column("interval", "95 % interval", "span"),
    Column("resample_share", "Found in resamples", "share"),
    Column("now", "Leads now"),
]
RESAMPLED = {
    "country": (
        "Found in resamples: the part of 500 resamples in which the same side took over, of the labs of both countries, or of the"
        " weeks where each has one lab. Under 95 %, a few labs decide it."
    ),
    "lab": (
        "Found in resamples: the part of 500 resamples of the weeks in which the same lab took over. Under 95 %, a few weeks decide it."
    ),
}
"""What an interval was made from, by level of marts.crossovers."""
TIER_COLUMNS = [
    Column("period", "Quarter"),
    Column("n_models", "Releases", "count"),
    Column("n_own", "Own work", "count"),
    Column("own_open_share", "Open, of own work", "share"),
    Column("gated_share", "Gated, of all", "share"),
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
    Column("turned_on", "Told from", "day"),
    Column("turned", "What turned"),
]
TIER_NOTES = {"is_running": "so far", "is_before_capture": "what was left at the first capture"}
SIGNALS = {
    "cadence": "fewer releases",
    "flagship": "a long wait for an open flagship",
    "gated": "more gated",
    "licences": "fewer permissive licences",
    "own_repos": "others serve its models",
    "withdrawn": "models withdrawn",
}
"""What each signal of marts.retreat_watch says, in words."""
DEPENDENCE_COLUMNS = [
    Column("label", "Authors in"),
    Column("n_models", "New derivatives", "count"),
    Column("dependence", "On foreign bases", "share"),
    *BOUND_COLUMNS,
    Column("downloads_dependence", "By downloads", "share"),
]


def country_masthead(countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Open the report about countries. Rows of one week of `marts.share_by_country`."""
    there = (pl.col("scope") == scope) & (pl.col("downloads_flow") > 0)
    scoped = countries.filter(there & ~pl.col("country").is_in(list(NOT_COUNTRIES)))
    if not scoped.height:
        return _unmeasured("Countries", f"No country has downloads in {SCOPES[scope]}.", edition)
    first = scoped.sort("share_of_total", "country", descending=[True, False]).row(0, named=True)
    name = country_label(first["country"], first["country_name"])
    return _masthead("Countries", name, first, f"Countries with downloads in it: {scoped.height}.", edition)


def lab_masthead(labs: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Open the report about labs. Rows of one week of `marts.share_by_lab`."""
    there = (pl.col("scope") == scope) & (pl.col("downloads_flow") > 0)
    scoped = labs.filter(there & ~pl.col("lab").str.starts_with("hf:")) if labs.height else labs
    if not scoped.height:
        return _unmeasured("Labs", f"No reviewed lab has downloads in {SCOPES[scope]}.", edition)
    first = scoped.sort("rank", "lab").row(0, named=True)
    name = lab_label(first["lab"], first["lab_name"])
    return _masthead("Labs", name, first, f"Reviewed labs with downloads in it: {scoped.height}.", edition)


def _unmeasured(heading: str, told: str, edition: Edition) -> Fragment:
    lead = "Nothing was measured."
    return opening(edition, heading.lower(), heading, lead, f"{lead} {told}")


def _masthead(heading: str, name: str, row: Mapping[str, Any], told: str, edition: Edition) -> Fragment:
    """Open with the first of all, what its share is a part of, and its bounds."""
    lead, between = f"{name} {percent(row['share_of_total'])}", bounds(row["lower_bound"], row["upper_bound"])
    basis = f"{SCOPES[row['scope']]}, publisher credit, week of {row['week']}"
    return opening(edition, heading.lower(), heading, lead, f"{lead} of all downloads ({between}), {basis}. {told}")


def lineage_masthead(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition) -> Fragment:
    """Open the report about lineage. Rows of one quarter of `marts.lineage_flows`, root credit."""
    heading = "Who builds on whom"
    if not rows.height:
        lead = "No derivatives are known."
        return opening(edition, "lineage", heading, lead, f"{lead} This release has no matrix of countries.")
    quarter = quarter_name(rows["quarter"][0])
    all_models, hidden = float(rows["all_models"][0]), float(rows["suppressed_models"][0])
    seen = rows.filter(~pl.col("is_suppressed"))
    unknown = float(seen.filter(pl.col("base_country") == UNKNOWN)["n_models"].sum()) / all_models
    shown = seen.filter(~pl.col("base_country").is_in(list(NOT_COUNTRIES)))
    sums = shown.group_by("base_country").agg(pl.col("n_models").sum())
    if not sums.height:
        lead, told = (
            "Too few to say.",
            f"No known country's models have 20 new derivatives by authors of one country in {quarter}.",
        )
        return opening(edition, "lineage", heading, lead, f"{lead} {told}")
    code, models = sums.sort("n_models", "base_country", descending=[True, False]).row(0)
    least = float(models) / all_models
    most = min(least + hidden / all_models + unknown, 1.0)
    period = f"{quarter}, so far," if rows["is_running"][0] else quarter
    where = spoken(code, code_name(code, names))
    lead = f"At least {percent(least)} of the new derivatives of {period} go back to models from {where}"
    open_ends = f"{percent(hidden / all_models)} lie in cells too small to show"
    if unknown:
        open_ends += f", and another {percent(unknown)} have a base of unknown home"
    sentence = f"{lead}, and at most {percent(most)}: {open_ends}. All models, root credit."
    return opening(edition, "lineage", heading, lead, sentence)


def standing(rows: pl.DataFrame, edition: Edition) -> Fragment:
    """Give one side's shares in every scope and credit of a week. Rows of one side."""
    if not rows.height:
        return nothing("It had no downloads in this week.")
    ordered = rows.sort("scope", "credit")
    meanings = [f"{scope}: {SCOPES.get(scope, '')}" for scope in ordered["scope"]]
    shown = ordered.with_columns(meaning=text_column(meanings))
    caption = f"Week {edition.week}, downloads in it; shares of two scopes can't be compared"
    return render_table(shown, STANDING_COLUMNS, edition.marked(caption))


def crossovers(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition, what: str) -> Fragment:
    """List who passed whom, the latest first, and how sure that is. Rows of `marts.crossovers`, one scope, credit and level."""
    if not rows.height:
        return nothing(
            f"Nothing was found or looked for {what}: only the largest countries and labs are compared, in measured weeks."
        )
    passed = rows.filter(pl.col("crossover_week").is_not_null())
    if not passed.height:
        return nothing(f"No lead of eight weeks passed over {what} in the weeks measured.")
    told = [_crossover(row, names) for row in passed.head(CROSSOVERS_SHOWN).iter_rows(named=True)]
    frame = pl.DataFrame(
        told, schema=[column.name for column in CROSSOVER_COLUMNS], orient="row", infer_schema_length=None
    )
    (level, scope, credit), *_ = passed.select("level", "scope", "credit").iter_rows()
    many = f"the latest {frame.height} of {passed.height}" if passed.height > frame.height else f"{frame.height}"
    caption = f"Leads that passed over {what}, {many}; {SCOPES[scope]} ({scope}), {credit} credit; a lead counts from eight weeks on"
    newest: date = passed.select(pl.col("last_week").max()).item()
    later = (
        [
            paragraph(
                f"They were found in the weeks up to {Week(newest)}, those after this page's too: the last says who leads now."
            )
        ]
        if newest > edition.week.monday
        else []
    )
    return joined(
        [render_table(frame, CROSSOVER_COLUMNS, edition.marked(caption)), paragraph(RESAMPLED[level]), *later]
    )


def _crossover(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[object, ...]:
    one, other = (side_label(row["level"], {"side": row[side]}, names) for side in ("side_a", "side_b"))
    named = {row["side_a"]: one, row["side_b"]: other}
    after = row["leads_after"]
    before = row["side_b"] if after == row["side_a"] else row["side_a"]
    return (
        f"{one} and {other}",
        f"{named[after]} passed {spoken(before, named[before])}, {Week(row['crossover_week'])}",
        f"{Week(row['interval_low'])} to {Week(row['interval_high'])}",
        row["resample_share"],
        named.get(row["leads_now"], "nobody"),
    )


def tiers(rows: pl.DataFrame, edition: Edition) -> Fragment:
    """Give one side's openness by quarter, the newest first. Rows of `marts.openness_tier`."""
    if not rows.height:
        return nothing("It released nothing that was captured.")
    ordered = rows.sort("quarter", descending=True).head(12)
    periods = [
        ", ".join([quarter_name(row["quarter"]), *(note for flag, note in TIER_NOTES.items() if row[flag])])
        for row in ordered.iter_rows(named=True)
    ]
    caption = "Models released in the quarter, all of them; open: a permissive licence and no gate, as first recorded"
    return render_table(ordered.with_columns(period=text_column(periods)), TIER_COLUMNS, edition.marked(caption))


def retreat(rows: pl.DataFrame, edition: Edition) -> Fragment:
    """Give what the retreat watch says of one side, the newest months first. Rows of `marts.retreat_watch`."""
    if not rows.height:
        return nothing("The watch says nothing of it: no reviewed lab released anything.")
    ordered = rows.sort("month", descending=True).head(RETREAT_MONTHS)
    periods = [
        f"{row['month']:%Y-%m}{'' if row['is_complete'] else ', so far'}" for row in ordered.iter_rows(named=True)
    ]
    turned = [
        ", ".join(SIGNALS.get(name.strip(), name) for name in text.split(",")) if text else None
        for text in ordered["turned"]
    ]
    shown = ordered.with_columns(period=text_column(periods), turned=text_column(turned))
    caption = (
        "All models of reviewed labs, no quantised re-packs; turning: two signals of closing turned together, and all six are 100 times"
        " likelier if it closes; a dash: too early to say"
    )
    return render_table(shown, RETREAT_COLUMNS, edition.marked(caption))


def dependence(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition) -> Fragment:
    """Say what part of each country's new derivatives comes from bases of others. Rows of one quarter, root credit."""
    shown = rows.filter(pl.col("dependence").is_not_null()) if rows.height else rows
    if not shown.height:
        return nothing("No country has 20 new derivatives in this quarter, too few to say anything.")
    ordered = shown.sort("n_models", "country", descending=[True, False])
    labels = text_column(code_name(code, names) for code in ordered["country"])
    quarter = quarter_name(ordered["quarter"][0])
    caption = edition.marked(
        f"New derivatives of {quarter}, all models, root credit; at least: if every base of unknown home were the country's own"
    )
    return render_table(ordered.with_columns(label=labels), DEPENDENCE_COLUMNS, caption)
