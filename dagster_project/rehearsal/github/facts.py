"""What never changes about a repository of the pretend GitHub, what is planted in it, and how it collects stars.

Pure functions of the world's seed and a repository's number. Not here: names, owners and people (github/world).
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dagster_project.rehearsal.github.people import DAY_SECONDS

MOST_REPOS = 4_096
ID_BASE, ID_SLOT_SECONDS = 400_000_000, 600
"""An id rises with the moment of creation and holds the number in its last digits."""
PERSONAL_SHARE = 0.12
"""Share of the repositories that belong to a person instead of a lab."""
AUTHOR_CAP_CONTRIBUTORS = 1_000
MOST_CONTRIBUTORS = 150
MOST_COMMITS = 1_500
MOST_STARS_A_DAY = 90.0
"""With every bonus a quiet day stays below the 200 stars that mark a burst."""
BURST_STARS = (300, 1_500)
BURST_SHAPE = (1.0, 0.4, 0.15)
"""A burst's days after the first, as shares of the peak."""
WITHDRAWN_SHARE = (0.02, 0.09)
WITHDRAWN_AFTER_DAYS = 90.0
"""Mean time to an unstar."""
BOUGHT_KEPT_SHARE = 0.2
BOUGHT_LAST_DAYS = 24
RELEASE_BONUS, RELEASE_FADE = 0.4, 0.8
WORKING_DAYS = 5
LANGUAGES = ("Python", "Python", "Python", "C++", "Rust", "Jupyter Notebook", "TypeScript", "Cuda", "Go", None)
LICENCES = ("apache-2.0", "apache-2.0", "mit", "mit", "gpl-3.0", "bsd-3-clause", "other", None)
TOPICS = ("llm", "inference", "transformers", "agents", "rag", "quantization", "multimodal")
PLANT_PERIOD = 60
PLANTS = {
    2: "renamed",
    4: "renamed_twice",
    6: "transferred",
    8: "deleted",
    10: "dmca",
    12: "blocked",
    14: "empty",
    16: "too_large",
    18: "author_cap",
    20: "burst",
    22: "bought_burst",
    24: "never_counts",
    26: "archived",
    28: "relicensed",
    30: "name_left",
    31: "name_taken",
    33: "hostile",
    35: "starless",
    37: "fork",
    39: "nobody_located",
}
"""What is planted, by (number modulo PLANT_PERIOD); so a world of 60 repositories has each kind."""
MOMENTLESS = {"", "empty", "too_large", "author_cap", "never_counts", "hostile", "starless", "fork", "nobody_located"}
"""Plants that are so from the beginning."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What never changes about a repository."""

    number: int
    id: int
    owner: int
    """A lab's place in LABS, or -1 - person."""
    created: int
    plant: str
    moment: int
    """When the plant happens."""
    language: str | None
    licence: str | None
    topics: tuple[str, ...]
    rate: float
    """Stars a day when new."""
    half_life_days: float
    release_days: int
    """Days between releases; 0 for none ever."""
    commits: int
    contributors: int


@dataclass(frozen=True, slots=True)
class Stars:
    """All stars a repository ever gets, by the day given, and when those that are withdrawn are."""

    first: int
    """The second at which the first day begins."""
    given: Sequence[int]
    total: Sequence[int]
    """Stars given before each day."""
    withdrawn: tuple[tuple[int, int], ...]
    """(second of the withdrawal, day of the star as a place in `given`), in order of time."""


def make_facts(draws: random.Random, number: int, owner: int, created: int, moment: int, origin: int) -> Facts:
    """Draw what never changes about a repository whose owner, creation and moment are known."""
    plant = PLANTS.get(number % PLANT_PERIOD, "")
    contributors = min(MOST_CONTRIBUTORS, int(1 + 4 / (draws.random() + 0.01)))
    is_burst = plant in {"burst", "bought_burst"}
    return Facts(
        number=number,
        id=ID_BASE + (created - origin) // ID_SLOT_SECONDS * MOST_REPOS + number,
        owner=owner,
        created=created,
        plant=plant,
        moment=moment,
        language=draws.choice(LANGUAGES),
        licence=draws.choice(LICENCES),
        topics=("rehearsal", *sorted(draws.sample(TOPICS, draws.randrange(4)))),
        rate=min(5.0 if is_burst else MOST_STARS_A_DAY, 0.4 / (draws.random() + 0.003)),
        half_life_days=draws.uniform(60, 500),
        release_days=draws.choice((0, 9, 14, 30, 61, 120)),
        commits=min(MOST_COMMITS, int(12 / (draws.random() + 0.005))),
        contributors=AUTHOR_CAP_CONTRIBUTORS if plant == "author_cap" else contributors,
    )


def make_stars(draws: random.Random, facts: Facts, first: int, end: int, releases: Collection[int]) -> Stars:
    """Draw all stars of a repository from the day that begins at `first` to the second `end`."""
    days = math.ceil((end - first) / DAY_SECONDS)
    release_days = {(at - first) // DAY_SECONDS for at in releases}
    rate, fade, bonus, given = facts.rate, 0.5 ** (1 / facts.half_life_days), 0.0, []
    for day in range(days):
        bonus = RELEASE_BONUS if day in release_days else bonus * RELEASE_FADE
        noise = (0.88 + 0.24 * draws.random()) * (0.85 if day % 7 >= WORKING_DAYS else 1.05)
        given.append(int((rate + facts.rate / 20) * (1 + bonus) * noise + draws.random()))
        rate *= fade
    given = [0] * days if facts.plant == "starless" else given
    withdrawn = _withdrawals(draws, first, given)
    if facts.plant in {"burst", "bought_burst"}:
        withdrawn += _add_burst(draws, facts, first, given)
    return Stars(first, array("i", given), array("i", accumulate(given, initial=0)), tuple(sorted(withdrawn)))


def _withdrawals(draws: random.Random, first: int, given: Sequence[int]) -> list[tuple[int, int]]:
    """Draw which stars are taken back and when: on a later day than given."""
    share = draws.uniform(*WITHDRAWN_SHARE)
    found = []
    for day, count in enumerate(given):
        for _ in range(min(count, int(count * share + draws.random()))) if count else ():
            after = 1 + int(draws.expovariate(1 / WITHDRAWN_AFTER_DAYS))
            found.append((first + (day + after) * DAY_SECONDS + draws.randrange(DAY_SECONDS), day))
    return found


def _add_burst(draws: random.Random, facts: Facts, first: int, given: list[int]) -> list[tuple[int, int]]:
    """Add a burst to the days; a bought one is taken back nearly whole, at one moment: give those withdrawals."""
    peak, withdrawn = draws.randint(*BURST_STARS), []
    day = (facts.moment - first) // DAY_SECONDS
    for after, share in enumerate(BURST_SHAPE):
        extra = int(peak * share)
        given[day + after] += extra
        if facts.plant == "bought_burst":
            lost = int(extra * (1 - BOUGHT_KEPT_SHARE))
            withdrawn += [(facts.moment + BOUGHT_LAST_DAYS * DAY_SECONDS, day + after)] * lost
    return withdrawn
