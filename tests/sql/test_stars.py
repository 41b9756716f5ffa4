"""Stars, projects and their labs on a small GitHub, by hand: three Mondays, seven repositories, one build."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dagster_project.warehouse import build

from .conftest import Answer
from .history import History, model, repository, star_week

MONDAYS = [date(2026, 8, 31) + timedelta(days=7 * week) for week in range(3)]
FIRST_SUNDAY = date(2026, 7, 19)  # GitHub's weeks begin on Sundays here
ORIGIN = "2026-01-01,,2026-01-01,low,general knowledge"
LABS = f"""lab,lab_name,parent,country,kind,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,Acme,,US,company,,,{ORIGIN}
base,Base,,CN,company,,,{ORIGIN}
"""
NAMESPACES = f"""namespace,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme,acme,,,{ORIGIN}
base,base,,,{ORIGIN}
"""
OWNERS = f"""github_login,lab,valid_from,valid_to,known_from,source_url,read_on,confidence,note
acme-gh,acme,,,{ORIGIN}
base-gh,base,,,{ORIGIN}
"""
REPOSITORIES = f"""repo_name,lab,kind,why,known_from,source_url,read_on,confidence,note
acme-gh/tool,acme,lab,inference,{ORIGIN}
base-gh/engine,base,lab,training,{ORIGIN}
old/kit,,community,agents,{ORIGIN}
zed/lib,,community,data,{ORIGIN}
"""
TOOL, ENGINE, KIT, SIDE, FORK, LIB, SQUATTER = range(1, 8)
ACME, BASE, PERSON, ZED, SOMEBODY = 100, 200, 300, 400, 500
LATE = datetime.fromisoformat("2026-09-06T12:00")


def weeks_of(repo_id: int, first: date, *weeks: list[int]) -> list[dict[str, Any]]:
    return [star_week(repo_id, first + timedelta(days=7 * place), *week) for place, week in enumerate(weeks)]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("stars")
    made = History(folder / "home", registry=folder / "registry")
    made.write_registry(labs=LABS, namespaces=NAMESPACES, github_owners=OWNERS, repositories=REPOSITORIES)
    for place, day in enumerate(MONDAYS[:2]):
        made.day(
            day, model("a", model_name="acme/a", total=700 * place), model("b", model_name="base/b", total=300 * place)
        )
    kit = {"asked_name": "old/kit", "owner_id": PERSON, "owner_login": None, "owner_type": "User"}
    zed = repository(LIB, "zed/lib", owner_id=ZED, stargazers_count=50, commits_last_week=2)
    made.github_day(
        MONDAYS[0],
        repository(TOOL, "acme-gh/tool", owner_id=ACME, stargazers_count=600, commits_last_week=4, releases_total=3),
        repository(ENGINE, "base-gh/engine", owner_id=BASE),
        repository(KIT, "old/kit", **kit),
        zed,
    )
    usual = [[10] * 7] * 6
    bumpy = [([280, 300, 320] * 3)[place % 3 :][:7] for place in range(6)]
    made.github_day(
        MONDAYS[1],
        repository(TOOL, "acme-gh/tool", owner_id=ACME, stargazers_count=700, commits_last_week=5, releases_total=3),
        repository(ENGINE, "base-gh/engine", owner_id=BASE, commits_last_week=6),
        repository(KIT, "base-gh/kit", asked_name="old/kit", owner_id=BASE),
        repository(SIDE, "acme-gh/side", owner_id=ACME, asked_name=None, created_at=LATE),
        repository(FORK, "acme-gh/fork", owner_id=ACME, asked_name=None, is_fork=True, commits_last_week=90),
        zed,
        stars=[
            *weeks_of(TOOL, FIRST_SUNDAY, *usual, [10, 10, 10, 250, 10, 10, 10], [10, 3, 0, 0, 0, 0, 0]),
            *weeks_of(ENGINE, FIRST_SUNDAY, *bumpy, [300, 420, 300, 300, 300, 300, 300], [300, 9, 0, 0, 0, 0, 0]),
            *weeks_of(KIT, FIRST_SUNDAY + timedelta(days=42), [2] * 7, [2, 1, 0, 0, 0, 0, 0]),
            *weeks_of(SIDE, FIRST_SUNDAY + timedelta(days=49), [1, 0, 0, 0, 0, 0, 0]),
            *weeks_of(LIB, FIRST_SUNDAY + timedelta(days=42), [5] * 7, [5, 0, 0, 0, 0, 0, 0]),
        ],
    )
    # A week's numbers are those of its first look.
    made.github_day(
        MONDAYS[1] + timedelta(days=2),
        repository(TOOL, "acme-gh/tool", owner_id=ACME, stargazers_count=710, commits_last_week=9, releases_total=4),
    )
    made.github_day(
        MONDAYS[2],
        repository(
            TOOL,
            "acme-labs/tool",
            asked_name="acme-gh/tool",
            owner_id=ACME,
            stargazers_count=640,
            commits_last_week=8,
            releases_total=4,
        ),
        repository(ENGINE, "base-gh/engine", owner_id=BASE, commits_last_week=12),
        repository(KIT, "base-gh/kit-2", asked_name="old/kit", owner_id=BASE, commits_last_week=1),
        repository(SIDE, "acme-labs/side", owner_id=ACME, asked_name=None, created_at=LATE, commits_last_week=3),
        repository(FORK, "acme-labs/fork", owner_id=ACME, asked_name=None, is_fork=True, commits_last_week=90),
        {
            **zed,
            "state": "gone",
            "stargazers_count": None,
            "commits_last_week": None,
            "owner_id": None,
            "owner_login": None,
        },
        repository(SQUATTER, "acme-gh/tool", owner_id=SOMEBODY, asked_name=None, created_at=LATE),
        stars=[
            *weeks_of(
                TOOL,
                FIRST_SUNDAY + timedelta(days=42),
                [10, 10, 10, 50, 10, 10, 9],
                [10] + [20] * 6,
                [7, 1, 0, 0, 0, 0, 0],
            ),
            *weeks_of(
                ENGINE,
                FIRST_SUNDAY + timedelta(days=42),
                [300, 420] + [300] * 5,
                [300, 421] + [300] * 5,
                [300] + [0] * 6,
            ),
            *weeks_of(KIT, FIRST_SUNDAY + timedelta(days=42), [2] * 7, [2] * 7, [2, 0, 0, 0, 0, 0, 0]),
            *weeks_of(SIDE, FIRST_SUNDAY + timedelta(days=49), [1] * 7, [1, 0, 0, 0, 0, 0, 0]),
            *weeks_of(LIB, FIRST_SUNDAY + timedelta(days=42), [5] * 7, [5] * 7, [5, 0, 0, 0, 0, 0, 0]),
        ],
    )
    return made.build()


def gains(history: History, repo_id: int) -> dict[date, dict[str, Any]]:
    return {row["week"]: row for row in history.rows(f"select * from marts.star_gain where repo_id = {repo_id}")}


def sides(history: History, level: str, scope: str, week: date) -> dict[str, dict[str, Any]]:
    rows = history.rows(
        f"select * from marts.project_leadership where level = '{level}' and scope = '{scope}' and week = '{week}'"
    )
    return {row["side"]: row for row in rows}


def test_an_unstar_lowers_the_past_and_is_seen_beside_it(history: History) -> None:
    week = gains(history, TOOL)[MONDAYS[0]]
    # Wednesday's 250 fell to 50, Saturday's 10 to 9; the Sunday lies in GitHub's next week.
    assert (week["retained_gain"], week["gross_gain"], week["withdrawn"]) == (10 + 10 + 50 + 10 + 10 + 9 + 10, 310, 201)
    (day,) = history.rows("select * from core.star_days where repo_id = 1 and day = '2026-09-02'")
    assert (day["retained"], day["first_observed"], day["withdrawn"]) == (50, 250, 200)
    assert (day["first_observed_on"], day["observed_on"]) == (MONDAYS[1], MONDAYS[2])


def test_a_running_day_or_week_is_no_fall(history: History) -> None:
    found = gains(history, TOOL)
    assert max(found) == MONDAYS[1]
    # Monday had 3 when the week before was read, and 20 when it was over: nothing was withdrawn.
    assert (found[MONDAYS[1]]["retained_gain"], found[MONDAYS[1]]["withdrawn"]) == (6 * 20 + 7, 0)
    (last,) = history.rows("select max(day) as day from core.star_days where repo_id = 1")
    assert last["day"] == date(2026, 9, 13)


@pytest.mark.parametrize(
    ("begins", "first", "on"),
    # At eight in the morning, as in California, the Sunday was not over on Monday at two; where nobody knows, it was.
    [("timestamp '2026-09-06 08:00'", 10, date(2026, 9, 14)), ("null", 7, date(2026, 9, 7))],
)
def test_a_day_is_over_when_it_is_over_for_github(answer: Answer, begins: str, first: int, on: date) -> None:
    sights = "(timestamp '2026-09-07 02:00', [7, 0, 0, 0, 0, 0, 0]), (timestamp '2026-09-14 02:00', [10, 10, 10, 10, 10, 10, 10])"
    weeks = f"""select 1 as repo_id, date '2026-09-06' as week_start, cast({begins} as timestamp) as begins_at, *
        from (values {sights}) as seen (observed_at, days)"""
    rows = {row["day"]: row for row in answer("core.star_days", {"raw.star_weeks": weeks})}
    sunday = rows[date(2026, 9, 6)]
    assert (sunday["first_observed"], sunday["retained"], sunday["withdrawn"]) == (first, 10, first - 10)
    assert sunday["first_observed_on"] == on
    assert len(rows) == 7


def test_the_count_of_the_day_stands_beside_the_gains(history: History) -> None:
    found = gains(history, TOOL)
    assert {week: row["stargazers_count"] for week, row in found.items() if row["stargazers_count"]} == {
        date(2026, 8, 24): 600,
        MONDAYS[0]: 700,
        MONDAYS[1]: 640,
    }
    # The sixth was over when the first Monday began, on which it was first asked for.
    assert {week for week, row in found.items() if row["is_backfilled"]} == {
        date(2026, 7, 20) + timedelta(days=7 * week) for week in range(6)
    }
    # Seen 15 days and more after their end, the old weeks have no gross gain.
    assert [row["gross_gain"] for _week, row in sorted(found.items())] == [None, None, None, None, 70, 70, 310, 127]


def test_a_burst_is_above_six_deviations_and_two_hundred(history: History) -> None:
    assert {week for week, row in gains(history, TOOL).items() if row["is_burst"]} == {MONDAYS[0]}
    assert gains(history, TOOL)[MONDAYS[0]]["burst_gain"] == 50
    # 280, 300, 320 in turn: the usual is 300, the deviation 20, so that 420 is usual and 421 a burst.
    assert history.rows("select day from staging.star_bursts where repo_id = 2") == [{"day": MONDAYS[1]}]
    assert [gains(history, ENGINE)[monday]["is_burst"] for monday in MONDAYS[:2]] == [False, True]


@pytest.mark.parametrize(("days_before", "bursts"), [(27, 0), (28, 1)])
def test_four_weeks_before_a_day_have_to_be_known(answer: Answer, days_before: int, bursts: int) -> None:
    days = f"""select 1 as repo_id, date '2026-09-01' - cast(n as integer) as day, if(n = 0, 250, 10) as first_observed, 10 as retained
        from range({days_before + 1}) as days (n)"""
    assert len(answer("staging.star_bursts", {"core.star_days": days})) == bursts


def test_a_repository_renamed_twice_and_given_away_is_one(history: History) -> None:
    names = history.rows("select repo_name, first_seen_on from core.repository_names where repo_id = 3 order by 2")
    assert [row["repo_name"] for row in names] == ["old/kit", "base-gh/kit", "base-gh/kit-2"]
    found = gains(history, KIT)
    assert {week: (row["repo_name"], row["lab"], row["country"], row["is_named"]) for week, row in found.items()} == {
        MONDAYS[0]: ("base-gh/kit-2", "gh:(persons)", "UNKNOWN", True),
        MONDAYS[1]: ("base-gh/kit-2", "base", "CN", True),
    }


def test_a_week_belongs_to_whoever_had_the_repository_at_its_end(answer: Answer) -> None:
    sights = """select 1 as repo_id, owner_id, observed_on, 'github' as source, 'there' as state
        from (values (100, date '2026-08-31'), (200, date '2026-09-09')) as given (owner_id, observed_on)"""
    owners = answer("staging.repository_owners", {"raw.repositories": sights})
    for monday, owner in ((date(2026, 8, 31), 100), (date(2026, 9, 7), 200)):
        assert [row["owner_id"] for row in owners if row["from_on"] <= monday < row["until_on"]] == [owner]


def test_a_login_is_the_lab_of_whoever_had_it_first(history: History) -> None:
    rows = history.rows("select repo_id, lab, country, state, is_named from core.repositories order by repo_id")
    found = {row.pop("repo_id"): tuple(row.values()) for row in rows}
    assert found[TOOL] == ("acme", "US", "there", True)
    assert found[SIDE] == ("acme", "US", "there", False)
    assert found[SQUATTER] == ("gh:acme-gh", "UNKNOWN", "there", False)
    assert found[LIB] == ("gh:zed", "UNKNOWN", "gone", True)


def test_an_organisation_with_two_logins_in_the_registry_is_one_lab_on_each_day(answer: Answer) -> None:
    given = {
        "raw.repositories": """select 100 as owner_id, * from (values ('old', date '2026-08-31'), ('new', date '2026-09-07'))
            as seen (owner_login, observed_on)""",
        "registry.github_owners": """select * from (values
            ('old', 'acme', 'US', date '0001-01-01', date '9999-12-31'), ('new', 'base', 'CN', date '2026-09-01', date '9999-12-31')
        ) as rows (github_login, lab, country, valid_from, valid_to)""",
    }
    rows = answer("staging.owner_labs", given)
    assert sorted((row["lab"], row["valid_from"], row["valid_to"]) for row in rows) == [
        ("acme", date(1, 1, 1), date(2026, 9, 1)),
        ("base", date(2026, 9, 1), date(9999, 12, 31)),
    ]


@pytest.mark.parametrize(
    ("sights", "meant"),
    [
        # 1 had the name when its organisation listed it; 2 had it when the registry first asked for it.
        ([(1, "o/x", None, "2026-08-31"), (1, "o/y", None, "2026-09-07"), (2, "o/x", "o/x", "2026-09-07")], 2),
        # Asked for under it, 1 keeps the row of the registry, whoever takes the name.
        ([(1, "o/x", "o/x", "2026-08-31"), (1, "o/y", "o/x", "2026-09-07"), (2, "o/x", None, "2026-09-07")], 1),
        # Not asked for yet: the next round will ask whoever has it now.
        ([(1, "o/x", None, "2026-08-31"), (1, "o/y", None, "2026-09-07"), (2, "o/x", None, "2026-09-07")], 2),
    ],
)
def test_a_row_of_the_registry_means_whom_it_was_asked_for(
    answer: Answer, sights: list[tuple[int, str, str | None, str]], meant: int
) -> None:
    rows = ", ".join(
        f"({repo}, '{name}', {f'{asked!r}' if asked else 'null'}, date '{on}')" for repo, name, asked, on in sights
    )
    given = {
        "raw.repositories": f"""select * replace (cast(asked_name as varchar) as asked_name), 'there' as state
            from (values {rows}) as seen (repo_id, repo_name, asked_name, observed_on)""",
        "registry.repositories": "select 'o/x' as repo_name, null as lab, 'community' as kind, 'data' as why",
    }
    assert [row["repo_id"] for row in answer("staging.asked_repositories", given)] == [meant]


def test_a_week_is_told_from_the_creation_on_and_never_in_part(history: History) -> None:
    assert {week: row["retained_gain"] for week, row in gains(history, SIDE).items()} == {MONDAYS[0]: 1, MONDAYS[1]: 7}
    # Only the Sunday of the week before was read of the kit.
    assert min(gains(history, KIT)) == MONDAYS[0]


@pytest.mark.parametrize(
    ("created", "sunday", "weeks"),
    [
        # GitHub's first week begins on the Sunday before, when there was nothing to star.
        ("2026-09-08 12:00", 0, [MONDAYS[1]]),
        # Created on Monday morning by UTC, which was Sunday for GitHub.
        ("2026-09-07 03:00", 2, MONDAYS[:2]),
        ("2026-09-06 12:00", 0, MONDAYS[:2]),
    ],
)
def test_before_its_creation_a_repository_has_no_week(
    answer: Answer, created: str, sunday: int, weeks: list[date]
) -> None:
    given = {
        "core.star_days": f"""select 1 as repo_id, date '2026-09-06' + cast(n as integer) as day, if(n = 0, {sunday}, 5) as retained,
            retained as first_observed, 0 as withdrawn, date '2026-09-14' as first_observed_on, date '2026-09-14' as observed_on
            from range(8) as days (n)""",
        "core.repositories": f"""select 1 as repo_id, 'o/x' as repo_name, false as is_named, timestamp '{created}' as created_at,
            date '2026-09-14' as first_seen_on""",
        "staging.star_bursts": "select 1 as repo_id, date '2000-01-01' as day",
        "staging.repository_weeks": "select 1 as repo_id, date '2000-01-03' as week, 9 as stargazers_count",
        "staging.repository_homes": """select 1 as repo_id, 'acme' as lab, 'US' as country, date '0001-01-01' as from_on,
            date '9999-12-31' as until_on""",
    }
    assert sorted(row["week"] for row in answer("marts.star_gain", given)) == weeks


def test_leadership_has_a_stated_whole(history: History) -> None:
    named = sides(history, "country", "named", MONDAYS[1])
    # 127 of the tool; 421 + 6 * 300 of the engine and 14 of the kit; 7 days of 5 of the library.
    assert {side: row["retained_gain"] for side, row in named.items()} == {"US": 127, "CN": 2221 + 14, "UNKNOWN": 35}
    assert named["CN"]["retained_share"] == pytest.approx(2235 / 2397)
    assert named["CN"]["upper_bound"] == pytest.approx((2235 + 35) / 2397)
    assert named["CN"]["share_without_bursts"] == pytest.approx((2235 - 421) / (2397 - 421))
    assert (named["CN"]["commits"], named["US"]["commits"], named["UNKNOWN"]["commits"]) == (12 + 1, 8, None)
    assert (named["US"]["releases"], named["UNKNOWN"]["releases"]) == (1, None)
    asked = sides(history, "lab", "asked", MONDAYS[1])
    # The fork's 90 commits are others'; its stars, and the squatter's, nobody has read.
    assert (asked["acme"]["retained_gain"], asked["acme"]["commits"]) == (127 + 7, 8 + 3)
    assert (asked["acme"]["n_repositories"], asked["acme"]["n_star_histories"]) == (3, 2)
    assert asked["gh:(others)"]["covered_share"] == pytest.approx(5 / 7)
    assert asked["gh:(others)"]["country"] == "UNKNOWN"


def test_a_week_whose_histories_are_not_all_read_yet_says_so(history: History) -> None:
    """The kit, the library and the fork were there in July as well, but nobody has read so far back."""
    week = FIRST_SUNDAY + timedelta(days=1)
    named = sides(history, "country", "named", week)
    assert {side: (row["n_repositories"], row["n_star_histories"]) for side, row in named.items()} == {
        "US": (1, 1), "CN": (1, 1), "UNKNOWN": (2, 0),
    }  # fmt: skip
    assert {row["covered_share"] for row in named.values()} == {2 / 4}
    assert (named["UNKNOWN"]["retained_gain"], named["UNKNOWN"]["retained_share"]) == (None, None)
    assert sides(history, "lab", "asked", week)["acme"]["covered_share"] == 2 / 5


def test_what_was_released_before_anybody_looked_is_no_release_of_a_week(history: History) -> None:
    """In the week before the first snapshot nobody knows what was released; zero would say that nothing was."""
    (row,) = history.rows("select releases from staging.repository_weeks where repo_id = 1 and week = '2026-08-24'")
    assert row["releases"] is None
    assert sides(history, "country", "named", date(2026, 8, 24))["US"]["releases"] is None


def test_where_nobody_gained_a_star_no_share_has_a_bound(answer: Answer) -> None:
    week = """select date '2026-08-31' as week, 'named' as scope, lab, country, 1 as n_repositories, 1 as n_star_histories,
        0 as retained_gain, 0 as withdrawn, 0 as burst_gain, 0 as backfilled_gain, null::bigint as commits, null::bigint as releases,
        date '2026-09-07' as as_of from (values ('acme', 'US'), ('gh:(others)', 'UNKNOWN')) as labs (lab, country)"""
    rows = answer("marts.project_leadership", {"staging.project_weeks": week})
    assert {(row["retained_share"], row["lower_bound"], row["upper_bound"]) for row in rows} == {(None, None, None)}


def test_a_lab_on_the_hub_and_on_github_side_by_side(history: History) -> None:
    rows = history.rows("select * from marts.ships_builds_uses where quarter = '2026-07-01' order by lab")
    acme, base = rows
    assert (acme["lab"], acme["downloads_flow"], base["downloads_flow"]) == ("acme", 700, 300)
    assert acme["downloads_share"] == pytest.approx(0.7)
    # Five quiet weeks, the week of the burst and the one after it, of the tool; the side project's two weeks.
    assert acme["retained_gain"] == pytest.approx(6 * 70 + 109 + 127 + 1 + 7)
    assert acme["commits"] == pytest.approx(4 + 5 + 8 + 3)
    assert (acme["weeks_of_downloads"], acme["weeks_of_stars"], acme["is_running"]) == (1, 8, True)


def test_a_lab_whose_histories_nobody_read_has_unknown_stars_and_not_none(answer: Answer) -> None:
    """Of two of acme's repositories one's stars are known, of base's none; new has no repository at all."""
    weeks = """select date '2026-09-07' as week, 'asked' as scope, 0 as commits, date '2026-09-21' as as_of, *
        from (values ('acme', 'FR', 2, 1, 7), ('base', 'CN', 1, 0, null))
            as labs (lab, country, n_repositories, n_star_histories, retained_gain)"""
    flows = """select date '2026-09-07' as week, 'S1' as scope, 'publisher' as credit, 'new' as lab, 'US' as country,
        7 as downloads_flow, 0 as estimated_flow, date '2026-09-21' as as_of"""
    given = {
        "staging.lab_weeks": flows,
        "staging.weeks": "select date '2026-09-07' as week, 'huggingface' as source",
        "staging.project_weeks": weeks,
        "staging.releases": "select date '2026-09-01' as month, 'acme' as lab",
        "staging.chain": "select date '2026-09-21' as observed_on",
        "registry.labs": "select unnest(['acme', 'base', 'new']) as lab",
    }
    rows = {row["lab"]: row for row in answer("marts.ships_builds_uses", given)}
    columns = ("retained_gain", "star_share", "covered_share")
    assert {lab: tuple(row[column] for column in columns) for lab, row in rows.items()} == {
        "acme": (7, 1, 0.5), "base": (None, None, 0), "new": (0, 0, None),
    }  # fmt: skip


