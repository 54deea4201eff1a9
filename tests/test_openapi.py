"""Reading a contract and holding requests and answers against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import openapi
from simulator.openapi import BrokenContract, Contract, Violation

GREETING = """
openapi: 3.1.0
info: {title: greetings, version: "1"}
components:
  schemas:
    Name: {type: string, minLength: 1}
    Greeting:
      type: object
      required: [text]
      additionalProperties: false
      properties:
        text: {type: string}
        again: {$ref: "#/components/schemas/Greeting"}
  parameters:
    Loud: {name: loud, in: query, schema: {type: boolean}}
  responses:
    Refused: {description: refused, content: {text/plain: {schema: {type: string, const: "no"}}}}
paths:
  /greet/{name}:
    parameters:
      - {name: name, in: path, required: true, schema: {$ref: "#/components/schemas/Name"}}
    post:
      operationId: greet
      tags: [hello]
      parameters:
        - {$ref: "#/components/parameters/Loud"}
        - {name: times, in: query, required: true, schema: {type: integer, maximum: 3}}
        - {name: X-Mood, in: header, schema: {enum: [good]}}
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: "#/components/schemas/Greeting"}}
      responses:
        "201":
          description: greeted
          headers: {X-Count: {required: true, schema: {type: integer}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Greeting"}}}
        "204": {description: nothing to say}
        "403": {$ref: "#/components/responses/Refused"}
  /greet/all:
    post: {operationId: greetAll, responses: {"204": {description: done}}, x-absim-emulated: false}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    path = tmp_path / "greeting.openapi.yaml"
    path.write_text(GREETING)
    return openapi.read("greeting", path)


def request_violations(contract: Contract, body: bytes = b'{"text": "hi"}', **changes: object) -> list[str]:
    arguments: dict[str, object] = {
        "path": {"name": "ida"},
        "query": {"times": ["2"]},
        "headers": {"content-type": "application/json; charset=utf-8"},
    }
    found = contract.check_request(contract.operations["greet"], body=body, **(arguments | changes))  # type: ignore[arg-type]
    return [f"{violation.where} {violation.keyword}" for violation in found]


def test_a_conforming_request_has_no_violations(contract: Contract) -> None:
    assert [] == request_violations(contract)
    assert [] == request_violations(contract, query={"times": ["2"], "loud": ["true"]})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"body": b'{"txt": "hi"}'}, {"body additionalProperties", "body required"}),
        ({"body": b'{"text": "hi", "again": {"text": 7}}'}, {"body.again.text type"}),
        ({"body": b"{"}, {"body json"}),
        ({"body": b""}, {"body required"}),
        ({"query": {}}, {"query times required"}),
        ({"query": {"times": ["four"]}}, {"query times type"}),
        ({"query": {"times": ["4"]}}, {"query times maximum"}),
        ({"headers": {"content-type": "text/xml"}}, {"body content-type"}),
        ({"headers": {"content-type": "application/json", "x-mood": "bad"}}, {"header X-Mood enum"}),
    ],
)
def test_each_departure_of_a_request_is_named(
    contract: Contract, changes: dict[str, object], expected: set[str]
) -> None:
    assert expected == set(request_violations(contract, **changes))  # type: ignore[arg-type]


JSON = {"content-type": "application/json", "x-count": "1"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (201, JSON, b'{"text": "hi"}', []),
        (201, {"content-type": "application/json"}, b'{"text": "hi"}', ["header X-Count required"]),
        (201, JSON | {"x-count": "many"}, b'{"text": "hi"}', ["header X-Count type"]),
        (201, JSON, b'{"text": 1}', ["body.text type"]),
        (201, JSON | {"content-type": "text/html"}, b"hi", ["body content-type"]),
        (204, {}, b"", []),
        (204, {}, b"x", ["body content"]),
        (403, {"content-type": "text/plain"}, b"no", []),
        (403, {"content-type": "text/plain"}, b"yes", ["body const"]),
        (500, {}, b"", ["status status"]),
    ],
)
def test_each_departure_of_an_answer_is_named(
    contract: Contract, status: int, headers: dict[str, str], body: bytes, expected: list[str]
) -> None:
    found = contract.check_response(contract.operations["greet"], status, headers, body)
    assert expected == [f"{violation.where} {violation.keyword}" for violation in found]


