from __future__ import annotations

import json
import re
import shutil
from datetime import date
from html import unescape
from pathlib import Path

import duckdb
import pytest
from reports_world import MARKER, MONDAY, Tags, World, build_release

from dagster_project import settings
from dagster_project.calendar import Week
from dagster_project.errors import GateError, NothingYetError
from dagster_project.reports import weekly
from dagster_project.reports.books import BOOKS
from dagster_project.reports.page import Page, write_reports
from dagster_project.reports.template import style_hash

MAX_PAGE_BYTES = 400_000
WEEKLY_ALONE = BOOKS[:1]


def test_the_page_stands_in_its_weeks_folder(page: Page) -> None:
    assert page.week == Week(MONDAY)
    assert page.release_id == "2026-W47-3f9a1c"
    assert page.html.parts[-2:] == ("2026-W47", "weekly.html")
    assert page.notebook.parts[-2:] == ("2026-W47", "weekly.ipynb")
    assert [path.name for path in page.html.parent.parent.iterdir()] == ["2026-W47"]
    assert {path.stem for path in page.html.parent.glob("*.html")} == {book.name for book in BOOKS}
    assert page.html.stat().st_size < MAX_PAGE_BYTES


def test_the_page_says_who_leads_and_out_of_what(page: Page) -> None:
    text = Tags(page.html.read_text(encoding="utf-8")).text.replace("\u00a0", " ")
    assert "China 41.2 % of known downloads (29.8 to 57.4 % of all, 27.6 % unknown), text and image-text models" in text
    assert "Monday 16 to Sunday 22 November 2026" in text
    assert "The unknown could reverse this" in text
    assert "seen = loaded + merged + quarantined" in text
    assert "leadershift, release 2026-W47-3f9a1c, week 2026-W47" in text
    assert "REHEARSAL" not in text


