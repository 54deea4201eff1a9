"""How query parameters are read: numbers, flags, times, days and lists, and the words with which they are refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from simulator.fakes.binding import Problem
from simulator.fakes.braze.audience.handlers import arguments
from simulator.rules.instants import Instant, format_instant

NOW = Instant(1_772_445_600_000)


def asked(**query: str | list[str]) -> Any:
    """A call with this query string; it is 2026-03-02T10:00:00Z."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in query.items()}

    def argument(name: str, default: str | None = None) -> str | None:
        return lists.get(name, [default])[-1]

    return SimpleNamespace(argument=argument, query=lists, at=NOW)


def refused(ask: Any) -> str:
    with pytest.raises(Problem) as raised:
        ask()
    return str(raised.value.reply.body["message"])


@pytest.mark.parametrize(("number", "items"), [("0", [0, 1]), ("1", [2, 3]), ("2", [4]), ("3", []), (None, [0, 1])])
def test_pages_count_from_zero_and_end_with_an_empty_one(number: str | None, items: list[int]) -> None:
    call = asked() if number is None else asked(page=number)
    assert items == list(arguments.page(call, range(5), 2))


@pytest.mark.parametrize("number", ["-1", "one", "1.5", "", "1" * 10])
def test_what_is_no_page_number_is_refused(number: str) -> None:
    call = asked(page=number)
    assert refused(lambda: arguments.page(call, [1], 1)) == "'page' must be a non-negative integer"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2018-06-28T23:59:59-5:00", "2018-06-29T04:59:59Z"),
        ("2018-06-28T23:59:59-05:00", "2018-06-29T04:59:59Z"),
        ("2018-06-28T23:59:59 01:00", "2018-06-28T22:59:59Z"),
        ("2018-06-28T23:59:59Z", "2018-06-28T23:59:59Z"),
        ("2018-06-28", "2018-06-28T00:00:00Z"),
    ],
)
def test_the_offsets_of_the_examples_and_a_plus_sign_that_became_a_blank_are_understood(
    text: str, instant: str
) -> None:
    found = arguments.moment(asked(ending_at=text), "ending_at")
    assert found is not None
    assert instant == format_instant(found)


def test_a_time_that_cannot_be_read_is_refused() -> None:
    call = asked(ending_at="yesterday")
    assert refused(lambda: arguments.moment(call, "ending_at")) == "'ending_at' must be a valid ISO 8601 date"


@pytest.mark.parametrize("length", ["0", "101", "a week"])
def test_a_series_has_one_to_a_hundred_units(length: str) -> None:
    call = asked(length=length)
    assert refused(lambda: arguments.series(call)) == "'length' must be between 1 and 100"


def test_a_series_ends_now_unless_it_says_when() -> None:
    assert (7, NOW) == arguments.series(asked(length="7"))


def test_a_list_is_written_once_repeatedly_or_with_brackets() -> None:
    call = asked(email=["a@example.org", "b@example.org"], **{"email[]": "c@example.org"})
    assert arguments.several(call, "email") == ["a@example.org", "b@example.org", "c@example.org"]


@pytest.mark.parametrize(("value", "said"), [(True, True), ("true", True), ("True", True), ("yes", False), (1, True)])
def test_texts_may_say_true(value: object, said: bool) -> None:
    assert said is arguments.says_true(value)


@pytest.mark.parametrize(("value", "found"), [("a", ["a"]), (["a", "b"], ["a", "b"]), ([], []), ("", []), (None, [])])
def test_one_text_or_a_list_of_texts_is_a_list(value: object, found: list[str]) -> None:
    assert found == arguments.texts({"email": value}, "email")


@pytest.mark.parametrize("value", [7, [7], [""], {"a": 1}])
def test_what_is_no_text_is_refused(value: object) -> None:
    assert (
        refused(lambda: arguments.texts({"email": value}, "email")) == "'email' must be a string or an array of strings"
    )
