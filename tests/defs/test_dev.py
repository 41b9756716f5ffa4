"""`leadershift dev` for real: its webserver and daemon take a week of the rehearsal from the Hub to the page."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import duckdb
import msgspec
import polars as pl
import pytest
from websockets import InvalidStatus, Origin, Subprotocol
from websockets.sync.client import connect

from dagster_project.definitions import defs
from dagster_project.defs.assets import RELEASE, release_asset
from dagster_project.defs.installation import Installation
from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.service import HubService, simulated
from dagster_project.settings import shipped
from dagster_project.warehouse import audit, catalog, lineage, publish
from tests.defs.conftest import WORLD, House, build_house, clean_environment
from tests.defs.dagster_server import DagsterServer, Run, values

pytestmark = pytest.mark.timeout(600)

NOW = datetime(2026, 11, 16, 2, tzinfo=UTC)
THIS_WEEK, LAST_WEEK = "2026-11-16", "2026-11-09"
SENSOR_SECONDS = 60
SCHEDULE = "every_six_hours"
GITHUB_STEPS = ["raw__github_repositories", "raw__github_stars", "raw__github_people"]
STEPS = {
    *("raw__huggingface_models", "raw__huggingface_owners", *GITHUB_STEPS),
    *("warehouse", "published__release", "reports__weekly", "reports__site"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A home whose last week was captured from the command line."""
    with HubService(simulated(WORLD), now=NOW - timedelta(days=7)) as hub:
        made = build_house(tmp_path_factory.mktemp("dev") / "home", hub)
        made.capture()
        hub.set_now(NOW)
        yield made


@pytest.fixture(scope="module")
def server(home: House) -> Iterator[DagsterServer]:
    """`leadershift dev`, started where somebody keeps a gql.py, by a user with an empty home directory."""
    folder = home.home.parent
    (folder / "gql.py").write_text("raise SystemExit('the working directory shadows a package')\n")
    (folder / "user").mkdir()
    started = DagsterServer({**clean_environment(), **home.environment(), "HOME": str(folder / "user")}, folder)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.end()


@pytest.fixture(scope="module")
def ticks() -> dict[str, dict[str, Any]]:
    """What the schedule said before, during and after the first run."""
    return {}


@pytest.fixture(scope="module")
def launched(server: DagsterServer, ticks: dict[str, dict[str, Any]]) -> list[str]:
    """Three runs asked for at once: this week, this week again, last week."""
    ticks["before"] = server.dry_run(SCHEDULE)
    runs = [server.launch("weekly", week) for week in (THIS_WEEK, THIS_WEEK, LAST_WEEK)]
    ticks["during"] = server.dry_run(SCHEDULE)
    return runs


@pytest.fixture(scope="module")
def first(server: DagsterServer, launched: list[str], ticks: dict[str, dict[str, Any]]) -> Run:
    finished = server.wait_for(launched[0])
    ticks["after"] = server.dry_run(SCHEDULE)
    return finished


@pytest.fixture(scope="module")
def again(server: DagsterServer, launched: list[str]) -> Run:
    return server.wait_for(launched[1])


@pytest.fixture(scope="module")
def past(server: DagsterServer, launched: list[str]) -> Run:
    return server.wait_for(launched[2])


def weeks_shown(server: DagsterServer) -> dict[str, str]:
    """How Dagster shows each week; missing ones are not there."""
    answer = server.ask("""{ assetNodeOrError(assetKey: {path: ["raw", "huggingface_models"]}) { ... on AssetNode {
        assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } } } } }""")
    ranges = answer["assetNodeOrError"]["assetPartitionStatuses"]["ranges"]
    assert all(found["startKey"] == found["endKey"] for found in ranges)
    return {found["startKey"]: found["status"] for found in ranges}


