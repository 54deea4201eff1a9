"""What every operation of the contract refuses in the same way: keys, permissions, bodies, sizes, limits, left out.

Operations, arrays and their greatest sizes are read off the contract, so a new operation cannot be forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import pytest

from simulator import openapi
from simulator.fakes.braze.limits import BUCKETS, OPERATIONS
from simulator.openapi import Operation

CONTRACT = openapi.load("braze")
EMULATED = [op for op in CONTRACT.operations.values() if op.emulated]
WITH_REST_KEY = [op for op in EMULATED if op.definition.get("security") != []]
PARTNERS = [op for op in EMULATED if "partners" in op.tags]
DIRECT = [op for op in EMULATED if {"users", "partners"} & set(op.tags)]
"""Those whose examples need nobody and nothing that lives here."""
WITH_BODY = [op for op in EMULATED if op.method == "POST"]
WITH_LIMIT = [op for op in (*WITH_REST_KEY, *PARTNERS) if OPERATIONS.get(op.operation_id, ("default",))]
LEFT_OUT = [op for op in CONTRACT.operations.values() if not op.emulated]
NO_KEY_NEEDED = {"downloadSegmentExport"}
JSON = "application/json"
ANYBODY = {"email": "ida@example.com", "phone": "+14155552671", "emails": "ida@example.com", "phones": "+14155552671"}


def by_id(operation: Operation) -> str:
    return operation.operation_id


def with_keys(braze: Any, operation: Operation, body: Any) -> Any:
    """Partner operations carry both keys in the body."""
    if operation not in PARTNERS or not isinstance(body, dict):
        return body
    return {**body, **braze.cohort_body()}


def example(operation: Operation) -> dict[str, Any]:
    """The first example of a request body in the contract."""
    examples = operation.definition["requestBody"]["content"][JSON]["examples"]
    return deepcopy(dict(next(iter(examples.values()))["value"]))


def path_of(operation: Operation) -> str:
    return operation.path.replace("{partner}", "amplitude")


def query(operation: Operation) -> dict[str, str]:
    """The examples of required query parameters."""
    return {each["name"]: str(each["example"]) for each in operation.parameters if each.get("required")}


def call(braze: Any, operation: Operation, key: str | None = None) -> Any:
    if operation.method == "POST":
        rest = "" if operation in PARTNERS else key
        return braze.post(path_of(operation), with_keys(braze, operation, example(operation)), key=rest)
    return braze.get(operation.path, key=key, **query(operation))


def test_every_operation_is_asked_for_a_key_of_one_kind_or_the_other() -> None:
    asked = {op.operation_id for op in (*WITH_REST_KEY, *PARTNERS)}
    assert {op.operation_id for op in EMULATED} - asked == NO_KEY_NEEDED


@pytest.mark.parametrize("operation", DIRECT, ids=by_id)
def test_the_first_example_is_a_success(braze: Any, operation: Operation) -> None:
    assert call(braze, operation).status in (201, 202)


@pytest.mark.parametrize("operation", WITH_REST_KEY, ids=by_id)
def test_an_unknown_key_is_refused(braze: Any, operation: Operation) -> None:
    answer = call(braze, operation, key="nobody's key")
    assert (answer.status, answer.body) == (401, {"message": "Invalid API Key"})


@pytest.mark.parametrize("operation", WITH_REST_KEY, ids=by_id)
def test_a_missing_key_is_refused(braze: Any, operation: Operation) -> None:
    assert call(braze, operation, key="").status == 401


@pytest.mark.parametrize("operation", WITH_REST_KEY, ids=by_id)
def test_a_key_without_the_permission_is_refused(braze: Any, operation: Operation) -> None:
    key = braze.keys.create_rest_key("main", "tracker", permissions=["nothing.at.all"])
    answer = call(braze, operation, key=key)
    assert (answer.status, answer.body) == (403, {"message": "Access Denied"})


@pytest.mark.parametrize("operation", WITH_REST_KEY, ids=by_id)
def test_a_key_with_the_permission_is_let_through(braze: Any, operation: Operation) -> None:
    key = braze.keys.create_rest_key("main", "one", permissions=[operation.definition["x-permission"]])
    assert call(braze, operation, key=key).status not in (401, 403)


@pytest.mark.parametrize("operation", WITH_REST_KEY, ids=by_id)
def test_an_inactive_account_is_refused(braze: Any, operation: Operation) -> None:
    braze.keys.switch_workspace("main", active=False)
    answer = call(braze, operation)
    assert (answer.status, answer.body) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize("operation", PARTNERS, ids=by_id)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"partner_api_key": None, "client_secret": None}, "Unauthorized access"),
        ({"partner_api_key": "of nobody"}, "Invalid Partner API key"),
        ({"client_secret": "of nobody"}, "Invalid client secret"),
    ],
)
def test_a_partner_with_a_wrong_key_is_refused(
    braze: Any, operation: Operation, wrong: Mapping[str, object], message: str
) -> None:
    body = {**with_keys(braze, operation, example(operation)), **wrong}
    answer = braze.post(path_of(operation), body, key="")
    assert (answer.status, answer.body) == (401, {"message": message})


@pytest.mark.parametrize("operation", PARTNERS, ids=by_id)
def test_a_partner_that_is_switched_off_is_refused(braze: Any, operation: Operation) -> None:
    braze.keys.switch_partner("main", "amplitude", enabled=False)
    answer = call(braze, operation)
    secret = braze.keys.data_import_keys["main"]
    refusal = {"message": f"Partner not enabled for client with client secret: `{secret}`"}
    assert (answer.status, answer.body) == (401, refusal)


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
@pytest.mark.parametrize("body", [b'{"a": 1,}', b"{'a': 1}", b"", b"[]", b'"text"'])
def test_a_malformed_body_is_refused(braze: Any, operation: Operation, body: bytes) -> None:
    answer = braze.post(path_of(operation), body)
    assert (answer.status, answer.body["message"]) == (400, "Bad Request")


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
def test_an_empty_object_is_refused(braze: Any, operation: Operation) -> None:
    assert braze.post(path_of(operation), with_keys(braze, operation, {})).status == 400


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
@pytest.mark.parametrize("content_type", ["", "text/plain"])
def test_another_content_type_is_refused(braze: Any, operation: Operation, content_type: str) -> None:
    answer = braze.post(path_of(operation), example(operation), headers={"Content-Type": content_type})
    assert (answer.status, answer.body) == (415, {"message": "Unsupported Media Type"})


@pytest.mark.parametrize("operation", WITH_BODY, ids=by_id)
@pytest.mark.parametrize(("over", "refused"), [(-1, False), (0, False), (1, True)])
def test_a_body_holds_four_megabytes(braze: Any, operation: Operation, over: int, refused: bool) -> None:
    """users/track/bulk has a smaller limit of its own, and a status of its own for it."""
    bulk = operation.operation_id == "trackUsersBulk"
    limit, status = (2 * 1024 * 1024, 400) if bulk else (4 * 1024 * 1024, 413)
    start = json.dumps({**with_keys(braze, operation, example(operation)), "padding": ""})[:-2].encode()
    body = start + b"x" * (limit + over - len(start) - 2) + b'"}'
    answer = braze.post(path_of(operation), body)
    assert (len(body), answer.status == status and "message" in answer.body and over == 1) == (limit + over, refused)


class Counted(NamedTuple):
    """An array in the body of an operation, and how many items it may have."""

    operation: Operation
    place: tuple[str, ...]
    at_most: int

    def __str__(self) -> str:
        return f"{self.operation.operation_id} {'.'.join(self.place)}"


def counted() -> Iterator[Counted]:
    for operation in WITH_BODY:
        schema = operation.definition["requestBody"]["content"][JSON]["schema"]
        yield from (Counted(operation, place, at_most) for place, at_most in arrays_of(schema, ()))


def arrays_of(schema: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Arrays with a greatest size, wherever they stand in a schema; an array of one is another way to write an item."""
    schema = CONTRACT.resolve(schema)
    if schema.get("maxItems", 1) > 1:
        yield place, schema["maxItems"]
    for name, inner in schema.get("properties", {}).items():
        yield from arrays_of(inner, (*place, name))
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from arrays_of(inner, place)


