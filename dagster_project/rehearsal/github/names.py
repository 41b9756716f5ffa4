"""Full names of repositories through time: who has a name, who had it, and what a repository is called now.

Not here: where the names come from (github/world, github/tables).
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from functools import cached_property


class NameBook:
    """The names of `count` repositories, each given as (second from which it holds, full name), earliest first."""

    def __init__(self, names: Callable[[int], Sequence[tuple[int, str]]], count: int) -> None:
        self._names, self._count = names, count

    @cached_property
    def _known(self) -> dict[str, list[tuple[int, int]]]:
        """The repositories that ever have a name, in lower case, with the second from which they have it."""
        known: dict[str, list[tuple[int, int]]] = {}
        for number in range(self._count):
            for at, name in self._names(number):
                known.setdefault(name.lower(), []).append((at, number))
        return known

    def full_name(self, number: int, now: int) -> str:
        """Give a repository's full name at a moment; before all of them, the first."""
        names = self._names(number)
        return names[max(0, bisect.bisect_right(names, now, key=lambda entry: entry[0]) - 1)][1]

    def find(self, owner: str, name: str, now: int) -> tuple[int, bool] | None:
        """Find the repository that has this name, in any case, else the one that had it (then True)."""
        wanted = f"{owner}/{name}".lower()
        had = [number for at, number in self._known.get(wanted, ()) if at <= now]
        found = sorted((self.full_name(number, now).lower() != wanted, number) for number in had)
        return (found[0][1], found[0][0]) if found else None
