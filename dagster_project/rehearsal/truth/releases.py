"""The truth about releases: openness, retreat, reach.

Where a method takes `moments`, the seconds of the captures, it tells only of models that were listed at one of them, and a
withdrawal belongs to the day before the first capture that shows it: nobody can know more. Months and quarters are those of
the calendar, named by their first day; the years before the world's first week are in them, because models appeared then
too. Not here: flows and shares (oracle), what was made of whom (truth/derivatives), which sizes are
downloaded (truth/sizes).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl

from dagster_project.rehearsal.truth.lineage import UNKNOWN, Descent
from dagster_project.rehearsal.truth.sight import LACKING, NEVER_READ, Sight, Whole
from dagster_project.rehearsal.world.cast import (
    LABS,
    LICENCE_IDS,
    LICENCES,
    QUANTIZED,
    ROLES,
    SIZE_IDS,
    SIZES,
)
from dagster_project.rehearsal.world.draws import Bools, Ints
from dagster_project.rehearsal.world.facts import DAY_SECONDS, NEVER, OPEN, Facts, is_text
from dagster_project.rehearsal.world.scenario import KINDS
from dagster_project.rehearsal.world.trends import Course
from dagster_project.rehearsal.world.world import World

LICENCE_CLASSES = tuple(LICENCES[name][0] or "none" for name in LICENCE_IDS)
"""Class of each licence id; a model that states none has none."""
BILLION = 1e9
SIZE_BANDS = ((1, "<1B"), (5, "1-5B"), (10, "5-10B"), (50, "10-50B"), (100, "50-100B"), (250, "100-250B"))
LARGEST_BAND = ">250B"
UNSTATED_BAND = "unknown"
UNSIZED_ROLES = ("adapter", "quantized")
"""The Hub tells no number of weights for these."""
FLAGSHIP_SHARE, FLAGSHIP_PERIOD = 0.5, "24mo"
"""A flagship has at least this share of the parameters of the side's largest release in the period up to it."""
COMMUNITIES = [lab.slug for lab in LABS if lab.kind == "community"]
CHANGING = [KINDS.index(kind) for kind in ("gate_flip", "licence_change")]
HOSTILE_TASK = KINDS.index("hostile_task")
LEVELS = ("country", "lab")


