"""The reviewed registry: labs, namespaces, countries, events and licences as CSV files, and the check that keeps them honest.

Here: what each file must look like, what one row may say, and how rows of several files must agree. `check` explains
every problem by file and line, so that a reviewer can go straight to it.

Not here: reading the registry into tables (that is SQL in staging), judging whether a source is right, the other files
of the folder (`claims.csv`), and anything that prints or exits (that is the command line).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

INTERNATIONAL = "INTERNATIONAL"  # reviewed, no home; an account nobody has reviewed has no row at all
GENERAL_KNOWLEDGE = "general knowledge"
CONFIDENCES = frozenset({"high", "medium", "low"})
LAB_KINDS = frozenset({"company", "research-institute", "university", "government", "non-profit", "community"})
EVENT_KINDS = frozenset({"release", "licence", "policy", "corporate"})
LICENCE_CLASSES = frozenset({"permissive", "copyleft", "responsible-use", "custom", "non-commercial", "none"})
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
COUNTRY_CODE = re.compile(r"[A-Z]{2}")
LICENCE_ID = re.compile(r"[^A-Z\s]+")  # the Hub writes them in lower case
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
WEB_ADDRESS = re.compile(r"https?://[^\s/]+\S*")
NO_LINE = 0  # the problem is the file itself
DATE_COLUMNS = frozenset({"valid_from", "valid_to", "known_from", "read_on", "event_on"})
MAY_BE_EMPTY = frozenset({"parent", "valid_from", "valid_to", "source_url", "note"})


@dataclass(frozen=True)
class Problem:
    """One thing to mend: the file, the line in it (0 if the whole file is meant) and what is wrong and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """Say it the way editors and terminals link it."""
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True)
class _Table:
    """What a file must look like; its key is the first column."""

    file: str
    header: tuple[str, ...]
    key_shape: re.Pattern[str]
    choices: dict[str, frozenset[str]]
    optional: frozenset[str] = field(default=MAY_BE_EMPTY)

    @property
    def key(self) -> str:
        return self.header[0]


@dataclass(frozen=True)
class _Row:
    """One record with the line where it starts."""

    table: _Table
    line: int
    cells: dict[str, str]

    @property
    def key(self) -> str:
        return self.cells[self.table.key]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def problem(self, what: str, what_next: str) -> Problem:
        return Problem(self.table.file, self.line, f"{what}; next: {what_next}")


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


LABS = _Table(
    "labs.csv",
    _columns("lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note"),
    SLUG,
    {"kind": LAB_KINDS, "confidence": CONFIDENCES},
)
NAMESPACES = _Table(
    "namespaces.csv",
    _columns("namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note"),
    HUB_NAME,
    {"confidence": CONFIDENCES},
)
COUNTRIES = _Table(
    "countries.csv",
    _columns("country,country_name,region,known_from,source_url,read_on,confidence,note"),
    COUNTRY_CODE,
    {"confidence": CONFIDENCES},
)
EVENTS = _Table(
    "events.csv",
    _columns("event_id,event_on,kind,country,lab,title,known_from,source_url,read_on,confidence,note"),
    SLUG,
    {"kind": EVENT_KINDS, "confidence": CONFIDENCES},
    MAY_BE_EMPTY | {"country", "lab"},
)
LICENCES = _Table(
    "licences.csv",
    _columns("licence_id,licence_class,source_url,known_from,read_on,confidence,note"),
    LICENCE_ID,
    {"licence_class": LICENCE_CLASSES, "confidence": CONFIDENCES},
)
TABLES = (LABS, NAMESPACES, COUNTRIES, EVENTS, LICENCES)


