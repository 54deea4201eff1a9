"""What every REST operation about audiences refuses in the same way: keys, permissions, bodies, limits, left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator import openapi
from simulator.fakes.braze.limits import BUCKETS, OPERATIONS
from simulator.openapi import Operation

CONTRACT = openapi.load("braze")
TAGS = {"segments", "campaigns", "canvas", "messages", "lists", "subscription", "email", "sms"}
OURS = [op for op in CONTRACT.operations.values() if TAGS.intersection(op.tags) and op.definition.get("security") != []]
LIMITED = [op for op in OURS if OPERATIONS.get(op.operation_id, ("default",))]
WITH_BODY = [op for op in OURS if op.method == "POST"]
LEFT_OUT = [op for op in CONTRACT.operations.values() if not op.emulated]


def by_id(operation: Operation) -> str:
    return operation.operation_id


def example(operation: Operation) -> dict[str, Any]:
    """The first example of a request body in the contract."""
    examples = operation.definition["requestBody"]["content"]["application/json"]["examples"]
    return dict(next(iter(examples.values()))["value"])


def query(operation: Operation) -> dict[str, str]:
    """The examples of required query parameters."""
    return {each["name"]: str(each["example"]) for each in operation.parameters if each.get("required")}


def call(braze: Any, operation: Operation, key: str | None = None) -> Any:
    if operation.method == "POST":
        return braze.post(operation.path, example(operation), key=key)
    return braze.get(operation.path, key=key, **query(operation))


@pytest.mark.parametrize("operation", OURS, ids=by_id)
def test_an_unknown_key_is_refused(braze: Any, operation: Operation) -> None:
    answer = call(braze, operation, key="nobody's key")
    assert (answer.status, answer.body) == (401, {"message": "Invalid API Key"})


@pytest.mark.parametrize("operation", OURS, ids=by_id)
def test_a_missing_key_is_refused(braze: Any, operation: Operation) -> None:
    assert call(braze, operation, key="").status == 401


@pytest.mark.parametrize("operation", OURS, ids=by_id)
def test_a_key_without_the_permission_is_refused(braze: Any, operation: Operation) -> None:
    key = braze.keys.create_rest_key("main", "tracker", permissions=["users.track"])
    answer = call(braze, operation, key=key)
    assert (answer.status, answer.body) == (403, {"message": "Access Denied"})


@pytest.mark.parametrize("operation", OURS, ids=by_id)
def test_a_key_with_the_permission_is_let_through(braze: Any, operation: Operation) -> None:
    key = braze.keys.create_rest_key("main", "one", permissions=[operation.definition["x-permission"]])
    assert call(braze, operation, key=key).status not in (401, 403)


@pytest.mark.parametrize("operation", OURS, ids=by_id)
def test_an_inactive_account_is_refused(braze: Any, operation: Operation) -> None:
    braze.keys.switch_workspace("main", active=False)
    answer = call(braze, operation)
    assert (answer.status, answer.body) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
@pytest.mark.parametrize("body", [b'{"a": 1,}', b"{'a': 1}", b"", b"[]", b'"text"'])
def test_a_malformed_body_is_refused(braze: Any, operation: Operation, body: bytes) -> None:
    answer = braze.post(operation.path, body)
    assert (answer.status, answer.body["message"]) == (400, "Bad Request")


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
def test_an_empty_object_is_refused(braze: Any, operation: Operation) -> None:
    assert braze.post(operation.path, {}).status == 400


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
@pytest.mark.parametrize("content_type", ["", "text/plain"])
def test_another_content_type_is_refused(braze: Any, operation: Operation, content_type: str) -> None:
    answer = braze.post(operation.path, example(operation), headers={"Content-Type": content_type})
    assert (answer.status, answer.body) == (415, {"message": "Unsupported Media Type"})


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
def test_a_body_over_four_megabytes_is_refused(braze: Any, operation: Operation) -> None:
    body = json.dumps({"padding": "x" * 4 * 1024 * 1024}).encode()
    assert braze.post(operation.path, body).status == 413


@pytest.fixture
def narrow(make_braze: Callable[..., Any]) -> Any:
    """Every limit is two requests."""
    braze = make_braze()
    for bucket in BUCKETS:
        braze.service.limits.set_limit(bucket, 2)
    return braze


@pytest.mark.parametrize("operation", LIMITED, ids=by_id)
def test_below_at_and_above_the_limit(narrow: Any, operation: Operation) -> None:
    answers = [call(narrow, operation) for _ in range(3)]
    left = [answer.headers.get("x-ratelimit-remaining") for answer in answers]
    limited = [answer.status == 429 for answer in answers]
    assert (limited, left) == ([False, False, True], ["1", "0", "0"])


@pytest.mark.parametrize("operation", LEFT_OUT, ids=by_id)
def test_what_is_left_out_says_so(braze: Any, operation: Operation) -> None:
    path = operation.path
    for name in ("catalog_name", "item_id", "field_name", "selection_name", "campaign_id"):
        path = path.replace(f"{{{name}}}", "x")
    reply = braze.http.open(
        path,
        method=operation.method,
        json={},
        headers={"Authorization": f"Bearer {braze.keys.rest_keys['main']}"},
    )
    assert reply.status_code == 501
    assert reply.get_json()["message"] == f"absim does not emulate this Braze operation ({operation.operation_id})"


def test_every_operation_with_a_limit_of_its_own_is_in_the_contract() -> None:
    assert set(OPERATIONS) - set(CONTRACT.operations) == set()
