"""Which tests of a checkout show which behaviour: test functions and scenarios that name it.

A test names a rule by its id, a switch by a key, keyword or text of that name, and an operation by its operationId or
by a call of its method and path. Weaker evidence is listed only where there is no stronger one: first what a test
says itself, then what its helpers, its fixtures and the opening of its module say, last that who sets a switch shows
its rule.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator import openapi
from simulator.fidelity.behaviours import Room, Sort
from simulator.rules.catalogue import RULES
from simulator.rules.switches import SWITCHES
from simulator.scenario.files import find
from simulator.scenario.parse import load

TESTS_AT_MOST = 3
"""So many tests are listed for a behaviour, the most particular ones."""

_RULE = re.compile(r"\b[A-Z]+-\d+\b")
_OPERATION = re.compile(r"\b[a-z]+[A-Z]\w*\b")
_HOST = re.compile(r"^https?://[^/]+")
_WRITTEN_PATH = re.compile(r"(?<![\w/])/[a-z0-9][\w/{}.-]*\w")
_METHODS = frozenset(method.upper() for method in openapi.METHODS)
_GAP = "x"
"""Stands in a path for what a test puts there."""

Key = tuple[Sort, str]


@dataclass(slots=True)
class Named:
    """What a piece of a test names."""

    behaviours: set[Key] = field(default_factory=set)
    perhaps: set[Key] = field(default_factory=set)
    """Operations whose path it names, while the method is up to a helper."""
    helpers: set[str] = field(default_factory=set)
    """Functions, fixtures and constants of the tests that it uses."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One test or scenario with what it shows, by itself and through its helpers."""

    test: str
    direct: frozenset[Key]
    through_helpers: frozenset[Key] = frozenset()
    following: frozenset[Key] = frozenset()

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return self.test.partition("::")[0]

    def shows(self, key: Key) -> bool:
        """Whether it shows the behaviour at all."""
        return key in self.direct or key in self.through_helpers or key in self.following


def shown(evidence: Iterable[Evidence]) -> dict[Sort, dict[str, list[str]]]:
    """For each behaviour the tests with the strongest evidence: scenarios first, then those of the module whose
    subject it seems to be, the most particular ones first."""
    said = [
        (key, strength, each)
        for each in evidence
        for strength, keys in enumerate((each.direct, each.through_helpers, each.following))
        for key in keys
    ]
    files = Counter((key, strength, each.file) for key, strength, each in said)
    ranked: dict[Key, list[tuple[int, bool, int, int, str]]] = {}
    for key, strength, each in said:
        rank = (strength, "::" in each.test, -files[key, strength, each.file], len(each.direct), each.test)
        ranked.setdefault(key, []).append(rank)
    found: dict[Sort, dict[str, list[str]]] = {sort: {} for sort in Sort}
    for (sort, name), tests in sorted(ranked.items()):
        strongest = min(strength for strength, *_ in tests)
        best = dict.fromkeys(test for strength, *_, test in sorted(tests) if strength == strongest)
        found[sort][name] = sorted(list(best)[:TESTS_AT_MOST])
    return found


def evidence_of(root: Path) -> list[Evidence]:
    """Everything that the tests and scenarios of a checkout show. Raises OSError, SyntaxError, ScenarioInvalid."""
    tests = [each for path in sorted((root / "tests").rglob("test_*.py")) for each in _module(path, root)]
    return [*tests, *_scenarios(root)]


# --- scenarios -------------------------------------------------------------------------------------------------


def _scenarios(root: Path) -> Iterator[Evidence]:
    for path in find([root / "scenarios"]):
        name = path.relative_to(root).as_posix()
        cases = load(path, name)
        keys: set[Key] = {(Sort.RULE, rule) for case in cases for rule in case.covers}
        keys |= {(Sort.SWITCH, switch) for case in cases for switch in case.rules.switches or ()}
        yield Evidence(name, frozenset(keys))


# --- test modules ----------------------------------------------------------------------------------------------


def _module(path: Path, root: Path) -> Iterator[Evidence]:
    scope = _Scope.of(path, root)
    for function in scope.tests:
        own = scope.pieces[function]
        through = scope.opening | own.perhaps
        reached, waiting = set[str](), list(own.helpers)
        while waiting:
            name = waiting.pop()
            if name in scope.pieces and name not in reached:
                reached.add(name)
                through |= scope.pieces[name].behaviours | scope.pieces[name].perhaps
                waiting += scope.pieces[name].helpers
        test = f"{path.relative_to(root).as_posix()}::{function}"
        rules = {(Sort.RULE, SWITCHES[name].rule) for sort, name in own.behaviours if sort is Sort.SWITCH}
        yield Evidence(test, frozenset(own.behaviours), frozenset(through), frozenset(rules))


