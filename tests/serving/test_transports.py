"""Through a direct call or through a listener, the sender sees the same."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import flask
import pytest

from simulator.serving.listener import Door
from simulator.serving.transports import EndpointBook, HttpTransport, WsgiTransport, cut_short
from simulator.sync.ports import Failure, Request, Response, Transport, TransportError

ENDPOINT = "https://rest.iad-01.braze.com"


@pytest.fixture(params=["wsgi", "http"])
def transport(request: pytest.FixtureRequest, echo: flask.Flask, open_door: Callable[..., Door]) -> Iterator[Transport]:
    if request.param == "wsgi":
        yield WsgiTransport(echo, ENDPOINT)
    else:
        over_http = HttpTransport(open_door(echo).url, ENDPOINT)
        yield over_http
        over_http.close()


def post(path: str = "/partners/amplitude/cohorts/users", body: bytes = b"{}") -> Request:
    headers = {"Content-Type": "application/json", "X-Request-Id": "request-1"}
    return Request("POST", path, headers, body)


def test_the_service_is_told_the_same(transport: Transport) -> None:
    told = json.loads(transport.send(post("/a%20b/%E6%9D%8E?x=1%2B1", '{"name":"李雷"}'.encode())).body)

    assert told == {
        "method": "POST",
        "path": "/a b/李?x=1%2B1",
        "host": "rest.iad-01.braze.com",
        "headers": {
            "host": "rest.iad-01.braze.com",
            "content-length": "17",
            "content-type": "application/json",
            "x-request-id": "request-1",
        },
        "body": '{"name":"李雷"}',
    }


def test_the_sender_is_told_the_same(transport: Transport) -> None:
    answer = transport.send(post())

    assert answer.status == 200
    assert set(answer.headers) == {"content-type", "content-length"}
    assert answer.took_ms == 0


def test_simulated_latency_comes_with_the_answer_and_takes_no_time(transport: Transport) -> None:
    answer = transport.send(post("/a?took=45000"))

    assert answer.took_ms == 45_000
    assert set(answer.headers) == {"content-type", "content-length"}


@pytest.mark.parametrize(("mark", "failure"), [("reset", Failure.RESET), ("truncate", Failure.TRUNCATED)])
def test_a_broken_answer_is_a_failure_and_the_next_call_works(
    transport: Transport, mark: str, failure: Failure
) -> None:
    with pytest.raises(TransportError) as error:
        transport.send(post(f"/a?mark={mark}"))

    assert (error.value.failure, error.value.took_ms) == (failure, 0)
    assert transport.send(post()).status == 200


def test_a_malformed_answer_arrives_whole_and_is_not_json(transport: Transport) -> None:
    answer = transport.send(post("/a?mark=malformed"))

    assert int(answer.headers["content-length"]) == len(answer.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_threads_take_turns(transport: Transport) -> None:
    answers: list[Response] = []
    threads = [threading.Thread(target=lambda: answers.append(transport.send(post()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status for answer in answers] == [200] * 8


def test_a_listener_that_goes_is_a_reset_and_then_nobody_listens(
    open_door: Callable[..., Door], echo: flask.Flask
) -> None:
    door = open_door(echo)
    transport = HttpTransport(door.url)
    transport.send(post())
    door.stop()

    with pytest.raises(TransportError) as error:
        transport.send(post())
    assert error.value.failure is Failure.RESET
    for _ in range(2):
        with pytest.raises(LookupError, match=f"nobody listens at 127.0.0.1:{door.port}"):
            transport.send(post())


def test_a_listener_that_says_nothing_is_given_up_when_the_patience_of_the_sender_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = HttpTransport(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TransportError) as error:
            transport.send(replace(post(), patience_ms=20))
        transport.close()

    assert (Failure.TIMEOUT, 20) == (error.value.failure, error.value.took_ms)


def test_somebody_else_who_hangs_up_between_two_requests_is_no_broken_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        receiver.settimeout(5)

        def hang_up_after_each() -> None:
            for _ in range(2):
                connection, _ = receiver.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=hang_up_after_each)
        thread.start()
        book = EndpointBook()
        endpoint = f"http://127.0.0.1:{receiver.getsockname()[1]}"
        statuses = [book.to(endpoint).send(post("/hook")).status for _ in range(2)]
        thread.join()
        book.close()

    assert [200, 200] == statuses


def test_a_known_endpoint_is_found_however_it_is_written(echo: flask.Flask) -> None:
    transport = WsgiTransport(echo, ENDPOINT)
    book = EndpointBook({ENDPOINT: transport})

    assert book.to("https://REST.iad-01.braze.com/") is transport


def test_any_listener_on_loopback_is_reachable(open_door: Callable[..., Door], echo: flask.Flask) -> None:
    door = open_door(echo)
    book = EndpointBook()

    told = json.loads(book.to(f"{door.url}/hook").send(post("/members")).body)
    book.close()

    assert told["path"] == "/hook/members?"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://rest.iad-03.braze.com", "http://example.com", "http://10.0.0.1:80", "ftp://x", "", "http://[",
        "http://127.0.0.1:99999", "http://127.0.0.1:eighty", "http://\u2100.com",
    ],
)  # fmt: skip
def test_nothing_outside_this_machine_is_reachable(endpoint: str) -> None:
    with pytest.raises(LookupError, match="nobody answers at"):
        EndpointBook().to(endpoint)


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"success", b"[]"])
def test_what_is_cut_short_is_neither_whole_nor_json(body: bytes) -> None:
    cut = cut_short(body)

    assert cut != b""
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut)
