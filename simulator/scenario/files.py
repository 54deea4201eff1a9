"""From a path to a tree: the file, the fragments it includes, and one tree for each case of its matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any

from simulator.scenario.language.nodes import Entries, Listing, Node, Scalar, parse_nodes, plain_value, read_text
from simulator.scenario.language.source import Problem, ScenarioInvalid, Source, Where, did_you_mean
from simulator.scenario.model.scenario import CASES_AT_MOST

SUFFIX = ".scenario.yaml"
INCLUDES_AT_MOST = 20
FRAGMENT_KEYS = ("fragment", "people", "connections", "cohorts", "parameters", "steps")
MERGED = ("people", "connections", "cohorts", "parameters")


class ScenarioMissing(FileNotFoundError):
    """A path that leads to no scenario; the message says which and what lies nearby."""


def find(paths: Sequence[Path]) -> list[Path]:
    """The scenario files under the paths, in order; a folder gives every `*.scenario.yaml` below it.

    Raises ScenarioMissing for a path that does not exist.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(sorted(path.rglob(f"*{SUFFIX}"))))
        elif path.is_file():
            found[path] = None
        else:
            raise ScenarioMissing(f"{path}: no such file or folder{_nearby(path)}")
    return list(found)


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    # The ending is common to all scenarios and would make any two names look alike.
    stems = {_stem(each.name): each.name for each in path.parent.iterdir() if each.is_dir() or _is_yaml(each)}
    close = get_close_matches(_stem(path.name), stems, n=1)
    return f"; did you mean {stems[close[0]]}?" if close else ""


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml")


def _stem(name: str) -> str:
    """What is particular about a name: `first.yml` may be meant for `first.scenario.yaml`, as any other ending may."""
    return re.sub(r"(\.\w+)?\.ya?ml$|\.scenario$", "", name)


@dataclass(frozen=True, slots=True)
class Case:
    """The tree of one case, with fragments added and parameters put in; `values` is None without a matrix."""

    root: Entries
    values: Mapping[str, Any] | None


def cases_of(path: Path, name: str) -> list[Case]:
    """Every case of a file, shown under `name`. Raises ScenarioInvalid."""
    return cases_of_text(read_text(path, name), name, path.parent)


def cases_of_text(text: str, name: str, folder: Path) -> list[Case]:
    """Every case of the text of a file that lies in `folder`. Raises ScenarioInvalid."""
    root = parse_nodes(text, Source.of(name, text))
    if not isinstance(root, Entries):
        hint = "`absim new NAME` writes a skeleton"
        raise ScenarioInvalid([Problem(f"a scenario is a mapping, this is {root.kind}", root.where, hint)])
    merged = _with_fragments(root, folder)
    defaults = merged.get("parameters")
    given = dict(_values(defaults)) if isinstance(defaults, Entries) else {}
    cases = _matrix(merged)
    return [
        Case(
            _substituted(merged, given | case),
            {key: plain_value(value) for key, value in case.items()} if case else None,
        )
        for case in cases
    ]


def _values(node: Entries) -> Iterator[tuple[str, Node]]:
    return ((key.text, value) for key, value in node.entries)


# --- fragments -------------------------------------------------------------------------------------------------


def _with_fragments(root: Entries, folder: Path) -> Entries:
    included = root.get("include")
    if included is None:
        return root
    wanted = included.items if isinstance(included, Listing) else (included,)
    if len(wanted) > INCLUDES_AT_MOST:
        raise ScenarioInvalid([Problem(f"more than {INCLUDES_AT_MOST} fragments", included.where)])
    for node in reversed(wanted):
        if isinstance(node, Scalar):
            root = _merged(_fragment(node, folder), root)
    return root


def _fragment(node: Scalar, folder: Path) -> Entries:
    path = folder / node.text
    if not path.is_file():
        hint = _nearby(path).removeprefix("; ") or f"it is looked for in {folder}"
        raise ScenarioInvalid([Problem(f"there is no file {node.text}", node.where, hint)])
    name = str(Path(node.where.source.name).parent / node.text)
    text = read_text(path, name)
    root = parse_nodes(text, Source.of(name, text))
    if not isinstance(root, Entries):
        raise ScenarioInvalid([Problem(f"a fragment is a mapping, this is {root.kind}", root.where)])
    strange = [key for key, _ in root.entries if key.text not in FRAGMENT_KEYS]
    if strange:
        raise ScenarioInvalid(
            [
                Problem(f"a fragment has no key {key.text!r}", key.where, did_you_mean(key.text, FRAGMENT_KEYS, "keys"))
                for key in strange
            ]
        )
    return root


