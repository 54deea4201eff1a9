"""What the control plane refuses, it refuses as RFC 9457 problem details, with everything that is wrong."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/health", 405), ("GET", "/reset", 405), ("PATCH", "/worlds/main", 405)],
)
def test_an_unknown_address_or_method_is_a_problem(client: Any, method: str, path: str, status: int) -> None:
    told = client.sim(method, path)

    assert (told.status, told.headers["Content-Type"]) == (status, "application/problem+json")
    assert set(told.body) == {"type", "title", "status", "detail"}
    assert told.body["status"] == status


def test_the_root_of_the_control_port_is_a_problem_too(client: Any) -> None:
    told = client.get(f"{client.stage.urls['control']}/")

    assert (told.status, told.headers["Content-Type"]) == (404, "application/problem+json")


def test_everything_that_is_wrong_is_said_at_once(client: Any) -> None:
    detail = client.sim("POST", "/connections", {"name": "", "identify_by": [], "colour": 1}).body["detail"]

    assert [place for place in ("body.name", "body.identify_by", "colour") if place not in detail] == []


def test_a_missing_body_is_said_to_be_missing(client: Any) -> None:
    told = client.sim("POST", "/faults")

    assert (told.status, told.body["detail"]) == (400, "body: the request has no body")
