"""Each gate just inside and just outside its threshold, so that no threshold can move unnoticed (F33, F35, F47)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from dagster_project import gates
from dagster_project.gates import Snapshot, Tally
from dagster_project.snapshots.seal import Counts, Profile
from dagster_project.sources import huggingface, records
from dagster_project.sources.huggingface import MODEL_SCHEMA

MONDAY, NEXT_MONDAY = date(2026, 11, 9), date(2026, 11, 16)
MODELS = 2_000
FULL = Profile(keys=dict.fromkeys(["_id", "tags", "likes", "mood"], 1.0), empty={"likes": 0.02, "library": 0.3})


@dataclass
class Weeks:
    """Two weeks that nothing is wrong with: every counter gained one download."""

    folder: Path
    former: pl.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        numbers = range(MODELS)
        self.former = pl.DataFrame(
            {
                "hub_id": [f"{number:024x}" for number in numbers],
                "downloads_30d": [MODELS - number for number in numbers],
                "downloads_all_time": [10 * number for number in numbers],
            }
        )

    def grown(self) -> pl.DataFrame:
        return self.former.with_columns(pl.col("downloads_all_time") + 1)

    def snapshot(self, day: date, rows: pl.DataFrame, *, quarantined: pl.DataFrame | None = None) -> Snapshot:
        table = self.folder / f"{day}.parquet"
        rows.write_parquet(table)
        quarantine = None
        if quarantined is not None:
            quarantine = self.folder / "quarantine.parquet"
            quarantined.write_parquet(quarantine)
        return Snapshot(day, Counts(100_000, 100_000, 0, 0), FULL, table, quarantine)

    def last(self) -> Snapshot:
        return self.snapshot(MONDAY, self.former)

    def refused(
        self, rows: pl.DataFrame, *, day: date = NEXT_MONDAY, quarantined: pl.DataFrame | None = None
    ) -> list[str]:
        return gates.refusals(self.snapshot(day, rows, quarantined=quarantined), self.last())

    def refused_counts(self, loaded: int, before: int) -> list[str]:
        this, last = self.snapshot(NEXT_MONDAY, self.grown()), self.last()
        counts = Counts(loaded, loaded, 0, 0)
        return gates.refusals(replace(this, counts=counts), replace(last, counts=Counts(before, before, 0, 0)))

    def refused_profile(self, now: Profile, then: Profile) -> list[str]:
        this, last = self.snapshot(NEXT_MONDAY, self.grown()), self.last()
        return gates.refusals(replace(this, profile=now), replace(last, profile=then))


@pytest.fixture
def weeks(tmp_path):
    return Weeks(tmp_path)


def test_an_ordinary_week_passes_every_gate(weeks):
    assert weeks.refused(weeks.grown()) == []


@pytest.mark.parametrize(
    ("loaded", "share"),
    [(850, None), (849, "85%"), (1_400, None), (1_401, "140%"), (0, "0%")],
)
def test_F35_the_number_of_models(weeks, loaded, share):
    said = weeks.refused_counts(loaded, 1_000)
    assert said == ([] if share is None else [f"{loaded:,} models came, {share} of the 1,000 of 2026-11-09."])


def test_F35_models_after_a_snapshot_without_any_are_refused_in_words(weeks):
    assert weeks.refused_counts(5, 0) == ["5 models came, after none of 2026-11-09."]


@pytest.mark.parametrize(("loaded", "is_partial"), [(500, False), (499, True)])
def test_less_than_half_of_the_list_is_partial(weeks, loaded, is_partial):
    this, last = weeks.snapshot(NEXT_MONDAY, weeks.grown()), weeks.last()
    this = replace(this, counts=Counts(loaded, loaded, 0, 0))
    last = replace(last, counts=Counts(1_000, 1_000, 0, 0))
    assert gates.is_partial(this, last) is is_partial
    assert gates.is_partial(this, None) is False


@pytest.mark.parametrize(("quarantined", "refusals"), [(10, 0), (11, 1)])
def test_F33_records_that_can_not_be_read_also_in_the_first_week(weeks, quarantined, refusals):
    this = replace(
        weeks.snapshot(NEXT_MONDAY, weeks.grown()), counts=Counts(1_000, 1_000 - quarantined, 0, quarantined)
    )
    assert len(gates.refusals(this, None)) == refusals


@pytest.mark.parametrize(("missing", "refusals"), [(20, 0), (21, 1)])
def test_F35_the_most_downloaded_models(weeks, missing, refusals):
    said = weeks.refused(weeks.grown()[missing:])
    assert said == ["21 of the 1,000 most downloaded models of 2026-11-09 are missing."][:refusals]


def test_F35_only_the_first_thousand_count(weeks):
    assert weeks.refused(weeks.grown()[:1_000]) == []
    assert weeks.refused(weeks.grown()[:979]) == ["21 of the 1,000 most downloaded models of 2026-11-09 are missing."]


def test_F35_a_top_model_that_can_not_be_read_is_not_missing(weeks):
    quarantined = weeks.former[:1].select("hub_id")
    assert weeks.refused(weeks.grown()[21:], quarantined=quarantined) == []


@pytest.mark.parametrize(
    ("then", "now", "is_refused"),
    [
        pytest.param(0.99, 0.495, False, id="half-is-left"),
        pytest.param(0.99, 0.494, True, id="less-than-half-is-left"),
        pytest.param(1.0, None, True, id="gone"),
        pytest.param(0.98, None, False, id="never-was-everywhere"),
    ],
)
@pytest.mark.parametrize("key", ["likes", "mood"])
def test_F33_a_field_that_goes(weeks, key, then, now, is_refused):
    rest = {"_id": 1.0}
    said = weeks.refused_profile(
        Profile(rest if now is None else {**rest, key: now}, {}), Profile({**rest, key: then}, {})
    )
    assert [f"'{key}'" in sentence for sentence in said] == [True] * is_refused


@pytest.mark.parametrize(
    ("key", "then", "now", "is_refused"),
    [
        pytest.param("likes", 0.494, 0.99, True, id="suddenly-everywhere"),
        pytest.param("likes", 0.495, 0.99, False, id="just-doubled"),
        pytest.param("likes", 0.1, 0.98, False, id="not-everywhere"),
        pytest.param("mood", 0.1, 1.0, False, id="not-asked-for"),
        pytest.param("likes", None, 1.0, False, id="new"),
    ],
)
def test_F33_a_field_that_comes(weeks, key, then, now, is_refused):
    rest = {"_id": 1.0}
    before = Profile(rest if then is None else {**rest, key: then}, {})
    assert len(weeks.refused_profile(Profile({**rest, key: now}, {}), before)) == is_refused


def test_F33_a_new_field_is_told_and_not_refused(weeks):
    this, last = weeks.snapshot(NEXT_MONDAY, weeks.grown()), weeks.last()
    this = replace(this, profile=Profile({**FULL.keys, "weather": 0.4}, FULL.empty))
    assert gates.refusals(this, last) == []
    assert gates.new_keys(this, last) == ["weather"]


def test_names_from_outside_can_not_write_on_the_terminal():
    assert gates.named(["\x1b[2J", "b" * 100]) == rf"'\x1b[2J', '{'b' * 60}'"
    assert gates.named(list("abcdefg")) == "'a', 'b', 'c', 'd', 'e' and 2 more"


@pytest.mark.parametrize(("now", "is_refused"), [(0.22, False), (0.23, True), (0.60, True), (0.0, False)])
def test_F33_a_column_that_becomes_empty(weeks, now, is_refused):
    said = weeks.refused_profile(Profile({}, {"likes": now}), Profile({}, {"likes": 0.02}))
    assert said == ([f"Columns became empty since 2026-11-09: likes (2% -> {now:.0%})."] if is_refused else [])


def test_a_seal_without_a_profile_says_nothing_of_fields_and_columns(weeks):
    this, last = weeks.snapshot(NEXT_MONDAY, weeks.grown()), weeks.last()
    odd = replace(this, profile=Profile({"_id": 1.0}, {"likes": 1.0}))
    assert gates.refusals(odd, replace(last, profile=None)) == []
    assert len(gates.refusals(odd, last)) == 2


@pytest.mark.parametrize(("days", "moved", "is_refused"), [(4, 0, True), (3, 0, False), (4, 1, False)])
def test_F35_counters_that_stand_still(weeks, days, moved, is_refused):
    gained = pl.when(pl.int_range(pl.len()) < moved).then(1).otherwise(0)
    rows = weeks.former.with_columns(pl.col("downloads_all_time") + gained)
    said = weeks.refused(rows, day=MONDAY + timedelta(days=days))
    assert [sentence.startswith("Not one of 2,000 cumulative counters moved") for sentence in said] == [
        True
    ] * is_refused


def test_F35_a_large_hub_is_compared_by_a_part_of_its_models_the_same_ones_in_both_weeks(weeks, monkeypatch):
    monkeypatch.setattr(gates, "COMPARED_MODELS", 25_000)
    (said,) = weeks.refused(weeks.former.reverse())
    compared = int(said.split()[3])
    assert MODELS / 8 < compared < MODELS / 2, "100,000 models were loaded, so every fourth is looked at"
    assert weeks.refused(weeks.grown()) == []


def test_F35_counters_that_were_never_above_zero_do_not_stand_still(weeks):
    weeks.former = weeks.former.with_columns(pl.col("downloads_all_time") * 0)
    assert weeks.refused(weeks.former) == []


@pytest.mark.parametrize(("fallen", "is_refused"), [(1_000, True), (999, False)])
def test_F35_counters_that_fall(weeks, fallen, is_refused):
    """Of the 2,000 counters, 1,999 are above zero; the first is not, and can't fall."""
    change = pl.when(pl.int_range(pl.len()) <= fallen).then(-1).otherwise(1)
    said = weeks.refused(weeks.former.with_columns(pl.col("downloads_all_time") + change))
    assert said == (["1,000 of 1,999 cumulative counters fell since 2026-11-09."] if is_refused else [])


