"""What fits is taken or refused for a stated reason; what does not fit is refused, unless nobody promised to look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from simulator import openapi
from simulator.contract.asking.verdict import Heard, Verdicts, check_words
from simulator.resources import CONTRACTS

BRAZE, AMPLITUDE = openapi.load("braze"), openapi.load("amplitude")
GOOD = {"user_aliases": [{"alias_name": "kim-7", "alias_label": "crm"}]}


def _on(operation: str, body: Any, status: int, answer: Any, contract: openapi.Contract = BRAZE) -> str:
    headers = {"content-type": "application/json"}
    heard = Heard({}, {}, headers, orjson.dumps(body), status, orjson.dumps(answer))
    found = Verdicts(contract).on(contract.operations[operation], heard)
    return found[0] if found else ""


def test_a_good_request_that_is_taken_is_well() -> None:
    assert "" == _on("createUserAliases", GOOD, 201, {"message": "success", "aliases_processed": 1})


def test_a_good_request_that_is_refused_for_no_stated_reason_is_told() -> None:
    assert "refused-valid-request" == _on("createUserAliases", GOOD, 400, {"message": "No"})


def test_another_service_refuses_in_words_of_its_own_and_with_the_documented_statuses() -> None:
    heard = Heard({}, {}, {"content-type": "application/json"}, orjson.dumps(GOOD), 400, b'{"message": "No"}')
    operation = BRAZE.operations["createUserAliases"]
    foreign = Verdicts(BRAZE, our_words=False)
    assert foreign.on(operation, heard) is None
    undocumented = foreign.on(operation, replace(heard, status=418))
    assert undocumented is not None
    assert "refused-valid-request" == undocumented[0]


def test_another_service_may_count_further_than_ours() -> None:
    operation = BRAZE.operations["listSegments"]
    heard = Heard({}, {"page": ["1000000000"]}, {}, b"", 200, b"{}")
    assert Verdicts(BRAZE, our_words=False).on(operation, heard) is None
    assert Verdicts(BRAZE).on(operation, heard) is not None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("unknown colour; known are api and audience", ""),
        ("a share must be a whole number of percent, 1 to 100", ""),
        ("AND[0].country: needs a non-empty string", ""),
        ("oops", "refused-valid-request"),
    ],
)
def test_a_reason_may_have_several_sentences(said: str, expected: str) -> None:
    campaign, answer = {"name": "Welcome", "plan": {"colour": 1}}, {"detail": said}
    assert expected == _on("createBrazeCampaign", campaign, 400, answer, openapi.load("control"))


@pytest.mark.parametrize("service", CONTRACTS)
def test_no_reason_excuses_everything(service: str) -> None:
    reasons = openapi.load(service).document["x-reasons"]
    assert [] == [name for name, each in reasons.items() if "..." in (each["words"], *each["words"])]


def test_a_stated_reason_excuses_a_refusal_by_its_words() -> None:
    body = {"campaign_id": "nobody-made-this"}
    assert "" == _on("createSendId", body, 400, {"message": "Invalid Campaign ID"})
    assert "refused-valid-request" == _on("createSendId", body, 400, {"message": "Invalid Campaign"})


@pytest.mark.parametrize(("name", "expected"), [("kim", "refused-valid-request"), ("한국어", "")])
def test_a_length_in_bytes_excuses_a_refusal_of_what_has_more_bytes_than_characters(name: str, expected: str) -> None:
    body = {"user_aliases": [{"alias_name": name, "alias_label": "crm"}]}
    answer = {"message": "'alias_name' must be a non-empty string of at most 236 bytes"}
    assert expected == _on("createUserAliases", body, 400, answer)


@pytest.mark.parametrize("status", [404, 409, 423, 429])
def test_what_exists_and_how_often_somebody_asks_is_no_matter_of_form(status: int) -> None:
    assert "" == _on("createUserAliases", GOOD, status, {"message": "No"})


@pytest.mark.parametrize("status", [401, 403])
def test_a_good_request_with_good_keys_is_not_unauthorised(status: int) -> None:
    assert "refused-valid-request" == _on("createUserAliases", GOOD, status, {"message": "No"})


def test_bad_input_that_is_taken_is_told() -> None:
    assert "accepted-bad-input" == _on("createUserAliases", {}, 201, {"message": "success", "aliases_processed": 0})


def test_bad_input_is_not_taken_when_the_answer_tells_of_errors() -> None:
    answer = {"message": "success", "errors": [{"type": "'time' is not valid", "input_array": "events", "index": 0}]}
    assert "" == _on("trackUsers", {"events": [{"external_id": "ida", "name": "opened"}]}, 201, answer)


def test_a_malformed_request_is_not_answered_as_if_the_key_were_wrong() -> None:
    assert "refused-otherwise" == _on("createUserAliases", {}, 403, {"message": "Access Denied"})


def test_a_field_that_nobody_promised_to_check_may_hold_anything() -> None:
    body = {"attributes": [{"external_id": "ida", "country": 7}]}
    assert "" == _on("trackUsers", body, 201, {"message": "success", "attributes_processed": 1})


def test_null_is_absence_where_nothing_has_to_stand() -> None:
    assert "" == _on("deleteUsers", {"external_ids": ["ida"], "braze_ids": None}, 201, {"message": "success"})
    assert "accepted-bad-input" == _on("deleteUsers", {"external_ids": None}, 201, {"message": "success"})


def test_an_object_that_is_refused_alone_needs_a_reason_too() -> None:
    body = {"events": [{"external_id": "ida", "name": "opened", "time": "2026-03-02T10:00:00Z"}]}
    error = {"type": "'name' is not to our taste", "input_array": "events", "index": 0}
    assert "refused-valid-object" == _on("trackUsers", body, 201, {"message": "success", "errors": [error]})


@pytest.mark.parametrize("service", CONTRACTS)
def test_every_reason_is_known_used_and_has_a_status_of_its_operation(service: str) -> None:
    contract = openapi.load(service)
    known = contract.document["x-reasons"].keys()
    used = {name for names in contract.document.get("x-though-valid", {}).values() for name in names}
    for operation in contract.operations.values():
        stated = operation.definition.get("x-though-valid", {})
        assert set() == stated.keys() - set(operation.statuses), operation.operation_id
        used |= {name for names in stated.values() for name in names}
    assert known == used


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (401, "Invalid API Key", ""),
        (401, "Access Denied", "no example of status 401 says 'Access Denied'"),
        (403, "Access Denied", ""),
        (400, "whatever it is about", ""),
        (404, "not documented here", ""),
    ],
)
def test_a_refusal_has_the_words_of_its_status(status: int, message: str, expected: str) -> None:
    answer = orjson.dumps({"message": message})
    found = check_words(BRAZE, BRAZE.operations["trackUsers"], status, answer)
    assert expected == "".join(each.message for each in found)


def test_numbers_in_a_refusal_may_be_others() -> None:
    said = {"code": 429, "message": "HTTP 429: Too Many Requests (12 requests per hour)", "status": "Too Many Requests"}
    operation = AMPLITUDE.operations["listCohorts"]
    assert [] == check_words(AMPLITUDE, operation, 429, orjson.dumps(said))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Max Input Length Exceeded", []),
        ("'aliases' must be an array of objects", []),
        ("There was a problem", ["no example of status 400 says 'There was a problem'"]),
    ],
)
def test_the_words_of_any_refusal_are_known_when_the_request_was_not_drawn(said: str, told: list[str]) -> None:
    contract = openapi.load("braze")
    track = contract.operations["trackUsers"]
    body = orjson.dumps({"message": said})
    assert told == [each.message for each in check_words(contract, track, 400, body, every=True)]
    assert [] == check_words(contract, track, 400, body)