@dataclass(frozen=True, slots=True)
class _Scope:
    """A test module with the fixtures that lie above it: what each function and constant names."""

    tests: tuple[str, ...]
    pieces: Mapping[str, Named]
    opening: set[Key]
    """What the first sentence of the module names."""

    @classmethod
    def of(cls, path: Path, root: Path) -> _Scope:
        pieces: dict[str, Named] = {}
        tests: list[str] = []
        opening: set[Key] = set()
        folders = [folder for folder in reversed(path.parents) if folder.is_relative_to(root / "tests")]
        for file in [*(folder / "conftest.py" for folder in folders), path]:
            if file.is_file():
                text = file.read_text(encoding="utf-8")
                rooms = [room for room in (Room.BRAZE, Room.AMPLITUDE) if room in file.relative_to(root).parts]
                reader = _Reader(text, rooms or [Room.BRAZE, Room.AMPLITUDE])
                opening = reader.opening()
                for name, node in reader.pieces():
                    pieces[name] = reader.named(node)
                    if file == path and name.startswith("test_"):
                        tests.append(name)
        return cls(tuple(tests), pieces, opening)


class _Reader:
    """Reads one module of tests."""

    def __init__(self, text: str, rooms: Sequence[Room]) -> None:
        self._lines = text.splitlines()
        self._tree = ast.parse(text)
        self._rooms = rooms
        self._texts = {
            target.id: node.value.value
            for node in self._tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        }

    def pieces(self) -> Iterator[tuple[str, ast.stmt]]:
        """Functions, methods' classes and constants of the module by name."""
        for node in self._tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name, node
            elif isinstance(node, ast.Assign):
                yield from ((target.id, node) for target in node.targets if isinstance(target, ast.Name))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id, node

    def opening(self) -> set[Key]:
        """What the module's docstring names."""
        text = ast.get_docstring(self._tree) or ""
        paths = _WRITTEN_PATH.findall(text)
        return self._words(text) | {key for path in paths for key in self._operations(path, _METHODS)}

    def named(self, piece: ast.stmt) -> Named:
        """What a piece names, and what it uses."""
        found = Named()
        decorators = piece.decorator_list if isinstance(piece, ast.FunctionDef | ast.ClassDef) else []
        first = min((each.lineno for each in decorators), default=piece.lineno)
        found.behaviours |= self._words("\n".join(self._lines[first - 1 : piece.end_lineno]))
        texts, methods = set[str](), set[str]()
        for node in ast.walk(piece):
            if isinstance(node, ast.keyword | ast.Constant):
                word = node.arg if isinstance(node, ast.keyword) else node.value
                if isinstance(word, str):
                    texts.add(word)
            elif isinstance(node, ast.Call):
                methods |= _methods_of(node)
                found.behaviours |= self._called(node)
            elif isinstance(node, ast.Name):
                found.helpers.add(node.id)
            elif isinstance(node, ast.arg):
                found.helpers.add(node.arg)
        found.behaviours |= {(Sort.SWITCH, text) for text in texts if text in SWITCHES}
        bases = [text for text in self._texts.values() if text.startswith("/") and text.endswith("/")]
        for text in texts:
            for path in [text] if text.startswith("/") else [base + text for base in bases]:
                found.perhaps |= self._operations(path, (methods | texts) & _METHODS or _METHODS)
        return found

    def _words(self, text: str) -> set[Key]:
        """Rule ids and operationIds in a text; an operationId of one small word could be any word and is left out."""
        words = set(_OPERATION.findall(text))
        found: set[Key] = {(Sort.RULE, word) for word in _RULE.findall(text) if word in RULES}
        for room in self._rooms:
            found |= {(Sort.OPERATION, f"{room}.{word}") for word in words if word in openapi.load(room).operations}
        return found

    def _called(self, call: ast.Call) -> set[Key]:
        """The operations that a call of a client reaches, by method and path."""
        methods = _methods_of(call)
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        return {key for each in given if (text := self._text(each)) for key in self._operations(text, methods)}

    def _operations(self, text: str, methods: Iterable[str]) -> set[Key]:
        """The operations of this path with one of these methods; without any only where there is no choice."""
        path = _HOST.sub("", text).split("?")[0]
        found: set[Key] = set()
        for room in self._rooms if path.startswith("/") else ():
            there = openapi.load(room).at(path)
            if there is not None:
                offered = there[0]
                chosen = set(methods) or (set(offered) if len(offered) == 1 else set())
                found |= {
                    (Sort.OPERATION, f"{room}.{offered[method].operation_id}") for method in chosen & set(offered)
                }
        return found

    def _text(self, node: ast.expr) -> str | None:
        """A text as far as it can be read off; what cannot is a gap."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self._texts.get(node.id)
        if isinstance(node, ast.JoinedStr):
            parts = [self._text(each) or _GAP for each in node.values]
            first = node.values[0] if node.values else None
            leading = isinstance(first, ast.FormattedValue) and self._text(first) is None
            return "".join(parts[1:] if leading else parts)
        if isinstance(node, ast.FormattedValue):
            return self._text(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self._text(node.left), self._text(node.right)
            return None if left is None and right is None else (left or "") + (right or _GAP)
        return None


def _methods_of(call: ast.Call) -> set[str]:
    """`client.post(…)` and `ask("POST", …)` say their method."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    methods = {str(each.value) for each in given if isinstance(each, ast.Constant)} & _METHODS
    if isinstance(call.func, ast.Attribute):
        methods |= {call.func.attr.upper()} & _METHODS
    return methods
