"""Licences and gates of what was released, against the truth.

Not here: who descends from whom (lineage).
"""

from __future__ import annotations

import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, misplaced
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.warehouse.published import Release

_OPENNESS = """
select quarter, level, side, licence_class, size_band, n_models, coalesce(gated_share, 0) * n_models as gated
from marts.openness where n_models > 0
"""
_TIERS = "select quarter, level, side, n_models, open_share from marts.openness_tier"
OPENNESS_KEYS = ["quarter", "level", "side", "licence_class", "size_band"]


def openness(release: Release, truth: Truth) -> list[Verdict]:
    """Compare releases cell by cell, the gated ones among them, and the open ones of each country and lab."""
    true = truth.releases.openness().with_columns(gated=pl.col("gated_share") * pl.col("n_models"))
    both = true.join(release.frame(_OPENNESS), on=OPENNESS_KEYS, how="full", coalesce=True, suffix="_found")
    verdicts = []
    for (level,), cells in sorted(both.group_by("level")):
        verdicts.append(misplaced(f"openness by {level}: releases by class and size", cells, "n_models"))
        verdicts.append(misplaced(f"openness by {level}: gated releases", cells, "gated"))
    return [*verdicts, _open_releases(release, truth)]


def _open_releases(release: Release, truth: Truth) -> Verdict:
    """Compare how many of each country's and lab's releases are permissive and ungated."""
    counted = pl.col("open_share") * pl.col("n_models")
    found = release.frame(_TIERS).with_columns(opened=counted)
    both = (
        truth.releases.openness_tier()
        .with_columns(opened=counted)
        .join(found, on=["quarter", "level", "side"], how="full", coalesce=True, suffix="_found")
    )
    return misplaced("openness tier: open releases", both, "opened")
