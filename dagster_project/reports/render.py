"""Foreign text and numbers as safe HTML: the one cleaner, the one way to write a number, the one table renderer.

Names of models, labs and countries come from strangers. Nothing of theirs reaches a page, a chart or a file name of a
report except through `clean`, and nothing becomes HTML except through a `Fragment` made here.
Not here: what a page says (headline, weekly) and what a chart looks like (charts).
"""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from html import escape
from typing import Literal

import polars as pl

from dagster_project.calendar import Week

MAX_TEXT = 80
MAX_LINE = 600  # a citation
MAX_TABLE_ROWS = 300
MAX_STACKED_MARKS = 2  # accents on one letter; more is "zalgo" that paints over its neighbours
THIN_SPACE = "\u202f"  # the narrow one that doesn't break
NO_BREAK_SPACE = "\u00a0"
NOTHING = "–"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# Control, format (bidi and zero-width among them), surrogate, private and unassigned characters: none of them is a name.
_STRIPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters by category, empty space by looks: Hangul fillers, the blank Braille cell.
_INVISIBLE = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0\u2800\u034f"), " ")

Kind = Literal["text", "count", "share", "signed", "day", "time", "span", "yes_no"]
# `signed` is a number that was already written with its sign, `span` two weeks that stay on one line.
NUMERIC: frozenset[str] = frozenset({"count", "share", "signed"})


@dataclass(frozen=True)
class Fragment:
    """A piece of HTML in which everything foreign is already escaped. Notebooks show it, templates insert it."""

    html: str

    def __repr__(self) -> str:
        return f"Fragment of {len(self.html)} characters"

    def _repr_html_(self) -> str:
        return self.html

    def __html__(self) -> str:
        """Let Jinja insert it as it is."""
        return self.html


@dataclass(frozen=True)
class Column:
    """One column of a printed table: where the values are, what it is called, how they are written."""

    name: str
    title: str
    kind: Kind = "text"


BOUND_COLUMNS = (Column("lower_bound", "At least", "share"), Column("upper_bound", "At most", "share"))


def clean(text: object, limit: int = MAX_TEXT) -> str:
    """Make a foreign string fit to be shown: one line, no control or bidi characters, no towers of accents, not endless.

    This is not escaping: `escaped` does that, and charts are escaped by the SVG writer.
    """
    if text is None:
        return ""
    # Nobody's name needs more than this, and normalising megabytes takes seconds.
    composed = unicodedata.normalize("NFC", str(text)[: limit * 20]).translate(_INVISIBLE)
    kept: list[str] = []
    stacked = 0
    for character in composed:
        category = unicodedata.category(character)
        stacked = stacked + 1 if category.startswith("M") else 0
        if character.isspace():
            kept.append(" ")
        elif category not in _STRIPPED and stacked <= MAX_STACKED_MARKS:
            kept.append(character)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def fit(text: str, columns: int) -> str:
    """Cut a cleaned text to a width in Latin letters; Chinese, Japanese and Korean letters are two wide."""
    if sum(map(_width, text)) <= columns:
        return text
    taken, width = 0, 1
    for character in text:
        width += _width(character)
        if width > columns:
            break
        taken += 1
    return text[:taken].rstrip() + "…"


def wrap(text: str, columns: int) -> list[str]:
    """Break a sentence of ours into lines for a chart, where nothing wraps by itself."""
    return textwrap.wrap(text, columns, break_long_words=True) or [""]


def escaped(text: object, limit: int = MAX_TEXT) -> str:
    """Give a foreign string cleaned and ready to stand in HTML text or in a quoted attribute."""
    return escape(clean(text, limit), quote=True)


def prose(sentence: str) -> str:
    """Escape a sentence of ours and keep its numbers together with their per cent sign."""
    return escape(sentence.replace(" %", f"{NO_BREAK_SPACE}%"), quote=True)


def percent(share: float) -> str:
    """Write a share 0..1 as `41.2 %`; what would round to nothing or to all, and is neither, is `<0.1 %` or `>99.9 %`."""
    if 0 < share < 0.0005:  # noqa: PLR2004 - half of the last printed digit
        return "<0.1 %"
    if 0.9995 <= share < 1 - 1e-9:  # noqa: PLR2004 - the same; sums of all parts miss 1 by less
        return ">99.9 %"
    return f"{share * 100:.1f} %"


def count(number: float) -> str:
    """Write a whole number with thin spaces between thousands."""
    return f"{round(number):,}".replace(",", THIN_SPACE).replace("-", "−")


