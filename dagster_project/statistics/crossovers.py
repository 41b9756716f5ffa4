"""When one side overtook another in weekly downloads, and how sure that is (MEASURES 4, item 8).

A lead is the sign of the median of the log ratio over MEDIAN_WEEKS; it counts when it holds for HELD_WEEKS. A crossover is
where the lead that counts passes from one side to the other.
Not here: which weeks and sides are looked at (sql/marts/crossovers, sql/staging/contenders).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Signs = NDArray[np.int8]

MEDIAN_WEEKS = 4
HELD_WEEKS = 8
LEAST_FLOW = 1.0
"""Downloads a week that a side counts with at least: a ratio to nothing has no logarithm."""
RESAMPLES = 500
INTERVAL = (0.025, 0.975)
NEAR_WEEKS = 1
"""A median of four weeks dates a turn to a week; no resample shows that, so the interval is so much wider on either side."""
BLOCK_WEEKS = 8
"""Weeks that are drawn together, because one week's surprise lasts into the next: a release's burst fades within eight."""
TREND_WEEKS = 9
UNITS_PER_DOWNLOAD = 1000
"""Flows are added up as whole thousandths: such sums are exact in floats, whatever order or thread adds them."""
NONE = -1
KEYS = ["level", "scope", "credit"]
SCHEMA = {
    "level": pl.String,
    "side_a": pl.String,
    "side_b": pl.String,
    "scope": pl.String,
    "credit": pl.String,
    "crossover_week": pl.Date,
    "leads_after": pl.String,
    "interval_low": pl.Date,
    "interval_high": pl.Date,
    "resample_share": pl.Float64,
    "held_weeks": pl.Int64,
    "reversals": pl.Int64,
    "leads_now": pl.String,
    "n_weeks": pl.Int64,
    "first_week": pl.Date,
    "last_week": pl.Date,
    "unknown_share": pl.Float64,
    "as_of": pl.Date,
}


@dataclass(frozen=True)
class Pair:
    """Two sides: the flows of the labs that each is made of, (labs, weeks) in units."""

    side_a: str
    side_b: str
    flows_a: Floats
    flows_b: Floats

    @property
    def ratio(self) -> Floats:
        """The log ratio, week by week."""
        return log_ratio(self.flows_a.sum(axis=0), self.flows_b.sum(axis=0))

    def name(self, sign: int) -> str | None:
        """Say who leads by the sign of the log ratio; None where nobody does."""
        return {1: self.side_a, -1: self.side_b}.get(int(sign))

    def resampled(self) -> Floats:
        """Give (resamples, weeks) of the log ratio: by the labs of both sides, by weeks where each is one lab alone."""
        if len(self.flows_a) == len(self.flows_b) == 1:
            return _redrawn_weeks(self.ratio, f"{self.side_a}|{self.side_b}")
        return log_ratio(_redrawn_labs(self.flows_a, self.side_a), _redrawn_labs(self.flows_b, self.side_b))


def crossovers(flows: pl.DataFrame) -> pl.DataFrame:
    """Give SCHEMA for every pair of sides, from weekly flows by (level, side, lab, scope, credit, week), each at most once.

    `lab` is what a side is made of. A row that is not there is a week without downloads. Every scope and credit of a level
    has every pair of the level, over all weeks of the input.
    """
    if flows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    weeks = flows["week"].unique().sort().to_list()
    sides = {level: sorted(set(part["side"])) for (level,), part in flows.group_by("level")}
    rows: list[tuple[Any, ...]] = []
    for key, part in sorted(flows.sort("side", "lab", "week").group_by(KEYS)):
        level, scope, credit = map(str, key)
        rest = (len(weeks), weeks[0], weeks[-1], part["unknown_share"][0], part["as_of"].max())
        by_side = {str(side): _by_lab(labs, weeks) for (side,), labs in part.group_by("side", maintain_order=True)}
        nothing = np.zeros((1, len(weeks)))
        pairs = [Pair(a, b, by_side.get(a, nothing), by_side.get(b, nothing)) for a, b in combinations(sides[level], 2)]
        signs = lead(np.asarray([pair.ratio for pair in pairs]))
        for pair, led, place in zip(pairs, signs, latest_turns(signs).tolist(), strict=True):
            rows.append((level, pair.side_a, pair.side_b, scope, credit, *_told(pair, led, place, weeks), *rest))
    return pl.DataFrame(rows, SCHEMA, orient="row")


def _by_lab(flows: pl.DataFrame, weeks: list[date]) -> Floats:
    """Give (labs, weeks) of flows in whole units, of the labs with any: one that had none must not be drawn for one that had."""
    labs = sorted(set(flows["lab"]))
    table = np.zeros((len(labs), len(weeks)))
    rows = np.searchsorted(np.asarray(labs), flows["lab"].to_numpy())
    columns = np.searchsorted(np.asarray(weeks, dtype="datetime64[D]"), flows["week"].to_numpy())
    table[rows, columns] = np.rint(flows["downloads_flow"].to_numpy() * UNITS_PER_DOWNLOAD)
    used = table[table.any(axis=1)]
    return used if len(used) else table[:1]


def _told(pair: Pair, signs: Signs, place: int, weeks: list[date]) -> tuple[Any, ...]:
    """Give what the table says of one pair, from crossover_week to leads_now."""
    led = signs[signs != 0]
    changes = int(np.count_nonzero(led[1:] != led[:-1]))
    leads_now = pair.name(signs[-1]) if len(signs) else None
    if place == NONE:
        return (None, None, None, None, None, None, changes, leads_now)
    sign = signs[place]
    found = latest_turns(lead(pair.resampled()), towards=sign)
    found = found[found != NONE]
    low, high = np.quantile(found if len(found) else [place], INTERVAL, method="inverted_cdf").tolist()
    return (
        _week_before(weeks, place),
        pair.name(sign),
        _week_before(weeks, min(int(low), place) - NEAR_WEEKS),
        _week_before(weeks, max(int(high), place) + NEAR_WEEKS),
        len(found) / RESAMPLES,
        int(np.argmax(np.append(signs[place:] != sign, True))),
        changes - 1,
        leads_now,
    )


def _week_before(weeks: list[date], place: int) -> date:
    """Give the week before the one that the median at `place` ends with."""
    return weeks[place + MEDIAN_WEEKS - 2]


def log_ratio(first: Floats, second: Floats) -> Floats:
    """Give the log of first / second, both in units, each at least LEAST_FLOW downloads."""
    least = LEAST_FLOW * UNITS_PER_DOWNLOAD
    return np.asarray(np.log(np.maximum(first, least)) - np.log(np.maximum(second, least)))


def lead(ratios: Floats) -> Signs:
    """Give the sign of the median of each MEDIAN_WEEKS in a row, along the last axis; that many weeks less one are lost."""
    if ratios.shape[-1] < MEDIAN_WEEKS:
        return np.zeros((*ratios.shape[:-1], 0), np.int8)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(ratios, MEDIAN_WEEKS, axis=-1), axis=-1)
    middle = MEDIAN_WEEKS // 2
    return np.asarray(np.sign(windows[..., middle - 1] + windows[..., middle]), np.int8)


def latest_turns(signs: Signs, towards: int = 0) -> Ints:
    """Give, for each row of signs, where a lead that holds last passed to the other side, NONE where none did.

    With `towards`, only turns to that side count.
    """
    held_by, before = np.zeros((2, len(signs)), np.int8)
    run = np.zeros(len(signs), np.int64)
    places = np.full(len(signs), NONE)
    for place, sign in enumerate(signs.T):
        run = np.where(sign == before, run + 1, 1)
        counts = (run == HELD_WEEKS) & (sign != 0)
        passed = counts & (held_by == -sign) & ((sign == towards) | (towards == 0))
        places[passed] = place - HELD_WEEKS + 1
        held_by = np.where(counts, sign, held_by)
        before = sign
    return places


def _redrawn_labs(flows: Floats, name: str) -> Floats:
    """Add up a side's labs, drawn anew with replacement, as many as it has."""
    labs = len(flows)
    return np.asarray(_draws(name).multinomial(labs, np.full(labs, 1 / labs), RESAMPLES) @ flows)


def _redrawn_weeks(ratio: Floats, name: str) -> Floats:
    """Add to the ratio's moving mean what that leaves, in blocks of weeks drawn anew."""
    weeks = len(ratio)
    kernel = np.ones(TREND_WEEKS)
    trend = np.convolve(ratio, kernel, "same") / np.convolve(np.ones(weeks), kernel, "same")
    starts = _draws(name).integers(0, weeks - BLOCK_WEEKS + 1, (RESAMPLES, -(-weeks // BLOCK_WEEKS)))
    places = (starts[:, :, None] + np.arange(BLOCK_WEEKS)).reshape(RESAMPLES, -1)[:, :weeks]
    return np.asarray(trend + (ratio - trend)[places])


def _draws(name: str) -> np.random.Generator:
    """Give the random numbers of a side or pair: by its name, so that no other row changes them."""
    return np.random.default_rng(zlib.crc32(name.encode()))
