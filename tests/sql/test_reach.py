"""Sizes in demand, and countries with models of their own: Hubs small enough to count by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import Answer
from .history import History, model

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(21)]
NAMESPACES = """namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,2026-01-01,,2026-01-01,low,general knowledge
base,base,,,2026-01-01,,2026-01-01,low,general knowledge
nordic,nordic,,,2026-01-01,,2026-01-01,low,general knowledge
club,club,,,2026-01-01,,2026-01-01,low,general knowledge
"""
LABS = """lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,,2026-01-01,,2026-01-01,low,general knowledge
base,Base,,CN,company,,,2026-01-01,,2026-01-01,low,general knowledge
nordic,Nordic,,SE,government,,,2026-01-01,,2026-01-01,low,general knowledge
club,Club,,FI,community,,,2026-01-01,,2026-01-01,low,general knowledge
"""
SUMMER = datetime.fromisoformat("2026-05-05")
AUTUMN = datetime.fromisoformat("2026-09-09")


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "home", registry=tmp_path / "registry")
    made.write_registry(labs=LABS, namespaces=NAMESPACES)
    return made


def reach(history: History, threshold: int, variant: str = "any", scope: str = "S1") -> dict[date, dict[str, Any]]:
    rows = history.rows(
        f"select * from marts.reach where threshold = {threshold} and variant = '{variant}' and scope = '{scope}' order by quarter"
    )
    return {row["quarter"]: row for row in rows}


def test_shares_of_sizes_by_hand(history: History) -> None:
    sizes = {"a": (None, 40), "b": (4_999_999_999, 10), "c": (5_000_000_000, 20), "d": (70_000_000_000, 30)}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day, *(model(name, total=place * gain, parameters_total=size) for name, (size, gain) in sizes.items())
        )
    history.build()
    rows = history.rows("select * from marts.size_band_shares where scope = 'S1' and share_of_total > 0")
    week = [row for row in rows if row["week"] == MONDAYS[0]]
    of_total = {(row["level"], row["size_band"]): row["share_of_total"] for row in week}
    assert of_total == {
        ("band", "unknown"): 0.4,
        ("band", "1-5B"): 0.1,
        ("band", "5-10B"): 0.2,
        ("band", "50-100B"): 0.3,
        ("class", "unknown"): 0.4,
        ("class", "small"): 0.1,
        ("class", "mid"): 0.2,
        ("class", "large"): 0.3,
    }
    # Of the 60 downloads whose size is known.
    of_known = {row["size_band"]: row["share_of_known"] for row in week if row["level"] == "class"}
    assert of_known == {"unknown": None, "small": 10 / 60, "mid": 20 / 60, "large": 30 / 60}
    assert {row["unknown_share"] for row in week} == {0.4}


def test_a_size_rises_when_it_gained_a_point_in_a_quarter_for_four_weeks(history: History) -> None:
    # The mid-size model has 30 of 100 downloads a week at first, 50 from the tenth week on.
    small = mid = 0
    for place, day in enumerate(MONDAYS):
        history.day(
            day, model("s", total=small, parameters_total=10**9), model("m", total=mid, parameters_total=7 * 10**9)
        )
        small, mid = (small + 70, mid + 30) if place < 9 else (small + 50, mid + 50)
    history.build()
    rows = history.rows(
        "select week, share_of_known_4w, change_13w, direction from marts.size_band_shares"
        " where scope = 'S1' and level = 'class' and size_band = 'mid' order by week"
    )
    found = {row["week"]: row for row in rows}
    assert found[MONDAYS[2]]["share_of_known_4w"] is None
    assert found[MONDAYS[10]]["share_of_known_4w"] == pytest.approx(0.4)  # median of .3, .3, .5, .5
    assert found[MONDAYS[15]]["change_13w"] is None
    assert found[MONDAYS[16]]["change_13w"] == pytest.approx(0.2)  # .5 against the .3 of the weeks 0 to 3
    assert [found[MONDAYS[week]]["direction"] for week in (18, 19)] == [None, "rising"]


def test_countries_enter_with_their_first_model_over_a_threshold(history: History) -> None:
    for place, day in enumerate(MONDAYS[:8]):
        history.day(
            day,
            model("us", model_name="acme/m", total=5_000, created_at=SUMMER),
            model("cn", model_name="base/m", total=200 * place + 1, created_at=SUMMER, pipeline_tag="text-generation"),
            model("fi", model_name="club/m", total=90_000, created_at=SUMMER),
            model("who", model_name="zed/m", total=90_000, created_at=SUMMER),
            *(
                [
                    model(
                        "se",
                        model_name="nordic/m",
                        total=600 * place,
                        created_at=AUTUMN,
                        tags=["base_model:finetune:acme/m"],
                    )
                ]
                if place > 1
                else []
            ),
        )
    history.build()
    released = reach(history, 0)
    assert list(released) == [date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)]
    spring, summer, autumn = released.values()
    assert (spring["new_countries"], spring["countries"]) == (["CN", "US"], 2)
    assert (summer["new_countries"], summer["countries"]) == (["SE"], 3)
    assert (autumn["new_countries"], autumn["countries"]) == ([], 3)
    assert (spring["release_entropy"], summer["release_entropy"], autumn["release_entropy"]) == (1, 0, None)
    assert (spring["is_reconstructed"], autumn["is_reconstructed"]) == (True, False)
    # China passes 1,000 in the sixth snapshot, 2026-10-05 with 1,001; the United States had it when we first looked.
    used = reach(history, 1000)
    assert list(used) == [date(2026, 7, 1), date(2026, 10, 1)]
    assert (used[date(2026, 7, 1)]["countries"], used[date(2026, 7, 1)]["new_countries"]) == (2, None)
    assert (used[date(2026, 10, 1)]["countries"], used[date(2026, 10, 1)]["new_countries"]) == (3, ["CN"])
    assert reach(history, 1000, "base")[date(2026, 10, 1)]["countries"] == 2
    assert reach(history, 1000, scope="S2")[date(2026, 10, 1)]["countries"] == 1
    (first,) = history.rows(
        "select entered_on, hub_id, is_first_look from marts.reach_entrants"
        " where scope = 'S1' and variant = 'any' and threshold = 1000 and country = 'CN'"
    )
    assert first == {"entered_on": MONDAYS[5], "hub_id": "cn", "is_first_look": False}


def test_only_captures_of_the_whole_hub_tell_when_a_threshold_was_passed(answer: Answer) -> None:
    """A quick capture asks for the largest alone, so that a first look or a passing in it would depend on who was asked for."""
    seen = "(values ('huggingface_quick', date '2026-09-02'), ('huggingface', date '2026-09-07')) as given (source, observed_on)"
    given = {
        "staging.milestones": f"select 1 as model_key, 1000 as threshold, * from {seen}",
        "staging.aliases": "select 0 as model_key, 0 as known_key where false",
        "staging.chain": f"select *, source = 'huggingface' as is_complete from {seen}",
        "staging.releases": """select 1 as model_key, 'acme' as lab, 'US' as country, true as is_base, true as is_language,
            timestamp '2026-05-05' as released_at""",
    }
    (row,) = [row for row in answer("staging.reach_passings", given) if row["threshold"]]
    assert (row["passed_on"], row["is_first_look"]) == (date(2026, 9, 7), True)


def test_entropy_of_downloads_by_hand(history: History) -> None:
    gains = {"acme/a": 50, "acme/b": 10, "base/c": 60, "nordic/d": 120, "zed/e": 60}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(day, *(model(name, model_name=name, total=gain * place) for name, gain in gains.items()))
    history.build()
    row = reach(history, 0)[date(2026, 7, 1)]
    # Of the 240 of reviewed labs: a quarter, a quarter, a half, which is 1.5 bits; 60 of all 300 are unknown.
    assert row["country_entropy"] == pytest.approx(1.5)
    assert row["lab_entropy"] == pytest.approx(1.5)
    assert row["unknown_share"] == pytest.approx(0.2)


def test_who_is_only_in_the_first_whole_list_did_not_enter_with_it(history: History) -> None:
    """An archive of two models begins, our captures of the whole Hub follow: what they alone list was there all along."""
    old = {"a": "acme/a", "c": "base/c", "n": "nordic/n"}
    for place in (0, 1, 5, 11, 17, 18, 20):
        is_whole = place >= 5
        totals = {"a": 5_000_000 + place, "n": 2 * place**3} | ({"c": 9_000_000 + place} if is_whole else {})
        rows = [model(name, model_name=old[name], created_at=SUMMER, total=total) for name, total in totals.items()]
        history.day(MONDAYS[place], *rows, source="huggingface" if is_whole else "archive")
    history.build()
    entered = history.rows(
        "select country, entered_on, is_first_look from marts.reach_entrants"
        " where threshold = 10000 and scope = 'S1' and variant = 'any' order by country"
    )
    assert [tuple(row.values()) for row in entered] == [
        ("CN", MONDAYS[5], True),
        ("SE", MONDAYS[18], False),
        ("US", MONDAYS[0], True),
    ]
    # The first whole list is of 5 October, so that the beginning of the fourth quarter is not known either.
    assert {quarter: row["new_countries"] for quarter, row in reach(history, 10_000).items()} == {
        date(2026, 7, 1): None,
        date(2026, 10, 1): None,
        date(2027, 1, 1): ["SE"],
    }
