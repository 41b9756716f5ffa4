"""What never leaves this home: the key that turns account ids into persons, who asked not to be known, and location texts.

All of it lies in `private/`, readable by its owner alone: no snapshot, copy, diary or release ever has any of it.
Without the key nobody who was seen before can be recognised, so the next run makes a new one and begins anew: quarters
that are still read (people.HISTORY_QUARTERS) are read again, older ones stay as they were counted, and the two are never
mixed. A backup of `private/person.key` and `private/opted_out` is the owner's business; one of `private/locations` would
outlive the day on which they have to go.
Not here: what a location means (geography), who asked to be forgotten (keeping).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import msgspec

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import durable

FOLDER = "private"
KEY = f"{FOLDER}/person.key"
OPTED_OUT = f"{FOLDER}/opted_out"
LOCATIONS = f"{FOLDER}/locations"
OWNER_ONLY, OWNER_ONLY_FOLDER = 0o600, 0o700
KEY_BYTES = 32
PERSON_DIGITS, KEY_ID_DIGITS = 32, 8
# Long enough to look again at what the gazetteer made of a text, no longer.
KEEP_LOCATIONS = timedelta(days=30)
LONGEST_LOCATION = 1_000


@dataclass(frozen=True)
class PersonKey:
    """The key of this home. `key_id` tells keys apart without telling them."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Name the key."""
        return self._digest("the name of this key")[:KEY_ID_DIGITS]

    def person(self, account_id: int) -> str:
        """Give the pseudonym of an account: HMAC-SHA256 of its number, cut to 128 bits."""
        return self._digest(f"{account_id}")[:PERSON_DIGITS]

    def _digest(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


class Location(msgspec.Struct, frozen=True):
    """What a profile said of its place on a day."""

    person: str
    location: str


def person_key(home: Path) -> PersonKey | None:
    """Read the key; None where there is none yet. Raises DamagedDataError."""
    path = home / KEY
    if not path.exists():
        return None
    path.chmod(OWNER_ONLY)
    try:
        secret = bytes.fromhex(path.read_text())
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise DamagedDataError(
            f"{path} is not the key that was made. Put it back from a backup; without one delete it: the next run then makes"
            " a new one and begins anew.",
            next_command="leadershift capture --source github_people",
        )
    return PersonKey(secret)


def make_person_key(home: Path) -> PersonKey:
    """Make the key of this home."""
    secret = secrets.token_bytes(KEY_BYTES)
    _write(home, KEY, secret.hex().encode())
    return PersonKey(secret)


def opted_out(home: Path) -> set[int]:
    """Give the account ids of those who asked not to be known. Raises DamagedDataError: whom a line means must not be guessed."""
    path = home / OPTED_OUT
    if not path.exists():
        return set()
    ids = set()
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
        account = line.strip()
        if account and not (account.isascii() and account.isdecimal()):
            # Not what stands there: it may be a name, and this ends up in logs.
            raise DamagedDataError(
                f"{path}, line {number} is no account number. Nobody is asked for before it is right: one number a line.",
                next_command="leadershift capture --source github_people",
            )
        ids |= {int(account)} if account else set()
    return ids


def opt_out(home: Path, account_id: int) -> None:
    """Remember an account that must not come back."""
    ids = sorted({*opted_out(home), account_id})
    _write(home, OPTED_OUT, "".join(f"{one}\n" for one in ids).encode())


def keep_locations(home: Path, found: Iterable[Location], day: date) -> None:
    """Keep the texts that profiles showed on a day, apart from everything else, until KEEP_LOCATIONS later."""
    lines = [msgspec.json.encode(Location(one.person, one.location[:LONGEST_LOCATION])) for one in found]
    if lines:
        name = f"{LOCATIONS}/{day}.jsonl"
        if not (home / name).exists():
            _write(home, name, b"")
        durable.append_line(home / name, b"\n".join(lines))


def forget_locations(home: Path, today: date, person: str | None = None) -> int:
    """Delete the texts that are older than KEEP_LOCATIONS, and all of a person; give how many files went."""
    gone = 0
    for path in sorted((home / LOCATIONS).glob("????-??-??.jsonl")):
        if date.fromisoformat(path.stem) < today - KEEP_LOCATIONS:
            path.unlink()
            gone += 1
        elif person:
            lines = path.read_bytes().splitlines(keepends=True)
            others = [line for line in lines if person.encode() not in line]
            if others != lines:
                _write(home, f"{LOCATIONS}/{path.name}", b"".join(others))
    return gone


def _write(home: Path, name: str, content: bytes) -> None:
    """Write a file that only its owner may read, at no moment anybody else."""
    path = home / name
    durable.make_folder(path.parent)
    (home / FOLDER).chmod(OWNER_ONLY_FOLDER)
    with durable.replacing(path) as temporary:
        temporary.touch(OWNER_ONLY)
        temporary.write_bytes(content)
