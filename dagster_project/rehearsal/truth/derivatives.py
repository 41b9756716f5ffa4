"""The truth about who builds on whom: births of derivatives, and the matrix of countries.

Not here: which parents count, and roots (truth/lineage).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import numpy as np
import polars as pl

from dagster_project.rehearsal.truth.lineage import Descent
from dagster_project.rehearsal.truth.releases import LEVELS, Releases
from dagster_project.rehearsal.truth.sight import Sight, Whole
from dagster_project.rehearsal.world.cast import BASE, FINETUNE, QUANTIZED, ROLES
from dagster_project.rehearsal.world.facts import Facts
from dagster_project.rehearsal.world.world import World

ATOM_LEAST_DOWNLOADS = 5
SUPPRESSED_UNDER = 20


class Derivatives:
    """Tables about the models that were made from others; of all, or of those that the list ever showed."""

    def __init__(self, world: World, facts: Facts, descent: Descent, releases: Releases, sight: Whole | Sight) -> None:
        self._facts, self._descent, self._releases, self._sight = facts, descent, releases, sight
        self._end = world.monday(world.weeks)

    def births(self) -> pl.DataFrame:
        """Give new derivatives by month of creation and home of their roots; a derivative of two roots is half in each.

        Variants: all; default, without quantised ones and without those whose root is the publisher's own; atom, the
        default among language models with more than five downloads when last seen. Relation `all` is them together.
        """
        shares = self._descent.credit("root")
        lab = np.asarray(self._descent.labs)[shares.owners]
        country = self._descent.countries_of(shares.owners, self._facts.created[shares.models])
        parts = pl.DataFrame(
            {"index": shares.models, "root_lab": lab, "root_country": country, "weight": shares.weights}
        )
        # Who names nonsense for a parent does not say how the model was made from it, as one finetune in twenty does not.
        unsaid = pl.when(pl.col("role") == ROLES[BASE]).then(pl.lit(ROLES[FINETUNE])).otherwise("role")
        typed = parts.join(self._releases.models.filter("is_derived"), on="index").with_columns(relation=unsaid)
        births = pl.concat([typed, typed.with_columns(relation=pl.lit("all"))])
        foreign = births.filter((pl.col("role") != ROLES[QUANTIZED]) & (pl.col("root_lab") != pl.col("lab")))
        used = foreign.filter(pl.col("is_text") & (pl.col("all_time") > ATOM_LEAST_DOWNLOADS))
        frames = []
        for variant, chosen in (("all", births), ("default", foreign), ("atom", used)):
            for level in LEVELS:
                counts = chosen.group_by("month", pl.col(f"root_{level}").alias("side"), "relation")
                frame = counts.agg(new_models=pl.col("weight").sum(), new_authors=pl.col("space").n_unique())
                total = pl.col("new_models").sum().over("month", "relation")
                frame = frame.with_columns(share=pl.col("new_models") / total, level=pl.lit(level))
                frames.append(frame.with_columns(variant=pl.lit(variant)))
        columns = ["month", "level", "side", "relation", "variant", "new_models", "new_authors", "share"]
        return pl.concat(frames).select(columns).sort(columns[:5])

    def lineage_flows(self) -> pl.DataFrame:
        """Give derivatives by quarter of creation, credit, country of the base and country of the author.

        Direct: the base is the parent; root: where the model comes from in the end. `n_models` is shared among the bases of
        a merge; `downloads_flow` is that of the quarter, through all derivatives there are, whenever created. Where a lab moves,
        derivatives count for the countries of their creation, downloads for those of their week.
        """
        models, publishers = self._releases.models.filter("is_derived"), self._descent.publishers
        keys, frames = ["quarter", "credit", "base_country", "derivative_country"], []
        for credit in ("direct", "root"):
            shares = self._descent.credit(credit)
            givers = pl.DataFrame({"index": shares.models, "owner": shares.owners, "weight": shares.weights})
            both = givers.join(models, on="index").with_columns(credit=pl.lit(credit))
            born = self._descent.countries_of(both["owner"].to_numpy(), both["created"].to_numpy())
            cells = both.with_columns(base_country=born, derivative_country="country").group_by(keys)
            frames.append(cells.agg(n_models=pl.col("weight").sum(), downloads_flow=pl.lit(0.0)))
            for quarter, begin, end in self._stretches():
                countries = pl.Series(self._descent.countries_at(begin))
                flow = pl.Series(self._sight.count(end) - self._sight.count(begin)).gather(both["index"])
                cells = both.with_columns(
                    quarter=pl.lit(quarter),
                    base_country=countries.gather(both["owner"]),
                    derivative_country=countries.gather(publishers[both["index"]]),
                    flow=pl.col("weight") * flow,
                ).group_by(keys)
                frames.append(cells.agg(n_models=pl.lit(0.0), downloads_flow=pl.col("flow").sum()))
        frame = pl.concat(frames).group_by(keys).agg(pl.col("n_models", "downloads_flow").sum())
        frame = frame.filter((pl.col("n_models") > 0) | (pl.col("downloads_flow") > 0))
        return frame.with_columns(is_suppressed=pl.col("n_models").round(9) < SUPPRESSED_UNDER).sort(keys)

    def _stretches(self) -> Iterator[tuple[date, int, int]]:
        """Give the quarters that anything was downloaded in up to the world's end, each in as many stretches as a lab's move divides it."""
        quarter = self._releases.models["quarter"].min()
        assert isinstance(quarter, date)
        while (begin := _second(quarter)) < self._end:
            following = date(quarter.year + quarter.month // 10, (quarter.month + 2) % 12 + 1, 1)
            end = min(_second(following), self._end)
            turns = [begin, *([self._descent.moved_on] if begin < self._descent.moved_on < end else []), end]
            yield from ((quarter, *stretch) for stretch in itertools.pairwise(turns))
            quarter = following


def _second(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
