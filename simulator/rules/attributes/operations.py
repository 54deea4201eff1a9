"""What one attribute write does to the value that is there: set, inc, add, remove, merge, $add, $remove, $update.

Sources: Braze, "User attributes object", "Nested custom attributes", "Array of objects"; data points from "Data points"
(DP-2): one per attribute, per key of an object, per value added or removed, per property of an object in an array,
also when nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from simulator.rules.attributes.values import (
    STRING_CHARACTERS,
    NotAValue,
    check_array,
    check_object,
    check_size,
    check_string,
    deep_merge,
    same,
    without,
    without_repeats,
)

GREATEST_INTEGER = 2**63 - 1
ARRAY_OPERATIONS = frozenset({"add", "remove"})
OBJECT_ARRAY_OPERATIONS = ("$add", "$remove", "$update")
"""In the order in which Braze applies them, whatever the order in the request (braze-docs, issue 11289)."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """`_merge_objects` of the object, and how many values an array may hold."""

    merge_objects: bool = False
    array_maximum: int = 500


class Written(NamedTuple):
    """The value afterwards (None: no such attribute), the data points, and why nothing changed, if nothing did."""

    value: object
    points: int
    ignored: str = ""


def write(name: str, current: object, sent: object, options: WriteOptions) -> Written:
    """Apply one custom attribute. A value that Braze does not take leaves the current one, silently."""
    try:
        if not name or len(name) > STRING_CHARACTERS or name.startswith("$"):
            raise NotAValue("attribute names are 1 to 255 characters and do not start with '$'")
        return _operation(sent)(current, sent, options)
    except NotAValue as reason:
        return Written(current, 0, str(reason))


_Operation = Callable[[object, object, WriteOptions], Written]


def _operation(sent: object) -> _Operation:
    if isinstance(sent, Mapping):
        keys = set(sent)
        if keys == {"inc"}:
            return _increment
        if keys and keys <= ARRAY_OPERATIONS and all(isinstance(value, list) for value in sent.values()):
            return _change_array
        if keys and keys <= set(OBJECT_ARRAY_OPERATIONS):
            return _change_objects
        return _set_object
    if isinstance(sent, list):
        return _set_objects if sent and all(isinstance(item, Mapping) for item in sent) else _set_array
    return _set_scalar


def _set_scalar(current: object, sent: object, options: WriteOptions) -> Written:
    """A null removes the attribute; that is a write too."""
    return Written(check_string(sent) if isinstance(sent, str) else sent, 1)


def _increment(current: object, sent: object, options: WriteOptions) -> Written:
    step = sent["inc"] if isinstance(sent, Mapping) else None
    if not _is_integer(step) or not (current is None or _is_integer(current)):
        raise NotAValue("inc adds a whole number to a whole number")
    total = (current or 0) + step  # type: ignore[operator]
    if abs(total) > GREATEST_INTEGER:
        raise NotAValue("whole numbers have 64 bits")
    return Written(total, 1)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _set_array(current: object, sent: object, options: WriteOptions) -> Written:
    return Written(check_array(_list(sent), options.array_maximum), 1)


def _change_array(current: object, sent: object, options: WriteOptions) -> Written:
    """Add first, then remove; a value that is added again moves to the end."""
    operations: Mapping[str, object] = sent if isinstance(sent, Mapping) else {}
    if current is not None and not isinstance(current, list):
        raise NotAValue("add and remove need an array")
    added = check_array(_list(operations.get("add", [])), options.array_maximum)
    removed = _list(operations.get("remove", []))
    if current is None and not added:
        raise NotAValue("there is no array to remove from")
    values = without(without_repeats([*_list(current), *added], options.array_maximum), removed)
    return Written(values, len(added) + len(removed))


def _set_object(current: object, sent: object, options: WriteOptions) -> Written:
    """Replaced whole unless `_merge_objects` is true."""
    new = check_object(_mapping(sent))
    if options.merge_objects and isinstance(current, Mapping):
        merged = deep_merge(current, new)
        check_size(merged)
        return Written(merged, keys_of(new))
    return Written(new, keys_of(new))


def keys_of(value: object) -> int:
    """How many keys an object writes, nested ones included; an empty object is one write."""
    if isinstance(value, Mapping):
        return max(1, sum(keys_of(inner) if isinstance(inner, Mapping) else 1 for inner in value.values()))
    return 1


def _set_objects(current: object, sent: object, options: WriteOptions) -> Written:
    objects = [check_object(_mapping(item)) for item in _list(sent)]
    check_size(objects)
    return Written(objects, sum(keys_of(item) for item in objects))


def _change_objects(current: object, sent: object, options: WriteOptions) -> Written:
    """Add, then remove, then update; over 100 KB the whole change is discarded."""
    operations = _mapping(sent)
    if current is not None and not isinstance(current, list):
        raise NotAValue("$add, $remove and $update need an array of objects")
    if current is None and not operations.get("$add"):
        raise NotAValue("there is no array of objects to remove from or to update")
    objects: list[object] = _list(current)
    points = 0
    for operation in OBJECT_ARRAY_OPERATIONS:
        for item in _list(operations.get(operation, [])):
            objects, written = _CHANGE_ONE[operation](objects, _mapping(item), options)
            points += written
    check_size(objects)
    return Written(objects, points)


def _add_one(objects: list[object], item: Mapping[str, object], options: WriteOptions) -> tuple[list[object], int]:
    added = check_object(item)
    return [*objects, added], keys_of(added)


def _remove_one(objects: list[object], item: Mapping[str, object], options: WriteOptions) -> tuple[list[object], int]:
    """Every object that matches goes."""
    return [known for known in objects if not _means(item, known)], 1


def _update_one(objects: list[object], item: Mapping[str, object], options: WriteOptions) -> tuple[list[object], int]:
    """Without `_merge_objects` the other keys of the object are lost."""
    new = check_object(_mapping(item.get("$new_object")))
    updated: list[object] = []
    for known in objects:
        if not _means(item, known):
            updated.append(known)
        elif options.merge_objects and isinstance(known, Mapping):
            updated.append(deep_merge(known, new))
        else:
            updated.append(new)
    return updated, keys_of(new)


def _means(item: Mapping[str, object], known: object) -> bool:
    key = item.get("$identifier_key")
    if not isinstance(known, Mapping) or not isinstance(key, str) or key not in known:
        return False
    return same(known[key], item.get("$identifier_value"))


_ChangeOne = Callable[[list[object], Mapping[str, object], WriteOptions], tuple[list[object], int]]
_CHANGE_ONE: dict[str, _ChangeOne] = {"$add": _add_one, "$remove": _remove_one, "$update": _update_one}


def _list(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise NotAValue("an array is needed")


def _mapping(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise NotAValue("an object is needed")
