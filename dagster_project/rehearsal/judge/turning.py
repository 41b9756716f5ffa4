"""Turns against the truth: retreat, reach and sizes in numbers, and whether the planted turns are flagged in time.

Not here: crossovers, births and lineage, which other files judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import log

import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, counted, nothing
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.world.cast import LABS
from dagster_project.rehearsal.world.scenario import CAPTURE_HOUR, CLOSURE, RETREAT, WAVE
from dagster_project.warehouse.published import Release

SEEN_FROM = 3
"""A lab's or country's turn can be seen once it has released, or withdrawn, so many models since."""
IN_TIME_DAYS = 28
YEAR_DAYS = 365
CERTAIN_ODDS = 2000
"""How much likelier than chance a turn has to be before it can be seen: with less, one side-month in as many is flagged by chance."""
LEAST_CHANCE = 0.01
"""Of a release that the plan of a turn rules out: dirt changes licences, too."""


@dataclass(frozen=True)
class _Plan:
    """What somebody who knows the scenario expects of a side from the week of its turn on, as shares of before or of all."""

    cadence: float
    closed: float
    gated: float
    withdrawn: float = 0.0
    within_days: int = 0


_PLANS = {
    "retreat": _Plan(RETREAT.cadence, RETREAT.licensed, RETREAT.gated),
    "closure": _Plan(CLOSURE.cadence, 1.0, CLOSURE.gated, CLOSURE.withdrawn, 7 * CLOSURE.within_weeks),
}
RISE_POINTS, RISE_WEEKS, RISE_AGAINST = 0.01, 4, 13
"""A size rises when its median share of 4 weeks is a point above that of 13 weeks before, 4 weeks long."""
CAPTURE_TIME = time(CAPTURE_HOUR, tzinfo=UTC)
_CAPTURES = "select observed_on from core.snapshots where source = 'huggingface' and is_complete order by observed_on"
_RETREAT = "select * from marts.retreat_watch where is_complete"
_REACH = """select quarter, countries, new_countries, release_entropy from marts.reach
    where scope = 'S1' and variant = 'base' and threshold = 0 order by quarter"""
_ENTRIES = """select country, entered_on from marts.reach_entrants
    where scope = 'S1' and variant = 'base' and threshold = 0"""
_SIZES = """select week, size_band as band, share_of_known as found, direction from marts.size_band_shares
    where scope = 'S1' and level = 'class' and size_band <> 'unknown' order by week"""
_COUNTS = ("releases", "withdrawn")
_VALUES = (
    ("open_share", "points"),
    ("gated_share", "points"),
    ("non_permissive_share", "points"),
    ("months_since_open_flagship", "months"),
)
ROUNDING = 1e-6


def turning(release: Release, truth: Truth, weeks: Sequence[date]) -> list[Verdict]:
    """Judge retreat, reach, size bands, and the planted turns among them."""
    days = release.frame(_CAPTURES)["observed_on"].to_list()
    moments = [int(datetime.combine(day, CAPTURE_TIME).timestamp()) for day in days]
    return [
        *_retreat(release, truth, moments),
        _own_repos(release, truth, weeks),
        *_reach(release, truth, moments),
        *_sizes(release, truth, weeks),
        *_turns(release, truth, moments),
    ]


def _retreat(release: Release, truth: Truth, moments: Sequence[int]) -> list[Verdict]:
    """Compare counts one by one and the rest at their worst, in the months that have a release or a withdrawal."""
    found, keys = release.frame(_RETREAT), ["month", "level", "side"]
    true = truth.releases.retreat_watch(moments).filter(pl.col("month").is_in(found["month"].unique().implode()))
    both = true.join(found, on=keys, how="left", suffix="_found")
    verdicts = [
        counted(f"retreat: {name}", sum(both[name].to_list()), sum(found[name].to_list()), "models") for name in _COUNTS
    ]
    return [*verdicts, *(_worst(f"retreat: {name}", both, name, f"{name}_found", unit) for name, unit in _VALUES)]


def _worst(measure: str, both: pl.DataFrame, true: str, found: str, unit: str = "points") -> Verdict:
    """Give the row in which two columns differ most, and how many differ; a missing answer to a known truth is wrong."""
    pairs = list(both.filter(pl.col(true).is_not_null()).select(true, found).iter_rows())
    if not pairs:
        return nothing(measure)
    gaps = [abs(ours - theirs) if theirs is not None else float("inf") for ours, theirs in pairs]
    ours, theirs = pairs[gaps.index(max(gaps))]
    wrong = sum(gap > ROUNDING for gap in gaps)
    return Verdict(f"{measure}, the worst of {len(pairs):,} ({wrong:,} differ)", ours, theirs, max(gaps), unit)


def _own_repos(release: Release, truth: Truth, weeks: Sequence[date]) -> Verdict:
    """Give the worst share of own repositories among the labs' complete months."""
    found = release.frame(_RETREAT).filter(pl.col("own_repo_share").is_not_null())
    numbers = [(week - truth.world.first_week).days // 7 for week in weeks]
    true = truth.releases.own_repo_share(numbers).filter(pl.col("month") > min(weeks, default=date.max))
    both = true.join(found, on=["month", "side"], suffix="_found")
    return _worst("retreat: own repositories", both, "own_repo_share", "own_repo_share_found")


def _reach(release: Release, truth: Truth, moments: Sequence[int]) -> list[Verdict]:
    both = truth.releases.reach(moments).join(release.frame(_REACH), on="quarter", how="left", suffix="_found")
    alike = both.filter(pl.col("new_countries") == pl.col("new_countries_found"))
    entries = truth.releases.entries(moments).join(release.frame(_ENTRIES), on="country", how="left", suffix="_found")
    days = entries.select(true=pl.col("entered_on").to_physical(), found=pl.col("entered_on_found").to_physical())
    return [
        _worst("reach: countries by quarter", both, "countries", "countries_found", "countries"),
        counted("reach: quarters whose new countries are the true ones", both.height, alike.height, "quarters"),
        _worst("reach: entropy of releases", both, "entropy", "release_entropy", "bits"),
        _worst("reach: day of entry since 1970", days, "true", "found", "days"),
    ]


def _sizes(release: Release, truth: Truth, weeks: Sequence[date]) -> list[Verdict]:
    true = truth.sizes.band_shares().filter(pl.col("week").is_in(list(weeks)))
    return [
        _worst("size bands: share", true.join(release.frame(_SIZES), on=["week", "band"], how="left"), "share", "found")
    ]


def _turns(release: Release, truth: Truth, moments: Sequence[int]) -> list[Verdict]:
    """Say how many days after it could be seen each planted turn was flagged, and what was flagged without one.

    A flag is out on the day of the first capture that shows the week it was raised in.
    """
    watched = release.frame("select * from marts.retreat_watch where is_turning is not null").sort("month")
    flags = watched.filter("is_turning")
    days = [datetime.fromtimestamp(moment, UTC).date() for moment in moments]
    verdicts, turning_sides = [], set()
    for kind, side, _other, week in truth.turning_points().iter_rows():
        if kind in _PLANS:
            raised = flags.filter((pl.col("side") == side) & (pl.col("turned_on") > week))["turned_on"].min()
            flagged = next((day for day in days if isinstance(raised, date) and day >= raised), None)
            name = f"turn: {kind} of {side}"
            verdicts += [
                _timed(name, _certain_from(truth, moments, kind, side, week), flagged),
                _timed(f"{name}, by {SEEN_FROM} models", _seen_from(truth, moments, side, week), flagged),
            ]
            turning_sides |= {side, *(lab.slug for lab in LABS if lab.country == side)}
        elif kind == "sovereign_wave":
            entries = release.frame(_ENTRIES).filter(
                pl.col("country").is_in(list(WAVE.countries)) & (pl.col("entered_on") >= week)
            )
            verdicts.append(
                counted("turn: sovereign wave, countries that entered", len(WAVE.countries), entries.height, "of them")
            )
        elif kind == "band_shift":
            rising = release.frame(_SIZES).filter((pl.col("band") == side) & (pl.col("direction") == "rising"))
            told = rising.filter(pl.col("week") >= week)["week"].to_list()
            verdicts.append(_timed(f"turn: shift to {side} sizes", _rises(truth, side, week), min(told, default=None)))
    quiet = watched.filter(~pl.col("side").is_in(list(turning_sides)))
    without = quiet.filter("is_turning")
    unit = f"sides, {without.height} of {quiet.height:,} months"
    return [*verdicts, counted("turn: sides flagged without a cause", 0, without["side"].n_unique(), unit)]


def _timed(measure: str, seen: date | None, flagged: date | None) -> Verdict:
    if seen is None or flagged is None:
        return Verdict(measure, None, None, None, "never flagged" if seen else "nothing to see yet")
    late = (flagged - seen).days
    unit = f"days after it could be seen on {seen}, {'in time' if late <= IN_TIME_DAYS else 'LATE'}"
    return Verdict(measure, 0, late, late, unit)


def _seen_from(truth: Truth, moments: Sequence[int], side: str, week: date) -> date | None:
    """Give the day from which a turn shows: SEEN_FROM models released or withdrawn since."""
    own = truth.releases.own(moments).filter((pl.col("lab") == side) | (pl.col("country") == side))
    released = own["created_at"].dt.date().filter(own["created_at"].dt.date() >= week)
    withdrawn = pl.from_epoch(own["withdrawn_at"].drop_nulls(), "s").dt.date()
    days = [
        sorted(found)[SEEN_FROM - 1]
        for found in (released, withdrawn.filter(withdrawn >= week))
        if len(found) >= SEEN_FROM
    ]
    return min(days, default=None)


def _certain_from(truth: Truth, moments: Sequence[int], kind: str, side: str, week: date) -> date | None:
    """Give the day from which the planted turn is CERTAIN_ODDS times as likely as none, to somebody who knows it all.

    That is its week, its plan, and the year before it. Nobody who has to find these out can tell sooner, unless by what the
    plan does not count: flagships, and who serves the family.
    """
    plan, is_own = _PLANS[kind], (pl.col("lab") == side) | (pl.col("country") == side)
    own = (
        truth.releases.own(moments)
        .filter(is_own)
        .with_columns(on=pl.col("created_at").dt.date(), left=pl.from_epoch("withdrawn_at", "s").dt.date())
    )
    begin = week - timedelta(days=YEAR_DAYS)
    year = own.filter(pl.col("on").is_between(begin, week, closed="left"))
    then = {"closed": _rate(year["licence_class"] != "permissive"), "gated": _rate(year["is_gated"])}
    now = {name: part + (1 - part) * then[name] for name, part in (("closed", plan.closed), ("gated", plan.gated))}
    stock = own.filter((pl.col("on") < week) & (pl.col("left").is_null() | (pl.col("left") >= week))).height
    left_before = own.filter(pl.col("left").is_between(begin, week, closed="left")).height
    leaving = plan.withdrawn * stock / max(plan.within_days, 1)
    usual = (left_before + 0.5) / YEAR_DAYS
    since = own.filter(pl.col("on") >= week).select("on", "is_gated", closed=pl.col("licence_class") != "permissive")
    left = own["left"].drop_nulls()
    for days in range(1, (truth.weeks[-1] - week).days):
        day = week + timedelta(days=days)
        seen = since.filter(pl.col("on") < day)
        odds = (1 - plan.cadence) * year.height / YEAR_DAYS * days + seen.height * log(plan.cadence)
        for name, is_so in (("closed", seen["closed"]), ("gated", seen["is_gated"])):
            many = int(is_so.sum())
            odds += many * log(now[name] / then[name])
            odds += (seen.height - many) * log(max(1 - now[name], LEAST_CHANCE) / (1 - then[name]))
        if leaving:
            gone = int(left.is_between(week, day, closed="left").sum())
            odds += gone * log(leaving / usual) - (leaving - usual) * min(days, plan.within_days)
        if odds >= log(CERTAIN_ODDS):
            return day
    return None


def _rate(are_so: pl.Series) -> float:
    """Give the part of releases that are so; half a release on either side keeps it from 0 and 1."""
    return (int(are_so.sum()) + 0.5) / (len(are_so) + 1)


def _rises(truth: Truth, band: str, since: date) -> date | None:
    """Give the first week from which the true share has risen as the mart says it; the capture starts with the world."""
    share = truth.sizes.band_shares().filter(pl.col("band") == band).sort("week")
    level = share["share"].rolling_median(RISE_WEEKS)
    rise = (level - level.shift(RISE_AGAINST)).rolling_min(RISE_WEEKS) >= RISE_POINTS
    return min(share.filter(rise & (pl.col("week") >= since))["week"].to_list(), default=None)
