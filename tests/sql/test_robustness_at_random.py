"""Whether leads hold, how concentrated they are and why they moved, in the world of test_shares_at_random, added up in Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from .history import History
from .test_shares_at_random import CREDITS, LOST, MONDAYS, WEEK, World, heirs_of, history, lab_of, world

__all__ = ["history", "world"]
WEEKS = MONDAYS[:-1]
ARGUED = "lab,other_country,valid_from,valid_to,known_from,source_url,read_on,confidence,note\n"
LARGEST = 10
Shares = dict[tuple[Any, ...], list[float | None]]


class Brought(NamedTuple):
    """What a model brought in a week to one of those who get the credit, and who that is."""

    model: str
    heir: str
    lab: str
    country: str
    flow: float


def brought(world: World, week: date, scope: str, credit: str) -> list[Brought]:
    seen = [day for day in world.days if day < week + WEEK][-1]
    owners = {name: drawn.owners[seen] for name, drawn in world.models.items()} | LOST
    labs = {owner: lab_of(world, owner, week) for owner in set(owners.values())}
    return [
        Brought(name, heir, *labs[owners[heir]], 7 * drawn.daily[WEEKS.index(week)] * part)
        for name, drawn in world.models.items()
        if scope == "S1" or drawn.is_language
        for heir, part in heirs_of(world, name, credit).items()
    ]


def doubted(world: World, week: date, scope: str) -> dict[str, set[str]]:
    """Name the models that are left out of a week for each reason."""
    seen = [day for day in world.days if day < week + WEEK][-1]
    flows = {one.model: one.flow for one in brought(world, week, scope, "publisher")}
    flagged = set()
    for name, drawn in world.models.items():
        if drawn.falls_on:
            place = world.days.index(drawn.falls_on)
            is_touched = world.days[place - 1] < week + WEEK and world.days[place + 1] > week
            flagged |= {name} if is_touched else set()
    return {
        "nothing": set(),
        "flagged": flagged,
        "largest_models": set(sorted(flows, key=lambda name: -flows[name])[:LARGEST]),
        "quantised": {name for name, drawn in world.models.items() if drawn.is_quantised and drawn.parents},
        "gated": {name for name, drawn in world.models.items() if seen in drawn.gated_on},
    }


def by_country(rows: list[Brought]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        sums[row.country] += row.flow
    return sums


def judged(flows: dict[str, float], country: str, *, own: float = 0) -> list[float | None]:
    """Give downloads, share of total, share of known, lead and unknown share of a country, its own largest lab left out."""
    total, known = sum(flows.values()) - own, sum(flows.values()) - flows.get("UNKNOWN", 0) - own
    total, known, flow = (round(downloads, 6) for downloads in (total, known, flows[country] - own))
    rival = max(
        (other for name, other in flows.items() if name not in (country, "UNKNOWN", "INTERNATIONAL")), default=0
    )
    of_known = flow / known if known else None
    is_reviewed = country != "UNKNOWN"
    lead = (flow - rival) / known if known and country not in ("UNKNOWN", "INTERNATIONAL") else None
    return [flow, flow / total if total else None, of_known if is_reviewed else None, lead,
            (total - known) / total if total else None]  # fmt: skip


@pytest.fixture(scope="module")
def argued(history: History, world: World) -> History:
    """Say that the homes of two labs are argued about, of one in the second half only."""
    turn = MONDAYS[5] + timedelta(days=2)
    source = "2026-01-01,,2026-01-01,low,general knowledge\n"
    text = f"{ARGUED}alpha,US,,{turn},{source}alpha,JP,{turn},,{source}beta,FR,{turn},,{source}"
    (history.registry / "arguable_homes.csv").write_text(text)
    history.build().rows("select 1 from marts.share_robustness, marts.concentration, marts.share_changes limit 0")
    return history


def other_home(lab: str, country: str, week: date) -> str:
    is_later = week > MONDAYS[5]
    return {"alpha": "JP" if is_later else "US", "beta": "FR" if is_later else country}.get(lab, country)


@pytest.mark.parametrize("credit", CREDITS)
def test_what_is_doubted_is_left_out_of_both_sides_of_every_share(argued: History, world: World, credit: str) -> None:
    expected = {}
    for week in WEEKS:
        for scope in ("S1", "S2"):
            rows = brought(world, week, scope, credit)
            whole = by_country(rows)
            for reason, models in doubted(world, week, scope).items():
                left = dict.fromkeys(whole, 0.0) | by_country([row for row in rows if row.model not in models])
                expected |= {(week, scope, reason, country): judged(left, country) for country in whole}
            labs: dict[tuple[str, str], float] = defaultdict(float)
            for row in rows:
                labs[row.country, row.lab] += row.flow
            for country in whole.keys() - {"UNKNOWN"}:
                own = max(flow for (home, _lab), flow in labs.items() if home == country)
                expected[week, scope, "own_lab", country] = judged(whole, country, own=own)
            switched = by_country([row._replace(country=other_home(row.lab, row.country, week)) for row in rows])
            expected |= {(week, scope, "arguable_homes", country): judged(switched, country) for country in switched}
    rows = argued.rows(
        "select week, scope, left_out, country, downloads_flow, share_of_total, share_of_known, lead, unknown_share"
        f" from marts.share_robustness where credit = '{credit}' and week < date '{MONDAYS[-1]}'"
    )
    found = {tuple(row.values())[:4]: list(row.values())[4:] for row in rows}
    assert found.keys() == expected.keys()
    assert differing(found, expected) == []


def differing(found: Shares, expected: Shares) -> list[str]:
    """Tell every row of which a number is not what it should be."""
    return [
        f"{key}: {found[key]}, not {told}"
        for key, told in expected.items()
        if [number is None for number in found[key]] != [number is None for number in told]
        or [number or 0 for number in found[key]] != pytest.approx([number or 0 for number in told], rel=1e-6, abs=1e-6)
    ]


def spread(flows: dict[str, float]) -> list[float]:
    """Give HHI, Gini, CR1, CR4, CR10, CR100 and how many there are, of those with any."""
    shares = sorted((flow / sum(flows.values()) for flow in flows.values() if flow), reverse=True)
    apart = sum(abs(one - other) for one in shares for other in shares)
    return [
        10_000 * sum(share**2 for share in shares),
        apart / (2 * len(shares)),
        *(sum(shares[:many]) for many in (1, 4, 10, 100)),
        len(shares),
    ]


@pytest.mark.parametrize("credit", CREDITS)
def test_concentration_is_of_labs_countries_and_models_each_by_itself(
    argued: History, world: World, credit: str
) -> None:
    expected = {}
    for week in WEEKS:
        for scope in ("S1", "S2"):
            sums: dict[str, dict[str, float]] = {level: defaultdict(float) for level in ("lab", "country", "model")}
            for row in brought(world, week, scope, credit):
                sums["lab"][row.lab] += row.flow
                sums["model"][row.heir] += row.flow
                sums["country"][row.country] += row.flow * (row.country != "UNKNOWN")
            expected |= {(week, scope, level): spread(flows) for level, flows in sums.items()}
    rows = argued.rows(
        "select week, scope, level, hhi, gini, cr1, cr4, cr10, cr100, n from marts.concentration"
        f" where credit = '{credit}' and scope in ('S1', 'S2') and week < date '{MONDAYS[-1]}'"
    )
    found = {tuple(row.values())[:3]: list(row.values())[3:] for row in rows}
    assert found.keys() == expected.keys()
    assert [found[key] for key in expected] == [pytest.approx(told, rel=1e-6) for told in expected.values()]


def test_a_share_moves_by_the_young_the_risen_the_fallen_and_the_moved(argued: History, world: World) -> None:
    expected: dict[tuple[date, str, str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for week, former_week in zip(WEEKS[4:], WEEKS, strict=False):
        for scope in ("S1", "S2"):
            now, then = brought(world, week, scope, "publisher"), brought(world, former_week, scope, "publisher")
            total_now, total_then = sum(row.flow for row in now), sum(row.flow for row in then)
            for row, former in zip(now, then, strict=True):
                moved, held = row.flow / total_now, former.flow / total_then
                age = (week + WEEK) - world.models[row.model].created_at.date()
                part = "entry" if age <= timedelta(days=90) else "growth" if moved > held else "decay"
                for level, side, former_side in (
                    ("country", row.country, former.country),
                    ("lab", row.lab, former.lab),
                ):
                    expected[week, scope, level, side][part] += moved - held
                    expected[week, scope, level, side]["reclassification"] += held * (side != former_side)
                    expected[week, scope, level, former_side]["reclassification"] -= held * (side != former_side)
                    expected[week, scope, level, side]["share_now"] += moved
                    expected[week, scope, level, former_side]["share_then"] += held
    columns = ["entry", "growth", "decay", "reclassification", "share_now", "share_then"]
    rows = argued.rows(
        f"select week, scope, level, side, {', '.join(columns)}, change from marts.share_changes"
        f" where weeks_back = 4 and week < date '{MONDAYS[-1]}'"
    )
    assert [row["change"] for row in rows] == [pytest.approx(row["share_now"] - row["share_then"]) for row in rows]
    found = {tuple(row.values())[:4]: [row[column] for column in columns] for row in rows}
    told = {key: [parts[column] for column in columns] for key, parts in expected.items()}
    assert {key: told[key] for key in told if any(told[key])}.keys() <= found.keys()
    assert [found[key] for key in found] == [pytest.approx(told[key], abs=1e-9) for key in found]
