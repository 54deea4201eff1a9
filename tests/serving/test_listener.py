"""A door is a real listener: it keeps connections, survives bad bytes, breaks answers on purpose, leaves nothing."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import flask
import pytest

from simulator.serving.listener import Aside, Door

Opener = Callable[..., Door]


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


def get(door: Door, path: str) -> Answer:
    with closing(http.client.HTTPConnection(door.host, door.port, timeout=10)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            return Answer(answer.status, dict(answer.getheaders()), answer.read())


def test_a_door_answers_at_the_port_it_announces(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)

    answer = get(door, "/hello?x=1")

    assert door.port > 0
    assert door.url == f"http://127.0.0.1:{door.port}"
    assert (answer.status, json.loads(answer.body)["path"]) == (200, "/hello?x=1")


def test_a_connection_is_kept_for_further_calls(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)
    told = []
    with closing(http.client.HTTPConnection(door.host, door.port, timeout=10)) as connection:
        for number in range(3):
            connection.request("POST", "/a", body=str(number))
            body = json.load(connection.getresponse())["body"]
            told.append((body, connection.sock.getsockname()))

    ours = told[0][1]
    assert told == [("0", ours), ("1", ours), ("2", ours)]


def test_pipelined_requests_are_answered_in_order(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)
    with socket.create_connection((door.host, door.port), timeout=10) as raw:
        raw.sendall(
            b"GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: raw.recv(65536), b""))

    assert answer.index(b"/first") < answer.index(b"/second")


def test_many_connections_are_served_at_once(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(http.client.HTTPConnection(door.host, door.port, timeout=10)))
            for _ in range(40)
        ]
        for number, connection in enumerate(connections):
            connection.request("GET", f"/{number}")
        paths = [json.load(connection.getresponse())["path"] for connection in connections]

    assert paths == [f"/{number}?" for number in range(40)]


def test_a_body_of_many_megabytes_passes_both_ways(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)
    body = "x" * (20 * 1024 * 1024)

    with closing(http.client.HTTPConnection(door.host, door.port, timeout=30)) as connection:
        connection.request("POST", "/big", body=body)
        told = json.load(connection.getresponse())

    assert len(told["body"]) == len(body)


def test_bytes_that_are_not_http_are_refused_and_the_door_stays_open(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)
    with socket.create_connection((door.host, door.port), timeout=10) as raw:
        raw.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        refused = b"".join(iter(lambda: raw.recv(65536), b""))

    assert get(door, "/still").status == 200
    assert refused.startswith(b"HTTP/1.0 400")


def test_a_client_that_goes_away_in_the_middle_harms_nobody(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)
    for sent in (
        b"",
        b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection((door.host, door.port), timeout=10) as raw:
            raw.sendall(sent)

    assert get(door, "/still").status == 200


def test_an_answer_marked_reset_is_a_reset_connection(open_door: Opener, echo: flask.Flask) -> None:
    with pytest.raises(ConnectionResetError):
        get(open_door(echo), "/a?mark=reset")


def test_an_answer_marked_truncate_promises_more_than_it_sends(open_door: Opener, echo: flask.Flask) -> None:
    with pytest.raises(http.client.IncompleteRead) as error:
        get(open_door(echo), "/a?mark=truncate")

    assert abs(len(error.value.partial) - (error.value.expected or 0)) <= 1


def test_an_answer_marked_malformed_is_whole_on_the_wire_and_broken_inside(
    open_door: Opener, echo: flask.Flask
) -> None:
    answer = get(open_door(echo), "/a?mark=malformed")

    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert "X-Absim-Transport" not in answer.headers
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_the_door_goes_on_after_a_broken_answer(open_door: Opener, echo: flask.Flask) -> None:
    door = open_door(echo)
    with pytest.raises(ConnectionResetError):
        get(door, "/a?mark=reset")

    assert get(door, "/b").status == 200


def test_a_control_call_may_call_the_door_it_came_through(open_door: Opener) -> None:
    doors: list[Door] = []

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        if environ["PATH_INFO"] == "/_sim/run":
            return [b"heard " + get(doors[0], "/vendor").body]
        return [b"the vendor"]

    doors.append(open_door(application))

    assert get(doors[0], "/_sim/run").body == b"heard the vendor"


def test_a_failing_application_is_a_500_and_not_the_end(open_door: Opener, caplog: pytest.LogCaptureFixture) -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError("no")

    door = open_door(application)

    assert [get(door, "/a").status, get(door, "/b").status] == [500, 500]
    assert "Exception while serving" in caplog.text


def test_a_stopped_door_leaves_neither_thread_nor_port(echo: flask.Flask) -> None:
    before = set(threading.enumerate())
    aside = Aside()
    door = Door("test", echo, aside)
    door.start()
    kept = http.client.HTTPConnection(door.host, door.port, timeout=10)
    kept.request("GET", "/a")
    kept.getresponse().read()

    aside.stop()
    door.stop()

    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((door.host, door.port), timeout=10)
    again = Door("again", echo, aside, port=door.port)
    again.stop()
    kept.close()


def test_a_door_that_never_started_can_be_stopped(echo: flask.Flask) -> None:
    aside = Aside()
    door = Door("test", echo, aside)

    door.stop()
    aside.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((door.host, door.port), timeout=10)
