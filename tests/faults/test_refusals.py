"""What is refused on purpose: a week that is over, and a pretended time."""

from __future__ import annotations

import pytest

from dagster_project.calendar import Week
from dagster_project.settings import Settings
from tests.faults.stage import NOW, is_one_message


@pytest.mark.parametrize("week", ["2026-W43", "2026-10-19", "2026-W45"])
def test_F41_only_the_present_week_can_be_captured(stage, week):
    refused = stage.invoke("capture", "--week", week)
    is_one_message(refused, 6, f"Week {Week.parse(week)} can't be captured", "which is 2026-W44", "leadershift import")
    assert stage.hub.log == []
    assert not stage.home.exists()


def test_F41_a_sealed_week_is_not_captured_twice(undisturbed):
    undisturbed.hub.log.clear()
    result = undisturbed.invoke("capture", "--week", "2026-W44")
    assert (result.returncode, undisturbed.hub.log) == (0, [])
    assert "2026-W44 is sealed since 2026-10-26" in result.stdout


def test_a_pretended_time_is_not_obeyed_beside_a_real_endpoint(tmp_path):
    settings = Settings(tmp_path, hf_endpoint="https://hub.example", pretended_now=NOW)
    assert settings.ignores_pretended_now
    assert settings.now() != NOW
