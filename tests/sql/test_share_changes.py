"""Why a share moved: four parts that add up, on a Hub small enough to add up by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from .history import History, model

MONDAYS = [date(2026, 3, 2) + timedelta(days=7 * week) for week in range(8)]
LATER = MONDAYS[4]
NAMESPACES = """namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,2026-01-01,,2026-01-01,low,general knowledge
base,base,,,2026-01-01,,2026-01-01,low,general knowledge
sold,base,,2026-03-23,2026-01-01,,2026-01-01,low,general knowledge
sold,acme,2026-03-23,,2026-01-01,,2026-01-01,low,general knowledge
"""
LABS = """lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,,2026-01-01,,2026-01-01,low,general knowledge
base,Base,,CN,company,,,2026-01-01,,2026-01-01,low,general knowledge
"""
PARTS = ("entry", "growth", "decay", "reclassification")


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "home", registry=tmp_path / "registry")
    made.write_registry(labs=LABS, namespaces=NAMESPACES)
    return made


def flows(history: History, born: dict[str, int] | None = None, **weekly: tuple[int, int]) -> None:
    """Seal six Mondays of models that bring the first number in each of four weeks and the second in the fifth.

    Names have two underscores for the slash; `born` says on which Monday a model was created and first seen.
    """
    created = born or {}
    for place, day in enumerate(MONDAYS[:6]):
        models = []
        for name, (first, second) in weekly.items():
            since = created.get(name, -1)
            if since >= place:
                continue
            total = first * (min(place, 4) - max(since, 0)) + second * max(place - 4, 0)
            at = {"created_at": datetime.combine(MONDAYS[since], datetime.min.time(), None)} if name in created else {}
            models.append(model(name, model_name=name.replace("__", "/"), total=total, **at))
        history.day(day, *models)
    history.build()


def change(history: History, side: str, level: str = "country") -> dict[str, float]:
    (row,) = history.rows(
        f"select * from marts.share_changes where week = '{LATER}' and weeks_back = 4 and scope = 'S1'"
        f" and level = '{level}' and side = '{side}'"
    )
    assert row["change"] == pytest.approx(sum(row[part] for part in PARTS))
    assert row["change"] == pytest.approx(row["share_now"] - row["share_then"])
    return row


def test_growth_and_decay_by_hand(history: History) -> None:
    """Of 100 a week acme has 40 + 20 and base 40; of 200 later acme 100 + 20 and base 80."""
    flows(history, acme__a=(40, 100), acme__b=(20, 20), base__c=(40, 80))
    acme = change(history, "US")
    assert (acme["share_then"], acme["share_now"]) == (pytest.approx(0.6), pytest.approx(0.6))
    # a rises from 0.4 to 0.5; b keeps its 20 and falls from 0.2 to 0.1.
    assert (acme["growth"], acme["decay"]) == (pytest.approx(0.1), pytest.approx(-0.1))
    assert (acme["entry"], acme["reclassification"]) == (0, 0)
    base = change(history, "base", "lab")
    assert [base[part] for part in PARTS] == [0, 0, 0, 0]
    assert (base["lab"], base["country"], base["since_week"]) == ("base", "CN", MONDAYS[0])


def test_a_model_under_ninety_days_is_entry(history: History) -> None:
    """New in the third week, it brings 100 of 200 in the fifth; the old ones keep their 100."""
    flows(history, {"acme__n": 2}, acme__a=(50, 50), base__c=(50, 50), acme__n=(10, 100))
    acme, base = change(history, "US"), change(history, "CN")
    assert (acme["entry"], acme["decay"]) == (pytest.approx(0.5), pytest.approx(-0.25))
    assert (base["entry"], base["decay"]) == (0, pytest.approx(-0.25))


def test_a_model_that_is_gone_is_decay(history: History) -> None:
    for place, day in enumerate(MONDAYS[:6]):
        gone = [] if place > 2 else [model("g", model_name="acme/g", total=60 * place)]
        history.day(day, *gone, model("c", model_name="base/c", total=40 * place))
    history.build()
    assert (change(history, "US")["decay"], change(history, "US")["share_now"]) == (pytest.approx(-0.6), 0)
    assert change(history, "CN")["growth"] == pytest.approx(0.6)


def test_a_namespace_that_is_sold_is_reclassification_and_nothing_else(history: History) -> None:
    """From 2026-03-23 `sold`, 30 of 100, is acme's; later it brings 60 of 130."""
    flows(history, acme__a=(50, 50), base__c=(20, 20), sold__s=(30, 60))
    acme, base = change(history, "US"), change(history, "CN")
    assert (acme["share_then"], acme["share_now"]) == (pytest.approx(0.5), pytest.approx(110 / 130))
    assert acme["reclassification"] == pytest.approx(0.3)
    assert acme["growth"] == pytest.approx(60 / 130 - 0.3)
    assert acme["decay"] == pytest.approx(50 / 130 - 0.5)
    assert base["reclassification"] == pytest.approx(-0.3)
    assert base["decay"] == pytest.approx(20 / 130 - 0.2)


