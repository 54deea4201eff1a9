"""A payload template: text, `${...}`, `<#list>` with `<#sep>` and `<#else>`, `<#if>`, `<#assign>`, comments.

Amplitude, Cohort webhooks: the payload may be written as an Apache FreeMarker template, in which `input` is the default
payload. FreeMarker is a Java program; this is a part of its language, enough for the examples of Amplitude's page, and
whatever else a template uses is refused when it is saved (inferred: when Amplitude complains is not documented).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from simulator.sync.destinations.freemarker.builtins import RenderingFailed, text_of
from simulator.sync.destinations.freemarker.expressions import Scope, TemplateRefused, Value, expression, truth

INPUT, USERS, USER_PROPERTIES = "input", "users", "user_properties"

_PIECE = re.compile(r"<#--.*?-->|(?P<close></#\s*(?P<closed>\w+)\s*>)|(?P<open><#\s*(?P<word>\w+))|\$\{", re.DOTALL)
_LINE_OF_TAGS = re.compile(r"^[ \t]*(?:</?#(?:[^<>\"]|\"[^\"]*\")*>[ \t]*)+\r?\n", re.MULTILINE)
_LOOP = re.compile(r"(?P<source>.+?)\s+as\s+(?P<name>\w+)\s*", re.DOTALL)
_ASSIGN = re.compile(r"(?P<name>\w+)\s*=(?!=)\s*(?P<source>.+)", re.DOTALL)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)

Node = Callable[[dict[str, object]], Iterator[str]]


@dataclass(slots=True)
class _Block:
    """What stands between an opening and a closing directive, in parts: a list has its body, its `sep`, its `else`."""

    word: str
    heads: list[str]
    parts: list[list[Node]] = field(default_factory=lambda: [[]])
    words: list[str] = field(default_factory=list)


class Template:
    """A template that was understood."""

    def __init__(self, source: str) -> None:
        """Raises TemplateRefused with the line."""
        self._nodes = _Parser(source).nodes()

    def render(self, message: Mapping[str, object]) -> str:
        """The payload for one message. Raises RenderingFailed."""
        return "".join(_written(self._nodes, {INPUT: message}))


def _written(nodes: list[Node], scope: dict[str, object]) -> Iterator[str]:
    for node in nodes:
        yield from node(scope)


class _Parser:
    def __init__(self, source: str) -> None:
        # FreeMarker takes away lines that hold nothing but directives.
        self._source = _LINE_OF_TAGS.sub(lambda found: found[0].strip(), source)
        self._open = [_Block("", [])]

    def nodes(self) -> list[Node]:
        """The whole template. Raises TemplateRefused."""
        at = 0
        while (found := _PIECE.search(self._source, at)) is not None:
            self._text(self._source[at : found.start()])
            at = found.end()
            if found["close"]:
                self._close(found["closed"])
            elif found["open"]:
                head, at = self._head(at)
                self._directive(found["word"], head)
            elif found[0] == "${":
                source, at = self._until("}", at)
                self._append(_interpolation(self._understood(source)))
        self._text(self._source[at:])
        if len(self._open) > 1:
            raise self._refusal(f"<#{self._open[-1].word} {self._open[-1].heads[0]}> is never closed")
        return self._open[0].parts[0]

    def _refusal(self, why: str) -> TemplateRefused:
        return TemplateRefused(f"template: {why}")

    def _understood(self, source: str) -> Value:
        try:
            return expression(source)
        except TemplateRefused as refused:
            raise self._refusal(str(refused)) from refused

    def _text(self, text: str) -> None:
        if "#{" in text:
            raise self._refusal("#{...} is an old form; write ${...}")
        if text:
            self._append(lambda scope: iter((text,)))

    def _append(self, node: Node) -> None:
        self._open[-1].parts[-1].append(node)

    def _head(self, at: int) -> tuple[str, int]:
        head, end = self._until(">", at)
        return head.strip().removesuffix("/").strip(), end

    def _until(self, sign: str, at: int) -> tuple[str, int]:
        """The text up to a sign, which does not count inside quotation marks or parentheses."""
        start, depth = at, 0
        while at < len(self._source):
            quoted = _QUOTED.match(self._source, at)
            if quoted is not None:
                at = quoted.end()
                continue
            letter = self._source[at]
            if letter == sign and depth == 0:
                return self._source[start:at], at + 1
            depth += (letter in "([{") - (letter in ")]}")
            at += 1
        raise self._refusal(f"{self._source[start : start + 30]!r} is never closed with {sign}")

    def _directive(self, word: str, head: str) -> None:
        block = self._open[-1]
        if word in ("list", "if"):
            self._open.append(_Block(word, [head]))
        elif word == "assign":
            self._append(self._assignment(head))
        elif (word, block.word) in (("sep", "list"), ("else", "list"), ("else", "if"), ("elseif", "if")):
            block.words.append(word)
            block.heads.append(head)
            block.parts.append([])
        else:
            known = "list, sep, if, elseif, else, assign"
            raise self._refusal(f"<#{word}> is not understood here; there are {known}")

    def _assignment(self, head: str) -> Node:
        found = _ASSIGN.fullmatch(head)
        if found is None:
            raise self._refusal(f"<#assign {head}> is not understood; write <#assign name = value>")
        value, name = self._understood(found["source"]), found["name"]

        def assign(scope: dict[str, object]) -> Iterator[str]:
            scope[name] = value(scope)
            return iter(())

        return assign

    def _close(self, word: str) -> None:
        block = self._open[-1]
        if word == "sep" and block.words[-1:] == ["sep"]:
            block.words.append("")
            block.heads.append("")
            block.parts.append([])
            return
        if word != block.word:
            raise self._refusal(f"</#{word}> closes nothing that is open")
        self._open.pop()
        self._append(self._choice(block) if word == "if" else self._loop(block))

    def _choice(self, block: _Block) -> Node:
        conditions: list[tuple[Value, list[Node]]] = [(self._understood(block.heads[0]), block.parts[0])]
        otherwise: list[Node] = []
        for word, head, part in zip(block.words, block.heads[1:], block.parts[1:], strict=True):
            if word == "else":
                otherwise = part
            else:
                conditions.append((self._understood(head), part))

        def choose(scope: dict[str, object]) -> Iterator[str]:
            for condition, part in conditions:
                if truth(condition(scope)):
                    return _written(part, scope)
            return _written(otherwise, scope)

        return choose

    def _loop(self, block: _Block) -> Node:
        found = _LOOP.fullmatch(block.heads[0])
        if found is None:
            raise self._refusal(f"<#list {block.heads[0]}> is not understood; write <#list sequence as name>")
        source, name = self._understood(found["source"]), found["name"]
        body = [("", block.parts[0]), *zip(block.words, block.parts[1:], strict=True)]
        otherwise = next((part for word, part in body if word == "else"), [])
        inner = [(word, part) for word, part in body if word != "else"]

        def repeat(scope: dict[str, object]) -> Iterator[str]:
            items = source(scope)
            if not isinstance(items, list):
                raise RenderingFailed(f"<#list> needs a sequence, not {items!r}")
            if not items:
                yield from _written(otherwise, scope)
            for number, item in enumerate(items):
                more = number + 1 < len(items)
                own = {**_inside(scope, items, item), name: item, f"{name}_has_next": more, f"{name}_index": number}
                for word, part in inner:
                    if word != "sep" or more:
                        yield from _written(part, own)

        return repeat


def _inside(scope: Scope, items: list[object], item: object) -> dict[str, object]:
    """Amplitude's example reads `input.user_properties` inside the loop and prints each user's own (our reading)."""
    message = scope[INPUT]
    if isinstance(message, Mapping) and items is message.get(USERS) and isinstance(item, Mapping):
        return {**scope, INPUT: {**message, USER_PROPERTIES: item.get(USER_PROPERTIES, {})}}
    return dict(scope)


def _interpolation(value: Value) -> Node:
    return lambda scope: iter((text_of(value(scope)),))
