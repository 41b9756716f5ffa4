"""The page about quality: what was checked and what was found, in plain words; the parts that notebooks/quality.py calls.

Not here: the checks themselves (sql/ headers, warehouse/checks), the wording of findings about leadership (headline).
"""

from __future__ import annotations

import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports.headline import SCOPES, Edition
from dagster_project.reports.render import Column, Fragment, count, folded, joined, nothing, render_table, text_column
from dagster_project.reports.weekly import opening

EVENT_WEEKS = 13
# What is less is the order in which threads added up.
ROUNDING = 1e-12
EVENT_MEANINGS = {
    "rename": "a model got another name; it stays one model",
    "removal": "a model was no longer listed; its downloads so far stay counted",
    "return": "a model that had gone came back",
    "gate_flip": "access to a model began or ceased to need asking",
    "licence_change": "a model was put under another licence",
    "rollback": "a counter fell and came back; nothing is counted twice",
    "lasting_correction": "a counter fell for good; the fall is no flow",
    "spike": "one reading brought far more than usual; it is kept and flagged",
    "stall": "the Hub's counters stood still; the days are known together only",
    "partial_snapshot": "less than half of the list came; the snapshot is kept and not used",
}
"""What each kind of row in core.counter_events means, and what is done about it."""
INNER_SCHEMAS = ("claims", "staging")
CHECK_COLUMNS = [
    Column("says", "What must be so"),
    Column("observed", "Found", "text"),
    Column("is_passed", "So it is", "yes_no"),
]
EVENT_COLUMNS = [
    Column("meaning", "What happened"),
    Column("events", "Times", "count"),
    Column("models", "Models", "count"),
]
WEEK_COLUMNS = [
    Column("label", "Week"),
    Column("state", "State"),
    Column("snapshots", "Snapshots", "count"),
    Column("seen", "Records seen", "count"),
    Column("quarantined", "Unreadable", "count"),
    Column("merged", "Sent twice", "count"),
]
UNKNOWN_COLUMNS = [
    Column("label", "Scope"),
    Column("n_models", "Models", "count"),
    Column("unknown_share", "Unknown part of downloads", "share"),
    Column("estimated_share", "Estimated part", "share"),
]


def masthead(edition: Edition, checks: pl.DataFrame) -> Fragment:
    """Open the page: how many checks passed, and who signed for those that did not."""
    failed = checks.filter(~pl.col("is_passed")).height
    whole = count(checks.height)
    lead = f"{count(failed)} of {whole} checks failed." if failed else f"All {whole} checks passed."
    signed = f" They were signed for: {edition.overrides}." if edition.overrides else ""
    gaps = f"Weeks missing: {edition.gaps}." if edition.gaps else "No week since the first capture is missing."
    return opening(edition, "quality", "What was checked, and what was found", lead, f"{lead}{signed} {gaps}")


def weeks(captured: pl.DataFrame, edition: Edition) -> Fragment:
    """Say week by week what came: the rows of core.weeks with the counts of their snapshots."""
    state = (
        pl.when(pl.col("is_quick") & (pl.col("snapshot_count") == 0))
        .then(pl.lit("only a quick capture saw it"))
        .when("is_gap")
        .then(pl.lit("nobody captured it"))
        .when("is_captured")
        .then(pl.lit("captured whole"))
        .when("is_imported")
        .then(pl.lit("from an archive"))
        .when(pl.col("snapshot_count") == 0)
        .then(pl.lit("before the first capture"))
        .otherwise(pl.lit("not whole"))
    )
    counted = pl.format("{}; {} days counted as 7", state, pl.col("counted_days").round(1))
    labels = text_column(str(Week(monday)) for monday in captured["week"])
    return render_table(
        captured.with_columns(label=labels, state=pl.when("is_uneven").then(counted).otherwise(state)),
        WEEK_COLUMNS,
        edition.marked(
            f"{EVENT_WEEKS} weeks up to {edition.week}; what is unreadable is kept apart with its reason, what was sent twice is"
            " counted once"
        ),
    )


def unknown(shares: pl.DataFrame, edition: Edition) -> Fragment:
    """Say for each scope what part of the downloads nobody placed, and what part is an estimate."""
    labels = [f"{scope}: {SCOPES.get(scope, scope)}" for scope in shares["scope"]]
    return render_table(
        shares.with_columns(label=text_column(labels)),
        UNKNOWN_COLUMNS,
        edition.marked(f"Week {edition.week}, publisher credit; unknown means that nobody reviewed the publisher"),
    )


def events(found: pl.DataFrame, edition: Edition) -> Fragment:
    """Say what happened to models and counters in the last weeks, and what was done about it. Columns: kind, events, models."""
    if not found.height:
        return nothing("Nothing happened to models or counters in these weeks.")
    meanings = [f"{kind.replace('_', ' ')}: {EVENT_MEANINGS.get(kind, '')}" for kind in found["kind"]]
    return render_table(
        found.with_columns(meaning=text_column(meanings)),
        EVENT_COLUMNS,
        edition.marked(f"{EVENT_WEEKS} weeks up to {edition.week}, our own captures"),
    )


def checks_by_table(checks: pl.DataFrame) -> Fragment:
    """List every check under its table, and those of tables that no reader sees under their schema. Columns: those of marts.checks."""
    schema = pl.col("table_name").str.split(".").list.first()
    written = text_column(_number(value) for value in checks["observed"])
    named = checks.with_columns(
        observed=written, part=pl.when(schema.is_in(INNER_SCHEMAS)).then(schema).otherwise("table_name")
    ).sort("part", "table_name", "says")
    parts = []
    for (part,), rows in named.group_by("part", maintain_order=True):
        failed = rows.filter(~pl.col("is_passed")).height
        told = f"{failed} of {rows.height} failed" if failed else f"{rows.height} of {rows.height} passed"
        columns = [Column("table_name", "Table"), *CHECK_COLUMNS] if part in INNER_SCHEMAS else CHECK_COLUMNS
        parts.append(folded(f"{part}: {told}", render_table(rows, columns, f"{part}: {told}")))
    return joined(parts)


def _number(value: float | None) -> str:
    """Write what was measured: a count of broken rows mostly, sometimes a difference."""
    if value is None:
        return "nothing to measure"
    is_whole = abs(value - round(value)) < ROUNDING
    return count(value) if is_whole else f"{value:.2g}"
