"""A week that looks wrong is kept, but not sealed until a person signs for it (F05, F10, F33, F35)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dagster_project import captures, overview, pipeline
from dagster_project.calendar import Week
from dagster_project.errors import DamagedDataError, GateError, RefusedError, SourceError
from dagster_project.rehearsal.faults import CATALOGUE, FOR_EVER, Fault
from dagster_project.rehearsal.hub.api import ItemSource
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, World, simulated
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, seal
from dagster_project.snapshots.seal import Seal
from dagster_project.warehouse.publish import CURRENT
from tests.faults.stage import PAGES, Leadershift, is_one_message

FIRST_WEEK = date(2026, 10, 5)
FIRST, SECOND = datetime(2026, 11, 9, 2, tzinfo=UTC), datetime(2026, 11, 16, 2, tzinfo=UTC)
SIX_HOURS, DAY, WEEK = timedelta(hours=6), timedelta(days=1), timedelta(days=7)
SIGNATURE = "Ada: the Hub removed spam accounts"
SIGN = 'leadershift capture --week 2026-W47 --sign-off "NAME: REASON"'
PAGE_ROWS = 100


@dataclass
class House:
    """A home and a Hub, both carried through time."""

    home: Path
    hub: HubService

    def settings(self, now: datetime) -> Settings:
        return Settings(
            home=self.home, hf_endpoint=self.hub.url, github_api_url="http://127.0.0.1:9", pretended_now=now
        )

    def capture(self, now: datetime, *faults: Fault, **options: object) -> captures.Captured:
        self.hub.set_now(now)
        self.hub.clear_faults()
        self.hub.inject(list(faults))
        self.hub.log.clear()
        return captures.capture(self.settings(now), **options)

    def held(self, now: datetime, *faults: Fault, **options: object) -> str:
        """Capture, which a gate must refuse; give what it says."""
        with pytest.raises(GateError) as refused:
            self.capture(now, *faults, **options)
        assert refused.value.next_command == f'leadershift capture --week {Week.of(now)} --sign-off "NAME: REASON"'
        return refused.value.message

    def seals(self) -> list[Seal]:
        return [found for _attempt, found in seal.sealed(self.home)]

    def events(self, *kinds: str) -> list[dict[str, object]]:
        return [entry for entry in ledger.read(self.home) if entry["event"] in kinds]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[int], House]]:
    """Give a Hub of so many models; the home is always the same."""
    running: list[HubService] = []

    def start(models: int) -> House:
        hub = HubService(
            simulated(World(47, models, 6, FIRST_WEEK)), now=FIRST, options=ServiceOptions(page_cap=PAGE_ROWS)
        )
        running.append(hub.__enter__())
        return House(tmp_path / "home", hub)

    yield start
    for hub in running:
        hub.__exit__(None, None, None)


@pytest.fixture
def house(make: Callable[[int], House]) -> House:
    """A Hub of 400 models whose first week is sealed."""
    opened = make(400)
    opened.capture(FIRST)
    return opened


def shortened(pages: int = 1, *, nth: int = 2) -> Fault:
    """Let whole pages lose their models: the list goes on and ends as it should, but a quarter of it and more is gone."""
    return Fault(action="body", path=PAGES, nth=nth, times=pages, body='[{"_id":"f0","id":"rehearsal/filler"}]')


# Counts


@pytest.mark.parametrize(("before", "after", "share"), [(400, 300, r"7\d%"), (300, 450, r"15\d%")])
def test_F35_a_week_of_another_size_waits_for_a_signature(make, before: int, after: int, share: str) -> None:
    first = make(before).capture(FIRST).seal
    second = make(after)
    with pytest.raises(GateError, match=rf"Week 2026-W47, Hugging Face: .* models came, {share} of") as refused:
        second.capture(SECOND)
    assert refused.value.next_command == SIGN
    assert second.seals() == [first]
    assert list(second.home.glob("raw/huggingface/2026-11-16/1/page-*")), "the pages are kept"


def test_a_rehearsal_and_the_real_hub_never_share_a_home(house: House) -> None:
    real = Settings(home=house.home, hf_endpoint="https://hub.invalid")
    with pytest.raises(RefusedError, match=r"needs a home of its own") as refused:
        captures.capture(real)
    assert "LEADERSHIFT_HOME" in (refused.value.next_command or "")


def test_F10_a_page_sent_twice_does_not_look_like_growth(make) -> None:
    small = make(180)
    first = small.capture(FIRST).seal
    second = small.capture(SECOND, *CATALOGUE["F10"]).seal
    assert second.merged > 0
    assert second.seen > 1.4 * first.seen
    assert second.loaded == second.seen - second.merged


def test_F35_the_most_downloaded_models_are_looked_for(house: House) -> None:
    gone = [Fault(action="vanish", path=PAGES, nth=1, row=0) for _ in range(30)]
    assert "30 of the 3" in (said := house.held(SECOND, *gone))
    assert "most downloaded models of 2026-11-09 are missing" in said
    assert "models came" not in said, "the count alone would have let it through"


class StoodStill:
    """The models of one moment, whatever the clock says."""

    def __init__(self, items: ItemSource, moment: datetime) -> None:
        self._items, self._moment = items, moment

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._items, name)
        return lambda *given: real(*(self._moment if isinstance(each, datetime) else each for each in given))


def test_F35_counters_that_stand_still_are_told(house: House) -> None:
    """The Hub of a week ago, counters and all, answers once more."""
    house.hub.hub.items = StoodStill(house.hub.hub.items, FIRST)
    assert "cumulative counters moved since 2026-11-09" in (said := house.held(SECOND))
    assert re.search(r"Not one of 3\d\d ", said)


# Fields


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("F33", "'downloadsAllTime' (100% -> 0%); new: 'downloadsAllTime_v2'."),
        ("F33-missing", "'tags'"),
        ("F33-text", "records can't be read"),
        ("F33-null", "pipeline_tag ("),
    ],
)
def test_F33_drift_holds_the_week_and_keeps_the_pages(house: House, fault: str, says: str) -> None:
    first = house.seals()
    said = house.held(SECOND, *CATALOGUE[fault])
    assert says in said
    assert house.seals() == first
    (told,) = house.events("held")
    assert any(says in reason for reason in told["reasons"])
    assert house.capture(SECOND + SIX_HOURS, again=True).seal.observed_on == SECOND.date(), (
        "healed, and asked once more"
    )


def test_F33_a_field_that_drifts_from_the_second_page_on_is_noticed(house: House) -> None:
    drift = Fault(action="drift", path=PAGES, nth=2, times=FOR_EVER, value="drop likes")
    assert "Columns became empty since 2026-11-09: likes (0% -> 7" in house.held(SECOND, drift)


def test_F33_a_new_field_is_told_and_recorded_but_no_reason_to_wait(house: House) -> None:
    said: list[str] = []
    found = house.capture(SECOND, *CATALOGUE["F33-new"], say=said.append).seal
    assert said == ["The Hub's records have new fields: 'mood'."]
    assert house.events("sealed")[-1]["new_keys"] == ["mood"]
    assert (found.status, found.sign_off) == ("sealed", None)
    assert found.profile is not None
    assert found.profile.keys["mood"] == 1.0


def test_a_seal_from_before_there_were_profiles_still_opens_the_next_week(house: House) -> None:
    (attempt, _found) = next(seal.sealed(house.home))
    path = attempt.folder / "SEALED"
    old = json.loads(path.read_bytes())
    del old["profile"]
    path.write_text(json.dumps(old))
    assert house.capture(SECOND, *CATALOGUE["F33-missing"]).seal.status == "sealed"


# What was refused stays


def test_a_held_week_is_not_crawled_again_and_again(house: House) -> None:
    said = house.held(SECOND, shortened())
    assert house.hub.log
    assert house.held(SECOND + SIX_HOURS) == said
    assert house.held(SECOND + 3 * DAY) == said
    assert house.hub.log == [], "the sentence again at once, and no request"
    assert len(house.events("held")) == 1
    (waiting,) = overview.status(house.settings(SECOND + DAY))["awaiting_sign_off"]
    assert (waiting["week"], waiting["observed_on"], waiting["next_command"]) == ("2026-W47", "2026-11-16", SIGN)
    assert all(reason in said for reason in waiting["reasons"])


def test_a_new_week_begins_its_own_crawl_and_the_old_one_still_waits(house: House) -> None:
    house.held(SECOND, shortened())
    assert house.capture(SECOND + WEEK).pages_fetched == 4
    state = overview.status(house.settings(SECOND + WEEK))
    assert [held["week"] for held in state["awaiting_sign_off"]] == ["2026-W47"]
    assert state["gaps"] == [], "a week that waits is not lost"
    assert "of 2026-11-23" in house.held(SECOND + 2 * WEEK, shortened()), "compared with the newest good one"


def test_a_signature_seals_the_kept_pages_weeks_later_without_a_request(house: House) -> None:
    house.held(SECOND, shortened())
    house.capture(SECOND + WEEK)
    signed = house.capture(SECOND + 3 * WEEK, week=Week.of(SECOND), sign_off=SIGNATURE)
    assert (signed.pages_fetched, house.hub.log) == (0, [])
    assert (signed.seal.observed_on, signed.seal.sign_off) == (SECOND.date(), SIGNATURE)
    assert signed.seal.origin == house.hub.url
    assert [found.observed_on for found in house.seals()] == [FIRST.date(), SECOND.date(), (SECOND + WEEK).date()]
    assert overview.status(house.settings(SECOND + 3 * WEEK))["awaiting_sign_off"] == []
    (logged,) = [event for event in house.events("sealed") if event["sign_off"]]
    assert logged["sign_off"] == SIGNATURE
    assert logged["overridden"][0].endswith("of 2026-11-09."), "compared with the week before it, not with the newest"
    again = house.capture(SECOND + 3 * WEEK, week=Week.of(SECOND), sign_off="Eve: me too").seal
    assert again.sign_off == SIGNATURE, "a signed week never changes"
    assert pipeline.verify(house.settings(SECOND + 3 * WEEK)).troubles == ()


def test_a_signature_that_nobody_needed_is_not_in_the_data(house: House) -> None:
    assert house.capture(SECOND, sign_off=SIGNATURE).seal.sign_off is None


def test_a_signature_for_a_week_that_does_not_wait_is_refused(house: House) -> None:
    with pytest.raises(RefusedError, match="No crawl of week 2026-W44 waits for a signature"):
        house.capture(SECOND, week=Week.parse("2026-W44"), sign_off=SIGNATURE)
    with pytest.raises(RefusedError, match="can't be captured"):
        house.capture(SECOND, week=Week.parse("2026-W44"))
    assert house.hub.log == []


def test_asked_again_a_held_week_begins_a_fresh_crawl_that_replaces_the_waiting_one(house: House) -> None:
    house.held(SECOND, shortened())
    found = house.capture(SECOND + SIX_HOURS, again=True)
    assert (found.pages_fetched, found.seal.sign_off) == (4, None)
    late = SECOND + 2 * SIX_HOURS
    assert overview.status(house.settings(late))["awaiting_sign_off"] == [], "nobody needs to sign any more"
    assert house.capture(late, week=Week.of(SECOND), sign_off=SIGNATURE).seal == found.seal
    assert pipeline.verify(house.settings(late)).troubles == ()


def test_a_fresh_crawl_cut_off_is_gone_on_with_before_anything_is_said_of_the_waiting_one(house: House) -> None:
    house.held(SECOND, shortened())
    cut = Fault(action="reply", path=PAGES, nth=3, times=FOR_EVER, status=401)
    with pytest.raises(SourceError, match="2 pages are safe"):
        house.capture(SECOND + SIX_HOURS, cut, again=True)
    assert house.capture(SECOND + 2 * SIX_HOURS).pages_fetched == 2


def test_lost_pages_of_a_held_week_are_said_and_never_signed_away(house: House) -> None:
    house.held(SECOND, shortened())
    (house.home / "raw/huggingface/2026-11-16/1/page-00003.json.gz").unlink()
    with pytest.raises(DamagedDataError, match="only the first 2 pages are still in"):
        house.capture(SECOND + WEEK, week=Week.of(SECOND), sign_off=SIGNATURE)
    assert len(house.seals()) == 1


def test_a_damaged_last_week_holds_the_new_one_instead_of_losing_it(house: House) -> None:
    table = house.home / "snapshots/huggingface/models/2026-11-09.parquet"
    table.write_bytes(table.read_bytes()[:-100])
    assert "The table of 2026-11-09 is damaged" in house.held(SECOND)
    assert house.capture(SECOND, sign_off=SIGNATURE).seal.loaded > 300


# Partial weeks


def test_less_than_half_of_the_list_signed_for_is_partial_and_the_next_week_is_compared_with_the_whole_one(
    house,
) -> None:
    house.held(SECOND, shortened(3, nth=1))
    partial = house.capture(SECOND, sign_off=SIGNATURE).seal
    assert (partial.status, partial.is_complete, partial.sign_off) == ("partial", False, SIGNATURE)
    whole = house.capture(SECOND + WEEK).seal
    assert (whole.status, whole.is_complete) == ("sealed", True)


# As its users meet it


def pointer(house: House) -> str:
    current = (house.home / CURRENT).read_bytes()
    release = overview.release(house.settings(SECOND))
    with release as opened:
        _names, rows = opened.rows("select count(*) from core.snapshots")
    return f"{hashlib.sha256(current).hexdigest()} {rows}"


def test_F35_what_is_published_stays_until_a_person_signs_and_the_signature_is_in_the_data(house: House) -> None:
    pipeline.derive(house.settings(FIRST))
    before = pointer(house)
    house.hub.set_now(SECOND)
    house.hub.inject([shortened()])
    shell = Leadershift(house.home, {"HF_ENDPOINT": house.hub.url, "LEADERSHIFT_NOW": SECOND.isoformat()})
    parts = ("Week 2026-W47", "models came", "most downloaded", f"Go on with: {SIGN}")
    is_one_message(shell.invoke("run"), 5, *parts)
    assert pointer(house) == before
    status = shell.invoke("status")
    assert f"held      2026-W47 waits for a signature: {parts[1]}"[:40] in status.stdout
    for unsigned in ("Ada", "Ada:", ": why", "NAME: REASON"):
        assert shell.invoke("capture", "--week", "2026-W47", "--sign-off", unsigned).returncode == 2
    shell.environment["LEADERSHIFT_NOW"] = (SECOND + WEEK).isoformat()
    signed = shell.invoke("capture", "--week", "2026-W47", "--sign-off", SIGNATURE)
    assert (signed.returncode, signed.stderr) == (0, "")
    pipeline.derive(house.settings(SECOND + WEEK))
    with overview.release(house.settings(SECOND + WEEK)) as opened:
        _names, rows = opened.rows("select week, status, sign_off from core.snapshots order by observed_on")
    assert rows == [(FIRST.date(), "sealed", None), (SECOND.date(), "sealed", SIGNATURE)]


def test_a_partial_week_is_published_as_such_and_removes_nobody(house: House) -> None:
    house.held(SECOND, shortened(3, nth=1))
    house.capture(SECOND, sign_off=SIGNATURE)
    state = house.settings(SECOND)
    assert not overview.status(state)["is_published"]
    pipeline.derive(state)
    assert overview.status(state)["is_published"], "or the schedule would build it every six hours"
    with overview.release(state) as opened:
        _names, rows = opened.rows("select status, is_complete from core.snapshots order by observed_on")
        _names, gone = opened.rows("select count(*) from core.models where removed_on is not null")
        _names, weeks = opened.rows("select distinct week from core.weekly_flow")
    assert rows == [("sealed", True), ("partial", False)]
    assert gone == [(0,)]
    assert weeks == [(FIRST.date(),)]


def test_a_quarantined_model_is_still_there(house: House) -> None:
    page = [Fault(action="mutate", path=PAGES, nth=2, row=row, value="huge_number") for row in (3,)]
    refused = house.capture(SECOND, *page).seal
    assert refused.quarantined == 1
    pipeline.derive(house.settings(SECOND))
    names = pl.read_parquet(house.home / "raw/huggingface/2026-11-16/1/quarantine/models.parquet")["hub_id"]
    with overview.release(house.settings(SECOND)) as opened:
        _columns, rows = opened.rows(f"select last_seen_on, removed_on from core.models where hub_id = '{names[0]}'")
    assert rows == [(SECOND.date(), None)]
