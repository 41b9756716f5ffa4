"""A table of readings over time, replayed: at each moment of the clock the pretend Hub says what was read last.

A model is listed from its first reading until one says that it is removed, or a later round of readings lacks it. What a
reading does not say (tags, licence, task) comes from a table of models, where one is given.
Not here: columns and shapes (tables, items).
"""

from __future__ import annotations

import bisect
from collections.abc import Hashable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.api import Item
from dagster_project.rehearsal.hub.items import COUNTS
from dagster_project.rehearsal.hub.tables import Table, load_frame, read_time

TIME_COLUMNS = ("observed_at", "snapshot_at", "snapshot_date", "observed_on", "date")


class Series(Table):
    """Readings as items. Its state is the last round of readings at or before the clock's time."""

    def __init__(self, models: pl.DataFrame, readings: pl.DataFrame) -> None:
        super().__init__(models)
        by_moment: dict[datetime, dict[str, dict[str, Any]]] = {}
        for row in readings.iter_rows(named=True):
            by_moment.setdefault(row["observed_at"], {})[row["id"]] = row
        self.moments = sorted(by_moment)
        self._rounds = [by_moment[moment] for moment in self.moments]

    def state(self, now: datetime) -> Hashable:
        """Give the number of the round; -1 before the first."""
        return bisect.bisect_right(self.moments, now) - 1

    def is_listed(self, index: int, now: datetime) -> bool:
        """Say whether the round has the model, and does not call it removed."""
        reading = self._reading(index, now)
        return reading is not None and not reading.get("removed")

    def item(self, index: int, now: datetime) -> Item:
        """Give what is known of the model, with the counters of the round."""
        item, reading = super().item(index, now), self._reading(index, now) or {}
        item |= {key: int(reading[name]) for name, key in COUNTS.items() if reading.get(name) is not None}
        if reading.get("trending_score") is not None:
            item["trendingScore"] = reading["trending_score"]
        return {**item, "disabled": False} if "disabled" in item else item

    def _reading(self, index: int, now: datetime) -> dict[str, Any] | None:
        number = bisect.bisect_right(self.moments, now) - 1
        return self._rounds[number].get(self.name(index)) if number >= 0 else None


def load_series(path: Path, models: Path | None = None) -> Series:
    """Read readings (.parquet, .csv, .jsonl: a time, an id, counters) and, where given, a table of the models they are of.

    Raises UsageError for what can't be read, for readings without a time, and for a row whose time is none.
    """
    rows = load_frame(path, keep=TIME_COLUMNS)
    times = next((name for name in TIME_COLUMNS if name in rows.columns), None)
    if times is None:
        raise UsageError(f"{path} has no column of times (one of {', '.join(TIME_COLUMNS)}). It has: {rows.columns}")
    moments = [read_time(value) for value in rows[times].to_list()]
    if None in moments:
        raise UsageError(f"{path}: row {moments.index(None) + 1} has no readable time.")
    read = [datetime.fromisoformat(moment).astimezone(UTC) for moment in moments if moment]
    readings = rows.with_columns(pl.Series("observed_at", read, dtype=pl.Datetime("us", "UTC")))
    last = readings.sort("observed_at").unique("id", keep="last", maintain_order=True)
    known = load_frame(models) if models else last.drop(*TIME_COLUMNS, strict=False)
    strangers = last.filter(~pl.col("id").is_in(known["id"].implode()))
    return Series(pl.concat([known, strangers.drop(*TIME_COLUMNS, strict=False)], how="diagonal_relaxed"), readings)
