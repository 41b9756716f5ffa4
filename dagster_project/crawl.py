"""One crawl of the Hub: pages from the source into the spool, the spool into a sealed snapshot. Part of the hall.

Sources and snapshots don't know each other; here they meet. Not here: which week may be captured, locks (pipeline).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from dagster_project.calendar import Week, parse_time
from dagster_project.errors import GateError, IncompleteSnapshotError, SourceError
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, manifest, seal, spool
from dagster_project.snapshots.seal import QUARANTINE_SCHEMA, Counts, Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import huggingface, pages, records
from dagster_project.sources.pages import CursorExpiredError, Transport, UnreadableAnswerError

HUB = "huggingface"
MODELS = "models"
GO_ON = f"leadershift capture --source {HUB}"
# A week with far fewer or far more models than the last is kept, but a person has to say that it is real.
SMALLEST_WEEK_RATIO, LARGEST_WEEK_RATIO = 0.85, 1.40
LARGEST_QUARANTINED_SHARE = 0.01
FIRST_CONTACT_SECONDS = 60.0


def unfinished(settings: Settings) -> Spool | None:
    """Find the crawl to go on with. One of another server stays as it is: neither two worlds nor a token may get mixed up."""
    attempt = spool.unfinished(settings.home, HUB, settings.now())
    kept = attempt.pages() if attempt else []
    return attempt if all(entry.url.startswith(f"{settings.hf_endpoint}/") for entry in kept) else None


def fetch(settings: Settings, attempt: Spool, transport: Transport, on_page: Callable[[int], None]) -> int:
    """Fetch what is missing of an attempt and make sure that the list has really ended; give the number of pages fetched."""
    try:
        fetched = _fetch_pages(settings, attempt, transport, on_page)
        kept = attempt.pages()
        _confirm_end(settings, attempt, transport, kept)
    except SourceError as error:
        raise _placed_error(error, attempt, settings.now()) from error
    ledger.write(
        settings.home, "captured", settings.now(), source=HUB, day=f"{attempt.day}", pages=len(kept), fetched=fetched
    )
    return fetched


def _confirm_end(settings: Settings, attempt: Spool, transport: Transport, kept: Sequence[manifest.Entry]) -> None:
    newest = max((parse_time(entry.newest_created_at) for entry in kept if entry.newest_created_at), default=None)
    try:
        huggingface.confirm_end(settings, transport, newest, parse_time(kept[-1].observed_at))
    except IncompleteSnapshotError:
        # The page that named no next one is not believed: fetched again, it may; kept, no later run could ever go on.
        manifest.keep_only(attempt.folder, kept[:-1])
        raise


def _fetch_pages(settings: Settings, attempt: Spool, transport: Transport, on_page: Callable[[int], None]) -> int:
    kept = attempt.pages()
    manifest.keep_only(attempt.folder, kept)
    for entry in kept:
        on_page(entry.rows)
    if kept and kept[-1].next_url is None:
        return 0
    start = (kept[-1].next_url if kept else None) or huggingface.first_page_url(settings, _briefly(transport))
    number = len(kept)
    for page in pages.walk(start, transport, records.count, number=number + 1, visited=(entry.url for entry in kept)):
        attempt.keep(
            page.number,
            page.body,
            rows=page.rows,
            url=page.url,
            next_url=page.next_url,
            at=page.received_at,
            newest=huggingface.newest_created(page.body),
        )
        number = page.number
        on_page(page.rows)
    return number - len(kept)


def _briefly(transport: Transport) -> Transport:
    """Before the first page nothing can be lost, so a Hub that can't be reached is said soon, not after a quarter of an hour."""
    patience = min(FIRST_CONTACT_SECONDS, transport.limits.patience_seconds)
    return replace(transport, limits=replace(transport.limits, patience_seconds=patience))


