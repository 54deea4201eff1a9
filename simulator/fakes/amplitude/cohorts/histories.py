"""Loads what the judge needs to know of people, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.events import Events, StoredEvent
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
    )


class Histories:
    """Users and their events as the judge reads them; whoever was merged into somebody is part of that person."""

    def __init__(self, users: Users, events: Events) -> None:
        self._users = users
        self._events = events

    def load(self, project: Project, amplitude_ids: Collection[int], wanted: Needs) -> list[History]:
        """The histories of these people (canonical ids), ascending; ids of nobody are left out."""
        records = self._users.by_amplitude_id(project, amplitude_ids)
        merged = self._users.merged_ids(list(records))
        anonymous = self._users.by_amplitude_id(project, [i for ids in merged.values() for i in ids]) if merged else {}
        names = None if wanted.every_event else wanted.event_names
        found = self._events.of_users(list(records), names) if names is None or names else {}
        inactive = self._events.inactive_types(project) if wanted.every_event else frozenset()
        histories = []
        for amplitude_id, record in records.items():
            others = merged.get(amplitude_id, ())
            firsts = [record.first_event_at, *(anonymous[i].first_event_at for i in others)]
            histories.append(
                History(
                    amplitude_id,
                    record.user_id,
                    record.device_id,
                    record.all_properties() if wanted.properties else {},
                    [_event(stored, wanted, inactive) for stored in found.get(amplitude_id, ())],
                    min((first for first in firsts if first is not None), default=None),
                    frozenset(others),
                )
            )
        return histories


def _event(stored: StoredEvent, wanted: Needs, inactive: frozenset[str]) -> Event:
    return Event(
        Instant(stored.time),
        stored.event_type,
        stored.properties() if wanted.event_properties else {},
        {**stored.extra(), **stored.stamped()} if wanted.stamps else {},
        stored.event_type not in inactive,
    )
