"""The client of GitHub against the pretend one, over HTTP and through PyGithub: every limit, every odd answer, no long sleep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project.errors import PauseError, RefusedError, SourceError
from dagster_project.rehearsal.faults import FOR_EVER, GITHUB_CATALOGUE, Fault
from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.settings import Settings
from dagster_project.sources import github
from dagster_project.sources.github import Client
from dagster_project.sources.github_answers import BlockedError, GoneError, NotReadyError, UnansweredError
from dagster_project.sources.github_budget import GRAPHQL, Budget
from dagster_project.sources.github_connection import Limits, Received
from dagster_project.sources.pages import AccessRefusedError, UnreadableAnswerError
from tests.rehearsal.github_cases import NOW, SECOND, WORLD, name, planted, quiet

BRIEF = Limits(patience_seconds=300, blind_patience_seconds=5, computing_seconds=5, read_seconds=2, answer_seconds=2)
QUIET = quiet()
REPO = f"/repos/{name(QUIET)}"
STARS = "{ r: repository(owner: $o, name: $n) { databaseId stargazerCount } rateLimit { cost } }"
QUERY = f"query($o: String!, $n: String!) {STARS}"


class Waits(list[float]):
    """Sleeps that last no time, and the clock that they move on."""

    def sleep(self, seconds: float) -> None:
        self.append(seconds)

    def monotonic(self) -> float:
        return sum(self)


@pytest.fixture
def hub() -> Iterator[GitHubService]:
    with GitHubService(WORLD, now=NOW) as service:
        yield service


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def ask(hub: GitHubService, waits: Waits, tmp_path: Path) -> Callable[..., Client]:
    def client(limits: Limits = BRIEF, token: str | None = "x", now=NOW) -> Client:
        settings = Settings(
            tmp_path, hf_endpoint=hub.url, github_api_url=hub.url, github_token=token, pretended_now=now
        )
        return Client(settings, limits, sleep=waits.sleep, monotonic=waits.monotonic)

    return client


def strike(hub: GitHubService, *faults: Fault | str) -> None:
    for fault in faults:
        hub.inject(GITHUB_CATALOGUE[fault] if isinstance(fault, str) else [fault])


def test_an_answer_comes_and_is_counted(hub, ask) -> None:
    client = ask()
    assert client.get(REPO).data["id"] == WORLD.repo(QUIET, SECOND).id
    assert client.requests == 1


@pytest.mark.parametrize("fault", ["primary-403", "primary-429"])
def test_a_primary_limit_waits_for_the_reset_if_that_is_soon(hub, ask, waits, fault) -> None:
    strike(hub, fault)
    assert ask().get(REPO).status == 200
    assert [1 <= wait <= 3 for wait in waits] == [True]


@pytest.mark.parametrize("status", [403, 429])
def test_a_primary_limit_of_an_hour_pauses_with_the_time_and_without_a_sleep(hub, ask, waits, status) -> None:
    strike(hub, Fault(path=REPO, action="primary_limit", status=status, seconds=2_400))
    with pytest.raises(PauseError) as caught:
        ask().get(REPO)
    assert abs(caught.value.resume_at - NOW - timedelta(seconds=2_400)) <= timedelta(seconds=2)
    assert not waits


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        ("secondary-403", 60),
        ("secondary-429", 60),
        ("secondary-403-after", 2),
        ("secondary-429-after", 2),
        ("abuse-403", 2),
    ],
)
def test_a_secondary_limit_waits_as_told_or_a_minute(hub, ask, waits, fault, waited) -> None:
    strike(hub, fault)
    assert ask().get(REPO).status == 200
    assert waits == [waited]


def test_a_secondary_limit_that_stays_pauses_within_the_patience(hub, ask, waits) -> None:
    strike(hub, Fault(path=REPO, action="secondary_limit", status=403, times=FOR_EVER))
    with pytest.raises(PauseError):
        ask().get(REPO)
    assert waits == [60, 120], "a minute, then twice that; the next would be beyond 300 s"


def test_graphql_limits_come_with_200_and_are_seen(hub, ask, waits) -> None:
    owner, repo = name(QUIET).split("/")
    strike(hub, "graphql-limited")
    data, errors = ask().graphql(QUERY, {"o": owner, "n": repo})
    assert (data["r"]["databaseId"], errors) == (WORLD.repo(QUIET, SECOND).id, [])
    assert len(waits) == 1
    assert waits[0] <= 3
    hub.clear_faults()
    strike(hub, Fault(method="POST", path="^/graphql$", action="primary_limit", seconds=3_000))
    with pytest.raises(PauseError, match="points"):
        ask().graphql(QUERY, {"o": owner, "n": repo})
    hub.clear_faults()
    strike(hub, "graphql-secondary")
    assert ask().graphql(QUERY, {"o": owner, "n": repo})[1] == []
    assert waits[-1] == 60


def test_what_is_there_of_a_partial_answer_is_kept(hub, ask) -> None:
    owner, repo = name(QUIET).split("/")
    both = 'a: repository(owner: $o, name: $n) { databaseId } b: repository(owner: $o, name: "nothing-like-it") { databaseId }'
    query = f"query($o: String!, $n: String!) {{ {both} }}"
    data, errors = ask().graphql(query, {"o": owner, "n": repo})
    assert data == {"a": {"databaseId": WORLD.repo(QUIET, SECOND).id}, "b": None}
    assert [(error["type"], error["path"]) for error in errors] == [("NOT_FOUND", ["b"])]


def test_a_query_that_may_be_too_large_is_not_tried_again(hub, ask, waits) -> None:
    strike(hub, "graphql-502")
    owner, repo = name(QUIET).split("/")
    with pytest.raises(SourceError, match="HTTP 502"):
        ask(Limits()).graphql(QUERY, {"o": owner, "n": repo}, is_retried=False)
    assert (len(hub.log), list(waits)) == (1, [])


def test_the_reserve_of_an_hour_is_left_to_others(tmp_path: Path, waits: Waits) -> None:
    with GitHubService(WORLD, now=NOW, options=GitHubOptions(quota_with_token=20)) as hub:
        settings = Settings(tmp_path, hf_endpoint=hub.url, github_api_url=hub.url, github_token="x", pretended_now=NOW)
        client = Client(settings, Limits(reserved_share=0.25), sleep=waits.sleep)
        with pytest.raises(PauseError, match="5 of 20 requests are left"):
            for _ in range(30):
                client.get(REPO)
    assert (client.requests, list(waits)) == (15, [])


def test_a_run_keeps_to_its_own_budget(ask) -> None:
    client = ask(Limits(requests=2))
    client.get(REPO)
    client.get(REPO)
    with pytest.raises(PauseError, match="budget of 2 requests"):
        client.get(REPO)


def test_202_for_ever_is_given_up_soon(hub, ask, waits) -> None:
    strike(hub, "counts-for-ever")
    with pytest.raises(NotReadyError):
        ask().get(f"{REPO}/stats/contributors")
    assert waits == [2, 2]


@pytest.mark.parametrize("fault", ["html-200", "cut-json", "false-gzip", "reset", "burst-503"])
def test_a_broken_answer_is_asked_for_again(hub, ask, waits, fault) -> None:
    strike(hub, fault)
    assert ask(Limits(blind_patience_seconds=60)).get(REPO).data["full_name"] == name(QUIET)
    assert waits


@pytest.mark.parametrize(("action", "body"), [("body", "<!doctype html>Down"), ("body", '{"id": 12')])
def test_an_answer_that_stays_unreadable_is_an_error_with_its_body(hub, ask, action, body) -> None:
    strike(hub, Fault(path=REPO, action=action, body=body, times=FOR_EVER))
    with pytest.raises(UnreadableAnswerError) as caught:
        ask().get(REPO)
    assert caught.value.body == body.encode()


def test_F13_F14_silence_and_drips_meet_a_deadline(hub, tmp_path) -> None:
    settings = Settings(tmp_path, hf_endpoint=hub.url, github_api_url=hub.url, github_token="x", pretended_now=NOW)
    limits = Limits(read_seconds=0.3, answer_seconds=0.5, blind_patience_seconds=0)
    strike(hub, Fault(path=REPO, action="stall", seconds=3600))
    with pytest.raises(SourceError, match="fell silent"):
        Client(settings, limits).get(REPO)
    hub.clear_faults()
    strike(hub, Fault(path=REPO, action="drip", seconds=0.1))
    with pytest.raises(SourceError, match="took longer"):
        Client(settings, limits).get(REPO)


def test_F04_a_bomb_is_refused_at_the_cap(hub, ask) -> None:
    strike(hub, Fault(path=REPO, action="gzip_bomb", size=2**28))
    with pytest.raises(SourceError, match="larger than the cap"):
        ask(Limits(answer_bytes=2**20, answer_seconds=60)).get(REPO)


def test_a_renamed_repository_is_found_with_the_whole_question(hub, ask) -> None:
    number = planted("renamed_twice")
    first, last = WORLD.full_name(number, WORLD.start), name(number)
    assert first != last
    answer = ask().get(f"/repos/{first}/stargazers/history", {"per_page": 3, "page": 2})
    assert answer.path == f"/repositories/{WORLD.repo(number, SECOND).id}/stargazers/history"
    assert answer.data == ask().get(answer.path, {"per_page": 3, "page": 2}).data
    assert len(answer.data) == 3


def test_what_is_gone_or_blocked_is_said_at_once_as_what_it_is(hub, ask, waits) -> None:
    client = ask()
    with pytest.raises(GoneError):
        client.get("/repositories/1")
    strike(
        hub, Fault(path="/repositories/2$", action="reply", status=451, body='{"message":"Repository access blocked"}')
    )
    strike(
        hub, Fault(path="/repositories/3$", action="reply", status=403, body='{"message":"Repository access blocked"}')
    )
    strike(
        hub, Fault(path="/repositories/4$", action="reply", status=403, body='{"message":"The history is too large"}')
    )
    for number in (2, 3):
        with pytest.raises(BlockedError):
            client.get(f"/repositories/{number}")
    with pytest.raises(UnansweredError, match="too large"):
        client.get("/repositories/4")
    assert not waits


def test_a_revoked_token_stops_at_once(hub, ask, waits) -> None:
    strike(hub, "bad-token")
    with pytest.raises(AccessRefusedError, match="GITHUB_TOKEN"):
        ask().get(REPO)
    assert not waits


def test_F16_no_redirect_leads_to_another_server_or_nowhere(hub, ask) -> None:
    with GitHubService(WORLD, now=NOW) as stranger:
        elsewhere = f"{stranger.url}{REPO}"
        strike(hub, Fault(path=REPO, action="reply", status=301, headers={"Location": elsewhere}, body="{}"))
        with pytest.raises(SourceError, match="another server"):
            ask().get(REPO)
        assert not stranger.log
    strike(hub, Fault(path=REPO, action="reply", status=301, headers={"Location": "https://[::1"}, body="{}"))
    with pytest.raises(SourceError, match="no address"):
        ask().get(REPO)


def test_redirects_in_a_circle_end(hub, ask) -> None:
    strike(hub, Fault(path=REPO, action="reply", status=301, headers={"Location": REPO}, body="{}", times=FOR_EVER))
    with pytest.raises(SourceError, match="redirects"):
        ask().get(REPO)


def test_the_token_is_in_no_words(ask, hub) -> None:
    client = ask(token="ghp_canary")
    client.get(REPO)
    assert "ghp_canary" not in repr(client) + repr(client.get(REPO))


def test_F32_a_wrong_clock_is_refused(ask) -> None:
    with pytest.raises(RefusedError):
        ask(now=NOW - timedelta(hours=3)).get(REPO)


def test_a_reset_that_is_skewed_is_never_a_negative_wait(hub, ask, waits) -> None:
    strike(hub, "skew", "primary-403")
    assert ask().get(REPO).status == 200
    assert all(wait > 0 for wait in waits)


def test_the_module_says_nothing_of_stargazer_lists() -> None:
    text = "".join(path.read_text() for path in Path(github.__file__).parent.glob("*.py"))
    assert "stargazers(" not in text


def test_a_quota_that_is_refused_although_its_hour_began_anew_is_waited_for_no_less_than_a_second() -> None:
    """What a refusal without headers leaves us is the window of an answer before it, which has ended since."""
    now = [NOW]
    budget = Budget(BRIEF, lambda: now[0], lambda _seconds: None, lambda _text: None)
    ends = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "7",
        "x-ratelimit-reset": f"{NOW.timestamp() + 10:.0f}",
    }
    budget.count(Received(200, ends, b"{}"), GRAPHQL)
    now[0] += timedelta(minutes=5)
    assert budget.give_up_window(GRAPHQL) == 1.0
