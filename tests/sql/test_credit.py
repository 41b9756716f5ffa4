"""Who gets the credit, in which scope, over which time: a Hub small enough to add up by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .history import History, model

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(56)]
NAMESPACES = """namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,2026-01-01,,2026-01-01,low,general knowledge
old-base,base,,2026-09-14,2026-01-01,,2026-01-01,low,general knowledge
new-base,base,2026-09-14,,2026-01-01,,2026-01-01,low,general knowledge
"""
LABS = """lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,2026-09-21,2026-01-01,,2026-01-01,low,general knowledge
acme,Acme,,FR,company,2026-09-21,,2026-01-01,,2026-01-01,low,general knowledge
base,Base,,CN,company,,,2026-01-01,,2026-01-01,low,general knowledge
"""


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "home", registry=tmp_path / "registry")
    made.write_registry(labs=LABS, namespaces=NAMESPACES)
    return made


def made_from(*parents: str, relation: str = "finetune") -> dict[str, Any]:
    return {"tags": [f"base_model:{relation}:{parent}" for parent in parents], "pipeline_tag": "text-generation"}


def credits(history: History, week: date, credit: str, scope: str = "S1") -> dict[str, float]:
    rows = history.rows(
        f"select lab, downloads_flow from staging.lab_weeks where week = '{week}' and credit = '{credit}' and scope = '{scope}'"
    )
    return {row["lab"]: float(row["downloads_flow"]) for row in rows}


def test_publisher_parent_and_root_share_the_same_downloads(history: History) -> None:
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day,
            model("root", model_name="old-base/b", total=0),
            model("tuned", model_name="acme/t", total=0, **made_from("old-base/b")),
            model("packed", model_name="zed/p", total=60 * place, **made_from("acme/t", relation="quantized")),
            model("merged", model_name="zed/m", total=40 * place, **made_from("acme/t", "gone/away", relation="merge")),
        )
    history.build()
    assert credits(history, MONDAYS[0], "publisher") == {"base": 0, "acme": 0, "hf:zed": 100}
    assert credits(history, MONDAYS[0], "direct") == {"base": 0, "acme": 80, "hf:gone": 20}
    assert credits(history, MONDAYS[0], "root") == {"base": 80, "hf:gone": 20}


def test_an_owner_that_nobody_reviewed_is_one_lab_however_others_spell_it(history: History) -> None:
    """Of three missing parents two are zed's, and the first of these is made into something by zed itself."""
    parents = {"zed/one": "Zed/gone", "yod/two": "ZED/also", "yod/three": "Nil/away"}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day, *(model(name, model_name=name, total=10 * place, **made_from(base)) for name, base in parents.items())
        )
    assert credits(history, MONDAYS[0], "direct") == {"hf:zed": 20, "hf:Nil": 10}
    own = history.rows("select hub_id from staging.births inner join staging.model_keys using (model_key) where is_own")
    assert own == [{"hub_id": "zed/one"}]


def test_credit_follows_the_registry_of_that_week(history: History) -> None:
    for place, day in enumerate(MONDAYS[:5]):
        history.day(day, model("m", model_name="acme/m", total=70 * place))
    history.build()
    rows = history.rows(
        "select week, country from staging.lab_weeks where scope = 'S1' and credit = 'root' order by week"
    )
    assert [row["country"] for row in rows] == ["US"] * 3 + ["FR"] * 2
    windows = history.rows(
        f"select time_window, country, downloads_flow from marts.share_by_country where week = '{MONDAYS[3]}' and scope = 'S1'"
        " and credit = 'publisher' and time_window in ('28d', 'cumulative') order by all"
    )
    told = [(row["time_window"], row["country"], row["downloads_flow"]) for row in windows]
    assert told == [("28d", "FR", 70), ("28d", "US", 210), ("cumulative", "FR", 70), ("cumulative", "US", 210)]
    (lab,) = history.rows(
        f"select country, downloads_flow from marts.share_by_lab where week = '{MONDAYS[3]}' and scope = 'S1'"
        " and credit = 'publisher' and time_window = '28d'"
    )
    assert (lab["country"], lab["downloads_flow"]) == ("FR", 280), "the lab takes its past along, the country does not"


