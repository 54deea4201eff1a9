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

    def do_POST(self) -> None:
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
