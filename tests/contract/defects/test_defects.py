"""Every seeded defect is caught, and what is not spoiled stays as it is."""

from __future__ import annotations

import pytest

from simulator import openapi
from simulator.contract.defects.catalogue import DEFECTS, Defect, Place
from simulator.contract.defects.spoiling import Told, accepting, rewritten, with_status, without
from simulator.contract.defects.trial import trial

BRAZE = openapi.load("braze")


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_caught(defect: Defect) -> None:
    assert trial(defect), f"{defect.name} ({defect.how}) escaped"


def test_a_sync_without_a_defect_is_clean() -> None:
    assert "" == trial(Defect("none", Place.ENGINE, "engine changeCohortUsers", "nothing", lambda body: None))


@pytest.mark.parametrize("operation", ["trackUsers", "listSegments"])
def test_a_service_without_a_defect_is_clean(operation: str) -> None:
    untouched = Defect("none", Place.ANSWER, f"braze {operation}", "nothing", lambda told, contract, of: told)
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
