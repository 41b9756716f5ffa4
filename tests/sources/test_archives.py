from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from dagster_project.errors import UsageError
from dagster_project.sources.archives import read_table
from dagster_project.sources.huggingface import MODEL_SCHEMA

MONDAY = datetime(2026, 8, 17, 3, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    """Write a table with these columns and read it back as days: (moment, rows, refused)."""

    def written(columns, mapping=None, observed_at=None, kind="parquet"):
        path = tmp_path / f"dump.{kind}"
        frame = pl.DataFrame(columns, strict=False)
        frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
        return list(read_table(path, mapping=mapping or {}, observed_at=observed_at))

    return written


def test_each_day_is_a_snapshot_of_its_own(read):
    days = read({"id": ["a/x", "a/x", "b/y"], "observed_at": ["2026-08-17", "2026-08-24", "2026-08-24"]})
    assert [(moment.date(), rows.height) for moment, rows, _ in days] == [
        (date(2026, 8, 17), 1),
        (date(2026, 8, 24), 2),
    ]


def test_rows_are_shaped_like_our_own_captures(read):
    ((_, rows, _),) = read({"id": ["a/x"], "downloads": [5]}, observed_at=MONDAY)
    assert {**MODEL_SCHEMA, "observed_at": pl.Datetime("us"), "position": pl.Int32()}.items() == dict(
        rows.schema
    ).items()
    assert rows.select("model_name", "downloads_30d", "likes").row(0) == ("a/x", 5, None)


@pytest.mark.parametrize(
    "times",
    [
        ["2026-08-17T03:00:00Z"],
        ["2026-08-17T03:00:00.000Z"],
        ["2026-08-17T05:00:00+02:00"],
        ["2026-08-17 03:00:00"],
        [datetime.fromisoformat("2026-08-17T03:00:00")],
        [datetime(2026, 8, 17, 3, tzinfo=UTC)],
    ],
)
def test_a_time_may_be_text_or_a_datetime_with_or_without_zone(read, times):
    ((moment, rows, _),) = read({"id": ["a/x"], "snapshot_at": times, "createdAt": times})
    assert moment == MONDAY
    assert rows["created_at"].to_list() == rows["observed_at"].to_list() == [MONDAY.replace(tzinfo=None)]


@pytest.mark.parametrize("day", ["2026-08-17", date(2026, 8, 17)])
def test_a_date_is_its_midnight(read, day):
    ((moment, _, _),) = read({"id": ["a/x"], "date": [day]})
    assert moment == datetime(2026, 8, 17, tzinfo=UTC)


def test_the_moment_of_a_day_is_that_of_its_last_row(read):
    ((moment, _, _),) = read({"id": ["a", "b"], "observed_at": ["2026-08-17T03:00:00Z", "2026-08-17T01:00:00Z"]})
    assert moment == MONDAY


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([["a", "b"]], ["a", "b"]),
        (['["a", "b"]'], ["a", "b"]),
        (["[]"], []),
        (["a"], ["a"]),
        ([""], None),
        ([None], None),
    ],
)
def test_tags_may_be_a_list_or_its_json(read, tags, expected):
    ((_, rows, _),) = read(
        pl.DataFrame({"id": ["a/x"], "tags": pl.Series(tags, dtype=None if tags[0] else pl.String)}), observed_at=MONDAY
    )
    assert rows["tags"].to_list() == [expected]


def test_a_mapping_wins_over_the_names_we_know(read):
    ((_, rows, _),) = read(
        {"id": ["wrong"], "repo": ["a/x"], "downloads": [1], "dl": [2]},
        mapping={"model_name": "repo", "downloads_30d": "dl"},
        observed_at=MONDAY,
    )
    assert rows.select("model_name", "downloads_30d").row(0) == ("a/x", 2)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("12", 12),
        (" 7 ", 7),
        ("1,234", 1234),
        ("1,234,567", 1_234_567),
        ("1234.0", 1234),
        ("9007199254740993", 9_007_199_254_740_993),
        ("-5", -5),
        ("", None),
        ("None", None),
        ("NaN", None),
    ],
)
def test_a_counter_may_be_written_as_people_write_it(read, written, counted, kind):
    ((_, rows, refused),) = read({"id": ["a/x", "b/y"], "downloads": [written, "many"]}, observed_at=MONDAY, kind=kind)
    assert rows["downloads_30d"].to_list() == [counted]
    assert refused["model_name"].to_list() == ["b/y"]


@pytest.mark.parametrize("downloads", ["many", "1.2M", "12,34", "1.5", 1.5, "99999999999999999999", 2**63])
def test_a_row_with_a_counter_that_cannot_be_read_is_quarantined_by_its_name(read, downloads):
    series = pl.Series([downloads], dtype=pl.UInt64 if downloads == 2**63 else None)
    ((_, rows, refused),) = read(
        pl.DataFrame({"id": ["a/x"], "_id": ["a1"], "downloads": series, "likes": [3]}), observed_at=MONDAY
    )
    assert rows.is_empty()
    assert refused.select("hub_id", "model_name", "reason", "record").row(0) == (
        "a1",
        "a/x",
        "downloads can't be read as a number",
        str(downloads).encode(),
    )


