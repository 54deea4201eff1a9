"""Shapes: what may be written in one place, how it is read, how a JSON Schema and the reference describe it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Final, Protocol

from simulator.scenario.language.nodes import Entries, Listing, Node, Scalar, plain_value
from simulator.scenario.language.source import Problem, Where, did_you_mean


class Broken(Enum):
    """What reading returns after it has reported a problem; nothing is built from it."""

    BROKEN = "broken"


BROKEN: Final = Broken.BROKEN


@dataclass(slots=True)
class Reader:
    """What is known while a file is read, and what was found wrong so far."""

    problems: list[Problem] = field(default_factory=list)
    names: dict[str, dict[str, Where]] = field(default_factory=dict)
    generated_people: int = 0

    def refuse(self, what: str, at: Node | Where, hint: str = "") -> Broken:
        """Report a problem and go on."""
        self.problems.append(Problem(what, at.where if isinstance(at, Node) else at, hint))
        return BROKEN

    def known(self, kind: str) -> dict[str, Where]:
        """The names of one kind (person, cohort, connection …) with the places where they were given."""
        return self.names.setdefault(kind, {})


class SchemaBook:
    """Collects the definitions of a JSON Schema while shapes describe themselves."""

    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Any]] = {}

    def reference(self, name: str, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A `$ref` to a definition that is written once."""
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = describe()
        return {"$ref": f"#/$defs/{name}"}


class Shape(Protocol):
    """What may be written in one place."""

    def read(self, node: Node, reader: Reader) -> Any:
        """The value, or BROKEN after the problem was reported to the reader."""

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """The JSON Schema of what may be written."""

    @property
    def words(self) -> str:
        """How the reference names it."""


def expected(words: str, node: Node, reader: Reader, hint: str = "") -> Broken:
    """Report that something else should stand here."""
    got = node.kind
    if isinstance(node, Scalar):
        got = "nothing" if node.plain and node.value is None else f"{node.text!r}"
    return reader.refuse(f"expected {words}, got {got}", node, hint)


@dataclass(frozen=True, slots=True)
class Text(Shape):
    """Any text; a number counts as the text it is written as."""

    what: str = "text"
    pattern: str = ""
    hint: str = ""

    def read(self, node: Node, reader: Reader) -> str | Broken:
        if not isinstance(node, Scalar) or (node.plain and isinstance(node.value, bool | None)):
            return expected(self.what, node, reader, "quote it if you mean the word" if _is_word(node) else "")
        if self.pattern and not re.fullmatch(self.pattern, node.text):
            return expected(self.what, node, reader, self.hint)
        return node.text

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        if self.pattern:
            return {"type": "string", "pattern": f"^(?:{self.pattern})$"}
        return {"type": ["string", "number"]}

    @property
    def words(self) -> str:
        return self.what


def _is_word(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, bool)


@dataclass(frozen=True, slots=True)
class Whole(Shape):
    """A whole number; underscores may group the digits."""

    least: int = 0
    most: int | None = None
    what: str = "a whole number"

    def read(self, node: Node, reader: Reader) -> int | Broken:
        text = node.text.replace("_", "") if isinstance(node, Scalar) else ""
        if not re.fullmatch(r"[-+]?\d{1,18}", text):
            return expected(self.what, node, reader)
        number = int(text)
        if number < self.least:
            return reader.refuse(f"{number} is too small; at least {self.least}", node)
        if self.most is not None and number > self.most:
            return reader.refuse(f"{number} is too large; at most {self.most}", node)
        return number

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        bounds = {"minimum": self.least} | ({} if self.most is None else {"maximum": self.most})
        return {"anyOf": [{"type": "integer", **bounds}, {"type": "string", "pattern": "^[0-9][0-9_]*$"}]}

    @property
    def words(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Flag(Shape):
    """true or false."""

    words = "`true` or `false`"

    def read(self, node: Node, reader: Reader) -> bool | Broken:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        lowered = node.text.lower() if isinstance(node, Scalar) else ""
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(lowered)
        return expected("true or false", node, reader, f"write {meant}" if meant else "")

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice(Shape):
    """One word of a closed list; given an enumeration, its member is read."""

    choices: type[StrEnum] | tuple[str, ...]

    @property
    def listed(self) -> tuple[str, ...]:
        return tuple(str(choice) for choice in self.choices)

    def read(self, node: Node, reader: Reader) -> str | Broken:
        text = node.text if isinstance(node, Scalar) else ""
        if text not in self.listed:
            return expected(" or ".join(self.listed), node, reader, _close(text, self.listed))
        return text if isinstance(self.choices, tuple) else self.choices(text)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"enum": list(self.listed)}

    @property
    def words(self) -> str:
        return " or ".join(f"`{choice}`" for choice in self.listed)


