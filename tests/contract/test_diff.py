"""Two versions of a contract: each change is breaking on one side of the wire and growth on the other."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from simulator import openapi
from simulator.contract.diff import Severity, compare
from simulator.openapi import Contract

PERSON = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 2, "maxLength": 9},
        "plan": {"enum": ["free", "pro"]},
        "tags": {"type": "array", "items": {"type": ["string", "null"]}},
        "size": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        "boss": {"$ref": "#/components/schemas/Person"},
    },
}
DOCUMENT: dict[str, Any] = {
    "components": {"schemas": {"Person": PERSON}},
    "paths": {
        "/people": {
            "post": {
                "operationId": "savePerson",
                "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Person"}}}},
                "responses": {
                    "201": {
                        "headers": {"X-Count": {"schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Person"}}},
                    },
                    "400": {"description": "bad"},
                },
            }
        }
    },
}


def changed(change: str) -> Contract:
    """The contract with one Python statement run on it, `p` being the person schema and `o` the operation."""
    document = deepcopy(DOCUMENT)
    person = document["components"]["schemas"]["Person"]
    names = {"p": person, "f": person["properties"], "o": document["paths"]["/people"]["post"], "d": document}
    exec(change, {}, names)
    return Contract("new", document)


def rules(change: str, severity: Severity) -> set[str]:
    return {each.rule for each in compare(Contract("old", DOCUMENT), changed(change)) if each.severity is severity}


def test_a_contract_does_not_differ_from_itself() -> None:
    assert [] == compare(Contract("old", DOCUMENT), changed(""))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("d['paths'].clear()", "operation-removed"),
        ("d['paths']['/persons'] = d['paths'].pop('/people')", "operation-moved"),
        ("o['parameters'].clear()", "parameter-removed"),
        ("o['parameters'][0]['required'] = True", "parameter-required"),
        ("o['parameters'].append({'name': 'x', 'in': 'query', 'required': True})", "parameter-required"),
        ("o['requestBody']['required'] = True", "body-required"),
        ("o['requestBody']['content'].clear()", "content-type-removed"),
        ("del o['responses']['201']", "success-removed"),
        ("o['responses']['201']['content'].clear()", "content-type-removed"),
        ("o['responses']['201']['headers'].clear()", "header-removed"),
        ("p['required'] = ['id', 'plan']", "property-required"),
        ("p['required'] = []", "property-optional"),
        ("del f['plan']", "property-removed"),
        ("f['id']['type'] = 'integer'", "type-removed"),
        ("f['tags']['items']['type'] = 'string'", "type-removed"),
        ("f['tags']['items']['type'] = ['string', 'null', 'integer']", "type-added"),
        ("f['plan']['enum'].append('team')", "enum-value-added"),
        ("f['plan']['enum'].remove('pro')", "enum-value-removed"),
        ("f['plan'] = {}", "enum-removed"),
        ("f['id']['enum'] = ['a1']", "enum-added"),
        ("f['id']['minLength'] = 3", "minLength-changed"),
        ("f['id']['maxLength'] = 10", "maxLength-changed"),
        ("f['id']['pattern'] = '^a'", "pattern-changed"),
        ("f['size']['oneOf'].pop()", "branch-removed"),
        ("f['size']['oneOf'].append({'type': 'null'})", "branch-added"),
        ("p['additionalProperties'] = True", "opened"),
    ],
)
def test_a_change_that_somebody_does_not_survive_is_breaking(change: str, rule: str) -> None:
    assert rule in rules(change, Severity.BREAKING)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("d['paths']['/x'] = {'get': {'operationId': 'x', 'responses': {}}}", "operation-added"),
        ("o['parameters'].append({'name': 'x', 'in': 'query'})", "parameter-added"),
        ("o['responses']['429'] = {'description': 'slow'}", "status-added"),
        ("del o['responses']['400']", "status-removed"),
        ("o['requestBody']['content']['text/csv'] = {}", "content-type-added"),
        ("f['age'] = {'type': 'integer'}", "property-added"),
    ],
)
def test_growth_is_compatible(change: str, rule: str) -> None:
    assert rule in rules(change, Severity.COMPATIBLE)
    assert set() == rules(change, Severity.BREAKING)


def test_the_same_schema_change_is_judged_by_direction() -> None:
    found = compare(Contract("old", DOCUMENT), changed("f['id']['minLength'] = 3"))
    assert {("breaking", "request body"), ("compatible", "status 201")} == {
        (each.severity, each.where.split(" application/json")[0]) for each in found if each.where.count(".") == 1
    }


def test_a_finding_reads_as_a_line() -> None:
    (finding,) = compare(Contract("old", DOCUMENT), changed("d['paths'].clear()"))
    assert str(finding) == "breaking: savePerson POST /people: the operation is gone [operation-removed]"


@pytest.mark.parametrize("name", ["braze", "amplitude", "control"])
def test_a_shipped_contract_agrees_with_itself(name: str) -> None:
    contract = openapi.load(name)
    assert [] == compare(contract, Contract(name, contract.document))
