"""The weekly round of the namespaces that matter: whom to ask, and within which budget. Part of the hall.

Not here: what is asked and what may be kept (overviews), bundles and sealing (rounds), locks (captures).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from dagster_project import crawl, rounds
from dagster_project.calendar import Week, parse_time
from dagster_project.errors import NothingYetError, PauseError, SourceError
from dagster_project.rounds import Bundles, Missing, Shape
from dagster_project.settings import Settings
from dagster_project.snapshots import manifest, spool
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import overviews
from dagster_project.sources.overviews import Kind, Owner
from dagster_project.sources.pages import AccessRefusedError, Transport
from dagster_project.warehouse import registry

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
OWNER_PATIENCE_SECONDS = 60.0
SHAPE = Shape("owners", "namespace", lambda attempt: map(overviews.read_owners, rounds.bodies(attempt)))


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
    before = rounds.begun(settings, crawl.OWNERS, lambda leftover: rounds.close(settings, leftover, SHAPE))
    if before.is_done_today:
        return OwnersCaptured(before.newest, 0, 0, 0)
    due = _due(settings, before.attempt)
    if not due and before.attempt is None:
        return OwnersCaptured(before.newest, 0, 0, 0)
    attempt = before.attempt or spool.begin(settings.home, crawl.OWNERS, settings.now())
    allowed = budget or (REQUESTS_WITH_TOKEN if settings.hf_token else REQUESTS_WITHOUT_TOKEN)
    bundles = Bundles(settings, attempt, overviews.bundle, on_page, size=BUNDLE_OWNERS)
    try:
        asked, requests = _ask_all(settings, transport, bundles, due, allowed)
    except SourceError as error:
        bundles.keep()
        raise rounds.placed(settings, attempt, error, "owners") from error
    counts = {"asked": asked, "requests": requests, "not_asked": len(due) - asked}
    rounds.tell(settings, crawl.OWNERS, attempt.day, (), **counts)
    return OwnersCaptured(rounds.close(settings, attempt, SHAPE), **counts)


# Whom to ask


def _due(settings: Settings, attempt: Spool | None) -> list[_Due]:
    """Give who is to be asked: never asked first, then by downloads; who gave no readable answer the last time goes last."""
    candidates = _candidates(settings)
    if not candidates:
        raise NothingYetError(
            "No namespace is known yet: the registry is empty, and no models were captured.",
            next_command="leadershift capture",
        )
    known = _known(settings, attempt)
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
    found = _downloads(settings)
    enough = pl.col("downloads") >= LEAST_DOWNLOAD_SHARE * pl.col("downloads").sum()
    top = found.filter(enough & (pl.col("downloads") > 0)).head(MOST_NAMESPACES)
    ours = found.filter(pl.col("key").is_in(list(reviewed)))
    chosen = pl.concat([top, ours]).unique("key").sort("downloads", "key", descending=[True, False])
    # The Hub's own spelling, then those of the registry that it does not list.
    names = {name.lower(): name for name in chosen["namespace"]}
    for key, name in reviewed.items():
        names.setdefault(key, name)
    return [name for name in names.values() if overviews.may_be_asked(name)]


def _downloads(settings: Settings) -> pl.DataFrame:
    """Add up the 30-day downloads of each namespace of the newest full snapshot: key (lower case), namespace, downloads."""
    empty = pl.DataFrame(schema={"key": pl.String, "namespace": pl.String, "downloads": pl.Float64})
    newest = next(rounds.whole(settings, crawl.HUB, newest_first=True), None)
    if newest is None:
        return empty
    (table,) = manifest.tables(manifest.read(newest[0].folder))
    name = pl.col("model_name")
    owner = (
        pl.when(name.str.contains("/", literal=True)).then(name.str.split("/").list.first()).otherwise(pl.col("author"))
    )
    return (
        pl.scan_parquet(settings.home / table.path, glob=False)
        .select(namespace=owner, downloads=pl.col("downloads_30d").cast(pl.Float64).clip(0.0))
        .drop_nulls("namespace")
        .group_by(key=pl.col("namespace").str.to_lowercase())
        .agg(pl.col("namespace").min(), pl.col("downloads").sum())
        .sort("downloads", "key", descending=[True, False])
        .collect()
    )


def _known(settings: Settings, attempt: Spool | None) -> dict[str, _Known]:
    """Read when each namespace was asked for last, from all that is sealed and from the round under way."""
    known: dict[str, _Known] = {}

    def learn(namespace: str, week: Week, kind: Kind | None) -> None:
        before = known.get(namespace.lower())
        # What gave no answer is asked as what it was before.
        known[namespace.lower()] = _Known(week, kind or (before.kind if before else None), kind is None)

    for earlier, found in rounds.whole(settings, crawl.OWNERS):
        for entry in manifest.read(earlier.folder):
            if entry.kind == "table":
                for namespace, kind in pl.read_parquet(
                    settings.home / entry.path, columns=["namespace", "kind"], glob=False
                ).rows():
                    learn(namespace, found.week, kind)
            elif entry.kind == "quarantine":
                for record in pl.read_parquet(settings.home / entry.path, columns=["record"], glob=False)["record"]:
                    learn(record.decode(), found.week, None)
    for body in rounds.bodies(attempt):
        for owner in overviews.read_bundle(body):
            learn(owner.namespace, Week.of(parse_time(owner.observed_at)), owner.kind)
    return known


# Asking


def _ask_all(
    settings: Settings, transport: Transport, bundles: Bundles[Owner], due: Sequence[_Due], budget: int
) -> tuple[int, int]:
    """Ask until nobody is due or the budget is used up; give how many were asked, with how many requests."""
    # A window of the quota may last longer than one owner is worth, but that is not the owner's fault.
    limits = replace(transport.limits, blind_patience_seconds=OWNER_PATIENCE_SECONDS)
    asker = replace(transport, limits=limits)
    asked = requests = 0
    for one in due:
        if budget - requests < REQUESTS_FOR_ONE:
            break
        try:
            answer = overviews.ask(settings, asker, one.namespace, one.kind)
        except (AccessRefusedError, PauseError):
            raise
        except SourceError as error:
            requests += 1
            reason = rounds.kind_of(error)
            unread = overviews.unread(one.namespace, settings.now(), reason)
            bundles.note_bad(unread, Missing(one.namespace, reason))
        else:
            requests += answer.requests
            bundles.note(answer.owner)
        asked += 1
    bundles.trust()
    bundles.keep()
    return asked, requests
