"""Location texts to countries: what a profile says about itself, as ISO 3166-1 alpha-2 codes.

A self-declared location is not a nationality and not a residence. Nothing is guessed from names of persons, e-mail addresses or
time zones of commits. Method, measurements and limits: docs/geography.md. Not here: which texts are read, and what is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from dagster_project.geography.coordinates import country_at
from dagster_project.geography.gazetteer import gazetteer
from dagster_project.geography.judging import Judge
from dagster_project.geography.names import MAX_CHARACTERS
from dagster_project.geography.reading import Reader


def resolve(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Give each text's countries: ISO 3166-1 alpha-2 (XK for Kosovo), several if it names several, none if none or unclear."""
    resolver = _resolver()
    answers = {text: resolver.countries(text) for text in dict.fromkeys(texts)}
    return [answers[text] for text in texts]


class _Resolver:
    """The index with its reader and its judge."""

    def __init__(self) -> None:
        index = gazetteer()
        self._points, self._reader, self._judge = index.points, Reader(index), Judge(index)

    def countries(self, text: str) -> tuple[str, ...]:
        text = text[:MAX_CHARACTERS].strip()
        if "." in text and (country := country_at(text, self._points)):
            return (country,)
        return self._judge.countries(self._reader.read(text), is_in_capitals=text.isupper())


@cache
def _resolver() -> _Resolver:
    return _Resolver()
