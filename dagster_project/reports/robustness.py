"""Would the lead hold: who leads a week once something doubtful is left out or counted otherwise, in a sentence and a table.

Not here: what is left out and how (sql/marts/share_robustness.sql), the lead itself (headline).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from dagster_project.reports.headline import LEVEL, SCOPES, Edition
from dagster_project.reports.naming import NOT_COUNTRIES, capital, code_name, spoken
from dagster_project.reports.render import Column, Fragment, joined, percent, prose, render_table

# How each thing that is left out, or counted otherwise, is named in a table, in the order of its rows.
LEFT_OUT: Mapping[str, str] = {
    "nothing": "Nothing left out",
    "flagged": "Without disturbed counters",
    "largest_models": "Without the ten most downloaded models",
    "quantised": "Without re-packs in fewer bits",
    "gated": "Without models behind a gate",
    "own_lab": "Without the largest lab of {leader}",
    "arguable_homes": "With arguable homes counted for the other place",
}
COLUMNS = [
    Column("left_out", "How it is counted"),
    Column("first", "First"),
    Column("first_share", "Share", "share"),
    Column("second", "Second"),
    Column("second_share", "Share", "share"),
]


class _Standing(NamedTuple):
    """Who is first and second when something is left out: codes of countries, and shares of known downloads, 0..1."""

    left_out: str
    first: str
    first_share: float
    second: str | None = None
    second_share: float | None = None

    @property
    def lead(self) -> float:
        return self.first_share - (self.second_share or 0.0)


def would_it_hold(rows: pl.DataFrame, names: Mapping[str, str], edition: Edition, scope: str) -> Fragment:
    """Say whether the lead of a week holds however it is counted. Rows of one week of `marts.share_robustness`."""
    standings = _standings(rows.filter(pl.col("scope") == scope)) if rows.height else []
    if not standings:
        return Fragment('<p class="nothing">No country has known downloads here, so no lead can be tried.</p>')
    leader = _within(standings[0].first, names)
    shown = [
        standing._replace(
            left_out=LEFT_OUT[standing.left_out].format(leader=leader),
            first=code_name(standing.first, names),
            second=code_name(standing.second, names) if standing.second else None,
        )
        for standing in standings
    ]
    caption = edition.marked(
        f"Week {edition.week}, {SCOPES[scope]} ({scope}), publisher credit, share of known downloads"
    )
    table = render_table(pl.DataFrame(shown, orient="row"), COLUMNS, caption)
    return joined([Fragment(f"<p>{prose(_in_words(standings, names))}</p>"), table])


def _standings(rows: pl.DataFrame) -> list[_Standing]:
    countries = rows.filter(~pl.col("country").is_in(list(NOT_COUNTRIES)) & pl.col("share_of_known").is_not_null())
    ranked = countries.sort("share_of_known", "country", descending=[True, False])
    usual = _shares(ranked, "nothing")
    if not usual or not usual[0][1]:
        return []
    found = []
    for reason in LEFT_OUT:
        shares = _without_a_lab(ranked, usual) if reason == "own_lab" else _shares(ranked, reason)
        if shares and shares[0][1]:
            found.append(_Standing(reason, *shares[0], *(shares[1] if shares[1:] else ())))
    return found


def _shares(ranked: pl.DataFrame, left_out: str) -> list[tuple[str, float]]:
    return ranked.filter(pl.col("left_out") == left_out).select("country", "share_of_known").rows()


def _without_a_lab(ranked: pl.DataFrame, usual: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Set the leader without its largest lab beside the others, whose shares grow alike: by as much as its lead tells of the second's."""
    leader = usual[0][0]
    own = ranked.filter((pl.col("left_out") == "own_lab") & (pl.col("country") == leader))
    rows = own.select("share_of_known", "lead").rows()
    shares = [(leader, share) for share, _lead in rows]
    for share, lead in rows:
        growth = (share - lead) / usual[1][1] if usual[1:] and usual[1][1] else 0.0
        shares += [(country, of_known * growth) for country, of_known in usual[1:]]
    return sorted(shares, key=lambda pair: -pair[1])


def _in_words(standings: list[_Standing], names: Mapping[str, str]) -> str:
    usual, ways = standings[0], len(standings)
    leader = _within(usual.first, names)
    if usual.lead < LEVEL:
        return (
            f"{capital(leader)} and {_within(usual.second, names)} are level to begin with, so there is no lead to try."
        )
    upset = [other for other in standings if other.first != usual.first or other.lead < LEVEL]
    if upset:
        told = ". ".join(_upset(other, leader, names) for other in upset)
        return f"{capital(leader)} leads in {ways - len(upset)} of these {ways} ways of counting. {told}."
    closest = min(standings, key=lambda other: other.lead)
    narrowly = f"{percent(closest.first_share)} against {percent(closest.second_share or 0.0)}"
    label = LEFT_OUT[closest.left_out].format(leader=leader)
    return f"{capital(leader)} leads in all of these {ways} ways of counting, most narrowly in this one: {label}, {narrowly}."


def _upset(standing: _Standing, leader: str, names: Mapping[str, str]) -> str:
    label = LEFT_OUT[standing.left_out].format(leader=leader)
    if standing.lead < LEVEL:
        return f"{label}, {_within(standing.first, names)} and {_within(standing.second, names)} are level"
    return f"{label}, {_within(standing.first, names)} leads with {percent(standing.first_share)}"


def _within(code: str | None, names: Mapping[str, str]) -> str:
    """Name a country within a sentence; nobody where there is none."""
    return spoken(code, code_name(code, names)) if code else "nobody"
