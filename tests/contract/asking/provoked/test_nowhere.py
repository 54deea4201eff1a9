"""What lies nowhere: unknown paths, other methods and heads are answered as the contracts say, or it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.nowhere import Nowhere
from simulator.contract.defects.spoiling import rewritten
from simulator.resources import CONTRACTS


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench.in_process(3) as made:
        yield made


@pytest.mark.parametrize("service", CONTRACTS)
def test_what_lies_nowhere_is_what_the_contract_says(bench: Bench, service: str) -> None:
    assert [] == [f"{each.operation}: {each.message}" for each in Nowhere(bench, service, Meter(), 3).run()]


def test_another_answer_from_nowhere_is_told(bench: Bench) -> None:
    def other(document: dict[str, Any]) -> None:
        document["x-nowhere"] = [
            {"method": "GET", "path": "/nowhere", "status": 410, "body": {"message": "Not Found"}},
            {"method": "DELETE", "path": "/...", "status": 405, "body": {"message": "No {method} at {path}"}},
        ]

    target = bench.targets["braze"]
    bench.targets["braze"] = replace(target, contract=rewritten(target.contract, other))
    found = [each.message for each in Nowhere(bench, "braze", Meter(), 3).run(frozenset({"trackUsers"}))]
    assert "GET /nowhere: status should be 410, is 404" in found
    assert any("body should be {'message': 'No GET at /users/track'}" in each for each in found)
