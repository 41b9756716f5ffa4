"""One crawl of the Hub: pages from the source into the spool, the spool into a sealed snapshot. Part of the hall.

Sources and snapshots don't know each other; here they meet.
Not here: which week may be captured, locks (captures); what looks wrong (gates).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from dagster_project import gates
from dagster_project.calendar import Week, parse_time, stamp
from dagster_project.errors import DamagedDataError, IncompleteSnapshotError, PauseError, SourceError
from dagster_project.gates import Tally
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, manifest, seal, spool
from dagster_project.snapshots.seal import QUARANTINE_SCHEMA, Counts, Profile, Seal, Status
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import huggingface, pages, records
from dagster_project.sources.pages import CursorExpiredError, Page, Transport, UnreadableAnswerError

HUB = "huggingface"
QUICK = "huggingface_quick"
OWNERS = "huggingface_owners"
GITHUB = "github"
SAMPLE = "github_sample"
STARS = "github_stars"
PEOPLE = "github_people"
# Imported, never captured.
INNOVATION_GRAPH = "innovation_graph"
GITHUB_SOURCES = (GITHUB, SAMPLE, STARS, PEOPLE)
OUR_SOURCES = (HUB, QUICK, OWNERS, *GITHUB_SOURCES)
# What says nothing of the whole list of models, so that no week is covered by it.
BESIDE_MODELS = (OWNERS, *GITHUB_SOURCES, INNOVATION_GRAPH)
RECORDS = {
    OWNERS: "owners",
    GITHUB: "repositories",
    SAMPLE: "sampled repositories",
    STARS: "weeks of stars",
    PEOPLE: "lines of contributors",
    INNOVATION_GRAPH: "numbers",
}
MODELS = "models"
GO_ON = {
    HUB: f"leadershift capture --source {HUB}",
    QUICK: "leadershift capture --quick",
    OWNERS: f"leadershift capture --source {OWNERS}",
    GITHUB: f"leadershift capture --source {GITHUB}",
    SAMPLE: f"leadershift capture --source {GITHUB}",
    STARS: f"leadershift capture --source {GITHUB}",
    PEOPLE: f"leadershift capture --source {PEOPLE}",
}
FIRST_CONTACT_SECONDS = 60.0


def unfinished(settings: Settings, source: str = HUB) -> Spool | None:
    """Find the crawl to go on with. One of another server stays as it is: neither two worlds nor a token may get mixed up."""
    attempt = spool.unfinished(settings.home, source, settings.now())
    kept = attempt.pages() if attempt else []
    return attempt if all(entry.url.startswith(f"{settings.hf_endpoint}/") for entry in kept) else None


def awaiting(settings: Settings, week: Week) -> Spool | None:
    """Find the newest crawl of a week that a gate refused and nobody has signed for yet."""
    kept = [attempt for attempt in seal.awaiting(settings.home, HUB) if Week.of(attempt.day) == week]
    return kept[-1] if kept else None


def fetch(settings: Settings, attempt: Spool, transport: Transport, on_page: Callable[[int], None]) -> int:
    """Fetch what is missing of an attempt and make sure that the list has really ended; give the number of pages fetched."""
    try:
        fetched = _fetch_pages(settings, attempt, transport, on_page)
        kept = attempt.pages()
        _confirm_end(settings, attempt, transport, kept)
    except SourceError as error:
        raise placed_error(error, attempt, settings.now()) from error
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
    start = (kept[-1].next_url if kept else None) or huggingface.first_page_url(settings, briefly(transport))
    number = len(kept)
    for page in pages.walk(start, transport, records.count, number=number + 1, visited=(entry.url for entry in kept)):
        if number == len(kept):
            pages.refuse_wrong_clock(page)
        keep_page(attempt, page, newest=huggingface.newest_created(page.body))
        number = page.number
        on_page(page.rows)
    return number - len(kept)


def keep_page(attempt: Spool, page: Page, newest: datetime | None = None) -> None:
    """Make a page of a walk durable; `newest` is the latest creation on it, where the end of the list is judged by that."""
    attempt.keep(
        page.number,
        page.body,
        packed=page.packed,
        rows=page.rows,
        url=page.url,
        next_url=page.next_url,
        at=page.received_at,
        newest=newest,
    )


def briefly(transport: Transport) -> Transport:
    """Before the first page nothing can be lost, so a Hub that can't be reached is said soon, not after a quarter of an hour.

    A Hub whose quota is used up is there: an anonymous window of 300 s is waited out like any other.
    """
    return replace(transport, limits=replace(transport.limits, blind_patience_seconds=FIRST_CONTACT_SECONDS))


def placed_error(error: SourceError, attempt: Spool, now: datetime) -> SourceError:
    """Say week, place, what is safe and the next command; keep what came instead of a page as evidence."""
    safe = len(attempt.pages())
    evidence = ""
    if isinstance(error, UnreadableAnswerError):
        path = attempt.set_aside(safe + 1, error.body)
        ledger.write(
            attempt.home,
            "quarantined",
            now,
            source=attempt.source,
            day=f"{attempt.day}",
            page=safe + 1,
            reason=error.message,
        )
        evidence = f" What came instead lies in {path}."
    words = f"Week {Week.of(attempt.day)}, Hugging Face, page {safe + 1:,}: {error.message}.{evidence} {safe:,} pages are safe."
    return stopped(attempt, error, words, now, pages=safe)


def stopped(attempt: Spool, error: SourceError, words: str, now: datetime, **safe: int) -> SourceError:
    """Give the error with which a capture stops: the words, then the next command. A pause is told to the diary as well."""
    go_on, about = GO_ON[attempt.source], {"source": attempt.source, "day": f"{attempt.day}"}
    if isinstance(error, PauseError):
        ledger.write(attempt.home, "paused", now, **about, **safe, resume_at=stamp(error.resume_at))
        words += f" Paused until {error.resume_at:%Y-%m-%d %H:%M:%S} UTC."
        return PauseError(words, error.resume_at, next_command=go_on)
    kind = CursorExpiredError if isinstance(error, CursorExpiredError) else SourceError
    return kind(words, next_command=go_on)


def close(settings: Settings, attempt: Spool, sign_off: str | None, say: Callable[[str], None]) -> Seal:
    """Type the rows of a finished crawl, count them, seal it. Raises GateError for what needs `sign_off`; it then waits for that."""
    kept = _whole_list(attempt)
    tally = Tally(sum(entry.rows for entry in kept))
    counts = write_models(attempt, attempt, kept, tally)
    path = seal.table_path(attempt.home, attempt.source, MODELS, attempt.day)
    this, last = gates.this_snapshot(attempt, counts, tally.profile(), path), gates.last_good(attempt, MODELS)
    refused = gates.refusals(this, last)
    if refused and not sign_off:
        now = settings.now()
        seal.hold(attempt, refused, now)
        ledger.write(settings.home, "held", now, source=HUB, day=f"{attempt.day}", reasons=refused)
        raise gates.refusal(attempt, refused)
    if fresh := gates.new_keys(this, last):
        say(f"The Hub's records have new fields: {gates.named(fresh)}.")
    is_partial = gates.is_partial(this, last)
    return seal_counted(
        settings,
        attempt,
        counts,
        status="partial" if is_partial else "sealed",
        is_complete=not is_partial,
        sign_off=sign_off if refused else None,
        profile=this.profile,
        new_keys=fresh,
        overridden=refused,
    )


def seal_counted(
    settings: Settings,
    attempt: Spool,
    counts: Counts,
    *,
    is_complete: bool,
    status: Status = "sealed",
    sign_off: str | None = None,
    profile: Profile | None = None,
    origin: str | None = None,
    **noted: object,
) -> Seal:
    """Seal an attempt whose typed table is written and counted, and tell the diary, with whatever else is to be noted."""
    now, first = settings.now(), attempt.pages()[0]
    closed = seal.close(
        attempt,
        counts,
        status=status,
        is_complete=is_complete,
        origin=origin or huggingface.endpoint(first.url),
        started_at=first.observed_at,
        now=now,
        sign_off=sign_off,
        profile=profile,
    )
    ledger.write(
        settings.home,
        "sealed",
        now,
        source=attempt.source,
        day=f"{attempt.day}",
        week=f"{closed.week}",
        loaded=closed.loaded,
        sign_off=closed.sign_off,
        **noted,
        **seal.mark(attempt),
    )
    return closed


def retype(attempt: Spool, scratch: Spool) -> None:
    """Type the pages of a sealed attempt once more, into a scratch attempt in another home: the same bytes, if nothing changed."""
    kept = _whole_list(attempt)
    write_models(scratch, attempt, kept, Tally(sum(entry.rows for entry in kept)))


def write_models(target: Spool, attempt: Spool, kept: Sequence[manifest.Entry], tally: Tally | None = None) -> Counts:
    """Write the typed table of an attempt's pages into `target`, a model met twice once."""
    return seal.write_table(
        target,
        typed_models(attempt, kept, tally),
        table=MODELS,
        key="hub_id",
        rank=("page", "position"),
        observed_at=kept[-1].observed_at,
    )


