"""Records that are odd on purpose: hostile strings, counters and dates in other forms, missing keys, cards of any type.

Each is a function of the item as it should be. Names and ids stay legal. Not here: which model is odd (scenario), odd
bytes on the wire (faults).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dagster_project.rehearsal.hub.api import Item
from dagster_project.rehearsal.world.scenario import OVERFLOWS

HOSTILE: dict[str, tuple[str, str]] = {
    "script": ("<script>alert(1)</script>", "</script><script>alert(2)</script>"),
    "formula": ("=cmd|rehearsal", "=cmd|' /C calc'!A0"),
    "right_to_left": ("\u202egnp.rehearsal", "licence \u202egnp.exe\u202c"),
    "nul": ("rehearsal\tnul", "before\x00after"),
}
"""Planted strings: a tag, and a card's license_name."""
STRINGS = (
    "<img src=x onerror=alert(3)>",
    "'); drop table models; --",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "{{7*7}}${7*7}",
    "line one\r\nX-Injected: yes",
    "\u202ereversed\u202c \u200bzero width",
    "before\x00after",
    "../../../../etc/passwd",
    "rehearsal " + "long" * 2000,
    "🧨" * 40 + " e\u0301",
)
"""Strings for every other text field; which one follows from the model's number."""
COUNTERS = ("likes", "downloads", "downloadsAllTime")
FORGOTTEN = ("author", "cardData", "gated", "lastModified", "likes", "private", "tags")
TIMES = ("createdAt", "lastModified")
DAY_LETTERS = len("2026-01-31")
MOVING = {"overflow_counter", "float_counters", "missing_counters", "missing_keys"}
"""Kinds that change keys which move with the clock."""
PASSING = {"overflow_counter", "missing_counters"}
"""Kinds that pass after a while."""


def hostile(index: int) -> str:
    """Give the string that belongs to a model's number."""
    return STRINGS[index // 600 % len(STRINGS)]


def odd(kind: str, index: int, item: Item) -> Item:
    """Give the item as the kind of plant says, unchanged where it says nothing of records."""
    change = CHANGES.get(kind)
    return item if change is None else change(index, item)


def _overflow(index: int, item: Item) -> Item:
    return {**item, "downloads": OVERFLOWS[index // 600 % len(OVERFLOWS)]} if "downloads" in item else item


def _huge_weights(_index: int, item: Item) -> Item:
    return {**item, "safetensors": {"parameters": {"BF16": OVERFLOWS[1]}, "total": OVERFLOWS[1]}}


def _floats(_index: int, item: Item) -> Item:
    return {key: float(value) if key in COUNTERS else value for key, value in item.items()}


def _times(change: Callable[[str], str]) -> Callable[[int, Item], Item]:
    def written(_index: int, item: Item) -> Item:
        return {key: change(value) if key in TIMES else value for key, value in item.items()}

    return written


def _without(*keys: str) -> Callable[[int, Item], Item]:
    def left(_index: int, item: Item) -> Item:
        return {key: value for key, value in item.items() if key not in keys}

    return left


def _text(key: str) -> Callable[[int, Item], Item]:
    def written(index: int, item: Item) -> Item:
        return {**item, key: hostile(index)}

    return written


def _in_card(key: str, make: Callable[[str], Any]) -> Callable[[int, Item], Item]:
    def written(index: int, item: Item) -> Item:
        return {**item, "cardData": {**item.get("cardData", {}), key: make(hostile(index))}}

    return written


def _licence(index: int, item: Item) -> Item:
    """Leave the tag, which the Hub computes, and spoil what the author wrote."""
    card = {**item.get("cardData", {}), "license_link": hostile(index), "license_name": hostile(index)}
    return {**item, "cardData": card}


CHANGES: dict[str, Callable[[int, Item], Item]] = {
    "overflow_counter": _overflow,
    "overflow_parameters": _huge_weights,
    "float_counters": _floats,
    "offset_date": _times(lambda text: text.replace("Z", "+00:00")),
    "short_date": _times(lambda text: text.replace(".000Z", "Z")),
    "day_date": _times(lambda text: text[:DAY_LETTERS]),
    "missing_counters": _without("downloads", "downloadsAllTime"),
    "missing_keys": _without(*FORGOTTEN),
    "card_string": lambda _index, item: {**item, "cardData": "license: apache-2.0\nlanguage: en\n"},
    "card_list": lambda _index, item: {**item, "cardData": [item.get("cardData"), "second"]},
    "hostile_task": _text("pipeline_tag"),
    "hostile_library": _text("library_name"),
    "hostile_sha": _text("sha"),
    "hostile_licence": _licence,
    "hostile_language": _in_card("language", lambda text: [text, {"en": text}, None, 3]),
    "hostile_relation": _in_card("base_model_relation", lambda text: text),
    "hostile_base": _in_card("base_model", lambda text: [text, {"id": text}, None, 3]),
}
