"""The pretend GitHub's gate: quotas, versions, tokens, conditional requests, faults as the real client meets them, the clock."""

import gzip
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from github import BadCredentialsException, GithubException, GithubRetry, RateLimitExceededException
from github.GithubException import RateLimitExceededExceedsMaxWait

from dagster_project.errors import UsageError
from dagster_project.rehearsal.faults import GITHUB_CATALOGUE, Fault
from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.hub.service import HubService, load_table
from dagster_project.rehearsal.loopback import Clock

from .github_cases import NOW, SECOND, WORLD, client, connect, fetch, get, graphql, name, quiet

REPO = f"/repos/{name(0)}"


def serve(now=NOW, **options):
    return GitHubService(WORLD, now=now, options=GitHubOptions(**options))


@pytest.fixture
def service():
    with serve() as running:
        yield running


# Quotas


def test_sixty_without_and_five_thousand_with_a_token_in_an_hour(service):
    connection = connect(service)
    answers = [fetch(connection, "/nothing", token=None)[0] for _ in range(61)]
    assert [answer.status for answer in answers] == [404] * 60 + [403]
    last, body = fetch(connection, REPO, token=None)
    assert last.headers["X-RateLimit-Limit"] == last.headers["X-RateLimit-Used"] == "60"
    assert last.headers["X-RateLimit-Remaining"] == "0"
    assert json.loads(body)["message"].startswith("API rate limit exceeded for 127.0.0.1.")
    answer, _ = fetch(connection, REPO)
    assert (answer.status, answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Used"]) == (
        200,
        "5000",
        "1",
    )
    assert answer.headers["X-RateLimit-Reset"] == str(SECOND + 3600)


def test_the_window_is_fixed_and_ends_when_the_clock_says_so():
    with serve(quota_with_token=2) as service:
        assert [get(service, REPO)[0] for _ in range(3)] == [200, 200, 403]
        service.set_now(NOW + timedelta(minutes=59))
        status, headers, body = get(service, REPO)
        assert (status, headers["X-RateLimit-Reset"]) == (403, str(SECOND + 3600))
        assert body["message"].startswith("API rate limit exceeded for user ID 1.")
        assert get(service, REPO, token="other")[0] == 200
        service.set_now(NOW + timedelta(minutes=60))
        status, headers, _ = get(service, REPO)
        assert (status, headers["X-RateLimit-Remaining"], headers["X-RateLimit-Reset"]) == (
            200,
            "1",
            str(SECOND + 7200),
        )


def test_two_runs_share_the_quota_of_one_token_and_never_overdraw_it():
    with serve(quota_with_token=30) as service, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: get(service, "/nothing")[0], range(50)))
    assert (found.count(404), found.count(403)) == (30, 20)


def test_over_the_limit_may_be_429():
    with serve(quota_with_token=1, over_limit_status=429) as service:
        assert [get(service, REPO)[0] for _ in range(2)] == [200, 429]


def test_the_real_client_sees_its_limits(service):
    github = client(service)
    for _ in range(3):
        github.get_repo(name(0))
    core = github.get_rate_limit().resources.core
    assert (core.limit, core.remaining, core.used) == (5000, 4997, 3)
    assert core.reset == NOW + timedelta(hours=1)
    assert github.rate_limiting == (4997, 5000)
    assert github.get_rate_limit().resources.core.remaining == 4997, "asking for limits is free"
    assert github.get_rate_limit().resources.search.limit == 30


def test_the_newer_version_says_less(service):
    old, new = (get(service, "/rate_limit", X_GitHub_Api_Version=v) for v in ("2022-11-28", "2026-03-10"))
    assert old[2]["rate"] == old[2]["resources"]["core"]
    assert "rate" not in new[2]
    assert new[1]["X-GitHub-Api-Version-Selected"] == "2026-03-10"
    assert "has_downloads" in get(service, REPO)[2]
    repo = client(service, api_version="2026-03-10").get_repo(name(0))
    assert "has_downloads" not in repo.raw_data
    assert client(service, api_version="2026-03-10").get_rate_limit().resources.core.limit == 5000
    assert get(service, REPO, X_GitHub_Api_Version="1999-01-01")[0] == 400