def test_the_ui_answers_quietly_and_the_schedule_is_on(server: DagsterServer) -> None:
    assert '"telemetryEnabled": false' in server.page()
    answer = server.ask("""{ shouldShowNux repositoriesOrError { ... on RepositoryConnection { nodes {
        schedules { name cronSchedule executionTimezone scheduleState { status } }
        sensors { name sensorState { status } } } } } }""")
    (repository,) = answer["repositoriesOrError"]["nodes"]
    assert answer["shouldShowNux"] is False
    assert repository == {
        "schedules": [
            {
                "name": "every_night",
                "cronSchedule": "30 3 * * *",
                "executionTimezone": "UTC",
                "scheduleState": {"status": "RUNNING"},
            },
            {
                "name": SCHEDULE,
                "cronSchedule": "0 */6 * * *",
                "executionTimezone": "UTC",
                "scheduleState": {"status": "RUNNING"},
            },
        ],
        "sensors": [
            {"name": "new_alerts", "sensorState": {"status": "RUNNING"}},
            {"name": "sealed_weeks", "sensorState": {"status": "RUNNING"}},
        ],
    }
    assert "superseded" not in server.log.read_text()


def test_a_week_captured_from_the_command_line_is_shown_as_captured(server: DagsterServer) -> None:
    """Must stay before the tests that launch runs: last week is asked for again there."""
    deadline = time.monotonic() + SENSOR_SECONDS
    while not (shown := weeks_shown(server)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert shown == {LAST_WEEK: "MATERIALIZED"}


MUTATION = "mutation { wipeAssets(assetPartitionRanges: []) { __typename } }"
JSON_TYPE = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("status", "method", "path", "headers"),
    [
        (401, "POST", "/graphql", {"Authorization": "", **JSON_TYPE}),
        (401, "POST", "/graphql", {"Authorization": "Bearer of nothing", **JSON_TYPE}),
        (401, "GET", "/", {"Authorization": "", "Cookie": "leadershift_ui=guessed"}),
        (401, "GET", "/login?token=guessed", {}),
        (421, "POST", "/graphql", {"Host": "evil.example", **JSON_TYPE}),
        (403, "POST", "/graphql", {"Origin": "http://evil.example", **JSON_TYPE}),
        (403, "POST", "/graphql", {"Origin": "null", **JSON_TYPE}),
        (405, "GET", f"/graphql?query={quote(MUTATION)}", {}),
        (405, "GET", f"/%67raphql?query={quote(MUTATION)}", {"Accept": "text/html"}),
        (405, "POST", f"/graphql?query={quote(MUTATION)}", JSON_TYPE),
        (415, "POST", "/graphql", {"Content-Type": "text/plain"}),
        (400, "GET", f"/x/../graphql?query={quote(MUTATION)}", {}),
        (400, "GET", f"//graphql?query={quote(MUTATION)}", {}),
        (405, "PUT", "/graphql", JSON_TYPE),
    ],
)
def test_F43_what_a_foreign_page_can_send_is_refused(
    server: DagsterServer, status: int, method: str, path: str, headers: dict[str, str]
) -> None:
    body = json.dumps({"query": MUTATION}) if method != "GET" else None
    answer = server.knock(method, path, {**server.key, **headers}, body)
    assert answer.status == status
    assert b"wipeAssets" not in answer.read(), "Dagster was asked"


def test_F43_a_browser_logs_in_once_and_is_framed_by_nobody(server: DagsterServer) -> None:
    token = server.token_file.read_text()
    assert server.token_file.stat().st_mode & 0o077 == 0
    assert token not in server.log.read_text(), "a log file keeps it for others"
    entered = server.knock("POST", "/login", {"Origin": server.url}, f"token={token}")
    cookie = str(entered.getheader("set-cookie"))
    assert (entered.status, entered.getheader("location")) == (303, "/")
    assert "HttpOnly" in cookie
    assert token not in cookie
    page = server.knock("GET", "/", {"Cookie": cookie.partition(";")[0]})
    assert page.status == 200
    assert "frame-ancestors 'none'" in str(page.getheader("content-security-policy"))
    text = page.read().decode()
    assert '"pathPrefix": ""' in text, "nobody learns where Dagster itself listens"
    asked = {"Cookie": cookie.partition(";")[0], "Origin": server.url, **JSON_TYPE}
    assert b"1." in server.knock("POST", "/graphql?op=Version", asked, '{"query": "{ version }"}').read()


def test_F43_subscriptions_pass_the_door_and_foreign_ones_dont(server: DagsterServer) -> None:
    address = f"{server.url.replace('http', 'ws')}/graphql"
    protocol = [Subprotocol("graphql-ws")]
    with connect(address, subprotocols=protocol, additional_headers=server.key, origin=Origin(server.url)) as socket:
        socket.send('{"type": "connection_init", "payload": {}}')
        assert json.loads(socket.recv(timeout=30)) == {"type": "connection_ack"}
    for stranger in ({"origin": Origin("http://evil.example"), "additional_headers": server.key}, {}):
        with pytest.raises(InvalidStatus):
            connect(address, subprotocols=protocol, **stranger)


