"""The state of the house in words: what is sealed, missing, published, and whether a machine can work. Part of the hall.

Read from seals and releases, never from memory of them. Not here: changing anything (captures, pipeline).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dagster_project import asking, gates, keeping
from dagster_project.calendar import Week, parse_time
from dagster_project.crawl import BESIDE_MODELS, GITHUB, HUB, MODELS, OUR_SOURCES, PEOPLE, QUICK, RECORDS, STARS
from dagster_project.errors import AlarmError, DamagedDataError, NothingYetError
from dagster_project.settings import Settings, is_loopback, shipped
from dagster_project.snapshots import copies, ledger, seal, spool
from dagster_project.snapshots.seal import Seal
from dagster_project.sources.pages import LARGEST_CLOCK_SKEW
from dagster_project.warehouse import publish, registry
from dagster_project.warehouse.publish import Publication

# A capture a week, and a day of grace.
LONGEST_SILENCE = timedelta(days=8)
release = asking.release


def check_registry(settings: Settings) -> list[str]:
    """Explain every problem of the registry by file and line."""
    return [str(problem) for problem in registry.check(settings.registry)]


def status(settings: Settings) -> dict[str, Any]:
    """Say what is sealed, missing, unfinished and published, and which command comes next."""
    now, week = settings.now(), Week.of(settings.now())
    damaged: list[str] = []
    snapshots = [found for _attempt, found in seal.readable(settings.home, on_damage=damaged.append)]
    damaged += _damaged_diary(settings)
    captured = {found.week.monday for found in snapshots if found.source == HUB}
    of_models = [found for found in snapshots if found.source not in (QUICK, *BESIDE_MODELS)]
    held = seal.awaiting(settings.home, HUB)
    # A week of which only owners or a quick capture's models are known is a gap.
    covered = {found.week.monday for found in of_models} | {Week.of(attempt.day).monday for attempt in held}
    is_sealed = week.monday in captured
    awaiting = [_awaiting(attempt) for attempt in held]
    published = _published(settings, damaged)
    return {
        "home": str(settings.home),
        "week": str(week),
        "is_week_sealed": is_sealed,
        "snapshots": [_snapshot(found) for found in snapshots],
        "gaps": [str(gap) for gap in _gaps(captured, covered, now)],
        "damaged_seals": damaged,
        "copy": _copy(settings),
        "unfinished": _unfinished(settings, now),
        "awaiting_sign_off": awaiting,
        "paused_until": None if is_sealed else _paused_until(settings, now),
        "github": _github(settings),
        "release": published.release_id if published else None,
        "release_known_at": published.known_at if published else None,
        "is_published": _is_published(published, [found for found in of_models if found.week == week], now),
        "next_command": _next_command(week, awaiting, published, is_sealed=is_sealed),
    }


def _snapshot(found: Seal) -> dict[str, Any]:
    return {
        "source": found.source,
        "observed_on": found.observed_on.isoformat(),
        "week": str(found.week),
        "status": found.status,
        "loaded": found.loaded,
        "records": RECORDS.get(found.source, MODELS),
    }


def _damaged_diary(settings: Settings) -> list[str]:
    try:
        ledger.read(settings.home)
    except DamagedDataError as error:
        return [error.message]
    return []


def _unfinished(settings: Settings, now: datetime) -> str | None:
    attempts = [attempt for source in OUR_SOURCES if (attempt := spool.unfinished(settings.home, source, now))]
    words = [f"{attempt.source} {attempt.day}: {len(attempt.pages()):,} pages are safe" for attempt in attempts]
    return "; ".join(words) or None


def _next_command(
    week: Week, awaiting: Sequence[dict[str, Any]], published: Publication | None, *, is_sealed: bool
) -> str:
    signature: str | None = next((one["next_command"] for one in awaiting if one["week"] == str(week)), None)
    if signature and not is_sealed:
        return signature
    if published is None or published.known_at or not is_sealed:
        return "leadershift run"
    return 'leadershift query "from marts.share_by_country"'


def examine(settings: Settings) -> list[dict[str, Any]]:
    """Look at everything a run needs, without any network: one finding each, with what to do."""
    problems = check_registry(settings)
    folder = next(parent for parent in (settings.home, *settings.home.parents) if parent.exists())
    free, needed = keeping.room(settings)
    token = (
        "HF_TOKEN is set"
        if settings.hf_token
        else "HF_TOKEN is not set: anonymous quota, a full crawl takes about 40 minutes"
    )
    github = (
        "GITHUB_TOKEN is set"
        if settings.github_token
        else "GITHUB_TOKEN is not set: no repositories, stars or people but a sample; a token without any scope is enough"
    )
    clock = (
        "is ignored, because an endpoint is real"
        if settings.ignores_pretended_now
        else f"{settings.now():%Y-%m-%d %H:%M} UTC"
    )
    return [
        _finding("python", sys.version_info >= (3, 11), sys.version.split()[0]),
        _finding("home", os.access(folder, os.W_OK), f"{settings.home}, {free / 1e9:.1f} GB free"),
        _finding("space", free >= needed, f"a capture needs {needed / 1e9:.1f} GB"),
        _copy_finding(settings),
        _finding("clock", not settings.ignores_pretended_now, clock),
        _finding(
            "hub",
            True,
            f"{settings.hf_endpoint}{' (a stand-in: REHEARSAL)' if is_loopback(settings.hf_endpoint) else ''}",
        ),
        _finding("token", True, token),
        _finding("github", True, f"{settings.github_api_url}, {github}"),
        _finding("registry", not problems, problems[0] if problems else f"{settings.registry}, no problem"),
        _finding("sql", shipped("sql").is_dir(), f"{shipped('sql')}"),
    ]


def _is_published(published: Publication | None, of_week: Sequence[Seal], now: datetime) -> bool:
    """A partial week makes no share, so its release is known by being younger than the seal.

    So is that of a whole week: a quick capture of the same week may have been published before.
    A release as known on an earlier day stands in for no week.
    """
    if published is None or published.known_at:
        return False
    whole = [found.sealed_at for found in of_week if found.source == HUB and found.status == "sealed"]
    if published.newest_week == str(Week.of(now)):
        return not whole or published.published_at >= min(whole)
    partial = [found.sealed_at for found in of_week if found.status == "partial"]
    return bool(partial) and len(partial) == len(of_week) and published.published_at >= max(partial)


def _awaiting(attempt: spool.Spool) -> dict[str, Any]:
    week = Week.of(attempt.day)
    try:
        held = seal.held(attempt)
        held_at, reasons = held.held_at, held.reasons
    except DamagedDataError as error:
        held_at, reasons = None, [error.message]
    return {
        "week": str(week),
        "observed_on": attempt.day.isoformat(),
        "held_at": held_at,
        "reasons": reasons,
        "next_command": gates.sign_command(week),
    }


def alarm(settings: Settings) -> str:
    """Say when a week of our own was last sealed. Raises AlarmError if that is too long ago, or never was.

    Looks at seals alone: neither Dagster nor the database, nor the diary, can keep it silent.
    """
    damaged: list[str] = []
    own = [
        found
        for _attempt, found in seal.readable(settings.home, HUB, on_damage=damaged.append)
        if found.status != "imported"
    ]
    unread = f" {len(damaged)} seals can't be read: leadershift verify." if damaged else ""
    if not own:
        raise AlarmError(f"No week was ever sealed in {settings.home}.{unread}", next_command="leadershift run")
    # Not when it was sealed: a crawl may have waited for a signature.
    last = max(own, key=lambda found: found.started_at)
    silence = settings.now() - parse_time(last.started_at)
    if silence < -LARGEST_CLOCK_SKEW:
        raise AlarmError(
            f"{settings.home}: the last sealed week is {last.week}, begun on {last.started_at}, which by this machine's clock is"
            f" still to come. Set the clock right.{unread}",
            next_command="date -u",
        )
    says = f"the last sealed week is {last.week}, {silence.days} days ago.{unread}"
    if silence > LONGEST_SILENCE:
        raise AlarmError(f"{settings.home}: {says}", next_command="leadershift run")
    return f"ok: {says}"


def _copy(settings: Settings) -> dict[str, Any] | None:
    """Say whether the second copy has every sealed file, by name and size; its bytes are for `verify`."""
    if settings.copy is None:
        return None
    try:
        lacking = copies.lacking(settings.home, settings.copy)
    except DamagedDataError as error:
        lacking = [error.message]
    return {"folder": str(settings.copy), "is_complete": not lacking, "lacking": lacking}


def _copy_finding(settings: Settings) -> dict[str, Any]:
    found = _copy(settings)
    if found is None or settings.copy is None:
        return _finding("copy", True, "LEADERSHIFT_COPY is not set: one broken disk loses everything")
    if not settings.copy.is_dir():
        return _finding("copy", False, f"{settings.copy} is not there: make the folder, or mount its disk")
    if found["lacking"]:
        return _finding("copy", False, f"{len(found['lacking'])} files behind; the first: {found['lacking'][0]}")
    shared = settings.home.is_dir() and settings.copy.stat().st_dev == settings.home.stat().st_dev
    return _finding(
        "copy", True, f"{settings.copy} is complete{', but on the same disk as the home' if shared else ''}"
    )


def _paused_until(settings: Settings, now: datetime) -> str | None:
    """Say when the quota is ours again, if that is what the crawl waits for."""
    try:
        told = [entry for entry in ledger.read(settings.home) if entry.get("source") == HUB]
    except DamagedDataError:
        # The schedule asks us whether to capture: a damaged diary, which verify names, must not cost a week.
        return None
    resume_at = told[-1].get("resume_at") if told else None
    return resume_at if resume_at and parse_time(resume_at) > now else None


def is_github_due(settings: Settings) -> bool:
    """Whether a round of GitHub of this week is still to come, or has left something for the next day."""
    if not settings.github_token:
        return False
    told, this_week = _told_rounds(settings), Week.of(settings.now())
    days = [told[source]["day"] if source in told else None for source in (GITHUB, STARS, PEOPLE)]
    if any(day is None or Week.of(date.fromisoformat(day)) != this_week for day in days):
        return True
    is_left = not told[GITHUB].get("is_complete", True)
    return bool(is_left or told[STARS].get("unfinished", True) or told[PEOPLE].get("not_asked", True))


def _told_rounds(settings: Settings) -> dict[str, dict[str, Any]]:
    """Give what the last round of each source told the diary."""
    try:
        return {line["source"]: line for line in ledger.read(settings.home) if line["event"] == "captured"}
    except DamagedDataError:
        # The schedule asks us: a damaged diary, which verify names, must cost no more than a round that finds nothing due.
        return {}


def _github(settings: Settings) -> dict[str, Any] | None:
    """Say what the last rounds of GitHub came to, as they told the diary: days, what is missing, what is not known yet."""
    told = _told_rounds(settings)
    repositories, stars, people = told.get(GITHUB), told.get(STARS), told.get(PEOPLE)
    if repositories is None:
        return None
    return {
        "repositories_on": repositories["day"],
        "stars_on": stars["day"] if stars else None,
        "people_on": people["day"] if people else None,
        "missing": [one for line in (repositories, stars, people) if line for one in line["missing"]],
        "unfinished_stars": stars["unfinished"] if stars else None,
    }


def _published(settings: Settings, damaged: list[str]) -> Publication | None:
    """Give the current release. A pointer that can't be read is told, and made anew by the next release: it must not cost a week."""
    try:
        return publish.current(settings.home)
    except NothingYetError:
        return None
    except DamagedDataError as error:
        damaged.append(error.message)
        return None


def _finding(name: str, is_well: bool, says: str) -> dict[str, Any]:
    return {"name": name, "ok": is_well, "says": says}


def _gaps(captured: set[date], covered: set[date], now: datetime) -> list[Week]:
    """Weeks since our first capture that no snapshot covers, sealed or waiting, and none ever will; the running week can still be had."""
    if not captured:
        return []
    first, last = min(captured), Week.of(now).monday
    mondays = (first + timedelta(days=7 * step) for step in range((last - first).days // 7))
    return [Week(monday) for monday in mondays if monday not in covered]
