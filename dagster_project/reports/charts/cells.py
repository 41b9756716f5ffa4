"""Cells of a table drawn in tints: which of five tints a share takes, and what is too small to show.

Not here: the tables (matrix, openness), the map (tiles).
"""

from __future__ import annotations

from dataclasses import dataclass

STEPS = (0.02, 0.1, 0.3, 0.6)  # from where the next of the five tints begins
SMALL_CELL = " "


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: a share with its number, `·` for too few to say, nothing where there is nothing."""

    share: float | None
    text: str

    @property
    def step(self) -> int:
        """Which of the five tints."""
        return sum((self.share or 0.0) >= step for step in STEPS)