def test_a_lab_has_one_country_a_week_though_it_opens_an_account_as_it_moves(tmp_path: Path) -> None:
    """On Wednesday 2026-09-16 base moves to Singapore and opens `new-base`. Counted in both countries, its downloads were doubled."""
    moved = LABS.replace(",CN,company,,,", ",CN,company,,2026-09-16,")
    moved += "base,Base,,SG,company,2026-09-16,,2026-01-01,,2026-01-01,low,general knowledge\n"
    accounts = NAMESPACES.replace(",,2026-09-14,", ",,,").replace("2026-09-14", "2026-09-16")
    history = History(tmp_path / "home", registry=tmp_path / "registry")
    history.write_registry(labs=moved, namespaces=accounts)
    for place, day in enumerate(MONDAYS[:5]):
        history.day(day, *(model(name, model_name=f"{name}/m", total=70 * place) for name in ("old-base", "new-base")))
    rows = history.rows(
        "select week, country, downloads_flow from marts.share_by_country where scope = 'S1' and credit = 'publisher'"
        f" and time_window = 'week' and week < date '{MONDAYS[4]}' order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        *((week, country, 70) for week in MONDAYS[:2] for country in ("CN", "UNKNOWN")),
        (MONDAYS[2], "CN", 140),
        (MONDAYS[3], "SG", 140),
    ]


def test_after_an_owners_rename_the_past_stays_with_the_old_name(history: History) -> None:
    """A model of Saturday, 12 September, was never seen under the old name, and is no stranger's for it."""
    made = datetime.fromisoformat("2026-09-12T12:00")
    for place, day in enumerate(MONDAYS[:4]):
        owner = "old-base" if place < 2 else "new-base"
        late = [model("late", model_name="new-base/late", total=20, created_at=made)] if place > 1 else []
        history.day(day, model("m", model_name=f"{owner}/m", total=70 * place), *late)
    history.build()
    rows = history.rows(
        "select week, lab, downloads_flow from staging.lab_weeks where scope = 'S1' and credit = 'publisher' order by week"
    )
    assert [(row["lab"], row["downloads_flow"]) for row in rows] == [("base", flow) for flow in (70, 90, 70, 0)]
    assert history.rows("select lab from staging.births where week = '2026-09-07'") == [{"lab": "base"}]


def test_an_owner_that_takes_its_old_name_back_has_its_old_lab_back(history: History) -> None:
    for place, (day, owner) in enumerate(zip(MONDAYS[:5], ["acme", "acme", "zed", "zed", "acme"], strict=True)):
        name = "m" if place % 2 else "renamed"
        history.day(day, model("m", model_name=f"{owner}/{name}", total=70 * place))
    history.build()
    rows = history.rows(
        "select week, lab from staging.lab_weeks where scope = 'S1' and credit = 'publisher' order by week"
    )
    assert [row["lab"] for row in rows] == ["acme", "acme", "hf:zed", "hf:zed", "acme"]
    spells = history.rows("select namespace from staging.tenures order by from_on")
    assert [row["namespace"] for row in spells] == ["acme", "zed", "acme"], "a new name of the model is no new owner"


