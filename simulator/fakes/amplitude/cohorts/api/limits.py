"""What may be asked of the cohort API how often, counted in the store so that a restart forgets nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from simulator.database import Database
from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.projects import Project
from simulator.rules.instants import MINUTE_MS, Instant, from_datetime, to_datetime

DOWNLOADS_A_MONTH = 500
REQUESTS_IN_TEN_MINUTES = 60
EXPORTS_AT_ONCE = 4
"""Jobs asked for in the last minute that are not ready yet."""
IDS_IN_A_REQUEST = 100_000
MEMBERS_TO_DOWNLOAD = 2_000_000


class CohortLimits:
    """Counts requests of one cohort. `on` False lets everything through and still counts."""

    def __init__(self, database: Database, on: bool) -> None:
        self._database = database
        self.on = on
        self._busy: set[int] = set()
        self._guard = threading.Lock()

    def refusal(self, project: Project, at: Instant) -> str:
        """Why no cohort may be requested now, in words for the 429; empty when one may."""
        if not self.on:
            return ""
        if self.used_this_month(project, at) >= DOWNLOADS_A_MONTH:
            return f"{DOWNLOADS_A_MONTH} cohort downloads per month"
        if self._since(project, Instant(at - 10 * MINUTE_MS)) >= REQUESTS_IN_TEN_MINUTES:
            return f"{REQUESTS_IN_TEN_MINUTES} cohort requests per 10 minutes"
        running = self._database.value(
            "SELECT count(*) FROM amplitude_cohort_export WHERE project = ? AND asked_at > ? AND ready_at > ?",
            (project.name, at - MINUTE_MS, at),
        )
        return f"{EXPORTS_AT_ONCE} parallel cohort requests per minute" if running >= EXPORTS_AT_ONCE else ""

    def count(self, project: Project, at: Instant) -> None:
        """One more request was taken."""
        self._database.execute("INSERT INTO amplitude_cohort_call (project, at) VALUES (?, ?)", (project.name, at))

    def used_this_month(self, project: Project, at: Instant) -> int:
        """Requests since the first of the month, UTC."""
        return self._since(project, Instant(month_begin(at) - 1))

    def _since(self, project: Project, after: Instant) -> int:
        query = "SELECT count(*) FROM amplitude_cohort_call WHERE project = ? AND at > ?"
        return int(self._database.value(query, (project.name, after)))

    # --- one writer at a time ------------------------------------------------------------------------

    def hold(self, cohort: Cohort, until: Instant) -> None:
        """Somebody else writes this cohort until then: every other writer is refused."""
        self._database.execute(
            "INSERT OR REPLACE INTO amplitude_cohort_lock (cohort, until) VALUES (?, ?)", (cohort.number, until)
        )

    def held(self, cohort: Cohort, at: Instant) -> bool:
        """Whether somebody else writes this cohort now."""
        query = "SELECT 1 FROM amplitude_cohort_lock WHERE cohort = ? AND until > ?"
        return self._database.value(query, (cohort.number, at)) is not None

    @contextmanager
    def writing(self, cohort: Cohort, at: Instant) -> Iterator[bool]:
        """Take the cohort's lock for one call; False when another call has it."""
        with self._guard:
            free = cohort.number not in self._busy and not self.held(cohort, at)
            if free:
                self._busy.add(cohort.number)
        try:
            yield free
        finally:
            if free:
                with self._guard:
                    self._busy.discard(cohort.number)


def month_begin(at: Instant) -> Instant:
    """The first instant of the UTC month."""
    moment = to_datetime(at)
    return from_datetime(datetime(moment.year, moment.month, 1, tzinfo=UTC))


def next_month(at: Instant) -> Instant:
    """The first instant of the UTC month after."""
    moment = to_datetime(at)
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return from_datetime(datetime(year, month, 1, tzinfo=UTC))
