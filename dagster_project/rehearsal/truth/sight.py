"""What can be known of counters that are read once a week: each model's downloads up to any second.

Two forms with one method. Whole: the truth. Sight: what weekly readings can show of it: what lies between two of them is spread
evenly, nobody knows what came after the last reading that showed a model, a model that was there before the first look brings
nothing until it, and of a counter corrected for good the step in which it fell is lost. Where a week's reading was lost or the
Hub's counters stood still, Sight knows the height all the same, so that what is guessed of such weeks can be judged.
Not here: what is summed up of it (oracle, releases, adoption, staying).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dagster_project.rehearsal.world.dirt import Pretence
from dagster_project.rehearsal.world.draws import Bools, Floats, Ints
from dagster_project.rehearsal.world.facts import DAY_SECONDS, NEVER, WEEK_SECONDS
from dagster_project.rehearsal.world.scenario import KINDS
from dagster_project.rehearsal.world.world import BLOCK_MODELS, ROLLING_DAYS, Block, World

NEVER_READ = KINDS.index("overflow_parameters")
"""No record of these can be read, so no capture shows what they are."""
COMES_BACK_READINGS = 8
"""A counter that is back at its height within so many readings had only been away, if it came by a leap."""
LEAST_USUAL, MOST_USUAL = 0.5, 1.5
"""A step between these parts of what the 30-day counter tells of is growth, any other may be a leap."""
WEEK_DAYS = 7
DAY_ONLY = KINDS.index("day_date")
LACKING = KINDS.index("missing_keys")
"""Their records say nothing of likes, licence or gate."""


class Whole:
    """The truth: nothing is hidden."""

    def __init__(self, world: World, block: Block) -> None:
        self._trends, self._course = world.trends, block.course
        self.is_unread: Bools = np.zeros(len(block.facts.numbers), dtype=np.bool_)
        self.tells_likes = ~self.is_unread
        self.is_taken_for_older = self.is_unread

    def count(self, now: Ints | int) -> Ints | Floats:
        """Give the downloads up to a second, one for all models or one for each."""
        return self._trends.count(self._course, now)


class Sight:
    """What readings at these seconds can show. A reading belongs to the beginning of its day, as in the tables.

    `archived` are those of somebody else, of which the earlier ones count.
    """

    def __init__(self, world: World, block: Block, moments: Sequence[int], archived: Sequence[int] = ()) -> None:
        earlier = [moment for moment in archived if moment < min(moments)]
        facts, seen = block.facts, np.array([*sorted(earlier), *sorted(moments)])
        self.is_unread: Bools = facts.plant == NEVER_READ
        self.tells_likes: Bools = ~self.is_unread & (facts.plant != LACKING)
        looks = np.concatenate([seen[: len(earlier)], np.arange(min(moments), seen[-1] + 1, WEEK_SECONDS)])
        self._days, self._born = looks // DAY_SECONDS * DAY_SECONDS, facts.created
        last = np.where(facts.gone < NEVER, np.append(seen, 0)[np.searchsorted(seen, facts.gone) - 1], NEVER)
        true = [world.trends.count(block.course, np.minimum(look, last)) for look in looks.tolist()]
        readings = np.stack(true).astype(np.float64) * ~self.is_unread
        fallen = np.flatnonzero(facts.plant == KINDS.index("lasting_correction"))
        told, month = _told(world, looks, fallen)
        usual, is_down = month * WEEK_DAYS / ROLLING_DAYS, looks[:, None] >= facts.moment[fallen]
        for place, index in enumerate(fallen.tolist()):
            readings[:, index] = corrected(readings[:, index], told[:, place], usual[:, place], is_down[:, place])
        # Whose record tells only the day of creation may have been there before that day's capture, so what came first is no flow.
        first = np.minimum(np.searchsorted(looks, facts.created), len(looks) - 1)
        day = facts.created // DAY_SECONDS * DAY_SECONDS
        is_same_day = (first > 0) & (day <= looks[first - 1]) & (facts.created > looks[first - 1])
        self.is_taken_for_older: Bools = is_same_day & (facts.plant == DAY_ONLY)
        for index in np.flatnonzero(self.is_taken_for_older).tolist():
            readings[: first[index], index] = readings[first[index], index]
        # Who was made between the beginning of a capture's day and the capture belongs to the week that begins.
        self._readings = readings * ((facts.created < self._days[:, None]) | self.is_taken_for_older)

    def count(self, now: Ints | int) -> Floats:
        """Give the downloads known up to a second, one for all models or one for each."""
        at = np.clip(now, self._days[0], self._days[-1])
        place = np.clip(np.searchsorted(self._days, at, side="right") - 1, 0, max(len(self._days) - 2, 0))
        after = np.minimum(place + 1, len(self._days) - 1)
        everyone = np.arange(len(self._born))
        low, high = self._readings[place, everyone], self._readings[after, everyone]
        begin = np.clip(self._born, self._days[place], self._days[after])
        part = (at - begin) / np.maximum(self._days[after] - begin, 1)
        known: Floats = np.where(at >= self._days[after], high, low + (high - low) * np.clip(part, 0.0, 1.0))
        return known


def _told(world: World, looks: Ints, places: Ints) -> tuple[Floats, Floats]:
    """Give what the two counters of some models showed: all-time, 30 days."""
    pretence, blocks = Pretence(world), range(-(-world.models // BLOCK_MODELS))
    told = [
        np.concatenate([np.stack(pretence.counters(block, look)) for block in blocks], axis=1)[:, places]
        for look in looks.tolist()
    ]
    total, month = np.stack(told, axis=1).astype(np.float64)
    return total, month


def corrected(true: Floats, told: Floats, usual: Floats, is_down: Bools) -> Floats:
    """Give what is known of a counter that fell for good: nothing came in the step of the fall.

    Where no fall shows, or the counter passes its old height by a step that is not the usual one, as if it had come back,
    the readings are believed as they are.
    """
    down = np.flatnonzero(is_down & (told < true))
    if not len(down):
        return true
    fall = int(down[0])
    height = true[fall - 1] if fall else 0.0
    after = slice(fall + 1, fall + COMES_BACK_READINGS)
    rises = told[after] - told[fall:][: len(told[after])]
    leapt = np.logical_or.accumulate((rises < LEAST_USUAL * usual[after]) | (rises > MOST_USUAL * usual[after]))
    back = np.flatnonzero(leapt & (told[after] >= height))
    if told[fall] < height and not len(back):
        return np.where(np.arange(len(true)) < fall, true, told + height - told[fall])
    until = fall + (1 + int(back[0]) if told[fall] < height else 0)
    known = np.where(np.arange(len(true)) < fall, true, told)
    bridge = np.linspace(height, told[until], until - fall + 2)[1:]
    known[fall : until + 1] = bridge
    return known
