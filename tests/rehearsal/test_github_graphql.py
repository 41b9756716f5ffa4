"""The pretend GitHub's GraphQL: batches, partial errors, closed lists, limits and prices."""

import json
import time

import pytest
from github import GithubException, UnknownObjectException

from dagster_project.rehearsal.github.request import GitHubOptions
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.github.shapes import node_id, read_node_id

from .github_cases import NOW, SECOND, WORLD, client, connect, fetch, get, graphql, name, planted, quiet

FIELDS = """databaseId nameWithOwner stargazerCount forkCount watchers{totalCount} pushedAt createdAt isArchived isFork
licenseInfo{spdxId} primaryLanguage{name} languages(first:10,orderBy:{field:SIZE,direction:DESC}){totalSize edges{size node{name}}}
releases(first:5,orderBy:{field:CREATED_AT,direction:DESC}){totalCount nodes{tagName publishedAt isPrerelease}}
issues(states:OPEN){totalCount} pullRequests(states:OPEN){totalCount}
defaultBranchRef{target{... on Commit{history{totalCount}}}}"""


@pytest.fixture(scope="module")
def service():
    with GitHubService(WORLD, now=NOW, options=GitHubOptions(quota_graphql=1_000_000)) as running:
        yield running


def repository(full_name, fields="databaseId", alias="r", more=""):
    owner, repo = full_name.split("/")
    return f'{alias}:repository(owner:"{owner}",name:"{repo}"{more}){{{fields}}}'


def batch(numbers, fields=FIELDS):
    return "{" + " ".join(repository(name(n), fields, f"r{n}") for n in numbers) + " rateLimit{cost remaining}}"


def test_a_batch_by_alias_is_the_truth(service):
    numbers = [n for n in range(60) if (repo := WORLD.repo(n, SECOND)) and repo.access == "open"]
    status, _, answer = graphql(service, batch(numbers))
    assert (status, "errors" in answer) == (200, False)
    for number in numbers:
        truth, row = WORLD.repo(number, SECOND), answer["data"][f"r{number}"]
        assert (row["databaseId"], row["nameWithOwner"]) == (truth.id, truth.full_name)
        assert (row["stargazerCount"], row["forkCount"]) == (truth.stars, truth.forks)
        assert row["watchers"] == {"totalCount": truth.watchers}
        assert (row["isArchived"], row["isFork"]) == (truth.is_archived, truth.is_fork)
        assert row["languages"]["totalSize"] == sum(truth.languages.values())
        assert {edge["node"]["name"]: edge["size"] for edge in row["languages"]["edges"]} == truth.languages
        releases = WORLD.releases(number, SECOND)
        assert row["releases"]["totalCount"] == len(releases)
        assert [node["tagName"] for node in row["releases"]["nodes"]] == [one.tag for one in releases[:5]]
        assert (row["issues"]["totalCount"], row["pullRequests"]["totalCount"]) == (truth.open_issues, truth.open_pulls)
        commits = len(WORLD.commits(number, 0, SECOND + 1))
        assert (row["defaultBranchRef"] or {"target": {"history": {"totalCount": 0}}})["target"]["history"] == {
            "totalCount": commits
        }
    assert answer["data"]["rateLimit"]["cost"] in (3, 4)


def test_rest_and_graphql_say_the_same(service):
    number = quiet()
    rest = get(service, f"/repos/{name(number)}")[2]
    fields = "databaseId id stargazerCount forkCount createdAt pushedAt updatedAt licenseInfo{spdxId} diskUsage"
    row = graphql(service, "{" + repository(name(number), fields) + "}")[2]["data"]["r"]
    assert row["id"] == rest["node_id"]
    assert (row["databaseId"], row["stargazerCount"], row["forkCount"]) == (
        rest["id"],
        rest["stargazers_count"],
        rest["forks_count"],
    )
    assert [row["createdAt"], row["pushedAt"], row["updatedAt"]] == [
        rest["created_at"],
        rest["pushed_at"],
        rest["updated_at"],
    ]
    assert row["licenseInfo"] == (rest["license"] and {"spdxId": rest["license"]["spdx_id"]})


def test_one_missing_repository_leaves_the_others(service):
    good, gone, blocked = quiet(), planted("deleted"), planted("blocked")
    status, _, answer = graphql(service, batch([good, gone, blocked], "databaseId"))
    assert status == 200
    assert answer["data"][f"r{good}"] == {"databaseId": WORLD.facts(good).id}
    assert answer["data"][f"r{gone}"] is answer["data"][f"r{blocked}"] is None
    missing, refused = answer["errors"]
    assert (missing["type"], missing["path"]) == ("NOT_FOUND", [f"r{gone}"])
    assert missing["message"] == f"Could not resolve to a Repository with the name '{name(gone)}'."
    assert missing["locations"][0]["line"] == 1
    assert (refused["type"], refused["path"], refused["message"]) == (
        "FORBIDDEN",
        [f"r{blocked}"],
        "Repository access blocked",
    )


