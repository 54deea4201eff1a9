"""Every edge of a schema, from both sides: the last value that it allows, and the first that it forbids.

Edges are cut into one good value at a time. Whether the result is allowed is not decided here: the contract's own
check decides, so an edge that another rule of the schema moves is judged by the whole schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from simulator.openapi import Contract

LEVELS = 5
ITEMS_AT_MOST = 1_100
"""Longer lists are not made: no limit of a list that is counted in items lies above a thousand."""
CHARACTERS_AT_MOST = 2_000

OF_TYPE: Mapping[str, object] = {
    "string": "strange", "integer": 7, "number": 7.5, "boolean": True, "array": ["strange"],
    "object": {"strange": True}, "null": None,
}  # fmt: skip
"""A value of each type that JSON has."""

SCALARS = ("null", "boolean", "integer", "number")
Place = tuple[str | int, ...]
Edge = tuple[str, Any]
"""What was done, in words that name the place, and the whole value with it done."""


def edges(contract: Contract, schema: Mapping[str, Any], value: Any) -> Iterator[Edge]:
    """Every edge of a schema cut into a good value of it."""
    for how, place, instead in _cut(contract, schema, value, ()):
        yield f"{'.'.join(map(str, place)) or 'the value'} {how}", _with(value, place, instead)


_GONE = object()
Cut = tuple[str, Place, Any]


def _cut(contract: Contract, schema: Any, value: Any, place: Place) -> Iterator[Cut]:
    if len(place) > LEVELS:
        return
    for branch in _branches(contract, schema):
        yield from _of_kind(branch, value, place)
        if isinstance(value, Mapping):
            yield from _of_object(contract, branch, value, place)
        if isinstance(value, list) and value and isinstance(branch.get("items"), Mapping):
            yield from _cut(contract, branch["items"], value[0], (*place, 0))


def _branches(contract: Contract, schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schema itself, without its reference, and each alternative that it offers."""
    if not isinstance(schema, Mapping):
        return
    found = contract.resolve(schema)
    if found is not schema:
        found = {**found, **{name: each for name, each in schema.items() if name != "$ref"}}
    yield found
    for word in ("allOf", "anyOf", "oneOf"):
        for each in found.get(word, ()):
            yield from _branches(contract, each)


def _of_object(contract: Contract, schema: Mapping[str, Any], value: Mapping[str, Any], place: Place) -> Iterator[Cut]:
    if place and len(value) > 1:
        # With one field it is left out below; a whole body of nothing is a probe.
        yield "emptied", place, {}
    for name in value:
        yield "left out", (*place, name), _GONE
    if "properties" in schema:
        yield "that nobody described", (*place, "x_nobody_described"), "strange"
    for name, each in schema.get("properties", {}).items():
        if name in value:
            yield from _cut(contract, each, value[name], (*place, name))
        else:
            for branch in _branches(contract, each):
                yield from _of_another_type(branch, (*place, name))


def _of_kind(schema: Mapping[str, Any], value: Any, place: Place) -> Iterator[Cut]:
    yield from _of_another_type(schema, place)
    yield from _of_choice(schema, place)
    if isinstance(value, str):
        yield from _of_text(schema, value, place)
    elif isinstance(value, list):
        yield from _of_list(schema, value, place)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_number(schema, place)


def _of_another_type(schema: Mapping[str, Any], place: Place) -> Iterator[Cut]:
    if "type" not in schema:
        return
    allowed = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    for kind, instead in OF_TYPE.items():
        forbidden = kind not in allowed and not (kind == "integer" and "number" in allowed)
        one_of_several = len(allowed) > 1 and "enum" not in schema and kind in SCALARS
        if forbidden or one_of_several:
            yield f"as {kind}", place, instead


def _of_choice(schema: Mapping[str, Any], place: Place) -> Iterator[Cut]:
    if "enum" not in schema and "const" not in schema:
        return
    for each in schema.get("enum", [schema.get("const")]):
        yield f"as {each!r}", place, each
    yield "as nothing that may be chosen", place, "strange_choice"


def _of_text(schema: Mapping[str, Any], value: str, place: Place) -> Iterator[Cut]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", CHARACTERS_AT_MOST + 1)
    if 0 < least <= CHARACTERS_AT_MOST:
        yield f"of {least - 1} characters", place, (value * least)[: least - 1]
        yield f"of {least} characters", place, _long(value, least)
    if most <= CHARACTERS_AT_MOST:
        yield f"of {most} characters", place, _long(value, most)
        yield f"of {most + 1} characters", place, _long(value, most + 1)
    if "pattern" in schema or "format" in schema:
        yield "in another form", place, "~ neither this nor that ~"
        yield "followed by something", place, f"{value}~"


def _long(value: str, length: int) -> str:
    return (value + "x" * length)[:length]


def _of_number(schema: Mapping[str, Any], place: Place) -> Iterator[Cut]:
    for word, beyond in (("minimum", -1), ("maximum", 1)):
        if word in schema:
            yield f"at {schema[word]}", place, schema[word]
            yield f"at {schema[word] + beyond}", place, schema[word] + beyond


def _of_list(schema: Mapping[str, Any], value: Sequence[Any], place: Place) -> Iterator[Cut]:
    least, most = schema.get("minItems", 0), schema.get("maxItems", ITEMS_AT_MOST + 1)
    if least:
        yield f"of {least - 1} items", place, _items(value, least - 1)
        yield f"of {least} items", place, _items(value, least)
    if value and most <= ITEMS_AT_MOST:
        yield f"of {most} items", place, _items(value, most)
        yield f"of {most + 1} items", place, _items(value, most + 1)


def _items(value: Sequence[Any], count: int) -> list[Any]:
    return [deepcopy(value[number % len(value)]) for number in range(count)] if value else []


def _with(value: Any, place: Place, instead: Any) -> Any:
    if not place:
        return instead
    made = deepcopy(value)
    part: Any = made
    for each in place[:-1]:
        part = part[each]
    if instead is _GONE:
        del part[place[-1]]
    else:
        part[place[-1]] = instead
    return made
