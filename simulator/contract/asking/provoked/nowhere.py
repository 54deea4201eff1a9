"""What is answered where no operation is: unknown paths, other methods, and the heads of answers.

A contract gives examples of it at its root, as `x-nowhere`: `method` and `path` of a request, and the `status`,
`content-type` and `body` of its answer, in which `{method}` and `{path}` stand for those of the request. That of a
method which a path does not have holds for every path that begins as the example's does; the last that fits is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Answer, Sent
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.probes import Probes
from simulator.contract.asking.supply import headers_for
from simulator.openapi import METHODS, Operation

NOT_ALLOWED = 405


class Nowhere:
    """Asks one of our services for what it does not have."""

    def __init__(self, bench: Bench, service: str, meter: Meter, seed: int) -> None:
        self._bench = bench
        self._service = service
        self._contract = bench.targets[service].contract
        self._probes = Probes(bench, service, meter, seed, check="nowhere")
        self._examples: list[Mapping[str, Any]] = self._contract.document.get("x-nowhere", [])

    def run(self, only: frozenset[str] = frozenset()) -> list[Failure]:
        """Every operation's path (or those of `only`) by a method that it lacks, and what has no path at all."""
        for operation in self._contract.operations.values():
            if operation.emulated and (not only or operation.operation_id in only):
                self._other_method(operation)
                self._head(operation)
        nearest = next(each for name, each in self._contract.operations.items() if not only or name in only)
        for example in self._examples:
            if example["status"] != NOT_ALLOWED:
                self._ask(nearest, example["method"], example["path"], example)
        return self._probes.caller.failures

    def _other_method(self, operation: Operation) -> None:
        path = self._path(operation)
        found = self._contract.at(path)
        free = [each.upper() for each in METHODS if found is None or each.upper() not in found[0]]
        known = [
            each for each in self._examples
            if each["status"] == NOT_ALLOWED and path.startswith(each["path"].rsplit("/", 1)[0])
        ]  # fmt: skip
        if free and known:
            self._ask(operation, free[0], path, known[-1])

    def _ask(self, operation: Operation, method: str, path: str, example: Mapping[str, Any]) -> None:
        headers = {**headers_for(self._service, operation, self._bench.keys), "Content-Type": "application/json"}
        answer = self._probes.caller.exchange(method, path, headers, b"" if method == "GET" else b"{}")
        content_type = answer.headers.get("content-type", "").split(";")[0]
        wanted = (
            example["status"],
            example.get("content-type", "application/json"),
            _filled(example.get("body"), method, path),
        )
        got = (answer.status, content_type, _said(answer, example.get("body")))
        for what, expected, found in zip(("status", "content type", "body"), wanted, got, strict=True):
            if expected != found:
                self._fail(operation, answer, f"{method} {path}: {what} should be {expected!r}, is {found!r}")

    def _head(self, operation: Operation) -> None:
        """The head of an answer is that of a GET, and there is nothing below it."""
        if operation.method != "GET":
            return
        headers = headers_for(self._service, operation, self._bench.keys)
        path = self._path(operation)
        # Without arguments, so that whoever lacks one is refused twice and nothing is done.
        whole = self._probes.caller.exchange("GET", path, headers)
        head = self._probes.caller.exchange("HEAD", path, headers)
        kinds = [each.headers.get("content-type", "") for each in (whole, head)]
        if (whole.status, kinds[0], b"") != (head.status, kinds[1], head.body):
            message = (
                f"HEAD {path}: {head.status} {kinds[1]} with {len(head.body)} bytes, GET is {whole.status} {kinds[0]}"
            )
            self._fail(operation, head, message)

    def _fail(self, operation: Operation, answer: Answer, message: str) -> None:
        self._probes.caller.fail(operation, Sent(operation.operation_id), answer, "nowhere", message)

    def _path(self, operation: Operation) -> str:
        path = operation.path
        for name, value in self._probes.example(operation).path.items():
            path = path.replace("{" + name + "}", str(value))
        return path


def _filled(body: Any, method: str, path: str) -> Any:
    if isinstance(body, Mapping):
        return {name: _filled(each, method, path) for name, each in body.items()}
    return body.replace("{method}", method).replace("{path}", path) if isinstance(body, str) else body


def _said(answer: Answer, like: Any) -> Any:
    """The body as JSON, or as text when the example is one; None when there is nothing."""
    if isinstance(like, str):
        return answer.body.decode("utf-8", "replace")
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None if not answer.body else answer.body.decode("utf-8", "replace")
