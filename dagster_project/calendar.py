"""ISO weeks and UTC time. Time is always an argument; the one clock is in settings.

Not here: reading the clock, and what a week means for a counter (sql/core).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dagster_project.errors import UsageError

_ISO_WEEK = re.compile(r"^(\d{4})-W(\d{2})$")


@dataclass(frozen=True, order=True)
class Week:
    """One ISO week, known by its Monday."""

    monday: date

    def __post_init__(self) -> None:
        if self.monday.isoweekday() != 1:
            raise ValueError(f"{self.monday} is not a Monday")

    @classmethod
    def of(cls, moment: date | datetime) -> Week:
        """Give the week that a UTC day or an aware moment falls in."""
        day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
        return cls(day - timedelta(days=day.isoweekday() - 1))

    @classmethod
    def parse(cls, text: str) -> Week:
        """Read `2026-W47` or the date of a Monday, `2026-11-16`."""
        match = _ISO_WEEK.match(text.strip())
        try:
            if match:
                return cls(date.fromisocalendar(int(match[1]), int(match[2]), 1))
            return cls(date.fromisoformat(text.strip()))
        except ValueError as error:
            raise UsageError(
                f"'{text}' is not a week. Write 2026-W47, or the date of its Monday: 2026-11-16."
            ) from error

    @property
    def next_monday(self) -> date:
        """The first day after this week."""
        return self.monday + timedelta(days=7)

    def __str__(self) -> str:
        """Give `2026-W47`."""
        year, number, _ = self.monday.isocalendar()
        return f"{year:04d}-W{number:02d}"


def parse_time(text: str) -> datetime:
    """Read an ISO time as an aware UTC moment; a bare date is its midnight, a time without zone is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"'{text}' is not an ISO time. Write 2026-11-21T02:00:00Z.") from error


def stamp(moment: datetime) -> str:
    """Write a moment the one way files and ledgers carry it: `2026-11-21T02:00:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
