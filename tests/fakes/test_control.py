"""How the control plane refuses, whichever service answers it."""

from __future__ import annotations

import pytest

from simulator.clock import SimClock
from simulator.fakes.binding import Call
from simulator.fakes.control import ControlGate, problem, refuse
from simulator.openapi import Contract

DOCUMENT = {
    "paths": {
        "/_sim/things/{thing}": {
            "put": {
                "operationId": "putThing",
                "parameters": [{"name": "thing", "in": "path", "required": True, "schema": {"pattern": "^[a-z]+$"}}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "object", "required": ["name"]}}},
                },
                "responses": {"204": {}, "400": {}, "404": {}, "415": {}},
            }
        }
    }
}
CONTRACT = Contract("things", DOCUMENT)


def refused(clock: SimClock, thing: str, body: bytes, content_type: str = "application/json") -> int | None:
    headers = {"content-type": content_type}
    call = Call("putThing", clock.now, "PUT", {"thing": thing}, {}, headers, body, "q1", "http://x/", "127.0.0.1")
    reply = ControlGate(CONTRACT).before(call, CONTRACT.operations["putThing"])
    return None if reply is None else reply.status


@pytest.mark.parametrize(
    ("thing", "body", "content_type", "expected"),
    [
        ("lamp", b'{"name": "x"}', "application/json", None),
        ("lamp", b"{}", "application/json", 400),
        ("lamp", b'{"name": "x"}', "text/plain", 415),
        ("LAMP", b'{"name": "x"}', "application/json", 404),
    ],
)
def test_the_gate_holds_calls_to_the_contract(
    clock: SimClock, thing: str, body: bytes, content_type: str, expected: int | None
) -> None:
    assert expected == refused(clock, thing, body, content_type)


def test_a_problem_has_the_shape_of_rfc_9457() -> None:
    reply = problem(409, "there is already a thing", {"Retry-After": "1"})
    assert {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "there is already a thing",
    } == reply.body
    assert ("application/problem+json", {"Retry-After": "1"}) == (reply.content_type, reply.headers)
    assert 404 == refuse(404, "no such thing").reply.status
