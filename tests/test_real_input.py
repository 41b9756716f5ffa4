"""The main job on real input: 15,904 real models served on loopback, captured by the real client, derived and published."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from dagster_project import imports, overview, pipeline
from dagster_project.rehearsal.hub.service import HubService, load_table
from dagster_project.settings import Settings
from dagster_project.warehouse.build import database_path
from dagster_project.warehouse.engine import connect_private
from dagster_project.warehouse.published import Release

pytestmark = pytest.mark.real

CAPTURED_AT = datetime(2026, 8, 22, 20, tzinfo=UTC)
WEEK = date(2026, 8, 17)
MODELS = 15_904
LANGUAGE_TASKS = ["text-generation", "image-text-to-text"]
CAPTURE_SECONDS, CAPTURE_BYTES = 10, 400_000_000
DERIVE_SECONDS = 60
LEAP_DAYS = date(2026, 2, 15), date(2026, 2, 26)
LEAPT = "Xenova/paraphrase-multilingual-MiniLM-L12-v2"
FALLEN_LIKES = 1
# VmHWM is the process's own peak; ru_maxrss of a child starts with what its parent held.
CAPTURE_AND_TELL = """
import time
from pathlib import Path
from dagster_project.cli import main
main(["capture", "--json"], standalone_mode=False)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(time.process_time(), peak.split()[1])
"""


@dataclass(frozen=True)
class Job:
    """The captured home, and the CPU seconds of its steps: wall time would measure the neighbours."""

    settings: Settings
    radar: pl.DataFrame
    capture_seconds: float
    capture_bytes: int
    derive_seconds: float


@pytest.fixture(scope="module")
def job(real_samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    table = real_samples / "hf_radar" / "models_2026-08-22.parquet"
    home = tmp_path_factory.mktemp("real")
    with HubService(load_table(table), now=CAPTURED_AT) as service:
        settings = Settings(
            home=home, hf_endpoint=service.url, github_api_url="http://127.0.0.1:9", pretended_now=CAPTURED_AT
        )
        environment = {
            "LEADERSHIFT_HOME": str(home),
            "HF_ENDPOINT": service.url,
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "LEADERSHIFT_NOW": CAPTURED_AT.isoformat(),
        }
        captured = subprocess.run(
            [sys.executable, "-c", CAPTURE_AND_TELL],
            env=os.environ | environment,
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, kilobytes = captured.stdout.splitlines()[-1].split()
        started = time.process_time()
        pipeline.derive(settings)
        derived = time.process_time() - started
    yield Job(settings, pl.read_parquet(table), float(seconds), int(kilobytes) * 1024, derived)


@pytest.fixture(scope="module")
def release(job: Job) -> Iterator[Release]:
    with overview.release(job.settings) as opened:
        yield opened


def test_every_model_is_loaded(release: Release) -> None:
    _names, rows = release.rows("select seen, loaded, merged, quarantined, status, week from core.snapshots")
    assert rows == [(MODELS, MODELS, 0, 0, "sealed", WEEK)]
    _names, rows = release.rows("select count(*), count(distinct hub_id), count(distinct model_name) from core.models")
    assert rows == [(MODELS, MODELS, MODELS)]


def test_counters_are_those_of_the_table(job: Job, release: Release) -> None:
    ours = release.frame(
        "select models.model_name as id, downloads_30d, likes from core.observations inner join core.models as models using (hub_id)"
    )
    assert ours.sort("id").equals(job.radar.select("id", "downloads_30d", "likes").sort("id"))


def test_gated_and_removed_models_are_kept_and_flagged(job: Job, release: Release) -> None:
    _names, rows = release.rows("select model_name, is_gated, is_disabled from core.models")
    flags = {name: (is_gated, is_disabled) for name, is_gated, is_disabled in rows}
    assert flags == {row["id"]: (row["gated"], row["removed"]) for row in job.radar.iter_rows(named=True)}
    assert sum(removed for _gated, removed in flags.values()) == 748


def test_every_difference_to_the_published_edges_is_explained(real_samples: Path, release: Release) -> None:
    """The 9,362 edges that others drew from the same models: 8 name a parent again that a tag names in other letters.

    569 stand in the card beside the Hub's tags; they are kept and make no roots, because tags go before the card.
    """
    theirs = pl.read_parquet(real_samples / "hf_radar" / "base_model_edges.parquet")
    ours = release.frame(
        "select models.model_name as child, edges.parent_name as parent, edges.relation, edges.evidence, edges.is_used"
        " from core.lineage_edges as edges inner join core.models as models on edges.child_hub_id = models.hub_id"
    )
    both = theirs.join(ours, on=["child", "parent"], how="inner")
    missing = theirs.join(ours, on=["child", "parent"], how="anti")
    assert theirs.height == 9362
    assert ours.join(theirs, on=["child", "parent"], how="anti").height == 0, "an edge that nobody else saw"
    assert both.height == ours.height == theirs.height - 8
    assert set(missing["relation"]) == {"card_only"}
    folded = ours.with_columns(pl.col("parent").str.to_lowercase())
    again = missing.with_columns(pl.col("parent").str.to_lowercase()).join(folded, on=["child", "parent"])
    assert again.select("evidence", "is_used").rows() == [("tag", True)] * 8
    assert ours.filter(~pl.col("is_used")).group_by("evidence").len().rows() == [("card", 569)]
    tagged = both.filter(pl.col("evidence") == "tag")
    assert (tagged["relation"] == tagged["relation_right"]).all()
    assert set(both.filter(pl.col("evidence") == "card")["relation"]) == {"card_only"}


@pytest.mark.parametrize(("scope", "tasks"), [("S1", None), ("S2", LANGUAGE_TASKS)])
def test_shares_equal_an_independent_computation(
    job: Job, release: Release, scope: str, tasks: list[str] | None
) -> None:
    expected = _shares_in_polars(job, tasks)
    _names, rows = release.rows(
        "select country, share_of_total, share_of_known, lower_bound, upper_bound, n_models, unknown_share, is_estimate"
        f" from marts.share_by_country where scope = '{scope}' and week = date '{WEEK}' and credit = 'publisher' and time_window = 'week'"
    )
    assert {row[0] for row in rows} == set(expected)
    unknown = expected["UNKNOWN"][0]
    for country, of_total, of_known, lower, upper, models, unknown_share, is_estimate in rows:
        share, count = expected[country]
        assert of_total == pytest.approx(share, abs=1e-9)
        assert models == count
        assert unknown_share == pytest.approx(unknown, abs=1e-9)
        assert is_estimate, "the table has only the 30-day counter"
        if country != "UNKNOWN":
            assert of_known == pytest.approx(share / (1 - unknown), abs=1e-9)
            assert (lower, upper) == (pytest.approx(share, abs=1e-9), pytest.approx(share + unknown, abs=1e-9))
    assert len(expected) > 15


def test_labs_and_countries_agree(release: Release) -> None:
    _names, rows = release.rows(
        "select labs.scope, labs.country, abs(sum(labs.downloads_flow) - any_value(countries.downloads_flow))"
        " from marts.share_by_lab as labs inner join marts.share_by_country as countries"
        " using (week, scope, credit, time_window, country)"
        " group by labs.week, labs.scope, labs.credit, labs.time_window, labs.country"
    )
    assert rows
    assert max(difference for _scope, _country, difference in rows) < 1e-3


def test_thirteen_snapshots_of_others_become_dated_observations(job: Job, real_samples: Path) -> None:
    path = real_samples / "hf_radar" / "model_timeseries.parquet"
    series = pl.read_parquet(path).with_columns(pl.col("snapshot_at").str.slice(0, 10).str.to_date().alias("day"))
    seals = imports.import_table(job.settings, path, source="hf_radar", mapping={})
    assert {seal.observed_on: seal.loaded for seal in seals} == dict(
        series.group_by("day").agg(pl.col("id").n_unique()).iter_rows()
    )
    assert sum(seal.seen for seal in seals) == series.height == 170_074
    assert all(seal.seen == seal.loaded + seal.merged and seal.status == "imported" for seal in seals)
    assert imports.import_table(job.settings, path, source="hf_radar", mapping={}) == [], "a second import adds nothing"
    pipeline.derive(job.settings)
    with overview.release(job.settings) as opened:
        _names, removed = opened.rows("select count(*) from core.models where removed_on is not null")
        _names, days = opened.rows("select observed_on, count(*) from core.observations group by 1 order by 1")
        _names, unknown = opened.rows("select count(*) from core.models where starts_with(hub_id, 'name:') and model_name in"
                                      " (select model_name from core.model_names where not starts_with(hub_id, 'name:'))")  # fmt: skip
    last = series.sort("snapshot_at").unique("id", keep="last")
    gone = last.filter("removed")
    # What only others listed is gone when our own capture lacks it.
    lacked = last.filter(~pl.col("removed") & ~pl.col("id").is_in(job.radar["id"].implode()))
    assert (gone.height, lacked.height) == (752, 2), "110 models were gone for some hours or days and came back"
    assert removed == [(754,)]
    assert len(days) == 4
    assert unknown == [(0,)], "an imported name must take the id that a capture saw under it"


def test_a_real_leap_of_63_times_is_told_and_its_estimates_are_flagged(real_samples: Path, tmp_path: Path) -> None:
    """Twelve of 721 real days of a series with only the 30-day counter; the whole of it takes about 2.5 minutes of CPU."""
    days = pl.read_parquet(real_samples / "hf_transformersjs_daily" / "daily.parquet").filter(
        pl.col("snapshot_date").is_between(*LEAP_DAYS)
    )
    path = tmp_path / "daily.parquet"
    days.write_parquet(path)
    settings = Settings(tmp_path / "home")
    seals = imports.import_table(settings, path, source="transformersjs", mapping={})
    assert {seal.observed_on: seal.loaded for seal in seals} == dict(days.group_by("snapshot_date").len().iter_rows())
    pipeline.build(settings)
    with connect_private(database_path(settings.home), read_only=True) as connection:
        (event,) = connection.execute(
            "select hub_id, observed_on, amount from core.counter_events where kind = 'spike' and amount > 1000000"
        ).fetchall()
        assert event == (f"name:{LEAPT}", date(2026, 2, 19), 6_206_406 - 98_087)
        measured = connection.execute("select count(*) from core.weekly_flow where not is_estimate").fetchone()
        assert measured == (0,), "a 30-day counter measures no week"
        flagged = connection.execute(
            f"select week, is_flagged from core.weekly_flow where hub_id = 'name:{LEAPT}' order by week"
        )
        assert flagged.fetchall() == [(date(2026, 2, 9), False), (date(2026, 2, 16), True), (date(2026, 2, 23), True)]
        likes = pl.DataFrame(
            connection.execute("select hub_id[6:], observed_on, likes from core.observations").fetchall(),
            schema=["id", "snapshot_date", "likes"],
            orient="row",
        )
    theirs = days.select("id", "snapshot_date", "likes").sort("id", "snapshot_date")
    assert likes.sort("id", "snapshot_date").equals(theirs)
    falls = theirs.filter(pl.col("likes") < pl.col("likes").shift().over("id"))
    assert falls.height == FALLEN_LIKES, "likes that fall are kept as they were seen"


def test_speed_and_memory_are_as_promised(job: Job) -> None:
    assert job.capture_seconds < CAPTURE_SECONDS
    assert job.capture_bytes < CAPTURE_BYTES
    assert job.derive_seconds < DERIVE_SECONDS


def _shares_in_polars(job: Job, tasks: list[str] | None) -> dict[str, tuple[float, int]]:
    """The same shares by another road: Polars over the original table and the registry's CSV files, no SQL of ours."""
    folder = job.settings.registry
    labs = pl.read_csv(folder / "labs.csv", infer_schema=False).filter(_valid_in_week())
    homes = (
        pl.read_csv(folder / "namespaces.csv", infer_schema=False)
        .filter(_valid_in_week())
        .join(labs.select("lab", "country"), on="lab")
        .select(pl.col("namespace").str.to_lowercase().alias("key"), "country")
    )
    models = job.radar.filter(pl.col("pipeline_tag").is_in(tasks)) if tasks else job.radar
    by_country = (
        models.with_columns(pl.col("id").str.split("/").list.first().str.to_lowercase().alias("key"))
        .join(homes, on="key", how="left")
        .group_by(pl.col("country").fill_null("UNKNOWN"))
        .agg((pl.col("downloads_30d") * 7 / 30).sum().alias("flow"), pl.len().alias("models"))
    )
    total = by_country["flow"].sum()
    return {country: (flow / total, count) for country, flow, count in by_country.iter_rows()}


def _valid_in_week() -> pl.Expr:
    week = WEEK.isoformat()
    starts = pl.col("valid_from").is_null() | (pl.col("valid_from") <= week)
    return starts & (pl.col("valid_to").is_null() | (pl.col("valid_to") > week))
