"""The reviewed registry, ten CSV files, and the check that keeps them honest: every problem by file and line.

Here: what each file must look like, what one row may say, and how the rows of several files must agree.
Not here: the tables made of the files (`sql/registry`), the worth of a source, other files of the folder, printing.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, pairwise
from pathlib import Path

from dagster_project.errors import GateError

INTERNATIONAL = "INTERNATIONAL"  # reviewed, no home; a namespace that nobody reviewed has no row at all
GENERAL_KNOWLEDGE = "general knowledge"
ARGUABLE = "arguable"
NO_LINE = 0  # the problem is the file itself
COUNTRY_CODE = re.compile(r"[A-Z]{2}")
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"\d+(\.\d+)?")
WEB_ADDRESS = re.compile(r"https?://[^\s/]+\S*")
DATE_COLUMNS = frozenset({"valid_from", "valid_to", "known_from", "read_on", "event_on", "window_to"})
MAY_BE_EMPTY = frozenset({"parent", "valid_from", "valid_to", "source_url", "note"})
CONFIDENCES = "high medium low"
LAB_KINDS = "company research-institute university government non-profit community"
EVENT_KINDS = "release licence policy corporate"
FIGURE_MEASURES = "share_of_total downloads_flow downloads_a_day cr10 cr100 other"
LICENCE_CLASSES = "permissive copyleft responsible-use custom non-commercial none"
REPOSITORY_KINDS = "lab company community"
REPOSITORY_USES = "framework inference training agents models retrieval evaluation data interface other"


@dataclass(frozen=True)
class Problem:
    """One thing to mend: the file, the line in it (0 if the file itself is meant), what is wrong and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class _NoTableError(Exception):
    """The file can't be read as a table at all: line and message."""


class _Table:
    """What a file must look like; its key is the first column."""

    def __init__(self, file: str, header: str, shape: str, optional: frozenset[str] = MAY_BE_EMPTY, **choices: str):
        self.file = file
        self.header = header.split(",")
        self.key = self.header[0]
        self.shape = re.compile(shape)
        self.optional = optional
        self.choices = {column: words.split() for column, words in (choices | {"confidence": CONFIDENCES}).items()}


@dataclass(frozen=True)
class _Row:
    """One record, with the line where it starts."""

    table: _Table
    line: int
    key: str
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def period(self) -> tuple[date, date]:
        """Return the first day of the row and the first day after it; open ends reach for ever."""
        return _day(self.get("valid_from")) or date.min, _day(self.get("valid_to")) or date.max

    def problem(self, what: str, what_next: str) -> Problem:
        return Problem(self.table.file, self.line, f"{what}; next: {what_next}")


ORIGIN = "known_from,source_url,read_on,confidence,note"
SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
LAB_COLUMNS = f"lab,lab_name,parent,country,kind,valid_from,valid_to,{ORIGIN}"
EVENT_COLUMNS = f"event_id,event_on,kind,country,lab,title,{ORIGIN}"
LICENCE_COLUMNS = "licence_id,licence_class,source_url,known_from,read_on,confidence,note"
FIGURE_COLUMNS = "figure_id,publication,country,lab,measure,value,scope,credit,time_window,window_to,why"
LABS = _Table("labs.csv", LAB_COLUMNS, SLUG, kind=LAB_KINDS)
ARGUABLE_HOMES = _Table("arguable_homes.csv", f"lab,other_country,valid_from,valid_to,{ORIGIN}", SLUG)
NAMESPACES = _Table("namespaces.csv", f"namespace,lab,valid_from,valid_to,{ORIGIN}", r"[A-Za-z0-9][A-Za-z0-9._-]*")
COUNTRIES = _Table("countries.csv", f"country,country_name,region,{ORIGIN}", COUNTRY_CODE.pattern)
EVENTS = _Table("events.csv", EVENT_COLUMNS, SLUG, MAY_BE_EMPTY | {"country", "lab"}, kind=EVENT_KINDS)
LICENCES = _Table("licences.csv", LICENCE_COLUMNS, r"[^A-Z\s]+", licence_class=LICENCE_CLASSES)
CLAIMS = _Table("claims.csv", f"claim_id,article,claim,measure,judged_by,{ORIGIN}", r"[A-Z][0-9]+")
FIGURES = _Table(
    "published_figures.csv",
    f"{FIGURE_COLUMNS},{ORIGIN}",
    SLUG,
    MAY_BE_EMPTY | {"country", "lab", "time_window"},
    measure=FIGURE_MEASURES,
    scope="S1 S2 S3 S4",
    credit="publisher direct root",
    time_window="week 28d 365d cumulative",
)
GITHUB_LOGIN = r"[A-Za-z0-9](-?[A-Za-z0-9])*"
REPOSITORIES = _Table(
    "repositories.csv",
    f"repo_name,lab,kind,why,{ORIGIN}",
    rf"{GITHUB_LOGIN}/[A-Za-z0-9._-]+",
    MAY_BE_EMPTY | {"lab"},
    kind=REPOSITORY_KINDS,
    why=REPOSITORY_USES,
)
GITHUB_OWNERS = _Table("github_owners.csv", f"github_login,lab,valid_from,valid_to,{ORIGIN}", GITHUB_LOGIN)
TABLES = (LABS, ARGUABLE_HOMES, NAMESPACES, COUNTRIES, EVENTS, LICENCES, FIGURES, CLAIMS, REPOSITORIES, GITHUB_OWNERS)
SPELLED_IN_ANY_CASE = (NAMESPACES, REPOSITORIES, GITHUB_OWNERS)
"""The Hub and GitHub take two spellings that differ in case for one name, and so do the joins in sql."""


