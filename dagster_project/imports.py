"""What somebody else captured, brought in as sealed snapshots: the only way the past gets in. A part of the hall.

Not here: reading foreign files (sources/archives, sources/innovation_graph), captures of our own (captures).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from dagster_project import crawl, keeping
from dagster_project.calendar import stamp
from dagster_project.errors import UsageError
from dagster_project.keeping import Say, silent
from dagster_project.settings import Settings
from dagster_project.snapshots import ledger, lock, seal
from dagster_project.snapshots.seal import Counts, Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import archives, innovation_graph
from dagster_project.sources.pages import LARGEST_CLOCK_SKEW

LONGEST_NAME = 64
_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_NAME}}}")


def import_table(
    settings: Settings,
    path: Path,
    *,
    source: str,
    mapping: Mapping[str, str],
    observed_at: datetime | None = None,
    is_complete: bool = False,
    say: Say = silent,
) -> list[Seal]:
    """Import a table that somebody else captured, one sealed snapshot for each day in it. Days already there are skipped.

    Raises UsageError for a name that can't be a folder of its own, a table that can't be read, or a day that is still to come.
    """
    if not _NAME.fullmatch(source) or source.lower() in (*crawl.OUR_SOURCES, crawl.INNOVATION_GRAPH):
        raise UsageError(
            f"'{source[:LONGEST_NAME]}' can't name an archive: use up to {LONGEST_NAME} letters, digits, - and _, and not the"
            " name of a capture of ours."
        )
    seals = []
    with _importing(settings, path, say):
        for moment, rows, refused in archives.read_table(path, mapping=mapping, observed_at=observed_at):
            if moment > settings.now() + LARGEST_CLOCK_SKEW:
                raise UsageError(f"{path} has rows of {moment:%Y-%m-%d}, a day that is still to come.")
            attempt = Spool(settings.home, source, moment.date(), 1)
            if _is_there(attempt, say):
                continue
            _tell_refused(path, attempt, rows, refused, say)
            counts = seal.write_table(
                attempt,
                [(_placed(rows, attempt), refused)],
                table=crawl.MODELS,
                key="model_name",
                rank=("observed_at", "position"),
                observed_at=stamp(moment),
            )
            seals.append(_close(settings, attempt, counts, path, moment, is_complete=is_complete))
    return seals


def import_innovation_graph(settings: Settings, folder: Path, *, say: Say = silent) -> Seal | None:
    """Import the public files of GitHub's Innovation Graph as a sealed snapshot of today; None if today has one."""
    now, source = settings.now(), crawl.INNOVATION_GRAPH
    with _importing(settings, folder, say):
        attempt = Spool(settings.home, source, now.date(), 1)
        if _is_there(attempt, say):
            return None
        rows, refused = innovation_graph.read_folder(folder)
        observed = rows.with_columns(observed_at=pl.lit(now.replace(tzinfo=None)).cast(pl.Datetime("us")))
        counts = seal.write_table(
            attempt,
            [(_placed(observed, attempt), refused)],
            table=source,
            key="line",
            rank=("position",),
            observed_at=stamp(now),
        )
        return _close(settings, attempt, counts, folder, now, is_complete=False)


@contextlib.contextmanager
def _importing(settings: Settings, path: Path, say: Say) -> Iterator[None]:
    """Hold the home for an import, and bring the copy up to date when that ended well."""
    with lock.hold(settings.home, f"import of {path.name}", settings.now(), say):
        keeping.adopt(settings, say)
        yield
        keeping.copy(settings, say)


def _is_there(attempt: Spool, say: Say) -> bool:
    """Whether a day was imported before; that is said."""
    there = any(found.observed_on == attempt.day for _attempt, found in seal.sealed(attempt.home, attempt.source))
    if there:
        say(f"{attempt.source} {attempt.day}: imported before, skipped")
    return there


def _tell_refused(path: Path, attempt: Spool, rows: pl.DataFrame, refused: pl.DataFrame, say: Say) -> None:
    """Say how many rows are kept aside. Raises UsageError where that is most of them: sealed, the day could not be imported again."""
    if refused.is_empty():
        return
    told = (
        f"{refused.height:,} of {rows.height + refused.height:,} rows{{}} can't be read, the first because"
        f" {refused['reason'][0]}"
    )
    if refused.height > rows.height:
        raise UsageError(
            f"{path}: {told.format(f' of {attempt.day}')}. Nothing of that day was imported.",
            next_command=f"leadershift import table {path} --map OURS=THEIR_COLUMN",
        )
    say(f"{attempt.source} {attempt.day}: {told.format('')}")


def _placed(rows: pl.DataFrame, attempt: Spool) -> pl.DataFrame:
    """Say in each row whose snapshot it belongs to; what is imported has no pages."""
    return crawl.placed(rows, attempt).with_columns(pl.lit(0, pl.Int32).alias("page"))


def _close(
    settings: Settings, attempt: Spool, counts: Counts, path: Path, moment: datetime, *, is_complete: bool
) -> Seal:
    """Seal a day of an import, and tell the diary."""
    now = settings.now()
    closed = seal.close(
        attempt,
        counts,
        status="imported",
        is_complete=is_complete,
        origin=path.name,
        started_at=stamp(moment),
        now=now,
    )
    about = {"source": attempt.source, "day": f"{attempt.day}", "week": f"{closed.week}", "file": path.name}
    ledger.write(settings.home, "imported", now, **about, **seal.mark(attempt))
    return closed
