"""Values that Amplitude's models would work out and a test puts in place: recommendations, computations, propensity."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.users import json_list
from simulator.rules.instants import Instant

RECOMMENDATION = "recommendation"
COMPUTATION = "computation"
PROPENSITY = "propensity"
PROFILE_COHORT = "profile_cohort"
"""A cohort that has a sync to the Profile API; placed for nobody in particular."""
NOBODY = 0


class Placed:
    """One value per project, kind, name and user."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self, project: Project, kind: str, name: str, amplitude_id: int, value: Mapping[str, object], at: Instant
    ) -> None:
        """Put a value in place or replace it."""
        self._database.execute(
            "INSERT OR REPLACE INTO amplitude_placed (project, kind, name, amplitude_id, value, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (project.name, kind, name, amplitude_id, orjson.dumps(value).decode(), at),
        )

    def of(
        self, project: Project, kind: str, amplitude_ids: Collection[int], names: Collection[str] | None = None
    ) -> dict[int, dict[str, dict[str, object]]]:
        """Values by user and name; `names` narrows them."""
        narrowed = "" if names is None else " AND p.name IN (SELECT value FROM json_each(?))"
        parameters = [json_list(amplitude_ids), project.name, kind]
        rows = self._database.rows(
            "SELECT p.amplitude_id, p.name, p.value, p.updated_at FROM json_each(?) j CROSS JOIN amplitude_placed p"
            f" ON p.amplitude_id = j.value WHERE p.project = ? AND p.kind = ?{narrowed}"
            " ORDER BY p.amplitude_id, p.name",
            parameters if names is None else [*parameters, json_list(names)],
        )
        found: dict[int, dict[str, dict[str, object]]] = {}
        for amplitude_id, name, value, updated_at in rows:
            found.setdefault(amplitude_id, {})[name] = {**orjson.loads(value), "updated_at": updated_at}
        return found

    def computed(
        self, project: Project, amplitude_ids: Collection[int], properties: Collection[str] | None = None
    ) -> dict[int, dict[str, object]]:
        """Computed properties by user, under the names of the properties; `properties` narrows them."""
        found: dict[int, dict[str, object]] = {}
        for amplitude_id, values in self.of(project, COMPUTATION, amplitude_ids).items():
            for value in values.values():
                name = str(value["property"])
                if properties is None or name in properties:
                    found.setdefault(amplitude_id, {})[name] = value["value"]
        return found

    def names(self, project: Project, kinds: Collection[str] = (COMPUTATION, RECOMMENDATION)) -> frozenset[str]:
        """Under which names anybody has a placed value: the property of a computation, the id of anything else."""
        rows = self._database.rows(
            "SELECT DISTINCT coalesce(json_extract(value, '$.property'), name) FROM amplitude_placed"
            " WHERE project = ? AND kind IN (SELECT value FROM json_each(?))",
            (project.name, json_list(list(kinds))),
        )
        return frozenset(row[0] for row in rows)

    def profile_cohorts(self, project: Project) -> frozenset[str]:
        """Ids of the cohorts that are synced to the Profile API."""
        return frozenset(self.of(project, PROFILE_COHORT, [NOBODY]).get(NOBODY, {}))

    def erase(self, project: Project, amplitude_ids: Collection[int]) -> None:
        """Forget what was placed for these users."""
        self._database.execute(
            "DELETE FROM amplitude_placed WHERE project = ? AND amplitude_id IN (SELECT value FROM json_each(?))",
            (project.name, json_list(amplitude_ids)),
        )
