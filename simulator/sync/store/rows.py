"""What all parts of the engine's store share: the database and one way to set columns."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.database import Database


class Rows:
    """A part of the engine's store. All methods join the caller's transaction when one is open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    def _update(self, table: str, key: Mapping[str, object], columns: Mapping[str, object]) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        where = " AND ".join(f"{name} = ?" for name in key)
        self._database.execute(f"UPDATE {table} SET {names} WHERE {where}", (*columns.values(), *key.values()))
