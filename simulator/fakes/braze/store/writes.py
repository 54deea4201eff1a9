"""Writes that Braze has accepted: applied at once, or, by the switch `write_visibility`, a little later.

The queue is a kind of due work on the world's agenda; what is waiting survives a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from simulator.database import Database
from simulator.ids import derive_int
from simulator.rules.instants import SECOND_MS, Instant

DELAY_RANGES_MS: Mapping[str, tuple[int, int]] = {
    "at_once": (0, 0),
    "processing": (10, 100),
    "export_lag": (2 * SECOND_MS, 4 * SECOND_MS),
}
"""Braze, API limits: 10 to 100 ms is normal; 2 to 4 s was seen between a write and an export that shows it."""


class Accepted(NamedTuple):
    """The circumstances of a write: whose it is, when it takes effect, and the request that brought it."""

    workspace: str
    at: Instant
    request: str


Apply = Callable[[Accepted, Any], None]


class Writes:
    """Hands accepted bodies to whoever registered for the operation. Delays differ, so order is not kept."""

    name = "braze writes"

    def __init__(self, database: Database, seed: int, visibility: Callable[[], str]) -> None:
        self._database = database
        self._seed = seed
        self._visibility = visibility
        self._apply: dict[str, Apply] = {}

    def register(self, operation: str, apply: Apply) -> None:
        """Say who applies the writes of an operation."""
        self._apply[operation] = apply

    def accept(self, operation: str, accepted: Accepted, body: object) -> None:
        """Apply now, or queue until a drawn instant. The body is plain JSON values, without any key."""
        shortest, longest = DELAY_RANGES_MS[self._visibility()]
        if longest == 0:
            with self._database.transaction():
                self._apply[operation](accepted, body)
            return
        number = int(self._database.value("SELECT coalesce(max(write), 0) + 1 FROM braze_pending_write"))
        drawn = derive_int(self._seed, "braze", "visibility", accepted.request, accepted.at, number)
        due_at = accepted.at + shortest + drawn % (longest - shortest + 1)
        self._database.execute(
            "INSERT INTO braze_pending_write (workspace, operation, accepted_at, due_at, request, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (accepted.workspace, operation, accepted.at, due_at, accepted.request, orjson.dumps(body)),
        )

    def waiting(self, workspace: str, operation: str) -> list[Any]:
        """Bodies of one operation that were accepted and are not visible yet."""
        query = "SELECT body FROM braze_pending_write WHERE workspace = ? AND operation = ? ORDER BY write"
        return [orjson.loads(body) for (body,) in self._database.rows(query, (workspace, operation))]

    def next_due(self) -> Instant | None:
        """The earliest instant at which a write becomes visible."""
        due: Instant | None = self._database.value("SELECT min(due_at) FROM braze_pending_write")
        return due

    def run_due(self, at: Instant) -> None:
        """Apply what is due at or before `at`, in order of its instants."""
        with self._database.transaction() as sql:
            due = sql.execute(
                "SELECT write, workspace, operation, due_at, request, body FROM braze_pending_write "
                "WHERE due_at <= ? ORDER BY due_at, write",
                (at,),
            ).fetchall()
            for number, workspace, operation, due_at, request, body in due:
                self._apply[operation](Accepted(workspace, Instant(due_at), request), orjson.loads(body))
                sql.execute("DELETE FROM braze_pending_write WHERE write = ?", (number,))

    def unfinished(self) -> bool:
        """Whether any accepted write is not visible yet."""
        return self.next_due() is not None
