"""The hall: each step of the way from a sealed snapshot to a page as one plain function, in the order in which they happen.

Dagster, the command line and the rehearsal call these, and captures before them, and nothing deeper. Details live in the rooms.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.calendar import Week, parse_time
from dagster_project.errors import DamagedDataError, GateError, NothingYetError, RefusedError, StorageError
from dagster_project.keeping import Say, silent
from dagster_project.settings import Settings, shipped
from dagster_project.snapshots import copies, custody, erasure, ledger, lock, seal
from dagster_project.snapshots.seal import Seal
from dagster_project.snapshots.spool import Spool
from dagster_project.warehouse import audit as auditing
from dagster_project.warehouse import build as building
from dagster_project.warehouse import publish as publishing
from dagster_project.warehouse import published, registry
from dagster_project.warehouse.audit import Audit
from dagster_project.warehouse.build import Built
from dagster_project.warehouse.publish import Publication

if TYPE_CHECKING:
    from dagster_project.reports.site.build import Site


@dataclass(frozen=True)
class Verified:
    """How many sealed snapshots were checked, and one sentence for each trouble here and in the second copy."""

    snapshots: int
    troubles: tuple[str, ...]
    copy_troubles: tuple[str, ...] = ()


def verify(settings: Settings, *, with_copy: bool = True) -> Verified:
    """Check every byte of every sealed snapshot against its hash, and every seal against the diary; the second copy likewise."""
    # A read-only copy can be verified as well; it just can't be told.
    with contextlib.suppress(StorageError):
        custody.adopt(settings.home, settings.now())
    count, troubles = custody.damage(settings.home, custody.promises(settings.home))
    if erasure.under_way(settings.home):
        troubles.insert(
            0, "An erasure was begun and not ended: run the same `leadershift erase` again, it goes on from there."
        )
    lacking = copies.lacking(settings.home, settings.copy, thorough=True) if settings.copy and with_copy else []
    if count:
        with contextlib.suppress(StorageError):
            ledger.write(
                settings.home, "verified", settings.now(), snapshots=count, troubles=len(troubles) + len(lacking)
            )
    return Verified(count, tuple(troubles), tuple(lacking))


def build(settings: Settings, *, known_at: date | None = None, say: Say = silent) -> list[Built]:
    """Build all tables from every sealed snapshot and the registry, both as known on `known_at` (default: all that is known)."""
    problems = registry.check(settings.registry)
    if problems:
        raise GateError(
            f"The registry has {len(problems)} problems; the first: {problems[0]}",
            next_command="leadershift registry check",
        )
    if troubles := custody.seal_troubles(settings.home, custody.promises(settings.home)):
        raise DamagedDataError("Not built, because seals changed:\n" + "\n".join(troubles))
    snapshots = _sealed_or_nothing(settings)
    now = settings.now()
    if known_at:
        say(_as_known(settings, snapshots, known_at))
    with lock.hold(settings.home, "build", now, say):
        built = building.build(
            settings.home,
            snapshots,
            sql=shipped("sql"),
            registry=settings.registry,
            known_at=known_at or date.max,
            say=say,
        )
        counts = {"tables": len(built), "rows": sum(made.rows or 0 for made in built)}
        ledger.write(settings.home, "built", now, **counts, known_at=f"{known_at}" if known_at else None)
    return built


def _as_known(settings: Settings, snapshots: Sequence[tuple[Spool, Seal]], day: date) -> str:
    """Say how much was known by the end of a day, and plainly when the registry knew nothing."""
    known, all_known, first = registry.known_by(settings.registry, registry.NAMESPACES, day)
    classed, all_classed, _first = registry.known_by(settings.registry, registry.LICENCES, day)
    sealed = sum(parse_time(found.sealed_at).date() <= day for _attempt, found in snapshots)
    of_all = f"{sealed} of {len(snapshots)} snapshots, {known:,} of {all_known:,} reviewed namespaces"
    of_all += f" and {classed:,} of {all_classed:,} licences; what was told later is UNKNOWN here"
    if known:
        return f"As known on {day}: {of_all}."
    return (
        f"As known on {day}: {of_all}. The registry begins on {first}, so every lab and country of this build is UNKNOWN:"
        " it shows what was downloaded, and nothing about who leads."
    )


def audit(settings: Settings, *, say: Say = silent) -> Audit:
    """Judge the last build: every table's declared checks and the audits that span tables."""
    judged = auditing.audit(settings.home, sql=shipped("sql"), say=say)
    ledger.write(
        settings.home,
        "audited",
        settings.now(),
        passed=judged.passed,
        checks=len(judged.results),
        failed=len(judged.failures),
    )
    return judged