def check(folder: Path) -> list[Problem]:
    """Return every problem of the registry in `folder`, in the order of files and lines; an empty list means sound.

    A file that can't be read as a table is one problem, and what hangs on it is not told a second time.
    """
    problems: list[Problem] = []
    tables: dict[str, list[_Row]] = {}
    for table in TABLES:
        try:
            rows = tables[table.file] = _read(folder / table.file, table, problems)
            problems += [problem for row in rows for problem in _row_problems(row)]
            problems += [*_unsorted(rows), *_overlaps(rows)]
        except _NoTableError as error:
            problems.append(Problem(table.file, *error.args))
    for table in SPELLED_IN_ANY_CASE:
        problems += _case_twins(tables.get(table.file, []))
    problems += [*_parent_cycles(tables.get(LABS.file, [])), *_dangling(tables)]
    problems += _two_owners(tables.get(REPOSITORIES.file, []), tables.get(GITHUB_OWNERS.file, []))
    problems += _unargued(tables.get(LABS.file, []), tables.get(ARGUABLE_HOMES.file, []))
    order = [table.file for table in TABLES]
    return sorted(problems, key=lambda problem: (order.index(problem.file), problem.line))


def known_by(folder: Path, table: _Table, day: date) -> tuple[int, int, str]:
    """Count the keys of a table that the registry told by the end of a day, and all of them; give the day of its first row.

    The registry must have passed `check`.
    """
    rows = _read(folder / table.file, table, [])
    known = {row.key for row in rows if row.get("known_from") <= day.isoformat()}
    return len(known), len({row.key for row in rows}), min((row.get("known_from") for row in rows), default="never")


def namespaces(folder: Path) -> list[str]:
    """Name every namespace that the registry ever placed. Raises GateError for a file that can't be read."""
    return _keys(folder, NAMESPACES)


def repositories(folder: Path) -> list[str]:
    """Name every repository to ask GitHub for, as owner/name. Raises GateError for a file that can't be read."""
    return _keys(folder, REPOSITORIES)


def github_owners(folder: Path) -> list[str]:
    """Name every organisation on GitHub that the registry ever placed. Raises GateError for a file that can't be read."""
    return _keys(folder, GITHUB_OWNERS)


def _keys(folder: Path, table: _Table) -> list[str]:
    try:
        rows = _read(folder / table.file, table, [])
    except _NoTableError as error:
        raise GateError(
            f"{folder / table.file} can't be read: {error.args[1]}", next_command="leadershift registry check"
        ) from error
    return list(dict.fromkeys(row.key for row in rows))


