"""The one way into Amplitude's store: events, identify calls and seeded people all pass through `Intake.take`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.ingestion.windows import SlidingCount
from simulator.fakes.amplitude.ingestion.working_set import WorkingSet, is_name
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project, Projects
from simulator.fakes.amplitude.store.events import Events, Kind, NewEvent
from simulator.fakes.amplitude.store.users import UserRecord, Users, packed
from simulator.ledger import Entry, Ledger
from simulator.rules.ingestion import server_device_id
from simulator.rules.instants import HOUR_MS, Instant
from simulator.rules.switches import RuleSet
from simulator.rules.user_properties import apply, changed, lapses_at, update_built_in

_NOTHING: Mapping[str, object] = {}
UsersChanged = Callable[[Project, Sequence[int], Instant], None]
"""Called inside the transaction of what changed: the project, canonical and merged amplitude ids, and when."""


class Incoming(NamedTuple):
    """One event or identify call on its way in, validated and tidied."""

    kind: Kind
    event_type: str
    time: int
    user_id: str | None
    device_id: str | None
    insert_id: str | None = None
    session_id: int = -1
    event_properties: Mapping[str, object] = _NOTHING
    user_properties: Mapping[str, object] | None = None
    built_in: Mapping[str, object] = _NOTHING
    fields: Mapping[str, object] = _NOTHING
    skip_sync: bool = False
    operations: bool = True
    """Whether `$set` and its like in `user_properties` are operations or plain names."""
    silent: bool = False
    """Leaves no row behind: a seeded person without events."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: the amplitude_id of each call in order (0 for a duplicate), and the users concerned."""

    amplitude_ids: list[int]
    duplicates: int
    touched: list[int]


