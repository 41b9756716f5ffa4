"""The environment as people really set it: what can't work is refused in a sentence before any client stumbles over it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from dagster_project.errors import UsageError
from dagster_project.settings import Settings

SECRET = "hf_secret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_ENDPOINT", "huggingface.co"),
        ("HF_ENDPOINT", "https://huggingface.co:port"),
        ("HF_ENDPOINT", "https://huggingface.co:99999"),
        ("HF_ENDPOINT", "https://[::1"),
        ("HF_ENDPOINT", "https://huggingface.co/?page=1"),
        ("GITHUB_API_URL", "http://github.example"),
        ("HF_TOKEN", f"{SECRET}\nX-Injected: 1"),
        ("GITHUB_TOKEN", f"{SECRET}é"),
        ("LEADERSHIFT_WEBHOOK", f"https://[{SECRET}"),
        ("LEADERSHIFT_NOW", "0001-01-01T00:00+14:00"),
        ("LEADERSHIFT_HOME", __file__),
        ("LEADERSHIFT_HOME", "a" * 300),
    ],
)
def test_what_can_not_work_is_refused_by_name_and_no_secret_is_repeated(name, value):
    with pytest.raises(UsageError) as refused:
        Settings.from_environment({name: value})
    assert name in refused.value.message
    assert SECRET not in str(refused.value)


def test_a_line_end_around_a_token_and_a_slash_behind_an_address_are_no_part_of_them():
    found = Settings.from_environment({"HF_TOKEN": "hf_x\n", "GITHUB_API_URL": "https://git.example/api/v3/"})
    assert (found.hf_token, found.github_api_url) == ("hf_x", "https://git.example/api/v3")


@pytest.mark.parametrize(
    "arguments",
    [
        ["tidy", "--keep-weeks", "99999999"],
        ["build", "--known-at", "0001-01-01T00:00+14:00"],
        ["capture", "--patience", "nan"],
        ["capture", "--source", "github", "--patience", "-1"],
        ["ui", "--port", "99999"],
        ["ui", "--host", "nowhere.invalid", "--public-url", "https://radar.example.org"],
        ["erase", "", "--on", "github", "--reason", "a test", "--yes"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_an_argument_that_can_not_be_is_a_wrong_usage_and_no_fault_of_ours(arguments, tmp_path):
    done = CliRunner().invoke(main, arguments, env={"LEADERSHIFT_HOME": str(tmp_path)})
    assert (done.exit_code, type(done.exception)) == (2, SystemExit), done.output


def test_a_home_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    done = CliRunner().invoke(main, ["repair"], env={"LEADERSHIFT_HOME": str(tmp_path / "file" / "home")})
    assert (done.exit_code, "is in the way: a folder is needed" in done.output) == (8, True)
