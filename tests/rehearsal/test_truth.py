"""The oracle adds up, agrees with the world it describes, and owes the pipeline nothing."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import dagster_project
from dagster_project.rehearsal.truth import oracle
from dagster_project.rehearsal.truth.lineage import CREDITS
from dagster_project.rehearsal.truth.oracle import SCOPES, WINDOWS, Truth
from dagster_project.rehearsal.truth.releases import size_band_of
from dagster_project.rehearsal.truth.sight import Sight, corrected
from dagster_project.rehearsal.world.cast import SIZES
from dagster_project.rehearsal.world.scenario import KINDS, RELOCATION
from dagster_project.rehearsal.world.world import World

FIRST_WEEK = date(2026, 1, 5)
WEEKS, MODELS = 30, 1500
KEYS = ["week", "scope", "credit", "time_window"]


@pytest.fixture(scope="module")
def world():
    return World(7, MODELS, WEEKS, FIRST_WEEK)


@pytest.fixture(scope="module")
def truth(world):
    return Truth(world)


@pytest.fixture(scope="module")
def labs(truth):
    return truth.share_by_lab()


@pytest.fixture(scope="module")
def roots(truth):
    return truth.roots()


def week_of(number):
    return FIRST_WEEK + timedelta(weeks=number)


def only(frame, scope="S1", credit="publisher", window="week"):
    return frame.filter((pl.col("scope") == scope) & (pl.col("credit") == credit) & (pl.col("time_window") == window))


def test_it_uses_nothing_of_the_pipeline():
    package = Path(dagster_project.__file__).parent.parent
    seen, waiting = set(), [oracle.__name__]
    while waiting:
        module = waiting.pop()
        path = package / Path(*module.split("."))
        tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dagster_project"):
                is_ground = node.module in {"dagster_project.errors", "dagster_project.settings"}
                assert is_ground or node.module.startswith("dagster_project.rehearsal.")
                waiting += [node.module] if "rehearsal" in node.module and node.module not in seen else []
                seen.add(node.module)
            if isinstance(node, ast.Import):
                assert not {alias.name for alias in node.names} & {"duckdb", "sqlglot"}
    assert len(seen) > 5


def test_weekly_flow_is_what_the_world_counts(truth, world):
    for week in (0, 13, WEEKS - 1):
        frame = truth.weekly_flow(week)
        flow = dict(frame.select("hub_id", "downloads_flow").iter_rows())
        assert set(frame["week"]) == {week_of(week)}
        for index in range(world.models):
            begins, ends = world.monday(week), world.monday(week + 1)
            is_there = world.created_at(index) < ends and world.is_listed(index, begins)
            assert (world.hub_id(index) in flow) == is_there
            assert flow.get(world.hub_id(index), 0) == world.true_downloads(index, week)
    assert truth.weekly_flow().height == sum(truth.weekly_flow(week).height for week in range(WEEKS))


def test_shares_add_up_in_every_scope_credit_and_window(truth, labs):
    for frame in (labs, truth.share_by_country()):
        sums = frame.group_by(KEYS).agg(pl.col("share_of_total").sum(), pl.col("share_of_known").sum())
        assert sums.height == WEEKS * len(SCOPES) * len(CREDITS) * len(WINDOWS)
        assert sums["share_of_total"].to_list() == pytest.approx([1.0] * sums.height)
        assert sums["share_of_known"].to_list() == pytest.approx([1.0] * sums.height)
        assert frame.filter(pl.col("upper_bound") < pl.col("lower_bound")).is_empty()
        assert frame["n_models"].min() > 0


def test_every_credit_shares_out_the_same_total(truth, labs):
    totals = labs.group_by(KEYS).agg(pl.col("downloads_flow").sum())
    spread = totals.group_by("week", "scope", "time_window").agg(
        (pl.col("downloads_flow").max() - pl.col("downloads_flow").min()).alias("spread"),
        pl.col("downloads_flow").max().alias("most"),
    )
    assert (spread["spread"] <= 1e-9 * spread["most"]).all()
    whole = dict(truth.weekly_flow().group_by("week").agg(pl.col("downloads_flow").sum()).iter_rows())
    served = dict(only(totals).select("week", "downloads_flow").iter_rows())
    assert served == pytest.approx(whole)
    by_root = only(labs, credit="root").group_by("lab").agg(pl.col("downloads_flow").sum())
    by_publisher = only(labs).group_by("lab").agg(pl.col("downloads_flow").sum())
    assert not by_root.sort("lab").equals(by_publisher.sort("lab"))


def test_countries_are_the_sums_of_their_labs(truth, labs):
    """In single weeks; over longer windows they are sums of their own weeks, because a lab that moves leaves its past behind."""
    weekly = pl.col("time_window") == "week"
    summed = labs.filter(weekly).group_by(*KEYS, "country").agg(pl.col("downloads_flow", "n_models").sum())
    countries = truth.share_by_country()
    joined = countries.filter(weekly).join(summed, on=[*KEYS, "country"], how="full", suffix="_labs")
    assert joined.null_count()["downloads_flow_labs"][0] == joined.null_count()["downloads_flow"][0] == 0
    assert joined["downloads_flow"].to_list() == pytest.approx(joined["downloads_flow_labs"].to_list())
    # It moved on the Thursday of week 15, so week 16 is the first that counts for its new home.
    for home in ("FR", RELOCATION.country):
        flow = dict(only(countries).filter(pl.col("country") == home).select("week", "downloads_flow").iter_rows())
        months = only(countries, window="28d").filter(pl.col("country") == home)
        for last in (14, 15, 16, 18, 20):
            (month,) = months.filter(pl.col("week") == week_of(last))["downloads_flow"]
            assert month == pytest.approx(sum(flow[week_of(week)] for week in range(last - 3, last + 1)))
    mover = only(labs).filter((pl.col("lab") == RELOCATION.lab) & pl.col("week").is_between(week_of(14), week_of(17)))
    assert mover.sort("week")["country"].to_list() == ["FR", "FR", RELOCATION.country, RELOCATION.country]


@pytest.mark.parametrize("scope", ["S1", "S3"])
def test_longer_windows_are_sums_of_weeks(labs, scope):
    def flows(window):
        frame = only(labs, scope=scope, window=window)
        return {(week, lab): flow for week, lab, flow in frame.select("week", "lab", "downloads_flow").iter_rows()}

    weekly, month, ever = flows("week"), flows("28d"), flows("cumulative")
    largest = only(labs, scope=scope).group_by("lab").agg(pl.col("downloads_flow").sum()).top_k(9, by="downloads_flow")
    for lab in largest["lab"]:
        for last in (3, 20, WEEKS - 1):
            four = sum(weekly.get((week_of(week), lab), 0) for week in range(last - 3, last + 1))
            assert month.get((week_of(last), lab), 0) == pytest.approx(four)
            since = sum(weekly.get((week_of(week), lab), 0) for week in range(last + 1))
            assert ever.get((week_of(last), lab), 0) == pytest.approx(since)


def test_what_captures_show_ends_with_them_and_with_the_last_that_showed_the_model(world):
    looks = [world.monday(week) + 7200 for week in range(1, WEEKS + 1)]
    week = WEEKS * 3 // 4
    shown = Truth(world, moments=looks, is_as_seen=True)
    flows = dict(shown.weekly_flow(week).select("hub_id", "downloads_flow").iter_rows())
    seen, withdrawn = 0, 0
    for index in range(MODELS):
        model = world.model(index)
        if model.plant in {"overflow_parameters", "lasting_correction"}:
            continue
        last = max((look for look in looks if look < model.gone), default=0)
        begin, end = (
            world.all_time(index, min(monday + 7200, last)) if model.created < monday else 0
            for monday in (world.monday(week), world.monday(week + 1))
        )
        assert flows.get(world.hub_id(index), 0) == end - begin
        seen, withdrawn = seen + (end > begin), withdrawn + (last < world.monday(week))
    assert seen > 100
    assert withdrawn > 5


def test_what_lies_between_two_readings_is_spread_evenly_from_the_birth_on(world):
    looks = [world.monday(week) + 7200 for week in range(1, WEEKS + 1)]
    sight = Sight(world, world.everything(), looks)
    monday, wednesday = world.monday(WEEKS // 2), world.monday(WEEKS // 2) + 2 * 86_400
    found, births = sight.count(wednesday), 0
    for index in range(MODELS):
        model = world.model(index)
        if model.plant or model.gone < looks[-1]:
            continue
        before, after = (world.all_time(index, at + 7200) for at in (monday, monday + 7 * 86_400))
        if model.created < monday:
            assert found[index] == pytest.approx(before + (after - before) * 2 / 7)
        elif model.created < wednesday:
            part = (wednesday - model.created) / (monday + 7 * 86_400 - model.created)
            assert found[index] == pytest.approx(after * part)
            births += 1
        else:
            assert found[index] == 0
    assert births > 2


@pytest.mark.parametrize(
    ("told", "usual", "known"),
    [
        ([100, 60, 80, 90], 20, [100, 100, 120, 130]),
        # Grown back to its height.
        ([100, 60, 80, 109, 120], 20, [100, 100, 120, 149, 160]),
        # By a leap, as if it had only been away: 10 came in three steps, whatever was lost.
        ([100, 60, 80, 111, 120], 20, [100, 311 / 3, 322 / 3, 111, 120]),
        # Where the 30-day counter tells of nothing, every step may be a leap.
        ([100, 60, 80, 109, 120], 0, [100, 103, 106, 109, 120]),
        # It fell before anybody looked: the first reading is all there is.
        ([70, 90], 20, [70, 90]),
    ],
)
def test_a_counter_corrected_for_good_loses_the_step_of_the_fall(told, usual, known):
    true = [100.0, 110.0, 130.0, 150.0, 170.0][: len(told)]
    is_down = np.array(told) < true
    found = corrected(np.array(true), np.array(told, dtype=np.float64), np.full(len(told), float(usual)), is_down)
    assert found.tolist() == pytest.approx(known)


def test_a_model_keeps_its_size_class_when_others_were_gone_before_anybody_looked(world, captures):
    late = captures[WEEKS * 2 // 3 :]
    seen = Truth(world, moments=late)
    assert seen.releases.models.height < MODELS
    numbers = {world.hub_id(index): index for index in range(MODELS)}
    ages = seen.adoption.ages(late, world.monday(WEEKS - 1)).filter(pl.col("size_band") != "")
    assert ages.height
    for hub_id, band in ages.select("hub_id", "size_band").iter_rows():
        assert band == size_band_of(SIZES[world.model(numbers[hub_id]).size])


def test_a_year_is_365_days_and_s4_a_models_first_ones(truth, world, labs):
    end = world.monday(WEEKS)
    year = 365 * 86_400
    flow = sum(world.all_time(index, end) - world.all_time(index, end - year) for index in range(MODELS))
    last = pl.col("week") == week_of(WEEKS - 1)
    assert only(labs, window="365d").filter(last)["downloads_flow"].sum() == flow
    young = [index for index in range(MODELS) if world.created_at(index) + year > world.monday(WEEKS - 1)]
    s4 = sum(
        world.all_time(index, min(end, world.created_at(index) + year)) - world.all_time(index, world.monday(WEEKS - 1))
        for index in young
    )
    assert only(labs, scope="S4").filter(last)["downloads_flow"].sum() == s4
    assert len(young) < MODELS


def test_the_scopes_are_nested(labs):
    totals = {
        scope: only(labs, scope=scope).group_by("week").agg(pl.col("downloads_flow").sum()).sort("week")
        for scope in SCOPES
    }
    s1, s2, s3, s4 = (np.array(totals[scope]["downloads_flow"]) for scope in SCOPES)
    assert (s1 > s2).all()
    assert (s2 > s3).all()
    assert (s3 > 0).all()
    assert (s1 > s4).all()
    assert not only(labs, scope="S3")["lab"].str.starts_with("hf:").any()


def test_root_weights_add_up_and_chains_reach_eight_hops(roots, world):
    sums = roots.group_by("hub_id").agg(pl.col("weight").sum())
    assert sums.height == MODELS
    assert sums["weight"].to_list() == pytest.approx([1.0] * MODELS)
    merges = {world.hub_id(i) for i in range(MODELS) if len(world.model(i).parents) > 1}
    assert roots.filter(pl.col("hub_id").is_in(merges) & (pl.col("weight") < 1)).height > 20
    assert set(roots["depth"]) == set(range(9))


def test_roots_are_found_by_following_parents(roots, world):
    """Another way to the same: walk up from each model, halving the weight at each fork."""
    found = {}
    for hub_id, root, name, weight in roots.select("hub_id", "root_hub_id", "root_name", "weight").iter_rows():
        found.setdefault(hub_id, {})[root or name] = weight

    def walk(index, weight, into):
        model = world.model(index)
        older = [parent for parent in model.parents if parent < index]
        if model.plant == "missing_parent":
            into[f"rehearsal-gone/Never-Was-r{index:05d}"] = weight
        elif model.plant == "path_parent":
            into["./outputs/checkpoint-500"] = weight
        elif not older:
            into[world.hub_id(index)] = into.get(world.hub_id(index), 0) + weight
        for parent in older:
            walk(parent, weight / len(older), into)

    for index in range(MODELS):
        expected = {}
        walk(index, 1.0, expected)
        assert found[world.hub_id(index)] == pytest.approx(expected), index


def test_circles_are_cut_at_their_oldest(roots, world):
    depth = dict(roots.select("hub_id", "depth").iter_rows())
    pairs = [i for i in range(MODELS - 1) if {world.model(i).plant, world.model(i + 1).plant} == {"cycle"}]
    for older in pairs:
        assert (depth[world.hub_id(older)], depth[world.hub_id(older + 1)]) == (0, 1)
    assert pairs
    assert all(depth[world.hub_id(index)] == 0 for index in range(MODELS) if world.model(index).plant == "self_loop")


def test_concentration_is_that_of_the_shares(truth, labs):
    table = truth.concentration()
    week = week_of(20)

    def shares_and_row(scope, credit):
        shares = np.sort(only(labs, scope, credit).filter(pl.col("week") == week)["share_of_total"].to_numpy())[::-1]
        chosen = (pl.col("scope") == scope) & (pl.col("credit") == credit) & (pl.col("level") == "lab")
        return shares, table.filter(chosen & (pl.col("week") == week)).row(0, named=True)

    for scope in ("S1", "S2"):
        shares, row = shares_and_row(scope, "publisher")
        assert row["hhi"] == pytest.approx(10_000 * (shares**2).sum())
        assert row["effective_number"] == pytest.approx(10_000 / row["hhi"])
        assert row["cr4"] == pytest.approx(shares[:4].sum())
        gaps = np.abs(shares[:, None] - shares[None, :]).sum()
        assert row["gini_with_zeros"] == pytest.approx(gaps / (2 * len(shares) * shares.sum()))
        assert row["n"] == np.count_nonzero(shares)
    # The shares count all paths on disks as one, concentration each by itself.
    shares, row = shares_and_row("S2", "root")
    assert row["n"] > np.count_nonzero(shares)
    assert row["hhi"] == pytest.approx(10_000 * (shares**2).sum(), rel=1e-3)
    models = table.filter((pl.col("level") == "model") & (pl.col("scope") == "S1"))
    assert models.filter(pl.col("credit") == "publisher")["n"].max() > 500
    assert set(table["level"]) == {"lab", "country", "model"}


def test_derivative_births_count_each_derivative_once(truth, world):
    births = truth.derivative_births()
    derived = sum(
        bool(set(world.model(i).parents) - {i}) or world.model(i).plant in {"missing_parent", "path_parent"}
        for i in range(MODELS)
    )
    circles = sum(world.model(i).plant == "cycle" for i in range(MODELS)) // 2
    for level in ("country", "lab"):
        whole = births.filter((pl.col("level") == level) & (pl.col("variant") == "all"))
        for is_chosen in (pl.col("relation") == "all", pl.col("relation") != "all"):
            assert whole.filter(is_chosen)["new_models"].sum() == pytest.approx(derived - circles)
    assert not (births.filter(pl.col("variant") != "all")["relation"] == "quantized").any()


def test_events_are_those_of_the_world_and_in_it(truth, world):
    events = truth.events()
    end = datetime.combine(week_of(WEEKS), datetime.min.time(), UTC)
    assert events["at"].max() < end
    assert {"rollback", "stall", "partial_snapshot", "rename", "removal", "spike"} <= set(events["kind"])
    ids = {world.hub_id(index) for index in range(MODELS)}
    assert set(events["hub_id"].drop_nulls()) <= ids
    plants = {kind for index in range(MODELS) if (kind := world.model(index).plant)}
    assert plants <= set(KINDS)


@pytest.fixture(scope="module")
def captures(world):
    return [world.monday(week) + 2 * 3600 for week in range(WEEKS)]


def test_downloads_by_age_are_what_the_world_counts(truth, world, captures):
    table = truth.adoption.relative_adoption(captures, world.monday(WEEKS - 1))
    numbers = {world.hub_id(index): index for index in range(MODELS)}
    assert set(table["age_days"]) == {7, 14, 30, 60, 90, 180}
    for hub_id, age, downloads in table.unique(["hub_id", "age_days"]).select("hub_id", "age_days", "downloads").rows():
        index = numbers[hub_id]
        reached = world.created_at(index) + age * 86_400
        assert captures[0] < world.created_at(index)
        assert reached <= world.monday(WEEKS - 1)
        assert downloads == world.all_time(index, reached)


def test_a_retreat_seen_by_captures_has_no_more_than_the_whole_truth(truth, captures):
    whole, seen = truth.retreat_watch(), truth.retreat_watch(captures)
    for level in ("country", "lab"):
        rows = [table.filter(pl.col("level") == level) for table in (whole, seen)]
        assert 0 < rows[1]["releases"].sum() <= rows[0]["releases"].sum()
        assert 0 < rows[1]["withdrawn"].sum() <= rows[0]["withdrawn"].sum()


def test_new_likes_add_up_to_the_likes_of_who_stayed(truth, world, captures):
    weeks = list(truth.adoption.new_likes(captures))
    assert [week for week, _ in weeks] == list(range(WEEKS - 1))
    gained = sum(likes for _, likes in weeks)
    for index in range(0, MODELS, 50):
        if world.is_listed(index, captures[-1]) and captures[0] < world.created_at(index) < captures[-1]:
            assert gained[index] == world.likes(index, captures[-1])
