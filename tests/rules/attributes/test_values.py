"""Custom attribute values: dates, repeats, limits, nesting."""

from __future__ import annotations

import pytest

from simulator.rules.attributes.values import (
    NotAValue,
    check_array,
    check_object,
    check_size,
    data_type,
    deep_merge,
    parse_date,
    same,
    without_repeats,
)
from simulator.rules.instants import format_instant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        ("2021-01-21T19:20:30+05:00", "2021-01-21T14:20:30Z"),
        ("2026-03-02T10:00:00:123Z", "2026-03-02T10:00:00.123Z"),
        ("2026-03-02T10:00:00:123", "2026-03-02T10:00:00.123Z"),
        ("2026-03-02T10:00:00", "2026-03-02T10:00:00Z"),
        ("2026-03-02 10:00:00", "2026-03-02T10:00:00Z"),
        ("2026-03-02", "2026-03-02T00:00:00Z"),
        ("03/02/2026", "2026-03-02T00:00:00Z"),
        ("Mon 03 02 10:00:00.UTC 2026", "2026-03-02T10:00:00Z"),
        ("Mon 03 02 10:00:00.+0200 2026", "2026-03-02T08:00:00Z"),
    ],
)
def test_dates_are_read_in_braze_s_formats(text: str, meant: str) -> None:
    instant = parse_date(text)
    assert instant is not None
    assert format_instant(instant) == meant


@pytest.mark.parametrize("text", ["yesterday", "", "3001-01-01", "2026-13-01", "2.3.2026", "0000-01-01"])
def test_other_formats_and_years_are_no_dates(text: str) -> None:
    assert parse_date(text) is None


def test_true_is_not_one_but_one_is_one_point_zero() -> None:
    assert (same(True, 1), same(1, 1.0), same("a", "a"), same(False, False)) == (False, True, True, True)


def test_a_repeated_value_moves_to_the_end_and_the_oldest_drop_out() -> None:
    assert without_repeats(["a", "b", "a"], 10) == ["b", "a"]
    assert without_repeats([1, True, 2], 2) == [True, 2]


def test_an_array_holds_scalars_only() -> None:
    assert check_array(["a", 1, 1.5, False], 10) == ["a", 1, 1.5, False]
    for wrong in ([None], [["a"]], ["x" * 256], [{"a": 1}, 2]):
        with pytest.raises(NotAValue):
            check_array(wrong, 10)


def test_a_nested_object_is_stored_with_its_dates_as_texts() -> None:
    assert check_object({"a": {"$time": "2026-03-02"}, "b": [{"c": 1}]}) == {"a": "2026-03-02", "b": [{"c": 1}]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"a": None},
        {"a": {"b": None}},
        {"a": [None]},
        {"a": {"$time": "soon"}},
        {"a": {"$time": 7}},
        {"a b": 1},
        {"a.b": 1},
        {"$a": 1},
        {"": 1},
        {"x" * 256: 1},
        {"a": "x" * 256},
    ],
)
def test_one_bad_place_drops_the_whole_object(wrong: dict[str, object]) -> None:
    with pytest.raises(NotAValue):
        check_object(wrong)


def test_objects_nest_fifty_deep() -> None:
    def nested(depth: int) -> dict[str, object]:
        return {"a": 1} if depth == 1 else {"a": nested(depth - 1)}

    assert check_object(nested(50))
    with pytest.raises(NotAValue, match="50 deep"):
        check_object(nested(51))


@pytest.mark.parametrize(("extra", "fits"), [(-1, True), (0, True), (1, False)])
def test_objects_hold_a_hundred_kilobytes(extra: int, fits: bool) -> None:
    value = ["x" * (100 * 1024 + extra - len('[""]'))]
    if fits:
        check_size(value)
    else:
        with pytest.raises(NotAValue, match="100 KB"):
            check_size(value)


def test_a_deep_merge_goes_key_by_key() -> None:
    assert deep_merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 9}, "d": {"e": 1}}) == {
        "a": {"b": 1, "c": 9},
        "d": {"e": 1},
    }


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "Boolean"),
        (1.5, "Number"),
        ("x", "String"),
        ("2026-03-02", "Date"),
        (["a"], "Array"),
        ([], "Array"),
        ([{"a": 1}], "Object Array"),
        ({"a": 1}, "Object"),
    ],
)
def test_the_dashboard_names_types(value: object, name: str) -> None:
    assert data_type(value) == name
