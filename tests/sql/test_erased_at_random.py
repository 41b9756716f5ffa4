"""An account of the world of test_shares_at_random asks to be forgotten: its name goes, and no number with it."""

from __future__ import annotations

from dagster_project import keeping
from dagster_project.calendar import parse_time
from dagster_project.settings import Settings

from .history import History
from .test_shares_at_random import history, world

__all__ = ["history", "world"]
ACCOUNT = "stranger"
QUESTIONS = (
    "select hub_id, root_hub_id, depth, weight from core.roots",
    "select week, scope, credit, time_window, replace(lab, 'stranger', 'erased') as lab, country, rank, n_models,"
    " round(downloads_flow, 3) as downloads_flow from marts.share_by_lab",
)


def told(history: History) -> list[list[str]]:
    history.build().rows("select 1 from core.roots, marts.share_by_lab limit 0")
    return [sorted(str(tuple(row.values())) for row in history.rows(question)) for question in QUESTIONS]


def test_nothing_but_the_name_of_an_erased_account_goes(history: History) -> None:
    before = told(history)
    settings = Settings(
        home=history.home,
        hf_endpoint="http://127.0.0.1:9",
        github_api_url="http://127.0.0.1:9",
        pretended_now=parse_time("2026-11-30T02:00:00Z"),
    )
    keeping.erase(settings, ACCOUNT, reason="asked")
    for rows_before, rows_after in zip(before, told(history), strict=True):
        assert rows_after == rows_before
