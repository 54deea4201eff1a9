"""How single values are compared: property tests, and counts against a number.

Values are compared as text for `is`, so that 1, 1.0 and "1" are equal and true is "true" (inferred: the API's filters
carry texts). Upper and lower case do not matter to `contains` (Amplitude, Segment operators). A list holds what any of
its elements holds. No value and an empty text are the same nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from simulator.rules.cohorts.definition import Comparison, Filter, Scalar, Test
from simulator.rules.cohorts.history import Event

COMPARE: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.AT_LEAST: lambda left, right: left >= right,
    Comparison.MORE_THAN: lambda left, right: left > right,
    Comparison.EXACTLY: lambda left, right: left == right,
    Comparison.OTHER_THAN: lambda left, right: left != right,
    Comparison.AT_MOST: lambda left, right: left <= right,
    Comparison.FEWER_THAN: lambda left, right: left < right,
}

_NUMERIC: dict[Test, Comparison] = {
    Test.LESS: Comparison.FEWER_THAN,
    Test.LESS_OR_EQUAL: Comparison.AT_MOST,
    Test.GREATER: Comparison.MORE_THAN,
    Test.GREATER_OR_EQUAL: Comparison.AT_LEAST,
}

_OPPOSITE: dict[Test, Test] = {
    Test.IS_NOT: Test.IS,
    Test.DOES_NOT_CONTAIN: Test.CONTAINS,
    Test.SET_IS_NOT: Test.SET_IS,
}


def is_nothing(value: object) -> bool:
    """Whether a property has no value."""
    return value is None or value == "" or value == []


def as_text(value: object) -> str:
    """The text that a value is compared as."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    return str(value)


def as_number(value: object) -> float | None:
    """The number in a value, or None when it holds none; true and false are not numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def elements(value: object) -> list[object]:
    """The elements of a list, one element for any other value, none for nothing."""
    if is_nothing(value):
        return []
    return list(value) if isinstance(value, list) else [value]


def passes(test: Test, expected: tuple[Scalar, ...], actual: object, *, missing_is_zero: bool = False) -> bool:
    """Whether the actual value passes the test against any of the expected ones.

    `missing_is_zero`: a missing number counts as 0, as Amplitude says of user properties and not of event properties.
    """
    if test in _OPPOSITE:
        return not passes(_OPPOSITE[test], expected, actual)
    if test in _NUMERIC:
        compare = COMPARE[_NUMERIC[test]]
        numbers = [as_number(element) for element in elements(actual)]
        if not numbers and missing_is_zero:
            numbers = [0.0]
        limits = [as_number(limit) for limit in expected]
        return any(n is not None and m is not None and compare(n, m) for n in numbers for m in limits)
    texts = [as_text(element) for element in elements(actual)]
    if test is Test.SET_IS:
        return set(texts) == {as_text(value) for value in expected if not is_nothing(value)}
    if not texts:
        return test is Test.IS and any(is_nothing(value) for value in expected)
    wanted = [as_text(value) for value in expected if not is_nothing(value)]
    if test is Test.IS:
        return not set(texts).isdisjoint(wanted)
    return any(part.casefold() in text.casefold() for part in wanted for text in texts)


def event_passes(where: tuple[Filter, ...], event: Event) -> bool:
    """Whether an event passes every filter."""
    for condition in where:
        source = event.user_properties if condition.of_user else event.properties
        if not passes(condition.test, condition.values, source.get(condition.key)):
            return False
    return True