def test_a_literal_path_wins_over_a_template(contract: Contract) -> None:
    literal, template = contract.find("POST", "/greet/all"), contract.find("post", "/greet/li lei")
    assert literal is not None
    assert template is not None
    assert ("greetAll", {}) == (literal[0].operation_id, literal[1])
    assert ("greet", {"name": "li lei"}) == (template[0].operation_id, template[1])
    assert contract.find("GET", "/greet/all") is None
    assert contract.find("POST", "/greet/all/") is None


def test_an_operation_knows_what_it_documents(contract: Contract) -> None:
    assert ("201", "204", "403") == contract.operations["greet"].statuses
    assert ("hello",) == contract.operations["greet"].tags
    assert not contract.operations["greetAll"].emulated


def test_a_violation_reads_as_a_line() -> None:
    assert str(Violation("body.x", "type", "1 is not a string")) == "body.x: 1 is not a string [type]"


@pytest.mark.parametrize(
    ("text", "why"),
    [("a: [", "is not YAML"), ("openapi: 3.0.3", "not an OpenAPI 3.1"), ("[]", "not an OpenAPI 3.1")],
)
def test_a_file_that_is_no_contract_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(BrokenContract, match=why):
        openapi.read("broken", path)


def test_a_doubled_or_missing_operation_id_and_a_dangling_reference_are_refused() -> None:
    doubled = {"get": {"operationId": "x"}, "post": {"operationId": "x"}}
    with pytest.raises(BrokenContract, match="stands twice"):
        _ = Contract("c", {"paths": {"/x": doubled}}).operations
    with pytest.raises(BrokenContract, match="has no operationId"):
        _ = Contract("c", {"paths": {"/x": {"get": {}}}}).operations
    with pytest.raises(BrokenContract, match="leads nowhere"):
        Contract("c", {"paths": {}}).resolve({"$ref": "#/components/nothing"})


@pytest.mark.parametrize("name", ["braze", "amplitude", "control"])
def test_the_shipped_contracts_can_be_read(name: str) -> None:
    assert len(openapi.load(name).operations) >= 10


def test_a_parsed_contract_is_kept_until_its_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "braze.openapi.yaml"
    monkeypatch.setattr(openapi.resources, "contract_path", lambda name: path)
    titles = []
    for title in ("first", "first", "second", "second"):
        path.write_text(f"openapi: 3.1.0\ninfo: {{title: {title}, version: '1'}}\npaths: {{}}\n", encoding="utf-8")
        openapi.load.cache_clear()
        titles.append(openapi.load("braze").document["info"]["title"])
    kept = list((tmp_path / "__pycache__").iterdir())
    openapi.load.cache_clear()

    assert titles == ["first", "first", "second", "second"]
    assert [each.suffix for each in kept] == [".json"]


def test_what_is_kept_and_damaged_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "braze.openapi.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: whole, version: '1'}\npaths: {}\n", encoding="utf-8")
    monkeypatch.setattr(openapi.resources, "contract_path", lambda name: path)
    openapi.load.cache_clear()
    openapi.load("braze")
    for kept in (tmp_path / "__pycache__").iterdir():
        kept.write_bytes(b"{")
    openapi.load.cache_clear()

    assert openapi.load("braze").document["info"]["title"] == "whole"
    openapi.load.cache_clear()


@pytest.mark.parametrize(
    ("content_type", "told"),
    [
        ("application/json", []),
        ("application/json; charset=utf-8", []),
        ("application/json; charset=latin-1", ["JSON is sent as UTF-8, and the header says latin-1"]),
    ],
)
def test_json_is_sent_as_utf_8(content_type: str, told: list[str]) -> None:
    braze = openapi.load("braze")
    headers = {"content-type": content_type}
    found = braze.check_response(braze.operations["listSegments"], 200, headers, b'{"message":"success","segments":[]}')
    assert told == [each.message for each in found]


def test_a_file_is_held_against_what_its_contract_says_it_holds() -> None:
    braze = openapi.load("braze")
    download = braze.operations["downloadSegmentExport"]
    (found,) = braze.check_response(download, 200, {"content-type": "application/zip"}, b"no archive")
    assert ("x-holds", True) == (found.keyword, found.message.startswith("is not the archive"))
