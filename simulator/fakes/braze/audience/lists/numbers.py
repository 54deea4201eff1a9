"""Phone numbers that cannot receive text messages: noted when a carrier says so, and taken off the list by the API.

Source: Braze, "Query invalid phone numbers", "Remove invalid phone numbers". A number is meant with and without its
plus sign, since the page writes both (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from simulator.fakes.braze.store.room import Room
from simulator.rules.instants import Instant

REASONS = ("provider_error", "deactivated")


class InvalidNumber(NamedTuple):
    """A number, when it was found to be invalid, and why."""

    phone: str
    at: Instant
    reason: str


class Numbers:
    """What is known of numbers."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._database = room.database

    def mark(self, workspace: str, phone: str, reason: str = REASONS[0]) -> None:
        """Put a number on the list; the first finding stays. Raises ValueError for an unknown reason."""
        if reason not in REASONS:
            raise ValueError(f"reason {reason!r} is not one of {', '.join(REASONS)}")
        self._database.execute(
            "INSERT OR IGNORE INTO braze_invalid_number (workspace, phone, at, reason) VALUES (?, ?, ?, ?)",
            (workspace, plain(phone), self._room.clock.now, reason),
        )

    def unmark(self, workspace: str, phones: Iterable[str]) -> None:
        """Take numbers off the list."""
        self._database.executemany(
            "DELETE FROM braze_invalid_number WHERE workspace = ? AND phone = ?",
            [(workspace, plain(phone)) for phone in phones],
        )

    def invalid(self, workspace: str) -> list[InvalidNumber]:
        """The list, the newest finding first."""
        query = "SELECT phone, at, reason FROM braze_invalid_number WHERE workspace = ? ORDER BY at DESC, phone"
        return [
            InvalidNumber(f"+{phone}", Instant(at), reason)
            for phone, at, reason in self._database.rows(query, (workspace,))
        ]


def plain(phone: str) -> str:
    """The digits of a number."""
    return phone.strip().removeprefix("+")