def test_counters_that_were_not_sent_fall_nowhere(weeks):
    unsent = weeks.former.with_columns(pl.lit(None, pl.Int64).alias("downloads_all_time"))
    assert weeks.refused(unsent) == []


def test_a_damaged_table_waves_nothing_through(weeks):
    this = weeks.snapshot(NEXT_MONDAY, weeks.grown())
    (said,) = gates.refusals(this, replace(weeks.last(), table=None))
    assert "The table of 2026-11-09 is damaged" in said


def test_all_that_is_refused_is_told_at_once(weeks):
    this, last = weeks.snapshot(NEXT_MONDAY, weeks.former[500:]), weeks.last()
    this = replace(this, counts=Counts(1_000, 80, 0, 920), profile=Profile({"_id": 1.0}, {"likes": 1.0}))
    assert len(gates.refusals(this, last)) == 6


# The profile


def page(rows: list[dict[str, object]]) -> tuple[bytes, pl.DataFrame]:
    body = msgspec.json.encode(rows)
    return records.split(body), huggingface.read_models(records.split(body))[0]


def test_a_profile_tells_the_shares_of_keys_and_of_empty_cells():
    whole = {"_id": "a", "id": "x/a", "likes": 1, "tags": ["t"]}
    tally = Tally(4)
    tally.add(*page([whole, {**whole, "_id": "b", "likes": None}]))
    tally.add(*page([{**whole, "_id": "c", "tags": []}, {"_id": "d", "id": "x/d"}]))
    found = tally.profile()
    assert found.keys == {"_id": 1.0, "id": 1.0, "likes": 0.75, "tags": 0.75}
    assert found.empty.keys() == MODEL_SCHEMA.keys()
    assert (found.empty["hub_id"], found.empty["likes"], found.empty["tags"]) == (0.0, 0.5, 0.5)


def test_a_large_snapshot_is_sampled_evenly_across_its_pages(monkeypatch):
    monkeypatch.setattr(gates, "SAMPLED_RECORDS", 10)
    tally = Tally(30)
    for start in range(0, 30, 5):
        tally.add(*page([{"_id": f"{n}", "id": f"x/{n}", f"n{n}": 1} for n in range(start, start + 5)]))
    assert {key for key in tally.profile().keys if key.startswith("n")} == {f"n{n}" for n in range(0, 30, 3)}


def test_a_record_that_is_no_object_and_a_key_that_hardly_any_has_leave_no_trace(monkeypatch):
    tally = Tally(1)
    tally.add(*page([{"_id": f"{n}", "id": f"x/{n}"} for n in range(1_999)]))
    tally.add(records.split(b'[{"_id":"z","id":"x/z","joke":1},7]'), pl.DataFrame(schema=MODEL_SCHEMA))
    assert tally.profile().keys == {"_id": 1.0, "id": 1.0}


def test_the_profile_of_nothing_readable_is_empty():
    tally = Tally(1)
    tally.add(records.split(b"[7]"), pl.DataFrame(schema=MODEL_SCHEMA))
    assert tally.profile() == Profile({}, {})
