"""The weekly round of the namespaces that matter: whom to ask, within which budget, and how the answers are sealed. Part of the hall.

Each answer stands for itself: what is safe of a round that ended early is sealed by the next one, never thrown away.
Not here: what is asked and what may be kept (overviews), locks (pipeline).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from dagster_project import crawl
from dagster_project.calendar import Week, parse_time
from dagster_project.errors import NothingYetError, PauseError, SourceError
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, manifest, seal, spool
from dagster_project.snapshots.manifest import Entry
from dagster_project.snapshots.seal import QUARANTINE_SCHEMA, Counts, Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import overviews
from dagster_project.sources.overviews import Asked, Kind, Owner
from dagster_project.sources.pages import AccessRefusedError, Transport
from dagster_project.warehouse import registry

TABLE = "owners"
# Beside the registry: namespaces with at least 0.001 % of the Hub's 30-day downloads, and no more than so many.
LEAST_DOWNLOAD_SHARE = 0.00001
MOST_NAMESPACES = 5_000
# The so many biggest are asked every week, the others every so many weeks.
WEEKLY_NAMESPACES = 1_000
TAIL_WEEKS, GONE_WEEKS = 4, 8
# One run: 20 minutes at 80 % of the anonymous quota, 40 at that of a free token.
REQUESTS_WITHOUT_TOKEN, REQUESTS_WITH_TOKEN = 1_500, 6_000
REQUESTS_FOR_ONE = 2
# What a kill can cost.
BUNDLE_OWNERS = 100
BAD_IN_A_ROW = 5
OWNER_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class OwnersCaptured:
    """What a round came to. `not_asked` were due, but there was no budget for them; `seal` is None when nothing was due yet."""

    seal: Seal | None
    asked: int
    requests: int
    not_asked: int


@dataclass(frozen=True)
class _Known:
    """When a namespace was asked for last, and as what; `is_unread` when that gave no answer that can be read."""

    week: Week
    kind: Kind | None
    is_unread: bool = False


@dataclass(frozen=True)
class _Due:
    namespace: str
    kind: Kind | None


def capture(
    settings: Settings, transport: Transport, *, on_page: Callable[[int], None], budget: int | None = None
) -> OwnersCaptured:
    """Ask for the namespaces that are due, the most valuable first, and seal what they said.

    Raises SourceError when the Hub refuses us or gives five bad answers in a row; NothingYetError with nobody to ask for.
    """
    attempt = _leftover(settings)
    newest = next((found for _attempt, found in reversed(list(seal.readable(settings.home, crawl.OWNERS)))), None)
    # A day has one table of each source, so what is still due is asked for tomorrow.
    if newest and newest.observed_on == settings.now().date():
        return OwnersCaptured(newest, 0, 0, 0)
    due = _due(settings, attempt)
    if not due and attempt is None:
        return OwnersCaptured(newest, 0, 0, 0)
    attempt = attempt or spool.begin(settings.home, crawl.OWNERS, settings.now())
    allowed = budget or (REQUESTS_WITH_TOKEN if settings.hf_token else REQUESTS_WITHOUT_TOKEN)
    asked, requests = _ask_all(settings, attempt, transport, due, allowed, on_page)
    ledger.write(
        settings.home,
        "captured",
        settings.now(),
        source=crawl.OWNERS,
        day=f"{attempt.day}",
        asked=asked,
        requests=requests,
        not_asked=len(due) - asked,
    )
    return OwnersCaptured(_close(settings, attempt), asked, requests, len(due) - asked)


def _leftover(settings: Settings) -> Spool | None:
    """Find today's unfinished round. One of an earlier day is sealed with what is safe of it: counts of two days don't mix."""
    newest = next(reversed(list(spool.attempts(settings.home, crawl.OWNERS))), None)
    if newest is None or newest.is_sealed:
        return None
    kept = newest.pages()
    if not kept or not all(entry.url.startswith(f"{settings.hf_endpoint}/") for entry in kept):
        return None
    if newest.day == settings.now().date():
        return newest
    _close(settings, newest)
    return None


# Whom to ask


def _due(settings: Settings, attempt: Spool | None) -> list[_Due]:
    """Give who is to be asked: never asked first, then by downloads; who gave no readable answer the last time goes last."""
    candidates = _candidates(settings)
    if not candidates:
        raise NothingYetError(
            "No namespace is known yet: the registry is empty, and no models were captured.",
            next_command="leadershift capture",
        )
    known = _known(settings.home, attempt)
    week = Week.of(settings.now())
    due: list[tuple[int, _Due]] = []
    for place, namespace in enumerate(candidates):
        last = known.get(namespace.lower())
        if last is None or (week.monday - last.week.monday).days >= 7 * _cadence_weeks(last, place):
            turn = 0 if last is None else 2 if last.is_unread else 1
            due.append((turn, _Due(namespace, last.kind if last else None)))
    return [one for _turn, one in sorted(due, key=lambda entry: entry[0])]


def _cadence_weeks(last: _Known, place: int) -> int:
    if last.kind == "gone":
        return GONE_WEEKS
    return TAIL_WEEKS if last.is_unread or place >= WEEKLY_NAMESPACES else 1


def _candidates(settings: Settings) -> list[str]:
    """Name the registry's namespaces and the most downloaded ones, by downloads; each once, whatever its case."""
    reviewed = {name.lower(): name for name in registry.namespaces(settings.registry)}
    found = _downloads(settings.home)
    enough = pl.col("downloads") >= LEAST_DOWNLOAD_SHARE * pl.col("downloads").sum()
    top = found.filter(enough & (pl.col("downloads") > 0)).head(MOST_NAMESPACES)
    ours = found.filter(pl.col("key").is_in(list(reviewed)))
    chosen = pl.concat([top, ours]).unique("key").sort("downloads", "key", descending=[True, False])
    # The Hub's own spelling, then those of the registry that it does not list.
    names = {name.lower(): name for name in chosen["namespace"]}
    for key, name in reviewed.items():
        names.setdefault(key, name)
    return [name for name in names.values() if overviews.may_be_asked(name)]


