"""The index of names, in memory: which places a name may mean, and how much weight each has.

Not here: how the index is made (build), how a text is cut into names (reading), and which place is meant (judging).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from dagster_project.errors import DamagedDataError
from dagster_project.settings import shipped

COUNTRY, COUNTRY_CODE, REGION, REGION_CODE, SIGN, CITY = "N", "n", "A", "a", "X", "C"
DISTRICT_CODE = "b"
CODES = (COUNTRY_CODE, REGION_CODE, DISTRICT_CODE, SIGN)
WEAK = "w"
TENTHS = 10
MARGIN_OVER_A_REGION = 1.0
REMEMBERED_MEANINGS = 30_000
FUZZY_MIN_LETTERS, FUZZY_MAX_LETTERS, FUZZY_MIN_WEIGHT = 6, 25, 5.5
"""One slip of the pen is forgiven in names of so many letters and so much weight (600,000 people at the reference)."""


class Candidate(NamedTuple):
    """One place that a name may mean.

    `weight` is log10 of its people times its country's rate; `is_weak` marks a common word, or a code that is one: it is no
    answer by itself, only beside a place that supports it.
    """

    country: str
    region: str
    kind: str
    weight: float
    is_weak: bool


class Sense:
    """What a name may mean in one country, laid out for the judge."""

    __slots__ = ("any_place", "code_of_country", "meaning", "name_of_country", "place", "regions", "weight_by_region")

    def __init__(self, candidates: Sequence[Candidate], meaning: Meaning) -> None:
        self.meaning = meaning
        countries = [c for c in candidates if not c.region and c.kind in (COUNTRY, COUNTRY_CODE, SIGN)]
        self.name_of_country = max((c.weight for c in countries if c.kind == COUNTRY), default=None)
        """The country's weight, if the name is the country's."""
        self.code_of_country = max((c.weight for c in countries if c.kind != COUNTRY), default=None)
        self.regions = tuple(c for c in candidates if c.kind in (REGION, REGION_CODE))
        self.place = _heaviest(c for c in candidates if not c.is_weak)
        """The heaviest that is a place by itself."""
        self.any_place = _heaviest(c for c in candidates if c.kind not in CODES)
        """The heaviest of all but codes, common words too: what it means beside the country's name."""
        self.weight_by_region: dict[str, float] = {}
        for candidate in candidates:
            if candidate.region:
                known = self.weight_by_region.get(candidate.region, candidate.weight)
                self.weight_by_region[candidate.region] = max(known, candidate.weight)


class Meaning:
    """What a name may mean: a sense by country, and what it says when it stands alone."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        self.is_code = all(candidate.kind in CODES for candidate in candidates)
        self.alone = _ranked(c for c in candidates if not c.is_weak)
        """Weight and country, heaviest first, of what is no common word."""

    @property
    def is_weak(self) -> bool:
        """Whether it is nothing but common words and codes that are words."""
        return not self.alone

    @cached_property
    def senses(self) -> dict[str, Sense]:
        """Give the sense in each country; only a name among others needs them."""
        by_country: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in self.candidates:
            by_country[candidate.country].append(candidate)
        return {country: Sense(held, self) for country, held in by_country.items()}

    @cached_property
    def is_divided(self) -> bool:
        """Whether it is the name of a country and of another country's region of like weight: Georgia."""
        first, second, *_ = [*self.alone, (0.0, ""), (0.0, "")]
        return (
            first[0] - second[0] < MARGIN_OVER_A_REGION
            and any(c.kind == COUNTRY and c.country == first[1] for c in self.candidates)
            and any(c.kind == REGION and c.country == second[1] for c in self.candidates)
        )

    def as_written_in_capitals(self) -> list[tuple[float, str]]:
        """Rank the countries as `alone` does, with codes that are words in small letters (IN, PER)."""
        return _ranked(c for c in self.candidates if not c.is_weak or c.kind in CODES)


def _heaviest(candidates: Iterable[Candidate]) -> Candidate | None:
    return max(candidates, key=lambda candidate: candidate.weight, default=None)


def _ranked(candidates: Iterable[Candidate]) -> list[tuple[float, str]]:
    weights: dict[str, float] = {}
    for candidate in candidates:
        weights[candidate.country] = max(candidate.weight, weights.get(candidate.country, candidate.weight))
    return sorted(((weight, country) for country, weight in weights.items()), reverse=True)


