"""Turns towards closing, week by week, in the counts of a lab or a country (MEASURES 4.16).

At the end of each week the last 4, 6, 8, 13, 26 and 39 weeks are held against the 52 before them, and each signal says how many
times likelier its counts are if the side is closing than if it goes on as before. Looking at several lengths each week is the
CUSUM of a likelihood ratio (Page 1954, "Continuous Inspection Schemes", Biometrika 41): the short ones see a break at once, the
long ones a slow fall. How far a closing side changes is unknown, so a few sizes of change stand beside each other with equal
weight, and no limit on the size is needed. What was usual is not known either, only counted, so Jeffreys' prior stands for it:
a rate known from two releases proves little. What is counted are occasions, not models: a family of models is one decision, and
odds that took each of its repositories for one would say far too much. Two signals are no such counts; a test's chance becomes
odds by the bound of Sellke, Bayarri and Berger (2001, "Calibration of p Values for Testing Precise Null Hypotheses", American
Statistician 55).

Together: over the same weeks, two signals have turned, and all signals' odds multiplied are large. A signal enters that product
as the mean of its odds and 1, because a side closes in some ways and not in others. Nothing is drawn.

Not here: the counts themselves (sql/staging/retreat_weeks), months (sql/marts/retreat_watch).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, e, log
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BEFORE_WEEKS = 52
RECENT_WEEKS = (4, 6, 8, 13, 26, 39)
FALLS = (0.1, 0.3, 0.5)
"""Releases of a closing side, as shares of before."""
CLOSED_PARTS = (0.4, 0.7, 0.9)
"""How many of the releases that would have been open a closing side gates, or puts under a licence that is not permissive."""
WITHDRAWAL_RISES = (3, 10, 30)
"""Withdrawals of a closing side, as multiples of before."""
TURNED_ODDS = 2.0
"""A signal has turned when closing makes its counts so many times likelier."""
LEAST_TURNED = 2
TOGETHER_ODDS = 100.0
"""All signals' odds, multiplied.

Chosen on the rehearsal worlds of seeds 1 to 30, of 60 and 104 weeks, as they are and with two releases in five made families of two
to four: fewer than one side-month in a thousand is flagged without a cause in each.
"""
LEAST_WITHDRAWN = 3
LEAST_WAIT_WEEKS = 26
FLAGSHIP_WEEKS = 104
"""A wait is judged by how many weeks brought an open flagship in so many up to the last one."""
FLAGSHIP_DOUBT = 10
"""One very large model raises the bar for two years and makes a wait by itself, so a wait has to be so much less likely."""
BLOCK_WEEKS = 4
"""The share of own repositories moves slowly; four weeks of it count as one observation."""
LEAST_OWN_REPO_STEP = 0.1
MOST_ODDS = 5.0
"""More than that is not believed of a flagship's wait or of own repositories: their weeks are not independent of each other."""
LARGEST_ODDS = 1e9
"""Of one signal; beyond it nothing is left to tell."""
NODES = 256
"""Of the Gauss-Chebyshev rule, which is exact for so many releases twice over."""
SIGNALS: Final = ("cadence", "flagship", "gated", "licences", "own_repos", "withdrawn")
SCHEMA = {"is_turning": pl.Boolean, "turned": pl.String, "turn_odds": pl.Float64}
_CLOSED_RATES = np.sin(np.pi * (np.arange(NODES) + 0.5) / (2 * NODES)) ** 2
"""Shares of closed releases, of equal weight under Jeffreys' prior."""


def retreat(weeks: pl.DataFrame) -> pl.DataFrame:
    """Give (week, level, side, is_turning, turned, turn_odds) as told at the week's end, nulls where it can't be told yet.

    Needs the weeks of each (level, side) in order and without a hole: occasions (releases, n_gated, n_non_permissive, withdrawn),
    has_open_flagship, own_repo_flow and root_flow, of which the last two may be null.
    """
    verdicts = [_verdicts(side) for _, side in weeks.group_by("level", "side", maintain_order=True)]
    told = pl.concat(verdicts) if verdicts else pl.DataFrame(schema=SCHEMA)
    return pl.concat([weeks.select("week", "level", "side"), told], how="horizontal")


def _verdicts(weeks: pl.DataFrame) -> pl.DataFrame:
    """Give SCHEMA for one side: of the lengths at which two signals turned, or of all, the one with the largest odds."""
    odds = _odds(weeks)
    has_turned = odds >= TURNED_ODDS
    are_two = has_turned.sum(axis=1) >= LEAST_TURNED
    together = np.exp(np.log((1 + odds) / 2).sum(axis=1))
    rows: list[tuple[bool | None, str | None, float | None]] = []
    for week in range(weeks.height):
        lengths = [place for place, recent in enumerate(RECENT_WEEKS) if week + 1 >= BEFORE_WEEKS + recent]
        if not lengths:
            rows.append((None, None, None))
            continue
        best = max(lengths, key=lambda place: (are_two[place, week], together[place, week]))
        turned = [name for name, is_so in zip(SIGNALS, has_turned[best, :, week], strict=True) if is_so]
        is_turning = bool(are_two[best, week] and together[best, week] >= TOGETHER_ODDS)
        rows.append((is_turning, ",".join(turned), float(together[best, week])))
    return pl.DataFrame(rows, SCHEMA, orient="row")


