"""The list of cohorts: made, renamed, edited, archived and deleted, each with its definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project
from simulator.feeds import UnknownCohort
from simulator.ids import derive_base36
from simulator.rules.cohorts.definition import Clause, Definition, InCohort
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.language.writing import to_language
from simulator.rules.instants import Instant

COHORT_ID_LENGTH = 8

_COLUMNS = (
    "number, project, cohort_id, name, definition, static, description, owners, viewers, published, archived,"
    " deleted_at, created_at, modified_at, renamed_at, computed_at, size"
)


class CohortRefused(ValueError):
    """A cohort cannot be made or changed like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """One cohort. `definition` is None for a static one, whose members are listed and not derived.

    `computed_at` is None until somebody first asked who is in: Amplitude computes lazily (COHORT-3).
    """

    number: int
    project: str
    cohort_id: str
    name: str
    definition: Definition | None
    description: str
    owners: tuple[str, ...]
    viewers: tuple[str, ...]
    published: bool
    archived: bool
    deleted_at: Instant | None
    created_at: Instant
    modified_at: Instant
    renamed_at: Instant | None
    computed_at: Instant | None
    size: int

    @property
    def static(self) -> bool:
        """Whether its members are a list that is changed by hand."""
        return self.definition is None


def _cohort(row: Sequence[Any]) -> Cohort:
    number, project, cohort_id, name, definition, static, description, owners, viewers, published, archived, *rest = row
    return Cohort(
        number,
        project,
        cohort_id,
        name,
        None if static else _definition(definition),
        description,
        tuple(orjson.loads(owners)),
        tuple(orjson.loads(viewers)),
        bool(published),
        bool(archived),
        *rest,
    )


@lru_cache(maxsize=512)
def _definition(text: str) -> Definition:
    return from_language(orjson.loads(text))


def _packed(definition: Definition | None) -> str:
    return "" if definition is None else orjson.dumps(to_language(definition)).decode()


