"""The quick capture: few requests, scopes of its own in every table and on the page, never mixed with a whole week."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project import captures, overview, pipeline, quick
from dagster_project.captures import Captured
from dagster_project.errors import SourceError
from dagster_project.rehearsal.faults import FOR_EVER, Fault
from dagster_project.reports.headline import QUICK_MEANING
from dagster_project.settings import Settings, shipped
from dagster_project.sources.pages import Limits
from tests.faults.stage import NOW, NOWHERE, WORLD, Stage, serve

WHOLE_SCOPES = {"S1", "S2", "S3", "S4"}
QUICK_SCOPES = {f"{scope}-quick" for scope in WHOLE_SCOPES}
REGISTRY_NAMES = len((shipped("data/registry") / "namespaces.csv").read_text().splitlines()) - 1


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with serve() as hub:
        yield Stage(tmp_path / "home", hub=hub)


def with_the_worlds_registry(stage: Stage) -> None:
    for name, text in WORLD.registry().items():
        path = stage.home / "registry" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def settings_at(stage: Stage, weeks: int) -> Settings:
    """Give the settings some weeks later, and move the Hub there as well."""
    moment = NOW + timedelta(weeks=weeks)
    stage.hub.set_now(moment)
    return Settings(stage.home, hf_endpoint=stage.hub.url, github_api_url=NOWHERE, pretended_now=moment)


def scopes(settings: Settings) -> dict[str, set[str]]:
    """Give the scopes of each published week."""
    with overview.release(settings) as release:
        _names, rows = release.rows(
            "select week, scope from marts.share_by_country union select week, scope from marts.share_by_lab"
        )
    found: dict[str, set[str]] = {}
    for week, scope in rows:
        found.setdefault(f"{week}", set()).add(scope)
    return found


def test_it_asks_less_than_300_times_and_says_who_had_no_turn(stage: Stage) -> None:
    said: list[str] = []
    captured = captures.capture_quick(stage.settings(), say=said.append)
    assert len(stage.hub.log) < 300
    alone = sum("author=" in entry.path for entry in stage.hub.log)
    assert alone > 100
    assert f"{REGISTRY_NAMES - alone:,} of the registry's namespaces were not asked" in said[-1]
    assert captured.pages_fetched == len(stage.hub.log) - 1
    assert (captured.seal.source, captured.seal.is_complete) == ("huggingface_quick", False)


def test_the_most_downloaded_the_newest_and_then_the_largest_labs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_the_worlds_registry(stage)
    monkeypatch.setattr(quick, "MOST_DOWNLOADED_PAGES", 2)
    monkeypatch.setattr(quick, "NEWEST_PAGES", 1)
    found = captures.capture_quick(stage.settings(), budget=16).seal
    lists = [entry.path for entry in stage.hub.log[1:]]
    assert ["sort=downloads" in path for path in lists] == [True, True, False] + [True] * 10
    assert all("direction=-1" in path for path in lists)
    assert [path.count("author=") for path in lists] == [0, 0, 0] + [1] * 10
    assert found.loaded + found.merged + found.quarantined == found.seen
    assert found.merged > 0, "a model on several lists is one model"
    assert found.loaded < 600


def test_a_stopped_one_goes_on_from_its_last_page(stage: Stage) -> None:
    with_the_worlds_registry(stage)
    stage.hub.inject([Fault(action="reply", path="author=", nth=5, status=401, times=FOR_EVER)])
    with pytest.raises(SourceError, match=r"pages are safe") as raised:
        captures.capture_quick(stage.settings())
    assert raised.value.next_command == "leadershift capture --quick"
    before = len(stage.hub.log)
    stage.hub.clear_faults()
    captures.capture_quick(stage.settings())
    paths = [entry.path for entry in stage.hub.log]
    assert len(set(paths[1:before]) & set(paths[before + 1 :])) == 1, "only the page that failed is asked for again"


def test_a_home_with_only_quick_weeks_has_a_page_that_says_so(stage: Stage) -> None:
    with_the_worlds_registry(stage)
    result = stage.invoke("run", "--quick", "--json")
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["captured"]["source"] == "huggingface_quick"
    page = Path(said["page"]).read_text()
    assert QUICK_MEANING.partition(". ")[0] in page
    assert "text and image-text models of a quick capture" in page
    assert "scope S2-quick" in page
    assert "Nothing was measured" not in page
    assert scopes(stage.settings()) == {"2026-10-26": QUICK_SCOPES}
    status = json.loads(stage.invoke("status", "--json").stdout)
    assert (status["is_week_sealed"], status["next_command"]) == (False, "leadershift run")
    later = {"LEADERSHIFT_NOW": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}
    assert stage.invoke("capture", **later).returncode == 0
    status = json.loads(stage.invoke("status", "--json", **later).stdout)
    assert (status["is_week_sealed"], status["is_published"]) == (True, False), "what is published is the quick one"


def test_whole_and_quick_weeks_in_one_home_do_not_mix(stage: Stage) -> None:
    """Quick, quick, both, whole: a week that the whole capture saw is its own alone, and has the numbers it has without."""
    with_the_worlds_registry(stage)
    taken: list[Captured] = []
    for weeks in range(4):
        settings = settings_at(stage, weeks)
        if weeks < 3:
            taken.append(captures.capture_quick(settings, limits=Limits()))
        if weeks > 1:
            taken.append(captures.capture(settings))
    pipeline.derive(settings)
    assert scopes(settings) == {
        "2026-10-26": QUICK_SCOPES,
        "2026-11-02": QUICK_SCOPES,
        "2026-11-09": WHOLE_SCOPES,
        "2026-11-16": WHOLE_SCOPES,
    }
    with overview.release(settings) as release:
        _names, rows = release.rows(
            "select week, source, bool_or(is_estimate) from core.weekly_flow group by all order by week"
        )
        _names, gone = release.rows(
            "select count(*) from core.counter_events where source = 'huggingface_quick' and kind = 'removal'"
        )
        _names, (totals,) = release.rows("select sum(downloads_flow) from marts.share_by_country where scope = 'S1'")
    assert [(f"{week}", source) for week, source, _estimate in rows] == [
        ("2026-10-26", "huggingface_quick"),
        ("2026-11-02", "huggingface_quick"),
        ("2026-11-09", "huggingface"),
        ("2026-11-16", "huggingface"),
    ]
    assert [is_estimate for _week, _source, is_estimate in rows] == [False, False, False, True]
    assert gone == [(0,)]
    alone = Stage(stage.home.parent / "alone", hub=stage.hub)
    with_the_worlds_registry(alone)
    for weeks in (2, 3):
        settings = settings_at(alone, weeks)
        captures.capture(settings)
    pipeline.derive(settings)
    with overview.release(settings) as release:
        _names, (same,) = release.rows("select sum(downloads_flow) from marts.share_by_country where scope = 'S1'")
    assert totals == pytest.approx(same)


def test_a_quick_week_does_not_fill_a_gap(stage: Stage) -> None:
    with_the_worlds_registry(stage)
    captures.capture(settings_at(stage, 0))
    captures.capture_quick(settings_at(stage, 1))
    settings = settings_at(stage, 2)
    captures.capture(settings)
    assert overview.status(settings)["gaps"] == ["2026-W45"]
    said = stage.invoke("status", LEADERSHIFT_NOW=f"{settings.now().isoformat()}").stdout
    assert "gap       2026-W45: only a quick capture saw it\n" in said, "nobody captured it would be untrue"
    pipeline.derive(settings)
    with overview.release(settings) as release:
        assert release.rows("select gaps from marts.releases")[1] == [(["2026-W45"],)]
        (missed,) = release.rows("select detail from marts.alerts where kind = 'week_missed'")[1]
        assert missed == ("only a quick capture saw it, so the whole can only be imported from an archive",)
    assert scopes(settings).keys() == {"2026-10-26", "2026-11-02", "2026-11-09"}
    assert set.union(*scopes(settings).values()) == WHOLE_SCOPES, "the whole captures bracket that week"
