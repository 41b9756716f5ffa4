"""How fast and how flat a capture is, against two yardsticks in the same run. Results go to docs/benchmarks.md.

(a) the limit: the same pages read from disk and decoded once; (b) huggingface_hub's own list_models, into rows.
Run it with `make load`; `python tests/load/run.py --models 1000000` for more.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

NOW = "2026-11-16T02:00:00+00:00"
LIMIT = """
import gzip, json, sys
from pathlib import Path
from dagster_project.sources.huggingface import read_models
rows = sum(read_models(gzip.decompress(path.read_bytes()))[0].height for path in sorted(Path(sys.argv[1]).rglob("page-*.gz")))
print(json.dumps(rows))
"""
LIST_MODELS = """
import json, os
from huggingface_hub import HfApi
from dagster_project.sources.huggingface import WANTED
api = HfApi(endpoint=os.environ["HF_ENDPOINT"])
fields = list(WANTED)
rows = [(m.id, m.author, m.created_at, m.downloads, m.downloads_all_time, m.likes, m.gated, m.pipeline_tag, m.library_name, m.tags)
        for m in api.list_models(expand=fields, sort="created_at", limit=None)]
print(json.dumps(len(rows)))
"""


def measure(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    """Run a command; give wall and CPU seconds, peak MB, and what it printed."""
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    printed, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "wall": time.monotonic() - started,
        "cpu": cpu,
        "peak_mb": after.ru_maxrss / 1024,
        "printed": json.loads(printed),
    }


def main() -> None:
    """Serve a world, warm its pages, capture, compare, print one row for docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=100_000)
    models = parser.parse_args().models
    with tempfile.TemporaryDirectory() as scratch:
        serve = [
            sys.executable,
            "-m",
            "dagster_project.cli",
            "rehearse",
            "serve",
            "--port",
            "0",
            "--models",
            str(models),
        ]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=os.environ | {"LEADERSHIFT_NOW": ""})
        try:
            assert server.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]  # type: ignore[index]
            base = os.environ | {"HF_ENDPOINT": url, "GITHUB_API_URL": url, "LEADERSHIFT_NOW": NOW}
            capture = [sys.executable, "-m", "dagster_project.cli", "capture", "--json", "--patience", "30"]
            measure(capture, base | {"LEADERSHIFT_HOME": f"{scratch}/warm"})
            # The peak of RUSAGE_CHILDREN is that of the largest child so far: smallest first.
            home = f"{scratch}/home"
            captured = measure(capture, base | {"LEADERSHIFT_HOME": home})
            limit = measure([sys.executable, "-c", LIMIT, home], base)
            listed = measure([sys.executable, "-c", LIST_MODELS], base)
            raw = sum(path.stat().st_size for path in Path(home, "raw").rglob("*") if path.is_file())
        finally:
            server.terminate()
    loaded = captured["printed"]["loaded"]  # type: ignore[index]
    row = (
        f"| {datetime.now(UTC):%Y-%m-%d} | {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        f" | {loaded:,} | {loaded / captured['wall']:,.0f} | {captured['cpu']:.1f} | {captured['peak_mb']:.0f} | {raw / 1e6:.0f}"
        f" | {captured['wall'] / limit['wall']:.1f} | {listed['wall'] / captured['wall']:.1f} |"
    )
    print("| date | machine | models | models/s | CPU s | peak MB | raw MB | x limit | faster than list_models |")  # noqa: T201
    print("|---|---|---|---|---|---|---|---|---|")  # noqa: T201
    print(row)  # noqa: T201


if __name__ == "__main__":
    main()
