"""F45: a person asks to be forgotten. Their account's name leaves every file of the home and the copy; counters stay."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import msgspec
import polars as pl
import pytest

from dagster_project import keeping
from dagster_project.rehearsal.hub.service import HubService, ServiceOptions, load_table
from dagster_project.snapshots import durable, erasure, ledger, manifest
from tests.faults.stage import NOW, PAGE_ROWS, WORLD, Stage, files, is_one_message
from tests.faults.test_disk import truncate
from tests.faults.test_kill import kill_when

COMPONENT = re.compile(rb"(?<![a-z0-9_.-])alice(?![a-z0-9_-]|\.[a-z0-9])", re.IGNORECASE)
REASON = "asked by mail on 2026-11-20"
ERASE = ["erase", "ALICE", "--reason", REASON, "--yes"]
KEPT = {"bob/alice", "alice2/base", "not-alice/base", "alice.ai/base"}
TENTH_WEEK = NOW + timedelta(weeks=10)


def model(name: str, **more: object) -> dict[str, object]:
    given = {"id": name, "created_at": "2026-01-01T00:00:00.000Z", "downloads": 10, "downloads_all_time": 100}
    return {**given, "tags": ["en"], "card_data": None, "pipeline_tag": "text-generation", **more}


def planted(week: int) -> list[dict[str, object]]:
    """Give models among which one account and its references stand in every place that a name can have."""
    references = [
        "base_model:alice/base",
        "base_model:quantized:Alice/Base",
        "dataset:alice/data",
        "base_model:alice2/base",
    ]
    text = "see https://huggingface.co/alice and @Alice; not alice2, but alice/unheard-of."
    own = {"license": "mit", "model_creator": "alice", "base_model": ["alice/base"], "note": f'by "alice", {text}'}
    return [
        model(
            "alice/base", tags=["alice", "en"], card_data=own, downloads=1_000 * week, downloads_all_time=9_000 * week
        ),
        model("Alice/second", tags=["base_model:alice/base"], downloads=500),
        model(
            "bob/tuned", tags=references, card_data={"base_model": ["alice/base", "alice2/base"], "license_name": text}
        ),
        model("carol/tuned", base_models={"relation": "finetune", "models": [{"_id": "1" * 24, "id": "alice/base"}]}),
        *(model(name) for name in sorted(KEPT)),
        model("alice/" + "x" * 300),
        *(model(f"lab/model-{number}") for number in range(120)),
    ]


def serve(folder: Path, week: int) -> HubService:
    table = folder / f"week-{week}.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in planted(week)))
    moment = NOW + timedelta(weeks=week - 1)
    return HubService(load_table(table), now=moment, options=ServiceOptions(page_cap=PAGE_ROWS))


def stage_at(folder: Path, hub: HubService, moment) -> Stage:
    return Stage(
        folder / "home", {"LEADERSHIFT_COPY": str(folder / "copy"), "LEADERSHIFT_NOW": moment.isoformat()}, hub=hub
    )


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks, an archive without ids, a release, a page, an unfinished crawl, evidence, and a copy of it all."""
    folder = tmp_path_factory.mktemp("named")
    (folder / "copy").mkdir()
    for name, text in WORLD.registry().items():
        durable.write_bytes(folder / "home/registry" / name, text.encode())
    for week in (1, 2):
        with serve(folder, week) as hub:
            stage = stage_at(folder, hub, hub.now())
            done = stage.invoke("capture")
            assert done.returncode == 0, done.stderr
    archive = folder / "archive.parquet"
    names = ["alice/base", "alice/old", "Alice/older", "bob/tuned", "bob/alice"]
    pl.DataFrame(
        {"id": names, "downloads": [1, 2, 3, 4, 5], "tags": [["alice"], [], [], ["base_model:alice/old"], []]}
    ).write_parquet(archive)
    assert stage.invoke("import", "table", str(archive), "--observed-at", "2026-10-20").returncode == 0
    for step in ("build", "audit", "publish", "report"):
        done = stage.invoke(step)
        assert done.returncode == 0, done.stderr
    unfinished(stage)
    return folder


def unfinished(stage: Stage) -> None:
    """Leave a crawl that was not sealed: its page, a page that no line lists, what came instead of a page."""
    sealed, left = stage.home / "raw/huggingface/2026-11-02/1", stage.home / "raw/huggingface/2026-11-03/1"
    (left / "quarantine").mkdir(parents=True)
    entry = manifest.read(sealed)[0]
    shutil.copy(stage.home / entry.path, left)
    shutil.copy(stage.home / entry.path, left / "page-00002.json.gz")
    listed = msgspec.structs.replace(entry, path=f"{left.relative_to(stage.home)}/page-00001.json.gz")
    manifest.append(left, listed)
    (left / "quarantine/page-00002.body.gz").write_bytes(gzip.compress(b"<html>alice/base is gone</html>"))


