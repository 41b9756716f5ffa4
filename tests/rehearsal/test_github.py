"""The pretend GitHub's REST API over real HTTP, asked by the real client (PyGithub) and on raw requests."""

import base64
import email.utils
import json
from datetime import UTC, datetime, timedelta

import pytest
from github import GithubException, UnknownObjectException

from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService

from .github_cases import NOW, SECOND, WORLD, client, connect, fetch, get, name, planted, quiet

WEEK = 7 * 86_400
FREE = GitHubOptions(quota_with_token=1_000_000, quota_anonymous=1_000_000)


@pytest.fixture(scope="module")
def service():
    with GitHubService(WORLD, now=NOW, options=FREE) as running:
        yield running


@pytest.fixture
def github(service):
    service.log.clear()
    return client(service)


def serve(**options):
    return GitHubService(WORLD, now=NOW, options=GitHubOptions(quota_with_token=1_000_000, **options))


# Repositories


def test_the_real_client_reads_a_repository_whole(service, github):
    number = quiet()
    truth = WORLD.repo(number, SECOND)
    repo = github.get_repo(truth.full_name)
    assert (repo.id, repo.full_name, repo.name) == (truth.id, truth.full_name, truth.name)
    assert (repo.stargazers_count, repo.watchers_count, repo.subscribers_count) == (
        truth.stars,
        truth.stars,
        truth.watchers,
    )
    assert (repo.forks_count, repo.network_count) == (truth.forks, truth.forks)
    assert repo.open_issues_count == truth.open_issues + truth.open_pulls
    assert (repo.created_at, repo.pushed_at) == tuple(
        datetime.fromtimestamp(s, UTC) for s in (truth.created, truth.pushed)
    )
    assert (repo.language, repo.topics, repo.archived, repo.fork) == (truth.language, list(truth.topics), False, False)
    assert (repo.owner.login, repo.owner.type, repo.organization.id) == (
        truth.owner.login,
        "Organization",
        truth.owner.id,
    )
    assert repo.description.startswith("REHEARSAL")
    assert len(service.log) == 1, "an attribute was missing, so the client asked again"


def test_a_repository_has_every_field_that_the_client_knows_of_the_public_ones(github):
    raw = github.get_repo(name(quiet())).raw_data
    known = """id node_id name full_name private owner html_url description fork url created_at updated_at pushed_at homepage
    size stargazers_count watchers_count language has_issues has_wiki forks_count archived disabled open_issues_count license
    allow_forking is_template topics visibility default_branch network_count subscribers_count contributors_url releases_url
    stargazers_url languages_url custom_properties git_url ssh_url clone_url mirror_url"""
    assert set(known.split()) <= set(raw)


def test_names_are_found_in_any_case_without_a_redirect(service):
    status, _, body = get(service, f"/repos/{name(0).upper()}")
    assert (status, body["full_name"]) == (200, name(0))


@pytest.mark.parametrize("plant", ["renamed", "renamed_twice", "transferred"])
def test_a_renamed_repository_answers_301_to_its_id(service, github, plant):
    number = planted(plant)
    old, new = WORLD.names(number)[0][1], name(number)
    assert old != new
    status, headers, body = get(service, f"/repos/{old}?x=1")
    where = f"{service.url}/repositories/{WORLD.facts(number).id}?x=1"
    assert (status, headers["Location"], body["message"], body["url"]) == (301, where, "Moved Permanently", where)
    repo = github.get_repo(old)
    assert (repo.full_name, repo.id) == (new, WORLD.facts(number).id)


def test_the_real_client_loses_its_query_on_a_redirect(service, github):
    number = planted("renamed")
    old = WORLD.names(number)[0][1]
    assert github.get_repo(old).full_name == name(number)
    path = f"/repos/{old}/stargazers/history"
    _, lost = github.requester.requestJsonAndCheck("GET", path, parameters={"per_page": 3})
    _, kept = github.requester.requestJsonAndCheck("GET", path.replace(old, name(number)), parameters={"per_page": 3})
    assert len(kept) == 3
    assert len(lost) == 30
    assert lost[:3] == kept
    status, headers, _ = get(service, f"{path}?per_page=3")
    assert status == 301
    assert headers["Location"].endswith("/stargazers/history?per_page=3")


