"""FreeMarker's built-ins, those that payloads need, and how values become text.

FreeMarker writes numbers and booleans as its configuration says, and nobody knows Amplitude's; its examples put both
into JSON as they are, so they are written as a computer would write them (our reading).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson


class RenderingFailed(ValueError):
    """A template cannot be filled in for this message; the message says why."""


def text_of(value: object) -> str:
    """What `${...}` writes. Raises RenderingFailed for nothing, and for what is no single value."""
    if value is None:
        raise RenderingFailed("a value is missing; give it a default with !")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else repr(value)
    if isinstance(value, str):
        return value
    raise RenderingFailed(f"{type(value).__name__} cannot be written as text; use ?join, <#list> or toJsonString")


def as_json(value: object) -> str:
    """`UtilClass.toJsonString`: the value as JSON, a text in quotation marks."""
    return orjson.dumps(value).decode()


def _sequence(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise RenderingFailed(f"{value!r} is no sequence")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RenderingFailed(f"{value!r} has no keys")
    return value


def _size(value: object) -> int:
    return len(_mapping(value) if isinstance(value, Mapping) else _sequence(value))


def _ends(value: object, index: int) -> Any:
    items = _sequence(value)
    return items[index] if items else None


BUILT_INS: dict[str, Callable[..., object]] = {
    "c": text_of,
    "string": lambda value, *words: text_of(words[0 if value else 1]) if words else text_of(value),
    "json_string": lambda value: orjson.dumps(text_of(value)).decode()[1:-1],
    "js_string": lambda value: orjson.dumps(text_of(value)).decode()[1:-1].replace("'", "\\'"),
    "upper_case": lambda value: text_of(value).upper(),
    "lower_case": lambda value: text_of(value).lower(),
    "trim": lambda value: text_of(value).strip(),
    "length": lambda value: len(text_of(value)),
    "contains": lambda value, part: text_of(part) in text_of(value),
    "starts_with": lambda value, part: text_of(value).startswith(text_of(part)),
    "ends_with": lambda value, part: text_of(value).endswith(text_of(part)),
    "replace": lambda value, old, new: text_of(value).replace(text_of(old), text_of(new)),
    "split": lambda value, by: text_of(value).split(text_of(by)),
    "number": lambda value: _number(value),
    "size": _size,
    "keys": lambda value: list(_mapping(value)),
    "values": lambda value: list(_mapping(value).values()),
    "first": lambda value: _ends(value, 0),
    "last": lambda value: _ends(value, -1),
    "join": lambda value, by="": text_of(by).join(text_of(each) for each in _sequence(value)),
    "has_content": lambda value: value is not None and value != "" and value != [] and value != {},
    "is_number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "is_boolean": lambda value: isinstance(value, bool),
    "is_string": lambda value: isinstance(value, str),
    "is_sequence": lambda value: isinstance(value, list),
    "is_hash": lambda value: isinstance(value, Mapping),
}


def _number(value: object) -> float | int:
    text = text_of(value)
    try:
        return float(text) if "." in text else int(text)
    except ValueError as error:
        raise RenderingFailed(f"{text!r} is no number") from error
