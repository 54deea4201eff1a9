"""Loads what the judge needs to know of people, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.events import Events, StoredEvent
from simulator.fakes.amplitude.store.placed import PROPENSITY, Placed
from simulator.fakes.amplitude.store.relations import Relations
from simulator.fakes.amplitude.store.users import Users
from simulator.rules.cohorts.definition import Definition, Needs, needs
from simulator.rules.cohorts.history import Event, History
from simulator.rules.instants import Instant
from simulator.rules.switches import RuleSet


def needs_of(definitions: Iterable[Definition], rules: RuleSet) -> Needs:
    """What several definitions need together."""
    stamped = rules.property_most_recently == "latest_active_event"
    each = [needs(definition, stamped_properties=stamped) for definition in definitions]
    return Needs(
        event_names=frozenset[str]().union(*(one.event_names for one in each)),
        event_properties=any(one.event_properties for one in each),
        stamps=any(one.stamps for one in each),
        properties=any(one.properties for one in each),
        cohorts=frozenset[str]().union(*(one.cohorts for one in each)),
        predictions=frozenset[str]().union(*(one.predictions for one in each)),
    )


class Histories:
    """Users and their events as the judge reads them; whoever was merged into somebody is part of that person.

    Whoever is mapped to somebody (ID-6) stays a person of their own, and what they did counts for both, unless the
    switch `mapped_users` says otherwise.
    """

    def __init__(self, users: Users, events: Events, relations: Relations, placed: Placed) -> None:
        self._users = users
        self._events = events
        self._relations = relations
        self._placed = placed

    def load(
        self, project: Project, amplitude_ids: Collection[int], wanted: Needs, *, joined: bool = True
    ) -> list[History]:
        """The histories of these people (canonical ids), ascending; ids of nobody are left out.

        `joined`: the events of mapped users are among those of the user they are mapped to.
        """
        records = self._users.by_amplitude_id(project, amplitude_ids)
        sources = self._relations.sources(project, records) if joined else {}
        everybody = sorted({*records, *(each for ids in sources.values() for each in ids)})
        merged = self._users.merged_ids(everybody)
        beside = self._users.by_amplitude_id(
            project, [*(i for ids in merged.values() for i in ids), *(i for i in everybody if i not in records)]
        )
        names = None if wanted.every_event else wanted.event_names
        found = self._events.of_users(everybody, names) if names is None or names else {}
        inactive = self._events.inactive_types(project) if wanted.every_event else frozenset()
        percentiles = self._percentiles(project, records, wanted)
        histories = []
        for amplitude_id, record in records.items():
            own = [amplitude_id, *sources.get(amplitude_id, ())]
            events = [stored for each in own for stored in found.get(each, ())]
            if len(own) > 1:
                events.sort(key=lambda stored: (stored.time, stored.sequence))
            parts = [i for each in own for i in (each, *merged.get(each, ()))]
            firsts = [(records.get(i) or beside[i]).first_event_at for i in parts]
            histories.append(
                History(
                    amplitude_id,
                    record.user_id,
                    record.device_id,
                    record.all_properties() if wanted.properties else {},
                    [_event(stored, wanted, inactive) for stored in events],
                    min((first for first in firsts if first is not None), default=None),
                    frozenset(merged.get(amplitude_id, ())),
                    percentiles.get(amplitude_id, {}),
                )
            )
        return histories

    def _percentiles(
        self, project: Project, amplitude_ids: Collection[int], wanted: Needs
    ) -> dict[int, dict[str, float]]:
        if not wanted.predictions:
            return {}
        placed = self._placed.of(project, PROPENSITY, amplitude_ids, wanted.predictions)
        return {
            person: {
                prediction: float(percentile)
                for prediction, value in values.items()
                if isinstance(percentile := value.get("pct"), int | float)
            }
            for person, values in placed.items()
        }


def _event(stored: StoredEvent, wanted: Needs, inactive: frozenset[str]) -> Event:
    return Event(
        Instant(stored.time),
        stored.event_type,
        stored.properties() if wanted.event_properties else {},
        stamps_of(stored) if wanted.stamps else {},
        stored.event_type not in inactive,
    )


def stamps_of(stored: StoredEvent) -> dict[str, object]:
    """The user properties that an event carried, its ids among them."""
    return {**stored.extra(), **stored.stamped(), "user_id": stored.user_id, "device_id": stored.device_id}
