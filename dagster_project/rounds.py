"""What the weekly rounds of GitHub share: today's attempt, answers on their way into bundles, what is missing. Part of the hall.

Each answer stands for itself: what is safe of a round that ended early is sealed by the next one, never thrown away.
Not here: whom a round asks, and when (repositories, stars).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

import polars as pl

from dagster_project import crawl
from dagster_project.calendar import Week, stamp
from dagster_project.errors import PauseError, SourceError
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, manifest, seal, spool
from dagster_project.snapshots.seal import QUARANTINE_SCHEMA, Seal
from dagster_project.snapshots.spool import Spool

BAD_IN_A_ROW = 5
_Kept = TypeVar("_Kept")


@dataclass(frozen=True)
class Missing:
    """Something that was asked for and could not be had. `what` is a repository's number, or a name of the registry."""

    what: str
    reason: str

    def __str__(self) -> str:
        """Give `what: reason`."""
        return f"{self.what}: {self.reason}"


def leftover(settings: Settings, source: str, close: Callable[[Spool], object]) -> Spool | None:
    """Find today's unfinished round; one of an earlier day is sealed with what is safe of it: counts of two days don't mix."""
    newest = next(reversed(list(spool.attempts(settings.home, source))), None)
    if newest is None or newest.is_sealed:
        return None
    kept = newest.pages()
    if not kept or not all(entry.url.startswith(f"{settings.github_api_url}/") for entry in kept):
        return None
    if newest.day == settings.now().date():
        return newest
    close(newest)
    return None


def newest(settings: Settings, source: str) -> Seal | None:
    """Give the newest sealed round of a source."""
    return next((found for _attempt, found in reversed(list(seal.readable(settings.home, source)))), None)


def whole(settings: Settings, source: str) -> Iterator[tuple[Spool, Seal]]:
    """Give the sealed rounds that are as they were sealed, oldest first: a damaged one must not cost this round."""
    for attempt, found in seal.readable(settings.home, source):
        if not seal.damage(attempt, found, tables_only=True):
            yield attempt, found


def table(attempt: Spool, columns: Sequence[str]) -> pl.DataFrame:
    """Read columns of a sealed round's typed table."""
    (entry,) = manifest.tables(manifest.read(attempt.folder))
    return pl.read_parquet(attempt.home / entry.path, columns=list(columns), glob=False)


class Bundles(Generic[_Kept]):
    """Answers on their way into bundles of `size`. Bad ones wait until a good one shows that GitHub itself is well."""

    def __init__(
        self,
        settings: Settings,
        attempt: Spool,
        write: Callable[[Sequence[_Kept]], bytes],
        on_page: Callable[[int], None],
        *,
        size: int,
    ) -> None:
        self._settings, self._attempt, self._write, self._on_page, self._size = settings, attempt, write, on_page, size
        self._waiting: list[_Kept] = []
        self._doubtful: list[_Kept] = []
        kept = attempt.pages()
        manifest.keep_only(attempt.folder, kept)
        self._number = len(kept)
        self.safe = sum(entry.rows for entry in kept)
        if self.safe:
            on_page(self.safe)

    def note(self, answer: _Kept) -> None:
        """Take an answer."""
        self.trust()
        self._waiting.append(answer)
        if len(self._waiting) >= self._size:
            self.keep()

    def note_bad(self, answer: _Kept, missing: Missing) -> None:
        """Take what could not be read. Raises SourceError for the fifth in a row."""
        self._doubtful.append(answer)
        if len(self._doubtful) == BAD_IN_A_ROW:
            self._doubtful = []
            raise SourceError(f"{BAD_IN_A_ROW} bad answers in a row, the last for {missing}")

    def trust(self) -> None:
        """Keep the bad ones as bad: GitHub is well."""
        self._waiting += self._doubtful
        self._doubtful = []

    def keep(self) -> None:
        """Make what waits durable."""
        if not self._waiting:
            return
        self._number += 1
        self._attempt.keep(
            self._number,
            self._write(self._waiting),
            rows=len(self._waiting),
            url=f"{self._settings.github_api_url}/{self._attempt.source}",
            next_url=None,
            at=self._settings.now(),
            newest=None,
        )
        self.safe += len(self._waiting)
        self._on_page(len(self._waiting))
        self._waiting = []


def placed(settings: Settings, attempt: Spool, error: SourceError, safe: int, what: str) -> SourceError:
    """Say week, place, what is safe and the next command; a pause is told to the diary as well."""
    words = f"Week {Week.of(attempt.day)}, GitHub, {what}: {error.message}. {safe:,} answers are safe."
    go_on = crawl.GO_ON[attempt.source]
    if not isinstance(error, PauseError):
        return SourceError(words, next_command=go_on)
    ledger.write(
        attempt.home,
        "paused",
        settings.now(),
        source=attempt.source,
        day=f"{attempt.day}",
        safe=safe,
        resume_at=stamp(error.resume_at),
    )
    words += f" Paused until {error.resume_at:%Y-%m-%d %H:%M:%S} UTC."
    return PauseError(words, error.resume_at, next_command=go_on)


def typed(
    attempt: Spool, number: int, rows: pl.DataFrame, refused: Sequence[tuple[int, str, bytes]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give a bundle's rows and rejects as snapshots take them."""
    named = [
        {"page": number, "position": position, "reason": reason, "record": record}
        for position, reason, record in refused
    ]
    placed_rows = crawl.placed(rows, attempt).with_columns(pl.lit(number, pl.Int32).alias("page"))
    return placed_rows, pl.DataFrame(named, schema=QUARANTINE_SCHEMA)


def tell(settings: Settings, source: str, day: date, missing: Sequence[Missing], **counts: object) -> None:
    """Write into the diary what a round came to, and what is missing of it."""
    ledger.write(
        settings.home,
        "captured",
        settings.now(),
        source=source,
        day=f"{day}",
        missing=[str(one) for one in missing],
        **counts,
    )