class Catalogue:
    """The cohort table. Nothing is remembered outside it, so a rolled back transaction leaves nothing stale."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed

    def create(
        self,
        project: Project,
        name: str,
        definition: Definition | None,
        at: Instant,
        *,
        owners: Sequence[str] = (),
        published: bool = True,
        description: str = "",
    ) -> Cohort:
        """Add a cohort; nobody is in it before it is computed or somebody is put in. Raises CohortRefused."""
        if not name.strip():
            raise CohortRefused("a cohort needs a name")
        bound = None if definition is None else self.bound(project, definition)
        with self._database.transaction():
            number = 1 + int(self._database.value("SELECT coalesce(max(number), 0) FROM amplitude_cohort"))
            cohort_id = derive_base36(self._seed, "amplitude", "cohort", project.name, number, length=COHORT_ID_LENGTH)
            cohort = Cohort(
                number, project.name, cohort_id, name, bound, description, tuple(owners), (), published, False,
                None, at, at, None, at if definition is None else None, 0,
            )  # fmt: skip
            self._save(cohort)
        return cohort

    def find(self, project: str, id_or_name: str) -> Cohort:
        """The cohort of that id, or else the newest one of that name. Raises UnknownCohort."""
        found = self._select(
            "project = ? AND deleted_at IS NULL AND (cohort_id = ? OR name = ?)"
            " ORDER BY cohort_id = ? DESC, number DESC",
            (project, id_or_name, id_or_name, id_or_name),
        )
        if not found:
            raise UnknownCohort(f"there is no cohort {id_or_name!r} in project {project}")
        return found[0]

    def by_id(self, project: str, cohort_id: str) -> Cohort:
        """The cohort of that id, deleted ones left out. Raises UnknownCohort."""
        found = self._select("project = ? AND deleted_at IS NULL AND cohort_id = ?", (project, cohort_id))
        if not found:
            raise UnknownCohort(f"there is no cohort {cohort_id!r} in project {project}")
        return found[0]

    def anywhere(self, cohort_id: str) -> Cohort:
        """The cohort of that id, whatever its project. Raises UnknownCohort."""
        found = self._select("cohort_id = ? AND deleted_at IS NULL", (cohort_id,))
        if not found:
            raise UnknownCohort(f"there is no cohort {cohort_id!r}")
        return found[0]

    def of_project(self, project: str) -> list[Cohort]:
        """Every cohort that was not deleted, oldest first."""
        return self._select("project = ? AND deleted_at IS NULL ORDER BY number", (project,))

    def kept_up(self, project: str) -> list[Cohort]:
        """The cohorts whose members follow from what people do, and were computed once; bases before dependents."""
        found = self._select(
            "project = ? AND deleted_at IS NULL AND static = 0 AND computed_at IS NOT NULL ORDER BY number", (project,)
        )
        return sorted(found, key=self.rank) if any(_named(each.definition) for each in found) else found

    def numbered(self, number: int) -> Cohort:
        """The cohort with this number, deleted or not."""
        return self._select("number = ?", (number,))[0]

    def change(self, cohort: Cohort, **changes: Any) -> Cohort:
        """Write some fields of a cohort anew."""
        with self._database.transaction():
            changed = replace(self.numbered(cohort.number), **changes)
            self._save(changed)
        return changed

    def resize(self, cohort: Cohort, by: int, computed_at: Instant) -> None:
        """Keep the count of members and the instant of the newest computation."""
        self._database.execute(
            "UPDATE amplitude_cohort SET size = size + ?, computed_at = max(?, coalesce(computed_at, 0))"
            " WHERE number = ?",
            (by, computed_at, cohort.number),
        )

    def bound(self, project: Project, definition: Definition, of: Cohort | None = None) -> Definition:
        """The definition with other cohorts named by id. Raises CohortRefused for a circle or an unknown one."""

        def by_id(clause: Clause) -> Clause:
            return (
                InCohort(self.find(project.name, clause.cohort).cohort_id) if isinstance(clause, InCohort) else clause
            )

        try:
            rows = (replace(row, clauses=tuple(map(by_id, row.clauses))) for row in definition.rows)
            bound = Definition(tuple(rows))
        except UnknownCohort as error:
            raise CohortRefused(str(error)) from error
        if of is not None and of.cohort_id in self._reached(bound, project.name):
            raise CohortRefused(f"cohort {of.name} would depend on itself")
        return bound

    def rank(self, cohort: Cohort) -> int:
        """How many cohorts it rests on; whoever rests on fewer is computed first."""
        return len(self._reached(cohort.definition, cohort.project))

    def _reached(self, definition: Definition | None, project: str) -> set[str]:
        """Ids of all cohorts that the definition names, and that those name, and so on."""
        found: set[str] = set()
        waiting = list(_named(definition))
        while waiting:
            cohort_id = waiting.pop()
            if cohort_id not in found:
                found.add(cohort_id)
                rows = self._select("project = ? AND cohort_id = ?", (project, cohort_id))
                waiting += [name for row in rows for name in _named(row.definition)]
        return found

    def _select(self, condition: str, parameters: Sequence[object]) -> list[Cohort]:
        query = f"SELECT {_COLUMNS} FROM amplitude_cohort WHERE {condition}"
        return [_cohort(row) for row in self._database.rows(query, parameters)]

    def _save(self, each: Cohort) -> None:
        values = (
            each.number, each.project, each.cohort_id, each.name, _packed(each.definition), int(each.static),
            each.description, orjson.dumps(each.owners).decode(), orjson.dumps(each.viewers).decode(),
            int(each.published), int(each.archived), each.deleted_at, each.created_at, each.modified_at,
            each.renamed_at, each.computed_at, each.size,
        )  # fmt: skip
        marks = ", ".join("?" * len(values))
        self._database.execute(f"INSERT OR REPLACE INTO amplitude_cohort ({_COLUMNS}) VALUES ({marks})", values)


def _named(definition: Definition | None) -> tuple[str, ...]:
    clauses = () if definition is None else definition.clauses()
    return tuple(clause.cohort for clause in clauses if isinstance(clause, InCohort))