def test_a_lab_that_moved_is_where_its_last_week_was(answer: Answer) -> None:
    """Acme's stars were last seen in a week in which it was in France, its downloads a week later in Switzerland."""
    rows = answer(
        "marts.ships_builds_uses",
        {
            "staging.lab_weeks": """select week, 'S1' as scope, 'publisher' as credit, 'acme' as lab, country, 70 as downloads_flow,
                0 as estimated_flow, date '2026-09-21' as as_of
                from (values (date '2026-09-07', 'FR'), (date '2026-09-14', 'CH')) as given (week, country)""",
            "staging.weeks": "select unnest([date '2026-09-07', date '2026-09-14']) as week, 'huggingface' as source",
            "staging.project_weeks": """select date '2026-09-07' as week, 'asked' as scope, 'acme' as lab, 'FR' as country,
                1 as n_repositories, 1 as n_star_histories, 7 as retained_gain, 0 as commits, date '2026-09-21' as as_of""",
            "staging.releases": "select date '2026-09-01' as month, 'acme' as lab",
            "staging.chain": "select date '2026-09-21' as observed_on",
            "registry.labs": "select 'acme' as lab",
        },
    )
    assert [(row["lab"], row["country"], row["downloads_flow"], row["retained_gain"]) for row in rows] == [
        ("acme", "CH", 140, 7)
    ]


def test_the_newest_week_for_people(history: History) -> None:
    rows = history.rows("select * from marts.latest_stars")
    assert [row["repo_name"] for row in rows][:2] == ["base-gh/engine", "acme-labs/tool"]
    # Four weeks: two quiet ones, the burst's and the last.
    assert (rows[1]["week_gain"], rows[1]["four_week_gain"], rows[1]["year_gain"]) == (127, 70 + 70 + 109 + 127, None)


def test_what_was_sealed_before_a_column_was_thought_of_still_builds(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(build.RAW_SCHEMAS["repositories"], "thought_of_later", pl.List(pl.Int32()))
    rows = history.build().rows("select distinct thought_of_later from raw.repositories")
    assert rows == [{"thought_of_later": None}]