def test_too_fast_is_refused_where_that_is_switched_on():
    with serve(secondary_points_per_minute=5) as service:
        answers = [get(service, REPO) for _ in range(7)]
        assert [answer[0] for answer in answers] == [200] * 5 + [403] * 2
        assert answers[-1][2]["message"].startswith("You have exceeded a secondary rate limit.")
        assert answers[-1][1]["X-RateLimit-Remaining"] == "4995"


# Tokens


def test_bad_credentials(service):
    with pytest.raises(BadCredentialsException):
        client(service, "ghp_revoked").get_repo(name(0))
    assert get(service, REPO, token="ghp_revoked")[1]["X-RateLimit-Limit"] == "60"


def test_both_ways_to_send_a_token_are_one_caller(service):
    connection = connect(service)
    for scheme in ("Bearer", "token"):
        answer, _ = fetch(connection, REPO, token=None, Authorization=f"{scheme} same")
    assert answer.headers["X-RateLimit-Used"] == "2"


def test_the_log_never_has_the_token(service):
    get(service, REPO, token="ghp_canary")
    assert (service.log[-1].path, service.log[-1].has_authorization, service.log[-1].status) == (REPO, True, 200)
    assert "canary" not in repr(vars(service)) + repr(vars(service.limits))


def test_a_user_agent_is_needed(service):
    connection = connect(service)
    connection.putrequest("GET", REPO)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 403
    assert b"User-Agent header" in answer.read()


def test_only_graphql_is_posted_to(service):
    assert fetch(connect(service), REPO, "POST", "{}")[0].status == 404
    assert fetch(connect(service), REPO, "DELETE")[0].status == 404
    assert get(service, "/graphql")[0] == 404


# Conditional requests


