"""Every behaviour that the simulator promises, gathered from the catalogue, the switches and both contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from simulator import openapi
from simulator.rules.catalogue import RULES, Confidence
from simulator.rules.switches import SWITCHES


class Sort(StrEnum):
    """What a line of the ledger is about."""

    RULE = "rule"
    SWITCH = "switch"
    OPERATION = "operation"
    READING = "reading"
    OMISSION = "omission"


class Room(StrEnum):
    """Whose behaviour it is."""

    BRAZE = "braze"
    AMPLITUDE = "amplitude"
    ENGINE = "engine"


GROUPS: dict[str, tuple[Room, ...]] = {
    **dict.fromkeys(("KEY", "MATCH", "NOCREATE", "SEG", "DP", "LIFE", "TRACK", "VIS", "LIMIT"), (Room.BRAZE,)),
    **dict.fromkeys(("ID", "INGEST", "COHORT", "READ", "PROF"), (Room.AMPLITUDE,)),
    **dict.fromkeys(("CONN", "MAP", "SYNC", "CAD", "HIST", "ALERT", "TRAIT", "STREAM", "CUR"), (Room.ENGINE,)),
    # Both ends keep these: who creates a profile, and what holds over the whole of a world.
    "CREATE": (Room.ENGINE, Room.BRAZE),
    "INV": (Room.BRAZE, Room.AMPLITUDE, Room.ENGINE),
}
"""The rooms that keep the rules of a group."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One line of the ledger."""

    sort: Sort
    name: str
    """The rule id, the switch, the operationId, or the module of a reading."""
    sentence: str
    source: str
    confidence: str
    rooms: tuple[Room, ...]
    switch: str = ""
    """The switch that selects another reading of a rule, or the rule that a switch belongs to."""
    values: tuple[str, ...] = ()
    """What a switch takes; the first is the default."""
    where: str = ""
    """Method and path of an operation."""
    emulated: bool = True
    """False for an operation that answers 501, and for a part of another one that is left out."""
    tests: tuple[str, ...] = field(default=(), compare=False)
    """Scenarios and test functions that show it, three at most."""

    @property
    def key(self) -> str:
        """Its name in the file of tests; an operation's carries the service, for two vendors use the same words."""
        if self.sort is Sort.OMISSION:
            return f"{self.rooms[0]}.{self.name}: {self.sentence}"
        return f"{self.rooms[0]}.{self.name}" if self.sort is Sort.OPERATION else self.name

    def is_sure(self, confidence: Confidence) -> bool:
        """Whether it is known like this; a confidence may say two things, such as `live; codes documented`."""
        return confidence in self.confidence


def rules() -> Iterator[Behaviour]:
    """Every rule of the catalogue, in its order."""
    for rule in RULES.values():
        rooms = GROUPS[rule.id.split("-")[0]]
        values = SWITCHES[rule.switch].values if rule.switch else ()
        yield Behaviour(
            Sort.RULE, rule.id, rule.sentence, rule.source, rule.confidence, rooms, rule.switch, values
        )  # fmt: skip


def switches() -> Iterator[Behaviour]:
    """Every switch, in the order of the rule set."""
    for switch in SWITCHES.values():
        rooms = GROUPS[switch.rule.split("-")[0]]
        yield Behaviour(
            Sort.SWITCH, switch.name, switch.doc, switch.source, switch.confidence, rooms, switch.rule, switch.values
        )  # fmt: skip


def operations() -> Iterator[Behaviour]:
    """Every operation of both vendors, in the order of the contracts; those that are left out too."""
    for room in (Room.BRAZE, Room.AMPLITUDE):
        for operation in openapi.load(room).operations.values():
            said = operation.definition
            yield Behaviour(
                Sort.OPERATION, operation.operation_id, str(said.get("summary", "")), str(said["x-source"]),
                str(said["x-confidence"]), (room,), where=f"{operation.method} {operation.path}",
                emulated=operation.emulated,
            )  # fmt: skip


def omissions() -> Iterator[Behaviour]:
    """What operations that answer leave out nevertheless, as their contract says (`x-absim-left-out`)."""
    for room in (Room.BRAZE, Room.AMPLITUDE):
        for operation in openapi.load(room).operations.values():
            said = operation.definition
            for sentence in said.get("x-absim-left-out", ()):
                yield Behaviour(
                    Sort.OMISSION, operation.operation_id, str(sentence), str(said["x-source"]), "", (room,),
                    where=f"{operation.method} {operation.path}", emulated=False,
                )  # fmt: skip


def everything() -> list[Behaviour]:
    """Rules, switches, operations and what those leave out, without the tests that show them."""
    return [*rules(), *switches(), *operations(), *omissions()]


def with_tests(behaviours: Iterable[Behaviour], shown: Mapping[Sort, Mapping[str, Sequence[str]]]) -> list[Behaviour]:
    """The same behaviours with the tests that show them."""
    return [replace(each, tests=tuple(shown.get(each.sort, {}).get(each.key, ()))) for each in behaviours]


def chosen(
    behaviours: Iterable[Behaviour], confidence: Confidence | None = None, room: Room | None = None
) -> list[Behaviour]:
    """Those that are known like this and kept by this room."""
    return [
        each
        for each in behaviours
        if (confidence is None or each.is_sure(confidence)) and (room is None or room in each.rooms)
    ]
