"""Columns that hold many values: a request's changes and a connection's hierarchy, as compact JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson

from simulator.rules.identity import Identifier, Kind
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.rules.planning import Change, Direction

KINDS = tuple(Kind)
KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
DIRECTIONS = tuple(Direction)
DIRECTION_CODES = {direction: code for code, direction in enumerate(DIRECTIONS)}
ADDED, RELEASED = DIRECTION_CODES[Direction.ADD], DIRECTION_CODES[Direction.RELEASE]


Row = Sequence[Any]
"""One change as it is stored: amplitude_id, direction code, kind code, value, label, rank."""


def rows_of(changes: Iterable[Change]) -> list[Row]:
    """Changes in the form in which they are stored."""
    directions, kinds = DIRECTION_CODES, KIND_CODES
    return [
        (amplitude_id, directions[direction], kinds[kind], value, label, rank)
        for amplitude_id, direction, (kind, value, label), rank in changes
    ]


def rows_of_additions(found: Iterable[tuple[int, Kind, str, str, int]]) -> list[Row]:
    """Entries in the form in which they are stored."""
    kinds = KIND_CODES
    return [(amplitude_id, ADDED, kinds[kind], value, label, rank) for amplitude_id, kind, value, label, rank in found]


class Batch:
    """What one request carries. A million people pass here, so they stay rows until somebody asks for changes."""

    __slots__ = ("_present", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._present: set[tuple[int, int]] | None = None

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Batch:
        """A batch of these changes, in order."""
        return cls(rows_of(changes))

    @classmethod
    def unpack(cls, packed: bytes | None) -> Batch:
        """The batch of a packed column."""
        return cls(orjson.loads(packed) if packed else [])

    def pack(self) -> bytes:
        """Compact JSON; the order is kept."""
        return orjson.dumps(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def people(self) -> list[int]:
        """amplitude_ids, in order."""
        return [row[0] for row in self.rows]

    @property
    def nothing_to_send(self) -> bool:
        """Whether every change only lets go of an identifier."""
        return bool(self.rows) and all(row[1] == RELEASED for row in self.rows)

    def count(self, direction: Direction) -> int:
        """How many changes go in a direction."""
        code = DIRECTION_CODES[direction]
        directions = {found for found, _ in self._pairs()}
        if directions <= {code}:
            return len(self.rows) if directions else 0
        return sum(row[1] == code for row in self.rows) if code in directions else 0

    def only(self, direction: Direction, kind: Kind) -> Sequence[Row]:
        """The rows of one direction and one kind, in order."""
        wanted = (DIRECTION_CODES[direction], KIND_CODES[kind])
        present = self._pairs()
        if wanted not in present:
            return []
        return self.rows if len(present) == 1 else [row for row in self.rows if (row[1], row[2]) == wanted]

    def _pairs(self) -> set[tuple[int, int]]:
        """The pairs of direction and kind that occur; most requests have one."""
        if self._present is None:
            self._present = {(row[1], row[2]) for row in self.rows}
        return self._present

    def changes(self) -> list[Change]:
        """The same as values."""
        return [
            Change(amplitude_id, DIRECTIONS[direction], Identifier(KINDS[kind], value, label), rank)
            for amplitude_id, direction, kind, value, label, rank in self.rows
        ]


def pack_mappings(mappings: Iterable[IdentifierMapping]) -> str:
    """A hierarchy as JSON text."""
    return orjson.dumps([(m.amplitude_property, m.target, m.alias_label) for m in mappings]).decode()


@lru_cache(maxsize=256)
def unpack_mappings(packed: str) -> tuple[IdentifierMapping, ...]:
    """The hierarchy of a JSON text."""
    return tuple(IdentifierMapping(name, Kind(target), label) for name, target, label in orjson.loads(packed))
