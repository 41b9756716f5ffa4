"""The weekly page: which edition it is, the parts that notebooks/weekly.py calls, and how it comes to stand in its folder.

Not here: SQL beyond a look at a table, wording of findings (headline), drawing (charts).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from dagster_project.calendar import Week
from dagster_project.errors import NothingYetError
from dagster_project.reports import charts, page
from dagster_project.reports.headline import (
    HEADLINE_SCOPE,
    QUICK_MEANING,
    QUICK_SUFFIX,
    SCOPES,
    WHOLE_SCOPE,
    Edition,
    Headline,
    citation,
    compose,
    country_label,
)
from dagster_project.reports.page import Page
from dagster_project.reports.render import (
    Column,
    Fragment,
    clean,
    count,
    day,
    escaped,
    folded,
    joined,
    prose,
    render_table,
    span,
)
from dagster_project.warehouse import published

NOTEBOOK = "weekly"
LABS_IN_TABLE = 50
WEEKS_IN_MESSAGE = 12
MAX_FREE_TEXT = 240  # an audit's word or an origin is a sentence, not a name

COUNTRY_COLUMNS = [
    Column("label", "Country"),
    Column("downloads_flow", "Downloads", "count"),
    Column("share_of_total", "Share of all", "share"),
    Column("share_of_known", "Share of known", "share"),
    Column("lower_bound", "At least", "share"),
    Column("upper_bound", "At most", "share"),
    Column("n_models", "Models", "count"),
    Column("estimated_share", "Estimated part", "share"),
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


def write_weekly(database: Path, week: Week | None, folder: Path) -> Page:
    """Execute the weekly notebook on a published file and put page and notebook into `folder / week`.

    `week` None is the newest measured one, or the newest estimated one as long as none is measured.
    Raises NothingYetError for a week the file doesn't have, GateError when a cell
    fails; then nothing is written and the page before stays.
    """
    with published.open_release(database) as release:
        edition = read_edition(release, week)
        countries = _week_of_countries(release, edition.week)
    found = compose(countries, edition.week, edition.scope(HEADLINE_SCOPE))
    about = [found.sentence, found.basis if found.estimated_share else "", edition.warning]
    described = {"title": edition.title, "description": edition.marked(" ".join(filter(None, about)))}
    return page.write(NOTEBOOK, database, edition, described, folder)


def read_edition(release: published.Release, week: Week | None) -> Edition:
    """Read which release and week this is. Raises NothingYetError, with the weeks there are."""
    weeks = [Week(monday) for monday in release.frame(_WEEKS)["week"]]
    releases = release.frame("select * from marts.releases order by published_at desc, release_id desc limit 1")
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
    countries = _week_of_countries(release, chosen)
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
    banner = ""
    if edition.is_rehearsal:
        banner = f'<p class="banner" role="note"><strong>REHEARSAL</strong> {prose(edition.warning)}</p>'
    asked = [
        ("Which models?", QUICK_MEANING if edition.is_quick else ""),
        ("Runner-up", found.runner_up),
        ("How sure is the lead?", found.certainty),
        ("Measured or estimated?", found.basis),
    ]
    answers = "".join(f"<div><dt>{title}</dt><dd>{prose(text)}</dd></div>" for title, text in asked if text)
    as_of = f"Last reading: {day(edition.as_of)}. " if edition.as_of else ""
    rest = prose(found.sentence.removeprefix(found.lead))
    mark = "<strong>REHEARSAL</strong> · " if edition.is_rehearsal else ""
    return Fragment(
        f'{banner}<header class="masthead"><p class="kicker">{mark}leadershift weekly</p>'
        f"<h1>Who leads open-source AI <span>Week {edition.week}</span></h1>"
        f'<p class="dates">{span(edition.week, with_weekdays=True)}. {as_of}'
        f'<span class="keep">Release {escaped(edition.release_id)}.</span></p>'
        f'<p class="headline"><strong>{prose(found.lead)}</strong>{rest}</p>'
        f'<dl class="answers">{answers}</dl></header>'
    )


def country_table(countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Give the numbers behind a chart of countries."""
    rows = _scoped(countries, edition, scope).sort("downloads_flow", "country", descending=[True, False])
    labels = [country_label(code, name) for code, name in rows.select("country", "country_name").iter_rows()]
    table = render_table(
        rows.with_columns(label=pl.Series(labels, dtype=pl.String)), COUNTRY_COLUMNS, _caption(edition, scope)
    )
    return folded("The numbers behind this chart", table)


def lab_table(labs: pl.DataFrame, countries: pl.DataFrame, edition: Edition, scope: str) -> Fragment:
    """Give the numbers behind the chart of labs, and some more labs than it has room for."""
    names = charts.country_names(countries)
    rows = _scoped(labs, edition, scope).sort("rank").head(LABS_IN_TABLE)
    shown = rows.with_columns(
        label=pl.Series(
            [charts.lab_label(*pair) for pair in rows.select("lab", "lab_name").iter_rows()], dtype=pl.String
        ),
        home=pl.Series([charts.home(code, names) for code in rows["country"]], dtype=pl.String),
        above=pl.Series([clean(parent) or None for parent in rows["parent"]], dtype=pl.String),
    )
    return folded(
        f"The numbers behind this chart, {rows.height} labs", render_table(shown, LAB_COLUMNS, _caption(edition, scope))
    )


def captured(snapshots: pl.DataFrame, models: pl.DataFrame, edition: Edition) -> Fragment:
    """Say what was seen, whether it adds up, and what the audit said. `models` is one row of counts."""
    known, new, gone = models.row(0)
    sentences = [
        f"{count(known)} models are known; {count(new)} were first seen in this week, {count(gone)} were removed in it.",
        f"Audit: {edition.audit_result or 'no result stated'}.",
        f"Failed checks were signed for: {edition.overrides}." if edition.overrides else "",
        f"Weeks nobody captured: {edition.gaps}." if edition.gaps else "",
    ]
    text = Fragment(f"<p>{prose(' '.join(filter(None, sentences)))}</p>")
    if not snapshots.height:
        return joined([text, Fragment('<p class="nothing">No snapshot was sealed in this week.</p>')])
    adds_up = pl.col("seen") == pl.col("loaded") + pl.col("merged") + pl.col("quarantined")
    caption = "Snapshots from its Monday to the next: seen = loaded + merged + quarantined"
    return joined([text, render_table(snapshots.with_columns(adds_up=adds_up), SNAPSHOT_COLUMNS, caption)])


def how_to_cite(edition: Edition) -> Fragment:
    """Give the citation as text that a click selects."""
    lines = "".join(
        f'<pre class="cite">{escaped(citation(edition, edition.scope(name)), 600)}</pre>'
        for name in (HEADLINE_SCOPE, WHOLE_SCOPE)
    )
    return Fragment(lines)


_WEEKS = """
    select distinct week from marts.share_by_country
    where credit = 'publisher' and time_window = 'week' order by week
"""
_MEASURED = """
    select max(week) as week from marts.share_by_country
    where credit = 'publisher' and time_window = 'week' and estimated_share < 1
"""
_COUNTRIES = """
    select * from marts.share_by_country
    where week = ? and credit = 'publisher' and time_window = 'week'
"""


def _week_of_countries(release: published.Release, week: Week) -> pl.DataFrame:
    return release.frame(_COUNTRIES, parameters=[week.monday])


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
