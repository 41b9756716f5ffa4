"""The site: static pages about one release, with the archive of everything that was said before.

Built whole in a folder of its own whose name follows from its content, then published by turning one link, so that readers
see the site before or this one. Built twice from the same release it is the same to the byte: every date in it is that of a
week or of a release. No script, nothing from elsewhere.
Not here: executing reports (page), what happened to past weeks (archive), single tables and charts (sides, gallery).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from dagster_project.calendar import Week
from dagster_project.reports import (
    archive,
    books,
    canvas,
    dictionary,
    gallery,
    lines,
    methodology,
    page,
    reads,
    sides,
    template,
    weekly,
)
from dagster_project.reports.archive import History
from dagster_project.reports.charts import lab_label
from dagster_project.reports.headline import (
    HEADLINE_SCOPE,
    NOT_COUNTRIES,
    SCOPES,
    WHOLE_SCOPE,
    Edition,
    citation,
    compose,
)
from dagster_project.reports.render import Column, Fragment, clean, day, escaped, joined, percent, prose, render_table
from dagster_project.reports.template import Link
from dagster_project.settings import shipped
from dagster_project.snapshots import durable
from dagster_project.warehouse import published
from dagster_project.warehouse.published import Release

if TYPE_CHECKING:
    from nbformat import NotebookNode

SITE, SITES = "site", "sites"
RELEASE_LINK = "release"
DIGEST_LETTERS = 16
FEED_ENTRIES = 30
KEPT_SITES = 2  # readers of the one before finish reading
SLUG = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
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


@dataclass(frozen=True)
class Site:
    """A published site: where it lies, how many pages it has, and whether anything in it is new."""

    folder: Path
    pages: int
    release_id: str
    is_new: bool


@dataclass(frozen=True)
class _Frame:
    """What all pages of a site share."""

    release: Release
    edition: Edition
    scope: str
    countries: Mapping[str, str]
    labs: Mapping[str, str]
    root: Path  # where the files are written

    def write(self, path: str, template_name: str, title: str, description: str, **about: object) -> None:
        """Fill a template and write a page; links are relative to where it stands."""
        html = template.fill(template_name, self.head(path, title, description) | about)
        self.put(path, html.encode())

    def head(self, path: str, title: str, description: str, card: str | None = None) -> dict[str, object]:
        """What stands in the head of a page: its title, its links, its card."""
        up = "../" * path.count("/")
        links = [Link(name, up + href, is_here=href == path) for name, href in _NAVIGATION]
        there = card if card and (self.root / "cards" / f"{card}.png").is_file() else None
        return {
            "title": self.edition.marked(title),
            "description": self.edition.marked(description),
            "release_id": self.edition.release_id,
            "links": links,
            "card": f"{up}cards/{there}.png" if there else None,
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


def build(home: Path, database: Path, reports: Mapping[str, NotebookNode], edition: Edition) -> Site:
    """Build the site of a release and publish it as `home/site`, all or nothing.

    `reports` are the executed notebooks of the newest week. Raises DamagedDataError for an archive that can't be read,
    StorageError for a disk that refuses; the site before stays then.
    """
    link, sites = home / SITE, home / SITES
    histories = archive.read(link)
    with durable.disk_trouble(link):
        durable.make_folder(sites)
        making = sites / durable.TEMPORARY_FOLDER / str(os.getpid())
        shutil.rmtree(making.parent, ignore_errors=True)
        making.mkdir(parents=True)
        try:
            with published.open_release(database) as release:
                _write(release, edition, making, reports, histories, database)
            (making / RELEASE_LINK).symlink_to(Path("../..") / database.parent.relative_to(home))
            built = _publish(making, link, sites)
        finally:
            shutil.rmtree(making.parent, ignore_errors=True)
    return replace(built, release_id=edition.release_id)


def _write(
    release: Release,
    edition: Edition,
    root: Path,
    reports: Mapping[str, NotebookNode],
    histories: Mapping[Week, History],
    database: Path,
) -> None:
    frame = _Frame(
        release,
        edition,
        edition.scope(HEADLINE_SCOPE),
        reads.country_names(release),
        reads.lab_names(release),
        root,
    )
    pictures = {name: made for name, (_title, make) in gallery.PICTURES.items() if (made := make(release, edition))}
    _write_cards(frame, pictures)
    _write_latest(frame, reports)
    countries, labs = _write_sides(frame)
    _write_weeks(
        frame, archive.revised(dict(histories), archive.read_weeks(release, edition), edition), countries, labs
    )
    _write_methodology(frame)
    _write_dictionary(frame)
    _write_downloads(frame, database)
    _write_index(frame, pictures)


def _publish(making: Path, link: Path, sites: Path) -> Site:
    """Give the folder the name of its content and turn the link to it; the one before is kept for whoever reads it."""
    pages = sum(path.suffix == ".html" for path in making.rglob("*"))
    folder = sites / _digest(making)
    is_new = not link.is_symlink() or link.resolve() != folder.resolve()
    if not folder.is_dir():
        for path in (*making.rglob("*"), making):
            if not path.is_symlink():
                durable.flush(path)
        making.replace(folder)
        durable.flush(sites)
    if is_new:
        turning = sites / durable.TEMPORARY_FOLDER / f"{SITE}.link"
        turning.parent.mkdir(exist_ok=True)
        turning.unlink(missing_ok=True)
        turning.symlink_to(folder.relative_to(link.parent))
        before = link.resolve() if link.is_symlink() else None
        turning.replace(link)
        durable.flush(link.parent)
        kept = {folder.resolve(), before}
        for old in sites.iterdir():
            if old.is_dir() and old.resolve() not in kept and old.name != durable.TEMPORARY_FOLDER:
                shutil.rmtree(old)
    return Site(link, pages, "", is_new)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            digest.update(f"{path.relative_to(folder)} {path.readlink()}\n".encode())
        elif path.is_file():
            digest.update(f"{path.relative_to(folder).as_posix()} {durable.sha256(path)}\n".encode())
    return digest.hexdigest()[:DIGEST_LETTERS]


def _write_cards(frame: _Frame, pictures: Mapping[str, canvas.Picture]) -> None:
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


def _write_latest(frame: _Frame, reports: Mapping[str, NotebookNode]) -> None:
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


def _write_sides(frame: _Frame) -> tuple[dict[str, str], dict[str, str]]:
    """Write a page for each country and each reviewed lab; gives their addresses from a page of the archive."""
    written: dict[str, dict[str, str]] = {}
    for level, folder in (("country", "countries"), ("lab", "labs")):
        facts = _Facts.read(frame, level)
        rows = [_side(frame, facts, side, folder) for side in facts.sides]
        written[level] = {row["side"]: f"../../{folder}/{row['side']}.html" for row in rows}
        _write_list_of_sides(frame, level, folder, rows)
    return written["country"], written["lab"]


@dataclass(frozen=True)
class _Facts:
    """All rows about countries, or all about labs, read once for all their pages."""

    level: str
    sides: Sequence[str]
    courses: Mapping[str, Mapping[str, pl.DataFrame]]  # by scope, then by side
    roots: Mapping[str, pl.DataFrame]
    week: Mapping[str, pl.DataFrame]
    changes: Mapping[str, pl.DataFrame]
    tiers: Mapping[str, pl.DataFrame]
    retreat: Mapping[str, pl.DataFrame]
    crossovers: pl.DataFrame
    labs_now: pl.DataFrame

    @classmethod
    def read(cls, frame: _Frame, level: str) -> _Facts:
        """Read what there is; a side is known once it had downloads. Persons and unreviewed namespaces have no page."""
        release, monday = frame.release, frame.edition.week.monday
        scopes = (frame.scope, frame.edition.scope(WHOLE_SCOPE))
        courses = {scope: _by(reads.shares(release, level, scope, monday), level) for scope in scopes}
        known = {side for course in courses.values() for side in course}
        sides = sorted(side for side in known if side not in NOT_COUNTRIES and set(side) <= SLUG and side[0] != ".")
        of_level = "where level = ? order by 1"
        return cls(
            level,
            sides,
            courses,
            _by(reads.shares(release, level, frame.scope, monday, credit="root"), level),
            _by(reads.week_shares(release, level, monday, credit=None), level),
            _by(reads.changes(release, monday, frame.scope).filter(pl.col("level") == level), "side")
            if reads.has(release, "marts.share_changes")
            else {},
            _by(reads.read(release, "marts.openness_tier", of_level, [level]), "side"),
            _by(reads.read(release, "marts.retreat_watch", of_level, [level]), "side"),
            reads.crossovers(release, frame.scope),
            reads.week_shares(release, "lab", monday),
        )


def _by(rows: pl.DataFrame, side: str) -> dict[str, pl.DataFrame]:
    return {} if not rows.height else {str(key): part for (key,), part in rows.group_by(side, maintain_order=True)}


def _side(frame: _Frame, facts: _Facts, side: str, folder: str) -> dict[str, Any]:
    """Write the page of one country or lab; gives its line in the list of all."""
    edition, names = frame.edition, {**frame.countries, **frame.labs}
    scope = frame.scope if side in facts.courses[frame.scope] else edition.scope(WHOLE_SCOPE)
    course = facts.courses[scope][side]
    last = course.sort("week").row(-1, named=True)
    name = _side_name(facts.level, side, last, frame)
    bounds = f"{percent(last['lower_bound'])} to {percent(last['upper_bound'])} of all"
    lead = f"{name} {percent(last['share_of_total'])}"
    is_here = last["week"] == edition.week.monday
    when = f"week of {last['week']}"
    sentence = f"{lead} of all downloads ({bounds}), {SCOPES[scope]}, publisher credit, {when}."
    if not is_here:
        lead = f"{name} has no downloads in week {edition.week}"
        sentence = f"{lead}. Its last were in the {when}: {percent(last['share_of_total'])} of all ({bounds})."
    rooted = facts.roots.get(side, pl.DataFrame()) if scope == frame.scope else pl.DataFrame()
    picture = lines.one_share(course, rooted, edition, scope, name)
    drawn = canvas.shown(picture, "One week is known; a course needs two.")
    passed = facts.crossovers
    if passed.height:
        pair = (pl.col("side_a") == side) | (pl.col("side_b") == side)
        passed = passed.filter((pl.col("level") == facts.level) & pair)
    sections = [
        {"title": "Over time", "says": "", "body": drawn},
        {
            "title": "By every denominator",
            "says": "",
            "body": sides.standing(facts.week.get(side, pl.DataFrame()), edition),
        },
        {
            "title": "Why it moved",
            "says": "",
            "body": weekly.why_it_moved(facts.changes.get(side, pl.DataFrame()), names, edition, frame.scope),
        },
        {
            "title": "Who it passed, and who passed it",
            "says": "",
            "body": sides.crossovers(passed, names, edition, "its pairs"),
        },
        {"title": "How open", "says": "", "body": sides.tiers(facts.tiers.get(side, pl.DataFrame()), edition)},
        {
            "title": "Is it closing?",
            "says": "",
            "body": sides.retreat(facts.retreat.get(side, pl.DataFrame()), edition),
        },
    ]
    if facts.level == "country":
        sections.insert(2, {"title": "Its labs", "says": "", "body": _labs_of(frame, facts, side, scope)})
    kicker = "country" if facts.level == "country" else f"lab, {sides.side_home(last, frame.countries)}"
    opened = weekly.opening(edition, escaped(kicker), name, lead, sentence)
    frame.write(
        f"{folder}/{side}.html",
        "side.html.j2",
        f"{name}, week {edition.week}",
        sentence,
        opening=opened,
        sections=sections,
        cite=weekly.how_to_cite(edition),
    )
    shown = {"side": side, "label": name, "home": sides.side_home(last, frame.countries)}
    return shown | {part: last[part] if is_here else None for part in ("share_of_total", "lower_bound", "upper_bound")}


def _side_name(level: str, side: str, row: Mapping[str, Any], frame: _Frame) -> str:
    if level == "country":
        return sides.code_name(side, {side: row["country_name"], **frame.countries})
    return lab_label(side, row["lab_name"])


def _labs_of(frame: _Frame, facts: _Facts, country: str, scope: str) -> Fragment:
    labs = facts.labs_now
    rows = labs.filter((pl.col("country") == country) & (pl.col("scope") == scope)) if labs.height else labs
    if not rows.height:
        return canvas.nothing("None of its labs had downloads in this week.")
    columns = [
        Column("label", "Lab"),
        Column("rank", "Rank", "count"),
        Column("share_of_total", "Share of all", "share"),
        Column("upper_bound", "At most", "share"),
        Column("downloads_flow", "Downloads", "count"),
    ]
    ordered = rows.sort("rank", "lab")
    labels = [lab_label(lab, name) for lab, name in ordered.select("lab", "lab_name").iter_rows()]
    shown = ordered.with_columns(label=pl.Series(labels, dtype=pl.String))
    return render_table(
        shown, columns, frame.edition.marked(f"Week {frame.edition.week}, {SCOPES[scope]}, publisher credit")
    )


def _write_list_of_sides(frame: _Frame, level: str, folder: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """List all countries or labs, the largest first, those that left last."""
    ordered = sorted(
        rows, key=lambda row: (row["share_of_total"] is None, -(row["share_of_total"] or 0.0), row["label"])
    )
    cells = []
    for row in ordered:
        at_home = f'<td class="text"><bdi>{escaped(row["home"])}</bdi></td>' if level == "lab" else ""
        numbers = "".join(
            f'<td class="number">{prose(percent(row[part])) if row[part] is not None else "–"}</td>'
            for part in ("share_of_total", "lower_bound", "upper_bound")
        )
        link = f'<a href="{escaped(row["side"])}.html">{escaped(row["label"])}</a>'
        cells.append(f'<tr><th scope="row"><bdi>{link}</bdi></th>{at_home}{numbers}</tr>')
    heads = ["Lab" if level == "lab" else "Country", *(["Home"] if level == "lab" else [])]
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    head += "".join(f'<th scope="col" class="number">{text}</th>' for text in ("Share of all", "At least", "At most"))
    caption = f"Week {frame.edition.week}, {SCOPES[frame.scope]}, publisher credit; a dash: nothing in this week"
    body = Fragment(
        f'<div class="table" role="region" tabindex="0" aria-label="{prose(caption)}"><table><caption><span>{prose(caption)}</span>'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{''.join(cells)}</tbody></table></div>"
    )
    title = "Labs" if level == "lab" else "Countries"
    lead = f"{len(rows)} {'reviewed labs' if level == 'lab' else 'countries'} with downloads so far"
    more = "lab" if level == "lab" else "country"
    frame.write(
        f"{folder}/index.html",
        "list.html.j2",
        title,
        f"{lead}.",
        opening=frame.opening(title.lower(), title, lead, f"{lead}, each with its own page."),
        intro=[],
        body=joined([Fragment(f'<p><a href="../latest/{more}.html">The report about all of them</a></p>'), body]),
    )


def _write_weeks(
    frame: _Frame, histories: Mapping[Week, History], countries: Mapping[str, str], labs: Mapping[str, str]
) -> None:
    there = set(reads.measured_weeks(frame.release, frame.scope)) | set(
        reads.measured_weeks(frame.release, frame.edition.scope(WHOLE_SCOPE))
    )
    for week, history in histories.items():
        folder = f"weeks/{week}"
        frame.put(f"{folder}/{archive.REVISIONS}", archive.encoded(history))
        for number, _revision in enumerate(history.revisions):
            _write_revision(frame, week, history, number, week.monday in there, (countries, labs))
    _write_list_of_weeks(frame, histories)
    _write_feed(frame, histories)


def _write_revision(
    frame: _Frame,
    week: Week,
    history: History,
    number: int,
    is_current: bool,
    sides_of: tuple[Mapping[str, str], Mapping[str, str]],
) -> None:
    revision = history.revisions[number]
    is_newest = number == len(history.revisions) - 1
    edition = replace(
        frame.edition, week=week, release_id=revision.release_id, is_rehearsal=revision.is_rehearsal, as_of=None
    )
    numbers = revision.numbers
    asked = [
        ("Runner-up", numbers.runner_up),
        ("How sure is the lead?", numbers.certainty),
        ("Measured or estimated?", numbers.basis),
    ]
    entries = [
        {
            "revision": entry,
            "href": "index.html" if n == len(history.revisions) - 1 else f"revision-{n + 1}.html",
            "says": archive.what_changed(history.revisions[n - 1].numbers, entry.numbers) if n else "The first.",
        }
        for n, entry in enumerate(history.revisions)
    ]
    path = f"weeks/{week}/{'index' if is_newest else f'revision-{number + 1}'}.html"
    head = replace(frame, edition=edition).head(path, f"Week {week}", numbers.sentence)
    scope = numbers.tables[0].scope if numbers.tables else HEADLINE_SCOPE
    about = {
        "opening": weekly.opening(edition, "archive", "Who led open-source AI", numbers.lead, numbers.sentence, asked),
        "week": str(week),
        "revision": revision,
        "history": history,
        "revisions": entries,
        "is_newest": is_newest,
        "is_current": is_current,
        "scopes": SCOPES,
        "countries": sides_of[0],
        "labs": sides_of[1],
        "cite": citation(edition, scope),
    }
    frame.put(path, template.fill("week.html.j2", head | about).encode())


def _write_list_of_weeks(frame: _Frame, histories: Mapping[Week, History]) -> None:
    items = []
    for week, history in sorted(histories.items(), reverse=True):
        told = prose(history.newest.numbers.lead or history.newest.numbers.sentence)
        revisions = len(history.revisions) - 1
        note = f" <em>{revisions} revision{'s' if revisions > 1 else ''}</em>" if revisions else ""
        items.append(f'<li><a href="{week}/index.html">{week}</a> <span>{told}{note}</span></li>')
    lead = f"{len(histories)} weeks"
    sentence = f"{lead}, each with its shares, its bounds, and every revision since. Of known downloads, {SCOPES[frame.scope]}."
    frame.write(
        "weeks/index.html",
        "list.html.j2",
        "Every week",
        sentence,
        opening=frame.opening("archive", "Every week", lead, sentence),
        intro=[
            "A page of the past never changes silently: what a later release says otherwise is a revision with a date."
        ],
        body=Fragment(f'<ul class="ways weeks">{"".join(items)}</ul>'),
    )


def _write_feed(frame: _Frame, histories: Mapping[Week, History]) -> None:
    """Write the newest weeks and revisions as Atom, and every week's finding as JSON."""
    said = [
        (revision.published_at, week, number, revision)
        for week, history in histories.items()
        for number, revision in enumerate(history.revisions)
    ]
    said.sort(key=lambda entry: (entry[0], entry[1], entry[2]), reverse=True)
    entries = []
    for at, week, number, revision in said[:FEED_ENTRIES]:
        is_newest = revision is histories[week].newest
        numbers = revision.numbers
        mark = "REHEARSAL: " if revision.is_rehearsal else ""
        entries.append(
            {
                "title": f"{mark}{'Revised: ' if number else ''}Week {week}: {numbers.lead or numbers.sentence}",
                "id": f"urn:leadershift:{week}:{revision.release_id}",
                "updated": at,
                "href": f"weeks/{week}/{'index' if is_newest else f'revision-{number + 1}'}.html",
                "summary": f"{mark}{numbers.sentence} {numbers.certainty}",
            }
        )
    feed = template.fill(
        "feed.xml.j2",
        {
            "title": frame.edition.marked("leadershift: who leads open-source AI"),
            "id": f"urn:leadershift:{'rehearsal' if frame.edition.is_rehearsal else 'site'}",
            "updated": entries[0]["updated"] if entries else "",
            "entries": entries,
        },
    )
    frame.put("feed.xml", feed.encode())
    headlines = [_headline(week, history) for week, history in sorted(histories.items(), reverse=True)]
    frame.put("headlines.json", msgspec.json.format(msgspec.json.encode({"headlines": headlines})) + b"\n")


