"""The gates between a finished crawl and a sealed week: what looks wrong is kept, and waits for a person. Part of the hall.

Each gate looks at this snapshot, and at the last good one of the same source, and gives a sentence or nothing.
Not here: what becomes of a crawl that is refused (crawl), and checks of what is built from sealed weeks (warehouse/audit).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from dagster_project.calendar import Week
from dagster_project.errors import GateError
from dagster_project.snapshots import manifest, seal
from dagster_project.snapshots.seal import Counts, Profile
from dagster_project.snapshots.spool import Spool
from dagster_project.sources import records
from dagster_project.sources.huggingface import MODEL_SCHEMA, WANTED
from dagster_project.sources.records import Record

# The Hub grows by one to two per cent a week, and never lost a tenth of its models in one.
SMALLEST_WEEK_RATIO, LARGEST_WEEK_RATIO = 0.85, 1.40
# Less than half of the list is no list: whoever signs for it keeps it, but nothing may be called removed because of it.
PARTIAL_RATIO = 0.5
# Odd records are a few in a million. One in a hundred means that the Hub writes them in another way now.
LARGEST_QUARANTINED_SHARE = 0.01
# A lost page can hide in the count of a growing Hub, but not the models that everybody downloads: hardly one goes in a month.
TOP_MODELS, LARGEST_TOP_MISSING_SHARE = 1_000, 0.02
# A field that everybody had and half have no more was renamed or moved: its column would silently become empty.
EVERYWHERE_SHARE, LARGEST_KEY_LOSS = 0.99, 0.5
# A column fills or empties slowly, because nine of ten models are the ones of last week.
LARGEST_EMPTY_JUMP = 0.20
# Counters of millions of models never all stand still for days, and totals only fall where the Hub corrects a few.
LONGEST_STANDSTILL = timedelta(days=3)
LARGEST_FALLEN_SHARE = 0.5
# A larger Hub is compared by every second model, every third and so on, so that memory does not grow with it.
COMPARED_MODELS = 500_000
# So many records tell the share of a field to a thousandth; a smaller snapshot is looked at whole.
SAMPLED_RECORDS = 100_000
RAREST_KEY_SHARE = 0.001
MOST_NAMED, LONGEST_KEY_NAMED = 5, 60


@dataclass(frozen=True)
class Snapshot:
    """What the gates see of a snapshot. `table` is None where it is damaged; seals from before there were profiles have none."""

    observed_on: date
    counts: Counts
    profile: Profile | None
    table: Path | None
    quarantine: Path | None = None


class Tally:
    """Counts the profile of a snapshot of about `expected` records while its pages go by, flat in memory."""

    def __init__(self, expected: int) -> None:
        self._stride = max(1, expected // SAMPLED_RECORDS)
        self._seen = self._sampled = self._rows = 0
        self._keys: Counter[str] = Counter()
        self._empty: Counter[str] = Counter()

    def add(self, page: Sequence[Record], rows: pl.DataFrame) -> None:
        """Count a page: the keys of its records as they were sent, and the empty cells of the rows made from it."""
        for record in page[-self._seen % self._stride :: self._stride]:
            keys = records.keys(record)
            self._sampled += bool(keys)
            self._keys.update(keys)
        self._seen += len(page)
        self._empty.update(rows.select(_EMPTY_CELLS).row(0, named=True))
        self._rows += rows.height

    def profile(self) -> Profile:
        """Give the shares. Keys that hardly any record has are left out, so that nobody's inventions fill the seal."""
        shares = {key: count / self._sampled for key, count in sorted(self._keys.items())}
        return Profile(
            keys={key: share for key, share in shares.items() if share >= RAREST_KEY_SHARE},
            empty={column: count / self._rows for column, count in self._empty.items()} if self._rows else {},
        )


_EMPTY_CELLS = [
    (pl.col(name).list.len().fill_null(0) == 0).sum() if isinstance(kind, pl.List) else pl.col(name).null_count()
    for name, kind in MODEL_SCHEMA.items()
]


