"""Turns towards closing, in the monthly counts of a lab or a country (MEASURES 4.16).

Each signal compares the last 1, 2, 3 and 6 months with the twelve before them, and asks how likely chance alone is to bring a
change as large. Counts are small, so the tests are exact: how many came in so many months against a binomial (Przyborowski
and Wilenski 1940, "Homogeneity of results in testing samples from Poisson series", Biometrika 31), how many of them were
closed against a hypergeometric (Fisher 1935, "The Logic of Inductive Inference", JRSS 98). Several lengths of the recent
past stand for a CUSUM (Page 1954, "Continuous Inspection Schemes", Biometrika 41): the short ones see a break at once, the
long ones a slow fall. A side is turning when two signals are unlikely over the same length, and the three least likely ones,
multiplied, very much so: a lab that closes does so in several ways at once, each of them too rare to prove anything. Nothing
is drawn.

Not here: the counts themselves (sql/staging/retreat_months).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import comb, exp, lgamma, log, prod
from typing import Any

import polars as pl

BEFORE_MONTHS = 12
RECENT_MONTHS = (1, 2, 3, 6)
LIKELY = 0.15
"""A signal has turned when chance brings such a change less often than this."""
LEAST_TURNED = 2
TOGETHER = 3
TOGETHER_LIKELY = 0.0003
"""The three least likely signals, multiplied.

Chosen on twelve rehearsal worlds, where five of 14,000 side-months were flagged without a cause; of 15,000 of ten fresh worlds 12 were.
"""
LEAST_SHARE_STEP = 0.2
"""Large, for the share of releases that are gated or not permissive: 20 points."""
LEAST_RATE_RATIO = 2
"""Large, for counts: half as many releases a month, twice as many withdrawals."""
LEAST_WITHDRAWN = 3
LEAST_WAIT_MONTHS = 6
FLAGSHIP_MONTHS = 24
"""A wait is judged by how often there was an open flagship in so many months up to the last one."""
FLAGSHIP_DOUBT = 10
"""One very large model raises the bar for two years and makes a wait by itself, so a wait has to be so much less likely."""
LEAST_OWN_REPO_STEP = 0.1
CERTAIN = 1.0
SCHEMA = {"is_turning": pl.Boolean, "turned": pl.String, "turn_chance": pl.Float64}

Month = Mapping[str, Any]
Verdict = tuple[bool | None, str | None, float | None]


def retreat(months: pl.DataFrame) -> pl.DataFrame:
    """Give (month, level, side, is_turning, turned, turn_chance), nulls where it can't be told.

    Needs the months of each (level, side) in order and without a hole: releases, n_gated, n_non_permissive, withdrawn,
    months_since_open_flagship, own_repo_share, is_complete.
    """
    verdicts = [
        verdict
        for _, side in months.group_by("level", "side", maintain_order=True)
        for verdict in _verdicts(side.to_dicts())
    ]
    return pl.concat(
        [months.select("month", "level", "side"), pl.DataFrame(verdicts, SCHEMA, orient="row")], how="horizontal"
    )


def _verdicts(months: Sequence[Month]) -> Iterator[Verdict]:
    for place, month in enumerate(months):
        if not month["is_complete"] or place < BEFORE_MONTHS:
            yield None, None, None
            continue
        chances = min(_chances(months[: place + 1]), key=_unlikeliness)
        turned = sorted(name for name, chance in chances.items() if chance <= LIKELY)
        chance = _together(chances)
        yield len(turned) >= LEAST_TURNED and chance <= TOGETHER_LIKELY, ",".join(turned), chance


def _unlikeliness(chances: Mapping[str, float]) -> tuple[bool, float]:
    """Order the lengths of the recent past: where two signals turned before the others, then by their joint chance."""
    return sum(chance <= LIKELY for chance in chances.values()) < LEAST_TURNED, _together(chances)


def _together(chances: Mapping[str, float]) -> float:
    return prod(sorted(chances.values())[:TOGETHER])


def _chances(past: Sequence[Month]) -> Iterator[dict[str, float]]:
    """Give, for each length of the recent past, how likely chance is to bring each signal's change; 1 where it is not large."""
    wait = _waited([month["months_since_open_flagship"] for month in past])
    for before, recent in _splits(past):
        yield {
            "cadence": _fell(before, recent),
            "flagship": wait,
            "gated": _closed(before, recent, "n_gated"),
            "licences": _closed(before, recent, "n_non_permissive"),
            "own_repos": _lost_own(before, recent),
            "withdrawn": _withdrew(before, recent),
        }


