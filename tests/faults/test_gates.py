"""A week whose counts look wrong is kept, but not sealed until a person signs for it (F05, F10, F35)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project import pipeline
from dagster_project.errors import GateError, RefusedError
from dagster_project.rehearsal.hub.service import CATALOGUE, HubService, ServiceOptions, World, simulated
from dagster_project.settings import Settings
from dagster_project.snapshots import seal

FIRST_WEEK = date(2026, 10, 5)
FIRST, SECOND = datetime(2026, 11, 9, 2, tzinfo=UTC), datetime(2026, 11, 16, 2, tzinfo=UTC)
SIGNATURE = "Ada: the Hub removed spam accounts"


def capture(
    home: Path, models: int, now: datetime, *, fault: str | None = None, sign_off: str | None = None
) -> pipeline.Captured:
    with HubService(simulated(World(47, models, 6, FIRST_WEEK)), now=now, options=ServiceOptions(page_cap=100)) as hub:
        hub.inject(CATALOGUE[fault] if fault else [])
        settings = Settings(home=home, hf_endpoint=hub.url, github_api_url="http://127.0.0.1:9", pretended_now=now)
        return pipeline.capture(settings, sign_off=sign_off)


@pytest.mark.parametrize(("before", "after", "share"), [(400, 300, r"7\d%"), (300, 450, r"15\d%")])
def test_F35_a_week_of_another_size_waits_for_a_signature(tmp_path: Path, before: int, after: int, share: str) -> None:
    first = capture(tmp_path, before, FIRST).seal
    with pytest.raises(GateError, match=rf"Week 2026-W47, Hugging Face: .* models came, {share} of") as refused:
        capture(tmp_path, after, SECOND)
    assert "--sign-off" in (refused.value.next_command or "")
    assert [found for _attempt, found in seal.sealed(tmp_path)] == [first]
    assert list(tmp_path.glob("raw/huggingface/2026-11-16/1/page-*")), "the pages are kept"


def test_a_rehearsal_and_the_real_hub_never_share_a_home(tmp_path: Path) -> None:
    capture(tmp_path, 100, FIRST)
    real = Settings(home=tmp_path, hf_endpoint="https://hub.invalid")
    with pytest.raises(RefusedError, match=r"needs a home of its own") as refused:
        pipeline.capture(real)
    assert "LEADERSHIFT_HOME" in (refused.value.next_command or "")


def test_a_signature_seals_the_week_and_stays_with_it(tmp_path: Path) -> None:
    capture(tmp_path, 400, FIRST)
    assert capture(tmp_path, 300, SECOND, sign_off=SIGNATURE).seal.sign_off == SIGNATURE
    assert [found.sign_off for _attempt, found in seal.sealed(tmp_path)] == [None, SIGNATURE]


def test_F10_a_page_sent_twice_does_not_look_like_growth(tmp_path: Path) -> None:
    first = capture(tmp_path, 180, FIRST).seal
    second = capture(tmp_path, 180, SECOND, fault="F10").seal
    assert second.merged > 0
    assert second.seen > 1.4 * first.seen
    assert second.loaded == second.seen - second.merged
