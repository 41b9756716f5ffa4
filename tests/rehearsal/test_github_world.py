"""The pretend GitHub's world: the same from the same seed, its books balanced, its dirt planted, its truth told."""

import random
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median

import polars as pl
import pytest

from dagster_project.errors import UsageError
from dagster_project.rehearsal.github import truth
from dagster_project.rehearsal.github.facts import MOST_STARS_A_DAY, PLANTS, make_stars
from dagster_project.rehearsal.github.people import COUNTRY_SLOTS, HARD, LOCATION_KINDS, PLAIN, People, someone_in
from dagster_project.rehearsal.github.world import GitHubWorld

from .github_cases import NOW, SECOND, WORLD, planted

DAY = 86_400


def test_equal_seeds_make_equal_worlds_and_others_do_not():
    again, other = (GitHubWorld(seed, 120, 8, date(2026, 1, 5)) for seed in (7, 8))
    order = [*range(119, -1, -1)]
    assert [again.repo(n, SECOND) for n in order] == [WORLD.repo(n, SECOND) for n in order]
    assert [again.stars(n, SECOND) for n in order] == [WORLD.stars(n, SECOND) for n in order]
    assert [again.contributors(n, SECOND) for n in order] == [WORLD.contributors(n, SECOND) for n in order]
    assert [other.repo(n, SECOND) for n in order] != [WORLD.repo(n, SECOND) for n in order]


@pytest.mark.parametrize("back", [0, 3, 40, 400, 900])
def test_the_days_sum_up_to_the_count_at_any_moment(back):
    second = SECOND - back * DAY
    for number in range(WORLD.repos):
        _, days = WORLD.stars(number, second)
        assert sum(days) == WORLD.star_count(number, second)
        assert min(days, default=0) >= 0


def test_after_the_worlds_end_nothing_breaks_and_nothing_is_given():
    for number in range(20):
        _, days = WORLD.stars(number, WORLD.end + 30 * DAY)
        assert sum(days) == WORLD.star_count(number, WORLD.end + 30 * DAY)
        assert sum(days[-29:]) == 0


def test_a_withdrawn_star_lowers_the_day_on_which_it_was_given():
    ordinary = [n for n in range(WORLD.repos) if not WORLD.facts(n).plant]
    number = max(ordinary, key=lambda n: len(WORLD.all_stars(n).withdrawn))
    stars = WORLD.all_stars(number)
    at, day = next((at, day) for at, day in stars.withdrawn if at > SECOND)
    before, after = WORLD.stars(number, at - 1)[1], WORLD.stars(number, at)[1]
    changed = {n: before[n] - after[n] for n in range(len(before)) if before[n] != after[n] and n != len(before) - 1}
    assert changed == {day: 1}
    assert day < (at - stars.first) // DAY


def test_a_star_is_withdrawn_later_than_given():
    for number in range(WORLD.repos):
        stars = WORLD.all_stars(number)
        assert all(at >= stars.first + (day + 1) * DAY for at, day in stars.withdrawn)


def test_only_planted_bursts_are_bursts():
    for number in range(WORLD.repos):
        given = WORLD.all_stars(number).given
        is_burst = WORLD.facts(number).plant in {"burst", "bought_burst"}
        days = [
            day
            for day in range(90, len(given))
            if given[day] >= 200 and given[day] > median(given[day - 90 : day]) + 6 * _mad(given[day - 90 : day])
        ]
        moment = (WORLD.facts(number).moment - WORLD.all_stars(number).first) // DAY
        assert (days[:1] == [moment]) if is_burst else (days == [])


def test_the_busiest_quiet_day_is_no_burst():
    facts = replace(WORLD.facts(0), plant="", rate=MOST_STARS_A_DAY, half_life_days=10_000.0)
    for seed in range(5):
        stars = make_stars(random.Random(seed), facts, 0, 1_000 * DAY, range(0, 1_000 * DAY, 9 * DAY))
        assert 100 < max(stars.given) < 200


def _mad(values):
    middle = median(values)
    return median(abs(value - middle) for value in values)


def test_a_bought_burst_is_taken_back_and_a_real_one_stays():
    for plant, share in (("burst", (0.8, 1.0)), ("bought_burst", (0.1, 0.4))):
        number = planted(plant)
        facts, stars = WORLD.facts(number), WORLD.all_stars(number)
        day = (facts.moment - stars.first) // DAY
        kept = WORLD.stars(number, facts.moment + 60 * DAY)[1][day] / stars.given[day]
        assert share[0] <= kept <= share[1]


