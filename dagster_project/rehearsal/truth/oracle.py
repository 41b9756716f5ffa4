"""The oracle: the true tables of a rehearsal world, in the grain and with the column names of the marts.

Computed from the world's own facts and counters, without a line of the pipeline: no SQL, no DuckDB, nothing imported from
outside the rehearsal. Here: flows, shares, concentration, and the way to all other truths. Not here: descent (truth/lineage),
what was made of whom (truth/derivatives), what releases are like (truth/releases), how large (truth/sizes), who overtook
whom (truth/leads), what the API pretends (dirt; `events` lists it).

Windows end with their week's Sunday: week and 28d are 7 and 28 days, 365d is 365 days and reaches back before the world's
first week, cumulative begins with it, or with the week of `since`. A week counts for the country that a lab was at home in when it
began. Scopes: S1 all; S2 text; S3 as in `_in_scope`, from the
week on by whose end a model is large; S4 all, in their first 365 days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from dagster_project.rehearsal.truth import SCOPES
from dagster_project.rehearsal.truth.adoption import Adoption
from dagster_project.rehearsal.truth.derivatives import Derivatives
from dagster_project.rehearsal.truth.leads import Leads
from dagster_project.rehearsal.truth.lineage import CREDITS, UNKNOWN, Descent, Shares
from dagster_project.rehearsal.truth.releases import Releases
from dagster_project.rehearsal.truth.sight import LACKING, Sight, Whole
from dagster_project.rehearsal.truth.sizes import Sizes
from dagster_project.rehearsal.truth.spread import concentration, concentrations
from dagster_project.rehearsal.truth.staying import Staying
from dagster_project.rehearsal.world.cast import LABS, NOBODY, QUANTIZED
from dagster_project.rehearsal.world.dirt import Pretence
from dagster_project.rehearsal.world.draws import Bools, Floats, Ints
from dagster_project.rehearsal.world.facts import DAY_SECONDS, NEVER, WEEK_SECONDS, is_text
from dagster_project.rehearsal.world.scenario import KINDS
from dagster_project.rehearsal.world.world import World

WINDOWS = ("week", "28d", "365d", "cumulative")
ENTRY_SECONDS = 90 * DAY_SECONDS
"""A model younger than this counts as new when a share moves."""
YEAR_SECONDS = 365 * DAY_SECONDS
S3_CREATED_AFTER = 1_669_852_800
"""2022-12-01 UTC: S3 takes models created after 2022-11-30."""
S3_LEAST_DOWNLOADS = 100_000


class Truth:
    """The true tables of one world. The first call reads the whole world; worlds of some hundred thousand models fit."""

    def __init__(
        self,
        world: World,
        since: date | None = None,
        moments: Sequence[int] | None = None,
        *,
        archived: Sequence[int] = (),
        is_as_seen: bool = False,
    ) -> None:
        """Read a world. `since`: first week of cumulative windows; `moments`: when somebody looked, for what was released.

        `archived`: when somebody else read the counters before. `is_as_seen`: what all of them can show of the counters
        (truth/sight). A week ends when somebody looks, a task that the Hub states as nonsense is none, and a model whose records
        can't be read is not there.
        """
        self.world, self.is_as_seen = world, is_as_seen
        self._late = (min(moments) - world.first_monday) % WEEK_SECONDS if is_as_seen and moments else 0
        self._origin = world.monday(((since or world.first_week) - world.first_week).days // 7)
        self.weeks = [world.first_week + timedelta(weeks=week) for week in range(world.weeks)]
        block = world.everything()
        self._facts, self._course = block.facts, block.course
        sight = Sight(world, block, moments or (), archived) if is_as_seen else Whole(world, block)
        self._sight: Whole | Sight = sight
        self.descent = Descent(world, self._facts, is_as_seen=is_as_seen, looks=[*archived, *(moments or ())])
        self.labs = self.descent.labs
        self._homes = self._all_homes()
        self._credits = [self.descent.credit(name) for name in CREDITS]
        self.releases = Releases(world, self._facts, self._course, self.descent, moments, sight)
        self.derivatives = Derivatives(world, self._facts, self.descent, self.releases, sight)
        self.sizes = Sizes(world, self._facts, self._course, self.descent, self.releases, sight)
        self.adoption = Adoption(world, self._facts, self._course, self.releases, sight)
        self.staying = Staying(world, self._facts, self.descent, sight)

    # Flows

    def _there(self, begin: int, end: int) -> Bools:
        """Say which models were there between two seconds; who looks later sees a little more, and less."""
        return np.asarray((self._facts.created < end + self._late) & (self._facts.gone > begin + self._late))

    def weekly_flow(self, week: int | None = None) -> pl.DataFrame:
        """Give (hub_id, week, downloads_flow) of one week, or of all, for the models that existed in it."""
        frames = [self._flow_of(number) for number in (range(self.world.weeks) if week is None else [week])]
        return pl.concat(frames)

    def _flow_of(self, week: int) -> pl.DataFrame:
        begin, end = self.world.monday(week), self.world.monday(week + 1)
        there = np.flatnonzero(self._there(begin, end))
        flow = (self._count(end) - self._count(begin))[there]
        ids = pl.Series("hub_id", self._hub_ids).gather(there)
        return pl.DataFrame({"hub_id": ids, "downloads_flow": flow}).select(
            "hub_id", pl.lit(self.weeks[week]).alias("week"), "downloads_flow"
        )

    @cached_property
    def _hub_ids(self) -> list[str]:
        return [self.world.hub_id(index) for index in range(self.world.models)]

    def _count(self, now: Ints | int, *, first_year: bool = False) -> Ints | Floats:
        """Give all models' downloads up to a second, or to the end of their first year where that is earlier."""
        return self._sight.count(np.minimum(now, self._facts.created + YEAR_SECONDS) if first_year else now)

    # Shares

    def share_by_lab(self) -> pl.DataFrame:
        """Give the true `marts.share_by_lab`, the country that of the last week; labs without a model in the window have no row."""
        flows, models, _ = self._sums
        names, member = self._labs
        frame = self._long(flows @ member, models @ member, "lab", names)
        homes = [
            pl.DataFrame({"week": week, "lab": self.labs, "country": self.descent.countries_at(self._monday(week))})
            for week in self.weeks
        ]
        frame = frame.join(pl.concat(homes).unique(), on=["week", "lab"])
        return _with_shares(frame, "lab").with_columns(
            rank=pl.col("downloads_flow").rank("min", descending=True).over("week", "scope", "credit", "time_window")
        )

    def share_by_country(self) -> pl.DataFrame:
        """Give the true `marts.share_by_country`; countries without a model in the window have no row."""
        flows, models, _ = self._sums
        names, member = self._countries
        return _with_shares(self._long(flows @ member, models @ member, "country", names), "country")

    def _all_homes(self) -> list[tuple[int, str]]:
        """Give each lab with the country that it begins in, then, where one moves, that lab with the other country."""
        first, last = (list(enumerate(self.descent.countries_at(second))) for second in (0, self.descent.moved_on))
        return [*first, *(home for home in last if home not in first)]

    @cached_property
    def _labs(self) -> tuple[list[str], Floats]:
        """Give the labs by name, and which homes are a lab's."""
        names = list(dict.fromkeys(self.labs))
        return names, np.eye(len(names))[[names.index(self.labs[lab]) for lab, _country in self._homes]]

    @cached_property
    def _countries(self) -> tuple[list[str], Floats]:
        """Give the countries, and which homes are in each."""
        names = sorted({country for _lab, country in self._homes})
        return names, np.eye(len(names))[[names.index(country) for _lab, country in self._homes]]

    def _monday(self, week: date) -> int:
        return self.world.monday((week - self.world.first_week).days // 7)

    @cached_property
    def _sums(self) -> tuple[Floats, Floats, pl.DataFrame]:
        """Add up flows and models by scope, credit, window, week and home; and concentration over models on the way."""
        shape = (len(SCOPES), len(CREDITS), len(WINDOWS), self.world.weeks, len(self._homes))
        flows, models, rows = np.zeros(shape), np.zeros(shape), []
        entities = [self.descent.entities(credit) for credit in CREDITS]
        for week in range(self.world.weeks):
            for scope, window, flow, late, there in self._windows(week):
                for credit, shares in enumerate(self._credits):
                    cell = (scope, credit, window, week)
                    flows[cell] = self._at_home(shares.given(flow, len(self.labs)), shares.given(late, len(self.labs)))
                    count = np.bincount(shares.owners, there[shares.models], len(self.labs)).astype(np.float64)
                    models[cell] = self._at_home(count, count * (self.world.monday(week) >= self.descent.moved_on))
                    if WINDOWS[window] == "week":
                        found = _by_entity(entities[credit], flow, there)
                        rows.append((self.weeks[week], SCOPES[scope], CREDITS[credit], "model", *concentration(found)))
        return flows, models, concentrations(rows)

    def _at_home(self, whole: Floats, late: Floats) -> Floats:
        """Divide what labs have among their homes; `late` is the part since the Monday from which the new home counts."""
        labs = [lab for lab, _country in self._homes]
        is_new = np.arange(len(labs)) >= len(self.labs)
        has_moved = np.isin(labs, labs[len(self.labs) :])
        return np.where(is_new, late[labs], whole[labs] - late[labs] * has_moved)

    def _windows(self, week: int) -> Iterator[tuple[int, int, Ints | Floats, Ints | Floats, Bools]]:
        """Give scope, window, each model's flow, the part of it since a lab moved, and which models take part, of a week's windows."""
        end = self.world.monday(week + 1)
        begins = (end - 7 * DAY_SECONDS, end - 28 * DAY_SECONDS, end - YEAR_SECONDS, self._origin)
        whole, young = self._count(end), self._count(end, first_year=True)
        in_scope = self._in_scope(self._count(self.world.monday(week + 1) - self._late))
        for window, begin in enumerate(begins):
            there = self._there(begin, end)
            since = min(max(begin, self.descent.moved_on), end)
            flow, late = (whole - self._count(start) for start in (begin, since))
            large = [whole - self._count(np.maximum(start, self._large_from)) for start in (begin, since)]
            for scope, chosen in enumerate(in_scope):
                counted, counted_late = large if SCOPES[scope] == "S3" else (flow, late)
                yield scope, window, np.where(chosen, counted, 0), np.where(chosen, counted_late, 0), there & chosen
            is_young = there & (self._facts.created + YEAR_SECONDS > begin)
            first, first_late = (young - self._count(start, first_year=True) for start in (begin, since))
            yield SCOPES.index("S4"), window, first, first_late, is_young

    def _in_scope(self, all_time: Ints | Floats) -> list[Bools]:
        """Say which models are in S1, S2 and S3. First-party: published by a known lab that is no community of uploaders."""
        facts = self._facts
        communities = [number for number, lab in enumerate(LABS) if lab.kind == "community"]
        text, first_party = (
            is_text(facts.task) & ~self._is_hidden_task,
            (facts.lab < NOBODY) & ~np.isin(facts.lab, communities),
        )
        large = (all_time >= S3_LEAST_DOWNLOADS) & (facts.created >= S3_CREATED_AFTER)
        return [np.ones(len(text), dtype=np.bool_), text, text & first_party & large & (facts.role != QUANTIZED)]

    @cached_property
    def _large_from(self) -> Ints:
        """Give the Monday of the week by whose end each model has the downloads of S3, NEVER if it never has."""
        since = np.full_like(self._facts.created, NEVER)
        for week in reversed(range(self.world.weeks)):
            since[self._count(self.world.monday(week + 1) - self._late) >= S3_LEAST_DOWNLOADS] = self.world.monday(week)
        since[self._count(self.world.monday(0) - self._late) >= S3_LEAST_DOWNLOADS] = 0
        return since

    @cached_property
    def _is_hidden_task(self) -> Bools:
        return np.asarray((self._facts.plant == KINDS.index("hostile_task")) & self.is_as_seen)

    def _long(self, flows: Floats, models: Floats, level: str, names: list[str]) -> pl.DataFrame:
        """Write sums as rows, without those to which no model belongs."""
        scope, credit, window, week, side = np.nonzero(models)
        labels = [("week", self.weeks, week), ("scope", SCOPES, scope), ("credit", CREDITS, credit)]
        labels += [("time_window", WINDOWS, window), (level, names, side)]
        columns = {name: pl.Series(list(values)).gather(places) for name, values, places in labels}
        cells = (scope, credit, window, week, side)
        return pl.DataFrame(columns | {"downloads_flow": flows[cells], "n_models": models[cells].astype(np.int64)})

    # Concentration and leads

    def concentration(self) -> pl.DataFrame:
        """Give the true `marts.concentration` of single weeks. Over countries: the known ones alone."""
        flows, models, by_model = self._sums
        names, member = self._countries
        labs = np.eye(len(self.labs))[[lab for lab, _country in self._homes]]
        known = [place for place, name in enumerate(names) if name != UNKNOWN]
        rows = []
        for level, flow, count in (
            ("lab", flows @ labs, models @ labs),
            ("country", (flows @ member)[..., known], (models @ member)[..., known]),
        ):
            for scope, credit, week in np.ndindex(len(SCOPES), len(CREDITS), self.world.weeks):
                values = flow[scope, credit, 0, week][count[scope, credit, 0, week] > 0]
                rows.append((self.weeks[week], SCOPES[scope], CREDITS[credit], level, *concentration(values)))
        return pl.concat([concentrations(rows), by_model])

    @cached_property
    def leads(self) -> Leads:
        """Give who led whom."""
        weekly = self._sums[0][:, :, 0]
        sides = {"country": self._countries, "lab": self._labs}
        return Leads(self.weeks, {level: (names, weekly @ member) for level, (names, member) in sides.items()})

    # Why shares moved

    def share_changes(self, weeks: Iterable[tuple[date, date]]) -> pl.DataFrame:
        """Give the true parts of `marts.share_changes` by country, for pairs of a later and an earlier week; S1 and S2.

        A model is of the country that it belongs to in the later week; where it belonged elsewhere in the earlier one, its share of
        then is reclassified.
        """
        names, member = self._countries
        frames = []
        for later, earlier in weeks:
            now, then = (self._week_flow(week) for week in (later, earlier))
            end = self.world.monday(self.weeks.index(later) + 1)
            is_young = self._facts.created > end - ENTRY_SECONDS
            for scope, chosen in zip(("S1", "S2"), self._in_scope(now), strict=False):
                share_then = then * chosen / (then @ chosen)
                moved = now * chosen / (now @ chosen) - share_then
                parts = {
                    "entry": np.where(is_young, moved, 0.0),
                    "growth": np.where(is_young, 0.0, np.maximum(moved, 0.0)),
                    "decay": np.where(is_young, 0.0, np.minimum(moved, 0.0)),
                }
                sums = {name: self._by_home(part, later) @ member for name, part in parts.items()}
                was, came = (self._by_home(share_then, week) @ member for week in (earlier, later))
                sums["reclassification"] = came - was
                keys = {"week": later, "since_week": earlier, "scope": scope}
                frames.append(
                    pl.DataFrame({"side": names, **sums}).with_columns(pl.lit(v).alias(k) for k, v in keys.items())
                )
        return pl.concat(frames)

    def _by_home(self, part: Floats, week: date) -> Floats:
        """Add up what models have by the home that their publishers have in a week."""
        sums = np.bincount(self.descent.publishers, part, len(self.labs)).astype(np.float64)
        return self._at_home(sums, sums * (self._monday(week) >= self.descent.moved_on))

    def _week_flow(self, week: date) -> Ints | Floats:
        number = self.weeks.index(week)
        return self._count(self.world.monday(number + 1)) - self._count(self.world.monday(number))

    # Descent and what is planted

    def roots(self) -> pl.DataFrame:
        """Give (hub_id, root_hub_id, root_name, weight, depth) of every model, names as of the world's end.

        As seen, without the models whose records lack the tags that would still name a parent when it was removed.
        """
        roots = self.descent.roots(self.world.monday(self.world.weeks))
        lacking = [self._hub_ids[index] for index in np.flatnonzero((self._facts.plant == LACKING) & self.is_as_seen)]
        return roots.filter(~pl.col("hub_id").is_in(lacking))

    def events(self) -> pl.DataFrame:
        """Give the true `core.counter_events`, and every other thing planted: kind, hub_id, week, at, until, detail."""
        rows = [(e.kind, e.hub_id, e.week, e.at, e.until, e.detail) for e in Pretence(self.world).events()]
        moment = pl.Datetime("us", "UTC")
        texts = dict.fromkeys(("kind", "hub_id"), pl.String())
        return pl.DataFrame(
            rows, {**texts, "week": pl.Date(), "at": moment, "until": moment, "detail": pl.String()}, orient="row"
        )

    def turning_points(self) -> pl.DataFrame:
        """Give what is planted in the truth itself: kind, side, other, week."""
        points = [(p.kind, p.side, p.other, self.weeks[p.week]) for p in self.world.turning_points()]
        schema = {"kind": pl.String, "side": pl.String, "other": pl.String, "week": pl.Date}
        return pl.DataFrame(points, schema, orient="row")


def _with_shares(frame: pl.DataFrame, level: str) -> pl.DataFrame:
    """Add the shares and their bounds; what nobody reviewed is in every total."""
    group = ["week", "scope", "credit", "time_window"]
    flow, unknown = pl.col("downloads_flow"), pl.col("country") == UNKNOWN
    frame = frame.with_columns(total=flow.sum().over(group), known=flow.filter(~unknown).sum().over(group))
    total, known = pl.col("total"), pl.col("known")
    share = pl.when(total > 0).then(flow / total)
    return (
        frame.with_columns(
            share_of_total=share,
            share_of_known=pl.when(~unknown & (known > 0)).then(flow / known),
            lower_bound=pl.when(unknown).then(share * 0.0).otherwise(share) if level == "country" else share,
            upper_bound=pl.when(unknown).then(share).otherwise((flow + total - known) / total),
            unknown_share=pl.when(total > 0).then((total - known) / total),
        )
        .drop("total", "known")
        .sort(*group, level)
    )


def _by_entity(shares: Shares, flow: Ints | Floats, there: Bools) -> Floats:
    """Give what each credited model gets; a model without downloads counts where it is there itself."""
    size = int(shares.owners.max()) + 1
    credited = np.bincount(shares.owners[there[shares.models]], minlength=size) > 0
    return shares.given(flow, size)[credited]
