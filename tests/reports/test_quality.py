"""The page about quality: what was checked, what was found, what is missing, in words that need no glossary."""

from __future__ import annotations

import pytest
from reports_world import Tags

from dagster_project.reports import quality
from dagster_project.reports.page import Page
from dagster_project.reports.quality import EVENT_MEANINGS
from dagster_project.settings import shipped
from dagster_project.warehouse import catalog


@pytest.fixture(scope="module")
def text(pages: dict[str, Page]) -> str:
    page = pages["quality"]
    assert page.html.parts[-2:] == ("2026-W47", "quality.html")
    return Tags(page.html.read_text(encoding="utf-8")).text.replace("\u00a0", " ")


def test_it_says_how_many_checks_passed_and_what_each_says(text: str) -> None:
    assert "All 3 checks passed." in text
    assert "core.models: 2 of 2 passed" in text
    assert "no two rows share hub_id" in text
    assert "nothing to measure" in text


def test_a_failed_check_is_in_the_first_line(hostile_pages: dict[str, Page]) -> None:
    text = Tags(hostile_pages["quality"].html.read_text(encoding="utf-8")).text
    assert "1 of 3 checks failed." in text
    assert "They were signed for:" in text


def test_gaps_and_the_unknown_are_named(text: str) -> None:
    assert "Weeks missing: 2026-W40." in text
    assert text.count("nobody captured it") == text.count("only a quick capture saw it") == 1
    assert "27.6 %" in text, "the unknown part of S2"


def test_a_week_counted_over_other_than_seven_days_says_so(text: str, page: Page) -> None:
    assert text.count("captured whole; 7.9 days counted as 7") == 1
    weekly = Tags(page.html.read_text(encoding="utf-8")).text
    assert "The week is told the downloads of 7.9 days" in weekly


def test_every_kind_of_event_is_explained(text: str) -> None:
    assert EVENT_MEANINGS["rollback"] in text
    table = catalog.load(shipped("sql"))["core.counter_events"]
    (kinds,) = [values["values"] for kind, values in table.checks if kind == "one_of"]
    assert set(EVENT_MEANINGS) == set(kinds)


@pytest.mark.parametrize(
    ("value", "words"), [(None, "nothing to measure"), (3.0, "3"), (0.25, "0.25"), (1e-9, "1e-09"), (3.3e-16, "0")]
)
def test_what_threads_add_up_in_another_order_is_no_difference(value: float | None, words: str) -> None:
    """The page of a run that was killed would differ from that of one that was not, by nothing."""
    assert quality._number(value) == words
