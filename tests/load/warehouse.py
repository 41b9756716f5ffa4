"""How long facts and marts take on a Hub of millions of models and many weeks, against a plain scan of the same facts.

The weeks are made by DuckDB and sealed as a capture would seal them: ids and names as long as real ones, a dozen tags,
a fifth of the counters moving each week, one model in a hundred changing its record, a third with declared parents.
Run it with `python tests/load/warehouse.py --models 3000000 --weeks 104`.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from dagster_project.calendar import stamp
from dagster_project.settings import shipped
from dagster_project.snapshots import manifest, seal
from dagster_project.snapshots.seal import Counts
from dagster_project.snapshots.spool import Spool
from dagster_project.warehouse import build as building
from dagster_project.warehouse import facts

FIRST = date(2024, 11, 25)
MODELS_OF_A_WEEK = """
copy (
    with numbers as (select range as n from range({models})),
    shaped as (
        select
            n,
            -- A few models take nearly everything, as on the Hub.
            cast(2e7 / pow(1 + hash(n) % 1000003, 1.05) as bigint) as weight,
            hash(n * 7919 + 13) % 1000 as dice
        from numbers
    )
    select
        printf('%08x%016x', 1646179200 + n * 40, n) as hub_id,
        'owner' || cast(pow(hash(n) % 100000, 1.3) as bigint) % 40000 || '/model-' || n
            || case when (n + {week}) % 104 = 0 then '-v2' else '' end as model_name,
        'owner' || cast(pow(hash(n) % 100000, 1.3) as bigint) % 40000 as author,
        timestamp '2022-03-02 00:00:00' + to_seconds(n * 40) as created_at,
        timestamp '2026-01-01 00:00:00' as last_modified_at,
        weight // 3 as downloads_30d,
        case
            when dice < 650 then weight * 10
            when dice = 999 and {week} % 20 between 10 and 12 then weight * 9
            else weight * 10 + (weight + 1) * {week}
        end as downloads_all_time,
        weight // 100 as likes,
        0.5 as trending_score,
        'false' as gated,
        false as is_private,
        false as is_disabled,
        case when n % 3 = 0 then 'text-generation' when n % 3 = 1 then 'image-text-to-text' else 'fill-mask' end as pipeline_tag,
        'transformers' as library,
        ['transformers', 'safetensors', 'llama', 'text-generation', 'en', 'endpoints_compatible', 'region:us',
            'license:apache-2.0', 'arxiv:24' || (n % 1000), 'dataset:d' || (n % 5000),
            'tag-' || ((n + case when dice % 100 = {week} % 100 then 1 else 0 end) % 20000)]
            || case when n % 3 = 1
                then ['base_model:owner1/model-' || (n // 50), 'base_model:finetune:owner1/model-' || (n // 50)] else [] end as tags,
        cast(7e9 as bigint) as parameters_total,
        'apache-2.0' as card_licence,
        null::varchar as card_licence_name,
        []::varchar[] as card_base_models,
        null::varchar as card_base_relation,
        case when n % 3 = 1 then 'finetune' end as base_relation,
        case when n % 3 = 1
            then [{{'hub_id': printf('%08x%016x', 1646179200 + (n // 50) * 40, n // 50), 'model_name': 'owner1/model-' || (n // 50)}}]
            else [] end as base_models,
        null::boolean as is_removed,
        cast(n % 1000 as integer) as position,
        'huggingface' as source,
        date '{day}' as observed_on,
        timestamp '{day} 02:00:00' as observed_at,
        cast(n // 1000 as integer) as page
    from shaped
) to '{path}' (format parquet, compression zstd)
"""


def make_week(home: Path, week: int, models: int) -> None:
    """Write and seal one week."""
    day = FIRST + timedelta(days=7 * week)
    attempt = Spool(home, "huggingface", day, 1)
    path = seal.table_path(home, "huggingface", "models", day)
    path.parent.mkdir(parents=True, exist_ok=True)
    attempt.folder.mkdir(parents=True)
    rows = int(models * (0.6 + 0.4 * week / 104))
    with duckdb.connect() as connection:
        connection.execute(MODELS_OF_A_WEEK.format(models=rows, week=week, day=day, path=path))
    at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    manifest.append(attempt.folder, manifest.describe(home, path, "table", rows, stamp(at)))
    seal.close(
        attempt,
        Counts(rows, rows, 0, 0),
        status="sealed",
        is_complete=True,
        origin="http://127.0.0.1:1",
        started_at=stamp(at),
        now=at,
    )


def timed(work: object, *arguments: object, **options: object) -> tuple[float, float]:
    """Run something; give wall and CPU seconds."""
    wall, cpu = time.monotonic(), time.process_time()
    work(*arguments, **options)  # type: ignore[operator]  # any callable
    return time.monotonic() - wall, time.process_time() - cpu


def scan(home: Path) -> None:
    """Read the five fact columns of all weeks once: the limit."""
    files = [str(path) for path in sorted((home / facts.FOLDER / "counters").rglob("*.parquet"))]
    with duckdb.connect() as connection:
        connection.execute(
            "select sum(model_key), sum(downloads_30d), sum(downloads_all_time), sum(likes), sum(record_hash::hugeint)"
            " from read_parquet(?)",
            [files],
        ).fetchall()


def run_build(home: Path, say: object) -> None:
    """Build everything that is not there yet."""
    building.build(
        home,
        list(seal.sealed(home)),
        sql=shipped("sql"),
        registry=shipped("data/registry"),
        known_at=date.max,
        say=say,  # type: ignore[arg-type]  # print
    )


def main() -> None:
    """Make the weeks, build, build the newest week again, scan, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=300_000)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--home", type=Path, default=Path("/tmp/leadershift-load"))
    options = parser.parse_args()
    for week in range(options.weeks):
        if not (options.home / "raw" / "huggingface" / f"{FIRST + timedelta(days=7 * week)}").exists():
            make_week(options.home, week, options.models)
            print(f"week {week}", file=sys.stderr)  # noqa: T201
    say = lambda text: print(text, file=sys.stderr)  # noqa: T201, E731
    shutil.rmtree(options.home / facts.FOLDER, ignore_errors=True)
    everything = timed(run_build, options.home, say)
    again = timed(run_build, options.home, say)
    limit = timed(scan, options.home)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"facts and marts": everything, "marts": again, "scan": limit, "peak_mb": peak}))  # noqa: T201


if __name__ == "__main__":
    main()
