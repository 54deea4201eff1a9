"""Works out the computations of people, from the same histories that cohorts are judged by (TRAIT-1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from simulator.fakes.amplitude.cohorts.histories import Histories
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.computations import Computations
from simulator.rules.cohorts.computations import Computation, computed
from simulator.rules.cohorts.definition import ANY_EVENT, Needs
from simulator.rules.instants import Instant
from simulator.rules.switches import RuleSet

EVERYTHING = Needs(
    event_names=frozenset({ANY_EVENT}), event_properties=True, stamps=False, properties=False, cohorts=frozenset()
)
"""Who is active in a range is seen from all of their events."""


class Computed:
    """Values at an instant; nothing is kept."""

    def __init__(self, definitions: Computations, histories: Histories, rules: Callable[[], RuleSet]) -> None:
        self._definitions = definitions
        self._histories = histories
        self._rules = rules

    def values(
        self, project: Project, amplitude_ids: Collection[int], at: Instant, wanted: Mapping[str, Computation]
    ) -> dict[int, dict[str, object]]:
        """What these computations come to by person and by the key of `wanted`; who has no value is left out."""
        if not wanted:
            return {}
        whole_days = self._rules().rolling_window == "whole_days"
        found: dict[int, dict[str, object]] = {}
        for person in self._histories.load(project, amplitude_ids, EVERYTHING):
            for key, computation in wanted.items():
                value = computed(computation, person, at, whole_days)
                if value is not None:
                    found.setdefault(person.amplitude_id, {})[key] = value
        return found

    def named(self, project: Project, names: Collection[str]) -> dict[str, Computation]:
        """The project's computations of these names, by name."""
        return {each.name: each for each in self._definitions.all(project).values() if each.name in names}

    def by_id(self, project: Project, ids: Collection[str] | None) -> dict[str, Computation]:
        """The project's computations of these ids, by id; all of them for None."""
        known = self._definitions.all(project)
        return {comp_id: each for comp_id, each in known.items() if ids is None or comp_id in ids}
