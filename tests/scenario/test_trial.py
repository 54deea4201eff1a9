"""A scenario's beginning as a trial: who is inside, who may come, and what moving them does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.fakes.faults import Fault
from simulator.rules.cadence import Cadence
from simulator.rules.instants import HOUR_MS, Instant
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.parse import load_text
from simulator.scenario.runner import RunOptions
from simulator.scenario.trial import ScenarioTrial, cohort_of, connection_of

TEXT = """scenario: Three people, two of them openers
people:
  ida: {user_id: ida-1001, events: [app_opened]}
  ann: {user_id: ann-1001, events: [app_opened]}
  noor: {user_id: noor-1001}
connections: {known: [user_id], devices: [device_id]}
cohorts:
  openers: {performed: app_opened, within: 7d}
  everybody: {people: [ida, ann, noor]}
steps:
  - sync: {cohort: openers, to: known}
expect: {profiles_created: 0}
"""


@pytest.fixture
def scenario() -> Scenario:
    return load_text(TEXT)[0]


@pytest.fixture
def trial(scenario: Scenario) -> Iterator[ScenarioTrial]:
    made = ScenarioTrial(scenario, RunOptions(), "openers", "known")
    yield made
    made.close()


def names(trial: ScenarioTrial, people: list[int]) -> set[str]:
    return {trial.stage.person_name(each) for each in people}


def test_the_cohort_and_connection_are_those_that_the_file_syncs_first(scenario: Scenario) -> None:
    assert ("openers", "known") == (cohort_of(scenario), connection_of(scenario, "openers"))
    assert connection_of(scenario, "everybody") is None


def test_without_a_sync_only_a_single_cohort_is_clear() -> None:
    text = TEXT.replace("  - sync: {cohort: openers, to: known}\n", "  - advance: 1h\n")

    assert cohort_of(load_text(text)[0]) is None
    assert "openers" == cohort_of(load_text(text.replace("  everybody: {people: [ida, ann, noor]}\n", ""))[0])


def test_members_are_inside_and_everybody_else_may_come(trial: ScenarioTrial) -> None:
    assert ({"ida", "ann"}, {"noor"}) == (names(trial, trial.inside()), names(trial, trial.outside()))


def test_a_move_reaches_braze_with_the_next_run(trial: ScenarioTrial) -> None:
    sync = trial.start(Cadence.HOURLY)
    before = trial.data_points()
    ida, noor = (trial.stage.cast[name].amplitude_ids[0] for name in ("ida", "noor"))
    trial.move([noor], [ida])
    trial.advance_to(Instant(trial.now + HOUR_MS))

    assert ({"noor", "ann"}, {"ida"}) == (names(trial, trial.inside()), names(trial, trial.outside()))
    assert [(2, 0), (1, 1)] == [(run.added, run.removed) for run in trial.engine.runs(sync.id)]
    # DP-1: two added by the first run; one added and one removed by the second.
    assert (2, 4, 0) == (before, trial.data_points(), trial.busy_answers())


def test_calls_that_braze_is_too_busy_for_are_counted(trial: ScenarioTrial) -> None:
    assert 0 == trial.busy_answers()
    trial.stage.world.faults.add(Fault(operation="changeCohortUsers", answer=429, times=2))
    trial.start(Cadence.HOURLY)
    trial.advance_to(Instant(trial.now + HOUR_MS))

    assert 2 == trial.busy_answers()
