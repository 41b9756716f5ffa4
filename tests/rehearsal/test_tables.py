"""Tables of real models as items: the column mapping, what stays absent, the ids, the errors."""

import http.client
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from dagster_project.errors import UsageError
from dagster_project.rehearsal.hub.service import HubService, load_table

NOW = datetime(2026, 8, 24, tzinfo=UTC)
RADAR = Path(__file__).parents[3] / "shared" / "real" / "hf_radar" / "models_2026-08-22.parquet"


def items_of(frame, tmp_path, name="models.parquet"):
    path = tmp_path / name
    {".parquet": frame.write_parquet, ".csv": frame.write_csv, ".jsonl": frame.write_ndjson}[path.suffix](path)
    table = load_table(path)
    return [table.item(index, NOW) for index in range(table.size(NOW))]


def test_a_radar_shaped_row_becomes_an_item(tmp_path):
    row = {
        "id": "acme/One",
        "author": "acme",
        "created_at": "2026-08-18T06:09:20.000Z",
        "updated_at": "2026-08-18T06:21:48.000Z",
        "license": "mit",
        "pipeline_tag": "text-generation",
        "library": "transformers",
        "languages": '["en","fr"]',
        "tags": '["transformers","base_model:quantized:acme/Zero"]',
        "likes": 3,
        "downloads_30d": 430,
        "trending_score": 2,
        "parameters": 7_615_616_512,
        "base_model": "acme/Zero, acme/Nought",
        "gated": True,
        "removed": True,
    }
    (item,) = items_of(pl.DataFrame([row]), tmp_path)
    assert re.fullmatch(r"[0-9a-f]{24}", item.pop("_id"))
    assert item == {
        "id": "acme/One",
        "author": "acme",
        "createdAt": "2026-08-18T06:09:20.000Z",
        "lastModified": "2026-08-18T06:21:48.000Z",
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "tags": ["transformers", "base_model:quantized:acme/Zero"],
        "likes": 3,
        "downloads": 430,
        "trendingScore": 2,
        "gated": "auto",
        "disabled": True,
        "safetensors": {"parameters": {"BF16": 7_615_616_512}, "total": 7_615_616_512},
        "cardData": {"license": "mit", "language": ["en", "fr"], "base_model": ["acme/Zero", "acme/Nought"]},
    }


@pytest.mark.parametrize("name", ["models.csv", "models.jsonl", "models.parquet"])
def test_synonyms_are_known_in_every_format(tmp_path, name):
    frame = pl.DataFrame(
        {
            "modelId": ["a/b"],
            "createdAt": ["2026-01-02 03:04:05"],
            "lastModified": ["2026-01-03"],
            "Licence": ["apache-2.0"],
            "library_name": ["peft"],
            "downloads": [5],
            "downloadsAllTime": [50],
            "gated": ["manual"],
        }
    )
    (item,) = items_of(frame, tmp_path, name)
    assert item["createdAt"] == "2026-01-02T03:04:05.000Z"
    assert item["lastModified"] == "2026-01-03T00:00:00.000Z"
    assert (item["downloads"], item["downloadsAllTime"], item["gated"]) == (5, 50, "manual")
    assert (item["library_name"], item["cardData"]) == ("peft", {"license": "apache-2.0"})


def test_real_dates_and_lists_are_read_as_they_are(tmp_path):
    frame = pl.DataFrame({"id": ["a/b"], "created": [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)], "tags": [["x", "y"]]})
    (item,) = items_of(frame, tmp_path)
    assert (item["createdAt"], item["tags"]) == ("2026-01-02T03:04:05.000Z", ["x", "y"])


def test_what_the_table_does_not_say_is_absent(tmp_path):
    (item,) = items_of(pl.DataFrame({"id": ["a/b"], "likes": [None], "gated": [None], "license": [None]}), tmp_path)
    assert set(item) == {"_id", "id"}


