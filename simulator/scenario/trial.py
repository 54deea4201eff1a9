"""A scenario's beginning as a trial for forecasts: its people, one of its cohorts and one of its connections.

Steps and expectations are left aside. Who is in the cohort at the start stays in a list of the same people, so that a
forecast can move them; what the cohort's definition forbids (CAD-3) is forbidden still.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

from simulator.rules.cadence import Cadence, real_time_refusal
from simulator.rules.instants import Instant
from simulator.scenario.acting.stage import WORKSPACE, Crowd, Stage, StepRefused, set_up
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.model.steps.syncs import Sync as SyncStep
from simulator.scenario.runner import RunOptions, settings_of
from simulator.sync.connections import SetupRefused
from simulator.sync.engine import Engine
from simulator.sync.store.records import Sync
from simulator.world import World


def cohort_of(scenario: Scenario) -> str | None:
    """The cohort that a forecast is about if nobody says: the one synced first, or the only one."""
    steps = _syncs(scenario)
    if steps:
        return steps[0].cohort
    return next(iter(scenario.cohorts)) if len(scenario.cohorts) == 1 else None


def connection_of(scenario: Scenario, cohort: str) -> str | None:
    """The connection of a cohort if nobody says: that of its first sync, or the only one."""
    steps = [step for step in _syncs(scenario) if step.cohort == cohort and step.to]
    if steps:
        return steps[0].to
    return next(iter(scenario.connections)) if len(scenario.connections) == 1 else None


def _syncs(scenario: Scenario) -> list[SyncStep]:
    return [step for step in scenario.timeline if isinstance(step, SyncStep)]


class ScenarioTrial:
    """A world of its own, set up as the scenario says. `simulator.sync.forecast` plays in it and closes it."""

    def __init__(
        self, scenario: Scenario, options: RunOptions, cohort: str, connection: str, crowd: Crowd | None = None
    ) -> None:
        self._world = World(settings_of(scenario, options), options.door)
        self.stage: Stage = set_up(scenario, self._world, crowd)
        self.engine: Engine = self._world.engine
        self._connection = connection
        cohorts = self._world.amplitude.cohorts
        self._defined = self.stage.cohort_ids[cohort]
        project = self._project = self.stage.project_of(cohort)
        self._inside = cohorts.members(self._defined, project=project)
        name = f"{cohorts.describe(self._defined, project=project).name} (forecast)"
        self._cohort = cohorts.create_static(name, self._inside, project=project).cohort_id
        store, members = self._world.amplitude.store, set(self._inside)
        everybody = (record.amplitude_id for record in store.users.iterate(store.projects.named(project)))
        self._outside = sorted(each for each in everybody if each not in members)
        self._points = self._world.braze.store.points.total(WORKSPACE)

    @property
    def now(self) -> Instant:
        """The simulated instant."""
        return self._world.clock.now

    def start(self, cadence: Cadence) -> Sync:
        """Save the sync and run it for the first time. Raises SetupRefused (CONN-3, CAD-3)."""
        info = self._world.amplitude.cohorts.source().cohort_info(self._defined)
        refusal = real_time_refusal(len(self._inside), info.real_time_blockers)
        if cadence is Cadence.REAL_TIME and refusal:
            raise SetupRefused(refusal)
        try:
            connection = self.stage.connection_id(self._connection)
        except StepRefused as refused:
            raise SetupRefused(str(refused)) from refused
        return self.engine.create_sync(self._cohort, connection, cadence)

    def inside(self) -> list[int]:
        """amplitude_ids of the members, ascending."""
        return self._inside

    def outside(self) -> list[int]:
        """amplitude_ids of everybody else, ascending."""
        return self._outside

    def move(self, entering: Sequence[int], leaving: Sequence[int]) -> None:
        """Change who is in the cohort, now."""
        if leaving:
            self._world.amplitude.cohorts.remove_members(self._cohort, leaving, project=self._project)
        if entering:
            self._world.amplitude.cohorts.add_members(self._cohort, entering, project=self._project)
        _shift(leaving, self._inside, self._outside)
        _shift(entering, self._outside, self._inside)

    def advance_to(self, instant: Instant) -> None:
        """Let everything happen that is due until then."""
        self._world.agenda.advance_to(instant)

    def busy_answers(self) -> int:
        """How many calls Braze has answered with 429."""
        return sum(each.count for each in self._world.journal.counted(service="braze", status=429))

    def data_points(self) -> int:
        """How many data points Braze has logged since the world was set up (DP-1)."""
        return self._world.braze.store.points.total(WORKSPACE) - self._points

    def close(self) -> None:
        """The world is not needed any more."""
        self._world.close()


def _shift(people: Sequence[int], source: list[int], target: list[int]) -> None:
    """Move people from one sorted list to another."""
    for person in people:
        del source[bisect_left(source, person)]
        insort(target, person)
