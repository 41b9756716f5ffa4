"""The truth about sizes: which are downloaded, by week.

Not here: of which sizes releases are (truth/releases).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_project.rehearsal.truth.lineage import Descent
from dagster_project.rehearsal.truth.releases import LARGEST_BAND, SIZE_BANDS, UNSIZED_ROLES, Releases, size_band_of
from dagster_project.rehearsal.truth.sight import NEVER_READ, Sight, Whole
from dagster_project.rehearsal.world.cast import BAND_OF_SIZE, BANDS, ROLES, SIZE_IDS, SIZES
from dagster_project.rehearsal.world.facts import NEVER, WEEK_SECONDS, Facts
from dagster_project.rehearsal.world.trends import Course
from dagster_project.rehearsal.world.world import World


class Sizes:
    """Tables about the downloads of models by how large they are."""

    def __init__(
        self, world: World, facts: Facts, course: Course, descent: Descent, releases: Releases, sight: Whole | Sight
    ) -> None:
        self.world, self._facts, self._course, self._descent = world, facts, course, descent
        self._releases, self._sight = releases, sight
        self._is_sized = ~np.isin(facts.role, [ROLES.index(role) for role in UNSIZED_ROLES])

    def band_shares(self) -> pl.DataFrame:
        """Give each size band's share of the downloads of models whose size the Hub tells, by week.

        Small under 5, mid 5 to 50, large over 50 billion.
        """
        band, rows = np.asarray(BAND_OF_SIZE)[self._facts.size], []
        before = self._sight.count(self.world.monday(0))
        for week in range(self.world.weeks):
            after = self._sight.count(self.world.monday(week + 1))
            flows = np.bincount(band, (after - before) * self._is_sized, len(BANDS))
            monday = pl.from_epoch(pl.Series([self.world.monday(week)]), "s").dt.date()[0]
            rows += [
                (monday, name, flow / flows.sum())
                for name, flow in zip(BANDS, flows.tolist(), strict=True)
                if flows.any()
            ]
            before = after
        return pl.DataFrame(rows, {"week": pl.Date, "band": pl.String, "share": pl.Float64}, orient="row")

    def band_flows(self) -> pl.DataFrame:
        """Give each lab's downloads of models of each size class of the marts, by week, as far as captures can show them.

        A week ends when somebody looks.
        """
        names = [name for _most, name in SIZE_BANDS] + [LARGEST_BAND]
        band = np.array([names.index(size_band_of(SIZES[name])) for name in SIZE_IDS])[self._facts.size]
        is_seen, last_sight = self._releases.last_sight()
        is_shown = is_seen & (self._facts.plant != NEVER_READ)
        until = np.where(self._facts.gone < NEVER, last_sight, NEVER)
        labs, frames = self._descent.labs, []
        late = (
            0
            if self._releases.moments is None
            else int((self._releases.moments[0] - self.world.first_monday) % WEEK_SECONDS)
        )
        cell = self._descent.publishers * len(names) + band
        for week in range(self.world.weeks):
            begin, end = (np.minimum(self.world.monday(number) + late, until) for number in (week, week + 1))
            flow = self.world.trends.count(self._course, end) - self.world.trends.count(self._course, begin)
            sums = np.bincount(cell, flow * (self._is_sized & is_shown), len(labs) * len(names)).astype(np.int64)
            there = np.flatnonzero(sums)
            monday = pl.from_epoch(pl.Series([self.world.monday(week)]), "s").dt.date()
            columns = {
                "lab": pl.Series(labs).gather(there // len(names)),
                "size_band": pl.Series(names).gather(there % len(names)),
                "downloads_flow": sums[there],
            }
            frames.append(pl.DataFrame(columns).select(pl.lit(monday[0]).alias("week"), pl.all()))
        return pl.concat(frames)