def test_the_real_client_loses_the_good_part_unless_asked_plainly(service):
    requester = client(service).requester
    query = batch([quiet(), planted("deleted")], "databaseId")
    with pytest.raises(UnknownObjectException):
        requester.graphql_query(query, {})
    with pytest.raises(GithubException) as refused:
        requester.graphql_query(batch([quiet(), planted("deleted"), planted("blocked")], "databaseId"), {})
    assert refused.value.status == 400
    _, answer = requester.requestJsonAndCheck("POST", requester.graphql_url, input={"query": query})
    assert answer["data"][f"r{quiet()}"]["databaseId"] == WORLD.facts(quiet()).id
    assert len(answer["errors"]) == 1


def test_renames_are_followed_unless_told_not_to(service):
    number = planted("renamed_twice")
    for _, old in WORLD.names(number)[:-1]:
        followed = graphql(service, "{" + repository(old, "nameWithOwner") + "}")[2]
        assert followed["data"]["r"]["nameWithOwner"] == name(number)
        refused = graphql(service, "{" + repository(old, more=",followRenames:false") + "}")[2]
        assert (refused["data"]["r"], refused["errors"][0]["type"]) == (None, "NOT_FOUND")


# By id


def test_nodes_by_id_with_places_for_the_missing(service):
    repo, user = WORLD.facts(quiet()).id, WORLD.people.account(1, SECOND).id
    ids = [
        node_id("Repository", repo),
        node_id("User", user),
        "R_nonsense",
        node_id("User", 5),
        node_id("Organization", user),
    ]
    query = "query($ids:[ID!]!){nodes(ids:$ids){id __typename ... on User{databaseId login location} ... on Repository{databaseId}}}"
    answer = graphql(service, query, ids=ids)[2]
    nodes = answer["data"]["nodes"]
    assert (nodes[0]["__typename"], nodes[0]["databaseId"]) == ("Repository", repo)
    assert (nodes[1]["databaseId"], nodes[1]["login"]) == (user, WORLD.people.login(1, SECOND))
    assert nodes[2:] == [None] * 3
    assert [error["path"] for error in answer["errors"]] == [["nodes", 2], ["nodes", 3], ["nodes", 4]]
    assert answer["errors"][0]["message"] == "Could not resolve to a node with the global id of 'R_nonsense'."


def test_a_hundred_people_cost_a_point_and_one_more_is_refused(service):
    query = """query($ids:[ID!]!){rateLimit{cost nodeCount} nodes(ids:$ids){... on User{databaseId login location company
    createdAt organizations(first:5){nodes{login}}}}}"""
    ids = [node_id("User", WORLD.people.account(n, SECOND).id) for n in range(101)]
    answer = graphql(service, query, ids=ids[:100])[2]
    people = answer["data"]["nodes"]
    assert answer["data"]["rateLimit"]["cost"] == 1
    there = [n for n in range(100) if not WORLD.people.is_gone(n, SECOND)]
    assert [people[n]["location"] for n in there] == [WORLD.people.person(n, SECOND).location for n in there]
    assert sum(len(people[n]["organizations"]["nodes"]) for n in there) == sum(n % 6 == 0 for n in there)
    refused = graphql(service, query, ids=ids)[2]
    assert refused["data"] is None
    assert refused["errors"][0]["message"] == "You may not provide more than 100 ids; you provided 101."
    assert refused["errors"][0]["path"] == ["nodes"]


def test_ids_are_githubs_kind_of_ids():
    assert node_id("User", 583231) == "U_kgDOAAjmPw"
    assert read_node_id("U_kgDOAAjmPw") == ("User", 583231)
    assert [read_node_id(text) for text in ("", "U_", "X_kgDOAAjmPw", "U_????", "nonsense")] == [None] * 5


def test_accounts_by_login(service):
    login = WORLD.people.login(1, SECOND)
    org = WORLD.login_at(0, SECOND)
    query = f"""{{user(login:"{login}"){{login location email}} organization(login:"{org}"){{login repositories(first:3,
    orderBy:{{field:STARGAZERS,direction:DESC}}){{totalCount nodes{{stargazerCount}}}}}} nobody:user(login:"{org}"){{id}}
    owner:repositoryOwner(login:"{org}"){{__typename id}} gone:repositoryOwner(login:"rehearsal-nobody"){{id}}}}"""
    answer = graphql(service, query)[2]
    data = answer["data"]
    assert data["user"] == {"login": login, "location": WORLD.people.person(1, SECOND).location, "email": ""}
    stars = [node["stargazerCount"] for node in data["organization"]["repositories"]["nodes"]]
    assert stars == sorted(stars, reverse=True)
    assert (data["owner"]["__typename"], data["gone"], data["nobody"]) == ("Organization", None, None)
    assert [error["message"] for error in answer["errors"]] == [
        f"Could not resolve to a User with the login of '{org}'."
    ]


