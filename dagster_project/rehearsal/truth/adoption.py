"""The truth about how models are taken up: downloads by age against the size class, likes against downloads.

Both as far as captures at given seconds can show it; the numbers themselves are the world's own. Not here: shares of
downloads (oracle), when and how models are released (truth/releases).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from dagster_project.rehearsal.truth.releases import UNSIZED_ROLES, Releases
from dagster_project.rehearsal.truth.sight import NEVER_READ, Sight, Whole
from dagster_project.rehearsal.world.cast import QUANTIZED, ROLES
from dagster_project.rehearsal.world.draws import Floats, Ints
from dagster_project.rehearsal.world.facts import DAY_SECONDS, WEEK_SECONDS, Facts
from dagster_project.rehearsal.world.trends import Course
from dagster_project.rehearsal.world.world import BLOCK_MODELS, World

AGES = (7, 14, 30, 60, 90, 180, 365)
TOP = 10
LEAST_DOWNLOADS = 10_000
"""A model that no reviewed lab released is followed when it is seen with so many downloads."""


class Adoption:
    """How models of one world are taken up."""

    def __init__(self, world: World, facts: Facts, course: Course, releases: Releases, sight: Whole | Sight) -> None:
        self.world, self._facts, self._course, self._releases = world, facts, course, releases
        self._sight = sight

    def relative_adoption(self, moments: Sequence[int], until: int) -> pl.DataFrame:
        """Give the true `marts.relative_adoption` (hub_id, age_days, version, value, downloads) up to a second.

        A value stands against the ten most downloaded of the class among those that reached the age before the quarter in
        which the model reached it; v2 against the largest tenth of that age and the younger ones.
        """
        ages = self.ages(moments, until)
        begins = pl.from_epoch("reached", "s").dt.truncate("1q").dt.epoch("s")
        rows = []
        for (quarter, band), group in ages.with_columns(begins=begins).group_by("begins", "size_band"):
            bases = self._bases(ages, quarter, band)
            for hub_id, age, downloads in group.select("hub_id", "age_days", "downloads").iter_rows():
                middle, tenth = bases.get(age, (None, None))
                rows.append((hub_id, age, "v1", downloads / middle if middle else None, float(downloads)))
                rows.append((hub_id, age, "v2", downloads / tenth if tenth else None, float(downloads)))
        columns = {"hub_id": pl.String, "age_days": pl.Int64, "version": pl.String}
        return pl.DataFrame(rows, {**columns, "value": pl.Float64, "downloads": pl.Float64}, orient="row")

    @staticmethod
    def _bases(ages: pl.DataFrame, begins: Any, band: Any) -> dict[int, tuple[float, float]]:
        """Give by age the median of the ten and the monotone tenth; nothing for a class of unknown size."""
        found, highest = {}, 0.0
        peers = ages.filter((pl.col("reached") < begins) & (pl.col("size_band") == band) & (pl.col("size_band") != ""))
        for age in AGES:
            top = sorted(peers.filter(pl.col("age_days") == age)["downloads"].to_list(), reverse=True)[:TOP]
            if len(top) == TOP:
                highest = max(highest, top[-1])
                found[age] = (float(np.median(top)), highest)
        return found

    def ages(self, moments: Sequence[int], until: int) -> pl.DataFrame:
        """Give (hub_id, size_band, age_days, reached, downloads) of the models followed, at the ages that could be seen."""
        facts, seen = self._facts, np.array(moments)
        first, gone = np.searchsorted(seen, facts.created), np.searchsorted(seen, facts.gone)
        last_seen = seen[np.maximum(gone - 1, 0)]
        whole_week = last_seen - (last_seen - self.world.first_monday) % WEEK_SECONDS
        known = np.where(gone < len(seen), whole_week, until)
        most = self.world.trends.count(self._course, last_seen)
        own = np.isin(facts.numbers, self._releases.own(moments)["index"].to_numpy())
        is_shown = (first > 0) & (first < gone) & (facts.plant != NEVER_READ)
        followed = (
            is_shown & ~self._sight.is_taken_for_older & (facts.role != QUANTIZED) & (own | (most >= LEAST_DOWNLOADS))
        )
        # By number, not by place: a model that was gone before anybody looked is not among the releases.
        bands = dict(self._releases.models.select("index", "size_band").iter_rows())
        is_sized = ~np.isin(facts.role, [ROLES.index(role) for role in UNSIZED_ROLES])
        rows = []
        for age in AGES:
            reached = facts.created + age * DAY_SECONDS
            downloads = self._sight.count(reached)
            for place in np.flatnonzero(followed & (reached <= known)).tolist():
                band = bands[place] if is_sized[place] else ""
                rows.append((self.world.hub_id(place), band, age, int(reached[place]), float(downloads[place])))
        return pl.DataFrame(rows, ["hub_id", "size_band", "age_days", "reached", "downloads"], orient="row")

    def new_likes(self, moments: Sequence[int]) -> Iterator[tuple[int, Ints]]:
        """Give the week, counted from the world's first, and each model's new likes between its captures.

        What was created in between is new as a whole; on a capture's day it is of the week that begins. What is gone at the second
        capture has none but those with which the first one met it.
        """
        facts = self._facts
        weeks = {(moment - self.world.first_monday) // WEEK_SECONDS: moment for moment in reversed(moments)}
        for week, begin in sorted(weeks.items()):
            end = weeks.get(week + 1)
            if end is None:
                continue
            begin_day, end_day = (moment - moment % DAY_SECONDS for moment in (begin, end))
            there = (facts.created < end_day) & (facts.gone > begin) & self._sight.tells_likes
            there &= ~(self._sight.is_taken_for_older & (facts.created > begin))
            last = np.where(facts.gone > end, self._likes(end), self._likes(begin))
            gained = last - np.where(facts.created < begin_day, self._likes(begin), 0)
            yield week, np.where(there, gained, 0)

    def _likes(self, second: int) -> Ints:
        blocks = range(-(-self.world.models // BLOCK_MODELS))
        likes: Ints = np.concatenate([self.world.liked(block, second) for block in blocks])
        return likes

    def overlap(self, week: int, likes: Ints, top: int) -> float:
        """Give how many models are both among the most liked and the most downloaded of a week, of those in either."""
        begin, end = self.world.monday(week), self.world.monday(week + 1)
        flow = self._sight.count(end) - self._sight.count(begin)
        liked, downloaded = _first(likes, top), _first(flow, top)
        return len(liked & downloaded) / len(liked | downloaded)


def _first(values: Ints | Floats, top: int) -> set[int]:
    order = np.argsort(-values, kind="stable")[:top]
    return {int(place) for place in order if values[place] > 0}
