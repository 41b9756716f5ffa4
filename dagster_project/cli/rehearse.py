"""`leadershift rehearse ...`: a pretend Hub and GitHub, served, or played through the whole pipeline.

Not here: the rehearsal itself, which is loaded only when asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagster_project import pipeline
from dagster_project.cli.group import main
from dagster_project.cli.terminal import JSON, PORT, print_json, print_table, say
from dagster_project.settings import Settings

if TYPE_CHECKING:
    from dagster_project.rehearsal.judge import Verdict
    from dagster_project.rehearsal.run import Rehearsed


BESIDES = "besides the hidden"


@main.group()
def rehearse() -> None:
    """A pretend Hub on this machine, for trying everything out without the real one."""


_PATH = click.Path(path_type=Path)
_MODELS = click.option(
    "--models", type=click.IntRange(min=1), default=3000, show_default=True, help="Size of the simulated world."
)
_SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=47, show_default=True, help="Another number makes another world."
)
_DIRT = click.option(
    "--dirt/--no-dirt", default=True, show_default=True, help="Let counters, names and records misbehave."
)


_VERDICTS = click.option(
    "--verdicts", is_flag=True, help="Print every measure beside its truth, not only the worst of each kind."
)


@rehearse.command("serve", epilog="\b\nExample:\n  leadershift rehearse serve --port 8750 --table models.parquet")
@click.option(
    "--port", type=PORT, default=8750, show_default=True, help="Port of the Hub on 127.0.0.1; 0 takes any free one."
)
@click.option(
    "--github-port",
    type=PORT,
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
@_SEED
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
    seed: int,
    page_cap: int,
) -> None:
    """Serve the Hub's and GitHub's APIs the way the originals do, until interrupted."""
    from dagster_project.rehearsal import run as rehearsing  # noqa: PLC0415 - the pipeline never loads the rehearsal

    played = rehearsing.Played(rehearsing.make_world(models, weeks, dirt=dirt, seed=seed), table, series, github_table)
    now = settings.pretended_now
    hub, github = rehearsing.serve(played, port=port, github_port=github_port, now=now, page_cap=page_cap)
    with github:
        click.echo(f"The Hub is played on {hub.url}, GitHub on {github.url}. In another shell:")
        click.echo(
            f"  export HF_ENDPOINT={hub.url} GITHUB_API_URL={github.url} GITHUB_TOKEN={rehearsing.PRETEND_TOKEN}"
            f" LEADERSHIFT_NOW={hub.now():%Y-%m-%dT%H:%M:%SZ}"
        )
        click.echo("  leadershift run")
        hub.serve_forever()


@rehearse.command("demo", epilog="\b\nExample:\n  leadershift rehearse demo --models 1000 --weeks 4")
@_MODELS
@click.option(
    "--weeks", type=click.IntRange(min=1), default=6, show_default=True, help="How many weekly snapshots to capture."
)
@_SEED
@_VERDICTS
@JSON
@click.pass_obj
def rehearse_demo(settings: Settings, *, models: int, weeks: int, seed: int, verdicts: bool, as_json: bool) -> None:
    """Capture a simulated world week by week and derive everything from it, down to the page."""
    _rehearse(
        settings, models=models, weeks=weeks, dirt=True, seed=seed, faults=False, verdicts=verdicts, as_json=as_json
    )


@rehearse.command("run", epilog="\b\nExample:\n  leadershift rehearse run --weeks 60 --models 20000")
@click.option(
    "--models", type=click.IntRange(min=1), default=20_000, show_default=True, help="Size of the simulated world."
)
@click.option(
    "--weeks", type=click.IntRange(min=1), default=60, show_default=True, help="How many weekly snapshots to capture."
)
@_DIRT
@_SEED
@click.option(
    "--faults/--no-faults", default=True, show_default=True, help="Let a scripted fault strike every fourth crawl."
)
@_VERDICTS
@JSON
@click.pass_obj
def rehearse_run(
    settings: Settings, *, models: int, weeks: int, dirt: bool, seed: int, faults: bool, verdicts: bool, as_json: bool
) -> None:
    """Replay a simulated world through the whole pipeline, faults included, and compare every measure with its truth."""
    _rehearse(
        settings, models=models, weeks=weeks, dirt=dirt, seed=seed, faults=faults, verdicts=verdicts, as_json=as_json
    )


def _rehearse(
    settings: Settings, *, models: int, weeks: int, dirt: bool, seed: int, faults: bool, verdicts: bool, as_json: bool
) -> None:
    from dagster_project.rehearsal import run as rehearsing  # noqa: PLC0415 - the pipeline never loads the rehearsal

    home = settings.home / "rehearsal"
    done = rehearsing.rehearse(home, models=models, weeks=weeks, say=say, dirt=dirt, faults=faults, seed=seed)
    database = done.home / done.release.database
    page, site = pipeline.report(done.settings), pipeline.site(done.settings).folder / "index.html"
    gaps = {f"{day}": reason for day, reason in done.gaps.items()}
    shown = {
        "home": done.home,
        "release_id": done.release.release_id,
        "database": database,
        "page": page,
        "site": site,
    }
    if as_json:
        print_json(shown | {"verdicts": [_judged(verdict) for verdict in done.verdicts], "gaps": gaps})
        return
    if verdicts:
        everything = [verdict.words() for verdict in done.verdicts]
        print_table(["measure", "truth", "measured", "error", BESIDES], everything, most=len(everything))
    else:
        _print_summary(done)
    for line in (
        "",
        *(f"{day} stayed unsealed: {reason}" for day, reason in gaps.items()),
        f"Rehearsal {done.release.release_id}: simulated, it says nothing about the real Hub.",
        f"Page   {page}",
        f"Site   {site}",
        f'SQL    LEADERSHIFT_HOME={done.home} {sys.argv[0]} query "from marts.share_by_country"',
    ):
        click.echo(line)


def _judged(verdict: Verdict) -> dict[str, object]:
    from dagster_project.rehearsal.judge import summary  # noqa: PLC0415 - the pipeline never loads the rehearsal

    return vars(verdict) | {"is_held": summary.held(verdict) if summary.compared([verdict]) else None}


def _print_summary(done: Rehearsed) -> None:
    """Print how many verdicts held, the worst of each kind, and each that did not hold."""
    from dagster_project.rehearsal.judge import summary  # noqa: PLC0415 - the pipeline never loads the rehearsal

    found = summary.compared(done.verdicts)
    missed = [verdict for verdict in found if not summary.held(verdict)]
    worst = [kind.words() for kind in summary.kinds(done.verdicts)]
    print_table(["kind of measure", "held", "truth of the worst", "measured", "error", BESIDES], worst, most=len(worst))
    click.echo(f"\n{len(found) - len(missed)} of {len(found)} measures held ({summary.HELD_MEANS}).")
    if hidden := [verdict for verdict in found if summary.hides(verdict)]:
        click.echo(
            f"{len(hidden)} of them besides what no capture could show: {summary.HIDDEN_MEANS}. The worst of each kind:"
        )
        for kind in summary.kinds(hidden):
            click.echo("  {}: truth {}, measured {}, {}; besides {}".format(*kind.worst.words()))
    for verdict in missed:
        click.echo("Did not hold: {}: truth {}, measured {}, {} {}".format(*verdict.words()).rstrip())
    click.echo("Every measure: the same command with --verdicts, or with --json.")
