"""The weekly page: which edition it is, what changed since the week before, and the other parts that notebooks/weekly.py calls.

Not here: SQL beyond a look at a table, wording of findings (headline), drawing (charts).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from dagster_project.calendar import Week
from dagster_project.errors import NothingYetError
from dagster_project.reports import reads, template
from dagster_project.reports.headline import (
    HEADLINE_SCOPE,
    QUICK_MEANING,
    QUICK_SUFFIX,
    SCOPES,
    WHOLE_SCOPE,
    Edition,
    Headline,
    citation,
    cited,
    compose,
    uneven_in_words,
)
from dagster_project.reports.naming import (
    NOT_COUNTRIES,
    UNKNOWN,
    capital,
    country_label,
    country_names,
    home,
    lab_labels,
    side_label,
    side_spoken,
    spoken,
)
from dagster_project.reports.render import (
    BOUND_COLUMNS,
    Column,
    Fragment,
    clean,
    count,
    day,
    folded,
    joined,
    nothing,
    paragraph,
    percent,
    render_table,
    signed,
    span,
    text_column,
    to_copy,
)
from dagster_project.warehouse import published

LABS_IN_TABLE = 50
WEEKS_IN_MESSAGE = 12
MAX_FREE_TEXT = 240  # an audit's word or an origin is a sentence, not a name
COUNTRY_COLUMNS = [
    Column("label", "Country"),
    Column("downloads_flow", "Downloads", "count"),
    Column("share_of_total", "Share of all", "share"),
    Column("share_of_known", "Share of known", "share"),
    *BOUND_COLUMNS,
    Column("n_models", "Models", "count"),
    Column("estimated_share", "Estimated part", "share"),
]
MOVE_COLUMNS = [
    Column("label", "Country"),
    Column("then", "Week before", "share"),
    Column("now", "This week", "share"),
    Column("points", "Points", "signed"),
]
MOVES_SHOWN = 8
SMALL_NAMESPACES = "hf:(others)"  # many together, so that no sentence can be about them
MOVE_PARTS = ("change", "entry", "growth", "decay", "reclassification")
WHY_COLUMNS = [
    Column("label", "Who"),
    Column("share_then", "Then", "share"),
    Column("share_now", "Now", "share"),
    Column("change", "Change", "signed"),
    Column("entry", "New models", "signed"),
    Column("growth", "Gained", "signed"),
    Column("decay", "Lost", "signed"),
    Column("reclassification", "Reassigned", "signed"),
]
LAB_COLUMNS = [
    Column("label", "Lab"),
    Column("rank", "Rank", "count"),
    Column("above", "Parent"),
    Column("home", "Home"),
    Column("downloads_flow", "Downloads", "count"),
    Column("share_of_total", "Share of all", "share"),
    Column("n_models", "Models", "count"),
]
SNAPSHOT_COLUMNS = [
    Column("source", "Source"),
    Column("observed_on", "Observed on", "day"),
    Column("status", "Status"),
    Column("seen", "Seen", "count"),
    Column("loaded", "Loaded", "count"),
    Column("merged", "Merged", "count"),
    Column("quarantined", "Quarantined", "count"),
    Column("adds_up", "Adds up", "yes_no"),
    Column("sealed_at", "Sealed at", "time"),
]


def read_edition(release: published.Release, week: Week | None) -> Edition:
    """Read which release and week this is. Raises NothingYetError, with the weeks there are."""
    weeks = [Week(monday) for monday in release.frame(_WEEKS)["week"]]
    # The last row is this release's own: by their times another may be newer, where a clock was set back.
    releases = release.frame("select * from marts.releases order by rowid desc limit 1")
    if not weeks or not releases.height:
        raise NothingYetError(
            "The published database has no release with a week in it.", next_command="leadershift run"
        )
    chosen = week or _newest(release, weeks)
    if chosen not in weeks:
        raise NothingYetError(
            f"Week {chosen} is not in the published database. It has {_weeks_in_words(weeks)}.",
            next_command=f"leadershift report --week {weeks[-1]}",
        )
    row = releases.row(0, named=True)
    countries = reads.week_shares(release, "country", chosen.monday)
    return Edition(
        week=chosen,
        release_id=clean(row["release_id"]),
        published_at=row["published_at"],
        as_of=countries["as_of"].max(),  # type: ignore[arg-type] # a column of days
        audit_result=_free_text(row["audit_result"]),
        overrides=_free_text(row["overrides"]),
        gaps=_free_text(row["gaps"]),
        # Whoever doesn't say that it is real, isn't.
        is_rehearsal=row["is_rehearsal"] is not False,
        origin=_free_text(row["origin"]),
        is_quick=bool(countries["scope"].str.ends_with(QUICK_SUFFIX).all()),
    )


def _newest(release: published.Release, weeks: list[Week]) -> Week:
    measured = release.frame(_MEASURED)["week"].item()
    return Week(measured) if measured else weeks[-1]


def masthead(edition: Edition, found: Headline) -> Fragment:
    """Open the page: what this is, the finding, and the three questions behind it."""
    asked = [
        ("Which models?", QUICK_MEANING if edition.is_quick else ""),
        ("Runner-up", found.runner_up),
        ("How sure is the lead?", found.certainty),
        ("Measured or estimated?", found.basis),
    ]
    return opening(edition, "weekly", "Who leads open-source AI", found.lead, found.sentence, asked)


def opening(
    edition: Edition, kicker: str, heading: str, lead: str, sentence: str, asked: Sequence[tuple[str, str]] = ()
) -> Fragment:
    """Open a page: the banner of a rehearsal, what it is about, which week and release, the finding, and what stands behind it.

    `sentence` begins with `lead`, which is set in bold. All of it are sentences of ours; foreign names in them are cleaned.
    """
    about = {
        "edition": edition,
        "kicker": kicker,
        "heading": heading,
        "dates": span(edition.week, with_weekdays=True),
        "as_of": day(edition.as_of) if edition.as_of else "",
        "lead": lead,
        "rest": sentence.removeprefix(lead),
        "asked": [(title, text) for title, text in asked if text],
    }
    return template.piece("opening.html.j2", about)


def since_last_week(now: pl.DataFrame, before: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Compare the shares of two weeks: who leads, who gained and who lost most. Rows of `marts.share_by_country`."""
    new = compose(now, edition.week, scope)
    last = Week(edition.week.monday - timedelta(weeks=1))
    old = compose(before, last, scope)
    if new.leader is None:
        return nothing("No country has known downloads in this week and scope, so nothing can be compared.")
    if old.leader is None:
        return nothing(f"Week {last} has no known downloads in this scope, so nothing can be compared.")
    moves = _moves(now, before, edition, scope)
    told = f"{_who_leads(new, old, last)} {_who_moved(moves)}"
    if round(new.estimated_share or 0.0) != round(old.estimated_share or 0.0):
        told += " One of the two weeks is estimated and the other measured, so that a part of every difference is the way of counting."
    shown = moves.with_columns(points=text_column(signed(value) for value in moves["points"]))
    table = render_table(shown, MOVE_COLUMNS, _caption(edition, scope) + f", and week {last}")
    return joined([paragraph(told), folded("Every country, this week and the week before", table)])


