"""A whole rehearsal: the simulated world served on loopback, captured week by week through the real pipeline, and judged.

The pretend Hub runs in a process of its own, as the real one does, and is moved through time over its control channel.
Not here: the world (world), the service (service), the comparison (judge), any measure (sql).
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from dagster_project import captures, imports, overview, pipeline
from dagster_project.crawl import FIRST_CONTACT_SECONDS
from dagster_project.errors import GateError, RefusedError, SourceError
from dagster_project.rehearsal.github.service import GitHubService
from dagster_project.rehearsal.github.tables import load_github_tables
from dagster_project.rehearsal.hub.api import ItemSource
from dagster_project.rehearsal.hub.series import load_series
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, World, load_table, simulated
from dagster_project.rehearsal.judge import Verdict, judge
from dagster_project.rehearsal.world import archive
from dagster_project.rehearsal.world.scenario import CAPTURE_HOUR
from dagster_project.settings import Settings
from dagster_project.snapshots import durable
from dagster_project.sources.huggingface import PAGE_ROWS
from dagster_project.sources.pages import Limits
from dagster_project.warehouse.publish import Publication

SEED = 47
LAST_MONDAY = date(2026, 11, 16)
CAPTURE_TIME = time(CAPTURE_HOUR, tzinfo=UTC)
MARKER = "REHEARSAL"
# Any will do: the pretend GitHub knows no accounts.
PRETEND_TOKEN = "rehearsal"
# Faults that strike a week's crawl, one kind after the other. Those that only wait (hang, drip, storms) have tests of their own.
FAULTS = ("F01", "F02", "F03", "F05", "F06", "F07", "F10", "F19")
FAULT_EVERY_WEEKS = 4
TRIES = 3


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal left behind. `gaps` are weeks that stayed unsealed, each with the reason."""

    settings: Settings
    release: Publication
    verdicts: list[Verdict] = field(default_factory=list)
    gaps: dict[date, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Where it lies."""
        return self.settings.home


def make_world(models: int, weeks: int, *, dirt: bool, seed: int = SEED) -> World:
    """Make the world of a rehearsal: it ends with the week before LAST_MONDAY, so that the last snapshot closes it."""
    return World(seed, models, weeks, LAST_MONDAY - timedelta(weeks=weeks), dirt=dirt)


def rehearse(
    home: Path,
    *,
    models: int,
    weeks: int,
    say: Callable[[str], None],
    dirt: bool = True,
    faults: bool = False,
    page_cap: int = PAGE_ROWS,
    seed: int = SEED,
) -> Rehearsed:
    """Capture the end of each of `weeks` weeks of a fresh world, then build, audit, publish and judge; pages are the caller's.

    The home is emptied first; a folder that no rehearsal made is refused (RefusedError).
    """
    _empty(home)
    world = make_world(models, weeks, dirt=dirt, seed=seed)
    for name, text in world.registry().items():
        durable.write_bytes(home / "registry" / name, text.encode())
    gaps: dict[date, str] = {}
    with _pretend_hub(world, dirt=dirt, page_cap=page_cap) as hub:
        for number in range(1, weeks + 1):
            moment = datetime.combine(world.first_week + timedelta(weeks=number), CAPTURE_TIME)
            hub.control("clock", {"now": moment.isoformat()})
            fault = _fault_of(number) if faults else None
            if fault:
                hub.control("faults", {"catalogue": fault})
            settings = Settings(
                home=home,
                hf_endpoint=hub.url,
                github_api_url=hub.github_url,
                github_token=PRETEND_TOKEN,
                pretended_now=moment,
            )
            if number <= world.archived_weeks:
                say(f"{moment:%Y-%m-%d}: left to an archive of others")
            elif trouble := _capture(settings, fault, say):
                gaps[moment.date()] = trouble
            _capture_github(settings, say)
            hub.control("faults", None)
        if world.archived:
            _import_archive(settings, world, say)
        release = pipeline.derive(settings, say=say)
    with overview.release(settings) as opened:
        verdicts = judge(opened, world)
    return Rehearsed(settings, release, verdicts, gaps)


@dataclass(frozen=True)
class Played:
    """What a pretend Hub and GitHub are to be made of: real tables where given, else the simulated world."""

    world: World
    table: Path | None = None
    series: Path | None = None
    github_table: Path | None = None


def serve(
    played: Played, *, port: int, github_port: int, now: datetime | None, page_cap: int
) -> tuple[HubService, GitHubService]:
    """Make a pretend Hub and GitHub with one clock; the caller starts them. Real tables let it be today unless told."""
    world = played.world
    end = datetime.combine(world.first_week + timedelta(weeks=world.weeks), CAPTURE_TIME)
    is_real = played.table or played.series or played.github_table
    if played.series:
        items: ItemSource = load_series(played.series, played.table)
    else:
        items = load_table(played.table) if played.table else simulated(world)
    repositories = load_github_tables(played.github_table) if played.github_table else world.github()
    moment = now or (datetime.now(UTC) if is_real else end)
    hub = HubService(items, port=port, now=moment, options=ServiceOptions(page_cap=page_cap))
    return hub, GitHubService(repositories, port=github_port, clock=hub.clock)


def _capture(settings: Settings, fault: str | None, say: Callable[[str], None]) -> str | None:
    """Capture as a scheduler would, trying again after a failure; give the reason if the week stays unsealed."""
    trouble = "never tried"
    for _attempt in range(TRIES):
        try:
            captured = captures.capture(settings, limits=Limits(patience_seconds=FIRST_CONTACT_SECONDS))
        except SourceError as error:
            trouble = error.message
            continue
        except GateError as error:
            trouble = error.message
            break
        struck = f", struck by {fault}" if fault else ""
        say(f"{captured.seal.week}: {captured.seal.loaded:,} of {captured.seal.seen:,} records{struck}")
        return None
    say(f"NOT SEALED: {trouble}")
    return trouble


def _import_archive(settings: Settings, world: World, say: Callable[[str], None]) -> None:
    """Import what somebody else captured before our first week."""
    table = settings.home / "archive.parquet"
    archive.archive(world).write_parquet(table)
    for sealed in imports.import_table(settings, table, source=archive.SOURCE, mapping={}, say=say):
        say(f"{sealed.week}: {sealed.loaded:,} models of an archive")


def _capture_github(settings: Settings, say: Callable[[str], None]) -> None:
    """Capture the pretend GitHub's repositories, stars and people of the week."""
    found, stars = captures.capture_repositories(settings), captures.capture_stars(settings)
    people = captures.capture_people(settings)
    say(
        f"    GitHub: {found.asked:,} repositories, {len(found.missing):,} missing; {stars.requests:,} pages of stars;"
        f" {people.readings:,} quarters of contributors"
    )


def _fault_of(number: int) -> str | None:
    if number % FAULT_EVERY_WEEKS:
        return None
    return FAULTS[number // FAULT_EVERY_WEEKS % len(FAULTS)]


class _Hub:
    """A pretend Hub in another process, by its address and that of the GitHub beside it."""

    def __init__(self, url: str, github_url: str) -> None:
        self.url, self.github_url = url, github_url

    def control(self, name: str, content: object) -> None:
        """Move the clock, or set faults; None takes back what was set."""
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(
            f"{self.url}/__ctl/{name}", data=body, method="DELETE" if content is None else "POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


@contextmanager
def _pretend_hub(world: World, *, dirt: bool, page_cap: int) -> Iterator[_Hub]:
    options = [
        "--port",
        "0",
        "--seed",
        str(world.seed),
        "--models",
        str(world.models),
        "--weeks",
        str(world.weeks),
        "--page-cap",
        str(page_cap),
        *([] if dirt else ["--no-dirt"]),
    ]
    command = [sys.executable, "-m", "dagster_project.cli", "rehearse", "serve", "--github-port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = "".join(itertools.islice(process.stdout, 1))
            found = re.findall(r"http://127\.0\.0\.1:\d+", said)
            if len(found) != len(("Hub", "GitHub")):
                raise RefusedError("The pretend Hub did not start.", next_command="leadershift rehearse serve")
            yield _Hub(*found)
        finally:
            # It keeps nothing, and whoever started us in the background may have us and our children ignore SIGTERM.
            process.kill()


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
