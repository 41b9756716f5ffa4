"""What others published beside our own numbers, on a Hub small enough to add up by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from .history import History, model

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(4)]
NAMESPACES = """namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,2026-01-01,,2026-01-01,low,general knowledge
"""
LABS = """lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,,2026-01-01,,2026-01-01,low,general knowledge
"""
HEADER = (
    "figure_id,publication,country,lab,measure,value,scope,credit,time_window,window_to,why,"
    "known_from,source_url,read_on,confidence,note"
)
ORIGIN = "2026-01-01,,2026-01-01,low,general knowledge"
FIGURES = [
    "all,P,,,downloads_a_day,9,S1,publisher,week,2026-09-13,w",
    "country,P,US,,share_of_total,0.5,S1,publisher,week,2026-09-15,w",
    "far,P,US,,share_of_total,0.5,S1,publisher,week,2025-08-31,w",
    "lab,P,,acme,downloads_flow,20,S1,publisher,cumulative,2026-09-20,w",
    "other,P,,acme,other,0.5,S1,publisher,week,2026-09-13,w",
    "top,P,,,cr10,0.9,S1,publisher,week,2026-09-13,w",
    "year,P,US,,share_of_total,0.5,S1,publisher,365d,2026-09-13,w",
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Build two measured weeks: acme brings 7 and then 14 downloads, the unreviewed zed 21 in each."""
    folder = tmp_path_factory.mktemp("reconciliation")
    history = History(folder / "home", registry=folder / "registry")
    figures = "\n".join([HEADER, *(f"{row},{ORIGIN}" for row in FIGURES), ""])
    history.write_registry(labs=LABS, namespaces=NAMESPACES, published_figures=figures)
    for day, acme, zed in zip(MONDAYS, (0, 7, 21), (0, 21, 42), strict=False):
        history.day(day, model("a", model_name="acme/a", total=acme), model("z", model_name="zed/z", total=zed))
    history.build()
    return {row["figure_id"]: row for row in history.rows("select * from marts.reconciliation")}


def test_a_share_stands_beside_that_of_the_nearest_week(found: dict[str, dict[str, Any]]) -> None:
    row = found["country"]
    assert (row["status"], row["week"], row["days_apart"]) == ("compared", MONDAYS[1], -2)
    assert row["value"] == pytest.approx(14 / 35)
    assert row["difference"] == pytest.approx(14 / 35 - 0.5)
    assert (row["share_of_known"], row["upper_bound"], row["unknown_share"]) == (1, 1, pytest.approx(21 / 35))


def test_another_time_is_called_so_and_has_no_difference(found: dict[str, dict[str, Any]]) -> None:
    row = found["far"]
    assert (row["status"], row["week"], row["difference"]) == ("other time", MONDAYS[0], None)
    assert row["days_apart"] == (MONDAYS[0] + timedelta(days=6) - date(2025, 8, 31)).days


def test_what_we_have_no_number_for_is_not_measured(found: dict[str, dict[str, Any]]) -> None:
    for name in ("year", "other"):
        assert (found[name]["status"], found[name]["value"], found[name]["week"]) == ("not measured", None, None)


def test_amounts_of_labs_and_of_the_whole_hub(found: dict[str, dict[str, Any]]) -> None:
    # From the first week on acme brought 7 + 14; all models together 35 in the second week, 5 a day.
    assert (found["lab"]["value"], found["lab"]["week"]) == (21, MONDAYS[1])
    assert found["all"]["value"] == 5
    assert found["top"]["value"] == 1