def _close(text: str, listed: Iterable[str]) -> str:
    hint = did_you_mean(text, listed)
    return hint if hint.startswith("did you mean") else ""


@dataclass(frozen=True, slots=True)
class Name(Shape):
    """The name of something that the file defines: a person, a cohort, a connection …"""

    of: str

    def read(self, node: Node, reader: Reader) -> str | Broken:
        if not isinstance(node, Scalar) or not node.text:
            return expected(f"the name of a {self.of}", node, reader)
        known = reader.known(self.of)
        if node.text not in known and not self._is_generated(node.text, reader):
            plural = {"person": "people"}.get(self.of, f"{self.of}s")
            hint = did_you_mean(node.text, known, plural) if known else f"this file has no {plural}"
            return reader.refuse(f"unknown {self.of} {node.text!r}", node, hint)
        return node.text

    def _is_generated(self, name: str, reader: Reader) -> bool:
        """Whether it is the name of one of the people of the population: p000000, p000001 …"""
        found = re.fullmatch(r"p(\d{6,8})", name)
        return self.of == "person" and found is not None and int(found[1]) < reader.generated_people

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"type": "string"}

    @property
    def words(self) -> str:
        return f"a {self.of}'s name"


@dataclass(frozen=True, slots=True)
class Json(Shape):
    """Any YAML value, taken as JSON."""

    words = "any value"

    def read(self, node: Node, reader: Reader) -> Any:
        return plain_value(node)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class ListOf(Shape):
    """A list; where `single` is true one item may stand without the brackets."""

    item: Shape
    single: bool = False
    least: int = 0
    most: int | None = None

    def read(self, node: Node, reader: Reader) -> tuple[Any, ...] | Broken:
        if self.single and not isinstance(node, Listing):
            value = self.item.read(node, reader)
            return BROKEN if value is BROKEN else (value,)
        if not isinstance(node, Listing):
            return expected(self.words, node, reader)
        if len(node.items) < self.least:
            return reader.refuse(f"the list is too short; at least {self.least}", node)
        if self.most is not None and len(node.items) > self.most:
            return reader.refuse(f"the list has {len(node.items)} items; at most {self.most}", node)
        values = [self.item.read(item, reader) for item in node.items]
        return BROKEN if any(value is BROKEN for value in values) else tuple(values)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        item = self.item.schema(book)
        bounds = ({"minItems": self.least} if self.least else {}) | ({"maxItems": self.most} if self.most else {})
        many = {"type": "array", "items": item, **bounds}
        return {"anyOf": [many, item]} if self.single else many

    @property
    def words(self) -> str:
        return f"a list of {self.item.words}" + (", or a single one" if self.single else "")


@dataclass(frozen=True, slots=True)
class MapOf(Shape):
    """A mapping whose keys are chosen by the author; a `key` shape checks them."""

    key: Shape
    value: Shape

    def read(self, node: Node, reader: Reader) -> Mapping[Any, Any] | Broken:
        if not isinstance(node, Entries):
            return expected(self.words, node, reader)
        pairs = [(self.key.read(key, reader), self.value.read(value, reader)) for key, value in node.entries]
        return BROKEN if any(BROKEN in (key, value) for key, value in pairs) else dict(pairs)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        if isinstance(self.key, Choice):
            keys = {key: self.value.schema(book) for key in self.key.listed}
            return {"type": "object", "properties": keys, "additionalProperties": False}
        return {"type": "object", "additionalProperties": self.value.schema(book)}

    @property
    def words(self) -> str:
        return f"a mapping from {self.key.words} to {self.value.words}"


@dataclass(frozen=True, slots=True)
class Either(Shape):
    """Different shapes for a single value, a list and a mapping; a missing one is refused."""

    scalar: Shape | None = None
    listing: Shape | None = None
    entries: Shape | None = None

    @property
    def shapes(self) -> Sequence[Shape]:
        return [shape for shape in (self.scalar, self.listing, self.entries) if shape is not None]

    def read(self, node: Node, reader: Reader) -> Any:
        chosen = {Scalar: self.scalar, Listing: self.listing, Entries: self.entries}.get(type(node))
        return expected(self.words, node, reader) if chosen is None else chosen.read(node, reader)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"anyOf": [shape.schema(book) for shape in self.shapes]}

    @property
    def words(self) -> str:
        return ", or ".join(shape.words for shape in self.shapes)
