"""Behind each port stand its service and the one control plane, and the Date is the simulated one."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from werkzeug.test import Client

from simulator.clock import SimClock
from simulator.rules.instants import parse_instant
from simulator.serving.front import Front
from simulator.serving.transports import Wsgi


def says(word: str) -> Wsgi:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{word} {environ['PATH_INFO']}".encode()]

    return application


@pytest.fixture
def clock() -> SimClock:
    return SimClock(parse_instant("2026-03-02T10:00:00.250Z"))


@pytest.fixture
def kept() -> list[bool]:
    return []


@pytest.fixture
def client(clock: SimClock, kept: list[bool]) -> Client:
    rooms = {"braze": says("braze"), "amplitude": says("amplitude")}
    return Client(Front(says("service"), says("control"), rooms, clock, kept.append))


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/users/track", "service /users/track"),
        ("/", "service /"),
        ("/_simulation", "service /_simulation"),
        ("/_sim/clock", "control /_sim/clock"),
        ("/_sim/brazen", "control /_sim/brazen"),
        ("/_sim/braze/profiles", "braze /_sim/braze/profiles"),
        ("/_sim/amplitude/cohorts", "amplitude /_sim/amplitude/cohorts"),
    ],
)
def test_the_path_decides_who_answers(client: Client, path: str, answer: str) -> None:
    assert client.get(path).text == answer


def test_the_date_of_an_answer_is_the_simulated_one(client: Client, clock: SimClock) -> None:
    before = client.get("/a").headers["Date"]
    clock.move_to(parse_instant("2026-03-03T10:00:01Z"))

    assert before == "Mon, 02 Mar 2026 10:00:00 GMT"
    assert client.get("/a").headers["Date"] == "Tue, 03 Mar 2026 10:00:01 GMT"


def test_the_clock_catches_up_before_each_call_and_runs_work_only_for_control(client: Client, kept: list[bool]) -> None:
    client.get("/users/track")
    client.get("/_sim/clock")
    client.get("/_sim/braze/profiles")

    assert kept == [False, True, True]
