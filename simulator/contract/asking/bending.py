"""Good requests bent in one place: what a schema forbids must be refused, not silently accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import orjson

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Caller, Sent
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.probes import Probes
from simulator.openapi import Contract, Operation

STRANGE: Mapping[str, object] = {
    "string": {"strange": True}, "integer": "strange", "number": "strange", "boolean": "strange", "array": "strange",
    "object": "strange",
}  # fmt: skip
"""A value of another type, by the type that a schema wants."""

_SCHEDULE = "a schedule has to be made before it is changed"
REFUSED_EXAMPLES: Mapping[str, str] = {
    "updateScheduledCampaign": _SCHEDULE, "deleteScheduledCampaign": _SCHEDULE, "updateScheduledCanvas": _SCHEDULE,
    "deleteScheduledCanvas": _SCHEDULE, "updateScheduledMessages": _SCHEDULE, "deleteScheduledMessages": _SCHEDULE,
    "createBrazeCampaign": "a campaign names a segment that has to be made before",
    "reactToBrazeMessage": "nobody reacts to a message that never came",
}  # fmt: skip
"""Operations that refuse the example of their contract with 400, and the rule of business behind it."""

TOLERATED: Mapping[str, frozenset[str]] = {}
"""What the real service takes although its documents forbid it: ways of bending by operation."""


class Bending:
    """Takes the first example of each operation, breaks one rule of its schema at a time, and expects a refusal."""

    def __init__(
        self, bench: Bench, service: str, meter: Meter, seed: int, exchanges: list[Mapping[str, Any]] | None = None
    ) -> None:
        self._contract: Contract = bench.targets[service].contract
        self._examples = Probes(bench, service, meter, seed)
        self.caller = Caller(bench, service, "bending", meter, seed, exchanges)

    def run(self, only: frozenset[str] = frozenset()) -> list[Failure]:
        """Bend every request (or those of `only`); where bad input was accepted."""
        for operation in self._contract.operations.values():
            if operation.emulated and (not only or operation.operation_id in only):
                self._bend(operation)
        return self.caller.failures

    def _bend(self, operation: Operation) -> None:
        good = self._examples.example(operation)
        answer = self.caller.send(good)
        written = operation.definition.get("requestBody") is not None
        if answer.status == 400 and written and operation.operation_id not in REFUSED_EXAMPLES:
            self.caller.fail(operation, good, answer, "refused-good-request", "refused the example of its own contract")
        schema = self._schema(operation)
        if schema is None or not isinstance(good.body, dict):
            return
        tolerated = TOLERATED.get(operation.operation_id, frozenset())
        for how, body in bent(self._contract, schema, good.body):
            if how in tolerated or not self._wrong(operation, body):
                continue
            sent = Sent(good.operation, good.path, good.query, body)
            answer = self.caller.send(sent)
            if answer.status < 400 and not _partly(answer.json()):
                self.caller.fail(operation, sent, answer, "accepted-bad-input", f"accepted a request with {how}")

    def _schema(self, operation: Operation) -> Mapping[str, Any] | None:
        declared = operation.definition.get("requestBody")
        content = self._contract.resolve(declared)["content"] if declared else {}
        return content["application/json"].get("schema") if "application/json" in content else None

    def _wrong(self, operation: Operation, body: Mapping[str, Any]) -> bool:
        """Whether the contract agrees that the request is wrong now."""
        headers = {"content-type": "application/json"}
        found = self._contract.check_request(operation, path={}, query={}, headers=headers, body=orjson.dumps(body))
        return any(each.where.startswith("body") for each in found)


def _partly(said: Any) -> bool:
    """Whether a success says that some objects were not taken."""
    return isinstance(said, Mapping) and any(each for name, each in said.items() if str(name).endswith("errors"))


def bent(
    contract: Contract, schema: Mapping[str, Any], body: Mapping[str, Any], place: Sequence[str | int] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way to break one rule: a required field left out, a field of another type; also inside lists."""
    yield from _bent(contract, schema, body, body, list(place), 0)


def _bent(
    contract: Contract, schema: Mapping[str, Any], whole: Any, part: Any, place: list[str | int], level: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = _plain(contract, schema)
    if level > 4 or not isinstance(part, Mapping | list):
        return
    if isinstance(part, list):
        if part and isinstance(schema.get("items"), Mapping):
            yield from _bent(contract, schema["items"], whole, part[0], [*place, 0], level + 1)
        return
    for name in schema.get("required", ()):
        if name in part:
            yield f"{_named(place, name)} left out", _changed(whole, [*place, name], _GONE)
    for name, each in schema.get("properties", {}).items():
        if name not in part:
            continue
        kind = _plain(contract, each).get("type")
        if isinstance(kind, str) and kind in STRANGE:
            yield f"{_named(place, name)} of another type", _changed(whole, [*place, name], STRANGE[kind])
        yield from _bent(contract, each, whole, part[name], [*place, name], level + 1)


_GONE = object()


def _plain(contract: Contract, schema: Any) -> Mapping[str, Any]:
    return contract.resolve(schema) if isinstance(schema, Mapping) else {}


def _named(place: Sequence[str | int], name: str) -> str:
    return ".".join(str(each) for each in [*place, name])


def _changed(whole: Any, place: Sequence[str | int], value: Any) -> dict[str, Any]:
    made: dict[str, Any] = deepcopy(whole)
    part: Any = made
    for each in place[:-1]:
        part = part[each]
    if value is _GONE:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return made
