"""YAML text as a tree of nodes that know where they stand, under the core schema of YAML 1.2.

The text is read as libyaml's events, without recursion, so that neither deep nesting nor a flood of aliases can
hurt. `no`, `on` and `02:00` are text; `true`, `7`, `0.5` and `null` are what they look like; quoted text is text.
Tags, merge keys, several documents in a file, duplicate keys and keys that are not plain text are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from simulator.scenario.language.source import Problem, ScenarioInvalid, Source, Where

BYTES_AT_MOST = 1_000_000
DEPTH_AT_MOST = 40
NODES_AT_MOST = 100_000
ANCHORS_AT_MOST = 100

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass(frozen=True, slots=True)
class Node:
    """Something written in a file."""

    where: Where

    kind = "a value"


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """One word, number or text; `plain` when it was written without quotes."""

    text: str
    plain: bool = True

    kind = "a single value"

    @property
    def value(self) -> object:
        """None, a boolean, a number or text, by the core schema of YAML 1.2."""
        text = self.text
        if not self.plain:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if _FLOAT.fullmatch(text):
            return float(text)
        return text


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """A list of nodes."""

    items: tuple[Node, ...] = ()

    kind = "a list"


@dataclass(frozen=True, slots=True)
class Entries(Node):
    """A mapping: keys in the order of the file."""

    entries: tuple[tuple[Scalar, Node], ...] = ()

    kind = "a mapping"

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """The node of the key itself, for its position."""
        return next((name for name, _ in self.entries if name.text == key), None)


def plain_value(node: Node) -> Any:
    """The node as plain data, as a JSON reader would give it."""
    if isinstance(node, Listing):
        return [plain_value(item) for item in node.items]
    if isinstance(node, Entries):
        return {key.text: plain_value(value) for key, value in node.entries}
    return node.value if isinstance(node, Scalar) else None


def read_text(path: Path, name: str) -> str:
    """The text of a file. Raises ScenarioInvalid for a file that is too large or is not UTF-8; OSError as it comes."""
    start = Where(Source(name, ()), 1, 1)
    raw = path.read_bytes()
    if len(raw) > BYTES_AT_MOST:
        what = f"the file has {len(raw):,} bytes; a scenario has at most {BYTES_AT_MOST:,}"
        raise ScenarioInvalid([Problem(what, start, "describe many people with a population, not one by one")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        lines = before.splitlines() or [""]
        where = Where(Source.of(name, before), len(lines), len(lines[-1]) + 1)
        raise ScenarioInvalid([Problem("this byte is not UTF-8", where, "save the file as UTF-8")]) from error


class _Loader(yaml.CSafeLoader):
    """libyaml's parser; only its events are used, so nothing of PyYAML interprets a value."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read."""

    where: Where
    is_list: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    weight: int = 1
    height: int = 1


