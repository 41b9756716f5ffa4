"""What the weekly page says of a lead once something doubtful is left out."""

from __future__ import annotations

import polars as pl
from reports_world import EDITION

from dagster_project.reports.robustness import would_it_hold

NAMES = {"CN": "China", "US": "United States"}


def said(**shares: dict[str, float]) -> str:
    """Give the page's words where each way of counting has these shares of known downloads."""
    rows = [
        {"scope": "S2", "left_out": reason, "country": country, "share_of_known": share, "lead": share - rival}
        for reason, countries in shares.items()
        for country, share in countries.items()
        for rival in [max((other for code, other in countries.items() if code != country), default=0.0)]
    ]
    return would_it_hold(pl.DataFrame(rows), NAMES, EDITION, "S2").html.replace("\u00a0", " ")


def test_a_lead_that_holds_is_said_with_its_narrowest_count() -> None:
    words = said(nothing={"CN": 0.5, "US": 0.4}, gated={"CN": 0.45, "US": 0.42}, quantised={"CN": 0.6, "US": 0.2})
    assert "China leads in all of these 3 ways of counting" in words
    assert "Without models behind a gate, 45.0 % against 42.0 %" in words


def test_a_lead_that_falls_says_where_and_to_whom() -> None:
    words = said(nothing={"CN": 0.5, "US": 0.4}, gated={"CN": 0.40, "US": 0.41}, flagged={"CN": 0.45, "US": 0.45})
    assert "China leads in 1 of these 3 ways of counting" in words
    assert "Without models behind a gate, the United States leads" in words
    assert "Without disturbed counters, China and the United States are level" in words
    assert "; W" not in words, "a sentence begins with a capital, the middle of one does not"


def test_the_leader_without_its_largest_lab_is_set_beside_the_second() -> None:
    rows = [
        {"scope": "S2", "left_out": "nothing", "country": "CN", "share_of_known": 0.5, "lead": 0.1},
        {"scope": "S2", "left_out": "nothing", "country": "US", "share_of_known": 0.4, "lead": -0.1},
        {"scope": "S2", "left_out": "own_lab", "country": "CN", "share_of_known": 0.25, "lead": -0.35},
        # The second one's own row leaves out its own lab and says nothing here.
        {"scope": "S2", "left_out": "own_lab", "country": "US", "share_of_known": 0.05, "lead": -0.7},
    ]
    words = would_it_hold(pl.DataFrame(rows), NAMES, EDITION, "S2").html.replace("\u00a0", " ")
    assert "Without the largest lab of China, the United States leads with 60.0" in words


def test_the_leader_can_fall_behind_more_than_one() -> None:
    """Of 100, China has 50, the US 30 and France 20. Without a Chinese lab of 45 they have 5, 30 and 20 of 55."""
    rows = [
        {"scope": "S2", "left_out": "nothing", "country": "CN", "share_of_known": 0.5, "lead": 0.2},
        {"scope": "S2", "left_out": "nothing", "country": "US", "share_of_known": 0.3, "lead": -0.2},
        {"scope": "S2", "left_out": "nothing", "country": "FR", "share_of_known": 0.2, "lead": -0.3},
        {"scope": "S2", "left_out": "own_lab", "country": "CN", "share_of_known": 5 / 55, "lead": (5 - 30) / 55},
    ]
    html = would_it_hold(pl.DataFrame(rows), NAMES | {"FR": "France"}, EDITION, "S2").html
    row = html.replace("\u00a0", " ").split("Without the largest lab of China</bdi>")[1].split("</tr>")[0]
    assert [part.split("<")[0] for part in row.split(">") if part.split("<")[0]] == [
        "United States",
        "54.5 %",
        "France",
        "36.4 %",
    ]


def test_without_a_known_country_nothing_is_tried() -> None:
    assert "no lead can be tried" in said(nothing={"UNKNOWN": 0.5})
    assert "no lead can be tried" in would_it_hold(pl.DataFrame(), NAMES, EDITION, "S2").html
