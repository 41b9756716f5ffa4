"""Headers of SQL files: what they must say, and which sentence a broken one gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import UsageError
from dagster_project.settings import shipped
from dagster_project.warehouse import catalog, lineage

GOOD = "/*\nmeaning: Things.\ngrain: [a]\ncolumns:\n  a: a thing\n*/\nselect 1 as a\n"


def write(folder: Path, text: str, name: str = "core/things.sql") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


def test_a_header_is_the_whole_truth_about_a_table(tmp_path: Path) -> None:
    table = catalog.load(write(tmp_path, GOOD))["core.things"]
    assert (table.meaning, table.grain, dict(table.columns), table.body) == (
        "Things.",
        ("a",),
        {"a": "a thing"},
        "select 1 as a",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("select 1", "does not open with a header", id="no-header"),
        pytest.param("/* a: [ */ select 1", "is not YAML", id="not-yaml"),
        pytest.param("/* just words */ select 1", "is not a mapping", id="no-mapping"),
        pytest.param(GOOD.replace("grain: [a]\n", ""), r"lacks \['grain'\]", id="no-grain"),
        pytest.param(GOOD.replace("grain", "graiin: 1\ngrain"), r"unknown \['graiin'\]", id="unknown-key"),
        pytest.param(GOOD.replace("[a]", "[b]"), r"does not describe: \['b'\]", id="strange-grain"),
    ],
)
def test_a_broken_header_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        catalog.load(write(tmp_path, text))
    assert "things.sql" in caught.value.message


def test_tables_come_after_what_they_select_from(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("1 as a", "a from core.things"), "marts/first.sql")
    order = [table.full_name for table in lineage.build_order(catalog.load(write(tmp_path, GOOD)))]
    assert order == ["core.things", "marts.first"]


def test_a_circle_and_a_stranger_are_refused(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("1 as a", "a from core.other"), "core/things.sql")
    with pytest.raises(UsageError, match=r"selects from core\.other, which no file makes"):
        lineage.build_order(catalog.load(tmp_path))
    write(tmp_path, GOOD.replace("1 as a", "a from core.things"), "core/other.sql")
    with pytest.raises(UsageError, match="in a circle"):
        lineage.build_order(catalog.load(tmp_path))


def test_columns_are_traced_through_ctes(tmp_path: Path) -> None:
    body = "with doubled as (select a * 2 as twice from core.things) select twice as a from doubled"
    write(tmp_path, GOOD.replace("select 1 as a", body), "marts/first.sql")
    table = catalog.load(write(tmp_path, GOOD))["marts.first"]
    assert lineage.column_sources(table, {"core.things": {"a": "INTEGER"}}) == {"a": ["core.things.a"]}


def test_every_public_table_documents_every_column_and_warns_where_it_must() -> None:
    tables = catalog.load(shipped("sql"))
    assert {
        "core.models",
        "core.model_names",
        "core.lineage_edges",
        "marts.share_by_country",
        "marts.share_by_lab",
    } <= set(tables)
    for table in tables.values():
        assert len(table.meaning) > 20, table.full_name
        assert all(len(text) > 6 for text in table.columns.values()), table.full_name


def test_bodies_are_one_bare_select_without_templating() -> None:
    for table in catalog.load(shipped("sql")).values():
        assert "{{" not in table.body and "{%" not in table.body, table.full_name
        assert table.body.lower().startswith(("select", "with")), table.full_name
        assert ";" not in table.body, table.full_name
