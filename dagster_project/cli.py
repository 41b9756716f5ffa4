"""`leadershift ...`: the pipeline's steps as commands, thin. Words for people on a terminal, `--json` for machines.

Not here: any step itself (pipeline).
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from dagster_project import overview, pipeline
from dagster_project.calendar import Week, parse_time
from dagster_project.crawl import HUB
from dagster_project.errors import EXIT_CODES, DamagedDataError, GateError, LeadershiftError, UsageError
from dagster_project.settings import Settings
from dagster_project.sources.pages import Limits

_CODES = "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout and nothing else.")
_SIGN_OFF = click.option(
    "--sign-off", metavar='"NAME: REASON"', help="Accept what a gate refuses. Kept with the data for ever."
)
TERMINAL_ROWS = 60


class WeekType(click.ParamType[Week]):
    """An ISO week or the date of its Monday."""

    name = "week"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Week:
        """Read the week."""
        try:
            return value if isinstance(value, Week) else Week.parse(value)
        except UsageError as error:
            self.fail(error.message, param, ctx)


_WEEK = click.option(
    "--week", type=WeekType(), metavar="2026-W47|2026-11-16", help="The ISO week, or the date of its Monday."
)


class _Group(click.Group):
    """Turns our errors into one sentence and an exit code. A traceback is for our own faults only."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except LeadershiftError as error:
            click.echo(f"leadershift: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo(
                "\nleadershift: stopped. What was durable is safe; the same command goes on from there.", err=True
            )
            ctx.exit(130)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=f"\b\nExit codes:\n{_CODES}\n\b\nExamples:\n  leadershift doctor\n  leadershift run\n"
    '  leadershift query "from marts.share_by_country limit 5" --json',
)
@click.version_option(package_name="leadershift", prog_name="leadershift")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Who leads open-source AI, week by week, with the denominator in sight."""
    settings = Settings.from_environment()
    ctx.obj = settings
    if settings.ignores_pretended_now:
        _say(
            "LEADERSHIFT_NOW is ignored: HF_ENDPOINT and GITHUB_API_URL are not both on this machine, and history must not be falsified."
        )


def _command(example: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Register a command whose function takes the settings first; its help ends with an example."""

    def register(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def run(*arguments: Any, **options: Any) -> Any:
            return function(click.get_current_context().obj, *arguments, **options)

        name = function.__name__.removesuffix("_command").replace("_", "-")
        return main.command(name, epilog=f"\b\nExample:\n  {example}")(run)

    return register


@_command("leadershift doctor --json")
@_JSON
def doctor(settings: Settings, *, as_json: bool) -> None:
    """Say whether this installation can work. Needs no network."""
    findings = overview.examine(settings)
    _show(
        as_json,
        {"checks": findings},
        [f"{'ok ' if found['ok'] else 'NO '} {found['name']}: {found['says']}" for found in findings],
    )
    if not all(found["ok"] for found in findings):
        sys.exit(UsageError.exit_code)


@_command("leadershift capture --week 2026-W47")
@_WEEK
@click.option("--source", type=click.Choice([HUB]), default=HUB, show_default=True, help="Whom to ask.")
@click.option("--again", is_flag=True, help="Another snapshot although the week has one; daily ones sharpen the flow.")
@click.option(
    "--patience",
    type=float,
    default=Limits.patience_seconds,
    show_default=True,
    help="Seconds of retries for one page.",
)
@_SIGN_OFF
@_JSON
def capture(
    settings: Settings,
    week: Week | None,
    source: str,
    again: bool,
    patience: float,
    sign_off: str | None,
    as_json: bool,
) -> None:
    """Capture the Hub as it is now, page by page, and seal the snapshot. Killed anywhere, it goes on from there."""
    del source
    with _progress("models") as advance:
        captured = pipeline.capture(
            settings,
            week=week,
            again=again,
            sign_off=sign_off,
            limits=Limits(patience_seconds=patience),
            say=_say,
            on_page=advance,
        )
    _show(as_json, _captured(captured), [_captured_words(captured)])


def _captured(captured: pipeline.Captured) -> dict[str, Any]:
    found = captured.seal
    counts = {name: getattr(found, name) for name in ("seen", "loaded", "merged", "quarantined")}
    return {
        "source": found.source,
        "week": str(found.week),
        "observed_on": found.observed_on,
        **counts,
        "sealed_at": found.sealed_at,
        "pages_fetched": captured.pages_fetched,
    }


def _captured_words(captured: pipeline.Captured) -> str:
    found = captured.seal
    counts = (
        f"{found.seen:,} seen = {found.loaded:,} loaded + {found.merged:,} merged + {found.quarantined:,} quarantined"
    )
    if captured.pages_fetched == 0:
        return f"{found.week} is sealed since {found.sealed_at} ({counts}); nothing was fetched."
    return f"{found.week} sealed: {counts}."


@_command("leadershift import table dump.parquet --source hub_weekly --observed-at 2026-08-22")
@click.argument("adapter", type=click.Choice(["table"]))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--source", help="Name of the archive in core.snapshots; the file's name if not given.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Column of ours = column of the table. May be repeated.",
)
@click.option("--observed-at", metavar="TIME", help="When the table was captured, if no column says so.")
@click.option("--complete", is_flag=True, help="The table lists every model that was on the Hub then.")
@_JSON
def import_command(
    settings: Settings,
    adapter: str,
    path: Path,
    source: str | None,
    mapping: tuple[str, ...],
    observed_at: str | None,
    complete: bool,
    as_json: bool,
) -> None:
    """Import what somebody else captured, as dated snapshots: the only way the past gets in."""
    del adapter
    if bad := [text for text in mapping if "=" not in text]:
        raise UsageError(f"--map takes OURS=THEIRS, not '{bad[0]}'.")
    name = source or path.stem
    if not name.replace("_", "").replace("-", "").isalnum() or name == HUB:
        raise UsageError(f"'{name}' can't name an archive: use letters, digits, - and _, and not '{HUB}'.")
    seals = pipeline.import_table(
        settings,
        path,
        source=name,
        mapping=dict(text.split("=", 1) for text in mapping),
        observed_at=parse_time(observed_at) if observed_at else None,
        is_complete=complete,
        say=_say,
    )
    shown = [_captured(pipeline.Captured(found, 0)) for found in seals]
    _show(
        as_json,
        {"imported": shown},
        [f"{s['source']} {s['observed_on']}: {s['loaded']:,} of {s['seen']:,} rows" for s in shown],
    )