def _splits(past: Sequence[Month]) -> Iterator[tuple[Sequence[Month], Sequence[Month]]]:
    """Give the twelve months before the last 1, 2, 3 and 6, and these, where there are as many."""
    for recent in RECENT_MONTHS:
        if len(past) >= BEFORE_MONTHS + recent:
            yield past[-BEFORE_MONTHS - recent : -recent], past[-recent:]


def _fell(before: Sequence[Month], recent: Sequence[Month]) -> float:
    """Say how likely so few releases are, if they are at most half as many a month as before."""
    many, few = _sum(before, "releases"), _sum(recent, "releases")
    if few * len(before) * LEAST_RATE_RATIO > many * len(recent):
        return CERTAIN
    return at_most(few, many + few, len(recent) / (len(recent) + len(before)))


def _withdrew(before: Sequence[Month], recent: Sequence[Month]) -> float:
    """Say how likely so many withdrawals are, if they are three and at least twice as many a month as before."""
    few, many = _sum(before, "withdrawn"), _sum(recent, "withdrawn")
    if many < LEAST_WITHDRAWN or many * len(before) < few * len(recent) * LEAST_RATE_RATIO:
        return CERTAIN
    return at_most(few, many + few, len(before) / (len(recent) + len(before)))


def _closed(before: Sequence[Month], recent: Sequence[Month], kind: str) -> float:
    """Say how likely so many releases of a closed kind are, if their share is at least 20 points above what it was."""
    total, former = _sum(recent, "releases"), _sum(before, "releases")
    if not total or not former:
        return CERTAIN
    found, known = _sum(recent, kind), _sum(before, kind)
    if found / total - known / former < LEAST_SHARE_STEP:
        return CERTAIN
    return at_least(found, total, found + known, total + former)


def _waited(waits: Sequence[int | None]) -> float:
    """Say how likely the wait since the last open flagship is, if it is half a year at least.

    Months with an open flagship are counted, not models, because a flagship comes as a bundle of repositories.
    """
    wait = waits[-1]
    if wait is None or wait < LEAST_WAIT_MONTHS:
        return CERTAIN
    former = waits[: len(waits) - wait][-FLAGSHIP_MONTHS:]
    launches = sum(one == 0 for one in former)
    return min(CERTAIN, FLAGSHIP_DOUBT * at_most(0, launches, wait / (wait + len(former))))


def _lost_own(before: Sequence[Month], recent: Sequence[Month]) -> float:
    """Say how likely it is that the own repositories serve less of the family in all recent months than in any before.

    Only if it is ten points less. Of all orders of the months, one set in so many has the smallest as the last ones.
    """
    former = [month["own_repo_share"] for month in before]
    latter = [month["own_repo_share"] for month in recent]
    if None in former or None in latter or max(latter) > min(former) - LEAST_OWN_REPO_STEP:
        return CERTAIN
    return 1 / comb(len(former) + len(latter), len(latter))


def at_most(found: int, total: int, part: float) -> float:
    """Give the chance that at most `found` of `total` fall into a `part` of the time (binomial, exact)."""
    ways = [
        _log_choose(total, number) + number * log(part) + (total - number) * log(1 - part)
        for number in range(found + 1)
    ]
    return min(CERTAIN, sum(map(exp, ways)))


def at_least(found: int, drawn: int, kind: int, total: int) -> float:
    """Give the chance of at least `found` of a kind among `drawn` of `total`, of which `kind` are of it (hypergeometric)."""
    ways = [
        _log_choose(kind, number) + _log_choose(total - kind, drawn - number) - _log_choose(total, drawn)
        for number in range(found, min(drawn, kind) + 1)
    ]
    return min(CERTAIN, sum(map(exp, ways)))


def _log_choose(total: int, number: int) -> float:
    if not 0 <= number <= total:
        return -float("inf")
    return lgamma(total + 1) - lgamma(number + 1) - lgamma(total - number + 1)


def _sum(months: Sequence[Month], column: str) -> int:
    return sum(month[column] for month in months)
