"""How fast and how flat a capture of millions of models is, whether it is right, and what it is next to two yardsticks.

Real command, real HTTP, from a server in a process of its own whose pages were made before the clock starts. 2 % of the
answers are faults, 0.1 % of the records can't be read, 0.5 % are met twice, and the capture is killed twice. Ends with 1
when the table is not the truth or a number is missed. Results go to docs/benchmarks.md. Run it with `make load`, or
`python -m tests.load.run --models 100000`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from dagster_project.rehearsal.faults import FOR_EVER, HTML, Fault
from tests.load import world

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = f"snapshots/huggingface/models/{world.NOW.date()}.parquet"
PAGES = "limit=1000&"
KILLS = 2
YARDSTICK_MODELS = 200_000
POLL_SECONDS = 0.02
CAPTURE = ("-m", "dagster_project.cli", "capture", "--json")
VERIFY = ("-m", "dagster_project.cli", "verify", "--json")
# What is promised. Memory of a larger capture is compared with that of the smallest in the same run.
MODELS_PER_SECOND = 8000
PEAK_MB, PEAK_GROWTH = 600, 1.1
TIMES_LIST_MODELS = 2.5
VERIFY_SECONDS, RERUN_SECONDS = 20, 3

ONE_FAULT_IN = 50
STRIKES: tuple[dict[str, Any], ...] = (
    {"action": "reply", "status": 429, "headers": {"RateLimit": '"api";r=0;t=0'}},
    {"action": "reply", "status": 429},
    {"action": "reply", "status": 503},
    {"action": "reset", "size": 50_000},
    {"action": "stall", "seconds": 0.3},
    {"action": "drip", "seconds": 0.002, "size": 4096},
    {"action": "truncate", "size": 50_000},
    {"action": "reply", "headers": {"Content-Type": "text/html"}, "body": HTML},
)
LIMIT = """
import gzip, json, sys
from pathlib import Path
from dagster_project.sources import huggingface, records
pages = (records.split(gzip.decompress(path.read_bytes())) for path in sorted(Path(sys.argv[1]).rglob("page-*.gz")))
print(json.dumps(sum(huggingface.read_models(page)[0].height for page in pages)))
"""
LIST_MODELS = """
import json, os
from huggingface_hub import HfApi
from dagster_project.sources.huggingface import WANTED
models = HfApi(endpoint=os.environ["HF_ENDPOINT"]).list_models(expand=list(WANTED), sort="created_at", limit=None)
rows = [(m.id, m.author, m.created_at, m.last_modified, m.downloads, m.downloads_all_time, m.likes, m.trending_score, m.gated, m.private,
         m.disabled, m.pipeline_tag, m.library_name, m.tags, m.safetensors, m.card_data, m.base_models) for m in models]
print(json.dumps(len(rows)))
"""


@dataclass
class Cost:
    """What a command cost: seconds of wall and CPU, the peak of its own memory, and what it said."""

    wall: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    out: str = ""
    err: str = ""

    def __add__(self, other: Cost) -> Cost:
        peak = max(self.peak_mb, other.peak_mb)
        return Cost(self.wall + other.wall, self.cpu + other.cpu, peak, self.out + other.out, self.err + other.err)


@dataclass
class Measured:
    """One capture of one size. `missed` names each promise that was not kept."""

    models: int
    models_per_second: float
    wall_seconds: float
    paused_seconds: float
    cpu_seconds: float
    microseconds_per_model: float
    peak_mb: float
    raw_mb: float
    refetched_pages: int
    verify_seconds: float
    rerun_seconds: float
    rerun_requests: int
    missed: list[str] = field(default_factory=list)


@dataclass
class Yardsticks:
    """A clean capture, without faults, next to the limit and to list_models, of the same models: wall and CPU seconds."""

    models: int
    capture_seconds: float
    limit_seconds: float
    list_models_seconds: float
    capture_cpu_seconds: float
    limit_cpu_seconds: float
    list_models_cpu_seconds: float

    @property
    def times_limit(self) -> float:
        """How many times as long as only reading and parsing the same pages from disk."""
        return self.capture_seconds / self.limit_seconds

    @property
    def times_list_models(self) -> float:
        """How many times as fast as list_models."""
        return self.list_models_seconds / self.capture_seconds


class Server:
    """The pages of a folder, served by another process."""

    def __init__(self, url: str) -> None:
        self.url = url

    def asked(self) -> list[str]:
        """Give the path of each request for a page so far, struck or not."""
        with urllib.request.urlopen(f"{self.url}/__ctl/log") as answer:
            return [entry["path"] for entry in json.load(answer) if PAGES in entry["path"]]

    def inject(self, faults: Sequence[Fault]) -> None:
        """Put faults in force."""
        urllib.request.urlopen(f"{self.url}/__ctl/faults", data=msgspec.json.encode(faults)).close()


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Serve a folder of pages until the block ends."""
    command = [sys.executable, "-m", "tests.load.serve", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    # Without an address the capture would ask the real Hub.
    if not url.startswith("http://127.0.0.1:"):
        raise SystemExit("the server of the load run did not start")
    try:
        yield Server(url)
    finally:
        process.communicate()


def run(arguments: Sequence[str], server: Server, home: Path, *, kill_at: int | None = None) -> Cost:
    """Run Python; give what it cost. With `kill_at` it is killed as soon as so many pages are safe."""
    said = {
        "HF_ENDPOINT": server.url,
        "GITHUB_API_URL": server.url,
        "LEADERSHIFT_HOME": str(home),
        "LEADERSHIFT_NOW": world.NOW.isoformat(),
    }
    environment = {name: value for name, value in os.environ.items() if name not in {"HF_TOKEN", "GITHUB_TOKEN"}}
    started, peak = time.monotonic(), [0.0]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment | said, stdout=out, stderr=err
        )
        watcher = threading.Thread(target=_watch, args=(process.pid, home, kill_at, peak))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        watcher.join()
        out.seek(0), err.seek(0)
        cost = Cost(wall, usage.ru_utime + usage.ru_stime, peak[0], out.read().decode(), err.read().decode())
    if process.returncode not in {0, -signal.SIGKILL if kill_at else 0}:
        raise SystemExit(f"{arguments[:4]} ended with {process.returncode}: {cost.err}")
    return cost


