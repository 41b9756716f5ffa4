"""Keeping what was captured: a second copy, repair, room on the disk, and a person's wish to be forgotten. Part of the hall.

Here snapshots, sources and the warehouse meet for it. Not here: how a file is copied, mended or dropped (snapshots), and
captures themselves (captures).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from dagster_project import crawl, owners, people, quick, repositories, rounds, stars
from dagster_project.calendar import Week
from dagster_project.errors import DamagedDataError, LeadershiftError, SourceError, StorageError, UsageError
from dagster_project.settings import Settings
from dagster_project.snapshots import copies, custody, erasure, ledger, lock, private, repair, retention, spool
from dagster_project.snapshots.repair import Mended
from dagster_project.snapshots.retention import Old
from dagster_project.snapshots.spool import Spool
from dagster_project.sources.contributors import PersonRemoval
from dagster_project.sources.github import Client
from dagster_project.sources.github_answers import GoneError
from dagster_project.sources.removal import Removal, account_name
from dagster_project.warehouse import withdraw

Say = Callable[[str], None]


def silent(_text: str) -> None:
    """Say nothing."""


# Every round, as the bundles of which its table can be made again.
SHAPES = {
    crawl.OWNERS: owners.SHAPE,
    crawl.GITHUB: repositories.SHAPE,
    crawl.SAMPLE: repositories.SAMPLE_SHAPE,
    crawl.STARS: stars.SHAPE,
    crawl.PEOPLE: people.SHAPE,
}
GOES_ON = "The capture goes on. See: leadershift verify, leadershift repair"


@dataclass(frozen=True)
class Repaired:
    """The files that are right again, and one sentence for each that is not."""

    mended: tuple[Mended, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class Erased:
    """What an erasure came to, and where the name may still stand: lines of the registry, and copies made before elsewhere."""

    erasure_id: str
    files: int
    releases: tuple[str, ...]
    pages: tuple[str, ...]
    registry: tuple[str, ...]
    other_copies: tuple[str, ...]


def mend(settings: Settings) -> Repaired:
    """Bring back every damaged or missing file: from the second copy, else a typed table once more from its sealed pages.

    Then bring the copy up to date. Raises RefusedError for the copy of another home, or while an erasure is under way.
    """
    now = settings.now()
    mended: list[Mended] = []
    left: list[str] = []
    with lock.hold(settings.home, "repair", now):
        erasure.refuse_unfinished(settings.home)
        for result in repair.mend(settings.home, settings.copy, _retype, now):
            if isinstance(result, Mended):
                mended.append(result)
            else:
                left.append(result)
        custody.adopt(settings.home, now)
        if settings.copy:
            left += _bring(settings, settings.copy, thorough=True)
    return Repaired(tuple(mended), tuple(left))


def tidy(settings: Settings, *, keep_weeks: int, dry_run: bool = False) -> list[Old]:
    """Drop the pages of weeks older than `keep_weeks`, each only if all of it is right here and in the copy just now.

    Gives every old snapshot that has pages, and why some of them stay.
    """
    now = settings.now()
    before = Week.of(now.date() - timedelta(weeks=keep_weeks))
    with lock.hold(settings.home, "tidy", now):
        erasure.refuse_unfinished(settings.home)
        found = list(retention.old_pages(settings.home, settings.copy, before))
        for old in found:
            if not dry_run and not old.kept_because:
                retention.drop(old, now)
        if not dry_run:
            copy(settings)
    return found


def erase(settings: Settings, account: str, *, reason: str) -> Erased:
    """Take an account's name out of every file here and in the copy; its counters go on under `erased/<id>`.

    Killed, it goes on when it is run again with the same name. Raises DamagedDataError when something is not as it was
    sealed: nobody could tell an erased file from a damaged one afterwards.
    """
    now = settings.now()
    name = account_name(account)
    if name in reason.lower():
        raise UsageError("The reason is kept for ever, so it must not hold the name.")
    with lock.hold(settings.home, "erasure", now):
        if erasure.under_way(settings.home) is None:
            _refuse_what_is_not_whole(settings)
        nameless = Removal(name, {})
        journal = erasure.begin(settings.home, name, reason, nameless.is_own(), nameless.parents)
        erasure.rewrite(settings.home, settings.copy, journal, Removal(name, journal.names))
        releases = withdraw.withdraw(settings.home, name)
        pages = _delete_pages_naming(settings.home, name)
        erasure.end(settings.home, journal, now, releases=releases, pages=pages)
        if settings.copy:
            copies.bring_diary(settings.home, settings.copy)
    return Erased(
        journal.erasure_id,
        len(journal.files),
        tuple(releases),
        tuple(pages),
        tuple(_registry_lines(settings, name)),
        tuple(_other_copies(settings)),
    )


def erase_contributor(settings: Settings, account: str, *, reason: str) -> Erased:
    """Make a contributor, given by login or number on GitHub, anonymous in every file here and in the copy, and for ever after.

    Their commits go on being counted, as an unknown person's. Killed, it goes on when it is run again with the same account.
    Raises as `erase` does, and SourceError where GitHub can't tell the number of a login.
    """
    now = settings.now()
    is_number = account.isascii() and account.isdecimal()
    if (account if is_number else account_name(account)) in reason.lower():
        raise UsageError("The reason is kept for ever, so it must not hold the account.")
    account_id = int(account) if is_number else _account_id(settings, account)
    with lock.hold(settings.home, "erasure", now):
        # First of all, so that no capture between a kill and the next try brings the person back.
        private.opt_out(settings.home, account_id)
        key = private.person_key(settings.home)
        if key is None:
            return Erased("", 0, (), (), (), ())
        person = key.person(account_id)
        if erasure.under_way(settings.home) is None:
            _refuse_what_is_not_whole(settings)
        journal = erasure.begin(settings.home, person, reason, pl.lit(value=False))
        erasure.rewrite(settings.home, settings.copy, journal, PersonRemoval(person))
        private.forget_locations(settings.home, now.date(), person)
        releases = withdraw.withdraw(settings.home, person)
        erasure.end(settings.home, journal, now, releases=releases, contributors=1)
        if settings.copy:
            copies.bring_diary(settings.home, settings.copy)
    registry = () if is_number else tuple(_registry_lines(settings, account))
    return Erased(journal.erasure_id, len(journal.files), tuple(releases), (), registry, tuple(_other_copies(settings)))


def _account_id(settings: Settings, login: str) -> int:
    """Ask GitHub for an account's number: logins change hands, numbers don't, so only numbers are ever used."""
    name = account_name(login)
    try:
        said = Client(settings).get(f"/users/{name}").data
    except GoneError as error:
        raise UsageError(
            "GitHub knows no account of this login. Give the account's number: it stays the same after a new login.",
            next_command="leadershift erase 12345 --on github --reason ...",
        ) from error
    if not isinstance(said, dict) or not isinstance(said.get("id"), int):
        raise SourceError(
            "What GitHub answered is no account. Give the account's number instead of its login.",
            next_command="leadershift erase 12345 --on github --reason ...",
        )
    return int(said["id"])


def copy(settings: Settings, say: Say = silent) -> None:
    """Bring the second copy up to date. What goes wrong there is said and made up for next time; it costs no sealed week."""
    if settings.copy is None:
        return
    try:
        troubles = _bring(settings, settings.copy)
    except (OSError, LeadershiftError) as error:
        troubles = [error.message if isinstance(error, LeadershiftError) else str(error)]
    if troubles:
        say(f"The copy in {settings.copy} is not complete: {troubles[0]} The next capture tries again.")
        ledger.write(settings.home, "copy_failed", settings.now(), folder=str(settings.copy), reason=troubles[0])


def _retype(attempt: Spool, scratch: Spool) -> None:
    """Type the pages of a sealed attempt once more, each source in its own way."""
    if shape := SHAPES.get(attempt.source):
        rounds.write(scratch, attempt, shape)
    elif attempt.source == crawl.QUICK:
        quick.retype(attempt, scratch)
    else:
        crawl.retype(attempt, scratch)


def _bring(settings: Settings, copy: Path, *, thorough: bool = False) -> list[str]:
    brought = copies.bring(settings.home, copy, thorough=thorough)
    if brought.files:
        ledger.write(
            settings.home, "copied", settings.now(), folder=str(copy), files=brought.files, bytes=brought.bytes
        )
    if (settings.home / ledger.LEDGER).exists():
        copies.bring_diary(settings.home, copy)
    return list(brought.troubles)


def _refuse_what_is_not_whole(settings: Settings) -> None:
    custody.adopt(settings.home, settings.now())
    _count, troubles = custody.damage(settings.home, custody.promises(settings.home))
    if not troubles and settings.copy:
        troubles = _bring(settings, settings.copy) or copies.lacking(settings.home, settings.copy, thorough=True)
    if troubles:
        raise DamagedDataError(
            "Nothing was erased, because not everything is as it was sealed:\n" + "\n".join(troubles),
            next_command="leadershift repair",
        )


def _delete_pages_naming(home: Path, name: str) -> list[str]:
    """Delete the files of reports and sites in which a name stands as a whole component; `report` and `site` make them again."""
    component = re.compile(rf"(?<![a-z0-9_.-]){re.escape(name)}(?![a-z0-9_-])".encode(), re.IGNORECASE)
    folders = (home / "reports", home / "sites")
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    gone = [path for path in found if component.search(path.read_bytes())]
    for path in gone:
        path.unlink()
    return [path.relative_to(home).as_posix() for path in gone]


def _other_copies(settings: Settings) -> list[str]:
    """Name the folders that were copied to once and are not the copy now: nobody cleaned them."""
    copied = {line["folder"] for line in ledger.read(settings.home) if line["event"] == "copied"}
    return sorted(copied - {str(settings.copy)})


def _registry_lines(settings: Settings, name: str) -> list[str]:
    component = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    return [
        f"{path.name}, line {number}"
        for path in sorted(settings.registry.glob("*.csv"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if component.search(line)
    ]


def adopt(settings: Settings, say: Say) -> None:
    """Guard what a killed run sealed and could not say. A damaged diary is left to `verify`: it must not cost a week."""
    try:
        adopted = custody.adopt(settings.home, settings.now())
    except DamagedDataError as error:
        say(f"{error.message} {GOES_ON}")
        return
    for found in adopted:
        say(f"{found.source} {found.week}: sealed on {found.sealed_at} by a run that was ended before it said so")


def forget_locations(settings: Settings, now: datetime, say: Say) -> None:
    """Delete what people wrote about where they live, once it is as old as it may get."""
    if forgotten := private.forget_locations(settings.home, now.date()):
        say(f"{forgotten} files of location texts were older than {private.KEEP_LOCATIONS.days} days and are deleted.")


def room(settings: Settings) -> tuple[int, int]:
    """Give the free bytes of the home's disk, and how many a capture should find there."""
    # How large a stand-in on this machine is, nobody knows before its first snapshot.
    unknown = 0 if settings.is_rehearsal else retention.FIRST_SNAPSHOT_BYTES
    return retention.free(settings.home), retention.needed(settings.home, crawl.HUB, unknown=unknown)


def begin(settings: Settings, now: datetime) -> Spool:
    """Open an attempt, if the disk has room for all of it: half a crawl is of no use to anybody. Raises StorageError."""
    free, needed = room(settings)
    if free < needed:
        raise StorageError(
            f"Week {Week.of(now)}, Hugging Face: the disk of {settings.home} has {free:,} bytes free, and a capture"
            f" needs {needed:,}. Nothing was begun.",
            next_command="leadershift tidy --dry-run",
        )
    return spool.begin(settings.home, crawl.HUB, now)