class _Builder:
    """Builds the tree from events; collects what is wrong and goes on where it can."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.weight = 0

    def where(self, event: Any, length: int = 1) -> Where:
        start, end = event.start_mark, event.end_mark
        if start.line == end.line and end.column > start.column:
            length = end.column - start.column
        elif start.line != end.line:
            length = max(1, len(self.source.line(start.line + 1).rstrip()) - start.column)
        return Where(self.source, start.line + 1, start.column + 1, length)

    def refuse(self, what: str, where: Where, hint: str = "") -> None:
        """Something that makes the rest of the file unreadable."""
        self.problems.append(Problem(what, where, hint))
        raise ScenarioInvalid(self.problems)

    def take(self, event: Any) -> None:
        """One event of libyaml."""
        if isinstance(event, yaml.DocumentStartEvent):
            if self.root is not None:
                self.refuse(
                    "a second document begins here", self.where(event), "one file holds one scenario; remove the ---"
                )
        elif isinstance(event, yaml.ScalarEvent):
            self._tag(event)
            node = Scalar(self.where(event), event.value, bool(event.implicit[0]))
            self._anchor(event.anchor, node, 1, 0)
            self._add(node, 1, 0)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._tag(event)
            self._check_depth(1, self.where(event))
            is_list = isinstance(event, yaml.SequenceStartEvent)
            self.open.append(_Open(self.where(event), is_list, event.anchor))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _tag(self, event: Any) -> None:
        if event.tag is not None:
            self.problems.append(
                Problem(f"the tag {event.tag} is not part of the language", self.where(event), "quote text that looks "
                        "like a number; write everything else as it is")
            )  # fmt: skip

    def _check_depth(self, height: int, where: Where) -> None:
        if len(self.open) + height > DEPTH_AT_MOST:
            self.refuse(f"nested deeper than {DEPTH_AT_MOST} levels", where)

    def _anchor(self, anchor: str | None, node: Node, weight: int, height: int) -> None:
        if anchor is None:
            return
        if len(self.anchors) >= ANCHORS_AT_MOST:
            self.refuse(f"more than {ANCHORS_AT_MOST} anchors", node.where, "use parameters or include instead")
        self.anchors[anchor] = (node, weight, height)

    def _alias(self, event: Any) -> None:
        where = self.where(event)
        if event.anchor in {each.anchor for each in self.open}:
            self.refuse(f"*{event.anchor} stands inside &{event.anchor}, which never ends", where)
        if event.anchor not in self.anchors:
            self.refuse(f"there is no anchor &{event.anchor} before this", where, f"write &{event.anchor} first")
        node, weight, height = self.anchors[event.anchor]
        self._check_depth(height, where)
        self._add(node, weight, height)

    def _add(self, node: Node, weight: int, height: int) -> None:
        self.weight += weight
        if self.weight > NODES_AT_MOST:
            self.refuse(
                f"more than {NODES_AT_MOST:,} values once aliases are written out", node.where, "use fewer aliases"
            )
        if self.open:
            self.open[-1].items.append(node)
            self.open[-1].weight += weight
            self.open[-1].height = max(self.open[-1].height, height + 1)
        else:
            self.root = node

    def _close(self) -> None:
        done = self.open.pop()
        node: Node
        if done.is_list:
            node = Listing(done.where, tuple(done.items))
        else:
            node = Entries(done.where, tuple(self._entries(done.items)))
        self.weight -= done.weight - 1
        self._anchor(done.anchor, node, done.weight, done.height)
        self._add(node, done.weight, done.height)

    def _entries(self, items: list[Node]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Scalar] = {}
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.problems.append(Problem(f"{key.kind} cannot be a key", key.where, "a key is one word"))
                continue
            if key.text == "<<" and key.plain:
                self.problems.append(
                    Problem("merge keys are not part of the language", key.where, "write the keys out")
                )
                continue
            if key.text in seen:
                first = seen[key.text].where
                self.problems.append(
                    Problem(f"the key {key.text} is written twice", key.where, f"the first is at line {first.line}")
                )
                continue
            seen[key.text] = key
            yield key, value


_HINTS = (
    ("found character that cannot start any token", "quote the text, it begins with a sign that YAML reserves"),
    ("mapping values are not allowed", "a colon and a blank begin a value; quote the text if it is part of it"),
    ("did not find expected ',' or ']'", "close the list with ] or put a comma here"),
    ("did not find expected ',' or '}'", "close the mapping with } or put a comma here"),
    ("could not find expected ':'", "a key needs a colon and a blank after it"),
    ("did not find expected key", "this line is indented unlike the lines above it"),
    ("did not find expected '-' indicator", "this line is indented unlike the list above it"),
    ("found unexpected end of stream", "a quotation mark was opened here and never closed"),
)


def _broken_yaml(error: yaml.YAMLError, source: Source) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem is None:
        return Problem(f"this is not YAML: {error}", Where(source, 1, 1))
    mark = error.problem_mark or error.context_mark
    if error.problem == "found unexpected end of stream" and error.context_mark is not None:
        mark = error.context_mark
    where = Where(source, mark.line + 1, mark.column + 1) if mark else Where(source, 1, 1)
    if source.line(where.line)[where.column - 1 : where.column] == "\t":
        return Problem("a tab cannot indent YAML", where, "indent with blanks")
    hint = next((text for begin, text in _HINTS if error.problem.startswith(begin)), "")
    if source.line(where.line)[: where.column].endswith("${"):
        hint = 'inside [ ] and { } a parameter is quoted: "${name}"'
    context = f" {error.context}" if error.context else ""
    return Problem(f"this is not YAML: {error.problem}{context}", where, hint)


def parse_nodes(text: str, source: Source) -> Node:
    """The tree of a YAML text. Raises ScenarioInvalid with everything that is wrong with the YAML itself."""
    builder = _Builder(source)
    try:
        for event in yaml.parse(text, _Loader):
            builder.take(event)
    except yaml.YAMLError as error:
        raise ScenarioInvalid([*builder.problems, _broken_yaml(error, source)]) from error
    if builder.problems:
        raise ScenarioInvalid(builder.problems)
    if builder.root is None:
        raise ScenarioInvalid([Problem("the file is empty", Where(source, 1, 1), "`absim new NAME` writes a skeleton")])
    return builder.root