# Closed lists, offsets, pages


def test_a_persons_token_sees_no_stargazers_and_no_error(service):
    query = (
        "{"
        + repository(
            name(planted("burst")),
            "stargazerCount stargazers(first:100){totalCount edges{starredAt} pageInfo{hasNextPage}}",
        )
        + "}"
    )
    status, _, answer = graphql(service, query)
    assert (status, "errors" in answer) == (200, False)
    found = answer["data"]["r"]
    assert found["stargazerCount"] > 1000
    assert (found["stargazers"]["edges"], found["stargazers"]["pageInfo"]["hasNextPage"]) == ([], False)


def test_an_apps_token_is_refused(service):
    query = "{" + repository(name(0), "stargazers(first:1){edges{starredAt}}") + " rateLimit{cost}}"
    answer = graphql(service, query, token="ghs_app")[2]
    assert answer["data"]["r"] is None
    assert answer["data"]["rateLimit"] == {"cost": 1}
    (error,) = answer["errors"]
    assert (error["type"], error["path"]) == ("FORBIDDEN", ["r", "stargazers"])
    assert error["message"] == "Resource not accessible by integration"


def test_a_collaborator_sees_stargazers():
    number = planted("burst")
    options = GitHubOptions(collaborator_on=frozenset({"*"}))
    query = (
        "query($after:String){"
        + repository(
            name(number),
            "stargazers(first:100,after:$after){totalCount edges{starredAt node{login}} pageInfo{endCursor hasNextPage}}",
        )
        + "}"
    )
    with GitHubService(WORLD, now=NOW, options=options) as service:
        times, after = [], None
        while True:
            page = graphql(service, query, after=after)[2]["data"]["r"]["stargazers"]
            times += [edge["starredAt"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
    assert len(times) == page["totalCount"] == WORLD.star_count(number, SECOND)
    assert times == sorted(times)


def test_commit_dates_keep_the_authors_offset(service):
    number = quiet()
    fields = (
        "defaultBranchRef{target{... on Commit{history(first:100){nodes{oid committedDate author{date user{login}}}}}}}"
    )
    nodes = graphql(service, "{" + repository(name(number), fields) + "}")[2]["data"]["r"]["defaultBranchRef"][
        "target"
    ]["history"]["nodes"]
    rest = get(service, f"/repos/{name(number)}/commits?per_page=100")[2]
    assert [node["oid"] for node in nodes] == [row["sha"] for row in rest]
    assert [node["committedDate"] for node in nodes] == [row["commit"]["author"]["date"] for row in rest]
    assert len({node["author"]["date"][-6:] for node in nodes}) > 1


def test_pages_by_cursor_forwards_and_backwards(service):
    number = quiet()
    tags = [one.tag for one in WORLD.releases(number, SECOND)]
    query = "%s{%s}"

    def ask(arguments, **variables):
        inner = repository(
            name(number),
            f"releases({arguments}){{nodes{{tagName}} pageInfo{{endCursor startCursor hasNextPage hasPreviousPage}}}}",
        )
        head = f"query({', '.join(f'${one}:String' for one in variables)})" if variables else "query"
        found = graphql(service, query % (head, inner), **variables)[2]["data"]["r"]["releases"]
        return [node["tagName"] for node in found["nodes"]], found["pageInfo"]

    first, page = ask("first:2")
    assert (first, page["hasNextPage"], page["hasPreviousPage"]) == (tags[:2], True, False)
    second, page = ask("first:1,after:$a", a=page["endCursor"])
    assert (second, page["hasPreviousPage"]) == (tags[2:3], True)
    assert ask("last:1,before:$b", b=page["startCursor"])[0] == tags[1:2]
    answer = graphql(service, "{" + repository(name(number), 'releases(first:1,after:"zzz"){totalCount}') + "}")[2]
    assert answer["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"


# What is refused


def test_an_unknown_field_is_refused_in_githubs_words(service):
    status, _, answer = graphql(service, "query Q{" + repository(name(0), "databaseId downloads") + "}")
    assert (status, "data" in answer) == (200, False)
    (error,) = answer["errors"]
    assert error["message"] == "Field 'downloads' doesn't exist on type 'Repository'"
    assert error["path"] == ["query Q", "r", "downloads"]
    assert error["extensions"] == {"code": "undefinedField", "typeName": "Repository", "fieldName": "downloads"}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("releases{nodes{tagName}}", "MISSING_PAGINATION_BOUNDARIES"),
        ("releases(first:101){nodes{tagName}}", "EXCESSIVE_PAGINATION"),
        ("releases(last:200){totalCount}", "EXCESSIVE_PAGINATION"),
    ],
)
def test_pages_need_a_size_up_to_a_hundred(service, fields, kind):
    answer = graphql(service, "{" + repository(name(0), fields) + "}")[2]
    assert answer["errors"][0]["type"] == kind
    assert "data" not in answer


def test_too_many_nodes_are_refused(service):
    inner = "mentionableUsers(first:100){nodes{repositories(first:100){nodes{releases(first:100){nodes{tagName}}}}}}"
    answer = graphql(service, "{" + repository(name(0), inner) + "}")[2]
    assert answer["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"
    assert "1,010,100" in answer["errors"][0]["message"]


def test_a_price_counts_the_requests_of_nested_connections(service):
    nested = "repositories(first:100){nodes{releases(first:10){nodes{tagName}} languages(first:5){nodes{name}}}}"
    query = f'{{rateLimit{{cost nodeCount}} organization(login:"{WORLD.login_at(0, SECOND)}"){{{nested}}}}}'
    answer = graphql(service, query)[2]
    assert answer["data"]["rateLimit"] == {"cost": 2, "nodeCount": 100 + 100 * 10 + 100 * 5}


def test_a_fragment_is_priced_too(service):
    query = (
        "{rateLimit{nodeCount}"
        + repository(name(0), "...F")
        + "} fragment F on Repository{releases(first:7){nodes{tagName}}}"
    )
    assert graphql(service, query)[2]["data"]["rateLimit"] == {"nodeCount": 7}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("not json", 400, "Problems parsing JSON"),
        ("[]", 400, "Problems parsing JSON"),
        ("{}", 200, "A query attribute must be specified and must be a string."),
        (json.dumps({"query": "{ broken"}), 200, "Syntax Error"),
        (json.dumps({"query": "query($n:Int!){rateLimit{cost}}"}), 200, "$n"),
    ],
)
def test_bad_questions(service, body, status, words):
    answer, text = fetch(connect(service), "/graphql", "POST", body)
    assert answer.status == status
    told = json.loads(text)
    assert words in (told.get("message") or told["errors"][0]["message"])


