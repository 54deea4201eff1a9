"""Sends of the API that wait for their time: noted, moved, taken back and, as due work, handed to whoever makes them.

Source: Braze, "Create scheduled messages", "Schedule API-triggered campaigns" and the pages beside them. Who gets it is
asked when the time has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.fakes.braze.audience.messaging.entries import Entries
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.ids import derive_uuid
from simulator.rules.instants import Instant

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One send that has not been made. `campaign_id` is empty for a message without a plan."""

    schedule_id: str
    noun: str
    campaign_id: str
    body: Body
    accepted: Accepted
    dispatch_id: str
    send_id: str


_COLUMNS = "schedule_id, noun, campaign_id, body, workspace, due_at, request, dispatch_id, send_id"


class Schedules:
    """Keeps what waits. `noun` says who makes it: a campaign, a Canvas or messages without either."""

    name = "braze api schedules"

    def __init__(self, room: Room, entries: Entries) -> None:
        self._room = room
        self._database = room.database
        self._entries = entries
        self._fire: dict[str, Callable[[Waiting], None]] = {}

    def register(self, noun: str, fire: Callable[[Waiting], None]) -> None:
        """Say who makes the sends of a noun."""
        self._fire[noun] = fire

    def add(
        self, noun: str, accepted: Accepted, due_at: Instant, body: Body, *, campaign_id: str = "", send_id: str = ""
    ) -> Waiting:
        """Note a send."""
        with self._database.transaction():
            number = int(self._database.value("SELECT coalesce(max(number), 0) + 1 FROM braze_api_schedule"))
            schedule_id = derive_uuid(self._room.seed, "braze", "schedule", accepted.workspace, number)
            dispatch_id = self._entries.dispatch_id(schedule_id, due_at)
            self._database.execute(
                "INSERT INTO braze_api_schedule (number, schedule_id, noun, workspace, campaign_id, body, due_at, "
                "request, dispatch_id, send_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number, schedule_id, noun, accepted.workspace, campaign_id, orjson.dumps(body), due_at,
                    accepted.request, dispatch_id, send_id,
                ),
            )  # fmt: skip
        return Waiting(schedule_id, noun, campaign_id, body, accepted, dispatch_id, send_id)

    def find(self, workspace: str, noun: str, schedule_id: str, campaign_id: str = "") -> Waiting | None:
        """What waits under an id; None once it was made or taken back."""
        found = self._database.row(
            f"SELECT {_COLUMNS} FROM braze_api_schedule WHERE workspace = ? AND noun = ? AND schedule_id = ? "
            "AND campaign_id = ? AND done_at IS NULL",
            (workspace, noun, schedule_id, campaign_id),
        )
        return None if found is None else _read(found)

    def change(self, waiting: Waiting, *, due_at: Instant | None = None, body: Body | None = None) -> None:
        """Another time, another body, or both."""
        self._database.execute(
            "UPDATE braze_api_schedule SET due_at = coalesce(?, due_at), body = coalesce(?, body) "
            "WHERE schedule_id = ?",
            (due_at, None if body is None else orjson.dumps(body), waiting.schedule_id),
        )

    def end(self, waiting: Waiting, at: Instant) -> None:
        """It is made, or never will be."""
        self._database.execute(
            "UPDATE braze_api_schedule SET done_at = ? WHERE schedule_id = ?", (at, waiting.schedule_id)
        )

    def next_due(self) -> Instant | None:
        """When the next one is sent."""
        due: Instant | None = self._database.value("SELECT min(due_at) FROM braze_api_schedule WHERE done_at IS NULL")
        return due

    def run_due(self, at: Instant) -> None:
        """Make what is due at or before `at`."""
        due = self._database.rows(
            f"SELECT {_COLUMNS} FROM braze_api_schedule WHERE done_at IS NULL AND due_at <= ? ORDER BY due_at, number",
            (at,),
        )
        for waiting in map(_read, due):
            with self._database.transaction():
                self.end(waiting, at)
                self._fire[waiting.noun](waiting)

    def unfinished(self) -> bool:
        """A send that waits for its time is a plan, not something half done."""
        return False


def _read(row: tuple[Any, ...]) -> Waiting:
    schedule_id, noun, campaign_id, body, workspace, due_at, request, dispatch_id, send_id = row
    accepted = Accepted(workspace, Instant(due_at), request)
    return Waiting(schedule_id, noun, campaign_id, orjson.loads(body), accepted, dispatch_id, send_id)
