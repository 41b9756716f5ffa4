"""Who descends from whom, against the truth: roots of models, births of derivatives.

Not here: credit for downloads (flows), licences (openness).
"""

from __future__ import annotations

import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, misplaced
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.warehouse.published import Release

_ROOTS = "select hub_id, root_hub_id, root_name, weight from core.roots"
# One finetune in twenty does not say what it is, so only the two together can be compared with the truth.
_BIRTHS = """
select month, level, side, if(relation = 'unspecified', 'finetune', relation) as relation, variant,
    sum(new_models) as new_models, cast(sum(new_authors) as bigint) as new_authors
from marts.derivative_births group by month, level, side, if(relation = 'unspecified', 'finetune', relation), variant
"""
_FLOWS = """
select quarter, credit, base_country, derivative_country, coalesce(n_models, 0) as n_models, coalesce(downloads_flow, 0) as downloads_flow,
    is_suppressed, all_models, suppressed_models, flow_days, is_running
from marts.lineage_flows
"""
_DEPENDENCE = "select quarter, credit, country, dependence from marts.lineage_dependence where dependence is not null"
FLOW_KEYS = ["quarter", "credit", "base_country", "derivative_country"]
SHORTEST_QUARTER_DAYS = 90
BIRTH_KEYS = ["month", "level", "side", "relation", "variant"]
WEIGHT_TOLERANCE = 1e-9


def roots(release: Release, truth: Truth) -> list[Verdict]:
    """Count the models whose roots, or the weights of these, are not the true ones."""
    found = release.frame(_ROOTS)
    true = truth.roots().filter(pl.col("hub_id").is_in(found["hub_id"].unique().implode()))
    told = found.filter(pl.col("hub_id").is_in(true["hub_id"].unique().implode()))
    ours, theirs = _by_root(true), _by_root(told)
    both = ours.join(theirs, on=["hub_id", "root"], how="full", coalesce=True, suffix="_found")
    off = (pl.col("weight").fill_null(0.0) - pl.col("weight_found").fill_null(0.0)).abs() > WEIGHT_TOLERANCE
    wrong = both.filter(off)["hub_id"].n_unique()
    return [
        Verdict("roots of models", ours.height, theirs.height, wrong, "models with another root or weight"),
    ]


def _by_root(rows: pl.DataFrame) -> pl.DataFrame:
    """Name each root by its id, or by its name where no list ever had it."""
    named = rows.with_columns(root=pl.coalesce("root_hub_id", pl.col("root_name").str.to_lowercase()))
    return named.group_by("hub_id", "root").agg(pl.col("weight").sum())


def births(release: Release, truth: Truth) -> list[Verdict]:
    """Compare the derivatives and authors of each month and home, by level and variant; and the derivatives by relation."""
    found = release.frame(_BIRTHS)
    both = truth.derivatives.births().join(found, on=BIRTH_KEYS, how="full", coalesce=True, suffix="_found")
    whole, typed = both.filter(pl.col("relation") == "all"), both.filter(pl.col("relation") != "all")
    verdicts = []
    for (level, variant), rows in sorted(whole.group_by("level", "variant")):
        name = f"derivative births by {level}, {variant}"
        verdicts += [
            misplaced(f"{name}: models", rows, "new_models"),
            misplaced(f"{name}: authors", rows, "new_authors"),
        ]
    return [*verdicts, misplaced("derivative births by relation", typed, "new_models")]


def lineage_flows(release: Release, truth: Truth) -> list[Verdict]:
    """Compare who builds on whom: cells that are shown, cells that are not, downloads of whole quarters, dependence."""
    true, found = truth.derivatives.lineage_flows(), release.frame(_FLOWS)
    both = true.join(found, on=FLOW_KEYS, how="full", coalesce=True, suffix="_found")
    born = both.filter(pl.col("all_models").is_not_null() | (pl.col("n_models") > 0))
    hidden = born.filter(
        pl.col("is_suppressed").fill_null(True) != pl.col("is_suppressed_found").fill_null(True)
    ).height
    shown = born.filter(~pl.col("is_suppressed"))
    whole = shown.filter(pl.col("flow_days") >= SHORTEST_QUARTER_DAYS)
    return [
        misplaced("lineage flows: derivatives in cells that are shown", shown, "n_models"),
        Verdict("lineage flows: cells wrongly shown or hidden", born.height, found.height, hidden, "cells"),
        misplaced("lineage flows: downloads in cells that are shown", whole, "downloads_flow"),
        *_dependence(release, true),
    ]


def _dependence(release: Release, true: pl.DataFrame) -> list[Verdict]:
    """Give the quarter and country in which dependence is worst, by credit."""
    is_home = pl.col("base_country") == pl.col("derivative_country")
    sums = true.group_by("quarter", "credit", country="derivative_country").agg(
        home=pl.col("n_models").filter(is_home).sum(), whole=pl.col("n_models").sum()
    )
    found = release.frame(_DEPENDENCE).join(sums, on=["quarter", "credit", "country"], how="left")
    off = found.with_columns(true=1 - pl.col("home") / pl.col("whole")).with_columns(
        error=(pl.col("true") - pl.col("dependence")).abs().fill_null(1.0)
    )
    verdicts = []
    for (credit,), rows in sorted(off.group_by("credit")):
        worst = rows.sort("error", descending=True).row(0, named=True)
        name = f"dependence on foreign bases, {credit}: the worst of {rows.height:,}"
        verdicts.append(Verdict(name, worst["true"], worst["dependence"], worst["error"], "points"))
    return verdicts
