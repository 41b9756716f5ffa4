"""The site as a whole: all or nothing, the same to the byte, honest about the past, plain about what is missing."""

from __future__ import annotations

import json
import re
import shutil
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import duckdb
import msgspec
import pytest
from reports_world import CHARTS, COUNTRIES, LABS, MARKER, MONDAY, Tags, World, build_release

from dagster_project import pipeline
from dagster_project.calendar import Week
from dagster_project.cli.serving import serving
from dagster_project.errors import DamagedDataError, NothingYetError, RefusedError, StorageError
from dagster_project.reports.site import archive, build
from dagster_project.settings import Settings
from dagster_project.snapshots import durable
from dagster_project.warehouse import examples
from dagster_project.warehouse.publish import CURRENT, Publication

MAX_PAGE_BYTES = 400_000
LOOK_EVERY_SECONDS = 0.002
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SHORT = [*COUNTRIES[:4], *COUNTRIES[-2:]]
RICH = World(is_rich=True, weeks=10, countries=SHORT, labs=6, tail=20)
SHARE = 298.0 / sum(flow for _code, _name, flow in SHORT)  # China's, in the scope with the smaller unknown


def publish(home: Path, world: World, release_id: str, published_at: datetime = NOW) -> Path:
    """Put a release into a home, as publishing does, and point to it."""
    database = home / "published" / release_id / f"leadershift-{release_id}.duckdb"
    database.parent.mkdir(parents=True)
    build_release(database, world)
    with duckdb.connect(str(database)) as connection:
        connection.execute("update marts.releases set release_id = ?, published_at = ?", [release_id, published_at])
    point(home, release_id)
    # What stands in notebooks is tested where they are; here those of before stand for the new ones.
    for made in home.glob("reports/*/reports.json"):
        made.write_bytes(msgspec.json.encode(msgspec.json.decode(made.read_bytes()) | {"release_id": release_id}))
    return database


def point(home: Path, release_id: str, known_at: str | None = None) -> None:
    database = f"published/{release_id}/leadershift-{release_id}.duckdb"
    release = Publication(release_id, "2026-11-23T06:12:00.000Z", database, 10, "2026-W47", False, known_at=known_at)
    durable.write_bytes(home / CURRENT, msgspec.json.encode(release))


def settings_of(home: Path) -> Settings:
    return Settings(home=home, pretended_now=NOW)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    publish(home, RICH, "2026-W47-aaaa")
    made = pipeline.site(settings_of(home))
    assert made.is_new
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "home", symlinks=True)


def contents(folder: Path) -> dict[str, bytes]:
    root = folder.resolve()
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_every_link_leads_somewhere_and_no_page_is_large(built: Path) -> None:
    root = (built / "site").resolve()
    for page in build.pages(root):
        html = page.read_text(encoding="utf-8")
        assert len(html.encode()) < MAX_PAGE_BYTES, page
        seen = Tags(html)
        assert not set(seen.names) & {"script", "iframe", "object", "embed", "base", "form"}
        for name, value in seen.attributes:
            if name not in {"href", "src"} or (value or "").startswith(("data:,", "https://")):
                continue
            parts = urlsplit(value or "")
            assert not parts.scheme, f"{page}: {value}"
            if parts.path and not parts.path.startswith(("release/csv", "release/parquet", "release/datapackage")):
                assert (page.parent / unquote(parts.path)).exists(), f"{page.relative_to(root)} links to {value}"


def test_every_number_has_scope_date_and_release(built: Path) -> None:
    for page in build.pages(built / "site"):
        text = Tags(page.read_text(encoding="utf-8")).text
        assert "Release 2026-W47-aaaa" in text, page
        assert re.search(r"Week 20\d\d-W\d\d", text), page
    china = Tags((built / "site/countries/CN.html").read_text(encoding="utf-8")).text.replace("\u00a0", " ")
    assert f"China {SHARE * 100:.1f} % of all downloads ({SHARE * 100:.1f} to" in china
    assert "%), text and image-text models, publisher credit, week of 2026-11-16." in china


def test_every_chart_has_its_card_of_the_right_size(built: Path) -> None:
    cards = sorted((built / "site/cards").glob("*.png"))
    assert len(cards) == CHARTS
    for card in cards:
        head = card.read_bytes()[:24]
        assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (1200, 630), card


def test_the_feed_and_the_headlines_say_what_the_pages_say(built: Path) -> None:
    feed = ET.parse(built / "site/feed.xml").getroot()
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 10
    headlines = json.loads((built / "site/headlines.json").read_text())["headlines"]
    assert [headline["week"] for headline in headlines][:2] == ["2026-W47", "2026-W46"]
    assert (headlines[0]["leader"], headlines[0]["scope"]) == ("CN", "S2")
    assert headlines[0]["lower_bound"] == pytest.approx(SHARE, abs=1e-6)
    assert headlines[0]["upper_bound"] == pytest.approx(SHARE * (298 + 276) / 298, abs=1e-6)


