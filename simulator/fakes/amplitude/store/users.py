"""Amplitude's users and devices: read and written a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project
from simulator.rules.identity import NO_PROPERTIES, AmplitudeUser
from simulator.rules.instants import Instant
from simulator.rules.resolution import Device

PAGE = 1_000
NEVER = Instant(0)
_HAS_PROPERTIES = "properties IS NOT NULL OR built_in IS NOT NULL"
_COLUMNS = (
    "u.amplitude_id, u.user_id, u.device_id, u.properties, u.built_in, u.created_at, u.last_seen_at,"
    " u.first_event_at, u.last_event_at, u.event_count, u.merged_into, u.merged_at, u.lapses_at"
)
_UPSERT = (
    "INSERT INTO amplitude_user (amplitude_id, user_id, device_id, properties, built_in, created_at, last_seen_at,"
    " first_event_at, last_event_at, event_count, merged_into, merged_at, lapses_at, project)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (amplitude_id) DO UPDATE SET user_id = excluded.user_id, device_id = excluded.device_id,"
    " properties = excluded.properties, built_in = excluded.built_in, last_seen_at = excluded.last_seen_at,"
    " first_event_at = excluded.first_event_at, last_event_at = excluded.last_event_at,"
    " event_count = excluded.event_count, merged_into = excluded.merged_into, merged_at = excluded.merged_at,"
    " lapses_at = excluded.lapses_at"
)


@dataclass(slots=True)
class UserRecord:
    """One user as stored. `merged_into` is set once the user turned out to be somebody else (ID-5).

    `properties` are the custom ones; `built_in` are platform, place, language and the like, as sent.
    """

    amplitude_id: int
    user_id: str | None = None
    device_id: str | None = None
    properties: dict[str, object] = field(default_factory=dict)
    built_in: dict[str, object] = field(default_factory=dict)
    created_at: Instant = NEVER
    last_seen_at: Instant = NEVER
    first_event_at: Instant | None = None
    last_event_at: Instant | None = None
    event_count: int = 0
    merged_into: int | None = None
    merged_at: Instant | None = None
    lapses_at: Instant | None = None
    """When the properties are lost unless an event comes in before (INGEST-3); None once they have been."""

    def all_properties(self) -> dict[str, object]:
        """Custom and built-in properties under the names that cohorts and mappings use; custom ones win."""
        return {**self.built_in, **self.properties}

    def as_amplitude_user(self) -> AmplitudeUser:
        """The user as a sync reads it."""
        return AmplitudeUser(self.amplitude_id, self.user_id, self.device_id, self.all_properties())


def _record(row: tuple[Any, ...]) -> UserRecord:
    amplitude_id, user_id, device_id, properties, built_in, *rest = row
    return UserRecord(
        amplitude_id,
        user_id,
        device_id,
        orjson.loads(properties) if properties else {},
        orjson.loads(built_in) if built_in else {},
        *rest,
    )


_AS_USER: Callable[[tuple[Any, ...]], AmplitudeUser] = partial(tuple.__new__, AmplitudeUser)
"""What `AmplitudeUser._make` does, without a call in Python for each of a million."""


def _merged(built_in: str | None, properties: str | None) -> dict[str, object]:
    """Both kinds of properties under one roof; custom ones win."""
    found: dict[str, object] = orjson.loads(built_in) if built_in else {}
    if properties:
        found.update(orjson.loads(properties))
    return found


def packed(value: Mapping[str, object]) -> str | None:
    """An object as the text that a column holds; nothing for an empty one."""
    return orjson.dumps(value).decode() if value else None


def json_list(values: Collection[object]) -> str:
    """Values as the one parameter of a `json_each` join."""
    return orjson.dumps(list(values)).decode()


class Users:
    """The user and device tables of all projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_amplitude_id(self, project: Project, amplitude_ids: Collection[int]) -> dict[int, UserRecord]:
        """Users by amplitude_id as stored, merged ones included; unknown ids are left out."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN amplitude_user u ON u.amplitude_id = j.value"
            " WHERE u.project = ? ORDER BY u.amplitude_id",
            (json_list(amplitude_ids), project.name),
        )
        return {row[0]: _record(row) for row in rows}

    def people(self, project: Project, amplitude_ids: Collection[int]) -> list[AmplitudeUser]:
        """Users as a sync reads them, ascending; ids of nobody and of merged users are left out. Made for millions."""
        numbers, user_ids, device_ids, properties, built_in = self._database.columns(
            "SELECT json_group_array(u.amplitude_id), json_group_array(u.user_id), json_group_array(u.device_id),"
            " json_group_array(u.properties), json_group_array(u.built_in)"
            " FROM json_each(?) j CROSS JOIN amplitude_user u ON u.amplitude_id = j.value"
            " WHERE u.project = ? AND u.merged_into IS NULL",
            (json_list(sorted(amplitude_ids)), project.name),
        )
        every = [
            _merged(known, own) if known or own else NO_PROPERTIES
            for known, own in zip(built_in, properties, strict=True)
        ]
        return list(map(_AS_USER, zip(numbers, user_ids, device_ids, every, strict=True)))

    def by_user_id(self, project: Project, user_ids: Collection[str]) -> dict[str, UserRecord]:
        """Users by their exact, case-sensitive user id."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN amplitude_user u"
            " ON u.project = ? AND u.user_id = j.value ORDER BY u.amplitude_id",
            (json_list(user_ids), project.name),
        )
        return {row[1]: _record(row) for row in rows}

    def by_user_id_prefix(self, project: Project, prefix: str, limit: int) -> list[UserRecord]:
        """Users whose user id begins with this text, by user id."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM amplitude_user u WHERE u.project = ? AND u.user_id >= ? AND u.user_id < ?"
            " ORDER BY u.user_id LIMIT ?",
            (project.name, prefix, f"{prefix}\U0010ffff", limit),
        )
        return [_record(row) for row in rows]

    def devices(self, project: Project, device_ids: Collection[str]) -> dict[str, Device]:
        """What is remembered of these devices; unknown ones are left out."""
        rows = self._database.rows(
            "SELECT d.device_id, d.anonymous_id, d.last_user_id FROM json_each(?) j CROSS JOIN amplitude_device d"
            " ON d.project = ? AND d.device_id = j.value",
            (json_list(device_ids), project.name),
        )
        return {device_id: Device(anonymous_id, last_user_id) for device_id, anonymous_id, last_user_id in rows}

    def devices_elsewhere(self, project: Project, device_ids: Collection[str]) -> dict[str, str]:
        """User ids that other projects of the organisation know as the last one on these devices."""
        rows = self._database.rows(
            "SELECT d.device_id, u.user_id FROM amplitude_project p CROSS JOIN json_each(?) j"
            " CROSS JOIN amplitude_device d ON d.project = p.name AND d.device_id = j.value"
            " JOIN amplitude_user u ON u.amplitude_id = d.last_user_id"
            " WHERE p.name <> ? AND u.user_id IS NOT NULL ORDER BY u.last_seen_at, u.amplitude_id",
            (json_list(device_ids), project.name),
        )
        return dict(rows)

    def canonical(self, project: Project, amplitude_ids: Collection[int]) -> dict[int, int]:
        """For every known id the id it reads as: itself, or whom it was merged into (ID-5)."""
        rows = self._database.rows(
            "SELECT u.amplitude_id, coalesce(u.merged_into, u.amplitude_id) FROM json_each(?) j"
            " JOIN amplitude_user u ON u.amplitude_id = j.value WHERE u.project = ?",
            (json_list(amplitude_ids), project.name),
        )
        return dict(rows)

    def merged_ids(self, amplitude_ids: Collection[int]) -> dict[int, list[int]]:
        """For each of these users the anonymous ids that were merged into it; users without any are left out."""
        rows = self._database.rows(
            "SELECT u.merged_into, u.amplitude_id FROM json_each(?) j CROSS JOIN amplitude_user u"
            " ON u.merged_into = j.value ORDER BY u.merged_into, u.amplitude_id",
            (json_list(amplitude_ids),),
        )
        found: dict[int, list[int]] = {}
        for canonical, merged in rows:
            found.setdefault(canonical, []).append(merged)
        return found

    def iterate(self, project: Project, after: int = 0) -> Iterator[UserRecord]:
        """Everybody who was not merged into somebody else, by ascending amplitude_id, a page at a time."""
        for page in self.pages(project, after):
            yield from page

    def pages(self, project: Project, after: int = 0, size: int = PAGE) -> Iterator[list[UserRecord]]:
        """The same in lists."""
        start, end = project.id_range
        after = max(after, start - 1)
        while True:
            rows = self._database.rows(
                f"SELECT {_COLUMNS} FROM amplitude_user u WHERE u.amplitude_id > ? AND u.amplitude_id < ?"
                " AND u.project = ? AND u.merged_into IS NULL ORDER BY u.amplitude_id LIMIT ?",
                (after, end, project.name, size),
            )
            if not rows:
                return
            yield [_record(row) for row in rows]
            after = rows[-1][0]

    def active_pages(self, project: Project, since: Instant, size: int = PAGE) -> Iterator[list[UserRecord]]:
        """Everybody who has performed an event at or after `since`, under whatever id, by ascending amplitude_id."""
        after, end = project.first_id - 1, project.id_range[1]
        while True:
            rows = self._database.rows(
                f"SELECT {_COLUMNS} FROM amplitude_user u WHERE u.amplitude_id > ?1 AND u.amplitude_id < ?2"
                " AND u.project = ?3 AND u.merged_into IS NULL AND (u.last_event_at >= ?4 OR EXISTS (SELECT 1 FROM"
                " amplitude_user m WHERE m.merged_into = u.amplitude_id AND m.last_event_at >= ?4))"
                " ORDER BY u.amplitude_id LIMIT ?5",
                (after, end, project.name, since, size),
            )
            if not rows:
                return
            yield [_record(row) for row in rows]
            after = rows[-1][0]

    def next_lapse(self) -> Instant | None:
        """When the first user of any project loses their properties (INGEST-3)."""
        query = f"SELECT min(lapses_at) FROM amplitude_user WHERE {_HAS_PROPERTIES}"
        found: Instant | None = self._database.value(query)
        return found

    def lapsed(self, project: Project, at: Instant) -> list[UserRecord]:
        """Users with properties that are to be lost by now, the earliest first, a page at most."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM amplitude_user u INDEXED BY amplitude_user_lapse"
            f" WHERE ({_HAS_PROPERTIES}) AND u.lapses_at <= ? AND u.project = ?"
            " ORDER BY u.lapses_at, u.amplitude_id LIMIT ?",
            (at, project.name, PAGE),
        )
        return [_record(row) for row in rows]

    def carries(self, project: Project, name: str) -> bool:
        """Whether anybody has a property of that name."""
        query = (
            "SELECT 1 FROM amplitude_user JOIN json_each(properties) AS property"
            " WHERE project = ? AND properties IS NOT NULL AND property.key = ? LIMIT 1"
        )
        return bool(self._database.rows(query, (project.name, name)))

    def count(self, project: Project) -> int:
        """How many users the project has, merged ones not counted."""
        query = "SELECT count(*) FROM amplitude_user WHERE project = ? AND merged_into IS NULL"
        return int(self._database.value(query, (project.name,)))

    def save(self, project: Project, records: Iterable[UserRecord]) -> None:
        """Insert or update users."""
        self._database.executemany(
            _UPSERT,
            [
                (
                    each.amplitude_id, each.user_id, each.device_id, packed(each.properties), packed(each.built_in),
                    each.created_at, each.last_seen_at, each.first_event_at, each.last_event_at, each.event_count,
                    each.merged_into, each.merged_at, each.lapses_at, project.name,
                )
                for each in records
            ],
        )  # fmt: skip

    def save_devices(self, project: Project, devices: Mapping[str, Device]) -> None:
        """Insert or replace what is remembered of devices."""
        self._database.executemany(
            "INSERT OR REPLACE INTO amplitude_device (project, device_id, anonymous_id, last_user_id)"
            " VALUES (?, ?, ?, ?)",
            [(project.name, name, each.anonymous_id, each.last_user_id) for name, each in devices.items()],
        )

    def erase(self, project: Project, amplitude_ids: Collection[int]) -> None:
        """Remove users and forget them on their devices, so that a next event makes a new user."""
        ids = json_list(amplitude_ids)
        with self._database.transaction() as connection:
            for column in ("anonymous_id", "last_user_id"):
                connection.execute(
                    f"UPDATE amplitude_device SET {column} = NULL WHERE project = ?"
                    f" AND {column} IN (SELECT value FROM json_each(?))",
                    (project.name, ids),
                )
            connection.execute(
                "DELETE FROM amplitude_device WHERE project = ? AND anonymous_id IS NULL AND last_user_id IS NULL",
                (project.name,),
            )
            connection.execute(
                "DELETE FROM amplitude_user WHERE project = ? AND amplitude_id IN (SELECT value FROM json_each(?))",
                (project.name, ids),
            )
