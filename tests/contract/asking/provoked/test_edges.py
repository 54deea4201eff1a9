"""Edges are cut at one place at a time, on both sides of every rule."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import openapi
from simulator.contract.asking.provoked.edges import edges

CONTRACT = openapi.load("braze")


def _cut(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    return dict(edges(CONTRACT, schema, value))


def test_a_list_is_made_as_long_as_it_may_be_and_one_longer() -> None:
    cut = _cut({"type": "object", "properties": {"ids": {"type": "array", "maxItems": 3}}}, {"ids": ["ida"]})
    assert {"ids": ["ida"] * 3} == cut["ids of 3 items"]
    assert {"ids": ["ida"] * 4} == cut["ids of 4 items"]


def test_a_number_stands_at_its_bounds_and_beyond_them() -> None:
    cut = _cut({"type": "integer", "minimum": 1, "maximum": 100}, 7)
    assert [1, 0, 100, 101] == [cut[f"the value at {number}"] for number in (1, 0, 100, 101)]


def test_a_text_is_as_short_and_as_long_as_it_may_be_and_beyond() -> None:
    cut = _cut({"type": "string", "minLength": 2, "maxLength": 4}, "ida")
    assert ["i", "id", "idax", "idaxx"] == [cut[f"the value of {length} characters"] for length in (1, 2, 4, 5)]


def test_every_choice_is_made_and_one_that_there_is_not() -> None:
    cut = _cut({"enum": ["asc", "desc"]}, "asc")
    assert ["asc", "desc", "strange_choice"] == list(cut.values())


def test_fields_are_left_out_added_and_put_as_another_type_also_inside_lists() -> None:
    schema = {"type": "object", "properties": {"all": {"type": "array", "items": {
        "type": "object", "properties": {"n": {"type": "integer"}, "more": {"type": "boolean"}}}}}}  # fmt: skip
    cut = _cut(schema, {"all": [{"n": 1}]})
    assert {"all": [{}]} == cut["all.0.n left out"]
    assert {"all": [{"n": "strange"}]} == cut["all.0.n as string"]
    assert {"all": [{"n": 1, "more": "strange"}]} == cut["all.0.more as string"]
    assert {"all": [{"n": 1, "x_nobody_described": "strange"}]} == cut["all.0.x_nobody_described that nobody described"]


def test_an_object_inside_is_emptied() -> None:
    schema = {"properties": {"all": {"items": {"properties": {"n": {"type": "integer"}, "m": {"type": "integer"}}}}}}
    cut = _cut(schema, {"all": [{"n": 1, "m": 2}]})
    assert {"all": [{}]} == cut["all.0 emptied"]


@pytest.mark.parametrize("form", [{"format": "date"}, {"pattern": "^[0-9]{4}$"}])
def test_a_form_is_left_and_followed_by_something(form: dict[str, str]) -> None:
    cut = _cut({"type": "string", **form}, "2026")
    assert {"the value in another form", "the value followed by something"} <= cut.keys()


def test_a_reference_is_followed_and_every_alternative_is_cut() -> None:
    schema = {"anyOf": [{"$ref": "#/components/schemas/UserAlias"}, {"type": "string"}]}
    cut = _cut(schema, {"alias_name": "kim-7", "alias_label": "crm"})
    assert {"alias_label": "crm"} == cut["alias_name left out"]
    assert 237 == len(cut["alias_name of 237 characters"]["alias_name"])