def _headline(week: Week, history: History) -> dict[str, Any]:
    revision = history.newest
    numbers, table = revision.numbers, next(iter(revision.numbers.tables), None)
    leader = next((row for row in table.countries if row.code == numbers.leader), None) if table else None
    return {
        "week": str(week),
        "monday": f"{week.monday}",
        "scope": table.scope if table else None,
        "credit": "publisher",
        "sentence": f"REHEARSAL: {numbers.sentence}" if revision.is_rehearsal else numbers.sentence,
        "leader": numbers.leader,
        "share_of_total": leader.share if leader else None,
        "lower_bound": leader.low if leader else None,
        "upper_bound": leader.high if leader else None,
        "unknown_share": table.unknown if table else None,
        "estimated_share": table.estimated if table else None,
        "release_id": revision.release_id,
        "published_at": revision.published_at,
        "revisions": len(history.revisions) - 1,
        "is_rehearsal": revision.is_rehearsal,
        "page": f"weeks/{week}/index.html",
    }


def _write_methodology(frame: _Frame) -> None:
    documents = methodology.read(shipped("docs"))
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


CREDITS = {
    "publisher": "whoever uploaded the model",
    "direct": "the publishers of the models that it says it was made from",
    "root": "the publishers of the models it comes from in the end",
}
"""Who a download can count for, as the tables' column `credit` says it."""


