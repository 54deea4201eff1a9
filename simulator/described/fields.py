"""Which fields of a JSON body a schema names, and which fields of a body nobody has named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Follows a `$ref` of the document that the schemas stand in."""


class Description:
    """Which fields a schema names at one place of a body; worked out once, since every body of a run is held to it."""

    def __init__(self, schemas: Sequence[Any], resolve: Resolve) -> None:
        self._resolve = resolve
        self._parts = [part for schema in schemas for part in _parts(schema, resolve)]

    @cached_property
    def named(self) -> dict[str, Description]:
        """The fields of an object."""
        found: dict[str, list[Any]] = {}
        for part in self._parts:
            for name, each in part.get("properties", {}).items():
                found.setdefault(name, []).append(each)
        return {name: Description(schemas, self._resolve) for name, schemas in found.items()}

    @cached_property
    def free(self) -> bool:
        """Whether an object may hold anything: no field is named, or others are spoken of."""
        others = ("additionalProperties", "patternProperties")
        return not self.named or any(word in part for part in self._parts for word in others)

    @cached_property
    def items(self) -> Description | None:
        """What an array holds, if anything is said of it."""
        found = [part["items"] for part in self._parts if isinstance(part.get("items"), Mapping)]
        return Description(found, self._resolve) if found else None

    @cached_property
    def hides_nothing(self) -> bool:
        """Whether no field can stand here, however deep: ids come by the thousand and are not looked at."""
        return not self.named and self.items is None

    @cached_property
    def flat(self) -> bool:
        """Whether fields stand here and none below them."""
        return all(each.hides_nothing for each in self.named.values())


_CONTAINERS = (dict, list)
_DICT = frozenset((dict,))


def undescribed(description: Description, value: object, place: str = "body") -> Iterator[str]:
    """The places of all fields that no part of the schema names. An object without named fields may hold anything."""
    if isinstance(value, dict):
        named = description.named
        if not description.free:
            yield from (f"{place}.{name}" for name in value if name not in named)
        for name, each in () if description.flat else value.items():
            if isinstance(each, _CONTAINERS) and (inside := named.get(name)) is not None:
                yield from undescribed(inside, each, f"{place}.{name}")
    elif isinstance(value, list) and (inside := description.items) is not None and not inside.hides_nothing:
        if inside.flat and _DICT.issuperset(map(type, value)) and inside.named.keys() >= {*chain.from_iterable(value)}:
            return
        for number, each in enumerate(value):
            if inside.flat and isinstance(each, dict) and each.keys() <= inside.named.keys():
                continue
            if isinstance(each, _CONTAINERS):
                yield from undescribed(inside, each, f"{place}[{number}]")


def _parts(schema: Any, resolve: Resolve) -> Iterator[Mapping[str, Any]]:
    """A schema and everything that it is put together from."""
    if not isinstance(schema, Mapping):
        return
    found = resolve(schema)
    yield found
    for word in ("allOf", "anyOf", "oneOf"):
        for each in found.get(word, ()):
            yield from _parts(each, resolve)
