"""Values are compared as text, numbers as numbers, lists element by element."""

import pytest

from simulator.rules.cohorts.conditions import as_number, as_text, elements, event_passes, is_nothing, passes
from simulator.rules.cohorts.definition import Filter, Test
from simulator.rules.cohorts.history import Event


@pytest.mark.parametrize(
    ("test", "expected", "actual", "answer"),
    [
        (Test.IS, ("pro",), "pro", True),
        (Test.IS, ("pro",), "Pro", False),
        (Test.IS, ("pro", "team"), "team", True),
        (Test.IS, (1,), "1", True),
        (Test.IS, (1,), 1.0, True),
        (Test.IS, (True,), True, True),
        (Test.IS, ("true",), True, True),
        (Test.IS, (1,), True, False),
        (Test.IS, ("a",), ["b", "a"], True),
        (Test.IS, (None,), None, True),
        (Test.IS, (None,), "", True),
        (Test.IS, (None,), [], True),
        (Test.IS, (None,), "x", False),
        (Test.IS, ("x",), None, False),
        (Test.IS, (None, "x"), "x", True),
        (Test.IS_NOT, ("pro",), "free", True),
        (Test.IS_NOT, ("pro",), None, True),
        (Test.IS_NOT, (None,), None, False),
        (Test.CONTAINS, ("@EXAMPLE",), "ida@example.com", True),
        (Test.CONTAINS, ("x",), None, False),
        (Test.CONTAINS, (None,), "x", False),
        (Test.CONTAINS, ("b",), ["abc", "d"], True),
        (Test.DOES_NOT_CONTAIN, ("@example",), "ida@other.org", True),
        (Test.DOES_NOT_CONTAIN, ("x",), None, True),
        (Test.LESS, (3,), 2, True),
        (Test.LESS, (3,), 3, False),
        (Test.LESS_OR_EQUAL, (3,), "3", True),
        (Test.GREATER, (3,), 3.5, True),
        (Test.GREATER, ("three",), 3.5, False),
        (Test.GREATER_OR_EQUAL, (3,), "many", False),
        (Test.GREATER_OR_EQUAL, (3,), True, False),
        (Test.GREATER_OR_EQUAL, (3,), [1, 4], True),
        (Test.LESS, (3,), None, False),
        (Test.SET_IS, ("a", "b"), ["b", "a"], True),
        (Test.SET_IS, ("a",), ["b", "a"], False),
        (Test.SET_IS, (None,), None, True),
        (Test.SET_IS_NOT, ("a",), ["b", "a"], True),
    ],
)
def test_a_test_passes_or_not(test, expected, actual, answer):
    assert passes(test, expected, actual) is answer


def test_a_missing_number_may_count_as_zero():
    assert passes(Test.LESS, (3,), None, missing_is_zero=True)
    assert not passes(Test.GREATER, (0,), None, missing_is_zero=True)


def test_texts_of_values():
    assert [as_text(v) for v in ("a", True, 1, 1.0, 1.5, {"b": 1, "a": [2]})] == [
        "a",
        "true",
        "1",
        "1",
        "1.5",
        '{"a":[2],"b":1}',
    ]


def test_numbers_in_values():
    assert [as_number(v) for v in (1, 1.5, "2", "x", True, None)] == [1.0, 1.5, 2.0, None, None, None]


def test_nothing_and_elements():
    assert [is_nothing(v) for v in (None, "", [], 0, False)] == [True, True, True, False, False]
    assert [elements(v) for v in (None, "a", ["a", "b"])] == [[], ["a"], ["a", "b"]]


def test_an_event_passes_all_of_its_filters():
    event = Event(0, "purchase", {"price": 9}, {"plan": "pro"})
    cheap = Filter("price", Test.LESS, (10,))
    assert event_passes((cheap, Filter("plan", Test.IS, ("pro",), of_user=True)), event)
    assert not event_passes((cheap, Filter("plan", Test.IS, ("pro",))), event)