def _write_dictionary(frame: _Frame) -> None:
    tables = dictionary.read(frame.release) if reads.has(frame.release, "main.data_dictionary") else []
    for table in tables:
        opened = frame.opening("data", table.name, "", "")
        about = clean(table.meaning, 200)
        frame.write(f"data/{table.name}.html", "table.html.j2", table.name, about, opening=opened, page=table)
    items = "".join(
        f'<li><a href="{table.name}.html">{table.name}</a> <span>{escaped(table.meaning.partition(chr(10))[0], 400)}</span></li>'
        for table in tables
    )
    lead = f"{len(tables)} tables"
    opened = frame.opening(
        "data", "The data dictionary", lead, f"{lead}, every column with its meaning and what it is made from."
    )
    body = Fragment(f'<ul class="ways">{items}</ul>')
    frame.write("data/index.html", "list.html.j2", "The data dictionary", lead, opening=opened, intro=[], body=body)


def _write_downloads(frame: _Frame, database: Path) -> None:
    """List the files of the release; the link beside the pages leads to them."""
    package = database.parent / "datapackage.json"
    resources = msgspec.json.decode(package.read_bytes())["resources"] if package.is_file() else []
    by_path = {resource["path"]: resource for resource in resources}
    files = []
    for path, resource in sorted(by_path.items()):
        if not path.startswith("parquet/"):
            continue
        name = Path(path).stem
        csv = f"csv/{name}.csv"
        files.append(
            {
                "name": name,
                "parquet": path,
                "parquet_size": _size(database.parent / path),
                "csv": csv,
                "csv_size": _size(database.parent / csv),
                "hash": resource["hash"].removeprefix("sha256:"),
            }
        )
    lead = f"Release {frame.edition.release_id}"
    # The size of a DuckDB file differs from build to build of the same content; in round numbers it doesn't.
    about = {"name": database.name, "size": _size(database)}
    at = f", published on {day(frame.edition.published_at)}" if frame.edition.published_at else ""
    opened = frame.opening("data", "Downloads", lead, f"{lead}{at}: as a database, as Parquet, as CSV.")
    frame.write("downloads.html", "downloads.html.j2", "Downloads", lead, opening=opened, database=about, files=files)


