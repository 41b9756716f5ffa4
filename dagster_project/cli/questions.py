"""Commands that change nothing: is the house in order, what is in it, what do the tables say.

Not here: the answers (overview, the release).
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

import click

from dagster_project import overview, pipeline
from dagster_project.cli.group import command, main
from dagster_project.cli.terminal import JSON, print_json, print_table, say, show
from dagster_project.errors import GateError, UsageError
from dagster_project.settings import Settings


@command(
    "leadershift doctor\n  leadershift doctor --alarm || mail -s 'leadershift is silent' me@example.org   # in cron, daily"
)
@click.option(
    "--alarm", is_flag=True, help="Only ask whether a week was sealed in the last 8 days; if not, end with 10."
)
@JSON
def doctor(settings: Settings, *, alarm: bool, as_json: bool) -> None:
    """Say whether this installation can work. Needs no network.

    With --alarm it looks at the seals alone, so that it still speaks when Dagster, the schedule or the database are the
    trouble. Let something else than this installation's own schedule run it daily: cron, which mails what it prints, or a
    systemd timer whose service has an OnFailure= unit.
    """
    if alarm:
        says = overview.alarm(settings)
        show(as_json, {"alarm": False, "says": says}, [says])
        return
    findings = overview.examine(settings)
    show(
        as_json,
        {"checks": findings},
        [f"{'ok ' if found['ok'] else 'NO '} {found['name']}: {found['says']}" for found in findings],
    )
    if not all(found["ok"] for found in findings):
        sys.exit(UsageError.exit_code)


@command("leadershift status --json")
@JSON
def status(settings: Settings, *, as_json: bool) -> None:
    """Say which weeks are sealed, which are missing for ever, what is unfinished or waits for a signature, and what is published."""
    found = overview.status(settings)
    lines = [
        f"home      {found['home']}",
        f"now       {found['week']}, {'sealed' if found['is_week_sealed'] else 'not sealed yet'}",
        *(
            f"snapshot  {s['source']} {s['observed_on']} ({s['week']}, {s['status']}): {s['loaded']:,} {s['records']}"
            for s in found["snapshots"]
        ),
        *(f"gap       {week}: nobody captured it" for week in found["gaps"]),
        *(
            f"held      {w['week']} waits for a signature: {' '.join(w['reasons'])}\n          {w['next_command']}"
            for w in found["awaiting_sign_off"]
        ),
        *(f"damaged   {trouble}" for trouble in found["damaged_seals"]),
        f"crawl     {found['unfinished'] or 'none unfinished'}",
        *([f"paused    until {found['paused_until']}: the quota is used up"] if found["paused_until"] else []),
        f"copy      {_copy_words(found['copy'])}",
        f"github    {_github_words(found['github'])}",
        f"release   {found['release'] or 'none yet'}{_earlier(found['release_known_at'])}",
        f"next      {found['next_command']}",
    ]
    show(as_json, found, lines)


def _earlier(known_at: str | None) -> str:
    return f", only what was known on {known_at}" if known_at else ""


def _github_words(github: dict[str, Any] | None) -> str:
    if github is None:
        return "nothing captured: leadershift capture --source github"
    older = f", older stars of {github['unfinished_stars']:,} not known yet" if github["unfinished_stars"] else ""
    missing = f", {len(github['missing']):,} missing" if github["missing"] else ""
    days = ", ".join(f"{what} of {github[f'{what}_on'] or 'no day'}" for what in ("repositories", "stars", "people"))
    return f"{days}{older}{missing}"


def _copy_words(copy: dict[str, Any] | None) -> str:
    if copy is None:
        return "none: LEADERSHIFT_COPY is not set"
    return f"{copy['folder']}, {'complete' if copy['is_complete'] else str(len(copy['lacking'])) + ' files behind'}"


@command('leadershift query "select country, share_of_total from marts.share_by_country" --json')
@click.argument("sql")
@JSON
def query(settings: Settings, sql: str, *, as_json: bool) -> None:
    """Ask the published release a question in SQL. Read-only; runs while the pipeline runs."""
    if known_at := overview.known_at(settings):
        say(f"The current release has only what was known on {known_at}.")
    with overview.release(settings) as opened:
        columns, rows = opened.rows(sql)
    if as_json:
        if twice := {name for name in columns if columns.count(name) > 1}:
            raise UsageError(f"More than one column is called {', '.join(sorted(twice))}. Name them apart with AS.")
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@command("leadershift tables")
@JSON
def tables(settings: Settings, *, as_json: bool) -> None:
    """List the published tables and what each means."""
    with overview.release(settings) as opened:
        _columns, rows = opened.rows(
            "select schema_name || '.' || table_name, estimated_size, comment from duckdb_tables() order by schema_name, table_name"
        )
    shown = [{"table": name, "rows": count, "meaning": (meaning or "").split("\n")[0]} for name, count, meaning in rows]
    show(as_json, shown, [f"{table['table']:<28} {table['rows']:>10,}  {table['meaning']}" for table in shown])


@command("leadershift describe marts.share_by_country")
@click.argument("table")
@JSON
def describe(settings: Settings, table: str, *, as_json: bool) -> None:
    """Say what a published table and each of its columns mean, and what they are made from."""
    shown = overview.describe(settings, table)
    lines = [shown["meaning"], "", *(f"{c['column']:<20} {c['type']:<14} {c['meaning']}" for c in shown["columns"])]
    show(as_json, shown, lines)


@main.group("registry")
def registry_group() -> None:
    """The reviewed lists of labs, namespaces, countries, events, licences and published figures."""


@registry_group.command("check", epilog="\b\nExample:\n  leadershift registry check")
@JSON
@click.pass_obj
def registry_check(settings: Settings, *, as_json: bool) -> None:
    """Explain every problem of the registry by file and line."""
    problems = overview.check_registry(settings)
    show(as_json, {"problems": problems}, problems or [f"{settings.registry}: no problem."])
    if problems:
        sys.exit(GateError.exit_code)


@command("leadershift dev --port 3001")
@click.option("--port", type=int, default=3000, show_default=True, help="Port of the UI on 127.0.0.1.")
def dev(settings: Settings, *, port: int) -> None:
    """Start the Dagster UI and its daemon, with schedules on, at 127.0.0.1.

    Dagster's UI has no login and trusts every page that a browser on this machine has open; don't leave it running beside
    pages you don't trust.
    """
    _refuse_taken(port)
    folder = pipeline.prepare_dagster(settings)
    os.environ.update(DAGSTER_HOME=str(folder), LEADERSHIFT_HOME=str(settings.home), DAGSTER_DISABLE_TELEMETRY="1")
    # Without it, a gql.py or a yaml.py in the folder you stand in shadows a package and ends the webserver.
    os.environ["PYTHONSAFEPATH"] = "1"
    # `dg dev`, which Dagster advertises here, is another package and starts the same two processes.
    silence = "ignore:Function `dev_command` is superseded"
    arguments = ["dagster", "dev", "-m", "dagster_project.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(sys.executable, [sys.executable, "-W", silence, "-m", *arguments])


def _refuse_taken(port: int) -> None:
    """Say so before Dagster starts: it announces a taken port as served, and waits there for ever without a UI."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"Port {port} is taken, perhaps by another `leadershift dev`.",
                next_command=f"leadershift dev --port {port + 1}",
            ) from error