def check(folder: Path) -> list[Problem]:
    """Return every problem of the registry in `folder`, in the order of files and lines; an empty list means sound.

    A file that cannot be read as a table is one problem, and what hangs on it is not reported a second time.
    """
    problems: list[Problem] = []
    tables: dict[str, list[_Row]] = {}
    for table in TABLES:
        rows = _read(folder / table.file, table, problems)
        if rows is not None:
            tables[table.file] = rows
            problems += [*_unsorted(rows), *_overlaps(rows)]
            problems += [problem for row in rows for problem in _row_problems(row)]
    problems += _case_twins(tables.get(NAMESPACES.file, []))
    problems += _dangling(tables)
    problems += _parent_cycles(tables.get(LABS.file, []))
    order = [table.file for table in TABLES]
    return sorted(problems, key=lambda problem: (order.index(problem.file), problem.line))


def _read(path: Path, table: _Table, problems: list[Problem]) -> list[_Row] | None:
    """Return the rows that have the right number of fields, or None if the file is no table at all."""

    def is_no_table(line: int, message: str) -> None:
        problems.append(Problem(table.file, line, message))

    if not path.is_file():
        return is_no_table(NO_LINE, f"missing from {path.parent}; next: restore it from git")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return is_no_table(line, "not UTF-8; next: save the file as UTF-8 without a byte order mark")
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        return is_no_table(line, "carriage return; next: save the file with LF line ends")
    reader = csv.reader(io.StringIO(text, newline="\n"), strict=True)
    rows: list[_Row] = []
    line = 1
    try:
        header = next(reader, [])
        if tuple(header) != table.header:
            what = f"wrong header {','.join(header)!r}"
            return is_no_table(1, f"{what}; next: make it exactly {','.join(table.header)}")
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(table.header):
                rows.append(_Row(table, line, dict(zip(table.header, cells, strict=True))))
            else:
                what = f"{len(cells)} fields instead of {len(table.header)}"
                is_no_table(line, f"{what}; next: fill in the missing ones, quote a field that holds a comma")
            line = reader.line_num + 1
    except csv.Error as error:
        return is_no_table(line, f"no CSV record ({error}); next: double the quotes inside a quoted field")
    return rows


def _row_problems(row: _Row) -> Iterator[Problem]:
    """Judge one row by itself."""
    for column, text in row.cells.items():
        if text != text.strip():
            yield row.problem(f"{column} {text!r} has blanks around it", "remove them")
        if any(unicodedata.category(character) == "Cc" for character in text):
            yield row.problem(f"{column} {text!r} holds a control character", "remove it, also a line break")
        if not text and column not in row.table.optional:
            yield row.problem(f"{column} is empty", "fill it in")
        if text and column in DATE_COLUMNS and _day(text) is None:
            yield row.problem(f"{column} {text!r} is no date", "write it as YYYY-MM-DD")
        allowed = row.table.choices.get(column)
        if text and allowed and text not in allowed:
            yield row.problem(f"unknown {column} {text!r}", f"use one of {', '.join(sorted(allowed))}")
    if row.key and not row.table.key_shape.fullmatch(row.key):
        yield row.problem(f"{row.table.key} {row.key!r} has a wrong form", f"match {row.table.key_shape.pattern}")
    begins, ends = _period(row)
    if ends <= begins:
        yield row.problem(f"valid_to {ends} is not after valid_from {begins}", "valid_to is the first day it is over")
    yield from _source_problems(row)


def _source_problems(row: _Row) -> Iterator[Problem]:
    source = row.get("source_url")
    if source and not WEB_ADDRESS.fullmatch(source):
        yield row.problem(f"source_url {source!r} is no http(s) address", "give the address of the page or table")
    if not source and (row.get("confidence") != "low" or not row.get("note").startswith(GENERAL_KNOWLEDGE)):
        what_next = f"give a source, or say confidence low and begin the note with {GENERAL_KNOWLEDGE!r}"
        yield row.problem("no source_url, yet not marked as general knowledge", what_next)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None


def _period(row: _Row) -> tuple[date, date]:
    """Return the first day of the row and the first day after it; open ends and unreadable dates reach for ever."""
    return _day(row.get("valid_from")) or date.min, _day(row.get("valid_to")) or date.max