def test_a_week_that_is_estimated_is_called_so_wherever_it_stands_beside_measured_ones(home: Path) -> None:
    database = publish(home, RICH, "2026-W47-bbbb", NOW + timedelta(days=1))
    with duckdb.connect(str(database)) as connection:
        estimated = "update marts.share_by_country set is_estimate = true, estimated_share = 1 where week = ?"
        connection.execute(estimated, [Week(MONDAY).monday])
    pipeline.site(settings_of(home))
    feed = (home / "site/feed.xml").read_text()
    assert "Revised: Week 2026-W47, estimated: China" in feed
    assert feed.count(", estimated:") == 1
    text = Tags((home / "site/weeks/index.html").read_text(encoding="utf-8")).text
    assert "estimated, 1 revision" in text
    assert text.count("estimated") == 1


def test_a_second_build_changes_nothing(home: Path) -> None:
    before, target = contents(home / "site"), (home / "site").readlink()
    made = pipeline.site(replace(settings_of(home), pretended_now=NOW + timedelta(days=3)))
    assert not made.is_new
    assert (home / "site").readlink() == target
    assert contents(home / "site") == before


def test_a_past_week_is_revised_with_a_date_and_never_silently(home: Path) -> None:
    week, same = Week(MONDAY - timedelta(weeks=3)), Week(MONDAY - timedelta(weeks=4))
    untouched = (home / f"site/weeks/{same}/index.html").read_bytes()
    database = publish(home, RICH, "2026-W47-bbbb", NOW + timedelta(days=1))
    with duckdb.connect(str(database)) as connection:
        change = "update marts.share_by_country set share_of_total = share_of_total + ? where week = ? and country = ?"
        connection.executemany(change, [(0.01, week.monday, "CN"), (-0.01, week.monday, "US")])
    assert pipeline.site(settings_of(home)).is_new
    text = Tags((home / f"site/weeks/{week}/index.html").read_text(encoding="utf-8")).text
    assert "2026-W47-aaaa, published on 2026-11-23. The first." in text
    assert "2026-W47-bbbb, published on 2026-11-24. 2 countries changed; most China, from" in text
    old = (home / f"site/weeks/{week}/revision-1.html").read_text(encoding="utf-8")
    assert "This is what release 2026-W47-aaaa said. It was revised" in unescape(Tags(old).text)
    assert (home / f"site/weeks/{same}/index.html").read_bytes() == untouched
    assert "Revised: Week 2026-W44" in (home / "site/feed.xml").read_text()


def test_readers_see_one_release_or_the_other_while_they_poll(home: Path) -> None:
    """Whoever looks at the folder that the link names finds every page of it from one release."""
    stop, mixed, looked = threading.Event(), [], []

    def poll() -> None:
        while not stop.wait(LOOK_EVERY_SECONDS):
            root = (home / "site").resolve(strict=True)
            releases = set()
            for name in ("index.html", "latest/lab.html", "countries/CN.html", "downloads.html"):
                page = (root / name).read_text(encoding="utf-8")
                releases.add(page.partition('"leadershift-release" content="')[2][:13])
            looked.append(frozenset(releases))
            if len(releases) != 1:
                mixed.append(releases)

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        publish(home, RICH, "2026-W47-bbbb", NOW + timedelta(days=1))
        pipeline.site(settings_of(home))
        while frozenset({"2026-W47-bbbb"}) not in looked and reader.is_alive():
            stop.wait(LOOK_EVERY_SECONDS)
    finally:
        stop.set()
        reader.join()
    assert mixed == []
    assert set(looked) == {frozenset({"2026-W47-aaaa"}), frozenset({"2026-W47-bbbb"})}


def test_a_build_that_breaks_publishes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, target = contents(home / "site"), (home / "site").readlink()
    publish(home, RICH, "2026-W47-cccc")

    def broken(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "write_downloads", broken)
    with pytest.raises(StorageError, match="the disk is full"):
        pipeline.site(settings_of(home))
    assert (home / "site").readlink() == target
    assert contents(home / "site") == before
    assert [path.name for path in (home / "sites").iterdir()] == [target.name]