def _size(path: Path) -> str:
    size = path.stat().st_size if path.is_file() else 0
    kilo, mega = 1 << 10, 1 << 20
    return f"{max(round(size / mega), 1)} MB" if size >= mega else f"{max(round(size / kilo), 1)} KB"


def _write_index(frame: _Frame, pictures: Mapping[str, canvas.Picture]) -> None:
    edition = frame.edition
    countries = reads.week_shares(frame.release, "country", edition.week.monday)
    before = reads.week_shares(frame.release, "country", Week.of(edition.week.monday).monday - lines.ONE_WEEK)
    found = compose(countries, edition.week, frame.scope)
    ways = [
        {"title": title, "href": href, "says": says}
        for title, href, says in (
            ("This week", "latest/index.html", "the whole report: shares, bounds, why they moved"),
            ("Countries", "countries/index.html", "a page for each"),
            ("Labs", "labs/index.html", "a page for each that was reviewed"),
            ("Who builds on whom", "latest/lineage.html", "the matrix of countries and the most built-on family"),
            ("What was claimed", "latest/claims.html", "each claim with its verdict, its number and its query"),
            ("Cards", "cards/index.html", "pictures to share, with scope, date and release"),
            ("Every week", "weeks/index.html", "the archive, with revisions"),
            ("Method", "method/index.html", "how it is measured, and what it is not"),
            ("What was checked", "latest/quality.html", f"{edition.audit_result}"),
            ("Data", "downloads.html", "the database, Parquet, CSV, a feed"),
        )
    ]
    head = frame.head("index.html", "Who leads open-source AI", found.sentence, "countries")
    about = {
        "opening": weekly.masthead(edition, found),
        "course": canvas.figure(pictures["course"])
        if "course" in pictures
        else canvas.nothing("One week is known so far."),
        "changed": weekly.since_last_week(countries, before, edition, frame.scope),
        "ranks": canvas.figure(pictures["ranks"])
        if "ranks" in pictures
        else canvas.nothing("Too few weeks are known."),
        "ways": ways,
        "cite": weekly.how_to_cite(edition),
    }
    frame.put("index.html", template.fill("index.html.j2", head | about).encode())


def pages(site: Path) -> Iterator[Path]:
    """Give every page of a published site."""
    yield from sorted(site.resolve().rglob("*.html"))
