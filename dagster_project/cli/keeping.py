"""Looking after what was captured, as commands: verify, repair, tidy, erase.

Not here: how any of it is done (the hall's keeping).
"""

from __future__ import annotations

import sys

import click

from dagster_project import keeping, pipeline
from dagster_project.cli.group import command
from dagster_project.cli.terminal import JSON, show
from dagster_project.errors import DamagedDataError
from dagster_project.settings import Settings

# A century.
MOST_WEEKS = 5_200


@command("leadershift verify")
@JSON
def verify(settings: Settings, *, as_json: bool) -> None:
    """Check every byte of every sealed snapshot against its hash."""
    verified = pipeline.verify(settings)
    troubles = [*verified.troubles, *verified.copy_troubles]
    words = troubles or [f"{verified.snapshots} sealed snapshots, every byte as sealed."]
    shown = {"snapshots": verified.snapshots, "troubles": verified.troubles, "copy_troubles": verified.copy_troubles}
    show(as_json, shown, [*words, *(["Go on with: leadershift repair"] if troubles else [])])
    if troubles:
        sys.exit(DamagedDataError.exit_code)


@command("leadershift repair")
@JSON
def repair(settings: Settings, *, as_json: bool) -> None:
    """Bring back damaged and missing files: from the copy in LEADERSHIFT_COPY, or a typed table from its sealed pages.

    Into an empty LEADERSHIFT_HOME it brings all that the copy has. Only bytes with the sealed hash are put back.
    """
    repaired = keeping.mend(settings)
    mended = [{"path": file.path, "sha256": file.sha256, "from": file.origin} for file in repaired.mended]
    words = [f"{file.path}: right again, from the {file.origin}" for file in repaired.mended]
    show(as_json, {"mended": mended, "left": repaired.left}, [*words, *repaired.left] or ["Nothing to repair."])
    if repaired.left:
        sys.exit(DamagedDataError.exit_code)


@command("leadershift tidy --keep-weeks 8 --dry-run")
@click.option(
    "--keep-weeks", type=click.IntRange(1, MOST_WEEKS), default=8, show_default=True, help="Weeks whose pages stay."
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@JSON
def tidy(settings: Settings, *, keep_weeks: int, dry_run: bool, as_json: bool) -> None:
    """Drop the raw pages of old weeks, to make room. Typed tables, seals and evidence stay for ever.

    Never done by itself. A week's pages go only if its table, and its copy where LEADERSHIFT_COPY is set, are right byte
    for byte just now. The copy keeps its pages; without one, the table can't be made again.
    """
    found = keeping.tidy(settings, keep_weeks=keep_weeks, dry_run=dry_run)
    shown = [
        {
            "source": old.seal.source,
            "week": f"{old.seal.week}",
            "observed_on": old.seal.observed_on,
            "files": len(old.pages),
            "bytes": old.bytes,
            "kept_because": old.kept_because,
        }
        for old in found
    ]
    verb = "would go" if dry_run else "dropped"
    words = [
        f"{old['source']} {old['week']}: "
        + (f"kept, because {old['kept_because']}" if old["kept_because"] else f"{old['files']:,} pages {verb}")
        for old in shown
    ]
    freed = sum(old.bytes for old in found if not old.kept_because)
    show(as_json, {"snapshots": shown, "bytes": freed, "is_dry_run": dry_run}, [*words, f"{freed:,} bytes {verb}."])


@command('leadershift erase alice --reason "asked by mail on 2026-11-20"')
@click.argument("namespace")
@click.option(
    "--on",
    "place",
    type=click.Choice(["huggingface", "github"]),
    default="huggingface",
    show_default=True,
    help="Where the account is. On GitHub its number will do as well, and is needed once the account is gone.",
)
@click.option("--reason", required=True, help="Kept in the ledger for ever; must not hold the name.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@JSON
def erase(settings: Settings, namespace: str, *, place: str, reason: str, yes: bool, as_json: bool) -> None:
    """Take an account's name out of every file of the home and the copy. It can't be undone.

    Its counters stay, as `erased/<the Hub's id>`; references to its models in the records of others become the same. A
    mere word in other people's texts stays. Releases and pages that name it are deleted: `leadershift run` makes the next.
    Killed, it goes on when run again. While the account is on the Hub, the next capture brings its name again: it has to
    leave the Hub first, or be erased again.

    A contributor on GitHub becomes anonymous in every snapshot, and stays so: the number goes into private/opted_out.
    """
    if not yes:
        click.confirm(f"Erase {namespace} from {settings.home} and {settings.copy or 'no copy'}?", abort=True, err=True)
    forget = keeping.erase_contributor if place == "github" else keeping.erase
    erased = forget(settings, namespace, reason=reason)
    words = [
        f"{erased.files:,} files rewritten, {len(erased.releases)} releases and {len(erased.pages)} report files deleted.",
        *(f"release {name} deleted" for name in erased.releases),
        *(
            f"An older copy was not cleaned, delete it or set LEADERSHIFT_COPY to it: {path}"
            for path in erased.other_copies
        ),
        *(f"The registry still names it, edit that by hand: {line}" for line in erased.registry),
    ]
    show(as_json, vars(erased), words)
