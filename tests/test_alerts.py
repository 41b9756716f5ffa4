"""Alerts are told once each: into the diary without names, and to a webhook that may fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import duckdb
import msgspec
import pytest

from dagster_project import alerts
from dagster_project.defs.installation import Installation
from dagster_project.defs.sensors import ALERTS, new_alerts
from dagster_project.errors import UsageError
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger
from dagster_project.warehouse.published import CURRENT, Publication

AS_OF = date(2026, 11, 16)
ROWS = [
    ("moved", date(2026, 11, 9), "share_moved", "CN", None, "China: 30.0 % -> 33.0 % of known downloads", 0.03),
    ("closed", date(2026, 10, 19), "withdrawn", "somebody/model", "6512ab", "no longer on the Hub", 1e6),
    ("entered", date(2026, 11, 2), "entered_top10", "hf:somebody in 1-5B", None, "place 7", 7.0),
    # More than four weeks before the last snapshot: in the table alone.
    ("old", date(2026, 10, 12), "share_moved", "US", None, "United States: 9.0 % -> 6.0 % of known downloads", -0.03),
]


@dataclass
class Listener:
    """A webhook on this machine: what came, and what it answers."""

    url: str
    status: int = 200
    heard: list[tuple[dict[str, str], dict[str, object]]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Listener(f"http://127.0.0.1:{server.server_port}/hook/secret")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose release has four alerts."""
    release = Publication("2026-W46-abc", "2026-11-16T03:00:00Z", "published/r/r.duckdb", 9, "2026-W46", False)
    path = tmp_path / release.database
    path.parent.mkdir(parents=True)
    (tmp_path / CURRENT).write_bytes(msgspec.json.encode(release))
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.alerts (alert_id varchar, week date, kind varchar, subject varchar, hub_id varchar, detail varchar,"
            " number double, scope varchar, unknown_share double, as_of date)"
        )
        for row in ROWS:
            connection.execute("insert into marts.alerts values (?, ?, ?, ?, ?, ?, ?, 'S2', 0.1, ?)", [*row, AS_OF])
    return tmp_path


def test_each_alert_of_the_last_weeks_is_told_once(home: Path) -> None:
    told = alerts.tell(Settings(home))
    assert [alert["alert_id"] for alert in told.new] == ["closed", "entered", "moved"]
    assert alerts.tell(Settings(home)).new == ()
    diary = [entry for entry in ledger.read(home) if entry["event"] == "alerted"]
    assert [(entry["alert"], entry["week"], entry["subject"]) for entry in diary] == [
        ("closed", "2026-10-19", "6512ab"),
        ("entered", "2026-11-02", None),
        ("moved", "2026-11-09", "CN"),
    ]
    assert b"somebody" not in (home / ledger.LEDGER).read_bytes(), "the diary outlives an erasure"


def test_the_sensor_shows_what_is_new_and_then_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LEADERSHIFT_HOME": str(home), "LEADERSHIFT_WEBHOOK": ""}.items():
        monkeypatch.setenv(name, value)
    with dg.build_sensor_context(resources={"installation": Installation()}) as context:
        first, again = new_alerts.evaluate_tick(context), new_alerts.evaluate_tick(context)
        (home / CURRENT).unlink()
        without = new_alerts.evaluate_tick(context)
    (seen,) = first.asset_events
    assert (seen.asset_key, seen.metadata["new_alerts"].value) == (ALERTS, 3)
    assert (again.asset_events, again.skip_message) == ([], "2026-W46-abc has no alert that was not told.")
    assert str(without.skip_message).endswith("Go on with: leadershift run")


def test_a_webhook_that_fails_fails_nothing_and_is_told_later(
    home: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a token of ours nor one of .netrc goes out, and the address is in no message."""
    (home / "netrc").write_text("machine 127.0.0.1 login me password netrc-canary\n")
    monkeypatch.setenv("NETRC", str(home / "netrc"))
    settings = Settings(home, hf_token="hf-canary", github_token="gh-canary", webhook=listener.url)
    listener.status = 500
    failed = alerts.tell(settings)
    assert (len(failed.new), failed.trouble) == (3, "The webhook answered HTTP 500.")
    listener.status = 200
    assert alerts.tell(settings) == alerts.Told("2026-W46-abc", ())
    assert alerts.tell(settings).trouble is None
    assert len(listener.heard) == 2, "once it took them, they are told"
    headers, body = listener.heard[1]
    assert "authorization" not in headers
    assert "canary" not in json.dumps([headers, body])
    assert [alert["subject"] for alert in body["alerts"]] == ["somebody/model", "hf:somebody in 1-5B", "CN"]
    assert body["text"].splitlines()[3] == "2026-11-09 share_moved CN: China: 30.0 % -> 33.0 % of known downloads"
    unreachable = alerts.tell(Settings(home, webhook="http://127.0.0.1:9/secret"))
    assert unreachable.trouble is None, "nothing is left to post"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("url", ["http://example.org/hook", "ftp://127.0.0.1/x", "secret"])
def test_a_webhook_in_clear_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError, match="use https") as refused:
        Settings.from_environment({"LEADERSHIFT_WEBHOOK": url})
    assert url not in str(refused.value)
    assert Settings.from_environment({"LEADERSHIFT_WEBHOOK": "https://example.org/x"}).webhook
