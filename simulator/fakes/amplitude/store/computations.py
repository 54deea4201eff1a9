"""Computations that somebody defined in Amplitude: rows of a project, found by id or by the name of their value.

Amplitude, Computations: they are offered in the US region only.
"""

from __future__ import annotations

from simulator.database import Database
from simulator.fakes.amplitude.projects import US, Project
from simulator.ids import derive_base36
from simulator.rules.cohorts.computations import Computation, Formula, InvalidComputation
from simulator.rules.instants import Instant


class ComputationExists(ValueError):
    """Another computation of the project has that name."""


class Computations:
    """Definitions only; what they come to is worked out whenever somebody asks."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed

    def define(self, project: Project, computation: Computation, at: Instant) -> str:
        """Save one; its id looks like `t14bqib`. Raises InvalidComputation, ComputationExists."""
        wanted = computation.checked()
        if project.region != US:
            raise InvalidComputation(f"computations are for projects in the US; {project.name} is in the EU")
        with self._database.transaction():
            known = self.all(project)
            if any(each.name == wanted.name for each in known.values()):
                raise ComputationExists(f"a computation named {wanted.name!r} exists; give this one another name")
            comp_id = derive_base36(self._seed, "amplitude", project.name, "computation", len(known), length=7)
            self._database.execute(
                "INSERT INTO amplitude_computation (project, comp_id, name, formula, event, event_property, within_ms,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    project.name, comp_id, wanted.name, wanted.formula, wanted.event, wanted.event_property,
                    wanted.within_ms, at,
                ),
            )  # fmt: skip
        return comp_id

    def all(self, project: Project) -> dict[str, Computation]:
        """By id, oldest first."""
        rows = self._database.rows(
            "SELECT comp_id, name, formula, event, event_property, within_ms FROM amplitude_computation"
            " WHERE project = ? ORDER BY rowid",
            (project.name,),
        )
        return {
            comp_id: Computation(
                name=name, formula=Formula(formula), event=event, event_property=event_property, within_ms=within_ms
            )
            for comp_id, name, formula, event, event_property, within_ms in rows
        }
