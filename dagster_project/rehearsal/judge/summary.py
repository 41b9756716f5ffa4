"""A rehearsal's verdicts in a few lines: how many held, which did not, and the worst of each kind of measure.

Not here: the verdicts themselves (the other files of this folder).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dagster_project.rehearsal.judge.leads import FROM_PLANTED
from dagster_project.rehearsal.judge.limits import TOGETHER
from dagster_project.rehearsal.judge.staying import OF_CURVES
from dagster_project.rehearsal.judge.verdict import Verdict

# What a verdict may be off, besides what no capture could show, and still hold. Counts have to be exact.
TOLERANCES = {
    "points": 0.002,
    "of the truth": 0.005,
    "of all, misplaced": 0.005,
    "of the value": 0.02,
    "bits": 1e-9,
    FROM_PLANTED: 1,
    TOGETHER: 0.01,
    OF_CURVES: 0.02,
}
HELD_MEANS = (
    "counts exact, shares within 0.2 points, amounts within 0.5 %, planted crossovers within a week, turns within four"
)
HIDDEN_MEANS = (
    "what came between midnight and the capture, or after a model's last snapshot; how its pace changed between two snapshots;"
    " which of its weeks it was where a snapshot is lost or the counters stood still; what unreadable records say;"
    " places that our reader can't tell"
)
IN_TIME = "in time"
"""How the unit of a turn ends that was flagged soon enough."""
_KIND_ENDS = re.compile(r"[,:]")


@dataclass(frozen=True)
class Kind:
    """All verdicts about one kind of measure: how many there are, how many held, and the one that is furthest off."""

    name: str
    verdicts: int
    held: int
    worst: Verdict

    def words(self) -> tuple[str, str, str, str, str, str]:
        """Give the line as text."""
        _measure, truth, measured, error, besides = self.worst.words()
        return self.name, f"{self.held} of {self.verdicts}", truth, measured, error, besides


def held(verdict: Verdict) -> bool:
    """Whether a verdict is within its tolerance, besides what no capture could show."""
    return _is_within(verdict, verdict.error if verdict.besides is None else verdict.besides)


def hides(verdict: Verdict) -> bool:
    """Whether a verdict held only because the rest of its error is what no capture could show."""
    return held(verdict) and not _is_within(verdict, verdict.error)


def _is_within(verdict: Verdict, error: float | None) -> bool:
    return verdict.unit.endswith(IN_TIME) or abs(error or 0) <= TOLERANCES.get(verdict.unit, 0)


def compared(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those where there was something to compare."""
    return [verdict for verdict in verdicts if verdict.error is not None]


def kinds(verdicts: Sequence[Verdict]) -> list[Kind]:
    """Gather verdicts by the words before their first comma or colon, in the order in which they come."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in compared(verdicts):
        groups.setdefault(_KIND_ENDS.split(verdict.measure)[0], []).append(verdict)
    return [Kind(name, len(group), sum(map(held, group)), max(group, key=_excess)) for name, group in groups.items()]


def _excess(verdict: Verdict) -> tuple[bool, float]:
    return not held(verdict), abs(verdict.error or 0)