class Releases:
    """Tables about the models released in months and quarters; of all models, or of those that the list ever showed.

    `moments` are the seconds at which somebody looked: a model that was never there at one of them can't be known.
    """

    def __init__(
        self,
        world: World,
        facts: Facts,
        course: Course,
        descent: Descent,
        moments: Sequence[int] | None,
        sight: Whole | Sight,
    ) -> None:
        self.world, self._facts, self._course, self._descent = world, facts, course, descent
        self._sight = sight
        self._end = world.monday(world.weeks)
        self.moments = None if moments is None else np.array(sorted(moments))

    def last_sight(self) -> tuple[Bools, Ints]:
        """Say which models were ever there when somebody looked, and the last second at which they were."""
        facts = self._facts
        if self.moments is None:
            return np.ones(len(facts.numbers), dtype=np.bool_), np.full(len(facts.numbers), self._end)
        place = np.searchsorted(self.moments, facts.gone) - 1
        last = self.moments[np.maximum(place, 0)]
        return (place >= 0) & (last >= facts.created), last

    @cached_property
    def models(self) -> pl.DataFrame:
        """Give one row for each model: when, whose, of what kind; gates and licences as of the release."""
        facts, labs = self._facts, self._descent.labs
        seen, last_sight = self.last_sight()
        lab = pl.Series("lab", labs).gather(self._descent.publishers)
        created = pl.from_epoch(pl.Series("created_at", facts.created), "s")
        frame = pl.DataFrame(
            {
                "index": facts.numbers,
                "plant": facts.plant,
                "created_at": created,
                "lab": lab,
                "country": self._descent.countries_of(self._descent.publishers, facts.created),
                "space": facts.space,
                "role": pl.Series(ROLES).gather(facts.role),
                "licence_class": pl.Series(LICENCE_CLASSES).gather(facts.licence),
                "size_band": pl.Series([size_band_of(SIZES[name]) for name in SIZE_IDS]).gather(facts.size),
                "is_text": is_text(facts.task),
                "is_gated": facts.gate != OPEN,
                "is_derived": self._descent.is_derived(),
                "is_flagship": self.world.make.flagship(facts.numbers) >= 0,
                "is_withdrawn": (facts.gone < NEVER) & (facts.plant != KINDS.index("removed")),
                "parameters": pl.Series([SIZES[name] for name in SIZE_IDS]).gather(facts.size),
                "created": facts.created,
                "gone": facts.gone,
                "all_time": self.world.trends.count(self._course, last_sight),
            }
        ).filter(pl.Series(seen & ~self._sight.is_unread))
        if isinstance(self._sight, Sight) and self.moments is not None:
            first = np.searchsorted(self.moments, frame["created"])
            frame = _as_told(self._as_first_seen(frame.with_columns(first_at=pl.Series(self.moments[first]))))
        return frame.with_columns(
            month=pl.col("created_at").dt.truncate("1mo").dt.date(),
            quarter=pl.col("created_at").dt.truncate("1q").dt.date(),
            is_open=(pl.col("licence_class") == "permissive") & ~pl.col("is_gated"),
        )

    def openness(self) -> pl.DataFrame:
        """Give each quarter's releases by licence class and size band; shares are of the side's releases of the quarter.

        An adapter or a quantised form has no size of its own that anybody states, so its band is unknown.
        """
        frames = []
        is_sized = ~pl.col("role").is_in(UNSIZED_ROLES)
        models = self.models.with_columns(
            size_band=pl.when(is_sized).then("size_band").otherwise(pl.lit(UNSTATED_BAND))
        )
        for level in LEVELS:
            side = pl.col(level).alias("side")
            counts = models.group_by("quarter", side, "licence_class", "size_band")
            frame = counts.agg(n_models=pl.len(), gated_share=pl.col("is_gated").mean())
            total = pl.col("n_models").sum().over("quarter", "side")
            frames.append(frame.with_columns(share=pl.col("n_models") / total, level=pl.lit(level)))
        columns = ["quarter", "level", "side", "licence_class", "size_band", "n_models", "share", "gated_share"]
        return pl.concat(frames).select(columns).sort(columns[:5])

    def openness_tier(self) -> pl.DataFrame:
        """Give how many models each country and lab released in each quarter, and the share of them that are open."""
        frames = []
        for level in LEVELS:
            counts = self.models.group_by("quarter", pl.col(level).alias("side"))
            frame = counts.agg(n_models=pl.len(), open_share=pl.col("is_open").mean())
            frames.append(frame.with_columns(level=pl.lit(level)))
        return pl.concat(frames).sort("quarter", "level", "side")

    def retreat_watch(self, moments: Sequence[int] | None = None) -> pl.DataFrame:
        """Give each month's releases of every reviewed lab and of the countries: how many, how open, what was withdrawn.

        Releases: models of a known lab that is no community, no quantised re-packs. `months_since_open_flagship` is told for
        months with a release or a withdrawal, in calendar months.
        """
        frames = []
        own = self.own(moments)
        for level in LEVELS:
            models = own.rename({level: "side"})
            released = models.group_by("month", "side").agg(
                releases=pl.len(),
                open_share=pl.col("is_open").mean(),
                gated_share=pl.col("is_gated").mean(),
                non_permissive_share=(pl.col("licence_class") != "permissive").mean(),
            )
            gone = models.filter(pl.col("withdrawn_at").is_not_null()).with_columns(
                month=pl.from_epoch("withdrawn_at", "s").dt.truncate("1mo").dt.date()
            )
            months = released.join(
                gone.group_by("month", "side").agg(withdrawn=pl.len()), on=["month", "side"], how="full", coalesce=True
            ).sort("month")
            flagships = _flagships(models).filter("is_open").select("side", "month", flagship="month").unique()
            joined = months.join_asof(flagships.sort("month"), on="month", by="side", check_sortedness=False)
            frames.append(
                joined.with_columns(
                    months_since_open_flagship=_months(pl.col("month")) - _months(pl.col("flagship")),
                    level=pl.lit(level),
                )
            )
        shares = ["open_share", "gated_share", "non_permissive_share"]
        columns = ["month", "level", "side", "releases", *shares, "withdrawn", "months_since_open_flagship"]
        frame = pl.concat(frames).select(columns)
        return frame.with_columns(pl.col("releases", "withdrawn").fill_null(0)).sort("month", "level", "side")

    def own_repo_share(self, weeks: Sequence[int]) -> pl.DataFrame:
        """Give (month, side, own_repo_share) of labs over these weeks, a week belonging to the month that it begins in.

        Of the downloads that go back to a lab's roots: the part that the lab's own repositories serve.
        """
        roots, publishers = self._descent.ancestors["root"], self._descent.publishers
        everyone = self._descent.credit("root")
        is_own = (roots.owners >= 0) & (publishers[roots.models] == publishers[np.maximum(roots.owners, 0)])
        size, rows = len(self._descent.labs), []
        for week in weeks:
            begin, end = self.world.monday(week), self.world.monday(week + 1)
            flow = self._sight.count(end) - self._sight.count(begin)
            own = np.bincount(publishers[roots.models], flow[roots.models] * roots.weights * is_own, size)
            month = pl.from_epoch(pl.Series([begin]), "s").dt.truncate("1mo").dt.date()[0]
            rows += [
                (month, lab, *both)
                for lab, *both in zip(
                    self._descent.labs, own.tolist(), everyone.given(flow, size).tolist(), strict=True
                )
            ]
        frame = pl.DataFrame(rows, ["month", "side", "own", "family"], orient="row")
        sums = frame.group_by("month", "side").agg(pl.col("own", "family").sum()).filter(pl.col("family") > 0)
        return sums.select("month", "side", own_repo_share=pl.col("own") / pl.col("family")).sort("month", "side")

    def reach(self, moments: Sequence[int] | None = None) -> pl.DataFrame:
        """Give, by quarter, how many countries have a first-party base model so far, which are new, and the entropy in bits.

        First-party: a base published by a known lab that is no community. Entropy: of the quarter's releases by country.
        """
        own = self.own(moments).filter(~pl.col("is_derived"))
        first = own.group_by("country").agg(pl.col("quarter").min()).group_by("quarter")
        new = first.agg(new_countries=pl.col("country").sort())
        share = pl.col("count") / pl.col("count").sum()
        # In one order, because the last digit of a sum depends on it.
        entropy = own.group_by("quarter", "country").agg(count=pl.len()).sort("quarter", "country").group_by("quarter")
        frame = entropy.agg(entropy=-(share * share.log(2)).sum()).join(new, on="quarter", how="left").sort("quarter")
        added = pl.col("new_countries").list.len().fill_null(0)
        return frame.with_columns(countries=added.cum_sum(), new_countries=pl.col("new_countries").fill_null([]))

    def entries(self, moments: Sequence[int] | None = None) -> pl.DataFrame:
        """Give (country, entered_on), the day of each country's first first-party base model."""
        own = self.own(moments).filter(~pl.col("is_derived"))
        return own.group_by("country").agg(entered_on=pl.col("created_at").min().dt.date()).sort("country")

    def own(self, moments: Sequence[int] | None) -> pl.DataFrame:
        """Give the releases of reviewed labs, with `withdrawn_at`, null where they stayed."""
        own = self.models.filter(
            (pl.col("country") != UNKNOWN) & ~pl.col("lab").is_in(COMMUNITIES) & (pl.col("role") != ROLES[QUANTIZED])
        )
        seen = np.array([self._end] if moments is None else moments)
        first, gone = np.searchsorted(seen, own["created"]), np.searchsorted(seen, own["gone"])
        shown = seen[np.minimum(gone, len(seen) - 1)] - DAY_SECONDS
        withdrawn = own["gone"].to_numpy() if moments is None else shown
        is_gone = own["gone"].to_numpy() <= seen[-1]
        own = own.with_columns(withdrawn_at=pl.Series(withdrawn), is_gone=pl.Series(is_gone))
        if moments is not None:
            is_shown = (first < gone) & (own["plant"].to_numpy() != NEVER_READ)
            own = self._as_first_seen(own.with_columns(first_at=pl.Series(seen[np.minimum(first, len(seen) - 1)])))
            own = own.filter(pl.Series(is_shown))
        return own.with_columns(withdrawn_at=pl.when("is_gone").then("withdrawn_at"))

    def _as_first_seen(self, own: pl.DataFrame) -> pl.DataFrame:
        """Give licence and gate as of the first capture, for the few models that had changed by then."""
        changed = {}
        for index, first_at in own.filter(pl.col("plant").is_in(CHANGING)).select("index", "first_at").iter_rows():
            licence = LICENCE_CLASSES[LICENCE_IDS.index(self.world.licence_at(index, first_at))]
            changed[index] = (licence, self.world.gate_at(index, first_at) is not False)
        rows = [(index, *changed[index]) for index in changed]
        schema = {"index": pl.Int64, "licence_class": pl.String, "is_gated": pl.Boolean}
        return own.update(pl.DataFrame(rows, schema, orient="row"), on="index").with_columns(
            is_open=(pl.col("licence_class") == "permissive") & ~pl.col("is_gated")
        )


