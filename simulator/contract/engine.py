"""The other side of the wire: what the engine sends, in a few shipped scenarios that pass through every request of it.

Generated requests say nothing about the engine, which writes its own. Each scenario is run as `absim run` runs it, with
the always-on check of the wire (INV-5), the other invariants and its own expectations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator import openapi, resources
from simulator.contract.asking.failures import Failure
from simulator.scenario.events import Result
from simulator.scenario.parse import load
from simulator.scenario.runner import RunOptions, result_of

ENGINE = "engine"
SHOWN_PROBLEMS = 3

SENT: Mapping[str, Mapping[str, Sequence[str]]] = {
    "braze": {
        "nameCohort": ("runs/the-name-goes-first",),
        "changeCohortUsers": (
            "runs/first-run-whole-then-changes", "runs/a-thousand-identifiers-a-request",
            "identifier-fallback/hierarchy-covers-more-people", "matching/identified-by-alias",
            "matching/anonymous-by-device", "no-create/only-existing-people-are-removed",
        ),
        "trackUsers": (
            "traits/properties-of-active-people", "traits/computations",
            "streaming/chosen-events-with-chosen-properties",
            "streaming/users-are-forwarded-when-a-chosen-property-changes",
        ),
    },
    "amplitude": {"batchUploadEvents": ("currents/names-and-prefixes", "currents/chosen-types-and-pauses")},
}  # fmt: skip
"""The scenarios in which the engine calls an operation, by service and operation."""


def sent_by_engine(service: str, only: frozenset[str], seed: int) -> Iterator[Failure]:
    """What is wrong with what the engine sends to a service; with `only`, to these operations."""
    contract = openapi.load(service)
    for operation, names in SENT.get(service, {}).items():
        if only and operation not in only:
            continue
        for name in names:
            path = resources.folder("scenarios") / f"{name}.scenario.yaml"
            for scenario in load(path, f"scenarios/{name}.scenario.yaml"):
                result = result_of(scenario, RunOptions(twice=False))
                for problem in _problems(result):
                    at_fault = next((each for each in contract.operations if f" {each} (" in problem), operation)
                    yield Failure(service, at_fault if not only else operation, ENGINE, problem, ENGINE, 0,
                                  result.reproduce, "", seed)  # fmt: skip


def _problems(result: Result) -> Iterator[str]:
    """Broken invariants first: they say what was sent."""
    told = [f"{each.rule}: {each.what}" for each in result.breaches]
    told += [f"{each.what}: expected {each.expected}, got {each.got}" for each in result.differences]
    for text in told[:SHOWN_PROBLEMS]:
        yield f"{result.title} ({result.file}): {text}"
