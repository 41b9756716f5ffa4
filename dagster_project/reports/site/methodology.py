"""The methodology as pages: the same Markdown that stands in `docs/`, with links that lead somewhere within the site.

Not here: the words (docs/*.md), and turning Markdown into HTML (notebook.prose).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dagster_project.reports import notebook
from dagster_project.reports.render import Fragment
from dagster_project.reports.site.frame import Frame
from dagster_project.reports.template import Way
from dagster_project.settings import shipped

_LINK = re.compile(r"(!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Document:
    """One Markdown file as a page: its slug, its first heading, its body."""

    slug: str
    title: str
    body: Fragment


def read(folder: Path) -> list[Document]:
    """Read every document, `methodology` first where there is one; none where the folder does not travel with the code."""
    paths = sorted(folder.glob("*.md"), key=lambda path: (path.stem != "methodology", path.stem))
    known = {path.name for path in paths}
    return [_document(path, known) for path in paths]


def _document(path: Path, known: set[str]) -> Document:
    source = path.read_text(encoding="utf-8")
    first = next((line for line in source.splitlines() if line.startswith("# ")), f"# {path.stem}")
    rest = source.replace(first, "", 1)
    body = notebook.prose(_LINK.sub(lambda match: _linked(match, known), rest))
    return Document(path.stem, first.removeprefix("# ").strip(), body)


def _linked(match: re.Match[str], known: set[str]) -> str:
    """Keep links to the world and between documents; of a picture or a link into the repository only the words stay."""
    text, target = match["text"], match["target"]
    if match[1] or not (target.startswith("https://") or Path(target).name in known):
        return text
    if target.startswith("https://"):
        return match[0]
    return f"[{text}]({Path(target).stem}.html)"


SCOPES = {
    "S1": "all models",
    "S2": "text generation and image-text-to-text, in short: text and image-text models",
    "S3": (
        "those of S2 that a reviewed lab published itself, no quantised re-packs, created after 30 November 2022, with 100,000"
        " downloads"
    ),
    "S4": "all models in the first 365 days of their lives",
    "-quick": "behind any of these: of a quick capture, which asks for a part of the Hub only; never compared with the whole",
}
CREDITS = {
    "publisher": "whoever uploaded the model",
    "direct": "the publishers of the models that it says it was made from",
    "root": "the publishers of the models it comes from in the end",
}
WINDOWS = {
    "week": "an ISO week, Monday to Sunday, UTC",
    "28d": "four weeks up to and with the one named",
    "365d": "the 365 days up to its end",
    "cumulative": "since the first week captured here",
}
BOUNDS = {
    "share of all": "a side's downloads by all downloads in scope, those of publishers whom nobody reviewed included",
    "share of known": "the same by the downloads of reviewed publishers only",
    "at least": "if nothing of the unknown belongs to the side: its share of all",
    "at most": "if all of the unknown belongs to it",
}
VOCABULARIES = [
    ("Scope: which models are counted", SCOPES),
    ("Credit: who a download counts for", CREDITS),
    ("Window: when it was downloaded", WINDOWS),
    ("Bounds: what the unknown leaves open", BOUNDS),
]
"""What the words beside every share mean."""


def write_methodology(frame: Frame) -> None:
    """Write each document as a page, and the page that explains the words and leads to them."""
    documents = read(shipped("docs"))
    for document in documents:
        opened = frame.opening("method", document.title, "", "")
        path = f"method/{document.slug}.html"
        frame.write(path, "list.html.j2", document.title, document.title, opening=opened, body=document.body)
    ways = [
        *(Way(document.title, f"{document.slug}.html") for document in documents),
        Way("What was checked in this release, and what was found", "../latest/quality.html"),
        Way("What every column means, and what it is made from", "../data/index.html"),
    ]
    title, lead = "How it is measured", "Every share names its scope, its credit and its window"
    opened = frame.opening("method", title, lead, f"{lead}. Shares of two scopes can't be compared.")
    about = {"opening": opened, "vocabularies": VOCABULARIES, "ways": ways}
    frame.write("method/index.html", "method.html.j2", title, lead, **about)
