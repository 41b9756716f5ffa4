"""A small simulated world whose truth is known: labs, models, lineage, and every true weekly download.

Every fact about a model is a pure function of the world's seed and the model's number, which is also its place in
creation order; so a world of any size costs no memory until it is asked. Here too: the registry that fits it, and the
dirt planted in it. Not here: the API's shape (tables) and the API (hub). All names are fictional and say "rehearsal".
"""

from __future__ import annotations

import bisect
import csv
import hashlib
import io
import itertools
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from dagster_project.errors import UsageError

HISTORY_WEEKS = 104
"""How long models have been appearing when the first week begins."""
HORIZON_WEEKS = 520
"""How long after the world's last week its counters still move."""
CACHED_MODELS = 100_000
WEEK_SECONDS = 7 * 86_400
ROLLING_DAYS = 30
KNOWN_FROM = "2022-01-01"
NOTE = "general knowledge: rehearsal, fictional"
SOURCE = {"source_url": "", "known_from": KNOWN_FROM, "read_on": KNOWN_FROM, "confidence": "low", "note": NOTE}

COUNTRIES = {
    "AE": ("United Arab Emirates", "Asia"),
    "AU": ("Australia", "Oceania"),
    "BR": ("Brazil", "South America"),
    "CA": ("Canada", "North America"),
    "CH": ("Switzerland", "Europe"),
    "CN": ("China", "Asia"),
    "DE": ("Germany", "Europe"),
    "FR": ("France", "Europe"),
    "GB": ("United Kingdom", "Europe"),
    "IN": ("India", "Asia"),
    "JP": ("Japan", "Asia"),
    "KE": ("Kenya", "Africa"),
    "KR": ("South Korea", "Asia"),
    "SG": ("Singapore", "Asia"),
    "US": ("United States", "North America"),
}
LABS = """Aurelon US company|Brivane CN company|Cindrelle US company|Dovarisse FR company|Elmorane CN company
Farrowine CA non-profit|Galdanor KR company|Hestrixa GB company|Iskandelle AE research-institute|Jorvanel DE company
Kelmirate JP company|Lunastrel CN university|Morvellin IN company|Nimbrasso SG government|Ondarriel CH university
Pellucine US non-profit|Quillanor GB university|Rostmerre DE research-institute|Solvantine BR company
Tarnwicke AU company|Umbrivale FR research-institute|Veldorane KE community|Wynmarse KR government
Xandrille CN research-institute""".replace("\n", "|").split("|")
SUBSIDIARY_OF = {"cindrelle": "rehearsal-aurelon", "elmorane": "rehearsal-brivane"}
SECOND_NAMESPACES = 12
UNREVIEWED_NAMESPACES = 12
"""A quarter of all namespaces: left out of the registry on purpose, so they must stay UNKNOWN."""
ZIPF_WEIGHTS = tuple(1000 // (number % len(LABS) + 1) for number in range(len(LABS) + SECOND_NAMESPACES))
UNREVIEWED_WEIGHT = {"base": 0.08, "derived": 0.45}
LICENCES = {
    "apache-2.0": ("permissive", 45),
    "mit": ("permissive", 18),
    "gpl-3.0": ("copyleft", 4),
    "openrail": ("responsible-use", 7),
    "other": ("custom", 9),
    "cc-by-nc-4.0": ("non-commercial", 6),
    "unknown": ("none", 3),
    "": ("", 8),
}
LICENCE_WEIGHTS = tuple(weight for _, weight in LICENCES.values())
EVENTS = (
    (0, "policy", "CN", "", "Rehearsal policy for open models"),
    (1, "release", "CN", "rehearsal-brivane", "Rehearsal Lab Brivane releases a flagship"),
    (2, "release", "US", "rehearsal-aurelon", "Rehearsal Lab Aurelon releases a flagship"),
    (3, "licence", "US", "rehearsal-cindrelle", "Rehearsal Lab Cindrelle tightens a licence"),
    (4, "corporate", "FR", "rehearsal-dovarisse", "Rehearsal Lab Dovarisse changes its board"),
)
ROLES = ("base", "finetune", "adapter", "quantized", "merge")
ROLE_BOUNDS = (0.30, 0.58, 0.70, 0.93)
FOUNDERS = 12
"""The first models are bases: somebody has to begin."""
FAMILIES = ("Veyra", "Osterin", "Calliard", "Nuvexa", "Thalorn", "Bryndle", "Ferrowyn", "Ombrette")
TASKS = {"text-generation": 50, "image-text-to-text": 14, "feature-extraction": 8, "text-classification": 8}
TASKS |= {"automatic-speech-recognition": 6, "text-to-image": 8, "": 6}
SIZES = {"0.5B": 494_032_768, "1.5B": 1_543_714_304, "3B": 3_085_938_688, "7B": 7_615_616_512}
SIZES |= {"14B": 14_770_033_664, "32B": 32_763_876_352, "72B": 72_706_203_648, "235B": 235_093_634_560}
LIFE_SHAPES = (1.0, 0.998, 0.99, 0.95)
"""Weekly factor of a model's downloads by age, before its lab's own growth."""
GATED_MANUALLY, GATED = 0.05, 0.18
"""Shares of the bases; of derived models a third of it."""
ROLE_PULL = {"base": 36.0, "finetune": 3.0, "adapter": 1.0, "quantized": 5.0, "merge": 1.0}

PLANT_PERIOD = 150
CYCLE_FIRST = 29
PLANTS = {
    13: "missing_parent",
    17: "wrong_case_parent",
    23: "self_loop",
    CYCLE_FIRST: "cycle",
    CYCLE_FIRST + 1: "cycle",
    37: "removed",
    41: "renamed",
    47: "script",
    53: "formula",
    59: "right_to_left",
    61: "nul",
    67: "path_parent",
}
"""Dirt by (number modulo PLANT_PERIOD): a world of 68 models or more has each kind at least once."""
_NUMBER_IN_NAME = re.compile(r"-r(\d{5,})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A publisher on the pretend Hub; without a lab it is a person's account."""

    name: str
    lab: str | None
    lab_number: int

    @property
    def is_registered(self) -> bool:
        """Whether the registry knows it."""
        return self.lab is not None


@dataclass(frozen=True, slots=True)
class Model:
    """What never changes about a model. Times in seconds since 1970."""

    index: int
    role: str
    namespace: Namespace
    stem: str
    size: str
    task: str
    licence: str
    gated: bool | str
    created: int
    parents: tuple[int, ...]
    plant: str
    moment: int
    """When a planted removal or rename happens."""
    rate: float
    """True downloads of the first week, before shape and growth."""
    shape: int


@lru_cache(maxsize=16)
def _bounds(weights: tuple[int, ...]) -> list[int]:
    return list(itertools.accumulate(weights))


def _pick(weights: tuple[int, ...], draw: float) -> int:
    """Give the place that a draw in 0..1 falls on, by weight."""
    bounds = _bounds(weights)
    return bisect.bisect_right(bounds, draw * bounds[-1], hi=len(bounds) - 1)


def _csv(rows: Sequence[dict[str, str]], header: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header.split(","), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: row[header.split(",", maxsplit=1)[0]]))
    return text.getvalue()


class World:
    """`models` models, the last created in week `weeks - 1`; week 0 begins on the Monday `first_week`."""

    def __init__(self, seed: int, models: int, weeks: int, first_week: date) -> None:
        if models < 1 or weeks < 1 or first_week.isoweekday() != 1:
            raise UsageError("A rehearsal world needs at least one model, one week, and a Monday to begin on.")
        self.seed, self.models, self.weeks, self.first_week = seed, models, weeks, first_week
        start = datetime.combine(first_week, datetime.min.time(), UTC)
        self._first_monday = int(start.timestamp())
        self._origin = self._first_monday - HISTORY_WEEKS * WEEK_SECONDS
        self._span = (HISTORY_WEEKS + weeks) * WEEK_SECONDS
        self.labs = [tuple(entry.split(" ")) for entry in LABS]
        self.namespaces = self._make_namespaces()
        self.draws = lru_cache(maxsize=CACHED_MODELS)(self._make_draws)
        self._trend = lru_cache(maxsize=None)(self._make_trend)
        self.model = lru_cache(maxsize=CACHED_MODELS)(self._make_model)
        """Give what never changes about a model, by its number."""

    # Facts of one model

    def created_at(self, index: int) -> int:
        """Give the second of creation; never falls with the number. More models appear each week than the week before."""
        share = (index + self.draws(index)[0]) / self.models
        return self._origin + int(self._span * math.sqrt(share))

    def size(self, now: datetime) -> int:
        """Count the models created up to a moment, those removed since included."""
        return bisect.bisect_right(range(self.models), int(now.timestamp()), key=self.created_at)

    def hub_id(self, index: int) -> str:
        """Give the ObjectId: creation second, number, three arbitrary bytes, so that it rises with the number."""
        return f"{self.created_at(index):08x}{index:010x}{int(self.draws(index)[1] * 2**24):06x}"

    def name_at(self, index: int, now: int) -> str:
        """Give the model's name at a second."""
        model = self.model(index)
        renamed = "-Renamed" if model.plant == "renamed" and now >= model.moment else ""
        return f"{model.namespace.name}/{model.stem}{renamed}-r{index:05d}"

    def find(self, name: str, now: int) -> int | None:
        """Give the number of the model that has or had this name at a second, in any case."""
        match = _NUMBER_IN_NAME.search(name)
        index = int(match[1]) if match else self.models
        if index >= self.models or self.created_at(index) > now:
            return None
        known = {self.name_at(index, moment).lower() for moment in (self.created_at(index), now)}
        return index if name.lower() in known else None

    def is_listed(self, index: int, now: int) -> bool:
        """Say whether a created model is still there at a second."""
        model = self.model(index)
        return model.plant != "removed" or now < model.moment

    # The truth about downloads

    def true_downloads(self, model_index: int, week_index: int) -> int:
        """Count a model's downloads in a week; 0 is the first week, weeks before it are negative."""
        monday = self._first_monday + week_index * WEEK_SECONDS
        return self.all_time(model_index, monday + WEEK_SECONDS) - self.all_time(model_index, monday)

    def all_time(self, index: int, now: int) -> int:
        """Count a model's downloads up to a second: whole weeks, and the running one in proportion."""
        model = self.model(index)
        now = min(now, model.moment) if model.plant == "removed" else now
        if now <= model.created:
            return 0
        week = min((now - self._origin) // WEEK_SECONDS, HISTORY_WEEKS + self.weeks + HORIZON_WEEKS - 2)
        begin = max(self._origin + week * WEEK_SECONDS, model.created)
        end = self._origin + (week + 1) * WEEK_SECONDS
        before, after = self._at_monday(model, week), self._at_monday(model, week + 1)
        return before + (after - before) * (min(now, end) - begin) // (end - begin)

    def rolling(self, index: int, now: int) -> int:
        """Count a model's downloads of the 30 days up to a second."""
        return self.all_time(index, now) - self.all_time(index, now - ROLLING_DAYS * 86_400)

    def likes(self, index: int, now: int) -> int:
        """Count a model's likes up to a second."""
        return int(math.sqrt(self.all_time(index, now)) * (0.05 + 0.3 * self.draws(index)[2]))

    def _at_monday(self, model: Model, week: int) -> int:
        """Count the downloads up to the Monday of a week that is counted from the world's origin."""
        born, seconds = divmod(model.created - self._origin, WEEK_SECONDS)
        if week <= born:
            return 0
        total, level = self._trend(model.namespace.lab_number, model.shape)
        at_birth = total[born] + (total[born + 1] - total[born]) * (seconds / WEEK_SECONDS)
        return int(model.rate * (total[week] - at_birth) / level[born])

    def _make_trend(self, lab_number: int, shape: int) -> tuple[list[float], list[float]]:
        """Give running totals and levels per week of a model of one lab and life shape, 1.0 in the first."""
        growth = 1.012 + 0.02 * self.draws(lab_number, "lab")[0]
        level = [1.0]
        for _ in range(HISTORY_WEEKS + self.weeks + HORIZON_WEEKS):
            level.append(level[-1] * growth * LIFE_SHAPES[shape])
        return [0.0, *itertools.accumulate(level)], level

    # Making a model from its number

    def _make_draws(self, index: int, salt: str = "model") -> tuple[float, ...]:
        """Make sixteen draws in 0..1 that belong to a number for ever."""
        key = f"{self.seed}:{salt}:{index}".encode()
        return tuple([n / 2**32 for n in struct.unpack("<16I", hashlib.blake2b(key).digest())])

    def _make_namespaces(self) -> list[Namespace]:
        slugs = [f"rehearsal-{lab[0].lower()}" for lab in self.labs]
        first = [Namespace(slug, slug, number) for number, slug in enumerate(slugs)]
        second = [Namespace(f"{slug}-labs", slug, number) for number, slug in enumerate(slugs[:SECOND_NAMESPACES])]
        people = [Namespace(f"rehearsal-user-{n:03d}", None, len(slugs) + n) for n in range(UNREVIEWED_NAMESPACES)]
        return [*first, *second, *people]

    def _namespace(self, role: str, draw: float) -> Namespace:
        """Draw a publisher: labs by a Zipf law in the order of LABS, people evenly."""
        people = UNREVIEWED_WEIGHT["base" if role == "base" else "derived"]
        if draw < people:
            return self.namespaces[len(LABS) + SECOND_NAMESPACES + int(draw / people * UNREVIEWED_NAMESPACES)]
        return self.namespaces[_pick(ZIPF_WEIGHTS, (draw - people) / (1 - people))]

    def _plant(self, index: int) -> str:
        plant = PLANTS.get(index % PLANT_PERIOD, "")
        return "" if plant == "cycle" and self._cycle_mate(index) >= self.models else plant

    @staticmethod
    def _cycle_mate(index: int) -> int:
        return index + 1 if index % PLANT_PERIOD == CYCLE_FIRST else index - 1

    def _role(self, index: int) -> str:
        if index < FOUNDERS:
            return "base"
        if self._plant(index) in {"missing_parent", "wrong_case_parent", "self_loop", "cycle", "path_parent"}:
            return "finetune"
        return ROLES[bisect.bisect_right(ROLE_BOUNDS, self.draws(index)[3])]

    def _rate(self, index: int) -> float:
        """Draw a first week from a Pareto law (Zipf over ranks); a good half of the models is hardly used."""
        draw = max(self.draws(index)[4], 1e-8)
        pull = ROLE_PULL[self._role(index)] * (0.02 if draw > 1 / 2 else 1.0)
        return 3 * pull / (draw * math.sqrt(math.sqrt(draw)))

    def _parents(self, index: int) -> tuple[int, ...]:
        role, plant = self._role(index), self._plant(index)
        if role == "base" or plant in {"missing_parent", "path_parent"}:
            return ()
        if plant == "self_loop":
            return (index,)
        if plant == "cycle":
            return (self._cycle_mate(index),)
        draws = self.draws(index, "parents")
        wanted = (2 if draws[15] < 2 / 3 else 3) if role == "merge" else 1
        parents: list[int] = []
        for slot in range(wanted):
            candidates = {int(index * draw * math.sqrt(draw)) for draw in draws[4 * slot : 4 * slot + 4]} - {*parents}
            parents.append(
                max(candidates or {index - 1 - slot}, key=lambda n: (self._role(n) == "base", self._rate(n)))
            )
        return tuple(dict.fromkeys(parents))

    def _make_model(self, index: int) -> Model:
        draws, role, plant = self.draws(index), self._role(index), self._plant(index)
        created = self.created_at(index)
        size = list(SIZES)[int(draws[7] * draws[7] * len(SIZES))]
        suffix = {"base": "", "finetune": "-Chat", "adapter": "-LoRA", "quantized": "-GGUF", "merge": "-Merge"}[role]
        gate = draws[10] * (1 if role == "base" else 3)
        window = self.weeks * WEEK_SECONDS
        return Model(
            index=index,
            role=role,
            namespace=self._namespace(role, draws[5]),
            stem=f"{FAMILIES[int(draws[6] * len(FAMILIES))]}-{size}{suffix}",
            size=size,
            task=list(TASKS)[_pick(tuple(TASKS.values()), draws[8])],
            licence=list(LICENCES)[_pick(LICENCE_WEIGHTS, draws[9])],
            gated="manual" if gate < GATED_MANUALLY else "auto" if gate < GATED else False,
            created=created,
            parents=self._parents(index),
            plant=plant,
            moment=max(created + 86_400, self._first_monday + int(window * (0.25 + 0.5 * draws[11]))),
            rate=self._rate(index),
            shape=int(draws[12] * len(LIFE_SHAPES)),
        )

    # The registry that fits this world

    def registry(self) -> dict[str, str]:
        """Give the texts of the registry's five CSV files, by file name."""
        always = {"valid_from": KNOWN_FROM, "valid_to": "", **SOURCE}
        labs = [
            {"lab": f"rehearsal-{name.lower()}", "lab_name": f"Rehearsal Lab {name}", "country": country, "kind": kind}
            | {"parent": SUBSIDIARY_OF.get(name.lower(), "")}
            | always
            for name, country, kind in self.labs
        ]
        spaces = [{"namespace": n.name, "lab": n.lab, **always} for n in self.namespaces if n.lab is not None]
        countries = [{"country": c, "country_name": n, "region": r, **SOURCE} for c, (n, r) in COUNTRIES.items()]
        licences = [{"licence_id": i, "licence_class": c, **SOURCE} for i, (c, _) in LICENCES.items() if i]
        events = [
            {"event_id": f"rehearsal-{n + 1:03d}", "kind": kind, "country": country, "lab": lab, "title": title}
            | {"event_on": (self.first_week + timedelta(days=7 * week + 2)).isoformat(), **SOURCE}
            for n, (week, kind, country, lab, title) in enumerate(EVENTS)
        ]
        source = "source_url,read_on,confidence,note"
        valid = f"valid_from,valid_to,known_from,{source}"
        return {
            "labs.csv": _csv(labs, f"lab,lab_name,parent,country,kind,{valid}"),
            "namespaces.csv": _csv(spaces, f"namespace,lab,{valid}"),
            "countries.csv": _csv(countries, f"country,country_name,region,known_from,{source}"),
            "events.csv": _csv(events, f"event_id,event_on,kind,country,lab,title,known_from,{source}"),
            "licences.csv": _csv(licences, "licence_id,licence_class,source_url,known_from,read_on,confidence,note"),
        }