def test_an_owners_rename_moves_a_model_between_unreviewed_labs(history: History) -> None:
    for place, day in enumerate(MONDAYS[:6]):
        owner = "zed" if place < 3 else "yod"
        history.day(
            day,
            model("z", model_name=f"{owner}/z", total=50 * place),
            model("c", model_name="base/c", total=50 * place),
        )
    history.build()
    assert change(history, "hf:zed", "lab")["reclassification"] == pytest.approx(-0.5)
    assert change(history, "hf:yod", "lab")["reclassification"] == pytest.approx(0.5)
    assert change(history, "UNKNOWN")["reclassification"] == 0


def test_only_weeks_that_the_same_captures_measured_are_compared(history: History) -> None:
    for place, day in enumerate(MONDAYS):
        source = "huggingface_quick" if place < 3 else "huggingface"
        history.day(day, model("a", model_name="acme/a", total=70 * place), source=source)
    history.build()
    assert history.rows("select * from marts.share_changes") == []


def test_the_newest_week_is_compared_with_a_quarter_ago_too(tmp_path: Path) -> None:
    """`sold` brings 40 of 100, then 60 of 120; in the thirteen weeks between it went from base to a keeper and on to acme."""
    history = History(tmp_path / "home", registry=tmp_path / "registry")
    namespaces = NAMESPACES.replace("sold,acme,2026-03-23", "sold,keeper,2026-03-23,2026-04-20").replace(
        "2026-04-20,,2026-01-01", "2026-04-20,2026-01-01"
    )
    namespaces += "sold,acme,2026-04-20,,2026-01-01,,2026-01-01,low,general knowledge\n"
    labs = LABS + "keeper,Keeper,,FR,company,,,2026-01-01,,2026-01-01,low,general knowledge\n"
    history.write_registry(labs=labs, namespaces=namespaces)
    weeks = [date(2026, 3, 2) + timedelta(days=7 * week) for week in range(15)]
    for place, day in enumerate(weeks):
        sold = 40 * min(place, 13) + 60 * max(place - 13, 0)
        history.day(day, model("s", model_name="sold/s", total=sold), model("c", model_name="base/c", total=60 * place))
    history.build()
    rows = history.rows(
        "select * from marts.share_changes where weeks_back = 13 and scope = 'S1' and level = 'country' order by side"
    )
    assert {row["week"] for row in rows} == {weeks[13]}
    found = {row["side"]: [row[part] for part in PARTS] for row in rows}
    assert found == {
        "CN": [0, 0, pytest.approx(60 / 120 - 0.6), pytest.approx(-0.4)],
        "US": [0, pytest.approx(60 / 120 - 0.4), 0, pytest.approx(0.4)],
    }
