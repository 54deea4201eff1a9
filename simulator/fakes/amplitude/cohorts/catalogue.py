"""The list of cohorts: made, renamed, edited, archived and deleted, each with its definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project
from simulator.ids import derive_base36
from simulator.rules.cohorts.definition import Definition, InCohort
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.language.writing import to_language
from simulator.rules.instants import Instant

COHORT_ID_LENGTH = 8

_COLUMNS = (
    "number, project, cohort_id, name, definition, static, description, owners, viewers, published, archived,"
    " deleted_at, created_at, modified_at, renamed_at, computed_at, size, view_count, last_viewed_at"
)


class UnknownCohort(LookupError):
    """No cohort of this id or name exists in the project."""


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
    view_count: int
    last_viewed_at: Instant | None

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
        None if static else from_language(orjson.loads(definition)),
        description,
        tuple(orjson.loads(owners)),
        tuple(orjson.loads(viewers)),
        bool(published),
        bool(archived),
        *rest,
    )


def _packed(definition: Definition | None) -> str:
    return "" if definition is None else orjson.dumps(to_language(definition)).decode()


class Catalogue:
    """The cohort table; small, so all of it is kept in memory as well and read from there."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed
        self._cohorts: dict[int, Cohort] = {}
        self._by_id: dict[tuple[str, str], int] = {}
        self.load()

    def load(self) -> None:
        """Read the table again; after a reset or a reopening."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM amplitude_cohort ORDER BY number")
        self._cohorts = {row[0]: _cohort(row) for row in rows}
        self._by_id = {(each.project, each.cohort_id): each.number for each in self._cohorts.values()}

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
        number = 1 + max(self._cohorts, default=0)
        bound = self._bound(project, definition)
        cohort = Cohort(
            number, project.name, self._new_id(project, number), name, bound, description, tuple(owners), (), published,
            False, None, at, at, None, at if definition is None else None, 0, 0, None,
        )  # fmt: skip
        self._save(cohort)
        return cohort

    def _new_id(self, project: Project, number: int) -> str:
        return derive_base36(self._seed, "amplitude", "cohort", project.name, number, length=COHORT_ID_LENGTH)

    def named(self, project: Project, id_or_name: str) -> Cohort:
        """The cohort of that id, or else the newest one of that name. Raises UnknownCohort."""
        number = self._by_id.get((project.name, id_or_name))
        if number is not None and self._cohorts[number].deleted_at is None:
            return self._cohorts[number]
        found = [each for each in self.of_project(project.name) if each.name == id_or_name]
        if not found:
            raise UnknownCohort(f"there is no cohort {id_or_name!r} in project {project.name}")
        return found[-1]

    def by_id(self, project: str, cohort_id: str) -> Cohort:
        """The cohort of that id, deleted ones left out. Raises UnknownCohort."""
        number = self._by_id.get((project, cohort_id))
        if number is None or self._cohorts[number].deleted_at is not None:
            raise UnknownCohort(f"there is no cohort {cohort_id!r} in project {project}")
        return self._cohorts[number]

    def of_project(self, project: str) -> list[Cohort]:
        """Every cohort that was not deleted, oldest first."""
        return [each for each in self._cohorts.values() if each.project == project and each.deleted_at is None]

    def numbered(self, number: int) -> Cohort:
        """The cohort with this number, deleted or not."""
        return self._cohorts[number]

    def change(self, cohort: Cohort, **changes: Any) -> Cohort:
        """Write some fields of a cohort anew."""
        changed = replace(self._cohorts[cohort.number], **changes)
        self._save(changed)
        return changed

    def resize(self, cohort: Cohort, by: int, computed_at: Instant) -> None:
        """Keep the count of members."""
        now = self._cohorts[cohort.number]
        self._cohorts[cohort.number] = replace(now, size=now.size + by, computed_at=computed_at)
        self._database.execute(
            "UPDATE amplitude_cohort SET size = size + ?, computed_at = ? WHERE number = ?",
            (by, computed_at, cohort.number),
        )

    def _save(self, each: Cohort) -> None:
        self._cohorts[each.number] = each
        self._by_id[(each.project, each.cohort_id)] = each.number
        values = (
            each.number, each.project, each.cohort_id, each.name, _packed(each.definition), int(each.static),
            each.description, orjson.dumps(each.owners).decode(), orjson.dumps(each.viewers).decode(),
            int(each.published), int(each.archived), each.deleted_at, each.created_at, each.modified_at,
            each.renamed_at, each.computed_at, each.size, each.view_count, each.last_viewed_at,
        )  # fmt: skip
        marks = ", ".join("?" * len(values))
        self._database.execute(f"INSERT OR REPLACE INTO amplitude_cohort ({_COLUMNS}) VALUES ({marks})", values)

    def bound(self, project: Project, definition: Definition, of: Cohort | None = None) -> Definition:
        """The definition with other cohorts named by id. Raises CohortRefused for a circle or an unknown one."""
        bound = self._bound(project, definition)
        assert bound is not None
        if of is not None and of.number in self._reached(bound, project.name):
            raise CohortRefused(f"cohort {of.name} would depend on itself")
        return bound

    def _bound(self, project: Project, definition: Definition | None) -> Definition | None:
        if definition is None:
            return None
        try:
            rows = tuple(
                replace(
                    row,
                    clauses=tuple(
                        InCohort(self.named(project, clause.cohort).cohort_id)
                        if isinstance(clause, InCohort)
                        else clause
                        for clause in row.clauses
                    ),
                )
                for row in definition.rows
            )
        except UnknownCohort as error:
            raise CohortRefused(str(error)) from error
        return Definition(rows)

    def _reached(self, definition: Definition, project: str) -> set[int]:
        """Numbers of all cohorts that the definition names, and that those name, and so on."""
        found: set[int] = set()
        waiting = [clause.cohort for clause in definition.clauses() if isinstance(clause, InCohort)]
        while waiting:
            number = self._by_id[(project, waiting.pop())]
            if number in found:
                continue
            found.add(number)
            inner = self._cohorts[number].definition
            if inner is not None:
                waiting += [clause.cohort for clause in inner.clauses() if isinstance(clause, InCohort)]
        return found

    def rank(self, cohort: Cohort) -> int:
        """How many cohorts it rests on: who rests on fewer is computed first."""
        return len(self._reached(cohort.definition, cohort.project)) if cohort.definition is not None else 0


