"""How long it takes to go from edges to roots for three million models: circles cut, parents weighed, every ancestor found.

A third of the models name a parent older than themselves, one in sixty two or three, one in a hundred one never seen.
Run it with `python -m tests.load.lineage --models 3000000`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

from dagster_project.settings import shipped
from dagster_project.warehouse import build, catalog
from dagster_project.warehouse.engine import connect_private

MEGABYTE = 1024  # kilobytes
WORLD = """
create schema staging;
create table staging.models as
    select cast(range + 1 as integer) as model_key, timestamp '2022-03-02' + to_seconds(range * 40) as created_at from range({models});
create table staging.edges as
    with children as (
        select model_key, unnest(range(case when model_key % 60 = 1 then 2 + model_key % 2 else 1 end)) as place
        from staging.models where model_key % 3 = 1 and model_key > 10
    )
    select
        model_key as child_key,
        case when model_key % 100 <> 1 then cast(hash(model_key * 3 + place) % (model_key - 1) + 1 as integer) end as parent_key,
        case when model_key % 100 <> 1 then 'owner/model-' else 'gone/model-' || model_key // 1000 || '-' end || place as parent_name,
        case when parent_key is null then parent_name end as stub_name,
        'finetune' as relation,
        'resolved' as evidence,
        false as is_self_loop,
        true as is_used,
        date '2026-01-01' as first_seen_on
    from children
    qualify row_number() over (partition by child_key, coalesce(parent_key, -place)) = 1;
"""


def main() -> None:
    """Make the world, then stubs, cuts, parents and ancestors; print the seconds of each and the longest way up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=3_000_000)
    models = parser.parse_args().models
    tables = catalog.load(shipped("sql"))
    said: dict[str, object] = {"models": models}
    with connect_private(Path(":memory:"), read_only=False) as connection:
        connection.execute(WORLD.format(models=models))
        for moment in ("now", "before"):
            connection.execute(f"attach ':memory:' as {moment}")
        began = time.monotonic(), time.process_time()
        for name in ("stubs", "cycle_cuts", "parents", "climbs", "ancestors"):
            wall, cpu = time.monotonic(), time.process_time()
            build._make(connection, tables[f"staging.{name}"], {}, lambda _text: None)
            said[name] = {"wall_s": round(time.monotonic() - wall, 2), "cpu_s": round(time.process_time() - cpu, 2)}
        said["all"] = {
            "wall_s": round(time.monotonic() - began[0], 2),
            "cpu_s": round(time.process_time() - began[1], 2),
        }
        ((said["roots"], said["depth"]),) = connection.execute(
            "select count(*), max(depth) from staging.ancestors"
        ).fetchall()
    said["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE)
    print(json.dumps(said))  # noqa: T201


if __name__ == "__main__":
    main()
