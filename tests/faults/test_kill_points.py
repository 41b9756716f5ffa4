"""`leadershift` killed with SIGKILL at every operation that makes something durable (F20) and at any moment (F21).

After each death the same command runs again, undisturbed, and everything it leaves has to be what a life without the death
leaves: every file of raw and snapshots by its bytes, the release by its id and by the bytes of what it exports, no temporary
file, a diary that can be read, no page fetched twice but the one in hand. The order of the operations is looked at too (F22).
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, World, simulated
from dagster_project.settings import shipped
from dagster_project.snapshots import durable, ledger
from dagster_project.snapshots.lock import LOCK
from dagster_project.warehouse import audit, catalog, publish
from dagster_project.warehouse.build import database_path
from tests.faults.mortal import Death, Ending, Forker, Operation, Order, When
from tests.faults.stage import NOW, NOWHERE, PAGES

SMALL_WORLD = World(47, 40, 3, date(2026, 10, 5))
PAGE_ROWS, PAGE_COUNT = 20, 2
RAW = "raw/huggingface/2026-10-26/1"
SEED = 20
STEPS = ("capture", "build", "audit", "publish", "report")
# After one operation is before the next, but for what Polars, DuckDB or the Hub do between them. So the dead die after those
# alone that promise something, and in the middle of what can be torn.
WAYS: dict[str, tuple[When, ...]] = {
    "write": ("before", "torn", "after"),
    "fsync": ("before", "after"),
    "rename": ("before", "after"),
}
# What differs from one undisturbed run to the next, or only tells the story.
UNLIKE = (LOCK, ledger.LEDGER, "warehouse", ".duckdb")


@dataclass
class Mortal:
    """A home, and the command at it in processes that may die."""

    home: Path
    hub: HubService
    forker: Forker

    def run(self, step: str, death: Death | None = None, seconds: float | None = None) -> Ending:
        environment = {
            "LEADERSHIFT_HOME": str(self.home),
            "HF_ENDPOINT": self.hub.url,
            "GITHUB_API_URL": NOWHERE,
            "LEADERSHIFT_NOW": NOW.isoformat(),
        }
        return self.forker.run(Order(str(self.home), step.split(), environment, death, seconds))

    def well(self, step: str) -> Ending:
        """Run a step that nothing disturbs."""
        ending = self.run(step)
        assert ending.code == 0, ending.stderr
        return ending

    def copy(self, home: Path) -> Mortal:
        shutil.copytree(self.home, home)
        return Mortal(home, self.hub, self.forker)

    def contents(self) -> dict[str, bytes | None]:
        """Give what lies in the home: the bytes of files that are alike in every life, None for folders."""
        return {
            found: path.read_bytes() if path.is_file() else None
            for path in sorted(self.home.rglob("*"))
            if not any(unlike in (found := path.relative_to(self.home).as_posix()) for unlike in UNLIKE)
        }

    def tables(self) -> str:
        """Hash what the tables of the build say: the same id the release gets."""
        tables = {n: t for n, t in catalog.load(shipped("sql")).items() if t.schema in catalog.PUBLISHED_SCHEMAS}
        with duckdb.connect(database_path(self.home), read_only=True) as connection:
            return publish.content_hash(connection, tables)

    def leftovers(self) -> list[str]:
        return [
            path.as_posix()
            for path in self.home.rglob("*")
            if durable.TEMPORARY_FOLDER in path.parts[len(self.home.parts) :]
        ]


@pytest.fixture(scope="module")
def small_hub() -> Iterator[HubService]:
    with HubService(simulated(SMALL_WORLD), now=NOW, options=ServiceOptions(page_cap=PAGE_ROWS)) as running:
        yield running


@pytest.fixture(scope="module")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    made = Forker({"PATH": os.environ["PATH"], "HOME": str(tmp_path_factory.mktemp("nobody"))})
    yield made
    made.close()


@dataclass
class Life:
    """A life that nothing disturbs: the home before and after each step, and how the step went. Lived as far as asked."""

    folder: Path
    born: Mortal
    endings: dict[str, Ending] = field(default_factory=dict)

    def before(self, step: str) -> Mortal:
        place = STEPS.index(step)
        return self.after(STEPS[place - 1]) if place else self.born

    def after(self, step: str) -> Mortal:
        home = self.folder / step
        if home.exists():
            return Mortal(home, self.born.hub, self.born.forker)
        lived = self.before(step).copy(home)
        self.endings[step] = lived.well(step)
        return lived

    def ending(self, step: str) -> Ending:
        self.after(step)
        return self.endings[step]

    def deaths(self, step: str, of: Callable[[Operation], bool] = lambda _operation: True) -> list[Death]:
        """Give every way to die at the operations of a step that are meant."""
        return [
            Death(number, when)
            for number, operation in enumerate(self.ending(step).operations, start=1)
            if of(operation)
            for when in WAYS.get(operation.kind, ("before",))
        ]


@pytest.fixture(scope="module")
def life(small_hub: HubService, forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("life")
    for name, text in SMALL_WORLD.registry().items():
        durable.write_bytes(folder / "born" / "registry" / name, text.encode())
    return Life(folder, Mortal(folder / "born", small_hub, forker))


def dies_and_lives(
    life: Life, step: str, deaths: Sequence[Death], folder: Path, agrees: Callable[[Mortal], None]
) -> None:
    """Let a step die each of these deaths in a home of its own, run it again, and compare."""
    assert deaths
    for death in deaths:
        operation = life.ending(step).operations[death.number - 1]
        mortal = life.before(step).copy(folder / f"{death.number}-{death.when}")
        mortal.hub.log.clear()
        try:
            dying = mortal.run(step, death)
            assert dying.is_killed, dying.stderr
            assert nameless(dying.operations[-1]) == nameless(operation)
            lives_on(mortal, step)
            agrees(mortal)
        except AssertionError as error:
            raise AssertionError(f"{step} killed {death.when} {operation}: {error}") from error
        shutil.rmtree(mortal.home)


def lives_on(mortal: Mortal, *steps: str) -> None:
    """Run what was killed again: nothing half-written stays, and the diary can be read."""
    for step in steps:
        mortal.well(step)
    assert mortal.leftovers() == []
    assert ledger.read(mortal.home)


def nameless(operation: Operation) -> tuple[str, str]:
    """Leave out which process it was."""
    return operation.kind, operation.path.rstrip("0123456789")


# F20: the capture, at each of its operations, in one way that is drawn; with -m load, in every way


def drawn(deaths: list[Death], count: int | None) -> list[Death]:
    return deaths if count is None else random.Random(SEED).sample(deaths, count)


def one_way_each(deaths: list[Death]) -> list[Death]:
    draw = random.Random(SEED)
    return [draw.choice(list(ways)) for _number, ways in itertools.groupby(deaths, lambda death: death.number)]


FOR_LONG = [pytest.mark.load, pytest.mark.timeout(7200)]


def what_is(operation: Operation) -> str:
    """Name what is being made durable."""
    names = {LOCK: "lock", ledger.LEDGER: "diary", "manifest.jsonl": "manifest", "SEALED": "seal", "page-": "page"}
    found = next((name for part, name in names.items() if part in operation.path), None)
    if found:
        return found
    return "table" if "models" in operation.path else "folders"


WHAT_A_CAPTURE_MAKES = ("lock", "folders", "page", "manifest", "table", "seal", "diary")


@pytest.mark.parametrize("chosen", [one_way_each, pytest.param(list, marks=FOR_LONG, id="every way")])
@pytest.mark.parametrize("what", WHAT_A_CAPTURE_MAKES)
def test_F20_a_capture_that_dies_at_the(life, tmp_path, what, chosen):
    truth = life.after("capture").contents()

    def agrees(mortal: Mortal) -> None:
        assert mortal.contents() == truth
        assert sum(PAGES in entry.path for entry in mortal.hub.log) <= PAGE_COUNT + 1

    deaths = life.deaths("capture", lambda found: what_is(found) == what)
    dies_and_lives(life, "capture", chosen(deaths), tmp_path, agrees)


def test_a_capture_has_all_the_operations_that_it_is_to_die_at(life):
    operations = life.ending("capture").operations
    assert {what_is(operation) for operation in operations} == set(WHAT_A_CAPTURE_MAKES)
    assert {operation.kind for operation in operations} >= {"write", "fsync", "rename", "mkdir", "rmdir", "truncate"}
    assert len(operations) > 50


# F20: the steps after it. Each death costs a build or a page, so a few are drawn


ALL = pytest.param(None, marks=FOR_LONG, id="every operation")


@pytest.mark.parametrize("count", [3, ALL])
def test_F20_a_build_that_dies(life, tmp_path, count):
    truth = life.after("build").tables()

    def agrees(mortal: Mortal) -> None:
        assert mortal.tables() == truth

    dies_and_lives(life, "build", drawn(life.deaths("build"), count), tmp_path, agrees)


@pytest.mark.parametrize("count", [1, ALL])
def test_F20_an_audit_that_dies(life, tmp_path, count):
    truth = (life.after("audit").home / audit.AUDIT).read_bytes()

    def agrees(mortal: Mortal) -> None:
        assert (mortal.home / audit.AUDIT).read_bytes() == truth

    dies_and_lives(life, "audit", drawn(life.deaths("audit"), count), tmp_path, agrees)


def agrees_with_release(truth: Mortal) -> Callable[[Mortal], None]:
    expected = truth.contents()

    def agrees(mortal: Mortal) -> None:
        assert mortal.contents() == expected, "the release, its Parquet and CSV, and the pointer to it"
        release = publish.current(mortal.home)
        with duckdb.connect(mortal.home / release.database, read_only=True) as connection:
            assert connection.execute("select release_id from marts.releases").fetchall() == [(release.release_id,)]
        told = [entry for entry in ledger.read(mortal.home) if entry["event"] == "published"]
        assert [entry["release"] for entry in told] == [release.release_id]

    return agrees


@pytest.mark.parametrize("count", [2, ALL])
def test_F20_a_release_that_dies(life, tmp_path, count):
    deaths = life.deaths("publish")
    dies_and_lives(life, "publish", drawn(deaths, count), tmp_path, agrees_with_release(life.after("publish")))


def test_F20_a_release_that_dies_between_its_pointer_and_the_diary(life, tmp_path):
    deaths = life.deaths("publish", lambda found: (found.kind, found.path) == ("write", ledger.LEDGER))[:1]
    dies_and_lives(life, "publish", deaths, tmp_path, agrees_with_release(life.after("publish")))


@pytest.mark.parametrize("count", [1, ALL])
def test_F20_a_page_of_the_week_that_dies(life, tmp_path, count):
    truth = life.after("report").contents()

    def agrees(mortal: Mortal) -> None:
        assert mortal.contents() == truth

    dies_and_lives(life, "report", drawn(life.deaths("report"), count), tmp_path, agrees)


def test_F20_what_a_dead_release_left_goes_even_if_another_is_published(life, tmp_path):
    """The building folder of a release that never came carries an id that nobody makes again."""
    mortal = life.before("publish").copy(tmp_path / "home")
    deaths = life.deaths("publish", lambda found: found.path.endswith("datapackage.json"))
    assert mortal.run("publish", deaths[0]).is_killed
    (left,) = (mortal.home / publish.PUBLISHED / durable.TEMPORARY_FOLDER).iterdir()
    left.rename(left.with_name("REHEARSAL-2026-W44-of-other-tables"))
    lives_on(mortal, "publish")


# F21: at any moment


MANY = pytest.param(60, marks=FOR_LONG)


@pytest.mark.parametrize("times", [14, MANY])
def test_F21_a_capture_killed_at_random_moments(life, tmp_path, times):
    truth, draw = life.after("capture").contents(), random.Random(SEED)
    for number in range(times):
        mortal = life.born.copy(tmp_path / f"{number}")
        mortal.hub.log.clear()
        mortal.run("capture", seconds=draw.uniform(0, 1.2 * life.ending("capture").seconds))
        lives_on(mortal, "capture")
        assert mortal.contents() == truth
        assert sum(PAGES in entry.path for entry in mortal.hub.log) <= PAGE_COUNT + 1


MANY_MORE = pytest.param(40, marks=FOR_LONG)


@pytest.mark.parametrize("times", [3, MANY_MORE])
def test_F21_a_release_killed_at_random_moments_on_its_way(life, tmp_path, times):
    truth, draw = life.after("publish"), random.Random(SEED)
    mortal = life.after("capture").copy(tmp_path / "home")
    on_the_way = STEPS[1:4]
    for number in range(times):
        step = on_the_way[number % len(on_the_way)]
        mortal.run(step, seconds=draw.uniform(0, life.ending(step).seconds))
    lives_on(mortal, *on_the_way)
    agrees_with_release(truth)(mortal)


# F22: in which order


@pytest.mark.parametrize("step", STEPS)
def test_F22_what_is_renamed_was_flushed_and_its_folder_is_before_anything_else_is_said(life, step):
    operations = life.ending(step).operations
    renames = [place for place, operation in enumerate(operations) if operation.kind == "rename"]
    assert renames
    for place in renames:
        found = operations[place]
        flushed = {operation.path for operation in operations[:place] if operation.kind == "fsync"}
        assert found.source in flushed
        following = operations[place + 1]
        assert (following.kind, following.path) == ("fsync", parent(found.path))
        assert all(
            operation.path in flushed for operation in operations[:place] if operation.path.startswith(found.source)
        )


@pytest.mark.parametrize("step", STEPS)
def test_F22_a_new_folder_is_flushed_into_its_parent_before_anything_lies_in_it(life, step):
    operations = life.ending(step).operations
    for place, made in enumerate(operations):
        if made.kind == "mkdir" and durable.TEMPORARY_FOLDER not in Path(made.path).parts:
            following = operations[place + 1]
            assert (following.kind, following.path) == ("fsync", parent(made.path))


def test_F22_a_page_is_durable_before_the_manifest_names_it(life):
    for number in range(1, PAGE_COUNT + 1):
        page = f"{RAW}/page-{number:05}.json.gz"
        in_order(
            life.ending("capture"),
            ("write", f"{RAW}/tmp/page-{number:05}.json.gz."),
            ("fsync", f"{RAW}/tmp/page-{number:05}.json.gz."),
            ("rename", page),
            ("fsync", RAW),
            ("write", f"{RAW}/manifest.jsonl"),
            ("fsync", f"{RAW}/manifest.jsonl"),
        )


def test_F22_the_table_the_manifest_the_seal_the_diary(life):
    table, new_table = (
        "snapshots/huggingface/models/2026-10-26.parquet",
        "snapshots/huggingface/models/tmp/2026-10-26.parquet.",
    )
    in_order(
        life.ending("capture"),
        ("fsync", new_table),
        ("rename", table),
        ("fsync", "snapshots/huggingface/models"),
        ("write", f"{RAW}/manifest.jsonl"),
        ("fsync", f"{RAW}/manifest.jsonl"),
        ("write", f"{RAW}/tmp/SEALED."),
        ("fsync", f"{RAW}/tmp/SEALED."),
        ("rename", f"{RAW}/SEALED"),
        ("fsync", RAW),
        ("write", ledger.LEDGER),
        ("fsync", ledger.LEDGER),
        ("truncate", LOCK),
    )


def test_F22_the_release_the_pointer_the_diary(life):
    release = publish.current(life.after("publish").home).release_id
    building = f"published/tmp/{release}"
    files = {
        path.relative_to(life.after("publish").home / "published" / release).as_posix()
        for path in (life.after("publish").home / "published" / release).rglob("*")
    }
    operations = life.ending("publish").operations
    moved = next(
        place
        for place, found in enumerate(operations)
        if (found.kind, found.path) == ("rename", f"published/{release}")
    )
    flushed = {found.path for found in operations[:moved] if found.kind == "fsync"}
    assert flushed >= {building, *(f"{building}/{file}" for file in files)}
    in_order(
        life.ending("publish"),
        ("rename", f"published/{release}"),
        ("fsync", "published"),
        ("write", "published/tmp/current.json."),
        ("fsync", "published/tmp/current.json."),
        ("rename", "published/current.json"),
        ("fsync", "published"),
        ("write", ledger.LEDGER),
        ("fsync", ledger.LEDGER),
        ("truncate", LOCK),
    )


def parent(path: str) -> str:
    above = Path(path).parent.as_posix()
    return "" if above == "." else above


def in_order(ending: Ending, *wanted: tuple[str, str]) -> None:
    """Find these operations one after the other; others may lie between. Process ids at the end of a name are left out."""
    found = iter([nameless(operation) for operation in ending.operations])
    missing = [want for want in wanted if (want[0], want[1].rstrip("0123456789")) not in found]
    assert missing == []
