"""Small applications behind real doors, and a whole served world."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import flask
import pytest

from simulator.serving.listener import Aside, Door
from simulator.serving.plane.stories import Stories
from simulator.serving.server import Server
from simulator.serving.stage import Stage
from simulator.world import WorldSettings


@pytest.fixture(scope="session")
def echo() -> flask.Flask:
    """Tells back what it was sent; the query says what is to go wrong."""
    app = flask.Flask("echo")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def tell(path: str) -> flask.Response:
        told = {
            "method": flask.request.method,
            "path": flask.request.full_path,
            "host": flask.request.host,
            "headers": {name.lower(): value for name, value in flask.request.headers},
            "body": flask.request.get_data(as_text=True),
        }
        answer = flask.jsonify(told)
        if (mark := flask.request.args.get("mark")) is not None:
            answer.headers["X-Absim-Transport"] = mark
        if (took := flask.request.args.get("took")) is not None:
            answer.headers["X-Absim-Took-Ms"] = took
        return answer

    return app


@pytest.fixture
def open_door() -> Iterator[Callable[..., Door]]:
    """Opens doors and closes them afterwards."""
    with ExitStack() as stack:
        aside = Aside()

        def opened(application: object, **options: int) -> Door:
            door = Door("test", application, aside, **options)  # type: ignore[arg-type]
            stack.callback(door.stop)
            door.start()
            return door

        yield opened
        aside.stop()


class Told(NamedTuple):
    """An answer, as a client reads it."""

    status: int
    body: Any
    headers: Mapping[str, str]
    raw: bytes


def send(method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Told:
    """One HTTP call to a loopback address; a body that is not bytes goes as JSON."""
    address = urlsplit(url)
    assert address.hostname is not None
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    typed = {} if content is None else {"Content-Type": "application/json"}
    path = f"{address.path}?{address.query}" if address.query else address.path
    with closing(http.client.HTTPConnection(address.hostname, address.port, timeout=30)) as connection:
        connection.request(method, path, content, {**typed, **(headers or {})})
        with connection.getresponse() as answer:
            raw = answer.read()
            is_json = "json" in (answer.getheader("Content-Type") or "")
            return Told(answer.status, json.loads(raw) if raw and is_json else raw, dict(answer.getheaders()), raw)


class Client:
    """Speaks to one served world: its control plane, its two services."""

    def __init__(self, stage: Stage, server: Server) -> None:
        self.stage = stage
        self.server = server

    def sim(self, method: str, path: str, body: object = None) -> Told:
        return send(method, f"{self.stage.urls['control']}/_sim{path}", body)

    def amplitude(self, path: str, body: object) -> Told:
        return send("POST", self.stage.urls["amplitude"] + path, body)

    def braze(self, path: str, body: object) -> Told:
        authorization = {"Authorization": f"Bearer {self.stage.keys.braze_api_key}"}
        return send("POST", self.stage.urls["braze"] + path, body, authorization)

    def get(self, url: str) -> Told:
        return send("GET", url)

    def post(self, url: str, body: object, headers: Mapping[str, str] | None = None) -> Told:
        return send("POST", url, body, headers)

    def of(self, world: str) -> Client:
        return Client(self.server.stages[world], self.server)

    def one_event(self, person: str) -> dict[str, object]:
        key = self.stage.keys.amplitude_api_key
        return {"api_key": key, "events": [{"user_id": person, "event_type": "app_opened"}]}

    def synced_cohort(self, *people: str, cadence: str, name: str = "openers") -> str:
        """A cohort of people whom both sides know, synced to Braze; the id of the sync."""
        assert self.events(*people).status == 200
        self.braze("/users/track", {"attributes": [{"external_id": person, "plan": "gold"} for person in people]})
        self.stage.world.amplitude.cohorts.create(name, {"performed": "app_opened", "times": ">= 1", "within": "7d"})
        identify_by = [{"property": "user_id", "to": "external_id"}]
        assert self.sim("POST", "/connections", {"name": "braze", "identify_by": identify_by}).status == 201
        made = self.sim("POST", "/syncs", {"cohort": name, "connection": "braze", "cadence": cadence})
        assert made.status == 201, made.body
        return str(made.body["sync"])

    def events(self, *people: str, event: str = "app_opened") -> Told:
        events = [{"user_id": person, "event_type": event} for person in people]
        return self.amplitude("/2/httpapi", {"api_key": self.stage.keys.amplitude_api_key, "events": events})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A served world whose clock stands still, on free ports."""
    with Server(WorldSettings(seed=7), people=Stories()) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Client:
    """That world as it was in the beginning."""
    server.main.reset()
    server.main.pacer.set_pace("frozen")
    return Client(server.main, server)
