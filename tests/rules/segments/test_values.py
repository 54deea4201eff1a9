"""Comparisons of one value."""

from __future__ import annotations

import pytest

from simulator.rules.instants import parse_instant
from simulator.rules.segments.tree import Comparison, Value
from simulator.rules.segments.values import NEGATIVE, compare, count_holds, instant_of

AT = parse_instant("2026-03-02T10:00:00Z")
C = Comparison


@pytest.mark.parametrize(
    ("actual", "comparison", "value", "holds"),
    [
        ("gold", C.EQUALS, "gold", True),
        ("gold", C.EQUALS, "Gold", False),
        ("gold", C.IS, "gold", True),
        (1, C.EQUALS, 1.0, True),
        (True, C.EQUALS, True, True),
        (True, C.EQUALS, 1, False),
        (1, C.EQUALS, True, False),
        ("1", C.EQUALS, 1, False),
        (["gold"], C.EQUALS, "gold", False),
        (None, C.EQUALS, "gold", False),
        (None, C.NOT_EQUAL, "gold", True),
        (None, C.EXISTS, None, False),
        (None, C.DOES_NOT_EXIST, None, True),
        (False, C.EXISTS, None, True),
        ("", C.EXISTS, None, True),
        ("李雷", C.MATCHES_REGEX, "^李", True),
        (7, C.MATCHES_REGEX, "7", False),
        (["a", "b"], C.INCLUDES_VALUE, "b", True),
        (["a", "b"], C.DOES_NOT_INCLUDE_VALUE, "b", False),
        ("ab", C.INCLUDES_VALUE, "b", False),
        (7, C.GREATER_THAN, 6, True),
        (7, C.GREATER_THAN, 7, False),
        (7, C.GREATER_THAN_OR_EQUAL_TO, 7, True),
        (7, C.LESS_THAN, 7, False),
        (7, C.LESS_THAN_OR_EQUAL_TO, 7, True),
        ("7", C.GREATER_THAN, 6, False),
        (True, C.GREATER_THAN, 0, False),
        ("2026-03-01", C.AFTER, "2026-02-28T23:00:00Z", True),
        ("2026-03-01", C.BEFORE, "2026-02-28", False),
        ("yesterday", C.BEFORE, "2026-02-28", False),
        (20_260_301, C.AFTER, "2026-02-28", False),
        ("2026-02-28T10:00:00Z", C.LESS_THAN_X_DAYS_AGO, 2, False),
        ("2026-02-28T10:00:00.001Z", C.LESS_THAN_X_DAYS_AGO, 2, True),
        ("2026-03-03", C.LESS_THAN_X_DAYS_AGO, 2, False),
        ("2026-02-28T09:59:59Z", C.GREATER_THAN_X_DAYS_AGO, 2, True),
        ("2026-02-28T10:00:00Z", C.GREATER_THAN_X_DAYS_AGO, 2, False),
        ("2026-03-03", C.LESS_THAN_X_DAYS_IN_THE_FUTURE, 1, True),
        ("2026-03-02", C.LESS_THAN_X_DAYS_IN_THE_FUTURE, 1, False),
        ("2026-03-04", C.GREATER_THAN_X_DAYS_IN_THE_FUTURE, 1, True),
        ("2026-03-03", C.GREATER_THAN_X_DAYS_IN_THE_FUTURE, 1, False),
    ],
)
def test_a_comparison(actual: object, comparison: Comparison, value: Value, holds: bool) -> None:
    assert compare(actual, comparison, value, AT) is holds


@pytest.mark.parametrize("negative", sorted(NEGATIVE))
def test_a_negative_comparison_is_the_opposite_of_its_twin(negative: Comparison) -> None:
    for actual in ("gold", None, ["gold"], 7):
        assert compare(actual, negative, "gold", AT) is not compare(actual, NEGATIVE[negative], "gold", AT)


@pytest.mark.parametrize(
    ("count", "comparison", "times", "holds"),
    [
        (0, C.EXISTS, None, False),
        (1, C.EXISTS, None, True),
        (0, C.DOES_NOT_EXIST, None, True),
        (2, C.LESS_THAN, 2, False),
    ],
)
def test_a_count(count: int, comparison: Comparison, times: Value, holds: bool) -> None:
    assert count_holds(count, comparison, times) is holds


def test_a_text_without_zone_is_utc() -> None:
    assert instant_of("2026-03-02T10:00:00") == AT


def test_what_is_no_text_names_no_instant() -> None:
    assert instant_of(5) is None
