"""Tables drawn in tints: which of five tints a share takes, how its cell is set, and what is too small to show.

Not here: the tables (matrix, openness), the map (tiles).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dagster_project.reports.charts import marks, placing
from dagster_project.reports.charts.layout import Layout, Plot
from dagster_project.reports.charts.marks import Box, Text
from dagster_project.reports.charts.palette import INK, RAMP, RAMP_TEXT

STEPS = (0.02, 0.1, 0.3, 0.6)  # from where the next of the five tints begins


def step(share: float) -> int:
    """Which of the five tints."""
    return sum(share >= least for least in STEPS)


@dataclass
class Grid:
    """A table on its way into a chart. Pixels: `head` is above its cells, `row` the height of one; `hatch` is for what is too small."""

    layout: Layout
    head: int
    columns: int
    row: float
    hatch: str
    _boxes: list[Box] = field(default_factory=list)
    _texts: list[Text] = field(default_factory=list)

    @property
    def wide(self) -> float:
        """The width of a column."""
        return self.layout.plot / self.columns

    def name_column(self, column: int, text: str, size: float, weight: int, ink: str) -> None:
        """Write what a column is called."""
        self._texts.append(Text(text, self.wide * (column + 0.5), 10, size, weight, ink, "center"))

    def name_row(self, row: int, text: str, size: float, *, widest: float) -> None:
        """Write what a row is called, cut to the room on the left at the `widest` size of all layouts."""
        fitting = placing.fit_width(text, self.layout.left - 10, widest, is_bold=True)
        self._texts.append(Text(fitting, -8, self._middle(row), size, 600, INK, "right"))

    def cell(
        self, row: int, column: int, share: float | None, size: float, *, text: str = "", weight: int = 400
    ) -> None:
        """Set a share, in words of its own where there are; None is hatched."""
        fill, ink = (f"url(#{self.hatch})", INK) if share is None else (RAMP[step(share)], RAMP_TEXT[step(share)])
        place = (self.wide * column + 1, self.head + self.row * row + 1)
        self._boxes.append(Box(*place, self.wide - 2, self.row - 2, fill))
        if share is not None:
            said = text or f"{share * 100:.0f} %"
            middle = (self.wide * (column + 0.5), self._middle(row))
            self._texts.append(Text(said, *middle, size, weight, ink, "center"))

    def plot(self, rows: int) -> Plot:
        """Give it as layers."""
        return marks.plot(self.layout, round(self.head + self.row * rows), self._boxes, self._texts)

    def _middle(self, row: int) -> float:
        return self.head + self.row * (row + 0.5)
