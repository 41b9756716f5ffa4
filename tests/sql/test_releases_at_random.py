"""A hundred models that change owner, licence and gate, leave, return and fall silent, against MEASURES written out in Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import pytest

from .history import HOUR, History, model, two_labs

SEED = 20261123
MODELS, SNAPSHOTS = 150, 26
FIRST_DAY = date(2026, 1, 5)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
LABS = {"acme": ("acme", "US"), "base": ("base", "CN"), "zed": ("hf:zed", "UNKNOWN")}
CLASSES = {
    "mit": "permissive", "gpl-3.0": "copyleft", "cc-by-nc-4.0": "non-commercial", "made-up": "UNKNOWN", None: "none",
}  # fmt: skip
LEAST_PEAK = 10_000
ASKED = (
    "core.weekly_flow", "marts.openness", "marts.openness_tier",
    "staging.retreat_months", "staging.staying_spells", "marts.relative_adoption",
)  # fmt: skip
AGES = (7, 14, 30, 60, 90, 180, 365)


class Record(NamedTuple):
    """What a snapshot says of a model."""

    namespace: str
    licence: str | None
    gate: str
    total: int | None


class Drawn(NamedTuple):
    """One model, its records by day, and the days on which its record could not be read."""

    created_at: datetime
    is_quantised: bool
    records: dict[date, Record]
    unreadable: set[date]

    @property
    def first(self) -> Record:
        return self.records[min(self.records)]

    @property
    def last_on(self) -> date:
        return max({*self.records, *self.unreadable})

    @property
    def counted_until(self) -> date:
        """The day on which its counter was last told."""
        return max((day for day, record in self.records.items() if record.total is not None), default=date.min)

    def standing(self, week: date) -> Record:
        """Give what stood at the end of a week; before anything was told, what was told first."""
        return self.records[max((day for day in self.records if day < week + WEEK), default=min(self.records))]

    def born(self) -> tuple[str, str]:
        return LABS[self.standing(monday(self.created_at.date())).namespace]


class World(NamedTuple):
    history: History
    days: list[date]
    models: dict[str, Drawn]
    flow: dict[str, dict[date, float]]
    weeks: set[date]

    def gone_on(self, drawn: Drawn) -> date | None:
        return next((day for day in self.days if day > drawn.last_on), None)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def draw(dice: random.Random, days: list[date]) -> Drawn:
    """Make a model that grows, rests or dies away, under terms that may change, and that may be away, torn or silent."""
    created_at = midnight(FIRST_DAY) + DAY * dice.uniform(-100, 150)
    record = Record(dice.choice(list(LABS)), dice.choice(list(CLASSES)), dice.choice(["false", "false", "auto"]), 0)
    drawn = Drawn(created_at, dice.random() < 0.2, {}, set())
    total, rate, decay = 0.0, float(dice.choice([0, 50, 2_000, 20_000])), dice.choice([0.4, 0.8, 1.0, 1.1])
    silent_from, away_from, back_from = (dice.choice(days[-8:]), *sorted(dice.sample(days[5:], 2)))
    has = {what: dice.random() < 0.15 for what in ("silence", "tear", "absence")}
    for day in days:
        if created_at >= datetime.combine(day, time(HOUR)):
            continue
        total, rate = total + rate * dice.uniform(0.8, 1.2), rate * decay
        if dice.random() < 0.03:
            record = dice.choice(
                [
                    record._replace(namespace=dice.choice(list(LABS))),
                    record._replace(licence=dice.choice(list(CLASSES))),
                    record._replace(gate=dice.choice(["false", "manual"])),
                ]
            )
        if has["absence"] and away_from <= day < back_from:
            continue
        if drawn.records and (dice.random() < 0.02 or (has["tear"] and day >= silent_from)):
            drawn.unreadable.add(day)
        else:
            is_silent = dice.random() < 0.02 or (has["silence"] and day >= silent_from)
            drawn.records[day] = record._replace(total=None if is_silent and drawn.records else int(total))
    return drawn


def told(name: str, drawn: Drawn, record: Record) -> dict[str, Any]:
    tags = [f"license:{record.licence}"] if record.licence else []
    tags += ["base_model:quantized:ghost/never"] if drawn.is_quantised else []
    said = {"created_at": drawn.created_at, "tags": tags, "gated": record.gate, "total": record.total}
    return model(name, model_name=f"{record.namespace}/{name}", **said)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    dice, days = random.Random(SEED), [FIRST_DAY]
    while len(days) < SNAPSHOTS:
        days.append(days[-1] + timedelta(days=dice.choice([3, 4, 7, 7, 7, 7, 7, 7, 9, 16])))
    drawn = {f"m{number}": draw(dice, days) for number in range(MODELS)}
    models = {name: one for name, one in drawn.items() if one.records}
    history = two_labs(tmp_path_factory.mktemp("releases_at_random"))
    for day in days:
        rows = [told(name, one, one.records[day]) for name, one in models.items() if day in one.records]
        # So many downloads that the Hub as a whole never seems to stand still.
        rows.append(model("steady", total=10_000_000 * (day - FIRST_DAY).days, model_name="hub/steady"))
        history.day(day, *rows, unreadable=[name for name, one in models.items() if day in one.unreadable])
    history.build().rows(f"select 1 from {', '.join(ASKED)} limit 0")  # Made together, they are made once.
    flow: dict[str, dict[date, float]] = defaultdict(dict)
    for row in history.rows("select * from core.weekly_flow where not is_estimate and hub_id <> 'steady'"):
        flow[row["hub_id"]][row["week"]] = float(row["downloads_flow"])
    weeks = history.rows("select week from staging.weeks where source is not null")
    return World(history, days, models, flow, {row["week"] for row in weeks})


def test_a_tier_counts_what_was_first_recorded(world: World) -> None:
    expected: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    for one in world.models.values():
        is_gated = one.first.gate != "false"
        is_open = CLASSES[one.first.licence] == "permissive" and not is_gated
        counts = {"models": 1, "open": is_open, "gated": is_gated, "own": not one.is_quantised}
        expected[quarter(one.created_at.date()), one.born()[0]].update(counts)
    rows = world.history.rows("select * from marts.openness_tier where level = 'lab' and side <> 'hf:hub'")
    assert len(rows) == len(expected)
    for row in rows:
        counts = expected[row["quarter"], row["side"]]
        assert (row["n_models"], row["n_own"]) == (counts["models"], counts["own"])
        assert row["open_share"] == pytest.approx(counts["open"] / counts["models"])
        assert row["gated_share"] == pytest.approx(counts["gated"] / counts["models"])


def test_downloads_follow_owner_licence_and_gate_of_their_week(world: World) -> None:
    expected: dict[tuple[date, str, str], float] = defaultdict(float)
    gated: dict[tuple[date, str, str], float] = defaultdict(float)
    for name, weeks in world.flow.items():
        for week, downloads in weeks.items():
            record = world.models[name].standing(week)
            for day in (week + DAY * place for place in range(7)):
                key = (quarter(day), LABS[record.namespace][1], CLASSES[record.licence])
                expected[key] += downloads / 7
                gated[key] += downloads / 7 * (record.gate != "false")
    rows = world.history.rows(
        """select quarter, side, licence_class, sum(downloads_flow * (1 - coalesce(estimated_share, 0))) as downloads,
            sum(downloads_flow * gated_downloads_share) as gated
        from marts.openness where level = 'country' and side <> 'UNKNOWN' group by all"""
    )
    found = {(row["quarter"], row["side"], row["licence_class"]): row for row in rows if row["downloads"]}
    known = {key: downloads for key, downloads in expected.items() if key[1] != "UNKNOWN" and downloads}
    assert {key: row["downloads"] for key, row in found.items()} == pytest.approx(known, rel=1e-6)
    assert {key: row["gated"] for key, row in found.items()} == pytest.approx(
        {key: gated[key] for key in known}, rel=1e-6
    )


def test_each_month_of_a_lab_counts_releases_and_withdrawals(world: World) -> None:
    expected: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    for one in world.models.values():
        lab, country = one.born()
        if country == "UNKNOWN" or one.is_quantised:
            continue
        stated = next((one.records[day].licence for day in sorted(one.records) if one.records[day].licence), None)
        is_open, is_gated = stated == "mit" and one.first.gate == "false", one.first.gate != "false"
        counts = {"releases": 1, "open": is_open, "gated": is_gated, "closed": stated != "mit"}
        expected[one.created_at.date().replace(day=1), lab].update(counts)
        if gone_on := world.gone_on(one):
            expected[(gone_on - DAY).replace(day=1), lab]["withdrawn"] += 1
    rows = world.history.rows("select * from staging.retreat_months where level = 'lab'")
    assert {(row["month"], row["side"]) for row in rows} >= expected.keys()
    for row in rows:
        counts = expected[row["month"], row["side"]]
        found = (row["releases"], row["n_open"], row["n_gated"], row["n_non_permissive"], row["withdrawn"])
        assert found == tuple(counts[what] for what in ("releases", "open", "gated", "closed", "withdrawn"))


def test_a_model_stands_until_its_28_days_bring_less_than_half_of_the_best(world: World) -> None:
    whole = sorted(week for week in world.weeks if world.weeks >= {week - WEEK * back for back in range(4)})
    expected = {}
    for name, one in world.models.items():
        gone_on = world.gone_on(one)
        # Once it left, what a counter tells no more is nothing.
        known_until = date.max if gone_on and one.counted_until == one.last_on else one.counted_until
        sums = {week: sum(world.flow[name].get(week - WEEK * back, 0) for back in range(4)) for week in whole}
        known = {week: downloads for week, downloads in sums.items() if week + WEEK <= known_until}
        if one.is_quantised or max(known.values(), default=0) < LEAST_PEAK:
            continue
        peak_on = max(known, key=lambda week: (known[week], -week.toordinal()))
        after = [week for week in known if week > peak_on and (not gone_on or week + WEEK <= one.last_on)]
        fell_on = next((week for week in after if known[week] < known[peak_on] / 2), None)
        ended_on = fell_on or max(after, default=peak_on)
        expected[name] = (peak_on, (ended_on - peak_on).days // 7, fell_on is not None)
    rows = world.history.rows("select * from staging.staying_spells inner join staging.model_keys using (model_key)")
    found = {row["hub_id"]: (row["peak_on"], row["weeks"], row["is_fallen"]) for row in rows}
    del found["steady"]
    assert found == expected
    assert {is_fallen for _peak, _weeks, is_fallen in expected.values()} == {True, False}


def test_downloads_at_an_age_are_those_of_the_weeks_up_to_it_if_all_are_known(world: World) -> None:
    expected = {}
    for name, one in world.models.items():
        seen = world.days.index(min(one.records))
        is_born = seen > 0 and one.created_at > datetime.combine(world.days[seen - 1], time(HOUR))
        is_large = any((record.total or 0) >= LEAST_PEAK for record in one.records.values())
        if one.is_quantised or not is_born or not (is_large or one.born()[1] != "UNKNOWN"):
            continue
        known_until = min(one.counted_until, one.last_on if world.gone_on(one) else date.max)
        for age in AGES:
            reached_at, downloads, week = one.created_at + DAY * age, 0.0, monday(one.created_at.date())
            while week in world.weeks and week + WEEK <= known_until and midnight(week) < reached_at:
                lived = midnight(week + WEEK) - max(midnight(week), one.created_at)
                counted = min(reached_at, midnight(week + WEEK)) - max(midnight(week), one.created_at)
                downloads += world.flow[name].get(week, 0) * (counted / lived)
                week += WEEK
            if midnight(week) >= reached_at:
                expected[name, age] = downloads
    rows = world.history.rows("select hub_id, age_days, downloads from marts.relative_adoption where version = 'v1'")
    assert {(row["hub_id"], row["age_days"]): row["downloads"] for row in rows} == pytest.approx(expected, rel=1e-5)