def test_what_the_caller_has_already_is_not_sent_again_and_free(service):
    _, headers, _ = get(service, REPO)
    tag = headers["ETag"]
    for given in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        answer, body = fetch(connect(service), REPO, If_None_Match=given)
        assert (answer.status, body, answer.headers["ETag"]) == (304, b"", tag)
        assert answer.headers["X-RateLimit-Used"] == "1"
    assert get(service, REPO, If_None_Match='"other"')[0] == 200
    assert get(service, REPO, If_Modified_Since=headers["Last-Modified"])[0] == 304
    assert get(service, REPO, If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT")[0] == 200
    assert get(service, REPO)[1]["X-RateLimit-Used"] == "4"


def test_without_a_token_a_304_costs_like_any_other(service):
    tag = get(service, REPO, token=None)[1]["ETag"]
    assert get(service, REPO, token=None, If_None_Match=tag)[0] == 304
    assert get(service, REPO, token=None)[1]["X-RateLimit-Used"] == "3"


def test_a_changed_repository_is_sent_again(service):
    number = quiet()
    tag = get(service, f"/repos/{name(number)}")[1]["ETag"]
    service.set_now(NOW + timedelta(weeks=4))
    assert get(service, f"/repos/{name(number)}", If_None_Match=tag)[0] == 200


def test_the_real_client_updates_conditionally(service):
    github = client(service)
    repo = github.get_repo(name(quiet()))
    assert repo.update() is False
    assert github.rate_limiting[0] == 4999
    service.set_now(NOW + timedelta(weeks=4))
    assert repo.update() is True
    tag = repo.etag
    headers, body = github.requester.requestJsonAndCheck("GET", repo.url, headers={"If-None-Match": tag})
    assert (headers["etag"], body) == (tag, None)


# The clock, the port, the control channel


def test_two_services_share_a_clock():
    clock = Clock(NOW)
    with GitHubService(WORLD, clock=clock) as one, GitHubService(WORLD, clock=clock) as other:
        assert one.url != other.url
        fetch(connect(one), "/__ctl/clock", "POST", json.dumps({"now": (NOW + timedelta(weeks=1)).isoformat()}))
        assert other.now() == NOW + timedelta(weeks=1)
        assert get(other, REPO)[2] == json.loads(json.dumps(get(one, REPO)[2]).replace(one.url, other.url))


def test_one_process_serves_the_hub_and_github_at_one_time(tmp_path):
    (tmp_path / "models.csv").write_text("id,likes\nrehearsal-a/b,3\n")
    with (
        HubService(load_table(tmp_path / "models.csv"), now=NOW) as hub,
        GitHubService(WORLD, clock=hub.clock) as github,
    ):
        hub.set_now(NOW + timedelta(weeks=2))
        assert get(github, REPO)[1]["Date"] == get(hub, "/api/models?sort=createdAt")[1]["Date"]
        github.inject(GITHUB_CATALOGUE["down"])
        assert (get(hub, "/api/models?sort=createdAt")[0], get(github, REPO)[0]) == (200, 500)
        assert [len(hub.log), len(github.log)] == [2, 2]
        assert get(github, "/api/models")[0] == get(hub, REPO)[0] == 404


def test_without_a_clock_of_its_own_the_machines_counts():
    with GitHubService(WORLD) as service:
        assert abs(service.now() - datetime.now(UTC)) < timedelta(seconds=30)
    with serve(quota_follows_clock=False) as service:
        reset = int(get(service, REPO)[1]["X-RateLimit-Reset"])
        assert abs(reset - time.time() - 3600) < 30


def test_the_control_channel_knows_githubs_scripts(service):
    connection = connect(service)
    assert fetch(connection, "/__ctl/faults", "POST", '{"catalogue":"burst-503"}')[0].status == 200
    assert [fetch(connection, REPO)[0].status for _ in range(5)] == [503] * 4 + [200]
    assert fetch(connection, "/__ctl/faults", "POST", '{"catalogue":"F11"}')[0].status == 400
    assert [entry["status"] for entry in json.loads(fetch(connection, "/__ctl/log")[1])] == [503] * 4 + [200]


def test_a_taken_port_is_told(service):
    with pytest.raises(UsageError, match="Choose another port"):
        GitHubService(WORLD, port=int(service.url.rsplit(":", 1)[1]))


# Faults, as the real client meets them


def struck(service, script, **more):
    service.inject(GITHUB_CATALOGUE[script])
    return client(service, **more)


def statuses(service):
    return [entry.status for entry in service.log]


@pytest.mark.parametrize("script", ["primary-403", "primary-429"])
def test_the_hour_is_over(service, script):
    with pytest.raises(GithubException) as refused:
        struck(service, script).get_repo(name(0))
    assert isinstance(refused.value, RateLimitExceededException) == (script == "primary-403")
    assert refused.value.status == int(script[-3:])
    headers = refused.value.headers
    assert (headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]) == ("0", str(SECOND + 1))
    assert "retry-after" not in headers
    assert client(service).get_repo(name(0)).id == WORLD.facts(0).id


def test_the_real_client_waits_for_the_hour():
    with serve(quota_follows_clock=False) as service:
        started = time.monotonic()
        assert struck(service, "primary-403", retry=GithubRetry(total=2)).get_repo(name(0)).id == WORLD.facts(0).id
        assert 0.9 < time.monotonic() - started < 10
        assert statuses(service) == [403, 200]
        with pytest.raises(RateLimitExceededExceedsMaxWait):
            struck(service, "primary-403", retry=GithubRetry(max_rate_limit_wait=0)).get_repo(name(0))


