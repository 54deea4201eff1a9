"""The whole check: quick and clean, red with a defect, each failure confirmed by a replay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator import openapi
from simulator.contract.asking.bench import Bench
from simulator.contract.check import Order, UnknownOperation, run_check
from simulator.contract.defects.spoiling import saying, spoiled

ONE = Order(("braze",), frozenset({"listSegments"}), phases=("examples",), max_examples=2, seed=4)


def test_one_operation_is_clean() -> None:
    outcome = run_check(ONE)
    assert (True, [], ["listSegments"]) == (
        outcome.passed,
        outcome.failures,
        [each.operation for each in outcome.services[0].readings],
    )


def test_an_operation_that_no_contract_has_is_refused() -> None:
    with pytest.raises(UnknownOperation, match="paintTheWall"):
        run_check(replace(ONE, operations=frozenset({"paintTheWall"})))


def test_a_failure_that_shows_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Bench.in_process.__func__  # type: ignore[attr-defined]

    def with_a_defect(cls: type[Bench], seed: int, *, limits: bool = False) -> Bench:
        bench: Bench = plain(cls, seed, limits=limits)
        target = bench.targets["braze"]
        assert target.application is not None
        wrong = spoiled(target.application, target.contract, "listSegments", saying("message", 5))
        bench.targets["braze"] = replace(target, application=wrong)
        return bench

    monkeypatch.setattr(Bench, "in_process", classmethod(with_a_defect))
    outcome = run_check(ONE)
    assert (False, 0) == (outcome.passed, outcome.services[0].unconfirmed)
    assert {("listSegments", "type"), ("listSegments", "journey")} == {
        (each.operation, each.check) for each in outcome.failures
    }


def test_over_http_the_same_is_asked_of_whoever_listens() -> None:
    with Bench.in_process(4) as bench:
        order = replace(ONE, urls={"braze": bench.targets["braze"].url}, keys=bench.keys, phases=("coverage",))
        outcome = run_check(order)
    assert (True, True) == (outcome.passed, outcome.cases > 0)


def test_every_example_of_every_contract_is_valid() -> None:
    wrong = []
    for name in ("braze", "amplitude", "control"):
        contract = openapi.load(name)
        for operation in contract.operations.values():
            for status, node in operation.definition["responses"].items():
                for content_type, content in contract.resolve(node).get("content", {}).items():
                    if not content_type.endswith("json"):
                        continue
                    for label, example in content.get("examples", {}).items():
                        value = contract.resolve(example)["value"]
                        key = ("response", operation.operation_id, str(status), content_type)
                        found = contract._check_value(key, content["schema"], value, "body")
                        wrong += [f"{name} {operation.operation_id} {status} {label}: {each}" for each in found]
            body = contract.resolve(operation.definition.get("requestBody", {}))
            for content_type, content in body.get("content", {}).items():
                for label, example in content.get("examples", {}).items():
                    value = contract.resolve(example)["value"]
                    key = ("request", operation.operation_id, content_type)
                    found = contract._check_value(key, content["schema"], value, "body")
                    wrong += [f"{name} {operation.operation_id} request {label}: {each}" for each in found]
    assert [] == wrong
