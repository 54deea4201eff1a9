"""What `$set`, `$setOnce`, `$add` and the other operations make of a user's properties.

Source: Amplitude, Identify API (the table of operations) and the SDK pages ($clearAll). Operations and plain keys may
not be mixed by the documents, shipping clients mix them anyway, and it must never fail: a plain key counts as `$set`.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping

from simulator.rules.instants import Instant, from_datetime, to_datetime

ARRAY_TEXT_AT_MOST = 10_000
"""Characters that an array may grow to by append, prepend or insert; one that would grow further stays as it was."""

INITIAL_ARRAY_TEXT_AT_MOST = 1_024
"""Characters, those of all items together, of an array that a property begins with; items that do not fit are cut off
its end (inferred: like texts, arrays are cut and not refused)."""

LAPSE_MONTHS = 14
"""INGEST-3. A profile without events for so long loses its properties. Amplitude, User properties and events."""

Properties = dict[str, object]
Operation = Callable[[Properties, str, object], None]


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _present(properties: Mapping[str, object], name: str) -> list[object]:
    current = properties.get(name)
    return [] if current is None else _items(current)


def _put_array(properties: Properties, name: str, grown: list[object]) -> None:
    if properties.get(name) is None:
        properties[name] = _initial(grown)
    elif len(json.dumps(grown, ensure_ascii=False)) <= ARRAY_TEXT_AT_MOST:
        properties[name] = grown


def _initial(value: object) -> object:
    """A value as a property takes it to begin with."""
    if not isinstance(value, list):
        return value
    room = INITIAL_ARRAY_TEXT_AT_MOST
    for count, item in enumerate(value):
        room -= len(item) if isinstance(item, str) else len(json.dumps(item, ensure_ascii=False))
        if room < 0:
            return value[:count]
    return value


def _set(properties: Properties, name: str, value: object) -> None:
    properties[name] = _initial(value)


def _set_once(properties: Properties, name: str, value: object) -> None:
    if properties.get(name) is None:
        properties[name] = _initial(value)


def _number(value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            try:
                return float(value)
            except ValueError:
                return None
    return None


def _add(properties: Properties, name: str, value: object) -> None:
    # "missing = 0"; what is no number cannot be added to and stays.
    current = properties.get(name)
    base, amount = _number(0 if current is None else current), _number(value)
    if base is not None and amount is not None:
        properties[name] = base + amount


def _append(properties: Properties, name: str, value: object) -> None:
    _put_array(properties, name, _present(properties, name) + _items(value))


def _prepend(properties: Properties, name: str, value: object) -> None:
    _put_array(properties, name, _items(value) + _present(properties, name))


def _missing_from(present: list[object], values: Iterable[object]) -> list[object]:
    missing: list[object] = []
    for value in values:
        if not _contains(present, value) and not _contains(missing, value):
            missing.append(value)
    return missing


def _contains(values: list[object], wanted: object) -> bool:
    # 1 == True in Python and nowhere else.
    return any(type(value) is type(wanted) and value == wanted for value in values)


def _pre_insert(properties: Properties, name: str, value: object) -> None:
    present = _present(properties, name)
    _put_array(properties, name, _missing_from(present, _items(value)) + present)


def _post_insert(properties: Properties, name: str, value: object) -> None:
    present = _present(properties, name)
    _put_array(properties, name, present + _missing_from(present, _items(value)))


def _remove(properties: Properties, name: str, value: object) -> None:
    if properties.get(name) is None:
        return
    unwanted = _items(value)
    properties[name] = [each for each in _present(properties, name) if not _contains(unwanted, each)]


def _unset(properties: Properties, name: str, value: object) -> None:
    properties.pop(name, None)


OPERATIONS: dict[str, Operation] = {
    "$set": _set,
    "$setOnce": _set_once,
    "$add": _add,
    "$append": _append,
    "$prepend": _prepend,
    "$preInsert": _pre_insert,
    "$postInsert": _post_insert,
    "$remove": _remove,
    "$unset": _unset,
}
"""In the order in which they are applied when one call carries several; `$clearAll` goes before all of them."""

USER_OPERATIONS = frozenset({*OPERATIONS, "$clearAll"})
GROUP_OPERATIONS = frozenset({"$set", "$setOnce", "$add", "$append", "$prepend", "$unset"})
"""What group properties know of them (Amplitude, Group Identify API)."""


def apply(
    properties: Mapping[str, object],
    update: Mapping[str, object],
    *,
    operations: bool = True,
    allowed: frozenset[str] = USER_OPERATIONS,
) -> Properties:
    """The properties after one `user_properties` (or `group_properties`) object; the argument stays as it was.

    With `operations` off every key is plain, also those that begin with `$` (switch `property_operations`).
    An operation whose value is no object is ignored, `$clearAll` excepted.
    """
    result: Properties = dict(properties)
    if not operations:
        return result | {name: _initial(value) for name, value in update.items()}
    if "$clearAll" in update and "$clearAll" in allowed:
        result.clear()
    result.update({name: _initial(value) for name, value in update.items() if name not in USER_OPERATIONS})
    for operation, change in OPERATIONS.items():
        values = update.get(operation)
        if operation in allowed and isinstance(values, Mapping):
            for name, value in values.items():
                change(result, name, value)
    return result


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> frozenset[str]:
    """Names whose value differs, came or went."""
    if not before:
        return frozenset(after)
    return frozenset(
        name
        for name in before.keys() | after.keys()
        if name not in before or name not in after or before[name] != after[name]
    )


def lapses_at(last_event: Instant) -> Instant:
    """INGEST-3. When a profile whose last event came in at this instant loses its properties, if no other comes.

    Months are those of the calendar, in UTC; a day that the later month does not have is its last (inferred).
    """
    moment = to_datetime(last_event)
    months = moment.year * 12 + moment.month - 1 + LAPSE_MONTHS
    year, month = months // 12, months % 12 + 1
    day = min(moment.day, monthrange(year, month)[1])
    return from_datetime(moment.replace(year=year, month=month, day=day))


PLATFORM_FIELDS = frozenset(
    {"platform", "os_name", "os_version", "device_brand", "device_manufacturer", "device_model", "carrier"}
)
PLACE_FIELDS = frozenset({"country", "region", "city", "dma"})


def update_built_in(built_in: Mapping[str, object], sent: Mapping[str, object]) -> Properties:
    """The built-in properties after an identify call or event that carries `sent`.

    Setting one of the platform fields nulls the others of the set unless they come with it; the same holds for the
    place fields (Amplitude, Identify API, older page).
    """
    result = dict(built_in)
    given = {name: value for name, value in sent.items() if value is not None}
    for together in (PLATFORM_FIELDS, PLACE_FIELDS):
        if given.keys() & together:
            for name in together:
                result.pop(name, None)
    return result | given
