"""A page for each country and each reviewed lab, and the lists of them.

Not here: the tables and sentences of a page (reports/sides), its chart (charts/share).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dagster_project.reports import reads, sides, weekly
from dagster_project.reports.charts import canvas, share
from dagster_project.reports.headline import SCOPES, WHOLE_SCOPE
from dagster_project.reports.naming import NOT_COUNTRIES, code_name, home, lab_label, lab_labels
from dagster_project.reports.render import BOUND_COLUMNS, Column, Fragment, bounds, nothing, percent, render_table
from dagster_project.reports.site.frame import Frame
from dagster_project.reports.template import Way

LISTED = ("share_of_total", "lower_bound", "upper_bound")
SLUG = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def write_sides(frame: Frame) -> tuple[dict[str, str], dict[str, str]]:
    """Write a page for each country and each reviewed lab; gives their addresses from a page of the archive."""
    written: dict[str, dict[str, str]] = {}
    for level, folder in (("country", "countries"), ("lab", "labs")):
        facts = _Facts.read(frame, level)
        rows = [_side(frame, facts, side, folder) for side in facts.sides]
        written[level] = {row["side"]: f"../../{folder}/{row['side']}.html" for row in rows}
        _write_list_of_sides(frame, level, folder, rows)
    return written["country"], written["lab"]


@dataclass(frozen=True)
class _Facts:
    """All rows about countries, or all about labs, read once for all their pages."""

    level: str
    sides: Sequence[str]
    courses: Mapping[str, Mapping[str, pl.DataFrame]]  # by scope, then by side
    tables: Mapping[str, Mapping[str, pl.DataFrame]]  # by what they are about, then by side
    crossovers: pl.DataFrame
    labs_now: pl.DataFrame

    @classmethod
    def read(cls, frame: Frame, level: str) -> _Facts:
        """Read what there is; a side is known once it had downloads. Persons and unreviewed namespaces have no page."""
        release, monday = frame.release, frame.edition.week.monday
        scopes = (frame.scope, frame.edition.scope(WHOLE_SCOPE))
        courses = {scope: _by(_downloaded(reads.shares(release, level, scope, monday)), level) for scope in scopes}
        known = {
            side for course in courses.values() for side, rows in course.items() if (rows["downloads_flow"] > 0).any()
        }
        sides = sorted(side for side in known if side not in NOT_COUNTRIES and set(side) <= SLUG and side[0] != ".")
        of_level = "where level = ? order by 1"
        changes = reads.changes(release, monday, frame.scope)
        tables = {
            "roots": _by(reads.shares(release, level, frame.scope, monday, credit="root"), level),
            "week": _by(reads.week_shares(release, level, monday, credit=None), level),
            "changes": _by(changes.filter(pl.col("level") == level) if changes.height else changes, "side"),
            "tiers": _by(reads.read(release, "marts.openness_tier", of_level, [level]), "side"),
            "retreat": _by(reads.read(release, "marts.retreat_watch", of_level, [level]), "side"),
        }
        crossovers = reads.crossovers(release, frame.scope, monday)
        labs_now = reads.week_shares(release, "lab", monday)
        return cls(level, sides, courses, tables, crossovers, labs_now)

    def of(self, side: str, table: str) -> pl.DataFrame:
        """Give the rows of a side; none where there are none."""
        return self.tables[table].get(side, pl.DataFrame())


def _downloaded(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out weeks in which nobody had downloads, so that there are no shares."""
    return rows.drop_nulls("share_of_total") if rows.height else rows


def _by(rows: pl.DataFrame, side: str) -> dict[str, pl.DataFrame]:
    return {} if not rows.height else {str(key): part for (key,), part in rows.group_by(side, maintain_order=True)}


def _side(frame: Frame, facts: _Facts, side: str, folder: str) -> dict[str, Any]:
    """Write the page of one country or lab; gives its line in the list of all."""
    edition, is_country = frame.edition, facts.level == "country"
    scope = frame.scope if side in facts.courses[frame.scope] else edition.scope(WHOLE_SCOPE)
    last = facts.courses[scope][side].sort("week").row(-1, named=True)
    is_here = last["week"] == edition.week.monday
    name, at_home = _side_name(facts.level, side, last, frame), home(last["country"], frame.countries)
    share_then, between = percent(last["share_of_total"]), bounds(last["lower_bound"], last["upper_bound"])
    basis = f"{SCOPES[scope]}, publisher credit, week of {last['week']}"
    lead = f"{name} {share_then}" if is_here else f"{name} has no downloads in week {edition.week}"
    told = " of all downloads" if is_here else f". Its last: {share_then} of all"
    sentence = f"{lead}{told} ({between}), {basis}."
    frame.write(
        f"{folder}/{side}.html",
        "side.html.j2",
        f"{name}, week {edition.week}",
        sentence,
        opening=weekly.opening(edition, "country" if is_country else f"lab, {at_home}", name, lead, sentence),
        sections=_sections(frame, facts, side, scope, name),
        cite=weekly.how_to_cite(edition, by="country of lab" if is_country else "lab"),
    )
    # The list has one scope; what has downloads in another only stands there without a number.
    is_listed = is_here and scope == frame.scope
    listed = {part: last[part] if is_listed else None for part in LISTED}
    return {"side": side, "label": name, "home": at_home} | listed


