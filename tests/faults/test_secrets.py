"""A canary for a token: it travels to the Hub and lies nowhere afterwards."""

from __future__ import annotations

import pytest

from tests.faults.stage import Stage, files, on_page, serve

CANARY = "hf_canaryCANARYcanaryCANARYcanary1234"


def assert_nowhere(stage: Stage, *texts: str) -> None:
    found = [path for path in files(stage.home) if CANARY.encode() in path.read_bytes()]
    assert found == []
    assert not any(CANARY in text for text in texts)


@pytest.mark.parametrize(("name", "exit_code"), [(None, 0), ("F15", 3), ("F02-always", 3), ("F16", 3)])
def test_F44_a_token_goes_to_the_hub_and_nowhere_else(stage, name, exit_code):
    with serve() as stranger:
        if name:
            stage.hub.inject(on_page(3, name, value=stranger.url))
        result = stage.command("capture", "--patience", "1", HF_TOKEN=CANARY, GITHUB_API_URL=stranger.url)
        assert stranger.log == []
    assert result.returncode == exit_code
    assert all(entry.has_authorization for entry in stage.hub.log)
    assert_nowhere(stage, result.stdout, result.stderr)


def test_F44_doctor_says_that_there_is_a_token_not_which(stage):
    result = stage.invoke("doctor", "--json", HF_TOKEN=CANARY, GITHUB_TOKEN=CANARY)
    assert "HF_TOKEN is set" in result.stdout
    assert_nowhere(stage, result.stdout, result.stderr)
