"""Numbers as known then: the registry and the snapshots of an earlier day, rebuilt, and never taken for the present's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.errors import GateError, NothingYetError
from dagster_project.settings import shipped
from dagster_project.warehouse import publish
from dagster_project.warehouse.build import database_path
from dagster_project.warehouse.catalog import PUBLISHED_SCHEMAS
from tests.faults.stage import Leadershift, is_one_message
from tests.sql.history import History, model

MONDAYS = [date(2026, 11, day) for day in (2, 9, 16, 23)]
QUOTED_ON = MONDAYS[2]
NOW = {"LEADERSHIFT_NOW": "2026-11-30T02:00:00+00:00"}
ORIGIN = "known_from,source_url,read_on,confidence,note"
SEEN = "https://example.org/table,2026-11-01,high,"
LABS = f"""lab,lab_name,parent,country,kind,valid_from,valid_to,{ORIGIN}
east,East,,CN,company,,,2026-11-01,{SEEN}
west,West,,US,company,,,2026-11-01,{SEEN}
"""
NAMESPACES = f"""namespace,lab,valid_from,valid_to,{ORIGIN}
lab,west,,,2026-11-01,{SEEN}
"""
# Told on 20 November: since the 9th the account belongs to another lab.
EDITED = f"""namespace,lab,valid_from,valid_to,{ORIGIN}
lab,west,,,2026-11-01,{SEEN}
lab,west,,2026-11-09,2026-11-20,{SEEN}
lab,east,2026-11-09,,2026-11-20,{SEEN}
"""
SHARES = (
    "select week, country, downloads_flow from marts.share_by_country"
    " where scope = 'S1' and credit = 'publisher' and time_window = 'week' order by week, country"
)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Three Mondays of one model that gains 70 and then 140, and a registry that places it in the West."""
    history = History(tmp_path / "home", registry=tmp_path / "registry")
    shipped_files = {
        name: shipped(f"data/registry/{name}.csv").read_text()
        for name in (
            "countries",
            "licences",
            "events",
            "published_figures",
            "repositories",
            "github_owners",
            "arguable_homes",
        )
    }
    known_then = {name: re.sub(r",20\d\d-\d\d-\d\d(?=,)", ",2026-11-01", text) for name, text in shipped_files.items()}
    history.write_registry(labs=LABS, namespaces=NAMESPACES, **known_then)
    for day, total in zip(MONDAYS[:3], [100, 170, 310], strict=True):
        history.day(day, model("m", total=total, month=300))
    return history


def _tables(history: History, folder: Path) -> dict[str, bytes]:
    """Write every public table of the build as a CSV file; give the bytes."""
    folder.mkdir()
    with duckdb.connect(str(database_path(history.home)), read_only=True) as connection:
        listed = connection.execute("select schema_name || '.' || table_name from duckdb_tables() union all "
                                    "select schema_name || '.' || view_name from duckdb_views() where not internal").fetchall()  # fmt: skip
        names = sorted(name for (name,) in listed if name.split(".")[0] in PUBLISHED_SCHEMAS)
        for name in names:
            connection.execute(f"copy (select * from {name} order by all) to '{folder / name}.csv' (header)")
    return {name: (folder / f"{name}.csv").read_bytes() for name in names}


def test_an_edit_of_the_registry_changes_history_only_through_its_dates(history: History) -> None:
    before = history.build().rows(SHARES)
    assert {row["country"] for row in before} == {"US"}
    (history.registry / "namespaces.csv").write_text(EDITED)
    after = history.build().rows(SHARES)
    moved = {row["week"]: row["country"] for row in after}
    assert moved == {MONDAYS[0]: "US", MONDAYS[1]: "CN", MONDAYS[2]: "CN"}
    assert [row["downloads_flow"] for row in after] == [row["downloads_flow"] for row in before]
    assert history.build(date(2026, 11, 19)).rows(SHARES) == before, "nobody knew it the day before"


def test_the_number_quoted_in_a_week_is_rebuilt_to_the_byte(history: History, tmp_path: Path) -> None:
    quoted = _tables(history.build_all(), tmp_path / "quoted")
    assert {"marts.share_by_country", "marts.share_by_lab", "core.weekly_flow", "registry.namespaces"} <= quoted.keys()
    history.day(MONDAYS[3], model("m", total=1000, month=900), model("late", total=5))
    history.day(date(2026, 11, 4), model("m", month=300), source="archive", sealed_on=date(2026, 11, 25))
    (history.registry / "namespaces.csv").write_text(EDITED)
    present = _tables(history.build_all(), tmp_path / "present")
    assert present["marts.share_by_country"] != quoted["marts.share_by_country"]
    again = _tables(history.build_all(QUOTED_ON), tmp_path / "again")
    assert [name for name in quoted if again[name] != quoted[name]] == []
    assert again.keys() == quoted.keys()
    assert _tables(history.build_all(), tmp_path / "back") == present