def this_snapshot(attempt: Spool, counts: Counts, profile: Profile, table: Path) -> Snapshot:
    """Give a snapshot whose table was just written."""
    listed = [entry for entry in manifest.read(attempt.folder) if entry.kind == "quarantine"]
    return Snapshot(attempt.day, counts, profile, table, attempt.home / listed[0].path if listed else None)


def last_good(attempt: Spool, table: str) -> Snapshot | None:
    """Find the newest whole snapshot before this one; None for the first."""
    good = [
        (kept, found)
        for kept, found in seal.readable(attempt.home, attempt.source)
        if found.status == "sealed" and found.observed_on < attempt.day
    ]
    if not good:
        return None
    kept, found = good[-1]
    is_damaged = bool(seal.damage(kept, found, tables_only=True))
    path = seal.table_path(kept.home, kept.source, table, kept.day)
    counts = Counts(found.seen, found.loaded, found.merged, found.quarantined)
    return Snapshot(found.observed_on, counts, found.profile, None if is_damaged else path)


def refusals(this: Snapshot, last: Snapshot | None) -> list[str]:
    """Ask every gate: one sentence for each that refuses."""
    said = [_quarantine(this), *(gate(this, last) for gate in GATES if last)]
    return [sentence for sentence in said if sentence]


def refusal(attempt: Spool, reasons: Sequence[str]) -> GateError:
    """Give the one error for all that was refused, with the one command that seals the week all the same."""
    week = Week.of(attempt.day)
    return GateError(
        f"Week {week}, Hugging Face: {' '.join(reasons)} The pages are kept in {attempt.folder}, but not sealed."
        " If this is real, sign for it, now or later; while the week lasts, capture --again asks the Hub once more.",
        next_command=sign_command(week),
    )


def sign_command(week: Week) -> str:
    """Write the command that seals a kept week."""
    return f'leadershift capture --week {week} --sign-off "NAME: REASON"'


def is_partial(this: Snapshot, last: Snapshot | None) -> bool:
    """Say whether a snapshot has so few models that absence from it means nothing."""
    return last is not None and this.counts.loaded < PARTIAL_RATIO * last.counts.loaded


def new_keys(this: Snapshot, last: Snapshot | None) -> list[str]:
    """Name the fields that no record of the last snapshot had: told, but no reason to wait."""
    if last is None or last.profile is None or this.profile is None:
        return []
    return sorted(this.profile.keys.keys() - last.profile.keys.keys())


def named(keys: Sequence[str]) -> str:
    """Write a few names that came from outside so that a terminal can't be fooled by them."""
    shown = ", ".join(ascii(key[:LONGEST_KEY_NAMED]) for key in keys[:MOST_NAMED])
    return f"{shown} and {len(keys) - MOST_NAMED:,} more" if len(keys) > MOST_NAMED else shown


# The gates


def _quarantine(this: Snapshot) -> str | None:
    counts = this.counts
    if counts.quarantined <= LARGEST_QUARANTINED_SHARE * counts.seen:
        return None
    where = f" (reasons in {this.quarantine})" if this.quarantine else ""
    return (
        f"{counts.quarantined:,} of {counts.seen:,} records can't be read{where}: the Hub may have changed its answers."
    )


def _count(this: Snapshot, last: Snapshot) -> str | None:
    came, before = this.counts.loaded, last.counts.loaded
    if SMALLEST_WEEK_RATIO * before <= came <= LARGEST_WEEK_RATIO * before:
        return None
    share = f"{came / before:.0%} of the {before:,}" if before else "after none"
    return f"{came:,} models came, {share} of {last.observed_on}."


def _comparable(_this: Snapshot, last: Snapshot) -> str | None:
    """A damaged file may not cost the new week, nor may it wave one through."""
    if last.table is not None:
        return None
    return f"The table of {last.observed_on} is damaged (leadershift verify names it), so its models and counters could not be compared."


