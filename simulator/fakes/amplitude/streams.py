"""What a sync engine reads of Amplitude besides cohorts: people with traits, and everything that is taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from simulator.fakes.amplitude.cohorts.computed import Computed
from simulator.fakes.amplitude.ingestion.reading import BUILT_IN_FIELDS
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.events import StoredEvent
from simulator.fakes.amplitude.store.placed import RECOMMENDATION
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.feeds import IngestedEvent
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import Instant


class IngestedEvents:
    """Ingestion of one project, followed from a sequence number (STREAM-1)."""

    def __init__(self, store: AmplitudeStore, project: Project) -> None:
        self._store = store
        self._project = project

    def last_sequence(self) -> int:
        """The newest sequence number, 0 before the first event."""
        return self._store.events.last_sequence(self._project)

    def events(self, after: int, limit: int) -> list[IngestedEvent]:
        """Up to `limit` events and identify calls whose sequence is greater than `after`, ascending."""
        return [_ingested(each) for each in self._store.events.after(self._project, after, limit)]


def _ingested(event: StoredEvent) -> IngestedEvent:
    extra = event.extra()
    built_in = {name: extra[name] for name in sorted(extra.keys() & BUILT_IN_FIELDS)}
    changed: list[str] = orjson.loads(event.changed) if event.changed else []
    return IngestedEvent(
        sequence=event.sequence,
        at=event.uploaded_at,
        event_type=event.event_type,
        event_time=event.time,
        user=AmplitudeUser(event.amplitude_id, event.user_id, event.device_id, {**built_in, **event.stamped()}),
        event_properties=event.properties(),
        changed_user_properties=frozenset(changed),
        insert_id=event.insert_id or "",
    )


class TraitPeople:
    """People of one project with the values that trait, computation and recommendation syncs carry (TRAIT-1)."""

    def __init__(self, store: AmplitudeStore, project: Project, computed: Computed) -> None:
        self._store = store
        self._project = project
        self._computed = computed

    def unknown(self, names: Sequence[str]) -> list[str]:
        """The names that are neither a computation nor a recommendation of the project."""
        known = self._computed.named(self._project, names).keys() | self._store.placed.names(self._project)
        return [name for name in names if name not in known]

    def people(
        self, active_since: Instant, at: Instant, properties: Sequence[str], computations: Sequence[str]
    ) -> Iterator[AmplitudeUser]:
        """People active at or after `active_since`, by ascending amplitude_id, with the chosen values they have.

        A value that a test put in place goes over what its computation comes to.
        """
        defined = self._computed.named(self._project, computations)
        for page in self._store.users.active_pages(self._project, active_since):
            numbers = [each.amplitude_id for each in page]
            placed = self._store.placed.computed(self._project, numbers, computations) if computations else {}
            worked_out = self._computed.values(self._project, numbers, at, defined)
            recommended = (
                self._store.placed.of(self._project, RECOMMENDATION, numbers, computations) if computations else {}
            )
            for record in page:
                own = record.all_properties()
                values = {name: own[name] for name in properties if name in own}
                for name, value in recommended.get(record.amplitude_id, {}).items():
                    values[name] = value.get("items")
                values |= worked_out.get(record.amplitude_id, {}) | placed.get(record.amplitude_id, {})
                yield AmplitudeUser(record.amplitude_id, record.user_id, record.device_id, values)
