"""What the engine sends is part of the check: a wrong request is told with the operation and what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import openapi, resources
from simulator.contract.engine import SENT, sent_by_engine
from simulator.sync.destinations import braze_cohorts

Change = dict[str, Any]


@pytest.mark.parametrize("service", sorted(SENT))
def test_what_the_engine_sends_is_right(service: str) -> None:
    assert [] == [each.message for each in sent_by_engine(service, frozenset(), 1)]


def test_every_scenario_and_operation_is_there() -> None:
    for service, operations in SENT.items():
        assert set() == operations.keys() - openapi.load(service).operations.keys()
        for names in operations.values():
            missing = [name for name in names if not (resources.folder("scenarios") / f"{name}.scenario.yaml").exists()]
            assert [] == missing


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda each: {**each, "should_remove": "no"}, "request of the engine in braze changeCohortUsers (400): "
         "request body.cohort_changes[0].should_remove"),
        (lambda each: {**each, "user_idz": ["ida"]}, "user_idz: not described by the contract"),
        (lambda each: {**each, "should_remove": not each["should_remove"]}, "INV-"),
    ],
)  # fmt: skip
def test_a_request_that_is_wrong_is_told(
    spoil: Callable[[Change], Change], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = braze_cohorts.cohort_changes
    monkeypatch.setattr(braze_cohorts, "cohort_changes", lambda batch: [spoil(each) for each in good(batch)])
    found = list(sent_by_engine("braze", frozenset({"changeCohortUsers"}), 1))
    assert {("braze", "changeCohortUsers", "engine")} == {each.place for each in found}
    assert any(told.split("request body")[0] in each.message for each in found)
