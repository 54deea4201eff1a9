"""The service as a whole: it starts only in agreement with its contract, and the same seed gives the same world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import openapi
from simulator.fakes.binding import ContractMismatch
from simulator.fakes.braze.service import BrazeService
from simulator.openapi import Contract
from simulator.rules.switches import RuleSet


def test_a_contract_with_an_operation_more_stops_the_start(braze: Any) -> None:
    whole = openapi.load("braze")
    extra = {"/users/fly": {"post": {"operationId": "flyUsers", "tags": ["users"], "responses": {}}}}
    contract = Contract("braze", {**whole.document, "paths": {**whole.document["paths"], **extra}})
    with pytest.raises(ContractMismatch, match="flyUsers"):
        BrazeService(braze.database, braze.ledger, braze.clock, contract, RuleSet(), 7)


def test_every_operation_names_its_page_and_has_examples() -> None:
    for operation in openapi.load("braze").operations.values():
        assert operation.definition["x-source"].startswith("Braze")
        assert operation.definition["x-confidence"] in ("documented", "live", "inferred")


def test_what_is_left_out_says_so(braze: Any) -> None:
    left_out = [each for each in openapi.load("braze").operations.values() if not each.emulated]
    assert left_out
    for operation in left_out:
        path = operation.path.replace("{", "").replace("}", "")
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {braze.keys.rest_keys['main']}"}
        reply = braze.http.open(path, method=operation.method, data="{}", headers=headers)
        assert (reply.status_code, "does not emulate" in reply.get_json()["message"]) == (501, True)


def test_the_same_seed_gives_the_same_ids_keys_and_ledger(make_braze: Callable[..., Any]) -> None:
    digests = []
    for _ in range(2):
        braze = make_braze()
        braze.phone.log_in("d-ben-0001", "ben-1001")
        braze.identified("ida-1001", plan="gold")
        braze.change({"user_ids": ["ida-1001", "ben-1001"]})
        digests.append((braze.ledger.digest(), braze.user("ida-1001").braze_id, braze.keys.rest_keys))
    assert digests[0] == digests[1]


def test_a_braze_id_has_24_hexadecimal_digits_and_differs_by_workspace(braze: Any) -> None:
    braze_id = braze.identified("ida-1001").braze_id
    assert len(braze_id) == 24
    assert int(braze_id, 16)
    profiles = braze.store.profiles
    assert profiles.braze_id_of("main", 1) != profiles.braze_id_of("eu", 1)


def test_an_error_inside_the_fake_is_a_500_in_braze_s_shape(braze: Any, caplog: Any) -> None:
    braze.service.app.testing = False
    braze.service.app.config["PROPAGATE_EXCEPTIONS"] = False
    braze.database.execute("DROP TABLE braze_event")
    event = {"external_id": "ida", "name": "x", "time": "2026-03-02T10:00:00Z"}
    answer = braze.post("/users/track", {"events": [event]})
    assert (answer.status, answer.body) == (500, {"message": "Internal Server Error"})
