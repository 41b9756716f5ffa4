"""The hall: each step of the way from the Hub to a page as one plain function, in the order in which they happen.

Dagster, the command line and the rehearsal call these and nothing deeper. Details live in the rooms.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from dagster_project import crawl, gates, keeping, owners, people, quick, repositories, stars
from dagster_project.calendar import Week, parse_time, stamp
from dagster_project.errors import DamagedDataError, GateError, NothingYetError, RefusedError, StorageError, UsageError
from dagster_project.owners import OwnersCaptured
from dagster_project.people import PeopleCaptured
from dagster_project.repositories import RepositoriesCaptured
from dagster_project.settings import Settings, is_loopback, shipped
from dagster_project.snapshots import copies, custody, durable, erasure, ledger, lock, seal, spool
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import archives, github, huggingface, innovation_graph
from dagster_project.sources.pages import CursorExpiredError, Limits, Transport
from dagster_project.stars import StarsCaptured
from dagster_project.warehouse import audit as auditing
from dagster_project.warehouse import build as building
from dagster_project.warehouse import publish as publishing
from dagster_project.warehouse import published, registry
from dagster_project.warehouse.audit import Audit
from dagster_project.warehouse.build import Built
from dagster_project.warehouse.publish import Publication

if TYPE_CHECKING:
    from dagster_project.reports.site.build import Site

DAGSTER_SETTINGS = b"""telemetry:
  enabled: false
nux:
  enabled: false
# The terminal gets the sentences; each of the 300 events of a run is in the UI.
python_logs:
  python_log_level: INFO
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 21600
# A home has one writer: a second run waits in the queue instead of failing at the lock. (A pool lets two through at its first use.)
concurrency:
  runs:
    max_concurrent_runs: 1
