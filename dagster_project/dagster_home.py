"""Dagster's own folder in the home, and the settings it finds there. A part of the hall.

Not here: starting Dagster (cli/control), and what it loads (defs).
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.settings import Settings
from dagster_project.snapshots import durable

SETTINGS = b"""telemetry:
  enabled: false
nux:
  enabled: false
# The terminal gets the sentences; each of the 300 events of a run is in the UI.
python_logs:
  python_log_level: INFO
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 21600
# A home has one writer: a second run waits in the queue instead of failing at the lock. (A pool lets two through at its first use.)
concurrency:
  runs:
    max_concurrent_runs: 1
"""


def prepare(settings: Settings) -> Path:
    """Write Dagster's own settings into the home, if nobody did: no telemetry, no tour, one run at a time, stuck runs ended."""
    path = settings.home / "dagster" / "dagster.yaml"
    if not path.exists():
        durable.write_bytes(path, SETTINGS)
    return path.parent