class Intake:
    """Deduplicates, resolves identities, applies properties, writes, and tells whoever keeps cohorts."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        projects: Projects,
        users: Users,
        events: Events,
        rules: RuleSet,
        settings: AmplitudeSettings,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._projects = projects
        self._users = users
        self._events = events
        self.rules = rules
        self._settings = settings
        self._updates: SlidingCount[int] = SlidingCount(HOUR_MS)
        self.listeners: list[UsersChanged] = []

    def take(
        self, project: Project, calls: Sequence[Incoming], at: Instant, *, request: str = "", limited: bool = True
    ) -> Taken:
        """Take a batch in as a whole. `limited` applies the hourly limit on property updates per user."""
        lapse = lapses_at(at)
        server_made = self.rules.server_device_id == "on"
        device_ids = [_device_of(call, server_made) for call in calls]
        with self._database.transaction():
            duplicates = self._duplicates(project, calls, device_ids, at)
            working = self._load(project, calls, device_ids)
            rows: list[NewEvent] = []
            owners: list[int] = []
            for index, (call, device_id) in enumerate(zip(calls, device_ids, strict=True)):
                if index in duplicates:
                    owners.append(0)
                    continue
                record = working.owner(call.user_id, device_id, at)
                owners.append(record.amplitude_id)
                row = self._one(working, record, call, device_id, at, lapse, limited)
                if not call.silent:
                    rows.append(row)
            working.save(self._projects, self._users)
            self._events.add(project, rows)
            if working.entries:
                self._ledger.write(at, room="amplitude", event="identity", entries=working.entries, request=request)
            touched = sorted(working.touched)
            self.tell(project, touched, at)
        return Taken(owners, len(duplicates), touched)

    def tell(self, project: Project, amplitude_ids: Sequence[int], at: Instant) -> None:
        """Tell every listener that these users are no longer what they were."""
        if amplitude_ids:
            for listener in self.listeners:
                listener(project, amplitude_ids, at)

    def _duplicates(
        self, project: Project, calls: Sequence[Incoming], device_ids: Sequence[str | None], at: Instant
    ) -> set[int]:
        # INGEST-2: the first of the last 7 days wins, also inside one batch.
        by_device = self.rules.dedupe_key == "device_and_insert_id"
        keys = [
            (device_id if by_device else None, call.insert_id) if call.insert_id is not None else None
            for call, device_id in zip(calls, device_ids, strict=True)
        ]
        wanted = {(device, insert) for device, insert in filter(None, keys) if insert is not None}
        seen = self._events.known_inserts(project, wanted, at, by_device=by_device)
        duplicates: set[int] = set()
        for index, key in enumerate(keys):
            if key is None or key[1] is None:
                continue
            if (key[0], key[1]) in seen:
                duplicates.add(index)
            seen.add((key[0], key[1]))
        return duplicates

    def _load(self, project: Project, calls: Sequence[Incoming], device_ids: Sequence[str | None]) -> WorkingSet:
        return WorkingSet.load(
            project,
            self._projects,
            self._users,
            {call.user_id for call in calls if call.user_id is not None and is_name(call.user_id)},
            {device_id for device_id in device_ids if device_id is not None},
            across_projects=self.rules.device_scope == "organisation",
        )

    def _one(
        self,
        working: WorkingSet,
        record: UserRecord,
        call: Incoming,
        device_id: str | None,
        at: Instant,
        lapse: Instant,
        limited: bool,
    ) -> NewEvent:
        record.last_seen_at = at
        # INGEST-3 speaks of events. Whoever has never had one, or has lost everything, counts from here (inferred).
        if call.kind is Kind.EVENT or record.lapses_at is None:
            record.lapses_at = lapse
        # A device id that the server made up does not displace one that a device sent (inferred).
        if call.device_id is not None or record.device_id is None:
            record.device_id = device_id
        if call.kind is Kind.EVENT:
            time = Instant(call.time)
            record.event_count += 1
            record.first_event_at = time if record.first_event_at is None else min(record.first_event_at, time)
            record.last_event_at = time if record.last_event_at is None else max(record.last_event_at, time)
        user_id = call.user_id or record.user_id
        stamp, names = self._properties(working, record, call, at, limited)
        return NewEvent(
            record.amplitude_id, int(call.kind), call.event_type, call.time, at, user_id, device_id,
            call.insert_id, call.session_id, packed(call.event_properties), stamp,
            orjson.dumps(sorted(names)).decode() if names else None, packed(call.fields),
        )  # fmt: skip

    def _properties(
        self, working: WorkingSet, record: UserRecord, call: Incoming, at: Instant, limited: bool
    ) -> tuple[str | None, frozenset[str]]:
        """Change the profile; the properties to stamp on the event, and the names whose value changed."""
        if call.skip_sync:
            # "the profile is neither read nor written" (Amplitude, Data backfill).
            return packed(apply(_NOTHING, call.user_properties or _NOTHING, operations=call.operations)), frozenset()
        names: frozenset[str] = frozenset()
        if call.built_in:
            built_in = update_built_in(record.built_in, call.built_in)
            names = changed(record.built_in, built_in)
            record.built_in = built_in
        if call.user_properties:
            if limited and self._over_update_limit(record, at):
                note = f"more than {self._settings.property_updates_per_hour} property updates in an hour"
                working.entries.append(
                    Entry(str(record.amplitude_id), "", None, "property_update_dropped", ("INGEST-1",), note)
                )
            else:
                after = apply(record.properties, call.user_properties, operations=call.operations)
                names |= changed(record.properties, after)
                record.properties = after
        return packed(record.properties), names

    def _over_update_limit(self, record: UserRecord, at: Instant) -> bool:
        if not self._settings.limits:
            return False
        if self._updates.count(record.amplitude_id, at) >= self._settings.property_updates_per_hour:
            return True
        self._updates.add({record.amplitude_id: 1}, at)
        return False


def _device_of(call: Incoming, server_made: bool) -> str | None:
    if call.device_id is None and server_made and call.user_id is not None:
        return server_device_id(call.user_id)
    return call.device_id
