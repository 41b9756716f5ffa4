"""A real `leadershift dev`: its processes, its GraphQL, its runs. Not here: what is expected of them (test_dev)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCATION = {"repositoryLocationName": "dagster_project.definitions", "repositoryName": "__repository__"}
BOOT_SECONDS, RUN_SECONDS, END_SECONDS, ANSWER_SECONDS = 120, 240, 30, 120
FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}

LAUNCH = """
mutation ($given: ExecutionParams!) {
  launchPipelineExecution(executionParams: $given) {
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message stack }
  }
}"""
STATE = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { status startTime endTime } } }"
EVENTS = """
query ($run: ID!, $after: String) {
  logsForRun(runId: $run, afterCursor: $after) {
    ... on EventConnection {
      cursor hasMore
      events {
        __typename
        ... on MessageEvent { message stepKey }
        ... on LogsCapturedEvent { stepKeys }
        ... on MaterializationEvent { assetKey { path } partition metadataEntries { ...entry } }
        ... on AssetCheckEvaluationEvent { evaluation { checkName assetKey { path } success } }
        ... on ObservationEvent { assetKey { path } metadataEntries { ...entry } }
        ... on ExecutionStepFailureEvent { failureMetadata { description metadataEntries { ...entry } } error { message } }
      }
    }
  }
}
fragment entry on MetadataEntry {
  label
  ... on IntMetadataEntry { intValue }
  ... on FloatMetadataEntry { floatValue }
  ... on BoolMetadataEntry { boolValue }
  ... on TextMetadataEntry { text }
  ... on PathMetadataEntry { path }
  ... on TableColumnLineageMetadataEntry { lineage { columnName columnDeps { assetKey { path } columnName } } }
  ... on TableSchemaMetadataEntry { schema { columns { name type description } } }
}"""
DRY_RUN = """
mutation ($schedule: ScheduleSelector!, $at: Float) {
  scheduleDryRun(selectorData: $schedule, timestamp: $at) {
    ... on DryRunInstigationTick {
      evaluationResult { skipReason runRequests { tags { key value } } error { message } }
    }
  }
}"""


class StartingError(Exception):
    """The door is open, and Dagster behind it not yet up."""


@dataclass(frozen=True)
class Run:
    """A run that is over: how it ended, from when to when (seconds since 1970), and what it said."""

    status: str
    started: float
    ended: float
    events: list[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["__typename"] == kind]

    def metadata(self, asset: str) -> dict[str, Any]:
        """The metadata of an asset's materialization, by label."""
        (event,) = (e for e in self.of("MaterializationEvent") if "/".join(e["assetKey"]["path"]) == asset)
        return values(event["metadataEntries"])


def values(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Give metadata by label."""
    found = {}
    for entry in entries:
        (value,) = (v for name, v in entry.items() if name != "label")
        found[entry["label"]] = value
    return found


class DagsterServer:
    """Starts `leadershift dev` in a process group of its own and speaks GraphQL with it."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.token_file = Path(environment["LEADERSHIFT_HOME"]) / "dagster" / "ui.token"
        self.command = [str(Path(sys.executable).with_name("leadershift")), "dev", "--port", str(port)]
        self.log = folder / "dev.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                env=environment,
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                process_group=0,
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.ask("{ version }")
                return
            except (urllib.error.URLError, ConnectionError, FileNotFoundError, StartingError):
                time.sleep(0.2)
        raise AssertionError(f"the UI did not come up:\n{self.log.read_text()[-3000:]}")

    @property
    def key(self) -> dict[str, str]:
        """The header that opens the door."""
        return {"Authorization": f"Bearer {self.token_file.read_text()}"}

    def page(self, path: str = "/") -> str:
        request = urllib.request.Request(self.url + path, headers=self.key)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return str(answer.read().decode())

    def knock(
        self, method: str, path: str, headers: dict[str, str], body: str | None = None
    ) -> http.client.HTTPResponse:
        """Ask with exactly these headers and this path, as a foreign page or program may; give the answer with its body unread."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=ANSWER_SECONDS)
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", **self.key}
        request = urllib.request.Request(f"{self.url}/graphql", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.SERVICE_UNAVAILABLE:
                raise StartingError from error
            found = {"errors": error.read().decode()}
        assert "errors" not in found, found["errors"]
        return dict(found["data"])

    def launch(self, job: str, partition: str | None = None, config: dict[str, Any] | None = None) -> str:
        tags = [{"key": "dagster/partition", "value": partition}] if partition else []
        given = {
            "selector": {**LOCATION, "pipelineName": job},
            "runConfigData": config or {},
            "executionMetadata": {"tags": tags},
        }
        return str(self.ask(LAUNCH, given=given)["launchPipelineExecution"]["run"]["runId"])

    def wait_for(self, run: str) -> Run:
        deadline = time.monotonic() + RUN_SECONDS
        while True:
            found = self.ask(STATE, run=run)["runOrError"]
            if found["status"] in FINISHED:
                return Run(found["status"], found["startTime"], found["endTime"], self._events(run))
            assert time.monotonic() < deadline, f"the run is still {found['status']}:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.5)

    def dry_run(self, schedule: str) -> dict[str, Any]:
        """Evaluate the next tick of a schedule as the daemon would."""
        answer = self.ask(DRY_RUN, schedule={**LOCATION, "scheduleName": schedule}, at=time.time())
        return dict(answer["scheduleDryRun"]["evaluationResult"])

    def end(self, sign: signal.Signals = signal.SIGINT) -> list[str]:
        """End it as Ctrl-C does, which reaches its group; give what is left of it and its children after a while."""
        if self.process.poll() is not None:
            return []
        family = self._family()
        os.killpg(self.process.pid, sign)
        self.process.wait(END_SECONDS)
        deadline = time.monotonic() + END_SECONDS
        while (left := [args for pid, args in self._family().items() if pid in family]) and time.monotonic() < deadline:
            time.sleep(0.2)
        return left

    def _family(self) -> dict[str, str]:
        """Every process of this machine that is ours or came from ours, by id; while we live, else all there are."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
        )
        rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
        alive = {pid: (parent, args) for pid, parent, stat, args in rows if not stat.startswith("Z")}
        if self.process.poll() is not None:
            return {pid: args for pid, (_parent, args) in alive.items()}
        found = {str(self.process.pid)}
        while more := {pid for pid, (parent, _args) in alive.items() if parent in found} - found:
            found |= more
        return {pid: alive[pid][1] for pid in found if pid in alive}

    def _events(self, run: str) -> list[dict[str, Any]]:
        events, after, has_more = [], None, True
        while has_more:
            page = self.ask(EVENTS, run=run, after=after)["logsForRun"]
            events += page["events"]
            after, has_more = page["cursor"], page["hasMore"]
        return events