@pytest.fixture
def asked(named: Path, tmp_path: Path) -> Iterator[Stage]:
    for name in ("home", "copy"):
        shutil.copytree(named / name, tmp_path / name)
    with serve(tmp_path, 2) as hub:
        yield stage_at(tmp_path, hub, hub.now())


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Give every byte that a file holds, unpacked: gzip, the rows of Parquet, the rows of DuckDB."""
    for path in files(folder):
        raw = path.read_bytes()
        if path.suffix != ".duckdb":
            # DuckDB's statistics hold the first eight letters of the least name: `hf:alice` of hf:alice2.
            yield path, raw
        if path.suffix == ".gz":
            yield path, gzip.decompress(raw)
        elif path.suffix == ".parquet":
            yield (
                path,
                pl.read_parquet(path, glob=False).write_ndjson().encode()
                if "quarantine" not in path.parts
                else b"".join(pl.read_parquet(path, glob=False)["record"]),
            )
        elif path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                for (table,) in connection.execute(
                    "select schema_name || '.' || table_name from duckdb_tables()"
                ).fetchall():
                    yield path, str(connection.execute(f"from {table}").fetchall()).encode()


def holding(folder: Path) -> list[str]:
    """Name the files in which the account's name stands as a component; names of other accounts' models don't count."""
    found = []
    for path, content in contents(folder):
        if COMPONENT.search(content.replace(b"bob/alice", b"").replace(b"bob\\/alice", b"")) or COMPONENT.search(
            path.name.encode()
        ):
            found.append(path.relative_to(folder).as_posix())
    return found


def everywhere(stage: Stage) -> list[str]:
    return holding(stage.home) + holding(stage.home.parent / "copy")


def tables(stage: Stage) -> dict[str, pl.DataFrame]:
    return {path.name: pl.read_parquet(path, glob=False) for path in files(stage.home / "snapshots")}


def test_the_name_is_where_the_test_looks_for_it(asked):
    parts = {path.split("/")[0] for path in holding(asked.home)}
    assert parts == {"raw", "snapshots", "facts", "warehouse", "published", "reports"}
    assert holding(asked.home.parent / "copy")


def test_F45_an_erased_name_is_in_no_byte_of_home_and_copy(asked):
    before = tables(asked)
    old_release = json.loads(asked.invoke("status", "--json").stdout)["release"]
    done = asked.command(*ERASE, "--json")
    assert done.returncode == 0, done.stderr
    assert everywhere(asked) == []
    assert not (asked.home / erasure.FOLDER).exists()
    assert json.loads(done.stdout)["releases"] == [old_release]
    verified = asked.invoke("verify")
    assert verified.returncode == 0, verified.stdout
    after = tables(asked)
    for name, table in before.items():
        counters = ["downloads_30d", "downloads_all_time", "hub_id", "observed_at", "position"]
        assert after[name].select(counters).equals(table.select(counters)), "counters stay"
        assert KEPT & set(table["model_name"]) <= set(after[name]["model_name"])
    (line,) = [line for line in ledger.read(asked.home) if line["event"] == "erased"]
    assert line["reason"] == REASON
    assert "alice" not in json.dumps(line).lower()
    for path, (old, new) in line["files"].items():
        assert old != new == durable.sha256(asked.home / path)


def test_F45_models_go_on_under_names_that_say_nothing_and_lineage_holds(asked):
    (week,) = [name for name in tables(asked) if name == "2026-11-02.parquet"]
    ids = dict(tables(asked)[week].select("model_name", "hub_id").iter_rows())
    asked.invoke(*ERASE)
    table = tables(asked)[week]
    rows = {row["hub_id"]: row for row in table.iter_rows(named=True)}
    base = f"erased/{ids['alice/base']}"
    assert (rows[ids["alice/base"]]["model_name"], rows[ids["alice/base"]]["author"]) == (base, "erased")
    assert rows[ids["alice/base"]]["tags"] == ["erased", "en"]
    assert rows[ids["bob/tuned"]]["tags"] == [
        f"base_model:{base}", f"base_model:quantized:{base}", "dataset:erased/unknown", "base_model:alice2/base",
    ]  # fmt: skip
    assert rows[ids["bob/tuned"]]["card_base_models"] == [base, "alice2/base"]
    assert rows[ids["carol/tuned"]]["base_models"] == [{"hub_id": "1" * 24, "model_name": base}]
    archive = tables(asked)["2026-10-20.parquet"]
    names = archive["model_name"].to_list()
    assert names[0] == base, "an archive without ids keeps the model that a capture knows"
    assert len(set(names)) == len(names), "two models without ids don't become one"
    assert archive["tags"].to_list()[3] == [f"base_model:{names[1]}"]


def test_F45_the_next_release_is_made_without_the_name_and_knows_the_one_before(asked):
    before = json.loads(asked.invoke("query", "select release_id from marts.releases", "--json").stdout)
    flows = "select sum(downloads_flow) as flow, count(*) as n from core.weekly_flow"
    flow = asked.invoke("query", flows, "--json").stdout
    asked.invoke(*ERASE)
    is_one_message(asked.invoke("query", flows), 7, "Nothing has been published")
    for step in ("build", "audit", "publish", "report"):
        done = asked.invoke(step)
        assert done.returncode == 0, done.stderr
    assert everywhere(asked) == []
    assert asked.invoke("query", flows, "--json").stdout == flow
    after = json.loads(asked.invoke("query", "select release_id from marts.releases", "--json").stdout)
    assert after[:-1] == before


