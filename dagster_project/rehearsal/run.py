"""A whole rehearsal: the simulated world served on loopback and captured week by week through the real pipeline.

Not here: the world (world), the service (service), any measure (sql).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from dagster_project import pipeline
from dagster_project.errors import RefusedError
from dagster_project.rehearsal.service import HubService, World, load_table, simulated
from dagster_project.settings import Settings
from dagster_project.snapshots import durable
from dagster_project.warehouse.publish import Publication

SEED = 47
FIRST_WEEK = date(2026, 10, 5)
CAPTURE_TIME = time(2, 0, tzinfo=UTC)
MARKER = "REHEARSAL"
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal left behind."""

    home: Path
    release: Publication
    page: Path


def rehearse(home: Path, *, models: int, weeks: int, say: Callable[[str], None]) -> Rehearsed:
    """Capture `weeks` snapshots on Monday mornings from a fresh world, then build, audit, publish and report.

    The home is emptied first; a folder that no rehearsal made is refused (RefusedError).
    """
    _empty(home)
    world = World(SEED, models, weeks, FIRST_WEEK)
    _write_registry(home, world)
    moments = [datetime.combine(FIRST_WEEK + timedelta(weeks=week), CAPTURE_TIME) for week in range(1, weeks + 1)]
    with HubService(simulated(world), now=moments[0]) as service:
        for moment in moments:
            service.set_now(moment)
            settings = _settings(home, service.url, moment)
            captured = pipeline.capture(settings, say=say)
            say(f"{captured.seal.week}: {captured.seal.loaded:,} models in {captured.pages_fetched} pages")
        release = pipeline.derive(settings, say=say)
        page = pipeline.report(settings)
    return Rehearsed(home, release, page)


def serve(*, port: int, table: Path | None, models: int, weeks: int, now: datetime | None) -> HubService:
    """Make a pretend Hub out of a table of real models, or of the simulated world; the caller lets it serve."""
    if table is not None:
        return HubService(load_table(table), port=port, now=now or datetime.now(UTC))
    world = World(SEED, models, weeks, FIRST_WEEK)
    return HubService(
        simulated(world), port=port, now=now or datetime.combine(FIRST_WEEK + timedelta(weeks=weeks), CAPTURE_TIME)
    )


def _settings(home: Path, url: str, now: datetime) -> Settings:
    return Settings(home=home, hf_endpoint=url, github_api_url=NOWHERE, pretended_now=now)


def _write_registry(home: Path, world: World) -> None:
    for name, text in world.registry().items():
        durable.write_bytes(home / "registry" / name, text.encode())


def _empty(home: Path) -> None:
    if home.exists() and any(home.iterdir()) and not (home / MARKER).exists():
        raise RefusedError(
            f"{home} is not a rehearsal's folder, so it was not touched.",
            next_command="leadershift rehearse demo --help",
        )
    shutil.rmtree(home, ignore_errors=True)
    durable.write_bytes(
        home / MARKER, b"Everything in this folder was simulated. It says nothing about the real Hub.\n"
    )
