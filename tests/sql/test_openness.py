"""Licences and gates by quarter, along edges, and as a tier, on a Hub small enough to count by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from .history import History, model

FIRST = date(2026, 9, 7)


def offered(name: str, licence: str | None, *parents: str, **said: Any) -> dict[str, Any]:
    """Write a model under a licence, perhaps made from others."""
    tags = [f"license:{licence}"] if licence else []
    tags += [f"base_model:{said.pop('relation', 'finetune')}:{parent}" for parent in parents]
    return model(name, model_name=name, created_at=datetime.fromisoformat("2026-08-20"), tags=tags, **said)


def test_releases_count_once_and_downloads_follow_the_licence_of_the_week(history: History) -> None:
    for place in range(3):
        turned = "mit" if place < 1 else "cc-by-nc-4.0"
        history.day(
            FIRST + timedelta(days=7 * place),
            offered("acme/turns", turned, total=70 * place),
            offered("acme/gated", "mit", gated="manual", total=30 * place),
            offered("acme/silent", None, total=0),
            offered("acme/tuned", "mit", "base/b", total=0),
            offered("base/b", "apache-2.0", total=0),
        )
    history.build()
    rows = history.rows(
        "select * from marts.openness where side = 'acme' and quarter = '2026-07-01' order by licence_class"
    )
    found = {row["licence_class"]: row for row in rows}
    assert {name: (row["n_models"], row["n_own"]) for name, row in found.items()} == {
        "permissive": (3, 2),
        "none": (1, 1),
        "non-commercial": (0, 0),
    }
    assert found["permissive"]["share"] == pytest.approx(3 / 4)
    assert found["permissive"]["own_share"] == pytest.approx(2 / 3)
    assert found["permissive"]["gated_share"] == pytest.approx(1 / 3)
    assert found["non-commercial"]["gated_share"] is None
    # The week of the 7th ends on the 13th, and the change was seen on the 14th: 70 and 30 under mit, then 70 and 30 apart.
    assert found["permissive"]["downloads_flow"] == pytest.approx(70 + 30 + 30)
    assert found["non-commercial"]["downloads_flow"] == pytest.approx(70)
    assert found["permissive"]["downloads_share"] == pytest.approx(130 / 200)
    assert found["permissive"]["gated_downloads_share"] == pytest.approx(60 / 130)
    assert found["permissive"]["flow_days"] == 21
    assert all(row["is_before_capture"] and row["is_running"] for row in rows)


def test_a_week_across_two_quarters_is_shared_by_days(history: History) -> None:
    for place, day in enumerate((date(2026, 9, 28), date(2026, 10, 5))):
        history.day(day, offered("acme/a", "mit", total=70 * place))
    history.build()
    rows = history.rows(
        "select quarter, downloads_flow, flow_days from marts.openness where level = 'country' and downloads_flow > 0 order by quarter"
    )
    # The week of 28 September has three days in September and four in October.
    assert [(row["quarter"].month, row["downloads_flow"]) for row in rows] == [
        (7, pytest.approx(30)),
        (10, pytest.approx(40)),
    ]


def test_the_tier_is_the_open_share_of_own_work(history: History) -> None:
    history.day(
        FIRST,
        *(offered(f"acme/{number}", "mit") for number in range(3)),
        offered("acme/gated", "mit", gated="auto"),
        offered("acme/packed", "mit", "acme/0", relation="quantized", gated="auto"),
        *(offered(f"base/{letter}", "mit") for letter in "bc"),
    )
    history.build()
    rows = history.rows("select * from marts.openness_tier where level = 'lab'")
    found = {row["lab"]: row for row in rows}
    assert (found["acme"]["n_models"], found["acme"]["n_own"]) == (5, 4)
    assert found["acme"]["open_share"] == pytest.approx(3 / 5)
    assert found["acme"]["own_open_share"] == pytest.approx(3 / 4)
    assert (found["acme"]["tier"], found["base"]["tier"]) == ("mostly open", "too few")


def test_what_was_first_recorded_stands_for_the_release_whatever_came_later(history: History) -> None:
    for place, gate in enumerate(("false", "manual")):
        history.day(FIRST + timedelta(days=7 * place), *(offered(f"acme/{n}", "mit", gated=gate) for n in range(3)))
    history.build()
    (row,) = history.rows("select * from marts.openness_tier where level = 'lab'")
    assert (row["own_open_share"], row["tier"]) == (1, "open")


def test_drift_tells_parent_and_child_of_each_edge(history: History) -> None:
    history.day(
        FIRST,
        offered("base/strict", "cc-by-nc-4.0", gated="manual"),
        offered("base/free", "mit"),
        offered("me/freed", "mit", "base/strict"),
        offered("me/kept", "cc-by-nc-4.0", "base/strict"),
        offered("me/merged", "mit", "base/free", "gone/away", relation="merge"),
        offered("me/silent", None, "base/strict", relation="quantized"),
    )
    history.build()
    rows = history.rows("select * from marts.licence_drift where relation = 'all'")
    found = {(row["parent_class"], row["child_class"]): row for row in rows}
    assert {pair: (row["new_models"], row["is_looser"], row["ungated_models"]) for pair, row in found.items()} == {
        ("non-commercial", "permissive"): (1, True, 1),
        ("non-commercial", "non-commercial"): (1, False, 1),
        ("non-commercial", "none"): (1, None, 1),
        ("permissive", "permissive"): (0.5, False, 0),
        ("UNSEEN", "permissive"): (0.5, None, 0),
    }
    assert found["non-commercial", "permissive"]["share"] == pytest.approx(1 / 3)
