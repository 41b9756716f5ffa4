"""Who descends from whom, against the truth: roots of models, births of derivatives.

Not here: credit for downloads (flows), licences (openness).
"""

from __future__ import annotations

import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.warehouse.published import Release

_ROOTS = "select hub_id, root_hub_id, root_name, weight from core.roots"
# One finetune in twenty does not say what it is, so only the two together can be compared with the truth.
_BIRTHS = """
select month, level, side, if(relation = 'unspecified', 'finetune', relation) as relation, variant,
    sum(new_models) as new_models, cast(sum(new_authors) as bigint) as new_authors
from marts.derivative_births group by all
"""
BIRTH_KEYS = ["month", "level", "side", "relation", "variant"]
WEIGHT_TOLERANCE = 1e-9


def roots(release: Release, truth: Truth) -> list[Verdict]:
    """Count the models whose roots, or the weights of these, are not the true ones."""
    found = release.frame(_ROOTS)
    known = found["hub_id"].unique()
    true = truth.roots().filter(pl.col("hub_id").is_in(known.implode()))
    ours, theirs = _by_root(true), _by_root(found)
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
    both = truth.derivative_births().join(found, on=BIRTH_KEYS, how="full", coalesce=True, suffix="_found")
    whole, typed = both.filter(pl.col("relation") == "all"), both.filter(pl.col("relation") != "all")
    verdicts = []
    for (level, variant), rows in sorted(whole.group_by("level", "variant")):
        name = f"derivative births by {level}, {variant}"
        verdicts += [
            _misplaced(f"{name}: models", rows, "new_models"),
            _misplaced(f"{name}: authors", rows, "new_authors"),
        ]
    return [*verdicts, _misplaced("derivative births by relation", typed, "new_models")]


def _misplaced(name: str, cells: pl.DataFrame, column: str) -> Verdict:
    """Add up how far each cell is off."""
    ours, theirs = cells[column].fill_null(0), cells[f"{column}_found"].fill_null(0)
    error = float((ours - theirs).abs().sum()) / float(ours.sum() or 1)
    return Verdict(name, float(ours.sum()), float(theirs.sum()), error, "of all, misplaced")
