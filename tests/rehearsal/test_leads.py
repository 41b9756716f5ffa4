"""The judge of crossovers: what was planted has to be found where it truly happened, and only there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dagster_project.rehearsal.judge import leads
from dagster_project.rehearsal.run import make_world
from dagster_project.rehearsal.truth.oracle import Truth


@pytest.mark.parametrize(("seed", "happened"), [(21, {"S2"}), (47, {"S1", "S2"})])
def test_a_planted_crossover_is_asked_for_in_the_scopes_in_which_it_came_true(seed, happened):
    """In the small world of seed 21 one of the two labs has hardly any models of other tasks to lead with."""
    world = make_world(2000, 60, dirt=True, seed=seed)
    weeks = [world.first_week + timedelta(weeks=number) for number in range(60)]
    verdicts = {verdict.measure: verdict for verdict in leads._planted([], Truth(world), weeks)}
    assert set(verdicts) == {
        f"planted crossover, {level}, {scope}" for level in ("lab", "country") for scope in ("S1", "S2")
    }
    missed = {measure for measure, verdict in verdicts.items() if verdict.error}
    assert missed == {f"planted crossover, lab, {scope}" for scope in happened} | {
        f"planted crossover, country, {scope}" for scope in ("S1", "S2")
    }
