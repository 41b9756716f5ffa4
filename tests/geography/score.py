"""Scores the resolver on labelled rows: `python -m tests.geography.score ../shared/geo/dev.csv [MODULE:FUNCTION]`.

A row has `location_text, country_iso2, accept, klass, label_method`; `accept` lists the acceptable answers, `|` between them, `-` for no
country, `MULTI:AA|BB` for several at once. Another resolver with the same interface is measured on the same rows by its name.
"""

# ruff: noqa: T201 - what it prints is what it is for
from __future__ import annotations

import csv
import hashlib
import importlib
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MIN_ROWS_OF_A_COUNTRY = 20
GROUPS = {"hand": "core", "hand-written case": "hard"}
Answer = tuple[str, ...]
Resolver = Callable[[Sequence[str]], list[Answer]]


@dataclass(frozen=True)
class Row:
    text: str
    group: str
    country: str
    accept: str

    def takes(self, answer: Answer) -> bool:
        """Whether an answer is among the acceptable ones."""
        if self.accept.startswith("MULTI:"):
            return len(answer) > 1 and set(answer) == set(self.accept.removeprefix("MULTI:").split("|"))
        options = self.accept.split("|")
        if not answer:
            return "-" in options
        return answer[0] in options if len(answer) == 1 else "MULTI" in options

    @property
    def is_no_place(self) -> bool:
        return self.accept == "-"

    @property
    def shares(self) -> dict[str, float]:
        """The true countries of a row, 1/k each."""
        countries = (
            self.accept.removeprefix("MULTI:").split("|") if self.accept.startswith("MULTI:") else [self.country]
        )
        return {country: 1 / len(countries) for country in countries if country not in ("", "MULTI")}

    @property
    def half(self) -> str:
        """A or B, by a hash of the text: rules were made looking at A, and B was only counted."""
        return "AB"[hashlib.sha256(self.text.encode()).digest()[0] % 2]


@dataclass(frozen=True)
class Score:
    rows: int
    precision: float
    recall: float
    no_places: int
    no_places_answered: int
    share_error: float
    recall_by_country: dict[str, float]

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(row["location_text"], GROUPS.get(row["label_method"], "silver"), row["country_iso2"], row["accept"])
            for row in csv.DictReader(file)
        ]


def score(rows: Sequence[Row], answers: Sequence[Answer]) -> Score:
    """Precision: right answers of all answers. Recall: right answers of all places, where no answer may be right."""
    right = answered = places = missed = 0
    true_shares: Counter[str] = Counter()
    found_shares: Counter[str] = Counter()
    by_country: dict[str, list[bool]] = defaultdict(list)
    for row, answer in zip(rows, answers, strict=True):
        is_right = row.takes(answer)
        answered += bool(answer)
        right += bool(answer) and is_right and not row.is_no_place
        places += not row.is_no_place
        missed += not row.is_no_place and not is_right
        for country, share in row.shares.items():
            true_shares[country] += share  # type: ignore[assignment]  # Counter counts in fractions here
        for country in answer:
            found_shares[country] += 1 / len(answer)  # type: ignore[assignment]
        if len(row.shares) == 1:
            by_country[next(iter(row.shares))].append(is_right)
    no_places = [bool(answer) for row, answer in zip(rows, answers, strict=True) if row.is_no_place]
    return Score(
        rows=len(rows),
        precision=right / max(answered, 1),
        recall=right / max(right + missed, 1),
        no_places=len(no_places),
        no_places_answered=sum(no_places),
        share_error=_half_distance(true_shares, found_shares),
        recall_by_country={
            country: sum(held) / len(held) for country, held in by_country.items() if len(held) >= MIN_ROWS_OF_A_COUNTRY
        },
    )


def _half_distance(one: Counter[str], other: Counter[str]) -> float:
    sums = max(sum(one.values()), 1), max(sum(other.values()), 1)
    return sum(abs(one[country] / sums[0] - other[country] / sums[1]) for country in {*one, *other}) / 2


def main() -> None:
    path, *named = sys.argv[1:]
    module, _, function = (named[0] if named else "dagster_project.geography:resolve").partition(":")
    resolve: Resolver = getattr(importlib.import_module(module), function)
    rows = read(Path(path))
    started = time.process_time()
    resolve(["Berlin"])
    print(f"loaded in {time.process_time() - started:.2f} CPU seconds")
    print("| group | half | rows | precision | recall | F1 | non-places answered | share error |")
    print("|---|---|---|---|---|---|---|---|")
    for group in ("core", "hard", "silver"):
        for half in ("A", "B", "AB"):
            held = [row for row in rows if row.group == group and row.half in half]
            told = score(held, resolve([row.text for row in held]))
            print(
                f"| {group} | {half} | {told.rows} | {told.precision:.3f} | {told.recall:.3f} | {told.f1:.3f}"
                f" | {told.no_places_answered} of {told.no_places} | {told.share_error:.3f} |"
            )
            if (group, half) == ("core", "AB"):
                recalls = told.recall_by_country
    print("recall by country:", ", ".join(f"{country} {recall:.2f}" for country, recall in sorted(recalls.items())))
    texts = list(dict.fromkeys(row.text for row in rows))
    started = time.process_time()
    resolve(texts)
    print(f"{len(texts) / (time.process_time() - started):,.0f} distinct strings a CPU second")


if __name__ == "__main__":
    main()
