"""Custom attribute values as Braze reads them: dates in many formats, arrays without repeats, nested objects.

Sources: Braze, "User attributes object", "Nested custom attributes", "Array of objects", "Custom attributes".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from simulator.rules.instants import Instant, from_datetime, parse_instant

STRING_CHARACTERS = 255
KEY_CHARACTERS = 255
OBJECT_BYTES = 100 * 1024
NESTING_AT_MOST = 50
"""Greatest size of one nested object or array of objects, as compact JSON."""

_COLON_MILLISECONDS = re.compile(r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}):(\d{3})\s*(Z|[+-]\d{2}:?\d{2})?$")
_SLASHES = re.compile(r"^(\d{2})/(\d{2})/(\d{4})$")
_WEEKDAY = re.compile(r"^[A-Z][a-z]{2} (\d{2}) (\d{2}) (\d{2}:\d{2}:\d{2})\.?([A-Z]{1,4}|[+-]\d{2}:?\d{2}) (\d{4})$")
_FORBIDDEN_IN_KEYS = re.compile(r"[.$\s]")


class NotAValue(ValueError):
    """A value that Braze drops without a word; the message says why, for the ledger."""


def parse_date(text: str) -> Instant | None:
    """The instant of a date in one of Braze's formats, or None; no zone means UTC, years 0 to 3000 only.

    ISO 8601, `yyyy-MM-ddTHH:mm:ss:SSSZ`, `yyyy-MM-dd HH:mm:ss`, `yyyy-MM-dd`, `MM/dd/yyyy` and
    `ddd MM dd HH:mm:ss.TZD YYYY`.
    """
    stripped = text.strip()
    if found := _COLON_MILLISECONDS.match(stripped):
        stripped = f"{found[1]}.{found[2]}{found[3] or ''}"
    elif found := _SLASHES.match(stripped):
        stripped = f"{found[3]}-{found[1]}-{found[2]}"
    elif found := _WEEKDAY.match(stripped):
        zone = found[4] if found[4][0] in "+-" else "Z"
        stripped = f"{found[5]}-{found[1]}-{found[2]}T{found[3]}{zone}"
    try:
        instant = parse_instant(stripped)
    except ValueError:
        return None
    return instant if instant < _YEAR_3001 else None


def parse_time(text: str) -> Instant | None:
    """The instant of an event, a purchase or a cohort: ISO 8601 or `yyyy-MM-ddTHH:mm:ss:SSSZ` only, else None."""
    return None if _SLASHES.match(text.strip()) or _WEEKDAY.match(text.strip()) else parse_date(text)


_YEAR_3001 = from_datetime(datetime(3001, 1, 1, tzinfo=UTC))


def same(one: object, other: object) -> bool:
    """Equality that keeps `true` apart from 1, as JSON does; 1 and 1.0 are one number."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def is_scalar(value: object) -> bool:
    """Whether a value is a string, number or boolean."""
    return isinstance(value, str | int | float)


def without_repeats(values: Iterable[object], maximum: int) -> list[object]:
    """Each value once, a repeated one at its last place; of more than `maximum` the oldest drop out."""
    kept: list[object] = []
    for value in values:
        kept = [known for known in kept if not same(known, value)] if _known(value, kept) else kept
        kept.append(value)
    return kept[-maximum:]


def _known(value: object, kept: Sequence[object]) -> bool:
    return any(same(value, known) for known in kept)


def without(values: Iterable[object], unwanted: Sequence[object]) -> list[object]:
    """The values that are not among the unwanted ones."""
    return [value for value in values if not _known(value, unwanted)]


def check_string(value: str) -> str:
    """A string of at most 255 characters. Raises NotAValue."""
    if len(value) > STRING_CHARACTERS:
        raise NotAValue(f"strings hold at most {STRING_CHARACTERS} characters")
    return value


def check_array(values: Sequence[object], maximum: int) -> list[object]:
    """An array of scalars, without repeats. Raises NotAValue."""
    for value in values:
        if not is_scalar(value):
            raise NotAValue("an array holds strings, numbers and booleans only, or objects only")
        if isinstance(value, str):
            check_string(value)
    return without_repeats(values, maximum)


def check_object(value: Mapping[str, object]) -> dict[str, object]:
    """A nested object as it is stored: `{"$time": date}` becomes the date. Raises NotAValue.

    One bad date or null anywhere drops the whole object (Braze, "Nested custom attributes").
    """
    stored = {_check_key(key): _check_nested(inner, 1) for key, inner in value.items()}
    check_size(stored)
    return stored


def check_size(value: object) -> None:
    """At most 100 KB of compact JSON. Raises NotAValue."""
    if len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()) > OBJECT_BYTES:
        raise NotAValue("objects and arrays of objects hold at most 100 KB")


def _check_key(key: str) -> str:
    if not key or len(key) > KEY_CHARACTERS or _FORBIDDEN_IN_KEYS.search(key):
        raise NotAValue(f"the key {key!r} is empty, too long, or has a blank, '.' or '$' in it")
    return key


def _check_nested(value: object, depth: int) -> object:
    if depth > NESTING_AT_MOST:
        raise NotAValue(f"objects nest at most {NESTING_AT_MOST} deep")
    if value is None:
        raise NotAValue("a null inside a nested object drops the whole update")
    if isinstance(value, str):
        return check_string(value)
    if isinstance(value, Mapping):
        if "$time" in value:
            return _check_time(value["$time"])
        return {_check_key(str(key)): _check_nested(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_check_nested(inner, depth + 1) for inner in value]
    return value


def _check_time(value: object) -> str:
    if not isinstance(value, str) or parse_date(value) is None:
        raise NotAValue("a bad $time drops the whole update")
    return value


def deep_merge(current: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    """`_merge_objects`: keys of `new` win, objects merge key by key, everything else is replaced."""
    merged = dict(current)
    for key, value in new.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = deep_merge(before, value) if both else value  # type: ignore[arg-type]
    return merged


def data_type(value: object) -> str:
    """The name Braze's dashboard gives to the type of a value."""
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int | float):
        return "Number"
    if isinstance(value, str):
        return "String" if parse_date(value) is None else "Date"
    if isinstance(value, list):
        return "Object Array" if value and all(isinstance(item, Mapping) for item in value) else "Array"
    return "Object"