def test_base_models_come_from_their_own_column_only(tmp_path):
    relation = {"relation": "finetune", "models": [{"_id": "0" * 24, "id": "a/base"}]}
    frame = pl.DataFrame(
        {"id": ["a/x", "a/y"], "baseModels": [json.dumps(relation), None], "tags": ['["base_model:a/z"]'] * 2}
    )
    by_id = {item["id"]: item for item in items_of(frame, tmp_path)}
    assert by_id["a/x"]["baseModels"] == relation
    assert by_id["a/y"]["baseModels"] is None
    assert "baseModels" not in items_of(frame.drop("baseModels"), tmp_path)[0]


def test_ids_are_made_from_creation_and_name_the_same_every_time(tmp_path):
    frame = pl.DataFrame(
        {"id": ["a/late", "a/b", "a/c"], "created_at": ["2026-02-01T00:00:00Z"] + ["2026-01-01T00:00:00Z"] * 2}
    )
    first = items_of(frame, tmp_path)
    again = items_of(frame.reverse(), tmp_path)
    assert first == again
    assert [(item["createdAt"], item["_id"]) for item in first] == sorted(
        (item["createdAt"], item["_id"]) for item in first
    )
    assert len({item["_id"] for item in first}) == 3
    assert int(first[0]["_id"][:8], 16) == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert first[-1]["id"] == "a/late"


def test_given_ids_are_kept(tmp_path):
    (item,) = items_of(pl.DataFrame({"_id": ["66bfbb1a43a701a837a745ac"], "id": ["a/b"]}), tmp_path)
    assert item["_id"] == "66bfbb1a43a701a837a745ac"


def test_names_are_found_as_spelled_first_then_in_any_case(tmp_path):
    path = tmp_path / "models.csv"
    pl.DataFrame({"id": ["a/Model", "a/MODEL"]}).write_csv(path)
    table = load_table(path)
    names = {name: table.item(table.find(name, NOW), NOW)["id"] for name in ("a/Model", "a/MODEL")}
    assert names == {"a/Model": "a/Model", "a/MODEL": "a/MODEL"}
    assert table.find("A/model", NOW) in {0, 1}
    assert table.find("a/other", NOW) is None


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="There is no file"):
        load_table(tmp_path / "nothing.parquet")


def test_an_unreadable_file_is_a_sentence(tmp_path):
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(UsageError, match=r"broken\.parquet can't be read"):
        load_table(path)


def test_an_unknown_format_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"reads \.parquet, \.csv, \.jsonl"):
        load_table(tmp_path / "models.xlsx")


def test_a_table_without_ids_is_refused(tmp_path):
    path = tmp_path / "models.csv"
    path.write_text("likes\n3\n")
    with pytest.raises(UsageError, match=r"no column of model ids.*likes"):
        load_table(path)
    path.write_text("id,likes\na/b,1\n,2\n")
    with pytest.raises(UsageError, match="row 2 has no model id"):
        load_table(path)


@pytest.mark.real
@pytest.mark.skipif(not RADAR.exists(), reason="the real sample hf_radar is not beside this checkout")
def test_the_real_table_is_served_whole_over_sixteen_pages():
    truth = pl.read_parquet(RADAR)
    with HubService(load_table(RADAR), now=NOW) as service:
        connection = http.client.HTTPConnection("127.0.0.1", int(service.url.rsplit(":", 1)[1]), timeout=20)
        fields = "&".join(
            f"expand={name}" for name in ("downloads", "downloadsAllTime", "disabled", "gated", "tags", "createdAt")
        )
        path, pages = f"/api/models?sort=createdAt&direction=1&limit=1000&{fields}", []
        while path:
            connection.request("GET", path)
            answer = connection.getresponse()
            pages.append(json.loads(answer.read()))
            link = answer.headers["Link"]
            path = re.search(r"<http://[^/]+(/[^>]+)>", link)[1] if link else None
    items = [item for page in pages for item in page]
    assert [len(page) for page in pages] == [1000] * 15 + [904]
    assert {item["id"] for item in items} == set(truth["id"])
    assert sum(item["downloads"] for item in items) == truth["downloads_30d"].sum()
    assert sum(item["disabled"] for item in items) == truth["removed"].sum()
    assert sum(item["gated"] == "auto" for item in items) == truth["gated"].sum()
    assert [item["createdAt"] for item in items] == sorted(truth["created_at"])
    assert not any("downloadsAllTime" in item for item in items)
