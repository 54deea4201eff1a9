"""A contract that departs from what was agreed is told with the place, whichever way it departs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator import openapi
from simulator.contract import agreement
from simulator.contract.agreement import agreed_path, bones, departures, shipped_departures, written
from simulator.contract.defects.spoiling import rewritten
from simulator.resources import CONTRACTS

BRAZE = openapi.load("braze")
Document = dict[str, Any]


def _alias_request(document: Document) -> Document:
    body = document["paths"]["/users/alias/update"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    found: Document = body["properties"]["alias_updates"]
    return found


@pytest.mark.parametrize("service", CONTRACTS)
def test_the_shipped_contract_is_the_one_that_was_agreed(service: str) -> None:
    found = [str(each) for each in departures(openapi.load(service))]
    assert [] == found, "look at it and agree: absim contract agree"


@pytest.mark.parametrize("service", CONTRACTS)
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


def test_a_contract_for_which_nothing_was_agreed_departs_from_it() -> None:
    (found,) = departures(openapi.Contract("stranger", BRAZE.document))
    assert "contracts/agreed/stranger.json: is gone, so nothing vouches for the contract" == str(found)


def test_departures_are_found_once_and_again_when_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CONTRACTS:
        (tmp_path / f"{name}.openapi.yaml").write_bytes(openapi.resources.contract_path(name).read_bytes())
        (tmp_path / f"{name}.json").write_bytes(agreed_path(name).read_bytes())
    counted: list[str] = []
    monkeypatch.setattr(openapi.resources, "contract_path", lambda name: tmp_path / f"{name}.openapi.yaml")
    monkeypatch.setattr(agreement, "agreed_path", lambda name: tmp_path / f"{name}.json")
    monkeypatch.setattr(agreement, "departures", lambda contract: counted.append(contract.name) or departures(contract))

    first, again = shipped_departures(), shipped_departures()
    (tmp_path / "braze.json").write_text("{}")
    changed = shipped_departures()

    assert ({}, {}, 6) == (first, again, len(counted))
    assert ["braze"] == list(changed)
    assert "is new" in changed["braze"][0].message


def test_other_words_need_no_consent() -> None:
    def reword(document: Document) -> None:
        document["paths"]["/users/track"]["post"]["summary"] = "Said otherwise"
        document["components"]["schemas"]["Message"]["description"] = "Said as well"

    assert [] == departures(rewritten(BRAZE, reword))


def test_a_property_may_be_called_like_a_word() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "description": {"type": "string"}}}
    changed = rewritten(BRAZE, lambda document: document["components"]["schemas"].update(Message=schema))
    assert {"title", "description"} == bones(changed)["components/schemas/Message"]["properties"].keys()
