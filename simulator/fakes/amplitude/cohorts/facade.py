"""What the Amplitude application lets its user do with cohorts: make, rename, edit, archive, delete, move people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulator.clock import SimClock
from simulator.database import Database
from simulator.fakes.amplitude.cohorts.catalogue import Catalogue, Cohort, CohortRefused
from simulator.fakes.amplitude.cohorts.feed import CohortSource
from simulator.fakes.amplitude.cohorts.histories import Histories
from simulator.fakes.amplitude.cohorts.keeper import Keeper
from simulator.fakes.amplitude.cohorts.members import Members
from simulator.fakes.amplitude.projects import Project, Projects
from simulator.fakes.amplitude.store.events import Events
from simulator.fakes.amplitude.store.placed import Placed
from simulator.fakes.amplitude.store.relations import Relations
from simulator.fakes.amplitude.store.users import Users
from simulator.ledger import Ledger
from simulator.rules.cohorts.defaults import DEFAULT_COHORTS, OWNER
from simulator.rules.cohorts.definition import Definition, StaticIds
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.people import is_static, people_named
from simulator.rules.instants import Instant
from simulator.rules.switches import RuleSet

Written = Definition | Mapping[str, object]
"""A definition, or one as the scenario language writes it."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What cohorts stand on."""

    database: Database
    ledger: Ledger
    clock: SimClock
    seed: int
    projects: Projects
    users: Users
    events: Events
    relations: Relations
    placed: Placed