def _unsorted(rows: list[_Row]) -> Iterator[Problem]:
    for before, row in pairwise(rows):
        if (row.key, row.get("valid_from")) < (before.key, before.get("valid_from")):
            what_next = f"sort the file by {row.table.key}, then valid_from"
            yield row.problem(f"{row.key!r} stands after {before.key!r}", what_next)


def _overlaps(rows: list[_Row]) -> Iterator[Problem]:
    """Find keys that would say two things on one day.

    As in sql/registry, a row supersedes an older one with the same key and valid_from if its known_from is later; what
    was known on each known_from must be free of overlaps.
    """
    by_key: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    for same in by_key.values():
        clashing: dict[tuple[int, int], tuple[_Row, _Row]] = {}
        for known in sorted({row.get("known_from") for row in same}):
            newest: dict[str, str] = {}
            for row in same:
                if row.get("known_from") <= known:
                    newest[row.get("valid_from")] = max(newest.get(row.get("valid_from"), ""), row.get("known_from"))
            held = [row for row in same if newest.get(row.get("valid_from")) == row.get("known_from")]
            for first, second in combinations(held, 2):
                if max(_period(first)[0], _period(second)[0]) < min(_period(first)[1], _period(second)[1]):
                    clashing[first.line, second.line] = (first, second)
        for first, second in clashing.values():
            what = f"{second.table.key} {second.key!r} overlaps line {first.line} ({_spoken_period(first)})"
            yield second.problem(
                what, "end one of them with valid_to, or repeat it with a later known_from to correct it"
            )


def _spoken_period(row: _Row) -> str:
    begins, ends = row.get("valid_from") or "always", row.get("valid_to") or "open"
    return f"{begins} to {ends}, known from {row.get('known_from')}"


def _case_twins(rows: list[_Row]) -> Iterator[Problem]:
    """The Hub takes two spellings that differ in case for one account."""
    first_spelling: dict[str, _Row] = {}
    for row in rows:
        first = first_spelling.setdefault(row.key.casefold(), row)
        if first.key != row.key:
            what = f"namespace {row.key!r} is {first.key!r} of line {first.line} in another spelling"
            yield row.problem(what, "keep the spelling of the Hub")


def _dangling(tables: dict[str, list[_Row]]) -> Iterator[Problem]:
    """Find references to rows that are not there."""
    labs = {row.key for row in tables.get(LABS.file, [])}
    countries = {row.key for row in tables.get(COUNTRIES.file, [])}
    for row in (row for rows in tables.values() for row in rows if row.table is not COUNTRIES):
        for column, what in (("lab", "unknown lab"), ("parent", "unknown parent")):
            slug = row.get(column)
            if slug and LABS.file in tables and slug not in labs:
                yield row.problem(f"{what} {slug!r}", f"add the lab to {LABS.file} or correct the slug")
        country = row.get("country")
        if not country or (country == INTERNATIONAL and row.table is LABS):
            continue
        if not COUNTRY_CODE.fullmatch(country):
            yield row.problem(
                f"unknown country code {country!r}", "use ISO 3166-1 alpha-2; INTERNATIONAL only for labs"
            )
        elif COUNTRIES.file in tables and country not in countries:
            yield row.problem(f"country {country!r} has no row in {COUNTRIES.file}", "add it there or correct the code")


def _parent_cycles(rows: list[_Row]) -> Iterator[Problem]:
    """Find labs that own themselves through others, whatever the periods of the rows; each circle is told once."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.get("parent"):
            owners[row.key].add(row.get("parent"))
    told: set[str] = set()
    for row in rows:
        circle = _way_back(row.key, owners)
        if circle and told.isdisjoint(circle):
            told.update(circle)
            yield row.problem(f"parent cycle {' -> '.join(circle)}", "empty the parent of the lab at the top")


def _way_back(start: str, owners: dict[str, set[str]]) -> list[str]:
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        for owner in sorted(owners.get(way[-1], ())):
            if owner == start:
                return [*way, start]
            if owner not in seen:
                seen.add(owner)
                ways.append([*way, owner])
    return []
