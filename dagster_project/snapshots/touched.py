"""Whether sealed files are as they were sealed, asked before each build: what the build reads is hashed, the rest if it was touched.

A file that nothing is made from in a build can't make a number of it wrong: what was made from it is kept, under a hash of its
own, and was made when the file had the right bytes. Such a file is hashed only when its size, inode, time of writing or time of
change differ from those at which its hash was last found right.
What that can't see: bytes that rot on the disk without having been written, in a file that is not read. They make no number
wrong, and `leadershift verify` names them, because it hashes every file.
What is remembered here is no evidence: it may be deleted, and then everything is hashed once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from dagster_project.snapshots import durable, kept, manifest
from dagster_project.snapshots.manifest import Entry
from dagster_project.snapshots.spool import Spool


class _Look(msgspec.Struct, frozen=True):
    """How a file looked when its hash was found right."""

    sha256: str
    bytes: int
    inode: int
    written_ns: int
    changed_ns: int


def damage(home: Path, snapshots: Sequence[Spool], *, unread: Collection[Spool], memory: Path) -> list[str]:
    """Check the files of snapshots whose manifests are right: one sentence for each trouble.

    Of `unread` snapshots, which nothing is made from any more, only files that were touched are hashed.
    `memory` is the file that remembers how the files looked; it is written when none has a trouble.
    """
    known = _remembered(memory)
    seen = dict(known)
    troubles: list[str] = []
    for attempt in snapshots:
        for entry in manifest.typed(manifest.read(attempt.folder)):
            # Looked at before it is hashed: what is written meanwhile differs from this look the next time.
            look = _look(home, entry)
            if look is None or attempt not in unread or known.get(entry.path) != look:
                troubles += manifest.damage(home, [entry])
            if look is not None:
                seen[entry.path] = look
    if not troubles and seen != known:
        durable.write_bytes(memory, msgspec.json.encode(seen))
    return troubles


def _look(home: Path, entry: Entry) -> _Look | None:
    try:
        status = (home / entry.path).stat()
    except FileNotFoundError:
        return None
    return _Look(entry.sha256, status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns)


def _remembered(memory: Path) -> dict[str, _Look]:
    try:
        return kept.decoded(memory.read_bytes(), dict[str, _Look])
    except (FileNotFoundError, ValueError):
        return {}
