"""The newest weeks and revisions as Atom, and every week's finding as JSON.

Not here: the pages they lead to (weeks).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from dagster_project.calendar import Week
from dagster_project.reports import template
from dagster_project.reports.site.archive import History
from dagster_project.reports.site.frame import Frame

FEED_ENTRIES = 30


def write_feed(frame: Frame, histories: Mapping[Week, History]) -> None:
    """Write the newest weeks and revisions as Atom, and every week's finding as JSON."""
    said = [
        (revision.published_at, week, number, revision)
        for week, history in histories.items()
        for number, revision in enumerate(history.revisions)
    ]
    said.sort(key=lambda entry: (entry[0], entry[1], entry[2]), reverse=True)
    entries = []
    for at, week, number, revision in said[:FEED_ENTRIES]:
        numbers = revision.numbers
        mark = "REHEARSAL: " if revision.is_rehearsal else ""
        basis = ", estimated" if numbers.is_estimated else ""
        entries.append(
            {
                "title": f"{mark}{'Revised: ' if number else ''}Week {week}{basis}: {numbers.lead or numbers.sentence}",
                "id": f"urn:leadershift:{week}:{revision.release_id}",
                "updated": at,
                "href": f"weeks/{week}/{histories[week].page(number)}",
                "summary": f"{mark}{numbers.sentence} {numbers.certainty}",
            }
        )
    feed = template.fill(
        "feed.xml.j2",
        {
            "title": frame.edition.marked("leadershift: who leads open-source AI"),
            "id": f"urn:leadershift:{'rehearsal' if frame.edition.is_rehearsal else 'site'}",
            "updated": entries[0]["updated"] if entries else "",
            "base": f"{frame.base_url}/" if frame.base_url else "",
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
