"""The one way from numbers to a page: Jinja2 with autoescape on, one style sheet inside the page, no script at all.

Every string that a template prints is cleaned (render.clean) and escaped; only a Fragment, which was made safe where it was
made, is inserted as it is. The content security policy lets nothing in but the style sheet, by its hash.
Not here: what a page says (weekly and its kin, site).
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.reports import naming, render
from dagster_project.reports.charts import palette
from dagster_project.reports.render import Fragment

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
MAX_PRINTED = 1000  # characters of a sentence; names are cut where they are read


@dataclass(frozen=True)
class Link:
    """A way to another page of the site, relative to the page it stands on."""

    title: str
    href: str
    is_here: bool = False


@dataclass(frozen=True)
class Way:
    """A line of a list of pages: where it leads, what is there, and what to mind."""

    title: str
    href: str
    says: str = ""
    note: str = ""


def fill(template: str, about: Mapping[str, object]) -> str:
    """Fill a template of ours."""
    return f"{_environment().get_template(template).render(dict(about)).strip()}\n"


def piece(template: str, about: Mapping[str, object]) -> Fragment:
    """Fill a template of ours that is a part of a page."""
    return Fragment(fill(template, about))


@functools.cache
def style() -> Fragment:
    """The style sheet, with the rules that exchange the charts' colours in the dark. Ours from end to end."""
    dark = f"@media screen and (prefers-color-scheme: dark) {{{palette.dark_rules()}}}"
    return Fragment(f"{(TEMPLATES / 'page.css').read_text(encoding='utf-8')}{dark}\n")


@functools.cache
def style_hash() -> str:
    """The hash by which the content security policy knows the style sheet."""
    return base64.b64encode(hashlib.sha256(style().html.encode()).digest()).decode()


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only a page needs it

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaned,
    )
    environment.filters |= {
        "percent": render.percent,
        "count": render.count,
        "day": render.day,
        "capital": naming.capital,
        # What follows words in bold begins with the blank, comma or bracket that cleaning would take away.
        "prose_after": lambda text: Fragment(render.prose(text)),
        "prose": lambda text: Fragment(render.prose(render.clean(text, MAX_PRINTED))),
    }
    environment.globals |= {"style": style(), "style_hash": style_hash()}
    return environment


def _cleaned(value: Any) -> Any:
    """Clean what a template prints; a name of a stranger may stand in any of it."""
    if value is None:
        return ""
    return render.clean(value, MAX_PRINTED) if type(value) is str else value
