"""One store for one world: transactions, threads, files and snapshots."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

from simulator import database as database_module
from simulator.database import PAGES_WORTH_KEEPING, Database, StoreUnusable

MIGRATIONS = Migrations("test")


@MIGRATIONS()
def create_things(sql: SqliteDatabase) -> None:
    sql.table("thing").create({"name": str}, pk="name")


def names(database: Database) -> list[str]:
    return [name for (name,) in database.rows("SELECT name FROM thing ORDER BY name")]


def test_a_transaction_stands_or_falls_as_a_whole_however_deep() -> None:
    database = Database.memory([MIGRATIONS])

    def fail_half_way() -> None:
        with database.transaction():
            database.execute("INSERT INTO thing VALUES ('lost')")
            with database.transaction():
                database.execute("INSERT INTO thing VALUES ('lost too')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.transaction():
        database.execute("INSERT INTO thing VALUES ('kept')")
    assert ["kept"] == names(database)


def test_threads_wait_for_each_other() -> None:
    database = Database.memory([MIGRATIONS])

    def insert(letter: str) -> None:
        for number in range(50):
            with database.transaction():
                database.execute("INSERT INTO thing VALUES (?)", [f"{letter}{number}"])

    threads = [threading.Thread(target=insert, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == 200


def test_a_snapshot_makes_another_database_of_its_own() -> None:
    first = Database.memory([MIGRATIONS])
    second = Database.memory([], template=first.snapshot())
    second.execute("INSERT INTO thing VALUES ('second')")
    assert ([], ["second"]) == (names(first), names(second))


def test_a_file_keeps_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite"
    database = Database.open(path, [MIGRATIONS])
    database.executemany("INSERT INTO thing VALUES (?)", [("a",), ("b",)])
    database.close()
    again = Database.open(path, [MIGRATIONS])
    assert ["a", "b"] == names(again)
    assert again.value("SELECT count(*) FROM thing") == 2
    assert again.row("SELECT name FROM thing WHERE name = 'z'") is None
    again.close()


def test_a_file_that_cannot_be_a_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    path.write_text("not a database at all, but long enough to be read as one" * 50)
    with pytest.raises(StoreUnusable, match=r"notes\.sqlite"):
        Database.open(path, [MIGRATIONS])
    with pytest.raises(StoreUnusable, match="give a file that can be created"):
        Database.open(tmp_path / "missing" / "world.sqlite", [MIGRATIONS])


def test_a_file_that_another_has_open_is_refused_and_can_be_opened_when_that_one_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "PATIENCE_MS", 20)
    path = tmp_path / "world.sqlite"
    first = Database.open(path, [MIGRATIONS])

    with pytest.raises(StoreUnusable, match="is in use by another process; stop that one, or give another file"):
        Database.open(path, [MIGRATIONS])
    first.execute("INSERT INTO thing VALUES ('kept')")
    first.close()

    second = Database.open(path, [MIGRATIONS])
    assert ["kept"] == names(second)
    second.close()


def test_an_emptied_database_serves_the_next_world_and_the_old_one_is_closed() -> None:
    first = Database.memory([MIGRATIONS])
    first.execute("INSERT INTO thing VALUES ('lost')")

    second = first.emptied()

    assert second is not None
    assert [] == names(second)
    with pytest.raises(sqlite3.ProgrammingError):
        names(first)


def test_a_database_with_something_under_way_is_not_handed_on() -> None:
    database = Database.memory([MIGRATIONS])
    database.sql.conn.execute("BEGIN")

    assert database.emptied() is None
    with pytest.raises(sqlite3.ProgrammingError):
        names(database)


def test_the_memory_of_a_large_world_is_given_back() -> None:
    database = Database.memory([MIGRATIONS])
    database.execute("INSERT INTO thing VALUES (?)", ("x" * 4_096 * PAGES_WORTH_KEEPING,))

    assert database.emptied() is None


def test_no_flag_is_set_when_a_database_is_handed_on_or_its_statements_would_be_prepared_anew() -> None:
    database = Database.memory([MIGRATIONS]).emptied()
    assert database is not None
    assert 0 == database.value("PRAGMA recursive_triggers")