@pytest.mark.parametrize(
    ("day", "name"), [(date(2026, 10, 1), "Old"), (date(2026, 11, 19), "Old"), (date(2026, 11, 20), "New")]
)
def test_a_country_has_its_name_of_then_or_the_first_it_got(history: History, day: date, name: str) -> None:
    """A code in place of a name would hide who leads, and a name tells nothing that nobody knew."""
    (history.registry / "countries.csv").write_text(
        f"country,country_name,region,{ORIGIN}\nUS,Old,There,2026-11-01,{SEEN}\nUS,New,There,2026-11-20,{SEEN}\n"
    )
    history.day(date(2026, 9, 7), model("m", total=1))
    known = history.build(day).rows("select country_name from registry.countries where country = 'US'")
    assert known == [{"country_name": name}]


def test_nothing_sealed_by_then_is_said(copied: Callable[[], Path]) -> None:
    refused = Leadershift(copied(), NOW).invoke("build", "--known-at", "2021-01-01")
    is_one_message(
        refused, NothingYetError.exit_code, "Nothing was known on 2021-01-01: the first snapshot was sealed on"
    )


def test_a_registry_that_knew_nothing_yet_is_said_plainly(copied: Callable[[], Path]) -> None:
    home = copied()
    path = home / "registry" / "namespaces.csv"
    path.write_text(path.read_text().replace(",2022-01-01,", ",2026-11-21,"))
    day = _last_day(home)
    built = Leadershift(home, NOW).invoke("build", "--known-at", day, "--json")
    assert json.loads(built.stdout)["known_at"] == day
    assert f"As known on {day}: 16 of 16 snapshots, 0 of " in built.stderr
    assert re.search(
        r"reviewed namespaces and \d+ of \d+ licences; what was told later is UNKNOWN here\. ", built.stderr
    )
    assert "The registry begins on 2026-11-21, so every lab and country of this build is UNKNOWN" in built.stderr
    with duckdb.connect(str(database_path(home)), read_only=True) as connection:
        rows = connection.execute("select distinct country, lower_bound, upper_bound from marts.share_by_country")
        assert rows.fetchall() == [("UNKNOWN", 0.0, 1.0)]


def test_a_build_as_known_then_is_published_only_by_name_and_says_so(copied: Callable[[], Path]) -> None:
    home = copied()
    leadershift = Leadershift(home, NOW)
    before = publish.current(home)
    day = sorted(path.stem for path in (home / "snapshots" / "huggingface" / "models").glob("*.parquet"))[1]
    assert leadershift.invoke("build", "--known-at", day).returncode == 0
    assert leadershift.invoke("audit").returncode == 0
    refused = leadershift.invoke("publish")
    is_one_message(refused, GateError.exit_code, f"as known on {day}", f"leadershift publish --known-at {day}")
    assert publish.current(home) == before
    wrong = leadershift.invoke("publish", "--known-at", "2026-01-01")
    is_one_message(wrong, GateError.exit_code, "not as known on 2026-01-01")

    published = json.loads(leadershift.invoke("publish", "--known-at", day, "--json").stdout)
    assert published["release_id"].startswith(f"REHEARSAL-KNOWN-AT-{day}-")
    assert f"{published['release_id']}, only what was known on {day}" in leadershift.invoke("status").stdout
    status = json.loads(leadershift.invoke("status", "--json").stdout)
    assert (status["release_known_at"], status["is_published"]) == (day, False)
    asked = leadershift.invoke("query", "select known_at from marts.releases order by published_at", "--json")
    assert json.loads(asked.stdout) == [{"known_at": None}, {"known_at": day}]
    assert f"The current release has only what was known on {day}." in asked.stderr

    for step in ("build", "audit", "publish"):
        assert leadershift.invoke(step).returncode == 0
    assert publish.current(home).release_id == before.release_id, "the present is where it was"
    assert "only what was known" not in leadershift.invoke("query", "select 1").stderr


def _last_day(home: Path) -> str:
    return max(path.stem for path in (home / "snapshots" / "huggingface" / "models").glob("*.parquet"))
