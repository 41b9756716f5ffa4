"""What was captured stays: a second copy, repair from it or from pages, old pages dropped on purpose, an alarm on silence."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dagster_project import keeping, pipeline
from dagster_project.errors import StorageError
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, load_table
from dagster_project.settings import Settings
from dagster_project.snapshots import durable, ledger, manifest, retention, seal
from dagster_project.snapshots.spool import Spool
from tests.faults.stage import NOW, PAGE_ROWS, SNAPSHOT, WORLD, Stage, files, is_one_message, serve
from tests.faults.test_disk import RAW, flip_a_bit, leave_free, small_disk, truncate

__all__ = ["small_disk"]

SEAL = f"{RAW}/SEALED"
SEALED_FILES = [f"{RAW}/page-00003.json.gz", f"{RAW}/manifest.jsonl", SEAL, SNAPSHOT]
HARMS = [flip_a_bit, truncate, Path.unlink]
NEXT_WEEK, TENTH_WEEK = NOW + timedelta(weeks=1), NOW + timedelta(weeks=10)
EIGHT_DAYS = timedelta(days=8)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Give every sealed or typed file of a home or a copy."""
    kept = [path for part in ("raw", "snapshots") for path in files(folder / part)]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


def events(home: Path, name: str) -> list[dict[str, object]]:
    return [line for line in ledger.read(home) if line["event"] == name]