def test_a_name_that_somebody_took_leads_to_the_new_owner(github):
    left, taken = planted("name_left"), planted("name_taken")
    assert github.get_repo(WORLD.names(left)[0][1]).id == WORLD.facts(taken).id != WORLD.facts(left).id


def test_deleted_blocked_and_unborn_repositories(service, github):
    with pytest.raises(UnknownObjectException):
        github.get_repo(name(planted("deleted")))
    status, _, body = get(service, f"/repos/{name(planted('dmca'))}")
    assert (status, body["message"], body["block"]["reason"]) == (451, "Repository access blocked", "dmca")
    with pytest.raises(GithubException) as refused:
        github.get_repo(name(planted("dmca")))
    assert (refused.value.status, refused.value.data["block"]["reason"]) == (451, "dmca")
    with pytest.raises(GithubException) as refused:
        github.get_repo(name(planted("blocked"))).get_contributors()
    assert (refused.value.status, refused.value.message) == (403, "Repository access blocked")
    late = max(range(WORLD.repos), key=lambda n: WORLD.facts(n).created)
    assert WORLD.facts(late).created > SECOND
    assert get(service, f"/repos/{name(late)}")[0] == 404
    assert get(service, "/repositories/1")[0] == get(service, "/repositories/x")[0] == 404


def test_before_its_end_a_repository_is_there(service):
    number = planted("deleted")
    with GitHubService(WORLD, now=datetime.fromtimestamp(WORLD.facts(number).moment - 1, UTC), options=FREE) as earlier:
        assert get(earlier, f"/repos/{name(number)}")[0] == 200
        earlier.set_now(datetime.fromtimestamp(WORLD.facts(number).moment, UTC))
        assert get(earlier, f"/repos/{name(number)}")[0] == 404


def test_licences_as_github_names_them(github):
    found = set()
    for number in range(40):
        truth = WORLD.repo(number, SECOND)
        if truth is None or truth.access != "open":
            continue
        repo = github.get_repo(truth.full_name)
        if truth.licence is None:
            assert repo.license is None
            with pytest.raises(UnknownObjectException):
                repo.get_license()
        else:
            found.add((truth.licence, repo.license.spdx_id, repo.get_license().license.key))
    assert {
        ("apache-2.0", "Apache-2.0", "apache-2.0"),
        ("mit", "MIT", "mit"),
        ("other", "NOASSERTION", "other"),
    } <= found


def test_a_licence_changes(service):
    number = planted("relicensed")
    moment = WORLD.facts(number).moment
    with GitHubService(WORLD, now=datetime.fromtimestamp(moment - 1, UTC), options=FREE) as earlier:
        assert get(earlier, f"/repos/{name(number)}")[2]["license"]["key"] == "mit"
        assert get(earlier, f"/repos/{name(number)}/license")[2]["license"]["spdx_id"] == "MIT"
    body = get(service, f"/repos/{name(number)}/license")[2]
    assert body["license"]["spdx_id"] == "NOASSERTION"
    assert b"REHEARSAL" in base64.b64decode(body["content"])


def test_hostile_text_arrives_as_it_is(service):
    text = get(service, f"/repos/{name(planted('hostile'))}")[2]["description"]
    assert "<script>" in text
    assert "\u202e" in text
    assert "\x07" in text


def test_languages_topics_and_unknown_corners(service, github):
    number = quiet()
    sizes = get(service, f"/repos/{name(number)}/languages")[2]
    assert sizes == WORLD.repo(number, SECOND).languages
    assert sizes.items() <= github.get_repo(name(number)).get_languages().items()
    assert github.get_repo(name(number)).get_topics() == list(WORLD.repo(number, SECOND).topics)
    for path in ("/nothing", f"/repos/{name(number)}/nothing", "/repos/one", "/", "/orgs/x/y"):
        status, headers, body = get(service, path)
        assert (status, body["message"], body["status"]) == (404, "Not Found", "404")
        assert headers["X-RateLimit-Limit"]


# Contributors


def test_contributors_with_and_without_the_anonymous(github):
    number = quiet()
    truth = WORLD.contributors(number, SECOND)
    rows = list(github.get_repo(name(number)).get_contributors(anon="1"))
    assert [row.contributions for row in rows] == [count for _, count in truth]
    assert [row.contributions for row in rows] == sorted((row.contributions for row in rows), reverse=True)
    assert [None if row.type == "Anonymous" else row.login for row in rows] == [
        author.account.login if author.account else None for author, _ in truth
    ]
    anonymous = [row._rawData for row in rows if row.type == "Anonymous"]
    assert anonymous
    assert all(set(row) == {"name", "email", "type", "contributions"} for row in anonymous)
    assert all(row["email"].endswith("@rehearsal.invalid") for row in anonymous)
    linked = [row._rawData for row in github.get_repo(name(number)).get_contributors()]
    assert [row["login"] for row in linked] == [author.account.login for author, _ in truth if author.account]
    assert not any("email" in row for row in linked)


