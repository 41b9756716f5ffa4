"""Commands that ask the current release: a query, an example, what the tables mean, a shell, a notebook.

Imports little, so that an answer comes at once. Not here: the answers (the hall's asking).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from dagster_project import asking
from dagster_project.cli.group import command
from dagster_project.cli.terminal import JSON, print_json, print_table, say, show
from dagster_project.errors import UsageError
from dagster_project.settings import Settings
from dagster_project.warehouse import examples as ready

# What each program is called, and how it opens a file for reading only. The first that is installed is taken.
SHELLS: dict[str, tuple[str, ...]] = {"duckdb": ("-readonly",), "harlequin": ("--read-only",)}
NOTEBOOK_PROGRAMS: dict[str, tuple[str, ...]] = {"jupyter-lab": (), "jupyter-notebook": ()}


@command(
    "leadershift query \"from marts.latest_shares_by_country where scope = 'S2' and credit = 'publisher'"
    " and time_window = 'week'\" --json"
)
@click.argument("sql", required=False)
@click.option("--example", metavar="NAME", help="Ask one of the ready questions that `leadershift examples` lists.")
@JSON
def query(settings: Settings, sql: str | None, *, example: str | None, as_json: bool) -> None:
    """Ask the published release a question in SQL. Read-only; runs while the pipeline runs."""
    if (sql is None) == (example is None):
        raise UsageError(
            "Give a SELECT, or the name of an example.", next_command='leadershift query "from marts.share_by_country"'
        )
    ready = asking.example(example) if example else None
    if known_at := asking.current(settings).known_at:
        say(f"The current release has only what was known on {known_at}.")
    if ready:
        say(f"{ready.question}\n{ready.answer}\n")
    with asking.release(settings) as opened:
        columns, rows = opened.rows(ready.sql if ready else str(sql))
    if as_json:
        if twice := {name for name in columns if columns.count(name) > 1}:
            raise UsageError(f"More than one column is called {', '.join(sorted(twice))}. Name them apart with AS.")
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)
        if not rows:
            say("No rows: nothing in this release answers that.")


@command("leadershift examples\n  leadershift query --example who_leads_now")
@JSON
def examples(settings: Settings, *, as_json: bool) -> None:
    """List ready questions that people really ask; `leadershift query --example NAME` answers one."""
    del settings
    known = ready.examples().values()
    shown = [vars(found) for found in known]
    widest = max(len(found.name) for found in known)
    show(as_json, shown, [f"{found.name:<{widest}}  {found.question}" for found in known])


@command("leadershift tables")
@JSON
def tables(settings: Settings, *, as_json: bool) -> None:
    """List the published tables and what each means."""
    shown = asking.tables(settings)
    widest = max(len(table["table"]) for table in shown)
    show(as_json, shown, [f"{table['table']:<{widest}} {table['rows']:>10,}  {table['meaning']}" for table in shown])


@command("leadershift describe marts.share_by_country")
@click.argument("table")
@JSON
def describe(settings: Settings, table: str, *, as_json: bool) -> None:
    """Say what a published table and each of its columns mean, and what they are made from."""
    shown = asking.describe(settings, table)
    lines = [shown["meaning"], "", *(f"{c['column']:<20} {c['type']:<14} {c['meaning']}" for c in shown["columns"])]
    show(as_json, shown, lines)


@command("leadershift sql\n  leadershift sql --with harlequin")
@click.option("--with", "shell", type=click.Choice(list(SHELLS)), help="The program; else the first that is installed.")
def sql(settings: Settings, *, shell: str | None) -> None:
    """Open the published release in a SQL shell, read-only, while the pipeline may run.

    The programs are an extra: pip install 'leadershift[sql]' brings the DuckDB command line. `.quit` leaves it.
    """
    database = _database(settings)
    programs = [shell] if shell else list(SHELLS)
    found = _first_installed(programs)
    if found is None:
        raise UsageError(
            f"Neither in this environment nor on the PATH is there {' or '.join(programs)}. The release lies at {database};"
            " every DuckDB since 1.2 opens it.",
            next_command=f"pip install {'harlequin' if shell == 'harlequin' else repr('leadershift[sql]')}",
        )
    say(f"{database.name}, read-only. What is in it: from main.data_dictionary; what was asked: leadershift examples")
    _become(found, [*SHELLS[Path(found).stem], str(database)])


@command("leadershift explore")
def explore(settings: Settings) -> None:
    """Open a first notebook on the published release in Jupyter. It is yours: kept in the home, never overwritten.

    Jupyter is an extra: pip install 'leadershift[explore]'. VS Code and PyCharm open the notebook with this environment alone.
    """
    database = _database(settings)
    from dagster_project.reports.explore import first_notebook  # noqa: PLC0415 - loads much that a query never needs

    notebook = first_notebook(settings.home)
    found = _first_installed(NOTEBOOK_PROGRAMS)
    if found is None:
        raise UsageError(
            f"There is no Jupyter in this environment or on the PATH. The notebook is ready at {notebook}: VS Code and PyCharm"
            f" open it with the kernel of {sys.executable}.",
            next_command="pip install 'leadershift[explore]'",
        )
    say(f"{notebook}, on {database.name}, read-only")
    _become(found, [str(notebook)])


def _database(settings: Settings) -> Path:
    """Find the release's file, after it was opened once: what is wrong with it is said here, not by a foreign program."""
    with asking.release(settings) as opened:
        return opened.path


def _first_installed(programs: list[str] | dict[str, tuple[str, ...]]) -> str | None:
    """Find the first of these programs, beside our Python or on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return next((found for program in programs if (found := shutil.which(program, path=path))), None)


def _become(program: str, arguments: list[str]) -> None:
    """Give the terminal to another program; it keeps our process, so that Ctrl-C is its own."""
    os.execv(program, [program, *arguments])
