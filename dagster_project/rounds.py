"""What the weekly rounds share: today's attempt, answers on their way into bundles, what is missing, the typed table. Part of the hall.

Each answer stands for itself: what is safe of a round that ended early is sealed by the next one, never thrown away.
Not here: whom a round asks, and when (owners, repositories, stars, people).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

import polars as pl

from dagster_project import crawl
from dagster_project.calendar import Week
from dagster_project.errors import SourceError
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, manifest, seal, spool
from dagster_project.snapshots.seal import QUARANTINE_SCHEMA, Counts, Seal
from dagster_project.snapshots.spool import Spool

BAD_IN_A_ROW = 5
_Kept = TypeVar("_Kept")


@dataclass(frozen=True)
class Missing:
    """Something that was asked for and could not be had. `what` is a repository's number, or a name of the registry.

    `told_as` stands for a name that may hold a person's login where nobody can take it out again, as in the diary.
    """

    what: str
    reason: str
    told_as: str | None = None

    def __str__(self) -> str:
        """Give `what: reason`."""
        return f"{self.what}: {self.reason}"

    def nameless(self) -> str:
        """Give the same for what is kept for ever."""
        return f"{self.told_as or self.what}: {self.reason}"


@dataclass(frozen=True)
class Shape:
    """How bundles become a typed table: its name, what tells its rows apart, and how bundles are read, in their order.

    `read` gives for each bundle its rows and (position, reason, record) of what is none.
    """

    table: str
    key: str
    read: Callable[[Spool], Iterable[tuple[pl.DataFrame, Sequence[tuple[int, str, bytes]]]]]


@dataclass(frozen=True)
class Begun:
    """What there is before a round: its unfinished attempt, the newest sealed one, and whether that is of today."""

    attempt: Spool | None
    newest: Seal | None
    is_done_today: bool


def begun(settings: Settings, source: str, close_leftover: Callable[[Spool], object]) -> Begun:
    """Find what there is of a round. A day has one table of each source, so what is still due then is asked for tomorrow.

    Raises DamagedDataError where today's seal can't be read: a second attempt would take the place of its table.
    """
    today = settings.now().date()
    for sealed in spool.attempts(settings.home, source):
        if sealed.is_sealed and sealed.day == today:
            return Begun(None, seal.read(sealed), is_done_today=True)
    attempt = _leftover(settings, source, close_leftover)
    newest = next((found for _attempt, found in reversed(list(seal.readable(settings.home, source)))), None)
    return Begun(attempt, newest, is_done_today=False)


def _leftover(settings: Settings, source: str, close_leftover: Callable[[Spool], object]) -> Spool | None:
    """Find today's unfinished round; one of an earlier day is sealed with what is safe of it: counts of two days don't mix."""
    newest = next(reversed(list(spool.attempts(settings.home, source))), None)
    if newest is None or newest.is_sealed:
        return None
    kept = newest.pages()
    if not kept or not all(entry.url.startswith(f"{endpoint(settings, source)}/") for entry in kept):
        return None
    if newest.day == settings.now().date():
        return newest
    close_leftover(newest)
    return None


def endpoint(settings: Settings, source: str) -> str:
    """Give the server that a source is asked at."""
    return settings.github_api_url if source in crawl.GITHUB_SOURCES else settings.hf_endpoint


def whole(settings: Settings, source: str, *, newest_first: bool = False) -> Iterator[tuple[Spool, Seal]]:
    """Give the snapshots of a source that are as they were sealed: a damaged one must not cost this round."""
    readable = list(seal.readable(settings.home, source))
    for attempt, found in reversed(readable) if newest_first else readable:
        if not seal.damage(attempt, found, tables_only=True):
            yield attempt, found


def bodies(attempt: Spool | None) -> Iterator[bytes]:
    """Give the bundles that are safe of a round, in their order."""
    if attempt:
        for entry in attempt.pages():
            yield spool.body(attempt.home, entry)


def table(attempt: Spool, columns: Sequence[str]) -> pl.DataFrame:
    """Read columns of a sealed round's typed table."""
    (entry,) = manifest.tables(manifest.read(attempt.folder))
    return pl.read_parquet(attempt.home / entry.path, columns=list(columns), glob=False)