def _watch(process: int, home: Path, kill_at: int | None, peak: list[float]) -> None:
    """Follow the peak of a process' own memory, because ru_maxrss begins at its parent's; kill it at its page."""
    with contextlib.suppress(OSError, IndexError):
        while True:
            status = Path(f"/proc/{process}/status").read_text()
            peak[0] = int(status.split("VmHWM:")[1].split()[0]) / 1024
            if kill_at and any(home.glob(f"raw/huggingface/*/*/page-{kill_at:05}.json.gz")):
                os.kill(process, signal.SIGKILL)
                return
            time.sleep(POLL_SECONDS)


def faults(one_in: int) -> list[Fault]:
    """Let every so many requests for a page meet a fault, one kind after the other."""
    return [
        Fault(path=PAGES, nth=one_in * (place + 1), every=one_in * len(STRIKES), times=FOR_EVER, **strike)
        for place, strike in enumerate(STRIKES)
    ]


def measure(folder: Path, home: Path, pages: int, *, one_fault_in: int = ONE_FAULT_IN) -> Measured:
    """Capture a world with faults and kills; verify it, run it again, and compare its table with the truth."""
    kills = sorted(random.Random(pages).sample(range(2, pages), KILLS))
    with serve(folder) as server:
        server.inject(faults(one_fault_in))
        captured = Cost()
        for page in kills:
            captured += run(CAPTURE, server, home, kill_at=page)
        captured += run(CAPTURE, server, home)
        asked = len(server.asked())
        verified = run(VERIFY, server, home)
        again = run(CAPTURE, server, home)
        rerun_requests = len(server.asked()) - asked
    said = json.loads(captured.out)
    waits = [float(seconds) for seconds in re.findall(r"trying again in (\d+) s", captured.err)]
    refetched = asked - pages - len(waits)
    measured = Measured(
        models=said["seen"],
        models_per_second=said["seen"] / captured.wall,
        wall_seconds=captured.wall,
        paused_seconds=sum(waits),
        cpu_seconds=captured.cpu,
        microseconds_per_model=captured.cpu / said["seen"] * 1e6,
        peak_mb=captured.peak_mb,
        raw_mb=sum(path.stat().st_size for path in (home / "raw").rglob("*") if path.is_file()) / 1e6,
        refetched_pages=refetched,
        verify_seconds=verified.wall,
        rerun_seconds=again.wall,
        rerun_requests=rerun_requests,
    )
    measured.missed = [
        *differences(folder, home, pages, said),
        *_promise(f"{measured.models_per_second:,.0f} models/s", measured.models_per_second >= MODELS_PER_SECOND),
        *_promise(f"{measured.peak_mb:.0f} MB", measured.peak_mb <= PEAK_MB),
        *_promise(f"{refetched} pages fetched again after {KILLS} kills", 0 <= refetched <= KILLS),
        *_promise(f"verify took {verified.wall:.1f} s", verified.wall < VERIFY_SECONDS),
        *_promise(f"a rerun took {again.wall:.1f} s", again.wall < RERUN_SECONDS),
        *_promise(f"a rerun asked {rerun_requests} times", rerun_requests == 0),
    ]
    return measured


def _promise(told: str, is_kept: bool) -> list[str]:
    return [] if is_kept else [told]


