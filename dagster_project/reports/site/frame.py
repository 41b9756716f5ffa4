"""What all pages of a site share: the release, the names, the way from page to page, and how a page is written.

Not here: any page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dagster_project.reports import template, weekly
from dagster_project.reports.headline import Edition
from dagster_project.reports.render import Fragment
from dagster_project.reports.template import Link
from dagster_project.warehouse.published import Release

_NAVIGATION = (
    ("leadershift", "index.html"),
    ("This week", "latest/index.html"),
    ("Weeks", "weeks/index.html"),
    ("Countries", "countries/index.html"),
    ("Labs", "labs/index.html"),
    ("Lineage", "latest/lineage.html"),
    ("Claims", "latest/claims.html"),
    ("Geography", "latest/geography.html"),
    ("Cards", "cards/index.html"),
    ("Method", "method/index.html"),
    ("Data", "downloads.html"),
)


@dataclass(frozen=True)
class Frame:
    """What all pages of a site share."""

    release: Release
    edition: Edition
    scope: str
    countries: Mapping[str, str]
    labs: Mapping[str, str]
    root: Path  # where the files are written
    base_url: str | None  # where the site will stand

    def write(self, path: str, template_name: str, title: str, description: str, **about: object) -> None:
        """Fill a template and write a page; links are relative to where it stands."""
        html = template.fill(template_name, self.head(path, title, description) | about)
        self.put(path, html.encode())

    def head(self, path: str, title: str, description: str, card: str | None = None) -> dict[str, object]:
        """What stands in the head of a page: its title, its links, its card."""
        up = "../" * path.count("/")
        links = [Link(name, up + href, is_here=href == path) for name, href in _NAVIGATION]
        # Programs that show a shared page ask for its picture from elsewhere: a relative address leads nowhere.
        is_shown = self.base_url and card and (self.root / "cards" / f"{card}.png").is_file()
        return {
            "title": self.edition.marked(title),
            "description": self.edition.marked(description),
            "release_id": self.edition.release_id,
            "links": links,
            "card": f"{self.base_url}/cards/{card}.png" if is_shown else None,
            "feed": f"{up}feed.xml",
        }

    def put(self, path: str, content: bytes) -> None:
        """Write a file of the site."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def opening(self, kicker: str, heading: str, lead: str, sentence: str) -> Fragment:
        """Open a page that is about the whole release."""
        return weekly.opening(self.edition, kicker, heading, lead, sentence)