@pytest.fixture(scope="module")
def midweek(tmp_path_factory: pytest.TempPathFactory) -> History:
    """An owner is renamed on a Wednesday that we see and the registry names; on the last Monday nobody knows any more whose acme is."""
    folder = tmp_path_factory.mktemp("midweek")
    made = History(folder / "home", registry=folder / "registry")
    labs = "".join(line for line in LABS.splitlines(keepends=True) if ",FR," not in line)
    made.write_registry(labs=labs, namespaces=NAMESPACES.replace("2026-09-14", "2026-09-16"))
    for day in sorted([*MONDAYS[:5], MONDAYS[2] + timedelta(days=2)]):
        owner, total = "old-base" if day <= MONDAYS[2] else "new-base", 10 * (day - MONDAYS[0]).days
        made.day(day, model("b", model_name=f"{owner}/b", total=total), model("a", model_name="acme/a", total=total))
    return made.build()


def test_an_owner_renamed_within_a_week_is_unknown_in_none(midweek: History) -> None:
    rows = midweek.rows(
        "select week, country, downloads_flow from marts.share_by_country where scope = 'S1' and credit = 'publisher'"
        f" and time_window = 'week' and country <> 'US' and week < date '{MONDAYS[3]}' order by week"
    )
    assert [tuple(row.values()) for row in rows] == [(week, "CN", 70) for week in MONDAYS[:3]]


def test_a_lab_that_the_registry_ends_keeps_its_name_in_longer_windows(midweek: History) -> None:
    rows = midweek.rows(
        "select lab, lab_name, country, downloads_flow from marts.share_by_lab where scope = 'S1' and credit = 'publisher'"
        f" and time_window = 'cumulative' and week = date '{MONDAYS[3]}' order by lab"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("acme", "Acme", "US", 210),
        ("base", "Base", "CN", 280),
        ("hf:acme", "acme", "UNKNOWN", 70),
    ]


def test_an_archive_does_not_overrule_the_captures_around_it(history: History) -> None:
    """Between two captures that say the same, an archive still has the old owner and a gate."""
    for place, day in enumerate(MONDAYS[:4]):
        history.day(day, model("m", model_name="acme/m", total=70 * place, tags=["license:mit"]))
    stale = model("m", model_name="zed/m", total=20, gated="auto", tags=["license:other"])
    history.day(MONDAYS[0] + timedelta(days=2), stale, source="archive")
    history.build()
    rows = history.rows(
        "select week, lab from staging.lab_weeks where scope = 'S1' and credit = 'publisher' order by week"
    )
    assert [row["lab"] for row in rows] == ["acme"] * 4
    terms = history.rows("select licence_class, is_gated from staging.terms")
    assert terms == [{"licence_class": "permissive", "is_gated": False}]


def test_s3_wants_language_size_a_reviewed_lab_and_no_quantised_form(history: History) -> None:
    after = datetime.fromisoformat("2023-01-01")
    text = {"pipeline_tag": "text-generation", "created_at": after}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day,
            model("own", model_name="acme/own", total=200_000 + place, **text),
            model("grows", model_name="acme/grows", total=99_000 + 2_000 * place, **text),
            model("small", model_name="acme/small", total=5_000 + place, **text),
            model("old", model_name="acme/old", total=200_000 + place, pipeline_tag="text-generation"),
            model("nobody", model_name="zed/n", total=200_000 + place, **text),
            model(
                "packed",
                model_name="acme/p",
                total=200_000 + place,
                **text | {"tags": ["base_model:quantized:acme/own"]},
            ),
        )
    history.build()
    assert credits(history, MONDAYS[0], "publisher", "S3") == {"acme": 2001}


def test_s4_ends_after_the_first_365_days_of_a_model(history: History) -> None:
    year_ends = datetime.combine(MONDAYS[0] + timedelta(days=2), datetime.min.time())
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day,
            model("old", model_name="acme/old", total=70 * place),
            model("turns", model_name="acme/t", total=70 * place, created_at=year_ends - timedelta(days=365)),
            model("young", model_name="new-base/y", total=7 * place, created_at=year_ends - timedelta(days=100)),
        )
    history.build()
    assert credits(history, MONDAYS[0], "publisher", "S4") == {"acme": 20, "hf:new-base": 7}