def _odds(weeks: pl.DataFrame) -> Floats:
    """Give (lengths of the recent past, SIGNALS, weeks) of each signal's odds, 1 where there is nothing to say."""
    found = np.ones((len(RECENT_WEEKS), len(SIGNALS), weeks.height))
    wait = _wait_odds(weeks["has_open_flagship"].to_numpy())
    own = _blocks(weeks["own_repo_flow"], weeks["root_flow"])
    for place, recent in enumerate(RECENT_WEEKS):
        since = BEFORE_WEEKS + recent - 1
        if since >= weeks.height:
            break
        releases = _before_and_recent(weeks["releases"], recent)
        gated, closed, gone = (
            _before_and_recent(weeks[name], recent) for name in ("n_gated", "n_non_permissive", "withdrawn")
        )
        found[place, :, since:] = (
            rate_odds(*releases, recent, FALLS),
            wait[since:],
            share_odds(gated, releases),
            share_odds(closed, releases),
            _own_odds(own, recent)[since:],
            np.where(gone[1] >= LEAST_WITHDRAWN, rate_odds(*gone, recent, WITHDRAWAL_RISES), 1.0),
        )
    return found


def _before_and_recent(counts: pl.Series, recent: int) -> tuple[Floats, Floats]:
    """Give the sums over BEFORE_WEEKS and over the `recent` weeks after them, for each week that has as many up to it."""
    sums = np.concatenate([[0.0], np.cumsum(counts.to_numpy())])
    turn = sums[BEFORE_WEEKS : len(sums) - recent]
    return turn - sums[: len(turn)], sums[BEFORE_WEEKS + recent :] - turn


def rate_odds(before: Floats, found: Floats, recent: int, changes: tuple[float, ...]) -> Floats:
    """Give how many times likelier `found` in the recent weeks is if the rate has become one of `changes` times the former.

    Poisson counts, the former rate known from `before` alone (gamma, Jeffreys).
    """
    part, shape = recent / BEFORE_WEEKS, before + 0.5
    return _mean([found * log(change) + (shape + found) * log((1 + part) / (1 + part * change)) for change in changes])


def share_odds(kind: tuple[Floats, Floats], all_: tuple[Floats, Floats]) -> Floats:
    """Give how many times likelier so many of a closed kind are if one of CLOSED_PARTS of the open ones became so.

    Both in (before, recent). Binomial counts, the former share known from before alone (beta, Jeffreys).
    """
    (former, found), (known, total) = ([counts[:, None] for counts in both] for both in (kind, all_))
    usual = former * np.log(_CLOSED_RATES) + (known - former) * np.log(1 - _CLOSED_RATES)

    def log_chance(rates: Floats) -> Floats:
        chances = usual + found * np.log(rates) + (total - found) * np.log(1 - rates)
        return np.asarray(np.logaddexp.reduce(chances, axis=1))

    going_on = log_chance(_CLOSED_RATES)
    odds = _mean([log_chance(_CLOSED_RATES + (1 - _CLOSED_RATES) * part) - going_on for part in CLOSED_PARTS])
    return np.asarray(np.where(all_[0] > 0, odds, 1.0))


def _mean(log_odds: Sequence[Floats]) -> Floats:
    return np.asarray(np.mean(np.exp(np.minimum(log_odds, log(LARGEST_ODDS))), axis=0))


def _wait_odds(has_flagship: NDArray[np.bool_]) -> Floats:
    """Give the odds of the weeks since the last open flagship, 1 before the first and for less than half a year.

    Weeks with an open flagship are counted, not models, because a flagship comes as a bundle of repositories.
    """
    place = np.arange(len(has_flagship))
    last = np.maximum.accumulate(np.where(has_flagship, place, -1))
    sums = np.concatenate([[0], np.cumsum(has_flagship)])
    former = np.minimum(last + 1, FLAGSHIP_WEEKS)
    launches = sums[last + 1] - sums[last + 1 - former]
    wait = place - last
    chance = (former / np.maximum(former + wait, 1)) ** launches
    is_long = (last >= 0) & (wait >= LEAST_WAIT_WEEKS)
    return np.asarray(np.where(is_long, odds_of(np.minimum(FLAGSHIP_DOUBT * chance, 1.0)), 1.0))


def _blocks(own: pl.Series, family: pl.Series) -> Floats:
    """Give the share that own repositories have of the family's downloads in the BLOCK_WEEKS up to each week; NaN if unknown."""
    sums = [series.cast(pl.Float64).rolling_sum(BLOCK_WEEKS).to_numpy() for series in (own, family)]
    unknown = np.full(len(own), np.nan)
    return np.asarray(np.divide(sums[0], sums[1], out=unknown, where=np.nan_to_num(sums[1]) > 0))


def _own_odds(shares: Floats, recent: int) -> Floats:
    """Give the odds that own repositories lose, if all recent blocks are ten points under every block of the year before.

    Of all orders of the blocks, one set in so many has the smallest as the last ones.
    """
    late, early = recent // BLOCK_WEEKS, BEFORE_WEEKS // BLOCK_WEEKS
    columns = [_shifted(shares, BLOCK_WEEKS * back) for back in range(late + early)]
    is_lost = np.max(columns[:late], axis=0) <= np.min(columns[late:], axis=0) - LEAST_OWN_REPO_STEP
    return np.where(is_lost, odds_of(np.full(len(shares), 1 / comb(late + early, late))), 1.0)


def _shifted(values: Floats, by: int) -> Floats:
    return np.concatenate([np.full(min(by, len(values)), np.nan), values[: max(len(values) - by, 0)]])


def odds_of(chance: Floats) -> Floats:
    """Give the largest odds that a test's chance can stand for, from 1 to MOST_ODDS (Sellke, Bayarri and Berger 2001)."""
    small = np.clip(chance, 1e-300, 1 / e)
    return np.asarray(np.minimum(MOST_ODDS, 1 / (-e * small * np.log(small))))
