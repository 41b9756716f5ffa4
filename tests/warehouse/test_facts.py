"""Which sealed snapshots a build reads again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from dagster_project.settings import shipped
from dagster_project.snapshots import seal
from dagster_project.warehouse import catalog, facts, lineage
from tests.sql.history import Rows, model, two_labs


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


def test_a_snapshot_that_comes_late_changes_nothing_that_a_build_in_order_would_not_say(tmp_path: Path) -> None:
    history = two_labs(tmp_path)
    days = [date(2026, 8, 31), date(2026, 9, 7), date(2026, 9, 14)]
    busy = [model("busy", model_name="base/busy", total=1000 * place) for place in range(3)]
    history.day(days[0], model("m", model_name="acme/old", total=0), busy[0])
    history.day(days[2], model("m", model_name="acme/new", total=9), busy[2])

    def told() -> Rows:
        return history.build_all().rows("select * from core.counter_events order by all")

    told()
    # Only by the record of a later day could anybody know whose name this is.
    history.day(days[1], model("n", model_name="acme/n", total=0), busy[1], unreadable=["acme/new"], sealed_on=days[2])
    late = told()
    shutil.rmtree(history.home / facts.FOLDER)
    assert told() == late
