"""Answers that the engine has yet to write down: a world that was killed hears them when it is opened again.

The servers that the services stand for do not die with the simulator, so a kill must not look like a lost answer. In a
world that lives in a file the service commits its answer to a request of the engine together with all that the request
did, and the answer goes in the transaction in which the engine writes down what came of it. The same request sent again
before that is answered as it was, and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

from simulator.database import Database

MIGRATIONS = Migrations("answers")


@MIGRATIONS()
def create_tables(sql: SqliteDatabase) -> None:
    """One row an answer that its sender has yet to write down, by X-Request-Id."""
    sql.table("answer_given").create({"request": str, "answer": bytes}, pk="request", not_null=("request", "answer"))


class Answers:
    """Requests under way and what they were answered, as bytes of whoever answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way: set[str] = set()

    def expect(self, request: str) -> None:
        """A request is about to be sent, for the first time or again."""
        self._under_way.add(request)

    def awaited(self, request: str) -> bool:
        """Whether a request is one of those under way; nobody else's ever is."""
        return request in self._under_way

    def once(self, request: str, answer: Callable[[], bytes]) -> bytes:
        """The answer of a request under way: the one that was given, or `answer()`, whose effects commit with it."""
        with self._database.transaction() as connection:
            given = connection.execute("SELECT answer FROM answer_given WHERE request = ?", (request,)).fetchone()
            if given is not None:
                return bytes(given[0])
            made = answer()
            connection.execute("INSERT INTO answer_given (request, answer) VALUES (?, ?)", (request, made))
            return made

    def settled(self, request: str) -> None:
        """The sender is writing down what came of a request, in the transaction that is open now."""
        self._database.execute("DELETE FROM answer_given WHERE request = ?", (request,))
        self._under_way.discard(request)
