"""Tables of the Hub that others captured: the only way the past gets in. A column mapping turns them into the rows of our own captures.

Not here: where they are kept (snapshots), and any judgement whether the archive was complete.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path

import polars as pl

from dagster_project.calendar import parse_time
from dagster_project.errors import UsageError
from dagster_project.sources.huggingface import LONGEST_NAME, MODEL_SCHEMA

# Our column, and the names that public dumps of the Hub use for it.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "observed_at": ("observed_at", "snapshot_at", "snapshot_date", "observed_on", "date"),
    "model_name": ("model_name", "id", "modelId", "model_id", "repo_id"),
    "hub_id": ("hub_id", "_id"),
    "author": ("author", "namespace"),
    "created_at": ("created_at", "createdAt"),
    "last_modified_at": ("last_modified_at", "lastModified", "last_modified", "updated_at"),
    "downloads_30d": ("downloads_30d", "downloads"),
    "downloads_all_time": ("downloads_all_time", "downloadsAllTime"),
    "likes": ("likes",),
    "trending_score": ("trending_score", "trendingScore"),
    "gated": ("gated",),
    "pipeline_tag": ("pipeline_tag",),
    "library": ("library", "library_name"),
    "tags": ("tags",),
    "parameters_total": ("parameters_total", "parameters", "num_parameters"),
    "card_licence": ("card_licence", "license", "licence"),
    "card_base_models": ("card_base_models", "base_model"),
    "is_removed": ("is_removed", "removed"),
}
REQUIRED = ("observed_at", "model_name")
# What numbers are made of: as in a capture, a row in which one of these can't be read is kept aside, for it would count as 0.
COUNTED = {"created_at": "time", "downloads_30d": "number", "downloads_all_time": "number", "likes": "number"}
NOTHING = ["", "-", "n/a", "na", "nan", "none", "null"]
_IN_THOUSANDS = r"^-?\d{1,3}(,\d{3})+(\.0+)?$"
# Never 08/09/2026, which is two days.
_ISO = r"^\d{4}-\d{2}-\d{2}"


def read_table(
    path: Path, *, mapping: Mapping[str, str], observed_at: datetime | None
) -> Iterator[tuple[datetime, pl.DataFrame, pl.DataFrame]]:
    """Yield for each day the moment of its last row, its rows (MODEL_SCHEMA and `observed_at`) and those that can't be read.

    `mapping` is ours -> theirs and wins over SYNONYMS; `observed_at` stands in where the table has no such column.
    Raises UsageError for a file or column that isn't there, or a row without a time: it could be put on no day.
    """
    table = _open(path)
    chosen = _choose(table, mapping, path, needs_time=observed_at is None)
    given = pl.lit(observed_at.replace(tzinfo=None) if observed_at else None, pl.Datetime("us"))
    columns = [
        (_converted(table, chosen[ours], kind) if ours in chosen else pl.lit(None, kind)).alias(ours)
        for ours, kind in MODEL_SCHEMA.items()
    ]
    moment = _time(table, chosen["observed_at"]) if "observed_at" in chosen else given
    lost = [_lost(table, chosen[ours], ours) for ours in COUNTED if ours in chosen]
    try:
        rows = table.select(
            *columns,
            moment.alias("observed_at"),
            pl.coalesce(*(reason for reason, _cell in lost), pl.lit(None, pl.String)).alias("reason"),
            pl.coalesce(*(cell for _reason, cell in lost), pl.lit(None, pl.String)).alias("cell"),
        ).with_row_index("position")
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path} has a column that can't be read as ours: {str(error).splitlines()[0]}") from error
    # A file may hold years that no calendar of ours reaches.
    has_time = pl.col("observed_at").dt.year().is_between(MINYEAR, MAXYEAR).fill_null(value=False)
    untimed = rows.filter(~has_time)
    if untimed.height:
        raise UsageError(
            f"{path}: row {untimed['position'][0] + 1:,} has no readable time, as have {untimed.height - 1:,} more."
        )
    rows = rows.with_columns(pl.col("observed_at").dt.date().alias("day"), pl.col("position").cast(pl.Int32))
    for day in rows["day"].unique().sort():
        of_day = rows.filter(pl.col("day") == day).drop("day")
        last: datetime = of_day.select(pl.col("observed_at").max()).item()
        yield (last.replace(tzinfo=UTC), *_divided(of_day))


def _open(path: Path) -> pl.DataFrame:
    # A column whose first rows are numbers may hold 1,234 further down.
    read_texts = functools.partial(pl.read_csv, infer_schema=False)
    readers: dict[str, Callable[..., pl.DataFrame]] = {".parquet": pl.read_parquet, ".csv": read_texts}
    if path.suffix not in readers:
        raise UsageError(f"{path} is neither .parquet nor .csv.")
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    try:
        return readers[path.suffix](path, glob=False)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path} can't be read: {error}") from error


def _choose(table: pl.DataFrame, mapping: Mapping[str, str], path: Path, *, needs_time: bool) -> dict[str, str]:
    if strangers := sorted(set(mapping) - set(SYNONYMS)):
        raise UsageError(
            f"There is no column {', '.join(strangers)} of ours to map to. There are: {', '.join(SYNONYMS)}."
        )
    if absent := sorted(set(mapping.values()) - set(table.columns)):
        raise UsageError(f"{path} has no column {', '.join(absent)}. It has: {', '.join(table.columns)}.")
    found = {ours: name for ours, names in SYNONYMS.items() for name in reversed(names) if name in table.columns}
    chosen = {**found, **mapping}
    missing = [ours for ours in REQUIRED if ours not in chosen and (needs_time or ours != "observed_at")]
    if missing:
        raise UsageError(
            f"{path} has no column for {', '.join(missing)}. It has: {', '.join(table.columns)}.",
            next_command=f"leadershift import table {path} --map {missing[0]}=THEIR_COLUMN",
        )
    return chosen


def _converted(table: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    column, have = pl.col(name), table.schema[name]
    if isinstance(kind, pl.Datetime):
        return _time(table, name)
    if isinstance(kind, pl.List):
        return _texts(column, have)
    if isinstance(kind, pl.Boolean) and have == pl.String():
        return column.str.to_lowercase().is_in(["true", "1", "yes"])
    if isinstance(kind, pl.String) and have == pl.Boolean():
        return pl.when(column).then(pl.lit("true")).otherwise(pl.lit("false"))
    if isinstance(kind, pl.Int64):
        return _number(column, have)
    return column.cast(kind, strict=False)


def _number(column: pl.Expr, have: pl.DataType) -> pl.Expr:
    """Read a whole number, however it was written down; half a download is none."""
    if have.is_integer():
        return column.cast(pl.Int64(), strict=False)
    if have != pl.String():
        return _whole(column.cast(pl.Float64(), strict=False))
    text = column.str.strip_chars()
    plain = pl.when(text.str.contains(_IN_THOUSANDS)).then(text.str.replace_all(",", "")).otherwise(text)
    return pl.coalesce(plain.cast(pl.Int64(), strict=False), _whole(plain.cast(pl.Float64(), strict=False)))


def _whole(number: pl.Expr) -> pl.Expr:
    return pl.when(number == number.floor()).then(number.cast(pl.Int64(), strict=False))


def _lost(table: pl.DataFrame, name: str, ours: str) -> tuple[pl.Expr, pl.Expr]:
    """Say why a row can't be read for this column of it, and give the cell; null where it can."""
    text = pl.col(name).cast(pl.String(), strict=False)
    is_lost = (
        ~text.str.strip_chars().str.to_lowercase().is_in(NOTHING)
        & _converted(table, name, MODEL_SCHEMA[ours]).is_null()
    )
    reason = pl.lit(f"{name} can't be read as a {COUNTED[ours]}")
    return pl.when(is_lost).then(reason), pl.when(is_lost).then(text)


