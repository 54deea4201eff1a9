"""What one write does to the value that is there, and what it costs."""

from __future__ import annotations

import pytest

from simulator.rules.attributes.operations import WriteOptions, Written, keys_of, write

MERGING = WriteOptions(merge_objects=True)
PETS = [{"id": 1, "name": "Rex"}, {"id": 2, "name": "Tom"}]


def written(current: object, sent: object, options: WriteOptions | None = None) -> tuple[object, int]:
    result = write("a", current, sent, options or WriteOptions())
    assert not result.ignored
    return result.value, result.points


@pytest.mark.parametrize("value", ["x", "x" * 255, 7, 1.5, True, "2026-03-02"])
def test_a_scalar_is_set_for_one_point_also_when_nothing_changes(value: object) -> None:
    assert written(value, value) == (value, 1)


def test_a_null_removes_and_is_a_write() -> None:
    assert written("x", None) == (None, 1)


@pytest.mark.parametrize(
    ("current", "sent", "after"), [(5, {"inc": 2}, 7), (5, {"inc": -7}, -2), (None, {"inc": 3}, 3)]
)
def test_inc_changes_a_whole_number(current: object, sent: object, after: int) -> None:
    assert written(current, sent) == (after, 1)


@pytest.mark.parametrize(
    ("current", "sent"),
    [
        ("x", {"inc": 1}),
        (1.5, {"inc": 1}),
        (True, {"inc": 1}),
        (1, {"inc": "1"}),
        (1, {"inc": 1.5}),
        (2**63 - 1, {"inc": 1}),
        ("x", "y" * 256),
        ("x", [["nested"]]),
        ("x", {"add": ["a"]}),
        (None, {"remove": ["a"]}),
        (None, {"$remove": [{"$identifier_key": "id", "$identifier_value": 1}]}),
        (None, {"$update": [{"$identifier_key": "id", "$identifier_value": 1, "$new_object": {"id": 2}}]}),
        (["a"], {"add": [{"b": 1}]}),
        ("x", {"$add": [{"a": 1}]}),
        (PETS, {"$add": "x"}),
        (PETS, {"$add": ["x"]}),
        (PETS, {"$update": [{"$identifier_key": "id", "$identifier_value": 1}]}),
        ({"b": 1}, {"b": None}),
    ],
)
def test_what_braze_does_not_take_changes_nothing_and_is_free(current: object, sent: object) -> None:
    result = write("a", current, sent, WriteOptions())
    assert (result.value, result.points, bool(result.ignored)) == (current, 0, True)


@pytest.mark.parametrize("name", ["", "x" * 256, "$a"])
def test_a_bad_name_is_ignored(name: str) -> None:
    assert write(name, None, 1, WriteOptions()).ignored


def test_an_array_is_set_for_one_point_and_changed_for_one_a_value() -> None:
    assert written(None, ["a", "b", "a"]) == (["b", "a"], 1)
    assert written(["a", "b"], {"add": ["a", "c"]}) == (["b", "a", "c"], 2)
    assert written(["a", "b"], {"remove": ["a", "x"]}) == (["b"], 2)
    assert written(None, {"add": ["a"], "remove": ["a"]}) == ([], 2)


def test_an_array_over_its_maximum_loses_the_oldest() -> None:
    options = WriteOptions(array_maximum=3)
    assert written(["a", "b", "c"], {"add": ["d"]}, options) == (["b", "c", "d"], 1)
    assert written(None, ["a", "b", "c", "d"], options) == (["b", "c", "d"], 1)


def test_an_object_is_replaced_whole_unless_merging() -> None:
    assert written({"b": 1, "c": {"d": 2}}, {"c": {"e": 3}}) == ({"c": {"e": 3}}, 1)
    assert written({"b": 1, "c": {"d": 2}}, {"c": {"e": 3}}, MERGING) == ({"b": 1, "c": {"d": 2, "e": 3}}, 1)
    assert written("text", {"b": 1}, MERGING) == ({"b": 1}, 1)


def test_an_object_that_grows_over_its_size_by_merging_is_ignored() -> None:
    half = {"a": ["x" * 255] * 300}
    assert write("a", half, {"b": ["x" * 255] * 300}, MERGING).ignored


def test_every_key_of_an_object_costs_one() -> None:
    assert (keys_of({"a": 1, "b": {"c": 1, "d": 2}}), keys_of({}), keys_of(7)) == (3, 1, 1)


def test_an_array_of_objects_is_set_and_added_to() -> None:
    assert written(None, PETS) == (PETS, 4)
    assert written(PETS, {"$add": [{"id": 3, "name": "Kit"}]}) == ([*PETS, {"id": 3, "name": "Kit"}], 2)
    assert written(None, {"$add": [{"id": 3}]}) == ([{"id": 3}], 1)


def test_remove_takes_every_object_that_matches() -> None:
    remove = {"$remove": [{"$identifier_key": "id", "$identifier_value": 1}]}
    assert written([*PETS, {"id": 1}, "odd", {"x": 1}], remove) == ([PETS[1], "odd", {"x": 1}], 1)
    assert written(PETS, {"$remove": [{"$identifier_key": {}, "$identifier_value": 1}]}) == (PETS, 1)


def test_update_keeps_other_keys_only_when_merging() -> None:
    update = {"$update": [{"$identifier_key": "id", "$identifier_value": 1, "$new_object": {"name": "Max"}}]}
    assert written(PETS, update) == ([{"name": "Max"}, PETS[1]], 1)
    assert written(PETS, update, MERGING) == ([{"id": 1, "name": "Max"}, PETS[1]], 1)


def test_the_order_is_add_remove_update_whatever_was_sent() -> None:
    sent = {
        "$update": [{"$identifier_key": "id", "$identifier_value": 2, "$new_object": {"name": "Max"}}],
        "$remove": [{"$identifier_key": "id", "$identifier_value": 1}],
        "$add": [{"id": 1, "name": "again"}],
    }
    assert written(PETS, sent, MERGING) == ([{"id": 2, "name": "Max"}], 4)


def test_a_change_that_would_exceed_the_size_is_discarded() -> None:
    large = [{"id": n, "text": "x" * 255} for n in range(300)]
    assert write("a", large, {"$add": large}, WriteOptions()) == Written(
        large, 0, "objects and arrays of objects hold at most 100 KB"
    )


@pytest.mark.parametrize(("size", "fits"), [(254, True), (255, True), (256, False)])
def test_names_values_and_keys_of_attributes_have_at_most_255_characters(size: int, fits: bool) -> None:
    text = "x" * size
    writes = [(text, 1), ("a", text), ("a", [text]), ("a", {text: 1}), ("a", {"b": text}), ("a", {"add": [text]})]
    assert [write(name, None, sent, WriteOptions()).value is not None for name, sent in writes] == [fits] * 6