def _sections(frame: Frame, facts: _Facts, side: str, scope: str, name: str) -> list[tuple[str, Fragment]]:
    """Give the sections of a side's page; its shares over time are of one scope, what follows is of all or of the headline's."""
    edition, names = frame.edition, {**frame.countries, **frame.labs}
    course, rooted = facts.courses[scope][side], facts.of(side, "roots")
    if not rooted.height or scope != frame.scope:
        rooted = course.clear()
    picture = share.one_share(course, rooted, edition, scope, name)
    passed = facts.crossovers
    if passed.height:
        pair = (pl.col("side_a") == side) | (pl.col("side_b") == side)
        passed = passed.filter((pl.col("level") == facts.level) & pair)
    return [
        ("Over time", canvas.shown(picture, "One week is known; a course needs two.")),
        ("By every denominator", sides.standing(facts.of(side, "week"), edition)),
        *([("Its labs", _labs_of(frame, facts, side, scope))] if facts.level == "country" else []),
        ("Why it moved", weekly.why_it_moved(facts.of(side, "changes"), names, edition, frame.scope)),
        ("Who it passed, and who passed it", sides.crossovers(passed, names, edition, "between it and another")),
        ("How open", sides.tiers(facts.of(side, "tiers"), edition)),
        ("Is it closing?", sides.retreat(facts.of(side, "retreat"), edition)),
    ]


def _side_name(level: str, side: str, row: Mapping[str, Any], frame: Frame) -> str:
    if level == "country":
        return code_name(side, {side: row["country_name"], **frame.countries})
    return lab_label(side, row["lab_name"])


def _labs_of(frame: Frame, facts: _Facts, country: str, scope: str) -> Fragment:
    labs = facts.labs_now
    rows = labs.filter((pl.col("country") == country) & (pl.col("scope") == scope)) if labs.height else labs
    if not rows.height:
        return nothing("None of its labs had downloads in this week.")
    columns = [
        Column("label", "Lab"),
        Column("rank", "Rank", "count"),
        Column("share_of_total", "Share of all", "share"),
        Column("upper_bound", "At most", "share"),
        Column("downloads_flow", "Downloads", "count"),
    ]
    ordered = rows.sort("rank", "lab")
    shown = ordered.with_columns(label=lab_labels(ordered))
    return render_table(
        shown, columns, frame.edition.marked(f"Week {frame.edition.week}, {SCOPES[scope]}, publisher credit")
    )


def _write_list_of_sides(frame: Frame, level: str, folder: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """List all countries or labs, the largest first, those that left last."""
    ordered = sorted(
        rows, key=lambda row: (row["share_of_total"] is None, -(row["share_of_total"] or 0.0), row["label"])
    )
    columns = [
        Column("label", "Lab" if level == "lab" else "Country"),
        *([Column("home", "Home")] if level == "lab" else []),
        Column("share_of_total", "Share of all", "share"),
        *BOUND_COLUMNS,
    ]
    caption = (
        f"Week {frame.edition.week}, {SCOPES[frame.scope]}, publisher credit; a dash: nothing in this week and scope"
    )
    shares = dict.fromkeys(LISTED, pl.Float64)
    table = pl.DataFrame(ordered, schema={"side": pl.String, "label": pl.String, "home": pl.String, **shares})
    body = render_table(
        table, columns, frame.edition.marked(caption), [f"{row['side']}.html" for row in ordered], most=len(ordered)
    )
    title = "Labs" if level == "lab" else "Countries"
    lead = f"{len(rows)} {'reviewed labs' if level == 'lab' else 'countries'} with downloads so far"
    more = "lab" if level == "lab" else "country"
    frame.write(
        f"{folder}/index.html",
        "list.html.j2",
        title,
        f"{lead}.",
        opening=frame.opening(title.lower(), title, lead, f"{lead}, each with its own page."),
        ways=[Way("The report about all of them", f"../latest/{more}.html", "with charts")],
        body=body,
    )
