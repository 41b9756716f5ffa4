"""Days of a Hub written down as snapshots, sealed the way a capture seals them, and every table built from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from dagster_project.calendar import stamp
from dagster_project.settings import shipped
from dagster_project.snapshots import seal
from dagster_project.snapshots.spool import Spool
from dagster_project.sources.huggingface import MODEL_SCHEMA
from dagster_project.warehouse import build
from dagster_project.warehouse.engine import connect_private

Rows = list[dict[str, Any]]
LONG_AGO = datetime.fromisoformat("2022-03-03")
HOUR = 2


def model(hub_id: str | None, **said: Any) -> dict[str, Any]:
    """Write one record: an old model of a lab, unless said otherwise. `total` and `month` are the two counters."""
    counters = {"downloads_all_time": said.pop("total", None), "downloads_30d": said.pop("month", None)}
    usual = {"hub_id": hub_id, "model_name": f"lab/{hub_id}", "created_at": LONG_AGO, "tags": [], "gated": "false"}
    return {**dict.fromkeys(MODEL_SCHEMA), **usual, **counters, **said}


@dataclass
class History:
    """A home that fills day by day."""

    home: Path
    days: dict[tuple[str, date], list[dict[str, Any]]] = field(default_factory=dict)

    def day(self, on: date, *models: Mapping[str, Any], source: str = "huggingface") -> None:
        """Seal one day's snapshot."""
        attempt = Spool(self.home, source, on, 1)
        rows = pl.DataFrame([dict(row) for row in models], schema=MODEL_SCHEMA, orient="row").with_columns(
            pl.lit(source).alias("source"),
            pl.lit(on).alias("observed_on"),
            pl.lit(0, pl.Int32).alias("page"),
            pl.int_range(pl.len(), dtype=pl.Int32).alias("position"),
        )
        at = datetime.combine(on, time(HOUR), UTC)
        is_own = source == "huggingface"
        attempt.folder.mkdir(parents=True)
        counts = seal.write_table(
            attempt,
            [(rows, pl.DataFrame(schema=seal.QUARANTINE_SCHEMA))],
            table="models",
            key="hub_id" if is_own else "model_name",
            rank=("page", "position"),
            observed_at=stamp(at),
        )
        seal.close(
            attempt,
            counts,
            status="sealed" if is_own else "imported",
            is_complete=is_own,
            origin="https://huggingface.co",
            started_at=stamp(at),
            now=at,
        )

    def build(self) -> History:
        """Build all tables."""
        build.build(
            self.home,
            list(seal.sealed(self.home)),
            sql=shipped("sql"),
            registry=shipped("data/registry"),
            known_at=date.max,
        )
        return self

    def rows(self, query: str) -> Rows:
        """Ask the build."""
        with connect_private(build.database_path(self.home), read_only=True) as connection:
            answer = connection.execute(query)
            names = [column[0] for column in answer.description or ()]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
