"""FreeMarker's expressions, a documented part of them: read once, worked out for each message.

There is: `a.b`, `a["b"]`, `a[0]`, texts, numbers, true and false, `a!"default"`, `a??`, `==`, `!=`, `<`, `lt`, `gt`,
`lte`, `gte`, `&&`, `||`, `!a`, `+`, parentheses, `?` with the built-ins of `builtins.py`, and the two calls of
Amplitude's own examples, `UtilClass.toJsonString(x)` and `x.iterator()`. Anything else is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.sync.destinations.freemarker.builtins import BUILT_INS, RenderingFailed, as_json, text_of

Scope = Mapping[str, object]
Value = Callable[[Scope], object]
"""A worked-out expression waits for the names that it may use; a missing value is None."""


class TemplateRefused(ValueError):
    """A template that cannot be used; the message says what is not understood."""


_TOKEN = re.compile(
    r"\s*(?:(?P<text>r?\"(?:[^\"\\]|\\.)*\"|r?'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_$@][\w$@]*)"
    r"|(?P<sign>\?\?|==|!=|&&|\|\||<=|>=|&lt;|&gt;|[.\[\]()!?,+=<>]))"
)
_COMPARING: dict[str, Callable[[object, object], bool]] = {
    "==": lambda left, right: left == right,
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}
_ORDERING: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "lt": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "gt": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    "lte": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "gte": lambda left, right: left >= right,
}
_UTILITY, _TO_JSON, _ITERATOR = "UtilClass", "toJsonString", "iterator"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def expression(source: str) -> Value:
    """The expression of a text. Raises TemplateRefused."""
    reader = _Reader(source)
    value = reader.either()
    reader.end()
    return value


class _Reader:
    """Recursive descent, loosest binding first."""

    def __init__(self, source: str) -> None:
        self._source = source.strip()
        self._tokens = self._split()
        self._at = 0

    def _split(self) -> list[_Token]:
        tokens, at = [], 0
        while at < len(self._source):
            found = _TOKEN.match(self._source, at)
            if found is None:
                raise TemplateRefused(f"{self._source[at:].strip()!r} in {self._source!r} is not understood")
            kind = str(found.lastgroup)
            tokens.append(_Token(kind, found[kind]))
            at = found.end()
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise TemplateRefused(f"{self._source!r} breaks off")
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, *signs: str) -> str:
        found = self._peek()
        if self._at < len(self._tokens) and self._tokens[self._at].kind != "text" and found in signs:
            self._at += 1
            return found
        return ""

    def _needs(self, sign: str) -> None:
        if not self._takes(sign):
            raise TemplateRefused(f"{sign!r} is missing in {self._source!r}")

    def end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._tokens):
            raise TemplateRefused(f"{self._peek()!r} in {self._source!r} is not understood")

    def either(self) -> Value:
        """`a || b`."""
        left = self._both()
        while self._takes("||"):
            left = _joined(left, self._both(), any)
        return left

    def _both(self) -> Value:
        left = self._comparison()
        while self._takes("&&"):
            left = _joined(left, self._comparison(), all)
        return left

    def _comparison(self) -> Value:
        left = self._sum()
        sign = self._takes(*_COMPARING, *_ORDERING)
        return _compared(sign, left, self._sum()) if sign else left

    def _sum(self) -> Value:
        left = self._negation()
        while self._takes("+"):
            left = _added(left, self._negation())
        return left

    def _negation(self) -> Value:
        if self._takes("!"):
            inner = self._negation()
            return lambda scope: not truth(inner(scope))
        return self._steps(self._atom())

    def _atom(self) -> Value:
        if self._takes("("):
            inner = self.either()
            self._needs(")")
            return lambda scope: inner(scope)
        token = self._next()
        if token.kind == "text":
            return _fixed(_unquoted(token.text))
        if token.kind == "number":
            return _fixed(float(token.text) if "." in token.text else int(token.text))
        if token.kind != "name":
            raise TemplateRefused(f"{token.text!r} in {self._source!r} is not understood")
        if token.text in ("true", "false"):
            return _fixed(token.text == "true")
        if token.text == _UTILITY:
            return self._utility()
        return _name(token.text)

    def _utility(self) -> Value:
        """Amplitude's own helper, as its example uses it."""
        self._needs(".")
        if self._next().text != _TO_JSON:
            raise TemplateRefused(f"{_UTILITY} has {_TO_JSON} and nothing else that is documented")
        self._needs("(")
        inner = self.either()
        self._needs(")")
        return lambda scope: as_json(inner(scope))

    def _steps(self, value: Value) -> Value:
        while True:
            if self._takes("."):
                value = self._member(value)
            elif self._takes("["):
                value = _item(value, self.either())
                self._needs("]")
            elif self._takes("??"):
                value = _exists(value)
            elif self._takes("?"):
                value = self._built_in(value)
            elif self._takes("!"):
                value = _or_else(value, self._default())
            else:
                return value

    def _member(self, value: Value) -> Value:
        name = self._next()
        if name.kind != "name":
            raise TemplateRefused(f"{name.text!r} in {self._source!r} is no name")
        if self._takes("("):
            if name.text != _ITERATOR or not self._takes(")"):
                raise TemplateRefused(f"the call {name.text}() is not part of what is understood")
            return value
        return _item(value, _fixed(name.text))

    def _built_in(self, value: Value) -> Value:
        name = self._next().text
        if name not in BUILT_INS:
            raise TemplateRefused(f"?{name} is not among the built-ins: {', '.join(BUILT_INS)}")
        arguments: list[Value] = []
        if self._takes("("):
            while not self._takes(")"):
                arguments.append(self.either())
                self._takes(",")
        built_in = BUILT_INS[name]
        return lambda scope: built_in(value(scope), *(each(scope) for each in arguments))

    def _default(self) -> Value:
        following = self._tokens[self._at] if self._at < len(self._tokens) else None
        if following is None or (following.kind == "sign" and following.text != "("):
            return _fixed("")
        return self._steps(self._atom())


