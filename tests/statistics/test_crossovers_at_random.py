"""Sides that overtake each other, draw level and vanish at random, against the rule for a crossover written out in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from itertools import combinations, groupby, pairwise
from math import log
from statistics import median
from typing import Any

import polars as pl
import pytest

from dagster_project.statistics.crossovers import crossovers

WEEKS = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(70)]
SIDES = ["CN", "DE", "FR", "GB", "IN", "JP", "KR", "US"]
NAMES = ["leads_now", "crossover_week", "leads_after", "held_weeks", "reversals"]
Key = tuple[str, str, date]


def draw(dice: random.Random) -> dict[Key, dict[str, float]]:
    """Give the downloads of each lab by scope, side and week: leads that hold for some weeks, ties, and weeks without any."""
    flows: dict[Key, dict[str, float]] = defaultdict(dict)
    for scope in ("S1", "S2"):
        for side in SIDES:
            level, labs = 100.0, dice.randrange(1, 4)
            for week in WEEKS:
                level = dice.choice([0.25, 0.5, 50.0, 100.0, 100.0, 200.0]) if dice.random() < 0.12 else level
                for lab in range(labs):
                    if dice.random() < 0.97:
                        flows[scope, side, week][f"{side}{lab}"] = (
                            level if level < 1 else round(level * dice.uniform(0.8, 1.2), 3)
                        )
    return flows


def told(firsts: list[float], seconds: list[float], first: str, second: str) -> dict[str, Any]:
    """Judge one pair: who leads by the median of four weeks, and when a lead of eight passed over."""
    ratios = [log(max(one, 1)) - log(max(other, 1)) for one, other in zip(firsts, seconds, strict=True)]
    medians = [median(ratios[place : place + 4]) for place in range(len(ratios) - 3)]
    leads = [first if middle > 0 else second if middle < 0 else None for middle in medians]
    runs, place = [], 0
    for side, run in groupby(leads):
        length = len(list(run))
        runs.append((side, place, length))
        place += length
    held = [run for run in runs if run[0] and run[2] >= 8]
    turns = [later for former, later in pairwise(held) if former[0] != later[0]]
    named = [side for side in leads if side]
    changes = sum(one != other for one, other in pairwise(named))
    told = {
        "leads_now": leads[-1],
        "crossover_week": None,
        "leads_after": None,
        "held_weeks": None,
        "reversals": changes,
    }
    if turns:
        side, place, length = turns[-1]
        # The median's last week is the third after its first; the crossover is the week before that.
        told |= {
            "crossover_week": WEEKS[place + 2],
            "leads_after": side,
            "held_weeks": length,
            "reversals": changes - 1,
        }
    return told


@pytest.mark.parametrize("seed", range(4))
def test_every_pair_is_told_by_the_rule_in_every_scope(seed: int) -> None:
    flows = draw(random.Random(seed))
    rows = [
        ("country", side, lab, scope, "root", week, flow, 0.1, WEEKS[-1])
        for (scope, side, week), labs in flows.items()
        for lab, flow in labs.items()
    ]
    columns = ["level", "side", "lab", "scope", "credit", "week", "downloads_flow", "unknown_share", "as_of"]
    found = crossovers(pl.DataFrame(rows, columns, orient="row")).rows(named=True)
    expected = {
        (scope, first, second): told(
            *([sum(flows[scope, side, week].values()) for week in WEEKS] for side in (first, second)), first, second
        )
        for scope in ("S1", "S2")
        for first, second in combinations(SIDES, 2)
    }
    assert {
        (row["scope"], row["side_a"], row["side_b"]): {name: row[name] for name in NAMES} for row in found
    } == expected
    assert sum(row["crossover_week"] is not None for row in found) > 10
