"""Tables of real repositories as a pretend GitHub: served at the clock's time, from what was observed up to then.

Two shapes are read. Snapshots: repo_metadata.parquet and repo_timeseries.parquet, with GitHub's ids, so two names of one
id are a rename. Rankings: repos.parquet and weekly.parquet, without ids; there a repository that leaves the list and one
of the same name that enters it with as many stars (RENAME_*) are taken for one.

What a table does not say is empty: no contributors, commits or releases. Made up are: ids where there are none; every
owner is an organisation; a ranked repository begins when it is first seen. Stars of a day come from the differences
between observations, spread evenly over the days between; a fall is taken from the newest days. Counts are those last
observed. Not here: the API (github), the simulated world (github/world).
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.errors import UsageError
from dagster_project.rehearsal.github.names import NameBook
from dagster_project.rehearsal.github.source import Account, Author, Commit, Fork, Release, Repo

DAY_SECONDS = 86_400
RENAME_DAYS = 14
"""How long a renamed repository may be missing from a weekly list."""
RENAME_STARS_SHARE = 0.02
RANKED_IDS, OWNER_IDS = 1_900_000_001, 2_000_000_001
GHOST = Account(10_137, "ghost", "User")
"""Stands for everybody whom a table does not name."""
SNAPSHOTS = {
    "repo_metadata.parquet": """githubId fullName description language topics createdAt updatedAt pushedAt defaultBranch
    archived disabled fork fetchedAt homepageUrl""",
    "repo_timeseries.parquet": "snapshot_at repo stars forks open_issues",
}
RANKINGS = {
    "repos.parquet": "repo description language last_stars first_seen last_seen",
    "weekly.parquet": "snapshot_date repo stars forks open_issues",
}
"""File -> the columns it must have."""
Observation = tuple[int, int, int, int]
"""Second, stars, forks, open issues with pull requests."""


@dataclass(frozen=True, slots=True)
class Row:
    """One repository of a table, with all its names and where its observations are."""

    id: int
    names: tuple[tuple[int, str], ...]
    created: int
    about: Mapping[str, Any]
    is_first_spread: bool
    """Whether the stars of the first observation came since the creation, or were there when it was first seen."""


def load_github_tables(folder: Path) -> GitHubTables:
    """Read a folder of tables in either shape. Raises UsageError (a LeadershiftError) for missing files or columns."""
    shapes = {"snapshots": SNAPSHOTS, "rankings": RANKINGS}
    found = next((name for name, files in shapes.items() if any((folder / file).is_file() for file in files)), None)
    if found is None:
        wanted = " or ".join(" and ".join(files) for files in shapes.values())
        raise UsageError(f"{folder} has no tables of GitHub repositories: it needs {wanted}.")
    frames = [_read(folder / file, columns.split()) for file, columns in shapes[found].items()]
    seen = _observed(frames[1])
    make_rows = _snapshot_rows if found == "snapshots" else _ranked_rows
    return GitHubTables(make_rows(frames[0], seen), seen)


def _read(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    if not path.is_file():
        raise UsageError(f"There is no file {path}; the tables beside it can't be served without it.")
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UsageError(f"{path} can't be read as Parquet: {error}") from error
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise UsageError(f"{path} lacks the columns {', '.join(missing)}. It has: {', '.join(frame.columns)}.")
    return frame.select(columns)


def _observed(frame: pl.DataFrame) -> Observations:
    """Order observations by repository and time."""
    first = frame.columns[0]
    moment = pl.col(first).str.to_datetime(time_zone="UTC") if frame.schema[first] == pl.String else pl.col(first)
    second = moment.cast(pl.Datetime("us", "UTC")).dt.epoch("s").alias("second")
    return Observations(frame.select(second, "repo", "stars", "forks", "open_issues").sort("repo", "second"))


class Observations:
    """Counts of repositories through time, by the name under which they were seen."""

    def __init__(self, frame: pl.DataFrame) -> None:
        sizes = frame.group_by("repo", maintain_order=True).len()
        ends = sizes["len"].cum_sum().to_list()
        self._places = dict(zip(sizes["repo"].to_list(), zip([0, *ends[:-1]], ends, strict=True), strict=True))
        self._counts = frame.drop("repo")

    def of(self, name: str) -> list[Observation]:
        """Give what was seen under a name, oldest first."""
        begin, end = self._places.get(name, (0, 0))
        return self._counts.slice(begin, end - begin).rows()

    def first(self, name: str) -> int | None:
        """Give the second at which a name was first seen."""
        begin, end = self._places.get(name, (0, 0))
        return int(self._counts["second"][begin]) if end > begin else None


def _snapshot_rows(frame: pl.DataFrame, seen: Observations) -> list[Row]:
    """Give one row for each id: its names in the order in which they were first seen, the newest description."""
    rows = []
    for (repo_id,), part in frame.sort("fetchedAt").group_by("githubId", maintain_order=True):
        about = part.row(-1, named=True)
        created = _second(about["createdAt"])
        starts = sorted((seen.first(name) or _second(at), name) for name, at in part["fullName", "fetchedAt"].rows())
        names = ((created, starts[0][1]), *starts[1:])
        rows.append(Row(int(str(repo_id)), names, created, about, is_first_spread=True))
    return sorted(rows, key=lambda row: (row.created, row.id))


def _ranked_rows(frame: pl.DataFrame, seen: Observations) -> list[Row]:
    """Give one row for each repository of the lists, one that was renamed under all its names."""
    abouts = {about["repo"]: about for about in frame.sort("first_seen", "repo").iter_rows(named=True)}
    renamed = _renames(frame, seen)
    later = set(renamed.values())
    rows = []
    for place, name in enumerate(name for name in abouts if name not in later):
        chain = [name]
        while chain[-1] in renamed:
            chain.append(renamed[chain[-1]])
        names = tuple((_midnight(abouts[one]["first_seen"]), one) for one in chain)
        rows.append(Row(RANKED_IDS + place, names, names[0][0], abouts[chain[-1]], is_first_spread=False))
    return rows


def _renames(frame: pl.DataFrame, seen: Observations) -> dict[str, str]:
    """Pair names that ended with those that began soon after: the same short name, with as many stars."""
    known = frame.with_columns(short=pl.col("repo").str.to_lowercase().str.split("/").list.last())
    gap = (pl.col("first_seen_new") - pl.col("last_seen")).dt.total_days()
    pairs = known.join(known, on="short", suffix="_new").filter(gap.is_between(1, RENAME_DAYS)).sort("repo", "repo_new")
    found: dict[str, str] = {}
    taken = set()
    for old, new, stars in pairs.select("repo", "repo_new", "last_stars").iter_rows():
        after = seen.of(new)[:1]
        is_same = bool(after) and abs(after[0][1] - stars) <= stars * RENAME_STARS_SHARE
        if is_same and old not in found and new not in taken:
            found[old] = new
            taken.add(new)
    return found


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


class GitHubTables:
    """Repositories of a table, as github/source asks for them."""

    def __init__(self, rows: Sequence[Row], seen: Observations) -> None:
        self._rows, self._seen = rows, seen
        self._numbers = {row.id: number for number, row in enumerate(rows)}
        self._book = NameBook(lambda number: rows[number].names, len(rows))
        owners = dict.fromkeys(name.split("/")[0].lower() for row in rows for _, name in row.names)
        self._owner_ids = {login: OWNER_IDS + place for place, login in enumerate(owners)}
        self._logins = list(owners)
        self._spelled = {name.split("/")[0].lower(): name.split("/")[0] for row in rows for _, name in row.names}
        self._owned: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            for login in dict.fromkeys(name.split("/")[0].lower() for _, name in row.names):
                self._owned.setdefault(login, []).append(number)
        self.observations = lru_cache(maxsize=4_096)(self._make_observations)
        """Give all that was seen of a repository under any of its names, oldest first."""
        self.ids = tuple(row.id for row in rows)

    def _make_observations(self, number: int) -> list[Observation]:
        return sorted(one for _, name in self._rows[number].names for one in self._seen.of(name))

    def _last(self, number: int, now: int) -> Observation:
        """Give the observation that holds at a moment; before the first one, that."""
        seen = self.observations(number)
        if not seen:
            return (self._rows[number].created, 0, 0, 0)
        return seen[max(0, bisect.bisect_right(seen, now, key=lambda one: one[0]) - 1)]

    # As github/source asks

    def number(self, repo_id: int) -> int | None:
        """Find a repository by its id."""
        return self._numbers.get(repo_id)

    def find(self, owner: str, name: str, now: int) -> tuple[int, bool] | None:
        """Find the repository that has this name, in any case, else the one that had it (then True)."""
        return self._book.find(owner, name, now)

    def repo(self, number: int, now: int) -> Repo | None:
        """Give a repository as last observed, None before its creation."""
        row, about = self._rows[number], self._rows[number].about
        if now < row.created:
            return None
        owner, name = self._book.full_name(number, now).split("/", 1)
        at, stars, forks, issues = self._last(number, now)
        updated, pushed = (_second(about[key]) if key in about else at for key in ("updatedAt", "pushedAt"))
        return Repo(
            number=number,
            id=row.id,
            owner=self._owner(owner.lower()),
            name=name,
            created=row.created,
            updated=min(updated, now),
            pushed=min(pushed, now),
            stars=stars,
            forks=forks,
            open_issues=issues,
            description=about["description"] or None,
            homepage=about.get("homepageUrl"),
            language=about["language"] or None,
            topics=tuple(json.loads(about.get("topics") or "[]")),
            is_fork=bool(about.get("fork")),
            is_archived=bool(about.get("archived")),
            is_disabled=bool(about.get("disabled")),
            default_branch=about.get("defaultBranch") or "main",
        )

    def stars(self, number: int, now: int) -> tuple[int, Sequence[int]]:
        """Give the second at which the first day begins, and the stars of each day that are still there."""
        row = self._rows[number]
        begin = row.created // DAY_SECONDS
        days = [0] * max(0, now // DAY_SECONDS - begin + 1)
        seen = self.observations(number)
        known = seen[: max(1, bisect.bisect_right(seen, now, key=lambda one: one[0]))]
        before, last_day = 0, 0 if row.is_first_spread else -1
        for at, count, _, _ in known if days else ():
            day = min(max(at // DAY_SECONDS - begin, 0), len(days) - 1)
            if count > before:
                _spread(days, last_day if last_day >= 0 else day, day, count - before)
            else:
                _take_back(days, before - count)
            before, last_day = count, day
        return begin * DAY_SECONDS, days

    def repos_of(self, account_id: int, now: int) -> Sequence[int]:
        """Give the repositories that an owner has at a moment, oldest first."""
        account = self.account_by_id(account_id, now)
        login = account.login.lower() if account else ""
        there = [number for number in self._owned.get(login, ()) if now >= self._rows[number].created]
        return [n for n in there if self._book.full_name(n, now).split("/")[0].lower() == login]

    def account(self, login: str, _now: int) -> Account | None:
        """Find an owner by login, in any case."""
        return self._owner(login.lower()) if login.lower() in self._owner_ids else None

    def account_by_id(self, account_id: int, _now: int) -> Account | None:
        """Find an owner by the id that was made up."""
        place = account_id - OWNER_IDS
        return self._owner(self._logins[place]) if 0 <= place < len(self._logins) else None

    def _owner(self, login: str) -> Account:
        return Account(self._owner_ids[login], self._spelled[login], "Organization")

    def organisations(self, _account_id: int, _now: int) -> Sequence[Account]:
        """Give nothing: tables do not tell."""
        return []

    def stargazer(self, _number: int, _place: int, _now: int) -> Account:
        """Give the ghost: tables do not tell."""
        return GHOST

    def contributors(self, _number: int, _now: int) -> Sequence[tuple[Author, int]]:
        """Give nothing: tables do not tell."""
        return []

    def commits(self, _number: int, _since: int, _until: int) -> range:
        """Give nothing: tables do not tell."""
        return range(0)

    def commit(self, _number: int, place: int, _now: int) -> Commit:
        """Raise IndexError: there is none."""
        raise IndexError(place)

    def releases(self, _number: int, _now: int) -> Sequence[Release]:
        """Give nothing: tables do not tell."""
        return []

    def fork(self, number: int, place: int, _now: int) -> Fork:
        """Give a fork of the ghost's: tables count forks without naming them."""
        row = self._rows[number]
        return Fork(OWNER_IDS + place, GHOST, row.created)


def _spread(days: list[int], first: int, last: int, count: int) -> None:
    """Add stars to the days after `first` up to `last`, as evenly as whole stars can be."""
    span = max(1, last - first)
    for place in range(span):
        days[last - place] += count * (place + 1) // span - count * place // span


def _take_back(days: list[int], count: int) -> None:
    """Take stars from the newest days that have any."""
    for day in range(len(days) - 1, -1, -1):
        taken = min(days[day], count)
        days[day] -= taken
        count -= taken