def sample(schema: Mapping[str, Any], name: str) -> Any:
    """The least that conforms to a schema."""
    schema = CONTRACT.resolve(schema)
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        chosen = [*schema.get("required", ()), *(schema.get("anyOf", [{}])[0].get("required", ()))]
        return {each: sample(schema["properties"][each], each) for each in chosen}
    if "items" in schema:
        return [sample(schema["items"], name)]
    if "anyOf" in schema:
        return sample(schema["anyOf"][-1], name)
    return ANYBODY.get(name, "x")


def filled(each: Counted, count: int) -> dict[str, Any]:
    """A body with so many items in that array and nothing else in its place."""
    schema = each.operation.definition["requestBody"]["content"][JSON]["schema"]
    body = {name: value for name, value in example(each.operation).items() if name in schema.get("required", ())}
    inner, schema = body, CONTRACT.resolve(schema)
    for name in each.place[:-1]:
        schema = CONTRACT.resolve(CONTRACT.resolve(schema["properties"][name])["items"])
        group = {required: sample(schema["properties"][required], required) for required in schema.get("required", ())}
        inner[name], inner = [group], group
    found = CONTRACT.resolve(schema["properties"][each.place[-1]])
    array = next((CONTRACT.resolve(one) for one in found.get("anyOf", ()) if "items" in CONTRACT.resolve(one)), found)
    inner[each.place[-1]] = [sample(array["items"], each.place[-1])] * count
    return body


