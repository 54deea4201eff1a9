"""Requests of continuous channels: remembered before they are sent, tried until they are accepted or expire.

Event streaming and Currents both follow a sequence of things that happened; how far each has come and what is still
under way are rows, so a killed process neither loses nor forgets anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from simulator.database import Database
from simulator.feeds import MAIN
from simulator.rules.instants import Instant


class ParcelState(StrEnum):
    """Where one request stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DISCARDED = "discarded"
    EXPIRED = "expired"


class ChannelState(StrEnum):
    """Whether a channel follows its sequence."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Channel:
    """A stream or a Currents connector, and how far it has come."""

    id: str
    kind: str
    settings: Mapping[str, Any]
    position: int
    state: ChannelState
    created_at: Instant
    project: str = MAIN
    """The Amplitude project whose data a stream sends, or that a connector's key belongs to."""

    @property
    def active(self) -> bool:
        """Whether it reads what happens."""
        return self.state is ChannelState.ACTIVE


@dataclass(frozen=True, slots=True)
class Posted:
    """One request under way."""

    id: int
    channel: str
    request: str
    items: list[dict[str, Any]]
    state: ParcelState
    attempts: int
    tries: int
    first_due_at: Instant
    due_at: Instant
    status: int | None
    failure: str


_CHANNEL = "id, kind, settings, position, state, created_at, project"
_POSTED = "id, channel, request, items, state, attempts, tries, first_due_at, due_at, status, failure"


class Outbox:
    """Rows of channels and their requests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    def open(self, kind: str, settings: Mapping[str, Any], position: int, at: Instant, project: str = MAIN) -> Channel:
        """A new channel that starts behind `position`; ids count per kind."""
        with self._database.transaction():
            count = self._database.value("SELECT count(*) FROM engine_channel WHERE kind = ?", (kind,))
            name = f"{kind}-{int(count) + 1}"
            channel = Channel(name, kind, settings, position, ChannelState.ACTIVE, at, project)
            self._database.execute(
                f"INSERT INTO engine_channel ({_CHANNEL}) VALUES (?, ?, ?, ?, 'active', ?, ?)",
                (channel.id, kind, orjson.dumps(settings).decode(), position, at, project),
            )
        return channel

    def channels(self, kind: str) -> list[Channel]:
        """All channels of a kind, deleted ones too, oldest first."""
        rows = self._database.rows(f"SELECT {_CHANNEL} FROM engine_channel WHERE kind = ? ORDER BY rowid", (kind,))
        return [Channel(row[0], row[1], orjson.loads(row[2]), row[3], ChannelState(row[4]), *row[5:]) for row in rows]

    def channel(self, channel_id: str) -> Channel:
        """The channel of this id, deleted ones too; it exists."""
        return next(each for each in self.channels(channel_id.rpartition("-")[0]) if each.id == channel_id)

    def move(self, channel_id: str, position: int) -> None:
        """Remember how far a channel has come."""
        self._database.execute("UPDATE engine_channel SET position = ? WHERE id = ?", (position, channel_id))

    def change(
        self, channel_id: str, *, settings: Mapping[str, Any] | None = None, state: ChannelState | None = None
    ) -> None:
        """Edit a channel, or let it rest, go on or end."""
        if settings is not None:
            packed = orjson.dumps(settings).decode()
            self._database.execute("UPDATE engine_channel SET settings = ? WHERE id = ?", (packed, channel_id))
        if state is not None:
            self._database.execute("UPDATE engine_channel SET state = ? WHERE id = ?", (state, channel_id))

    def post(self, channel_id: str, request: str, items: Sequence[Mapping[str, Any]], due_at: Instant) -> int:
        """Remember a request to be sent at an instant; its number."""
        with self._database.transaction() as connection:
            number = connection.execute(
                "INSERT INTO engine_outbox (channel, request, items, state, attempts, tries, first_due_at, due_at, "
                "failure) VALUES (?, ?, ?, 'waiting', 0, 0, ?, ?, '')",
                (channel_id, request, orjson.dumps(items), due_at, due_at),
            ).lastrowid
        return int(number or 0)

    def due(self, kind: str, at: Instant) -> Posted | None:
        """The request of a kind of channel that is due first, if any is due."""
        found = self._posted(
            "WHERE state = 'waiting' AND due_at <= ? AND channel LIKE ? ORDER BY due_at, id LIMIT 1", (at, f"{kind}-%")
        )
        return found[0] if found else None

    def next_due(self, kind: str) -> Instant | None:
        """When the next request of a kind of channel is due."""
        due: Instant | None = self._database.value(
            "SELECT min(due_at) FROM engine_outbox WHERE state = 'waiting' AND channel LIKE ?", (f"{kind}-%",)
        )
        return due

    def all(self, channel_id: str) -> list[Posted]:
        """Every request of a channel, oldest first."""
        return self._posted("WHERE channel = ? ORDER BY id", (channel_id,))

    def channels_by_request(self) -> dict[str, str]:
        """The channel of every request that was ever posted, by the request's id."""
        return dict(self._database.rows("SELECT request, channel FROM engine_outbox"))

    def count(self, channel_id: str) -> int:
        """How many requests a channel has made."""
        return int(self._database.value("SELECT count(*) FROM engine_outbox WHERE channel = ?", (channel_id,)))

    def update(self, posted_id: int, **columns: object) -> None:
        """Set columns of a request."""
        names = ", ".join(f"{name} = ?" for name in columns)
        self._database.execute(f"UPDATE engine_outbox SET {names} WHERE id = ?", (*columns.values(), posted_id))

    def _posted(self, condition: str, parameters: Sequence[object]) -> list[Posted]:
        return [
            Posted(*[*row[:3], orjson.loads(row[3]), ParcelState(row[4]), *row[5:]])
            for row in self._database.rows(f"SELECT {_POSTED} FROM engine_outbox {condition}", parameters)
        ]