"""

Say = Callable[[str], None]
_Fetched = TypeVar("_Fetched")
_ARCHIVE_NAME = re.compile(r"[A-Za-z0-9_-]+")  # it becomes a folder


def _silent(_text: str) -> None:
    pass


@dataclass(frozen=True)
class Captured:
    """What a capture came to. `pages_fetched` is 0 when the week was sealed before."""

    seal: Seal
    pages_fetched: int


@dataclass(frozen=True)
class Verified:
    """How many sealed snapshots were checked, and one sentence for each trouble here and in the second copy."""

    snapshots: int
    troubles: tuple[str, ...]
    copy_troubles: tuple[str, ...] = ()


def capture(
    settings: Settings,
    *,
    week: Week | None = None,
    again: bool = False,
    sign_off: str | None = None,
    limits: Limits | None = None,
    say: Say = _silent,
    on_page: Callable[[int], None] = lambda _rows: None,
) -> Captured:
    """Capture the Hub's list of models as it is now, and seal it. Does nothing once the week is sealed, unless `again`.

    Goes on from the last durable page of an unfinished crawl. `on_page` hears the rows of each page that is safe.
    A crawl that a gate refused is kept: `sign_off` seals it whenever that is, without a request; until then the Hub is not
    asked once more for the same week, unless `again`.
    Raises RefusedError for a week that is not now, SourceError when the Hub fails, PauseError when its quota is used up,
    GateError for what needs `sign_off`, StorageError for a disk that refuses.
    """
    now = settings.now()
    asked = week or Week.of(now)
    if not sign_off:
        _refuse_past(asked, now)
    with lock.hold(settings.home, f"capture of {crawl.HUB}", now, say):
        _refuse_mixture(settings, say)
        keeping.adopt(settings, say)
        waiting = None if again else crawl.awaiting(settings, asked)
        if waiting and sign_off:
            closed = crawl.close(settings, waiting, sign_off, say)
            keeping.copy(settings, say)
            return Captured(closed, 0)
        done = _sealed_already(settings.home, crawl.HUB, asked, now, again=again)
        if done:
            keeping.copy(settings, say)
            return Captured(done, 0)
        if asked != Week.of(now):
            raise RefusedError(f"No crawl of week {asked} waits for a signature.", next_command="leadershift status")
        attempt = crawl.unfinished(settings)
        if waiting and not attempt:
            raise gates.refusal(waiting, seal.held(waiting).reasons)
        transport = _transport(settings, limits, say)
        attempt = attempt or keeping.begin(settings, now)
        if Week.of(attempt.day) != asked:
            late = _crawl(settings, attempt, transport, None, now, say, on_page)
            if late.seal.week == asked:
                return late
            say(f"{late.seal.week}, begun before Monday, is sealed. Now {asked}.")
            attempt = keeping.begin(settings, now)
        return _crawl(settings, attempt, transport, sign_off, now, say, on_page)


def _crawl(
    settings: Settings,
    attempt: Spool,
    transport: Transport,
    sign_off: str | None,
    now: datetime,
    say: Say,
    on_page: Callable[[int], None],
) -> Captured:
    """Fetch what is missing of an attempt and seal it."""
    attempt, fetched = _fetched(
        settings, attempt, lambda attempt: crawl.fetch(settings, attempt, transport, on_page), now, say
    )
    closed = crawl.close(settings, attempt, sign_off, say)
    keeping.copy(settings, say)
    return Captured(closed, fetched)


def capture_quick(
    settings: Settings,
    *,
    week: Week | None = None,
    again: bool = False,
    sign_off: str | None = None,
    limits: Limits | None = None,
    budget: int = quick.QUICK_REQUESTS,
    say: Say = _silent,
    on_page: Callable[[int], None] = lambda _rows: None,
) -> Captured:
    """Capture the most downloaded and the newest models and the registry's labs, in at most `budget` requests, and seal them.

    A source of its own, never complete: its tables have scopes of their own. Raises as `capture` does.
    """
    now = settings.now()
    _refuse_past(week, now)
    with lock.hold(settings.home, f"capture of {crawl.QUICK}", now, say):
        _refuse_mixture(settings, say)
        keeping.adopt(settings, say)
        done = _sealed_already(settings.home, crawl.QUICK, Week.of(now), now, again=again)
        if done:
            keeping.copy(settings, say)
            return Captured(done, 0)
        transport = _transport(settings, limits, say)
        begun = crawl.unfinished(settings, crawl.QUICK)
        # Some minutes' work: what was begun on another day is not worth mixing two days for.
        attempt = begun if begun and begun.day == now.date() else spool.begin(settings.home, crawl.QUICK, now)
        attempt, fetched = _fetched(
            settings,
            attempt,
            lambda attempt: quick.fetch(settings, attempt, transport, on_page, budget=budget),
            now,
            say,
        )
        if fetched.not_asked:
            say(
                f"{fetched.not_asked:,} of the registry's namespaces were not asked for their whole list, for lack of budget;"
                " their most downloaded models are in the common list all the same."
            )
        closed = quick.close(settings, attempt, sign_off)
        keeping.copy(settings, say)
        return Captured(closed, fetched.pages)


def capture_owners(
    settings: Settings,
    *,
    week: Week | None = None,
    limits: Limits | None = None,
    budget: int | None = None,
    say: Say = _silent,
    on_page: Callable[[int], None] = lambda _owners: None,
) -> OwnersCaptured:
    """Ask for the organisations and people that are due, within a budget of requests, and seal what they said.

    Of people only counts are kept. `on_page` hears how many owners are safe. Raises as `capture` does, and
    NothingYetError when nobody is known to ask for.
    """
    now = settings.now()
    _refuse_past(week, now)
    with lock.hold(settings.home, f"capture of {crawl.OWNERS}", now, say):
        _refuse_mixture(settings, say)
        keeping.adopt(settings, say)
        captured = owners.capture(settings, _transport(settings, limits, say), on_page=on_page, budget=budget)
        if captured.not_asked:
            say(
                f"{captured.not_asked:,} owners were due, but there was no budget to ask for them; the next run goes on."
            )
        keeping.copy(settings, say)
        return captured


def capture_repositories(
    settings: Settings,
    *,
    week: Week | None = None,
    sign_off: str | None = None,
    limits: github.Limits = github.USUAL,
    say: Say = _silent,
    on_page: Callable[[int], None] = lambda _repositories: None,
) -> RepositoriesCaptured:
    """Ask GitHub for the registry's repositories, its organisations' and all that were ever found, and seal what it said.

    Without a token a sample of names, as a source of its own. `on_page` hears how many are safe. Raises as `capture` does,
    and NothingYetError when the registry names nobody to ask for.
    """
    now = settings.now()
    _refuse_past(week, now)
    source = crawl.GITHUB if settings.github_token else crawl.SAMPLE
    with lock.hold(settings.home, f"capture of {source}", now, say):
        _refuse_mixture(settings, say, settings.github_api_url)
        keeping.adopt(settings, say)
        client = github.Client(settings, limits, say=say)
        captured = repositories.capture(settings, client, on_page=on_page, sign_off=sign_off)
        if captured.is_sample:
            say(
                f"GITHUB_TOKEN is not set, so this is a SAMPLE: at most {repositories.SAMPLE_REPOSITORIES} names of the registry"
                f" ({captured.not_asked:,} left out), without activity, stars or people. No whole number is made of it."
            )
        keeping.copy(settings, say)
        return captured


def github_left_out(settings: Settings) -> str | None:
    """Say why a run leaves GitHub out, and how to get it; None if it doesn't."""
    if settings.github_token:
        return None
    return (
        "GitHub is left out, because GITHUB_TOKEN is not set. A token without any scope is enough:"
        " export GITHUB_TOKEN=..., or see a sample with: leadershift capture --source github"
    )


