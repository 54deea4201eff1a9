"""Remembers in a world's file where its clock stands and which seed it came from: time passes also when nobody writes.

One row each. That of the clock is written whenever it has gone on by a second or more, and when the world is closed, so
a killed process goes on less than a second (simulated) before the instant at which it stopped, and never before the
last page of the ledger. Another row says how often the file was opened.
"""

from __future__ import annotations

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

from simulator.database import Database
from simulator.rules.instants import SECOND_MS, Instant

MIGRATIONS = Migrations("timekeeping")


@MIGRATIONS()
def create_tables(sql: SqliteDatabase) -> None:
    """The one row."""
    sql.table("clock_stand").create({"id": int, "now": int}, pk="id")


@MIGRATIONS()
def create_seed(sql: SqliteDatabase) -> None:
    """What everything random in the world comes from."""
    sql.table("clock_seed").create({"id": int, "seed": int}, pk="id")


def seed_of(database: Database, seed: int) -> int:
    """The seed of the world in this file; a new one is made with `seed`."""
    database.execute("INSERT OR IGNORE INTO clock_seed (id, seed) VALUES (1, ?)", (seed,))
    return int(database.value("SELECT seed FROM clock_seed WHERE id = 1"))


@MIGRATIONS()
def count_openings(sql: SqliteDatabase) -> None:
    """How often the world was opened; a world without a file is opened once and does not count."""
    sql.table("clock_openings").create({"id": int, "count": int}, pk="id")


class Timekeeper:
    """Told of every move of the clock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = self.last() or Instant(0)
        self.opened_before = 0
        """How often the world was opened before this time."""

    def last(self) -> Instant | None:
        """Where the clock stood last, or None in a new world."""
        now: Instant | None = self._database.value("SELECT now FROM clock_stand WHERE id = 1")
        return now

    def moved(self, now: Instant) -> None:
        """The clock stands at `now`; steps of less than a second are left to `keep`."""
        if now - self._kept >= SECOND_MS:
            self.keep(now)

    def keep(self, now: Instant) -> None:
        """Write it down."""
        if now != self._kept:
            self._database.execute("INSERT OR REPLACE INTO clock_stand (id, now) VALUES (1, ?)", (now,))
            self._kept = now

    def open(self) -> None:
        """A world in a file is opened; it counts from now on."""
        with self._database.transaction():
            found = self._database.value("SELECT coalesce(max(count), 0) FROM clock_openings")
            self.opened_before = int(found)
            self._database.execute("INSERT OR REPLACE INTO clock_openings (id, count) VALUES (1, ?)", (found + 1,))
