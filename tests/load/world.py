"""A world of millions of models as finished pages on disk, and the truth about it, made without any of the client's code.

Records are bytes made from templates with cards as people write them, some 1.1 kB each; only identities, times and counters
differ from model to model. Pages lie as the gzip that goes over the wire. Not here: serving them (serve).
"""

from __future__ import annotations

import gzip
import json
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl

NOW = datetime(2026, 11, 16, 2, tzinfo=UTC)
PAGE_ROWS = 1000
REPEATED_ROWS = 5
"""Of each page: models of the page before, met again with other counters. 0.5 %."""
NEW_ROWS = PAGE_ROWS - REPEATED_ROWS
"""One of them on each page, 0.1 %, can't be read: half of the pages are therefore no valid JSON as a whole."""
LARGE_CARD_BYTES = 100_000
TEMPLATES = 3000
WORDS = 1000
FIRST_SECOND = 1_646_263_744
SECONDS_APART = 40
GZIP_LEVEL = 5
TRUTH = "truth.parquet"
HOSTILE: tuple[bytes, ...] = (
    rb'"library_name":"lone \ud800 surrogate"',
    b'"downloads":%d' % 2**70,
    b'"cardData":' + b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'"downloads":"many"',
    b'"trendingScore":NaN',
    b'"_id":null',
)
"""What each kind of hostile record says last; of a key said twice, the last counts."""


@dataclass(frozen=True)
class Model:
    """On which page (from 1) a model is listed, who it is, and what it counts there."""

    page: int
    index: int
    hub_id: str
    downloads: int
    downloads_all_time: int
    likes: int


def make(folder: Path, pages: int, *, clean: bool = False) -> None:
    """Write the pages and the truth of a world. A clean one has no hostile and no repeated records."""
    folder.mkdir(parents=True)
    with ProcessPoolExecutor() as workers:
        made = workers.map(partial(_write_page, folder, clean=clean), range(1, pages + 1), chunksize=8)
        # What is met again counts as it was met last.
        truth = pl.concat(made).unique("hub_id", keep="last", maintain_order=True)
    truth.write_parquet(folder / TRUTH)


def page_path(folder: Path, page: int) -> Path:
    """Where a page lies, counted from 1."""
    return folder / f"{page:05}.json.gz"


def _write_page(folder: Path, page: int, *, clean: bool) -> pl.DataFrame:
    """Write one page; give the models that a reader of it must find."""
    rng = random.Random(page)
    count = PAGE_ROWS if clean else NEW_ROWS
    new = [_model(page, (page - 1) * count + place, rng) for place in range(count)]
    models = new if clean or page == 1 else [*_repeated(page, rng), *new]
    records = [_record(model, rng) for model in models]
    if not clean:
        place = len(models) - NEW_ROWS + _hostile_place(page)
        records[place] = records[place][:-1] + b"," + HOSTILE[page % len(HOSTILE)] + b"}"
        del models[place]
    page_path(folder, page).write_bytes(gzip.compress(b"[" + b",".join(records) + b"]", GZIP_LEVEL, mtime=0))
    return pl.DataFrame(models)


def _hostile_place(page: int) -> int:
    return page * 373 % (NEW_ROWS - 1)


def _repeated(page: int, rng: random.Random) -> list[Model]:
    """Make the models of the page before that this page lists again, with the counters they have by now."""
    places = [place for place in range(NEW_ROWS) if place != _hostile_place(page - 1)]
    return [_model(page, (page - 2) * NEW_ROWS + place, rng) for place in rng.sample(places, REPEATED_ROWS)]


def _model(page: int, index: int, rng: random.Random) -> Model:
    """Make the model of an index: who it is never changes, what it counts is drawn."""
    downloads, likes = int(rng.paretovariate(0.6)) % 10**8, int(rng.paretovariate(0.9)) % 10**5
    hub_id = f"{FIRST_SECOND + index * SECONDS_APART:08x}{index * 0x9E3779B97F4A7C15 % 2**64:016x}"
    return Model(page, index, hub_id, downloads, downloads * 9 + likes, likes)


