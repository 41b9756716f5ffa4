"""leadershift: who leads open-source AI, week by week, with the denominator in sight."""

from dagster_project.settings import silence_telemetry

silence_telemetry()
