"""What was agreed: the bones of each contract as they were last looked at, and every way in which it departs from them.

A contract cannot vouch for itself. A schema that grows looser makes every check more lenient and none fail, a path that
changes is followed by the fakes, which route by it. So the rules of each contract (not its words and examples) lie
beside it in `contracts/agreed/`, a line for each operation and component. `absim contract` fails where the two differ;
`absim contract agree` writes the file anew, and the lines that change are what a review looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from simulator import resources
from simulator.openapi import METHODS, Contract, load

WORDS = frozenset(
    {"description", "summary", "examples", "example", "title", "x-form", "x-source", "x-confidence", "x-rules", "tags"}
)
"""What explains and shows; it may be said otherwise without anybody's consent."""
COMPONENTS = ("schemas", "parameters", "headers", "responses", "securitySchemes")
ROOT = (
    "security",
    "x-null-is-absence",
    "x-by-switch",
    "x-though-valid",
    "x-reasons",
    "x-rate-limits",
    "x-nowhere",
    "x-words",
    "x-shows-keys",
)
SHOWN_CHARACTERS = 120

Bones = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Departure:
    """One place at which a contract is not what was agreed. `operation` is empty for what several share."""

    operation: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def agreed_path(name: str) -> Path:
    """The file in which the bones of a contract lie."""
    return resources.folder("contracts") / "agreed" / f"{name}.json"


def bones(contract: Contract) -> dict[str, Any]:
    """The rules of a contract by the name of the operation or component that they belong to."""
    found: dict[str, Any] = {}
    for path, item in contract.document["paths"].items():
        for method in METHODS:
            if method in item:
                shared = {"parameters": [*item.get("parameters", ()), *item[method].get("parameters", ())]}
                name = str(item[method]["operationId"])
                found[name] = {"at": f"{method.upper()} {path}", **_stripped({**item[method], **shared})}
    for kind in COMPONENTS:
        for name, each in contract.document.get("components", {}).get(kind, {}).items():
            found[f"components/{kind}/{name}"] = _stripped(each, named=False)
    for name in ROOT:
        if name in contract.document:
            found[name] = contract.document[name]
    return found


def written(contract: Contract) -> bytes:
    """The bones as a file: a line for each operation and component, in the order of their names."""
    lines = [
        orjson.dumps(name) + b":" + orjson.dumps(each, option=orjson.OPT_SORT_KEYS)
        for name, each in sorted(bones(contract).items())
    ]
    return b"{\n" + b",\n".join(lines) + b"\n}\n"


def departures(contract: Contract) -> list[Departure]:
    """Every difference between a contract and what was agreed; that nothing was agreed is one."""
    try:
        before: Bones = orjson.loads(agreed_path(contract.name).read_bytes())
    except FileNotFoundError:
        return [Departure("", f"contracts/agreed/{contract.name}.json", "is gone, so nothing vouches for the contract")]
    after = orjson.loads(orjson.dumps(bones(contract)))
    return [
        Departure("" if "/" in name or name in ROOT else name, place, message)
        for name in sorted(before.keys() | after.keys())
        for place, message in _differences(before.get(name, _NOTHING), after.get(name, _NOTHING), name)
    ]


def shipped_departures() -> dict[str, list[Departure]]:
    """Those of each contract that has any. They are found once for the files as they are, and then only read."""
    contracts = [resources.contract_path(name) for name in resources.CONTRACTS]
    sources = [*contracts, *(path for path in map(agreed_path, resources.CONTRACTS) if path.exists())]
    found: Mapping[str, list[Mapping[str, str]]] = resources.kept(
        "departures",
        sources,
        lambda: {name: [asdict(each) for each in departures(load(name))] for name in resources.CONTRACTS},
    )
    return {name: [Departure(**each) for each in listed] for name, listed in found.items() if listed}


_NOTHING = object()


def _differences(before: Any, after: Any, place: str) -> Iterator[tuple[str, str]]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted(before.keys() | after.keys()):
            yield from _differences(before.get(name, _NOTHING), after.get(name, _NOTHING), f"{place}.{name}")
    elif before is _NOTHING:
        yield place, f"is new: {_shown(after)}"
    elif after is _NOTHING:
        yield place, f"is gone, was {_shown(before)}"
    else:
        yield place, f"was {_shown(before)}, is {_shown(after)}"


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _stripped(node: Any, named: bool = False) -> Any:
    """A node without its words. Under `properties` and the like names are names, whatever they are called."""
    if isinstance(node, list):
        return [_stripped(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: _stripped(each, name in ("properties", "headers", "responses", "content", "links", "patternProperties"))
        for name, each in node.items()
        if named or name not in WORDS
    }
