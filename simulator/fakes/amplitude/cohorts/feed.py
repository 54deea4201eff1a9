"""What a sync reads of a cohort: its name, its size, and who came and went since a point of the change log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from simulator.clock import SimClock
from simulator.fakes.amplitude.cohorts.catalogue import Catalogue, Cohort
from simulator.fakes.amplitude.cohorts.keeper import Keeper
from simulator.fakes.amplitude.cohorts.members import Members
from simulator.fakes.amplitude.projects import Project, Projects
from simulator.fakes.amplitude.store.users import Users
from simulator.feeds import ChangeFeed, CohortInfo
from simulator.rules.cohorts.definition import real_time_blockers
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import Instant

PAGE = 1_000


class CohortSource:
    """The cohorts of every project, asked for changes and never for members."""

    def __init__(
        self, projects: Projects, clock: SimClock, catalogue: Catalogue, members: Members, keeper: Keeper, users: Users
    ) -> None:
        self._projects = projects
        self._clock = clock
        self._catalogue = catalogue
        self._members = members
        self._keeper = keeper
        self._users = users

    def cohort_info(self, cohort_id: str) -> CohortInfo:
        """Name and kind; counts nobody. Raises UnknownCohort."""
        cohort = self._catalogue.anywhere(cohort_id)
        blockers = () if cohort.definition is None else real_time_blockers(cohort.definition)
        return CohortInfo(cohort.cohort_id, cohort.name, cohort.created_at, blockers, cohort.project)

    def size(self, cohort_id: str) -> int:
        """Members now. Raises UnknownCohort."""
        return self._computed(cohort_id, self._clock.now)[1].size

    def changes(self, cohort_id: str, since: str | None, at: Instant) -> ChangeFeed:
        """The net changes after `since`; the whole cohort when `since` is None. Raises UnknownCohort.

        People are read as the iterator is drawn, with the properties they have then; who is among them was settled
        by this call.
        """
        project, cohort = self._computed(cohort_id, at)
        cursor = self._members.last_change()
        if since is None:
            return ChangeFeed(str(cursor), self._people(project, self._members.pages_at(cohort, cursor)), ())
        entered, left = self._members.net_changes(cohort, int(since), cursor)
        pages = (entered[start : start + PAGE] for start in range(0, len(entered), PAGE))
        return ChangeFeed(str(cursor), self._people(project, pages), left)

    def users(self, amplitude_ids: Sequence[int]) -> list[AmplitudeUser]:
        """The people of these ids that still exist and were not merged into others, ascending."""
        wanted = sorted(set(amplitude_ids))
        found = [self._users.people(project, wanted) for project in self._projects.all()] if wanted else []
        return sorted(chain.from_iterable(found), key=lambda user: user.amplitude_id)

    def _computed(self, cohort_id: str, at: Instant) -> tuple[Project, Cohort]:
        cohort = self._catalogue.anywhere(cohort_id)
        project = self._projects.named(cohort.project)
        return project, self._keeper.compute(project, cohort, at)

    def _people(self, project: Project, pages: Iterator[list[int]]) -> Iterator[AmplitudeUser]:
        return chain.from_iterable(self._users.people(project, page) for page in pages)
