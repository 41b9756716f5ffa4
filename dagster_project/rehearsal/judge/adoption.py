"""How models are taken up, against the truth: downloads by age, values against the baselines, likes against downloads.

Not here: downloads by week (flows).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl

from dagster_project.rehearsal.judge.verdict import Verdict, counted, nothing, relative
from dagster_project.rehearsal.truth.oracle import Truth
from dagster_project.rehearsal.world.scenario import CAPTURE_HOUR
from dagster_project.warehouse.published import Release

CAPTURE_TIME = time(CAPTURE_HOUR, tzinfo=UTC)
_CAPTURES = "select observed_on from core.snapshots where source = 'huggingface' and is_complete order by observed_on"
_VALUES = "select hub_id, age_days, version, value as found, downloads as found_downloads from marts.relative_adoption"
_SHARES = """select week, country, likes_share as found from marts.attention
    where level = 'country' and scope = 'S1' and likes_share is not null"""
_OVERLAP = "select week, top, jaccard from marts.attention_overlap where scope = 'S1' order by week, top"


def adoption(release: Release, truth: Truth, weeks: Sequence[date]) -> list[Verdict]:
    """Judge relative adoption over the weeks measured, those that only an archive read among them."""
    captured = _captures(release)
    moments = [*(moment for moment in truth.world.archived if moment < captured[0]), *captured]
    ended = datetime.combine(max(weeks) + timedelta(days=7), time(tzinfo=UTC))
    true = truth.adoption.relative_adoption(moments, int(ended.timestamp()))
    found = release.frame(_VALUES)
    both = true.join(found, on=["hub_id", "age_days", "version"], how="inner")
    first = both.filter(pl.col("version") == "v1")
    verdicts = [
        counted("relative adoption: ages told", true.height, found.height, f"rows ({both.height:,} of them the same)"),
        relative("relative adoption: downloads", _sum(first, "downloads"), _sum(first, "found_downloads")),
    ]
    for version in ("v1", "v2"):
        told = both.filter((pl.col("version") == version) & (pl.col("value") > 0))
        gaps = [
            abs(found / value - 1) if found is not None else 1.0
            for value, found in told.select("value", "found").iter_rows()
        ]
        measure = f"relative adoption {version}: median error of {told.height:,} values"
        if not gaps:
            verdicts.append(nothing(measure))
            continue
        near = float(np.median(gaps))
        verdicts.append(Verdict(measure, _sum(told, "value"), _sum(told, "found"), near, "of the value"))
    return verdicts


def attention(release: Release, truth: Truth, weeks: Sequence[date]) -> list[Verdict]:
    """Give the worst share of new likes of a country and the worst overlap of the most liked and the most downloaded.

    An archive has no likes, so its weeks are not among these.
    """
    shares, overlaps = [], []
    for number, likes in truth.adoption.new_likes(_captures(release)):
        week = truth.world.first_week + timedelta(weeks=number)
        if week not in weeks:
            continue
        total = int(likes.sum())
        at = truth.world.monday(number)
        countries = np.array(truth.descent.countries_at(at))[truth.descent.publishers]
        shares += [(week, str(name), int(likes[countries == name].sum()) / total) for name in np.unique(countries)]
        overlaps += [(week, top, truth.adoption.overlap(number, likes, top)) for top in (25, 100)]
    found = release.frame(_SHARES)
    by_country = pl.DataFrame(shares, ["week", "country", "true"], orient="row")
    by_top = pl.DataFrame(overlaps, ["week", "top", "true"], orient="row", schema_overrides={"top": pl.Int32})
    return [
        _worst("attention: share of new likes", by_country.join(found, on=["week", "country"], how="left")),
        _worst(
            "attention: overlap of the tops",
            by_top.join(release.frame(_OVERLAP).rename({"jaccard": "found"}), on=["week", "top"], how="left"),
        ),
    ]


def _captures(release: Release) -> list[int]:
    days = release.frame(_CAPTURES)["observed_on"].to_list()
    return [int(datetime.combine(day, CAPTURE_TIME).timestamp()) for day in days]


def _worst(measure: str, both: pl.DataFrame) -> Verdict:
    pairs = [(true, found or 0.0) for true, found in both.select("true", "found").iter_rows()]
    if not pairs:
        return nothing(measure)
    true, found = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
    return Verdict(f"{measure}: the worst of {len(pairs):,}", true, found, abs(true - found), "points")


def _sum(frame: pl.DataFrame, column: str) -> float:
    return float(sum(frame[column].drop_nulls().to_list()))
