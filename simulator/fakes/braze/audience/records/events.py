"""Message events: what happened to whom because of a message, one row a person, in order; what Currents exports.

Source: Braze, "Message engagement events", "Amplitude for Currents". The event id is unique and follows from the
sequence number, so that a receiver can tell a repetition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from simulator.fakes.braze.audience.messaging.channels import EVENT_TITLES
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_hex, derive_uuid
from simulator.rules.instants import Instant

BEHAVIOURS = "users.behaviors."


class NewEvent(NamedTuple):
    """An event before it has a number. `name` is a type id such as `users.messages.email.Send`."""

    at: Instant
    name: str
    profile: int
    braze_id: str
    external_id: str | None
    device_id: str | None
    campaign_id: str
    send_id: str
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """One event. `title` is what Currents calls it; `sequence` grows with every event of a world."""

    sequence: int
    workspace: str
    at: Instant
    name: str
    title: str
    event_id: str
    braze_id: str
    external_id: str | None
    device_id: str | None
    campaign_id: str
    send_id: str
    properties: Mapping[str, object]


_READ = (
    "SELECT sequence, workspace, at, name, braze_id, external_id, device_id, campaign_id, send_id, properties "
    "FROM braze_message_event"
)


class MessageEvents:
    """Append-only."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._database = room.database
        self._groups: dict[str, str] = {}

    def add(self, workspace: str, events: Iterable[NewEvent]) -> None:
        """Write events."""
        self._database.executemany(
            "INSERT INTO braze_message_event (workspace, at, name, profile, braze_id, external_id, device_id, "
            "campaign_id, send_id, properties, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(workspace, *event[:-1], orjson.dumps(event.properties).decode(), event.profile) for event in events],
        )

    def since(self, sequence: int = 0, *, workspace: str | None = None, limit: int = 10_000) -> list[MessageEvent]:
        """Events with a higher number, in order."""
        query = f"{_READ} WHERE sequence > ? AND workspace = coalesce(?, workspace) ORDER BY sequence LIMIT ?"
        return [self._read(row) for row in self._database.rows(query, (sequence, workspace, limit))]

    def last(self) -> int:
        """The number of the newest event, 0 when there is none."""
        return int(self._database.value("SELECT coalesce(max(sequence), 0) FROM braze_message_event"))

    def of_profile(self, workspace: str, braze_id: str) -> list[MessageEvent]:
        """Everything that messages did to one person."""
        query = f"{_READ} WHERE workspace = ? AND braze_id = ? AND campaign_id <> '' ORDER BY sequence"
        return [self._read(row) for row in self._database.rows(query, (workspace, braze_id))]

    def of_campaign(self, campaign_id: str, *, send_id: str | None = None) -> list[MessageEvent]:
        """Everything that one campaign or Canvas did."""
        found = "campaign_id = ? AND campaign_id <> '' AND send_id = coalesce(?, send_id)"
        query = f"{_READ} WHERE {found} ORDER BY sequence"
        return [self._read(row) for row in self._database.rows(query, (campaign_id, send_id))]

    def _read(self, row: tuple[Any, ...]) -> MessageEvent:
        sequence, workspace, at, name, braze_id, external_id, device_id, campaign_id, send_id, properties = row
        shown = orjson.loads(properties)
        if not name.startswith(BEHAVIOURS):
            shown["app_group_id"] = self._group(workspace)
        return MessageEvent(
            sequence, workspace, Instant(at), name, EVENT_TITLES[name],
            derive_uuid(self._room.seed, "braze", "message_event", sequence), braze_id, external_id, device_id,
            campaign_id, send_id, shown,
        )  # fmt: skip

    def _group(self, workspace: str) -> str:
        """What Currents calls a workspace: 24 hexadecimal digits."""
        if workspace not in self._groups:
            self._groups[workspace] = derive_hex(self._room.seed, "braze", "workspace", workspace, length=24)
        return self._groups[workspace]
