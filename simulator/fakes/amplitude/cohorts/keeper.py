"""Keeps every computed cohort's members true: after each change of a person, and when a window lets somebody go.

Who is in is decided by `rules.cohorts.membership` alone. An event costs the people it touches; a window costs the
people whose time has come. All writes happen inside the transaction of their cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice

from simulator.database import Database
from simulator.fakes.amplitude.cohorts import bulk
from simulator.fakes.amplitude.cohorts.catalogue import Catalogue, Cohort
from simulator.fakes.amplitude.cohorts.histories import Histories, needs_of
from simulator.fakes.amplitude.cohorts.members import Members, Move
from simulator.fakes.amplitude.projects import Project, Projects
from simulator.fakes.amplitude.store.relations import Relations
from simulator.fakes.amplitude.store.users import Users
from simulator.ledger import Ledger, Strip
from simulator.rules.cohorts.definition import ANY_ACTIVE_EVENT
from simulator.rules.cohorts.history import History
from simulator.rules.cohorts.membership import ResolveCohort, is_member, next_change
from simulator.rules.instants import Instant, format_instant
from simulator.rules.switches import RuleSet

PAGE = 1_000
BULK_FROM = 5_000
"""From so many people at once a plain count is worked out anew in one statement."""


class Keeper:
    """Membership of all cohorts of all projects. As `DueWork` it makes rolling windows let people go."""

    name = "amplitude cohorts"

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        projects: Projects,
        users: Users,
        relations: Relations,
        histories: Histories,
        catalogue: Catalogue,
        members: Members,
        rules: RuleSet,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._projects = projects
        self._users = users
        self._relations = relations
        self._histories = histories
        self._catalogue = catalogue
        self._members = members
        self.rules = rules

    # --- DueWork -----------------------------------------------------------------------------------

    def next_due(self) -> Instant | None:
        """When somebody may leave or enter with no event."""
        return self._members.next_due()

    def run_due(self, at: Instant) -> None:
        """Look again at everybody whose time has come."""
        self.catch_up(at)

    def unfinished(self) -> bool:
        """Windows only ever repeat; nothing is waited for."""
        return False

    def catch_up(self, at: Instant) -> None:
        """Bring every cohort up to `at`, each person judged at the very instant that was due."""
        first = self._members.first_due()
        if first is None or first > at:
            return
        with self._database.transaction():
            while due := self._members.due(at, PAGE):
                if len(due) == PAGE and self._catch_up_in_bulk(at):
                    continue
                by_project: dict[str, dict[int, tuple[Instant, list[int]]]] = {}
                for person, (due_at, numbers) in due.items():
                    project_name = self._catalogue.numbered(numbers[0]).project
                    by_project.setdefault(project_name, {})[person] = (due_at, numbers)
                for project_name, people in by_project.items():
                    targets: dict[int, set[int]] = {}
                    for person, (_, numbers) in people.items():
                        for number in numbers:
                            targets.setdefault(number, set()).add(person)
                    instants = {person: due_at for person, (due_at, _) in people.items()}
                    self._evaluate(self._projects.named(project_name), targets, instants, at, ("COHORT-2",))

    def _catch_up_in_bulk(self, at: Instant) -> bool:
        """Work a plain count with thousands of dues out anew in one statement; False when there is none."""
        for project in self._projects.all():
            for cohort in self._catalogue.kept_up(project.name):
                if self._plain(cohort) is not None and self._members.count_due(cohort, at) >= BULK_FROM:
                    self._recompute_plain(cohort, at, first=False, rules=("COHORT-2",))
                    self._dependents_anew(project, cohort, at)
                    return True
        return False

    # --- what people do ----------------------------------------------------------------------------

    def users_changed(self, project: Project, amplitude_ids: Sequence[int], at: Instant) -> None:
        """Judge these people again. Ids that were merged or erased leave every cohort."""
        if not self._catalogue.of_project(project.name):
            return
        with self._database.transaction():
            self.catch_up(at)
            canonical = self._users.canonical(project, amplitude_ids)
            gone = {person: canonical.get(person) for person in amplitude_ids if canonical.get(person) != person}
            if gone:
                self._move_out(project, gone, at)
            present = [person for person, reads_as in canonical.items() if person == reads_as]
            present = self._with_targets(project, present)
            kept_up = self._catalogue.kept_up(project.name)
            if len(present) >= BULK_FROM:
                plain = [cohort for cohort in kept_up if self._plain(cohort) is not None]
                for cohort in plain:
                    self._recompute_plain(cohort, at, first=False)
                kept_up = [cohort for cohort in kept_up if cohort not in plain]
            for page in _pages(present):
                targets = {cohort.number: set(page) for cohort in kept_up}
                self._evaluate(project, targets, dict.fromkeys(page, at), at, ("COHORT-1",))

    def _with_targets(self, project: Project, people: Sequence[int]) -> list[int]:
        """These people and, where events of mapped users count for both, everybody they are mapped to."""
        if self.rules.mapped_users == "apart" or not self._relations.any_mapped(project):
            return list(people)
        records = self._users.by_amplitude_id(project, people).values()
        user_ids = [each.user_id for each in records if each.user_id is not None]
        return sorted({*people, *self._relations.targets(project, user_ids)})

    def activity_changed(self, project: Project, at: Instant) -> None:
        """An event type makes people active, or does so no longer: judge anew wherever that is looked at."""
        with self._database.transaction():
            self.catch_up(at)
            for cohort in self._catalogue.kept_up(project.name):
                if cohort.definition and ANY_ACTIVE_EVENT in needs_of([cohort.definition], self.rules).event_names:
                    self.recompute(project, cohort, at)

    def _move_out(self, project: Project, gone: Mapping[int, int | None], at: Instant) -> None:
        """Merged and erased users leave; a list that held a merged one goes on with whom they turned out to be."""
        for number, people in self._members.cohorts_of(gone.keys()).items():
            cohort = self._catalogue.numbered(number)
            self._leave(cohort, [Move(person, at) for person in people], at, ("ID-5",), "merged or erased")
            if cohort.static:
                heirs = {heir for person in people if (heir := gone[person]) is not None}
                self.put_in(cohort, sorted(heirs), at, rules=("ID-5",))
        self._members.forget_dues_of(gone.keys())

    # --- computing ---------------------------------------------------------------------------------

    def compute(self, project: Project, cohort: Cohort, at: Instant) -> Cohort:
        """Make sure that a cohort was computed (lazily, COHORT-3) and is up to `at`; those it rests on go first."""
        self.catch_up(at)
        if cohort.static or cohort.computed_at is not None:
            return self._catalogue.numbered(cohort.number)
        return self.recompute(project, cohort, at, first=True)

    def recompute(self, project: Project, cohort: Cohort, at: Instant, *, first: bool = False) -> Cohort:
        """Judge everybody anew, for the first time or after the definition changed."""
        assert cohort.definition is not None
        with self._database.transaction():
            for named in needs_of([cohort.definition], self.rules).cohorts:
                self.compute(project, self._catalogue.by_id(project.name, named), at)
            self._catalogue.resize(cohort, 0, at)
            if self._plain(cohort) is not None:
                self._recompute_plain(cohort, at, first=first)
            else:
                self._members.forget_dues(cohort)
                for page in bulk.everybody(self._database, project, PAGE):
                    self._evaluate(
                        project, {cohort.number: set(page)}, dict.fromkeys(page, at), at, ("COHORT-1",),
                        logged=not first, onward=False,
                    )  # fmt: skip
            if not first:  # before its first computation nobody could depend on it and be computed
                self._dependents_anew(project, cohort, at)
        return self._catalogue.numbered(cohort.number)

    def _dependents_anew(self, project: Project, cohort: Cohort, at: Instant) -> None:
        for other in self._catalogue.kept_up(project.name):
            if other.definition and cohort.cohort_id in needs_of([other.definition], self.rules).cohorts:
                self.recompute(project, other, at)

    def _plain(self, cohort: Cohort) -> bulk.PlainCount | None:
        return None if cohort.definition is None else bulk.plain_count(cohort.definition, self.rules)

    def _recompute_plain(
        self, cohort: Cohort, at: Instant, *, first: bool, rules: tuple[str, ...] = ("COHORT-1",)
    ) -> None:
        count = self._plain(cohort)
        assert count is not None
        joined = self.rules.mapped_users == "joined"
        sources = self._relations.sources(self._projects.named(cohort.project)) if joined else {}
        bulk.fill_wanted(self._database, cohort, count, at, sources)
        if first:
            bulk.enter_first(self._database, cohort, at)
            for people in bulk.wanted_pages(self._database, PAGE):
                self._catalogue.resize(cohort, len(people), at)
                self._write("entered", cohort, [Move(person, at) for person in people], at, rules, "")
        else:
            for people in bulk.leaving(self._database, cohort, PAGE):
                self._leave(cohort, [Move(person, at) for person in people], at, rules)
            for people in bulk.entering(self._database, cohort, PAGE):
                self._enter(cohort, [Move(person, at) for person in people], at, rules)
        bulk.take_dues(self._database, cohort)

    def _evaluate(
        self,
        project: Project,
        targets: Mapping[int, set[int]],
        instants: Mapping[int, Instant],
        at: Instant,
        rules: tuple[str, ...],
        *,
        logged: bool = True,
        onward: bool = True,
    ) -> None:
        """Judge people for cohorts, bases first; whoever moves is judged for the cohorts that rest on that one.

        `targets` are people by cohort number, `instants` the instant at which each of them is judged.
        """
        numbers = set(targets)
        cohorts = [
            each
            for each in (self._catalogue.kept_up(project.name) if onward else map(self._catalogue.numbered, numbers))
            if onward or each.number in numbers
        ]
        definitions = [each.definition for each in cohorts if each.definition is not None]
        joined = self.rules.mapped_users == "joined"
        histories = self._histories.load(project, instants.keys(), needs_of(definitions, self.rules), joined=joined)
        moved: dict[str, set[int]] = {}
        for cohort in cohorts:
            if cohort.definition is None:
                continue
            bases = needs_of([cohort.definition], self.rules).cohorts
            concerned = targets.get(cohort.number, set()).union(*(moved.get(base, set()) for base in bases))
            if not concerned:
                continue
            resolve = self._resolver(project, bases, concerned)
            entered, left, dues = self._judge(
                cohort, [h for h in histories if h.amplitude_id in concerned], instants, resolve
            )
            vanished = concerned - dues.keys()
            self._members.set_due(cohort, {**dues, **dict.fromkeys(vanished)})
            self._leave(cohort, left, at, rules)
            self._enter(cohort, entered, at, rules, logged=logged)
            moved[cohort.cohort_id] = {move.amplitude_id for move in (*entered, *left)}

    def _judge(
        self, cohort: Cohort, histories: Sequence[History], instants: Mapping[int, Instant], resolve: ResolveCohort
    ) -> tuple[list[Move], list[Move], dict[int, Instant | None]]:
        assert cohort.definition is not None
        inside = self._members.inside(cohort, [history.amplitude_id for history in histories])
        entered: list[Move] = []
        left: list[Move] = []
        dues: dict[int, Instant | None] = {}
        for history in histories:
            person = history.amplitude_id
            instant = instants[person]
            belongs = is_member(cohort.definition, history, instant, resolve, self.rules)
            if belongs != (person in inside):
                (entered if belongs else left).append(Move(person, instant))
            dues[person] = next_change(cohort.definition, history, instant, self.rules)
        return entered, left, dues

    def _resolver(self, project: Project, bases: Collection[str], people: Collection[int]) -> ResolveCohort:
        """Answers "is this person in that cohort" from the member rows, which are up to date by then."""
        inside = {
            base: self._members.inside(self._catalogue.by_id(project.name, base), people) for base in sorted(bases)
        }
        return lambda cohort, amplitude_id, at: amplitude_id in inside[cohort]

    def forget(self, cohort: Cohort) -> None:
        """A deleted cohort has no members and nothing due; those that rested on it stay as they were."""
        self._members.forget_dues(cohort)
        self._members.forget_members(cohort)

    # --- moving people -----------------------------------------------------------------------------

    def put_in(
        self,
        cohort: Cohort,
        amplitude_ids: Iterable[int],
        at: Instant,
        rules: tuple[str, ...] = ("COHORT-3",),
        *,
        logged: bool = True,
    ) -> None:
        """Add people to a static cohort; those already in stay as they are. A new cohort's first ones need no log."""
        self._by_hand(cohort, amplitude_ids, (), at, rules, logged=logged)

    def take_out(self, cohort: Cohort, amplitude_ids: Iterable[int], at: Instant) -> None:
        """Remove people from a static cohort; those not in are passed over."""
        self._by_hand(cohort, (), amplitude_ids, at, ("COHORT-3",))

    def _by_hand(
        self,
        cohort: Cohort,
        enter: Iterable[int],
        leave: Iterable[int],
        at: Instant,
        rules: tuple[str, ...],
        *,
        logged: bool = True,
    ) -> None:
        with self._database.transaction():
            self.catch_up(at)
            moved: set[int] = set()
            for page in _pages(enter):
                new = sorted(set(page) - self._members.inside(cohort, page))
                self._enter(cohort, [Move(person, at) for person in new], at, rules, logged=logged)
                moved.update(new if logged else ())
            for page in _pages(leave):
                old = sorted(self._members.inside(cohort, page))
                self._leave(cohort, [Move(person, at) for person in old], at, rules)
                moved.update(old)
            self._resting_on(cohort, moved, at)

    def _resting_on(self, cohort: Cohort, moved: Collection[int], at: Instant) -> None:
        project = self._projects.named(cohort.project)
        dependents = [
            other
            for other in self._catalogue.kept_up(cohort.project)
            if other.definition and cohort.cohort_id in needs_of([other.definition], self.rules).cohorts
        ]
        for page in _pages(sorted(moved) if dependents else ()):
            targets = {other.number: set(page) for other in dependents}
            self._evaluate(project, targets, dict.fromkeys(page, at), at, ("COHORT-1",))

    def _enter(
        self, cohort: Cohort, moves: Sequence[Move], at: Instant, rules: tuple[str, ...], *, logged: bool = True
    ) -> None:
        if moves:
            self._members.enter(cohort, moves, logged=logged)
            self._catalogue.resize(cohort, len(moves), at)
            self._write("entered", cohort, moves, at, rules, "")

    def _leave(
        self, cohort: Cohort, moves: Sequence[Move], at: Instant, rules: tuple[str, ...], note: str = ""
    ) -> None:
        if moves:
            self._members.leave(cohort, moves)
            self._catalogue.resize(cohort, -len(moves), at)
            self._write("left", cohort, moves, at, rules, note)

    def _write(
        self, event: str, cohort: Cohort, moves: Sequence[Move], at: Instant, rules: tuple[str, ...], note: str
    ) -> None:
        self._ledger.write(
            at,
            room="amplitude",
            event=event,
            cohort=cohort.cohort_id,
            strips=[
                Strip("", "", event, rules, note or _when(when, at), persons=[person for person, _ in together])
                for when, together in groupby(moves, lambda move: move.at)
            ],
            detail={"name": cohort.name, "project": cohort.project},
        )


def _when(when: Instant, at: Instant) -> str:
    """A word about the instant, where it is not that of the page."""
    return "" if when == at else f"at {format_instant(when)}"


def _pages(people: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(people)
    while page := list(islice(iterator, PAGE)):
        yield page