def at(stage: Stage, moment) -> Stage:
    """Move the stage and its Hub to another moment."""
    stage.hub.set_now(moment)
    return replace(stage, environment={**stage.environment, "LEADERSHIFT_NOW": moment.isoformat()})


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Stage:
    """A sealed week and its copy; tests look at it, and harm only duplicates of it."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "copy").mkdir()
    with serve() as hub:
        stage = Stage(folder / "home", {"LEADERSHIFT_COPY": str(folder / "copy")}, hub=hub)
        for name, text in WORLD.registry().items():
            durable.write_bytes(stage.home / "registry" / name, text.encode())
        assert stage.invoke("capture").returncode == 0
        yield stage


@pytest.fixture
def twice(kept: Stage, tmp_path: Path) -> Stage:
    """A duplicate of home and copy, to be harmed."""
    for name in ("home", "copy"):
        shutil.copytree(kept.home.parent / name, tmp_path / name)
    kept.hub.set_now(NOW)
    return Stage(tmp_path / "home", {"LEADERSHIFT_COPY": str(tmp_path / "copy")}, hub=kept.hub)


@pytest.fixture
def alone(twice: Stage) -> Stage:
    """The same without a copy."""
    shutil.rmtree(twice.home.parent / "copy")
    twice.environment.pop("LEADERSHIFT_COPY")
    return twice


# The second copy


def test_a_sealed_week_is_copied_whole(kept):
    copy = kept.home.parent / "copy"
    assert bytes_of(copy) == bytes_of(kept.home)
    assert (copy / ledger.LEDGER).read_bytes() == (kept.home / ledger.LEDGER).read_bytes()
    assert events(kept.home, "copied")[0]["files"] == len(bytes_of(copy))
    status = json.loads(kept.invoke("status", "--json").stdout)
    assert status["copy"] == {"folder": str(copy), "is_complete": True, "lacking": []}
    assert f"ok  copy: {copy} is complete, but on the same disk" in kept.invoke("doctor").stdout


def test_a_copy_that_fails_costs_no_sealed_week_and_is_made_up_for(stage, tmp_path):
    copy = tmp_path / "unmounted"
    stage.environment["LEADERSHIFT_COPY"] = str(copy)
    first = stage.invoke("capture")
    assert (first.returncode, "2026-W44 sealed" in first.stdout) == (0, True)
    assert f"The folder {copy} is not there" in first.stderr
    assert events(stage.home, "copy_failed")
    assert not copy.exists(), "a folder made here would fill the disk that the copy's disk is mounted over"
    assert "NO  copy" in stage.invoke("doctor").stdout
    copy.mkdir()
    assert "files behind" in stage.invoke("status").stdout
    stage.hub.log.clear()
    assert stage.invoke("capture").returncode == 0
    assert stage.hub.log == []
    assert bytes_of(copy) == bytes_of(stage.home)


def test_a_full_copy_costs_no_sealed_week(stage, small_disk):
    copy = small_disk / "copy"
    copy.mkdir()
    leave_free(small_disk, 20_000)
    captured = stage.invoke("capture", LEADERSHIFT_COPY=str(copy))
    assert captured.returncode == 0
    assert "the disk is full" in captured.stderr
    assert not list(copy.rglob("SEALED")), "a seal in the copy means a whole snapshot"


def test_only_what_is_missing_or_differs_is_copied(twice):
    copy = twice.home.parent / "copy"
    truncate(copy / SNAPSHOT)
    (copy / f"{RAW}/page-00002.json.gz").unlink()
    assert twice.invoke("capture").returncode == 0
    assert events(twice.home, "copied")[-1]["files"] == 2
    assert bytes_of(copy) == bytes_of(twice.home)


def test_a_damaged_file_of_the_home_never_gets_into_the_copy(twice):
    copy = twice.home.parent / "copy"
    truncate(copy / SNAPSHOT)
    flip_a_bit(twice.home / SNAPSHOT)
    assert "is missing or damaged, so it was not copied" in twice.invoke("capture").stderr
    assert (copy / SNAPSHOT).stat().st_size == 0


@pytest.mark.parametrize("where", [".", "copy", ".."])
def test_a_copy_inside_or_around_the_home_is_refused(alone, where):
    result = alone.invoke("status", LEADERSHIFT_COPY=str(alone.home / where))
    is_one_message(result, 2, "LEADERSHIFT_COPY", "one lies in the other")


def test_the_copy_of_another_home_is_neither_filled_nor_taken_from(twice, hub, tmp_path):
    other = Stage(tmp_path / "other", {"LEADERSHIFT_COPY": str(tmp_path / "copy")}, hub=hub)
    before = bytes_of(tmp_path / "copy")
    assert "it is of another home" in other.invoke("capture").stderr
    is_one_message(other.invoke("repair"), 6, "holds the copy of another home")
    assert bytes_of(tmp_path / "copy") == before


def test_verify_checks_the_copy_too_and_repair_mends_it(twice):
    copy = twice.home.parent / "copy"
    flip_a_bit(copy / SNAPSHOT)
    verified = twice.invoke("verify")
    assert verified.returncode == 4
    assert f"{copy / SNAPSHOT} is missing or differs" in verified.stdout
    assert twice.invoke("repair").returncode == 0
    assert twice.invoke("verify").returncode == 0


# Repair


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", SEALED_FILES)
def test_F24_F25_repair_takes_each_file_from_the_copy(twice, kept, name, harm: Callable[[Path], None]):
    harm(twice.home / name)
    assert twice.invoke("verify").returncode == 4
    is_refused = twice.invoke("build").returncode == 4
    assert is_refused == (name != f"{RAW}/page-00003.json.gz"), "a build needs no pages"
    repaired = twice.invoke("repair", "--json")
    assert repaired.returncode == 0, repaired.stdout
    assert [(file["path"], file["from"]) for file in json.loads(repaired.stdout)["mended"]] == [(name, "copy")]
    said = events(twice.home, "repaired")
    assert [(line["path"], line["from"]) for line in said] == [(name, "copy")]
    assert said[0]["sha256"] == durable.sha256(twice.home / name)
    assert bytes_of(twice.home) == bytes_of(kept.home)
    assert twice.invoke("verify").returncode == 0


@pytest.mark.parametrize("harm", HARMS)
def test_F24_F25_repair_makes_a_table_again_from_its_pages(alone, kept, harm: Callable[[Path], None]):
    harm(alone.home / SNAPSHOT)
    repaired = alone.invoke("repair")
    assert (repaired.returncode, repaired.stdout) == (0, f"{SNAPSHOT}: right again, from the pages\n")
    assert bytes_of(alone.home) == bytes_of(kept.home)
    assert alone.invoke("verify").returncode == 0
    assert alone.invoke("build").returncode == 0


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([f"{RAW}/page-00003.json.gz"], "the typed table stands, but can't be made again"),
        ([f"{RAW}/page-00003.json.gz", SNAPSHOT], "it can't be made again without whole pages"),
        ([f"{RAW}/manifest.jsonl"], "nothing of that snapshot can be checked"),
        ([SEAL], "nothing of that snapshot can be checked"),
    ],
)
def test_F24_what_cannot_be_mended_is_named_with_what_it_means(alone, names, says):
    for name in names:
        flip_a_bit(alone.home / name)
    repaired = alone.invoke("repair")
    assert repaired.returncode == 4
    for name in names:
        assert f"huggingface 2026-W44: {alone.home / name}: " in repaired.stdout
    assert says in repaired.stdout


def test_F24_a_table_that_comes_out_otherwise_is_refused(alone):
    """As if another version had sealed it: the manifest and all that guards it promise other bytes."""
    entries = manifest.read(alone.home / RAW)
    flip_a_bit(alone.home / SNAPSHOT)
    other = durable.sha256(alone.home / SNAPSHOT)
    attempt = Spool(alone.home, "huggingface", NOW.date(), 1)
    changed = [msgspec.structs.replace(entry, sha256=other) if entry.kind == "table" else entry for entry in entries]
    found = seal.read(attempt)
    (alone.home / ledger.LEDGER).unlink()
    manifest.keep_only(attempt.folder, changed)
    whole = msgspec.structs.replace(found, manifest_sha256=durable.sha256(attempt.folder / manifest.MANIFEST))
    durable.write_bytes(alone.home / SEAL, seal.encoded(whole))
    truncate(alone.home / SNAPSHOT)
    repaired = alone.invoke("repair")
    assert repaired.returncode == 4
    assert "typed again from its pages it has other bytes" in repaired.stdout
    assert (alone.home / SNAPSHOT).stat().st_size == 0


@pytest.mark.parametrize("harm", HARMS)
def test_F24_F25_the_diary_is_restored_from_the_copy_and_keeps_what_came_later(twice, harm: Callable[[Path], None]):
    before = ledger.read(twice.home)
    twice.invoke("verify")
    harm(twice.home / ledger.LEDGER)
    repaired = twice.invoke("repair")
    assert repaired.returncode == 0, repaired.stdout
    assert ledger.read(twice.home)[: len(before)] == before
    assert twice.invoke("verify").returncode == 0


def test_F24_a_diary_without_a_copy_keeps_what_can_be_read(alone):
    lines = (alone.home / ledger.LEDGER).read_bytes()
    (alone.home / ledger.LEDGER).write_bytes(b"#" + lines)
    first = alone.invoke("repair")
    assert first.returncode == 4
    assert "1 lines can't be read and are in no copy" in first.stdout
    assert (alone.home / "ledger.damaged").read_bytes() == b"#" + lines
    assert alone.invoke("repair").returncode == 0
    assert alone.invoke("verify").returncode == 0


def test_F48_an_empty_home_and_the_copy_are_the_home_again(twice, kept):
    built = json.loads(twice.invoke("build", "--json").stdout)
    shutil.copytree(twice.home / "registry", twice.home.parent / "registry")
    shutil.rmtree(twice.home)
    shutil.move(twice.home.parent / "registry", twice.home / "registry")
    repaired = twice.invoke("repair")
    assert repaired.returncode == 0, repaired.stderr
    assert bytes_of(twice.home) == bytes_of(kept.home)
    assert twice.invoke("verify").returncode == 0
    assert json.loads(twice.invoke("build", "--json").stdout) == built
    twice.hub.log.clear()
    assert twice.invoke("capture").returncode == 0
    assert twice.hub.log == [], "the week is sealed"


def test_nothing_to_repair_is_said_and_changes_nothing(kept):
    before = bytes_of(kept.home)
    repaired = kept.invoke("repair")
    assert (repaired.returncode, repaired.stdout) == (0, "Nothing to repair.\n")
    assert bytes_of(kept.home) == before


# A damaged seal


@pytest.mark.parametrize("harm", HARMS)
def test_F24_F25_a_damaged_seal_does_not_cost_the_next_week(alone, harm: Callable[[Path], None]):
    harm(alone.home / SEAL)
    later = at(alone, NEXT_WEEK)
    captured = later.invoke("capture")
    assert captured.returncode == 0, captured.stderr
    assert "2026-W45 sealed" in captured.stdout
    if harm is truncate:
        assert str(alone.home / SEAL) in captured.stderr
        assert "leadershift verify" in captured.stderr
    assert later.invoke("verify").returncode == 4
    assert later.invoke("build").returncode == 4


def test_F24_a_damaged_seal_of_the_same_day_keeps_its_table(alone):
    truncate(alone.home / SEAL)
    table = (alone.home / SNAPSHOT).read_bytes()
    is_one_message(alone.invoke("capture"), 4, str(alone.home / SEAL), "leadershift verify")
    assert (alone.home / SNAPSHOT).read_bytes() == table
    assert at(alone, NOW + timedelta(days=1)).invoke("capture").returncode == 0


def test_F24_a_damaged_diary_does_not_cost_the_next_week(alone):
    lines = (alone.home / ledger.LEDGER).read_bytes()
    (alone.home / ledger.LEDGER).write_bytes(b"#" + lines)
    later = at(alone, NEXT_WEEK)
    captured = later.invoke("capture")
    assert (captured.returncode, "ledger.jsonl has a line that can't be read" in captured.stderr) == (0, True)
    assert "ledger.jsonl has a line that can't be read" in later.invoke("status").stdout


@pytest.mark.parametrize("command", ["capture", "verify"])
def test_F20_a_seal_that_a_killed_run_could_not_tell_is_guarded_later(alone, command):
    lines = (alone.home / ledger.LEDGER).read_bytes().splitlines(keepends=True)
    (alone.home / ledger.LEDGER).write_bytes(b"".join(line for line in lines if b'"sealed"' not in line))
    assert alone.invoke(command).returncode == 0
    (found,) = events(alone.home, "sealed")
    assert (found["found_later"], found["seal_sha256"]) == (True, durable.sha256(alone.home / SEAL))
    assert alone.invoke(command).returncode == 0
    assert len(events(alone.home, "sealed")) == 1
    (alone.home / SEAL).unlink()
    assert alone.invoke("verify").returncode == 4


# Old pages


def test_tidy_drops_old_pages_on_purpose(alone, kept):
    later = at(alone, TENTH_WEEK)
    tried = json.loads(later.invoke("tidy", "--dry-run", "--json").stdout)
    assert len(files(alone.home / RAW)) == 8
    assert (tried["snapshots"][0]["week"], tried["snapshots"][0]["files"], tried["is_dry_run"]) == ("2026-W44", 6, True)
    done = later.invoke("tidy", "--keep-weeks", "8")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in files(alone.home / RAW)] == ["SEALED", "manifest.jsonl"]
    (line,) = events(alone.home, "dropped")
    assert (line["files"], line["bytes"], line["week"]) == (6, tried["bytes"], "2026-W44")
    assert line["manifest_sha256"] == durable.sha256(alone.home / RAW / "manifest.jsonl")
    assert later.invoke("verify").returncode == 0
    assert later.invoke("build").returncode == 0
    assert json.loads(later.invoke("tidy", "--json").stdout)["snapshots"] == []
    truncate(alone.home / SNAPSHOT)
    repaired = later.invoke("repair")
    assert (repaired.returncode, "its pages were dropped on purpose" in repaired.stdout) == (4, True)


def test_tidy_keeps_young_weeks_and_what_is_not_whole(alone):
    assert json.loads(alone.invoke("tidy", "--json").stdout)["snapshots"] == []
    later = at(alone, TENTH_WEEK)
    flip_a_bit(alone.home / SNAPSHOT)
    assert "kept, because it is not whole" in later.invoke("tidy").stdout
    assert len(files(alone.home / RAW)) == 8
    assert events(alone.home, "dropped") == []


def test_tidy_asks_the_copy_and_leaves_its_pages(twice, kept):
    copy, later = twice.home.parent / "copy", at(twice, TENTH_WEEK)
    flip_a_bit(copy / SNAPSHOT)
    assert "has no whole copy of it" in later.invoke("tidy").stdout
    assert len(files(twice.home / RAW)) == 8
    assert later.invoke("repair").returncode == 0
    assert later.invoke("tidy").returncode == 0
    assert len(files(twice.home / RAW)) == 2
    assert bytes_of(copy) == bytes_of(kept.home)
    truncate(twice.home / SNAPSHOT)
    assert later.invoke("repair").returncode == 0, "the table comes from the copy"
    assert len(files(twice.home / RAW)) == 2, "dropped pages stay dropped"
    assert later.invoke("verify").returncode == 0


def test_F20_a_killed_tidy_is_no_damage(alone, monkeypatch):
    later = at(alone, TENTH_WEEK)
    unlink, gone = Path.unlink, []

    def unlink_twice(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("page-"):
            gone.append(path)
            if len(gone) == 3:
                raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink_twice)
    assert later.invoke("tidy").returncode == 130
    monkeypatch.undo()
    assert later.invoke("verify").returncode == 0
    assert later.invoke("tidy").returncode == 0
    assert len(files(alone.home / RAW)) == 2
    assert len(events(alone.home, "dropped")) == 1


# Room on the disk


def test_F23_a_capture_that_would_not_fit_is_not_begun(small_disk, hub):
    stage = Stage(small_disk / "home", hub=hub)
    stage.capture()
    needed = retention.needed(stage.home, "huggingface")
    sealed = sum(entry.bytes for entry in manifest.read(stage.home / RAW))
    assert needed == 3 * sealed > 0
    leave_free(small_disk, needed - 4096)
    later = at(stage, NEXT_WEEK)
    hub.log.clear()
    is_one_message(later.invoke("capture"), 8, "Week 2026-W45", f"needs {needed:,}", "leadershift tidy")
    assert hub.log == []
    assert "NO  space" in later.invoke("doctor").stdout
    leave_free(small_disk, needed + 65_536)
    assert later.invoke("capture").returncode == 0
    assert "ok  space" in later.invoke("doctor").stdout or retention.free(stage.home) < needed


def test_F23_the_first_capture_of_the_real_hub_needs_room_for_it(small_disk):
    with pytest.raises(StorageError, match="needs 5,000,000,000"):
        keeping.begin(Settings(small_disk / "home"), NOW)
    assert not (small_disk / "home").exists()


def test_F23_a_publication_on_a_full_disk_leaves_the_current_release(small_disk, hub):
    stage = Stage(small_disk / "home", hub=hub)
    for name, text in WORLD.registry().items():
        durable.write_bytes(stage.home / "registry" / name, text.encode())
    stage.capture()
    subprocess.run(["mount", "-o", "remount,size=128m", str(small_disk)], check=True)
    pipeline.derive(stage.settings())
    current = (stage.home / "published/current.json").read_bytes()
    later = at(stage, NEXT_WEEK)
    assert later.invoke("capture").returncode == 0
    assert later.invoke("build").returncode == 0
    assert later.invoke("audit").returncode == 0
    leave_free(small_disk, 200_000)
    is_one_message(later.invoke("publish"), 8, "the disk is full")
    assert (stage.home / "published/current.json").read_bytes() == current
    assert later.invoke("query", "select count(*) from core.models").returncode == 0
    (small_disk / "filler").unlink()
    assert later.invoke("publish").returncode == 0
    assert (stage.home / "published/current.json").read_bytes() != current


# Silence


def test_F42_silence_of_more_than_eight_days_is_an_alarm(kept):
    sealed = json.loads((kept.home / SEAL).read_bytes())["sealed_at"]
    assert sealed.startswith("2026-10-26T02:00")
    well = kept.invoke("doctor", "--alarm", LEADERSHIFT_NOW=(NOW + EIGHT_DAYS).isoformat())
    assert (well.returncode, well.stdout) == (0, "ok: the last sealed week is 2026-W44, 8 days ago.\n")
    late = (NOW + EIGHT_DAYS + timedelta(seconds=1)).isoformat()
    is_one_message(
        kept.invoke("doctor", "--alarm", LEADERSHIFT_NOW=late), 10, "2026-W44, 8 days ago", "leadershift run"
    )


def test_F42_a_clock_that_was_set_back_does_not_keep_the_alarm_silent(kept):
    """Or no silence would be long enough until it has caught up."""
    minutes = kept.invoke("doctor", "--alarm", LEADERSHIFT_NOW=(NOW - timedelta(minutes=5)).isoformat())
    assert minutes.returncode == 0
    weeks = (NOW - timedelta(weeks=3)).isoformat()
    is_one_message(kept.invoke("doctor", "--alarm", LEADERSHIFT_NOW=weeks), 10, "2026-W44", "clock", "date -u")


def test_F42_a_home_without_a_week_of_its_own_is_an_alarm(tmp_path, hub):
    stage = Stage(tmp_path / "home", hub=hub)
    is_one_message(stage.invoke("doctor", "--alarm"), 10, "No week was ever sealed")


def test_F42_the_alarm_needs_neither_diary_nor_database(alone):
    for name in (ledger.LEDGER, "registry"):
        path = alone.home / name
        shutil.rmtree(path) if path.is_dir() else path.write_bytes(b"{ damaged\n")
    assert json.loads(alone.invoke("doctor", "--alarm", "--json").stdout)["alarm"] is False


def test_F42_a_damaged_newest_seal_does_not_keep_the_alarm_silent(alone):
    truncate(alone.home / SEAL)
    is_one_message(alone.invoke("doctor", "--alarm"), 10, "1 seals can't be read: leadershift verify")


# Hostile names


HOSTILE_IDS = [
    "../../etc/x", "/etc/passwd", "a/b\0", "a/" + "x" * 300, "CON", "aux/nul.txt", "case/Clash", "Case/clash", "..", "~/x", "a/b\n../c",
]  # fmt: skip


def test_F31_no_name_becomes_a_path(tmp_path):
    names = [*HOSTILE_IDS, *(f"lab/model-{number}" for number in range(PAGE_ROWS - len(HOSTILE_IDS)))]
    created = "2026-01-01T00:00:00.000Z"
    rows = [
        {"id": name, "created_at": created, "downloads": number, "tags": [name]} for number, name in enumerate(names)
    ]
    table = tmp_path / "hostile.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    home = tmp_path / "deep/er/home"
    home.parent.mkdir(parents=True)
    with HubService(load_table(table), now=NOW, options=ServiceOptions(page_cap=PAGE_ROWS)) as hub:
        stage = Stage(home, {"LEADERSHIFT_COPY": str(tmp_path / "copy")}, hub=hub)
        (tmp_path / "copy").mkdir()
        done = stage.command("capture", "--json")
        assert done.returncode == 0, done.stderr
        captured = json.loads(done.stdout)
    assert (captured["seen"], captured["loaded"], captured["quarantined"]) == (len(rows), len(rows) - 1, 1)
    inside = ["SEALED", "manifest.jsonl", "page-00001.json.gz", "quarantine/models.parquet"]
    expected = {*(f"{RAW}/{name}" for name in inside), SNAPSHOT, ledger.LEDGER, "lock"}
    assert {path.relative_to(home).as_posix() for path in files(home)} == expected
    assert {path.relative_to(tmp_path / "copy").as_posix() for path in files(tmp_path / "copy")} == expected - {"lock"}
    outside = {path.relative_to(tmp_path).parts[0] for path in files(tmp_path)}
    assert outside == {"hostile.jsonl", "deep", "copy"}
    assert set(stage.table()["model_name"]) == {name for name in names if len(name) <= 200}


@pytest.mark.parametrize("source", ["../up", "a/b", "..", "", "a\0b", "CON:"])
def test_F31_no_archive_is_named_out_of_its_folder(alone, source):
    before = set(files(alone.home.parent))
    result = alone.invoke("import", "table", "nowhere.parquet", "--source", source)
    assert result.returncode == 2
    assert set(files(alone.home.parent)) == before