def capture_stars(
    settings: Settings,
    *,
    week: Week | None = None,
    limits: github.Limits = github.USUAL,
    say: Say = _silent,
    on_page: Callable[[int], None] = lambda _pages: None,
) -> StarsCaptured:
    """Read the stars' newest weeks of every captured repository, then older ones within the budget, and seal them.

    `on_page` hears how many pages are safe. Raises as `capture` does, UsageError without a token, and NothingYetError
    before repositories were captured.
    """
    now = settings.now()
    _refuse_past(week, now)
    if not settings.github_token:
        raise UsageError(
            "A history of stars for each repository takes more than the 60 requests an hour that GitHub grants without a token.",
            next_command="export GITHUB_TOKEN=...",
        )
    with lock.hold(settings.home, f"capture of {crawl.STARS}", now, say):
        _refuse_mixture(settings, say, settings.github_api_url)
        keeping.adopt(settings, say)
        captured = stars.capture(settings, github.Client(settings, limits, say=say), on_page=on_page)
        if captured.unfinished:
            say(
                f"{captured.unfinished:,} repositories have older stars that are not known yet; the next day's run goes on."
            )
        keeping.copy(settings, say)
        return captured


def capture_people(
    settings: Settings,
    *,
    week: Week | None = None,
    limits: github.Limits = github.USUAL,
    budget: int = people.POINTS_A_RUN,
    say: Say = _silent,
    on_page: Callable[[int], None] = lambda _readings: None,
) -> PeopleCaptured:
    """Read who worked on the captured repositories, as far as that is due and a budget of points reaches, and seal it.

    Of people only a pseudonym and countries are kept. `on_page` hears how many readings are safe. Raises as `capture`
    does, UsageError without a token, and NothingYetError before any repository was captured.
    """
    now = settings.now()
    _refuse_past(week, now)
    if not settings.github_token:
        raise UsageError(
            "Histories and profiles come from GitHub's GraphQL, which nobody may ask without a token.",
            next_command="export GITHUB_TOKEN=...",
        )
    with lock.hold(settings.home, f"capture of {crawl.PEOPLE}", now, say):
        _refuse_mixture(settings, say, settings.github_api_url)
        keeping.adopt(settings, say)
        client = github.Client(settings, limits, say=say)
        captured = people.capture(settings, client, on_page=on_page, say=say, budget=budget)
        if captured.not_asked:
            say(f"{captured.not_asked:,} quarters of repositories were due beyond the budget; the next run goes on.")
        keeping.copy(settings, say)
        return captured


