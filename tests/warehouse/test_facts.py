"""Which sealed snapshots a build reads again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from dagster_project.settings import shipped
from dagster_project.snapshots import seal
from dagster_project.warehouse import catalog, facts, lineage


def _unread(home: Path) -> set[str]:
    whole, _partial = facts.comparable(list(seal.sealed(home)))
    order = lineage.build_order(catalog.load(shipped("sql")))
    planned = facts.plan(home, whole, [table for table in order if table.per == "snapshot"])
    return {f"{attempt.day}" for attempt in planned.unread if attempt.source == "huggingface"}


def test_only_what_has_no_facts_is_read(copied: Callable[[], Path]) -> None:
    home = copied()
    index = home / facts.INDEX
    made = json.loads(index.read_text())
    days = sorted(one["day"] for one in made["made"] if one["source"] == "huggingface")
    assert len(days) == 4
    assert _unread(home) == set(days)
    newest = next(one for one in made["made"] if one["day"] == days[-1])
    index.write_text(json.dumps({**made, "made": [one for one in made["made"] if one is not newest]}))
    assert _unread(home) == set(days[:-1])
    # Whatever is wrong with one fact, all are made anew, so that every snapshot is read.
    (home / newest["files"]["counters"]["path"]).with_name(f"{days[0]}.parquet").write_bytes(b"")
    assert _unread(home) == set()
