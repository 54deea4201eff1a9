"""Amplitude's events: written a batch at a time, read by user, by upload hour or as a stream."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.users import json_list
from simulator.rules.ingestion import DEDUPE_DAYS
from simulator.rules.instants import DAY_MS, Instant

_COLUMNS = (
    "e.sequence, e.amplitude_id, e.kind, e.event_type, e.time, e.uploaded_at, e.user_id, e.device_id, e.insert_id,"
    " e.session_id, e.event_properties, e.user_properties, e.changed, e.fields"
)
_INSERT = (
    "INSERT INTO amplitude_event (project, amplitude_id, kind, event_type, time, uploaded_at, user_id, device_id,"
    " insert_id, session_id, event_properties, user_properties, changed, fields)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Kind(IntEnum):
    """An event proper, or a call that only changed properties and counts as none."""

    EVENT = 0
    IDENTIFY = 1


class NewEvent(NamedTuple):
    """One row to write; the JSON columns are texts already."""

    amplitude_id: int
    kind: int
    event_type: str
    time: int
    uploaded_at: int
    user_id: str | None
    device_id: str | None
    insert_id: str | None
    session_id: int
    event_properties: str | None
    user_properties: str | None
    changed: str | None
    fields: str | None


class StoredEvent(NamedTuple):
    """One row as read; `amplitude_id` is the one it came with, which a merge may have outdated (ID-5)."""

    sequence: int
    amplitude_id: int
    kind: int
    event_type: str
    time: Instant
    uploaded_at: Instant
    user_id: str | None
    device_id: str | None
    insert_id: str | None
    session_id: int
    event_properties: str | None
    user_properties: str | None
    changed: str | None
    fields: str | None

    def properties(self) -> dict[str, object]:
        """The event's own properties."""
        return _object(self.event_properties)

    def stamped(self) -> dict[str, object]:
        """The user properties as they were once this event had been taken in."""
        return _object(self.user_properties)

    def extra(self) -> dict[str, object]:
        """Every other field as sent (platform, place, revenue, plan, path of the endpoint)."""
        return _object(self.fields)


def _object(text: str | None) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(text) if text else {}
    return found


