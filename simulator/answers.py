"""Answers that the engine has yet to write down: a world that was killed hears them when it is opened again.

The servers that the services stand for do not die with the simulator, so a kill must not look like a lost answer. In a
world that lives in a file the engine notes which request it is about to send; the service commits its answer together
with all that the request did; and the note goes in the transaction in which the engine writes down what came of it. The
same request sent again before that is answered as it was, and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

from simulator.database import Database

MIGRATIONS = Migrations("answers")


@MIGRATIONS()
def create_tables(sql: SqliteDatabase) -> None:
    """One row a request that is under way, by its X-Request-Id; the answer once there is one."""
    sql.table("answer_awaited").create({"request": str, "answer": bytes}, pk="request", not_null=("request",))


class Answers:
    """Requests under way and what they were answered, as bytes of whoever answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def expect(self, request: str) -> None:
        """A request is about to be sent, for the first time or again."""
        self._database.execute("INSERT OR IGNORE INTO answer_awaited (request) VALUES (?)", (request,))

    def awaited(self, request: str) -> bool:
        """Whether a request is one of those under way; nobody else's ever is."""
        return self._database.row("SELECT 1 FROM answer_awaited WHERE request = ?", (request,)) is not None

    def once(self, request: str, answer: Callable[[], bytes]) -> bytes:
        """The answer of a request under way: the one that was given, or `answer()`, whose effects commit with it."""
        with self._database.transaction() as connection:
            (given,) = connection.execute("SELECT answer FROM answer_awaited WHERE request = ?", (request,)).fetchone()
            if given is not None:
                return bytes(given)
            made = answer()
            connection.execute("UPDATE answer_awaited SET answer = ? WHERE request = ?", (made, request))
            return made

    def settled(self, request: str) -> None:
        """The sender is writing down what came of a request, in the transaction that is open now."""
        self._database.execute("DELETE FROM answer_awaited WHERE request = ?", (request,))
