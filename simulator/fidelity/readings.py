"""Every place where the source says that it goes beyond the documents, by the words `inferred` or `our reading`.

They are read off comments, docstrings and the `inferred=` of tables: what is marked where it is done is listed.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from simulator import openapi
from simulator.fidelity.behaviours import Room

_MARK = re.compile(r"\binferred\b|\bour(?: own)? reading\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=\.)\s+|\n\s*\n")
# These speak of the word itself, or are lines of the ledger already.
_APART = ("fidelity", "cli", "rules/catalogue.py", "rules/switches.py")


class Reading(NamedTuple):
    """One sentence of ours, and what says it: a module, or an operation as `contracts/NAME.openapi.yaml#OPERATION`."""

    module: str
    sentence: str


def readings(root: Path) -> list[Reading]:
    """All of a checkout, by module and in the order of the text."""
    found: dict[Reading, None] = {}
    package = root / "simulator"
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).as_posix()
        if not inside.startswith(_APART):
            for text in _texts(path.read_text(encoding="utf-8")):
                found |= {Reading(f"simulator/{inside}", each): None for each in _marked(text)}
    for room in (Room.BRAZE, Room.AMPLITUDE):
        contract = openapi.load(room)
        for item in contract.document["paths"].values():
            for operation in (item[method] for method in openapi.METHODS if method in item):
                where = f"contracts/{room}.openapi.yaml#{operation['operationId']}"
                found |= {Reading(where, each): None for text in _descriptions(operation) for each in _marked(text)}
    return list(found)


def _marked(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(text):
        flat = " ".join(sentence.split())
        # A pair of quotation marks makes it a word about the word.
        if _MARK.search(flat) and '"inferred"' not in flat:
            yield flat


def _texts(source: str) -> Iterator[str]:
    """Comments (adjoining lines as one), docstrings and the tables' `inferred=`, from top to bottom."""
    texts: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            texts.append((node.lineno, node.value.value))
        elif isinstance(node, ast.keyword) and node.arg == "inferred" and isinstance(node.value, ast.Constant):
            texts.append((node.value.lineno, f"Inferred: {node.value.value!s}"))
    last = -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            words = token.string.lstrip("# ")
            if token.start[0] == last + 1:
                words = f"{texts.pop()[1]} {words}"
            texts.append((token.start[0], words))
            last = token.start[0]
    yield from (text for _, text in sorted(texts, key=lambda each: each[0]))


def _descriptions(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            yield node["description"]
        for each in node.values():
            yield from _descriptions(each)
    elif isinstance(node, list):
        for each in node:
            yield from _descriptions(each)


def operation_of(reading: Reading) -> str:
    """What the ledger calls the operation that says it, such as `braze.trackUsers`; empty for a module."""
    contract, _, operation = reading.module.partition("#")
    return f"{Path(contract).name.partition('.')[0]}.{operation}" if operation else ""


def mirrors_of(module: str, root: Path) -> list[str]:
    """The test module that mirrors a module of the source, or its package; none when there is neither."""
    path = Path(module)
    folder = Path("tests", *path.parts[1:-1])
    for mirror in (folder / f"test_{path.stem}.py", folder / f"test_{folder.name}.py"):
        if module.endswith(".py") and (root / mirror).is_file():
            return [mirror.as_posix()]
    return []
