"""What is planted in the truth happens when the scenario says: read from the true tables by a few lines of its own."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.world.cast import LABS
from dagster_project.rehearsal.world.scenario import (
    BAND_SHIFT,
    BASE_SWITCH,
    CLOSURE,
    CONCENTRATION,
    COUNTRY_CROSSOVER,
    LAB_CROSSOVER,
    QUARTER_WEEKS,
    RETREAT,
    WAVE,
)
from dagster_project.rehearsal.world.world import World

FIRST_WEEK = date(2026, 1, 5)
WEEKS, MODELS = 60, 6000


@pytest.fixture(scope="module")
def truth():
    return Truth(World(47, MODELS, WEEKS, FIRST_WEEK))


@pytest.fixture(scope="module")
def models(truth):
    return truth.releases.models


def monday(share, weeks=WEEKS):
    return FIRST_WEEK + timedelta(weeks=int(share * weeks))


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)


def lead_changes(shares, level, crossover, scope, credit):
    """Give the weeks in which another side leads than in the week before, and who leads at the end."""
    chosen = shares.filter(
        (pl.col("scope") == scope) & (pl.col("credit") == credit) & (pl.col("time_window") == "week")
    )
    flows = {
        side: dict(chosen.filter(pl.col(level) == side).select("week", "downloads_flow").iter_rows())
        for side in (crossover.gains, crossover.loses)
    }
    weeks = sorted(flows[crossover.gains])
    leads = [flows[crossover.gains][week] > flows[crossover.loses][week] for week in weeks]
    changes = [week for week, before, now in zip(weeks[1:], leads, leads[1:], strict=False) if before != now]
    return changes, leads[-1]


@pytest.mark.parametrize("scope", ["S1", "S2"])
def test_the_countries_and_the_labs_cross_in_the_planted_week(truth, scope):
    countries, labs = truth.share_by_country(), truth.share_by_lab()
    assert lead_changes(countries, "country", COUNTRY_CROSSOVER, scope, "publisher") == ([monday(0.55)], True)
    assert lead_changes(labs, "lab", LAB_CROSSOVER, scope, "publisher") == ([monday(0.45)], True)


@pytest.mark.parametrize(("seed", "size", "weeks"), [(1, 2000, 26), (8, 3000, 39)])
def test_they_cross_in_other_worlds_too(seed, size, weeks):
    truth = Truth(World(seed, size, weeks, FIRST_WEEK))
    found = lead_changes(truth.share_by_country(), "country", COUNTRY_CROSSOVER, "S1", "publisher")
    assert found == ([monday(0.55, weeks)], True)
    assert lead_changes(truth.share_by_lab(), "lab", LAB_CROSSOVER, "S2", "publisher")[0] == [monday(0.45, weeks)]


def test_by_root_credit_the_countries_cross_in_another_week(truth):
    changes, _ = lead_changes(truth.share_by_country(), "country", COUNTRY_CROSSOVER, "S1", "root")
    assert changes
    assert max(changes) < monday(0.55)


def test_the_table_of_crossovers_says_the_same(truth):
    found = truth.leads.crossovers().filter((pl.col("side_a") == "CN") & (pl.col("side_b") == "US"))
    rows = {(row["scope"], row["credit"]): row for row in found.iter_rows(named=True)}
    assert len(rows) == 12
    # The median of four weeks turns in the second or third week of the new lead; the table names the week before.
    near = {monday(0.55), monday(0.55) + timedelta(weeks=1)}
    assert {rows["S1", "publisher"]["crossover_week"], rows["S2", "publisher"]["crossover_week"]} <= near
    assert rows["S1", "publisher"]["leads_after"] == "CN"
    assert rows["S1", "publisher"]["reversals"] == 0
    assert rows["S1", "root"]["crossover_week"] not in near
    labs = truth.leads.crossovers().filter((pl.col("level") == "lab") & (pl.col("credit") == "publisher"))
    planted = labs.filter(pl.col("side_a").is_in([LAB_CROSSOVER.loses]) & (pl.col("side_b") == LAB_CROSSOVER.gains))
    (week,) = planted.filter(pl.col("scope") == "S1")["crossover_week"]
    assert monday(0.45) <= week <= monday(0.45) + timedelta(weeks=1)
    assert labs["crossover_week"].null_count() > 0


def test_the_parts_of_a_change_add_up_to_it(truth):
    later, earlier = monday(0.8), monday(0.8) - timedelta(weeks=13)
    chosen = (pl.col("credit") == "publisher") & (pl.col("time_window") == "week")
    shares = {
        (row["week"], row["scope"], row["country"]): row["share_of_total"]
        for row in truth.share_by_country().filter(chosen).iter_rows(named=True)
    }
    rows = truth.share_changes([(later, earlier)]).rows(named=True)
    assert {row["scope"] for row in rows} == {"S1", "S2"}
    for row in rows:
        key = row["scope"], row["side"]
        change = shares.get((later, *key), 0) - shares.get((earlier, *key), 0)
        assert row["entry"] + row["growth"] + row["decay"] == pytest.approx(change, abs=1e-12)


def test_the_market_concentrates_and_then_spreads(truth):
    chosen = (pl.col("scope") == "S1") & (pl.col("credit") == "publisher") & (pl.col("level") == "lab")
    hhi = dict(truth.concentration().filter(chosen).select("week", "hhi").iter_rows())
    first, last, peak = hhi[FIRST_WEEK], hhi[monday(1) - timedelta(weeks=1)], max(hhi, key=hhi.get)
    assert hhi[peak] > 1.4 * first > 1.4 * last
    assert abs((peak - monday(CONCENTRATION.at)).days) <= 7 * WEEKS / 10


def test_the_retreating_lab_releases_less_and_closes(truth, models):
    lab = models.filter(pl.col("lab") == RETREAT.lab)
    turn, ban = midnight(monday(RETREAT.at)), midnight(monday(RETREAT.bans_at))
    year_before = lab.filter((pl.col("created_at") >= turn - timedelta(weeks=26)) & (pl.col("created_at") < turn))
    after = lab.filter(pl.col("created_at") >= turn)
    assert after.height / (WEEKS * (1 - RETREAT.at)) < 0.6 * year_before.height / 26
    assert after["is_open"].mean() < 0.4 * year_before["is_open"].mean()
    assert after["is_gated"].mean() > 2 * year_before["is_gated"].mean()
    between = after.filter(pl.col("created_at") < ban)["licence_class"]
    assert (between == "custom").mean() > 0.5
    assert (after.filter(pl.col("created_at") >= ban)["licence_class"] == "non-commercial").mean() > 0.5
    assert lab.filter("is_flagship")["created_at"].max() < turn
    last = truth.releases.retreat_watch().filter(pl.col("side") == RETREAT.lab).sort("month").tail(1)
    assert last["months_since_open_flagship"][0] > WEEKS * (1 - RETREAT.at) * 7 / 31


def test_the_closing_country_gates_and_withdraws(models):
    country, turn = models.filter(pl.col("country") == CLOSURE.country), midnight(monday(CLOSURE.at))
    before, after = country.filter(pl.col("created_at") < turn), country.filter(pl.col("created_at") >= turn)
    assert after["is_gated"].mean() > 0.6
    assert before["is_gated"].mean() < 0.4
    assert not after["is_open"].any()
    assert 0.25 < before["is_withdrawn"].mean() < 0.55
    assert set(models.filter("is_withdrawn")["country"]) == {CLOSURE.country}
    gone = models.filter("is_withdrawn")["gone"]
    begin = int(turn.replace(tzinfo=UTC).timestamp())
    assert begin <= gone.min() < gone.max() < begin + (CLOSURE.within_weeks + 1) * 604_800


def test_the_sovereign_labs_begin_within_a_quarter(truth, models):
    first = dict(models.group_by("country").agg(pl.col("created_at").min()).iter_rows())
    begin = midnight(monday(WAVE.at))
    for country in WAVE.countries:
        assert begin <= first[country] < begin + timedelta(weeks=QUARTER_WEEKS), country
    others = {lab.country for lab in LABS} - set(WAVE.countries)
    assert all(first[country] < begin for country in others)
    reach = truth.releases.reach().filter(pl.col("quarter") <= monday(1))
    late = reach.filter(pl.col("quarter") >= monday(WAVE.at) - timedelta(days=92))["new_countries"].explode()
    assert set(WAVE.countries) == set(late.drop_nulls())
    assert reach["countries"][-1] == len({lab.country for lab in LABS if lab.kind != "community"})


def test_the_middle_band_gains(truth):
    mid = truth.sizes.band_shares().filter(pl.col("band") == BAND_SHIFT.band)
    share = dict(mid.select("week", "share").iter_rows())
    assert share[monday(BAND_SHIFT.until)] > 1.3 * share[monday(BAND_SHIFT.at)]
    weeks = truth.sizes.band_shares().group_by("week").agg(pl.col("share").sum())["share"]
    assert weeks.to_list() == pytest.approx([1.0] * WEEKS)


def test_a_countrys_authors_turn_from_foreign_to_home_bases(truth):
    flows = truth.derivatives.lineage_flows().filter(
        (pl.col("derivative_country") == BASE_SWITCH.country) & (pl.col("credit") == "direct")
    )
    turn = monday(BASE_SWITCH.at)
    early = flows.filter(pl.col("quarter") < turn - timedelta(days=92))
    late = flows.filter(pl.col("quarter") > turn)

    def part(frame, country):
        return frame.filter(pl.col("base_country") == country)["n_models"].sum() / frame["n_models"].sum()

    assert part(early, BASE_SWITCH.abroad) > 0.5
    assert part(early, BASE_SWITCH.country) < 0.25
    assert part(late, BASE_SWITCH.country) > 0.5
    assert part(late, BASE_SWITCH.abroad) < 0.25


def test_the_turning_points_are_listed_with_their_weeks(truth):
    found = {kind: (side, week) for kind, side, _, week in truth.turning_points().iter_rows()}
    assert found["country_crossover"] == ("CN", monday(0.55))
    assert found["lab_crossover"] == (LAB_CROSSOVER.gains, monday(0.45))
    assert found["retreat"] == (RETREAT.lab, monday(RETREAT.at))
    assert set(found) >= {"closure", "sovereign_wave", "concentration_peak", "band_shift", "base_switch"}


def test_a_short_world_has_no_turns_but_works():
    world = World(47, 400, 25, FIRST_WEEK)
    truth = Truth(world)
    assert truth.turning_points().is_empty()
    assert not truth.releases.models["is_withdrawn"].any()
    assert {lab.country for lab in LABS} & set(truth.releases.models["country"]) >= {"US", "CN"}
    assert World(47, 400, 26, FIRST_WEEK).turning_points()
