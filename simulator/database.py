"""The embedded store of one world: one SQLite database, one connection, one lock, one transaction at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import sqlite_utils
from sqlite_utils import Migrations

PATIENCE_MS = 5_000
"""How long a file is waited for that another process is about to leave."""
PAGES_WORTH_KEEPING = 2_000
"""Of 4 KiB each."""
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> '_sqlite_migrations' ORDER BY name"


class StoreUnusable(RuntimeError):
    """The file of a world cannot be opened or written; the message says which and what to do."""


class Database:
    """All stores of a world share one, so that a fake's effect and its ledger rows commit together.

    Every method takes the lock; `sql` (the sqlite-utils view) and the raw connection are for use inside
    `transaction()`. Never make an HTTP call inside one: a listener's thread would wait for the lock for ever.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._depth = 0
        # Setting a flag makes SQLite prepare all statements anew; that was half of the time of a small world.
        self.sql = sqlite_utils.Database(connection, recursive_triggers=False, execute_plugins=False)

    @classmethod
    def memory(cls, migrations: Sequence[Migrations], template: bytes | None = None) -> Database:
        """A database that dies with the world. `template` is `snapshot()` of a migrated one: no schema work."""
        database = cls(_connect(":memory:"))
        if template is not None:
            database._connection.deserialize(template)
        else:
            database._migrate(migrations)
        return database

    @classmethod
    def open(cls, path: Path, migrations: Sequence[Migrations]) -> Database:
        """A database that lives in a file, this process alone has open, and survives being killed.

        Raises StoreUnusable.
        """
        connection = None
        try:
            connection = _connect(str(path))
            database = cls(connection)
            # One process at a time: an engine keeps in memory what it has read, and two would send everything twice.
            database.sql.conn.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.sql.conn.execute("PRAGMA journal_mode=WAL")
            database.sql.conn.execute("PRAGMA synchronous=NORMAL")
            # Every look-up asks the log first: a long one slows them all, a short one is written back too often.
            database.sql.conn.execute("PRAGMA wal_autocheckpoint=4000")
            database._migrate(migrations)
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            why = f"{path}: {error}; give a file that can be created and written"
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                why = f"{path} is in use by another process; stop that one, or give another file"
            raise StoreUnusable(why) from error
        return database

    def _migrate(self, migrations: Sequence[Migrations]) -> None:
        for each in migrations:
            each.apply(self.sql)

    def snapshot(self) -> bytes:
        """The whole database as bytes, to make another like it."""
        with self._lock:
            return self._connection.serialize()

    def transaction(self) -> _Transaction:
        """Hold the lock; commit at the end, roll back on an exception. A nested one joins the outer."""
        return _Transaction(self)

    def _begin(self) -> sqlite3.Connection:
        """What entering a transaction does."""
        self._lock.acquire()
        try:
            if not self._depth:
                self._connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1
        return self._connection

    def _end(self, *, failed: bool) -> None:
        """What leaving it does."""
        self._depth -= 1
        try:
            if not self._depth and not failed:
                self._connection.commit()
        finally:
            if not self._depth and self._connection.in_transaction:
                # It failed, or the disk has no room for it: nothing of it stays.
                self._connection.rollback()
            self._lock.release()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run one writing statement (in a transaction of its own if none is open); the number of rows changed."""
        with self.transaction() as connection:
            return connection.execute(statement, parameters).rowcount

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows in one transaction."""
        with self.transaction() as connection:
            connection.executemany(statement, rows)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(query, parameters).fetchall()

    def columns(self, query: str, parameters: Sequence[Any] = ()) -> list[list[Any]]:
        """The columns of a query whose one row is made of `json_group_array`, for readers of thousands.

        Takes half of the time of rows. For text, integers and NULL: JSON would round a real number and refuse a blob.
        """
        found = self.row(query, parameters)
        return [orjson.loads(cell) for cell in found or ()]

    def row(self, query: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        with self._lock:
            found: tuple[Any, ...] | None = self._connection.execute(query, parameters).fetchone()
            return found

    def value(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(query, parameters)
        return None if found is None else found[0]

    def emptied(self) -> Database | None:
        """The same connection as a new database with all tables empty; this one is closed.

        The schema and the statements prepared for it stay, which are a tenth of a small world's time. None (and just
        closed) where something is under way, or where a large world should give its memory back.
        """
        with self._lock:
            if self._connection.in_transaction or self.value("PRAGMA page_count") > PAGES_WORTH_KEEPING:
                self.close()
                return None
            tables = [name for (name,) in self.rows(_TABLES)]
            filled = self.row("SELECT " + ", ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in tables)) or ()
            with self.transaction() as connection:
                for table in compress(tables, filled):
                    connection.execute(f'DELETE FROM "{table}"')
            successor, self._connection = Database(self._connection), _closed()
            self.sql.conn = self._connection
            return successor

    def close(self) -> None:
        """Close the connection; a file world can be opened again."""
        with self._lock:
            self._connection.close()


@lru_cache(maxsize=1)
def _closed() -> sqlite3.Connection:
    """What stands in a database that has been handed on: every use of it is refused."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.close()
    return connection


class _Transaction:
    """A class and no generator: a small world opens a hundred."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> sqlite3.Connection:
        return self._database._begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database._end(failed=kind is not None)


def _connect(path: str) -> sqlite3.Connection:
    # Autocommit mode: transactions are opened by `transaction()` alone, so none is left open by accident.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
    connection.execute("PRAGMA cache_size=-65536")
    connection.execute("PRAGMA mmap_size=536870912")
    return connection