def import_table(
    settings: Settings,
    path: Path,
    *,
    source: str,
    mapping: Mapping[str, str],
    observed_at: datetime | None = None,
    is_complete: bool = False,
    say: Say = _silent,
) -> list[Seal]:
    """Import a table that somebody else captured, one sealed snapshot for each day in it. Days already there are skipped.

    Raises UsageError for a name of an archive that could be taken for a capture of ours or leaves the folder of sources.
    """
    if not _ARCHIVE_NAME.fullmatch(source) or source in crawl.OUR_SOURCES:
        raise UsageError(
            f"'{source}' can't name an archive: use letters, digits, - and _, and not the name of a capture of ours."
        )
    now = settings.now()
    seals = []
    with lock.hold(settings.home, f"import of {path.name}", now, say):
        keeping.adopt(settings, say)
        there = {found.observed_on for _attempt, found in seal.sealed(settings.home, source)}
        for moment, rows, refused in archives.read_table(path, mapping=mapping, observed_at=observed_at):
            day, at = moment.date(), stamp(moment)
            if day in there:
                say(f"{source} {day}: imported before, skipped")
                continue
            attempt = Spool(settings.home, source, day, 1)
            placed = crawl.placed(rows, attempt).with_columns(pl.lit(0, pl.Int32).alias("page"))
            counts = seal.write_table(
                attempt,
                [(placed, refused)],
                table=crawl.MODELS,
                key="model_name",
                rank=("observed_at", "position"),
                observed_at=at,
            )
            closed = seal.close(
                attempt, counts, status="imported", is_complete=is_complete, origin=path.name, started_at=at, now=now
            )
            seals.append(closed)
            ledger.write(
                settings.home,
                "imported",
                now,
                source=source,
                day=f"{day}",
                week=f"{closed.week}",
                file=path.name,
                **seal.mark(attempt),
            )
        keeping.copy(settings, say)
    return seals


def import_innovation_graph(settings: Settings, folder: Path, *, say: Say = _silent) -> Seal | None:
    """Import the public files of GitHub's Innovation Graph as a sealed snapshot of today; None if today has one."""
    now, source = settings.now(), crawl.INNOVATION_GRAPH
    with lock.hold(settings.home, f"import of {folder.name}", now, say):
        keeping.adopt(settings, say)
        if any(found.observed_on == now.date() for _attempt, found in seal.sealed(settings.home, source)):
            say(f"{source} {now.date()}: imported before, skipped")
            return None
        rows, refused = innovation_graph.read_folder(folder)
        attempt, at = Spool(settings.home, source, now.date(), 1), stamp(now)
        observed = pl.lit(now.replace(tzinfo=None)).cast(pl.Datetime("us")).alias("observed_at")
        placed = crawl.placed(rows, attempt).with_columns(observed, pl.lit(0, pl.Int32).alias("page"))
        counts = seal.write_table(
            attempt, [(placed, refused)], table=source, key="line", rank=("position",), observed_at=at
        )
        closed = seal.close(
            attempt, counts, status="imported", is_complete=False, origin=folder.name, started_at=at, now=now
        )
        about = {"source": source, "day": f"{now.date()}", "week": f"{closed.week}", "file": folder.name}
        ledger.write(settings.home, "imported", now, **about, **seal.mark(attempt))
        keeping.copy(settings, say)
        return closed


def verify(settings: Settings, *, with_copy: bool = True) -> Verified:
    """Check every byte of every sealed snapshot against its hash, and every seal against the diary; the second copy likewise."""
    # A read-only copy can be verified as well; it just can't be told.
    with contextlib.suppress(StorageError):
        custody.adopt(settings.home, settings.now())
    count, troubles = custody.damage(settings.home, custody.promises(settings.home))
    if erasure.under_way(settings.home):
        troubles.insert(
            0, "An erasure was begun and not ended: run the same `leadershift erase` again, it goes on from there."
        )
    lacking = copies.lacking(settings.home, settings.copy, thorough=True) if settings.copy and with_copy else []
    if count:
        with contextlib.suppress(StorageError):
            ledger.write(
                settings.home, "verified", settings.now(), snapshots=count, troubles=len(troubles) + len(lacking)
            )
    return Verified(count, tuple(troubles), tuple(lacking))


