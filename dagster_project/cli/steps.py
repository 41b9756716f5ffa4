"""The steps of the way from the Hub to a page, as commands in the order in which they happen.

Not here: any step itself (captures, imports, pipeline), looking after what was captured (cli/keeping).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from dagster_project import captures, imports, pipeline
from dagster_project.calendar import Week, parse_time
from dagster_project.cli.github import capture_github, capture_people, github_of_run
from dagster_project.cli.group import command, main
from dagster_project.cli.serving import serving
from dagster_project.cli.terminal import JSON, PORT, QUICK, SIGN_OFF, WEEK, progress, quiet, say, show
from dagster_project.crawl import GITHUB, HUB, OWNERS, PEOPLE
from dagster_project.errors import GateError, SourceError, UsageError
from dagster_project.owners import OwnersCaptured
from dagster_project.settings import Settings, site_url
from dagster_project.snapshots.seal import Seal
from dagster_project.sources import github_connection
from dagster_project.sources.pages import Limits


@command("leadershift capture --week 2026-W47")
@WEEK
@click.option(
    "--source",
    type=click.Choice([HUB, OWNERS, GITHUB, PEOPLE]),
    default=HUB,
    show_default=True,
    help="What to ask for: the models; their owners; GitHub's repositories, their stars and people; those people alone.",
)
@QUICK
@click.option(
    "--again",
    is_flag=True,
    help="Another snapshot although the week has one, or one that waits for a signature; daily ones sharpen the flow.",
)
@click.option(
    "--patience",
    type=float,
    default=Limits.patience_seconds,
    show_default=True,
    help="Seconds of retries for one page.",
)
@click.option(
    "--quota-share",
    type=float,
    default=Limits.quota_share,
    show_default=True,
    help="Part of the request quota to use; the rest is left to others on the token.",
)
@SIGN_OFF
@JSON
def capture(
    settings: Settings,
    week: Week | None,
    source: str,
    is_quick: bool,
    again: bool,
    patience: float,
    quota_share: float,
    sign_off: str | None,
    as_json: bool,
) -> None:
    """Capture the Hub or GitHub as it is now, page by page, and seal it. Killed anywhere, it goes on from there."""
    limits = Limits(patience_seconds=patience, quota_share=quota_share)
    if source != HUB and (is_quick or again or (sign_off and source != GITHUB)):
        raise UsageError(f"--quick, --again and --sign-off are about models, not about {source}.")
    shares = github_connection.Limits(patience_seconds=patience, reserved_share=1 - quota_share)
    if source == GITHUB:
        show(as_json, *capture_github(settings, week, shares, sign_off))
        return
    if source == PEOPLE:
        show(as_json, *capture_people(settings, week, shares))
        return
    if source == OWNERS:
        with progress("owners") as advance:
            found = captures.capture_owners(settings, week=week, limits=limits, say=say, on_page=advance)
        show(as_json, _owners(found), [_owners_words(found)])
        return
    take = captures.capture_quick if is_quick else captures.capture
    with progress("models") as advance:
        captured = take(settings, week=week, again=again, sign_off=sign_off, limits=limits, say=say, on_page=advance)
    show(as_json, _captured(captured), [_captured_words(captured)])


def _captured(captured: captures.Captured) -> dict[str, Any]:
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


def _captured_words(captured: captures.Captured) -> str:
    found = captured.seal
    counts = (
        f"{found.seen:,} seen = {found.loaded:,} loaded + {found.merged:,} merged + {found.quarantined:,} quarantined"
    )
    if captured.pages_fetched == 0:
        return f"{found.week} is sealed since {found.sealed_at} ({counts}); nothing was fetched."
    return f"{found.week} sealed: {counts}."


def _owners(captured: OwnersCaptured) -> dict[str, Any]:
    sealed = _captured(captures.Captured(captured.seal, 0)) if captured.seal else {}
    sealed.pop("pages_fetched", None)
    counts = {name: getattr(captured, name) for name in ("asked", "requests", "not_asked")}
    return {"source": OWNERS, **sealed, **counts}


def _owners_words(captured: OwnersCaptured) -> str:
    found = captured.seal
    if captured.asked == 0:
        return f"No owner is due; the last were sealed on {found.observed_on}." if found else "No owner is due."
    unread = f", {found.quarantined:,} without an answer that can be read" if found and found.quarantined else ""
    left = f" {captured.not_asked:,} more were due." if captured.not_asked else ""
    return f"{captured.asked:,} owners asked with {captured.requests:,} requests{unread}.{left}"


INNOVATION_GRAPH = "innovation-graph"


@command("leadershift import table dump.parquet --source hub_weekly --observed-at 2026-08-22")
@click.argument("adapter", type=click.Choice(["table", INNOVATION_GRAPH]))
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
@JSON
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
    """Import what somebody else captured, as dated snapshots: the only way the past gets in.

    `table` takes a file of models. Counters may be written as 1,234, times as ISO writes them; a row of which one can't be
    read is kept aside and said, and a day of which most can't is refused. `innovation-graph` takes the folder `data` of
    github.com/github/innovationgraph, as the measure beside our own of who works where.
    """
    if adapter == INNOVATION_GRAPH:
        found = imports.import_innovation_graph(settings, path, say=say)
        _show_imported(as_json, [found] if found else [])
        return
    if bad := [text for text in mapping if "=" not in text]:
        raise UsageError(f"--map takes OURS=THEIRS, not '{bad[0]}'.")
    seals = imports.import_table(
        settings,
        path,
        source=path.stem if source is None else source,
        mapping=dict(text.split("=", 1) for text in mapping),
        observed_at=parse_time(observed_at) if observed_at else None,
        is_complete=complete,
        say=say,
    )
    _show_imported(as_json, seals)


def _show_imported(as_json: bool, seals: list[Seal]) -> None:
    shown = [_captured(captures.Captured(found, 0)) for found in seals]
    words = [f"{one['source']} {one['observed_on']}: {one['loaded']:,} of {one['seen']:,} rows" for one in shown]
    show(as_json, {"imported": shown}, words)


@command("leadershift build --known-at 2026-11-30")
@click.option(
    "--known-at",
    metavar="DATE",
    help="Use only what was sealed and what the registry said by the end of that day.",
)
@JSON
def build(settings: Settings, *, known_at: str | None, as_json: bool) -> None:
    """Build every table from the sealed snapshots, beside the last build.

    With --known-at a number quoted then comes out again. Such a build becomes the current release only through
    `leadershift publish --known-at` with the same day, and says so in its name.
    """
    day = parse_time(known_at).date() if known_at else None
    built = pipeline.build(settings, known_at=day, say=say if day else quiet(as_json))
    shown = {"tables": {made.table.full_name: made.rows for made in built}, "known_at": str(day) if day else None}
    show(as_json, shown, [f"{len(built)} tables built{f', as known on {day}' if day else ''}."])


@command("leadershift audit")
@JSON
def audit(settings: Settings, *, as_json: bool) -> None:
    """Judge the last build: every declared check, in plain words."""
    judged = pipeline.audit(settings, say=quiet(as_json))
    checks = [{name: getattr(result, name) for name in result.__struct_fields__} for result in judged.results]
    show(
        as_json,
        {"passed": judged.passed, "checks": checks},
        [f"{len(judged.results)} checks, {len(judged.failures)} failed."],
    )
    if not judged.passed:
        sys.exit(GateError.exit_code)


@command("leadershift publish")
@SIGN_OFF
@click.option("--known-at", metavar="DATE", help="Publish a build as known on that day, labelled with it.")
@JSON
def publish(settings: Settings, *, sign_off: str | None, known_at: str | None, as_json: bool) -> None:
    """Publish the last build if its audit passed: database, Parquet, CSV, all or nothing."""
    day = parse_time(known_at).date() if known_at else None
    release = pipeline.publish(settings, sign_off=sign_off, known_at=day)
    database = settings.home / release.database
    shown = {"release_id": release.release_id, "weeks": release.weeks, "is_new": release.is_new, "database": database}
    words = [f"{release.release_id}{'' if release.is_new else ' (as before)'}: {database}"]
    if day:
        words.append(
            f"As known on {day}: it is the current release until the next `leadershift publish`, and gets no site, which would"
            " replace what is known now. `leadershift report` writes its pages."
        )
    show(as_json, shown, words)


@command("leadershift report --week 2026-W47")
@WEEK
@JSON
def report(settings: Settings, *, week: Week | None, as_json: bool) -> None:
    """Write the reports of a week from the current release: the weekly page, and beside it those it links to."""
    page = pipeline.report(settings, week=week)
    show(as_json, {"page": page}, [str(page)])


@main.group(
    invoke_without_command=True,
    epilog="\b\nExample:\n  leadershift site --base-url https://radar.example.org\n  leadershift site serve",
)
@click.option(
    "--base-url",
    metavar="URL",
    help="Where the site will stand, so that those who share a page show its card; else LEADERSHIFT_SITE_URL.",
)
@JSON
@click.pass_context
def site(context: click.Context, *, base_url: str | None, as_json: bool) -> None:
    """Build the static site of the current release into LEADERSHIFT_HOME/site, all or nothing."""
    if context.invoked_subcommand:
        return
    built = pipeline.site(context.obj, base_url=site_url(base_url, "--base-url"))
    shown = {
        "site": built.folder / "index.html",
        "pages": built.pages,
        "is_new": built.is_new,
        "release_id": built.release_id,
    }
    words = f"{built.folder / 'index.html'}: {built.pages} pages{'' if built.is_new else ', as before'}"
    show(as_json, shown, [words])


@site.command("serve", epilog="\b\nExample:\n  leadershift site serve --port 8760")
@click.option("--port", type=PORT, default=8760, show_default=True, help="Port on 127.0.0.1; 0 takes any free one.")
@click.pass_obj
def site_serve(settings: Settings, *, port: int) -> None:
    """Serve the site on this machine alone, until interrupted. A site published meanwhile is served from then on."""
    with serving(settings.home, port) as server:
        click.echo(f"http://127.0.0.1:{server.server_port}/index.html")
        server.serve_forever()


@command("leadershift run")
@QUICK
@SIGN_OFF
@JSON
def run(settings: Settings, *, is_quick: bool, sign_off: str | None, as_json: bool) -> None:
    """All of it: capture models and owners, and GitHub if there is a token; verify, build, audit, publish, report, site."""
    take = captures.capture_quick if is_quick else captures.capture
    with progress("models") as advance:
        captured = take(settings, sign_off=sign_off, say=say, on_page=advance)
    say(_captured_words(captured))
    owners = None if is_quick else _owners_of_run(settings)
    github_captured = None if is_quick else github_of_run(settings)
    release = pipeline.derive(settings, say=say)
    page = pipeline.report(settings)
    built = pipeline.site(settings)
    shown = {
        "captured": _captured(captured),
        "owners": owners,
        "github": github_captured,
        "release_id": release.release_id,
        "database": settings.home / release.database,
        "page": page,
        "site": built.folder / "index.html",
    }
    show(
        as_json,
        shown,
        [
            f"Release {release.release_id}",
            f"Page    {page}",
            f"Site    {built.folder / 'index.html'}",
            f"SQL     {settings.home / release.database}",
        ],
    )


def _owners_of_run(settings: Settings) -> dict[str, Any] | None:
    """Ask for the owners; when the Hub fails here, the models' week is worth more than their overviews."""
    try:
        with progress("owners") as advance:
            captured = captures.capture_owners(settings, say=say, on_page=advance)
    except SourceError as error:
        say(f"{error}\nThe models' week is sealed all the same; the run goes on without these owners.")
        return None
    say(_owners_words(captured))
    return _owners(captured)
