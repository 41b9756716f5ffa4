"""Location texts to countries: what a profile says about itself, as ISO 3166-1 alpha-2 codes.

A self-declared location is not a nationality and not a residence. Nothing is guessed from names of persons, e-mail addresses or
time zones of commits. Method, measurements and limits: docs/geography.md. Not here: which texts are read, and what is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from dagster_project.geography.coordinates import country_at
from dagster_project.geography.gazetteer import Gazetteer, gazetteer
from dagster_project.geography.judging import judge
from dagster_project.geography.names import MAX_CHARACTERS
from dagster_project.geography.reading import Reader


def resolve(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Give each text's countries: ISO 3166-1 alpha-2 (XK for Kosovo), several if it names several, none if none or unclear."""
    places, reader = gazetteer(), _reader()
    answers = {text: _resolve(text, places, reader) for text in dict.fromkeys(texts)}
    return [answers[text] for text in texts]


def _resolve(text: str, places: Gazetteer, reader: Reader) -> tuple[str, ...]:
    text = text[:MAX_CHARACTERS].strip()
    if "." in text and (country := country_at(text, places.points)):
        return (country,)
    return judge(reader.read(text), places, is_in_capitals=text.isupper())


@cache
def _reader() -> Reader:
    return Reader(gazetteer())