def _as_told(models: pl.DataFrame) -> pl.DataFrame:
    """Give what records that lack keys, or state nonsense for a task, tell of their models."""
    lacks, has_task = pl.col("plant") == LACKING, pl.col("plant") != HOSTILE_TASK
    return models.with_columns(
        licence_class=pl.when(lacks).then(pl.lit("none")).otherwise("licence_class"),
        is_gated=pl.col("is_gated") & ~lacks,
        is_text=pl.col("is_text") & has_task,
    )


def size_band_of(parameters: int) -> str:
    """Name the size band of the marts."""
    return next((name for most, name in SIZE_BANDS if parameters < most * BILLION), LARGEST_BAND)


def _flagships(models: pl.DataFrame) -> pl.DataFrame:
    """Keep the releases with half of the parameters of the side's largest in the two years up to them, at least."""
    sized = models.filter(~pl.col("role").is_in(UNSIZED_ROLES)).sort("created_at")
    largest = sized.rolling("created_at", period=FLAGSHIP_PERIOD, closed="both", group_by="side").agg(
        largest=pl.col("parameters").max()
    )
    return (
        sized.join(largest.unique(), on=["side", "created_at"])
        .filter(pl.col("parameters") >= FLAGSHIP_SHARE * pl.col("largest"))
        .drop("largest")
    )


def _months(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month()