def _who_leads(new: Headline, old: Headline, last: Week) -> str:
    if new.leader == old.leader:
        return f"{new.leads} of known downloads; in week {last} it had {old.lead_share}."
    return f"{new.leads} of known downloads; in week {last} the lead was with {old.lead}."


def _who_moved(moves: pl.DataFrame) -> str:
    """Say who gained and who lost most of all downloads, where that can be seen in the digits printed."""
    known = moves.filter(~pl.col("country").is_in(list(NOT_COUNTRIES)))
    told = []
    for row, verb in ((known.row(0, named=True), "gained"), (known.row(-1, named=True), "lost")):
        points = float(row["points"])
        if signed(points) != signed(0.0) and (points > 0) == (verb == "gained"):
            told.append(
                f"{spoken(row['country'], row['label'])} {verb} most ({abs(points):.1f} points of all downloads)"
            )
    unknown = signed(float(moves.filter(pl.col("country") == UNKNOWN)["points"].sum()))
    moved = capital(" and ".join(told)) if told else "No country's share of all downloads moved by 0.1 points"
    changed = "did not move" if unknown == signed(0.0) else f"changed by {unknown} points"
    return f"{moved}. The unknown part {changed}."


def why_it_moved(changes: pl.DataFrame, names: Mapping[str, str], edition: Edition, scope: str) -> Fragment:
    """Say by which models shares moved over four weeks, the largest moves first. Rows of `marts.share_changes`."""
    if not changes.height:
        return nothing(
            "Why shares moved can be said once the same captures have measured this week and the one four weeks before it."
        )
    parts = []
    for level, title in (("country", "Countries"), ("lab", "Labs")):
        rows = changes.filter(pl.col("level") == level).head(MOVES_SHOWN)
        if not rows.height:
            continue
        labels = [side_label(level, row, names) for row in rows.iter_rows(named=True)]
        shown = rows.with_columns(
            label=text_column(labels),
            **{part: text_column(signed(float(value) * 100) for value in rows[part]) for part in MOVE_PARTS},
        )
        caption = f"{title}: points of all downloads since the week of {day(rows['since_week'][0])}, {SCOPES[scope]}"
        caption += ", publisher credit; what rounds to nothing is 0.0"
        first = rows.filter(~pl.col("side").is_in([*NOT_COUNTRIES, SMALL_NAMESPACES])).head(1)
        told = [
            paragraph(_why(side_spoken(level, row, names), row, is_most=rows.height > 1))
            for row in first.iter_rows(named=True)
        ]
        parts += [*told, render_table(shown, WHY_COLUMNS, edition.marked(caption))]
    return joined(parts)


