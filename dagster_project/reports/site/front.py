"""The front page, the reports of the newest week, and the cards to share.

Not here: executing reports (page).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dagster_project.calendar import Week
from dagster_project.reports import books, page, reads, template, weekly
from dagster_project.reports.charts import canvas, gallery, timeline
from dagster_project.reports.headline import compose
from dagster_project.reports.render import nothing
from dagster_project.reports.site.frame import Frame
from dagster_project.reports.template import Way

if TYPE_CHECKING:
    from nbformat import NotebookNode


# Where a chart stands with its numbers.
_CHART_PAGES = {
    "countries": "latest/index.html",
    "course": "latest/country.html",
    "crossover": "latest/country.html",
    "ranks": "latest/lab.html",
    "credits": "latest/lab.html",
    "openness": "latest/lab.html",
    "lineage": "latest/lineage.html",
    "family": "latest/lineage.html",
    "contributors": "latest/geography.html",
}


def write_index(frame: Frame, pictures: Mapping[str, canvas.Picture]) -> None:
    """Write the front page: the finding, its course, what changed, and the ways on."""
    edition = frame.edition
    countries = reads.week_shares(frame.release, "country", edition.week.monday)
    before = reads.week_shares(frame.release, "country", Week.of(edition.week.monday).monday - timeline.ONE_WEEK)
    found = compose(countries, edition.week, frame.scope)
    ways = [
        Way("This week", "latest/index.html", "the whole report: shares, bounds, why they moved"),
        Way("Countries", "countries/index.html", "a page for each"),
        Way("Labs", "labs/index.html", "a page for each that was reviewed"),
        Way("Who builds on whom", "latest/lineage.html", "the matrix of countries and the most built-on family"),
        Way("What was claimed", "latest/claims.html", "each claim with its verdict, its number and its query"),
        Way("Cards", "cards/index.html", "pictures to share, with scope, date and release"),
        Way("Every week", "weeks/index.html", "the archive, with revisions"),
        Way("Method", "method/index.html", "how it is measured, and what it is not"),
        Way("What was checked", "latest/quality.html", f"{edition.audit_result}"),
        Way("Questions", "data/questions.html", "what people ask, answered in SQL"),
        Way("Data", "downloads.html", "the database, Parquet, CSV, a feed"),
    ]
    head = frame.head("index.html", "Who leads open-source AI", found.sentence, "countries")
    about = {
        "opening": weekly.masthead(edition, found),
        "course": canvas.figure(pictures["course"]) if "course" in pictures else nothing("One week is known so far."),
        "changed": weekly.since_last_week(countries, before, edition, frame.scope),
        "ranks": canvas.figure(pictures["ranks"]) if "ranks" in pictures else nothing("Too few weeks are known."),
        "ways": ways,
        "cite": weekly.how_to_cite(edition),
    }
    frame.put("index.html", template.fill("index.html.j2", head | about).encode())


def write_latest(frame: Frame, reports: Mapping[str, NotebookNode]) -> None:
    """Set the reports once more, with the way to the rest of the site."""
    cards = {
        "weekly": "countries",
        "country": "course",
        "lab": "ranks",
        "lineage": "lineage",
        "geography": "contributors",
    }
    for book in books.BOOKS:
        path = f"latest/{'index' if book.name == 'weekly' else book.name}.html"
        about = book.about(frame.release, frame.edition)
        head = frame.head(path, "", "", cards.get(book.name)) | about
        frame.put(path, page.set_page(reports[book.name], head, frame.edition.release_id).encode())


def write_cards(frame: Frame, pictures: Mapping[str, canvas.Picture]) -> None:
    """Draw each chart as a card, and write the page that shows them all."""
    shown = []
    for name, picture in pictures.items():
        frame.put(f"cards/{name}.png", canvas.card(picture))
        warning = f"{picture.words.warning}. " if picture.words.warning else ""
        shown.append(
            {
                "href": f"{name}.png",
                "title": gallery.PICTURES[name][0],
                "page": f"../{_CHART_PAGES[name]}",
                "alternative": f"{warning}{picture.words.title}. {picture.alternative}",
            }
        )
    lead = f"{len(shown)} pictures to share"
    opening = frame.opening("cards", "Cards", lead, f"{lead}, each with its denominator.")
    frame.write("cards/index.html", "cards.html.j2", "Cards to share", lead, opening=opening, cards=shown)
