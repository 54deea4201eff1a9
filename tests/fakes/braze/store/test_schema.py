"""The tables are made by migrations, once."""

from __future__ import annotations

from simulator.database import Database
from simulator.fakes.braze.store.schema import MIGRATIONS


def test_migrating_twice_changes_nothing() -> None:
    database = Database.memory([MIGRATIONS])
    tables = database.rows("SELECT name, sql FROM sqlite_master ORDER BY name")
    MIGRATIONS.apply(database.sql)
    assert database.rows("SELECT name, sql FROM sqlite_master ORDER BY name") == tables


def test_every_table_carries_the_room_s_prefix() -> None:
    names = Database.memory([MIGRATIONS]).rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert {name for (name,) in names if not name.startswith(("braze_", "sqlite_", "_sqlite"))} == set()
