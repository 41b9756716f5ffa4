from __future__ import annotations

import time
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports_world import Tags

from dagster_project.calendar import Week
from dagster_project.reports import render
from dagster_project.reports.render import (
    Column,
    bounds,
    clean,
    count,
    fit,
    percent,
    render_table,
    signed,
    span,
    written,
)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("Qwen", "Qwen"),
        ("  a \n\t b\u2028c ", "a b c"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\u200bb\ufeff\u2066c\u00ad", "abc"),
        ("nul\x00 bell\x07 esc\x1b[31m", "nul bell esc[31m"),
        ("\u3164\u2800", ""),
        ("e\u0301", "é"),
        ("\ud800lone", "lone"),
        (None, ""),
        (12, "12"),
        ("שלום", "שלום"),
    ],
)
def test_clean_keeps_names_and_drops_tricks(foreign: object, shown: str) -> None:
    assert clean(foreign) == shown


def test_clean_limits_accents_and_length() -> None:
    towers = clean("Z" + "\u0351" * 50 + "algo")
    assert towers == "Z\u0351\u0351algo"
    assert clean("x" * 5000) == "x" * 79 + "…"


def test_clean_is_quick_on_monstrous_text() -> None:
    start = time.perf_counter()
    clean("a\u0301" * 10_000_000)
    assert time.perf_counter() - start < 2


@given(st.text())
def test_clean_is_one_visible_line_and_stable(text: str) -> None:
    line = clean(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for character in line)
    assert len(line) <= render.MAX_TEXT
    assert clean(line) == line


def test_fit_counts_wide_letters_twice() -> None:
    assert fit("abcdef", 6) == "abcdef"
    assert fit("abcdefg", 6) == "abcde…"
    assert fit("深度求索公司", 6) == "深度…"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.4123, "41.2 %"),
        (0.0, "0.0 %"),
        (0.0004, "<0.1 %"),
        (0.0005, "0.1 %"),
        (0.9994, "99.9 %"),
        (0.9996, ">99.9 %"),
        (1 - 1e-12, "100.0 %"),
        (1.0, "100.0 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_numbers_have_thin_spaces() -> None:
    assert count(2_961_044.4) == "2\u202f961\u202f044"
    assert count(-1234) == "−1\u202f234"


def test_span_names_month_and_year_as_often_as_needed() -> None:
    assert span(Week(date(2026, 11, 16))) == "16 to 22 November 2026"
    assert span(Week(date(2026, 11, 30))) == "30 November to 6 December 2026"
    assert span(Week(date(2026, 12, 28)), with_weekdays=True) == "Monday 28 December 2026 to Sunday 3 January 2027"


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "share", "–"),
        (float("nan"), "share", "–"),
        (float("inf"), "count", "–"),
        (0.25, "share", "25.0\u00a0%"),
        (1234, "count", "1\u202f234"),
        (True, "yes_no", "yes"),
        (False, "yes_no", "no"),
        (None, "yes_no", "–"),
        (date(2026, 11, 16), "day", "2026-11-16"),
        (datetime(2026, 11, 16, 3, 40, tzinfo=UTC), "time", "2026-11-16 03:40 UTC"),
        ("</td><script>", "share", "</td><script>"),
    ],
)
def test_written(value: object, kind: Any, text: str) -> None:
    assert written(value, kind) == text


def test_table_escapes_everything_and_sets_numbers_right() -> None:
    attack = "</td></table><script>window.__ran = 1</script>"
    frame = pl.DataFrame({"name": [attack, "x"], "n": [1200, None], "note": ["\" onclick='1'", "b"]})
    table = render_table(frame, [Column("name", attack), Column("n", "N", "count"), Column("note", "Note")], attack)
    seen = Tags(table.html)
    assert set(seen.names) == {"div", "table", "caption", "span", "thead", "tbody", "tr", "th", "td", "bdi"}
    assert {name for name, _ in seen.attributes} == {"class", "role", "tabindex", "aria-label", "scope"}
    assert seen.text.count(attack) == 3
    assert '<td class="number">1\u202f200</td>' in table.html
    assert '<th scope="col" class="number">N</th>' in table.html
    assert '<td class="number">–</td>' in table.html


@given(st.text(), st.text())
def test_no_text_makes_a_tag(name: str, note: str) -> None:
    frame = pl.DataFrame({"name": [clean(name) + note.replace("\ud800", "")], "n": [1]})
    seen = Tags(render_table(frame, [Column("name", "Name"), Column("n", "N", "count")], note).html)
    assert seen.names == [
        "div",
        "table",
        "caption",
        "span",
        "thead",
        "tr",
        "th",
        "th",
        "tbody",
        "tr",
        "th",
        "bdi",
        "td",
    ]


def test_long_tables_say_what_they_leave_out() -> None:
    frame = pl.DataFrame({"name": ["a"] * (render.MAX_TABLE_ROWS + 7)})
    html = render_table(frame, [Column("name", "Name")], "Many").html
    assert html.count("<tr>") == render.MAX_TABLE_ROWS + 1
    assert "7 more rows are in the release." in html


def test_empty_table_still_has_its_head() -> None:
    html = render_table(pl.DataFrame({"name": []}, schema={"name": pl.String}), [Column("name", "Name")], "None").html
    assert "<thead>" in html
    assert "<td" not in html


def test_a_change_that_rounds_to_nothing_has_no_sign_and_bounds_say_per_cent_once() -> None:
    assert [signed(points) for points in (0.04, -0.04, 0.06, -1.25)] == ["0.0", "0.0", "+0.1", "−1.2"]
    assert bounds(0.249, 0.4403) == "24.9 to 44.0 %"
