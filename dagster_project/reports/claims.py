"""The report about claims: what two articles say about who leads, what our tables say to it, and the query to check it with.

Not here: the claims (data/registry/claims.csv), the queries (sql/claims) and how a verdict is made (sql/marts/claims_ledger).
"""

from __future__ import annotations

from html import escape

import polars as pl

from dagster_project.reports.headline import Edition
from dagster_project.reports.render import Fragment, clean, count, day, escaped, prose
from dagster_project.reports.weekly import opening

ARTICLES = {
    "meta-retreat-2025": "“Meta's retreat from open-source AI, a sign of a world power shift”, 2025",
    "reuters-2025-04": "“China's love of open-source AI may shut down fast”, Reuters Breakingviews, 2 April 2025",
}
VERDICTS = ("supported", "mixed", "contradicted", "not measurable yet")
_LONG = 2000  # a finding or a claim is a sentence, not a name
_QUERY = 20_000


def masthead(claims: pl.DataFrame, edition: Edition) -> Fragment:
    """Open the page: how many claims stand, and how many can't be judged yet."""
    heading = "What was claimed, and what was found"
    if not claims.height:
        lead = "No claim was judged."
        return opening(edition, "claims", heading, lead, f"{lead} This release has no table of claims.")
    counts = {verdict: claims.filter(pl.col("verdict") == verdict).height for verdict in VERDICTS}
    lead = f"{count(counts['supported'])} of {count(claims.height)} claims are supported"
    others = ", ".join(f"{count(counts[verdict])} {verdict}" for verdict in VERDICTS[1:])
    rest = f"{lead}, {others}."
    weeks = claims["weeks_of_data"].max()
    return opening(
        edition,
        "claims",
        heading,
        lead,
        rest,
        [
            ("On what?", f"{count(float(weeks or 0))} weeks measured by captures of the whole Hub."),  # type: ignore[arg-type] # a count
            (
                "Is that final?",
                "No. A verdict is about what was measured here, by the rule beside it. It changes with the data.",
            ),
        ],
    )


def ledger(claims: pl.DataFrame, article: str) -> Fragment:
    """List an article's claims, each with its verdict, number, bounds, rule and query. Columns: those of `marts.claims_ledger`."""
    rows = claims.filter(pl.col("article") == article) if claims.height else claims
    if not rows.height:
        return Fragment('<p class="nothing">No claim of this article was judged in this release.</p>')
    number = pl.col("claim_id").str.slice(1).cast(pl.Int64)
    parts = []
    for row in rows.sort(number).iter_rows(named=True):
        verdict = clean(row["verdict"])
        slug = verdict.split()[0] if verdict in VERDICTS else "other"
        found = _found(row)
        parts.append(
            f'<article class="claim" id="{escaped(row["claim_id"])}"><h3><span class="id">{escaped(row["claim_id"])}</span> '
            f"{escaped(row['claim'], _LONG)}</h3>"
            f'<p class="verdict {slug}"><strong>{escaped(verdict)}</strong>{prose(found)}</p>'
            f"<p>{prose(clean(row['reason'], _LONG))}</p>"
            f'<p class="note">Measured: {escaped(row["measure"], _LONG)}. Rule: {escaped(row["judged_by"], _LONG)}.'
            f" {prose(_basis(row))}</p>"
            f'<details><summary>The query</summary><pre class="query" tabindex="0">{_sql(row["query"])}</pre></details></article>'
        )
    return Fragment("\n".join(parts))


def _found(row: dict[str, object]) -> str:
    """Write the number that was found, with its bounds."""
    if not isinstance(row["number"], int | float):
        return ""
    bounds = ""
    if isinstance(row["interval_low"], int | float) and isinstance(row["interval_high"], int | float):
        bounds = f" ({row['interval_low']:.4g} to {row['interval_high']:.4g})"
    return f": {row['number']:.4g}{bounds}"


def _basis(row: dict[str, object]) -> str:
    as_of = row["as_of"]
    return f"As of {day(as_of)}, {row['weeks_of_data']} weeks." if hasattr(as_of, "year") else ""  # type: ignore[arg-type] # a day


def _sql(query: object) -> str:
    """Show SQL of ours line by line; what it quotes from elsewhere is cleaned."""
    return "\n".join(
        escape(" " * (len(line) - len(line.lstrip())) + clean(line, _QUERY), quote=True)
        for line in str(query or "")[:_QUERY].splitlines()
    )
