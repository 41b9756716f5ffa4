"""The rehearsal judges the pipeline: what it measured over HTTP against what truly happened in the simulated world."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dagster_project import pipeline
from dagster_project.errors import RefusedError
from dagster_project.rehearsal.github.people import id_of
from dagster_project.rehearsal.judge import Verdict
from dagster_project.rehearsal.run import LAST_MONDAY, Rehearsed, make_world, rehearse
from dagster_project.warehouse.published import Release, open_release
from tests.conftest import SMALL_MODELS, SMALL_WEEKS

pytestmark = pytest.mark.timeout(600)

MODELS, WEEKS = 1500, 5
MEGABYTE = 1_000_000
LARGEST_FLOW_ERROR, LARGEST_SHARE_ERROR, LARGEST_HHI_ERROR = 0.005, 0.002, 0.005


def silent(_text: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """With its pages: what is asked of every byte of a home is asked of them too."""
    made = rehearse(tmp_path_factory.mktemp("clean") / "home", models=MODELS, weeks=WEEKS, say=silent, dirt=False)
    pipeline.report(made.settings)
    pipeline.site(made.settings)
    return made


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """Thirty-four weeks: long enough for every kind of dirt; every fourth crawl is struck by a fault."""
    return rehearse(
        tmp_path_factory.mktemp("dirty") / "home", models=700, weeks=34, say=silent, faults=True, page_cap=100
    )


@pytest.fixture
def release(clean: Rehearsed) -> Iterator[Release]:
    with open_release(clean.home / clean.release.database) as opened:
        yield opened


def verdict(rehearsed: Rehearsed, beginning: str) -> Verdict:
    (found,) = [line for line in rehearsed.verdicts if line.measure.startswith(beginning)]
    return found


def test_every_week_between_two_snapshots_is_measured(clean: Rehearsed, release: Release) -> None:
    assert verdict(clean, "weeks measured").error == 0
    _names, rows = release.rows("select week, bool_or(is_estimate) from core.weekly_flow group by week order by week")
    assert rows[-1] == (LAST_MONDAY, True), "the running week is an estimate"
    assert [is_estimate for _week, is_estimate in rows[:-1]] == [False] * (WEEKS - 1)


def test_flows_and_shares_are_the_true_ones(clean: Rehearsed) -> None:
    assert abs(verdict(clean, "downloads of all models").error or 0) < LARGEST_FLOW_ERROR
    assert (verdict(clean, "downloads by model and week, honest counters").error or 0) < LARGEST_FLOW_ERROR
    shares = [line for line in clean.verdicts if line.measure.startswith("share by ")]
    assert {line.measure.partition(":")[0] for line in shares} >= {
        f"share by {level}, {scope}, publisher, week" for level in ("country", "lab") for scope in ("S1", "S2")
    }
    assert all((line.error or 0) < LARGEST_SHARE_ERROR for line in shares), shares
    switched = verdict(clean, "shares with arguable homes switched")
    assert (switched.error or 0) < LARGEST_SHARE_ERROR, switched


def test_descent_births_and_openness_are_the_true_ones_to_the_last_model(clean: Rehearsed) -> None:
    exact = [line for line in clean.verdicts if line.measure.startswith(("roots", "derivative births", "openness"))]
    assert {line.measure.partition(" by ")[0] for line in exact} >= {"roots of models", "derivative births", "openness"}
    assert all(line.truth and line.error == pytest.approx(0, abs=1e-9) for line in exact), exact
    assert verdict(clean, "lineage flows: cells wrongly shown or hidden").error == 0


def test_concentration_is_the_true_one(clean: Rehearsed) -> None:
    assert verdict(clean, "concentration by lab, S1, hhi").error < LARGEST_HHI_ERROR
    assert verdict(clean, "concentration by country, S1, hhi").error < LARGEST_HHI_ERROR


def test_a_judge_that_sees_a_wrong_share_says_so(clean: Rehearsed) -> None:
    from dagster_project.rehearsal.judge import judge

    other = make_world(MODELS, WEEKS, dirt=False)
    other = type(other)(other.seed + 1, MODELS, WEEKS, other.first_week, dirt=False)
    with open_release(clean.home / clean.release.database) as opened:
        wrong = judge(opened, other)
    assert max(line.error or 0 for line in wrong if line.measure.startswith("share by country")) > LARGEST_SHARE_ERROR


def test_every_kind_of_measure_is_judged(clean: Rehearsed) -> None:
    judged = {line.measure.partition(":")[0].partition(",")[0].partition(" by ")[0] for line in clean.verdicts}
    assert judged >= {
        *("share", "crossovers invented", "clear crossovers found within a week", "concentration", "roots of models"),
        *("derivative births", "lineage flows", "dependence on foreign bases", "openness", "openness tier", "events"),
        *("retreat", "reach", "size bands", "turn", "relative adoption", "attention", "staying power"),
        *(
            "stars kept",
            "stars when first seen",
            "names of repositories",
            "weeks with a burst",
            "share of stars",
            "contributors",
            "alerts",
        ),
    }


def test_stars_are_the_true_ones_to_the_last_day(clean: Rehearsed) -> None:
    for measure in ("stars kept", "stars when first seen", "names of repositories", "weeks with a burst"):
        assert verdict(clean, measure).error == 0, measure
    assert (verdict(clean, "share of stars by country").error or 0) < LARGEST_SHARE_ERROR


def test_dirt_and_faults_leave_a_gap_and_not_a_lie(dirty: Rehearsed) -> None:
    """The partial snapshot is refused by its gate, every struck crawl is finished, and totals hold all the same."""
    (reason,) = dirty.gaps.values()
    assert "models came" in reason
    assert abs(verdict(dirty, "downloads of all models").error or 0) < 0.02
    assert verdict(dirty, "models that name themselves").error == 0
    with open_release(dirty.home / dirty.release.database) as opened:
        _names, rows = opened.rows(
            "select count(*), sum(quarantined), sum(merged), min(seen) > 0 from core.snapshots where table_name = 'models'"
        )
    count, quarantined, merged, _seen = rows[0]
    assert count == 5 + 29, "of an archive, and of ours"
    assert (
        verdict(dirty, "archive weeks measured").truth,
        verdict(dirty, "archive weeks measured").error,
    ) == (4, 0)
    assert quarantined > 0
    assert merged > 0


def test_what_happened_to_models_is_told_to_the_day_and_the_word(dirty: Rehearsed) -> None:
    """A model whose records can't be read at all changes its name unseen; nothing else is missed, and nothing invented."""
    for kind in ("removal", "return", "gate_flip", "licence_change"):
        assert verdict(dirty, f"events: {kind}").error == 0, kind
    renamed = verdict(dirty, "events: rename")
    assert (renamed.truth or 0) > 5
    assert 0 <= (renamed.truth or 0) - (renamed.measured or 0) == renamed.error <= 1
    assert (verdict(dirty, "events: removal").truth or 0) > 5