def test_a_counter_of_a_late_row_does_not_cost_the_whole_file(read):
    downloads = [*map(str, range(300)), "1,234"]
    ((_, rows, _),) = read(
        {"id": [f"a/{n}" for n in range(301)], "downloads": downloads}, observed_at=MONDAY, kind="csv"
    )
    assert rows["downloads_30d"].sum() == sum(range(300)) + 1234


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_each_time_is_read_by_itself(read, kind):
    times = ["2022-03-02T23:29:04.000Z", "2022-03-02", "2022-03-02T23:29:04", "2022-03-03T01:29:04.5+02:00", ""]
    ((_, rows, _),) = read({"id": list("abcde"), "createdAt": times}, observed_at=MONDAY, kind=kind)
    day, moment = datetime.fromisoformat("2022-03-02"), datetime.fromisoformat("2022-03-02T23:29:04")
    assert rows["created_at"].to_list() == [moment, day, moment, moment.replace(microsecond=500_000), None]


def test_a_day_that_could_be_two_is_not_guessed(read):
    with pytest.raises(UsageError, match="row 1 has no readable time"):
        read({"id": ["a"], "date": ["08/09/2026"]})
    ((_, rows, refused),) = read({"id": ["a/x"], "createdAt": ["08/09/2026"]}, observed_at=MONDAY)
    assert (rows.height, refused["reason"].to_list()) == (0, ["createdAt can't be read as a time"])


def test_odd_cells_that_count_nothing_are_empty_not_fatal(read):
    ((_, rows, _),) = read(
        {"id": ["a/x", "b/y"], "parameters": ["12", "7B"], "removed": ["True", "no"], "gated": [True, False]},
        observed_at=MONDAY,
    )
    assert rows["parameters_total"].to_list() == [12, None]
    assert rows["is_removed"].to_list() == [True, False]
    assert rows["gated"].to_list() == ["true", "false"]


def test_rows_without_a_name_are_refused_with_their_place(read):
    ((_, rows, refused),) = read({"id": ["a/x", None, "", "x" * 201, "b/y"]}, observed_at=MONDAY)
    assert rows["position"].to_list() == [0, 4]
    assert refused["position"].to_list() == [1, 2, 3]
    assert set(refused["reason"]) == {"the model has no name, or one too long"}


def test_a_csv_is_read_like_a_parquet(read):
    columns = {"id": ["a/x"], "downloads": [5], "tags": ['["a"]'], "date": ["2026-08-17"]}
    ((_, rows, _),) = read(columns, kind="csv")
    assert rows.select("model_name", "downloads_30d", "tags").row(0) == ("a/x", 5, ["a"])


# What can't be read


def test_a_row_without_a_time_can_be_put_on_no_day(read):
    with pytest.raises(UsageError, match=r"dump.parquet: row 2 has no readable time, as have 1 more"):
        read({"id": ["a", "b", "c"], "observed_at": ["2026-08-17", "yesterday", None]})
    year_148108 = pl.Series([2**62], dtype=pl.Datetime("us"))
    with pytest.raises(UsageError, match=r"row 1 has no readable time"):
        read({"id": ["a"], "observed_at": year_148108})


@pytest.mark.parametrize("number", [20260817, 1755399600.5, True])
def test_a_number_is_no_time(read, number):
    with pytest.raises(UsageError, match=r"The column date holds .*, which is no time"):
        read({"id": ["a"], "date": [number]})


@pytest.mark.parametrize("tags", ["[broken", 3])
def test_tags_that_are_neither_list_nor_json_are_an_error_in_words(read, tags):
    with pytest.raises(UsageError, match="has a column that can't be read as ours"):
        read({"id": ["a"], "tags": [tags]}, observed_at=MONDAY)


def test_a_table_without_a_time_needs_one_from_us(read):
    with pytest.raises(UsageError, match=r"has no column for observed_at. It has: id") as raised:
        read({"id": ["a"]})
    assert "--map observed_at=THEIR_COLUMN" in raised.value.next_command


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"model_name": "nowhere"}, "has no column nowhere. It has: repository"),
        ({"strange": "repository"}, "There is no column strange of ours"),
        ({}, "has no column for model_name. It has: repository"),
    ],
)
def test_a_column_that_is_not_there_is_named(read, mapping, says):
    with pytest.raises(UsageError, match=says):
        read({"repository": ["a"]}, mapping=mapping, observed_at=MONDAY)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("dump.json", b"[]", "is neither .parquet nor .csv"),
        ("dump.parquet", b"not parquet", "can't be read"),
        ("dump.parquet", b"", "can't be read"),
        ("dump.csv", b"", "can't be read"),
        ("dump.csv", b"\xff\xfe\x00", "can't be read|has no column"),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says) as raised:
        list(read_table(path, mapping={}, observed_at=MONDAY))
    assert str(path) in raised.value.message


def test_a_name_with_brackets_is_a_name(tmp_path):
    path = tmp_path / "dump[1] *.parquet"
    pl.DataFrame({"id": ["a/x"]}).write_parquet(path)
    assert len(list(read_table(path, mapping={}, observed_at=MONDAY))) == 1


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="There is no file"):
        list(read_table(tmp_path / "dump.parquet", mapping={}, observed_at=MONDAY))