def truth(value: object) -> bool:
    """FreeMarker takes nothing but a boolean for a condition. Raises RenderingFailed."""
    if not isinstance(value, bool):
        raise RenderingFailed(f"a condition is true or false, not {value!r}")
    return value


def _fixed(value: object) -> Value:
    return lambda scope: value


def _name(name: str) -> Value:
    return lambda scope: scope.get(name)


def _item(value: Value, key: Value) -> Value:
    def found(scope: Scope) -> object:
        inside, wanted = value(scope), key(scope)
        if isinstance(inside, Mapping):
            return inside.get(str(wanted))
        if isinstance(inside, list) and isinstance(wanted, int):
            return inside[wanted] if 0 <= wanted < len(inside) else None
        if inside is None:
            raise RenderingFailed(f"there is nothing in which to look for {wanted!r}")
        raise RenderingFailed(f"{inside!r} has no {wanted!r}")

    return found


def _exists(value: Value) -> Value:
    def exists(scope: Scope) -> bool:
        return _quietly(value, scope) is not None

    return exists


def _or_else(value: Value, default: Value) -> Value:
    def chosen(scope: Scope) -> object:
        found = _quietly(value, scope)
        return default(scope) if found is None else found

    return chosen


def _quietly(value: Value, scope: Scope) -> object:
    try:
        return value(scope)
    except RenderingFailed:
        return None


def _joined(left: Value, right: Value, how: Callable[[tuple[bool, bool]], bool]) -> Value:
    def joined(scope: Scope) -> bool:
        first = truth(left(scope))
        if first is (how is any):
            return first
        return truth(right(scope))

    return joined


def _compared(sign: str, left: Value, right: Value) -> Value:
    def compared(scope: Scope) -> bool:
        one, other = left(scope), right(scope)
        if one is None or other is None:
            raise RenderingFailed(f"one side of {sign} has no value; give it a default with !")
        if sign in _COMPARING:
            return _COMPARING[sign](one, other)
        if isinstance(one, bool) or isinstance(other, bool):
            raise RenderingFailed(f"{sign} compares numbers, not {one!r} and {other!r}")
        if not isinstance(one, int | float) or not isinstance(other, int | float):
            raise RenderingFailed(f"{sign} compares numbers, not {one!r} and {other!r}")
        return _ORDERING[sign](one, other)

    return compared


def _added(left: Value, right: Value) -> Value:
    def added(scope: Scope) -> object:
        one, other = left(scope), right(scope)
        numbers = [each for each in (one, other) if isinstance(each, int | float) and not isinstance(each, bool)]
        return sum(numbers) if len(numbers) == 2 else text_of(one) + text_of(other)

    return added


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "g": ">", "l": "<", "a": "&"}


def _unquoted(text: str) -> str:
    if text.startswith("r"):
        return text[2:-1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