def _whole_list(attempt: Spool) -> list[manifest.Entry]:
    """Give the pages of a crawl whose list has ended: of one that waited long, some may have been lost since."""
    kept = attempt.pages()
    if not kept or kept[-1].next_url is not None:
        raise DamagedDataError(
            f"Week {Week.of(attempt.day)}, Hugging Face: only the first {len(kept):,} pages are still in {attempt.folder},"
            " so it can't be sealed. Put the others back, or ask the Hub again if the week is not over.",
            next_command="leadershift capture --again",
        )
    return kept


def typed_models(
    attempt: Spool, kept: Iterable[manifest.Entry], tally: Tally | None = None
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Read the kept pages of a list of models: for each its typed rows and the records that can't be read."""
    for number, entry in enumerate(kept, start=1):
        page = records.split(spool.body(attempt.home, entry))
        rows, rejects = huggingface.read_models(page)
        if tally:
            tally.add(page, rows)
        observed_at = pl.lit(parse_time(entry.observed_at).replace(tzinfo=None), pl.Datetime("us")).alias("observed_at")
        refused = [
            (number, reject.position, reject.reason, *huggingface.identity(reject.record), reject.record)
            for reject in rejects
        ]
        yield (
            placed(rows, attempt).with_columns(observed_at, pl.lit(number, pl.Int32).alias("page")),
            pl.DataFrame(refused, schema=QUARANTINE_SCHEMA, orient="row"),
        )


def placed(rows: pl.DataFrame, attempt: Spool) -> pl.DataFrame:
    """Say in each row whose snapshot it belongs to, so that a Parquet file explains itself."""
    return rows.with_columns(pl.lit(attempt.source).alias("source"), pl.lit(attempt.day).alias("observed_on"))