def _texts(column: pl.Expr, have: pl.DataType) -> pl.Expr:
    if isinstance(have, pl.List):
        return column.cast(pl.List(pl.String()))
    listed = column.str.starts_with("[")
    parsed = pl.when(listed).then(column).otherwise(None).str.json_decode(pl.List(pl.String()))
    return pl.when(listed).then(parsed).when(column.str.len_chars() > 0).then(pl.concat_list(column)).otherwise(None)


def _time(table: pl.DataFrame, name: str) -> pl.Expr:
    column, have = pl.col(name), table.schema[name]
    if have == pl.String():
        # Each by itself: read by the form of the first, all others would be lost.
        text = column.str.strip_chars()
        return pl.when(text.str.contains(_ISO)).then(text).map_elements(_moment, return_dtype=pl.Datetime("us"))
    if isinstance(have, pl.Datetime) and have.time_zone:
        return column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if not isinstance(have, pl.Date | pl.Datetime | pl.Null):
        # A number may count days, seconds or milliseconds; read wrongly, it would put the rows into 1970.
        raise UsageError(f"The column {name} holds {have}, which is no time. Write 2026-08-17 or 2026-08-17T03:00:00Z.")
    return column.cast(pl.Datetime("us"))


def _moment(text: str) -> datetime | None:
    try:
        return parse_time(text).replace(tzinfo=None)
    except UsageError:
        return None


def _divided(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the rows of a day into those that can be read, and the others with the reason."""
    named = pl.col("model_name").str.len_chars().is_between(1, LONGEST_NAME).fill_null(value=False)
    hub_id = pl.col("hub_id")
    nameless = pl.lit("the model has no name, or one too long")
    refused = rows.filter(~named | pl.col("reason").is_not_null()).select(
        pl.lit(0, pl.Int32).alias("page"),
        "position",
        pl.when(named).then("reason").otherwise(nameless).alias("reason"),
        pl.when(named & (hub_id.str.len_chars() <= LONGEST_NAME)).then(hub_id).alias("hub_id"),
        pl.when(named).then("model_name").alias("model_name"),
        pl.when(named).then("cell").otherwise("model_name").fill_null("").cast(pl.Binary).alias("record"),
    )
    return rows.filter(named & pl.col("reason").is_null()).drop("reason", "cell"), refused
