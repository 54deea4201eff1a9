"""Names that a workspace has seen: custom events, custom attributes and products, and how often things happened.

Source: Braze, "Export custom events list", "Export custom events", "Export custom events analytics", "Export custom
attributes", "List product IDs", "Export number of purchases", "Export revenue data by time". All are read from what
profiles did and have; a name that only a deleted profile used is no longer known (inferred).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import orjson

from simulator.fakes.braze.store.room import Room
from simulator.rules.instants import DAY_MS, HOUR_MS, Instant, format_instant
from simulator.rules.segments.values import instant_of

UNITS_MS = {"day": DAY_MS, "hour": HOUR_MS}
DATA_TYPES = {
    "text": "String",
    "integer": "Number",
    "real": "Number",
    "true": "Boolean",
    "false": "Boolean",
    "array": "Array",
    "object": "Object",
}


class Attribute(NamedTuple):
    """One custom attribute; `array_length` is the most values it may hold, for arrays only."""

    name: str
    data_type: str
    array_length: int | None


class Names:
    """Reads names and counts of one workspace."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._database = room.database

    def events(self, workspace: str) -> list[str]:
        """Custom event names, alphabetical."""
        return self._distinct("name", "braze_event", workspace)

    def products(self, workspace: str) -> list[str]:
        """Product ids, alphabetical."""
        return self._distinct("product_id", "braze_purchase", workspace)

    def _distinct(self, column: str, table: str, workspace: str) -> list[str]:
        query = (
            f"SELECT DISTINCT t.{column} FROM {table} t JOIN braze_profile p ON p.profile = t.profile "
            f"WHERE p.workspace = ? AND p.gone_at IS NULL ORDER BY t.{column}"
        )
        return [name for (name,) in self._database.rows(query, (workspace,))]

    def attributes(self, workspace: str) -> list[Attribute]:
        """Custom attributes, alphabetical; the type is that of the first profile that has it."""
        query = (
            "SELECT each.key, each.type, each.value, min(p.profile) FROM braze_profile p, json_each(p.custom) each "
            "WHERE p.workspace = ? AND p.gone_at IS NULL AND each.type <> 'null' GROUP BY each.key ORDER BY each.key"
        )
        longest = int(self._room.rules.array_maximum)
        found = []
        for name, kind, value, _ in self._database.rows(query, (workspace,)):
            data_type = _data_type(kind, value)
            found.append(Attribute(name, data_type, longest if data_type == "Array" else None))
        return found

    def event_counts(
        self, workspace: str, name: str, slots: Collection[Instant], unit: str, *, app_id: str = "", rows: str = ""
    ) -> dict[Instant, int]:
        """How often an event happened in each slot of time; `rows` narrows to profiles (a JSON array)."""
        return {
            slot: int(amount)
            for slot, amount in self._sums(
                "braze_event", "1", workspace, slots, unit, {"name": name, "app_id": app_id}, rows
            ).items()
        }

    def quantities(
        self, workspace: str, slots: Collection[Instant], unit: str, *, app_id: str = "", product: str = ""
    ) -> dict[Instant, int]:
        """How many items were bought in each slot of time."""
        narrow = {"app_id": app_id, "product_id": product}
        sums = self._sums("braze_purchase", "quantity", workspace, slots, unit, narrow)
        return {slot: int(amount) for slot, amount in sums.items()}

    def revenues(
        self, workspace: str, slots: Collection[Instant], unit: str, *, app_id: str = "", product: str = ""
    ) -> dict[Instant, float]:
        """What was spent in each slot of time, currencies not converted."""
        narrow = {"app_id": app_id, "product_id": product}
        sums = self._sums("braze_purchase", "price * quantity", workspace, slots, unit, narrow)
        return {slot: round(amount, 2) for slot, amount in sums.items()}

    def _sums(
        self,
        table: str,
        amount: str,
        workspace: str,
        slots: Collection[Instant],
        unit: str,
        narrow: Mapping[str, str],
        rows: str = "",
    ) -> dict[Instant, float]:
        length = UNITS_MS[unit]
        wanted = {column: value for column, value in narrow.items() if value}
        conditions = "".join(f" AND t.{column} = ?" for column in wanted)
        parameters: list[object] = [workspace, min(slots), max(slots) + length, *wanted.values()]
        if rows:
            conditions += " AND t.profile IN (SELECT value FROM json_each(?))"
            parameters.append(rows)
        query = (
            f"SELECT t.at - t.at % {length}, sum({amount}) FROM {table} t "
            "JOIN braze_profile p ON p.profile = t.profile "
            f"WHERE p.workspace = ? AND t.at >= ? AND t.at < ?{conditions} GROUP BY 1"
        )
        found = dict(self._database.rows(query, parameters))
        return {slot: found.get(slot, 0) for slot in slots}


def slots_until(ending_at: Instant, length: int, unit: str) -> list[Instant]:
    """The beginnings of the last so many days or hours, the one that holds `ending_at` last; oldest first."""
    size = UNITS_MS[unit]
    last = ending_at - ending_at % size
    return [Instant(last - back * size) for back in range(length - 1, -1, -1)]


def slot_text(slot: Instant, unit: str) -> str:
    """`2026-03-02` for a day, `2026-03-02T10:00:00Z` for an hour."""
    text = format_instant(slot)
    return text[:10] if unit == "day" else text


def rows_text(rows: Collection[int]) -> str:
    """Rows as the JSON array that narrows a count."""
    return orjson.dumps(sorted(rows)).decode()


def _data_type(kind: str, value: object) -> str:
    if kind == "text" and isinstance(value, str) and "T" in value and instant_of(value) is not None:
        return "Time"
    if kind == "array" and isinstance(value, str):
        inner = orjson.loads(value)
        return "Object Array" if inner and all(isinstance(each, dict) for each in inner) else "Array"
    return DATA_TYPES[kind]