def day(moment: date) -> str:
    """Write a day as `16 November 2026`, in no locale but this one."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def span(week: Week, *, with_weekdays: bool = False) -> str:
    """Write a week from its first day to its last, naming month and year as often as needed."""
    first, last = week.monday, date.fromordinal(week.monday.toordinal() + 6)
    start = str(first.day)
    if first.month != last.month:
        start += f" {MONTHS[first.month - 1]}"
    if first.year != last.year:
        start += f" {first.year}"
    return f"Monday {start} to Sunday {day(last)}" if with_weekdays else f"{start} to {day(last)}"


def text_column(words: Iterable[str | None]) -> pl.Series:
    """Make a column of words: one of words also where there is no row."""
    return pl.Series(list(words), dtype=pl.String)


def render_table(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    caption: str,
    links: Sequence[str] | None = None,
    *,
    most: int = MAX_TABLE_ROWS,
) -> Fragment:
    """Write rows as an HTML table in a box that scrolls by itself. Everything is cleaned and escaped; numbers stand right.

    `links` are addresses of ours that the first cells lead to, one for each row. Of more than `most` rows the rest is only counted.
    """
    heads = "".join(f'<th scope="col"{_side(column)}>{escaped(column.title)}</th>' for column in columns)
    shown = frame.head(most).select([column.name for column in columns])
    targets: Sequence[str | None] = links or [None] * shown.height
    rows = zip(shown.iter_rows(), targets, strict=False)
    body = "".join(f"<tr>{''.join(_cells(row, columns, target))}</tr>" for row, target in rows)
    left_out = frame.height - shown.height
    rest = f'<p class="note">{count(left_out)} more rows are in the release.</p>' if left_out else ""
    label = escaped(caption, 200)
    return Fragment(
        f'<div class="table" role="region" tabindex="0" aria-label="{label}"><table><caption><span>{label}</span></caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{rest}"
    )


def folded(summary: str, inside: Fragment) -> Fragment:
    """Put a fragment behind a line that opens it."""
    return Fragment(f"<details><summary>{escaped(summary, 200)}</summary>{inside.html}</details>")


def joined(fragments: Iterable[Fragment]) -> Fragment:
    """Set fragments one under the other."""
    return Fragment("\n".join(fragment.html for fragment in fragments))


def written(value: object, kind: Kind) -> str:
    """Write one value of a table as plain text; what isn't there, or isn't a number, is a dash."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if kind in NUMERIC and isinstance(value, int | float | Decimal):
        return percent(float(value)).replace(" ", NO_BREAK_SPACE) if kind == "share" else count(float(value))
    if kind == "yes_no":
        return "yes" if value is True else "no" if value is False else NOTHING
    if kind == "time" and isinstance(value, datetime):
        aware = value.astimezone(UTC) if value.tzinfo else value
        return f"{aware:%Y-%m-%d %H:%M} UTC"
    return clean(value)


def paragraph(sentence: str) -> Fragment:
    """Set sentences of ours, in which foreign names are cleaned."""
    return Fragment(f"<p>{prose(sentence)}</p>")


def preformatted(text: str) -> Fragment:
    """Keep lines and indents of a text of ours; what it quotes from elsewhere is cleaned."""
    indents = [(line, " " * (len(line) - len(line.lstrip()))) for line in text.splitlines()]
    return Fragment("\n".join(escape(indent + clean(line, len(line) + 1), quote=True) for line, indent in indents))


def to_copy(line: str) -> Fragment:
    """Set a line of ours so that one click selects it."""
    return Fragment(f'<pre class="cite">{escaped(line, MAX_LINE)}</pre>')


def signed(points: float) -> str:
    """Write a difference in percentage points with its sign; what rounds to nothing has none."""
    written = f"{points:+.1f}".replace("-", "−")
    return "0.0" if written in ("+0.0", "−0.0") else written


def bounds(low: float, high: float) -> str:
    """Write the least and the most that a share can be: `29.8 to 57.4 %`."""
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def quarter_name(first: date) -> str:
    """Write a quarter as people do."""
    return f"{first.year} Q{(first.month + 2) // 3}"


def nothing(sentence: str) -> Fragment:
    """Say in place of a chart or a table that there is nothing to show."""
    return Fragment(f'<p class="nothing">{prose(sentence)}</p>')


def _cells(row: tuple[object, ...], columns: Sequence[Column], target: str | None) -> Iterable[str]:
    for position, (value, column) in enumerate(zip(row, columns, strict=True)):
        text = escape(written(value, column.kind), quote=True)
        if position == 0:
            linked = f'<a href="{escape(target, quote=True)}">{text}</a>' if target else text
            yield f'<th scope="row"><bdi>{linked}</bdi></th>'
        elif column.kind == "text":
            yield f'<td class="text"><bdi>{text}</bdi></td>'
        else:
            yield f"<td{_side(column)}>{text}</td>"


def _side(column: Column) -> str:
    if column.kind in NUMERIC:
        return ' class="number"'
    return ' class="fixed"' if column.kind in {"day", "time", "span"} else ""


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
