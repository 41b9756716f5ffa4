"""The data dictionary as pages: every published table, its columns, and from which columns of others each is made, drawn.

Not here: finding out the lineage (warehouse/lineage).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dagster_project.reports import reads
from dagster_project.reports.charts import placing
from dagster_project.reports.charts.palette import INK, MUTED, WHISKER
from dagster_project.reports.render import Fragment, clean
from dagster_project.reports.site.frame import Frame
from dagster_project.reports.template import Way
from dagster_project.warehouse.published import Release

ROW = 19
TOP, LEFT, RIGHT, WIDTH = 14.0, 250, 430, 720
TABLE = f'font-size="11" font-weight="600" fill="{MUTED}"'
SOURCE = f'font-size="12" text-anchor="end" fill="{INK}"'
OWN = f'font-size="12" fill="{INK}"'
MAX_SOURCES = 60  # columns drawn; all of them stand in the table
_LONG = 2000


@dataclass(frozen=True)
class Described:
    """A column: its name, type, meaning, and the columns it is made from."""

    name: str
    kind: str
    meaning: str
    made_from: tuple[str, ...]


@dataclass(frozen=True)
class TablePage:
    """A published table: its full name, its meaning with its warnings, its columns."""

    name: str
    meaning: str
    columns: tuple[Described, ...]
    drawing: Fragment


def read(release: Release) -> list[TablePage]:
    """Read every published table, in the order of the alphabet."""
    meanings = dict(
        release.frame(
            "select schema_name || '.' || table_name as name, comment from duckdb_tables() order by 1"
        ).iter_rows()
    )
    rows = release.frame(
        "select schema_name || '.' || table_name as table_name, column_name, data_type, meaning, made_from from main.data_dictionary"
    )
    columns: dict[str, list[Described]] = {}
    for table, column, kind, meaning, made_from in rows.iter_rows():
        described = Described(column, kind or "", clean(meaning, _LONG), tuple(sorted(map(clean, made_from or ()))))
        columns.setdefault(table, []).append(described)
    return [
        TablePage(name, meanings.get(name) or "", tuple(found), drawing(name, found))
        for name, found in sorted(columns.items())
    ]


def drawing(name: str, columns: Sequence[Described]) -> Fragment:
    """Draw which columns a table's columns are made from: sources to the left, its own to the right."""
    sources = sorted({source for column in columns for source in column.made_from})
    if not sources:
        return Fragment("")
    groups: dict[str, list[str]] = {}
    for source in sources[:MAX_SOURCES]:
        groups.setdefault(source.rpartition(".")[0], []).append(source)
    written, at, foot = _sources(groups)
    step = max(ROW, (foot - TOP) / len(columns))
    lines = []
    for number, column in enumerate(columns):
        own = TOP + step * (number + 0.5)
        written.append(_text(RIGHT + 8, own, OWN, placing.fit_width(clean(column.name), WIDTH - RIGHT - 12, 12)))
        lines += [_line(at[source], own) for source in column.made_from if source in at]
    height = max(foot, TOP + step * len(columns)) + 6
    more = f" {len(sources) - MAX_SOURCES} more are in the table." if len(sources) > MAX_SOURCES else ""
    label = f"Columns of {name} and what they are made from: {len(sources)} columns of {len(groups)} tables.{more}"
    return Fragment(
        f'<figure class="chart lineage"><div class="scroll" role="region" tabindex="0" aria-label="Drawing of the lineage">'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label, quote=True)}" width="{WIDTH}"'
        f' height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"><path d="{"".join(lines)}" fill="none" stroke="{WHISKER}"'
        f' stroke-width="0.8"/>{"".join(written)}</svg></div><figcaption>{escape(label)}</figcaption></figure>'
    )


def _sources(groups: Mapping[str, Sequence[str]]) -> tuple[list[str], dict[str, float], float]:
    """Write the sources, each under its table; gives the texts, the height of each source, and the height of all."""
    written: list[str] = []
    at: dict[str, float] = {}
    y = TOP
    for table, members in groups.items():
        written.append(_text(4, y, TABLE, placing.fit_width(table, LEFT - 10, 11, is_bold=True)))
        y += ROW
        for source in members:
            written.append(_text(LEFT - 8, y, SOURCE, placing.fit_width(source.rpartition(".")[2], LEFT - 14, 12)))
            at[source] = y
            y += ROW
        y += 5
    return written, at, y


def _text(x: int, y: float, look: str, fitting: str) -> str:
    return f'<text x="{x}" y="{y + 4:.0f}" {look}>{escape(fitting)}</text>'


def _line(start: float, end: float) -> str:
    middle = (LEFT + RIGHT) / 2
    return f"M{LEFT},{start:.1f}C{middle:.0f},{start:.1f} {middle:.0f},{end:.1f} {RIGHT},{end:.1f}"


def write_dictionary(frame: Frame) -> None:
    """Write a page for each published table, and the list of them."""
    tables = read(frame.release) if reads.has(frame.release, "main.data_dictionary") else []
    for table in tables:
        opened = frame.opening("data", table.name, "", "")
        about = clean(table.meaning, 200)
        frame.write(f"data/{table.name}.html", "table.html.j2", table.name, about, opening=opened, page=table)
    ways = [Way(table.name, f"{table.name}.html", table.meaning.partition("\n")[0]) for table in tables]
    title, lead = "The data dictionary", f"{len(tables)} tables"
    opened = frame.opening("data", title, lead, f"{lead}, every column with its meaning and what it is made from.")
    frame.write("data/index.html", "list.html.j2", title, lead, opening=opened, ways=ways)