def test_bad_input_is_a_sentence_and_the_next_command(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingYetError) as nothing:
        pipeline.site(settings_of(tmp_path / "empty"))
    assert nothing.value.next_command == "leadershift run"
    with pytest.raises(NothingYetError) as unserved:
        serving(tmp_path / "empty", 0)
    assert unserved.value.next_command == "leadershift site"
    point(home, "2026-W47-aaaa", known_at="2026-11-01")
    with pytest.raises(RefusedError, match="as known on 2026-11-01 and gets no site"):
        pipeline.site(settings_of(home))
    point(home, "2026-W47-aaaa")
    link, target = home / "site", (home / "site").readlink()
    link.unlink()
    link.mkdir()
    with pytest.raises(StorageError, match="a link to the newest site is needed"):
        pipeline.site(settings_of(home))
    link.rmdir()
    link.symlink_to(target)
    kept = home / f"site/weeks/{Week(MONDAY)}/{archive.REVISIONS}"
    kept.write_text("{}")
    with pytest.raises(DamagedDataError, match=r"revisions\.json can't be read"):
        pipeline.site(settings_of(home))


def test_a_lab_that_left_keeps_its_page_and_says_so(home: Path) -> None:
    database = publish(home, RICH, "2026-W47-dddd")
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from marts.share_by_lab where lab = 'meta' and scope = 'S2'")
        connection.execute("delete from marts.share_by_lab where lab = 'mistral' and week = ?", [MONDAY])
        connection.execute("delete from marts.contributor_geography")
    pipeline.site(settings_of(home))
    text = Tags((home / "site/labs/mistral.html").read_text(encoding="utf-8")).text.replace("\u00a0", " ")
    assert "Mistral AI has no downloads in week 2026-W47. Its last: " in text
    assert "text and image-text models, publisher credit, week of 2026-11-09." in text
    assert not (home / "site/cards/contributors.png").exists()
    # A lab without downloads in the list's scope has no number there; its page names the scope that it has.
    rows = re.findall(r"<tr>.*?</tr>", (home / "site/labs/index.html").read_text(encoding="utf-8"))
    (listed,) = (row for row in rows if 'href="meta.html"' in row)
    assert Tags(listed).text.count("–") == 3
    assert ", all models, publisher credit" in Tags((home / "site/labs/meta.html").read_text(encoding="utf-8")).text


def test_a_shared_page_names_its_card_only_where_the_site_is_known_to_stand(home: Path) -> None:
    assert "og:image" not in (home / "site/index.html").read_text()
    pipeline.site(settings_of(home), base_url="https://radar.example.org/lead")
    assert (
        'property="og:image" content="https://radar.example.org/lead/cards/countries.png"'
        in (home / "site/index.html").read_text()
    )
    entry = ET.parse(home / "site/feed.xml").getroot().find("{http://www.w3.org/2005/Atom}entry")
    assert entry is not None
    assert entry.findtext("{http://www.w3.org/2005/Atom}id") == "urn:leadershift:2026-W47:2026-W47-aaaa"
    assert 'href="https://radar.example.org/lead/weeks/2026-W47/index.html"' in ET.tostring(entry).decode()


def test_each_question_is_answered_or_says_that_its_tables_are_not_there(built: Path) -> None:
    html = (built / "site/data/questions.html").read_text(encoding="utf-8")
    assert html.count("<h2 id=") == len(examples.examples())
    assert "This release does not have the tables for it." in html
    movers = html[html.index('id="biggest_movers_among_labs"') :]
    assert "publisher credit" in movers[: movers.index("<details>")]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hostile-home")
    publish(home, replace(RICH, is_hostile=True, is_rehearsal=True), "REHEARSAL-x")
    pipeline.site(settings_of(home))
    return home


def test_hostile_strings_stay_text_on_every_page(hostile: Path) -> None:
    seen_marker = False
    for page in build.pages(hostile / "site"):
        html = page.read_text(encoding="utf-8")
        seen = Tags(html)
        assert not set(seen.names) & {"script", "iframe"}, page
        assert not [name for name, _ in seen.attributes if name.startswith("on")], page
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00-\x08\x1b]", html), page
        assert "<title>REHEARSAL: " in html, page
        assert "REHEARSAL" in seen.text, page
        seen_marker |= MARKER in unescape(seen.text)
    assert seen_marker
    # A lab's page is named by its slug; what is no slug has none.
    assert {path.stem for path in (hostile / "site/labs").iterdir()} <= {"index", *(lab[0] for lab in LABS)}


def test_the_site_is_served_on_loopback_to_nobody_else(built: Path) -> None:
    with serving(built, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            with urllib.request.urlopen(f"{url}/index.html") as answer:
                assert b"Who leads open-source AI" in answer.read()
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            for request, status in (
                (urllib.request.Request(f"{url}/index.html", headers={"Host": "evil.example"}), 421),
                (urllib.request.Request(f"{url}/weeks/2026-W47/../../../ledger.jsonl"), 404),
                (urllib.request.Request(f"{url}/cards/"), 200),
                (urllib.request.Request(f"{url}/release/"), 404),
            ):
                try:
                    with urllib.request.urlopen(request) as answer:
                        found = answer.status
                except urllib.error.HTTPError as error:
                    found = error.code
                assert found == status, request.full_url
        finally:
            server.shutdown()
            thread.join()
