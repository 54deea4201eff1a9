"""Fields that a contract tolerates and does not name are found wherever they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simulator.described.fields import Description, undescribed

PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "aliases": {"$ref": "alias"}}}
REFERENCES = {
    "alias": {"type": "array", "items": {"allOf": [{"properties": {"label": {}}}, {"properties": {"name": {}}}]}}
}


def resolve(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return REFERENCES[node["$ref"]] if "$ref" in node else node


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"name": "ida"}, []),
        ({"name": "ida", "nmae": 1}, ["body.nmae"]),
        ({"aliases": [{"label": "crm", "name": "4711"}, {"label": "crm", "nam": "1"}]}, ["body.aliases[1].nam"]),
        ({"name": {"first": "ida"}}, []),
        ([{"name": "ida"}], []),
        ("ida", []),
    ],
)
def test_what_nobody_named_is_told_with_its_place(body: object, places: list[str]) -> None:
    assert places == list(undescribed(Description([PERSON], resolve), body))


def test_an_object_that_may_hold_anything_hides_nothing() -> None:
    free = {**PERSON, "additionalProperties": True}
    assert [] == list(undescribed(Description([free], resolve), {"name": "ida", "plan": "gold"}))
