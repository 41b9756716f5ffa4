"""The questions that people really ask: each runs on a release as it stands, through the command line and a first notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlglot

from dagster_project import asking
from dagster_project.rehearsal.run import Rehearsed
from dagster_project.reports.explore import NOTEBOOK
from dagster_project.reports.notebook import Kernel
from dagster_project.settings import Settings, shipped
from dagster_project.warehouse import examples
from tests.faults.stage import Leadershift, is_one_message

EXAMPLES = examples.examples()
# Four weeks are too few for these; each says in its answer what no rows mean, or needs a longer past.
MAY_BE_EMPTY = {
    "biggest_movers_among_labs",
    "built_on_whom",
    "dependence_on_foreign_bases",
    "fastest_starts",
    "is_anybody_closing",
    "what_happened_lately",
    "who_builds_on_chinese_models",
    "who_overtook_whom",
    "why_a_share_moved",
}


def test_there_are_enough_questions_and_each_is_answered_in_words() -> None:
    assert len(EXAMPLES) >= 25
    for example in EXAMPLES.values():
        assert example.question.endswith("?"), example.name
        assert len(example.answer.split()) > 10, example.name


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_one_select_that_every_release_answers(rehearsed: Rehearsed, name: str) -> None:
    example = EXAMPLES[name]
    (statement,) = sqlglot.parse(example.sql, dialect="duckdb")
    assert isinstance(statement, sqlglot.exp.Select)
    with asking.release(Settings(rehearsed.home)) as opened:
        columns, rows = opened.rows(example.sql)
    assert len(columns) == len(set(columns)) >= 3
    assert len(rows) <= 104, "a page, not a dump"
    assert rows or name in MAY_BE_EMPTY


def test_the_command_line_lists_them_and_asks_one(rehearsed: Rehearsed) -> None:
    leadershift = Leadershift(rehearsed.home)
    listed = json.loads(leadershift.invoke("examples", "--json").stdout)
    assert [found["name"] for found in listed] == sorted(EXAMPLES)
    told = leadershift.invoke("examples").stdout.splitlines()
    starts = {line.index(found["question"]) for line, found in zip(told, listed, strict=True)}
    assert len(starts) == 1, "a column, however long a name is"
    asked = leadershift.invoke("query", "--example", "who_leads_now", "--json")
    rows = json.loads(asked.stdout)
    assert rows[0]["share_of_known"] >= rows[1]["share_of_known"] > 0
    assert EXAMPLES["who_leads_now"].answer in asked.stderr
    refused = leadershift.invoke("query", "--example", "who_lead_now")
    is_one_message(refused, 2, "The nearest is who_leads_now.", "leadershift query --example who_leads_now")
    is_one_message(leadershift.invoke("query"), 2, "Give a SELECT, or the name of an example.")


def test_the_first_notebook_runs_on_the_kernel_that_is_here(rehearsed: Rehearsed) -> None:
    """The source itself, as papermill runs it; the copy in a home differs in the home's name alone."""
    source = shipped("notebooks") / "explore.py"
    with Kernel() as kernel:
        executed = kernel.execute(source, {"home": str(rehearsed.home)}, rehearsed.home)
    shown = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("text/html" in output.get("data", {}) for output in shown) >= 3, "tables"


def test_explore_puts_a_notebook_into_the_home_once(
    copied: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_program, **_path: None)
    home = copied()
    leadershift, path = Leadershift(home), home / NOTEBOOK
    is_one_message(leadershift.invoke("explore"), 2, str(path), "pip install 'leadershift[explore]'")
    assert str(home) in path.read_text()
    path.write_text("mine")
    leadershift.invoke("explore")
    assert path.read_text() == "mine"
