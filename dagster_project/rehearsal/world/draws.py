"""Draws that belong to a number for ever: a hash instead of a generator, so that any part of a world can be made alone.

Not here: what a draw decides (world/facts, world/lineage, dirt).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ALL_BITS = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""The constants of SplitMix64 (Steele, Lea and Flood 2014)."""
_UNIT = 2.0**-53


class Draws:
    """Independent draws in 0..1 for each (seed, salt, number); the same on every machine and in any order."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._keys: dict[str, np.uint64] = {}

    def of(self, salt: str, numbers: Ints) -> Floats:
        """Give one draw for each number."""
        mixed = numbers.astype(np.uint64) * np.uint64(_GOLDEN) + self._key(salt)
        mixed ^= mixed >> np.uint64(30)
        mixed *= np.uint64(_FIRST)
        mixed ^= mixed >> np.uint64(27)
        mixed *= np.uint64(_SECOND)
        mixed ^= mixed >> np.uint64(31)
        return (mixed >> np.uint64(11)).astype(np.float64) * _UNIT

    def one(self, salt: str, number: int) -> float:
        """Give the draw of a single number."""
        return float(self.of(salt, np.array([number], dtype=np.int64))[0])

    def _key(self, salt: str) -> np.uint64:
        if salt not in self._keys:
            key = self._seed & _ALL_BITS
            for byte in salt.encode():
                key = ((key ^ byte) * _GOLDEN + _FIRST) & _ALL_BITS
                key ^= key >> 29
            self._keys[salt] = np.uint64(key)
        return self._keys[salt]


def pick(weights: Sequence[float], draws: Floats) -> Ints:
    """Give the place that each draw in 0..1 falls on, by weight."""
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.minimum(np.searchsorted(bounds / bounds[-1], draws, side="right"), len(bounds) - 1).astype(np.int64)


def pick_by_row(bounds: Floats, rows: Ints, draws: Floats) -> Ints:
    """Give the place each draw falls on in its own row of `bounds`: rows of running totals, each up to 1."""
    width = bounds.shape[1]
    stacked = (bounds + np.arange(len(bounds))[:, None]).ravel()
    found: Ints = np.searchsorted(stacked, draws + rows, side="right") - rows * width
    return np.clip(found, 0, width - 1)
