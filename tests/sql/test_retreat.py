"""A lab that closes: releases, gates, licences, flagships and withdrawals, counted by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import Answer
from .history import History, model

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(12)]
NAMESPACES = """namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,2026-01-01,,2026-01-01,low,general knowledge
acme-chat,acme,,,2026-01-01,,2026-01-01,low,general knowledge
rival,rival,,,2026-01-01,,2026-01-01,low,general knowledge
"""
LABS = """lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,2026-09-01,2026-01-01,,2026-01-01,low,general knowledge
acme,Acme AI,,US,company,2026-09-01,,2026-01-01,,2026-01-01,low,general knowledge
rival,Rival,,US,company,,,2026-01-01,,2026-01-01,low,general knowledge
"""
BILLION = 10**9


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "home", registry=tmp_path / "registry")
    made.write_registry(labs=LABS, namespaces=NAMESPACES)
    return made


def release(name: str, created: str, billions: int | None, licence: str | None, **said: Any) -> dict[str, Any]:
    return model(
        name,
        model_name=name,
        created_at=datetime.fromisoformat(created),
        parameters_total=billions and billions * BILLION,
        tags=[f"license:{licence}"] if licence else [],
        **{"total": 0, **said},
    )


def watch(history: History, side: str) -> dict[str, dict[str, Any]]:
    rows = history.rows(f"select * from marts.retreat_watch where side = '{side}' order by month")
    return {f"{row['month']:%Y-%m}": row for row in rows}


def test_a_retreat_by_hand(history: History) -> None:
    large = release("acme/large", "2026-05-04", 400, "apache-2.0")
    small = release("acme/small", "2026-05-06", 7, "mit")
    gated = release("acme-chat/next", "2026-08-05", 200, "apache-2.0", gated="manual")
    rivals = release("rival/big", "2026-08-07", 900, "mit")
    packed = release("acme/packed", "2026-08-05", 200, "mit") | {
        "tags": ["base_model:quantized:acme/large", "license:mit"]
    }
    late = release("acme/late", "2026-09-09", 300, "cc-by-nc-4.0")
    strangers = [release(f"zed/{number}", "2026-08-09", 1, "mit") for number in range(2)]
    for place, day in enumerate(MONDAYS):
        there = [large, gated, rivals, packed, *strangers]
        there += [small] if place < 5 else []  # away from 2026-10-05 on, so withdrawn by 2026-10-04
        there += [late | ({"gated": "auto"} if place > 6 else {})] if place > 1 else []
        history.day(day, *there)
    history.build()
    lab = watch(history, "acme")
    assert list(lab) == ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]
    assert [row["releases"] for row in lab.values()] == [2, 0, 0, 1, 1, 0, 0]
    assert [row["open_share"] for row in lab.values()] == [1, None, None, 0, 0, None, None]
    assert [row["lab_name"] for row in lab.values()] == ["Acme"] * 4 + ["Acme AI"] * 3
    # The gate came on the last release only later; what counts is how it was first recorded.
    assert [row["gated_share"] for row in lab.values()] == [0, None, None, 1, 0, None, None]
    assert [row["non_permissive_share"] for row in lab.values()] == [0, None, None, 0, 1, None, None]
    assert [row["withdrawn"] for row in lab.values()] == [0, 0, 0, 0, 0, 1, 0]
    # 200 and 300 of 400 billion are flagships, 7 is none; neither is open.
    assert [row["months_since_open_flagship"] for row in lab.values()] == [0, 1, 2, 3, 4, 5, 6]
    assert [row["months_since_flagship"] for row in lab.values()] == [0, 1, 2, 0, 0, 1, 2]
    assert {row["is_turning"] for row in lab.values()} == {None}
    assert [row["is_complete"] for row in lab.values()] == [True] * 6 + [False]
    assert [row["is_reconstructed"] for row in lab.values()] == [True] * 4 + [False] * 3
    # Two of the four of August came from nobody reviewed; the re-pack does not count.
    assert lab["2026-08"]["outside_share"] == pytest.approx(2 / 4)
    weeks = history.rows("select * from staging.retreat_weeks where side = 'acme' order by week")
    # From the week of the first release to the last one that had ended by the last snapshot, 2026-11-16.
    assert [row["week"] for row in weeks] == [date(2026, 5, 4) + timedelta(weeks=place) for place in range(28)]
    # Large and small came two days apart with one gate and licence: one occasion, two models.
    spoken = {row["week"]: row for row in weeks if row["releases"] or row["withdrawn"]}
    kinds = ("releases", "n_gated", "n_non_permissive", "withdrawn", "has_open_flagship")
    assert {day: tuple(row[kind] for kind in kinds) for day, row in spoken.items()} == {
        date(2026, 5, 4): (1, 0, 0, 0, True),
        date(2026, 8, 3): (1, 1, 0, 0, False),
        date(2026, 9, 7): (1, 0, 1, 0, False),
        date(2026, 9, 28): (0, 0, 0, 1, False),
    }
    country = watch(history, "US")
    assert [row["releases"] for row in country.values()] == [2, 0, 0, 2, 1, 0, 0]
    assert country["2026-08"]["open_share"] == 0.5
    # For the country the rival's 900 billion are the open flagship, and less than 450 is none after it.
    assert [row["months_since_open_flagship"] for row in country.values()] == [0, 1, 2, 0, 1, 2, 3]
    assert country["2026-11"]["months_since_flagship"] == 3


def test_a_lab_has_its_country_in_the_month_in_which_the_week_of_its_first_row_begins(tmp_path: Path) -> None:
    """The registry begins with acme on Wednesday, 2 September; a model of the Monday before stood for a country called acme."""
    labs = "".join(line for line in LABS.splitlines(keepends=True) if ",2026-09-01,2026" not in line)
    history = History(tmp_path / "home", registry=tmp_path / "registry")
    history.write_registry(labs=labs.replace("2026-09-01", "2026-09-02"), namespaces=NAMESPACES)
    for day in MONDAYS[:2]:
        history.day(day, release("acme/first", "2026-08-31", 7, "mit"))
    assert {(row["lab_name"], row["country"]) for row in watch(history, "acme").values()} == {("Acme AI", "US")}


def test_a_family_is_one_occasion(answer: Answer) -> None:
    """Monday to Thursday is one, Friday the next of the same run; a gate, a licence, another lab or four days are another."""
    releases = """select *, row_number() over () as model_key from (values
        ('acme', 'US', timestamp '2026-05-04 01:00', true, false, null),
        ('acme', 'US', timestamp '2026-05-04 23:00', true, false, date '2026-06-02'),
        ('acme', 'US', timestamp '2026-05-06 12:00', true, false, date '2026-06-05'),
        ('acme', 'US', timestamp '2026-05-07 12:00', true, false, date '2026-06-09'),
        ('acme', 'US', timestamp '2026-05-08 12:00', true, false, null),
        ('acme', 'US', timestamp '2026-05-12 12:00', true, false, null),
        ('acme', 'US', timestamp '2026-05-05 12:00', true, true, null),
        ('acme', 'US', timestamp '2026-05-05 12:00', false, true, null),
        ('rival', 'US', timestamp '2026-05-05 12:00', true, false, date '2026-06-03')
    ) as given (lab, country, released_at, is_permissive, is_gated, withdrawn_on)"""
    rows = answer(
        "staging.retreat_weeks",
        {
            "staging.releases": releases,
            "staging.chain": "select date '2026-06-15' as observed_on, 'huggingface' as source",
            "staging.flagships": "select 'lab' as level, 'acme' as side, 6 as model_key, true as is_open",
            "staging.lab_weeks": """select date '2026-05-04' as week, 'acme' as lab, 'US' as country, 'root' as credit, 'S1' as scope,
                10 as downloads_flow""",
            "staging.own_repo_weeks": "select date '2026-05-04' as week, 'acme' as lab, 4 as own_flow",
            "registry.labs": "select unnest(['acme', 'rival']) as lab, 'US' as country, date '2026-01-01' as valid_from",
        },
    )
    kinds = ("releases", "n_gated", "n_non_permissive", "withdrawn", "has_open_flagship", "own_repo_flow", "root_flow")
    told = {(row["side"], row["week"]): tuple(row[kind] for kind in kinds) for row in rows}
    mondays = [date(2026, 5, 4) + timedelta(weeks=place) for place in range(6)]
    quiet = (0, 0, 0, 0, False, None, None)
    assert [told["acme", day] for day in mondays] == [
        (4, 2, 1, 0, False, 4, 10),
        (1, 0, 0, 0, True, None, None),
        quiet,
        quiet,
        # The third withdrawal, of 9 June, is four days after the second.
        (0, 0, 0, 1, False, None, None),
        (0, 0, 0, 1, False, None, None),
    ]
    assert [told["US", day][:4] for day in mondays] == [
        (5, 2, 1, 0),
        (1, 0, 0, 0),
        *[(0, 0, 0, 0)] * 2,
        (0, 0, 0, 2),
        (0, 0, 0, 1),
    ]
    assert told["rival", mondays[4]][3] == 1


def test_a_lab_that_moves_takes_its_past_along(answer: Answer) -> None:
    """Acme released three times in France and then moved; France released no less for it, and Switzerland no more."""
    releases = """select *, row_number() over () as model_key, true as is_permissive, false as is_gated, null as withdrawn_on from (values
        ('acme', 'FR', timestamp '2026-05-04'), ('acme', 'FR', timestamp '2026-05-11'), ('acme', 'FR', timestamp '2026-05-18'),
        ('acme', 'CH', timestamp '2026-05-25'), ('rival', 'FR', timestamp '2026-05-05'), ('rival', 'FR', timestamp '2026-05-26')
    ) as given (lab, country, released_at)"""
    labs = """select * from (values ('acme', 'FR', date '0001-01-01'), ('acme', 'CH', date '2026-05-21'),
        ('acme', 'US', date '2026-07-01'), ('rival', 'FR', date '0001-01-01')) as given (lab, country, valid_from)"""
    flagships = """select * from (values
        ('lab', 'acme', 1, true), ('country', 'FR', 1, true), ('country', 'FR', 5, true)) as given (level, side, model_key, is_open)"""
    flows = "select date '2026-05-04' as week, 'acme' as lab, 'FR' as country, 'root' as credit, 'S1' as scope, 10 as downloads_flow"
    rows = answer(
        "staging.retreat_weeks",
        {
            "staging.releases": releases,
            "staging.chain": "select date '2026-06-01' as observed_on, 'huggingface' as source",
            "staging.flagships": flagships,
            "staging.lab_weeks": flows,
            "staging.own_repo_weeks": "select date '2026-05-04' as week, 'acme' as lab, 4 as own_flow",
            "registry.labs": labs,
        },
    )
    told = {side: sorted((row["week"], row) for row in rows if row["side"] == side) for side in ("acme", "CH", "FR")}
    assert {side: [row["releases"] for _week, row in weeks] for side, weeks in told.items()} == {
        "acme": [1, 1, 1, 1],
        "CH": [1, 1, 1, 1],
        "FR": [1, 0, 0, 1],
    }
    first = {side: weeks[0][1] for side, weeks in told.items()}
    assert [first[side]["has_open_flagship"] for side in ("acme", "CH", "FR")] == [True, False, True], "FR by the rival"
    assert [first[side]["root_flow"] for side in ("acme", "CH", "FR")] == [10, 10, None]


def test_a_flagship_has_half_of_the_largest_of_two_years(answer: Answer) -> None:
    """150 billion are less than half of 400 until these are two years old; then they are a flagship."""
    releases = """select 'acme' as lab, 'US' as country, model_key, released_at, cast(date_trunc('month', released_at) as date) as month,
        true as is_permissive, false as is_gated, parameters_total
        from (values (1, timestamp '2024-08-05', 400), (2, timestamp '2026-08-05', 150), (3, timestamp '2026-08-06', 150))
            as given (model_key, released_at, parameters_total)"""
    rows = answer("staging.flagships", {"staging.releases": releases})
    assert {row["model_key"] for row in rows if row["level"] == "lab"} == {1, 3}


def test_how_much_of_a_family_goes_through_the_labs_own_repositories(history: History) -> None:
    gains = {"acme/base": 50, "acme-chat/tuned": 10, "zed/pack": 30, "rival/tuned": 10, "acme/other": 25}
    parents = {"acme-chat/tuned": ["acme/base"], "zed/pack": ["acme/base"], "rival/tuned": ["acme/base"]}
    parents |= {"acme/other": ["rival/base"]}
    for place, day in enumerate(MONDAYS[:2]):
        history.day(
            day,
            release("rival/base", "2026-05-04", 1, "mit"),
            *(
                release(name, "2026-05-04", 1, "mit", total=gain * place)
                | {"tags": [f"base_model:finetune:{parent}" for parent in parents.get(name, [])]}
                for name, gain in gains.items()
            ),
        )
    history.build()
    # Acme's family has 50 + 10 + 30 + 10, of which 60 in its own two namespaces; the rival's has 25, all elsewhere.
    assert watch(history, "acme")["2026-08"]["own_repo_share"] == pytest.approx(0.6)
    assert watch(history, "rival")["2026-08"]["own_repo_share"] == 0
    assert watch(history, "US")["2026-08"]["own_repo_share"] == pytest.approx(60 / 125)


def test_a_month_is_turning_from_the_first_of_its_weeks_that_is(answer: Answer) -> None:
    """Weeks belong to the month that they end in; where none is flagged, the week of the largest odds speaks."""
    months = """select month, 'country' as level, 'US' as side, 1 as releases, 0 as n_open, 0 as n_gated, 0 as n_non_permissive,
        0 as withdrawn, 0 as months_since_open_flagship, 0 as months_since_flagship, 0.5 as own_repo_share, true as is_complete,
        false as is_reconstructed, date '2026-10-19' as as_of
        from (values (date '2026-07-01'), (date '2026-08-01'), (date '2026-09-01'), (date '2026-10-01')) as given (month)"""
    turns = """select week, 'country' as level, 'US' as side, is_turning, turned, turn_odds from (values
        (date '2026-07-20', null, null, null),
        (date '2026-07-27', false, 'cadence', 9.0), (date '2026-08-24', false, 'gated', 3.0),
        (date '2026-08-31', false, 'gated', 60.0), (date '2026-09-07', true, 'gated,licences', 101.0),
        (date '2026-09-21', true, 'cadence,gated,licences', 900.0), (date '2026-09-28', false, 'gated', 500.0)
    ) as given (week, is_turning, turned, turn_odds)"""
    models = "select timestamp '2026-07-05' as born_at, false as is_quantised"
    labs = "select 'acme' as lab, 'Acme' as lab_name, 'US' as country, date '2026-01-01' as valid_from"
    rows = answer(
        "marts.retreat_watch",
        {
            "staging.retreat_months": months,
            "staging.retreat_turns": turns,
            "staging.traits": models,
            "staging.releases": "select date '2026-07-01' as month",
            "registry.labs": labs,
        },
    )
    told = {row["month"]: (row["is_turning"], row["turned_on"], row["turned"], row["turn_odds"]) for row in rows}
    assert told == {
        date(2026, 7, 1): (None, None, None, None),
        # The week of 27 July ends on 2 August.
        date(2026, 8, 1): (False, None, "cadence", 9),
        date(2026, 9, 1): (True, date(2026, 9, 14), "gated,licences", 101),
        # The week of 28 September ends on 4 October.
        date(2026, 10, 1): (False, None, "gated", 500),
    }
