"""Likes against downloads, by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from .history import History, model

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(5)]


def attention(history: History, week: date, level: str = "country", scope: str = "S1") -> dict[str, dict[str, Any]]:
    rows = history.rows(
        f"select * from marts.attention where week = '{week}' and level = '{level}' and scope = '{scope}'"
    )
    return {row["side"]: row for row in rows}


def test_shares_gap_and_likes_per_download_by_hand(history: History) -> None:
    text = {"pipeline_tag": "text-generation"}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day,
            model("a", model_name="acme/a", likes=100 + 30 * place, total=100_000 * place, **text),
            model("b", model_name="acme/b", likes=50 - 10 * place, total=0),
            model("c", model_name="base/c", likes=20 * place, total=250_000 * place, **text),
            model("z", model_name="zed/z", likes=7 + 10 * place, total=150_000 * place),
        )
    history.build()
    found = attention(history, MONDAYS[0])
    # New likes: 30 - 10, 20, 10, together 50; downloads: 100,000, 250,000, 150,000 of 500,000.
    assert {side: row["new_likes"] for side, row in found.items()} == {"US": 20, "CN": 20, "UNKNOWN": 10}
    assert {side: row["fallen_likes"] for side, row in found.items()} == {"US": -10, "CN": 0, "UNKNOWN": 0}
    assert found["US"]["attention_gap"] == pytest.approx(0.4 - 0.2)
    assert found["CN"]["attention_gap"] == pytest.approx(0.4 - 0.5)
    assert found["US"]["likes_per_100k"] == pytest.approx(20)
    assert found["CN"]["likes_per_100k"] == pytest.approx(8)
    assert found["US"]["unknown_share"] == pytest.approx(0.3)
    assert set(attention(history, MONDAYS[0], "lab")) == {"acme", "base", "hf:zed"}
    language = attention(history, MONDAYS[0], scope="S2")
    assert {side: row["likes_share"] for side, row in language.items() if row["new_likes"]} == {"US": 0.6, "CN": 0.4}


def test_whose_likes_are_new(history: History) -> None:
    born = datetime.combine(MONDAYS[0] + timedelta(days=2), datetime.min.time())
    for place, day in enumerate(MONDAYS[:4]):
        there = [model("kept", model_name="base/kept", likes=10, total=7 * place)]
        there += [model("born", model_name="acme/born", likes=5 * place, total=0, created_at=born)] if place else []
        there += [model("shown", model_name="base/shown", likes=70 + place, total=0)] if place else []
        there += [model("away", model_name="acme/away", likes=40 + 2 * place, total=0)] if place != 1 else []
        history.day(day, *there)
    history.build()
    weeks = [attention(history, day) for day in MONDAYS[:3]]
    # born is new with all its likes. What was away has gained over both weeks; what is only shown later brings none at first.
    assert [week["US"]["new_likes"] for week in weeks] == [5 + 2, 5 + 2, 5 + 2]
    assert [week["CN"]["new_likes"] for week in weeks] == [0, 1, 1]


def test_likes_that_were_not_told_for_a_while_are_not_lost(history: History) -> None:
    born = datetime.combine(MONDAYS[0] + timedelta(days=4), datetime.min.time())
    for place, day in enumerate(MONDAYS[:4]):
        likes = [10, None, None, 40][place]
        there = [model("untold", model_name="acme/untold", likes=likes, total=7 * place)]
        if place != 1:
            there += [model("odd", model_name="base/odd", likes=[10, None, 16, 18][place], total=0)]
        if place in (2, 3):
            there += [model("new", model_name="base/new", likes=[0, 0, 10, 13][place], total=0, created_at=born)]
        history.day(day, *there, unreadable=["odd", "new"] if place == 1 else [])
    history.build()
    weeks = [attention(history, day) for day in MONDAYS[:3]]
    assert [week["US"]["new_likes"] for week in weeks] == [10, 10, 10]
    # new has ten likes after ten days, three of them in the first week.
    assert [week["CN"]["new_likes"] for week in weeks] == [3 + 3, 3 + 7, 2 + 3]


def test_likes_over_two_weeks_are_spread_over_their_days(history: History) -> None:
    for place in (0, 2):
        history.day(MONDAYS[place], model("a", model_name="acme/a", likes=10 * place, total=100 * place))
    history.build()
    assert [attention(history, day)["US"]["new_likes"] for day in MONDAYS[:2]] == [10, 10]


def test_overlap_of_the_tops_by_hand(history: History) -> None:
    # 30 models: of the 25 most liked and the 25 most downloaded 20 are the same, so 20 / 30. Every second one is for text.
    text = {0: {"pipeline_tag": "text-generation"}, 1: {}}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day,
            *(
                model(
                    f"{n:02}",
                    likes=place * (n + 1),
                    total=place * 1_000 * (30 - n),
                    model_name=f"acme/{n:02}",
                    **text[n % 2],
                )
                for n in range(30)
            ),
        )
    history.build()
    rows = history.rows("select top, jaccard, n_liked from marts.attention_overlap where scope = 'S1' order by top")
    assert rows == [
        {"top": 25, "jaccard": pytest.approx(20 / 30), "n_liked": 25},
        {"top": 100, "jaccard": pytest.approx(1), "n_liked": 30},
    ]
    columns = "n_liked, n_downloaded, jaccard"
    (row,) = history.rows(f"select {columns} from marts.attention_overlap where scope = 'S2' and top = 25")
    assert tuple(row.values()) == (15, 15, pytest.approx(1))
