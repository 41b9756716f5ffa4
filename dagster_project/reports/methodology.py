"""The methodology as pages: the same Markdown that stands in `docs/`, with links that lead somewhere within the site.

Not here: the words (docs/*.md), and turning Markdown into HTML (notebook.prose).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dagster_project.reports import notebook
from dagster_project.reports.render import Fragment

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
