"""Who builds on whom, who depends on whom, and through whose hands downloads go, counted by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from .conftest import Answer
from .history import History, model, two_labs

FIRST = date(2026, 9, 7)
QUARTER = date(2026, 7, 1)


def derived(name: str, *parents: str, relation: str = "finetune", **said: Any) -> dict[str, Any]:
    """Write a model made from others in the summer of 2026."""
    tags = [f"base_model:{relation}:{parent}" for parent in parents]
    born = datetime.fromisoformat(said.pop("on", "2026-08-20"))
    return model(name, model_name=name, created_at=born, tags=tags, **said)


def many(owner: str, parent: str, count: int, **said: Any) -> list[dict[str, Any]]:
    """Write so many models of one owner made from one parent."""
    return [derived(f"{owner}/{parent.replace('/', '-')}-{number}", parent, **said) for number in range(count)]


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> History:
    """The authors of acme (US): 30 from base/b (CN), 19 quantised from base/b's tune by acme, 10 from acme/a, 1 from a stranger."""
    history = two_labs(tmp_path_factory.mktemp("crossing"))
    for place in range(2):
        history.day(
            FIRST + timedelta(days=7 * place),
            model("base/b", model_name="base/b"),
            model("acme/a", model_name="acme/a"),
            *many("acme", "base/b", 30, total=10 * place),
            *many("acme", "acme/base-b-0", 19, relation="quantized", total=place),
            *many("acme", "acme/a", 10, total=0),
            derived("acme/odd", "gone/away", total=5 * place),
            derived("acme/before", "base/b", total=100 * place, on="2026-03-03"),
        )
    return history.build()


def test_small_cells_are_hidden_and_the_whole_stays_honest(crossing: History) -> None:
    rows = crossing.rows(f"select * from marts.lineage_flows where credit = 'direct' and quarter = '{QUARTER}'")
    found = {row["base_country"]: row for row in rows}
    # By the parent: 30 of CN, 29 of the US (19 and 10), 1 unknown.
    assert {country: (row["n_models"], row["is_suppressed"]) for country, row in found.items()} == {
        "CN": (30, False),
        "US": (29, False),
        "UNKNOWN": (None, True),
    }
    assert found["CN"]["share"] == pytest.approx(30 / 60)
    # All 30 of CN are the default; of the US none is, since 19 are quantised and 10 of the same lab; the unknown one is.
    assert (found["CN"]["n_default"], found["US"]["n_default"]) == (30, 0)
    assert found["CN"]["default_share"] == pytest.approx(30 / 31)
    # 30 models with 10 each, and the older one with 100: downloads count whenever a derivative was made.
    assert found["CN"]["downloads_flow"] == pytest.approx(400)
    assert found["US"]["downloads_flow"] == pytest.approx(19)
    assert found["CN"]["downloads_share"] == pytest.approx(400 / 424)
    for row in rows:
        assert (row["all_models"], row["suppressed_models"]) == (60, 1)
        assert (row["all_flow"], row["suppressed_flow"]) == (pytest.approx(424), pytest.approx(5))


def test_by_root_a_copy_of_a_copy_belongs_to_where_it_came_from(crossing: History) -> None:
    rows = crossing.rows(f"select * from marts.lineage_flows where credit = 'root' and quarter = '{QUARTER}'")
    found = {row["base_country"]: row["n_models"] for row in rows}
    assert found == {"CN": 49, "US": None, "UNKNOWN": None}


def test_dependence_is_one_minus_the_home_part(crossing: History) -> None:
    rows = crossing.rows(f"select * from marts.lineage_dependence where quarter = '{QUARTER}'")
    found = {row["credit"]: row for row in rows}
    assert found["direct"]["n_models"] == 60
    assert found["direct"]["dependence"] == pytest.approx(1 - 29 / 60)
    assert found["direct"]["lower_bound"] == pytest.approx(1 - 30 / 60)
    assert found["direct"]["default_dependence"] == 1
    assert found["direct"]["downloads_dependence"] == pytest.approx(1 - 19 / 424)
    assert found["root"]["dependence"] == pytest.approx(1 - 10 / 60)


def test_a_country_with_few_derivatives_has_no_dependence(history: History) -> None:
    history.day(FIRST, model("base/b", model_name="base/b"), *many("acme", "base/b", 19))
    history.build()
    for row in history.rows("select dependence, is_suppressed, n_models from marts.lineage_dependence"):
        assert row == {"dependence": None, "is_suppressed": True, "n_models": 19}
    for row in history.rows("select n_models, is_suppressed from marts.lineage_flows"):
        assert row == {"n_models": None, "is_suppressed": True}


def test_twenty_derivatives_are_twenty_whatever_thirds_they_are_made_of(answer: Answer) -> None:
    """Ten merges of three bases, a third each, and ten tunes of a base from home: 3 * 3.333333333 + 10."""
    cells = ", ".join(
        f"('{base}', {models})"
        for base, models in (("CN", 3.333333333), ("DE", 3.333333333), ("FR", 3.333333333), ("US", 10))
    )
    given = {
        "staging.lineage_quarters": (
            f"select date '2026-07-01' as quarter, 'root' as credit, 'US' as derivative_country, base_country, new_models,"
            f" new_models as new_default, 0 as downloads_flow, 92 as flow_days from (values {cells}) as given (base_country, new_models)"
        ),
        "staging.chain": "select date '2026-11-16' as observed_on, true as is_complete",
    }
    (row,) = answer("marts.lineage_dependence", given)
    assert (row["n_models"], row["is_suppressed"], row["dependence"], row["default_dependence"]) == (
        20,
        False,
        0.5,
        0.5,
    )


def test_unknown_authors_are_counted_and_have_no_dependence(history: History) -> None:
    history.day(FIRST, model("base/b", model_name="base/b"), *many("zed", "base/b", 20))
    history.build()
    (row,) = history.rows("select * from marts.lineage_dependence where credit = 'root'")
    assert (row["country"], row["n_models"], row["dependence"], row["is_suppressed"]) == ("UNKNOWN", 20, None, False)
    for row in history.rows("select n_models, is_suppressed from marts.lineage_flows"):
        assert row == {"n_models": 20, "is_suppressed": False}


def test_intermediaries_are_others_who_quantise_merge_or_adapt(history: History) -> None:
    for place in range(2):
        history.day(
            FIRST + timedelta(days=7 * place),
            model("base/b", model_name="base/b", total=100 * place),
            derived("base/own", "base/b", relation="quantized", total=20 * place),
            derived("acme/packed", "base/b", relation="quantized", total=30 * place),
            derived("zed/half", "base/b", "acme/a", relation="merge", total=40 * place),
            derived("zed/tuned", "base/b", total=30 * place),
        )
    history.build()
    rows = history.rows("select * from marts.intermediaries where family = 'base' and relation = 'all' order by rank")
    assert [(row["intermediary"], row["intermediary_country"], row["rank"], row["downloads_flow"]) for row in rows] == [
        ("acme", "US", 1, pytest.approx(30)),
        ("hf:zed", "UNKNOWN", 2, pytest.approx(20)),
    ]
    # All that goes back to base: 100 + 20 + 30 + 20 + 30.
    assert [row["share_of_family"] for row in rows] == [pytest.approx(30 / 200), pytest.approx(20 / 200)]
    assert rows[0]["share_of_intermediaries"] == pytest.approx(30 / 50)