def test_every_plant_is_in_a_world_of_sixty():
    world = GitHubWorld(3, 60, 4, date(2026, 1, 5))
    assert {world.facts(n).plant for n in range(60)} == {"", *PLANTS.values()}


def test_ids_are_unique_and_rise_with_creation():
    facts = sorted((WORLD.facts(n) for n in range(WORLD.repos)), key=lambda one: one.created)
    assert len({one.id for one in facts}) == WORLD.repos
    assert [one.id // 4096 for one in facts] == sorted(one.id // 4096 for one in facts)
    assert [WORLD.number(one.id) for one in facts] == [one.number for one in facts]
    assert WORLD.number(facts[0].id + 1) is None


def test_renames_lead_on_once_and_twice_until_somebody_takes_the_name():
    twice = planted("renamed_twice")
    assert len(WORLD.names(twice)) == 3
    for at, known in WORLD.names(twice):
        owner, name = known.split("/")
        assert WORLD.find(owner, name.upper(), at) == (twice, False)
        assert WORLD.find(owner, name, at - 1) is None
        assert WORLD.find(owner, name, SECOND) == (twice, known != WORLD.full_name(twice, SECOND))
    left, taken = planted("name_left"), planted("name_taken")
    owner, name = WORLD.names(left)[0][1].split("/")
    moments = (WORLD.facts(left).moment - 1, WORLD.facts(left).moment, WORLD.facts(taken).created)
    assert [WORLD.find(owner, name, at) for at in moments] == [(left, False), (left, True), (taken, False)]


def test_owners_are_renamed_once_and_twice_with_all_they_have():
    chains = {len(WORLD.org_renames(lab)) for lab in range(len(WORLD.labs))}
    assert chains == {0, 1, 2}
    lab = next(lab for lab in range(len(WORLD.labs)) if len(WORLD.org_renames(lab)) == 2)
    number = next(n for n in range(WORLD.repos) if WORLD.facts(n).owner == lab and not WORLD.facts(n).plant)
    owners = [known.split("/")[0] for _, known in WORLD.names(number)]
    assert (
        owners == [WORLD.labs[lab][0], f"{WORLD.labs[lab][0]}-labs", f"{WORLD.labs[lab][0]}-research"][-len(owners) :]
    )
    assert WORLD.account(WORLD.labs[lab][0], SECOND) is None
    assert WORLD.account(owners[-1], SECOND).id == WORLD.account_by_id(WORLD.owner_id(lab), WORLD.start).id


def test_locations_are_as_mixed_as_promised():
    people = People(5, 65 * 100, 1_000, 1)
    found = [people.person(number, 0) for number in range(people.count)]
    kinds = Counter(person.kind for person in found)
    for kind, percent in LOCATION_KINDS.items():
        assert kinds[kind] / len(found) == pytest.approx(percent / 100, abs=0.02), kind
    assert all((person.location is None) == (person.kind == "empty") for person in found)
    assert all(person.country in person.stated for person in found if person.kind in {"plain", "hard", "dirty"})
    assert all(person.stated == () for person in found if person.kind in {"empty", "nowhere", "ambiguous"})
    assert all(len(set(person.stated)) == 2 for person in found if person.kind == "several")
    texts = [person.location for person in found if person.kind == "dirty"]
    assert max(map(len, texts)) == 10_000
    for hostile in ("\u202e", "\x07", "\x00", "\r\n", "<script>"):
        assert any(hostile in text for text in texts), hostile
    assert set(PLAIN) == set(HARD) == set(COUNTRY_SLOTS)


def test_who_lives_where_needs_no_list():
    people = People(5, 65 * 100, 1_000, 1)
    assert all(people.country(someone_in("GE", place), 0) == "GE" for place in range(50))
    assert len({someone_in("US", place) for place in range(500)}) == 500


def test_people_move_rename_themselves_and_leave():
    people, late = WORLD.people, WORLD.start + 8 * 7 * DAY
    moves = people.moves()
    assert len(moves) > 50
    assert all(
        people.country(who, at - 1) == before != after == people.country(who, at) for at, who, before, after in moves
    )
    renamed = next(n for n in range(people.count) if people.renames(n))
    assert people.find(people.login(renamed, 0), late) is None
    assert people.find(people.login(renamed, late), late) == renamed
    gone = next(n for n in range(people.count) if people.is_gone(n, late) and not people.renames(n))
    assert WORLD.account(people.login(gone, late), WORLD.start) is not None
    assert WORLD.account(people.login(gone, late), late) is None


def test_truth_of_stars_agrees_with_itself():
    table = truth.stars_per_day(WORLD, NOW)
    assert (table["given"] - table["withdrawn"] == table["kept"]).all()
    counts = dict(table.group_by("repo_id").agg(pl.col("kept").sum()).iter_rows())
    there = [n for n in range(WORLD.repos) if WORLD.facts(n).created <= SECOND]
    assert counts == {WORLD.facts(n).id: WORLD.star_count(n, SECOND) for n in there}
    taken = truth.withdrawals(WORLD, NOW)
    assert len(taken) == table["withdrawn"].sum() > 0
    per_day = taken.group_by("repo_id", day="star_day").len("lost").join(table, on=["repo_id", "day"])
    assert (per_day["lost"] == per_day["withdrawn"]).all()
    earlier = truth.stars_per_day(WORLD, NOW - timedelta(days=7))
    both = earlier.join(table, on=["repo_id", "day"], suffix="_later").filter(
        pl.col("day") < NOW.date() - timedelta(days=7)
    )
    assert (both["given"] == both["given_later"]).all()
    assert (both["kept"] >= both["kept_later"]).all()


def test_truth_of_countries_counts_every_commit_once():
    table = truth.contributor_countries(WORLD, NOW)
    commits = dict(table.group_by("repo_id").agg(pl.col("commits").sum()).iter_rows())
    expected = {WORLD.facts(n).id: len(WORLD.commits(n, 0, SECOND + 1)) for n in range(WORLD.repos)}
    assert commits == {repo_id: count for repo_id, count in expected.items() if count}
    lab = WORLD.facts(0).owner
    shares = table.group_by("country").agg(pl.col("contributors").sum())
    assert shares.filter(pl.col("country").is_null())["contributors"].item() > 0
    assert {"US", "CN", "GE", "XK"} <= set(shares["country"])
    home = table.filter(pl.col("repo_id") == WORLD.facts(0).id, pl.col("country") == WORLD.labs[lab][1])
    assert len(home) > 0


def test_truth_tells_every_plant_and_every_rename():
    found = truth.events(WORLD)
    kinds = Counter(event.kind for event in found)
    plants = Counter(WORLD.facts(n).plant for n in range(WORLD.repos))
    told = {"renamed": 2, "renamed_twice": 4, "name_left": 2}
    assert kinds["repo_renamed"] == sum(told.values())
    assert kinds["star_burst_bought"] == kinds["star_purge"] == plants["bought_burst"] == 2
    assert kinds["owner_renamed"] > 2
    for plant in ("deleted", "dmca", "blocked", "empty", "too_large", "author_cap", "never_counts", "name_taken"):
        assert kinds[plant] == plants[plant], plant
    assert [event.at for event in found] == sorted(event.at for event in found)
    gone = next(event for event in found if event.kind == "deleted")
    number = WORLD.number(gone.repo_id)
    assert WORLD.repo(number, int(gone.at.timestamp()) - 1) is not None
    assert WORLD.repo(number, int(gone.at.timestamp())) is None


def test_truth_of_people_is_what_profiles_show():
    table = truth.people(WORLD, NOW)
    for row in table.filter(~pl.col("is_gone")).head(300).iter_rows(named=True):
        account = WORLD.account_by_id(row["account_id"], SECOND)
        assert (account.login, account.location) == (row["login"], row["location"])


@pytest.mark.parametrize(("repos", "weeks", "monday"), [(0, 1, 5), (5000, 1, 5), (10, 0, 5), (10, 1, 6)])
def test_impossible_worlds_are_refused(repos, weeks, monday):
    with pytest.raises(UsageError, match="Monday"):
        GitHubWorld(1, repos, weeks, date(2026, 1, monday))


def test_a_large_world_costs_nothing_until_it_is_asked():
    started = time.process_time()
    world = GitHubWorld(1, 4096, 104, date(2026, 1, 5))
    assert world.repo(4000, int(datetime(2027, 12, 1, tzinfo=UTC).timestamp())) is not None
    assert time.process_time() - started < 0.5