@pytest.mark.parametrize(
    ("script", "status", "after"),
    [
        ("secondary-403", 403, None),
        ("secondary-403-after", 403, "1"),
        ("secondary-429", 429, None),
        ("secondary-429-after", 429, "1"),
        ("abuse-403", 403, "1"),
    ],
)
def test_too_fast(service, script, status, after):
    with pytest.raises(GithubException) as refused:
        struck(service, script).get_repo(name(0))
    assert (refused.value.status, refused.value.headers.get("retry-after")) == (status, after)
    assert refused.value.message is None or "wait a few minutes" in refused.value.message
    assert refused.value.headers["x-ratelimit-remaining"] == "4999"


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("secondary-403-after", [403, 200]),
        ("secondary-429-after", [429, 200]),
        ("secondary-403", [403, 200]),
        ("secondary-429", [429]),
    ],
)
def test_how_the_real_client_takes_too_fast(service, script, seen):
    github = struck(service, script, retry=GithubRetry(total=2, secondary_rate_wait=0))
    if seen[-1] == 200:
        assert github.get_repo(name(0)).id == WORLD.facts(0).id
    else:
        with pytest.raises(GithubException):
            github.get_repo(name(0))
    assert statuses(service) == seen


def test_a_burst_is_survived_by_ten_immediate_retries_and_an_outage_is_not(service):
    assert struck(service, "burst-502", retry=GithubRetry(total=10)).get_repo(name(0)).id == WORLD.facts(0).id
    assert statuses(service) == [502] * 4 + [200]
    service.log.clear()
    with pytest.raises(requests.exceptions.RetryError):
        struck(service, "down", retry=GithubRetry(total=10)).get_repo(name(0))
    assert statuses(service) == [500] * 11


def test_html_with_200_becomes_a_repository_of_nothing(service):
    repo = struck(service, "html-200").get_repo(name(0))
    assert set(repo._rawData) == {"data", "url"}
    assert repo._rawData["data"].startswith("<!doctype html>")
    assert repo._id.value is None


def test_cut_json_under_its_right_length(service):
    service.inject(GITHUB_CATALOGUE["cut-json"])
    answer, body = fetch(connect(service), REPO)
    assert (answer.status, len(body), answer.headers["Content-Length"]) == (200, 40, "40")
    with pytest.raises(json.JSONDecodeError):
        struck(service, "cut-json").get_repo(name(0))


