"""Every seeded defect is caught, and what is not spoiled stays as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from werkzeug.test import Client

from simulator import openapi
from simulator.contract.asking.bench import Bench
from simulator.contract.asking.supply import headers_for
from simulator.contract.defects.catalogue import DEFECTS, Defect, Place
from simulator.contract.defects.spoiling import (
    Told,
    Wrong,
    accepting,
    astray,
    deaf_to,
    rewritten,
    undone,
    with_status,
    without,
)
from simulator.contract.defects.trial import trial

BRAZE = openapi.load("braze")


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_caught(defect: Defect) -> None:
    assert trial(defect), f"{defect.name} ({defect.how}) escaped"


def test_a_sync_without_a_defect_is_clean() -> None:
    assert "" == trial(Defect("none", Place.ENGINE, "engine changeCohortUsers", "nothing", lambda request: request))


@pytest.mark.parametrize("where", ["braze trackUsers", "amplitude exportEvents", "control createConnection"])
def test_a_service_without_a_defect_is_clean(where: str) -> None:
    untouched = Defect("none", Place.ANSWER, where, "nothing", lambda told, contract, of: told)
    assert "" == trial(untouched)


def test_only_answers_of_the_wanted_status_are_spoiled() -> None:
    operation = BRAZE.operations["trackUsers"]
    refusal = Told(400, {}, b'{"message":"no"}')
    assert refusal == with_status(200)(refusal, BRAZE, operation)
    assert refusal == without("message")(refusal, BRAZE, operation)
    assert 201 == accepting(400)(refusal, BRAZE, operation).status


def test_a_rewritten_contract_leaves_the_shipped_one_alone() -> None:
    other = rewritten(BRAZE, lambda document: document["paths"].clear())
    assert (0, True) == (len(other.operations), "trackUsers" in BRAZE.operations)


def test_a_service_is_wrong_at_one_operation_only() -> None:
    with Bench.in_process(3) as bench:
        application = bench.targets["braze"].application
        assert application is not None
        paths = ("/segments/list?page=7", "/campaigns/list?page=7", "/nowhere")
        headers = headers_for("braze", BRAZE.operations["listSegments"], bench.keys)

        def shown(wrong: Wrong) -> list[tuple[int, bytes]]:
            client = Client(wrong(application, BRAZE, "listSegments"))
            found = [client.get(path, headers=headers) for path in paths]
            return [(each.status_code, each.get_data()) for each in found]

        right = shown(lambda service, contract, operation: service)
        first_page, *others = shown(deaf_to("page"))
        assert (right[1:], True) == (others, len(first_page[1]) > len(right[0][1]))
        assert [*right[:2], (200, right[2][1])] == shown(astray(lambda told: replace(told, status=200)))
        assert right[1:] == shown(undone)[1:]


def test_what_is_said_to_be_done_is_not_done() -> None:
    with Bench.in_process(3) as bench:
        application = bench.targets["braze"].application
        assert application is not None
        headers = headers_for("braze", BRAZE.operations["trackUsers"], bench.keys)
        ida = {"attributes": [{"external_id": "ida-1001"}]}
        answer = Client(undone(application, BRAZE, "trackUsers")).post("/users/track", json=ida, headers=headers)
        asked = {"external_ids": ["ida-1001"], "fields_to_export": ["external_id"]}
        exported = Client(application).post("/users/export/ids", json=asked, headers=headers)
        assert (201, []) == (answer.status_code, exported.get_json()["users"])