def _downloads(home: Path) -> pl.DataFrame:
    """Add up the 30-day downloads of each namespace of the newest full snapshot: key (lower case), namespace, downloads."""
    empty = pl.DataFrame(schema={"key": pl.String, "namespace": pl.String, "downloads": pl.Float64})
    newest = next(_whole(home, crawl.HUB, newest_first=True), None)
    if newest is None:
        return empty
    (table,) = manifest.tables(manifest.read(newest[0].folder))
    name = pl.col("model_name")
    owner = (
        pl.when(name.str.contains("/", literal=True)).then(name.str.split("/").list.first()).otherwise(pl.col("author"))
    )
    return (
        pl.scan_parquet(home / table.path, glob=False)
        .select(namespace=owner, downloads=pl.col("downloads_30d").cast(pl.Float64).clip(0.0))
        .drop_nulls("namespace")
        .group_by(key=pl.col("namespace").str.to_lowercase())
        .agg(pl.col("namespace").min(), pl.col("downloads").sum())
        .sort("downloads", "key", descending=[True, False])
        .collect()
    )


def _known(home: Path, attempt: Spool | None) -> dict[str, _Known]:
    """Read when each namespace was asked for last, from all that is sealed and from the round under way."""
    known: dict[str, _Known] = {}

    def learn(namespace: str, week: Week, kind: Kind | None) -> None:
        before = known.get(namespace.lower())
        # What gave no answer is asked as what it was before.
        known[namespace.lower()] = _Known(week, kind or (before.kind if before else None), kind is None)

    for earlier, found in _whole(home, crawl.OWNERS):
        for entry in manifest.read(earlier.folder):
            if entry.kind == "table":
                for namespace, kind in pl.read_parquet(
                    home / entry.path, columns=["namespace", "kind"], glob=False
                ).rows():
                    learn(namespace, found.week, kind)
            elif entry.kind == "quarantine":
                for record in pl.read_parquet(home / entry.path, columns=["record"], glob=False)["record"]:
                    learn(record.decode(), found.week, None)
    for entry in attempt.pages() if attempt else ():
        for owner in overviews.read_bundle(spool.body(home, entry)):
            learn(owner.namespace, Week.of(parse_time(owner.observed_at)), owner.kind)
    return known


def _whole(home: Path, source: str, *, newest_first: bool = False) -> Iterator[tuple[Spool, Seal]]:
    """Give the sealed snapshots that are as they were sealed: a damaged one must not cost this round."""
    found_ones = list(seal.readable(home, source))
    for attempt, found in reversed(found_ones) if newest_first else found_ones:
        if not seal.damage(attempt, found, tables_only=True):
            yield attempt, found


