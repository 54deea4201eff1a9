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


def test_a_stream_that_is_deleted_is_gone_and_its_name_is_free(client: Any, sim: Callable[..., Any]) -> None:
    wanted = {"name": "live", "events": [{"name": "app_opened"}]}
    sim("POST", "/streams", wanted)

    deleted = sim("DELETE", "/streams/live")
    client.events("ida-1001")
    sim("POST", "/clock/advance", {"by": "1m"})

    assert (204, 404, []) == (
        deleted.status,
        sim("GET", "/streams/live").status,
        sim("GET", "/streams").body["streams"],
    )
    streams = client.stage.world.streams
    assert 0 == streams.metrics(streams.outbox.channel("stream-1"))["delivered"]
    assert "stream-2" == sim("POST", "/streams", wanted).body["stream"]


def test_what_is_ingested_during_a_pause_is_never_streamed(client: Any, sim: Callable[..., Any]) -> None:
    sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}]})
    client.events("ida-1001")

    paused = sim("PATCH", "/streams/live", {"paused": True})
    client.events("ben-1001")
    sim("POST", "/clock/advance", {"by": "1h"})
    resumed = sim("PATCH", "/streams/live", {"paused": False})
    client.events("eve-1001")
    sim("POST", "/clock/advance", {"by": "1m"})

    assert (False, True) == (paused.body["active"], resumed.body["active"])
    streamed = sim("GET", "/ledger?event=streamed").body["pages"]
    people = [entry["identifier"]["value"] for page in streamed for entry in page["entries"]]
    assert ["ida-1001", "eve-1001"] == people


def test_a_stream_is_edited_and_what_is_not_named_stays(client: Any, sim: Callable[..., Any]) -> None:
    sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}], "update_users_only": True})

    edited = sim(
        "PATCH", "/streams/stream-1", {"name": "carts", "events": [{"name": "cart_filled"}], "forward": ["plan"]}
    )
    client.events("ida-1001")
    sim("POST", "/clock/advance", {"by": "1m"})

    assert ("carts", ["cart_filled"], ["plan"], True) == tuple(
        edited.body[name] for name in ("name", "events", "forward", "update_users_only")
    )
    assert 0 == edited.body["metrics"]["delivered"]
    (page,) = sim("GET", "/ledger?event=stream_edited").body["pages"]
    assert ["events", "forwarded", "name", "send_users"] == page["detail"]["changed"]


def test_a_new_key_lets_a_stream_deliver_what_was_refused(client: Any, sim: Callable[..., Any]) -> None:
    sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}], "rest_api_key": "a-key-of-nobody"})
    client.events("ida-1001")
    sim("POST", "/clock/advance", {"by": "20s"})
    waiting = sim("GET", "/streams/live").body["metrics"]["waiting"]

    sim("PATCH", "/streams/live", {"rest_api_key": client.stage.keys.braze_api_key})
    sim("POST", "/clock/advance", {"by": "1m"})

    assert (1, 1) == (waiting, sim("GET", "/streams/live").body["metrics"]["after_retry"])
    assert "a-key-of-nobody" not in str(sim("GET", "/ledger").body)


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


def test_a_connector_is_paused_edited_and_deleted(client: Any, sim: Callable[..., Any]) -> None:
    sim("POST", "/currents", {"name": "back"})
    event = {"events": [{"external_id": "ida-1001", "name": "opened", "time": "2026-03-02T10:00:00Z"}]}

    paused = sim("PATCH", "/currents/back", {"paused": True})
    client.braze("/users/track", event)
    sim("POST", "/clock/advance", {"by": "1h"})
    during = sim("GET", "/currents/back").body["events"]
    edited = sim("PATCH", "/currents/back", {"paused": False, "types": ["users.behaviors.CustomEvent"], "name": "home"})
    client.braze("/users/track", event)
    sim("POST", "/clock/advance", {"by": "1h"})
    after = sim("GET", "/currents/home").body["events"]
    deleted = sim("DELETE", "/currents/home")

    assert (False, 0, 1) == (paused.body["active"], during["delivered"], after["delivered"])
    assert (True, ["users.behaviors.CustomEvent"]) == (edited.body["active"], edited.body["types"])
    assert (204, 404) == (deleted.status, sim("GET", "/currents/home").status)
    events = [page["event"] for page in sim("GET", "/ledger?sync=currents-1").body["pages"]]
    told = [each.removeprefix("currents_") for each in events]
    assert ["saved", "paused", "edited", "resumed", "sent", "deleted"] == told


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/streams/x"), ("DELETE", "/streams/x"), ("GET", "/currents/x"), ("DELETE", "/currents/x")],
)
def test_what_does_not_exist_is_named(sim: Callable[..., Any], method: str, path: str) -> None:
    told = sim(method, path)

    assert told.status == 404
    assert "'x'" in told.body["detail"]


def test_a_stream_sends_the_events_of_its_project_only(client: Any, sim: Callable[..., Any]) -> None:
    """CONN-2."""
    key = sim("POST", "/amplitude/projects", {"name": "shop"}).body["api_key"]
    sim("POST", "/streams", {"name": "shop", "project": "shop", "events": [{"name": "app_opened"}]})
    sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}]})
    client.amplitude("/2/httpapi", {"api_key": key, "events": [{"user_id": "ben-2002", "event_type": "app_opened"}]})
    client.events("ida-1001", "kim-1002")
    sim("POST", "/clock/advance", {"by": "1m"})

    told = {name: sim("GET", f"/streams/{name}").body for name in ("shop", "live")}

    assert {"shop": ("shop", 1), "live": ("main", 2)} == {
        name: (stream["project"], stream["metrics"]["delivered"]) for name, stream in told.items()
    }


def test_braze_exports_to_the_project_whose_key_the_connector_has(client: Any, sim: Callable[..., Any]) -> None:
    """CONN-2, CUR-1."""
    sim("POST", "/amplitude/projects", {"name": "shop"})
    sim("POST", "/currents", {"name": "back", "project": "shop"})
    event = {"external_id": "ida-1001", "name": "bought", "time": "2026-03-02T10:00:00Z"}
    client.braze("/users/track", {"events": [event]})
    sim("POST", "/currents/flush")

    amplitude = client.stage.world.amplitude

    assert "shop" == sim("GET", "/currents/back").body["project"]
    assert amplitude.find("main", user_id="ida-1001") is None
    assert amplitude.find("shop", user_id="ida-1001").event_count == 1


@pytest.mark.parametrize("path", ["/streams", "/currents"])
def test_a_feed_of_a_project_that_does_not_exist_is_refused(sim: Callable[..., Any], path: str) -> None:
    wanted = {"name": "live", "project": "nowhere"} | (
        {"events": [{"name": "app_opened"}]} if path == "/streams" else {}
    )
    refused = sim("POST", path, wanted)
    assert (404, "there is no project 'nowhere'; there are main") == (refused.status, refused.body["detail"])
