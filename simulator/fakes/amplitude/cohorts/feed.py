"""What a sync reads of a cohort: its name, its size, and who came and went since a point of the change log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.clock import SimClock
from simulator.fakes.amplitude.cohorts.catalogue import Catalogue
from simulator.fakes.amplitude.cohorts.keeper import Keeper
from simulator.fakes.amplitude.cohorts.members import Members
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.users import Users
from simulator.feeds import ChangeFeed, CohortInfo
from simulator.rules.cohorts.definition import real_time_blockers
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import Instant

PAGE = 1_000


class CohortSource:
    """One project's cohorts, asked for changes and never for members."""

    def __init__(
        self, project: Project, clock: SimClock, catalogue: Catalogue, members: Members, keeper: Keeper, users: Users
    ) -> None:
        self._project = project
        self._clock = clock
        self._catalogue = catalogue
        self._members = members
        self._keeper = keeper
        self._users = users

    def cohort_info(self, cohort_id: str) -> CohortInfo:
        """Name and kind; counts nobody. Raises UnknownCohort."""
        cohort = self._catalogue.by_id(self._project.name, cohort_id)
        blockers = () if cohort.definition is None else real_time_blockers(cohort.definition)
        return CohortInfo(cohort.cohort_id, cohort.name, cohort.created_at, blockers)

    def size(self, cohort_id: str) -> int:
        """Members now. Raises UnknownCohort."""
        cohort = self._catalogue.by_id(self._project.name, cohort_id)
        return self._keeper.compute(self._project, cohort, self._clock.now).size

    def changes(self, cohort_id: str, since: str | None, at: Instant) -> ChangeFeed:
        """The net changes after `since`; the whole cohort when `since` is None. Raises UnknownCohort.

        People are read as the iterator is drawn, with the properties they have then; who is among them was settled
        by this call.
        """
        cohort = self._keeper.compute(self._project, self._catalogue.by_id(self._project.name, cohort_id), at)
        cursor = self._members.last_change()
        if since is None:
            return ChangeFeed(str(cursor), self._people(self._members.pages_at(cohort, cursor)), ())
        entered, left = self._members.net_changes(cohort, int(since), cursor)
        pages = (entered[start : start + PAGE] for start in range(0, len(entered), PAGE))
        return ChangeFeed(str(cursor), self._people(pages), left)

    def users(self, amplitude_ids: Sequence[int]) -> list[AmplitudeUser]:
        """The people of these ids that still exist and were not merged into others, ascending."""
        return self._users.people(self._project, sorted(set(amplitude_ids)))

    def _people(self, pages: Iterator[list[int]]) -> Iterator[AmplitudeUser]:
        for page in pages:
            yield from self._users.people(self._project, page)
