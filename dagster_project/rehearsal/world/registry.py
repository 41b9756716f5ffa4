"""The registry that fits a rehearsal world: the texts of its CSV files. Everything in it but the claims is fictional and says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from dagster_project.rehearsal.world.cast import ARGUABLE_HOMES, COUNTRIES, LABS, LICENCES, SUBSIDIARY_OF, Namespace
from dagster_project.rehearsal.world.scenario import OWNER_RENAME
from dagster_project.settings import shipped

KNOWN_FROM = "2022-01-01"
NOTE = "general knowledge: rehearsal, fictional"
ARGUABLE_NOTE = f"{NOTE}, arguable"
SOURCE = {"source_url": "", "known_from": KNOWN_FROM, "read_on": KNOWN_FROM, "confidence": "low", "note": NOTE}
EVENTS = (
    (0, "policy", "CN", "", "Rehearsal policy for open models"),
    (1, "release", "CN", "rehearsal-brivane", "Rehearsal Lab Brivane releases a flagship"),
    (2, "release", "US", "rehearsal-aurelon", "Rehearsal Lab Aurelon releases a flagship"),
    (3, "licence", "US", "rehearsal-cindrelle", "Rehearsal Lab Cindrelle tightens a licence"),
    (4, "corporate", "FR", "rehearsal-dovarisse", "Rehearsal Lab Dovarisse changes its board"),
)
"""Week, kind, country, lab, title: colour for charts, not the turning points of the scenario."""
FIGURE_COLUMNS = "figure_id,publication,country,lab,measure,value,scope,credit,time_window,window_to,why"
FIGURE_WEEK = 5
FIGURE = {"measure": "share_of_total", "scope": "S1", "credit": "publisher", "time_window": "28d", "lab": ""} | {
    "why": "it is invented"
}


def registry_texts(
    first_week: date,
    namespaces: Sequence[Namespace],
    owner_renamed_on: date | None,
    repositories: Sequence[tuple[str, str]],
) -> dict[str, str]:
    """Give the texts of the registry's CSV files, by file name; `repositories` are names, each with its lab's slug or nothing.

    The claims are the real ones: the same queries judge them.
    """
    always = {"valid_from": KNOWN_FROM, "valid_to": "", **SOURCE}
    labs = [
        {"lab": lab.slug, "lab_name": f"Rehearsal Lab {lab.name}", "country": lab.country, "kind": lab.kind}
        | {"parent": SUBSIDIARY_OF.get(lab.slug, "")}
        | always
        | ({"note": ARGUABLE_NOTE} if lab.slug in ARGUABLE_HOMES else {})
        for lab in LABS
    ]
    others = [{"lab": slug, "other_country": country, **always} for slug, country in ARGUABLE_HOMES.items()]
    spaces = [{"namespace": n.name, "lab": n.lab or "", **always} for n in namespaces if n.lab is not None]
    if owner_renamed_on is not None:
        old = next(row for row in spaces if row["namespace"] == OWNER_RENAME.old)
        spaces.append({**old, "namespace": OWNER_RENAME.new, "valid_from": owner_renamed_on.isoformat()})
        old["valid_to"] = owner_renamed_on.isoformat()
    countries = [{"country": c, "country_name": n, "region": r, **SOURCE} for c, (n, r) in COUNTRIES.items()]
    licences = [{"licence_id": i, "licence_class": c, **SOURCE} for i, (c, _) in LICENCES.items() if i]
    events = [
        {"event_id": f"rehearsal-{n + 1:03d}", "kind": kind, "country": country, "lab": lab, "title": title}
        | {"event_on": (first_week + timedelta(days=7 * week + 2)).isoformat(), **SOURCE}
        for n, (week, kind, country, lab, title) in enumerate(EVENTS)
    ]
    figures = [
        {"figure_id": f"rehearsal-{country.lower()}", "publication": "Rehearsal report", "country": country, **FIGURE}
        | {"value": value, "window_to": (first_week + timedelta(days=7 * FIGURE_WEEK + 6)).isoformat(), **SOURCE}
        for country, value in (("CN", "0.30"), ("US", "0.40"))
    ]
    asked = [
        {"repo_name": name, "lab": lab, "kind": "lab" if lab else "community", "why": "models", **SOURCE}
        for name, lab in repositories
    ]
    logins = [{"github_login": lab.slug, "lab": lab.slug, **always} for lab in LABS]
    source = "source_url,read_on,confidence,note"
    valid = f"valid_from,valid_to,known_from,{source}"
    return {
        "labs.csv": _csv(labs, f"lab,lab_name,parent,country,kind,{valid}"),
        "arguable_homes.csv": _csv(others, f"lab,other_country,{valid}"),
        "namespaces.csv": _csv(spaces, f"namespace,lab,{valid}"),
        "countries.csv": _csv(countries, f"country,country_name,region,known_from,{source}"),
        "events.csv": _csv(events, f"event_id,event_on,kind,country,lab,title,known_from,{source}"),
        "published_figures.csv": _csv(figures, f"{FIGURE_COLUMNS},known_from,{source}"),
        "licences.csv": _csv(licences, "licence_id,licence_class,source_url,known_from,read_on,confidence,note"),
        "repositories.csv": _csv(asked, f"repo_name,lab,kind,why,known_from,{source}"),
        "github_owners.csv": _csv(logins, f"github_login,lab,{valid}"),
        "claims.csv": shipped("data/registry/claims.csv").read_text(encoding="utf-8"),
    }


def _csv(rows: Sequence[dict[str, str]], header: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header.split(","), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: row[header.split(",", maxsplit=1)[0]]))
    return text.getvalue()
