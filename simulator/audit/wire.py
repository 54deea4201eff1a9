"""Holds every exchange against its contract while it happens (INV-5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from urllib.parse import parse_qs

from simulator.exchange import TRANSPORT_HEADER, Exchange
from simulator.journal import mask_text
from simulator.openapi import Contract, Violation

KEPT_AT_MOST = 100
"""Breaches of each sender kept with their bodies; the count goes on."""
TOLD_CHARACTERS = 600
"""So much of each body stands in a finding."""
SHOWN_CHARACTERS = 4_000
SHOWN_PATH = 120
UNKNOWN_OPERATION = "unknown-operation"


class Sender(StrEnum):
    """Who broke the contract: the engine, a client from outside, or the fake that answered."""

    ENGINE = "engine"
    CLIENT = "client"
    FAKE = "fake"


@dataclass(frozen=True, slots=True)
class Breach:
    """One exchange that departs from the contract, with both bodies (secrets masked)."""

    sender: Sender
    service: str
    operation: str
    status: int
    request_id: str
    violations: tuple[Violation, ...]
    request_body: str
    response_body: str

    def __str__(self) -> str:
        found = "; ".join(str(violation) for violation in self.violations[:3])
        side = "request of the" if self.sender is not Sender.FAKE else "answer of the"
        return f"{side} {self.sender} in {self.service} {self.operation} ({self.status}): {found}"

    @property
    def told(self) -> str:
        """The breach with both bodies."""
        request, response = (_cut(body) for body in (self.request_body, self.response_body))
        return f"{self}; request body {request or 'empty'}; answer body {response or 'empty'}"


class WireWatch:
    """Checks requests and answers of both services; a client's bad request is noted and not held against anybody.

    An answer that a fault gave, or broke, is nobody's: whoever wrote the fault may want what no contract has, as a
    gateway's page, or a status that the vendor does not document there.
    """

    def __init__(self, contracts: Mapping[str, Contract], reading: Callable[[str], object]) -> None:
        """`reading` says how a switch stands: some statuses are answered by a switch only."""
        self._contracts = contracts
        self._reading = reading
        self.engine_requests: set[str] = set()
        self.breaches: list[Breach] = []
        self._kept: Counter[Sender] = Counter()
        self.counted = 0
        self.checked = 0

    def check(self, exchange: Exchange) -> list[str]:
        """Everything wrong with one exchange, as lines for the journal."""
        contract = self._contracts[exchange.service]
        operation = contract.operations.get(exchange.operation)
        self.checked += 1
        if operation is None:
            return self._strange(contract, exchange)
        found, sender = operation.pattern.match(exchange.path), self._sender(exchange)
        request = contract.check_request(
            operation,
            path=found.groupdict() if found else {},
            query=parse_qs(exchange.query, keep_blank_values=True),
            headers=exchange.request_headers,
            body=exchange.request_body,
            described=sender is Sender.ENGINE,
        )
        answer: list[Violation] = []
        if not exchange.injected and TRANSPORT_HEADER.lower() not in exchange.response_headers:
            answer = contract.check_response(
                operation, exchange.status, exchange.response_headers, exchange.response_body
            )
            answer += contract.check_usual(operation, exchange.status, self._reading)
        self._keep(sender, exchange, request)
        self._keep(Sender.FAKE, exchange, answer)
        return [f"request {violation}" for violation in request] + [f"answer {violation}" for violation in answer]

    def _strange(self, contract: Contract, exchange: Exchange) -> list[str]:
        """A request to nothing that the contract has; that a browser may ask first (OPTIONS) stands in no contract."""
        if exchange.method == "OPTIONS":
            return []
        violation = Violation("path", UNKNOWN_OPERATION, _nothing_there(contract, exchange.method, exchange.path))
        self._keep(self._sender(exchange), exchange, [violation])
        return [f"request {violation}"]

    def _sender(self, exchange: Exchange) -> Sender:
        return Sender.ENGINE if exchange.request_id in self.engine_requests else Sender.CLIENT

    def _keep(self, sender: Sender, exchange: Exchange, violations: list[Violation]) -> None:
        if not violations:
            return
        self.counted += sender is not Sender.CLIENT
        self._kept[sender] += 1
        called = exchange.operation or _called(exchange)
        if self._kept[sender] <= KEPT_AT_MOST:
            self.breaches.append(
                Breach(
                    sender, exchange.service, called, exchange.status, exchange.request_id,
                    tuple(violations), _shown(exchange.request_body), _shown(exchange.response_body),
                )
            )  # fmt: skip


def _called(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.path[:SHOWN_PATH]}"


def _nothing_there(contract: Contract, method: str, path: str) -> str:
    """That no operation is at an address, with the one that may have been meant."""
    if (there := contract.at(path)) is not None:
        return f"no operation of the contract is a {method} here; there is {', '.join(there[0])}"
    near = get_close_matches(path, [each.path for each in contract.operations.values()], 1)
    return "no operation of the contract is at this address" + (f"; did you mean {near[0]}?" if near else "")


def _cut(text: str) -> str:
    return text if len(text) <= TOLD_CHARACTERS else text[:TOLD_CHARACTERS] + "…"


def _shown(body: bytes) -> str:
    return mask_text(body[:SHOWN_CHARACTERS].decode("utf-8", "replace"))