@_command("leadershift verify")
@_JSON
def verify(settings: Settings, *, as_json: bool) -> None:
    """Check every byte of every sealed snapshot against its hash."""
    verified = pipeline.verify(settings)
    words = list(verified.troubles) or [f"{verified.snapshots} sealed snapshots, every byte as sealed."]
    _show(as_json, {"snapshots": verified.snapshots, "troubles": verified.troubles}, words)
    if verified.troubles:
        sys.exit(DamagedDataError.exit_code)


@_command("leadershift build --known-at 2026-11-30")
@click.option("--known-at", metavar="DATE", help="Use the registry as it was known on that day.")
@_JSON
def build(settings: Settings, *, known_at: str | None, as_json: bool) -> None:
    """Build every table from the sealed snapshots, beside the last build."""
    built = pipeline.build(settings, known_at=parse_time(known_at).date() if known_at else None, say=_quiet(as_json))
    _show(as_json, {"tables": {made.table.full_name: made.rows for made in built}}, [f"{len(built)} tables built."])


@_command("leadershift audit")
@_JSON
def audit(settings: Settings, *, as_json: bool) -> None:
    """Judge the last build: every declared check, in plain words."""
    judged = pipeline.audit(settings, say=_quiet(as_json))
    checks = [{name: getattr(result, name) for name in result.__struct_fields__} for result in judged.results]
    _show(
        as_json,
        {"passed": judged.passed, "checks": checks},
        [f"{len(judged.results)} checks, {len(judged.failures)} failed."],
    )
    if not judged.passed:
        sys.exit(GateError.exit_code)