@pytest.fixture
def alive(unlimited: Any) -> Callable[[Any], Any]:
    """Puts ids of what lives here into a body, wherever it names such a thing."""
    audience = unlimited.service.audience
    unlimited.identified("ida-1001", email="ida@example.com")
    audience.create_segment("Everybody")
    form = {"segment": "Everybody", "channel": "email", "api_triggered": True}
    ids = {
        "segment_id": audience.segment("Everybody").segment_id,
        "campaign_id": audience.create_campaign("Hello", form).campaign_id,
        "canvas_id": audience.create_canvas("Welcome", form).campaign_id,
        "subscription_group_id": audience.create_subscription_group("News").group_id,
    }

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: ids.get(name, put(inner)) for name, inner in value.items()}
        return [put(inner) for inner in value] if isinstance(value, list) else value

    return put


@pytest.mark.parametrize("each", list(counted()), ids=str)
def test_an_array_takes_as_many_items_as_the_contract_says(
    unlimited: Any, alive: Callable[[Any], Any], each: Counted
) -> None:
    def answer(count: int) -> tuple[int, str]:
        body = with_keys(unlimited, each.operation, alive(filled(each, count)))
        told = unlimited.post(path_of(each.operation), body)
        return told.status, told.body["message"]

    below, at, above = (answer(each.at_most + more) for more in (-1, 0, 1))
    assert (above[0], above[1] in (below[1], at[1])) == (400, False)
    if each.operation in DIRECT:
        assert {below[0], at[0]} <= {201, 202}


@pytest.fixture
def narrow(make_braze: Callable[..., Any]) -> Any:
    """Every limit is two requests."""
    braze = make_braze()
    for bucket in BUCKETS:
        braze.service.limits.set_limit(bucket, 2)
    return braze


@pytest.mark.parametrize("operation", WITH_LIMIT, ids=by_id)
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
