"""The shapes that many keys share: people, durations, amounts and the like."""

from __future__ import annotations

from typing import Any

from simulator.rules.catalogue import RULES
from simulator.scenario.language.nodes import Node, Scalar
from simulator.scenario.language.quantities import AmountShape, Duration, InstantShape, MomentShape
from simulator.scenario.language.shapes import (
    Broken,
    Flag,
    Json,
    ListOf,
    MapOf,
    Name,
    Reader,
    SchemaBook,
    Shape,
    Text,
    Whole,
    expected,
)
from simulator.scenario.language.source import did_you_mean

PERSON = Name("person")
COHORT = Name("cohort")
CONNECTION = Name("connection")
SEGMENT = Name("segment")
SYNC = Name("sync")
PEOPLE = ListOf(PERSON, single=True)
TEXT = Text()
IDENTIFIER = Text("an identifier")
DEVICE = Text("a device id")
LABEL = Text("an alias label")
PROPERTIES = MapOf(Text("a property name"), Json())
DURATION = Duration()
MOMENT = MomentShape()
INSTANT = InstantShape()
AMOUNT = AmountShape()
FLAG = Flag()
COUNT = Whole(1)
STATUS = Whole(100, 599, "an HTTP status")


class RuleId(Shape):
    """The id of a rule in the catalogue."""

    words = "a rule id"

    def read(self, node: Node, reader: Reader) -> str | Broken:
        text = node.text if isinstance(node, Scalar) else ""
        if text in RULES:
            return text
        return expected(self.words, node, reader, did_you_mean(text.upper(), RULES, "rule ids"))

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return book.reference("rule_id", lambda: {"enum": list(RULES)})


RULE_IDS = ListOf(RuleId(), single=True)