def _placed_error(error: SourceError, attempt: Spool, now: datetime) -> SourceError:
    """Say week, place, what is safe and the next command; keep what came instead of a page as evidence."""
    safe = len(attempt.pages())
    evidence = ""
    if isinstance(error, UnreadableAnswerError):
        path = attempt.set_aside(safe + 1, error.body)
        ledger.write(
            attempt.home, "quarantined", now, source=HUB, day=f"{attempt.day}", page=safe + 1, reason=error.message
        )
        evidence = f" What came instead lies in {path}."
    kind = CursorExpiredError if isinstance(error, CursorExpiredError) else SourceError
    return kind(
        f"Week {Week.of(attempt.day)}, Hugging Face, page {safe + 1:,}: {error.message}.{evidence} {safe:,} pages are safe.",
        next_command=GO_ON,
    )


def close(settings: Settings, attempt: Spool, sign_off: str | None) -> Seal:
    """Type the rows of a finished crawl, count them, seal it. Raises GateError for counts that need `sign_off`."""
    now, kept = settings.now(), attempt.pages()
    counts = seal.write_table(
        attempt,
        _typed(attempt, kept),
        table=MODELS,
        key="hub_id",
        rank=("page", "position"),
        observed_at=kept[-1].observed_at,
    )
    _gate_count(attempt, counts, sign_off)
    _gate_quarantine(attempt, counts, sign_off)
    closed = seal.close(
        attempt,
        counts,
        status="sealed",
        is_complete=True,
        origin=settings.hf_endpoint,
        started_at=kept[0].observed_at,
        now=now,
        sign_off=sign_off,
    )
    ledger.write(
        settings.home,
        "sealed",
        now,
        source=HUB,
        day=f"{attempt.day}",
        week=f"{closed.week}",
        loaded=closed.loaded,
        **seal.mark(attempt),
    )
    return closed


def _typed(attempt: Spool, kept: Iterable[manifest.Entry]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for number, entry in enumerate(kept, start=1):
        rows, rejects = huggingface.read_models(spool.body(attempt.home, entry))
        observed_at = pl.lit(parse_time(entry.observed_at).replace(tzinfo=None), pl.Datetime("us")).alias("observed_at")
        refused = [(number, reject.position, reject.reason, reject.record) for reject in rejects]
        yield (
            placed(rows, attempt).with_columns(observed_at, pl.lit(number, pl.Int32).alias("page")),
            pl.DataFrame(refused, schema=QUARANTINE_SCHEMA, orient="row"),
        )


def placed(rows: pl.DataFrame, attempt: Spool) -> pl.DataFrame:
    """Say in each row whose snapshot it belongs to, so that a Parquet file explains itself."""
    return rows.with_columns(pl.lit(attempt.source).alias("source"), pl.lit(attempt.day).alias("observed_on"))


def _gate_count(attempt: Spool, counts: Counts, sign_off: str | None) -> None:
    last = next((found for _spool, found in reversed(list(seal.sealed(attempt.home, attempt.source)))), None)
    if sign_off or last is None:
        return
    ratio = counts.loaded / last.loaded
    if not SMALLEST_WEEK_RATIO <= ratio <= LARGEST_WEEK_RATIO:
        raise GateError(
            f"Week {Week.of(attempt.day)}, Hugging Face: {counts.loaded:,} models came, {ratio:.0%} of the {last.loaded:,} of"
            f" {last.observed_on}. The pages are kept in {attempt.folder}, but not sealed. If this is real, sign for it.",
            next_command=f'{GO_ON} --sign-off "Your name: why it is real"',
        )


def _gate_quarantine(attempt: Spool, counts: Counts, sign_off: str | None) -> None:
    if not sign_off and counts.quarantined > LARGEST_QUARANTINED_SHARE * counts.seen:
        raise GateError(
            f"Week {Week.of(attempt.day)}, Hugging Face: {counts.quarantined:,} of {counts.seen:,} records can't be read; reasons are in "
            f"{attempt.folder / 'quarantine'}. The Hub may have changed its answers. The pages are kept, but not sealed.",
            next_command=f'{GO_ON} --sign-off "Your name: why it may stand"',
        )
