"""Recorded traffic held against a contract: what crossed the wire that the contract does not know, ranked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from simulator.contract.traffic.owners import Owners
from simulator.contract.traffic.recorded import Recorded
from simulator.openapi import Contract, Operation, Violation

TOLD_TESTS = 3
PREFLIGHT = "access-control-request-method"
"""With this header a browser asks whether it may ask; nobody's program wrote that, and no contract has it."""
ABOUT_A_VALUE = frozenset({
    "type", "enum", "const", "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "anyOf", "oneOf", "json",
})  # fmt: skip
"""Keywords whose message repeats the value that was sent: another value at the same place is no other drift."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which traffic departs from the contract, how often, and where it was seen.

    `first` is the place of its first exchange in the file `source`; `tests` are those during which it came.
    """

    service: str
    count: int
    kind: str
    operation: str
    where: str
    message: str
    source: str
    first: int
    tests: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"first in entry {self.first} of {self.source}"
        told = [f"{place} ({self.tests[0]})" if self.tests else place]
        told += [f"also in {', '.join(self.tests[1:TOLD_TESTS])}"] if len(self.tests) > 1 else []
        told += [f"and {len(self.tests) - TOLD_TESTS} more"] if len(self.tests) > TOLD_TESTS else []
        said = f"{self.count}x {self.operation}: {self.where}: {self.message} [{self.kind}]"
        return f"{said} {', '.join(told)}"


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """All drift of one contract, most frequent first, with how much was looked at."""

    service: str
    exchanges: int
    known: int
    drift: tuple[Drift, ...]
    operations: tuple[str, ...] = ()
    """Which operations were called, in the order of the contract."""


@dataclass(slots=True)
class _Seen:
    """What is gathered of one way to depart."""

    message: str
    at: Recorded
    count: int = 0
    tests: dict[str, None] = field(default_factory=dict)


def check_all(
    contracts: Sequence[Contract],
    exchanges: Sequence[Recorded],
    services: Collection[str] = (),
    operations: Collection[str] = (),
) -> tuple[list[TrafficReport], int]:
    """A report for each contract that has any traffic, and how many exchanges no contract can judge.

    With `services`, only by those contracts; with `operations`, only what called one of those: an operationId, or
    method and path of one that is unknown.
    """
    owners = Owners(contracts, exchanges)
    by_contract: dict[str, list[Recorded]] = {contract.name: [] for contract in contracts}
    named = {contract.name: contract for contract in contracts}
    others = 0
    for exchange in exchanges:
        owner = owners.of(exchange)
        if not owner:
            others += 1
        elif not operations or _called(named[owner], exchange) in operations:
            by_contract[owner].append(exchange)
    judging = [each for each in contracts if by_contract[each.name] and (not services or each.name in services)]
    return [check_traffic(each, by_contract[each.name]) for each in judging], others


def _called(contract: Contract, exchange: Recorded) -> str:
    """The operationId, or method and path where no operation is known."""
    found = contract.find(exchange.method, unquote(exchange.path))
    return found[0].operation_id if found is not None else f"{exchange.method} {exchange.path}"


def check_traffic(contract: Contract, exchanges: Iterable[Recorded]) -> TrafficReport:
    """Hold every exchange against the contract and rank what it does not know."""
    seen: dict[tuple[str, str, str, str], _Seen] = {}
    called: set[str] = set()
    total = known = 0
    for exchange in exchanges:
        total += 1
        found = contract.find(exchange.method, unquote(exchange.path))
        known += found is not None
        called |= {found[0].operation_id} if found is not None else set()
        for kind, operation, where, message in _departures(contract, exchange, found):
            key = (kind, operation, where, "" if kind in ABOUT_A_VALUE else message)
            one = seen.setdefault(key, _Seen(message, exchange))
            one.count += 1
            one.tests |= {exchange.test: None} if exchange.test else {}
    ranked = sorted(seen.items(), key=lambda item: -item[1].count)
    drift = tuple(
        Drift(contract.name, one.count, kind, operation, where, one.message, one.at.source, one.at.number,
              tuple(one.tests))
        for (kind, operation, where, _), one in ranked
    )  # fmt: skip
    return TrafficReport(
        contract.name, total, known, drift, tuple(each for each in contract.operations if each in called)
    )


def _departures(
    contract: Contract, exchange: Recorded, found: tuple[Operation, dict[str, str]] | None
) -> Iterator[tuple[str, str, str, str]]:
    if found is None and exchange.method == "OPTIONS" and PREFLIGHT in exchange.request_headers:
        return
    if found is None:
        yield ("unknown-operation", _called(contract, exchange), "path", "no operation of the contract")
        return
    operation, path = found
    if exchange.request_whole:
        request = contract.check_request(
            operation, path=path, query=exchange.query, headers=exchange.request_headers, body=exchange.request_body,
            described=True,
        )  # fmt: skip
        yield from _keys("request", operation, request)
    known_names = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    for name in sorted(exchange.query.keys() - known_names):
        yield ("unknown-parameter", operation.operation_id, f"query {name}", "not described by the contract")
    if exchange.status and (exchange.response_whole or str(exchange.status) not in operation.statuses):
        answer = contract.check_response(operation, exchange.status, exchange.response_headers, exchange.response_body)
        answer += contract.check_described_answer(operation, exchange.status, exchange.response_body)
        yield from _keys(f"response {exchange.status}", operation, answer)
    if not (exchange.request_whole and exchange.response_whole):
        for line in exchange.marked:
            yield ("marked", operation.operation_id, "journal", line)


def _keys(side: str, operation: Operation, violations: list[Violation]) -> Iterator[tuple[str, str, str, str]]:
    for violation in violations:
        where = f"{side} {_without_indexes(violation.where)}"
        yield violation.keyword, operation.operation_id, where, violation.message


def _without_indexes(where: str) -> str:
    """The same field of many list items is one finding."""
    return "".join(part.split("]", 1)[-1] if number else part for number, part in enumerate(where.split("[")))
