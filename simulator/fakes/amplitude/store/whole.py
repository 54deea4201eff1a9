"""Amplitude's whole store: its tables side by side, and the reads that need several of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project, Projects
from simulator.fakes.amplitude.store.events import Events, StoredEvent
from simulator.fakes.amplitude.store.relations import Relations
from simulator.fakes.amplitude.store.users import PAGE, UserRecord, Users
from simulator.rules.cohorts.history import Event, History
from simulator.rules.instants import Instant


class AmplitudeStore:
    """Everything one Amplitude remembers. Amplitude ids that go in are canonical unless a method says otherwise."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.projects = Projects(database, seed)
        self.users = Users(database)
        self.events = Events(database)
        self.relations = Relations(database)

    def histories(
        self, project: Project, amplitude_ids: Collection[int], event_types: Collection[str] | None = None
    ) -> list[History]:
        """What cohorts judge people by: current properties and events, merged ids' events included (ID-5).

        By ascending amplitude_id; ids that are unknown or were merged into somebody else are left out. `event_types`
        narrows the events, never `first_event_at`.
        """
        records = self.users.by_amplitude_id(project, amplitude_ids)
        present = [each for each in records.values() if each.merged_into is None]
        return self.histories_of(project, present, event_types)

    def histories_of(
        self, project: Project, records: Collection[UserRecord], event_types: Collection[str] | None = None
    ) -> list[History]:
        """The same for records already read."""
        ids = [each.amplitude_id for each in records]
        merged = self.users.merged_ids(ids)
        inactive = self.events.inactive_types(project)
        events = self.events.of_users(ids, event_types)
        firsts = self._first_events(merged)
        histories = []
        for record in records:
            number = record.amplitude_id
            own = [each for each in (record.first_event_at, firsts.get(number)) if each is not None]
            histories.append(
                History(
                    amplitude_id=number,
                    user_id=record.user_id,
                    device_id=record.device_id,
                    properties=record.all_properties(),
                    events=tuple(_event(each, inactive) for each in events.get(number, ())),
                    first_event_at=min(own) if own else None,
                    merged_ids=frozenset(merged.get(number, ())),
                )
            )
        return histories

    def _first_events(self, merged: dict[int, list[int]]) -> dict[int, Instant]:
        if not merged:
            return {}
        rows = self.database.rows(
            "SELECT merged_into, min(first_event_at) FROM amplitude_user WHERE merged_into IN"
            f" ({', '.join('?' * len(merged))}) AND first_event_at IS NOT NULL GROUP BY merged_into",
            list(merged),
        )
        return dict(rows)

    def history_pages(
        self, project: Project, event_types: Collection[str] | None = None, size: int = PAGE
    ) -> Iterator[list[History]]:
        """Everybody in the project, a page at a time, by ascending amplitude_id."""
        for page in self.users.pages(project, size=size):
            yield self.histories_of(project, page, event_types)


def _event(stored: StoredEvent, inactive: frozenset[str]) -> Event:
    return Event(
        at=stored.time,
        name=stored.event_type,
        properties=stored.properties(),
        user_properties=stored.stamped(),
        active=stored.event_type not in inactive,
    )
