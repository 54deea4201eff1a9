"""Columns that hold many values: a request's changes and a connection's hierarchy, as compact JSON."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import orjson

from simulator.rules.identity import Identifier, Kind
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.rules.planning import Change, Direction

KINDS = tuple(Kind)
KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
DIRECTIONS = tuple(Direction)
DIRECTION_CODES = {direction: code for code, direction in enumerate(DIRECTIONS)}


def pack_changes(changes: Iterable[Change]) -> bytes:
    """Changes as compact JSON; the order is kept."""
    directions, kinds = DIRECTION_CODES, KIND_CODES
    return orjson.dumps(
        [
            (amplitude_id, directions[direction], kinds[kind], value, label, index)
            for amplitude_id, direction, (kind, value, label), index in changes
        ]
    )


def unpack_changes(packed: bytes | None) -> list[Change]:
    """The changes of a packed column."""
    if not packed:
        return []
    return [
        Change(amplitude_id, DIRECTIONS[direction], Identifier(KINDS[kind], value, label), index)
        for amplitude_id, direction, kind, value, label, index in orjson.loads(packed)
    ]


def pack_mappings(mappings: Iterable[IdentifierMapping]) -> str:
    """A hierarchy as JSON text."""
    return orjson.dumps([(m.amplitude_property, m.target, m.alias_label) for m in mappings]).decode()


@lru_cache(maxsize=256)
def unpack_mappings(packed: str) -> tuple[IdentifierMapping, ...]:
    """The hierarchy of a JSON text."""
    return tuple(IdentifierMapping(name, Kind(target), label) for name, target, label in orjson.loads(packed))
