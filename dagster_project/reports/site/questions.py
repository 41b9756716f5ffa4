"""The page of questions that people really ask: each with what its columns say, its answer from this release, and its SQL.

Not here: the questions (sql/examples), asking them elsewhere (leadershift query --example).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl

from dagster_project.errors import UsageError
from dagster_project.reports.render import NOTHING, Column, Fragment, count, nothing, preformatted, render_table
from dagster_project.reports.site.frame import Frame
from dagster_project.warehouse.examples import Example, examples
from dagster_project.warehouse.published import Release

ROWS_SHOWN = 12
DIGITS = 4


def write_questions(frame: Frame) -> None:
    """Ask every question of the release and write the page with the answers."""
    caption = frame.edition.marked(f"The answer of release {frame.edition.release_id}")
    asked = [
        {
            "name": example.name,
            "question": example.question,
            "answer": example.answer,
            "result": _answered(frame.release, example, caption),
            "sql": preformatted(example.sql.strip()),
        }
        for example in examples().values()
    ]
    title, lead = "Questions that people ask", f"{len(asked)} questions"
    sentence = f"{lead}, each one query that runs as it stands on the release."
    opened = frame.opening("data", title, lead, sentence)
    frame.write("data/questions.html", "questions.html.j2", title, sentence, opening=opened, asked=asked)


def _answered(release: Release, example: Example, caption: str) -> Fragment:
    """Show the first rows of an answer; a release from before a table was made has none."""
    try:
        names, rows = release.rows(example.sql)
    except UsageError:
        return nothing("This release does not have the tables for it.")
    if not rows:
        return nothing("No rows.")
    numeric = [any(_is_number(row[n]) for row in rows) for n in range(len(names))]
    columns = [Column(name, name, "signed" if is_it else "text") for name, is_it in zip(names, numeric, strict=True)]
    # One column, one way of writing: a share of exactly 1 keeps its digits beside the others.
    digits = [0 if all(_is_whole(row[n]) for row in rows) else DIGITS for n in range(len(names))]
    shown = [tuple(map(_written, row, digits)) for row in rows[:ROWS_SHOWN]]
    if len(rows) > ROWS_SHOWN:
        caption += f", the first {ROWS_SHOWN} of {len(rows)} rows"
    return render_table(pl.DataFrame(shown, schema=names, orient="row", infer_schema_length=None), columns, caption)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return not _is_number(value) or float(value).is_integer()


def _written(value: Any, digits: int) -> str:
    """Write a value: a share with four digits, so that it can be looked up."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    if _is_number(value):
        return f"{float(value):.{digits}f}" if digits else count(float(value))
    return str(value)
