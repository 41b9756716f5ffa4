"""The stars of GitHub against the truth: days to the last star, renames, bursts, whose they are.

Not here: downloads (flows).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from dagster_project.rehearsal.github.facts import BURST_SHAPE
from dagster_project.rehearsal.github.people import DAY_SECONDS
from dagster_project.rehearsal.github.world import GitHubWorld
from dagster_project.rehearsal.judge.verdict import Verdict, nothing, relative
from dagster_project.rehearsal.world.scenario import CAPTURE_HOUR
from dagster_project.rehearsal.world.world import World
from dagster_project.warehouse.published import Release

_DAYS = """select repo_id, day, retained, first_observed, first_observed_on, observed_on, is_burst
    from (select days.*, gains.is_burst from core.star_days as days
        left join marts.star_gain as gains on days.repo_id = gains.repo_id and date_trunc('week', days.day) = gains.week)
    order by repo_id, day"""
_NAMES = "select repo_id, repo_name from core.repository_names"
_SIGHTS = "select repo_id, first_seen_on, last_seen_on from core.repositories"
_SHARES = """select week, country, retained_share from marts.project_leadership
    where level = 'country' and scope = 'asked' and retained_share is not null
    and week >= (select min(observed_on) from core.snapshots where source = 'github')"""
LEAST_BURST = 200
LEAST_DAYS_BEFORE = 28


def stars(release: Release, world: World) -> list[Verdict]:
    """Judge stars by day, names, bursts and shares; a release without GitHub has nothing to compare."""
    github = world.github()
    found = release.frame(_DAYS)
    if found.is_empty():
        return [nothing("stars of GitHub")]
    days = found.with_columns(
        _kept(github, found, "observed_on").alias("true_retained"),
        _kept(github, found, "first_observed_on").alias("true_first"),
    )
    return [
        _days("stars kept", days, "retained", "true_retained"),
        _days("stars when first seen", days, "first_observed", "true_first"),
        relative(
            "stars taken back while watched",
            _sum(days, "true_first") - _sum(days, "true_retained"),
            _sum(days, "first_observed") - _sum(days, "retained"),
        ),
        _names(release, github),
        _bursts(days, github),
        _shares(release, days, world, github),
    ]


def _second(day: date) -> int:
    return int(datetime.combine(day, time(CAPTURE_HOUR), UTC).timestamp())


def _kept(github: GitHubWorld, found: pl.DataFrame, seen_on: str) -> pl.Series:
    """Give the stars of each row's day that were there at the capture on the day in the column `seen_on`."""
    histories: dict[tuple[int, date], dict[date, int]] = {}
    kept = []
    for repo_id, day, seen in found.select("repo_id", "day", seen_on).iter_rows():
        if (repo_id, seen) not in histories:
            number = github.number(repo_id)
            first, by_day = (0, []) if number is None else github.stars(number, _second(seen))
            begins = datetime.fromtimestamp(first, UTC).date()
            histories[repo_id, seen] = {begins + timedelta(days=place): count for place, count in enumerate(by_day)}
        kept.append(histories[repo_id, seen].get(day, 0))
    return pl.Series(kept, dtype=pl.Int64)


def _days(measure: str, days: pl.DataFrame, found: str, true: str) -> Verdict:
    wrong = days.filter(pl.col(found) != pl.col(true)).height
    what = f"of {days.height:,} days differ"
    return Verdict(measure, _sum(days, true), _sum(days, found), wrong, what)


def _sum(frame: pl.DataFrame, column: str) -> int:
    return sum(frame[column].to_list())


def _names(release: Release, github: GitHubWorld) -> Verdict:
    """Count the names under which captures saw each repository, and those missed or invented."""
    true = set()
    captured = release.frame("select observed_on from core.snapshots where source = 'github'")["observed_on"].to_list()
    for repo_id, first, last in release.frame(_SIGHTS).iter_rows():
        number = github.number(repo_id)
        seen = [_second(day) for day in captured if first <= day <= last and number is not None]
        true |= {(repo_id, github.full_name(number, second)) for second in seen if number is not None}
    found = set(release.frame(_NAMES).iter_rows())
    return Verdict("names of repositories", len(true), len(found), len(true ^ found), "missed or invented")


def _bursts(days: pl.DataFrame, github: GitHubWorld) -> Verdict:
    """Count planted bursts by their week: those whose first day still had its stars when it was first seen, after a usual month.

    Of a burst's later days some are large enough to be flagged as well: in their weeks either answer is right.
    """
    true: set[tuple[int, date]] = set()
    possible: set[tuple[int, date]] = set()
    for (repo_id,), rows in days.group_by("repo_id"):
        number = github.number(int(str(repo_id)))
        if number is None or github.facts(number).plant not in {"burst", "bought_burst"}:
            continue
        facts = github.facts(number)
        begins = datetime.fromtimestamp(facts.moment // DAY_SECONDS * DAY_SECONDS, UTC).date()
        peak, since = rows.filter(pl.col("day") == begins), rows["day"].min()
        assert isinstance(since, date)
        possible |= {(facts.id, _monday(begins + timedelta(days=place))) for place in range(len(BURST_SHAPE))}
        is_seen = peak.height and peak["true_first"][0] >= LEAST_BURST and peak["is_burst"][0] is not None
        if is_seen and begins - since >= timedelta(days=LEAST_DAYS_BEFORE):
            true.add((facts.id, _monday(begins)))
    flagged = days.filter("is_burst").select("repo_id", pl.col("day").dt.truncate("1w")).iter_rows()
    found = set(flagged)
    missed, invented = true - found, found - possible
    told = len(true & found) + len(invented)
    return Verdict("weeks with a burst", len(true), told, len(missed) + len(invented), "missed or invented")


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _shares(release: Release, days: pl.DataFrame, world: World, github: GitHubWorld) -> Verdict:
    """Compare each country's share of the stars kept; an owner counts from the first capture that shows it."""
    weekly = days.group_by("repo_id", pl.col("day").dt.truncate("1w").alias("week")).agg(pl.col("true_retained").sum())
    rows = [(week, _country(world, github, repo_id, week), kept) for repo_id, week, kept in weekly.iter_rows()]
    true = pl.DataFrame(rows, ["week", "country", "kept"], orient="row").group_by("week", "country").agg(pl.sum("kept"))
    both = true.filter(pl.col("kept").sum().over("week") > 0).with_columns(
        true=pl.col("kept") / pl.col("kept").sum().over("week")
    )
    pairs = list(_pairs(both.join(release.frame(_SHARES), on=["week", "country"])))
    if not pairs:
        return nothing("share of stars by country")
    best, measured = max(pairs, key=lambda pair: (abs(pair[0] - pair[1]), pair))
    measure = f"share of stars by country: the worst of {len(pairs):,}"
    return Verdict(measure, best, measured, abs(best - measured), "points")


def _pairs(both: pl.DataFrame) -> Iterator[tuple[float, float]]:
    yield from both.select("true", "retained_share").iter_rows()


def _country(world: World, github: GitHubWorld, repo_id: int, week: date) -> str:
    number = github.number(repo_id)
    owner = -1 if number is None else github.owner_at(number, _second(week))
    return world.home_of(owner, _second(week)) if owner >= 0 else "UNKNOWN"