def _top(this: Snapshot, last: Snapshot) -> str | None:
    if last.table is None or this.table is None:
        return None
    former = pl.scan_parquet(last.table, glob=False).select("hub_id", "downloads_30d").drop_nulls()
    top = former.top_k(TOP_MODELS, by="downloads_30d").collect(engine="streaming")["hub_id"]
    # A record that came but can't be read is no model that went.
    places = [this.table, *([this.quarantine] if this.quarantine else [])]
    sights = [
        pl.scan_parquet(place, glob=False).select("hub_id").filter(pl.col("hub_id").is_in(top.implode()))
        for place in places
    ]
    missing = top.len() - pl.concat(sights).unique().collect(engine="streaming").height
    if missing <= LARGEST_TOP_MISSING_SHARE * top.len():
        return None
    return f"{missing:,} of the {top.len():,} most downloaded models of {last.observed_on} are missing."


def _keys(this: Snapshot, last: Snapshot) -> str | None:
    if this.profile is None or last.profile is None:
        return None
    now, then = this.profile.keys, last.profile.keys
    gone = [
        key for key, share in then.items() if share >= EVERYWHERE_SHARE and now.get(key, 0) < LARGEST_KEY_LOSS * share
    ]
    # The other way round, only of what we ask for: a field that suddenly all records have means something else now.
    come = [
        key
        for key in WANTED
        if now.get(key, 0) >= EVERYWHERE_SHARE and key in then and then[key] < LARGEST_KEY_LOSS * now[key]
    ]
    if not gone and not come:
        return None
    told = ", ".join(f"{named([key])} ({then[key]:.0%} -> {now.get(key, 0):.0%})" for key in (gone + come)[:MOST_NAMED])
    fresh = new_keys(this, last)
    return f"Fields changed since {last.observed_on}: {told}{f'; new: {named(fresh)}' if fresh else ''}."


def _empty(this: Snapshot, last: Snapshot) -> str | None:
    if this.profile is None or last.profile is None:
        return None
    now, then = this.profile.empty, last.profile.empty
    emptied = [column for column, share in now.items() if column in then and share - then[column] > LARGEST_EMPTY_JUMP]
    if not emptied:
        return None
    told = ", ".join(f"{column} ({then[column]:.0%} -> {now[column]:.0%})" for column in emptied[:MOST_NAMED])
    return f"Columns became empty since {last.observed_on}: {told}."


def _counters(this: Snapshot, last: Snapshot) -> str | None:
    if last.table is None or this.table is None:
        return None
    former, latter = pl.col("former"), pl.col("latter")
    stride = max(1, last.counts.loaded // COMPARED_MODELS)
    both = _totals(last.table, "former", stride).join(_totals(this.table, "latter", stride), on="key")
    counted = both.select(
        all=pl.len(),
        moved=(latter != former).sum(),
        above_zero=(former > 0).sum(),
        fallen=((former > 0) & (latter < former)).sum(),
    ).collect(engine="streaming")
    models, moved, above_zero, fallen = counted.row(0)
    if above_zero and not moved and this.observed_on - last.observed_on > LONGEST_STANDSTILL:
        return (
            f"Not one of {models:,} cumulative counters moved since {last.observed_on}: the Hub's counters stand still."
        )
    if fallen > LARGEST_FALLEN_SHARE * above_zero:
        return f"{fallen:,} of {above_zero:,} cumulative counters fell since {last.observed_on}."
    return None


def _totals(table: Path, name: str, stride: int) -> pl.LazyFrame:
    """Give hashed ids and cumulative counters of the same models in each snapshot, one in `stride` of them."""
    rows = pl.scan_parquet(table, glob=False).select("hub_id", pl.col("downloads_all_time").alias(name)).drop_nulls()
    return rows.select(pl.col("hub_id").hash().alias("key"), name).filter(pl.col("key") % stride == 0)


GATES: Sequence[Callable[[Snapshot, Snapshot], str | None]] = (_count, _comparable, _top, _keys, _empty, _counters)
