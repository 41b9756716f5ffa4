"""What is planted in a rehearsal world, as data: turning points of the truth and the dirt that hides it.

A moment is a share of the world's length, so that worlds of 26 to 156 weeks and more have all of them. A world under
LATE_WEEKS has none of the turning points and only the dirt of PLANTS; it is there for short tests.
Not here: how a point is realised (world/facts, world/trends, dirt), and what came of it (truth).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from dagster_project.rehearsal.world.cast import LABS

LATE_WEEKS = 26
QUARTER_WEEKS = 13
Level = Literal["country", "lab"]

# Turning points of the truth


@dataclass(frozen=True)
class Crossover:
    """From week `at` on, and for good, the weekly downloads of `gains` exceed those of `loses` (publisher; S1 and S2)."""

    level: Level
    gains: str
    loses: str
    at: float


COUNTRY_CROSSOVER = Crossover("country", "CN", "US", 0.55)
LAB_CROSSOVER = Crossover("lab", "rehearsal-kelmirate", "rehearsal-dovarisse", 0.45)
CROSSOVERS = (COUNTRY_CROSSOVER, LAB_CROSSOVER)
CROSSOVER_STEP = 0.05
"""Log ratio on each side of the crossing: more than single releases and roundings can turn over."""
CROSSOVER_REACH = 0.55
"""Log ratio that the gap tends to, far from the crossing."""
CROSSOVER_SPREAD = 0.3
"""Share of the world's length over which the gap opens."""


@dataclass(frozen=True)
class Retreat:
    """A lab that closes: fewer releases, licences custom from `at` and non-commercial from `bans_at`, more gates."""

    lab: str = "rehearsal-cindrelle"
    at: float = 0.5
    bans_at: float = 0.65
    cadence: float = 0.3
    """Releases, as a share of before; flagships stop."""
    licensed: float = 0.95
    """Share of the releases that the licences are turned for."""
    gated: float = 0.75


@dataclass(frozen=True)
class Closure:
    """A country whose labs all close at once: new releases gated, part of the old ones withdrawn within weeks."""

    country: str = "KR"
    at: float = 0.7
    cadence: float = 0.5
    """Pull of its labs on releases, as a share of before; all of these are non-commercial."""
    gated: float = 0.85
    withdrawn: float = 0.4
    within_weeks: int = 6


@dataclass(frozen=True)
class Wave:
    """Countries whose first lab releases its first model in the QUARTER_WEEKS from `at`."""

    countries: tuple[str, ...] = ("SE", "ES", "NO", "PL", "TR", "SA", "VN", "ID", "MX")
    at: float = 0.6
    over: float = 0.12
    """Share of the world's length over which the first releases are spread, a quarter at most."""


@dataclass(frozen=True)
class Concentration:
    """The market leaders' pull rises to `peak` times at `at`, then falls to `after` times at the end."""

    labs: tuple[str, ...] = ("rehearsal-aurelon", "rehearsal-brivane")
    at: float = 0.35
    peak: float = 3.0
    after: float = 0.5


@dataclass(frozen=True)
class BandShift:
    """Models of the middle band gain from `at` to `until`."""

    band: str = "mid"
    at: float = 0.3
    until: float = 0.8
    before: float = 0.7
    after: float = 1.8


@dataclass(frozen=True)
class BaseSwitch:
    """Authors of `country` built on bases from `abroad` before `at`, on home bases after."""

    country: str = "CN"
    abroad: str = "US"
    at: float = 0.4
    abroad_share: float = 0.85
    home_share: float = 0.85


@dataclass(frozen=True)
class Relocation:
    """A lab that makes another country its home, on the Thursday of week `at`; what it did before stays where it was."""

    lab: str = "rehearsal-dovarisse"
    country: str = "CH"
    at: float = 0.5
    days: int = 3


RETREAT, CLOSURE, WAVE, CONCENTRATION, BAND_SHIFT, BASE_SWITCH = (
    Retreat(),
    Closure(),
    Wave(),
    Concentration(),
    BandShift(),
    BaseSwitch(),
)
RELOCATION = Relocation()
HIDDEN_LEADER, HIDDEN_SHARE = "CN", 0.6
"""So many of everybody else's derivatives are made from flagships of this country: by root credit it leads earlier."""

# Dirt


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
LATE_PERIOD = 600
LATE_FIRST = 231
LATE_KINDS = """rollback rollback_long lasting_correction stale_counter spike gate_flip licence_change renamed_mid_walk
renamed_parent overflow_counter overflow_parameters float_counters offset_date short_date day_date missing_counters
missing_keys card_string card_list hostile_task hostile_library hostile_licence hostile_language hostile_relation
hostile_base hostile_sha rollback rollback_long lasting_correction spike"""
LATE_PLANTS = {LATE_FIRST + place: kind for place, kind in enumerate(LATE_KINDS.split())}
"""Dirt by (number modulo LATE_PERIOD) in worlds of LATE_WEEKS or more with at least 300 models."""
KINDS = tuple(dict.fromkeys(["", *PLANTS.values(), *LATE_PLANTS.values()]))
CHAIN_FIRST, CHAIN_LENGTH = 70, 8
"""Planted by (number modulo LATE_PERIOD): each the child of the one before, so that eight hops occur. This is no dirt."""
UNREADABLE = {"overflow_counter", "overflow_parameters"}
"""Records that are meant to be beyond a strict reader; their models are hardly used, so that little is lost with them."""
LINEAGE_PLANTS = {"missing_parent", "wrong_case_parent", "self_loop", "cycle", "path_parent", "renamed_parent"}
ORPHANS = {"missing_parent", "path_parent"}

