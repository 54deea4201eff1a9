"""Whether every example of a contract is what the contract itself says: requests, answers, parameters.

Examples are words (`agreement` lets them change), and yet others live by them: faults answer with them, generated
requests begin with them, the words of refusals are compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from simulator.contract.asking.failures import Failure
from simulator.openapi import FORM, Contract, Operation, Violation

EXAMPLES = "examples of the contract"
JSON = "application/json"


def wrong_examples(contract: Contract, only: frozenset[str], seed: int) -> Iterator[Failure]:
    """Every example that does not fit, by operation and place."""
    for operation in contract.operations.values():
        if only and operation.operation_id not in only:
            continue
        for place, violation in (*_of_requests(contract, operation), *_of_answers(contract, operation)):
            message = f"the example {place} does not fit its own contract: {violation}"
            yield Failure(contract.name, operation.operation_id, "wrong-example", message, EXAMPLES, 0, "", "", seed)


def _named(contract: Contract, content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, example in content.get("examples", {}).items():
        found = contract.resolve(example)
        if "value" in found:
            yield name, found["value"]


def _of_requests(contract: Contract, operation: Operation) -> Iterator[tuple[str, Violation]]:
    content = contract.resolve(operation.definition.get("requestBody", {})).get("content", {})
    for content_type, each in content.items():
        for name, value in _named(contract, each):
            if content_type == FORM and isinstance(value, Mapping):
                body = urlencode({key: _text(part) for key, part in value.items()}).encode()
            elif content_type == JSON:
                body = orjson.dumps(value)
            else:
                continue
            headers = {"content-type": content_type}
            for violation in contract.check_request(operation, path={}, query={}, headers=headers, body=body):
                if violation.where.startswith("body"):
                    yield f"{name} of the request", violation


def _of_answers(contract: Contract, operation: Operation) -> Iterator[tuple[str, Violation]]:
    for status, response in operation.definition.get("responses", {}).items():
        for content_type, each in contract.resolve(response).get("content", {}).items():
            for name, value in _named(contract, each):
                of_json = content_type.endswith("json")
                body = orjson.dumps(value) if of_json else str(value).encode()
                found = contract.check_response(operation, int(status), {"content-type": content_type}, body)
                yield from ((f"{name} of {status}", one) for one in found if one.where.startswith("body"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
