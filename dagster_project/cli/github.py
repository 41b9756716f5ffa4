"""GitHub on the command line: its rounds one after the other, what they came to in words and as JSON, and what is missing.

Not here: any round itself (captures).
"""

from __future__ import annotations

from typing import Any

from dagster_project import captures
from dagster_project.calendar import Week
from dagster_project.cli.terminal import progress, say
from dagster_project.errors import GateError, NothingYetError, SourceError
from dagster_project.people import PeopleCaptured
from dagster_project.repositories import RepositoriesCaptured
from dagster_project.rounds import Missing
from dagster_project.settings import Settings
from dagster_project.snapshots.seal import Seal
from dagster_project.sources.github_connection import USUAL, Limits
from dagster_project.stars import StarsCaptured

# The list is whole in --json and in ledger.jsonl.
SHOWN_MISSING = 10


def capture_github(
    settings: Settings, week: Week | None, limits: Limits, sign_off: str | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Capture repositories, then stars and people if there is a token; give what that came to as JSON and in words."""
    repositories, words = _capture_repositories(settings, week, limits, sign_off)
    if repositories["is_sample"]:
        return {"repositories": repositories, "stars": None, "people": None}, words
    stars, stars_words = _capture_stars(settings, week, limits)
    people, people_words = capture_people(settings, week, limits)
    return {"repositories": repositories, "stars": stars, "people": people}, [*words, *stars_words, *people_words]


def _capture_repositories(
    settings: Settings, week: Week | None, limits: Limits, sign_off: str | None = None
) -> tuple[dict[str, Any], list[str]]:
    with progress("repositories") as advance:
        found = captures.capture_repositories(
            settings, week=week, sign_off=sign_off, limits=limits, say=say, on_page=advance
        )
    return _repositories(found), _repositories_words(found)


def _capture_stars(settings: Settings, week: Week | None, limits: Limits) -> tuple[dict[str, Any], list[str]]:
    with progress("pages of stars") as advance:
        found = captures.capture_stars(settings, week=week, limits=limits, say=say, on_page=advance)
    return _stars(found), _stars_words(found)


def capture_people(settings: Settings, week: Week | None, limits: Limits) -> tuple[dict[str, Any], list[str]]:
    """Read who works on the captured repositories; give what that came to as JSON and in words."""
    with progress("quarters of repositories") as advance:
        found = captures.capture_people(settings, week=week, limits=limits, say=say, on_page=advance)
    return _people(found), _people_words(found)


def github_of_run(settings: Settings) -> dict[str, Any] | None:
    """Capture GitHub within a run, or say why not. What fails here costs neither the models' week nor the other rounds."""
    if left_out := captures.github_left_out(settings):
        say(left_out)
        return None
    shown: dict[str, Any] = {}
    rounds = {"repositories": _capture_repositories, "stars": _capture_stars, "people": capture_people}
    for name, capture in rounds.items():
        try:
            shown[name], words = capture(settings, None, USUAL)
        except (SourceError, GateError, NothingYetError) as error:
            say(f"{error}\nThe models' week is sealed all the same; the run goes on with what GitHub said before.")
            shown[name] = None
            continue
        for line in words:
            say(line)
    return shown if any(shown.values()) else None


def _repositories(captured: RepositoriesCaptured) -> dict[str, Any]:
    counts = {name: getattr(captured, name) for name in ("asked", "requests", "points", "not_asked", "is_sample")}
    return {**_sealed(captured.seal), **counts, "missing": _missing(captured.missing)}


def _repositories_words(captured: RepositoriesCaptured) -> list[str]:
    what = "names of a SAMPLE" if captured.is_sample else "repositories"
    if captured.asked == 0 and captured.seal:
        return [f"GitHub: no repository is due; the last were sealed on {captured.seal.observed_on}."]
    spent = f"with {captured.requests:,} requests and {captured.points:,} points"
    return [f"GitHub: {captured.asked:,} {what} asked {spent}.", *_missing_words(captured.missing)]


def _stars(captured: StarsCaptured) -> dict[str, Any]:
    counts = {name: getattr(captured, name) for name in ("asked", "older_pages", "requests", "unfinished")}
    return {**_sealed(captured.seal), **counts, "missing": _missing(captured.missing)}


def _stars_words(captured: StarsCaptured) -> list[str]:
    if captured.requests == 0 and captured.seal:
        return [f"GitHub: no stars are due; the last were sealed on {captured.seal.observed_on}."]
    older = f" and {captured.older_pages:,} pages of older weeks" if captured.older_pages else ""
    asked = f"GitHub: the newest stars of {captured.asked:,} repositories{older}, with {captured.requests:,} requests."
    return [asked, *_missing_words(captured.missing)]


def _people(captured: PeopleCaptured) -> dict[str, Any]:
    counts = {name: getattr(captured, name) for name in ("readings", "points", "not_asked", "profiles_missing")}
    return {**_sealed(captured.seal), **counts, "missing": _missing(captured.missing)}


def _people_words(captured: PeopleCaptured) -> list[str]:
    if captured.points == 0 and captured.seal:
        return [f"GitHub: no contributors are due; the last were sealed on {captured.seal.observed_on}."]
    read = (
        f"GitHub: the contributors of {captured.readings:,} quarters of repositories, with {captured.points:,} points."
    )
    unknown = [f"{captured.profiles_missing:,} profiles could not be read."] if captured.profiles_missing else []
    return [read, *unknown, *_missing_words(captured.missing)]


def _sealed(found: Seal | None) -> dict[str, Any]:
    if found is None:
        return {"source": None}
    counts = {name: getattr(found, name) for name in ("seen", "loaded", "merged", "quarantined")}
    return {"source": found.source, "week": str(found.week), "observed_on": found.observed_on, **counts}


def _missing(missing: tuple[Missing, ...]) -> list[dict[str, str]]:
    return [{"what": one.what, "reason": one.reason} for one in missing]


def _missing_words(missing: tuple[Missing, ...]) -> list[str]:
    more = len(missing) - SHOWN_MISSING
    rest = [f"  and {more:,} more: --json, or the diary in ledger.jsonl"] if more > 0 else []
    return (
        [f"{len(missing):,} are missing:", *(f"  {one}" for one in missing[:SHOWN_MISSING]), *rest] if missing else []
    )
