"""How the control plane words what none of its handlers answers."""

from __future__ import annotations

from simulator.fakes.binding import Call, Manners, Reply
from simulator.fakes.control import nothing_here, problem


def _not_found(call: Call, status: int) -> Reply:
    return nothing_here(call.method, status)


def _malformed(call: Call, why: str) -> Reply:
    del call
    return problem(400, f"body: {why}")


def _left_out(call: Call) -> Reply:
    return problem(501, f"{call.operation} is not emulated")


def _broken(call: Call) -> Reply:
    return problem(500, f"{call.operation} failed; this is a fault of the simulator, and its log says where")


MANNERS = Manners(not_found=_not_found, malformed=_malformed, left_out=_left_out, broken=_broken)
