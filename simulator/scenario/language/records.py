"""Records: a mapping of known keys read into a frozen dataclass, driven by what the dataclass says of its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from inspect import cleandoc
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, cast

from simulator.scenario.language.nodes import Entries, Listing, Node, Scalar, plain_value
from simulator.scenario.language.shapes import BROKEN, Broken, Reader, SchemaBook, Shape, expected
from simulator.scenario.language.source import Problem, ScenarioInvalid, Source, Where, did_you_mean

NO_DEFAULT: Any = MISSING


def key(shape: Shape, doc: str, *, default: Any = NO_DEFAULT, shown: str = "") -> Any:
    """Declare a key of a record: what may be written, what it means, its default, and how the reference shows that."""
    metadata = {"shape": shape, "doc": doc, "shown": shown}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: MappingProxyType(dict(default)), metadata=metadata)
    return field(default=default, metadata=metadata)


_NOWHERE = Where(Source("", ()), 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something with keys. `where` is its place; `spots` are the places of its keys and of theirs, for messages.

    SHORT names the key that is meant when something else than a mapping is written.
    """

    SHORT: ClassVar[str] = ""
    EXAMPLES: ClassVar[tuple[str, ...]] = ()

    where: Where = field(default=_NOWHERE, compare=False, repr=False)
    spots: Mapping[str, Where] = field(default_factory=dict, compare=False, repr=False)

    def problems(self) -> Iterator[Problem]:
        """What is wrong between keys; nothing, unless a record says otherwise."""
        yield from ()


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record class, as parser, schema and reference see it."""

    name: str
    attribute: str
    shape: Shape
    doc: str
    required: bool
    default: Any
    shown: str


def _key(declared: Field[Any]) -> Key:
    required = declared.default is MISSING and declared.default_factory is MISSING
    return Key(
        # `ago_ms` is written `ago`, since the value carries its unit; `from_` is `from`, a word of Python.
        name=declared.name.rstrip("_").removesuffix("_ms"),
        attribute=declared.name,
        shape=declared.metadata["shape"],
        doc=declared.metadata["doc"],
        required=required,
        default=None if declared.default is MISSING else declared.default,
        shown=declared.metadata["shown"],
    )


_KEYS: dict[type[Record], tuple[Key, ...]] = {}


def keys_of(record: type[Record]) -> tuple[Key, ...]:
    """The keys of a record class in the order of declaration."""
    if record not in _KEYS:
        _KEYS[record] = tuple(_key(each) for each in fields(record) if "shape" in each.metadata)
    return _KEYS[record]


def doc_of(record: type[Record]) -> str:
    """The description of a record class: its docstring."""
    return cleandoc(record.__doc__ or "")


def spots_of(node: Node) -> Mapping[str, Where]:
    """Where each key of a mapping, each key one level below, and each item of a list stand."""
    spots: dict[str, Where] = {}
    if isinstance(node, Entries):
        for name, value in node.entries:
            spots[name.text] = name.where
            for inner, where in spots_of(value).items() if isinstance(value, Entries | Listing) else ():
                spots.setdefault(f"{name.text}.{inner}", where)
    elif isinstance(node, Listing):
        spots.update({item.text: item.where for item in node.items if isinstance(item, Scalar)})
    return spots


def read_record(record: type[R], node: Node, reader: Reader, where: Where | None = None) -> R | Broken:
    """A record from a mapping, or from the value of its SHORT key alone."""
    known = {each.name: each for each in keys_of(record)}
    if isinstance(node, Entries):
        given = {name.text: (name, value) for name, value in node.entries}
        for name, (spot, _) in given.items():
            if name not in known:
                reader.refuse(f"unknown key {name!r}", spot, did_you_mean(name, known, "keys"))
    elif _is_nothing(node) and not any(each.required for each in known.values()):
        given = {}
    elif record.SHORT:
        given = {record.SHORT: (Scalar(node.where, record.SHORT), node)}
    else:
        wanted = ", ".join(each.name for each in known.values() if each.required) or ", ".join(known)
        return expected(f"a mapping with {wanted}", node, reader)
    values: dict[str, Any] = {}
    broken = any(name not in known for name in given)
    for each in known.values():
        if each.name in given:
            value = each.shape.read(given[each.name][1], reader)
            broken = broken or value is BROKEN
            values[each.attribute] = value
        elif each.required:
            reader.refuse(f"the key {each.name!r} is missing", where or node, f"{each.name}: {each.shape.words}")
            broken = True
    if broken:
        return BROKEN
    built = record(where=where or node.where, spots=spots_of(node), **values)
    wrong = list(built.problems())
    reader.problems += wrong
    return BROKEN if wrong else built


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.value is None


@dataclass(frozen=True, slots=True)
class RecordOf(Shape):
    """A record as a value."""

    record: type[Record]

    def read(self, node: Node, reader: Reader) -> Record | Broken:
        return read_record(self.record, node, reader)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return record_schema(self.record, book)

    @property
    def words(self) -> str:
        return f"a {definition_name(self.record)}"


def definition_name(record: type[Record]) -> str:
    """The name of a record in schema and reference: LogIn is `log in`."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in record.__name__)
    return words.strip()


def record_schema(record: type[Record], book: SchemaBook) -> dict[str, Any]:
    """A reference to the schema of a record, which is written into the book once."""

    def describe() -> dict[str, Any]:
        properties = {each.name: {"description": each.doc, **each.shape.schema(book)} for each in keys_of(record)}
        mapping: dict[str, Any] = {
            "type": "object",
            "description": doc_of(record),
            "properties": properties,
            "additionalProperties": False,
        }
        required = [each.name for each in keys_of(record) if each.required]
        if required:
            mapping["required"] = required
        forms = [mapping] if required else [mapping, {"type": "null"}]
        if record.SHORT:
            forms.insert(0, next(each for each in keys_of(record) if each.name == record.SHORT).shape.schema(book))
        return mapping if len(forms) == 1 else {"description": doc_of(record), "anyOf": forms}

    return book.reference(definition_name(record).replace(" ", "_"), describe)


def place_of(node: Node, path: Sequence[str | int], complaint: str = "") -> Node:
    """The node that a path of keys and indexes leads to; the last one that exists when it leads nowhere.

    A complaint about something unknown, and one about a value that is no single word, belong under the key.
    """
    about_key = complaint.startswith(("unknown", "this says nothing")) or "side by side" in complaint
    for depth, step in enumerate(path):
        inner: Node | None = None
        if isinstance(node, Entries):
            inner = node.get(str(step))
            if depth == len(path) - 1 and (about_key or not isinstance(inner, Scalar)):
                inner = node.key(str(step)) or inner
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            inner = node.items[step]
        if inner is None:
            return node
        node = inner
    return node


@dataclass(frozen=True, slots=True)
class Foreign(Shape):
    """Plain data that another room understands; its complaint comes with a path, which becomes a place in the file."""

    what: str
    understand: Callable[[Any], Any]
    complaint: type[ValueError]
    describe: Callable[[], dict[str, Any]]

    def read(self, node: Node, reader: Reader) -> Any:
        try:
            return self.understand(plain_value(node))
        except self.complaint as error:
            path = cast("Sequence[str | int]", getattr(error, "path", ()))
            message = getattr(error, "what", "") or getattr(error, "message", "") or str(error)
            return reader.refuse(message, place_of(node, path, message), getattr(error, "suggestion", ""))

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return self.describe()

    @property
    def words(self) -> str:
        return self.what


def invalid_if_any(problems: Sequence[Problem]) -> None:
    """Raise ScenarioInvalid when something is wrong."""
    if problems:
        raise ScenarioInvalid(problems)
