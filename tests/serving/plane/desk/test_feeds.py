"""Streams and Currents connectors are set up, watched and stopped over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_an_event_and_a_changed_user_are_streamed_within_the_minute(client: Any, sim: Callable[..., Any]) -> None:
    made = sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}], "forward": ["plan"]})
    key = client.stage.keys.amplitude_api_key
    event = {"user_id": "ida-1001", "event_type": "app_opened", "user_properties": {"plan": "gold"}}
    client.amplitude("/2/httpapi", {"api_key": key, "events": [event]})
    sim("POST", "/clock/advance", {"by": "1m"})

    told = sim("GET", "/streams/live").body

    assert (made.status, made.headers["Location"]) == (201, "/_sim/streams/stream-1")
    assert (told["stream"], told["events"], told["forward"]) == ("stream-1", ["app_opened"], ["plan"])
    assert told["metrics"]["delivered"] == told["metrics"]["first_attempt"] > 0
    exported = client.braze(
        "/users/export/ids", {"external_ids": ["ida-1001"], "fields_to_export": ["custom_attributes"]}
    )
    assert [{"plan": "gold"}] == [user["custom_attributes"] for user in exported.body["users"]]


def test_a_filter_of_a_stream_lets_some_events_through(client: Any, sim: Callable[..., Any]) -> None:
    where = [{"property": "screen", "operator": "is", "values": ["home"]}]
    sim("POST", "/streams", {"name": "home", "events": [{"name": "app_opened", "where": where}]})
    key = client.stage.keys.amplitude_api_key
    events = [
        {"user_id": "ida-1001", "event_type": "app_opened", "event_properties": {"screen": screen}}
        for screen in ("home", "cart")
    ]
    client.amplitude("/2/httpapi", {"api_key": key, "events": events})
    sim("POST", "/clock/advance", {"by": "1m"})

    assert 1 == sim("GET", "/streams/home").body["metrics"]["delivered"]


def test_a_stream_that_is_stopped_sends_nothing_more(client: Any, sim: Callable[..., Any]) -> None:
    sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}]})

    stopped = sim("DELETE", "/streams/live")
    client.events("ida-1001")
    sim("POST", "/clock/advance", {"by": "1m"})

    assert stopped.status == 204
    (told,) = sim("GET", "/streams").body["streams"]
    assert (told["active"], told["metrics"]["delivered"]) == (False, 0)


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({"name": "none"}, 400, "body: "),
        ({"name": "live", "events": [{"name": "app_opened"}]}, 409, "a stream named 'live' exists"),
        ({"name": "other", "events": [{"name": "_all"}]}, 400, "_all cannot be streamed"),
        ({"name": "other", "forward": ["Version"]}, 400, "Version does not stream"),
    ],
)
def test_a_stream_that_amplitude_would_not_save_is_refused(
    sim: Callable[..., Any], wanted: dict[str, object], status: int, said: str
) -> None:
    sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}]})

    refused = sim("POST", "/streams", wanted)

    assert refused.status == status
    assert said in refused.body["detail"]


def test_what_happens_in_braze_comes_back_as_an_event(client: Any, sim: Callable[..., Any]) -> None:
    made = sim("POST", "/currents", {"name": "back"})
    again = sim("POST", "/currents", {"name": "back"})
    client.braze("/users/track", {"attributes": [{"external_id": "ida-1001"}]})
    client.sim("POST", "/braze/phone/appear", {"device_id": "d-ida-0001"})
    client.sim("POST", "/braze/phone/log-in", {"device_id": "d-ida-0001", "external_id": "ida-1001"})
    client.sim("POST", "/braze/phone/event", {"device_id": "d-ida-0001", "name": "opened"})

    flushed = sim("POST", "/currents/flush")

    assert (made.status, again.status, flushed.status) == (201, 409, 204)
    assert sim("GET", "/currents/back").body["events"]["delivered"] >= 1
    assert 1 == len(sim("GET", "/currents").body["connectors"])


@pytest.mark.parametrize(("method", "path"), [("GET", "/streams/x"), ("DELETE", "/streams/x"), ("GET", "/currents/x")])
def test_what_does_not_exist_is_named(sim: Callable[..., Any], method: str, path: str) -> None:
    told = sim(method, path)

    assert told.status == 404
    assert "'x'" in told.body["detail"]
