"""The methodology as pages: the same Markdown that stands in `docs/`, with links that lead somewhere within the site.

Not here: the words (docs/*.md), and turning Markdown into HTML (notebook.prose).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.reports import notebook
from dagster_project.reports.headline import SCOPES
from dagster_project.reports.render import Fragment, escaped, prose
from dagster_project.reports.site.frame import Frame
from dagster_project.settings import shipped

if TYPE_CHECKING:
    pass


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


CREDITS = {
    "publisher": "whoever uploaded the model",
    "direct": "the publishers of the models that it says it was made from",
    "root": "the publishers of the models it comes from in the end",
}
"""Who a download can count for, as the tables' column `credit` says it."""


def write_methodology(frame: Frame) -> None:
    """Write each document as a page, and the page that explains the words and leads to them."""
    documents = read(shipped("docs"))
    for document in documents:
        opened = frame.opening("method", document.title, "", "")
        frame.write(
            f"method/{document.slug}.html",
            "list.html.j2",
            document.title,
            document.title,
            opening=opened,
            intro=[],
            body=document.body,
        )
    items = [f'<li><a href="{document.slug}.html">{escaped(document.title, 200)}</a></li>' for document in documents]
    items.append('<li><a href="../latest/quality.html">What was checked in this release, and what was found</a></li>')
    items.append('<li><a href="../data/index.html">What every column means, and what it is made from</a></li>')
    scopes = "".join(f"<dt>{name}</dt><dd>{prose(says)}</dd>" for name, says in SCOPES.items() if "-" not in name)
    credits = "".join(f"<dt>{name}</dt><dd>{prose(says)}</dd>" for name, says in CREDITS.items())
    body = Fragment(
        f'<h2>Scope: which models are counted</h2><dl class="words">{scopes}</dl><h2>Credit: who a download counts for</h2>'
        f'<dl class="words">{credits}</dl><h2>Read on</h2><ul class="ways">{"".join(items)}</ul>'
    )
    lead = "Every share names its scope, its credit and its window"
    opened = frame.opening("method", "How it is measured", lead, f"{lead}. Shares of two scopes can't be compared.")
    frame.write("method/index.html", "list.html.j2", "How it is measured", lead, opening=opened, intro=[], body=body)
