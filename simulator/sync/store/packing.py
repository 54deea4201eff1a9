"""Columns that hold many values: a request's changes and a connection's hierarchy, as compact JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress
from typing import NamedTuple

import orjson

from simulator.rules.identity import Identifier, Kind
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.rules.planning import Change, Direction

KINDS = tuple(Kind)
KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
DIRECTIONS = tuple(Direction)
DIRECTION_CODES = {direction: code for code, direction in enumerate(DIRECTIONS)}
ADDED, RELEASED = DIRECTION_CODES[Direction.ADD], DIRECTION_CODES[Direction.RELEASE]


class Head(NamedTuple):
    """What people who go the same way have in common: codes of direction and kind, alias label, mapping."""

    direction: int
    kind: int
    label: str
    rank: int


class Group(NamedTuple):
    """People of one request who go the same way, and the identifier of each; two columns of one length."""

    head: Head
    people: list[int]
    values: list[str]


def head_of(change: Change) -> Head:
    """Where a change goes."""
    kind, _, label = change.identifier
    return Head(DIRECTION_CODES[change.direction], KIND_CODES[kind], label, change.rank)


class Batch:
    """What one request carries. A million people pass here, so they stay columns until somebody asks for changes."""

    __slots__ = ("groups",)

    def __init__(self, groups: Sequence[Group] = ()) -> None:
        self.groups = groups

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Batch:
        """A batch of these changes: groups in the order of their first change, each in the order of its changes."""
        groups: dict[Head, Group] = {}
        for change in changes:
            head = head_of(change)
            group = groups.setdefault(head, Group(head, [], []))
            group.people.append(change.amplitude_id)
            group.values.append(change.identifier.value)
        return cls(tuple(groups.values()))

    @classmethod
    def unpack(cls, packed: bytes | None) -> Batch:
        """The batch of a packed column."""
        if not packed:
            return cls()
        return cls([Group(Head(*head), people, values) for head, people, values in orjson.loads(packed)])

    def pack(self) -> bytes:
        """Compact JSON; the order is kept."""
        return orjson.dumps([(tuple(head), people, values) for head, people, values in self.groups])

    def __len__(self) -> int:
        return sum(len(group.people) for group in self.groups)

    @property
    def people(self) -> list[int]:
        """amplitude_ids, in order."""
        return [person for group in self.groups for person in group.people]

    @property
    def nothing_to_send(self) -> bool:
        """Whether every change only lets go of an identifier."""
        return bool(self.groups) and all(group.head.direction == RELEASED for group in self.groups)

    def count(self, direction: Direction) -> int:
        """How many changes go in a direction."""
        code = DIRECTION_CODES[direction]
        return sum(len(group.people) for group in self.groups if group.head.direction == code)

    def only(self, direction: Direction, kind: Kind) -> list[Group]:
        """The groups of one direction and one kind, in order."""
        wanted = (DIRECTION_CODES[direction], KIND_CODES[kind])
        return [group for group in self.groups if group.head[:2] == wanted]

    def changes(self) -> list[Change]:
        """The same as values."""
        return [
            Change(person, DIRECTIONS[head.direction], Identifier(KINDS[head.kind], value, head.label), head.rank)
            for head, people, values in self.groups
            for person, value in zip(people, values, strict=True)
        ]


class Pile:
    """Changes in the order in which they were planned, waiting to be cut into requests; three columns."""

    def __init__(self) -> None:
        self._people: list[int] = []
        self._values: list[str] = []
        self._heads: list[int] = []

    def __len__(self) -> int:
        return len(self._people)

    def add(self, people: Sequence[int], values: Sequence[str], heads: Sequence[int]) -> None:
        """Put changes on top; `heads` are places in the list that `take` is given."""
        self._people += people
        self._values += values
        self._heads += heads

    def take(self, size: int, known: Sequence[Head]) -> Batch:
        """Cut off the oldest `size` changes, grouped by where they go."""
        people, values, heads = self._people[:size], self._values[:size], self._heads[:size]
        del self._people[:size], self._values[:size], self._heads[:size]
        groups = []
        for head in dict.fromkeys(heads):
            chosen = [each == head for each in heads]
            groups.append(Group(known[head], list(compress(people, chosen)), list(compress(values, chosen))))
        return Batch(groups)


def pack_mappings(mappings: Iterable[IdentifierMapping]) -> str:
    """A hierarchy as JSON text."""
    return orjson.dumps([(m.amplitude_property, m.target, m.alias_label) for m in mappings]).decode()


@lru_cache(maxsize=256)
def unpack_mappings(packed: str) -> tuple[IdentifierMapping, ...]:
    """The hierarchy of a JSON text."""
    return tuple(IdentifierMapping(name, Kind(target), label) for name, target, label in orjson.loads(packed))
