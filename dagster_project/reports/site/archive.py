"""The archive of weeks: what was published about each week, by which release, and every revision since.

A week's numbers are kept as JSON in the site itself, so that a page of the past never changes silently: when a later release
says something else about a week, that is a revision with a date, and what was said before stays beside it.
Not here: the pages (site), and why a past week may change (sql/core/weekly_flow: estimated, then measured; the registry).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import polars as pl

from dagster_project.calendar import Week
from dagster_project.errors import DamagedDataError, UsageError
from dagster_project.reports.headline import HEADLINE_SCOPE, LEVEL, QUICK_SUFFIX, WHOLE_SCOPE, Edition, compose
from dagster_project.reports.naming import country_label, country_names, home, lab_label
from dagster_project.reports.render import clean
from dagster_project.snapshots import kept
from dagster_project.warehouse.published import Release

REVISIONS = "revisions.json"
LABS_KEPT = 25
SHARE_DIGITS = 6  # a share is printed with three; what moves behind the sixth is rounding, not a revision


class Standing(msgspec.Struct, frozen=True):
    """One row of a week: a country, or a lab with its home. Shares lie in 0..1."""

    code: str
    name: str
    downloads: int
    share: float
    low: float
    high: float
    home: str = ""


class Table(msgspec.Struct, frozen=True):
    """One scope of a week."""

    scope: str
    unknown: float
    estimated: float
    countries: list[Standing]
    labs: list[Standing]


class Numbers(msgspec.Struct, frozen=True):
    """All that a page of a week says."""

    sentence: str
    lead: str
    runner_up: str
    certainty: str
    basis: str
    leader: str | None
    tables: list[Table]

    @property
    def is_estimated(self) -> bool:
        """Whether nothing of it is measured yet, as in the running week."""
        return bool(self.tables) and self.tables[0].estimated > 1 - LEVEL


class Revision(msgspec.Struct, frozen=True):
    """What one release said about a week, and no release before it."""

    release_id: str
    published_at: str
    is_rehearsal: bool
    numbers: Numbers


class History(msgspec.Struct, frozen=True):
    """Everything that was published about a week, the oldest first."""

    week: str
    revisions: list[Revision]

    @property
    def newest(self) -> Revision:
        """What is said now."""
        return self.revisions[-1]

    def page(self, number: int) -> str:
        """Name the page of a revision; that of the newest is the week's own."""
        return "index.html" if number == len(self.revisions) - 1 else f"revision-{number + 1}.html"


def read_weeks(release: Release, edition: Edition) -> dict[Week, Numbers]:
    """Read what a release says about every week, newest last."""
    countries = release.frame(_COUNTRIES)
    labs = release.frame(_LABS, [LABS_KEPT])
    names = country_names(countries)
    found = {}
    for (monday,), rows in sorted(countries.group_by("week"), key=lambda group: str(group[0][0])):
        week = Week(monday) if isinstance(monday, date) else Week.parse(str(monday))
        is_quick = bool(rows["scope"].str.ends_with(QUICK_SUFFIX).all())
        of_week = replace(edition, week=week, is_quick=is_quick)
        scopes = [of_week.scope(name) for name in (HEADLINE_SCOPE, WHOLE_SCOPE)]
        ranked = labs.filter(pl.col("week") == week.monday)
        tables = [_table(rows, ranked, scope, names) for scope in scopes if scope in rows["scope"]]
        said = compose(rows, week, scopes[0])
        found[week] = Numbers(said.sentence, said.lead, said.runner_up, said.certainty, said.basis, said.leader, tables)
    return found


def revised(old: dict[Week, History], said: dict[Week, Numbers], edition: Edition) -> dict[Week, History]:
    """Add what a release says to what was said before: only where it differs. Weeks that it no longer has stay as they were."""
    histories = dict(old)
    for week, numbers in said.items():
        before = old[week].revisions if week in old else []
        if before and before[-1].numbers.tables == numbers.tables:
            continue
        at = f"{edition.published_at:%Y-%m-%dT%H:%M:%SZ}" if edition.published_at else ""
        now = Revision(edition.release_id, at, edition.is_rehearsal, numbers)
        # The same release said once more, by newer code, is no revision of the numbers' history.
        kept = [revision for revision in before if revision.release_id != edition.release_id]
        histories[week] = History(str(week), [*kept, now])
    return dict(sorted(histories.items()))