def test_a_false_gzip(service):
    service.inject(GITHUB_CATALOGUE["false-gzip"])
    answer, body = fetch(connect(service), REPO, Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(body)
    with pytest.raises(requests.exceptions.ContentDecodingError):
        struck(service, "false-gzip").get_repo(name(0))


def test_a_reset_and_a_stall(service):
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        struck(service, "reset").get_repo(name(0))
    with pytest.raises(requests.exceptions.ReadTimeout):
        struck(service, "stall", timeout=1).get_repo(name(0))


def test_a_revoked_token_and_a_shape_of_another_kind(service):
    with pytest.raises(BadCredentialsException):
        struck(service, "bad-token").get_repo(name(0))
    service.clear_faults()
    service.inject(GITHUB_CATALOGUE["list-error"])
    assert get(service, REPO)[2] == ["an", "error"]


def test_statistics_can_be_made_to_take_for_ever(service):
    service.inject(GITHUB_CATALOGUE["counts-for-ever"])
    assert [get(service, f"{REPO}/stats/contributors")[0] for _ in range(5)] == [202] * 5


def test_pages_that_overlap_end_early_or_lead_nowhere(service):
    path = f"/repos/{name(quiet())}/contributors?anon=1&per_page=5"
    whole = [row["contributions"] for row in get(service, path.replace("5", "100"))[2]]
    service.inject(GITHUB_CATALOGUE["twice"])
    second = get(service, f"{path}&page=2")[2]
    assert second[0] == get(service, path)[2][-1]
    assert [row["contributions"] for row in second] == whole[4:9]
    service.inject(GITHUB_CATALOGUE["empty-page"])
    _, headers, rows = get(service, path)
    assert rows == []
    assert 'rel="next"' in headers["Link"]
    service.clear_faults()
    service.inject(GITHUB_CATALOGUE["link-self"])
    assert get(service, path)[1]["Link"] == f'<{service.url}{path}>; rel="next"'


def test_the_real_client_goes_nowhere_else(service):
    service.inject(GITHUB_CATALOGUE["link-elsewhere"])
    rows = client(service).get_repo(name(quiet()))
    service.clear_faults()
    service.inject([Fault(path="/contributors", action="link_elsewhere", value="http://rehearsal.invalid")])
    rows = rows.get_contributors(anon="1")
    with pytest.raises(AssertionError):
        list(rows)


def test_a_scripted_header_replaces_the_usual_one_in_any_case(service):
    service.inject([Fault(path="", action="reply", headers={"x-ratelimit-remaining": "17"}, body="{}")])
    assert get(service, REPO)[1].get_all("X-RateLimit-Remaining") == ["17"]


def test_a_clock_that_is_off(service):
    service.inject(GITHUB_CATALOGUE["skew"])
    assert get(service, REPO)[1]["X-RateLimit-Reset"] == str(SECOND + 3600 - 7200)


def test_a_part_of_a_batch_is_lost(service):
    service.inject(GITHUB_CATALOGUE["graphql-partial"])
    parts = [
        f'r{n}:repository(owner:"{name(n).split("/")[0]}",name:"{name(n).split("/")[1]}"){{databaseId}}'
        for n in (0, 1, 3)
    ]
    _, _, answer = graphql(service, "{" + " ".join(parts) + "}")
    assert [answer["data"][f"r{n}"] for n in (0, 1, 3)] == [
        {"databaseId": WORLD.facts(0).id},
        None,
        {"databaseId": WORLD.facts(3).id},
    ]
    assert [(error["type"], error["path"]) for error in answer["errors"]] == [("RESOURCE_LIMITS_EXCEEDED", ["r1"])]


def test_graphql_has_limits_and_outages_of_its_own(service):
    for script, status, words in (
        ("graphql-limited", 200, "API rate limit exceeded"),
        ("graphql-secondary", 200, "secondary rate limit"),
    ):
        service.inject(GITHUB_CATALOGUE[script])
        found, headers, answer = graphql(service, "{rateLimit{cost}}")
        assert found == status
        assert words in json.dumps(answer)
        assert (headers["X-RateLimit-Remaining"] == "0") == (script == "graphql-limited")
    service.inject(GITHUB_CATALOGUE["graphql-502"])
    assert fetch(connect(service), "/graphql", "POST", '{"query":"{rateLimit{cost}}"}')[0].status == 502
    assert graphql(service, "{rateLimit{cost}}")[2]["data"] == {"rateLimit": {"cost": 1}}


def test_every_script_can_be_put_in_force_and_strikes(service):
    for script, faults in GITHUB_CATALOGUE.items():
        service.clear_faults()
        service.inject(faults)
        assert all(fault.nth == 1 for fault in faults), script
        method, path = faults[0].method, faults[0].path
        target = (
            "/graphql"
            if method == "POST"
            else f"{REPO}/stats/contributors?page=2"
            if "page" in path or "stats" in path
            else REPO
        )
        assert service.script.strike(method, target), script


# Speed, and clients that go away


def test_a_kept_connection_serves_many_requests_a_second():
    with serve(quota_with_token=10**6) as service:
        connection = connect(service)
        path = f"/repos/{name(quiet())}/stargazers/history?per_page=30"
        fetch(connection, path)
        kept, started = connection.sock, time.process_time()
        for _ in range(200):
            fetch(connection, path)
        assert connection.sock is kept
        assert 200 / (time.process_time() - started) > 200


def test_a_hung_up_client_is_not_a_fault(service):
    connection = http.client.HTTPConnection("127.0.0.1", int(service.url.rsplit(":", 1)[1]), timeout=5)
    connection.request("GET", REPO, headers={"User-Agent": "t"})
    connection.close()
    assert get(service, REPO)[0] == 200
