"""Recorded traffic held against a contract: what crossed the wire that the contract does not know, ranked.

Reads HAR files (browsers, proxies, `absim contract --report har`) and the journal's own lines (one JSON object each).
Secrets are masked while reading, before anything is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from simulator.journal import mask_text
from simulator.openapi import Contract, Operation, Violation


class UnreadableTraffic(ValueError):
    """The file is neither a HAR file nor lines of a journal; the message says where it stops making sense."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded exchange, secrets masked. `number` is its place in the file, from 1."""

    number: int
    method: str
    path: str
    query: Mapping[str, list[str]]
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which traffic departs from the contract, how often, and where it was seen first."""

    count: int
    kind: str
    operation: str
    where: str
    message: str
    first: int

    def __str__(self) -> str:
        return f"{self.count}x {self.operation}: {self.where}: {self.message} [{self.kind}] first in entry {self.first}"


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """All drift, most frequent first, with how much was looked at."""

    exchanges: int
    known: int
    drift: tuple[Drift, ...]


def read_traffic(path: Path) -> list[Recorded]:
    """Read a recording. Raises UnreadableTraffic, OSError."""
    raw = path.read_bytes()
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return list(_journal_lines(path, raw))
    if isinstance(document, dict) and isinstance(document.get("log"), dict):
        entries = document["log"].get("entries", [])
        return [_from_har(path, number, entry) for number, entry in enumerate(entries, start=1)]
    if isinstance(document, dict) and "request" in document:
        return [_from_journal(path, 1, document)]
    raise UnreadableTraffic(f"{path}: neither a HAR file (an object with `log`) nor journal lines")


def check_traffic(contract: Contract, exchanges: Iterable[Recorded]) -> TrafficReport:
    """Hold every exchange against the contract and rank what it does not know."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    first: dict[tuple[str, str, str, str], int] = {}
    total = known = 0
    for exchange in exchanges:
        total += 1
        found = contract.find(exchange.method, unquote(exchange.path))
        known += found is not None
        for key in _departures(contract, exchange, found):
            counts[key] += 1
            first.setdefault(key, exchange.number)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], first[item[0]], item[0]))
    drift = tuple(
        Drift(count, kind, operation, where, message, first[kind, operation, where, message])
        for (kind, operation, where, message), count in ranked
    )
    return TrafficReport(total, known, drift)


def _departures(
    contract: Contract, exchange: Recorded, found: tuple[Operation, dict[str, str]] | None
) -> Iterator[tuple[str, str, str, str]]:
    if found is None:
        yield ("unknown-operation", f"{exchange.method} {exchange.path}", "path", "no operation of the contract")
        return
    operation, path = found
    if exchange.complete:
        request = contract.check_request(
            operation, path=path, query=exchange.query, headers=exchange.request_headers, body=exchange.request_body
        )
        yield from _keys("request", operation, request)
    known_names = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    for name in exchange.query.keys() - known_names:
        yield ("unknown-parameter", operation.operation_id, f"query {name}", "not described by the contract")
    yield from _unknown_fields(contract, operation, exchange)
    if exchange.complete or str(exchange.status) not in operation.statuses:
        answer = contract.check_response(operation, exchange.status, exchange.response_headers, exchange.response_body)
        yield from _keys(f"response {exchange.status}", operation, answer)


def _keys(side: str, operation: Operation, violations: list[Violation]) -> Iterator[tuple[str, str, str, str]]:
    for violation in violations:
        yield (
            violation.keyword,
            operation.operation_id,
            f"{side} {_without_indexes(violation.where)}",
            violation.message,
        )


def _without_indexes(where: str) -> str:
    """The same field of many list items is one finding."""
    return "".join(part.split("]", 1)[-1] if number else part for number, part in enumerate(where.split("[")))


def _unknown_fields(
    contract: Contract, operation: Operation, exchange: Recorded
) -> Iterator[tuple[str, str, str, str]]:
    """Request fields that the schema tolerates and does not describe: the first sign that a vendor has moved."""
    yield from _keys("request", operation, contract.check_described(operation, exchange.request_body))


def _journal_lines(path: Path, raw: bytes) -> Iterator[Recorded]:
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise UnreadableTraffic(f"{path}:{number}: not a JSON object: {error}") from error
        yield _from_journal(path, number, entry)


def _from_journal(path: Path, number: int, entry: Any) -> Recorded:
    try:
        url = urlsplit(entry["url"])
        request, response = entry["request"], entry["response"]
        whole = all(len(each["body"].encode()) >= each["body_bytes"] - 64 for each in (request, response))
        return Recorded(
            number, entry["method"], url.path, parse_qs(url.query, keep_blank_values=True), request["headers"],
            request["body"].encode(), entry["status"], response["headers"], response["body"].encode(),
            complete=whole and not request["body"].endswith("…"),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableTraffic(f"{path}:{number}: not an entry of a journal: {error!r} is missing") from error


def _from_har(path: Path, number: int, entry: Any) -> Recorded:
    try:
        request, response = entry["request"], entry["response"]
        url = urlsplit(request["url"])
        content = response.get("content", {})
        return Recorded(
            number, request["method"].upper(), url.path, parse_qs(url.query, keep_blank_values=True),
            _headers(request), mask_text(request.get("postData", {}).get("text", "")).encode(), response["status"],
            _headers(response), mask_text(content.get("text", "")).encode(),
            complete=content.get("encoding") != "base64",
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableTraffic(f"{path}: entry {number} is not a HAR entry: {error!r} is missing") from error


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"].lower(): mask_text(each["value"]) for each in message.get("headers", [])}