def test_F45_an_erased_table_can_still_be_made_from_its_pages(asked):
    asked.invoke(*ERASE)
    asked.environment.pop("LEADERSHIFT_COPY")
    path = asked.home / "snapshots/huggingface/models/2026-11-02.parquet"
    truncate(path)
    repaired = asked.invoke("repair")
    assert (repaired.returncode, "right again, from the pages" in repaired.stdout) == (0, True), repaired.stdout


def test_F45_pages_dropped_here_are_cleaned_in_the_copy(asked):
    later = stage_at(asked.home.parent, asked.hub, TENTH_WEEK)
    assert later.invoke("tidy").returncode == 0
    assert not list((asked.home / "raw/huggingface/2026-10-26/1").glob("page-*"))
    assert later.invoke(*ERASE).returncode == 0
    assert everywhere(later) == []
    assert later.invoke("verify").returncode == 0
    truncate(asked.home / "snapshots/huggingface/models/2026-10-26.parquet")
    assert later.invoke("repair").returncode == 0


MOMENTS = [
    (erasure, "_swap", 1),
    (erasure, "_swap", 4),
    (erasure, "_write", 3),
    (erasure, "_stage", 2),
    (keeping, "_delete_pages_naming", 1),
    (erasure, "end", 1),
]


@pytest.mark.parametrize(("module", "step", "nth"), MOMENTS, ids=[f"{step}-{nth}" for _module, step, nth in MOMENTS])
def test_F45_killed_in_the_middle_and_run_again_it_completes(asked, monkeypatch, module, step, nth):
    real, calls = getattr(module, step), []

    def killed(*arguments, **named):
        calls.append(step)
        if len(calls) == nth:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(module, step, killed)
    assert asked.invoke(*ERASE).returncode == 130
    monkeypatch.undo()
    is_one_message(asked.invoke("repair"), 6, "An erasure", "was begun and not ended")
    is_one_message(asked.invoke("erase", "carol", "--reason", "other", "--yes"), 6, "was begun and not ended")
    done = asked.invoke(*ERASE)
    assert done.returncode == 0, done.stderr
    assert everywhere(asked) == []
    assert asked.invoke("verify").returncode == 0
    assert len([line for line in ledger.read(asked.home) if line["event"] == "erased"]) == 1


def test_F45_killed_for_real_and_run_again_it_completes(asked):
    kill_when(asked.start(*ERASE), (asked.home / erasure.STAGED).exists)
    assert "An erasure was begun and not ended" in asked.invoke("verify").stdout
    assert asked.invoke(*ERASE).returncode == 0
    assert everywhere(asked) == []
    assert asked.invoke("verify").returncode == 0


def test_F45_a_copy_that_was_not_cleaned_is_named(asked):
    copy = asked.environment.pop("LEADERSHIFT_COPY")
    said = asked.invoke(*ERASE).stdout
    # The copy of this test is a duplicate: the diary knows the folder that the first one was made in.
    (known,) = {line["folder"] for line in ledger.read(asked.home) if line["event"] == "copied"}
    assert f"An older copy was not cleaned, delete it or set LEADERSHIFT_COPY to it: {known}" in said
    assert holding(Path(copy)), "the test would show nothing"


def test_F45_nothing_is_erased_from_damaged_data(asked):
    truncate(asked.home / "snapshots/huggingface/models/2026-11-02.parquet")
    is_one_message(asked.invoke(*ERASE), 4, "Nothing was erased", "leadershift repair")
    assert not (asked.home / erasure.FOLDER).exists()


def test_F45_it_asks_first(asked):
    before = {path: path.read_bytes() for path in files(asked.home)}
    refused = asked.invoke("erase", "alice", "--reason", REASON)
    assert refused.returncode == 1
    assert {path: path.read_bytes() for path in files(asked.home)} == before


@pytest.mark.parametrize(
    ("name", "reason", "says"),
    [
        ("a/b", "x", "can't be the name"),
        ("erased", "x", "can't be the name"),
        ("alice", "Alice wrote", "must not hold the name"),
    ],
)
def test_F45_what_cannot_be_is_refused_in_words(asked, name, reason, says):
    is_one_message(asked.invoke("erase", name, "--reason", reason, "--yes"), 2, says)


def test_F45_a_name_that_is_nowhere_changes_nothing(asked):
    before = {
        path: path.read_bytes()
        for part in ("raw/huggingface/2026-11-02", "snapshots", "published")
        for path in files(asked.home / part)
    }
    done = json.loads(asked.invoke("erase", "nobody-of-that-name", "--reason", "x", "--yes", "--json").stdout)
    assert (done["files"], done["releases"]) == (0, [])
    assert {path: path.read_bytes() for path in before} == before
    assert [line for line in ledger.read(asked.home) if line["event"] == "erased"] == []
