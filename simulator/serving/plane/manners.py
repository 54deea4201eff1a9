"""How the control plane words what none of its handlers answers."""

from __future__ import annotations

from http import HTTPStatus

from simulator.fakes.binding import Call, Manners, Reply
from simulator.fakes.control import problem


def _not_found(call: Call, status: int) -> Reply:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem(status, f"{call.method} is not offered here; contracts/control.openapi.yaml lists what is")
    return problem(status, "there is nothing at this address; contracts/control.openapi.yaml lists what there is")


def _malformed(call: Call, why: str) -> Reply:
    del call
    return problem(400, f"body: {why}")


def _left_out(call: Call) -> Reply:
    return problem(501, f"{call.operation} is not emulated")


def _broken(call: Call) -> Reply:
    return problem(500, f"{call.operation} failed; this is a fault of the simulator, and its log says where")


MANNERS = Manners(not_found=_not_found, malformed=_malformed, left_out=_left_out, broken=_broken)
