"""Profiles without events for 14 months lose their properties, at the very instant (INGEST-3)."""

from __future__ import annotations

from simulator.fakes.amplitude.ingestion.intake import Intake
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.users import UserRecord
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.ledger import Entry, Ledger
from simulator.rules.instants import Instant


class Lapses:
    """Due work. Events stay as they are, with the properties that they were stamped with."""

    name = "profiles without events"

    def __init__(self, store: AmplitudeStore, intake: Intake, ledger: Ledger) -> None:
        self._store = store
        self._intake = intake
        self._ledger = ledger

    def next_due(self) -> Instant | None:
        """When the next profile loses its properties."""
        return self._store.users.next_lapse()

    def run_due(self, at: Instant) -> None:
        """Take the properties of every profile whose time has come, and tell whoever keeps cohorts."""
        for project in self._store.projects.all():
            while lapsed := self._store.users.lapsed(project, at):
                with self._store.database.transaction():
                    self._take(project, lapsed, at)

    def unfinished(self) -> bool:
        """Nobody waits fourteen months for this."""
        return False

    def _take(self, project: Project, lapsed: list[UserRecord], at: Instant) -> None:
        entries = []
        for record in lapsed:
            names = ", ".join(sorted(record.all_properties()))
            entries.append(Entry(str(record.amplitude_id), "", None, "properties_lost", ("INGEST-3",), names))
            record.properties, record.built_in, record.lapses_at = {}, {}, None
        self._store.users.save(project, lapsed)
        self._ledger.write(at, room="amplitude", event="properties_lost", entries=entries)
        self._intake.tell(project, [record.amplitude_id for record in lapsed], at)