def test_beyond_five_hundred_authors_all_are_anonymous():
    number = planted("author_cap")

    def edge(second):
        return [author.account for author, _ in WORLD.contributors(number, second)[499:501]]

    second = next(at for at in range(SECOND, SECOND + 300 * 86_400, 86_400) if len(edge(at)) == 2 and all(edge(at)))
    truth = WORLD.contributors(number, second)
    with GitHubService(WORLD, now=datetime.fromtimestamp(second, UTC), options=FREE) as service:
        repo = client(service).get_repo(name(number, second))
        rows = [row._rawData for row in repo.get_contributors(anon="1")]
        linked = [row._rawData["login"] for row in repo.get_contributors()]
    assert len(rows) == len(truth) > 500
    assert rows[499]["login"] == truth[499][0].account.login
    assert {row["type"] for row in rows[500:]} == {"Anonymous"}
    assert [row["email"] for row in rows[500:]] == [author.email for author, _ in truth[500:]]
    assert len(linked) == sum(author.account is not None for author, _ in truth[:500])


def test_a_list_that_is_too_large_is_refused_for_good(github):
    repo = github.get_repo(name(planted("too_large")))
    for _ in range(2):
        with pytest.raises(GithubException) as refused:
            list(repo.get_contributors())
        assert refused.value.status == 403
        assert refused.value.message.startswith("The history or contributor list is too large to list contributors")


def test_an_empty_repository(service, github):
    number = planted("empty")
    answer, body = fetch(connect(service), f"/repos/{name(number)}/contributors")
    assert (answer.status, body, answer.headers["Content-Length"]) == (204, b"", None)
    repo = github.get_repo(name(number))
    assert list(repo.get_contributors()) == []
    with pytest.raises(GithubException) as refused:
        list(repo.get_commits())
    assert (refused.value.status, refused.value.message) == (409, "Git Repository is empty.")
    assert (repo.size, repo.language, get(service, f"/repos/{name(number)}/languages")[2]) == (0, None, {})


def test_a_contributors_location_costs_the_real_client_a_request_each(service, github):
    rows = [row for row in github.get_repo(name(quiet())).get_contributors() if row.type == "User"]
    before = len(service.log)
    places = [row.location for row in rows]
    assert len(service.log) == before + len(rows)
    assert places == [WORLD.account(row.login, SECOND).location for row in rows]
    assert any(places)


# Releases, commits, forks, statistics