class Events:
    """The event table and the register of event types of all projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known_inserts(
        self, project: Project, keys: Collection[tuple[str | None, str]], at: Instant, *, by_device: bool
    ) -> set[tuple[str | None, str]]:
        """Which (device_id, insert_id) were taken in within the last 7 days (INGEST-2).

        Without `by_device` the insert id alone decides (the batch page's reading); the key then has no device.
        """
        if not keys:
            return set()
        since = at - DEDUPE_DAYS * DAY_MS
        device = "e.device_id" if by_device else "NULL"
        same_device = "e.device_id IS json_extract(j.value, '$[0]') AND" if by_device else ""
        rows = self._database.rows(
            f"SELECT DISTINCT {device}, e.insert_id FROM json_each(?) j CROSS JOIN amplitude_event e"
            " INDEXED BY amplitude_event_insert ON e.project = ? AND"
            f" {same_device} e.insert_id = json_extract(j.value, '$[1]') WHERE e.uploaded_at > ?",
            (json_list([list(key) for key in keys]), project.name, since),
        )
        return set(rows)

    def add(self, project: Project, events: Sequence[NewEvent]) -> None:
        """Write events in order and count them per type."""
        self._database.executemany(_INSERT, [(project.name, *event) for event in events])
        totals: dict[str, list[int]] = {}
        for event in events:
            if event.kind == Kind.EVENT:
                total = totals.setdefault(event.event_type, [0, event.uploaded_at])
                total[0] += 1
        self._count_types(project, totals)

    def _count_types(self, project: Project, totals: Mapping[str, list[int]]) -> None:
        query = "SELECT coalesce(max(number), 0) FROM amplitude_event_type WHERE project = ?"
        newest = int(self._database.value(query, (project.name,)))
        self._database.executemany(
            "INSERT INTO amplitude_event_type (project, number, event_type, total, first_at, active)"
            " VALUES (?, ?, ?, ?, ?, 1)"
            " ON CONFLICT (project, event_type) DO UPDATE SET total = total + excluded.total",
            [(project.name, newest + n, name, *total) for n, (name, total) in enumerate(totals.items(), start=1)],
        )

    def types(self, project: Project) -> list[tuple[int, str, int, Instant, bool]]:
        """Every event type seen: its number, name, total, when it first came, and whether it makes users active."""
        rows = self._database.rows(
            "SELECT number, event_type, total, first_at, active FROM amplitude_event_type WHERE project = ?"
            " ORDER BY number",
            (project.name,),
        )
        return [(number, name, total, Instant(first), bool(active)) for number, name, total, first, active in rows]

    def carries(self, project: Project, name: str) -> bool:
        """Whether any event came with a property of that name."""
        query = (
            "SELECT 1 FROM amplitude_event JOIN json_each(event_properties) AS property"
            " WHERE project = ? AND event_properties IS NOT NULL AND property.key = ? LIMIT 1"
        )
        return bool(self._database.rows(query, (project.name, name)))

    def inactive_types(self, project: Project) -> frozenset[str]:
        """Event types that are marked inactive: they make a user new, never active."""
        query = "SELECT event_type FROM amplitude_event_type WHERE project = ? AND active = 0"
        return frozenset(row[0] for row in self._database.rows(query, (project.name,)))

    def mark_active(self, project: Project, event_type: str, active: bool, at: Instant) -> None:
        """Mark an event type active or inactive, also before its first event."""
        self._count_types(project, {event_type: [0, at]})
        self._database.execute(
            "UPDATE amplitude_event_type SET active = ? WHERE project = ? AND event_type = ?",
            (int(active), project.name, event_type),
        )

    def of_users(
        self, amplitude_ids: Collection[int], event_types: Collection[str] | None = None
    ) -> dict[int, list[StoredEvent]]:
        """Events of users by canonical amplitude_id, ascending by time and arrival; merged ids' events are theirs.

        `event_types` narrows them; None means all. Identify calls are no events and never among them.
        """
        narrowed = "" if event_types is None else " AND e.event_type IN (SELECT value FROM json_each(?))"
        parameters: list[Any] = [json_list(amplitude_ids), int(Kind.EVENT)]
        if event_types is not None:
            parameters.append(json_list(event_types))
        rows = self._database.rows(
            "WITH ids (canonical, id) AS (SELECT value, value FROM json_each(?1) UNION ALL SELECT u.merged_into,"
            " u.amplitude_id FROM json_each(?1) j CROSS JOIN amplitude_user u ON u.merged_into = j.value)"
            f" SELECT ids.canonical, {_COLUMNS} FROM ids CROSS JOIN amplitude_event e ON e.amplitude_id = ids.id"
            f" WHERE e.kind = ?2{narrowed.replace('?', '?3')} ORDER BY e.time, e.sequence",
            parameters,
        )
        found: dict[int, list[StoredEvent]] = {}
        for canonical, *rest in rows:
            found.setdefault(canonical, []).append(StoredEvent(*rest))
        return found

    def device_ids(self, amplitude_ids: Collection[int]) -> list[str]:
        """The devices that these users' events came from, oldest first."""
        rows = self._database.rows(
            "SELECT e.device_id FROM json_each(?) j CROSS JOIN amplitude_event e ON e.amplitude_id = j.value"
            " WHERE e.device_id IS NOT NULL GROUP BY e.device_id ORDER BY min(e.sequence)",
            (json_list(amplitude_ids),),
        )
        return [row[0] for row in rows]

    def uploaded(self, project: Project, start: Instant, end: Instant) -> Iterator[StoredEvent]:
        """Events taken in from `start` up to and without `end`, in order of arrival, a page at a time."""
        after_time, after = start - 1, 2**62
        while True:
            rows = self._database.rows(
                f"SELECT {_COLUMNS} FROM amplitude_event e WHERE e.project = ?"
                " AND (e.uploaded_at, e.sequence) > (?, ?) AND e.uploaded_at < ? AND e.kind = ?"
                " ORDER BY e.uploaded_at, e.sequence LIMIT 2000",
                (project.name, after_time, after, end, int(Kind.EVENT)),
            )
            if not rows:
                return
            for row in rows:
                yield StoredEvent(*row)
            after, after_time = rows[-1][0], rows[-1][5]

    def last_sequence(self, project: Project) -> int:
        """The newest sequence number of the project, 0 before its first event."""
        # The plus keeps SQLite on the primary key, read from its end, instead of on all uploads of the project.
        query = "SELECT sequence FROM amplitude_event WHERE +project = ? ORDER BY sequence DESC LIMIT 1"
        return int(self._database.value(query, (project.name,)) or 0)

    def after(self, project: Project, sequence: int, limit: int) -> list[StoredEvent]:
        """What was taken in after a sequence number, identify calls included, ascending."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM amplitude_event e WHERE e.sequence > ? AND e.project = ?"
            " ORDER BY e.sequence LIMIT ?",
            (sequence, project.name, limit),
        )
        return [StoredEvent(*row) for row in rows]

    def totals_since(self, project: Project, since: Instant) -> dict[str, int]:
        """How often each event type was taken in at or after an instant."""
        rows = self._database.rows(
            "SELECT event_type, count(*) FROM amplitude_event WHERE project = ? AND uploaded_at >= ? AND kind = ?"
            " GROUP BY event_type",
            (project.name, since, int(Kind.EVENT)),
        )
        return dict(rows)

    def erase(self, project: Project, amplitude_ids: Iterable[int]) -> None:
        """Remove everything that these amplitude ids ever sent."""
        self._database.execute(
            "DELETE FROM amplitude_event WHERE project = ? AND amplitude_id IN (SELECT value FROM json_each(?))",
            (project.name, json_list(list(amplitude_ids))),
        )