def build(settings: Settings, *, known_at: date | None = None, say: Say = _silent) -> list[Built]:
    """Build all tables from every sealed snapshot and the registry, both as known on `known_at` (default: all that is known)."""
    problems = registry.check(settings.registry)
    if problems:
        raise GateError(
            f"The registry has {len(problems)} problems; the first: {problems[0]}",
            next_command="leadershift registry check",
        )
    if troubles := custody.seal_troubles(settings.home, custody.promises(settings.home)):
        raise DamagedDataError("Not built, because seals changed:\n" + "\n".join(troubles))
    snapshots = _sealed_or_nothing(settings)
    now = settings.now()
    if known_at:
        say(_as_known(settings, snapshots, known_at))
    with lock.hold(settings.home, "build", now, say):
        built = building.build(
            settings.home,
            snapshots,
            sql=shipped("sql"),
            registry=settings.registry,
            known_at=known_at or date.max,
            say=say,
        )
        counts = {"tables": len(built), "rows": sum(made.rows or 0 for made in built)}
        ledger.write(settings.home, "built", now, **counts, known_at=f"{known_at}" if known_at else None)
    return built


def _as_known(settings: Settings, snapshots: Sequence[tuple[Spool, Seal]], day: date) -> str:
    """Say how much was known by the end of a day, and plainly when the registry knew nothing."""
    known, all_known, first = registry.known_by(settings.registry, day)
    sealed = sum(parse_time(found.sealed_at).date() <= day for _attempt, found in snapshots)
    of_all = f"{sealed} of {len(snapshots)} snapshots, {known:,} of {all_known:,} reviewed namespaces"
    if known:
        return f"As known on {day}: {of_all}."
    return (
        f"As known on {day}: {of_all}. The registry begins on {first}, so every lab and country of this build is UNKNOWN:"
        " it shows what was downloaded, and nothing about who leads."
    )


def audit(settings: Settings, *, say: Say = _silent) -> Audit:
    """Judge the last build: every table's declared checks and the audits that span tables."""
    judged = auditing.audit(settings.home, sql=shipped("sql"), say=say)
    ledger.write(
        settings.home,
        "audited",
        settings.now(),
        passed=judged.passed,
        checks=len(judged.results),
        failed=len(judged.failures),
    )
    return judged