def column_sources(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """Map each column of each table that gets published to the columns it is made from, by the last build."""
    return publishing.column_sources(settings.home, sql=shipped("sql"))


def publish(
    settings: Settings, *, sign_off: str | None = None, known_at: date | None = None, say: Say = silent
) -> Publication:
    """Publish the last build, if its audit passed or a person signs for what failed. Readers see the old or the new release.

    A build as known on an earlier day is published only by naming that day as `known_at`, and its release says so.
    """
    now = settings.now()
    with lock.hold(settings.home, "publish", now, say):
        publication = publishing.publish(
            settings.home, sql=shipped("sql"), now=now, sign_off=sign_off, known_at=known_at, say=say
        )
        # Not only a new one: a run killed between the pointer and this line left it out.
        if publication.release_id != _told_last(settings.home):
            ledger.write(
                settings.home,
                "published",
                now,
                release=publication.release_id,
                weeks=publication.weeks,
                sign_off=sign_off,
            )
    return publication


def derive(settings: Settings, *, say: Say = silent) -> Publication:
    """Verify, build, audit and publish: everything between a sealed snapshot and a release."""
    verified = verify(settings, with_copy=False)
    if verified.troubles:
        raise DamagedDataError(
            "Sealed files changed:\n" + "\n".join(verified.troubles), next_command="leadershift verify"
        )
    build(settings, say=say)
    judged = audit(settings)
    say(f"{len(judged.results)} checks, {len(judged.failures)} failed")
    return publish(settings, say=say)


def report(settings: Settings, *, week: Week | None = None) -> Path:
    """Write the reports of a week from the current release; gives the weekly page, beside which the others stand."""
    from dagster_project.reports.page import write_reports  # noqa: PLC0415 - notebooks are heavy, capture never needs them

    release = publishing.current(settings.home)
    page = write_reports(settings.home / release.database, week, settings.home / "reports")["weekly"]
    ledger.write(settings.home, "reported", settings.now(), release=release.release_id, week=f"{page.week}")
    return page.html


def site(settings: Settings, *, base_url: str | None = None) -> Site:
    """Build the site of the current release, with the archive of what was said before, and publish it all at once.

    Writes the reports of the newest week first, if those there are of another release. `base_url` is where the site will
    stand; without it, and without one in the settings, pages name no picture for those who share them.
    """
    from dagster_project.reports import page, weekly  # noqa: PLC0415 - notebooks are heavy, capture never needs them
    from dagster_project.reports.site.build import build as build_site  # noqa: PLC0415 - heavy too

    release = publishing.current(settings.home)
    if release.known_at:
        raise RefusedError(
            f"The current release is as known on {release.known_at} and gets no site: it would replace what is known now.",
            next_command="leadershift build && leadershift audit && leadershift publish && leadershift site",
        )
    database, folder = settings.home / release.database, settings.home / "reports"
    with published.open_release(database) as opened:
        edition = weekly.read_edition(opened, None)
    made = page.written(folder, edition.week, release.release_id)
    if made is None:
        report(settings)
        made = page.written(folder, edition.week, release.release_id)
    assert made is not None  # the reports of this release, just written
    with lock.hold(settings.home, "site", settings.now()):
        built = build_site(settings.home, database, made, edition, base_url or settings.site_url)
    if built.is_new:
        ledger.write(settings.home, "site", settings.now(), release=release.release_id, pages=built.pages)
    return built


def _told_last(home: Path) -> str | None:
    """Give the release that the diary told of last."""
    return next((entry["release"] for entry in reversed(ledger.read(home)) if entry["event"] == "published"), None)


def _sealed_or_nothing(settings: Settings) -> Sequence[tuple[Spool, Seal]]:
    snapshots = list(seal.sealed(settings.home))
    if not snapshots:
        raise NothingYetError(f"There is no sealed snapshot in {settings.home}.", next_command="leadershift capture")
    return snapshots