ROLLBACK_WEEKS = {"rollback": 1, "rollback_long": 3}
FALL_LEAST, FALL_MOST = 0.1, 0.4
"""How much of its height a counter loses."""
SPIKE_WEEKS = 2.5
"""A burst's one day brings so many weeks' downloads: over 70 % of its own week."""
SPIKE_LEAST = 60
OVERFLOWS = (2**63, 2**70)
CAPTURE_HOUR, MID_WALK_SECONDS = 2, 30
"""A capture on Monday at CAPTURE_HOUR has begun so many seconds before the renames that hit it in mid-walk."""


@dataclass(frozen=True)
class Dirt:
    """Which families of dirt a world shows; the truth that is not dirt is the same with any of the last three.

    `plants`: models that are dirty by number: parents, names, removals, odd strings and records, spikes.
    `late`: the plants and moments of LATE_PLANTS, OWNER_RENAMES, RELOCATION, ARCHIVED_WEEKS;
    `counters`: what the counters pretend, stall included;
    `lists`: the partial snapshot.
    """

    plants: bool = True
    late: bool = True
    counters: bool = True
    lists: bool = True

    @classmethod
    def none(cls) -> Dirt:
        """Give no dirt at all."""
        return cls(**dict.fromkeys((field.name for field in fields(cls)), False))


@dataclass(frozen=True)
class OwnerRename:
    """A namespace that changes its name in week `at`, and with it the names of all its models; some take it back in week `until`."""

    old: str
    new: str
    at: float
    until: float | None = None


@dataclass(frozen=True)
class Stall:
    """Counters stand still hub-wide from the Tuesday of week `at` for `days`, then show everything at once."""

    at: float = 0.25
    days: int = 7


@dataclass(frozen=True)
class PartialSnapshot:
    """On the Monday of week `at` the list shows only a `share` of the models, for a day."""

    at: float = 0.68
    share: float = 0.4


@dataclass(frozen=True)
class TopRollback:
    """The counter of the most downloaded model falls in week `at` for so many weeks."""

    at: float = 0.34
    weeks: int = 2


OWNER_RENAME = OwnerRename("rehearsal-hestrixa-labs", "rehearsal-hestrixa-works", 0.48)
NAME_TAKEN_BACK = OwnerRename("rehearsal-brivane-labs", "rehearsal-brivane-studio", 0.4, 0.52)
OWNER_RENAMES = (OWNER_RENAME, NAME_TAKEN_BACK)
ARCHIVED_WEEKS = 4
"""The first so many weeks we did not capture. Somebody else read names and cumulative counters then, up to our first capture."""
ARCHIVE_SECONDS = 300
"""So long after our own capture the archive reads."""
STALL, PARTIAL, TOP_ROLLBACK = Stall(), PartialSnapshot(), TopRollback()
PLANTS_FROM, PLANTS_UNTIL = 0.25, 0.75
"""Share of the world's length between which dirty models turn."""
MID_WALK_AT = 0.58


@dataclass(frozen=True)
class TurningPoint:
    """One planted turn of the truth: what, about whom, from which week counted from the world's first."""

    kind: str
    side: str
    other: str
    week: int


class Scenario:
    """The planted points of a world of `weeks` weeks."""

    def __init__(self, weeks: int) -> None:
        self.weeks = weeks
        self.is_on = weeks >= LATE_WEEKS

    def week(self, share: float) -> int:
        """Give the week that a share of the world's length falls on."""
        return int(share * self.weeks)

    def first_release(self, lab_number: int) -> int | None:
        """Give the week of the first model of a lab of the wave, None for every other lab."""
        country = LABS[lab_number].country
        if not self.is_on or country not in WAVE.countries:
            return None
        span = min(WAVE.over * self.weeks, QUARTER_WEEKS - 1)
        return self.week(WAVE.at) + int(WAVE.countries.index(country) * span / len(WAVE.countries))

    def turning_points(self) -> list[TurningPoint]:
        """List every planted turn of the truth, in order of time."""
        if not self.is_on:
            return []
        points = [(f"{c.level}_crossover", c.gains, c.loses, c.at) for c in CROSSOVERS]
        points += [
            ("retreat", RETREAT.lab, "", RETREAT.at),
            ("closure", CLOSURE.country, "", CLOSURE.at),
            ("sovereign_wave", ",".join(WAVE.countries), "", WAVE.at),
            ("concentration_peak", ",".join(CONCENTRATION.labs), "", CONCENTRATION.at),
            ("band_shift", BAND_SHIFT.band, "", BAND_SHIFT.at),
            ("base_switch", BASE_SWITCH.country, BASE_SWITCH.abroad, BASE_SWITCH.at),
        ]
        found = [TurningPoint(kind, side, other, self.week(at)) for kind, side, other, at in points]
        return sorted(found, key=lambda point: point.week)