def read(site: Path) -> dict[Week, History]:
    """Read the archive out of a site that was published before; empty where there is none. Raises DamagedDataError."""
    found = {}
    for path in sorted((site / "weeks").glob(f"*/{REVISIONS}")):
        try:
            history = kept.decoded(path.read_bytes(), History)
            found[Week.parse(history.week)] = history
        except (ValueError, UsageError) as error:
            raise DamagedDataError(
                f"{path} can't be read ({error}), so nobody knows what was said about that week before. The site stays as it is.",
                next_command=f"restore {path} from a copy, or move {path.parent} away to begin its history anew",
            ) from error
    return found


def encoded(history: History) -> bytes:
    """Write a week's history as it is kept in the site."""
    return msgspec.json.format(msgspec.json.encode(history)) + b"\n"


def what_changed(before: Numbers, now: Numbers) -> str:
    """Say in a sentence what a revision changed."""
    if not before.tables or not now.tables or before.tables[0].scope != now.tables[0].scope:
        return "The scopes are others, so that shares can't be compared."
    old = {row.code: row for row in before.tables[0].countries}
    new = {row.code: row for row in now.tables[0].countries}
    moved = [code for code in sorted({*old, *new}) if old.get(code) != new.get(code)]
    if not moved:
        return "The shares of countries are the same; labs or words changed."
    most = max(moved, key=lambda code: abs(_share(new, code) - _share(old, code)))
    name = (new.get(most) or old[most]).name
    changed = f"{len(moved)} countries" if len(moved) > 1 else "1 country"
    return f"{changed} changed; most {name}, from {_share(old, most) * 100:.1f} % to {_share(new, most) * 100:.1f} % of all."


def _share(rows: dict[str, Standing], code: str) -> float:
    return rows[code].share if code in rows else 0.0


def _table(rows: pl.DataFrame, labs: pl.DataFrame, scope: str, names: dict[str, str]) -> Table:
    scoped = rows.filter(pl.col("scope") == scope).sort("downloads_flow", "country", descending=[True, False])
    flow = float(scoped["downloads_flow"].sum())
    estimated = float((scoped["downloads_flow"].cast(pl.Float64) * scoped["estimated_share"].fill_null(0)).sum())
    ranked = labs.filter(pl.col("scope") == scope).sort("rank", "lab")
    return Table(
        scope,
        _rounded(scoped["unknown_share"].max()),
        _rounded(estimated / flow if flow else 0.0),
        [
            _standing(row["country"], country_label(row["country"], row["country_name"]), row)
            for row in scoped.iter_rows(named=True)
        ],
        [
            _standing(clean(row["lab"]), lab_label(row["lab"], row["lab_name"]), row, home(row["country"], names))
            for row in ranked.iter_rows(named=True)
        ],
    )


def _standing(code: str, name: str, row: dict[str, object], at_home: str = "") -> Standing:
    downloads = round(float(str(row["downloads_flow"] or 0)))
    share, low, high = (_rounded(row[part]) for part in ("share_of_total", "lower_bound", "upper_bound"))
    return Standing(code, name, downloads, share, low, high, at_home)


def _rounded(share: object) -> float:
    return round(float(str(share)), SHARE_DIGITS) if share is not None else 0.0


_COUNTRIES = """
    select * from marts.share_by_country
    where credit = 'publisher' and time_window = 'week' and scope in ('S1', 'S2', 'S1-quick', 'S2-quick')
    order by week, scope, country
"""
_LABS = """
    select * from marts.share_by_lab
    where credit = 'publisher' and time_window = 'week' and scope in ('S1', 'S2', 'S1-quick', 'S2-quick') and rank <= ?
    order by week, scope, rank, lab
"""