def test_every_alert_is_true_and_everything_true_is_told(dirty: Rehearsed) -> None:
    """The refused snapshot is the one week missed; shares move and labs enter, as small as this world is."""
    told = {line.measure: line for line in dirty.verdicts if line.measure.startswith("alerts: ")}
    assert all(not line.error for line in told.values() if line.unit == "missed or invented"), told
    assert told["alerts: week_missed"].truth == 1
    assert (told["alerts: share_moved"].truth or 0) + (told["alerts: entered_top10"].truth or 0) > 10


def test_besides_what_no_capture_could_show_dirt_and_faults_change_no_figure(dirty: Rehearsed) -> None:
    """Births, roots and releases to the last model; of the shares a few, while the counter of the most downloaded model is down."""
    alone = [line for line in dirty.verdicts if line.besides is not None]
    exact = [
        line for line in alone if line.measure.startswith(("derivative births by lab", "derivative births by country"))
    ]
    exact += [line for line in alone if line.measure.startswith(("roots", "openness", "retreat: releases"))]
    assert {line.measure.partition(":")[0].partition(",")[0] for line in exact} == {
        *("derivative births by lab", "derivative births by country", "roots of models", "retreat"),
        *("openness by country", "openness by lab", "openness tier"),
    }
    assert all(line.truth and line.besides == pytest.approx(0, abs=1e-9) for line in exact), exact
    for level in ("country", "lab"):
        close = verdict(dirty, f"weekly shares by {level} within")
        assert (close.truth or 0) > 1_000
        assert abs(close.besides or 0) < LARGEST_SHARE_ERROR * 2 * (close.truth or 0), close
    for measure in ("downloads of all models", "downloads by model and week, honest counters"):
        assert abs(verdict(dirty, measure).besides or 0) < LARGEST_FLOW_ERROR / 10, measure


