"""Which notebooks there are, what their pages are called and how each is described: one line per report.

Not here: executing them (page), what stands in them (notebooks/ and the modules of the same names).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dagster_project.reports import reads
from dagster_project.reports.headline import HEADLINE_SCOPE, Edition, compose
from dagster_project.warehouse.published import Release


@dataclass(frozen=True)
class Book:
    """A notebook: its file's name, the page's title (the week is added), and how a search engine describes it."""

    name: str
    title: str
    describe: Callable[[Release, Edition], str]

    def about(self, release: Release, edition: Edition) -> dict[str, str]:
        """Give what stands in the page's head."""
        title = edition.title if self.name == "weekly" else edition.marked(f"{self.title}, week {edition.week}")
        return {"title": title, "description": edition.marked(self.describe(release, edition))}


def _finding(release: Release, edition: Edition) -> str:
    countries = reads.week_shares(release, "country", edition.week.monday)
    found = compose(countries, edition.week, edition.scope(HEADLINE_SCOPE))
    return " ".join(filter(None, [found.sentence, found.basis if found.estimated_share else "", edition.warning]))


def _audit(_release: Release, edition: Edition) -> str:
    return f"Audit: {edition.audit_result}."


def _fixed(sentence: str) -> Callable[[Release, Edition], str]:
    return lambda _release, edition: " ".join(filter(None, [sentence, edition.warning]))


BOOKS = (
    Book("weekly", "Who leads open-source AI", _finding),
    Book("country", "Countries", _fixed("Whose models are downloaded, by country, since when, and who passed whom.")),
    Book(
        "lab",
        "Labs",
        _fixed("The race of the labs, whose models they are in the end, and how open their releases are."),
    ),
    Book(
        "lineage", "Who builds on whom", _fixed("Which countries build on whose models, and the most built-on family.")
    ),
    Book(
        "claims", "What was claimed", _fixed("Claims about who leads, each with a verdict, its number and its query.")
    ),
    Book("geography", "Where contributors are", _fixed("Where contributors say they are, with bounds.")),
    Book("quality", "What was checked", _audit),
)
