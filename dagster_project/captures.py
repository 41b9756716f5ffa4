"""Captures of the present: one writer at a time, no week but this one, never two worlds in one home. A part of the hall.

Not here: what each source is asked for (crawl, quick, owners, repositories, stars, people), what was captured by others
(imports), and the way from a sealed snapshot to a page (pipeline).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from dagster_project import crawl, gates, keeping, owners, people, quick, repositories, rounds, stars
from dagster_project.calendar import Week
from dagster_project.errors import RefusedError, UsageError
from dagster_project.keeping import Say, silent
from dagster_project.owners import OwnersCaptured
from dagster_project.people import PeopleCaptured
from dagster_project.repositories import RepositoriesCaptured
from dagster_project.settings import Settings, is_loopback
from dagster_project.snapshots import ledger, lock, seal, spool
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import github, github_connection, huggingface
from dagster_project.sources.pages import CursorExpiredError, Limits, Transport
from dagster_project.stars import StarsCaptured

_Fetched = TypeVar("_Fetched")


@dataclass(frozen=True)
class Captured:
    """What a capture came to. `pages_fetched` is 0 when the week was sealed before."""

    seal: Seal
    pages_fetched: int


def capture(
    settings: Settings,
    *,
    week: Week | None = None,
    again: bool = False,
    sign_off: str | None = None,
    limits: Limits | None = None,
    say: Say = silent,
    on_page: Callable[[int], None] = lambda _rows: None,
) -> Captured:
    """Capture the Hub's list of models as it is now, and seal it. Does nothing once the week is sealed, unless `again`.

    Goes on from the last durable page of an unfinished crawl. `on_page` hears the rows of each page that is safe.
    A crawl that a gate refused is kept: `sign_off` seals it whenever that is, without a request; until then the Hub is not
    asked once more for the same week, unless `again`.
    Raises RefusedError for a week that is not now, SourceError when the Hub fails, PauseError when its quota is used up,
    GateError for what needs `sign_off`, StorageError for a disk that refuses.
    """
    # What waits for a signature may be of a week that is over.
    with _capturing(settings, crawl.HUB, None if sign_off else week, say) as now:
        asked = week or Week.of(now)
        waiting = None if again else crawl.awaiting(settings, asked)
        if waiting and sign_off:
            return Captured(crawl.close(settings, waiting, sign_off, say), 0)
        if done := _sealed_already(settings.home, crawl.HUB, asked, now, again=again):
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
            # Before the next crawl, which may fail.
            keeping.copy(settings, say)
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
    return Captured(crawl.close(settings, attempt, sign_off, say), fetched)


def capture_quick(
    settings: Settings,
    *,
    week: Week | None = None,
    again: bool = False,
    sign_off: str | None = None,
    limits: Limits | None = None,
    budget: int = quick.QUICK_REQUESTS,
    say: Say = silent,
    on_page: Callable[[int], None] = lambda _rows: None,
) -> Captured:
    """Capture the most downloaded and the newest models and the registry's labs, in at most `budget` requests, and seal them.

    A source of its own, never complete: its tables have scopes of their own. Raises as `capture` does.
    """
    with _capturing(settings, crawl.QUICK, week, say) as now:
        if done := _sealed_already(settings.home, crawl.QUICK, Week.of(now), now, again=again):
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
        return Captured(quick.close(settings, attempt, sign_off), fetched.pages)


def capture_owners(
    settings: Settings,
    *,
    week: Week | None = None,
    limits: Limits | None = None,
    budget: int | None = None,
    say: Say = silent,
    on_page: Callable[[int], None] = lambda _owners: None,
) -> OwnersCaptured:
    """Ask for the organisations and people that are due, within a budget of requests, and seal what they said.

    Of people only counts are kept. `on_page` hears how many owners are safe. Raises as `capture` does, and
    NothingYetError when nobody is known to ask for.
    """
    with _capturing(settings, crawl.OWNERS, week, say):
        captured = owners.capture(settings, _transport(settings, limits, say), on_page=on_page, budget=budget)
        if captured.not_asked:
            say(
                f"{captured.not_asked:,} owners were due, but there was no budget to ask for them; the next run goes on."
            )
        return captured


def capture_repositories(
    settings: Settings,
    *,
    week: Week | None = None,
    sign_off: str | None = None,
    limits: github_connection.Limits = github_connection.USUAL,
    say: Say = silent,
    on_page: Callable[[int], None] = lambda _repositories: None,
) -> RepositoriesCaptured:
    """Ask GitHub for the registry's repositories, its organisations' and all that were ever found, and seal what it said.

    Without a token a sample of names, as a source of its own. `on_page` hears how many are safe. Raises as `capture` does,
    and NothingYetError when the registry names nobody to ask for.
    """
    with _capturing(settings, crawl.GITHUB if settings.github_token else crawl.SAMPLE, week, say):
        client = github.Client(settings, limits, say=say)
        captured = repositories.capture(settings, client, on_page=on_page, sign_off=sign_off)
        if captured.is_sample:
            say(
                f"GITHUB_TOKEN is not set, so this is a SAMPLE: at most {repositories.SAMPLE_REPOSITORIES} names of the registry"
                f" ({captured.not_asked:,} left out), without activity, stars or people. No whole number is made of it."
            )
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
    limits: github_connection.Limits = github_connection.USUAL,
    say: Say = silent,
    on_page: Callable[[int], None] = lambda _pages: None,
) -> StarsCaptured:
    """Read the stars' newest weeks of every captured repository, then older ones within the budget, and seal them.

    `on_page` hears how many pages are safe. Raises as `capture` does, UsageError without a token, and NothingYetError
    before repositories were captured.
    """
    if not settings.github_token:
        raise UsageError(
            "A history of stars for each repository takes more than the 60 requests an hour that GitHub grants without a token.",
            next_command="export GITHUB_TOKEN=...",
        )
    with _capturing(settings, crawl.STARS, week, say):
        captured = stars.capture(settings, github.Client(settings, limits, say=say), on_page=on_page)
        if captured.unfinished:
            say(
                f"{captured.unfinished:,} repositories have older stars that are not known yet; the next day's run goes on."
            )
        return captured


def capture_people(
    settings: Settings,
    *,
    week: Week | None = None,
    limits: github_connection.Limits = github_connection.USUAL,
    budget: int = people.POINTS_A_RUN,
    say: Say = silent,
    on_page: Callable[[int], None] = lambda _readings: None,
) -> PeopleCaptured:
    """Read who worked on the captured repositories, as far as that is due and a budget of points reaches, and seal it.

    Of people only a pseudonym and countries are kept. `on_page` hears how many readings are safe. Raises as `capture`
    does, UsageError without a token, and NothingYetError before any repository was captured.
    """
    if not settings.github_token:
        raise UsageError(
            "Histories and profiles come from GitHub's GraphQL, which nobody may ask without a token.",
            next_command="export GITHUB_TOKEN=...",
        )
    with _capturing(settings, crawl.PEOPLE, week, say):
        client = github.Client(settings, limits, say=say)
        captured = people.capture(settings, client, on_page=on_page, say=say, budget=budget)
        if captured.not_asked:
            say(f"{captured.not_asked:,} quarters of repositories were due beyond the budget; the next run goes on.")
        return captured


@contextlib.contextmanager
def _capturing(settings: Settings, source: str, week: Week | None, say: Say) -> Iterator[datetime]:
    """Hold the home while a source is captured, and bring the copy up to date when that ended well. Gives the moment it began."""
    now = settings.now()
    _refuse_past(week, now)
    with lock.hold(settings.home, f"capture of {source}", now, say):
        _refuse_mixture(settings, say, rounds.endpoint(settings, source))
        keeping.adopt(settings, say)
        # In every capture: a home without a token any more reads nobody, and its texts have to go all the same.
        keeping.forget_locations(settings, now, say)
        yield now
        keeping.copy(settings, say)


def _refuse_past(week: Week | None, now: datetime) -> None:
    if week is not None and week != Week.of(now):
        raise RefusedError(
            f"Week {week} can't be captured: the Hub only tells the present, which is {Week.of(now)}. "
            "A past week can only be imported from an archive that somebody captured then.",
            next_command="leadershift import --help",
        )


def _refuse_mixture(settings: Settings, say: Say, asked: str) -> None:
    """A rehearsal and the real Hub or GitHub never share a home: nothing could tell their numbers apart afterwards."""

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
