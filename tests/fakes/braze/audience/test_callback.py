"""The one request that the fake makes itself, against a real listener."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from simulator.fakes.braze.audience.callback import post_json


class Notebook(BaseHTTPRequestHandler):
    bodies: ClassVar[list[bytes]] = []
    paths: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.paths.append(self.path)
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Notebook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_body_arrives_and_the_status_comes_back(listener: int) -> None:
    status = post_json(f"http://127.0.0.1:{listener}/exported", b'{"success":true}')
    assert (status, Notebook.bodies[-1]) == (204, b'{"success":true}')


def test_nobody_there_is_an_error_of_the_operating_system() -> None:
    with pytest.raises(OSError, match="refused"):
        post_json("http://127.0.0.1:1/exported", b"{}")


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/exported", "http://127.0.0.1:port/exported"])
def test_an_address_that_cannot_be_called_is_one_at_which_nobody_answers(url: str) -> None:
    with pytest.raises(ConnectionError, match=url):
        post_json(url, b"{}")


def test_an_address_may_have_letters_of_any_language_and_a_query(listener: int) -> None:
    assert 204 == post_json(f"http://127.0.0.1:{listener}/årsrapport?für=große kunden", b"{}")
    assert "/%C3%A5rsrapport?f%C3%BCr=gro%C3%9Fe%20kunden" == Notebook.paths[-1]
