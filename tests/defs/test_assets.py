"""The graph that Dagster loads: quickly, described, and changed only on purpose.

Renew the reviewed picture of it with `.venv/bin/python -m tests.defs.test_assets`, and read the diff.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from dagster_project.definitions import defs

PICTURE = Path(__file__).with_name("asset_graph.txt")
RENEW = ".venv/bin/python -m tests.defs.test_assets"
GROUPS = {"capture", "registry", "staging", "core", "marts", "claims", "publish", "reports"}
LOAD_SECONDS = 4
HEAVY = {"great_expectations", "pandas", "papermill", "nbconvert", "altair", "pyspark"}
MEASURE = """
import dagster, json, sys, time
started = time.process_time()
from dagster_project.definitions import defs
defs.get_repository_def().load_all_definitions()
print(json.dumps({"seconds": time.process_time() - started, "modules": sorted(sys.modules)}))
"""


def draw() -> str:
    """Write every asset as a few lines: group, kinds, partitions, where it comes from, what is checked."""
    graph = defs.resolve_asset_graph()
    checks = defaultdict(list)
    for check in graph.asset_check_keys:
        checks[check.asset_key].append(check.name)
    lines = [f"# What Dagster loads. Changed on purpose? Renew with: {RENEW}"]
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        node = graph.get(key)
        lines += ["", f"{key.to_user_string()}  [{node.group_name}] {' '.join(sorted(node.kinds))}"]
        lines += ["  by week"] if node.partitions_def else []
        lines += [
            f"  from {parent.to_user_string()}"
            for parent in sorted(node.parent_keys, key=lambda parent: parent.to_user_string())
        ]
        lines += [f"  check {name}" for name in sorted(checks[key])]
    return "\n".join(lines) + "\n"


def test_definitions_load_before_anybody_gets_impatient() -> None:
    """Processor time, so that a busy machine does not fail it; on a quiet one it is what a person waits."""
    answer = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    measured = json.loads(answer.stdout)
    assert measured["seconds"] < LOAD_SECONDS
    assert not HEAVY & set(measured["modules"]), "an import at the top of a module loads what only a step needs"


def test_the_graph_changes_only_on_purpose() -> None:
    assert draw() == PICTURE.read_text(encoding="utf-8"), f"If it was meant: {RENEW}, and review the diff."


def test_every_asset_says_what_it_is_and_whose() -> None:
    specs = list(defs.resolve_all_asset_specs())
    assert {spec.group_name for spec in specs} == GROUPS
    for spec in specs:
        assert spec.description, spec.key
        assert spec.kinds, spec.key
        assert spec.owners, spec.key


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
