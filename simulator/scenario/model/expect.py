"""The step `expect`: which expectations there are, and how one block of them is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from simulator.rules.rule_sets import RULE_SETS
from simulator.rules.switches import SWITCHES, RuleSet
from simulator.scenario.language.nodes import Entries, Node, Scalar
from simulator.scenario.language.records import Record, RecordOf, key, keys_of, spots_of
from simulator.scenario.language.shapes import BROKEN, Broken, Choice, Reader, SchemaBook, Shape, expected
from simulator.scenario.language.source import did_you_mean
from simulator.scenario.model import expectations
from simulator.scenario.model.expectations import Expectation
from simulator.scenario.model.steps.base import Step, verb_of
from simulator.scenario.model.words import COHORT, CONNECTION, SYNC

EXPECTATIONS: dict[str, type[Expectation]] = {
    verb_of(kind): kind
    for kind in (
        expectations.Members,
        expectations.Named,
        expectations.Wanted,
        expectations.Added,
        expectations.AlreadyThere,
        expectations.Removed,
        expectations.AlreadyGone,
        expectations.Skipped,
        expectations.Dropped,
        expectations.NotRemoved,
        expectations.Undelivered,
        expectations.ProfilesCreated,
        expectations.Runs,
        expectations.Requests,
        expectations.Alerts,
        expectations.Received,
        expectations.History,
        expectations.Converged,
        expectations.Outcomes,
        expectations.Segments,
        expectations.Sent,
        expectations.Profiles,
        expectations.DataPoints,
        expectations.Story,
    )
}
"""Every expectation by its key."""


class Since(StrEnum):
    """From when on an expectation about what happened looks."""

    START = "start"
    LAST_EXPECT = "last_expect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Only(Record):
    """Narrows expectations about people and runs."""

    cohort: str | None = key(COHORT, "Only what happened in this cohort.", default=None)
    connection: str | None = key(CONNECTION, "Only what was sent over this connection.", default=None)
    sync: str | None = key(SYNC, "Only what this sync did.", default=None)


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule set: a named one, or the default, with some switches set otherwise."""

    base: str = ""
    switches: Mapping[str, str] | None = None

    def over(self, base: str) -> RuleSet:
        """The rule set; `base` is taken where none was named."""
        return RULE_SETS[self.base or base].with_switches(self.switches or {})

    def holds(self, rules: RuleSet) -> bool:
        """Whether rules in force are this reading: every switch of a named set, and the switches given."""
        wanted = RULE_SETS[self.base].as_mapping() if self.base else {}
        wanted |= self.switches or {}
        return all(getattr(rules, name) == value for name, value in wanted.items())

    def __str__(self) -> str:
        parts = [self.base] if self.base else []
        parts += [f"{name}: {value}" for name, value in (self.switches or {}).items()]
        return ", ".join(parts) or "default"


class ReadingShape(Shape):
    """The name of a rule set, or a mapping of switches."""

    words = "the name of a rule set, or a mapping of switches (with `set: NAME` to start from a named set)"

    def read(self, node: Node, reader: Reader) -> Reading | Broken:
        if isinstance(node, Scalar):
            named = self._set(node, reader)
            return BROKEN if isinstance(named, Broken) else Reading(named)
        if not isinstance(node, Entries):
            return expected(self.words, node, reader)
        base: str | Broken = ""
        switches: dict[str, str] = {}
        for name, value in node.entries:
            if name.text == "set":
                base = self._set(value, reader)
            elif name.text not in SWITCHES:
                reader.refuse(f"unknown switch {name.text!r}", name, did_you_mean(name.text, (*SWITCHES, "set")))
                base = BROKEN
            else:
                choice = Choice(SWITCHES[name.text].values).read(value, reader)
                if isinstance(choice, Broken):
                    base = BROKEN
                else:
                    switches[name.text] = choice
        return BROKEN if isinstance(base, Broken) else Reading(base, switches)

    def _set(self, node: Node, reader: Reader) -> str | Broken:
        if isinstance(node, Scalar) and node.text in RULE_SETS:
            return node.text
        text = node.text if isinstance(node, Scalar) else ""
        return expected("the name of a rule set", node, reader, did_you_mean(text, RULE_SETS, "rule sets"))

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return book.reference("reading", self._describe)

    def _describe(self) -> dict[str, Any]:
        properties: dict[str, Any] = {"set": {"enum": list(RULE_SETS)}}
        for switch in SWITCHES.values():
            properties[switch.name] = {"description": f"{switch.rule}: {switch.doc}", "enum": list(switch.values)}
        mapping = {"type": "object", "properties": properties, "additionalProperties": False}
        return {"anyOf": [{"enum": list(RULE_SETS)}, mapping]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(Step):
    """Compares the world with what is written; every difference fails the scenario.

    Lists of people are exact: who is not named must not be there, and `[]` or `{}` means nobody. They speak of the
    people under `people`; generated people are counted by amounts. What happened (`added` to `undelivered`, `runs`) is
    told from the first step on, however many `expect` lie between; `since: last_expect` starts at the previous one.
    """

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "expect: {members: {openers: [ida]}, dropped: {ben: MATCH-4}}",
        "expect: {since: last_expect, removed: [ida]}",
        "expect: {only: {sync: openers}, added: [ida]}",
        "expect: {under: amplitude-page, added: [ben, ida]}",
    )

    since: Since = key(Choice(Since), "From when on expectations about what happened look.", default=Since.START)
    only: Only | None = key(RecordOf(Only), "Narrows expectations about people and runs.", default=None)
    under: Reading | None = key(
        ReadingShape(), "Evaluated only when these rules are in force; otherwise left out.", default=None
    )
    expectations: tuple[Expectation, ...] = ()


class ExpectShape(Shape):
    """The value of `expect`."""

    words = "a mapping of expectations"

    def read(self, node: Node, reader: Reader) -> Expect | Broken:
        if not isinstance(node, Entries):
            return expected(self.words, node, reader, "write `expect: {members: {openers: [ida]}}`")
        options = {each.name: each for each in keys_of(Expect)}
        values: dict[str, Any] = {}
        found: list[Expectation | Broken] = []
        for name, value in node.entries:
            if name.text in options:
                values[name.text] = options[name.text].shape.read(value, reader)
            elif name.text in EXPECTATIONS:
                found.append(_read(EXPECTATIONS[name.text], name, value, reader))
            else:
                hint = did_you_mean(name.text, (*EXPECTATIONS, *options))
                found.append(reader.refuse(f"unknown expectation {name.text!r}", name, hint))
        if not found:
            return reader.refuse("nothing is expected", node, "add an expectation such as `members`")
        whole = [each for each in found if not isinstance(each, Broken)]
        if len(whole) < len(found) or BROKEN in values.values():
            return BROKEN
        return Expect(where=node.where, spots=spots_of(node), expectations=tuple(whole), **values)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return book.reference("expect", lambda: self._describe(book))

    def _describe(self, book: SchemaBook) -> dict[str, Any]:
        properties = {each.name: {"description": each.doc, **each.shape.schema(book)} for each in keys_of(Expect)}
        for name, kind in EXPECTATIONS.items():
            shape = keys_of(kind)[0].shape
            properties[name] = {"description": kind.__doc__, **shape.schema(book)}
        return {"type": "object", "properties": properties, "additionalProperties": False}


def _read(kind: type[Expectation], name: Scalar, value: Node, reader: Reader) -> Expectation | Broken:
    read = keys_of(kind)[0].shape.read(value, reader)
    return BROKEN if read is BROKEN else kind(where=name.where, spots=spots_of(value), value=read)
