"""Whether shares hold when something doubtful is left out: seven models, added up by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from .history import History, model
from .test_credit import LABS, MONDAYS, NAMESPACES, made_from

WEEK = MONDAYS[0]
# Downloads of the week by namespace and model. The base is China's until it is passed on: a quantised form of it is American.
GAINED = {
    "acme/a": 300,
    "acme/gated": 200,
    "acme/packed": 100,
    "old-base/b": 350,
    "beta/c": 150,
    "zed/z": 400,
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    home: Path = tmp_path_factory.mktemp("robust")
    made = History(home / "home", registry=home / "registry")
    second = "beta,Beta,,CN,company,,,2026-01-01,,2026-01-01,low,general knowledge\n"
    spelled = "beta,beta,,,2026-01-01,,2026-01-01,low,general knowledge\n"
    # Its home was argued about until the week, and from the week on another country is named.
    argued = (
        "lab,other_country,valid_from,valid_to,known_from,source_url,read_on,confidence,note\n"
        f"beta,FR,,{WEEK},2026-01-01,,2026-01-01,low,general knowledge\n"
        f"beta,US,{WEEK},,2026-01-01,,2026-01-01,low,general knowledge\n"
    )
    made.write_registry(labs=LABS + second, namespaces=NAMESPACES + spelled, arguable_homes=argued)
    said = {
        "acme/gated": {"gated": "auto"},
        "acme/packed": made_from("old-base/b", relation="quantized"),
    }
    # Twelve small ones, so that leaving out the ten largest leaves something.
    small = {f"acme/s{number}": 10 for number in range(12)}
    for place, day in enumerate((WEEK, WEEK + timedelta(days=7))):
        made.day(
            day,
            *(
                model(name, model_name=name, total=1_000 + gained * place, **said.get(name, {}))
                for name, gained in (GAINED | small).items()
            ),
        )
    return made


def shares(history: History, left_out: str, credit: str = "publisher") -> dict[str, tuple[float, float | None]]:
    """Give downloads and share of known of every country in S1."""
    rows = history.rows(
        "select country, downloads_flow, share_of_known from marts.share_robustness"
        f" where week = date '{WEEK}' and scope = 'S1' and credit = '{credit}' and left_out = '{left_out}'"
    )
    return {row["country"]: (row["downloads_flow"], row["share_of_known"]) for row in rows}


# US: 300 + 200 + 100 + 12 * 10 = 720; CN: 350 + 150 = 500; UNKNOWN: 400.
def test_with_nothing_left_out_it_is_the_share_by_country(history: History) -> None:
    assert shares(history, "nothing") == {
        "US": (720, pytest.approx(720 / 1220)),
        "CN": (500, pytest.approx(500 / 1220)),
        "UNKNOWN": (400, None),
    }
    differing = history.rows(
        "select * from marts.share_robustness as robust inner join marts.share_by_country as shares"
        " using (week, scope, credit, time_window, country) where robust.left_out = 'nothing'"
        " and (robust.share_of_total <> shares.share_of_total or robust.share_of_known <> shares.share_of_known)"
    )
    assert differing == []


def test_gated_models_and_repacks_are_left_out_of_both_sides_of_the_share(history: History) -> None:
    assert shares(history, "gated")["US"] == (520, pytest.approx(520 / 1020))
    assert shares(history, "quantised")["US"] == (620, pytest.approx(620 / 1120))
    # By roots the re-pack's 100 are China's, so that leaving it out changes China alone.
    assert shares(history, "nothing", "root")["CN"] == (600, pytest.approx(600 / 1220))
    assert shares(history, "quantised", "root")["CN"] == (500, pytest.approx(500 / 1120))


def test_the_ten_largest_models_are_those_of_the_whole_scope(history: History) -> None:
    # Six large ones and the first four of twelve small ones, the rest being eight times ten.
    left = shares(history, "largest_models")
    assert left == {"US": (80, 1.0), "CN": (0, 0.0), "UNKNOWN": (0, None)}


def test_without_its_largest_lab_a_country_stands_on_the_others(history: History) -> None:
    # China keeps Beta's 150 of 1220 - 350; the United States have one lab only.
    own = shares(history, "own_lab")
    assert own == {"US": (0, 0.0), "CN": (150, pytest.approx(150 / 870))}


def test_a_lab_of_arguable_home_is_counted_for_the_other_country_of_that_week(history: History) -> None:
    assert shares(history, "arguable_homes") == {
        "US": (720 + 150, pytest.approx(870 / 1220)),
        "CN": (350, pytest.approx(350 / 1220)),
        "UNKNOWN": (400, None),
    }


def test_the_lead_is_measured_to_the_strongest_other_country(history: History) -> None:
    rows = history.rows(
        "select left_out, country, lead from marts.share_robustness"
        f" where week = date '{WEEK}' and scope = 'S1' and credit = 'publisher' and lead is not null"
    )
    leads = {(row["left_out"], row["country"]): row["lead"] for row in rows}
    assert leads["nothing", "US"] == pytest.approx(220 / 1220)
    assert leads["nothing", "CN"] == pytest.approx(-220 / 1220)
    assert leads["arguable_homes", "CN"] == pytest.approx((350 - 870) / 1220)
    assert leads["own_lab", "US"] == pytest.approx(-500 / 500)
    assert leads["own_lab", "CN"] == pytest.approx((150 - 720) / 870)
    assert {country for _reason, country in leads} == {"US", "CN"}


def test_a_row_that_was_bridged_is_left_out_as_flagged(tmp_path: Path) -> None:
    made = History(tmp_path / "home", registry=tmp_path / "registry")
    made.write_registry(labs=LABS, namespaces=NAMESPACES)
    # It falls in between and comes back, so that the week's 70 are bridged; the other one is steady.
    for day, fallen, steady in ((0, 1_000, 0), (3, 500, 30), (7, 1_070, 70), (14, 1_140, 140)):
        made.day(
            WEEK + timedelta(days=day),
            model("fell", model_name="acme/fell", total=fallen),
            model("steady", model_name="old-base/steady", total=steady),
        )
    assert shares(made, "nothing") == {"US": (70, 0.5), "CN": (70, 0.5)}
    assert shares(made, "flagged") == {"US": (0, 0.0), "CN": (70, 1.0)}
