"""The family of errors: each says what was wrong, where, and which command goes on from there.

Every class carries its own exit code, so that scripts and schedulers can tell a clean refusal from damage.
Not here: how errors are shown (cli, defs).
"""

from __future__ import annotations

from datetime import datetime


class LeadershiftError(Exception):
    """Base of everything a user or the outside world can cause. Never shown as a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, next_command: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_command = next_command

    def __str__(self) -> str:
        """Give the sentence, then the way on."""
        return f"{self.message}\nGo on with: {self.next_command}" if self.next_command else self.message


class UsageError(LeadershiftError):
    """A setting, an argument or a file named by the user is wrong."""

    exit_code = 2


class SourceError(LeadershiftError):
    """The Hub, GitHub or the way there failed. What was captured so far is safe."""

    exit_code = 3


class IncompleteSnapshotError(SourceError):
    """The source ended early: what it sent can't be the whole list, so it was not sealed."""


class PauseError(SourceError):
    """The quota is used up: a clean pause; the same command goes on from there after the time it names."""

    exit_code = 9

    def __init__(self, message: str, resume_at: datetime, *, next_command: str | None = None) -> None:
        super().__init__(message, next_command=next_command)
        self.resume_at = resume_at


class DamagedDataError(LeadershiftError):
    """A file does not have the bytes its manifest promises."""

    exit_code = 4


class GateError(LeadershiftError):
    """Data is kept but not published, because a gate or an audit failed."""

    exit_code = 5


class RefusedError(LeadershiftError):
    """The request can't be had: a past week's capture, a lock that somebody else holds, a clock that is wrong."""

    exit_code = 6


class NothingYetError(LeadershiftError):
    """There is no sealed snapshot, build or release yet."""

    exit_code = 7


class StorageError(LeadershiftError):
    """The disk is full, read-only or otherwise refuses."""

    exit_code = 8


class AlarmError(LeadershiftError):
    """No week was sealed for too long: nobody may have noticed that the captures stopped."""

    exit_code = 10


EXIT_CODES: dict[int, str] = {
    0: "done, or nothing to do",
    1: "a fault of ours: please report it",
    **{
        kind.exit_code: (kind.__doc__ or "").splitlines()[0]
        for kind in (
            UsageError,
            SourceError,
            DamagedDataError,
            GateError,
            RefusedError,
            NothingYetError,
            StorageError,
            PauseError,
            AlarmError,
        )
    },
}