class Cohorts:
    """The cohorts of all projects. Register `due_work` with the agenda and `users_changed` with the intake."""

    def __init__(self, stores: Stores, rules: RuleSet) -> None:
        self._database = stores.database
        self._ledger = stores.ledger
        self._clock = stores.clock
        self._projects = stores.projects
        self._users = stores.users
        self.catalogue = Catalogue(stores.database, stores.seed)
        self.members_table = Members(stores.database)
        self.due_work = Keeper(
            stores.database,
            stores.ledger,
            stores.projects,
            stores.users,
            stores.relations,
            Histories(stores.users, stores.events, stores.relations, stores.placed),
            self.catalogue,
            self.members_table,
            rules,
        )

    def users_changed(self, project: Project, amplitude_ids: Sequence[int], at: Instant) -> None:
        """Tell that these users are no longer what they were; called inside the transaction that changed them."""
        self.due_work.users_changed(project, amplitude_ids, at)

    def activity_changed(self, project: Project, at: Instant) -> None:
        """Tell that an event type now makes people active, or does so no longer."""
        self.due_work.activity_changed(project, at)

    def use_rules(self, rules: RuleSet) -> None:
        """Read the documents differently from now on; who is in a cohort is worked out anew."""
        self.due_work.rules = rules
        now = self._clock.now
        with self._database.transaction():
            for project in self._projects.all():
                for cohort in self.catalogue.kept_up(project.name):
                    self.due_work.recompute(project, cohort, now)

    def source(self) -> CohortSource:
        """What a sync engine reads of all projects."""
        return CohortSource(self._projects, self._clock, self.catalogue, self.members_table, self.due_work, self._users)

    # --- cohorts -----------------------------------------------------------------------------------

    def create(
        self,
        name: str,
        definition: Written,
        *,
        project: str = "main",
        owners: Sequence[str] = (),
        published: bool = True,
        description: str = "",
    ) -> Cohort:
        """Make a cohort. One that only lists people is static: its list is kept, and changed by hand.

        Names of people must be bound to ids first. Raises CohortRefused, DefinitionError.
        """
        read = _read(definition)
        with self._database.transaction():
            if not is_static(read):
                cohort = self.catalogue.create(
                    self._projects.named(project), name, read, self._clock.now, owners=owners, published=published,
                    description=description,
                )  # fmt: skip
                self._tell("cohort_created", cohort)
                return cohort
            ids = self._listed(self._projects.named(project), read)
            return self.create_static(
                name, ids, project=project, owners=owners, published=published, description=description
            )

    def make_defaults(self, project: str) -> None:
        """Make the cohorts that a fresh project begins with; nobody has computed them."""
        for name, definition in DEFAULT_COHORTS.items():
            self.create(name, definition, project=project, owners=(OWNER,))

    def create_static(
        self,
        name: str,
        amplitude_ids: Iterable[int],
        *,
        project: str = "main",
        owners: Sequence[str] = (),
        published: bool = True,
        description: str = "",
    ) -> Cohort:
        """Make a cohort of these people. Raises CohortRefused."""
        now = self._clock.now
        with self._database.transaction():
            cohort = self.catalogue.create(
                self._projects.named(project), name, None, now, owners=owners, published=published,
                description=description,
            )  # fmt: skip
            self._tell("cohort_created", cohort)
            self.due_work.put_in(cohort, amplitude_ids, now, logged=False)
        return self.catalogue.numbered(cohort.number)

    def rename(self, cohort: str, name: str, *, project: str = "main") -> Cohort:
        """Give a cohort another name; who is in does not change. Raises UnknownCohort, CohortRefused."""
        if not name.strip():
            raise CohortRefused("a cohort needs a name")
        now = self._clock.now
        return self._change(project, cohort, "cohort_renamed", name=name, renamed_at=now)

    def edit(self, cohort: str, definition: Written, *, project: str = "main") -> Cohort:
        """Give a cohort another definition; who comes or goes by it does so at once, if it was computed.

        Raises UnknownCohort, CohortRefused, DefinitionError.
        """
        now = self._clock.now
        place = self._projects.named(project)
        read = _read(definition)
        with self._database.transaction():
            before = self.catalogue.find(project, cohort)
            if is_static(read) != before.static:
                raise CohortRefused(f"cohort {before.name} cannot turn from a list into a definition or back")
            if before.static:
                self._relist(before, self._listed(place, read), now)
                return self._change(project, before.cohort_id, "cohort_edited")
            self.due_work.catch_up(now)
            bound = self.catalogue.bound(place, read, before)
            changed = self._change(project, before.cohort_id, "cohort_edited", definition=bound)
            return changed if changed.computed_at is None else self.due_work.recompute(place, changed, now)

    def archive(self, cohort: str, archived: bool = True, *, project: str = "main") -> Cohort:
        """Put a cohort away or take it out again; its syncs and its members are untouched (inferred)."""
        return self._change(project, cohort, "cohort_archived" if archived else "cohort_restored", archived=archived)

    def delete(self, cohort: str, *, project: str = "main") -> None:
        """Delete a cohort. Raises UnknownCohort, CohortRefused while another cohort names it."""
        with self._database.transaction():
            found = self.catalogue.find(project, cohort)
            resting = [other.name for other in self.catalogue.of_project(project) if self._rests_on(other, found)]
            if resting:
                raise CohortRefused(f"cohort {found.name} is part of the definition of {', '.join(resting)}")
            self._change(project, found.cohort_id, "cohort_deleted", deleted_at=self._clock.now)
            self.due_work.forget(found)

    def describe(self, cohort: str, *, project: str = "main") -> Cohort:
        """The cohort of that id or name, as it stands. Raises UnknownCohort."""
        return self.catalogue.find(project, cohort)

    def all(self, project: str = "main") -> list[Cohort]:
        """Every cohort that was not deleted, oldest first."""
        return self.catalogue.of_project(project)

    # --- people ------------------------------------------------------------------------------------

    def members(self, cohort: str, *, project: str = "main") -> list[int]:
        """amplitude_ids of everybody who is in now, ascending. Raises UnknownCohort."""
        found = self.compute(cohort, project=project)
        return [person for page in self.members_table.pages(found) for person in page]

    def compute(self, cohort: str, *, project: str = "main") -> Cohort:
        """Compute a cohort if nobody has yet, and bring it up to now. Raises UnknownCohort."""
        found = self.catalogue.find(project, cohort)
        return self.due_work.compute(self._projects.named(project), found, self._clock.now)

    def cohorts_of(self, amplitude_id: int, *, project: str = "main") -> list[tuple[Cohort, Instant]]:
        """The computed cohorts that a person is in now, and since when."""
        self.due_work.catch_up(self._clock.now)
        found = self.members_table.cohorts_of([amplitude_id])
        cohorts = [(self.catalogue.numbered(number), people[amplitude_id]) for number, people in found.items()]
        return [(cohort, since) for cohort, since in cohorts if cohort.project == project]

    def add_members(self, cohort: str, amplitude_ids: Iterable[int], *, project: str = "main") -> Cohort:
        """Put people into a static cohort by hand. Raises UnknownCohort, CohortRefused for one with a definition."""
        with self._database.transaction():
            found = self._list_of(cohort, project)
            self.due_work.put_in(found, amplitude_ids, self._clock.now)
        return self.catalogue.numbered(found.number)

    def remove_members(self, cohort: str, amplitude_ids: Iterable[int], *, project: str = "main") -> Cohort:
        """Take people out of a static cohort. Raises UnknownCohort, CohortRefused for one with a definition."""
        with self._database.transaction():
            found = self._list_of(cohort, project)
            self.due_work.take_out(found, amplitude_ids, self._clock.now)
        return self.catalogue.numbered(found.number)

    def replace_members(self, cohort: str, amplitude_ids: Iterable[int], *, project: str = "main") -> Cohort:
        """Make a static cohort hold exactly these people. Raises UnknownCohort, CohortRefused."""
        with self._database.transaction():
            found = self._list_of(cohort, project)
            self._relist(found, amplitude_ids, self._clock.now)
        return self.catalogue.numbered(found.number)

    def _relist(self, cohort: Cohort, amplitude_ids: Iterable[int], now: Instant) -> None:
        wanted = set(amplitude_ids)
        present = {person for page in self.members_table.pages(cohort) for person in page}
        self.due_work.take_out(cohort, sorted(present - wanted), now)
        self.due_work.put_in(cohort, sorted(wanted - present), now)

    def _list_of(self, cohort: str, project: str) -> Cohort:
        found = self.catalogue.find(project, cohort)
        if not found.static:
            raise CohortRefused(f"cohort {found.name} has a definition; who is in follows from what people do")
        return found

    def _listed(self, project: Project, definition: Definition) -> list[int]:
        """The users of a list of ids that exist; a merged one is whoever it became."""
        numbers: set[int] = set()
        names: set[str] = set()
        for clause in definition.clauses():
            if isinstance(clause, StaticIds):
                numbers |= clause.amplitude_ids
                names |= clause.user_ids
        found = set(self._users.canonical(project, sorted(numbers)).values())
        return sorted(found | {each.amplitude_id for each in self._users.by_user_id(project, sorted(names)).values()})

    @staticmethod
    def _rests_on(other: Cohort, cohort: Cohort) -> bool:
        clauses = () if other.definition is None else other.definition.clauses()
        return any(getattr(clause, "cohort", None) == cohort.cohort_id for clause in clauses)

    def _change(self, project: str, cohort: str, event: str, **changes: object) -> Cohort:
        with self._database.transaction():
            found = self.catalogue.find(project, cohort)
            changed = self.catalogue.change(found, modified_at=self._clock.now, **changes)
            self._tell(event, changed)
        return changed

    def _tell(self, event: str, cohort: Cohort) -> None:
        self._ledger.write(
            self._clock.now,
            room="amplitude",
            event=event,
            cohort=cohort.cohort_id,
            detail={"name": cohort.name, "project": cohort.project},
        )


def _read(definition: Written) -> Definition:
    read = definition if isinstance(definition, Definition) else from_language(definition)
    named = people_named(read)
    if named:
        raise CohortRefused(f"{', '.join(named)}: bind people to ids before making a cohort of them")
    return read
