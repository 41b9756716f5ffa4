"""The data dictionary as pages: every published table, its columns, and from which columns of others each is made, drawn.

Not here: finding out the lineage (warehouse/lineage).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from dagster_project.reports import reads
from dagster_project.reports.charts import palette, placing
from dagster_project.reports.charts.palette import MUTED, WHISKER
from dagster_project.reports.render import Fragment, clean
from dagster_project.reports.site.frame import Frame
from dagster_project.reports.template import Way
from dagster_project.warehouse.published import Release

ROW = 19
LEFT, RIGHT, WIDTH = 250, 430, 720
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


def drawing(name: str, columns: list[Described]) -> Fragment:
    """Draw which columns a table's columns are made from: sources to the left, its own to the right."""
    sources = sorted({source for column in columns for source in column.made_from})
    if not sources:
        return Fragment("")
    shown = sources[:MAX_SOURCES]
    groups: dict[str, list[str]] = {}
    for source in shown:
        groups.setdefault(source.rpartition(".")[0], []).append(source)
    at: dict[str, float] = {}
    parts = []
    y = 14.0
    for table, members in groups.items():
        shown_table = escape(placing.fit_width(table, LEFT - 10, 11, is_bold=True))
        parts.append(
            f'<text x="4" y="{y + 4:.0f}" font-size="11" font-weight="600" fill="{MUTED}">{shown_table}</text>'
        )
        y += ROW
        for source in members:
            at[source] = y
            parts.append(
                f'<text x="{LEFT - 8}" y="{y + 4:.0f}" font-size="12" text-anchor="end" fill="{palette.INK}">'
                f"{escape(placing.fit_width(source.rpartition('.')[2], LEFT - 14, 12))}</text>"
            )
            y += ROW
        y += 5
    height_left = y
    step = max(ROW, (height_left - 14) / len(columns)) if len(columns) * ROW < height_left else ROW
    lines = []
    for number, column in enumerate(columns):
        own = 14 + step * (number + 0.5)
        own_name = escape(placing.fit_width(clean(column.name), WIDTH - RIGHT - 12, 12))
        parts.append(f'<text x="{RIGHT + 8}" y="{own + 4:.0f}" font-size="12" fill="{palette.INK}">{own_name}</text>')
        for source in column.made_from:
            if source in at:
                start, middle = at[source], (LEFT + RIGHT) / 2
                lines.append(f"M{LEFT},{start:.1f}C{middle:.0f},{start:.1f} {middle:.0f},{own:.1f} {RIGHT},{own:.1f}")
    height = max(height_left, 14 + step * len(columns)) + 6
    more = f" {len(sources) - len(shown)} more are in the table." if len(sources) > len(shown) else ""
    label = f"Columns of {name} and what they are made from: {len(sources)} columns of {len(groups)} tables.{more}"
    return Fragment(
        f'<figure class="chart lineage"><div class="scroll" role="region" tabindex="0" aria-label="Drawing of the lineage">'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label, quote=True)}" width="{WIDTH}"'
        f' height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"><path d="{"".join(lines)}" fill="none" stroke="{WHISKER}"'
        f' stroke-width="0.8"/>{"".join(parts)}</svg></div><figcaption>{escape(label)}</figcaption></figure>'
    )


def write_dictionary(frame: Frame) -> None:
    """Write a page for each published table, and the list of them."""
    tables = read(frame.release) if reads.has(frame.release, "main.data_dictionary") else []
    for table in tables:
        opened = frame.opening("data", table.name, "", "")
        about = clean(table.meaning, 200)
        frame.write(f"data/{table.name}.html", "table.html.j2", table.name, about, opening=opened, page=table)
    ways = [Way(table.name, f"{table.name}.html", table.meaning.partition("\n")[0]) for table in tables]
    lead = f"{len(tables)} tables"
    opened = frame.opening(
        "data", "The data dictionary", lead, f"{lead}, every column with its meaning and what it is made from."
    )
    frame.write(
        "data/index.html", "list.html.j2", "The data dictionary", lead, opening=opened, intro=[], ways=ways, body=""
    )
