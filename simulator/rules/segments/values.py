"""One comparison of one value: the table behind every attribute and field filter.

Source: Braze, "Connected audience object", allowed comparisons by type. Three readings are ours (inferred): a negative
comparison is the exact opposite of its positive twin, so it holds for somebody who lacks the value; a comparison
between unlike types never holds; regular expressions are searched for, and are case-sensitive.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from simulator.rules.instants import DAY_MS, Instant, parse_instant
from simulator.rules.segments.tree import Comparison, Value

NEGATIVE: dict[Comparison, Comparison] = {
    Comparison.DOES_NOT_EXIST: Comparison.EXISTS,
    Comparison.NOT_EQUAL: Comparison.EQUALS,
    Comparison.DOES_NOT_EQUAL: Comparison.EQUALS,
    Comparison.IS_NOT: Comparison.EQUALS,
    Comparison.DOES_NOT_MATCH_REGEX: Comparison.MATCHES_REGEX,
    Comparison.DOES_NOT_INCLUDE_VALUE: Comparison.INCLUDES_VALUE,
}


def compare(actual: object, comparison: Comparison, value: Value, at: Instant) -> bool:
    """Whether the comparison holds for a value found on a profile (None: the profile has none)."""
    positive = NEGATIVE.get(comparison)
    if positive is not None:
        return not compare(actual, positive, value, at)
    if comparison is Comparison.EXISTS:
        return actual is not None
    if actual is None:
        return False
    if comparison is Comparison.IS:
        return _equal(actual, value)
    return HOLDS[comparison](actual, value, at)


def count_holds(count: int, comparison: Comparison, times: Value) -> bool:
    """Whether a number of times satisfies the comparison; EXISTS means at least once."""
    if comparison is Comparison.EXISTS:
        return count > 0
    if comparison is Comparison.DOES_NOT_EXIST:
        return count == 0
    return compare(count, comparison, times, Instant(0))


def instant_of(value: object) -> Instant | None:
    """The instant an ISO 8601 text names, to the millisecond; no zone means UTC; None when it names none."""
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except ValueError:
        return None


def _equal(actual: object, value: object) -> bool:
    if isinstance(value, tuple):
        return any(_equal(actual, one) for one in value)
    if isinstance(actual, bool) or isinstance(value, bool):
        return actual is value
    if isinstance(actual, (int, float)) and isinstance(value, (int, float)):
        return actual == value
    return isinstance(actual, str) and actual == value


def _includes(actual: object, value: object) -> bool:
    return isinstance(actual, (list, tuple)) and any(_equal(one, value) for one in actual)


def _matches(actual: object, value: object) -> bool:
    return isinstance(actual, str) and isinstance(value, str) and re.search(value, actual) is not None


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _by_number(holds: Callable[[float, float], bool]) -> Callable[[object, object, Instant], bool]:
    def judge(actual: object, value: object, at: Instant) -> bool:
        left, right = _number(actual), _number(value)
        return left is not None and right is not None and holds(left, right)

    return judge


def _by_instant(holds: Callable[[Instant, Instant], bool]) -> Callable[[object, object, Instant], bool]:
    def judge(actual: object, value: object, at: Instant) -> bool:
        left, right = instant_of(actual), instant_of(value)
        return left is not None and right is not None and holds(left, right)

    return judge


def _by_days(holds: Callable[[Instant, float, Instant], bool]) -> Callable[[object, object, Instant], bool]:
    def judge(actual: object, value: object, at: Instant) -> bool:
        moment, days = instant_of(actual), _number(value)
        return moment is not None and days is not None and holds(moment, days * DAY_MS, at)

    return judge


HOLDS: dict[Comparison, Callable[[object, object, Instant], bool]] = {
    Comparison.EQUALS: lambda actual, value, at: _equal(actual, value),
    Comparison.MATCHES_REGEX: lambda actual, value, at: _matches(actual, value),
    Comparison.INCLUDES_VALUE: lambda actual, value, at: _includes(actual, value),
    Comparison.GREATER_THAN: _by_number(lambda left, right: left > right),
    Comparison.GREATER_THAN_OR_EQUAL_TO: _by_number(lambda left, right: left >= right),
    Comparison.LESS_THAN: _by_number(lambda left, right: left < right),
    Comparison.LESS_THAN_OR_EQUAL_TO: _by_number(lambda left, right: left <= right),
    Comparison.AFTER: _by_instant(lambda left, right: left > right),
    Comparison.BEFORE: _by_instant(lambda left, right: left < right),
    Comparison.LESS_THAN_X_DAYS_AGO: _by_days(lambda moment, span, at: at - span < moment <= at),
    Comparison.GREATER_THAN_X_DAYS_AGO: _by_days(lambda moment, span, at: moment < at - span),
    Comparison.LESS_THAN_X_DAYS_IN_THE_FUTURE: _by_days(lambda moment, span, at: at < moment < at + span),
    Comparison.GREATER_THAN_X_DAYS_IN_THE_FUTURE: _by_days(lambda moment, span, at: moment > at + span),
}