def column_sources(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """Map each column of each table that gets published to the columns it is made from, by the last build."""
    return publishing.column_sources(settings.home, sql=shipped("sql"))


def publish(
    settings: Settings, *, sign_off: str | None = None, known_at: date | None = None, say: Say = _silent
) -> Publication:
    """Publish the last build, if its audit passed or a person signs for what failed. Readers see the old or the new release.

    A build as known on an earlier day is published only by naming that day as `known_at`, and its release says so.
    """
    now = settings.now()
    with lock.hold(settings.home, "publish", now, say):
        publication = publishing.publish(
            settings.home, sql=shipped("sql"), now=now, sign_off=sign_off, known_at=known_at, say=say
        )
        # Not only a new one: a run killed between the pointer and this line left it out.
        if publication.release_id != _told_last(settings.home):
            ledger.write(
                settings.home,
                "published",
                now,
                release=publication.release_id,
                weeks=publication.weeks,
                sign_off=sign_off,
            )
    return publication


def derive(settings: Settings, *, say: Say = _silent) -> Publication:
    """Verify, build, audit and publish: everything between a sealed snapshot and a release."""
    verified = verify(settings, with_copy=False)
    if verified.troubles:
        raise DamagedDataError(
            "Sealed files changed:\n" + "\n".join(verified.troubles), next_command="leadershift verify"
        )
    build(settings, say=say)
    judged = audit(settings)
    say(f"{len(judged.results)} checks, {len(judged.failures)} failed")
    return publish(settings, say=say)


def report(settings: Settings, *, week: Week | None = None) -> Path:
    """Write the reports of a week from the current release; gives the weekly page, beside which the others stand."""
    from dagster_project.reports.page import write_reports  # noqa: PLC0415 - notebooks are heavy, capture never needs them

    release = publishing.current(settings.home)
    page = write_reports(settings.home / release.database, week, settings.home / "reports")["weekly"]
    ledger.write(settings.home, "reported", settings.now(), release=release.release_id, week=f"{page.week}")
    return page.html


def site(settings: Settings, *, base_url: str | None = None) -> Site:
    """Build the site of the current release, with the archive of what was said before, and publish it all at once.

    Writes the reports of the newest week first, if those there are of another release. `base_url` is where the site will
    stand; without it, and without one in the settings, pages name no picture for those who share them.
    """
    from dagster_project.reports import page, weekly  # noqa: PLC0415 - notebooks are heavy, capture never needs them
    from dagster_project.reports.site.build import build as build_site  # noqa: PLC0415 - heavy too

    release = publishing.current(settings.home)
    if release.known_at:
        raise RefusedError(
            f"The current release is as known on {release.known_at} and gets no site: it would replace what is known now.",
            next_command="leadershift build && leadershift audit && leadershift publish && leadershift site",
        )
    database, folder = settings.home / release.database, settings.home / "reports"
    with published.open_release(database) as opened:
        edition = weekly.read_edition(opened, None)
    made = page.written(folder, edition.week, release.release_id)
    if made is None:
        report(settings)
        made = page.written(folder, edition.week, release.release_id)
    with lock.hold(settings.home, "site", settings.now()):
        built = build_site(settings.home, database, made or {}, edition, base_url or settings.site_url)
    if built.is_new:
        ledger.write(settings.home, "site", settings.now(), release=release.release_id, pages=built.pages)
    return built


def prepare_dagster(settings: Settings) -> Path:
    """Write Dagster's own settings into the home, if nobody did: no telemetry, no tour, one run at a time, stuck runs ended."""
    path = settings.home / "dagster" / "dagster.yaml"
    if not path.exists():
        durable.write_bytes(path, DAGSTER_SETTINGS)
    return path.parent


def _refuse_past(week: Week | None, now: datetime) -> None:
    if week is not None and week != Week.of(now):
        raise RefusedError(
            f"Week {week} can't be captured: the Hub only tells the present, which is {Week.of(now)}. "
            "A past week can only be imported from an archive that somebody captured then.",
            next_command="leadershift import --help",
        )


def _refuse_mixture(settings: Settings, say: Say, endpoint: str | None = None) -> None:
    """A rehearsal and the real Hub or GitHub never share a home: nothing could tell their numbers apart afterwards."""
    asked = endpoint or settings.hf_endpoint

    def tell(trouble: str) -> None:
        say(f"{trouble} {keeping.GOES_ON}")

    ours = (entry for name in crawl.OUR_SOURCES for entry in seal.readable(settings.home, name, on_damage=tell))
    for _attempt, found in ours:
        if is_loopback(found.origin) != is_loopback(asked):
            raise RefusedError(
                f"{settings.home} holds what was captured from {found.origin}; {asked} needs a home of its own.",
                next_command="export LEADERSHIFT_HOME=another/folder",
            )


def _transport(settings: Settings, limits: Limits | None, say: Say) -> Transport:
    return Transport(huggingface.request_headers(settings), limits or Limits(), clock=settings.now, say=say)


def _fetched(
    settings: Settings, attempt: Spool, fetch: Callable[[Spool], _Fetched], now: datetime, say: Say
) -> tuple[Spool, _Fetched]:
    """Fetch what is missing of an attempt; begin the list anew, once, if the Hub no longer knows where we were."""
    try:
        return attempt, fetch(attempt)
    except CursorExpiredError as error:
        say(f"{error.message} Starting over.")
        ledger.write(settings.home, "abandoned", now, source=attempt.source, day=f"{attempt.day}", reason=error.message)
        attempt = spool.begin(settings.home, attempt.source, now)
        return attempt, fetch(attempt)


def _sealed_already(home: Path, source: str, week: Week, now: datetime, *, again: bool) -> Seal | None:
    for _attempt, found in seal.readable(home, source):
        if found.week == week and (found.observed_on == now.date() or not again):
            return found
    for attempt in spool.attempts(home, source):
        if attempt.is_sealed and attempt.day == now.date():
            # A second attempt of the same day would take the place of its table. Tomorrow is another day of the same week.
            seal.read(attempt)
    return None


def _told_last(home: Path) -> str | None:
    """Give the release that the diary told of last."""
    return next((entry["release"] for entry in reversed(ledger.read(home)) if entry["event"] == "published"), None)


def _sealed_or_nothing(settings: Settings) -> Sequence[tuple[Spool, Seal]]:
    snapshots = list(seal.sealed(settings.home))
    if not snapshots:
        raise NothingYetError(f"There is no sealed snapshot in {settings.home}.", next_command="leadershift capture")
    return snapshots
