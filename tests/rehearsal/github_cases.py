"""What the tests of the pretend GitHub share: one world, its moment, and ways to ask."""

import http.client
import json
from datetime import UTC, date, datetime

from github import Auth, Github

from dagster_project.rehearsal.github.facts import PLANT_PERIOD, PLANTS
from dagster_project.rehearsal.github.world import GitHubWorld

NOW = datetime(2026, 2, 27, 10, 30, tzinfo=UTC)
SECOND = int(NOW.timestamp())
WORLD = GitHubWorld(7, 120, 8, date(2026, 1, 5))
"""Seven weeks and more of its eight are over, so everything planted has happened."""


def planted(plant, world=WORLD):
    """Give the first repository with something planted in it."""
    return next(n for n in range(min(world.repos, PLANT_PERIOD)) if PLANTS.get(n) == plant)


def name(number, second=SECOND):
    return WORLD.full_name(number, second)


def quiet():
    """Give a repository with nothing planted, some contributors and some releases."""
    return next(
        n
        for n in range(WORLD.repos)
        if not WORLD.facts(n).plant
        and WORLD.repo(n, SECOND)
        and len(WORLD.contributors(n, SECOND)) > 12
        and len(WORLD.releases(n, SECOND)) > 2
        and WORLD.facts(n).owner >= 0
    )


def client(service, token="x", **more):
    auth = Auth.Token(token) if token else None
    more = {"retry": None, "per_page": 100, **more}
    return Github(base_url=service.url, auth=auth, seconds_between_requests=0, seconds_between_writes=0, **more)


def connect(service, timeout=20):
    return http.client.HTTPConnection("127.0.0.1", int(service.url.rsplit(":", 1)[1]), timeout=timeout)


def fetch(connection, path, method="GET", body=None, token="x", **headers):
    sent = {key.replace("_", "-"): text for key, text in headers.items()}
    sent |= {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, body=body, headers={"User-Agent": "test", **sent})
    answer = connection.getresponse()
    return answer, answer.read()


def get(service, path, **headers):
    """Give status, headers and JSON of one GET."""
    answer, body = fetch(connect(service), path, **headers)
    return answer.status, answer.headers, json.loads(body) if body else None


def graphql(service, query, token="x", **variables):
    body = json.dumps({"query": query, "variables": variables})
    answer, text = fetch(connect(service), "/graphql", "POST", body, token)
    return answer.status, answer.headers, json.loads(text)