def _merged(fragment: Entries, root: Entries) -> Entries:
    """The tree with the fragment's parts in front of its own."""
    problems: list[Problem] = []
    entries = {key.text: (key, value) for key, value in root.entries}
    for key, value in fragment.entries:
        if key.text == "fragment":
            continue
        if key.text not in entries:
            entries[key.text] = (key, value)
            continue
        own_key, own = entries[key.text]
        if isinstance(value, Entries) and isinstance(own, Entries):
            problems += _twice(value, own, key.text)
            kept = [(name, node) for name, node in value.entries if own.get(name.text) is None]
            entries[key.text] = (own_key, replace(own, entries=(*kept, *own.entries)))
        elif isinstance(value, Listing) and isinstance(own, Listing):
            entries[key.text] = (own_key, replace(own, items=(*value.items, *own.items)))
    if problems:
        raise ScenarioInvalid(problems)
    return replace(root, entries=tuple(entries.values()))


def _twice(fragment: Entries, own: Entries, section: str) -> list[Problem]:
    if section == "parameters":
        return []  # a file sets the parameters of its fragments
    return [
        Problem(f"{name.text} is already in the fragment {name.where.source.name}", spot.where, "use another name")
        for name, _ in fragment.entries
        if (spot := own.key(name.text)) is not None
    ]


# --- matrix and parameters -------------------------------------------------------------------------------------


def _matrix(root: Entries) -> list[dict[str, Node]]:
    matrix = root.get("matrix")
    if matrix is None:
        return [{}]
    problems: list[Problem] = []
    cases: list[dict[str, Node]] = []
    if isinstance(matrix, Entries) and matrix.entries:
        for key, value in matrix.entries:
            if not isinstance(value, Listing) or not value.items:
                problems.append(Problem(f"{key.text} needs a list of values", value.where, f"{key.text}: [a, b]"))
        if not problems:
            names = [key.text for key, _ in matrix.entries]
            columns = [value.items for _, value in matrix.entries if isinstance(value, Listing)]
            cases = [dict(zip(names, row, strict=True)) for row in product(*columns)]
    elif isinstance(matrix, Listing) and matrix.items:
        cases = [dict(_values(item)) for item in matrix.items if isinstance(item, Entries)]
        problems += [
            Problem("a case of a matrix is a mapping of parameters", item.where, "- {reading: braze-page}")
            for item in matrix.items
            if not isinstance(item, Entries)
        ]
    else:
        problems.append(Problem("a matrix is a mapping of lists, or a list of mappings", matrix.where))
    if len(cases) > CASES_AT_MOST:
        problems.append(Problem(f"the matrix has {len(cases)} cases; at most {CASES_AT_MOST}", matrix.where))
    if problems:
        raise ScenarioInvalid(problems)
    return cases


_PLACEHOLDER = re.compile(r"\$(\$)?\{(\w*)\}")


def _substituted(root: Entries, values: Mapping[str, Node]) -> Entries:
    problems: list[Problem] = []
    kept = ("matrix", "parameters", "include")
    entries = tuple(
        (key, value if key.text in kept else _put_in(value, values, problems)) for key, value in root.entries
    )
    if problems:
        raise ScenarioInvalid(problems)
    return replace(root, entries=entries)


def _put_in(node: Node, values: Mapping[str, Node], problems: list[Problem]) -> Node:
    if isinstance(node, Scalar):
        return _filled(node, values, problems) if "${" in node.text else node
    if isinstance(node, Listing):
        return replace(node, items=tuple(_put_in(item, values, problems) for item in node.items))
    if isinstance(node, Entries):
        return replace(node, entries=tuple((key, _put_in(value, values, problems)) for key, value in node.entries))
    return node


def _filled(node: Scalar, values: Mapping[str, Node], problems: list[Problem]) -> Node:
    whole = _PLACEHOLDER.fullmatch(node.text)
    if whole and not whole[1] and whole[2] in values:
        return _moved(values[whole[2]], node.where)

    def text_of(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        value = values.get(found[2])
        if isinstance(value, Scalar):
            return value.text
        what = (
            f"unknown parameter {found[2]!r}"
            if value is None
            else f"{found[2]} is {value.kind} and cannot be part of a text"
        )
        hint = did_you_mean(found[2], values, "parameters") or "this file has no parameters"
        problems.append(Problem(what, node.where, hint if value is None else ""))
        return ""

    filled = _PLACEHOLDER.sub(text_of, node.text)
    return Scalar(node.where, filled, node.plain and bool(whole))


def _moved(node: Node, where: Where) -> Node:
    """The value of a parameter, standing where it is used."""
    if isinstance(node, Listing):
        return replace(node, where=where, items=tuple(_moved(item, where) for item in node.items))
    return replace(node, where=where)
