"""A contract that departs from what was agreed is told with the place, whichever way it departs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from simulator import openapi
from simulator.contract.agreement import agreed_path, bones, departures, written
from simulator.contract.defects.spoiling import rewritten

SERVICES = ("braze", "amplitude", "control")
BRAZE = openapi.load("braze")
Document = dict[str, Any]


def _alias_request(document: Document) -> Document:
    body = document["paths"]["/users/alias/update"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    found: Document = body["properties"]["alias_updates"]
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_the_shipped_contract_is_the_one_that_was_agreed(service: str) -> None:
    found = [str(each) for each in departures(openapi.load(service))]
    assert [] == found, "look at it and agree: absim contract agree"


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_written_reads_back_a_line_for_each_operation(service: str) -> None:
    contract = openapi.load(service)
    text = written(contract)
    assert orjson.loads(orjson.dumps(bones(contract))) == orjson.loads(text)
    assert len(bones(contract)) + 2 == len(text.splitlines())
    assert text == agreed_path(service).read_bytes()


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (lambda d: _alias_request(d).update(maxItems=51), "updateUserAliases", "maxItems: was 50, is 51"),
        (lambda d: _alias_request(d).pop("minItems"), "updateUserAliases", "minItems: is gone, was 1"),
        (lambda d: d["paths"]["/users/track"]["post"]["responses"].pop("403"), "trackUsers", "responses.403: is gone"),
        (lambda d: d["paths"].update({"/users/new": d["paths"].pop("/users/alias/new")}), "createUserAliases",
         'createUserAliases.at: was "POST /users/alias/new", is "POST /users/new"'),
        (lambda d: d["components"]["schemas"]["Message"].pop("additionalProperties"), "",
         "components/schemas/Message.additionalProperties: is gone, was false"),
        (lambda d: d["x-reasons"].update(mine={"words": "...", "because": "x"}), "", "x-reasons.mine: is new"),
    ],
)  # fmt: skip
def test_a_changed_rule_is_told_with_its_place(change: Callable[[Document], None], place: str, message: str) -> None:
    found = departures(rewritten(BRAZE, change))
    assert [place] == [each.operation for each in found]
    assert message in str(found[0])


def test_other_words_need_no_consent() -> None:
    def reword(document: Document) -> None:
        document["paths"]["/users/track"]["post"]["summary"] = "Said otherwise"
        document["components"]["schemas"]["Message"]["description"] = "Said as well"

    assert [] == departures(rewritten(BRAZE, reword))


def test_a_property_may_be_called_like_a_word() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "description": {"type": "string"}}}
    changed = rewritten(BRAZE, lambda document: document["components"]["schemas"].update(Message=schema))
    assert {"title", "description"} == bones(changed)["components/schemas/Message"]["properties"].keys()
