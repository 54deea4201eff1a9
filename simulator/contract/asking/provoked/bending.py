"""Good requests bent at one place: what the schema still allows must be taken, what it forbids must be refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Caller, Sent
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.edges import edges
from simulator.contract.asking.provoked.probes import Probes
from simulator.openapi import Contract, Operation

REFUSED_EXAMPLES: Mapping[str, str] = {
    "fetchCohortExport": "only the link that a redirect gives is signed; a journey follows it",
    "switchWorkspace": "there is one workspace, and switched off it would end everything else",
}
"""Operations whose example meets a refusal, and why."""

JSON = "application/json"
Open = Callable[[], Bench]


class Bending:
    """Sends the first example of each operation, which must be taken, and then every edge of its schemas.

    Each operation is bent before a bench of its own, so that what one did is no part of what another meets.
    """

    def __init__(
        self, open_bench: Open, service: str, meter: Meter, seed: int, exchanges: list[Mapping[str, Any]] | None = None
    ) -> None:
        self._open = open_bench
        self._service = service
        self._meter = meter
        self._seed = seed
        self._exchanges = exchanges

    def run(self, only: frozenset[str] = frozenset()) -> list[Failure]:
        """Bend every request (or those of `only`); what was answered as it should not be."""
        found: list[Failure] = []
        with self._open() as bench:
            operations = list(bench.targets[self._service].contract.operations.values())
        for operation in operations:
            if operation.emulated and (not only or operation.operation_id in only):
                with self._open() as bench:
                    found += self._bend(bench, operation)
        return found

    def _bend(self, bench: Bench, operation: Operation) -> list[Failure]:
        contract = bench.targets[self._service].contract
        caller = Caller(bench, self._service, "bending", self._meter, self._seed, self._exchanges)
        good = Probes(bench, self._service, self._meter, self._seed).example(operation)
        answer = caller.send(good)
        if answer.status >= 400 and operation.operation_id not in REFUSED_EXAMPLES:
            message = f"refused the example of its own contract with {answer.status}"
            caller.fail(operation, good, answer, "refused-example", message)
        for how, sent in bent(contract, operation, good):
            caller.send(sent, how)
        return caller.failures


def bent(contract: Contract, operation: Operation, good: Sent) -> Iterator[tuple[str, Sent]]:
    """Every way to bend a request at one place, with words that name the place."""
    content = contract.resolve(operation.definition.get("requestBody", {})).get("content", {})
    schema = next((each.get("schema") for each in content.values()), None)
    if schema is not None and isinstance(good.body, dict):
        for how, body in edges(contract, schema, good.body):
            # A form has fields only; nothing else can stand in its place. Null as a whole body is no body.
            if isinstance(body, dict) or (body is not None and JSON in content):
                yield how, replace(good, body=body)
    for parameter in operation.parameters:
        if parameter["in"] == "query":
            yield from _bent_query(contract, parameter, good)


def _bent_query(contract: Contract, parameter: Mapping[str, Any], good: Sent) -> Iterator[tuple[str, Sent]]:
    """A parameter left out, and every edge of its schema; a list travels as a parameter that is repeated."""
    name = str(parameter["name"])
    if name in good.query:
        left = {key: value for key, value in good.query.items() if key != name}
        yield f"query {name} left out", replace(good, query=left)
    value = good.query.get(name, contract.resolve(parameter.get("schema", {})).get("default", "strange"))
    of_text = contract.resolve(parameter.get("schema", {})).get("type") == "string"
    for how, instead in edges(contract, parameter.get("schema", {}), value):
        # All is text in an address: another type than text cannot be told there, and an empty list is nothing.
        if isinstance(instead, str if of_text else str | int | float | list) and instead != []:
            yield f"query {name}: {how}", replace(good, query={**good.query, name: instead})
