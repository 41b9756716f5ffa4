"""The marts of a release as Parquet, CSV and a data package, for whoever has no DuckDB at hand.

Not here: the release's database, which they are read from (publish).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from dagster_project.snapshots import durable
from dagster_project.warehouse.catalog import Table
from dagster_project.warehouse.engine import connect_private, quoted
from dagster_project.warehouse.published import Publication

# A spreadsheet runs a text that begins with one of these.
FORMULA_STARTS = "=+-@\t\r"
_FRICTIONLESS = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "BIGINT": "integer",
    "INTEGER": "integer",
}


def write(folder: Path, tables: Mapping[str, Table], release: Publication) -> None:
    """Write the marts as Parquet and CSV with a data package that describes them."""
    exported = [table for table in tables.values() if table.schema == "marts"]
    (folder / "parquet").mkdir()
    (folder / "csv").mkdir()
    resources = []
    with connect_private(folder / Path(release.database).name, read_only=True) as connection:
        for table in exported:
            described = connection.execute(f"describe {table.full_name}").fetchall()
            fields = [(str(row[0]), str(row[1])) for row in described]
            order = ", ".join(table.grain)
            parquet, csv = folder / "parquet" / f"{table.name}.parquet", folder / "csv" / f"{table.name}.csv"
            connection.execute(
                f"copy (from {table.full_name} order by {order}) to {quoted(str(parquet))}"
                f" (format parquet, compression zstd, kv_metadata {{release_id: {quoted(release.release_id)}}})"
            )
            harmless = ", ".join(_spreadsheet_safe(name, kind) for name, kind in fields)
            connection.execute(
                f"copy (select {harmless} from {table.full_name} order by {order}) to {quoted(str(csv))} (header)"
            )
            resources += [_resource(table, fields, path, folder) for path in (parquet, csv)]
    package = {
        "name": "leadershift",
        "id": release.release_id,
        "created": release.published_at,
        "title": f"leadershift {release.release_id}"
        + (" (REHEARSAL, not the real Hub)" if release.is_rehearsal else ""),
        "resources": resources,
    }
    (folder / "datapackage.json").write_bytes(msgspec.json.format(msgspec.json.encode(package)))


def _spreadsheet_safe(name: str, kind: str) -> str:
    if kind != "VARCHAR":
        return f'"{name}"'
    starts = quoted(FORMULA_STARTS)
    return f'case when contains({starts}, left("{name}", 1)) and "{name}" <> \'\' then \'\'\'\' || "{name}" else "{name}" end as "{name}"'


def _resource(table: Table, fields: list[tuple[str, str]], path: Path, folder: Path) -> dict[str, Any]:
    return {
        "name": f"{table.name}-{path.suffix[1:]}",
        "path": path.relative_to(folder).as_posix(),
        "format": path.suffix[1:],
        "description": table.comment,
        "hash": f"sha256:{durable.sha256(path)}",
        "schema": {
            "fields": [
                {"name": name, "type": _FRICTIONLESS.get(kind, "number"), "description": table.columns[name]}
                for name, kind in fields
            ],
            "primaryKey": list(table.grain),
        },
    }
