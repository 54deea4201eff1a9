"""How the control plane refuses, whoever answers: RFC 9457 problems, and a gate that holds calls to its contract."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from simulator.fakes.binding import Call, Problem, Reply
from simulator.openapi import Contract, Operation

PLANE = "/_sim/"
"""How every path of the control plane begins, whoever serves it."""
PROBLEM_JSON = "application/problem+json"


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Reply:
    """One problem: the detail is a sentence that names the place and what to do."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Reply(status, body, headers or {}, PROBLEM_JSON)


def nothing_here(method: str, status: int) -> Reply:
    """What every door of the control plane says of an address, or a method, that it does not have."""
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem(status, f"{method} is not offered here; contracts/control.openapi.yaml lists what is")
    return problem(status, "there is nothing at this address; contracts/control.openapi.yaml lists what there is")


def refuse(status: int, detail: str) -> Problem:
    """The same as an exception, for a handler to raise."""
    return Problem(problem(status, detail))


class ControlGate:
    """Lets through what the contract allows; the rest is a 400, or a 415 where the body is not declared as JSON.

    A path that cannot name anything is a 404 where the operation has one.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """A refusal that lists everything that is wrong, or None."""
        violations = self._contract.check_request(
            operation, path=call.path, query=call.query, headers=call.headers, body=call.body
        )
        if "404" in operation.statuses and any(each.where.startswith("path ") for each in violations):
            return problem(404, f"there is no such thing: {'; '.join(map(str, violations))}")
        if any(each.keyword == "content-type" for each in violations):
            return problem(415, "send the body as application/json")
        if violations:
            return problem(400, "; ".join(f"{each.where}: {each.message}" for each in violations))
        return None

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """Nothing to change."""
        return reply