def _why(name: str, row: Mapping[str, Any], *, is_most: bool) -> str:
    words = {
        "entry": "new models",
        "growth": "older models that gained",
        "decay": "older models that lost",
        "reclassification": "models that came to count for somebody else",
    }
    change = float(row["change"])
    told = f"from {percent(row['share_then'])} to {percent(row['share_now'])} of all downloads"
    if signed(change * 100) == signed(0.0):
        return f"The share of {name} did not move: {told}."
    part = max(words, key=lambda part: math.copysign(1, change) * float(row[part]))
    verb = ("gained" if change > 0 else "lost") + (" most," if is_most else "")
    moved = f"{capital(name)} {verb} {abs(change) * 100:.1f} points, {told}."
    return f"{moved} The largest part of that: {words[part]} ({signed(float(row[part]) * 100)})."


def _moves(now: pl.DataFrame, before: pl.DataFrame, edition: Edition, scope: str) -> pl.DataFrame:
    rows = _scoped(now, edition, scope).select("country", "country_name", now="share_of_total")
    then = before.filter(pl.col("scope") == scope).select("country", name_then="country_name", then="share_of_total")
    both = rows.join(then, on="country", how="full", coalesce=True).with_columns(
        pl.col("now").fill_null(0.0), pl.col("then").fill_null(0.0)
    )
    pairs = both.select("country", pl.coalesce("country_name", "name_then")).iter_rows()
    labels = text_column(country_label(code, name) for code, name in pairs)
    return both.with_columns(label=labels, points=(pl.col("now") - pl.col("then")) * 100).sort(
        "points", "country", descending=[True, False]
    )


