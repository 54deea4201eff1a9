"""The shapes that many keys share: people, durations, amounts and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simulator import resources
from simulator.rules.catalogue import RULES
from simulator.scenario.language.nodes import Entries, Listing, Node, Scalar
from simulator.scenario.language.quantities import AmountShape, Duration, InstantShape, MomentShape
from simulator.scenario.language.shapes import (
    BROKEN,
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
PROJECT = Name("project")
SEGMENT = Name("segment")
SYNC = Name("sync")
CAMPAIGN = Name("campaign")
COMPUTATION = Name("computation")
FEED = Name("feed")
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


KEYS_OF_THE_WORLD = (
    "braze_rest_key", "data_import_key", "partner_api_key", "amplitude_api_key", "amplitude_secret_key",
)  # fmt: skip
"""Words in braces that stand for a key of the world."""
NAMING_WORDS = {"cohort": "cohort", "data_import_key": "connection", "former_data_import_key": "connection"}
"""Words in braces that are followed by a name, and of what: `{cohort:openers}`."""
PLACEHOLDER = re.compile(rf"\{{(?:({'|'.join(NAMING_WORDS)}):)?([^{{}}]+)\}}")


@dataclass(frozen=True, slots=True)
class Filled(Shape):
    """A value in which `{cohort:NAME}`, `{braze_rest_key}` and their like stand for ids and keys of the world."""

    inner: Shape

    def read(self, node: Node, reader: Reader) -> Any:
        before = len(reader.problems)
        for text in _texts(node):
            for found in PLACEHOLDER.finditer(text.text):
                if found[1]:
                    _check_name(NAMING_WORDS[found[1]], found[2], text, reader)
                else:
                    _check_word(found[2], text, reader)
        value = self.inner.read(node, reader)
        return value if len(reader.problems) == before else BROKEN

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return self.inner.schema(book)

    @property
    def words(self) -> str:
        return self.inner.words


def _check_name(of: str, name: str, text: Scalar, reader: Reader) -> None:
    known = reader.known(of)
    if name not in known:
        hint = did_you_mean(name, known, f"{of}s") if known else f"this file has no {of}s"
        reader.refuse(f"unknown {of} {name!r}", text, hint)


def _check_word(word: str, text: Scalar, reader: Reader) -> None:
    """Other words in braces are what they are; one that is nearly the word for a key is a slip."""
    meant = did_you_mean(word, KEYS_OF_THE_WORLD) if word not in KEYS_OF_THE_WORLD else ""
    if meant.startswith("did you mean"):
        reader.refuse(f"{{{word}}} stands for no key of the world", text, meant)


def _texts(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _texts(item)
    elif isinstance(node, Entries):
        for _, value in node.entries:
            yield from _texts(value)


TEMPLATE = Filled(Json())
FILLED_TEXT = Filled(Text())


class OperationId(Shape):
    """An operation of either contract."""

    words = "an operationId of a contract"

    def read(self, node: Node, reader: Reader) -> str | Broken:
        text = node.text if isinstance(node, Scalar) else ""
        known = operation_ids()
        if text in known:
            return text
        return expected(self.words, node, reader, did_you_mean(text, known) if text else "")

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"type": "string"}


@lru_cache(maxsize=1)
def operation_ids() -> tuple[str, ...]:
    """Every operationId of both contracts; found by their lines, since reading a contract takes half a second."""
    texts = (resources.contract_path(service).read_text(encoding="utf-8") for service in ("braze", "amplitude"))
    return tuple(found for text in texts for found in re.findall(r"^\s*operationId: *(\w+)", text, re.MULTILINE))


OPERATION = OperationId()
RULE_IDS = ListOf(RuleId(), single=True)
