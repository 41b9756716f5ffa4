"""The registry that fits a rehearsal world: the texts of its CSV files. Everything in it but the claims is fictional and says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from dagster_project.rehearsal.world.cast import ARGUABLE_HOMES, COUNTRIES, LABS, LICENCES, SUBSIDIARY_OF, Namespace
from dagster_project.rehearsal.world.scenario import RELOCATION, OwnerRename
from dagster_project.settings import shipped

KNOWN_FROM = "2022-01-01"
NOTE = "general knowledge: rehearsal, fictional"
ARGUABLE_NOTE = f"{NOTE}, arguable"
SOURCE = {"source_url": "", "known_from": KNOWN_FROM, "read_on": KNOWN_FROM, "confidence": "low", "note": NOTE}
ALWAYS = {"valid_from": KNOWN_FROM, "valid_to": "", **SOURCE}
_SOURCED = "known_from,source_url,read_on,confidence,note"
_VALID = f"valid_from,valid_to,{_SOURCED}"
COLUMNS = {
    "labs.csv": f"lab,lab_name,parent,country,kind,{_VALID}",
    "arguable_homes.csv": f"lab,other_country,{_VALID}",
    "namespaces.csv": f"namespace,lab,{_VALID}",
    "countries.csv": f"country,country_name,region,{_SOURCED}",
    "events.csv": f"event_id,event_on,kind,country,lab,title,{_SOURCED}",
    "published_figures.csv": f"figure_id,publication,country,lab,measure,value,scope,credit,time_window,window_to,why,{_SOURCED}",
    "licences.csv": "licence_id,licence_class,source_url,known_from,read_on,confidence,note",
    "repositories.csv": f"repo_name,lab,kind,why,{_SOURCED}",
    "github_owners.csv": f"github_login,lab,{_VALID}",
}
EVENTS = (
    (0, "policy", "CN", "", "Rehearsal policy for open models"),
    (1, "release", "CN", "rehearsal-brivane", "Rehearsal Lab Brivane releases a flagship"),
    (2, "release", "US", "rehearsal-aurelon", "Rehearsal Lab Aurelon releases a flagship"),
    (3, "licence", "US", "rehearsal-cindrelle", "Rehearsal Lab Cindrelle tightens a licence"),
    (4, "corporate", "FR", "rehearsal-dovarisse", "Rehearsal Lab Dovarisse changes its board"),
)
"""Week, kind, country, lab, title: colour for charts, not the turning points of the scenario."""
FIGURE_WEEK = 5
FIGURES = {"CN": "0.30", "US": "0.40"}
FIGURE = {"measure": "share_of_total", "scope": "S1", "credit": "publisher", "time_window": "28d", "lab": ""} | {
    "publication": "Rehearsal report",
    "why": "it is invented",
}


def registry_texts(
    first_week: date,
    namespaces: Sequence[Namespace],
    repositories: Sequence[tuple[str, str]],
    *,
    renames: Sequence[tuple[OwnerRename, date | None, date | None]],
    relocated_on: date | None,
) -> dict[str, str]:
    """Give the texts of the registry's CSV files, by file name; `repositories` are names, each with its lab's slug or nothing.

    `renames` come with the days from which and until which the new name holds, `relocated_on` is when a lab moves; None is never.
    The claims are the real ones: the same queries judge them.
    """
    figure = FIGURE | {"window_to": (first_week + timedelta(days=7 * FIGURE_WEEK + 6)).isoformat(), **SOURCE}
    rows = {
        "labs.csv": _labs(relocated_on),
        "arguable_homes.csv": [{"lab": lab, "other_country": c, **ALWAYS} for lab, c in ARGUABLE_HOMES.items()],
        "namespaces.csv": _namespaces(namespaces, renames),
        "countries.csv": [{"country": c, "country_name": n, "region": r, **SOURCE} for c, (n, r) in COUNTRIES.items()],
        "events.csv": _events(first_week),
        "published_figures.csv": [
            {"figure_id": f"rehearsal-{country.lower()}", "country": country, "value": value, **figure}
            for country, value in FIGURES.items()
        ],
        "licences.csv": [{"licence_id": i, "licence_class": c, **SOURCE} for i, (c, _) in LICENCES.items() if i],
        "repositories.csv": [
            {"repo_name": name, "lab": lab, "kind": "lab" if lab else "community", "why": "models", **SOURCE}
            for name, lab in repositories
        ],
        "github_owners.csv": [{"github_login": lab.slug, "lab": lab.slug, **ALWAYS} for lab in LABS],
    }
    texts = {name: _csv(found, COLUMNS[name]) for name, found in rows.items()}
    return {**texts, "claims.csv": shipped("data/registry/claims.csv").read_text(encoding="utf-8")}


def _labs(relocated_on: date | None) -> list[dict[str, str]]:
    labs = [
        {"lab": lab.slug, "lab_name": f"Rehearsal Lab {lab.name}", "country": lab.country, "kind": lab.kind}
        | {"parent": SUBSIDIARY_OF.get(lab.slug, "")}
        | ALWAYS
        | ({"note": ARGUABLE_NOTE} if lab.slug in ARGUABLE_HOMES else {})
        for lab in LABS
    ]
    if relocated_on is not None:
        former = next(row for row in labs if row["lab"] == RELOCATION.lab)
        labs.append({**former, "country": RELOCATION.country, "valid_from": relocated_on.isoformat()})
        former["valid_to"] = relocated_on.isoformat()
    return labs


def _namespaces(
    namespaces: Sequence[Namespace], renames: Sequence[tuple[OwnerRename, date | None, date | None]]
) -> list[dict[str, str]]:
    spaces = [{"namespace": n.name, "lab": n.lab or "", **ALWAYS} for n in namespaces if n.lab is not None]
    for turn, *days in renames:
        begin, end = (day.isoformat() if day else "" for day in days)
        old = next(row for row in spaces if row["namespace"] == turn.old)
        spaces.append({**old, "namespace": turn.new, "valid_from": begin, "valid_to": end})
        if end:
            spaces.append({**old, "valid_from": end})
        old["valid_to"] = begin
    return spaces


def _events(first_week: date) -> list[dict[str, str]]:
    return [
        {"event_id": f"rehearsal-{n + 1:03d}", "kind": kind, "country": country, "lab": lab, "title": title}
        | {"event_on": (first_week + timedelta(days=7 * week + 2)).isoformat(), **SOURCE}
        for n, (week, kind, country, lab, title) in enumerate(EVENTS)
    ]


def _csv(rows: Sequence[dict[str, str]], header: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header.split(","), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: row[header.split(",", maxsplit=1)[0]]))
    return text.getvalue()