def _read(path: Path, table: _Table, problems: list[Problem]) -> list[_Row]:
    """Return the rows that have the right number of fields. Raises _NoTableError."""
    reader = csv.reader(io.StringIO(_text(path), newline="\n"), strict=True)
    rows: list[_Row] = []
    line = 1
    try:
        if (header := ",".join(next(reader, []))) != ",".join(table.header):
            raise _NoTableError(1, f"wrong header {header!r}; next: make it exactly {','.join(table.header)}")
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(table.header):
                rows.append(_Row(table, line, cells[0], dict(zip(table.header, cells, strict=True))))
            else:
                what = f"{len(cells)} fields instead of {len(table.header)}; next: fill in, or quote commas"
                problems.append(Problem(table.file, line, what))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _NoTableError(line, f"no CSV record ({error}); next: double the quotes inside a quoted field") from error
    return rows


def _text(path: Path) -> str:
    if not path.is_file():
        raise _NoTableError(NO_LINE, f"missing from {path.parent}; next: restore it from git")
    data = path.read_bytes()
    if b"\r" in data:
        line = data[: data.index(b"\r")].count(b"\n") + 1
        raise _NoTableError(line, "carriage return; next: save the file with LF as the end of lines")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _NoTableError(line, "not UTF-8; next: save the file as UTF-8 without a byte order mark") from error


def _row_problems(row: _Row) -> Iterator[Problem]:
    for column, text in row.cells.items():
        if text != text.strip():
            yield row.problem(f"{column} {text!r} has blanks around it", "remove them")
        if any(unicodedata.category(character) == "Cc" for character in text):
            yield row.problem(f"{column} {text!r} holds a control character", "remove it; a line break is one too")
        if not text and column not in row.table.optional:
            yield row.problem(f"{column} is empty", "fill it in")
        if text and column in DATE_COLUMNS and _day(text) is None:
            yield row.problem(f"{column} {text!r} is no date", "write it as YYYY-MM-DD")
        if text and column == "value" and not NUMBER.fullmatch(text):
            yield row.problem(f"value {text!r} is no number", "write digits and a point; a share as 0.171")
        if text and text not in (allowed := row.table.choices.get(column, [text])):
            yield row.problem(f"unknown {column} {text!r}", f"use one of {', '.join(allowed)}")
    if row.key and not row.table.shape.fullmatch(row.key):
        yield row.problem(f"{row.table.key} {row.key!r} has a wrong form", f"it must match {row.table.shape.pattern}")
    if row.period()[1] <= row.period()[0]:
        yield row.problem(f"valid_to is not after valid_from {row.get('valid_from')}", "name the first day it is over")
    source, is_marked = row.get("source_url"), row.get("note").startswith(GENERAL_KNOWLEDGE)
    if source and not WEB_ADDRESS.fullmatch(source):
        yield row.problem(f"source_url {source!r} is no http(s) address", "give the address of the page or table")
    if not source and not (is_marked and row.get("confidence") == "low"):
        what_next = f"give a source, or confidence low and a note that begins with {GENERAL_KNOWLEDGE!r}"
        yield row.problem("source_url is empty and the row is not marked as general knowledge", what_next)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None


def _unsorted(rows: list[_Row]) -> Iterator[Problem]:
    for before, row in pairwise(rows):
        if (row.key, row.get("valid_from")) < (before.key, before.get("valid_from")):
            yield row.problem(f"{row.key!r} stands after {before.key!r}", "sort the file by its key, then valid_from")


def _overlaps(rows: list[_Row]) -> Iterator[Problem]:
    """Find keys that say two things about one day; a later known_from supersedes only its own valid_from."""
    by_key: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    for same_key in by_key.values():
        clashes: dict[int, Problem] = {}
        for known in sorted({row.get("known_from") for row in same_key}):
            for first, second in combinations(_as_known(same_key, known), 2):
                if _share_a_day(first, second):
                    period = f"{first.get('valid_from') or 'always'} to {first.get('valid_to') or 'open'}"
                    what = f"{second.table.key} {second.key!r} overlaps line {first.line} ({period})"
                    what_next = "end one with valid_to; to correct a row, repeat its valid_from with a later known_from"
                    clashes.setdefault(second.line, second.problem(what, what_next))
        yield from clashes.values()


def _as_known(rows: list[_Row], known: str) -> list[_Row]:
    oldest_first = sorted(rows, key=lambda row: row.get("known_from"))
    newest = {row.get("valid_from"): row.get("known_from") for row in oldest_first if row.get("known_from") <= known}
    return [row for row in rows if newest.get(row.get("valid_from")) == row.get("known_from")]