class Bundles(Generic[_Kept]):
    """Answers on their way into bundles of `size`. Bad ones wait until a good one shows that the server itself is well."""

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
        if safe := sum(entry.rows for entry in kept):
            on_page(safe)

    def note(self, answer: _Kept) -> None:
        """Take an answer."""
        self.trust()
        self._waiting.append(answer)
        if len(self._waiting) >= self._size:
            self.keep()

    def extend(self, answers: Iterable[_Kept]) -> None:
        """Take answers that belong into one bundle, whatever its size; `keep` ends it."""
        self._waiting += answers

    def note_bad(self, answer: _Kept, missing: Missing) -> None:
        """Take what could not be read. Raises SourceError for the fifth in a row."""
        self._doubtful.append(answer)
        if len(self._doubtful) == BAD_IN_A_ROW:
            self._doubtful = []
            raise SourceError(f"{BAD_IN_A_ROW} bad answers in a row, the last for {missing}")

    def trust(self) -> None:
        """Keep the bad ones as bad: the server is well."""
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
            url=f"{endpoint(self._settings, self._attempt.source)}/{self._attempt.source}",
            next_url=None,
            at=self._settings.now(),
            newest=None,
        )
        self._on_page(len(self._waiting))
        self._waiting = []


def placed(settings: Settings, attempt: Spool, error: SourceError, what: str) -> SourceError:
    """Say week, place, what is safe and the next command."""
    place = "GitHub" if attempt.source in crawl.GITHUB_SOURCES else "Hugging Face"
    safe = sum(entry.rows for entry in attempt.pages())
    words = f"Week {Week.of(attempt.day)}, {place}, {what}: {error.message}. {safe:,} answers are safe."
    return crawl.stopped(attempt, error, words, settings.now(), safe=safe)


def kind_of(error: SourceError) -> str:
    """Give what kind of trouble it was, as a status: the words after it may quote an error page, which we must not keep."""
    return error.message.partition(": ")[0]


def tell(settings: Settings, source: str, day: date, missing: Sequence[Missing], **counts: object) -> None:
    """Write into the diary what a round came to, and what is missing of it."""
    ledger.write(
        settings.home,
        "captured",
        settings.now(),
        source=source,
        day=f"{day}",
        missing=[one.nameless() for one in missing],
        **counts,
    )


def close(
    settings: Settings, attempt: Spool, shape: Shape, *, is_complete: bool = False, sign_off: str | None = None
) -> Seal:
    """Type what is safe of a round and seal it."""
    return crawl.seal_counted(
        settings,
        attempt,
        write(attempt, attempt, shape),
        is_complete=is_complete,
        sign_off=sign_off,
        origin=endpoint(settings, attempt.source),
    )


def write(target: Spool, attempt: Spool, shape: Shape) -> Counts:
    """Write the typed table of a round's bundles into `target`: the attempt itself, or a scratch one in another home."""
    return seal.write_table(
        target,
        (_typed(attempt, number, *read) for number, read in enumerate(shape.read(attempt), start=1)),
        table=shape.table,
        key=shape.key,
        rank=("page", "position"),
        observed_at=attempt.pages()[-1].observed_at,
    )


def _typed(
    attempt: Spool, number: int, rows: pl.DataFrame, refused: Sequence[tuple[int, str, bytes]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give a bundle's rows and rejects as snapshots take them."""
    named = [
        {"page": number, "position": position, "reason": reason, "record": record}
        for position, reason, record in refused
    ]
    placed_rows = crawl.placed(rows, attempt).with_columns(pl.lit(number, pl.Int32).alias("page"))
    return placed_rows, pl.DataFrame(named, schema=QUARANTINE_SCHEMA)