@_command("leadershift publish")
@_SIGN_OFF
@_JSON
def publish(settings: Settings, *, sign_off: str | None, as_json: bool) -> None:
    """Publish the last build if its audit passed: database, Parquet, CSV, all or nothing."""
    release = pipeline.publish(settings, sign_off=sign_off)
    database = settings.home / release.database
    shown = {"release_id": release.release_id, "weeks": release.weeks, "is_new": release.is_new, "database": database}
    _show(as_json, shown, [f"{release.release_id}{'' if release.is_new else ' (as before)'}: {database}"])


@_command("leadershift report --week 2026-W47")
@_WEEK
@_JSON
def report(settings: Settings, *, week: Week | None, as_json: bool) -> None:
    """Write the weekly page from the current release."""
    page = pipeline.report(settings, week=week)
    _show(as_json, {"page": page}, [str(page)])


@_command("leadershift run")
@_SIGN_OFF
@_JSON
def run(settings: Settings, *, sign_off: str | None, as_json: bool) -> None:
    """All of it: capture, verify, build, audit, publish, report."""
    with _progress("models") as advance:
        captured = pipeline.capture(settings, sign_off=sign_off, say=_say, on_page=advance)
    _say(_captured_words(captured))
    release = pipeline.derive(settings, say=_say)
    page = pipeline.report(settings)
    shown = {
        "captured": _captured(captured),
        "release_id": release.release_id,
        "database": settings.home / release.database,
        "page": page,
    }
    _show(
        as_json,
        shown,
        [f"Release {release.release_id}", f"Page    {page}", f"SQL     {settings.home / release.database}"],
    )


@_command("leadershift status --json")
@_JSON
def status(settings: Settings, *, as_json: bool) -> None:
    """Say which weeks are sealed, which are missing for ever, what is unfinished, and what is published."""
    found = overview.status(settings)
    lines = [
        f"home      {found['home']}",
        f"now       {found['week']}, {'sealed' if found['is_week_sealed'] else 'not sealed yet'}",
        *(
            f"snapshot  {s['source']} {s['observed_on']} ({s['week']}, {s['status']}): {s['loaded']:,} models"
            for s in found["snapshots"]
        ),
        *(f"gap       {week}: nobody captured it" for week in found["gaps"]),
        f"crawl     {found['unfinished'] or 'none unfinished'}",
        f"release   {found['release'] or 'none yet'}",
        f"next      {found['next_command']}",
    ]
    _show(as_json, found, lines)


@_command('leadershift query "select country, share_of_total from marts.share_by_country" --json')
@click.argument("sql")
@_JSON
def query(settings: Settings, sql: str, *, as_json: bool) -> None:
    """Ask the published release a question in SQL. Read-only; runs while the pipeline runs."""
    with overview.release(settings) as opened:
        columns, rows = opened.rows(sql)
    if as_json:
        if twice := {name for name in columns if columns.count(name) > 1}:
            raise UsageError(f"More than one column is called {', '.join(sorted(twice))}. Name them apart with AS.")
        _print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        _print_table(columns, rows)


@_command("leadershift tables")
@_JSON
def tables(settings: Settings, *, as_json: bool) -> None:
    """List the published tables and what each means."""
    with overview.release(settings) as opened:
        _columns, rows = opened.rows(
            "select schema_name || '.' || table_name, estimated_size, comment from duckdb_tables() order by schema_name, table_name"
        )
    shown = [{"table": name, "rows": count, "meaning": (meaning or "").split("\n")[0]} for name, count, meaning in rows]
    _show(as_json, shown, [f"{table['table']:<28} {table['rows']:>10,}  {table['meaning']}" for table in shown])


@_command("leadershift describe marts.share_by_country")
@click.argument("table")
@_JSON
def describe(settings: Settings, table: str, *, as_json: bool) -> None:
    """Say what a published table and each of its columns mean, and what they are made from."""
    shown = overview.describe(settings, table)
    lines = [shown["meaning"], "", *(f"{c['column']:<20} {c['type']:<14} {c['meaning']}" for c in shown["columns"])]
    _show(as_json, shown, lines)


@main.group("registry")
def registry_group() -> None:
    """The reviewed lists of labs, namespaces, countries, events and licences."""


