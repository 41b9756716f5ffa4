"""Commands that change nothing: is the house in order, what is in it.

Not here: the answers (overview), questions to the tables (asking).
"""

from __future__ import annotations

import sys
from typing import Any

import click

from dagster_project import overview
from dagster_project.cli.group import command, main
from dagster_project.cli.terminal import JSON, show
from dagster_project.crawl import QUICK
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
        *(f"gap       {week}: {_nobody(week, found['snapshots'])}" for week in found["gaps"]),
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


def _nobody(week: str, snapshots: list[dict[str, Any]]) -> str:
    is_quick = any(found["week"] == week and found["source"] == QUICK for found in snapshots)
    return "only a quick capture saw it" if is_quick else "nobody captured it"


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
