"""Refusals asked for on purpose: for every operation, each documented status that generated requests do not reach."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Answer, Caller, Sent
from simulator.contract.asking.examples import Examples
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.supply import Supply
from simulator.fakes.faults import Fault
from simulator.feeds import MAIN
from simulator.openapi import Contract, Operation

HUGE_BYTES = {"braze": 4 * 1024 * 1024 + 1, "amplitude": 1024 * 1024 + 1, "batchUploadEvents": 20 * 1024 * 1024 + 1}
"""One byte over the limit of an operation, or else of its service."""
LONG_QUERY = "x" * 9_000
BY_FAULT = ("423", "429", "500", "502", "503", "504")
BY_FAULT_TOO = {
    # A firewall before the endpoint answers 403 (Amplitude, HTTP V2 API), which no client can provoke.
    "uploadEvents": ("403",), "batchUploadEvents": ("403",),
    # Its own limit of 2 MB is a 400 and comes first.
    "trackUsersBulk": ("413",),
}  # fmt: skip
NOT_JSON = b'{"events": [,]}'
NO_OBJECT = b"[1]"

Probe = Callable[["Probes", Operation], Iterator[tuple[Sent, int | None]]]


class Probes:
    """All probes of one service. Needs our own world: limits, keys and faults are reached behind the doors."""

    def __init__(
        self, bench: Bench, service: str, meter: Meter, seed: int,
        exchanges: list[Mapping[str, Any]] | None = None, *, check: str = "probes",
    ) -> None:  # fmt: skip
        self.bench = bench
        self._service = service
        self._contract: Contract = bench.targets[service].contract
        self.examples = Examples(self._contract, Supply(service, bench.keys, bench.living, seed, strangers=False))
        self.caller = Caller(bench, service, check, meter, seed, exchanges)

    def run(self, only: frozenset[str] = frozenset()) -> list[Failure]:
        """Ask every operation for every refusal that it documents; what does not conform."""
        for operation in self._contract.operations.values():
            if only and operation.operation_id not in only:
                continue
            by_fault = BY_FAULT_TOO.get(operation.operation_id, ())
            for status in operation.statuses:
                probe = _PROBES.get(status)
                if probe is None or status in by_fault:
                    continue
                for sent, expected in probe(self, operation):
                    answer = self.caller.send(sent)
                    if expected is not None and answer.status != expected:
                        self._unexpected(operation, sent, answer, expected)
            if self._service != "control":
                self._by_fault(operation)
                self._headers(operation)
        return self.caller.failures

    def _unexpected(self, operation: Operation, sent: Sent, answer: Answer, expected: int) -> None:
        message = f"expected {expected}, got {answer.status}"
        self.caller.fail(operation, sent, answer, "refusal", message)

    def _by_fault(self, operation: Operation) -> None:
        """Statuses that only trouble brings: the fault's answer must be the vendor's own shape."""
        faults = self.bench.stage.world.faults
        for status in BY_FAULT + BY_FAULT_TOO.get(operation.operation_id, ()):
            if status in operation.statuses and operation.emulated:
                standing = faults.add(
                    Fault(service=self._service, operation=operation.operation_id, answer=int(status))
                )
                answer = self.caller.send(replace(self.example(operation), trouble=True))
                if answer.status != int(status):
                    self._unexpected(operation, self.example(operation), answer, int(status))
                faults.remove(standing.id)

    def _headers(self, operation: Operation) -> None:
        """While limits are on, a success says how many calls are left."""
        if not operation.emulated:
            return
        self.limited(True)
        sent = self.example(operation)
        answer = self.caller.send(sent)
        self.limited(False)
        documented = operation.definition["responses"].get(str(answer.status), {})
        for name in self._contract.resolve(documented).get("headers", {}):
            if name.startswith("X-RateLimit") and answer.status < 300 and name.lower() not in answer.headers:
                self.caller.fail(operation, sent, answer, "missing-header", f"header {name} is missing")

    def example(self, operation: Operation) -> Sent:
        """The first example of an operation's contract, with keys and living ids."""
        return self.examples.of(operation)

    def limited(self, enabled: bool) -> None:
        """Hold clients to the limits of size, or not."""
        self.bench.stage.use_limits(enabled)

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission that an operation of the contract asks for."""
        asked = (each.definition.get("x-permission") for each in self._contract.operations.values())
        return frozenset(each for each in asked if each is not None)

    @property
    def service(self) -> str:
        """Which service is probed."""
        return self._service


def _keyed(operation: Operation) -> bool:
    return operation.definition.get("security") != [] and operation.emulated


def _unauthorised(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """401: no key at all, and (Braze) a key that nobody has."""
    if not _keyed(operation):
        return
    example = probes.example(operation)
    yield Sent(example.operation, example.path, example.query, example.body, {"Authorization": None}), 401
    if probes.service == "braze":
        keys = probes.bench.stage.world.braze.keys
        revoked = keys.create_rest_key(MAIN, "revoked")
        keys.revoke_rest_key(revoked)
        for key in ("00000000-0000-0000-0000-000000000000", revoked):
            yield replace(example, headers={"Authorization": f"Bearer {key}"}), 401
    elif operation.path.startswith("/v1/"):
        yield replace(example, headers={"Authorization": "Api-Key of-nobody"}), 401


def _forbidden(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """403: a REST key without the permission; keys that are no pair (Amplitude)."""
    if not _keyed(operation):
        return
    example = probes.example(operation)
    if probes.service == "braze":
        keys = probes.bench.stage.world.braze.keys
        others = probes.permissions - {operation.definition.get("x-permission")}
        for permissions in (["nothing"], sorted(others)):
            key = keys.create_rest_key(MAIN, "probe", permissions=permissions)
            yield replace(example, headers={"Authorization": f"Bearer {key}"}), 403
    elif probes.service == "amplitude" and not operation.path.startswith("/v1/"):
        ours = probes.bench.keys.amplitude_api_key
        for pair in ("x:y", f"{ours}:of-nobody", f"{ours}:"):
            yield replace(example, headers={"Authorization": "Basic " + b64encode(pair.encode()).decode()}), 403


def _other_success(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """200 where 201 is usual: the same answer under the other status, by a switch."""
    if "201" not in operation.statuses or probes.service != "braze":
        return
    world = probes.bench.stage.world
    usual = world.rules
    world.use_rules(usual.with_switches({"post_success": "200"}))
    yield probes.example(operation), None
    world.use_rules(usual)


def _bad_request(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """400: a body that is not JSON or no object, or nothing of what is required."""
    example = probes.example(operation)
    yield Sent(example.operation, example.path, example.query, raw=NO_OBJECT), None
    if operation.definition.get("requestBody"):
        yield Sent(example.operation, example.path, example.query, raw=NOT_JSON), None
        yield Sent(example.operation, example.path, example.query, body={}), None
    elif operation.parameters:
        yield Sent(example.operation, example.path, {"page": "x", "length": "x", "user": ""}), None
        named = {parameter["name"]: "" for parameter in operation.parameters if parameter["in"] == "query"}
        yield Sent(example.operation, example.path, named), None


def _not_found(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """404: somebody or something that does not exist."""
    example = probes.example(operation)
    nobody = {name: _NOBODY.get(name, "nobody-of-that-name") for name in example.path}
    if nobody:
        yield Sent(example.operation, nobody, example.query, example.body), None
    fields = probes.examples.fields(operation)
    for name in _ROOMS:
        elsewhere = {name: "nowhere"}
        if any(parameter["name"] == name and parameter["in"] == "query" for parameter in operation.parameters):
            yield Sent(example.operation, example.path, {**example.query, **elsewhere}, example.body), 404
        if name in fields:
            yield Sent(example.operation, example.path, example.query, {**example.body, **elsewhere}), 404


def _too_large(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """413: a body one byte over the vendor's limit."""
    example = probes.example(operation)
    huge = HUGE_BYTES.get(operation.operation_id, HUGE_BYTES[probes.service])
    probes.limited(True)
    yield Sent(example.operation, example.path, example.query, raw=b" " * huge), 413
    probes.limited(False)


def _too_long(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """414: an address longer than any server reads."""
    example = probes.example(operation)
    yield Sent(example.operation, example.path, {**example.query, "x": LONG_QUERY}, example.body), None


def _wrong_type(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """415: a body that does not say that it is JSON."""
    example = probes.example(operation)
    if example.body is not None:
        yield Sent(example.operation, example.path, example.query, example.body, {"Content-Type": "text/plain"}), 415


def _left_out(probes: Probes, operation: Operation) -> Iterator[tuple[Sent, int | None]]:
    """501: an operation that is known and not emulated says so."""
    yield probes.example(operation), None if operation.emulated else 501


_NOBODY = {"amplitude_id": "1", "day": "2020-01-01", "fault": "999999"}
_ROOMS = ("workspace", "project")
"""What the control plane's operations take place in."""
_PROBES: dict[str, Probe] = {
    "200": _other_success, "400": _bad_request, "401": _unauthorised, "403": _forbidden, "404": _not_found,
    "413": _too_large, "414": _too_long, "415": _wrong_type, "501": _left_out,
}  # fmt: skip