def _record(model: Model, rng: random.Random) -> bytes:
    second = FIRST_SECOND + model.index * SECONDS_APART
    owner = f"owner-{model.index * 7919 % 400_009}"
    touched = second + rng.randrange(30 * 86_400)
    who = f'"_id":"{model.hub_id}","id":"{owner}/{rng.choice(_words())}-{model.index}","author":"{owner}"'
    when = f'"createdAt":"{_stamp(second)}","lastModified":"{_stamp(touched)}"'
    counts = f'"likes":{model.likes},"downloads":{model.downloads},"downloadsAllTime":{model.downloads_all_time}'
    return b"{%b,%b,%b,%b}" % (who.encode(), when.encode(), rng.choice(_templates()), counts.encode())


def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# Templates


@cache
def _words() -> list[str]:
    rng = random.Random("words")
    return ["".join(rng.choices("aeioulnrstmkdvzy", k=rng.randint(3, 9))) for _ in range(WORDS)]


@cache
def _templates() -> list[bytes]:
    """Make what stands in a record between its times and its counters."""
    rng = random.Random("templates")
    return [
        json.dumps(_template(rng, number), separators=(",", ":"), ensure_ascii=False).encode()[1:-1]
        for number in range(TEMPLATES)
    ]


def _template(rng: random.Random, number: int) -> dict[str, Any]:
    def some(low: int, high: int) -> list[str]:
        return rng.choices(_words(), k=rng.randint(low, high))

    base = f"{rng.choice(_words())}/{rng.choice(_words())}-{rng.randint(1, 90)}B"
    relation = rng.choice(["finetune", "adapter", "quantized", "merge"])
    licence, library = (
        rng.choice(["apache-2.0", "mit", "llama3.1", "other"]),
        rng.choice(["transformers", "diffusers", "peft", "gguf"]),
    )
    card: dict[str, Any] = {
        "license": rng.choice([licence, [licence]]),
        "language": rng.choice([["en"], "en", some(1, 6)]),
        "tags": some(1, 6),
    }
    card |= {
        "base_model": rng.choice([base, [base]]),
        "datasets": some(1, 3),
        "library_name": library,
        "pipeline_tag": "text-generation",
    }
    if rng.random() < 0.25:  # the card that a trainer writes
        metrics = [{"name": word, "type": word, "value": rng.random()} for word in some(1, 3)]
        results = [
            {
                "task": {"name": word, "type": word},
                "dataset": {"name": word, "type": word, "split": "test"},
                "metrics": metrics,
            }
            for word in some(1, 2)
        ]
        card["model-index"] = [{"name": base, "results": results}]
    if rng.random() < 0.2:
        card["widget"] = [{"text": " ".join(some(5, 30)), "example_title": "\u4f8b \u00e9 " + rng.choice(_words())}]
    if rng.random() < 0.05:
        card["extra_gated_prompt"] = ' "quoted"\n'.join(some(10, 60))
    if number == 0:
        card["note"] = " ".join(rng.choices(_words(), k=LARGE_CARD_BYTES // 7))
    total = rng.randint(10**8, 10**11)
    tags = [
        library,
        "safetensors",
        *card["tags"],
        "text-generation",
        "conversational",
        "en",
        "autotrain_compatible",
        "endpoints_compatible",
    ]
    tags += [
        f"base_model:{base}",
        f"base_model:{relation}:{base}",
        f"license:{licence}",
        *(f"dataset:{name}" for name in card["datasets"]),
        "region:us",
    ]
    record: dict[str, Any] = {
        "baseModels": {"relation": relation, "models": [{"_id": f"{rng.getrandbits(96):024x}", "id": base}]}
        if rng.random() < 0.6
        else None
    }
    record |= {
        "cardData": card,
        "disabled": False,
        "gated": rng.choice([False, False, False, "auto", "manual"]),
        "library_name": library,
    }
    record |= {
        "pipeline_tag": "text-generation",
        "private": False,
        "safetensors": {"parameters": {"BF16": total}, "total": total},
    }
    return record | {"tags": tags, "trendingScore": rng.choice([0, 0, 0, 1, 2, 0.4])}
