"""Traits and cohort webhooks are set up over HTTP and arrive where they should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import orjson
import pytest


def test_a_user_property_becomes_a_custom_attribute(client: Any, sim: Callable[..., Any]) -> None:
    key = client.stage.keys.amplitude_api_key
    event = {"user_id": "ida-1001", "event_type": "app_opened", "user_properties": {"plan": "gold"}}
    client.amplitude("/2/httpapi", {"api_key": key, "events": [event]})
    sim("POST", "/trait-connections", {"name": "attributes"})

    made = sim("POST", "/trait-syncs", {"connection": "attributes", "properties": ["plan"], "cadence": "daily"})

    assert (made.status, made.body["kind"], made.body["cadence"]) == (201, "traits", "daily")
    exported = client.braze(
        "/users/export/ids", {"external_ids": ["ida-1001"], "fields_to_export": ["custom_attributes"]}
    )
    assert [{"plan": "gold"}] == [user["custom_attributes"] for user in exported.body["users"]]


def test_a_computation_and_a_recommendation_become_attributes_that_follow_them(
    client: Any, sim: Callable[..., Any]
) -> None:
    client.events("ida-1001")
    sim(
        "POST", "/amplitude/computations", {"name": "opened", "formula": "count", "event": "app_opened", "within": "7d"}
    )
    sim("PUT", "/amplitude/recommendations", {"user_id": "ida-1001", "rec_id": "next_best", "items": ["mug", "cap"]})
    sim("POST", "/trait-connections", {"name": "attributes"})
    wanted = {"connection": "attributes", "computations": ["opened"], "recommendations": ["next_best"]}
    sim("POST", "/trait-syncs", {**wanted, "cadence": "hourly"})
    ask = {"external_ids": ["ida-1001"], "fields_to_export": ["custom_attributes"]}
    first = client.braze("/users/export/ids", ask).body["users"][0]["custom_attributes"]
    client.events("ida-1001")
    sim("POST", "/clock/advance", {"by": "1h"})
    second = client.braze("/users/export/ids", ask).body["users"][0]["custom_attributes"]

    assert {"opened": 1, "next_best": ["mug", "cap"]} == first
    assert 2 == second["opened"]


def test_a_trait_connection_is_a_connection_like_others(sim: Callable[..., Any]) -> None:
    made = sim("POST", "/trait-connections", {"name": "attributes"})
    again = sim("POST", "/trait-connections", {"name": "attributes"})

    assert (made.status, made.body["kind"], again.status) == (201, "braze_attributes", 409)
    assert made.body == sim("GET", "/connections/attributes").body


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({"connection": "attributes"}, 400, "body: "),
        ({"connection": "nowhere", "properties": ["plan"]}, 404, "there is no connection 'nowhere'"),
        ({"connection": "attributes", "properties": ["plan"], "cadence": "real_time"}, 400, "body.cadence"),
        (
            {"connection": "attributes", "properties": ["plan"], "identify_by": {"property": "crm", "to": "alias"}},
            400,
            "by user id only",
        ),
        ({"connection": "attributes", "computations": ["ltv"]}, 404, "no computation or recommendation ltv"),
    ],
)
def test_traits_that_amplitude_would_not_save_are_refused(
    sim: Callable[..., Any], wanted: dict[str, object], status: int, said: str
) -> None:
    sim("POST", "/trait-connections", {"name": "attributes"})

    refused = sim("POST", "/trait-syncs", wanted)

    assert refused.status == status
    assert said in refused.body["detail"]


def test_a_cohort_is_posted_to_a_url_on_this_machine(
    client: Any, sim: Callable[..., Any], open_door: Callable[..., Any]
) -> None:
    heard: list[Any] = []
    app = flask.Flask("hook")

    @app.route("/cohorts", methods=["POST"])
    def hear() -> flask.Response:
        heard.append((flask.request.headers["X-Team"], orjson.loads(flask.request.get_data())))
        return flask.Response(status=200)

    door = open_door(app)
    client.events("ida-1001")
    client.stage.world.amplitude.cohorts.create("openers", {"performed": "app_opened", "times": ">= 1", "within": "7d"})

    made = sim("POST", "/webhooks", {"name": "hook", "url": f"{door.url}/cohorts", "headers": {"X-Team": "growth"}})
    sim("POST", "/syncs", {"cohort": "openers", "connection": "hook"})

    assert (made.status, made.body["kind"]) == (201, "webhook")
    assert [("growth", True, [{"user_id": "ida-1001"}])] == [
        (team, body["in_cohort"], body["users"]) for team, body in heard
    ]


def test_a_payload_template_is_saved_changed_and_taken_back(sim: Callable[..., Any], client: Any) -> None:
    wanted = {"name": "hook", "url": "http://127.0.0.1:9/x", "template": "${input.cohort_id}"}
    made = sim("POST", "/webhooks", wanted)
    refused = sim("PATCH", "/connections/hook", {"template": "<#macro x>"})
    changed = sim("PATCH", "/connections/hook", {"template": None, "url": "http://127.0.0.1:8/y"})

    assert (201, 400, 200) == (made.status, refused.status, changed.status)
    assert "<#macro> is not understood here" in refused.body["detail"]
    assert "http://127.0.0.1:8" == changed.body["endpoint"]
    assert client.stage.world.acts.connection("hook").settings["template"] is None


def test_a_webhook_that_amplitude_would_not_save_is_refused(sim: Callable[..., Any]) -> None:
    headers = {"User-Agent": "mine"}

    refused = sim("POST", "/webhooks", {"name": "hook", "url": "http://127.0.0.1:9/x", "headers": headers})

    assert refused.status == 400
    assert "User-Agent is set by Amplitude" == refused.body["detail"]
