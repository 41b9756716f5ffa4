"""The three sizes that each chart comes in: for a wide page, for a narrow one, and as a card of 1200 x 630 pixels.

Not here: what stands around a plot (canvas), and which mark stands where (the charts themselves).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

CARD_WIDTH, CARD_HEIGHT, CARD_MARGIN, CARD_SCALE = 600, 315, 24, 2.0
_Choice = TypeVar("_Choice")


@dataclass(frozen=True)
class Layout:
    """Pixels of one size. `plot_height` is fixed where the picture is, as on a card."""

    name: str
    width: int
    title_columns: int
    text_columns: int
    left: int = 0
    right: int = 0
    row: int = 28
    bar: int = 15
    is_stacked: bool = False
    plot_height: int | None = None

    @property
    def plot(self) -> int:
        """Width of the plot itself."""
        return self.width - self.left - self.right

    @property
    def is_narrow(self) -> bool:
        """Whether there is little room beside the plot."""
        return self.width < CARD_WIDTH - 2 * CARD_MARGIN

    @property
    def is_card(self) -> bool:
        """Whether it is the card, whatever its height."""
        return self.name == CARD.name

    @property
    def is_small(self) -> bool:
        """Whether letters are small: on a card or a narrow page."""
        return self.is_card or self.is_narrow

    def pick(self, *, wide: _Choice, narrow: _Choice, card: _Choice) -> _Choice:
        """Choose by size."""
        return card if self.is_card else narrow if self.is_narrow else wide

    def inset(self, left: int, right: int) -> Layout:
        """The same with other margins beside the plot."""
        return replace(self, left=left, right=right)


# Columns are counted in letters of DejaVu Sans, the widest font a reader is likely to have.
WIDE = Layout("wide", 720, 72, 100, left=212, right=160)
NARROW = Layout("narrow", 358, 35, 47, left=0, right=2, row=42, bar=11, is_stacked=True)
# A card has a font of its own, narrower than that.
CARD = Layout("card", CARD_WIDTH - 2 * CARD_MARGIN, 54, 98, left=150, right=158, row=17, bar=10)


@dataclass(frozen=True)
class Plot:
    """Layers for one layout, and how tall they are together. `layout` has the margins that were used."""

    layers: Sequence[Any]
    height: int
    layout: Layout
