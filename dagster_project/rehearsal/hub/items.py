"""One flat row in the API's shape: the only place that knows how the Hub writes a model.

Not here: where rows come from (tables, simulated), what is wrong with them on purpose (odd_records).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dagster_project.rehearsal.hub.api import Item

PLAIN = {
    "author": "author",
    "created_at": "createdAt",
    "last_modified": "lastModified",
    "pipeline_tag": "pipeline_tag",
    "library": "library_name",
    "trending_score": "trendingScore",
    "sha": "sha",
    "private": "private",
}
COUNTS = {"likes": "likes", "downloads": "downloads", "downloads_all_time": "downloadsAllTime"}
SECOND_LETTERS = len("2026-01-31T12:00:00")


def stamp(seconds: int) -> str:
    """Write a second since 1970 the way the Hub writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:SECOND_LETTERS] + ".000Z"


def to_item(row: Mapping[str, Any]) -> Item:
    """Give a flat row the API's shape. A row's None is absent there, except for base models, which may be null."""
    item: Item = {"_id": row["hub_id"], "id": row["id"]}
    item |= {key: row[name] for name, key in PLAIN.items() if row.get(name) is not None}
    item |= {key: int(row[name]) for name, key in COUNTS.items() if row.get(name) is not None}
    if not {"removed", "disabled"}.isdisjoint(row):
        item["disabled"] = bool(row.get("removed") or row.get("disabled"))
    if row.get("gated") is not None:
        item["gated"] = {"true": "auto", "false": False}.get(str(row["gated"]).lower(), row["gated"])
    if row.get("tags") is not None:
        item["tags"] = row["tags"]
    if row.get("parameters"):
        total = int(row["parameters"])
        item["safetensors"] = {"parameters": {"BF16": total}, "total": total}
    if "base_models" in row:
        item["baseModels"] = row["base_models"]
    card = row["card"] if row.get("card") is not None else _card(row)
    return {**item, "cardData": card} if card else item


def _card(row: Mapping[str, Any]) -> Item:
    """Make a card from the columns that come from cards; one base model stands as a string, several as a list."""
    bases = row.get("base_model") or []
    parts = {
        "license": row.get("licence"),
        "language": row.get("languages"),
        "base_model": bases[0] if len(bases) == 1 else bases,
    }
    return {key: value for key, value in parts.items() if value}
