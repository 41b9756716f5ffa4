"""How long facts, marts, audit and release take on a Hub of millions of models and many weeks, against the limit.

The limit is twofold: a plain scan of the five fact columns, and one reading of the sealed records that the facts are made from.

The weeks are made by DuckDB and sealed as a capture would seal them: ids and names as long as real ones, a dozen tags,
a third of the counters moving each week, one model in a hundred changing its record, a third with declared parents; the
newest week has `--models` of them, each week before 0.4 % fewer.
Each step runs in a process of its own, so that its memory is its own. `newest` is a build after one more snapshot.
Run it with `python -m tests.load.warehouse --models 3000000 --weeks 104`; the home must be new or of the same size.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from dagster_project.calendar import stamp
from dagster_project.settings import shipped
from dagster_project.snapshots import manifest, seal
from dagster_project.snapshots.seal import Counts
from dagster_project.snapshots.spool import Spool
from dagster_project.warehouse import audit, facts, publish
from dagster_project.warehouse import build as building

GROWTH_A_WEEK = 0.004
MEGABYTE = 1024  # kilobytes
FIRST = date(2024, 11, 25)
NAMES = """
create macro owner_of(n) as 'owner' || cast(pow(hash(n) % 100000, 1.3) as bigint) % 40000;
create macro name_of(n, week) as owner_of(n) || '/model-' || n || case when (n + week) % 104 = 0 then '-v2' else '' end;
"""
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
        name_of(n, {week}) as model_name,
        owner_of(n) as author,
        timestamp '2022-03-02 00:00:00' + to_seconds(n * 40) as created_at,
        timestamp '2026-01-01 00:00:00' as last_modified_at,
        weight // 3 as downloads_30d,
        case
            -- The busiest always move, or the Hub's counters would seem to stand still all the time.
            when dice < 650 and weight < 180000 then weight * 10
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
                then ['base_model:' || name_of(n // 50, 0), 'base_model:finetune:' || name_of(n // 50, 0)] else [] end as tags,
        cast(7e9 as bigint) as parameters_total,
        'apache-2.0' as card_licence,
        null::varchar as card_licence_name,
        []::varchar[] as card_base_models,
        null::varchar as card_base_relation,
        case when n % 3 = 1 then 'finetune' end as base_relation,
        case when n % 3 = 1
            then [{{'hub_id': printf('%08x%016x', 1646179200 + (n // 50) * 40, n // 50), 'model_name': name_of(n // 50, {week})}}]
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
    """Write and seal one week with so many models, unless it is there."""
    day = FIRST + timedelta(days=7 * week)
    if (home / "raw" / "huggingface" / f"{day}").exists():
        return
    attempt = Spool(home, "huggingface", day, 1)
    path = seal.table_path(home, "huggingface", "models", day)
    path.parent.mkdir(parents=True, exist_ok=True)
    attempt.folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(NAMES)
        connection.execute(MODELS_OF_A_WEEK.format(models=models, week=week, day=day, path=path))
    at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    manifest.append(attempt.folder, manifest.describe(home, path, "table", models, stamp(at)))
    seal.close(
        attempt,
        Counts(models, models, 0, 0),
        status="sealed",
        is_complete=True,
        origin="http://127.0.0.1:1",
        started_at=stamp(at),
        now=at,
    )


READ = """select sum(length(hub_id)), sum(downloads_30d), sum(downloads_all_time), sum(likes), sum(length(model_name)), sum(len(tags)),
    max(created_at), sum(parameters_total), sum(length(pipeline_tag)), sum(length(library)), sum(len(base_models)) from read_parquet(?)"""


def say(text: str) -> None:
    """Tell progress apart from the result."""
    print(text, file=sys.stderr)  # noqa: T201


def build(home: Path) -> dict[str, float]:
    """Build everything that is not there yet; give the seconds of each table."""
    built = building.build(
        home,
        list(seal.sealed(home)),
        sql=shipped("sql"),
        registry=shipped("data/registry"),
        known_at=date.max,
        say=say,
    )
    return {made.table.full_name: made.seconds for made in built}


def check(home: Path) -> None:
    """Audit the build."""
    audit.audit(home, sql=shipped("sql"), say=lambda text: say(text) if text.startswith("FAILED") else None)


def release(home: Path) -> None:
    """Publish the build, whatever the audit of an invented world says."""
    publish.publish(home, sql=shipped("sql"), now=datetime.now(UTC), sign_off="load", say=say)


def scan(home: Path) -> None:
    """Read the five fact columns of all weeks once: the limit."""
    files = [str(path) for path in sorted((home / facts.FOLDER / "counters").rglob("*.parquet"))]
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(
            "select sum(model_key), sum(downloads_30d), sum(downloads_all_time), sum(likes), sum(record_hash::hugeint)"
            " from read_parquet(?)",
            [files],
        ).fetchall()


def read(home: Path) -> None:
    """Decode all that the facts are made from once, as sealed: no rebuild can find out what changed without it."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        for path in sorted((home / seal.SNAPSHOTS / "huggingface" / "models").glob("*.parquet")):
            connection.execute(READ, [str(path)]).fetchall()


def measured(work: Callable[[Path], dict[str, float] | None], home: Path) -> dict[str, object]:
    """Run something in a new process; give wall and CPU seconds, peak memory, and the seconds that it tells itself."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (work, home))


def _measure(work: Callable[[Path], dict[str, float] | None], home: Path) -> dict[str, object]:
    wall, cpu = time.monotonic(), time.process_time()
    seconds = work(home) or {}
    most = sorted(seconds.items(), key=lambda item: -item[1])[:25]
    return {
        "wall_s": round(time.monotonic() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE),
        **({"tables": {name: round(taken, 2) for name, taken in most}} if most else {}),
    }


def main() -> None:
    """Make the weeks, build, audit, publish, build once more with one more week, scan, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=300_000)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--home", type=Path, default=Path("/tmp/leadershift-load"))
    options = parser.parse_args()
    home: Path = options.home

    def models(week: int) -> int:
        return int(options.models * (1 - GROWTH_A_WEEK * (options.weeks - 1 - week)))

    for week in range(options.weeks):
        make_week(home, week, models(week))
    say("weeks made")
    for folder in (facts.FOLDER, "warehouse", publish.PUBLISHED):
        shutil.rmtree(home / folder, ignore_errors=True)
    for name, work in (("build", build), ("scan", scan), ("read", read), ("audit", check), ("publish", release)):
        print(json.dumps({name: measured(work, home)}), flush=True)  # noqa: T201
    make_week(home, options.weeks, models(options.weeks))
    print(json.dumps({"newest": measured(build, home)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
