"""What commands share: options, words for people, JSON for machines, a progress bar.

Not here: what is said (steps, questions).
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
from tqdm import tqdm

from dagster_project.calendar import Week
from dagster_project.errors import UsageError

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout and nothing else.")
QUICK = click.option(
    "--quick",
    "is_quick",
    is_flag=True,
    help="Only the registry's labs, the most downloaded and the newest models: minutes without a token, scopes of its own.",
)
PORT = click.IntRange(0, 65_535)
TERMINAL_ROWS = 60


class SignatureType(click.ParamType[str]):
    """Who accepts what a gate refuses, and why."""

    name = "signature"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse a signature without a name or a reason, also the placeholder that our own messages print."""
        name, _colon, reason = str(value).partition(":")
        if not name.strip() or not reason.strip() or (name, reason.strip()) == ("NAME", "REASON"):
            self.fail('Say who signs and why: --sign-off "Ada Lovelace: the Hub removed spam accounts".', param, ctx)
        return str(value)


SIGN_OFF = click.option(
    "--sign-off",
    type=SignatureType(),
    metavar='"NAME: REASON"',
    help="Accept what a gate refuses. Kept with the data for ever.",
)


class WeekType(click.ParamType[Week]):
    """An ISO week or the date of its Monday."""

    name = "week"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Week:
        """Read the week."""
        try:
            return value if isinstance(value, Week) else Week.parse(value)
        except UsageError as error:
            self.fail(error.message, param, ctx)


WEEK = click.option(
    "--week", type=WeekType(), metavar="2026-W47|2026-11-16", help="The ISO week, or the date of its Monday."
)


def show(as_json: bool, found: Any, lines: list[str]) -> None:
    """Print what was found: as JSON, or as lines."""
    if as_json:
        print_json(found)
    else:
        for line in lines:
            click.echo(harmless(line))


def print_json(found: Any) -> None:
    """Print one JSON value; NaN and infinity become null."""
    click.echo(json.dumps(_finite(found), default=_plain, ensure_ascii=True))


def _finite(value: Any) -> Any:
    """Put null where a number is none: JSON knows neither NaN nor infinity."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def print_table(columns: list[str], rows: Sequence[tuple[Any, ...]], *, most: int | None = None) -> None:
    """Print rows in columns, at most so many, cleaned of what a hostile string could do to a terminal."""
    most = TERMINAL_ROWS if most is None else most
    from dagster_project.reports.render import clean  # noqa: PLC0415 - strings of the Hub are hostile, in a terminal too

    cells = [columns, *([clean(_cell(value)) for value in row] for row in rows[:most])]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(rows) > most:
        click.echo(f"... {len(rows) - most:,} more rows; --json prints all")


def _cell(value: Any) -> str:
    return (
        ""
        if value is None
        else f"{value:,.4f}".rstrip("0").rstrip(".")
        if isinstance(value, float | Decimal)
        else str(value)
    )


def say(text: str) -> None:
    """Say something to a person, beside a progress bar."""
    tqdm.write(harmless(text), file=sys.stderr)


def harmless(text: str) -> str:
    """Put question marks for what would steer a terminal: any sentence of ours may quote a name, or a server's answer."""
    return "".join("?" if unicodedata.category(sign)[0] == "C" and sign not in "\n\t" else sign for sign in text)


def quiet(as_json: bool) -> Callable[[str], None]:
    """Give `say`, or nothing where only JSON may be printed."""
    return (lambda _text: None) if as_json else say


@contextlib.contextmanager
def progress(unit: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    with tqdm(unit=f" {unit}", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def advance(rows: int) -> None:
            bar.update(rows)

        yield advance
