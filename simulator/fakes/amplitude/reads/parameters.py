"""Reading query parameters and bodies of the read APIs, and refusing what makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from simulator.fakes.amplitude.wire import detailed_error
from simulator.fakes.binding import Call, MalformedBody, Problem
from simulator.rules.instants import Instant, from_datetime, to_datetime


def invalid(message: str) -> Problem:
    """A 400 in the nested shape."""
    return Problem(detailed_error(400, "invalid_request", message))


def required(call: Call, name: str) -> str:
    """A query parameter that must be there. Raises Problem."""
    value = call.argument(name)
    if not value:
        raise invalid(f"Missing required parameter: {name}")
    return value


def flag(value: object) -> bool:
    """Whether a flag is set; clients write true, "True" or 1."""
    return str(value).strip().lower() in ("true", "1")


def whole_number(call: Call, name: str, default: int, least: int, most: int) -> int:
    """A whole number between two bounds, cut to the upper one. Raises Problem."""
    text = call.argument(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        raise invalid(f"{name} must be a number, got {text}") from None
    if number < least:
        raise invalid(f"{name} must be at least {least}, got {number}")
    return min(number, most)


def moment(text: str, pattern: str, name: str) -> Instant:
    """A UTC instant in one fixed form. Raises Problem."""
    try:
        return from_datetime(datetime.strptime(text, pattern).replace(tzinfo=UTC))
    except ValueError:
        raise invalid(f"{name} is not a valid time: {text}") from None


def day(text: object, name: str) -> Instant:
    """A date `YYYY-MM-DD` as the instant at which it begins. Raises Problem."""
    return moment(str(text), "%Y-%m-%d", name)


def day_text(at: int) -> str:
    """The UTC date of an instant, `YYYY-MM-DD`."""
    return to_datetime(at).date().isoformat()


@lru_cache(maxsize=4096)
def timestamp(at: int) -> str:
    """An instant as exports write it: `2026-03-02 10:00:00.000000`; a row has six, most of them alike."""
    return to_datetime(at).isoformat(" ", "microseconds")[:26]


def fields_of(
    call: Call, refusal: Callable[[str], Problem] = invalid, *, lists: Collection[str] = ()
) -> dict[str, object]:
    """The body as one flat mapping: JSON if it is that, else a form, else the query. Raises the refusal.

    A form repeats a field for each item of a list; fields named in `lists` are always taken as one. Some clients send a
    form under a header that says JSON.
    """
    if not call.body:
        return _flat(call.query, lists)
    try:
        body = call.json()
    except MalformedBody:
        return _flat(call.form(), lists)
    if not isinstance(body, Mapping):
        raise refusal("The body must be an object")
    return dict(body)


def _flat(fields: Mapping[str, list[str]], lists: Collection[str]) -> dict[str, object]:
    return {name: values if name in lists else values[0] for name, values in fields.items() if values}