# Asking


def _ask_all(
    settings: Settings,
    attempt: Spool,
    transport: Transport,
    due: Sequence[_Due],
    budget: int,
    on_page: Callable[[int], None],
) -> tuple[int, int]:
    """Ask until nobody is due or the budget is used up; give how many were asked, with how many requests."""
    round_ = _Round(settings, attempt, on_page)
    asked = requests = 0
    try:
        for one in due:
            if budget - requests < REQUESTS_FOR_ONE:
                break
            try:
                answer = _ask(settings, transport, one)
            except (AccessRefusedError, PauseError):
                raise
            except SourceError as error:
                requests += 1
                # The status, not the words after it: an error page may quote what we must not keep.
                round_.note_bad(overviews.unread(one.namespace, settings.now(), error.message.partition(": ")[0]))
            else:
                requests += answer.requests
                round_.note(answer.owner)
            asked += 1
    except SourceError as error:
        round_.keep()
        safe = sum(entry.rows for entry in attempt.pages())
        words = f"Week {Week.of(attempt.day)}, Hugging Face, owners: {error.message}. {safe:,} owners are safe."
        go_on = crawl.GO_ON[crawl.OWNERS]
        if isinstance(error, PauseError):
            raise PauseError(words, error.resume_at, next_command=go_on) from error
        raise SourceError(words, next_command=go_on) from error
    round_.trust()
    round_.keep()
    return asked, requests


def _ask(settings: Settings, transport: Transport, one: _Due) -> Asked:
    # A window of the quota may last longer than one owner is worth, but that is not the owner's fault.
    limits = replace(transport.limits, blind_patience_seconds=OWNER_PATIENCE_SECONDS)
    return overviews.ask(settings, replace(transport, limits=limits), one.namespace, one.kind)


class _Round:
    """Answers on their way into bundles. Bad ones wait until a good one shows that the Hub itself is well."""

    def __init__(self, settings: Settings, attempt: Spool, on_page: Callable[[int], None]) -> None:
        self._settings = settings
        self._attempt = attempt
        self._on_page = on_page
        self._waiting: list[Owner] = []
        self._doubtful: list[Owner] = []
        manifest.keep_only(attempt.folder, attempt.pages())
        self._number = len(attempt.pages())

    def note(self, owner: Owner) -> None:
        self.trust()
        self._waiting.append(owner)
        if len(self._waiting) >= BUNDLE_OWNERS:
            self.keep()

    def note_bad(self, owner: Owner) -> None:
        self._doubtful.append(owner)
        if len(self._doubtful) == BAD_IN_A_ROW:
            raise SourceError(f"{BAD_IN_A_ROW} bad answers in a row, the last for {owner.namespace}: {owner.reason}")

    def trust(self) -> None:
        self._waiting += self._doubtful
        self._doubtful = []

    def keep(self) -> None:
        if not self._waiting:
            return
        self._number += 1
        self._attempt.keep(
            self._number,
            overviews.bundle(self._waiting),
            rows=len(self._waiting),
            url=f"{self._settings.hf_endpoint}/api/overviews",
            next_url=None,
            at=self._settings.now(),
            newest=None,
        )
        self._on_page(len(self._waiting))
        self._waiting = []


# Sealing


def retype(attempt: Spool, scratch: Spool) -> None:
    """Type the answers of a sealed round once more, into a scratch attempt in another home."""
    _write_owners(scratch, attempt)


def _close(settings: Settings, attempt: Spool) -> Seal:
    return crawl.seal_counted(settings, attempt, _write_owners(attempt, attempt), is_complete=False)


def _write_owners(target: Spool, attempt: Spool) -> Counts:
    kept = attempt.pages()
    return seal.write_table(
        target,
        _typed(attempt, kept),
        table=TABLE,
        key="namespace",
        rank=("page", "position"),
        observed_at=kept[-1].observed_at,
    )


def _typed(attempt: Spool, kept: Iterable[Entry]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for number, entry in enumerate(kept, start=1):
        rows, refused = overviews.read_owners(spool.body(attempt.home, entry))
        named = [
            {"page": number, "position": position, "reason": reason, "record": record}
            for position, reason, record in refused
        ]
        yield (
            crawl.placed(rows, attempt).with_columns(pl.lit(number, pl.Int32).alias("page")),
            pl.DataFrame(named, schema=QUARANTINE_SCHEMA),
        )