def test_a_taken_port_is_refused_in_words(server: DagsterServer) -> None:
    """Dagster itself would say that it serves there, and wait for ever."""
    port = int(server.command[-1])
    refused = subprocess.run(
        server.command, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == UsageError.exit_code
    assert refused.stderr.endswith(
        f"Port {port} is taken, perhaps by another `leadershift dev`.\nGo on with: leadershift dev --port {port + 1}\n"
    )


def test_a_week_succeeds_in_one_process(first: Run) -> None:
    assert first.status == "SUCCESS", [event["error"]["message"] for event in first.of("ExecutionStepFailureEvent")]
    (steps,) = [event["stepKeys"] for event in first.of("LogsCapturedEvent")]
    assert set(steps) == STEPS
    assert steps.index("raw__huggingface_models") < steps.index(GITHUB_STEPS[0]), "the models' week is worth most"
    assert not [event for event in first.events if event["__typename"] == "StepWorkerStartingEvent"]


def test_every_asset_is_materialized_with_what_was_measured(first: Run, home: House) -> None:
    built = {"/".join(event["assetKey"]["path"]) for event in first.of("MaterializationEvent")}
    assert built == {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()} - {"data/registry"}

    release = publish.current(home.home)
    tables_by_name = catalog.load(shipped("sql"))
    observed = {"/".join(e["assetKey"]["path"]): values(e["metadataEntries"]) for e in first.of("ObservationEvent")}
    with duckdb.connect(home.home / release.database, read_only=True) as connection:

        def described(name: str) -> list[tuple[str, str]]:
            return connection.execute(f"select column_name, column_type from (describe {name})").fetchall()

        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for asset in sorted(built & {f"{schema}/{table}" for schema, table in tables}):
            found = first.metadata(asset)
            name = asset.replace("/", ".")
            counted = found if lineage.is_cheap_to_count(tables_by_name[name]) else observed[asset]
            assert connection.execute(f"select count(*) from {name}").fetchall() == [(counted["dagster/row_count"],)]
            assert {of["columnName"] for of in found["dagster/column_lineage"]} == {
                name for name, _kind in described(name)
            }
            columns = found["dagster/column_schema"]["columns"]
            assert [(column["name"], column["type"]) for column in columns] == described(name)
            assert all(column["description"] for column in columns)
        assert connection.execute("select count(*) > 0 from marts.share_by_lab").fetchall() == [(True,)]

    capture = first.metadata("raw/huggingface_models")
    assert capture["dagster/row_count"] == capture["loaded"] == capture["seen"] > 0
    assert capture["pages_fetched"] > 0
    assert capture["observed_on"] == THIS_WEEK


def test_every_check_was_made_and_passed(first: Run) -> None:
    made = {
        ("/".join(found["assetKey"]["path"]), found["checkName"]): found["success"]
        for found in (event["evaluation"] for event in first.of("AssetCheckEvaluationEvent"))
    }
    declared = {(key.asset_key.to_user_string(), key.name) for key in defs.resolve_asset_graph().asset_check_keys}
    assert made.keys() == declared
    assert all(made.values())


def test_the_release_and_the_page_are_there(first: Run, home: House) -> None:
    release, found = publish.current(home.home), first.metadata("published/release")
    assert {name: found[name] for name in ("release_id", "weeks", "is_rehearsal", "database")} == {
        "release_id": release.release_id,
        "weeks": release.weeks,
        "is_rehearsal": True,
        "database": str(home.home / release.database),
    }
    assert 0 < found["S2 unknown share"] < 1, "a number that the UI plots"
    assert release.release_id.startswith("REHEARSAL-2026-W47-")
    page = Path(first.metadata("reports/weekly")["page"])
    assert page.name == "weekly.html"
    assert page.is_relative_to(home.home / "reports")
    assert "REHEARSAL" in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("first")
def test_the_schedule_asks_for_the_running_week_until_it_is_published(ticks: dict[str, dict[str, Any]]) -> None:
    before, during, after = ticks["before"], ticks["during"], ticks["after"]
    (request,) = before["runRequests"]
    tags = {tag["key"]: tag["value"] for tag in request["tags"]}
    assert tags["dagster/partition"] == THIS_WEEK
    assert tags["leadershift/week"] == "2026-W47"
    assert during["runRequests"] == []
    assert during["skipReason"].endswith(" is at it.")
    assert after["runRequests"] == []
    assert after["skipReason"] == "2026-W47 is sealed and published; the next week begins on 2026-11-23."


def test_runs_wait_for_each_other(first: Run, again: Run, past: Run) -> None:
    """A home has one writer; a run that can't wait would fail at its lock."""
    assert first.ended <= again.started
    assert again.ended <= past.started


def test_the_same_week_again_asks_the_hub_for_nothing(first: Run, again: Run, home: House) -> None:
    assert again.status == "SUCCESS"
    assert again.metadata("raw/huggingface_models")["pages_fetched"] == 0
    assert again.metadata("published/release") == first.metadata("published/release")
    asked = [entry.time.timestamp() for entry in home.hub.log]
    assert first.started < max(asked) < first.ended, "the last question to the Hub was the first run's"


def test_F41_a_past_week_is_refused_in_words_and_the_hub_is_not_asked(past: Run, home: House) -> None:
    assert past.status == "FAILURE"
    (failure,) = past.of("ExecutionStepFailureEvent")
    words = failure["failureMetadata"]["description"]
    assert words == (
        "Week 2026-W46 can't be captured: the Hub only tells the present, which is 2026-W47. "
        "A past week can only be imported from an archive that somebody captured then.\n"
        "Go on with: leadershift import --help"
    )
    assert words in failure["error"]["message"], "the sentence stands above the traceback"
    assert past.of("MaterializationEvent") == []
    asked = [entry for entry in home.hub.log if past.started <= entry.time.timestamp() <= past.ended]
    assert asked == []
    assert not list(home.home.glob(f"raw/huggingface/{LAST_WEEK}/2"))


@pytest.mark.usefixtures("first")
def test_a_failed_audit_shows_its_check_and_stops_the_release(
    home: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home.home, copy, ignore=shutil.ignore_patterns("dagster"))
    judged = json.loads((copy / audit.AUDIT).read_text())
    spoiled = next(result for result in judged["results"] if result["table"].startswith("audits."))
    spoiled["passed"] = False
    (copy / audit.AUDIT).write_bytes(msgspec.json.encode(judged))
    for name, value in {**home.environment(), "LEADERSHIFT_HOME": str(copy)}.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [release_asset()], resources={"installation": Installation()}, instance=instance, raise_on_error=False
        )
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [(check.asset_key, check.description) for check in failed] == [(RELEASE, spoiled["says"])]
    (step,) = (event for event in result.all_events if event.is_step_failure)
    words = step.step_failure_data.user_failure_data
    assert words is not None
    assert words.description is not None
    assert words.description.endswith('Go on with: leadershift publish --sign-off "Your name: why it may stand"')
    assert publish.current(copy) == publish.current(home.home), "readers keep the release they had"


@pytest.mark.usefixtures("past")
def test_an_archive_comes_in_as_from_the_command_line(server: DagsterServer, home: House, tmp_path: Path) -> None:
    table = tmp_path / "archive.parquet"
    pl.DataFrame({"id": ["a/x", "b/y"], "downloads": [100, 50], "likes": [3, 1]}).write_parquet(table)
    given = {"path": str(table), "source": "hub_weekly", "observed_at": "2026-08-22T00:00:00Z"}
    run = server.wait_for(server.launch("import_archive", config={"ops": {"take_in": {"config": given}}}))
    assert run.status == "SUCCESS"
    assert "hub_weekly 2026-08-22: 2 of 2 rows" in [event["message"] for event in run.of("LogMessageEvent")]
    assert (home.home / "raw/hub_weekly/2026-08-22").is_dir()


def test_an_interrupt_ends_every_process_and_nobody_was_told(server: DagsterServer, home: House) -> None:
    """Must stay the last test of this file: afterwards the server is gone."""
    assert server.end() == []
    assert server.process.returncode == 0
    written = [path.name for path in home.home.parent.rglob(".telemetry")]
    assert written == []
    assert not (home.home.parent / "user" / ".dagster").exists()