def test_the_page_needs_nothing_but_itself(page: Page) -> None:
    html = page.html.read_text(encoding="utf-8")
    seen = Tags(html)
    assert not set(seen.names) & {"script", "iframe", "object", "embed", "img", "base", "form"}
    assert f"default-src 'none'; style-src 'sha256-{style_hash()}'; img-src 'self' data:" in html
    others = {f"{book.name}.html" for book in BOOKS} - {"weekly.html"}
    links = {value for name, value in seen.attributes if name in {"src", "href", "xlink:href", "action"}}
    assert links == {"data:,", *others}
    assert not re.findall(r"@import|url\((?!#)", html)
    assert set(re.findall(r"https?://[^\s\"<]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_every_number_of_a_chart_stands_in_its_table(page: Page) -> None:
    html = page.html.read_text(encoding="utf-8")
    assert html.count("<figure") == 4
    assert html.count("<details>") == 5, "one for each chart, and one for the week before"
    assert html.count('role="img"') == 8
    assert "Viet Nam" in html


def test_the_notebook_keeps_no_place_and_no_clock(page: Page, release: Path) -> None:
    text = page.notebook.read_text(encoding="utf-8")
    book = json.loads(text)
    assert str(release.parent) not in text
    assert str(Path(weekly.__file__).parents[2]) not in text
    assert set(book["metadata"]) == {"kernelspec", "language_info"}
    injected = next(cell for cell in book["cells"] if "injected-parameters" in cell["metadata"]["tags"])
    assert 'database = "release.duckdb"' in "".join(injected["source"])
    assert "papermill" not in text
    assert {output["output_type"] for cell in book["cells"] for output in cell.get("outputs", [])} == {"execute_result"}


def test_a_second_run_is_the_same_to_the_byte(page: Page, release: Path, tmp_path: Path) -> None:
    moved = shutil.copy(release, tmp_path / "release.duckdb")
    again = write_reports(moved, Week(MONDAY), tmp_path / "site", WEEKLY_ALONE)["weekly"]
    assert again.html.read_bytes() == page.html.read_bytes()
    assert again.notebook.read_bytes() == page.notebook.read_bytes()


def test_hostile_strings_stay_text(hostile_page: Page) -> None:
    html = hostile_page.html.read_text(encoding="utf-8")
    seen = Tags(html)
    assert not set(seen.names) & {"script", "iframe", "img"}
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert MARKER in unescape(seen.text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00-\x08\x1b]", html)
    assert hostile_page.html.stat().st_size < MAX_PAGE_BYTES


def test_a_rehearsal_is_marked_everywhere(hostile_page: Page) -> None:
    html = hostile_page.html.read_text(encoding="utf-8")
    assert "<title>REHEARSAL: " in html
    assert '<meta name="description" content="REHEARSAL: ' in html
    assert '<p class="banner" role="note"><strong>REHEARSAL</strong>' in html
    assert html.count(">REHEARSAL: not the real Hub</text>") == 8
    assert html.count('<pre class="cite">REHEARSAL: ') == 2


def test_a_week_that_is_not_there_says_which_are(release: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingYetError, match=r"Week 2026-W30 is not in .* It has 2026-W46, 2026-W47") as caught:
        write_reports(release, Week.parse("2026-W30"), tmp_path)
    assert caught.value.next_command == "leadershift report --week 2026-W47"
    assert not list(tmp_path.iterdir())


def test_no_database_and_no_release(tmp_path: Path) -> None:
    with pytest.raises(NothingYetError):
        write_reports(tmp_path / "none.duckdb", None, tmp_path)
    bare = build_release(tmp_path / "bare.duckdb")
    with duckdb.connect(str(bare)) as connection:
        connection.execute("delete from marts.releases")
    with pytest.raises(NothingYetError, match="no release"):
        write_reports(bare, None, tmp_path)


def test_what_does_not_say_that_it_is_real_is_a_rehearsal(tmp_path: Path) -> None:
    database = build_release(tmp_path / "unsaid.duckdb", World(monday=date(2026, 11, 23)))
    with duckdb.connect(str(database)) as connection:
        connection.execute("update marts.releases set is_rehearsal = null, overrides = 'unknown_share'")
    with weekly.published.open_release(database) as opened:
        edition = weekly.read_edition(opened, None)
    assert edition.is_rehearsal
    assert edition.week == Week(date(2026, 11, 23))
    assert (edition.gaps, edition.overrides) == ("2026-W40", "unknown_share")


def test_a_clock_that_was_set_back_does_not_make_an_older_release_this_one(tmp_path: Path) -> None:
    database = build_release(tmp_path / "set_back.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table own as from marts.releases")
        connection.execute(
            "update marts.releases set release_id = 'before', published_at = published_at + interval 1 day"
        )
        connection.execute("insert into marts.releases from own")
        ((own,),) = connection.execute("select release_id from own").fetchall()
    with weekly.published.open_release(database) as opened:
        assert weekly.read_edition(opened, None).release_id == own


def test_a_failing_cell_publishes_nothing_and_the_old_page_stays(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weekly.py").write_text(
        '# %% tags=["parameters"]\ndatabase = week = ""\n# %% [markdown]\n# ## By country\n# %%\n1 / 0\n'
    )
    monkeypatch.setattr(settings, "shipped", lambda relative: tmp_path)
    old = tmp_path / "site" / "2026-W47" / "weekly.html"
    old.parent.mkdir(parents=True)
    old.write_text("the page before")
    with pytest.raises(GateError) as caught:
        write_reports(release, None, tmp_path / "site", WEEKLY_ALONE)
    assert "Week 2026-W47, notebook weekly.py, cell 3 (under 'By country'): ZeroDivisionError" in caught.value.message
    assert caught.value.next_command == "leadershift report --week 2026-W47"
    assert old.read_text() == "the page before"
    assert [path.name for path in (tmp_path / "site").rglob("*")] == ["2026-W47", "weekly.html"]


def test_a_table_without_rows_is_a_sentence_in_every_report(pages: dict[str, Page]) -> None:
    said = {name: Tags(page.html.read_text(encoding="utf-8")).text for name, page in pages.items()}
    assert "(marts.contributor_geography), as of" in said["geography"], "a page cites what it measures"
    assert "share of downloads by country of lab" not in said["geography"] + said["lineage"] + said["claims"]
    assert "No claim was judged. This release has no table of claims." in said["claims"]
    assert "Nothing of it is captured yet: this release knows no contributors" in said["geography"]
    assert "No derivatives are known." in said["lineage"]
    assert "Nothing was found or looked for between the largest countries" in said["country"]
    assert "No release of a reviewed lab was captured." in said["lab"]
    assert "Why shares moved can be said once the same captures have measured" in said["weekly"]


def test_the_week_before_is_compared(page: Page) -> None:
    text = Tags(page.html.read_text(encoding="utf-8")).text.replace("\u00a0", " ")
    # All flows of the fixture's week before are nine tenths of this week's, so no share moved.
    assert "China leads with 41.2 % of known downloads; in week 2026-W46 it had 41.2 %." in text
    assert "No country's share of all downloads moved by 0.1 points. The unknown part did not move." in text
