"""The public files of GitHub's Innovation Graph: developers and activity by economy and quarter, as GitHub counts them by IP address.

Not here: where they are kept (snapshots), and what is compared with them (sql/marts/contributor_innovation_graph).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from dagster_project.errors import UsageError

# File -> the column with its number. Others of the graph count something that is nobody's contribution.
FILES = {
    "developers.csv": "developers",
    "git_pushes.csv": "git_pushes",
    "organizations.csv": "organizations",
    "repositories.csv": "repositories",
}
# The graph adds the European Union to its members: kept, everybody there would count twice.
AGGREGATES = ("EU",)
GRAPH_SCHEMA: dict[str, pl.DataType] = {
    "line": pl.String(),
    "metric": pl.String(),
    "country": pl.String(),
    "quarter": pl.Date(),
    "amount": pl.Int64(),
    "position": pl.Int32(),
}


def read_folder(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the files that are there: rows (GRAPH_SCHEMA), and position, reason and record of those that can't be read.

    Raises UsageError for a folder without any of them, or a file without its columns.
    """
    paths = [folder / name for name in FILES if (folder / name).is_file()]
    if not paths:
        raise UsageError(
            f"{folder} has none of {', '.join(FILES)}. Get the folder `data` of github.com/github/innovationgraph.",
            next_command=f"leadershift import innovation-graph {folder}/data",
        )
    rows = pl.concat([_read(path) for path in paths]).with_row_index("position")
    rows = rows.filter(~pl.col("iso2_code").is_in(AGGREGATES)).with_columns(pl.col("position").cast(pl.Int32))
    year, quarter = (pl.col(name).cast(pl.Int32, strict=False) for name in ("year", "quarter"))
    read = rows.with_columns(
        pl.when(quarter.is_between(1, 4)).then(pl.date(year, quarter * 3 - 2, 1)).alias("day"),
        pl.col("amount").cast(pl.Int64, strict=False).alias("number"),
    )
    # As text throughout: NA is Namibia and nothing else.
    is_read = pl.col("iso2_code").str.contains("^[A-Z]{2}$") & pl.col("day").is_not_null() & (pl.col("number") >= 0)
    is_read = is_read.fill_null(value=False)
    good = read.filter(is_read).select(
        pl.format("{}/{}/{}", "metric", "iso2_code", "day").alias("line"),
        "metric",
        pl.col("iso2_code").alias("country"),
        pl.col("day").alias("quarter"),
        pl.col("number").alias("amount"),
        "position",
    )
    refused = read.filter(~is_read).select(
        pl.lit(0, pl.Int32).alias("page"),
        "position",
        pl.lit("no economy, quarter or number").alias("reason"),
        pl.lit(None, pl.String).alias("hub_id"),
        pl.lit(None, pl.String).alias("model_name"),
        pl.concat_str("metric", "iso2_code", "year", "quarter", "amount", separator=",", ignore_nulls=True)
        .cast(pl.Binary)
        .alias("record"),
    )
    return good, refused


def _read(path: Path) -> pl.DataFrame:
    metric = FILES[path.name]
    try:
        table = pl.read_csv(path, infer_schema=False, glob=False)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path} can't be read: {error}") from error
    wanted = [metric, "iso2_code", "year", "quarter"]
    if missing := [name for name in wanted if name not in table.columns]:
        raise UsageError(f"{path} has no column {', '.join(missing)}. It has: {', '.join(table.columns)}.")
    named = pl.col(metric).alias("amount")
    return table.select(pl.lit(metric).alias("metric"), "iso2_code", "year", "quarter", named)
