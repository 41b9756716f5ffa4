"""What countries and labs are called, and the two answers that are no country.

Names come from strangers and from the registry; they are cleaned here. Not here: escaping (render).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dagster_project.reports.render import clean, text_column

# Whose names take an article in a sentence.
WITH_ARTICLE = frozenset({"US", "GB", "NL", "AE", "PH", "DO", "BS", "MV"})
UNKNOWN = "UNKNOWN"
INTERNATIONAL = "INTERNATIONAL"
NOT_COUNTRIES = frozenset({UNKNOWN, INTERNATIONAL})


def lab_labels(rows: pl.DataFrame) -> pl.Series:
    """Name the lab of each row, by lab and lab_name."""
    return text_column(lab_label(lab, name) for lab, name in rows.select("lab", "lab_name").iter_rows())


def country_label(code: str, name: object) -> str:
    """Name a country or one of the two answers that are no country."""
    fixed = {UNKNOWN: "Unknown", INTERNATIONAL: "International"}
    return fixed.get(code) or clean(name) or clean(code) or "Unnamed"


def code_name(code: str, names: Mapping[str, str]) -> str:
    """Name a country by the registry's names; by its code where they have none."""
    return country_label(code, names.get(code))


def spoken(code: str, name: str) -> str:
    """Name a country within a sentence: the United States, but China."""
    return f"the {name}" if code in WITH_ARTICLE else name


def capital(sentence: str) -> str:
    """Begin a sentence with a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def lab_label(lab: str, name: object) -> str:
    """Name a lab; an unreviewed namespace goes without its `hf:`."""
    return clean(name).removeprefix("hf:") or clean(lab).removeprefix("hf:") or "Unnamed"


def home(country: str | None, names: Mapping[str, str]) -> str:
    """Say where a lab is at home; not reviewed is not the same as international."""
    if country is None or country == UNKNOWN:
        return "not reviewed"
    return names.get(country) or country_label(country, None)


def country_names(countries: pl.DataFrame) -> dict[str, str]:
    """Say what each country of the rows is called."""
    pairs = countries.select("country", "country_name").unique().sort("country").iter_rows()
    return {code: country_label(code, name) for code, name in pairs}


def side_label(level: str, row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Name a country or a lab of a mart that knows their codes only."""
    if level == "country":
        return code_name(row["side"], names)
    return lab_label(row["side"], names.get(row["side"]))


def side_spoken(level: str, row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The same within a sentence."""
    label = side_label(level, row, names)
    return spoken(row["side"], label) if level == "country" else label
