"""The round of the stars: the newest weeks of every repository each week, and all older ones once. Part of the hall.

How far back a repository is known is read from what is sealed, never from a note of it: a back-fill goes on wherever the
last run was ended, by a budget or by a kill. One repository's trouble is said and costs no other.
Not here: what a page of weeks is (sources/stars), which repositories there are (repositories), locks (captures).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from dagster_project import crawl, repositories, rounds
from dagster_project.calendar import Week
from dagster_project.errors import PauseError, SourceError
from dagster_project.rounds import Bundles, Missing, Shape
from dagster_project.settings import Settings
from dagster_project.snapshots import seal, spool
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import stars
from dagster_project.sources.github import Client
from dagster_project.sources.github_answers import UnansweredError
from dagster_project.sources.pages import AccessRefusedError
from dagster_project.sources.stars import PAGE_WEEKS, StarPage

# The back-fill is patient: this share of each hour's requests stays for whoever else is on the token.
BACKFILL_LEAVES_SHARE = 0.2
# GitHub's weeks add up to its own count of stars. A history that ends with much less was cut short: by a fault, not by its age.
LEAST_STARS_SHARE, STARS_SLACK = 0.95, 10
# What a kill can cost.
BUNDLE_PAGES = 100


@dataclass(frozen=True)
class StarsCaptured:
    """What a round came to: repositories whose newest weeks were read, pages of older ones, and what is missing, and why.

    `unfinished` repositories have older weeks that are not known yet; the next runs go on with them.
    """

    seal: Seal | None
    asked: int
    older_pages: int
    requests: int
    unfinished: int
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True)
class _Depth:
    """How much of a history is known without a gap, from the newest week back: weeks, their stars, and whether that is all."""

    weeks: int = 0
    stars: int = 0
    is_whole: bool = False


@dataclass(frozen=True)
class _Plan:
    """Repositories whose newest weeks are due, those whose older weeks are not all known, and how far back each is known."""

    due: Sequence[int]
    unfinished: Sequence[int]
    depths: Mapping[int, _Depth]


def capture(settings: Settings, client: Client, *, on_page: Callable[[int], None]) -> StarsCaptured:
    """Read the newest weeks of every repository that is there, then older ones as far as the budget reaches, and seal them.

    A budget that ends in the newest weeks raises PauseError and the same command goes on; one that ends in the older ones
    ends the round. Raises SourceError like the client, NothingYetError before repositories were captured.
    """
    before = rounds.begun(settings, crawl.STARS, lambda leftover: rounds.close(settings, leftover, SHAPE))
    counts = dict(repositories.followed(settings).select("repo_id", "stargazers_count").rows())
    repo_ids = list(counts)
    plan = _plan(settings, before.attempt, repo_ids)
    if before.is_done_today or not (before.attempt or plan.due or plan.unfinished):
        return StarsCaptured(before.newest, 0, 0, 0, len(plan.unfinished))
    attempt = before.attempt or spool.begin(settings.home, crawl.STARS, settings.now())
    round_ = _Round(settings, attempt, client, counts, on_page)
    try:
        for repo_id in plan.due:
            round_.read(repo_id, 1)
        older = _read_older(round_, client, _plan(settings, attempt, repo_ids, round_.pages))
        round_.bundles.trust()
    except SourceError as error:
        round_.bundles.keep()
        raise rounds.placed(settings, attempt, error, "stars") from error
    round_.bundles.keep()
    closed = rounds.close(settings, attempt, SHAPE) if attempt.pages() else before.newest
    unfinished = len(_plan(settings, None, repo_ids).unfinished)
    spent = {"asked": len(plan.due), "older_pages": older, "requests": client.requests, "unfinished": unfinished}
    # From what is kept, so that a run that goes on from another's pages says what that one missed as well.
    missing = tuple(_missing(page) for page in _kept(attempt) if page.reason)
    rounds.tell(settings, crawl.STARS, attempt.day, missing, **spent)
    return StarsCaptured(closed, len(plan.due), older, client.requests, unfinished, missing)


# What is known, and what is due


def _plan(
    settings: Settings, attempt: Spool | None, repo_ids: Sequence[int], read_now: Sequence[StarPage] = ()
) -> _Plan:
    """Read from what is sealed, the round under way and pages just read what is still due, in the order given."""
    ours = [*_kept(attempt), *read_now] if attempt else list(read_now)
    newest = {page.repo_id: bool(page.weeks) for page in [*_sealed_this_week(settings), *ours] if page.page == 1}
    depths = _depths(settings, ours)
    return _Plan(
        due=[repo_id for repo_id in repo_ids if repo_id not in newest],
        # Where the newest weeks are empty or could not be had, there is nothing older to go on from.
        unfinished=[
            repo_id for repo_id in repo_ids if newest.get(repo_id, True) and not depths.get(repo_id, _Depth()).is_whole
        ],
        depths=depths,
    )


def _kept(attempt: Spool) -> Iterator[StarPage]:
    for body in rounds.bodies(attempt):
        yield from stars.read_bundle(body)


def _sealed_this_week(settings: Settings) -> Iterator[StarPage]:
    for attempt, found in seal.readable(settings.home, crawl.STARS):
        # Damaged pages are asked for again: they must not cost this round.
        if found.week == Week.of(settings.now()) and not seal.damage(attempt, found):
            yield from _kept(attempt)


def _depths(settings: Settings, ours: Sequence[StarPage]) -> dict[int, _Depth]:
    """Say how far back each repository is known without a gap."""
    columns = ["repo_id", "week_start", "retained", "is_first"]
    parts = [rounds.table(attempt, columns) for attempt, _found in rounds.whole(settings, crawl.STARS)]
    parts.append(stars.read_stars(ours, stars.last_pages(ours))[0].select(columns))
    weekday = pl.col("week_start").dt.weekday()
    known = (
        pl.concat(parts)
        .group_by("repo_id", "week_start")
        # Before stars were taken back.
        .agg(pl.col("retained").max(), pl.col("is_first").any())
        .sort("repo_id", "week_start", descending=[False, True])
        # Should GitHub's weeks ever begin on another day, all is read once more.
        .filter(weekday == weekday.first().over("repo_id"))
    )
    step = pl.col("week_start").shift(1) - pl.col("week_start")
    is_gap = (step != pl.duration(days=stars.DAYS)).fill_null(value=False)
    joined = known.filter(is_gap.cum_sum().over("repo_id") == 0) if known.height else known
    found = joined.group_by("repo_id").agg(pl.len(), pl.col("retained").sum(), pl.col("is_first").any())
    return {repo_id: _Depth(weeks, total, is_whole) for repo_id, weeks, total, is_whole in found.rows()}


# Asking


class _Round:
    """One round: the pages read, and what is missing."""

    def __init__(
        self,
        settings: Settings,
        attempt: Spool,
        client: Client,
        counts: Mapping[int, int],
        on_page: Callable[[int], None],
    ) -> None:
        self._settings, self._client, self._counts = settings, client, counts
        self.bundles: Bundles[StarPage] = Bundles(settings, attempt, stars.bundle, on_page, size=BUNDLE_PAGES)
        self.has_read = {(page.repo_id, page.page) for page in _kept(attempt)}
        self.pages: list[StarPage] = []

    def read(self, repo_id: int, number: int, *, stars_before: int = 0) -> StarPage | None:
        """Read a page; None for one that can't be had or believed, which is said and costs no other.

        An empty page ends the history, so it is believed only if about all stars are in the pages before it.
        """
        try:
            page = stars.ask(self._client, repo_id, number)
        except (PauseError, AccessRefusedError):
            raise
        except SourceError as error:
            reason = f"stars, page {number}: {rounds.kind_of(error)}"
            page = stars.unread(repo_id, number, self._settings.now(), reason)
            self._note(page)
            if isinstance(error, UnansweredError):
                self.bundles.note(page)
            else:
                self.bundles.note_bad(page, _missing(page))
            return None
        count = self._counts.get(repo_id, 0)
        is_short = not page.weeks and stars_before + STARS_SLACK < LEAST_STARS_SHARE * count
        if is_short:
            reason = f"stars, page {number}: empty, although only {stars_before:,} of {count:,} stars lie before it"
            page = stars.unread(repo_id, number, self._settings.now(), reason)
        self._note(page)
        self.bundles.note(page)
        return None if is_short else page

    def _note(self, page: StarPage) -> None:
        self.has_read.add((page.repo_id, page.page))
        self.pages.append(page)


def _missing(page: StarPage) -> Missing:
    return Missing(f"{page.repo_id}", page.reason or "no reason was kept")


def _read_older(round_: _Round, client: Client, plan: _Plan) -> int:
    """Read the older pages of every history that is not whole, until the budget says stop; give how many."""
    before = len(round_.pages)
    try:
        for repo_id in plan.unfinished:
            _read_to_the_end(round_, client, repo_id, plan.depths.get(repo_id, _Depth()))
    except PauseError:
        # The newest weeks are whole, so the round is: the next one goes on.
        pass
    return len(round_.pages) - before


def _read_to_the_end(round_: _Round, client: Client, repo_id: int, depth: _Depth) -> None:
    """Read pages to the first empty one, which says that the page before it ends the history: so that is read as well."""
    number, known, total = depth.weeks // PAGE_WEEKS + 1, depth.weeks % PAGE_WEEKS, depth.stars
    while number <= stars.MOST_PAGES:
        if (repo_id, number) in round_.has_read:
            number, known = number + 1, 0
            continue
        if client.budget.share_left() < BACKFILL_LEAVES_SHARE:
            raise PauseError(
                "the back-fill leaves the rest of this hour's requests to others", client.budget.resumes_at()
            )
        page = round_.read(repo_id, number, stars_before=total)
        if page is None:
            return
        if not page.weeks:
            if number > 1 and (repo_id, number - 1) not in round_.has_read:
                round_.read(repo_id, number - 1)
            return
        total += sum(week.total for week in page.weeks[known:])
        number, known = number + 1, 0


def _typed(attempt: Spool) -> Iterator[tuple[pl.DataFrame, list[tuple[int, str, bytes]]]]:
    last = stars.last_pages(_kept(attempt))
    for body in rounds.bodies(attempt):
        yield stars.read_stars(stars.read_bundle(body), last)


SHAPE = Shape("star_weeks", "week_key", _typed)
