"""The history of a repository's stars: GitHub's weeks of seven days, what is kept of them, how they become typed rows.

GitHub counts the stars that are still there by the day on which they were given: a star taken back lowers the day it was
given on, whenever it is taken back. So a week is worth as much as the moment at which it was read, and that is kept.
Nobody's name is in it. Not here: which pages (stars in the hall), the client (github), what withdrawals mean (sql).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import polars as pl

from dagster_project.calendar import parse_time, stamp
from dagster_project.errors import SourceError
from dagster_project.sources.github import Answer, Client

PAGE_WEEKS = 30
# GitHub refuses pages beyond: 57 years of weeks.
MOST_PAGES = 100
DAYS = 7
# Keys of rows: a repository's number, then the week's days since 1970, which need five digits until 2243.
_DAYS_IN_A_KEY = 100_000
_EPOCH = date(1970, 1, 1)

STAR_SCHEMA: dict[str, pl.DataType] = {
    "repo_id": pl.Int64(),
    "week_start": pl.Date(),
    "retained": pl.Int32(),
    "days": pl.List(pl.Int32()),
    "is_first": pl.Boolean(),
    "observed_at": pl.Datetime("us"),
    "begins_at": pl.Datetime("us"),
}


class StarWeek(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """A week as GitHub sends it: its first second since 1970, its total, its days."""

    week: int
    total: int
    days: list[int]


class StarPage(msgspec.Struct, omit_defaults=True, frozen=True):
    """One page of one repository's history. No weeks: the history ends before it. With a `reason`, it could not be had."""

    repo_id: int
    page: int
    observed_at: str
    weeks: list[StarWeek] = []
    reason: str | None = None


def ask(client: Client, repo_id: int, page: int) -> StarPage:
    """Ask for one page of a history, newest weeks first. Raises SourceError for what is no history, and as the client does."""
    answer = client.get(f"/repositories/{repo_id}/stargazers/history", {"per_page": PAGE_WEEKS, "page": page})
    return StarPage(repo_id, page, stamp(answer.received_at), _weeks(answer))


def unread(repo_id: int, page: int, at: datetime, reason: str) -> StarPage:
    """Note that a page could not be had."""
    return StarPage(repo_id, page, stamp(at), reason=reason)


def week_start(week: StarWeek) -> date:
    """Give the day on which GitHub's week begins. GitHub does not promise UTC: what begins late in a day is the next one's."""
    return (_begins_at(week) + timedelta(hours=12)).date()


def _begins_at(week: StarWeek) -> datetime:
    return datetime.fromtimestamp(week.week, UTC).replace(tzinfo=None)


def bundle(pages: Sequence[StarPage]) -> bytes:
    """Write pages as the JSON list that is kept."""
    return msgspec.json.encode(pages)


def read_bundle(body: bytes) -> list[StarPage]:
    """Read such a list back."""
    return msgspec.json.decode(body, type=list[StarPage])


def last_pages(pages: Iterable[StarPage]) -> set[tuple[int, int]]:
    """Give (repo_id, page) of the pages behind which an empty one showed that the history ends there."""
    return {(page.repo_id, page.page - 1) for page in pages if page.reason is None and not page.weeks}


def read_stars(
    pages: Sequence[StarPage], last: Collection[tuple[int, int]]
) -> tuple[pl.DataFrame, list[tuple[int, str, bytes]]]:
    """Turn kept pages into typed rows (STAR_SCHEMA, `position` and `week_key`), and (position, reason, record) of what is none.

    `last` are the `last_pages`: the oldest week of such a page is_first. `week_key` tells one repository's week: one met
    twice, because the weeks moved on between two pages, is kept once.
    """
    rows, refused, position = [], [], 0
    for page in pages:
        if page.reason is not None:
            refused.append((position, page.reason, f"{page.repo_id} page {page.page}".encode()))
            position += 1
        observed_at = parse_time(page.observed_at).astimezone(UTC).replace(tzinfo=None)
        for week in page.weeks:
            starts, begins_at = week_start(week), _begins_at(week)
            is_first = (page.repo_id, page.page) in last and week is page.weeks[-1]
            key = page.repo_id * _DAYS_IN_A_KEY + (starts - _EPOCH).days
            rows.append((page.repo_id, starts, week.total, week.days, is_first, observed_at, begins_at, key, position))
            position += 1
    schema = {**STAR_SCHEMA, "week_key": pl.Int64(), "position": pl.Int32()}
    return pl.DataFrame(rows, schema=schema, orient="row"), refused


def _weeks(answer: Answer) -> list[StarWeek]:
    """Read a page of weeks and hold it to what GitHub says of it: seven days that add up, newest first, a week apart."""
    try:
        weeks = msgspec.convert(answer.data, list[StarWeek])
    except msgspec.ValidationError as error:
        raise SourceError(f"the answer is no history of stars ({error})") from error
    for week in weeks:
        if len(week.days) != DAYS or sum(week.days) != week.total or min(week.days) < 0:
            raise SourceError(f"the week of {week_start(week)} has days that don't add up to its total")
    for newer, older in itertools.pairwise(weeks):
        # By days: where GitHub's weeks follow a local clock, two of them are an hour more or less.
        if week_start(newer) - week_start(older) != timedelta(days=DAYS):
            raise SourceError(f"the weeks of {week_start(newer)} and {week_start(older)} don't follow each other")
    return weeks