def differences(folder: Path, home: Path, pages: int, said: dict[str, int]) -> list[str]:
    """Compare a sealed table with the truth row by row, and the counts with what was planted."""
    truth = pl.read_parquet(folder / world.TRUTH).drop("index").sort("hub_id")
    counts = {"downloads_30d": "downloads"}
    table = pl.read_parquet(home / SNAPSHOT, columns=["page", "hub_id", "downloads_30d", "downloads_all_time", "likes"])
    planted = {"quarantined": pages, "merged": world.REPEATED_ROWS * (pages - 1), "loaded": truth.height}
    found = {name: said[name] for name in planted}
    ours = table.rename(counts).sort("hub_id").cast(dict(truth.schema)).select(truth.columns)
    return [
        *_promise("the table is not the truth", ours.equals(truth)),
        *_promise(f"the counts are {found}, not {planted}", found == planted),
        *_promise("the rows are not in the order of the crawl", table["page"].is_sorted()),
    ]


def compare(folder: Path, home: Path, models: int) -> Yardsticks:
    """Capture a clean world without faults, parse its pages once from disk, and list it with huggingface_hub."""
    with serve(folder) as server:
        captured = run(CAPTURE, server, home)
        limit = run(["-c", LIMIT, str(home)], server, home)
        listed = run(["-c", LIST_MODELS], server, home)
    if not json.loads(captured.out)["loaded"] == int(limit.out) == int(listed.out) == models:
        raise SystemExit(f"{models:,} models, but captured {captured.out}, parsed {limit.out}, listed {listed.out}")
    return Yardsticks(models, captured.wall, limit.wall, listed.wall, captured.cpu, limit.cpu, listed.cpu)


def main() -> None:
    """Make the worlds, measure, print a row per size for docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, nargs="+", default=[1_000_000, 3_000_000], metavar="N")
    parser.add_argument(
        "--scratch", type=Path, help="folder for some GB of pages and snapshots; a temporary one if not given"
    )
    parser.add_argument("--json", action="store_true", help="print JSON on stdout and nothing else")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        yardstick = min(YARDSTICK_MODELS, *options.models)
        world.make(Path(scratch, "clean"), yardstick // world.PAGE_ROWS, clean=True)
        yardsticks = compare(Path(scratch, "clean"), Path(scratch, "clean-home"), yardstick)
        measured = []
        for models in sorted(options.models):
            folder, pages = Path(scratch, f"{models}"), models // world.PAGE_ROWS
            world.make(folder, pages)
            measured.append(measure(folder, Path(scratch, f"{models}-home"), pages))
    first, last = measured[0], measured[-1]
    growth = last.peak_mb / first.peak_mb
    last.missed += _promise(
        f"memory grew {growth:.2f} times from {first.models:,} to {last.models:,}", growth <= PEAK_GROWTH
    )
    last.missed += _promise(
        f"{yardsticks.times_list_models:.1f} times list_models", yardsticks.times_list_models >= TIMES_LIST_MODELS
    )
    tell_json(yardsticks, measured) if options.json else tell(yardsticks, measured)
    sys.exit(any(one.missed for one in measured))


def tell_json(yardsticks: Yardsticks, measured: list[Measured]) -> None:
    """Print all figures for machines."""
    ratios = {"times_limit": yardsticks.times_limit, "times_list_models": yardsticks.times_list_models}
    print(json.dumps({"yardsticks": asdict(yardsticks) | ratios, "captures": [asdict(one) for one in measured]}))  # noqa: T201


def tell(yardsticks: Yardsticks, measured: list[Measured]) -> None:
    """Print a table for docs/benchmarks.md, and what was missed."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[1]:.1f}"
    lines = [
        "| date | machine | models | models/s | wall s (of it pauses) | CPU s | us/model | peak MB | raw MB | fetched again | verify s"
        " | rerun s (requests) | x limit | x list_models |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {datetime.now(UTC):%Y-%m-%d} | {machine} | {one.models:,} | {one.models_per_second:,.0f}"
        f" | {one.wall_seconds:.0f} ({one.paused_seconds:.0f}) | {one.cpu_seconds:.0f} | {one.microseconds_per_model:.0f}"
        f" | {one.peak_mb:.0f} | {one.raw_mb:,.0f} | {one.refetched_pages} | {one.verify_seconds:.1f}"
        f" | {one.rerun_seconds:.1f} ({one.rerun_requests}) | {yardsticks.times_limit:.1f} | {yardsticks.times_list_models:.1f} |"
        for one in measured
    ]
    cpu = (
        yardsticks.capture_cpu_seconds,
        yardsticks.limit_cpu_seconds,
        yardsticks.list_models_cpu_seconds,
    )
    lines += [
        f"CPU seconds of {yardsticks.models:,} models without faults: {cpu[0]:.1f} captured, {cpu[1]:.1f} only parsed, {cpu[2]:.1f} listed."
    ]
    lines += [f"missed at {one.models:,}: {told}" for one in measured for told in one.missed]
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
