"""The report about claims: what two articles say about who leads, what our tables say to it, and the query to check it with.

Not here: the claims (data/registry/claims.csv), the queries (sql/claims) and how a verdict is made (sql/marts/claims_ledger).
"""

from __future__ import annotations

import polars as pl

from dagster_project.reports import template
from dagster_project.reports.headline import Edition
from dagster_project.reports.render import Fragment, clean, count, day, nothing, preformatted
from dagster_project.reports.weekly import opening

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
    weeks = count(float(claims["weeks_of_data"].max() or 0))  # type: ignore[arg-type] # a count
    final = "No. A verdict is about what was measured here, by the rule beside it. It changes with the data."
    asked = [("On what?", f"{weeks} weeks measured by captures of the whole Hub."), ("Is that final?", final)]
    return opening(edition, "claims", heading, lead, f"{lead}, {others}.", asked)


def ledger(claims: pl.DataFrame, article: str) -> Fragment:
    """List an article's claims, each with its verdict, finding, rule and query. Columns: those of `marts.claims_ledger`."""
    rows = claims.filter(pl.col("article") == article) if claims.height else claims
    if not rows.height:
        return nothing("No claim of this article was judged in this release.")
    number = pl.col("claim_id").str.slice(1).cast(pl.Int64)
    shown = [
        {
            **{
                name: clean(row[name], _LONG)
                for name in ("claim_id", "claim", "verdict", "reason", "measure", "judged_by")
            },
            "slug": row["verdict"].split()[0] if row["verdict"] in VERDICTS else "other",
            "basis": _basis(row),
            "query": _sql(row["query"]),
        }
        for row in rows.sort(number).iter_rows(named=True)
    ]
    return template.piece("claims.html.j2", {"claims": shown})


def _basis(row: dict[str, object]) -> str:
    as_of = row["as_of"]
    return f"As of {day(as_of)}, {row['weeks_of_data']} weeks." if hasattr(as_of, "year") else ""  # type: ignore[arg-type] # a day


def _sql(query: object) -> Fragment:
    """Show SQL of ours line by line; what it quotes from elsewhere is cleaned."""
    return preformatted(str(query or "")[:_QUERY])