def test_nobody_asks_without_a_token(service):
    status, _, answer = graphql(service, "{rateLimit{cost}}", token=None)
    assert (status, answer["message"]) == (401, "This endpoint requires you to be authenticated.")
    assert graphql(service, "{rateLimit{cost}}", token="ghp_revoked")[0] == 401


# Points


def test_points_are_counted_apart_from_rest_and_run_out_with_200():
    with GitHubService(WORLD, now=NOW, options=GitHubOptions(quota_graphql=5)) as service:
        numbers = [n for n in range(60) if (repo := WORLD.repo(n, SECOND)) and repo.access == "open"]
        _, headers, answer = graphql(service, batch(numbers))
        cost = answer["data"]["rateLimit"]["cost"]
        assert cost in (3, 4)
        assert (headers["X-RateLimit-Resource"], headers["X-RateLimit-Used"]) == ("graphql", str(cost))
        assert answer["data"]["rateLimit"]["remaining"] == int(headers["X-RateLimit-Remaining"]) == 5 - cost
        graphql(service, batch(numbers))
        status, headers, answer = graphql(service, batch(numbers))
        assert (status, headers["X-RateLimit-Remaining"], "data" in answer) == (200, "0", False)
        assert answer["errors"][0]["type"] == "RATE_LIMITED"
        requester = client(service).requester
        with pytest.raises(GithubException) as refused:
            requester.graphql_query("{rateLimit{cost}}", {})
        assert refused.value.status == 400
        assert get(service, f"/repos/{name(0)}")[0] == 200
        assert get(service, "/rate_limit")[2]["resources"]["graphql"]["remaining"] == 0


def test_a_refused_question_costs_a_point(service):
    before = int(graphql(service, "{rateLimit{cost}}")[1]["X-RateLimit-Used"])
    graphql(service, "{nonsense}")
    assert int(graphql(service, "{rateLimit{cost}}")[1]["X-RateLimit-Used"]) == before + 2


def test_a_batch_of_fifty_is_no_burden(service):
    numbers = range(40, 90)
    graphql(service, batch(numbers))
    started = time.process_time()
    graphql(service, batch(numbers))
    assert time.process_time() - started < 1.0
