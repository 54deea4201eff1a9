"""User property operations: the table of Amplitude's Identify page, one row at a time."""

from __future__ import annotations

import pytest

from simulator.rules.instants import format_instant, parse_instant
from simulator.rules.user_properties import (
    ARRAY_TEXT_AT_MOST,
    GROUP_OPERATIONS,
    apply,
    changed,
    lapses_at,
    update_built_in,
)


@pytest.mark.parametrize(
    ("before", "update", "after"),
    [
        ({}, {"$set": {"plan": "free"}}, {"plan": "free"}),
        ({"plan": "free"}, {"$set": {"plan": "plus"}}, {"plan": "plus"}),
        ({}, {"$setOnce": {"first": "ad"}}, {"first": "ad"}),
        ({"first": "ad"}, {"$setOnce": {"first": "mail"}}, {"first": "ad"}),
        ({"first": None}, {"$setOnce": {"first": "mail"}}, {"first": "mail"}),
        ({}, {"$add": {"visits": 2}}, {"visits": 2}),
        ({"visits": 3}, {"$add": {"visits": -1}}, {"visits": 2}),
        ({"visits": "3"}, {"$add": {"visits": 1.5}}, {"visits": 4.5}),
        ({"visits": "2.5"}, {"$add": {"visits": 1}}, {"visits": 3.5}),
        ({"visits": "many"}, {"$add": {"visits": 1}}, {"visits": "many"}),
        ({"visits": 1}, {"$add": {"visits": True}}, {"visits": 1}),
        ({"visits": 1}, {"$add": {"visits": []}}, {"visits": 1}),
        ({}, {"$append": {"tags": "a"}}, {"tags": ["a"]}),
        ({"tags": ["a"]}, {"$append": {"tags": ["a", "b"]}}, {"tags": ["a", "a", "b"]}),
        ({"tags": "a"}, {"$append": {"tags": "b"}}, {"tags": ["a", "b"]}),
        ({"tags": ["c"]}, {"$prepend": {"tags": ["a", "b"]}}, {"tags": ["a", "b", "c"]}),
        ({"tags": ["b"]}, {"$preInsert": {"tags": ["a", "b", "c", "a"]}}, {"tags": ["a", "c", "b"]}),
        ({"tags": ["b"]}, {"$postInsert": {"tags": ["a", "b", "c"]}}, {"tags": ["b", "a", "c"]}),
        ({"tags": [1]}, {"$postInsert": {"tags": [True]}}, {"tags": [1, True]}),
        ({"tags": ["a", "b", "a"]}, {"$remove": {"tags": "a"}}, {"tags": ["b"]}),
        ({}, {"$remove": {"tags": "a"}}, {}),
        ({"plan": "free"}, {"$unset": {"plan": "-"}}, {}),
        ({"plan": "free", "visits": 1}, {"$clearAll": "-"}, {}),
        ({"plan": "free"}, {"$clearAll": "-", "$set": {"plan": "plus"}}, {"plan": "plus"}),
        ({"visits": 1}, {"plan": "plus", "$add": {"visits": 1}}, {"plan": "plus", "visits": 2}),
        ({}, {"$email": "ida@example.com"}, {"$email": "ida@example.com"}),
        ({"plan": "free"}, {"$set": "plan"}, {"plan": "free"}),
    ],
)
def test_an_operation_changes_what_the_page_says(
    before: dict[str, object], update: dict[str, object], after: dict[str, object]
) -> None:
    kept = dict(before)
    assert apply(before, update) == after
    assert before == kept


def test_with_operations_off_every_key_is_a_plain_name() -> None:
    assert apply({"plan": "free"}, {"$set": {"plan": "plus"}}, operations=False) == {
        "plan": "free",
        "$set": {"plan": "plus"},
    }


def test_groups_know_fewer_operations() -> None:
    update = {"$set": {"plan": "plus"}, "$postInsert": {"tags": ["a"]}, "$clearAll": "-"}
    assert apply({"seats": 3}, update, allowed=GROUP_OPERATIONS) == {"seats": 3, "plan": "plus"}


@pytest.mark.parametrize(("length", "grows"), [(-1, True), (0, True), (1, False)])
def test_an_array_grows_to_ten_thousand_characters(length: int, grows: bool) -> None:
    # The text of the array: two brackets, two quotes.
    value = "x" * (ARRAY_TEXT_AT_MOST - 9 + length)
    after = apply({"tags": ["a"]}, {"$append": {"tags": value}})
    assert after == {"tags": ["a", value] if grows else ["a"]}


@pytest.mark.parametrize("update", [{"$set": {}}, {"$setOnce": {}}, {"$append": {}}, {"$prepend": {}}, {}])
@pytest.mark.parametrize(("more", "kept"), [(-1, 2), (0, 2), (1, 1)])
def test_an_array_begins_with_1024_characters(update: dict[str, dict[str, object]], more: int, kept: int) -> None:
    value = ["x" * 1000, "y" * (24 + more)]
    written = {operation: {"tags": value} for operation in update} or {"tags": value}
    assert apply({}, written) == {"tags": value[:kept]}


def test_an_array_that_is_there_grows_beyond_what_it_may_begin_with() -> None:
    assert len(str(apply({"tags": ["x" * 1000]}, {"$append": {"tags": "y" * 1000}})["tags"])) > 2000


@pytest.mark.parametrize(
    ("last_event", "lost"),
    [
        ("2026-03-02T10:00:00.001Z", "2027-05-02T10:00:00.001Z"),
        ("2026-12-31T23:59:59Z", "2028-02-29T23:59:59Z"),
        ("2025-12-31T23:59:59Z", "2027-02-28T23:59:59Z"),
        ("2026-11-01T00:00:00Z", "2028-01-01T00:00:00Z"),
    ],
)
def test_fourteen_months_are_months_of_the_calendar(last_event: str, lost: str) -> None:
    """INGEST-3."""
    assert format_instant(lapses_at(parse_instant(last_event))) == lost


def test_what_changed_is_what_came_went_or_differs() -> None:
    assert changed({"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 4, "d": 5}) == {"a", "c", "d"}
    assert changed({}, {"a": 1}) == {"a"}


def test_setting_one_platform_field_nulls_the_others_of_the_set() -> None:
    before = {
        "platform": "iOS",
        "os_name": "ios",
        "carrier": "A",
        "country": "DE",
        "city": "Berlin",
        "language": "German",
    }
    assert update_built_in(before, {"platform": "Web", "os_name": None}) == {
        "platform": "Web",
        "country": "DE",
        "city": "Berlin",
        "language": "German",
    }


def test_setting_one_place_field_nulls_the_other_places() -> None:
    assert update_built_in({"country": "DE", "city": "Berlin", "platform": "iOS"}, {"city": "Kyiv"}) == {
        "city": "Kyiv",
        "platform": "iOS",
    }


def test_built_in_fields_keep_the_order_in_which_they_came() -> None:
    sent = {"platform": "iOS", "language": "German", "city": "Wien", "os_name": "ios", "app_version": "1"}
    assert list(update_built_in({"paying": "true"}, sent)) == ["paying", *sent]