@registry_group.command("check", epilog="\b\nExample:\n  leadershift registry check")
@_JSON
@click.pass_obj
def registry_check(settings: Settings, *, as_json: bool) -> None:
    """Explain every problem of the registry by file and line."""
    problems = overview.check_registry(settings)
    _show(as_json, {"problems": problems}, problems or [f"{settings.registry}: no problem."])
    if problems:
        sys.exit(GateError.exit_code)


@main.group()
def rehearse() -> None:
    """A pretend Hub on this machine, for trying everything out without the real one."""


_PATH = click.Path(path_type=Path)
_MODELS = click.option(
    "--models", type=click.IntRange(min=1), default=3000, show_default=True, help="Size of the simulated world."
)
_DIRT = click.option(
    "--dirt/--no-dirt", default=True, show_default=True, help="Let counters, names and records misbehave."
)


@rehearse.command("serve", epilog="\b\nExample:\n  leadershift rehearse serve --port 8750 --table models.parquet")
@click.option(
    "--port", type=int, default=8750, show_default=True, help="Port of the Hub on 127.0.0.1; 0 takes any free one."
)
@click.option(
    "--github-port",
    type=int,
    default=8751,
    show_default=True,
    help="Port of GitHub on 127.0.0.1; 0 takes any free one.",
)
@click.option("--table", type=_PATH, help="Parquet or CSV of real models to serve instead of the simulated world.")
@click.option("--series", type=_PATH, help="Parquet or CSV of readings over time; the clock chooses among them.")
@click.option("--github-table", type=_PATH, help="Folder of tables of real repositories.")
@_MODELS
@click.option(
    "--weeks", type=click.IntRange(min=1), default=6, show_default=True, help="Length of the world's history."
)
@_DIRT
@click.option(
    "--page-cap", type=click.IntRange(min=1), default=1000, show_default=True, help="The most rows a page may have."
)
@click.pass_obj
def rehearse_serve(
    settings: Settings,
    *,
    port: int,
    github_port: int,
    table: Path | None,
    series: Path | None,
    github_table: Path | None,
    models: int,
    weeks: int,
    dirt: bool,
    page_cap: int,
) -> None:
    """Serve the Hub's and GitHub's APIs the way the originals do, until interrupted."""
    from dagster_project.rehearsal import run as rehearsing  # noqa: PLC0415 - the pipeline never loads the rehearsal

    played = rehearsing.Played(rehearsing.make_world(models, weeks, dirt=dirt), table, series, github_table)
    now = settings.pretended_now
    hub, github = rehearsing.serve(played, port=port, github_port=github_port, now=now, page_cap=page_cap)
    with github:
        click.echo(f"The Hub is played on {hub.url}, GitHub on {github.url}. In another shell:")
        click.echo(
            f"  export HF_ENDPOINT={hub.url} GITHUB_API_URL={github.url} LEADERSHIFT_NOW={hub.now():%Y-%m-%dT%H:%M:%SZ}"
        )
        click.echo("  leadershift run")
        hub.serve_forever()


@rehearse.command("demo", epilog="\b\nExample:\n  leadershift rehearse demo --models 1000 --weeks 4")
@_MODELS
@click.option(
    "--weeks", type=click.IntRange(min=1), default=6, show_default=True, help="How many weekly snapshots to capture."
)
@_JSON
@click.pass_obj
def rehearse_demo(settings: Settings, *, models: int, weeks: int, as_json: bool) -> None:
    """Capture a simulated world week by week and derive everything from it, down to the page."""
    _rehearse(settings, models=models, weeks=weeks, dirt=True, faults=False, as_json=as_json)


@rehearse.command("run", epilog="\b\nExample:\n  leadershift rehearse run --weeks 60 --models 20000")
@click.option(
    "--models", type=click.IntRange(min=1), default=20_000, show_default=True, help="Size of the simulated world."
)
@click.option(
    "--weeks", type=click.IntRange(min=1), default=60, show_default=True, help="How many weekly snapshots to capture."
)
@_DIRT
@click.option(
    "--faults/--no-faults", default=True, show_default=True, help="Let a scripted fault strike every fourth crawl."
)
@_JSON
@click.pass_obj
def rehearse_run(settings: Settings, *, models: int, weeks: int, dirt: bool, faults: bool, as_json: bool) -> None:
    """Replay a simulated world through the whole pipeline, faults included, and compare every measure with its truth."""
    _rehearse(settings, models=models, weeks=weeks, dirt=dirt, faults=faults, as_json=as_json)


