"""What somebody else captured of a world before we began: names, times and cumulative counters, and no ids.

Not here: when that was (scenario), how it comes in (run).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_project.rehearsal.world.dirt import Pretence
from dagster_project.rehearsal.world.scenario import KINDS
from dagster_project.rehearsal.world.world import BLOCK_MODELS, World

SOURCE = "rehearsal_archive"


def archive(world: World) -> pl.DataFrame:
    """Give (id, date, downloads_all_time) of the models listed at each moment, without those whose records nobody can read."""
    pretence, days = Pretence(world), []
    for second in world.archived:
        for block in range(-(-world.make.count_created(second) // BLOCK_MODELS)):
            facts, (totals, _rolling) = world.block(block).facts, pretence.counters(block, second)
            there = pretence.listed(block, second) & (facts.created <= second)
            places = np.flatnonzero(there & (facts.plant != KINDS.index("overflow_parameters")))
            names = [world.name_at(int(facts.numbers[place]), second) for place in places]
            days.append(pl.DataFrame({"id": names, "date": second, "downloads_all_time": totals[places]}))
    return pl.concat(days).with_columns(pl.from_epoch("date", "s"))
