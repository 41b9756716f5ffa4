"""The charts of a release by name, each from the rows it needs: what notebooks show and what cards are drawn from.

Not here: how they are drawn (the other modules of this folder).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from dagster_project.reports import geography, reads
from dagster_project.reports.charts.bars import countries_picture
from dagster_project.reports.charts.canvas import Picture
from dagster_project.reports.charts.course import countries_over_time
from dagster_project.reports.charts.crossing import crossover_of
from dagster_project.reports.charts.family import family_tree
from dagster_project.reports.charts.matrix import lineage_matrix
from dagster_project.reports.charts.openness import lab_order, openness_over_time
from dagster_project.reports.charts.ranks import ranks_of_labs
from dagster_project.reports.charts.slopes import credit_slopes
from dagster_project.reports.charts.tiles import tile_map
from dagster_project.reports.headline import HEADLINE_SCOPE, Edition
from dagster_project.reports.naming import code_name, lab_labels
from dagster_project.warehouse.published import Release


def countries(release: Release, edition: Edition) -> Picture | None:
    """Who is downloaded this week, by country, with the unknown in sight."""
    rows = reads.week_shares(release, "country", edition.week.monday)
    return countries_picture(rows, edition, edition.scope(HEADLINE_SCOPE))


def course(release: Release, edition: Edition) -> Picture | None:
    """The same week by week, with what happened."""
    scope = edition.scope(HEADLINE_SCOPE)
    history = reads.shares(release, "country", scope, edition.week.monday)
    return countries_over_time(history, reads.events(release), edition, scope)


def ranks(release: Release, edition: Edition) -> Picture | None:
    """Places of labs over four weeks."""
    scope = edition.scope(HEADLINE_SCOPE)
    history = reads.shares(release, "lab", scope, edition.week.monday, window=reads.RANK_WINDOW)
    return ranks_of_labs(history, edition, scope)


def crossover(release: Release, edition: Edition) -> Picture | None:
    """The crossover of the two largest countries that had one; of the two largest, where none had."""
    scope = edition.scope(HEADLINE_SCOPE)
    pairs = reads.crossovers(release, scope, edition.week.monday)
    history = reads.shares(release, "country", scope, edition.week.monday, window=reads.RANK_WINDOW)
    if not pairs.height or not history.height:
        return None
    newest = history.filter(pl.col("week") == history["week"].max())
    sizes = dict(newest.select("country", "share_of_total").iter_rows())
    ranked = sorted(
        pairs.filter(pl.col("level") == "country").iter_rows(named=True),
        key=lambda row: (
            row["crossover_week"] is None,
            -min(sizes.get(row["side_a"]) or 0.0, sizes.get(row["side_b"]) or 0.0),
            row["side_a"],
            row["side_b"],
        ),
    )
    if not ranked:
        return None
    pair, names = ranked[0], reads.country_names(release)
    sides = (pair["side_a"], pair["side_b"])
    both = history.filter(pl.col("country").is_in(sides)).with_columns(side=pl.col("country"))
    named = (code_name(sides[0], names), code_name(sides[1], names))
    return crossover_of(both, pair, edition, scope, named)


def credits(release: Release, edition: Edition) -> Picture | None:
    """Publisher against root credit, by lab."""
    scope = edition.scope(HEADLINE_SCOPE)
    rows = reads.week_shares(release, "lab", edition.week.monday, credit=None)
    if not rows.height:
        return None
    reviewed = rows.filter((pl.col("scope") == scope) & ~pl.col("lab").str.starts_with("hf:"))
    sides = both_credits(reviewed, "lab")
    return credit_slopes(sides.with_columns(label=lab_labels(sides)), edition, scope, "labs")


def both_credits(rows: pl.DataFrame, side: str) -> pl.DataFrame:
    """Set publisher and root shares of one week and scope side by side: one row a side, 0 where it has nothing."""
    parts = [
        pl.col("share_of_total").filter(pl.col("credit") == credit).first().fill_null(0.0).alias(credit)
        for credit in ("publisher", "root")
    ]
    named = [pl.col(f"{side}_name").first()] + ([pl.col("country").first()] if side != "country" else [])
    return rows.sort("credit", side).group_by(side, maintain_order=True).agg(*named, *parts)


def lineage(release: Release, edition: Edition) -> Picture | None:
    """Whose models each country's derivatives come from."""
    return lineage_matrix(reads.lineage_quarter(release, edition.week.monday), reads.country_names(release), edition)


def openness(release: Release, edition: Edition) -> Picture | None:
    """How open the most downloaded labs' own releases have been, quarter by quarter."""
    newest = reads.week_shares(release, "lab", edition.week.monday)
    until = "where level = 'lab' and quarter <= ? order by quarter, side"
    tiers = reads.read(release, "marts.openness_tier", until, [edition.week.monday])
    if not newest.height or not tiers.height:
        return None
    order = lab_order(newest.filter(pl.col("scope") == edition.scope(HEADLINE_SCOPE)))
    return openness_over_time(tiers, order, edition)


def contributors(release: Release, edition: Edition) -> Picture | None:
    """Where contributors say they are; None as long as nothing is captured of it."""
    found = geography.newest(reads.read(release, geography.TABLE), edition)
    if found is None:
        return None
    return tile_map(found.rows, reads.country_names(release), edition, found.what)


def family(release: Release, edition: Edition) -> Picture | None:
    """The family of the base model whose derivatives are downloaded most."""
    root = reads.most_built_on(release, edition.week.monday)
    if root is None:
        return None
    return family_tree(root, reads.family(release, root["hub_id"], edition.week.monday), edition)


PICTURES: dict[str, tuple[str, Callable[[Release, Edition], Picture | None]]] = {
    "countries": ("Downloads by country", countries),
    "course": ("Downloads by country, over time", course),
    "ranks": ("The race of the labs", ranks),
    "crossover": ("Who passed whom", crossover),
    "credits": ("Publisher against root", credits),
    "lineage": ("Who builds on whose models", lineage),
    "openness": ("How open releases are", openness),
    "family": ("The most built-on family", family),
    "contributors": ("Where contributors are", contributors),
}
"""Every chart that is also a card: its name, what it is called, and how it is made."""
