"""A page for each week of the archive and for each revision of it, and the list of them.

Not here: what was said about a week before (archive).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from dagster_project.calendar import Week
from dagster_project.reports import reads, template, weekly
from dagster_project.reports.headline import HEADLINE_SCOPE, SCOPES, WHOLE_SCOPE, citation
from dagster_project.reports.render import to_copy
from dagster_project.reports.site import archive
from dagster_project.reports.site.archive import History
from dagster_project.reports.site.feed import write_feed
from dagster_project.reports.site.frame import Frame
from dagster_project.reports.template import Way


def write_weeks(
    frame: Frame, histories: Mapping[Week, History], countries: Mapping[str, str], labs: Mapping[str, str]
) -> None:
    """Write the archive: every week with its revisions, the list of them, and the feed."""
    there = set(reads.measured_weeks(frame.release, frame.scope)) | set(
        reads.measured_weeks(frame.release, frame.edition.scope(WHOLE_SCOPE))
    )
    for week, history in histories.items():
        folder = f"weeks/{week}"
        frame.put(f"{folder}/{archive.REVISIONS}", archive.encoded(history))
        for number, _revision in enumerate(history.revisions):
            _write_revision(frame, week, history, number, week.monday in there, (countries, labs))
    _write_list_of_weeks(frame, histories)
    write_feed(frame, histories)


def _write_revision(
    frame: Frame,
    week: Week,
    history: History,
    number: int,
    is_current: bool,
    sides_of: tuple[Mapping[str, str], Mapping[str, str]],
) -> None:
    revision = history.revisions[number]
    numbers = revision.numbers
    edition = replace(
        frame.edition, week=week, release_id=revision.release_id, is_rehearsal=revision.is_rehearsal, as_of=None
    )
    asked = [
        ("Runner-up", numbers.runner_up),
        ("How sure is the lead?", numbers.certainty),
        ("Measured or estimated?", numbers.basis),
    ]
    path = f"weeks/{week}/{history.page(number)}"
    head = replace(frame, edition=edition).head(path, f"Week {week}", numbers.sentence)
    scope = numbers.tables[0].scope if numbers.tables else HEADLINE_SCOPE
    about = {
        "opening": weekly.opening(edition, "archive", "Who led open-source AI", numbers.lead, numbers.sentence, asked),
        "week": str(week),
        "revision": revision,
        "history": history,
        "revisions": _revisions(history),
        "is_newest": revision is history.newest,
        "is_current": is_current,
        "scopes": SCOPES,
        "countries": sides_of[0],
        "labs": sides_of[1],
        "cite": to_copy(citation(edition, scope)),
        "marked": edition.marked(""),
    }
    frame.put(path, template.fill("week.html.j2", head | about).encode())


def _revisions(history: History) -> list[dict[str, object]]:
    """List a week's revisions, each with what it says otherwise than the one before."""
    numbers = [revision.numbers for revision in history.revisions]
    changes = ["The first.", *(archive.what_changed(before, after) for before, after in pairwise(numbers))]
    return [
        {"revision": revision, "href": history.page(n), "says": says}
        for n, (revision, says) in enumerate(zip(history.revisions, changes, strict=True))
    ]


def _write_list_of_weeks(frame: Frame, histories: Mapping[Week, History]) -> None:
    ways = []
    for week, history in sorted(histories.items(), reverse=True):
        revisions = len(history.revisions) - 1
        notes = ["estimated"] if history.newest.numbers.is_estimated else []
        notes += [f"{revisions} revision{'s' if revisions > 1 else ''}"] if revisions else []
        ways.append(
            Way(
                str(week),
                f"{week}/index.html",
                history.newest.numbers.lead or history.newest.numbers.sentence,
                ", ".join(notes),
            )
        )
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
        ways=ways,
        is_weeks=True,
    )