def test_releases_newest_first_and_none_from_the_future(github):
    number = quiet()
    truth = WORLD.releases(number, SECOND)
    rows = list(github.get_repo(name(number)).get_releases())
    assert [(row.tag_name, row.prerelease, row.draft) for row in rows] == [
        (t.tag, t.is_prerelease, False) for t in truth
    ]
    times = [row.published_at for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[0] <= NOW < datetime.fromtimestamp(WORLD.release_times(number)[len(truth)], UTC)


def test_commits_since_a_moment_in_utc(github):
    number = quiet()
    since = NOW - timedelta(weeks=20)
    rows = list(github.get_repo(name(number)).get_commits(since=since))
    expected = WORLD.commits(number, int(since.timestamp()), SECOND + 1)
    assert [row.sha for row in rows] == [WORLD.commit(number, place, SECOND).sha for place in reversed(expected)]
    assert len(rows) > 1
    assert rows[0].commit.author.date.utcoffset() == timedelta(0)
    both = [github.get_repo(name(number)).get_commits(**more).totalCount for more in ({}, {"until": since})]
    assert both[0] == both[1] + len(rows)


def test_forks_are_counted_and_listed(github):
    number = max(range(40), key=lambda n: WORLD.repo(n, SECOND).forks if WORLD.repo(n, SECOND) else 0)
    repo = github.get_repo(name(number))
    forks = list(repo.get_forks())
    assert len(forks) == repo.forks_count > 100
    assert all(fork.fork for fork in forks)
    assert len({fork.id for fork in forks}) == len(forks)


def test_statistics_take_their_time(service):
    number = quiet()
    path = f"/repos/{name(number)}/stats/contributors"
    with serve(statistics_after=3) as slow:
        assert [get(slow, path)[0] for _ in range(5)] == [202, 202, 202, 200, 200]
        rows = get(slow, path)[2]
        slow.set_now(NOW + timedelta(weeks=9))
        assert get(slow, path)[0] == 202, "new commits are counted anew"
    totals = [row["total"] for row in rows]
    assert totals == sorted(totals)
    assert sum(totals) == sum(count for author, count in WORLD.contributors(number, SECOND) if author.account)
    assert all(sum(week["c"] for week in row["weeks"]) == row["total"] for row in rows)
    assert {datetime.fromtimestamp(week["w"], UTC).isoweekday() for week in rows[0]["weeks"]} == {7}


def test_some_statistics_are_never_ready(service):
    path = f"/repos/{name(planted('never_counts'))}/stats/contributors"
    assert [get(service, path)[0] for _ in range(6)] == [202] * 6
    assert get(service, path)[2] == {}


def test_the_real_client_waits_for_statistics(github, monkeypatch):
    waits = []
    monkeypatch.setattr("github.Requester.time.sleep", waits.append)
    number = quiet()
    found = github.get_repo(name(number)).get_stats_contributors()
    assert waits in ([2.0], [])
    assert sum(one.total for one in found) > 0

    class TooLongError(Exception):
        pass

    def give_up(seconds):
        waits.append(seconds)
        if len(waits) > 20:
            raise TooLongError

    monkeypatch.setattr("github.Requester.time.sleep", give_up)
    with pytest.raises(TooLongError):
        github.get_repo(name(planted("never_counts"))).get_stats_contributors()


# Stars


def history(github, number, page=1, per_page=30):
    path, page = f"/repos/{name(number)}/stargazers/history", {"per_page": per_page, "page": page}
    return github.requester.requestJsonAndCheck("GET", path, parameters=page)[1]


def whole_history(github, number):
    weeks, page = [], 1
    while rows := history(github, number, page):
        weeks, page = [*weeks, *rows], page + 1
    return weeks


@pytest.mark.parametrize("plant", ["", "burst", "bought_burst", "starless", "too_large", "empty"])
def test_the_history_is_the_truth(github, plant):
    number = planted(plant) if plant else quiet()
    weeks = whole_history(github, number)
    first, days = WORLD.stars(number, SECOND)
    assert sum(week["total"] for week in weeks) == github.get_repo(name(number)).stargazers_count == sum(days)
    assert all(set(week) == {"week", "total", "days"} and len(week["days"]) == 7 for week in weeks)
    assert all(week["total"] == sum(week["days"]) for week in weeks)
    starts = [week["week"] for week in weeks]
    assert starts == [starts[0] - WEEK * place for place in range(len(starts))]
    assert starts[0] <= SECOND < starts[0] + WEEK
    flat = [count for week in reversed(weeks) for count in week["days"]]
    lead = (first - starts[-1]) // 86_400
    assert flat[lead : lead + len(days)] == list(days)
    assert sum(flat[:lead]) == sum(flat[lead + len(days) :]) == 0


def test_the_history_comes_in_pages_of_thirty_weeks_and_ends_with_an_empty_one(service, github):
    number = planted("burst")
    pages = [history(github, number, page) for page in range(1, 8)]
    sizes = [len(page) for page in pages]
    full = sizes.index(next(size for size in sizes if size < 30))
    assert sizes[:full] == [30] * full
    assert sizes[full + 1 :] == [0] * (6 - full)
    assert len(history(github, number, per_page=100)) == 30
    path = f"/repos/{name(number)}/stargazers/history"
    assert get(service, f"{path}?page=100")[0] == 200
    assert get(service, f"{path}?page=101")[0] == 422
    assert get(service, path, token=None)[0] == 200


def test_what_nobody_verified_of_the_history_can_be_switched():
    path = f"/repos/{name(0)}/stargazers/history"
    with serve(history_has_links=False, history_rejects_big_pages=True, history_week_starts=1) as other:
        status, headers, rows = get(other, path)
        assert (status, headers["Link"]) == (200, None)
        assert datetime.fromtimestamp(rows[0]["week"], UTC).isoweekday() == 1
        assert get(other, f"{path}?per_page=31")[0] == 422
    with serve() as usual:
        _, headers, rows = get(usual, path)
        assert headers["Link"]
        assert datetime.fromtimestamp(rows[0]["week"], UTC).isoweekday() == 7


def test_the_pages_drift_when_a_week_begins_in_between():
    number = planted("burst")
    path = f"/repos/{name(number)}/stargazers/history?page="
    with serve() as service:
        first = get(service, f"{path}1")[2]
        service.set_now(NOW + timedelta(weeks=1))
        second = get(service, f"{path}2")[2]
    assert {week["week"] for week in first} & {week["week"] for week in second} == {first[-1]["week"]}


def test_a_withdrawn_star_is_missing_from_its_old_week(github):
    number = planted("bought_burst")
    moment = WORLD.facts(number).moment
    with GitHubService(WORLD, now=datetime.fromtimestamp(moment + 86_400 * 10, UTC), options=FREE) as earlier:
        before = {week["week"]: week["total"] for week in whole_history(client(earlier), number)}
        earlier.set_now(datetime.fromtimestamp(moment + 86_400 * 40, UTC))
        after = {week["week"]: week["total"] for week in whole_history(client(earlier), number)}
    lost = {week: before[week] - after[week] for week in before if before[week] > after[week] + 50}
    assert lost
    assert all(week - WEEK < moment < week + 2 * WEEK for week in lost)


def test_stargazers_are_closed(service, github):
    repo = github.get_repo(name(quiet()))
    for ask in (repo.get_stargazers_with_dates, repo.get_stargazers, repo.get_subscribers):
        with pytest.raises(UnknownObjectException):
            list(ask())
    assert repo.stargazers_count > 0


@pytest.mark.parametrize(("how", "status"), [("404", 404), ("403", 403), ("401", 401), ("empty", 200)])
def test_closed_lists_can_refuse_in_other_ways(how, status):
    with serve(closed_lists=how) as service:
        answer = get(service, f"/repos/{name(0)}/stargazers", token=None)
        assert answer[0] == status
        assert (answer[2] == []) == (how == "empty")


def test_collaborators_see_stargazers_with_dates(service):
    number = planted("burst")
    with serve(collaborator_on=frozenset({name(number).lower()})) as open_service:
        repo = client(open_service).get_repo(name(number))
        dated = list(repo.get_stargazers_with_dates())
        assert len(dated) == repo.stargazers_count
        days = [gazer.starred_at for gazer in dated]
        assert days == sorted(days)
        assert get(open_service, f"/repos/{name(0)}/stargazers")[0] == 404
        assert get(open_service, f"/repos/{name(number)}/stargazers?per_page=100&page=401")[0] == 422
        plain = get(open_service, f"/repos/{name(number)}/stargazers?per_page=1")
        assert set(plain[2][0]) >= {"login", "id"}
        for media in ("application/vnd.github.star+json", "application/vnd.github.v3.star+json"):
            _, headers, rows = get(open_service, f"/repos/{name(number)}/stargazers?per_page=1", Accept=media)
            assert set(rows[0]) == {"starred_at", "user"}
            assert "star" in headers["X-GitHub-Media-Type"]


# Accounts


def test_an_organisation_and_its_repositories(github):
    lab = next(lab for lab in range(len(WORLD.labs)) if len(WORLD.repos_of(WORLD.owner_id(lab), SECOND)) > 3)
    login = WORLD.login_at(lab, SECOND)
    org = github.get_organization(login)
    truth = [WORLD.repo(number, SECOND) for number in WORLD.repos_of(org.id, SECOND)]
    assert (org.login, org.public_repos, org.type) == (login, len(truth), "Organization")
    names = [repo.full_name for repo in org.get_repos()]
    assert names == [repo.full_name for repo in reversed(truth) if repo.access == "open"]
    assert [repo.full_name for repo in org.get_repos(sort="full_name")] == sorted(names)


def test_a_renamed_organisation_is_only_found_under_its_new_name(service, github):
    lab = next(lab for lab in range(len(WORLD.labs)) if len(WORLD.org_renames(lab)) == 2)
    with pytest.raises(UnknownObjectException):
        github.get_organization(WORLD.labs[lab][0])
    assert github.get_organization(WORLD.login_at(lab, SECOND)).id == WORLD.owner_id(lab)


def test_people_by_login_and_by_id(service, github):
    number = next(n for n in range(500) if WORLD.people.renames(n) and not WORLD.people.is_gone(n, SECOND))
    old, new = WORLD.people.login(number, 0), WORLD.people.login(number, SECOND)
    user = github.get_user(new)
    assert github.get_user_by_id(user.id).login == new
    assert (user.location, user.email, user.type) == (WORLD.people.person(number, SECOND).location, None, "User")
    if old != new:
        with pytest.raises(UnknownObjectException):
            github.get_user(old)
    assert get(service, "/users/rehearsal-bot%5Bbot%5D")[2]["type"] == "Bot"
    assert get(service, f"/users/{WORLD.login_at(0, SECOND)}")[2]["type"] == "Organization"
    assert get(service, f"/orgs/{new}")[0] == 404
    gone = next(n for n in range(WORLD.people.count) if WORLD.people.is_gone(n, SECOND))
    assert get(service, f"/users/{WORLD.people.login(gone, SECOND)}")[0] == 404


# Pages and headers


def test_links_name_every_page_and_use_the_host_of_the_request(service):
    number = planted("author_cap")
    path = f"/repos/{name(number)}/contributors?anon=1&per_page=100"
    target = f"<http://localhost:9999/repositories/{WORLD.facts(number).id}/contributors?anon=1&per_page=100&page="
    last = -(-len(WORLD.contributors(number, SECOND)) // 100)

    def links(page):
        return get(service, f"{path}&page={page}", Host="localhost:9999")[1]["Link"]

    assert links(1) == f'{target}2>; rel="next", {target}{last}>; rel="last"'
    assert links(2) == ", ".join(
        f'{target}{page}>; rel="{rel}"' for page, rel in ((1, "prev"), (3, "next"), (last, "last"), (1, "first"))
    )
    assert links(last) == f'{target}{last - 1}>; rel="prev", {target}1>; rel="first"'
    assert get(service, f"/repos/{name(0)}/releases?page=50")[2] == []


@pytest.mark.parametrize(
    ("query", "rows"), [("", 30), ("?per_page=1000", 100), ("?per_page=0", 30), ("?per_page=x", 30)]
)
def test_page_sizes_are_cut_or_usual(service, query, rows):
    assert len(get(service, f"/repos/{name(planted('author_cap'))}/contributors{query}")[2]) == rows


def test_nobody_gets_beyond_forty_thousand_rows(service):
    path = f"/repos/{name(0)}/contributors?per_page=100&page="
    assert get(service, f"{path}400")[0] == 200
    status, _, body = get(service, f"{path}401")
    assert status == 422
    assert body["message"].startswith("In order to keep the API fast for everyone, pagination is limited")


def test_every_answer_has_githubs_headers(service):
    seen = set()
    for path in (f"/repos/{name(0)}", f"/repos/{name(0)}/languages", "/nothing", f"/repos/{WORLD.names(2)[0][1]}"):
        headers = get(service, path)[1]
        assert email.utils.parsedate_to_datetime(headers["Date"]) == NOW
        assert headers["X-GitHub-Api-Version-Selected"] == "2022-11-28"
        assert headers["X-GitHub-Media-Type"] == "github.v3; format=json"
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        assert headers["X-RateLimit-Resource"] == "core"
        assert int(headers["X-RateLimit-Limit"]) == int(headers["X-RateLimit-Remaining"]) + int(
            headers["X-RateLimit-Used"]
        )
        seen.add(headers["X-GitHub-Request-Id"])
    assert len(seen) == 4


def test_a_repositorys_date_is_its_last_modified(service):
    _, headers, body = get(service, f"/repos/{name(0)}")
    changed = email.utils.parsedate_to_datetime(headers["Last-Modified"])
    assert changed.strftime("%Y-%m-%dT%H:%M:%SZ") == body["updated_at"]
    assert headers["ETag"].startswith('W/"')


def test_no_link_leads_out_of_the_rehearsal(service):
    for path in (f"/repos/{name(0)}", f"/users/{WORLD.people.login(3, SECOND)}", f"/repos/{name(quiet())}/releases"):
        text = json.dumps(get(service, path)[2])
        urls = [part.split('"')[0] for part in text.split("http")[1:]]
        assert urls
        assert all(url.startswith((service.url.removeprefix("http"), "s://github.rehearsal.invalid")) for url in urls)