def test_windows_add_up_whole_weeks_and_a_seventh(history: History) -> None:
    for place, day in enumerate(MONDAYS[:55]):
        history.day(day, model("m", model_name="acme/m", total=70 * place))
    history.build()
    rows = history.rows(
        "select time_window, week, downloads_flow from marts.share_by_lab"
        " where scope = 'S1' and credit = 'publisher' order by week"
    )
    found = {(row["time_window"], row["week"]): float(row["downloads_flow"]) for row in rows}
    assert found["week", MONDAYS[9]] == 70
    assert ("28d", MONDAYS[2]) not in found
    assert found["28d", MONDAYS[3]] == 280
    assert ("365d", MONDAYS[51]) not in found
    assert found["365d", MONDAYS[52]] == pytest.approx(52 * 70 + 10)
    assert found["cumulative", MONDAYS[52]] == 53 * 70


def test_a_window_with_a_week_that_only_a_quick_capture_saw_has_no_row(history: History) -> None:
    for place, day in enumerate(MONDAYS[:6]):
        source = "huggingface_quick" if place in (0, 1, 2) else "huggingface"
        history.day(day, model("m", model_name="acme/m", total=70 * place, month=300), source=source)
    history.build()
    scopes = history.rows(
        "select distinct week, scope from staging.lab_windows where time_window = 'week' order by all"
    )
    assert {(row["week"], row["scope"]) for row in scopes} >= {(MONDAYS[0], "S1-quick"), (MONDAYS[3], "S1")}
    assert history.rows("select * from staging.lab_windows where time_window = '28d'") == []


def test_a_window_with_a_week_that_nobody_saw_has_no_row(history: History) -> None:
    """After a gap of two weeks only quick captures see the Hub: the gap is none of their weeks, without downloads."""
    for place, day in enumerate(MONDAYS[:10]):
        if place not in (3, 4):
            source = "huggingface" if place < 3 else "huggingface_quick"
            history.day(day, model("m", model_name="acme/m", total=70 * place, month=300), source=source)
    rows = history.rows(
        "select time_window, week, downloads_flow from marts.share_by_lab where scope = 'S1-quick' and credit = 'publisher'"
        f" and week < date '{MONDAYS[9]}' and time_window in ('week', '28d') order by time_window desc, week"
    )
    weeks = [("week", day, 70) for day in MONDAYS[5:9]]
    assert [tuple(row.values()) for row in rows] == [*weeks, ("28d", MONDAYS[8], 280)]


def concentration(history: History, level: str, credit: str = "publisher") -> dict[str, float]:
    (row,) = history.rows(
        f"select * from marts.concentration where week = '{MONDAYS[0]}' and scope = 'S1' and level = '{level}' and credit = '{credit}'"
    )
    return row


def test_concentration_by_hand(history: History) -> None:
    downloads = {"acme/a": 50, "acme/b": 10, "old-base/c": 30, "zed/d": 10, "nil/e": 0}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(day, *(model(name, model_name=name, total=place * count) for name, count in downloads.items()))
    history.build()
    labs = concentration(history, "lab")
    # 60, 30, 10 and one without: squares .36 + .09 + .01; Gini of (60, 30, 10) is 1/3, with the zero 1/2.
    assert labs["hhi"] == pytest.approx(4600)
    assert labs["gini"] == pytest.approx(1 / 3)
    assert labs["gini_with_zeros"] == pytest.approx(0.5)
    assert (labs["cr1"], labs["cr4"], labs["n"]) == (pytest.approx(0.6), pytest.approx(1.0), 3)
    assert labs["effective_number"] == pytest.approx(1 / 0.46)
    countries = concentration(history, "country")
    assert countries["hhi"] == pytest.approx(10000 * (4 / 9 + 1 / 9))
    models = concentration(history, "model")
    assert models["hhi"] == pytest.approx(3600)
    assert models["cr1"] == pytest.approx(0.5)