def _rehearse(settings: Settings, *, models: int, weeks: int, dirt: bool, faults: bool, as_json: bool) -> None:
    from dagster_project.rehearsal import run as rehearsing  # noqa: PLC0415 - the pipeline never loads the rehearsal

    home = settings.home / "rehearsal"
    done = rehearsing.rehearse(home, models=models, weeks=weeks, say=_say, dirt=dirt, faults=faults)
    database = done.home / done.release.database
    verdicts = [vars(verdict) for verdict in done.verdicts]
    gaps = {f"{day}": reason for day, reason in done.gaps.items()}
    shown = {"home": done.home, "release_id": done.release.release_id, "database": database, "page": done.page}
    if as_json:
        _print_json(shown | {"verdicts": verdicts, "gaps": gaps})
        return
    _print_table(["measure", "truth", "measured", "error"], [verdict.words() for verdict in done.verdicts])
    for line in (
        "",
        *(f"{day} stayed unsealed: {reason}" for day, reason in gaps.items()),
        f"Rehearsal {done.release.release_id}: simulated, it says nothing about the real Hub.",
        f"Page   {done.page}",
        f'SQL    LEADERSHIFT_HOME={done.home} {sys.argv[0]} query "from marts.share_by_country"',
    ):
        click.echo(line)


@_command("leadershift dev --port 3001")
@click.option("--port", type=int, default=3000, show_default=True, help="Port of the UI on 127.0.0.1.")
def dev(settings: Settings, *, port: int) -> None:
    """Start the Dagster UI and its daemon, with schedules on, at 127.0.0.1.

    Dagster's UI has no login and trusts every page that a browser on this machine has open; don't leave it running beside
    pages you don't trust.
    """
    _refuse_taken(port)
    folder = pipeline.prepare_dagster(settings)
    os.environ.update(DAGSTER_HOME=str(folder), LEADERSHIFT_HOME=str(settings.home), DAGSTER_DISABLE_TELEMETRY="1")
    # Without it, a gql.py or a yaml.py in the folder you stand in shadows a package and ends the webserver.
    os.environ["PYTHONSAFEPATH"] = "1"
    # `dg dev`, which Dagster advertises here, is another package and starts the same two processes.
    silence = "ignore:Function `dev_command` is superseded"
    arguments = ["dagster", "dev", "-m", "dagster_project.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(sys.executable, [sys.executable, "-W", silence, "-m", *arguments])


def _refuse_taken(port: int) -> None:
    """Say so before Dagster starts: it announces a taken port as served, and waits there for ever without a UI."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"Port {port} is taken, perhaps by another `leadershift dev`.",
                next_command=f"leadershift dev --port {port + 1}",
            ) from error


def _show(as_json: bool, found: Any, lines: list[str]) -> None:
    if as_json:
        _print_json(found)
    else:
        for line in lines:
            click.echo(line)


def _print_json(found: Any) -> None:
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


def _print_table(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    from dagster_project.reports.render import clean  # noqa: PLC0415 - strings of the Hub are hostile, in a terminal too

    cells = [columns, *([clean(_cell(value)) for value in row] for row in rows[:TERMINAL_ROWS])]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(rows) > TERMINAL_ROWS:
        click.echo(f"... {len(rows) - TERMINAL_ROWS:,} more rows; --json prints all")


def _cell(value: Any) -> str:
    return (
        ""
        if value is None
        else f"{value:,.4f}".rstrip("0").rstrip(".")
        if isinstance(value, float | Decimal)
        else str(value)
    )


def _say(text: str) -> None:
    tqdm.write(text, file=sys.stderr)


def _quiet(as_json: bool) -> Callable[[str], None]:
    return (lambda _text: None) if as_json else _say


@contextlib.contextmanager
def _progress(unit: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    with tqdm(unit=f" {unit}", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def advance(rows: int) -> None:
            bar.update(rows)

        yield advance


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
