"""Questions for a service that is not ours: keys, shapes and bent examples, as far as their answers can be judged.

Nothing behind its doors is reached, its words are its own, and it has other people. So a refusal of a good example is
held against it only where nothing depends on who or what is there; the rest is said not to have been asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.contract.asking.abroad import DESTROYING, SECRETS, good_example, settle_again, why_not
from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Answer, Caller, Sent
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.bending import bent
from simulator.contract.asking.provoked.probes import NO_OBJECT, NOT_JSON
from simulator.openapi import Contract, Operation

WRONG_KEYS: Mapping[str, str] = {
    "braze": "Bearer 00000000-0000-0000-0000-000000000000",
    "amplitude": "Basic MDAwMDAwMDAwMDAwMDAwMDowMDAwMDAwMDAwMDAwMDAw",
}
WRONG_API_KEY = "Api-Key 00000000000000000000000000000000"
REFUSED_KEY = (401, 403)
REFUSED_KEY_IN_A_CALL = (400, 401, 403)
NO_KEY = "0" * 32
KEYS_OF: Mapping[str, tuple[str, ...]] = {
    "keys of the partner": ("braze_partner_api_key", "braze_data_import_key"),
    "REST key": ("braze_api_key",),
    "API key": ("amplitude_api_key",),
    "secret key": ("amplitude_secret_key",),
    "pair of API key and secret key": ("amplitude_api_key", "amplitude_secret_key"),
}
"""What opens an operation, and the names of the keys that make it."""
MADE_BEFORE = 409
NOTHING_THERE = (0, 404, 405, 501)
NOBODY = "0" * 8
"""Names nobody who was made by this check."""


@dataclass(slots=True)
class _Asked:
    """What came of the good example of one operation."""

    operation: Operation
    good: Sent
    answer: Answer
    kind_of_key: str


@dataclass(slots=True)
class Elsewhere:
    """All questions of one service at an address, on a bench that has settled there."""

    bench: Bench
    service: str
    meter: Meter
    seed: int
    bends: int
    """So many bent examples are sent for each operation at most, evenly spread over all that there are."""
    exchanges: list[Mapping[str, Any]] | None = None
    unasked: dict[str, str] = field(default_factory=dict)
    """Operations whose good example could not be judged, and why."""
    errors: list[str] = field(default_factory=list)

    def run(self, only: frozenset[str] = frozenset()) -> list[Failure]:
        """Ask every operation (or those of `only`); what was answered as it should not be."""
        contract = self.bench.targets[self.service].contract
        caller = Caller(self.bench, self.service, "elsewhere", self.meter, self.seed, self.exchanges)
        chosen = [each for each in contract.operations.values() if each.emulated]
        asked: list[_Asked] = []
        for operation in sorted(chosen, key=lambda each: each.operation_id.startswith(DESTROYING)):
            if not only or operation.operation_id in only:
                asked.append(self._ask(caller, contract, operation))
        opened = {each.kind_of_key for each in asked if each.answer.status < 400}
        for each in asked:
            self._judge(caller, contract, each, opened)
        shut = {each.kind_of_key for each in asked if each.answer.status == 401} - opened
        self.errors += [f"the {kind} that was given opened nothing: 401" for kind in sorted(shut) if self._given(kind)]
        return caller.failures

    def _ask(self, caller: Caller, contract: Contract, operation: Operation) -> _Asked:
        if operation.operation_id.startswith(DESTROYING):
            settle_again(self.bench, self.service)
        good = good_example(self.bench, self.service, operation, self.seed)
        answer = caller.send(good)
        if answer.status in NOTHING_THERE and str(answer.status) not in operation.statuses:
            # The finding is that nothing is there; what it would say to other requests is no further one.
            self.unasked[operation.operation_id] = f"nothing is there: {answer.status}"
            return _Asked(operation, good, answer, self._kind_of_key(operation, good))
        wrong = [*_wrong_keys(self.service, operation, good)]
        if answer.status not in REFUSED_KEY:
            wrong += _wrong_shapes(operation, good)
        for how, sent, allowed in wrong:
            refused = caller.send(sent, how)
            if allowed and refused.status not in allowed and refused.status not in (0, 429):
                message = f"{how}: expected {' or '.join(map(str, allowed))}, got {refused.status}"
                caller.fail(operation, sent, refused, "refusal", message)
        if answer.status < 400 or answer.status == MADE_BEFORE:
            self._bend(caller, contract, operation, good)
        return _Asked(operation, good, answer, self._kind_of_key(operation, good))

    def _bend(self, caller: Caller, contract: Contract, operation: Operation, good: Sent) -> None:
        every = [(how, sent) for how, sent in bent(contract, operation, good) if sent == _to_nobody_else(sent)]
        for how, sent in _spread(every, self.bends):
            if caller.send(sent, how).status == 429:
                self.unasked[operation.operation_id] = "answered 429 before every bent example was sent"
                return

    def _kind_of_key(self, operation: Operation, good: Sent) -> str:
        if operation.path.startswith("/partners/"):
            return "keys of the partner"
        if self.service == "braze":
            return "REST key"
        if operation.path.startswith("/v1/userprofile"):
            return "secret key"
        return "pair of API key and secret key" if _by_header(operation, good) else "API key"

    def _given(self, kind_of_key: str) -> bool:
        return all(getattr(self.bench.keys, name) for name in KEYS_OF[kind_of_key])

    def _judge(self, caller: Caller, contract: Contract, asked: _Asked, opened: set[str]) -> None:
        """A refused example, judged when it is known which keys opened anything."""
        operation, status = asked.operation, asked.answer.status
        if status < 400 or operation.operation_id in self.unasked:
            return
        if status == 401 and asked.kind_of_key not in opened:
            self.unasked[operation.operation_id] = f"the {asked.kind_of_key} opened nothing"
            return
        why = why_not(contract, operation, asked.good, status, self.bench.living)
        if why or self.service not in WRONG_KEYS:
            self.unasked[operation.operation_id] = why or "it depends on what is there"
            return
        message = f"refused the example of its own contract with {status}"
        caller.fail(operation, asked.good, asked.answer, "refused-example", message)


Wrong = tuple[str, Sent, tuple[int, ...]]
"""How a request is wrong, the request, and what it must be refused with where that is one thing only."""


def _wrong_keys(service: str, operation: Operation, good: Sent) -> Iterator[Wrong]:
    """Without a key and with one that nobody has: in a header, or in the call where it travels there."""
    for part in ("query", "body"):
        given = getattr(good, part)
        for name in given if isinstance(given, Mapping) else ():
            if name in SECRETS:
                sent = replace(good, query={**good.query, name: NO_KEY}) if part == "query" else (
                    replace(good, body={**given, name: NO_KEY}))  # fmt: skip
                yield f"with {name} that nobody has", sent, REFUSED_KEY_IN_A_CALL
    if service in WRONG_KEYS and _by_header(operation, good):
        wrong = WRONG_API_KEY if operation.path.startswith("/v1/userprofile") else WRONG_KEYS[service]
        for how, key in (("without a key", None), ("with a key that nobody has", wrong)):
            yield how, replace(good, headers={"Authorization": key}), REFUSED_KEY


def _by_header(operation: Operation, good: Sent) -> bool:
    in_the_call = any(isinstance(part, Mapping) and SECRETS & part.keys() for part in (good.query, good.body))
    documented = {"401", "403"} & set(operation.statuses)
    return bool(documented) and not in_the_call and operation.definition.get("security") != []


def _wrong_shapes(operation: Operation, good: Sent) -> Iterator[Wrong]:
    if operation.definition.get("requestBody"):
        for how, raw in (("a body that is not JSON", NOT_JSON), ("a body that is no object", NO_OBJECT)):
            yield how, replace(good, body=None, raw=raw), ()
        yield "a body with nothing in it", replace(good, body={}), ()
        if "415" in operation.statuses and good.body is not None:
            yield "a body that does not say it is JSON", replace(good, headers={"Content-Type": "text/plain"}), ()
    elif operation.parameters:
        named = {parameter["name"]: "" for parameter in operation.parameters if parameter["in"] == "query"}
        yield "with nothing in its query", replace(good, query=named), ()
    if good.path:
        yield "about nobody", replace(good, path=dict.fromkeys(good.path, NOBODY)), ()


def _to_nobody_else(sent: Sent) -> Sent:
    """The same without a message to everybody: somebody may live there."""
    if isinstance(sent.body, Mapping) and sent.body.get("broadcast"):
        return replace(sent, body={**sent.body, "broadcast": False})
    return sent


def _spread(every: Sequence[tuple[str, Sent]], at_most: int) -> Iterator[tuple[str, Sent]]:
    """So many of them, evenly spread, always the same ones."""
    step = max(1.0, len(every) / at_most)
    taken = 0
    while int(taken * step) < len(every) and taken < at_most:
        yield every[int(taken * step)]
        taken += 1