def test_the_unreviewed_part_is_visible(release: Release) -> None:
    _names, rows = release.rows(
        "select min(unknown_share), max(unknown_share) from marts.share_by_country where scope = 'S1' and credit = 'publisher'"
    )
    assert 0.005 < rows[0][0] <= rows[0][1] < 0.6


def test_everything_is_marked(clean: Rehearsed, release: Release) -> None:
    assert (clean.home / "REHEARSAL").exists()
    pages = [*(clean.home / "reports").rglob("*.html"), *(clean.home / "site" / "latest").rglob("*.html")]
    assert len(pages) > len(list((clean.home / "reports").rglob("*.html"))) > 1
    assert all("REHEARSAL" in page.read_text() for page in pages)
    assert release.rows("select bool_and(is_rehearsal) from marts.releases")[1] == [(True,)]


def test_contributors_are_the_true_ones_and_their_shares_lie_between_the_bounds(clean: Rehearsed) -> None:
    assert verdict(clean, "contributors: people").error == 0
    assert (verdict(clean, "contributors: people").truth or 0) > 1_000
    labs = verdict(clean, "contributors: quarters of labs")
    assert (labs.error, (labs.truth or 0) > 50) == (0, True)
    assert verdict(clean, "contributors: shares outside").error == 0
    assert (verdict(clean, "contributors: worst share among located").error or 1) < 0.01
    assert verdict(clean, "contributors: cells that should be hidden").error == 0


def test_no_byte_of_a_home_names_a_person(clean: Rehearsed) -> None:
    """Logins, names and addresses of everybody who works on the pretend GitHub, in whatever a file is packed; numbers too."""
    github = make_world(MODELS, WEEKS, dirt=False).github()
    text = everything(clean.home)
    assert len(text) > MEGABYTE
    assert b"rehearsal lab" in text, "names of organisations are kept"
    moments = (github.start, int(datetime.combine(LAST_MONDAY, time(), UTC).timestamp()))
    # Who owns a repository stands in its name.
    owners = {-1 - github.owner_at(number, at) for number in range(github.repos) for at in moments}
    everybody = [number for number in range(github.people.count) if number not in owners]
    logins = {github.people.login(number, at) for number in everybody for at in moments}
    # The pretend Hub has people of its own, whose names begin alike; whole names only.
    told = set(re.findall(rb"rehearsal-user-\d+(?:-now)?", text)) & {login.encode() for login in logins}
    hub = set(re.findall(rb"rehearsal-user-\d+(?:-now)?", everything(clean.home / "raw/huggingface")))
    assert told <= hub
    for word in (b"@rehearsal.invalid", b"rehearsal person", b"rehearsal anonymous", b"rehearsal-bot"):
        assert word not in text
    numbers = {f"{id_of(number)}".encode() for number in everybody}
    assert not numbers & set(re.findall(rb"\b3\d{7}\b", text))


def everything(home: Path) -> bytes:
    """Give every file of a home in lower case, packed and unpacked, and every row of its databases."""
    parts = []
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        # In a database's own bytes a name of the Hub and the number after it look like a login; its rows are asked for below.
        parts.append(b"" if path.suffix == ".duckdb" else path.read_bytes())
        if path.suffix == ".gz":
            parts.append(gzip.decompress(parts[-1]))
        if path.suffix == ".parquet":
            parts.append(str(pl.read_parquet(path, glob=False).rows()).encode())
        if path.suffix == ".duckdb":
            parts += _rows(path)
    return b"\n".join(parts).lower()


def _rows(database: Path) -> Iterator[bytes]:
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        for (name,) in names:
            yield str(connection.execute(f"select * from {name}").fetchall()).encode()


def test_a_second_rehearsal_is_the_same(rehearsed: Rehearsed, tmp_path: Path) -> None:
    again = rehearse(tmp_path / "home", models=SMALL_MODELS, weeks=SMALL_WEEKS, say=silent)
    assert again.release.release_id == rehearsed.release.release_id
    # As printed: the truth is added up in an order that threads decide, so that its last digit is not the same each time.
    assert [line.words() for line in again.verdicts] == [line.words() for line in rehearsed.verdicts]


def test_a_folder_that_no_rehearsal_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(RefusedError, match="not touched"):
        rehearse(tmp_path, models=10, weeks=1, say=silent)
    assert (tmp_path / "thesis.txt").exists()