def _case_twins(rows: list[_Row]) -> Iterator[Problem]:
    seen: dict[str, _Row] = {}
    for row in rows:
        first = seen.setdefault(row.key.casefold(), row)
        if first.key != row.key:
            what = f"{row.table.key} {row.key!r} is {first.key!r} of line {first.line} in another spelling"
            yield row.problem(what, "keep the spelling of the site only")


def _two_owners(repositories: list[_Row], owners: list[_Row]) -> Iterator[Problem]:
    """Find repositories that one file gives to a lab and the other, through their owner, to another."""
    labs: defaultdict[str, set[str]] = defaultdict(set)
    for owner in owners:
        labs[owner.key.casefold()].add(owner.get("lab"))
    for row in repositories:
        lab, login = row.get("lab"), row.key.split("/")[0]
        if (row.get("kind") == "lab") != bool(lab):
            yield row.problem(f"kind {row.get('kind')!r} with lab {lab!r}", "kind lab names its lab, other kinds none")
        if (known := labs.get(login.casefold())) and lab not in known:
            what = f"repo_name {row.key!r} has lab {lab!r}, its owner {', '.join(sorted(known))}"
            yield row.problem(what, f"make it agree with {GITHUB_OWNERS.file}")


def _unargued(labs: list[_Row], others: list[_Row]) -> Iterator[Problem]:
    """Find homes that one file calls arguable and the other does not, or that are sure, or no other than the home."""
    argued = {row.key for row in others}
    for row in labs:
        is_arguable = ARGUABLE in row.get("note")
        if is_arguable and row.key not in argued:
            yield row.problem(f"{row.key!r} is arguable", f"name the other country in {ARGUABLE_HOMES.file}")
        if is_arguable and row.get("confidence") == "high":
            yield row.problem(f"{row.key!r} is arguable and of high confidence", "make it medium or low")
    for row in others:
        homes = [lab for lab in labs if lab.key == row.key and _share_a_day(lab, row)]
        if homes and not any(ARGUABLE in lab.get("note") for lab in homes):
            yield row.problem(
                f"{LABS.file} does not call {row.key!r} {ARGUABLE}", "say so in its note, with the argument"
            )
        if any(lab.get("country") == row.get("other_country") for lab in homes):
            yield row.problem(f"{row.get('other_country')} is the home of {row.key!r} in that time", "name another")


def _share_a_day(one: _Row, other: _Row) -> bool:
    (starts, ends), (starts_too, ends_too) = one.period(), other.period()
    return max(starts, starts_too) < min(ends, ends_too)


def _dangling(tables: dict[str, list[_Row]]) -> Iterator[Problem]:
    labs = {row.key for row in tables.get(LABS.file, [])}
    countries = {row.key for row in tables.get(COUNTRIES.file, [])}
    for row in (row for rows in tables.values() for row in rows if row.table is not COUNTRIES):
        for column in ("lab", "parent"):
            slug = row.get(column)
            if slug and LABS.file in tables and slug not in labs:
                yield row.problem(f"unknown {column} {slug!r}", f"add it to {LABS.file} or correct the slug")
        country = row.get("country") or row.get("other_country")
        if not country or (country == INTERNATIONAL and row.table in (LABS, ARGUABLE_HOMES)):
            continue
        if not COUNTRY_CODE.fullmatch(country):
            yield row.problem(f"unknown country code {country!r}", "use ISO 3166-1 alpha-2; labs: or INTERNATIONAL")
        elif COUNTRIES.file in tables and country not in countries:
            yield row.problem(f"country {country!r} has no row in {COUNTRIES.file}", "add it there or correct the code")


def _parent_cycles(rows: list[_Row]) -> Iterator[Problem]:
    """Find a lab that owns itself, if only through others and at different times; one circle is told at a time."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        owners[row.key] |= {row.get("parent")} - {""}
    try:
        TopologicalSorter(owners).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        top = next(row for row in rows if row.key in circle and row.get("parent") in circle)
        yield top.problem(f"parent cycle {' -> '.join(circle)}", "empty the parent of the one at the top")