def country_table(countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Give the numbers behind a chart of countries."""
    rows = _scoped(countries, edition, scope).sort("downloads_flow", "country", descending=[True, False])
    labels = [country_label(code, name) for code, name in rows.select("country", "country_name").iter_rows()]
    table = render_table(rows.with_columns(label=text_column(labels)), COUNTRY_COLUMNS, _caption(edition, scope))
    return folded("The numbers behind this chart", table)


def lab_table(labs: pl.DataFrame, countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Give the numbers behind the chart of labs, and some more labs than it has room for."""
    names = country_names(countries)
    rows = _scoped(labs, edition, scope).drop_nulls("rank").sort("rank", "lab").head(LABS_IN_TABLE)
    shown = rows.with_columns(
        label=lab_labels(rows),
        home=text_column(home(code, names) for code in rows["country"]),
        above=text_column(clean(parent) or None for parent in rows["parent"]),
    )
    return folded(
        f"The numbers behind this chart, {rows.height} labs", render_table(shown, LAB_COLUMNS, _caption(edition, scope))
    )


def captured(snapshots: pl.DataFrame, models: pl.DataFrame, edition: Edition) -> Fragment:
    """Say what was seen, whether it adds up, and what the audit said. `models` is one row of counts."""
    known, new, gone, uneven_days = models.row(0)
    sentences = [
        f"{count(known)} models are known; {count(new)} were first seen in this week, {count(gone)} were removed in it.",
        uneven_in_words(uneven_days) if uneven_days else "",
        f"Audit: {edition.audit_result or 'no result stated'}.",
        f"Failed checks were signed for: {edition.overrides}." if edition.overrides else "",
        f"Weeks missing: {edition.gaps}." if edition.gaps else "",
    ]
    text = paragraph(" ".join(filter(None, sentences)))
    if not snapshots.height:
        return joined([text, nothing("No snapshot was sealed in this week.")])
    adds_up = pl.col("seen") == pl.col("loaded") + pl.col("merged") + pl.col("quarantined")
    caption = "Snapshots from its Monday to the next: seen = loaded + merged + quarantined"
    return joined([text, render_table(snapshots.with_columns(adds_up=adds_up), SNAPSHOT_COLUMNS, caption)])


def how_to_cite(edition: Edition, measure: str | None = None, *, by: str = "country of lab") -> Fragment:
    """Give the citation as text that a click selects: of a page's own measure, else of both shares of downloads, `by` whom."""
    scopes = [edition.scope(name) for name in (HEADLINE_SCOPE, WHOLE_SCOPE)]
    lines = [cited(edition, measure)] if measure else [citation(edition, scope, by) for scope in scopes]
    return joined(to_copy(line) for line in lines)


_WEEKS = """
    select distinct week from marts.share_by_country
    where credit = 'publisher' and time_window = 'week' order by week
"""
_MEASURED = """
    select max(week) as week from marts.share_by_country
    where credit = 'publisher' and time_window = 'week' and estimated_share < 1
"""


def _scoped(rows: pl.DataFrame, edition: Edition, scope: str) -> pl.DataFrame:
    return rows.filter((pl.col("scope") == scope) & (pl.col("week") == edition.week.monday))


def _caption(edition: Edition, scope: str) -> str:
    return edition.marked(f"Week {edition.week}, {SCOPES[scope]} ({scope}), publisher credit")


def _weeks_in_words(weeks: list[Week]) -> str:
    shown = weeks[-WEEKS_IN_MESSAGE:]
    before = f"{len(weeks) - len(shown)} weeks from {weeks[0]} on, then " if len(weeks) > len(shown) else ""
    return before + ", ".join(map(str, shown))


def _free_text(value: object) -> str:
    """Write what the release says of itself, be it a sentence, a number or a list."""
    if isinstance(value, list | tuple):
        return clean(", ".join(str(item) for item in value), MAX_FREE_TEXT)
    return clean(value, MAX_FREE_TEXT)