class _SortedNames:
    """Half a million sorted names as one string of bytes: a tenth of what a dict of them would take."""

    def __init__(self, names: pl.Series) -> None:
        self._bytes = str(names.str.join("").item()).encode()
        self._ends = np.cumsum(names.str.len_bytes().to_numpy(), dtype=np.int64).astype(np.int32)

    def find(self, name: str) -> int | None:
        """Give the row of a name, or None. Bytes of UTF-8 sort as their characters do."""
        wanted, low, high = name.encode(), 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            start = int(self._ends[middle - 1]) if middle else 0
            here = self._bytes[start : int(self._ends[middle])]
            if here == wanted:
                return middle
            if here < wanted:
                low = middle + 1
            else:
                high = middle
        return None


class Gazetteer:
    """Names to what they may mean."""

    def __init__(self, folder: Path) -> None:
        try:
            names, entries, villages, territories, points = (
                pl.read_parquet(folder / f"{table}.parquet")
                for table in ("names", "entries", "villages", "territories", "points")
            )
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DamagedDataError(
                f"The index of places in {folder} can't be read: {error}",
                next_command="pip install --force-reinstall leadershift",
            ) from error
        self._rows = dict(zip(names["name"].to_list(), names["entry"].to_list(), strict=True))
        self._entries: list[str] = entries["candidates"].to_list()
        self._meanings: dict[int, Meaning] = {}
        self._villages = _SortedNames(villages["name"])
        self._village_candidates = villages["candidate"]
        self.weights: dict[str, float] = {code: weight / TENTHS for code, weight in territories.iter_rows()}
        self.weight_of_world = math.log10(sum(10**weight for weight in self.weights.values()))
        self.points = points
        self._well_known = _well_known(names, entries)

    def find(self, name: str) -> Meaning | None:
        """Give what a name may mean, or None if the index does not have it."""
        row = self._rows.get(name)
        if row is None:
            return None
        meaning = self._meanings.get(row)
        if meaning is None:
            if len(self._meanings) >= REMEMBERED_MEANINGS:
                self._meanings.clear()
            meaning = self._meanings[row] = Meaning([_candidate(text) for text in self._entries[row].split(";")])
        return meaning

    def find_village(self, name: str) -> Meaning | None:
        """Give the one place of that name among the many small ones of the postal files."""
        row = self._villages.find(name)
        return None if row is None else Meaning([_candidate(self._village_candidates[row])])

    @cached_property
    def _names_by_slip(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._well_known:
            for form in _deletions(name):
                found[form].append(name)
        return found

    @lru_cache(REMEMBERED_MEANINGS)  # noqa: B019 - the one gazetteer of a process lives as long as it
    def find_misspelt(self, name: str) -> Meaning | None:
        """Give the one well-known place whose name is one slip away: a letter too many, too few, wrong, or two swapped."""
        if not FUZZY_MIN_LETTERS - 1 <= len(name) <= FUZZY_MAX_LETTERS or not name.isascii():
            return None
        near = {
            known
            for form in _deletions(name)
            for known in self._names_by_slip.get(form, ())
            if known[0] == name[0] and _is_one_slip(name, known)
        }
        return self.find(near.pop()) if len(near) == 1 else None


def _well_known(names: pl.DataFrame, entries: pl.DataFrame) -> list[str]:
    """Give the long names whose heaviest candidate is a country, a region or a city of weight."""
    heaviest = pl.col("candidates").str.extract_groups(
        rf"^[^.]*\.[^.]*\.(?<kind>[{COUNTRY}{CITY}{REGION}])\.(?<weight>\d+)"
    )
    heavy = (
        entries.with_row_index("entry")
        .with_columns(heaviest.alias("first"))
        .unnest("first")
        .filter(pl.col("weight").cast(pl.Int32) >= FUZZY_MIN_WEIGHT * TENTHS)
    )
    is_long = pl.col("name").str.len_chars() >= FUZZY_MIN_LETTERS
    is_ascii = pl.col("name").str.len_bytes() == pl.col("name").str.len_chars()
    return names.filter(is_long & is_ascii & pl.col("entry").is_in(heavy["entry"].implode()))["name"].to_list()


def _candidate(text: str) -> Candidate:
    country, region, kind, weight = text.split(".")
    return Candidate(country, region, kind[0], int(weight) / TENTHS, kind.endswith(WEAK))


def _deletions(name: str) -> Iterator[str]:
    yield name
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]


def _is_one_slip(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    start = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    return short[start + 1 :] == long[start + 1 :] or (
        short[start + 2 :] == long[start + 2 :] and short[start : start + 2] == long[start : start + 2][::-1]
    )


@cache
def gazetteer() -> Gazetteer:
    """Load the shipped index, once in a process."""
    return Gazetteer(shipped("data/gazetteer"))
