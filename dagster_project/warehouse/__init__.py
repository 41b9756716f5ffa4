"""From sealed snapshots to published tables: the catalogue of SQL files, the build, the audit, the release."""
